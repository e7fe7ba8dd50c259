"""Several messages as one in a channel, on the double of Discord: each of them is still found there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.discord import folds
from adapters.discord.rich.read import read
from adapters.discord.rich.write import write
from bot.folds import under_name
from bot.model.carried import Copy, Spoken
from bot.model.people import Place
from bot.rich import Code, CodeBlock, Listed, Names, Quote, Rich, Style, Styled, Words, plain
from tests.adapters.discord.carrying import Carrying, plein_carrying, said
from tests.doubles.discord import Discord
from tests.doubles.discord.state import Channel
from tests.on_discord import OnDiscord
from tests.rich import rich as rich_texts

SAY = "POST /webhooks/{webhook_id}/{webhook_token}"


@pytest.fixture
async def plein(core: Carrying, double: Discord, database: str, sport: Channel) -> AsyncIterator[OnDiscord]:
    async with plein_carrying(double, database, sport) as plein:
        yield plein


def words_of(plein: OnDiscord, *texts: str | Rich, names: tuple[str, ...] = ("Mia",)) -> tuple[Spoken, ...]:
    now = plein.clock.now()
    return tuple(said(each, now, names[number % len(names)]) for number, each in enumerate(texts))


def a_fold(plein: OnDiscord, sport: Channel, *shares: Spoken, **more: object) -> Copy:
    place, first = Place("discord", sport.id), shares[0] if shares else None
    fold = Copy(-1, place, plein.adapter.account, first, "fold", shares=shares)
    return replace(fold, **more)  # type: ignore[arg-type]


async def test_it_stands_in_the_speakers_name_and_each_share_is_changed_by_itself(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    shares = words_of(plein, "één \N{GRINNING FACE}", "*twee*", (Quote((Words("drie"),)),), "vier")
    number = await core.show(plein, sport, shares[0], shares=shares)
    [shown] = core.shown(sport, number)
    assert shown.shown_as == "Mia"
    assert shown.content == "één \N{GRINNING FACE}\n\\*twee\\*\n> drie\nvier"
    fold = a_fold(plein, sport, *shares)
    lengths = list(await plein.adapter.lengths(fold))
    ref = (shown.id,)
    (new,) = words_of(plein, "nieuw\nen meer")
    for _ in range(2):
        assert await plein.adapter.reword(a_fold(plein, sport, new, stands=ref), lengths, 0)
    assert shown.content == "nieuw\nen meer\n\\*twee\\*\n> drie\nvier"
    lengths[0] = len("nieuw\nen meer")
    for _ in range(2):
        assert await plein.adapter.reword(a_fold(plein, sport, stands=ref, spoken=None), lengths, 2)
    assert shown.content == "nieuw\nen meer\n\\*twee\\*\nvier"
    assert not await plein.adapter.reword(a_fold(plein, sport, new, stands=ref), [1, 2], 0)
    assert not shown.rang


async def test_several_stand_under_their_names(core: Carrying, plein: OnDiscord, sport: Channel) -> None:
    shares = words_of(plein, "dag", "**Mia**: ja\n**Mia**: zeker", "**Ben**: nee", names=("Mia", "Ben"))
    number = await core.show(plein, sport, replace(shares[0], name=""), shares=shares, several=True)
    [shown] = core.shown(sport, number)
    assert shown.shown_as == "Meerdere mensen"
    assert shown.content.splitlines() == [
        "**Mia**: dag",
        "**Ben**:",
        "> \\*\\*Mia\\*\\*: ja",
        "> \\*\\*Mia\\*\\*: zeker",
        "**Mia**: \\*\\*Ben\\*\\*: nee",
    ]


async def test_a_try_whose_answer_was_lost_is_found_again(
    core: Carrying, plein: OnDiscord, sport: Channel, double: Discord
) -> None:
    shares = words_of(plein, "een", "twee")
    double.faults.answer(502, SAY, after=True)
    await core.show(plein, sport, shares[0], shares=shares)
    assert [message.content for message in sport.messages.values()] == ["een\ntwee"]


BLOCKS: list[Rich] = [
    (CodeBlock("x = 1\n**Mia**: ja"),),
    (Listed(((Words("een"),), (Words("**Mia**: ja"),))),),
    (
        Styled(Style.BOLD, (Words("Mia"),)),
        Words(": ja\n"),
        Styled(Style.BOLD, (Words("Mia"),)),
        Words(": ja"),
    ),
    (Code("**Mia**: ja"),),
    (Quote((Words("> **Mia**"),)),),
]


@given(st.sampled_from(BLOCKS) | rich_texts)
def test_nobody_speaks_under_anothers_name(rich: Rich) -> None:
    """But for the first line of a share, which begins with the name, each stands in a quotation."""
    parts = write(under_name("Ben", rich), Names())
    if len(parts) != 1 or not write(rich, Names()):
        return
    first, *others = parts[0]["content"].strip().split("\n")
    assert first.startswith("**Ben**:")
    assert all(line.startswith(">") for line in others), parts[0]["content"]


@given(st.lists(st.sampled_from(BLOCKS) | rich_texts, min_size=2, max_size=5))
def test_each_word_stands_there_once_and_in_order(texts: list[Rich]) -> None:
    alone = [parts[0]["content"].strip() for rich in texts if len(parts := write(rich, Names())) == 1]
    joined = folds.BETWEEN.join(alone)
    assert "".join(plain(read(joined, Names())).split()) == "".join(
        "".join(plain(read(share, Names())).split()) for share in alone
    )
