"""An answer may be an option's own words; where those say another option than the number does, we ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import func, select

from bot.features.polls.kinds import example, how_to
from bot.features.polls.records import POLLS, Kind
from bot.model.message import message, text
from bot.ports.storage import Transaction
from storage.tables import handled
from storage.unit import Tx
from tests.doubles.platform import Town, open_town, words_of
from tests.doubles.polls import a_plan, tally

DATES = "di 8 dec | wo 9 dec 20u | do 10 dec 20u --soort datums"


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with open_town("sqlite:///:memory:") as town:
        await town.joined("sport")
        yield town


async def ballot(town: Town) -> tuple[int, ...]:
    """What anna chose."""

    def read(tx: Transaction) -> tuple[int, ...]:
        found = tx.of(POLLS).get(1, 1)
        assert found
        return tuple(found[1])

    return await town.core.store.run(read)


@pytest.mark.parametrize(
    ("options", "answer", "chosen"),
    [
        ("Friet | Rijst | Soep", "Friet", (1,)),
        ("Friet | Rijst | Soep", "soep.", (3,)),
        ("Friet | Rijst | Soep", "“Rijst”", (2,)),
        ("Friet | Rode kool | Soep", "rode kool", (2,)),
        ("Ja | Nee", "ja", (1,)),
        ("Ja! | Nee.", "nee", (2,)),
        ("Ja! | “Nee”", "“Nee”", (2,)),
        ("Rode kool! | Soep... --hoogstens 2", "soep, rode kool", (1, 2)),
        ("10 | 20 | 30", "20", (2,)),
        ("2 | 3 | 4", "4", (3,)),
        ("2 | 3 | 4", "1", (1,)),
        ("2 | 3 | 4", "#3", (3,)),
        ("2 | 3 | 4", "[2]", (2,)),
        ("1 | 2 | 3", "2", (2,)),
        ("2 | 3 | 4 --hoogstens 2", "3 en 4", (2, 3)),
        ("Friet | Rijst | Soep --hoogstens 2", "1 en 3", (1, 3)),
        ("Friet | Rijst | Soep --hoogstens 2", "friet en soep", (1, 3)),
        ("Friet | Rijst | Soep --hoogstens 2", "Friet, Soep", (1, 3)),
        ("Friet | Rijst | Soep --hoogstens 2", "1 & Soep", (1, 3)),
        ("Friet | Rijst | Soep --hoogstens 2", "1, 3", (1, 3)),
        ("Friet en stoofvlees | Rijst | Soep --hoogstens 2", "friet en stoofvlees en rijst", (1, 2)),
        ("Jan, Piet | Piet | Jan --hoogstens 2", "Piet, Jan", (2, 3)),
        ("Friet | Rijst | Soep --soort goedkeuring", "rijst friet", (1, 2)),
        ("Friet | Rijst | Soep --soort volgorde", "Soep, Friet, Rijst", (3, 1, 2)),
        ("Friet | Rijst | Soep --soort volgorde", "3 > 1 > 2", (3, 1, 2)),
        ("Friet | Rijst | Soep --soort cijfer", "5 0 3", (5, 0, 3)),
        ("Friet | Rijst | Soep --soort cijfer", "5, 0 en drie", (5, 0, 3)),
        ("2 | 3 | 4 --soort cijfer", "5 0 3", (5, 0, 3)),
        # The first, by its own words, twice: that is no order.
        ("2 | 3 | 4 --soort volgorde", "3 1 2", (3, 1, 2)),
        (DATES, "1 en 3", (2, 0, 2)),
        (DATES, "twee", (0, 2, 0)),
        (DATES, "ja, nee en ja", (2, 0, 2)),
        (DATES, "di 8 dec", (2, 0, 0)),
        (DATES, "dinsdag 8 december en donderdag 10 december om 20.00 uur", (2, 0, 2)),
        (DATES, "9 dec, 10/12", (0, 2, 2)),
    ],
)
async def test_own_words_mean_that_option(
    town: Town, options: str, answer: str, chosen: tuple[int, ...]
) -> None:
    await town.say("anna", f'!peiling open "Wat?" {options}')
    await town.say("anna", f"!stem {answer}")
    assert await ballot(town) == chosen


@pytest.mark.parametrize(
    ("options", "answer", "either"),
    [
        ("2 | 3 | 4", "3", ((2,), (3,))),
        ("2 | 1", "1", ((2,), (1,))),
        ("3 | 2 | 1 --soort volgorde", "3 2 1", ((1, 2, 3), (3, 2, 1))),
        ("2 | 3 | 4 --hoogstens 2", "2 en 3", ((1, 2), (2, 3))),
    ],
)
async def test_where_words_and_number_disagree_it_is_asked(
    town: Town, options: str, answer: str, either: tuple[tuple[int, ...], ...]
) -> None:
    await town.say("anna", f'!peiling open "Hoeveel?" {options}')
    for which in (0, 1):
        asked = await town.core.handle(town.asked("anna", f"!stem {answer}", room=None))
        assert asked
        assert asked.lines[0] == text("poll.vote.either", words=answer)
        await town.say("ben", '!peiling open "Nog een?" A | B')
        # By then there is another poll; what was asked was about the first one.
        await town.core.handle(town.asked("anna", button=asked.buttons[which], room=None))
        assert await ballot(town) == either[which]
        await town.say("ben", "!peiling annuleer --zeker 2" if which else "!peiling annuleer 2 --zeker")


@pytest.mark.parametrize("last", ["1, 2", "1 2", "1 en 2", "1 & 2", "[1] [2]", "een, twee", "één", "1."])
async def test_an_option_that_is_called_as_numbers_are_typed_is_asked_about(town: Town, last: str) -> None:
    by_numbers = (1, 2) if "2" in last or "twee" in last else (1,)
    await town.say("anna", "!help")
    await town.say("mia", f'!peiling open "Wat?" Fietspad | Parking | {last} --soort goedkeuring')
    for which, chosen in enumerate(((3,), by_numbers)):
        before = await ballot(town)
        question = await town.core.handle(town.asked("anna", f"!stem {last}", room=None))
        assert question
        assert question.lines[0].key == "poll.vote.either"
        assert await ballot(town) == before
        await town.core.handle(town.asked("anna", room=None, button=question.buttons[which]))
        assert await ballot(town) == chosen


async def test_two_options_that_differ_by_a_mark_alone_are_one(town: Town) -> None:
    asked = await town.core.handle(town.asked("mia", '!peiling open "Wat?" Ja | Nee | Ja!'))
    assert asked
    assert asked.lines[0].key == "poll.options.double"


async def test_a_number_with_a_mark_is_no_options_name(town: Town) -> None:
    """Buttons that say which option is meant carry it so."""
    await town.say("anna", "!help")
    for name in ("#2", "＃2"):
        asked = await town.core.handle(town.asked("mia", f'!peiling open "Hoeveel?" 2 | 3 | {name}'))
        assert asked
        assert asked.lines[0].key == "poll.option.marked"
    await town.say("mia", '!peiling open "Hoeveel?" 2 | 3 | #2 stuks')
    await town.say("anna", "!stem #2", room=None)
    assert await ballot(town) == (2,)


@pytest.mark.parametrize(
    "answer", ["11 dec", "8 dec en 11 dec", "9 dec 19u", "9 dec", "ooit", "8 dec " * 300, "en"]
)
async def test_what_is_none_of_the_dates_is_said(town: Town, answer: str) -> None:
    await town.say("anna", f'!peiling open "Wanneer?" {DATES.replace("20u", "20u | wo 9 dec 14u", 1)}')
    assert "ja, nee of desnoods" in await town.say("anna", f"!stem {answer}")
    assert await ballot(town) == ()


@pytest.mark.parametrize("answer", ["Pizza", "Friet Pizza", "0", "9", "en", "x " * 300, "1" * 30])
async def test_what_is_no_option_is_said(town: Town, answer: str) -> None:
    await town.say("anna", '!peiling open "Wat?" Friet | Rijst --hoogstens 2')
    assert "!stem 1 2" in await town.say("anna", f"!stem {answer}") or answer in "09"
    assert await ballot(town) == ()


@pytest.mark.parametrize("kind", [Kind.CHOICE, Kind.APPROVAL, Kind.SCORE, Kind.RANKED])
@pytest.mark.parametrize("options", [("A", "B"), ("2", "1"), ("2", "3", "4", "1"), ("A", "B", "C", "D", "E")])
@pytest.mark.parametrize("at_most", [1, 2])
async def test_the_example_on_a_board_fits_that_board(
    town: Town, kind: Kind, options: tuple[str, ...], at_most: int
) -> None:
    """Typed as it stands there it is a vote, without a question; and it uses what may be chosen."""
    named = f" --hoogstens {at_most}" if kind is Kind.CHOICE else f" --soort {kind}"
    named = named.replace("ranked", "volgorde").replace("score", "cijfer").replace("approval", "goedkeuring")
    await town.say("anna", f'!peiling open "Wat?" {" | ".join(options)}{named}')
    shown = await town.say("ben", "!peiling toon")
    plan = a_plan(kind=kind, options=options, at_most=len(options) if kind is Kind.APPROVAL else at_most)
    assert f"`!stem {example(plan)}" in shown or f"!stem {example(plan)}" in shown
    answer = await town.say("anna", f"!stem {example(plan)}")
    assert "je koos" in answer
    many = at_most if kind is Kind.CHOICE else 2 if kind is Kind.APPROVAL else len(options)
    assert len(await ballot(town)) == many
    assert "{" not in words_of(message(how_to(plan)))


async def test_in_an_anonymous_poll_what_was_asked_leaves_no_trace(town: Town) -> None:
    """Whoever answers with a number that is an option's words is asked; that is to be seen nowhere."""
    await town.say("anna", '!peiling open "Hoeveel?" 2 | 3 | 4 --anoniem')

    def rows(tx: Transaction) -> int:
        count = select(func.count()).select_from(handled)
        return int(cast(Tx, tx).db.execute(count).scalar())

    before = await town.core.store.run(rows)
    asked = await town.core.handle(town.asked("anna", "!stem 3", room=None))
    assert asked
    assert asked.lines[0].key == "poll.vote.either"
    for button in (asked.buttons[0], asked.buttons[1]):
        answer = await town.core.handle(town.asked("anna", button=button, room=None))
        assert answer
        assert answer.lines[0].key == "poll.receipt.anonymous"
    assert await town.core.store.run(rows) == before


@pytest.mark.parametrize(
    ("options", "typed"),
    [
        ("Ja, graag | Nee | Misschien", "Ja, graag"),
        ("Ja, graag | Ja | graag", "Ja, graag"),
        ("Plan A > B | Plan A | B", "Plan A > B"),
    ],
)
async def test_an_options_own_words_are_a_vote_for_it_or_asked_about(
    database_url: str, options: str, typed: str
) -> None:
    """In an anonymous poll whoever voted so is not even told for what."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        asked = f'!peiling open "Wat?" {options} --soort goedkeuring --anoniem --sluit 2d'
        assert "Wat?" in await town.say("mia", asked)
        for number in range(5):
            await town.say(f"r{number}", "!help")
            await town.say(f"r{number}", f"!stem {typed}", room=None)
        await town.say("mia", "!peiling sluit 1 --zeker")
        town.clock.turn(timedelta(minutes=5))
        await town.core.run_due()
        votes = await town.core.store.run(lambda tx: tally(tx, 1))
        assert not any(votes[1:]), votes
