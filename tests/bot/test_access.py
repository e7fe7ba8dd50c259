"""Who takes part where, and as what: what the platform of whoever speaks says now, and nothing older."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select

from bot.model.events import Invocation
from bot.model.message import Button, text
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Presence, Presences, Role
from storage.tables import members
from storage.unit import Tx
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
REFUSED = "is er voor jou niet"
EVERY_WAY = (
    "!poll show 1",
    "!vote 1 --poll 1",
    "!poll withdraw 1",
    "!poll close 1",
    "!poll cancel 1",
    "!poll extend 5d --poll 1",
    "!poll export 1",
    "!poll again 1",
    '!poll outcome "Ja" --poll 1',
)


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Eva's council with a poll, and a room of Ben's own."""
    async with open_town(database_url) as town:
        await town.joined("raad", theme="raad")
        await town.joined("bens", theme="bens")
        await town.say("eva", '!poll open "Geheim?" Ja | Nee --closes 30d', room="raad")
        yield town


async def said(town: Town, asked: Invocation) -> str:
    answer = await town.core.handle(asked)
    assert answer
    return words_of(answer)


async def one_person(town: Town, *names: str) -> None:
    """These accounts are on platforms of their own, and one person's."""
    await town.core.link([Identity(name, name) for name in names])


async def on(town: Town, platform: str, words: str, room: str | None, there: Presences | None) -> str:
    """What an account of that platform is answered, which says that of where it is (None: nothing)."""

    async def presence(places: object) -> Presences:
        return there or {}

    place = Place(platform, room) if room else None
    asked = replace(town.asked("x", words, room=None), author=Identity(platform, platform), place=place)
    return await said(town, replace(asked, presence=presence))


# --- now ---


@pytest.mark.parametrize("room", ["bens", None], ids=["from a room of his own", "in private"])
async def test_put_out_he_has_lost_it_with_his_next_word(town: Town, room: str | None) -> None:
    await town.say("ben", "!vote 1", room="raad")
    assert "Geheim?" in await town.say("ben", "!poll show 1", room=room)
    del town.platform.present["ben", "raad"]
    for words in EVERY_WAY:
        assert REFUSED in await town.say("ben", words, room=room), words
    press = Button(text("typed"), "poll tick", {"poll": 1, "option": 2})
    assert REFUSED in await said(town, town.asked("ben", room=room, button=press))
    assert "Geheim?" not in await town.say("ben", "!poll list", room=None)
    assert "Geheim?" not in await town.say("ben", "!poll list --theme raad", room=room)
    for command, name, typed in (("poll show", "poll", ""), ("poll list", "theme", "raad")):
        typing = town.asked("ben", room=room, button=Button(text("typed"), command, {}))
        assert list(await town.core.suggest(typing, name, typed)) == []
    assert "1 persoon stemde" in await town.say("eva", "!poll show 1", room="raad")


# What these are about is looked for in the themes of whoever asks.
LOOK_THEMSELVES = (
    *("poll", "meeting", "agenda", "offer", "minutes", "action", "remind", "kudos", "certificate"),
    *("come", "here"),
)
COMMUNITYS_OWN = ("!who knows geluid", "!who is eva", "!association list", "!community show")


@pytest.mark.parametrize("words", [*EVERY_WAY, *COMMUNITYS_OWN])
async def test_put_out_after_he_said_it_there_he_has_lost_it(town: Town, words: str) -> None:
    """What is about himself alone is his all the same; and nothing is noted of his being there."""
    asked, own = (
        replace(town.asked("ben", said, room="raad"), there=False) for said in (words, "!mijn profiel")
    )
    del town.platform.present["ben", "raad"]
    lost = "niet meer op die plek" if words in COMMUNITYS_OWN else REFUSED
    assert lost in await said(town, asked)
    assert "Ik noem je" in await said(town, own)
    assert "Geheim?" not in await town.say("ben", "!poll list", room=None)


async def test_demoted_she_steers_no_more_from_anywhere(town: Town) -> None:
    town.platform.present["mia", "raad"] = Role.MODERATOR
    assert "loopt nu tot" in await town.say("mia", "!poll extend 40d --poll 1", room="bens")
    town.platform.present["mia", "raad"] = Role.RESIDENT
    own = replace(town.asked("mia", "!poll close 1 --sure", room="bens"), role=Role.MODERATOR)
    assert "is van iemand anders" in await said(town, own)
    assert "is van iemand anders" in await town.say("mia", "!poll close 1 --sure", room=None)
    town.platform.present["mia", "raad"] = Role.MODERATOR
    assert "is gesloten" in await town.say("mia", "!poll close 1 --sure", room=None)


async def test_who_may_vote_is_judged_now(town: Town) -> None:
    town.platform.present["mia", "raad"] = Role.MODERATOR
    await town.say("eva", '!poll open "Wie?" Ja | Nee --voters moderators', room="raad")
    assert "je koos Ja" in await town.say("mia", "!vote 1 --poll 2", room=None)
    town.platform.present["mia", "raad"] = Role.RESIDENT
    assert "je koos" not in await town.say("mia", "!vote 2 --poll 2", room=None)


async def test_who_is_there_takes_part_though_plein_never_heard_them(town: Town) -> None:
    town.platform.present["new", "raad"] = Role.RESIDENT
    assert "Geheim?" in await town.say("new", "!poll list", room=None)
    assert "je koos Ja" in await town.say("new", "!vote 1", room=None)


async def test_a_poll_elsewhere_and_no_poll_are_one_answer(town: Town) -> None:
    for words in EVERY_WAY:
        there = await town.say("ben", words, room="bens")
        nowhere = await town.say("ben", words.replace(" 1", " 9"), room="bens")
        assert REFUSED in there
        assert there == nowhere.replace("nummer 9", "nummer 1")
    for command in ("poll tick", "poll choose", "poll take-back", "poll show", "poll close"):
        args = {"option": 1, "numbers": (1,), "only": (1,), "sure": True}
        answers = [
            await town.core.handle(
                town.asked("ben", room="bens", button=Button(text("typed"), command, {**args, "poll": poll}))
            )
            for poll in (1, 9)
        ]
        assert answers[0]
        assert answers[1]
        first, second = (words_of(answer).replace("nummer 9", "nummer 1") for answer in answers if answer)
        assert first == second


# --- how it is asked ---


async def test_in_its_own_place_nobody_is_asked(town: Town) -> None:
    for words in ("!vote 1", "!poll show 1", "!poll list", "!poll close 1"):
        await town.say("ben", words, room="raad")
    await town.say("eva", "!poll close 1 --sure", room="raad")
    assert town.platform.asked == []


async def test_of_many_themes_only_the_one_in_question_is_asked_about(town: Town) -> None:
    for number in range(30):
        await town.joined(f"room {number}", theme=f"theme {number}")
    town.platform.present["ben", "raad"] = Role.RESIDENT
    press = Button(text("typed"), "poll tick", {"poll": 1, "option": 2})
    await said(town, town.asked("ben", room=None, button=press))
    assert town.platform.asked == [("ben", ("raad",))]
    town.platform.asked.clear()
    await town.say("ben", "!vote 1", room=None)
    assert town.platform.asked == [("ben", ("raad",))]


async def test_what_was_said_is_written_down_now_and_then_and_not_at_which_moment(town: Town) -> None:
    async def said_at() -> int:
        def read(tx: Tx) -> int:
            where = members.c.user_id == "eva"
            rows = tx.db.execute(select(members).where(where))
            eva = next(iter(rows))
            assert eva.used_at == eva.said_at
            said: timedelta = eva.said_at - start
            return round(said.total_seconds())

        return await town.core.store.run(lambda tx: read(cast(Tx, tx)))

    start = town.clock.now()
    for minutes, noted in ((1, 0), (9, 0), (11, 10), (19, 10), (22, 20)):
        town.clock.turn_to(start + minutes * MINUTE)
        await town.say("eva", "!poll list", room="raad")
        assert await said_at() == noted * 60


# --- another account of theirs ---


async def test_the_last_word_of_another_account_holds_an_hour(town: Town) -> None:
    """What its platform said of it last counts so long, and then no more."""
    await town.core.joined(PLATFORM, Place("red", "raad"), "raad", "raad")
    await one_person(town, "red", "blue")
    await on(town, "red", "!vote 1", "raad", None)
    assert "Geheim?" in await on(town, "blue", "!poll show 1", None, None)
    town.clock.turn_to(town.clock.now() + HOUR - MINUTE)
    assert "Geheim?" in await on(town, "blue", "!poll show 1", None, None)
    town.clock.turn_to(town.clock.now() + MINUTE)
    assert REFUSED in await on(town, "blue", "!poll show 1", None, None)
    assert "Geheim?" not in await on(town, "blue", "!poll list", None, None)


async def test_what_was_said_while_the_clock_was_ahead_holds_no_longer(town: Town) -> None:
    await town.core.joined(PLATFORM, Place("red", "raad"), "raad", "raad")
    await one_person(town, "red", "blue")
    town.clock.turn(timedelta(days=1))
    await on(town, "red", "!vote 1", "raad", None)
    town.clock.turn(timedelta(days=-1) + 2 * HOUR)
    assert REFUSED in await on(town, "blue", "!poll show 1", None, None)
    # It is said anew with the next word.
    await on(town, "red", "!poll list", "raad", None)
    assert "Geheim?" in await on(town, "blue", "!poll show 1", None, None)


async def test_what_another_account_has_lost_is_lost(town: Town) -> None:
    here = Place("red", "raad")
    await town.core.joined(PLATFORM, here, "raad", "raad")
    await one_person(town, "red", "blue")
    await on(town, "red", "!vote 1", "raad", None)
    # With the next word of the account itself it is lost for both.
    assert REFUSED in await on(town, "red", "!poll show 1", None, {here: None})
    assert REFUSED in await on(town, "blue", "!poll show 1", None, None)


async def test_where_the_platform_says_nothing_its_last_word_holds_an_hour(town: Town) -> None:
    """As of a place that another account of Plein's serves."""
    await town.say("ben", "!vote 1", room="raad")
    town.platform.present["ben", "raad"] = None
    assert "Geheim?" in await town.say("ben", "!poll show 1", room=None)
    town.clock.turn_to(town.clock.now() + HOUR)
    assert REFUSED in await town.say("ben", "!poll show 1", room=None)


async def test_a_moderator_of_another_platform_is_one_for_an_hour(town: Town) -> None:
    await town.core.joined(PLATFORM, Place("red", "raad"), "raad", "raad")
    await town.core.joined(PLATFORM, Place("blue", "raad"), "raad", "raad")
    await one_person(town, "red", "blue")
    asked = replace(town.asked("x", "!poll list", room=None), author=Identity("red", "red"))
    await town.core.handle(replace(asked, place=Place("red", "raad"), role=Role.MODERATOR))
    assert "nu sluiten?" in await on(town, "blue", "!poll close 1", None, None)
    town.clock.turn_to(town.clock.now() + HOUR)
    assert REFUSED in await on(town, "blue", "!poll close 1 --sure", None, None)


# --- since when ---


async def test_since_when_is_never_later_than_now_nor_moved(town: Town) -> None:
    """Whoever's clock says it."""
    await town.say("eva", '!poll open "Leden?" Ja | Nee --voters members', room="raad")
    later = replace(town.asked("ben", "!vote 1 --poll 2", room="raad"), since=town.clock.now() + HOUR)
    assert "kan alleen stemmen wie al" in await said(town, later)
    earlier = replace(town.asked("ben", "!vote 1 --poll 2", room="raad"), since=town.clock.now() - HOUR)
    assert "kan alleen stemmen wie al" in await said(town, earlier)


# --- what is a community's ---

ABOUT_THE_COMMUNITY = (
    "!who knows geluid",
    "!who is balthazar",
    "!association list",
    "!community show",
    "!community set language en",
    "!community setup",
    "!me for Zeilclub",
    "!me expertise geluid",
    "!me interests --show",
    "!me name Karel",
)
ABOUT_THEM = (
    "!help",
    "!me show",
    "!me data",
    "!me forget",
    "!me name",
    "!me for",
    "!me expertise",
    "!language nl",
)
ENTER = "Kom eerst in een kanaal of kamer"
SECRETS = ("balthazar", "Zeilclub", "geluidsman")


@pytest.fixture
async def council(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        yield town


async def furnish(town: Town, *, ours: bool) -> None:
    """Balthazar lets others know something; `ours`: the place in which he does is the community's own, as the
    configuration says.
    """
    configured = town.core.communities.configured(FIRST_COMMUNITY)
    town.core.communities.serve({FIRST_COMMUNITY: replace(configured, names_places=ours)})
    await town.core.joined(PLATFORM, Place(PLATFORM, "raad"), "raad", ours=ours)
    await town.core.joined(PLATFORM, Place(PLATFORM, "bens"), "bens")
    town.platform.present["mia", "raad"] = Role.MODERATOR
    await town.core.handle(
        replace(town.asked("mia", "!association name Zeilclub", room="raad"), role=Role.MODERATOR)
    )
    await town.say("balthazar", "!me expertise geluid, geluidsman --show", room="raad")


async def told_nothing(town: Town, who: str, room: str | None) -> None:
    for words in ABOUT_THE_COMMUNITY:
        refused = await town.say(who, words, room=room)
        assert ENTER in refused, (words, refused)
    said = [await town.say(who, words, room=room) for words in ABOUT_THEM]
    assert not any(ENTER in words for words in said)
    for command, name in (
        ("who is", "person"),
        ("me for", "association"),
        ("association retire", "association"),
    ):
        typing = town.asked(who, room=room, button=Button(text("typed"), command, {}))
        assert list(await town.core.suggest(typing, name, "")) == []
        assert not any(secret in words for words in said for secret in SECRETS)


@pytest.mark.parametrize("ours", [True, False], ids=["of the community's own", "of nobody's in particular"])
async def test_a_stranger_is_told_where_to_go_and_nothing_else(council: Town, ours: bool) -> None:
    await furnish(council, ours=ours)
    await told_nothing(council, "zef", None)
    await council.say("eva", "!help", room="raad")
    assert "balthazar" in await council.say("eva", "!who knows geluid", room=None)


@pytest.mark.parametrize("ours", [True, False], ids=["of the community's own", "of nobody's in particular"])
async def test_whoever_left_is_a_stranger_with_their_next_word(council: Town, ours: bool) -> None:
    await furnish(council, ours=ours)
    await council.say("zef", "!me expertise taart --show", room="raad")
    assert "balthazar" in await council.say("zef", "!who knows geluid", room=None)
    del council.platform.present["zef", "raad"]
    await told_nothing(council, "zef", None)
    # What they said of themselves they may take back, from wherever they are.
    assert "taart" in await council.say("zef", "!me show", room=None)
    assert ENTER not in await council.say("zef", "!me expertise --hide", room=None)
    assert "Niemand" in await council.say("eva", "!who knows taart", room="raad")


async def test_a_room_of_ones_own_is_no_way_in(council: Town) -> None:
    """Anybody can make a room, have Plein in it, and be its master."""
    await furnish(council, ours=True)
    council.platform.present["zef", "bens"] = Role.MODERATOR
    for room in ("bens", None):
        await told_nothing(council, "zef", room)


async def test_another_account_of_theirs_is_of_the_community_for_an_hour(council: Town) -> None:
    await furnish(council, ours=True)
    raad = Place("x", "raad")
    await council.core.joined(PLATFORM, raad, "raad", ours=True)
    await one_person(council, "x", "y")
    here = {raad: Presence(raad, Role.RESIDENT, council.clock.now())}
    assert "balthazar" in await on(council, "x", "!who knows geluid", "raad", here)
    assert "balthazar" in await on(council, "y", "!who knows geluid", None, {})
    council.clock.turn(HOUR + MINUTE)
    assert ENTER in await on(council, "y", "!who knows geluid", None, {})


async def test_where_no_place_is_left_there_is_nothing_to_ask(council: Town) -> None:
    await furnish(council, ours=True)
    for room in ("raad", "bens"):
        await council.core.left(PLATFORM, Place(PLATFORM, room))
    await told_nothing(council, "eva", None)


def test_every_command_is_for_the_community_or_says_why_not(town: Town) -> None:
    """What a feature brings is for nobody else unless it says so: themselves, or what it looks at itself."""
    open_to_all = {command.path for command in town.core.commands.by_path.values() if command.anyone}
    themselves = {path for path in open_to_all if path.startswith("me ")}
    looks_itself = {path for path in open_to_all if path.split()[0] in LOOK_THEMSELVES}
    assert open_to_all - themselves - looks_itself == {
        *("help", "language", "reminders", "community choose"),
        *("theme list", "theme show", "theme follow", "theme take-part", "theme pull", "theme leave"),
        *("theme agree", "mod log"),
        *("theme draw", "theme draw-me", "theme skip-me", "theme draw-file"),
        *("theme term", "theme go-on", "theme take-notes", "theme stop-notes", "theme name-me"),
    }
