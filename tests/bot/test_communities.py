"""Two communities with people, themes and polls of the same names in one process: each has its own alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import select

from bot.communities import TURN, WHOSE
from bot.features.polls.records import POLLS, Results
from bot.features.polls.settings import PollsSettings
from bot.model.message import Button, Message, message, text, typed
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role
from bot.ports.storage import Transaction
from bot.texts import Voice
from storage.community import anywhere
from storage.unit import Tx
from tests.chat import BRUSSELS, NOW
from tests.doubles.installed import TABLES
from tests.doubles.platform import PLATFORM, Town, open_town, words_of
from tests.doubles.polls import tally

OPEN = '!peiling open "Wat?" Ja | Nee'
# A place of each, where the theme is called the same.
SQUARE, MARKET = "square", "market"
BEN, ZOE = Identity(PLATFORM, "ben"), Identity(PLATFORM, "zoe")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url, board_rest=0, moderators=("mia",)) as town:
        other = await town.core.communities.add("Other")
        for room, whose in ((SQUARE, FIRST_COMMUNITY), (MARKET, other)):
            await town.core.joined(PLATFORM, Place(PLATFORM, room), room, "sport", community=whose)
        yield town


def other_of(town: Town) -> int:
    return FIRST_COMMUNITY + 1


async def tallies(town: Town) -> list[list[int]]:
    """Of poll 1 of both."""
    store = town.core.store
    return [await store.run(lambda tx: tally(tx, 1), community=whose) for whose in (1, other_of(town))]


async def tallies_of(town: Town, community: int) -> list[int]:
    return await town.core.store.run(lambda tx: tally(tx, 1), community=community)


async def test_each_has_a_poll_1_of_its_own(town: Town) -> None:
    for room in (SQUARE, MARKET):
        assert "nummer 1" in await town.say("anna", OPEN, room=room)
    await town.say("ben", "!stem 1", room=SQUARE)
    await town.say("ben", "!stem 2 --peiling 1", room=MARKET)
    await town.say("cas", "!stem 2 --peiling 1", room=MARKET)
    assert await tallies(town) == [[1, 0], [0, 2]]
    await town.core.run_due()
    assert "1 persoon stemde" in town.platform.where(SQUARE)[-1]
    assert "2 mensen stemden" in town.platform.where(MARKET)[-1]
    assert "Jij koos Ja" in await town.say("ben", "!peiling toon", room=SQUARE)
    assert "Jij koos Nee" in await town.say("ben", "!peiling toon", room=MARKET)
    assert (await town.say("ben", "!mijn peilingen", room=MARKET)).count("peiling 1") <= 1


async def test_what_one_ends_goes_on_in_the_other(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
        await town.say("ben", "!stem 2", room=room)
    await town.say("anna", "!peiling sluit --zeker", room=MARKET)
    store = town.core.store

    async def states() -> list[str]:
        found = [
            await store.run(lambda tx: tx.of(POLLS).get(1, 0), community=whose)
            for whose in (1, other_of(town))
        ]
        return [each[0].state for each in found if each]

    assert await states() == ["open", "closed"]
    await town.core.run_due()
    town.clock.turn_to(NOW + timedelta(days=30))
    await town.core.run_due()
    assert await states() == ["closed", "closed"]


async def test_what_goes_out_has_another_key_in_each(town: Town) -> None:
    """Else a platform would take the second for the first one again, and not show it."""
    for room in (SQUARE, MARKET):
        asked = replace(town.asked("anna", OPEN, room=room), by_post=True)
        await town.core.handle(asked)
        await town.core.handle(replace(town.asked("ben", "!stem 1", room=room), by_post=True))
    await town.core.run_due()
    town.clock.turn_to(NOW + timedelta(days=30))
    await town.core.run_due()
    said: dict[str, set[str]] = {}
    for shown in town.platform.shown:
        said.setdefault(shown.key, set()).add(shown.where)
    assert all(len(where) == 1 for where in said.values()), said
    assert {key.endswith("@2") for key in said} == {True, False}
    private = [shown for shown in town.platform.shown if shown.how == "whisper"]
    assert len({shown.key for shown in private}) == len(private)


async def test_the_same_account_is_two_residents_with_wishes_of_their_own(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("ben", "!help", room=room)
    assert "bewoner" not in await town.say("ben", "!taal en", room=MARKET)
    store = town.core.store
    people = [
        await store.run(lambda tx: tx.people.by_identity(BEN), community=whose)
        for whose in (1, other_of(town))
    ]
    assert [each.locale for each in people if each] == [None, "en"]
    assert len({each.id for each in people if each}) == 2


async def test_a_moderator_of_one_is_none_in_the_other(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
    assert "gesloten" in (await town.say("mia", "!peiling sluit --zeker", room=SQUARE)).lower()
    await town.say("mia", "!peiling sluit --zeker", room=MARKET)
    mia = Identity(PLATFORM, "mia")
    roles = [await town.core.role_of(mia, whose) for whose in (None, FIRST_COMMUNITY, other_of(town))]
    assert roles == [Role.MODERATOR, Role.MODERATOR, Role.RESIDENT]
    found = await town.core.store.run(lambda tx: tx.of(POLLS).get(1, 0), community=other_of(town))
    assert found
    assert found[0].state == "open"


async def both_used_by(town: Town, name: str = "ben") -> None:
    """There is a poll 1 in both, and they used Plein in both."""
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
        await town.say(name, "!peiling toon", room=room)


async def press(town: Town, name: str, button: Button, *, room: str | None = None) -> Message:
    asked = replace(town.asked(name, room=room, button=button), pressed=True)
    answer = await town.core.handle(asked)
    assert answer
    return answer


def button_for(message: Message, community: int) -> Button:
    return next(button for button in message.buttons if button.args[TURN] == community)


async def test_who_is_in_several_is_asked_once_for_which_it_is(town: Town) -> None:
    """And what they said is done for the one that they choose; where it came from says nothing of it."""
    await both_used_by(town)
    other = other_of(town)
    question = await town.core.handle(town.asked("ben", "!stem 2 --peiling 1", room=None))
    assert question
    assert question.lines[0].key == "community.which"
    assert await tallies(town) == [[0, 0], [0, 0]]
    done = await press(town, "ben", button_for(question, other))
    assert words_of(done).startswith("Voor Other:")
    assert await tallies(town) == [[0, 0], [0, 1]]
    # It is remembered, wherever they say something meanwhile.
    await town.say("ben", "!peiling toon", room=SQUARE)
    assert (await town.say("ben", "!stem 1 --peiling 1", room=None)).startswith("Voor Other:")
    assert await tallies(town) == [[0, 0], [1, 0]]
    assert await town.core.communities.in_private(BEN) == other


async def test_the_same_question_comes_for_what_is_brought_again(town: Town) -> None:
    await both_used_by(town)
    asked = town.asked("ben", "!stem 2 --peiling 1", room=None)
    first = await town.core.handle(asked)
    assert first
    assert await town.core.handle(asked) == first
    await press(town, "ben", button_for(first, other_of(town)))
    # It holds what they said, and is not kept any longer.
    assert await town.core.handle(asked) is None
    assert await tallies(town) == [[0, 0], [0, 1]]


async def test_another_one_can_be_chosen(town: Town) -> None:
    await both_used_by(town)
    assert "vanaf nu voor Other" in await town.say("ben", "!gemeenschap kies other", room=None)
    choice = await town.core.handle(town.asked("ben", "!gemeenschap", room=None))
    assert choice
    assert "is vanaf nu voor Voorbeeldgemeente" in words_of(
        await press(town, "ben", button_for(choice, FIRST_COMMUNITY))
    )
    await town.say("ben", "!stem 2 --peiling 1", room=None)
    assert await tallies(town) == [[0, 1], [0, 0]]
    assert "Kies uit Other of Voorbeeldgemeente" in await town.say("ben", "!gemeenschap kies x", room=None)
    assert "Hier is alles voor Other" in await town.say("ben", "!gemeenschap", room=MARKET)


async def test_what_they_chose_last_holds_also_in_one_moment_of_the_clock(town: Town) -> None:
    await both_used_by(town)
    other = other_of(town)
    for name, chosen in (("other", other), ("voorbeeldgemeente", FIRST_COMMUNITY), ("other", other)):
        assert await town.say("ben", f"!gemeenschap kies {name}", room=None)
        assert await town.core.communities.in_private(BEN) == chosen
    # As where the clock was ahead for a while and is put right.
    town.clock.turn(timedelta(days=-1))
    await town.say("ben", "!gemeenschap kies voorbeeldgemeente", room=None)
    assert await town.core.communities.in_private(BEN) == FIRST_COMMUNITY


async def test_what_they_chose_in_another_process_holds_at_once(database_url: str) -> None:
    """Nothing is remembered of it, and nothing looked up beside: it is found within the same transaction."""
    async with open_town(database_url) as town, open_town(database_url, number=1_000_000) as elsewhere:
        other = await town.core.communities.add("Other")
        elsewhere.core.communities.serve({n: town.core.communities.configured(n) for n in (1, other)})
        for room, whose in ((SQUARE, FIRST_COMMUNITY), (MARKET, other)):
            await town.core.joined(PLATFORM, Place(PLATFORM, room), room, "sport", community=whose)
        await town.say("ben", "!help", room=SQUARE)
        assert "Other" not in await town.say("ben", "!mijn profiel", room=None)
        await elsewhere.say("ben", "!help", room=MARKET)

        async def beside(*_: object) -> None:
            raise AssertionError("it asks for another transaction")

        choices = ((elsewhere, other), (town, FIRST_COMMUNITY), (elsewhere, other))
        for minute, (where, chosen) in enumerate(choices):
            where.clock.turn_to(NOW + timedelta(minutes=minute))
            name = town.core.communities.configured(chosen).name
            await where.say("ben", f'!gemeenschap kies "{name}"', room=None)
            for process in (town, elsewhere):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(process.core.store, "_read", beside)
                    shows = [process.say("ben", "!mijn profiel", room=None) for _ in range(3)]
                    together = await asyncio.gather(*shows)
                assert all(said.startswith(f"Voor {name}:") for said in together), together


async def test_who_is_in_one_is_asked_nothing(town: Town) -> None:
    await town.say("anna", OPEN, room=MARKET)
    await town.say("cas", "!help", room=MARKET)
    assert (await town.say("cas", "!stem 2 --peiling 1", room=None)).startswith("“Wat?”")
    assert await tallies_of(town, other_of(town)) == [0, 1]
    assert "in geen andere" in await town.say("cas", "!gemeenschap", room=None)


async def test_of_whoever_used_none_the_platform_says_where_they_are(town: Town) -> None:
    await town.say("anna", OPEN, room=MARKET)
    town.platform.present["dirk", MARKET] = Role.RESIDENT
    assert "je koos Nee" in await town.say("dirk", "!stem 2 --peiling 1", room=None)
    assert await tallies_of(town, other_of(town)) == [0, 1]


async def test_whoever_is_nowhere_is_nobody_in_any(town: Town) -> None:
    """Not even written down, and the platform is not asked at each word."""
    await town.say("anna", OPEN, room=SQUARE)
    for _ in range(3):
        assert "niet voor welke gemeenschap" in await town.say("zoe", "!stem 2 --peiling 1", room=None)
    assert [who for who, _ in town.platform.asked].count("zoe") == 1
    for whose in (FIRST_COMMUNITY, other_of(town)):
        assert await town.core.store.run(lambda tx: tx.people.by_identity(ZOE), community=whose) is None


async def test_a_press_belongs_to_its_messages_community(town: Town) -> None:
    """Not to the one that was chosen: in private the buttons of both are there."""
    await both_used_by(town)
    shown: list[Message] = []
    for minute, name in enumerate(("Voorbeeldgemeente", "Other")):
        town.clock.turn_to(NOW + timedelta(minutes=minute))
        await town.say("ben", f"!gemeenschap kies {name}", room=None)
        answer = await town.core.handle(town.asked("ben", "!peiling toon 1", room=None))
        assert answer
        shown.append(answer)
    await press(town, "ben", shown[0].buttons[0])
    assert await tallies(town) == [[1, 0], [0, 0]]
    town.clock.turn_to(NOW + timedelta(hours=1))
    await town.say("ben", "!gemeenschap kies Voorbeeldgemeente", room=None)
    await press(town, "ben", shown[1].buttons[1])
    assert await tallies(town) == [[1, 0], [0, 1]]


@pytest.mark.parametrize("mark", [WHOSE, TURN])
async def test_whoever_makes_up_whose_a_press_is_gets_nowhere(town: Town, mark: str) -> None:
    """Eve is in the first one alone. She is told the same of all that is not hers, and nothing changes."""
    await both_used_by(town)
    await town.say("eve", "!help", room=SQUARE)
    other, before = other_of(town), await tallies(town)
    commands = list(town.core.commands.by_path.values())
    for room in (None, SQUARE):
        for command in commands:
            for made_up in (other, 99, 0, -1, "2", True, None, [other]):
                button = Button(text("typed"), command.path, {"poll": 1, "option": 1, mark: made_up})
                assert (await press(town, "eve", button, room=room)).lines[0].key == "action.gone"
    eve = Identity(PLATFORM, "eve")
    assert await town.core.store.run(lambda tx: tx.people.by_identity(eve), community=other) is None
    assert await tallies(town) == before


async def test_what_stands_in_a_place_that_became_anothers_is_pressed_for_nobody(town: Town) -> None:
    """It was the first one's, whose buttons say nothing; and the same the other way round."""
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
    await town.core.run_due()
    boards = {
        room: await town.core.message_at(PLATFORM, f"${shown.key}")
        for room in (SQUARE, MARKET)
        for shown in town.platform.shown
        if shown.where == room
    }
    for room, whose in ((SQUARE, other_of(town)), (MARKET, FIRST_COMMUNITY)):
        await town.core.joined(PLATFORM, Place(PLATFORM, room), room, "sport", community=whose)
        board = boards[room]
        assert board
        assert (await press(town, "ben", board.buttons[0], room=room)).lines[0].key == "action.gone"
    assert await tallies(town) == [[0, 0], [0, 0]]


async def test_a_place_that_is_nobodys_any_more_has_nothing_to_say(town: Town) -> None:
    await town.say("anna", OPEN, room=MARKET)
    await town.core.disowned(PLATFORM, Place(PLATFORM, MARKET))
    assert "hoort bij geen enkele gemeenschap" in await town.say("ben", "!stem 1", room=MARKET)
    assert await tallies_of(town, other_of(town)) == [0, 0]
    shown = len(town.platform.where(MARKET))
    await town.core.run_due()
    assert len(town.platform.where(MARKET)) == shown


async def test_what_is_written_to_somebody_says_for_which_community_it_is(town: Town) -> None:
    await both_used_by(town)
    for whose in (FIRST_COMMUNITY, other_of(town)):

        def tell(tx: Transaction) -> None:
            tx.posts.add("word", BEN, message(typed("Hallo")), town.clock.now())

        await town.core.store.run(tell, community=whose)
    await town.core.run_due()
    assert sorted(town.platform.where("ben"))[-2:] == ["Voor Other:\nHallo", "Voor Voorbeeldgemeente:\nHallo"]


# --- as its moderators set it ---


async def test_what_is_set_in_one_holds_there_alone_and_at_once(town: Town) -> None:
    assert "vanaf nu 1" in await town.say("mia", "!gemeenschap stel in tegelijk 1", room=SQUARE)
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
    assert "al 1 peiling" in await town.say("anna", OPEN, room=SQUARE)
    assert "nummer 2" in await town.say("anna", OPEN, room=MARKET)
    assert "weer zoals het was ingesteld, 10" in await town.say(
        "mia", "!gemeenschap stel in tegelijk -", room=SQUARE
    )
    assert "nummer 2" in await town.say("anna", OPEN, room=SQUARE)
    told = await town.say("mia", "!gemeenschap toon", room=SQUARE)
    assert "mia zette “Open peilingen van één persoon” op 1." in told
    assert "mia zette “Open peilingen van één persoon” terug." in told
    assert "zette" not in await town.say("anna", "!gemeenschap toon", room=SQUARE)


async def test_another_zone_is_read_and_written_by_its_clocks(town: Town) -> None:
    await town.say("mia", "!gemeenschap stel in zone europe/london", room=SQUARE)
    asking = '!peiling open "Wat?" Ja | Nee --sluit "morgen 20u"'
    said = [await town.core.handle(town.asked("anna", asking, room=room)) for room in (SQUARE, MARKET)]
    polls = [
        await town.core.store.run(lambda tx: tx.of(POLLS).get(1, 0), community=whose)
        for whose in (FIRST_COMMUNITY, other_of(town))
    ]
    first, second = (found[0].closes_at for found in polls if found)
    assert first - second == timedelta(hours=1)
    anna = Identity(PLATFORM, "anna")
    told = [await town.core.clocks_of(anna, answer) for answer in said if answer]
    assert [clocks.zone.key for clocks in told] == ["Europe/London", "Europe/Brussels"]


async def test_reminders_wait_for_the_end_of_the_quiet_hours_of_their_community(town: Town) -> None:
    """What is asked for then is answered at once."""
    answer = await town.say("mia", "!gemeenschap stel in stilte 19u tot 8:30", room=SQUARE)
    assert "19:00-08:30" in answer
    for room in (SQUARE, MARKET):
        await town.say("ben", "!herinneringen aan", room=room)
        await town.say(
            "anna", '!peiling open "Wat?" Ja | Nee --sluit "volgende week zaterdag 20u"', room=room
        )
    found = await town.core.store.run(lambda tx: tx.of(POLLS).get(1, 0))
    assert found
    closes_at = found[0].closes_at.astimezone(BRUSSELS)

    async def reminded(at: datetime) -> list[str]:
        town.clock.turn_to(at)
        await town.core.run_due()
        shown = town.platform.shown
        return [each.key for each in shown if each.where == "ben" and "reminder" in each.key]

    # A day before it closes.
    evening = closes_at - timedelta(days=1)
    (theirs,) = await reminded(evening + timedelta(minutes=1))
    assert theirs.endswith(f"@{other_of(town)}")
    assert "Wat?" in await town.say("ben", "!peiling toon", room=SQUARE)
    morning = closes_at.replace(hour=8, minute=30)
    assert await reminded(morning - timedelta(minutes=1)) == [theirs]
    assert len(await reminded(morning + timedelta(minutes=1))) == 2
    assert len(await reminded(closes_at)) == 2
    assert "nu geen" in await town.say("mia", "!gemeenschap stel in stilte geen", room=SQUARE)


async def test_a_stranger_hears_once_a_day_that_nobody_knows_for_whom_it_is(town: Town) -> None:
    """Whatever they say, of somebody who is in no community so much is kept and no more."""
    for day in range(1, 3):
        for number in range(20):
            asked = replace(town.asked("zoe", f"!help {number}", room=None), by_post=True)
            assert await town.core.handle(asked)
        await town.core.outbox.worker.flush()
        assert len(town.platform.where("zoe")) == day
        town.clock.turn(timedelta(days=1))


async def test_where_a_stranger_is_was_not_asked_at_a_moment_that_lies_ahead(town: Town) -> None:
    """As where the clock was ahead and is put right: their platform is asked again."""
    await town.beside("stad", "dorp", name="Dorp")
    town.platform.present |= {("zoe", "stad"): None, ("zoe", "dorp"): None}
    town.clock.turn(timedelta(days=1))
    assert "gemeenschap" in await town.say("zoe", "!poll list", room=None)
    town.clock.turn(timedelta(days=-1, hours=1))
    town.platform.present["zoe", "dorp"] = Role.RESIDENT
    assert "gemeenschap" not in await town.say("zoe", "!poll list", room=None)


def of_zoe(tx: Transaction) -> int:
    """How many rows of what is kept name her."""
    return sum(
        "zoe" in repr(row)
        for table in TABLES.values()
        for row in list(cast(Tx, tx).db.execute(anywhere(select(table))))
    )


@pytest.mark.parametrize("by_post", [True, False])
async def test_of_a_stranger_nothing_is_kept_for_longer_than_a_day(town: Town, by_post: bool) -> None:
    await town.core.handle(replace(town.asked("zoe", "!help", room=None), by_post=by_post))
    await town.core.outbox.worker.flush()
    town.clock.turn(timedelta(hours=25))
    await town.core.store.forget(town.clock.now())
    assert await town.core.store.run_anywhere(of_zoe) == 0


@pytest.mark.parametrize("by_post", [True, False])
@pytest.mark.parametrize("words", ["!me forget --sure", "!vergeet mij", "!vergeet mij --zeker"])
async def test_a_stranger_can_be_forgotten(town: Town, words: str, by_post: bool) -> None:
    """Only that they were told so is kept, for a day; and they read that."""
    for line in ("!help", words, words):
        asked = replace(town.asked("zoe", line, room=None), by_post=by_post)
        answer = await town.core.handle(asked)
        await town.core.outbox.worker.flush()
    assert answer
    assert "binnen een dag vergeten" in words_of(answer)
    kept = await town.core.store.run_anywhere(of_zoe)
    assert kept <= (2 if by_post else 0)  # what was said, and as which message
    town.clock.turn(timedelta(hours=25))
    await town.core.store.forget(town.clock.now())
    assert await town.core.store.run_anywhere(of_zoe) == 0


async def test_of_what_was_set_the_last_ten_are_kept(town: Town) -> None:
    """However often a moderator changes their mind; and what was set once stays set."""
    await town.say("mia", "!gemeenschap stel in dagelijks 3", room=SQUARE)
    for number in range(1, 26):
        await town.say("mia", f"!gemeenschap stel in tegelijk {number}", room=SQUARE)
    kept, changes = await town.core.store.run(
        lambda tx: (tx.communities.settings(), tx.communities.changes(99))
    )
    assert kept == {"a_day": "3", "at_once": "25"}
    assert [change.value for change in changes] == [*map(str, range(25, 15, -1)), "3"]


async def test_who_changed_what_is_kept_without_whoever_was_forgotten(town: Town) -> None:
    await town.say("mia", "!gemeenschap stel in dagelijks 3", room=SQUARE)
    mia = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "mia")))
    assert mia
    await town.core.forget(mia.id)
    settings, changes = await town.core.store.run(
        lambda tx: (tx.communities.settings(), tx.communities.changes(9))
    )
    assert settings == {"a_day": "3"}
    assert [change.by for change in changes] == [None]


@pytest.mark.parametrize(
    ("who", "words", "key"),
    [
        ("mia", "tegelijk nul", "community.bad.number"),
        ("mia", "tegelijk 1001", "community.bad.number"),
        ("mia", "taal klingon", "community.bad.language"),
        ("mia", "zone Mars/Base", "community.bad.zone"),
        ("mia", "zone ../../etc/passwd", "community.bad.zone"),
        ("mia", "wie burgemeester", "community.bad.opened_by"),
        ("mia", "tussenstand nooit", "community.bad.results"),
        ("mia", "drempel 0", "community.bad.number"),
        ("mia", "stilte nachts", "community.bad.quiet"),
        ("mia", "stilte 22:00-25:00", "community.bad.quiet"),
        ("mia", "stilte 8-8", "community.bad.quiet"),
        ("anna", "tegelijk 5", "community.moderators"),
    ],
)
async def test_what_cannot_be_set_is_said_and_changes_nothing(
    town: Town, who: str, words: str, key: str
) -> None:
    answer = await town.core.handle(town.asked(who, f"!gemeenschap stel in {words}", room=SQUARE))
    assert answer
    assert answer.lines[0].key == key
    assert not await town.core.store.run(lambda tx: tx.communities.settings())


async def test_the_floor_is_raised_above_what_was_set_here(town: Town) -> None:
    """By whoever runs Plein, in the file: what was set in the chat is not less, and holds above that."""
    town.configure(PollsSettings(anonymous_floor=5))
    await town.say("mia", "!gemeenschap stel in anonymous_floor 6", room=SQUARE)
    for floor in (5, 20, 6, 3):
        town.configure(PollsSettings(anonymous_floor=floor))
        await town.say("mia", '!peiling open "Wat?" A | B --anoniem', room=SQUARE)
    kept = await town.core.store.run(lambda tx: [poll.floor for poll in tx.of(POLLS).opened_by(1)])
    assert sorted(kept) == [6, 6, 6, 20]


async def test_nobody_lowers_the_floor_of_anonymous_polls_here(town: Town) -> None:
    town.configure(PollsSettings(anonymous_floor=5))
    low = await town.core.handle(town.asked("mia", "!gemeenschap stel in drempel 4", room=SQUARE))
    high = await town.core.handle(town.asked("mia", "!gemeenschap stel in drempel 6", room=SQUARE))
    assert low
    assert high
    assert [low.lines[0].key, high.lines[0].key] == ["community.bad.floor", "community.set"]


async def test_what_is_public_of_a_poll_is_as_the_community_set_it(town: Town) -> None:
    async def shown() -> list[Results]:
        for flags in ("", " --uitslag meteen", " --anoniem"):
            await town.say("mia", f'!peiling open "Wat?" A | B{flags}', room=SQUARE)
        asked = await town.core.store.run(lambda tx: list(tx.of(POLLS).opened_by(1)))
        return [poll.results for poll in sorted(asked, key=lambda poll: poll.id)[-3:]]

    assert await shown() == [Results.LIVE, Results.LIVE, Results.CLOSED]
    said = await town.say("mia", "!gemeenschap stel in tussenstand einde", room=SQUARE)
    assert "Wanneer de tussenstand van een peiling te zien is: vanaf nu pas als ze sluit." in said
    assert await shown() == [Results.CLOSED, Results.LIVE, Results.CLOSED]
    await town.say("mia", "!gemeenschap stel in tussenstand na het stemmen", room=SQUARE)
    assert "zette “Wanneer de tussenstand van een peiling te zien is” op zodra je gestemd hebt." in (
        await town.say("mia", "!gemeenschap toon", room=SQUARE)
    )
    assert await shown() == [Results.VOTED, Results.LIVE, Results.CLOSED]


async def test_what_comes_again_in_private_is_not_done_for_another(town: Town) -> None:
    """They used another community meanwhile: the event stays the one that it was dealt with for."""
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
        await town.say("ben", "!peiling toon", room=room)
    await town.say("ben", "!gemeenschap kies Other", room=None)
    asked = town.asked("ben", "!stem 2 --peiling 1", room=None)
    first = await town.core.handle(asked)
    await town.say("ben", "!gemeenschap kies Voorbeeldgemeente", room=None)
    before = await tallies(town)
    assert await town.core.handle(asked) == first
    assert await tallies(town) == before


async def test_a_file_is_made_of_what_its_community_has(town: Town) -> None:
    """Whoever shows it is told whose it is; who answers and who posts say so alike."""
    for room, vote in ((SQUARE, "1"), (MARKET, "2")):
        await town.say("anna", OPEN, room=room)
        await town.say("ben", f"!stem {vote}", room=room)
        await town.say("anna", "!peiling sluit --zeker", room=room)
    found = []
    for room in (SQUARE, MARKET):
        answer = await town.core.handle(town.asked("anna", "!peiling bewaar 1 --bestand json", room=room))
        assert answer
        file = next(each for each in answer.files if each.form == "json")
        table = json.loads(await town.core.file(file, Voice("nl", BRUSSELS, NOW), Identity(PLATFORM, "anna")))
        found.append([option["shown"] for option in table["options"]])
    assert ["1 stem" in shown[0] for shown in found] == [True, False]
    assert ["1 stem" in shown[1] for shown in found] == [False, True]


async def test_a_place_can_become_another_communitys(town: Town) -> None:
    """What was kept for it stays behind with whose it was."""
    await town.say("anna", OPEN, room=SQUARE)
    await town.core.run_due()
    other = other_of(town)
    await town.core.joined(PLATFORM, Place(PLATFORM, SQUARE), SQUARE, "sport", community=other)
    assert "nummer 1" in await town.say("anna", OPEN, room=SQUARE)
    assert await town.core.communities.of_place(Place(PLATFORM, SQUARE)) == other
    # Where nobody says whose it is, it stays.
    await town.core.joined(PLATFORM, Place(PLATFORM, SQUARE), SQUARE)
    assert await town.core.communities.of_place(Place(PLATFORM, SQUARE)) == other
    assert await tallies(town) == [[0, 0], [0, 0]]


async def test_a_room_that_is_replaced_stays_its_communitys(town: Town) -> None:
    """Plein may be in the new one already, as in any room of which nobody says whose it is."""
    await town.say("anna", OPEN, room=MARKET)
    new = Place(PLATFORM, "market-2")
    await town.core.joined(PLATFORM, new, "market-2")
    await town.core.moved(PLATFORM, Place(PLATFORM, MARKET), new)
    await town.say("ben", "!stem 2", room="market-2")
    assert await town.core.store.run(lambda tx: tally(tx, 1), community=other_of(town)) == [0, 1]
    # Said once more after a restart, it is still so.
    for place in (Place(PLATFORM, MARKET), new):
        town.core.communities.forget(place)
    await town.core.moved(PLATFORM, Place(PLATFORM, MARKET), new)
    assert await town.core.community_of(new) == other_of(town)


async def test_whoever_is_forgotten_in_one_is_known_in_the_other(town: Town) -> None:
    for room in (SQUARE, MARKET):
        await town.say("anna", OPEN, room=room)
        await town.say("ben", "!stem 2", room=room)
    store = town.core.store
    ben = await store.run(lambda tx: tx.people.by_identity(BEN), community=other_of(town))
    assert ben
    exported = await town.core.export(ben.id)
    assert [row["poll"] for row in exported["ballots"]] == [1]
    await town.core.forget(ben.id)
    assert await store.run(lambda tx: tx.people.by_identity(BEN), community=other_of(town)) is None
    assert await tallies(town) == [[0, 1], [0, 0]]
    assert "Jij koos Nee" in await town.say("ben", "!peiling toon", room=SQUARE)


async def test_nothing_is_asked_where_there_is_one(database_url: str) -> None:
    """Not even who used which last is written down."""
    async with open_town(database_url) as town:
        await town.joined("sport")
        await town.say("ben", "!help")
        assert await town.core.communities.in_private(BEN) == FIRST_COMMUNITY
        ben = await town.core.store.run(lambda tx: tx.people.by_identity(BEN))
        assert ben
        (row,) = (await town.core.export(ben.id))["identities"]
        assert row["turned_at"] is None
