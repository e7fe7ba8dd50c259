"""What people are to themes: who may see one, who pulls it, and what becomes of that when they go."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import HandClock
from bot.features.themes.pull import LIVES, MOST_ASKED
from bot.features.themes.records import THEMES, Involvement
from bot.features.themes.show import LISTED
from bot.model.message import Button, Message, text
from bot.model.people import Identity, Place, Role
from bot.ports.storage import Transaction
from storage.engines import Database
from tests.chat import NOW, open_chat
from tests.doubles.linking import ask, key, link, press, resident
from tests.doubles.platform import PLATFORM, Town, open_town, words_of
from tests.postgres import PostgreSQL
from tests.storage.test_deserted import use

OVER = "Dat thema is er niet meer"
COMMANDS = ("show", "follow", "take-part", "pull", "leave")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Two themes: in one are Anna and Ben, in the other is Eva alone."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        await town.joined("raad", theme="raad")
        for name, room in (("anna", "sport"), ("ben", "sport"), ("eva", "raad")):
            await town.say(name, "!help", room=room)
        yield town


async def pressed(town: Town, name: str, command: str, room: str | None = "sport", **args: object) -> str:
    button = Button(text("typed", words=""), command, args)
    answer = await town.core.handle(replace(town.asked(name, room=room, button=button), pressed=True))
    assert answer
    return words_of(answer)


async def number_of(town: Town, name: str) -> int:
    found: int = await town.core.store.run(lambda tx: tx.places.theme_named(name).id)
    return found


async def of(town: Town, name: str) -> Involvement | None:
    """What that person is to the theme of sport."""

    def read(tx: Transaction) -> Involvement | None:
        who = tx.people.by_identity(Identity(PLATFORM, name))
        return tx.of(THEMES).of(who.id).get(tx.places.theme_named("sport").id) if who else None

    return await town.core.store.run(read)


# --- who may see one ---


@pytest.mark.parametrize("command", COMMANDS)
async def test_of_a_hidden_theme_nobody_hears_more_than_of_none(town: Town, command: str) -> None:
    """Neither by its name, nor by its number; and the platform is asked the same for either."""
    hidden = await number_of(town, "raad")
    answers, asked = [], []
    for given in ("raad", "weg", f"theme:{hidden}", "theme:99"):
        town.platform.asked.clear()
        answers.append(
            (await pressed(town, "ben", f"theme {command}", None, theme=given)).replace(given, "#")
        )
        asked.append(list(town.platform.asked))
    assert answers[0] == answers[1]
    assert answers[2] == answers[3]
    assert OVER in answers[2]
    assert asked[0] == asked[1] == asked[2] == asked[3]
    assert "raad" not in await town.say("ben", "!thema lijst", room=None)
    assert "raad" not in await town.say("ben", "!thema lijst")


async def test_of_who_wants_to_pull_a_hidden_one_neither(town: Town) -> None:
    assert "Je vroeg om" in await town.say("eva", "!thema trek", room="raad")
    answers, asked = [], []
    for number in (1, 99):
        town.platform.asked.clear()
        answers.append(await pressed(town, "ben", "theme agree", None, pull=number))
        asked.append(list(town.platform.asked))
    assert answers[0] == answers[1]
    assert asked[0] == asked[1]


async def test_who_was_put_out_sees_it_no_more_and_pulls_it_no_more(town: Town) -> None:
    for name in ("anna", "ben"):
        await town.say(name, "!thema trek")
    await pressed(town, "mia", "theme agree", None, pull=1)
    assert await of(town, "anna") is Involvement.PULLS
    assert "anna trekt" in await town.say("ben", "!thema toon")
    del town.platform.present["anna", "sport"]
    await town.core.parted(Place(PLATFORM, "sport"), ["anna"])
    assert OVER not in await pressed(town, "anna", "theme agree", None, pull=2)
    assert await of(town, "ben") is None
    assert "Niemand trekt" in await town.say("ben", "!thema toon")
    assert "Ik ken je nog niet in een thema" in await town.say("anna", "!thema lijst", room=None)


async def test_a_yes_comes_too_late_for_who_was_put_out(town: Town) -> None:
    await town.say("ben", "!thema trek")
    del town.platform.present["ben", "sport"]
    await town.core.parted(Place(PLATFORM, "sport"), ["ben"])
    assert "ben is niet meer in “sport”" in await pressed(town, "mia", "theme agree", None, pull=1)
    assert await of(town, "ben") is None


async def test_of_another_community_s_themes_nothing_by_number(database_url: str) -> None:
    async with open_town(database_url) as town:
        await town.beside("square", "market", theme="Kermis")
        for name, room in (("ben", "square"), ("vera", "market")):
            await town.say(name, "!thema volg", room=room)
        answers = {await pressed(town, "ben", "theme show", None, theme=f"theme:{id}") for id in (2, 99)}
        assert len(answers) == 1
        assert "1 doet mee" not in await town.say("ben", "!thema lijst", room="square")
        assert "1 volgt" in await town.say("ben", "!thema lijst", room="square")


# --- pulling one ---


@pytest.mark.parametrize("name", ["anna", "ben"])
async def test_nobody_says_yes_who_neither_pulls_nor_moderates(town: Town, name: str) -> None:
    await town.say("ben", "!thema trek")
    assert "Alleen wie “sport” al trekt" in await pressed(town, name, "theme agree", pull=1)
    assert await of(town, "ben") is None


async def test_a_moderator_of_its_place_says_yes_and_pulls_at_once(town: Town) -> None:
    await town.say("ben", "!thema trek")
    town.platform.present["dora", "sport"] = Role.MODERATOR
    yes = Button(text("typed", words=""), "theme agree", {"pull": 1})
    asked = replace(town.asked("dora", button=yes), role=Role.MODERATOR)
    answer = await town.core.handle(asked)
    assert answer
    assert "ben trekt “sport” vanaf nu" in words_of(answer)
    # Elsewhere too, as the platform says it.
    assert "Je trekt “sport”." in await town.say("dora", "!thema trek sport", room="raad")


async def test_a_second_yes_changes_nothing(town: Town) -> None:
    await town.say("ben", "!thema trek")
    await pressed(town, "mia", "theme agree", None, pull=1)
    assert "Dat is al beslist" in await pressed(town, "mia", "theme agree", None, pull=1)
    assert await of(town, "ben") is Involvement.PULLS


async def test_who_may_not_write_there_has_nothing_said(town: Town) -> None:
    town.platform.silenced.add(("ben", "sport"))
    assert "mag je zelf niets schrijven" in await town.say("ben", "!thema trek sport", room="raad")
    assert not [shown for shown in town.platform.where("sport") if "trekken" in shown]


async def test_asking_again_and_again_is_bounded(town: Town) -> None:
    for _ in range(MOST_ASKED):
        assert "Je vroeg om" in await town.say("ben", "!thema trek")
        assert "Je vraagt niet meer" in await town.say("ben", "!thema verlaat")
    assert f"al {MOST_ASKED} keer" in await town.say("ben", "!thema trek")


async def test_a_request_goes_after_a_month_and_whoever_asked_hears_so(town: Town) -> None:
    await town.say("ben", "!thema trek")
    await town.core.run_due()
    town.clock.turn_to(town.clock.now() + LIVES)
    await town.core.run_due()
    assert any("in een maand zei niemand ja" in said for said in town.platform.where("ben"))
    assert any("vraagt niet meer" in said for said in town.platform.where("sport"))
    assert "Dat is al beslist" in await pressed(town, "mia", "theme agree", None, pull=1)


# --- lists ---


async def test_a_list_has_an_end_and_what_is_looked_for_is_found(database_url: str) -> None:
    async with open_town(database_url) as town:
        for number in range(LISTED + 3):
            await town.joined(f"room{number}", theme=f"Thema {number:02}")
            await town.say("ben", "!help", room=f"room{number}")
        answer = await town.core.handle(town.asked("ben", "!thema lijst", room=None))
        assert answer
        said = words_of(answer)
        assert f"Thema {LISTED - 1:02}" in said
        assert f"Thema {LISTED:02}" not in said
        assert "… en nog 3 andere thema’s" in said
        assert len(answer.buttons) == LISTED
        last = f"{LISTED + 2}"
        assert f"Thema {last}" in await town.say("ben", f"!thema lijst {last}", room=None)
        # Too many to ask which.
        assert "Zet zijn naam erachter" in await town.say("ben", "!thema volg", room=None)
        # What is one's own comes first.
        await town.say("ben", f"!thema volg thema {last}", room=None)
        lines = (await town.say("ben", "!thema lijst", room=None)).splitlines()
        first = next(line for line in lines if line.startswith("Thema "))
        assert first.startswith(f"Thema {last} (jij volgt)")


# --- whose it is ---


async def test_what_two_accounts_are_is_what_their_person_is_and_each_gets_back_its_own(
    tmp_path: Path,
) -> None:
    async with open_chat(f"sqlite:///{tmp_path}/plein.db", language="en", clock=HandClock(NOW)) as chat:
        ann, benny, room = "ann@discord", "benny@matrix", "discord/sport"
        await chat.say("eve@discord/sport: !help")
        await ask(chat, ann, "!theme follow", room=room)
        await ask(chat, benny, "!theme take part", room=room)
        done = await link(chat, ann, benny)

        async def what(who: str) -> Involvement | None:
            number = await resident(chat, who)
            found = await chat.core.store.run(lambda tx: tx.of(THEMES).of(number))
            return next(iter(found.values()), None)

        assert await what(ann) is await what(benny) is Involvement.TAKES_PART
        shown = _words(await ask(chat, ann, "!theme show", room=room))
        assert "theme.people.part 1" in shown
        assert "theme.people.follow 1" not in shown
        assert key(await press(chat, ann, done)) == "link.undone"
        assert await what(ann) is Involvement.FOLLOWS
        assert await what(benny) is Involvement.TAKES_PART


def _words(message: Message) -> str:
    parts = [part for line in message.lines for part in line.values.get("parts", ())]
    return " ".join(f"{part.key} {part.values['count']}" for part in parts)


async def test_who_is_forgotten_wants_nothing_any_more(town: Town) -> None:
    await town.say("ben", "!thema doe mee")
    await town.say("ben", "!thema trek")
    exported = await town.core.export(await _number(town, "ben"))
    assert [row["how"] for row in exported["involvements"]] == [2]
    assert len(list(exported["pull_requests"])) == 1
    await town.core.run_due()
    await town.core.forget(await _number(town, "ben"))
    await town.core.run_due()
    assert [shown.how for shown in town.platform.shown if shown.where == "sport"][-1] == "retract"
    said = await town.say("anna", "!thema toon")
    assert "doet mee" not in said
    assert "Dat is al beslist" in await pressed(town, "mia", "theme agree", None, pull=1)
    town.clock.turn_to(town.clock.now() + LIVES + timedelta(days=1))
    await town.core.run_due()
    assert not town.platform.where("ben")


async def _number(town: Town, name: str) -> int:
    found = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name)))
    assert found
    return found.id


async def test_what_people_are_to_a_thread_keeps_it_no_longer(store: Database) -> None:
    """Or whoever follows every thread has them all kept."""

    def fill(tx: Transaction) -> None:
        theme = use(tx, "thread")
        who = tx.people.by_identity(Identity(PLATFORM, "ben"))
        assert who
        tx.of(THEMES).involve(theme, who.id, Involvement.FOLLOWS, NOW)
        tx.of(THEMES).ask(theme, who.id, NOW)

    await store.run(fill)
    await store.forget(NOW + timedelta(days=91))
    name = await store.run(lambda tx: [tx.of(THEMES).requests(1), tx.places.themes()])
    assert name == [[], []]


@pytest.mark.parametrize("at_once", [False, True])
async def test_nobody_counts_twice_who_is_linked_while_somebody_else_lets_them_pull(
    postgres: PostgreSQL, at_once: bool
) -> None:
    url = postgres.new_database()
    linked = threading.Event()
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' LIMIT 1"
    both = [Identity(PLATFORM, name) for name in ("ben", "cas")]

    def until_it_waits() -> None:
        ends = time.monotonic() + 20
        while not postgres.ask(url, waiting).strip() and time.monotonic() < ends:
            time.sleep(0.02)

    async with (
        open_town(url, moderators=("mia",)) as first,
        open_town(url, moderators=("mia",), number=1_000_000) as second,
    ):
        await first.joined("sport", theme="sport")
        for who in ("mia", "ben"):
            await first.say(who, "!help")
        for who in ("cas", "ben"):
            await first.say(who, "!thema meedoen")
        await first.say("ben", "!thema trek")
        yes = Button(text("typed", words=""), "theme agree", {"pull": 1})

        def link(tx: Transaction) -> None:
            first.core.features.link(tx, both)
            linked.set()
            if at_once:
                tx.offload(until_it_waits)

        linking = asyncio.create_task(first.core.store.run(link))
        assert await asyncio.to_thread(linked.wait, 60)
        if not at_once:
            await linking
        answer = await second.core.handle(replace(second.asked("mia", button=yes), pressed=True))
        await linking
        assert answer
        assert "trekt" in words_of(answer), words_of(answer)

        def counts(tx: Transaction) -> dict[Involvement, int]:
            number = tx.places.theme_named("sport").id
            return dict(tx.of(THEMES).counts([number])[number])

        assert sum((await first.core.store.run(counts)).values()) == 1
