"""What is new, for whoever asked to hear of it: whom it reaches, when, and what nobody learns by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from bot.errors import NotNow, TryLater
from bot.features.polls.settings import PollsSettings
from bot.features.themes import digest
from bot.features.themes.digest import DIGEST, is_about, next_time
from bot.features.themes.records import Often
from bot.model.homes import Home
from bot.model.message import Button, Message, text
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from storage.executor import Executor
from storage.unit import Tx
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Shown, Town, open_town, words_of

HOME = Home(PLATFORM, "console.home", "corner", "Corner")
BRUSSELS = ZoneInfo("Europe/Brussels")
MONDAY = datetime(2026, 12, 7, 9, tzinfo=BRUSSELS).astimezone(UTC)
PATH = "Fietspad langs de vaart"
WORK = "Iedereen helpt mee"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Mia moderates. Anna and Ben want to hear of cycling; only Anna talks with Plein in private."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        await town.joined("raad", theme="raad")
        for name in ("mia", "anna", "ben", "cas"):
            await town.say(name, "!help")
        await town.say("eva", "!help", room="raad")

        def settle(tx: Transaction) -> None:
            who = tx.people.by_identity(Identity(PLATFORM, "mia"))
            assert who
            tx.communities.change(f"home.{PLATFORM}", HOME.kept(), who.id, NOW)

        await town.core.store.run(settle)
        for name in ("anna", "ben"):
            await town.say(name, "!mijn interesses fiets")
        await town.say("anna", "!help", room=None)
        yield town


async def opens(town: Town, name: str = PATH, about: str = WORK) -> None:
    assert "is er" in await town.say("mia", f'!thema voorstel "{name}" {about}')


async def at(town: Town, moment: datetime) -> list[Shown]:
    """What is shown until then, when that is due."""
    before = len(town.platform.shown)
    town.clock.turn_to(moment)
    await town.core.run_due()
    return [shown for shown in town.platform.shown[before:] if "Nieuw" in shown.words]


def to(shown: list[Shown], where: str) -> list[str]:
    return [one.words for one in shown if one.where == where]


# --- whom it reaches ---


async def test_a_new_theme_reaches_in_private_who_talks_there_and_others_once_in_their_theme(
    town: Town,
) -> None:
    await opens(town)
    await town.say("cas", "!mijn interesses fietspaden")
    assert not await at(town, MONDAY - timedelta(minutes=1))
    told = await at(town, MONDAY)
    assert {one.where for one in told} == {"anna", "sport"}
    (private,) = to(told, "anna")
    assert private.startswith(f"Nieuw voor jou\nNieuw thema: {PATH}. {WORK}")
    # Whom it is for nobody reads there.
    (aloud,) = to(told, "sport")
    assert aloud.startswith(f"Nieuw hier\nNieuw thema: {PATH}")
    assert "ben" not in aloud
    assert not await at(town, MONDAY + timedelta(days=14))
    assert "niets nieuws" in await town.say("anna", "!mijn overzicht nu", room=None)
    # Nor does it come a second time who begins to talk there later.
    await town.say("ben", "!help", room=None)
    assert "niets nieuws" in await town.say("ben", "!mijn overzicht nu", room=None)


@pytest.mark.parametrize("knows", ["supported", "proposed", "follows", "is there"])
async def test_whoever_knows_of_it_hears_nothing(town: Town, knows: str) -> None:
    if knows in ("supported", "proposed"):
        await town.say("cas" if knows == "supported" else "anna", f'!thema voorstel "{PATH}" {WORK}')
        await town.say("anna", "!thema steun")
        await town.say("mia", "!thema steun")
    else:
        await opens(town)
        await town.core.run_due()
        if knows == "follows":
            await town.say("anna", f"!thema volg {PATH}")
        else:
            await town.say("anna", "!help", room=f"{HOME.ref}/{PATH}")
    assert not to(await at(town, MONDAY), "anna")
    assert "niets nieuws" in await town.say("anna", "!mijn overzicht nu", room=None)


async def test_a_poll_reaches_who_follows_its_theme_unless_they_voted_or_were_there_since(town: Town) -> None:
    for name in ("anna", "cas", "dora", "eva"):
        await town.say(name, "!thema volg sport")
        await town.say(name, "!help", room=None)
    town.clock.turn_to(NOW + timedelta(hours=1))
    await town.say("mia", '!peiling open "Een bank?" Ja | Nee')
    town.clock.turn_to(NOW + timedelta(hours=2))
    assert "Ja" in await town.say("cas", "!stem 1", room=None)
    await town.say("dora", "!thema toon")
    told = await at(town, MONDAY)
    assert {one.where for one in told} == {"anna", "eva"}
    assert "Nieuwe peiling: Een bank?" in told[0].words


async def test_what_is_over_is_no_news(town: Town) -> None:
    await town.say("anna", "!thema volg sport")
    await town.say("mia", '!peiling open "Een bank?" Ja | Nee --sluit morgen')
    assert not await at(town, MONDAY)


async def test_now_tells_at_once_and_says_what_to_do_where_there_is_nothing(town: Town) -> None:
    assert "niets nieuws" in await town.say("anna", "!mijn overzicht nu", room=None)
    assert "waarover je wilt horen" in await town.say("cas", "!mijn overzicht nu", room=None)
    await opens(town)
    assert PATH in await town.say("anna", "!mijn overzicht nu", room=None)
    assert "niets nieuws" in await town.say("anna", "!mijn overzicht nu", room=None)
    assert not to(await at(town, MONDAY), "anna")


async def test_many_are_told_in_several_messages_and_none_is_lost(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest, "LISTED", 2)
    for number, word in enumerate(("een", "twee", "drie")):
        town.clock.turn_to(NOW + timedelta(minutes=number))
        await opens(town, f"Fietsweg {word}")
    first = await town.say("anna", "!mijn overzicht nu", room=None)
    assert "een" in first
    assert "twee" in first
    assert "drie" not in first
    assert "Er is nog meer" in first
    assert "Fietsweg drie" in await town.say("anna", "!mijn overzicht nu", room=None)


async def test_each_of_many_people_hears_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "PAGE", 2)
    people = [f"wim{number}" for number in range(7)]
    for name in people:
        await town.say(name, "!mijn interesses fiets")
        await town.say(name, "!help", room=None)
    await opens(town)
    told = await at(town, MONDAY)
    assert sorted(one.where for one in told) == sorted(["anna", "sport", *people])


# --- when ---


async def test_a_page_of_people_is_asked_about_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve who hear cost no more questions than one, also once it is kept what they heard; and where nobody
    wants to hear so often nothing else is asked.
    """
    for number in range(12):
        await town.say(f"lid{number}", "!mijn interesses fiets", room="sport")
        await town.say(f"lid{number}", "!help", room=None)
    asked: list[object] = []
    execute = Executor.execute

    def noting(self: Executor, statement: Any, values: Any = None) -> Any:
        asked.append(statement)
        return execute(self, statement, values)

    def tell(tx: Transaction, people: Sequence[str], often: Often) -> int:
        found = [tx.people.by_identity(Identity(PLATFORM, name)) for name in people]
        call = town.core.dispatch.call_for_nobody(tx, "")
        asked.clear()
        digest._tell(call, [who.id for who in found if who], often)
        cast(Tx, tx).db.flush()
        return len(asked)

    one, many = ["lid0"], [f"lid{number}" for number in range(1, 12)]
    monkeypatch.setattr(Executor, "execute", noting)
    for name in (PATH, "Fietsen naar school"):
        await opens(town, name)
        town.clock.turn(timedelta(days=1))
        first, others = [
            await town.core.store.run(partial(tell, people=people, often=Often.WEEKLY))
            for people in (one, many)
        ]
        assert first == others
    assert await town.core.store.run(partial(tell, people=many, often=Often.DAILY)) == 1
    shown = [one.where for one in await at(town, town.clock.now())]
    assert sorted(shown) == sorted([*one, *many] * 2)


@pytest.mark.parametrize(
    ("often", "now", "then"),
    [
        (Often.DAILY, "2026-12-01T08:59", "2026-12-01T09:00"),
        (Often.DAILY, "2026-12-01T09:00", "2026-12-02T09:00"),
        (Often.WEEKLY, "2026-12-07T08:00", "2026-12-07T09:00"),
        (Often.WEEKLY, "2026-12-07T09:00", "2026-12-14T09:00"),
        # The clocks go forward on Sunday 28 March.
        (Often.DAILY, "2027-03-27T10:00", "2027-03-28T09:00"),
        (Often.WEEKLY, "2027-03-27T10:00", "2027-03-29T09:00"),
    ],
)
def test_it_comes_at_nine_by_the_clock_on_the_wall(often: Often, now: str, then: str) -> None:
    moment, found = (datetime.fromisoformat(each).replace(tzinfo=BRUSSELS) for each in (now, then))
    assert next_time(often, moment.astimezone(UTC), BRUSSELS) == found


async def test_daily_is_the_next_morning(town: Town) -> None:
    await town.say("anna", "!mijn overzicht dagelijks", room=None)
    await opens(town)
    told = await at(town, datetime(2026, 12, 2, 9, tzinfo=BRUSSELS).astimezone(UTC))
    assert [one.where for one in told] == ["anna"]


async def test_quiet_hours_are_kept_and_what_is_new_meanwhile_loses_nothing(town: Town) -> None:
    town.configure(PollsSettings(quiet="22:00-10:00"))
    await opens(town)
    assert not await at(town, MONDAY)
    town.clock.turn_to(MONDAY + timedelta(minutes=30))
    await opens(town, "Fietsles")
    assert not await at(town, MONDAY + timedelta(minutes=59))
    (told,) = to(await at(town, MONDAY + timedelta(hours=1)), "anna")
    assert PATH in told
    assert "Fietsles" in told


async def test_what_a_platform_that_was_away_held_back_waits_for_the_morning_too(town: Town) -> None:
    """And holds up no answer meanwhile."""
    town.configure(PollsSettings(quiet="22:00-08:00"))
    town.platform.trouble["anna"] = [TryLater(14 * 3_600, unsent=True)]
    await opens(town)
    assert not to(await at(town, MONDAY), "anna")
    night, morning = MONDAY + timedelta(hours=14), MONDAY + timedelta(hours=23)
    assert not to(await at(town, night), "anna")
    await town.core.handle(replace(town.asked("anna", "!help", room=None), by_post=True))
    await town.core.run_due()
    assert "Wat ik voor je kan doen" in town.platform.where("anna")[-1]
    assert not to(await at(town, morning - timedelta(minutes=1)), "anna")
    assert PATH in "".join(to(await at(town, morning), "anna"))


async def test_a_button_under_it_turns_it_off(town: Town) -> None:
    await opens(town)
    await at(town, MONDAY)
    answer = await town.core.handle(
        town.asked("anna", room=None, button=Button(text("typed", words=""), DIGEST, {"often": "never"}))
    )
    assert answer
    assert "hoort niet meer van mij" in words_of(answer)
    await opens(town, "Fietsles")
    assert not to(await at(town, MONDAY + timedelta(days=7)), "anna")
    assert "Fietsles" in await town.say("anna", "!mijn overzicht nu", room=None)


async def test_what_waits_is_not_said_to_who_turns_it_off(town: Town) -> None:
    town.platform.trouble["anna"] = [NotNow("busy")]
    await opens(town)
    await at(town, MONDAY)
    await town.say("anna", "!mijn overzicht nooit")
    # What was tried may have arrived: it is said to the end.
    assert len(to(await at(town, MONDAY + timedelta(hours=2)), "anna")) <= 1


async def test_a_platform_that_is_away_loses_nothing_and_says_nothing_twice(town: Town) -> None:
    town.platform.trouble["anna"] = [NotNow("busy"), OSError("gone")]
    await opens(town)
    assert not to(await at(town, MONDAY), "anna")
    told = [shown for hour in range(1, 6) for shown in await at(town, MONDAY + timedelta(hours=hour))]
    assert len(to(told, "anna")) == 1


# --- what nobody learns ---


async def test_who_left_meanwhile_hears_of_no_poll_and_may_press_what_is_left(town: Town) -> None:
    await town.say("anna", "!help", room="raad")
    await town.say("anna", "!thema volg sport")
    await town.say("anna", "!thema volg raad", room="raad")
    await town.say("mia", '!peiling open "Geheim in sport?" Ja | Nee')
    town.clock.turn_to(NOW + timedelta(hours=1))
    await town.say("eva", '!peiling open "Open in raad?" Ja | Nee', room="raad")
    del town.platform.present["anna", "sport"]
    (told,) = to(await at(town, MONDAY), "anna")
    assert "Geheim" not in told
    assert "Open in raad?" in told
    key = next(shown.key for shown in town.platform.shown if shown.where == "anna" and "Nieuw" in shown.words)
    kept = await town.core.message_at(town.platform.account, f"${key}")
    assert kept
    assert [button.command for button in kept.buttons] == ["poll show", DIGEST]


async def test_what_waits_is_not_handed_out_before_it_is_looked_at(town: Town) -> None:
    await town.say("anna", "!thema volg sport")
    await town.say("mia", '!peiling open "Geheim in sport?" Ja | Nee')
    town.platform.trouble["anna"] = [NotNow("busy")] * 99
    await at(town, MONDAY)
    del town.platform.present["anna", "sport"]
    anna = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "anna")))
    assert anna
    waiting = [post for post in (await town.core.export(anna.id))["posts"] if not post["ref"]]
    assert str(waiting).count("digest.") > 1
    assert "Geheim" not in str(waiting)


async def test_who_is_of_the_community_no_more_hears_nothing(town: Town) -> None:
    await opens(town)
    town.clock.turn_to(MONDAY)
    del town.platform.present["anna", "sport"]
    assert not to(await at(town, MONDAY), "anna")
    town.platform.present["anna", "sport"] = Role.RESIDENT


async def test_a_platform_that_says_nothing_of_them_is_asked_again(town: Town) -> None:
    await town.say("anna", "!thema volg sport")
    await town.say("mia", '!peiling open "Een bank?" Ja | Nee')
    town.clock.turn_to(NOW + timedelta(days=5))
    town.platform.present["anna", "sport"] = None
    assert not to(await at(town, MONDAY), "anna")
    town.platform.present["anna", "sport"] = Role.RESIDENT
    assert len(to(await at(town, MONDAY + timedelta(minutes=1)), "anna")) == 1


async def test_of_an_anonymous_poll_a_digest_does_not_tell_who_voted(town: Town) -> None:
    for name in ("anna", "cas"):
        await town.say(name, "!thema volg sport")
        await town.say(name, "!help", room=None)
    await town.say("mia", '!peiling open "Geheim?" Ja | Nee --anoniem')
    await town.say("anna", "!stem 1", room=None)
    told = await at(town, MONDAY)
    assert to(told, "anna") == to(told, "cas") != []


async def test_who_is_forgotten_hears_nothing(town: Town) -> None:
    await opens(town)
    await town.say("anna", "!mijn overzicht wekelijks", room=None)
    await town.say("anna", "!vergeet mij --zeker", room=None)
    assert not to(await at(town, MONDAY), "anna")


# --- what is about what ---


@pytest.mark.parametrize(
    ("words", "concerns", "found"),
    [
        ("Fietspad langs de vaart", "fiets", True),
        ("Een nieuw fietspad?", "fietspad", True),
        ("Café op het plein", "cafe", True),
        ("De kat", "kat", True),
        ("Het katern", "kat", False),
        ("Verkeer", "fiets", False),
        ("Niets", "", False),
    ],
)
def test_a_word_is_found_whole_or_within_another(words: str, concerns: str, found: bool) -> None:
    assert is_about(words, [concerns] if concerns else []) is found


def test_what_is_about_a_theme_is_kept_and_read_again() -> None:
    from bot.model.codec import pack, unpack
    from bot.model.message import InTheme

    said = Message((InTheme(text("typed", words="a"), 3),), (Button(text("typed"), "x", theme=0),))
    assert unpack(pack(said)) == said
