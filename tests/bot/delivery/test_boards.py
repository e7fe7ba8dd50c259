"""A board shows what stands: edited in place, folded, and right in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select

from bot.call import Call
from bot.delivery.boards import AT_ONCE, PAGE, Boards
from bot.errors import Gone, NotOurs, Refused, TryLater
from bot.model.message import Message, message, text, typed
from bot.model.people import Identity, Place
from bot.ports.people import Brought
from bot.ports.storage import Transaction
from storage.tables import subjects
from storage.unit import Tx
from tests.doubles import platform
from tests.doubles.platform import PLATFORM, Town, open_town


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """With one open poll, shown in two places."""
    async with open_town(database_url) as town:
        await town.joined("sport", "plein")
        await town.say("anna", '!poll open "Wat?" A | B')
        yield town


async def flush(town: Town, seconds: float = 2) -> None:
    """What is due after that time."""
    town.clock.turn(timedelta(seconds=seconds))
    await town.core.boards.worker.flush()


def shown(town: Town, room: str = "sport") -> list[tuple[str, str]]:
    """How each state of the board was shown there, and the count it had, behind its bar."""
    return [
        (state.how, state.words.split("\n")[1].lstrip("█░ "))
        for state in town.platform.shown
        if state.where == room
    ]


async def test_posted_once_then_edited(town: Town) -> None:
    await flush(town)
    assert shown(town) == shown(town, "plein") == [("send", "1. A: 0 stemmen")]
    await town.say("ben", "!vote 1")
    await flush(town)
    await town.say("cas", "!vote 1")
    await flush(town)
    await flush(town)
    assert shown(town) == [("send", "1. A: 0 stemmen"), ("edit", "1. A: 1 stem"), ("edit", "1. A: 2 stemmen")]
    assert shown(town, "plein") == shown(town)


async def test_a_thousand_votes_cost_a_few_edits(town: Town) -> None:
    await flush(town)
    for start in range(0, 1000, 100):
        asked = [town.asked(f"r{number}", "!vote 1") for number in range(start, start + 100)]
        await asyncio.gather(*map(town.core.handle, asked))
        await flush(town, 0.1)
    await flush(town)
    edits = [words for how, words in shown(town) if how == "edit"]
    assert edits[-1] == "1. A: 1000 stemmen"
    assert len(edits) <= 3
    assert shown(town) == shown(town, "plein")


async def test_a_vote_that_comes_during_an_edit_is_shown_next(town: Town) -> None:
    await flush(town)
    town.platform.held["sport"] = asyncio.Event()
    await town.say("ben", "!vote 1")
    editing = asyncio.create_task(flush(town))
    await town.platform.until(
        lambda: ("edit", "sport") in [(attempt.how, attempt.where) for attempt in town.platform.tries]
    )
    await town.say("cas", "!vote 1")
    town.platform.held.pop("sport").set()
    await editing
    assert shown(town)[-1] == ("edit", "1. A: 1 stem")
    await flush(town)
    assert shown(town)[-1] == ("edit", "1. A: 2 stemmen")


async def test_too_old_to_edit_is_posted_anew_and_then_edited(town: Town) -> None:
    await flush(town)
    first = town.platform.shown[-1].key
    town.platform.uneditable = {f"${state.key}" for state in town.platform.shown}
    await town.say("ben", "!vote 1")
    await flush(town)
    await flush(town)
    await town.say("cas", "!vote 1")
    await flush(town)
    assert [how for how, _ in shown(town)] == ["send", "send", "edit"]
    assert shown(town)[-1] == ("edit", "1. A: 2 stemmen")
    keys = {state.key for state in town.platform.shown if state.how == "send"}
    assert first in keys
    assert len(keys) == 4


async def test_the_first_posting_again_has_the_same_key(town: Town) -> None:
    """After a crash nobody knows whether it arrived."""
    town.platform.trouble["sport"] = [TimeoutError()]
    started = town.clock.now()
    await flush(town, 0)
    await town.say("ben", "!vote 1")
    await flush(town)
    first, second = (attempt for attempt in town.platform.tries if attempt.where == "sport")
    assert first.key == second.key
    assert (first.tried_at, second.tried_at) == (None, started)
    # It may have arrived at the first try, with nobody's vote on it: an edit sets that right.
    await flush(town)
    await flush(town)
    assert shown(town) == [("send", "1. A: 1 stem"), ("edit", "1. A: 1 stem")]


async def test_trouble_in_one_place_holds_up_no_other(town: Town) -> None:
    town.platform.trouble["plein"] = [TryLater(60), RuntimeError("kapot"), RuntimeError("kapot")]
    await flush(town, 0)
    await town.say("ben", "!vote 1")
    await flush(town)
    assert shown(town)[-1] == ("edit", "1. A: 1 stem")
    assert len([attempt for attempt in town.platform.tries if attempt.where == "plein"]) == 1
    await flush(town, 58)
    await flush(town, 1)
    assert len(town.platform.trouble["plein"]) == 1
    await flush(town, 1)
    assert len(town.platform.trouble["plein"]) == 0
    await flush(town, 4)
    assert shown(town, "plein") == [("send", "1. A: 1 stem")]


async def test_a_place_that_is_gone_loses_its_board(town: Town) -> None:
    await flush(town)
    town.platform.trouble["plein"] = [Gone("weg")]
    await town.say("ben", "!vote 1")
    await flush(town)
    await town.say("cas", "!vote 1")
    await flush(town)
    assert shown(town, "plein") == [("send", "1. A: 0 stemmen")]
    assert shown(town)[-1] == ("edit", "1. A: 2 stemmen")


async def test_a_closed_board_shows_the_end_and_no_buttons(town: Town) -> None:
    await flush(town)
    await town.say("ben", "!vote 1")
    await town.say("anna", "!poll close --sure")
    await flush(town)
    last = town.platform.shown[-1]
    assert "A haalt het, met 1 stem." in last.words
    message = await town.core.message_at(PLATFORM, f"${town.platform.shown[0].key}")
    assert message
    assert message.buttons == ()


async def test_a_place_that_comes_later_shows_what_is_open(town: Town) -> None:
    await town.say("anna", '!poll open "Nog?" A | B')
    await town.say("anna", "!poll close 1 --sure")
    await town.joined("nieuw")
    await town.joined("nieuw")
    await flush(town)
    assert [state.words.split("\n")[0] for state in town.platform.shown if state.where == "nieuw"] == ["Nog?"]


async def test_a_place_left_and_joined_again_goes_on_with_what_stands_there(town: Town) -> None:
    """Two boards would be one too many: both have buttons, and one of them is out of date."""
    await flush(town)
    await town.core.left(PLATFORM, Place(PLATFORM, "plein"))
    await town.say("ben", "!vote 1")
    await flush(town)
    assert shown(town, "plein") == [("send", "1. A: 0 stemmen")]
    await town.joined("plein")
    await flush(town)
    await town.say("cas", "!vote 1")
    await flush(town)
    assert shown(town, "plein")[-1][1] == "1. A: 2 stemmen"
    assert [how for how, _ in shown(town, "plein")] == ["send", "edit", "edit"]


async def test_what_ended_while_plein_was_not_there_is_shown_by_what_stands_there(town: Town) -> None:
    await flush(town)
    await town.core.left(PLATFORM, Place(PLATFORM, "plein"))
    await town.say("anna", "!poll close --sure")
    await flush(town)
    await town.joined("plein")
    await flush(town)
    assert [how for how, _ in shown(town, "plein")] == ["send", "edit"]


async def test_what_cannot_be_edited_any_more_is_posted_anew(town: Town) -> None:
    await flush(town)
    await town.core.left(PLATFORM, Place(PLATFORM, "plein"))
    town.platform.uneditable |= {state.key for state in town.platform.shown} | {
        f"${state.key}" for state in town.platform.shown if state.where == "plein"
    }
    await town.joined("plein")
    await town.say("ben", "!vote 1")
    await flush(town)
    await flush(town)
    assert [how for how, _ in shown(town, "plein")] == ["send", "send"]


async def test_of_12_closed_polls_none_follows_to_another_room(town: Town) -> None:
    for number in range(12):
        await town.say(f"r{number}", f'!poll open "Vraag {number}?" A | B', room="plein")
        await town.say(f"r{number}", f"!poll close {number + 2} --sure", room="plein")
    await flush(town)
    await town.core.moved(PLATFORM, Place(PLATFORM, "plein"), Place(PLATFORM, "nieuw plein"))
    await flush(town)
    assert [how for how, _ in shown(town, "nieuw plein")] == ["send"]


async def test_a_place_that_moved_gets_a_board_of_its_own(town: Town) -> None:
    await flush(town)
    await town.say("ben", "!vote 1")
    await town.core.moved(PLATFORM, Place(PLATFORM, "plein"), Place(PLATFORM, "nieuw plein"))
    await town.core.moved(PLATFORM, Place(PLATFORM, "plein"), Place(PLATFORM, "nieuw plein"))
    await flush(town)
    assert shown(town, "plein") == [("send", "1. A: 0 stemmen")]
    assert shown(town, "nieuw plein") == [("send", "1. A: 1 stem")]
    await town.say("ben", "!vote 2", room="nieuw plein")
    await flush(town)
    assert shown(town, "nieuw plein")[-1] == ("edit", "1. A: 0 stemmen")


async def test_message_at_finds_every_message_that_shows_it(town: Town) -> None:
    await flush(town)
    sent = town.platform.shown[0]
    message = await town.core.message_at(PLATFORM, f"${sent.key}")
    assert message
    assert [button.command for button in message.buttons] == ["poll tick", "poll tick"]
    assert await town.core.message_at(PLATFORM, "$never") is None
    assert await town.core.message_at("elsewhere", f"${sent.key}") is None


async def test_many_boards_are_read_and_rendered_once_a_round(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [f"plek{number}" for number in range(80)]
    await town.joined(*rooms)
    await flush(town)
    shows = town.core.boards._shows
    rendered: list[str] = []
    reads: list[str] = []

    def show(call: Call, subject: str) -> Message | None:
        rendered.append(subject)
        return shows["poll"](call, subject)

    read = Boards._read

    def counted(boards: Boards, tx: Transaction, account: str, *rest: Any) -> Any:
        reads.append(account)
        return read(boards, tx, account, *rest)

    monkeypatch.setattr(town.core.boards, "_shows", {**shows, "poll": show})
    monkeypatch.setattr(Boards, "_read", counted)
    await town.say("ben", "!vote 1")
    town.clock.turn(timedelta(seconds=2))
    running = asyncio.create_task(town.core.boards.worker.run())
    await town.platform.until(lambda: all(shown(town, room)[-1][0] == "edit" for room in rooms))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert rendered == ["1"]
    assert len(reads) <= 3
    assert town.platform.most_under_way <= AT_ONCE


async def test_what_may_not_be_shown_now_is_shown_when_it_may(town: Town) -> None:
    """Power levels, say: the board is kept, and its place tried again when those change."""
    await flush(town)
    town.platform.trouble["plein"] = [Refused("power levels")] * 3
    await town.say("ben", "!vote 1")
    for _ in range(3):
        await flush(town, 3600)
    await town.core.retry(PLATFORM, Place(PLATFORM, "plein"))
    await flush(town, 1)  # the place's next turn
    assert shown(town, "plein") == [("send", "1. A: 0 stemmen"), ("edit", "1. A: 1 stem")]


async def test_what_another_account_posted_is_left_to_it(town: Town) -> None:
    await flush(town)
    town.platform.trouble["plein"] = [NotOurs("another account said that")]
    await town.say("ben", "!vote 1")
    await flush(town)
    await flush(town, 3600)
    assert shown(town, "plein")[-1] == ("edit", "1. A: 1 stem")


async def test_many_boards_of_one_person_hold_up_nobody_elses(town: Town) -> None:
    """Anna's four change all the time: Ben's is edited at the next turn each time."""
    for number in range(2, 5):
        await town.say("anna", f'!poll open "Nog {number}?" A | B')
    await town.say("ben", '!poll open "Van ben?" A | B')
    await flush(town)
    await flush(town, 20)
    for turn in range(20):
        for number in range(1, 5):
            await town.say("anna", f"!vote {1 + turn % 2} --poll {number}")
        if turn % 3 == 1:
            await town.say("ben", f"!vote {1 + turn // 3 % 2} --poll 5")
        before = len(town.platform.shown)
        await flush(town, 1)
        edited = [state for state in town.platform.shown[before:] if state.where == "sport"]
        if turn % 3 == 1:
            assert "Van ben?" in edited[0].words
        assert len(edited) <= 1


async def openers(town: Town) -> dict[str, int | None]:
    """With whom each subject's boards take turns."""
    found = await town.core.store.run(
        lambda tx: list(cast(Tx, tx).db.execute(select(subjects.c.subject, subjects.c.opener)))
    )
    return {row.subject: row.opener for row in found}


async def test_all_who_were_forgotten_share_one_turn(town: Town) -> None:
    """Whoever is forgotten again and again, each time after asking something, holds up nobody."""
    for number in range(2, 10):
        await town.say("zef", f'!poll open "Nog {number}?" A | B')
        assert "vergeten" in await town.say("zef", "!me forget --sure")
    await flush(town)
    await town.say("ben", '!poll open "Van ben?" A | B')
    await flush(town)
    await flush(town, 20)
    for number in range(2, 11):
        await town.say("cas", f"!vote 1 --poll {number}")
    before = len(town.platform.shown)
    for _ in range(2):
        await flush(town, 1)
    edited = [state.words for state in town.platform.shown[before:] if state.where == "sport"]
    assert any("Van ben?" in words for words in edited)


async def test_boards_go_with_whoever_opened_them(town: Town) -> None:
    """When two turn out to be one person, when that is undone, and when they are forgotten."""
    anna, benny = Identity(PLATFORM, "anna"), Identity(PLATFORM, "benny")
    await town.say("benny", '!poll open "Van benny?" A | B')

    def link(tx: Transaction) -> tuple[int, int, Brought]:
        stays, goes = (tx.people.by_identity(who) for who in (anna, benny))
        assert stays
        assert goes
        brought = tx.people.brought(goes.id, stays.id)
        return town.core.features.link(tx, [anna, benny]), goes.id, brought

    one, other, brought = await town.core.store.run(link)
    assert await openers(town) == {"poll:1": one, "poll:2": one}
    back = await town.core.store.run(lambda tx: town.core.features.part(tx, one, [benny], brought))
    assert back not in (one, other)
    assert await openers(town) == {"poll:1": one, "poll:2": back}
    await town.say("anna", "!me forget --sure")
    assert await openers(town) == {"poll:1": None, "poll:2": back}


async def test_many_places_full_of_boards_hold_up_nobody_elsewhere(town: Town) -> None:
    """Zef asks three polls in each of more places than are read in a round; all of them change, and cas's."""
    rooms = [f"zef{number}" for number in range(PAGE + 40)]
    await town.joined("cas", theme="natuur")

    def fill(tx: Transaction) -> None:
        zef = tx.people.add(Identity(PLATFORM, "zef"), "zef")
        for number, room in enumerate(rooms):
            place = Place(PLATFORM, room)
            theme = tx.places.theme_named(room)
            tx.places.bind(place, theme.id, room, None, PLATFORM)
            for poll in range(3):
                add_board(tx, 1000 + 3 * number + poll, theme.id, place, zef.id)

    await town.core.store.run(fill)
    await town.say("cas", '!poll open "Van cas?" A | B', room="cas")
    town.core.boards._shows = {"poll": shows_itself}
    await town.core.boards.worker.flush()
    town.clock.turn(timedelta(seconds=20))
    await town.core.store.run(lambda tx: change(tx, len(rooms)))
    for second in range(3):
        before = len(town.platform.shown)
        await town.core.boards.worker.done()
        edited = [state.where for state in town.platform.shown[before:]]
        assert len(set(edited) & set(rooms)) > PAGE
        if not second:
            assert edited.index("cas") < PAGE
        town.clock.turn(timedelta(seconds=1))


def add_board(tx: Transaction, number: int, theme: int, place: Place, opener: int) -> None:
    tx.boards.open(f"poll:{number}", theme, [place], opener)


def shows_itself(call: Call, subject: str) -> Message | None:
    return message(typed(f"poll {subject}"))


def change(tx: Transaction, rooms: int) -> None:
    """All of zef's, which have waited longer, and cas's."""
    for number in (1, 2, *range(1000, 1000 + 3 * rooms)):
        tx.boards.mark(f"poll:{number}")


async def test_a_board_that_cannot_be_rendered_holds_up_no_other(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.say("anna", '!poll open "Wie?" A | B')
    shows = dict(town.core.boards._shows)
    broken = True

    def show(call: Call, subject: str) -> Message | None:
        if subject == "1" and broken:
            raise OverflowError
        return shows["poll"](call, subject)

    monkeypatch.setattr(town.core.boards, "_shows", {**shows, "poll": show})
    await flush(town)
    assert [state.words.split("\n")[0] for state in town.platform.shown if state.where == "sport"] == ["Wie?"]
    broken = False
    await flush(town, 60)
    assert len(town.platform.where("sport")) == 2


async def test_a_board_that_cannot_be_kept_is_not_said_again_and_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.fromisoformat("9999-12-31T23:30:00-12:00")
    show = lambda call, subject: message(text("when.moment", at=at))  # noqa: E731
    monkeypatch.setattr(town.core.boards, "_shows", {"poll": show})
    monkeypatch.setattr(platform, "words_of", str)
    await flush(town)
    tried = len(town.platform.tries)
    for _ in range(5):
        await flush(town, 0.1)
    assert len(town.platform.tries) == tried
