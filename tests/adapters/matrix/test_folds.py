"""Several messages as one event, on the homeserver: each of them is still found there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.matrix import folds
from adapters.matrix.carrying import PROFILE
from adapters.matrix.rich.read import read_html
from adapters.matrix.rich.write import write
from bot.folds import under_name
from bot.model.carried import Spoken
from bot.rich import Names, Quote, Rich, Style, Styled, Words, plain
from tests.adapters.matrix.carried import AT, Carried, a_copy, carrying_on
from tests.adapters.matrix.sealer import Sealer
from tests.adapters.matrix.test_carried import somebody
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.rich import rich as rich_texts
from tests.town import numbers


@pytest.fixture(scope="module")
async def carried(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carried]:
    folder = tmp_path_factory.mktemp("folded")
    async with Proxy(homeserver.url) as proxy, carrying_on(homeserver, proxy, folder) as carried:
        yield carried


def words_of(*texts: str | Rich, names: tuple[str, ...] = ("Mia",)) -> tuple[Spoken, ...]:
    return tuple(
        Spoken(names[number % len(names)], (Words(each),) if isinstance(each, str) else each, AT)
        for number, each in enumerate(texts)
    )


async def bodies(person: Person, room: str) -> list[str]:
    """What clients show that know edits."""
    shown = dict[str, str]()
    for each in await person.history(room):
        content = each["content"]
        relation = content.get("m.relates_to", {})
        if relation.get("rel_type") == "m.replace":
            shown[relation["event_id"]] = content["m.new_content"]["body"]
        elif each["type"] == "m.room.message":
            shown.setdefault(each["event_id"], content.get("body", ""))
    return list(shown.values())


async def test_it_stands_in_the_speakers_name_and_each_share_is_changed_by_itself(
    carried: Carried, homeserver: Homeserver
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna)
    bold: Rich = (Styled(Style.BOLD, (Words("één"),)),)
    shares = words_of(bold, "twee & <drie>", (Quote((Words("vier"),)),), "vijf")
    fold = a_copy(room, "x", message=-next(numbers), shares=shares)
    stands = await carried.carry(fold)
    assert await carried.carry(fold) == stands
    assert [line for line in (await bodies(anna, room))[-1].splitlines() if line] == [
        "Mia: één",
        "twee & <drie>",
        "> vier",
        "vijf",
    ]
    lengths = list(await carried.adapter.lengths(fold))
    (new,) = words_of("nieuw\nen meer")
    change = replace(fold, stands=stands, shares=(new,), edition="2")
    for _ in range(2):
        assert await carried.adapter.reword(change, lengths, 1)
    lengths[1:2] = await carried.adapter.lengths(change)
    without = replace(fold, stands=stands, shares=(), spoken=None, edition="3")
    for _ in range(2):
        assert await carried.adapter.reword(without, lengths, 2)
    said = [line for line in (await bodies(anna, room))[-1].splitlines() if line]
    assert said == ["Mia: één", "nieuw", "en meer", "vijf"]
    edits = [each for each in await anna.history(room) if "m.new_content" in each["content"]]
    assert len(edits) == 2
    assert edits[-1]["content"]["m.new_content"][PROFILE]["displayname"] == "Mia"
    assert not await carried.adapter.reword(change, [1, 2], 0)


async def test_several_stand_under_their_names_also_in_an_encrypted_room(
    carried: Carried, homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory
) -> None:
    anna = await somebody(homeserver, "anna")
    room = await carried.room(anna, encrypted=True)
    sealer = await Sealer.of(homeserver, anna, tmp_path_factory.mktemp("sealer"))
    await sealer.seal(room, {"type": "m.room.message", "content": {"msgtype": "m.text", "body": "a"}})
    shares = words_of("dag", "Mia: ja\nMia: zeker", "tot later", names=("Mia", "Ben"))
    fold = a_copy(room, "x", name="", message=-next(numbers), shares=shares, several=True)
    stands = await carried.carry(fold)
    lengths = await carried.adapter.lengths(fold)
    (new,) = words_of("toch niet")
    assert await carried.adapter.reword(replace(fold, stands=stands, shares=(new,), edition="2"), lengths, 0)
    read = await sealer.client.sync(timeout=0)
    said = [each.source["content"] for each in read.rooms.join[room].timeline.events[-2:]]
    assert [line for line in said[0]["body"].splitlines() if line.strip("> ")] == [
        "Mia: dag",
        "Ben:",
        "> Mia: ja",
        "> Mia: zeker",
        "Mia: tot later",
    ]
    assert PROFILE not in said[0]
    assert said[1]["m.new_content"]["body"].startswith("Mia: toch niet")
    await sealer.close()


@given(st.lists(rich_texts, min_size=2, max_size=5))
def test_each_word_stands_there_once_and_in_order(texts: list[Rich]) -> None:
    names = Names()
    alone = [share for rich in texts if (share := folds.share_of(rich, names))]
    content = folds.content_of(alone, {}, names)
    joined = "".join(plain(read_html(content["formatted_body"], names)).split())
    assert joined == "".join("".join(plain(read_html(share, names)).split()) for share in alone)


@given(rich_texts)
def test_nobody_speaks_under_anothers_name(rich: Rich) -> None:
    """But for the line that begins with the name all stands in a quotation."""
    share = folds.share_of(under_name("Ben", rich), Names())
    if not write(rich, Names()):
        return
    before, _, behind = share.partition("<strong>Ben</strong>:")
    assert before in ("", "<p>")
    if not behind.startswith(" "):
        quoted = behind.removeprefix("</p>").removeprefix("<br>")
        assert quoted.startswith("<blockquote>")
        assert quoted.endswith("</blockquote>")
        assert quoted.count("<blockquote>") == quoted.count("</blockquote>")
