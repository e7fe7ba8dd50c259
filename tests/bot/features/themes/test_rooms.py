"""The channel or room of a theme: called as the theme is, bound, taken from it, and followed by hand."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NotNow, NotOurs, TryLater, UserError
from bot.features.themes.bind import MOST
from bot.features.themes.rename import MOST_RENAMED
from bot.model.events import PutOut
from bot.model.homes import Home, RoomSeen, RoomState
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role, Theme
from bot.ports.storage import Transaction
from tests.bot.features.themes.test_propose import pressed
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.doubles.polls import tally

HOME = Home(PLATFORM, "console.home", "corner", "Corner")
MADE = Place(PLATFORM, "corner/Verlichting")
OTHER = Place(PLATFORM, "anders")
BIND = "!thema koppel Verlichting"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Anna pulls a theme that has its room; Ben is in the community, Mia moderates it."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        for name in ("anna", "ben", "mia"):
            await town.say(name, "!help")
        await town.core.joined(PLATFORM, OTHER, "anders", community=FIRST_COMMUNITY, ours=True)
        await town.core.store.run(settle)
        await town.say("anna", '!thema voorstel "Verlichting" Meer licht')
        await town.say("mia", "!thema steun")
        for _ in range(2):
            await town.core.run_due()
        yield town


def settle(tx: Transaction) -> None:
    who = tx.people.by_identity(Identity(PLATFORM, "mia"))
    assert who
    tx.communities.change(f"home.{PLATFORM}", HOME.kept(), who.id, NOW)


async def theme(town: Town) -> Theme:
    """The one that was opened, as it is called now."""
    ((number, name),) = (await town.core.store.run(lambda tx: tx.places.opened())).items()
    return Theme(number, name)


async def state(town: Town) -> RoomState:
    number = (await theme(town)).id
    (found,) = await town.core.store.run(lambda tx: tx.wanted.of(number))
    return found


async def places(town: Town) -> list[Place]:
    number = (await theme(town)).id
    return [*await town.core.store.run(lambda tx: tx.places.of_theme(number))]


async def later(town: Town, by: timedelta = timedelta(hours=2)) -> None:
    town.clock.turn_to(town.clock.now() + by)
    await town.core.run_due()


async def told(town: Town, place: Place, name: str) -> None:
    """Its platform says that it is called so, and so it is when it is looked at."""
    town.platform.names[place.room_id] = name
    await town.core.joined(PLATFORM, place, name, ours=True)
    await town.core.run_due()
    await town.core.run_due()


# --- renaming ---


async def test_who_pulls_it_renames_it_and_its_room(town: Town) -> None:
    answer = await town.say("anna", '!thema hernoem "Straatlampen" Verlichting')
    assert "“Verlichting” heet voortaan “Straatlampen”." in answer
    await town.core.run_due()
    assert (await theme(town)).name == "Straatlampen"
    assert town.platform.names[MADE.room_id] == "Straatlampen"
    assert await state(town) == RoomState(PLATFORM, MADE.room_id, None, called="Straatlampen")
    assert "Straatlampen: 1 doet mee" in await town.say("ben", "!thema lijst")
    assert "“Verlichting” heet voortaan “Straatlampen”." in town.platform.where(MADE.room_id)
    # Told of again under its new name that is no news.
    await told(town, MADE, "Straatlampen")
    assert (await theme(town)).name == "Straatlampen"
    assert len([said for said in town.platform.where(MADE.room_id) if "voortaan" in said]) == 1


async def test_who_may_not_and_what_cannot_be(town: Town) -> None:
    assert "Dat kan alleen wie “Verlichting” trekt" in await town.say(
        "ben", '!thema hernoem "Lampen" Verlichting'
    )
    assert "geen thema dat hier voorgesteld werd" in await town.say("mia", '!thema hernoem "Lampen"')
    for name in ("x", "!thema", "thema lijst", "😀😀", "a" * 61, "sport"):
        await town.say("anna", f'!thema hernoem "{name}" Verlichting')
        assert (await theme(town)).name == "Verlichting"
    assert "Zo heet “Verlichting” al" in await town.say("anna", '!thema hernoem "Verlichting" Verlichting')
    # Its own name in other letters is no other theme's.
    assert "voortaan “VERLICHTING”" in await town.say("anna", '!thema hernoem "VERLICHTING" Verlichting')


async def test_renaming_again_and_again_is_bounded(town: Town) -> None:
    for number in range(MOST_RENAMED):
        await town.say("anna", f'!thema hernoem "Lamp {"abcdef"[number] * 4}" theme:{(await theme(town)).id}')
    told = await town.say("anna", f'!thema hernoem "Nog een" theme:{(await theme(town)).id}')
    assert f"al {MOST_RENAMED} keer" in told


@pytest.mark.parametrize("when", ["shape", "shaped"])
@pytest.mark.parametrize(
    "trouble",
    [TryLater(5), ConnectionError("lost"), NotNow(), NotOurs("not"), UserError("room.failed", error="x")],
)
async def test_whatever_goes_wrong_it_is_called_so_in_the_end(
    town: Town, when: str, trouble: Exception
) -> None:
    town.platform.trouble[f"{when}:Lampen"] = [trouble, trouble]
    await town.say("anna", '!thema hernoem "Lampen" Verlichting')
    await town.core.run_due()
    assert (await state(town)).called != "Lampen"
    for _ in range(3):
        await later(town)
    assert (await state(town)).called == town.platform.names[MADE.room_id] == "Lampen"


async def test_what_was_renamed_by_hand_the_theme_is_called_too(town: Town) -> None:
    await told(town, MADE, "Lampen")
    assert (await theme(town)).name == "Lampen"
    assert "“Verlichting” heet voortaan “Lampen”." in town.platform.where(MADE.room_id)
    # What none can be called stays as it is there, and that is said.
    await told(town, MADE, "😀😀")
    assert (await theme(town)).name == "Lampen"
    assert any("Zo kan het thema zelf niet heten" in said for said in town.platform.where(MADE.room_id))


BAD = {"nul": "Lam\x00pen", "half": "Lam\ud800pen", "long": "Lampen " * 9000, "own": "Lam\ufffdpen"}


@pytest.mark.parametrize("how", BAD)
async def test_what_nobody_could_call_it_stops_nothing(
    town: Town, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A room can be called whatever its platform takes, by hand."""
    await told(town, MADE, BAD[how])
    await later(town)
    await town.say("ben", "!thema meedoen Verlichting")
    await later(town)
    assert ("ben", MADE.room_id) in town.platform.inside
    assert (await theme(town)).name == "Verlichting"
    assert (await state(town)).why is None
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    said = [words for words in town.platform.where(MADE.room_id) if "Zo kan het thema zelf niet" in words]
    assert len(said) == 1
    assert len(said[0]) < 500


@pytest.mark.parametrize("how", ["may write", "silenced", "put out"])
async def test_who_may_not_write_there_has_plein_say_no_name_there(town: Town, how: str) -> None:
    match how:
        case "silenced":
            town.platform.silenced |= {("anna", MADE.room_id), ("anna", "sport")}
        case "put out":
            await put_out(town, "anna")
    told = await town.say("anna", '!thema hernoem "Mia is een dief" Verlichting', room=None)
    await later(town)
    said = any("Mia is een dief" in words for words in town.platform.where(MADE.room_id))
    assert said is ("voortaan" in told) is (how == "may write")


async def put_out(town: Town, name: str) -> None:
    """By hand, of its channel or room; they are in the community still."""
    town.platform.present.pop((name, MADE.room_id))
    await town.core.parted(MADE, [name])


async def test_what_is_renamed_by_hand_takes_no_other_themes_name(town: Town) -> None:
    """As who pulls it could not either."""
    assert "Er is al “sport”" in await town.say("anna", '!thema hernoem "Sport" Verlichting')
    await told(town, MADE, "Sport")
    assert (await theme(town)).name == "Verlichting"
    assert any("Zo kan het thema zelf niet heten" in said for said in town.platform.where(MADE.room_id))


async def test_by_hand_nobody_finds_out_what_hidden_themes_are_called(town: Town) -> None:
    """Of those who pull or moderate it nobody is in that one."""
    await town.core.joined(PLATFORM, Place(PLATFORM, "geheim"), "geheim", "Geheim", ours=True)
    await town.say("ben", "!help", room="geheim")
    await told(town, MADE, "Geheim")
    assert (await theme(town)).name == "Geheim"


# --- binding ---


async def test_a_place_is_taken_from_it_and_another_bound(town: Town) -> None:
    assert "op Test al een plek" in await town.say("mia", BIND, room="anders")
    assert "op Test is losgemaakt" in await town.say("anna", "!thema ontkoppel Verlichting")
    assert (await state(town)).gone
    assert await places(town) == []
    assert "Op Test heeft het geen plek." in await town.say("mia", "!thema toon Verlichting")
    await later(town)
    assert (await state(town)).gone
    assert "vanaf nu de plek van “Verlichting”" in await town.say("mia", BIND, room="anders")
    await town.core.run_due()
    assert await places(town) == [OTHER]
    assert await state(town) == RoomState(PLATFORM, "anders", None, called="anders")
    assert any("trekt dit thema." in said for said in town.platform.where("anders"))
    # It keeps its name until somebody calls the theme otherwise; told of again it stays that theme's.
    assert (await theme(town)).name == "Verlichting"
    await town.core.joined(PLATFORM, OTHER, "anders", ours=True)
    assert await places(town) == [OTHER]
    assert "hoort al bij" in await town.say("mia", BIND, room="anders")


async def test_what_cannot_be_bound(town: Town) -> None:
    await town.say("mia", "!thema ontkoppel Verlichting")
    assert "Typ dat in het kanaal" in await town.say("mia", BIND, room=None)
    assert "Alleen wie hier modereert" in await town.say("anna", BIND, room="anders")
    assert "staat in de configuratie" in await town.say("mia", BIND)
    assert "geen thema dat hier voorgesteld" in await town.say("mia", "!thema koppel sport", room="anders")
    town.platform.kinds["anders"] = RoomSeen("", is_voice=True)
    assert "Dit is een spraakkanaal" in await town.say("mia", BIND, room="anders")
    town.platform.trouble["look:anders"] = [TryLater(1)]
    assert "zegt nu niet hoe het" in await town.say("mia", BIND, room="anders")
    await town.say("mia", "!poll open Wat? | Ja | Nee", room="anders")
    assert "Hier staat nog iets open" in await town.say("mia", BIND, room="anders")
    assert await places(town) == []


async def test_whoever_moderates_a_room_of_their_own_binds_it_to_nothing(town: Town) -> None:
    """All whom they let into it would take part in the theme."""
    await town.say("mia", "!thema ontkoppel Verlichting")
    await town.core.joined(PLATFORM, Place(PLATFORM, "eigen"), "eigen")
    await town.say("ben", "!help", room="eigen")
    asked = replace(town.asked("ben", BIND, room="eigen"), role=Role.MODERATOR)
    assert await town.core.handle(asked)
    assert await places(town) == []


async def test_an_encrypted_room_can_be_and_it_is_said(town: Town) -> None:
    await town.say("mia", "!thema ontkoppel Verlichting")
    town.platform.kinds["anders"] = RoomSeen("", is_encrypted=True)
    answer = await town.say("mia", BIND, room="anders")
    assert "versleuteld" in answer
    assert await places(town) == [OTHER]


async def test_a_place_of_another_theme_is_left_to_that(town: Town) -> None:
    await town.say("mia", "!thema ontkoppel Verlichting")
    await town.say("mia", BIND, room="anders")
    await town.say("mia", '!thema voorstel "Zwerfvuil" Samen opruimen')
    await town.core.run_due()
    await town.say("mia", "!thema ontkoppel Zwerfvuil")
    assert "hoort al bij “Verlichting”" in await town.say("mia", "!thema koppel Zwerfvuil", room="anders")


async def test_taking_it_from_a_theme_works_when_the_other_side_is_gone(town: Town) -> None:
    town.platform.trouble["look:corner/Verlichting"] = [TryLater(9)] * 99
    await town.core.left(PLATFORM, MADE)
    await town.core.run_due()
    assert not (await state(town)).gone
    assert "losgemaakt" in await town.say("anna", "!thema ontkoppel Verlichting")
    assert (await state(town)).gone


async def test_what_is_open_there_keeps_its_place(town: Town) -> None:
    """Whoever steers a poll moderates there, or opened it; who only pulls the theme takes nobody's vote."""
    room = MADE.room_id
    await town.say("mia", '!peiling open "Meer lampen?" Ja | Nee', room=room)
    for name in ("ben", "cas"):
        await town.say(name, "!help", room=room)
    await town.say("ben", "!stem 1 --peiling 1", room=room)
    for who in ("anna", "mia"):
        assert "Meer lampen?" in await town.say(who, "!thema ontkoppel Verlichting")
        assert not (await state(town)).gone
    await town.say("cas", "!stem 2 --peiling 1", room=room)
    assert await town.core.store.run(lambda tx: tally(tx, 1)) == [1, 1]
    await town.say("mia", "!poll close 1 --sure", room=room)
    await later(town)
    assert "is losgemaakt" in await town.say("anna", "!thema ontkoppel Verlichting")


async def test_who_was_put_out_of_it_takes_nothing_from_it(town: Town) -> None:
    await put_out(town, "anna")
    assert "Ga eerst in “Verlichting” zelf" in await town.say("anna", "!thema ontkoppel Verlichting")
    assert not (await state(town)).gone
    # Where nobody can be in it any more, whoever pulls it sees to that.
    await town.say("mia", "!thema ontkoppel Verlichting")
    number = (await theme(town)).id
    assert "krijgt een plek in" in await town.say("anna", f"!thema maak theme:{number}")


async def test_where_plein_is_no_more_nothing_open_holds_it(town: Town) -> None:
    await town.say("mia", '!peiling open "Meer lampen?" Ja | Nee', room=MADE.room_id)
    town.platform.trouble[f"look:{MADE.room_id}"] = [TryLater(9)] * 99
    await town.core.left(PLATFORM, MADE)
    assert "is losgemaakt" in await town.say("anna", "!thema ontkoppel Verlichting")


async def test_who_only_pulls_it_has_no_end_of_places_made(town: Town) -> None:
    """A category of Discord's has room for fifty."""
    number = (await theme(town)).id
    unbound, made = [], []
    for _ in range(MOST + 2):
        unbound.append(await town.say("anna", "!thema ontkoppel Verlichting"))
        made.append(await town.say("anna", f"!thema maak theme:{number}"))
        for _ in range(2):  # and she is let into it
            await town.core.run_due()
    assert len(town.platform.rooms) == 1 + MOST
    assert f"al {MOST} plekken los" in unbound[-1]
    assert "heeft zijn plekken al" in made[-1]
    # Nor where a moderator takes them from it.
    await town.say("mia", "!thema ontkoppel Verlichting")
    assert f"al {MOST} keer een plek" in await town.say("anna", f"!thema maak theme:{number}")
    assert "krijgt een plek in" in await town.say("mia", f"!thema maak theme:{number}")


# --- what is gone ---


async def test_what_was_deleted_is_its_place_no_more_which_is_said(town: Town) -> None:
    town.platform.removed.add(MADE.room_id)
    await town.core.left(PLATFORM, MADE)
    for _ in range(2):
        await town.core.run_due()
    assert (await state(town)).gone
    assert any("op Test is weg" in said for said in town.platform.where("mia"))
    await later(town)
    assert len(town.platform.rooms) == 1
    # Asked for, one is made anew, with a mark of its own.
    town.platform.removed.clear()
    number = (await theme(town)).id
    assert "krijgt een plek in" in await pressed(town, "anna", "theme make", theme=f"theme:{number}")
    for _ in range(2):
        await town.core.run_due()
    assert len(town.platform.rooms) == 2
    assert await places(town) == [Place(PLATFORM, f"{MADE.room_id} 2")]
    assert "heeft zijn plekken al" in await town.say("anna", "!thema maak Verlichting")


async def test_where_plein_is_only_away_it_stays_its_place(town: Town) -> None:
    town.platform.trouble["look:corner/Verlichting"] = [NotNow()] * 9
    await town.core.left(PLATFORM, MADE)
    await later(town)
    assert (await state(town)).room == MADE.room_id
    await town.core.joined(PLATFORM, MADE, "Verlichting", ours=True)
    assert await places(town) == [MADE]


async def test_what_replaced_it_is_its_place(town: Town) -> None:
    new = Place(PLATFORM, "corner/2")
    town.platform.names[new.room_id] = "Verlichting"
    for _ in range(2):
        await town.core.moved(PLATFORM, MADE, new)
        await town.core.run_due()
    assert await places(town) == [new]
    assert (await state(town)).room == "corner/2"
    said = [words for words in town.platform.where("corner/2") if "vervangen door een nieuwe" in words]
    assert len(said) == 1


async def test_what_is_done_by_hand_is_followed_and_said_without_waiting(town: Town) -> None:
    """Renamed, taken out of its home, somebody put out, replaced and deleted: no clock is turned for that."""
    await town.say("ben", "!help", room=None)
    await town.say("ben", "!thema meedoen Verlichting")
    new, now = Place(PLATFORM, "corner/2"), town.clock.now()

    async def said(where: str, words: str) -> bool:
        for _ in range(3):
            await town.core.run_due()
        return any(words in line for line in town.platform.where(where))

    assert not await said(MADE.room_id, "heet voortaan")
    await told(town, MADE, "Lampen")
    assert await said(MADE.room_id, "“Verlichting” heet voortaan “Lampen”.")
    town.platform.out.add(MADE.room_id)
    await town.core.look(MADE)
    assert await said(MADE.room_id, "haalde de plek van “Lampen”")
    await town.core.put_out(MADE, [PutOut("ben", "mia", "$1")])
    assert await said("ben", "Je bent uit het kanaal of de kamer van “Lampen” gezet.")
    town.platform.names[new.room_id] = "Lampen"
    await town.core.moved(PLATFORM, MADE, new)
    assert await said(new.room_id, "vervangen door een nieuwe")
    town.platform.removed.add(new.room_id)
    await town.core.left(PLATFORM, new)
    assert await said("mia", "op Test is weg")
    assert town.clock.now() == now


# --- whose it is by now ---


async def is_left_alone(town: Town) -> None:
    """Nobody of the theme that it was is let into it, nor is it called so; moderators are told."""
    await town.say("ben", "!thema meedoen Verlichting")
    await town.say("mia", '!thema hernoem "Lampen" Verlichting')
    for _ in range(2):
        await later(town)
    assert ("ben", MADE.room_id) not in town.platform.inside
    assert town.platform.names[MADE.room_id] == "Verlichting"
    assert (await state(town)).gone
    assert any("is weg of van iets anders" in said for said in town.platform.where("mia"))


async def test_what_is_another_communitys_by_now_is_left_alone(town: Town) -> None:
    """Its server stands on that one's line since the last start."""
    number = await town.core.communities.add("Other")
    await town.core.joined(PLATFORM, MADE, "Verlichting", community=number, ours=True)
    await is_left_alone(town)


async def test_what_is_nobodys_any_more_is_left_alone(town: Town) -> None:
    """No line names its server any more."""
    await town.core.disowned(PLATFORM, MADE)
    await is_left_alone(town)


async def test_what_a_line_gives_to_another_theme_is_left_alone(town: Town) -> None:
    await town.core.joined(PLATFORM, MADE, "raad", "raad", community=FIRST_COMMUNITY, ours=True)
    await is_left_alone(town)


async def test_what_was_another_themes_before_that_was_seen_is_left_alone(town: Town) -> None:
    """As a database may have it still."""
    await town.core.store.run(lambda tx: tx.places.attach(MADE, tx.places.theme_named("raad").id))
    await is_left_alone(town)


async def test_what_a_line_gives_to_the_same_theme_stays_its(town: Town) -> None:
    await town.core.joined(PLATFORM, MADE, "v", "Verlichting", community=FIRST_COMMUNITY, ours=True)
    await town.say("ben", "!thema meedoen Verlichting")
    await later(town)
    assert ("ben", MADE.room_id) in town.platform.inside
    assert not (await state(town)).gone


async def test_what_somebody_takes_out_of_its_home_stays_its_themes_and_is_said_once(town: Town) -> None:
    """Again where it was put back meanwhile; not because another home was chosen."""

    def said() -> int:
        return sum("haalde de plek van “Verlichting”" in words for words in town.platform.where(MADE.room_id))

    await town.core.run_due()
    for times in (1, 2):
        town.platform.out.add(MADE.room_id)
        for _ in range(2):
            await town.core.look(MADE)
            await later(town, timedelta(minutes=1))
        assert said() == times
        assert (await state(town)).room == MADE.room_id
        town.platform.out.clear()
        await town.core.look(MADE)
        await later(town, timedelta(minutes=1))
    assert said() == 2


async def test_nobody_keeps_power_in_either_of_two_rooms_that_were_given_up(town: Town) -> None:
    """Mia was given power in the one that Plein made; it does not answer while two are given up."""
    assert town.platform.entrusted == {MADE.room_id: {"mia"}}
    town.platform.trouble[f"entrust:{MADE.room_id}"] = [ConnectionError("lost")] * 2
    await town.say("mia", "!thema ontkoppel Verlichting")
    await town.core.run_due()
    await town.say("mia", BIND, room=OTHER.room_id)
    await town.core.run_due()
    await town.say("mia", "!thema ontkoppel Verlichting")
    for _ in range(5):
        await later(town, timedelta(hours=1))
    assert town.platform.entrusted == {MADE.room_id: set(), OTHER.room_id: set()}
