"""Who takes part in a theme is let into its rooms, and who leaves it is out of them, once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import bindparam, select

from bot.errors import Gone, NotNow, NotOurs, TryLater, UserError
from bot.model.events import PutOut
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role
from storage.tables import guests
from tests.bot.features.themes.test_propose import pressed
from tests.bot.features.themes.test_rooms import BIND, MADE, OTHER, later, theme
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town
from tests.test_people_tables import db

HOUR = timedelta(hours=1)
KEPT = select(guests.c.theme).where(guests.c.user_id == bindparam("user_"))
__all__ = ["town"]


def inside(town: Town, room: str = MADE.room_id) -> set[str]:
    return {user for user, where in town.platform.inside if where == room}


async def kept_of(town: Town, user: str) -> list[int]:
    """The themes into whose rooms that account is let, or out of which it is."""
    return await town.core.store.run(lambda tx: [*db(tx).execute(KEPT, {"user_": user}).scalars()])


@pytest.fixture
async def joined(town: Town) -> Town:
    await town.say("ben", "!thema meedoen Verlichting")
    await town.core.run_due()
    return town


async def test_who_pulls_or_takes_part_is_let_in_and_who_follows_is_not(joined: Town) -> None:
    await joined.say("mia", "!thema volg Verlichting")
    await joined.core.run_due()
    assert inside(joined) == {"anna", "ben"}
    # Said again nothing is asked of the platform.
    asked = len(joined.platform.admitted)
    await joined.say("ben", "!thema meedoen Verlichting")
    await later(joined)
    assert len(joined.platform.admitted) == asked


async def test_who_leaves_is_out_and_may_come_back(joined: Town) -> None:
    said = await joined.say("ben", "!thema verlaat Verlichting")
    assert "Ik haal je ook uit zijn kanaal of kamer" in said
    await joined.core.run_due()
    assert inside(joined) == {"anna"}
    await joined.say("ben", "!thema meedoen Verlichting")
    await joined.say("ben", "!thema verlaat Verlichting")
    await joined.say("ben", "!thema meedoen Verlichting")
    await joined.core.run_due()
    assert inside(joined) == {"anna", "ben"}


@pytest.mark.parametrize("when", ["admit", "admitted"])
@pytest.mark.parametrize(
    "trouble",
    [TryLater(5), ConnectionError("lost"), NotNow(), NotOurs("not"), UserError("room.failed", error="x")],
)
@pytest.mark.parametrize("leaves", [False, True])
async def test_whatever_goes_wrong_it_is_so_in_the_end(
    joined: Town, when: str, trouble: Exception, leaves: bool
) -> None:
    who = "ben" if leaves else "mia"
    joined.platform.trouble[f"{when}:{who}"] = [trouble, trouble]
    await joined.say(who, f"!thema {'verlaat' if leaves else 'meedoen'} Verlichting")
    for _ in range(3):
        await later(joined)
    assert inside(joined) == ({"anna"} if leaves else {"anna", "ben", "mia"})


async def test_whom_their_platform_does_not_know_is_asked_about_once(town: Town) -> None:
    town.platform.trouble["admit:ben"] = [Gone("nobody")]
    await town.say("ben", "!thema meedoen Verlichting")
    await later(town)
    assert inside(town) == {"anna"}


async def test_what_keeps_somebody_out_moderators_read(town: Town) -> None:
    town.platform.trouble["admit:ben"] = [UserError("room.refused", code="VOL")]
    await town.say("ben", "!thema meedoen Verlichting")
    await town.core.run_due()
    assert "kan er al in" in (shown := await town.say("mia", "!thema toon Verlichting"))
    assert "VOL" in shown
    assert "VOL" not in await town.say("ben", "!thema toon Verlichting")


async def test_another_place_lets_in_the_same_people(joined: Town) -> None:
    await joined.say("mia", "!thema ontkoppel Verlichting")
    await joined.say("mia", BIND, room="anders")
    await joined.core.run_due()
    assert inside(joined, OTHER.room_id) == {"anna", "ben"}
    new = Place(PLATFORM, "nieuw")
    await joined.core.moved(PLATFORM, OTHER, new)
    await joined.core.run_due()
    assert inside(joined, new.room_id) == {"anna", "ben"}


async def test_who_was_put_out_by_hand_is_not_let_in_again_for_that(joined: Town) -> None:
    joined.platform.inside.discard(("ben", MADE.room_id))
    await joined.core.parted(MADE, ["ben"])
    new = Place(PLATFORM, "nieuw")
    await joined.core.moved(PLATFORM, MADE, new)
    await later(joined)
    assert inside(joined, new.room_id) == {"anna"}


# --- put out by hand ---


@pytest.mark.parametrize("how", ["meedoen", "trek"])
@pytest.mark.parametrize("leaves", [False, True])
async def test_whom_a_moderator_put_out_comes_in_by_no_word_of_their_own(
    joined: Town, how: str, leaves: bool
) -> None:
    await put_out_by_hand(joined, "ben")
    if leaves:
        await joined.say("ben", "!thema verlaat Verlichting")
    assert "Een moderator heeft je" in await joined.say("ben", f"!thema {how} Verlichting")
    await later(joined)
    assert inside(joined) == {"anna"}
    assert "trek" not in await joined.say("ben", "!thema volg Verlichting")


async def test_who_pulled_it_pulls_it_no_more(joined: Town) -> None:
    assert "anna trekt" in await joined.say("ben", "!thema toon Verlichting")
    await put_out_by_hand(joined, "anna")
    assert "anna trekt" not in await joined.say("ben", "!thema toon Verlichting")


async def test_a_moderators_word_lets_them_in_again(joined: Town) -> None:
    await put_out_by_hand(joined, "ben")
    readmit = "!thema laat toe ben Verlichting"
    assert "moderator" in await joined.say("anna", readmit)
    assert "Een moderator heeft je" in await joined.say("ben", "!thema meedoen Verlichting")
    assert "ben mag weer meedoen aan “Verlichting”." in await joined.say("mia", readmit)
    await later(joined)
    assert inside(joined) == {"anna", "ben"}
    assert any("laat je weer toe" in said for said in joined.platform.where("ben"))
    assert "Er is niets veranderd" in await joined.say("mia", readmit)


async def test_no_moderator_lets_themselves_in_again(joined: Town) -> None:
    await joined.say("mia", "!thema meedoen Verlichting")
    await joined.core.run_due()
    await put_out_by_hand(joined, "mia")
    assert "Een moderator heeft je" in await joined.say("mia", "!thema laat toe mia Verlichting")
    await later(joined)
    assert inside(joined) == {"anna", "ben"}


async def test_what_plein_does_itself_puts_nobody_out_by_hand(joined: Town) -> None:
    """Of whoever left by their own word it is told as of anybody whose line is gone."""
    await joined.say("ben", "!thema verlaat Verlichting")
    await joined.core.run_due()
    await joined.core.put_out(MADE, [PutOut("ben")])
    await joined.say("ben", "!thema meedoen Verlichting")
    await joined.core.run_due()
    assert inside(joined) == {"anna", "ben"}


@pytest.mark.parametrize("known", [False, True])
async def test_who_came_by_themselves_and_was_put_out_is_not_asked_in(town: Town, known: bool) -> None:
    """But whom Plein never heard of, of them it keeps nothing."""
    who = "ben" if known else "zoe"
    await town.core.put_out(MADE, [PutOut(who, "mia")])
    await town.say(who, "!thema meedoen Verlichting")
    await later(town)
    assert inside(town) == ({"anna"} if known else {"anna", who})


async def put_out_by_hand(town: Town, name: str) -> None:
    town.platform.inside.discard((name, MADE.room_id))
    await town.core.parted(MADE, [name])
    await town.core.put_out(MADE, [PutOut(name, "mia")])


PRIVATELY = "Je bent uit het kanaal of de kamer van “Verlichting” gezet."
FOR_MODERATORS = "Uit het kanaal of de kamer gezet: ben."


def told(town: Town, name: str) -> list[str]:
    return [said for said in town.platform.where(name) if "gezet" in said]


@pytest.mark.parametrize("again", ["no", "twice", "late", "by its line", "with another account"])
async def test_whoever_was_put_out_is_told_once_and_who_moderates_can_read_it(
    joined: Town, again: str
) -> None:
    """Nobody else reads a word of it, in the theme or when they ask."""
    await joined.core.link([Identity(PLATFORM, "ben"), Identity(PLATFORM, "benny")])
    await joined.say("ben", "!help", room=None)
    first = PutOut("ben") if again == "by its line" else PutOut("ben", "mia", "$1")
    await joined.core.put_out(MADE, [first])
    await joined.core.run_due()
    match again:
        case "twice":
            await joined.core.put_out(MADE, [PutOut("ben", "mia", "$2")])
        case "with another account":
            await joined.core.put_out(MADE, [PutOut("benny", "mia", "$2")])
        case "late" | "by its line":
            await joined.core.put_out(MADE, [first])
    await later(joined)
    (said,) = told(joined, "ben")
    assert PRIVATELY in said
    assert "`!thema laat toe`" in said
    shown = await joined.say("mia", "!thema toon Verlichting")
    assert FOR_MODERATORS in shown
    assert "`!thema laat toe`" in shown
    assert "gezet" not in await joined.say("anna", "!thema toon Verlichting")
    for reader in ("anna", "mia", "sport", MADE.room_id):
        heard = joined.platform.where(reader)
        assert not any(PRIVATELY in line or "ben" in line.partition("gezet")[2] for line in heard)


async def test_with_who_does_not_talk_in_private_nothing_private_is_begun_for_it(joined: Town) -> None:
    """Who asks to come in again reads it then; and who moderates reads it in any case."""
    await put_out_by_hand(joined, "ben")
    await later(joined)
    assert not told(joined, "ben")
    assert "Een moderator heeft je" in await joined.say("ben", "!thema meedoen Verlichting")
    assert FOR_MODERATORS in await joined.say("mia", "!thema toon Verlichting")


async def test_who_was_readmitted_before_they_heard_of_it_is_told_that_alone(joined: Town) -> None:
    await joined.say("ben", "!help", room=None)
    await put_out_by_hand(joined, "ben")
    await joined.say("mia", "!thema laat toe ben Verlichting")
    assert FOR_MODERATORS not in await joined.say("mia", "!thema toon Verlichting")
    await later(joined)
    assert not told(joined, "ben")
    assert any("laat je weer toe" in said for said in joined.platform.where("ben"))


async def test_put_out_again_after_that_they_are_told_again(joined: Town) -> None:
    await joined.say("ben", "!help", room=None)
    for event in ("$1", "$2"):
        await joined.core.put_out(MADE, [PutOut("ben", "mia", event)])
        await later(joined)
        await joined.say("mia", "!thema laat toe ben Verlichting")
        await joined.core.put_out(MADE, [PutOut("ben", "mia", event)])
        await later(joined)
    assert len(told(joined, "ben")) == 2


async def test_its_board_says_within_a_minute_who_pulls_it_no_more(joined: Town) -> None:
    await put_out_by_hand(joined, "anna")
    await later(joined, timedelta(minutes=1))
    assert "anna trekt" not in joined.platform.where(MADE.room_id)[-1]


async def test_of_very_many_the_others_are_counted(joined: Town) -> None:
    for number in range(11):
        await joined.say(f"wie{number}", "!thema meedoen Verlichting")
        await joined.core.run_due()
        await put_out_by_hand(joined, f"wie{number}")
    shown = await joined.say("mia", "!thema toon Verlichting")
    assert "wie9" in shown
    assert "wie10" not in shown
    assert "… en nog 1 ander." in shown


@pytest.mark.parametrize("what", ["agree", "rename", "archive", "unbind"])
async def test_who_was_put_out_and_came_back_by_themselves_looks_after_it_no_more(
    joined: Town, what: str
) -> None:
    """As who is in the space on Matrix can."""
    await joined.say("ben", "!thema trek Verlichting", room=MADE.room_id)
    await put_out_by_hand(joined, "anna")
    joined.platform.present["anna", MADE.room_id] = Role.RESIDENT
    match what:
        case "agree":
            said = await pressed(joined, "anna", "theme agree", MADE.room_id, pull=1)
        case "rename":
            said = await joined.say("anna", '!thema hernoem "Lampen" Verlichting', room=MADE.room_id)
        case "archive":
            said = await joined.say("anna", "!thema archiveer Verlichting --zeker", room=MADE.room_id)
        case _:
            said = await joined.say("anna", "!thema ontkoppel Verlichting", room=MADE.room_id)
    assert "alleen wie" in said.casefold() or "trekt" in said, said
    await later(joined)
    assert (await theme(joined)).name == "Verlichting"
    assert "ben trekt" not in await joined.say("mia", "!thema toon Verlichting")


async def test_what_one_event_did_is_done_once_also_after_they_were_readmitted(joined: Town) -> None:
    """A platform tells again what it was asked about, and what it told before."""
    joined.platform.present["mia", MADE.room_id] = Role.MODERATOR
    out = [PutOut("ben", "mia", "$1")]
    await joined.core.put_out(MADE, out)
    readmit = joined.asked("mia", "!thema laat toe ben Verlichting", room=MADE.room_id)
    await joined.core.handle(replace(readmit, role=Role.MODERATOR))
    await joined.core.put_out(MADE, out)
    assert "Een moderator" not in await joined.say("ben", "!thema meedoen Verlichting")
    await joined.core.put_out(MADE, [PutOut("ben", "mia", "$2")])
    assert "Een moderator heeft je" in await joined.say("ben", "!thema trek Verlichting")


async def test_whom_another_account_of_pleins_had_out_nobody_put_out(joined: Town) -> None:
    await joined.say("ben", "!thema verlaat Verlichting")
    await joined.core.run_due()
    await joined.core.put_out(MADE, [PutOut("ben", joined.platform.account.partition(":")[2], "$1")])
    assert "Je doet mee" in await joined.say("ben", "!thema meedoen Verlichting")


async def test_who_is_put_out_while_they_are_seen_to_stays_out(joined: Town) -> None:
    """Whoever leaves and comes in again and again is always being seen to."""
    await joined.say("ben", "!thema verlaat Verlichting")
    await joined.core.run_due()
    joined.platform.trouble["admitted:ben"] = [ConnectionError("slow")]
    await joined.say("ben", "!thema meedoen Verlichting")
    await joined.core.run_due()
    await put_out_by_hand(joined, "ben")
    await later(joined)
    await later(joined)
    assert inside(joined) == {"anna"}


@pytest.mark.parametrize("left_before", [False, True])
async def test_who_is_put_out_while_plein_cannot_have_them_out_itself(
    joined: Town, left_before: bool
) -> None:
    """In a room that was bound Plein may ask people in, and put nobody out."""
    if left_before:
        joined.platform.trouble["admit:ben"] = [UserError("matrix.room.lacks", has="0", needs=50)] * 9
        await joined.say("ben", "!thema verlaat Verlichting")
        await joined.core.run_due()
        assert "ben" in inside(joined)
    await put_out_by_hand(joined, "ben")
    await joined.core.put_out(MADE, [PutOut("ben", "mia", "$1")])
    joined.platform.trouble.clear()
    assert "Een moderator heeft je" in await joined.say("ben", "!thema meedoen Verlichting")
    await later(joined)
    assert "ben" not in inside(joined)


async def test_who_was_put_out_is_forgotten_and_comes_back_begins_anew(joined: Town) -> None:
    await put_out_by_hand(joined, "ben")
    joined.platform.trouble["admit:ben"] = [ConnectionError("slow")] * 2
    assert await pressed(joined, "ben", "me forget", room=None, sure=True)
    assert "Je doet" in await joined.say("ben", "!thema meedoen Verlichting")
    for _ in range(3):
        await later(joined)
    assert inside(joined) == {"anna", "ben"}


# --- out of where they were let in ---


@pytest.mark.parametrize("leaves", [False, True])
async def test_who_is_forgotten_is_out_also_where_they_left_just_before(joined: Town, leaves: bool) -> None:
    if leaves:
        await joined.say("ben", "!thema verlaat Verlichting")
    assert await pressed(joined, "ben", "me forget", room=None, sure=True)
    await joined.core.run_due()
    assert inside(joined) == {"anna"}


@pytest.mark.parametrize("comes_back", [False, True])
async def test_of_who_is_forgotten_and_cannot_be_put_out_nothing_is_kept(
    joined: Town, comes_back: bool
) -> None:
    """Whoever comes back at once and takes part is inside again."""
    joined.platform.trouble["admit:ben"] = [TryLater(5)] * 2
    assert await pressed(joined, "ben", "me forget", room=None, sure=True)
    await joined.core.making.worker.flush()
    assert "ben" in inside(joined)
    if comes_back:
        await joined.say("ben", "!thema meedoen Verlichting")
    await later(joined)
    await later(joined)
    assert "ben" in inside(joined)
    ben = await joined.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "ben")))
    assert (ben is not None) is comes_back
    assert len(await kept_of(joined, "ben")) == comes_back


async def test_an_account_that_is_theirs_since_then_comes_in_by_its_own_word(joined: Town) -> None:
    await joined.say("ben", "!thema meedoen Verlichting")
    await joined.say("cas", "!help")
    await joined.core.link([Identity(PLATFORM, "ben"), Identity(PLATFORM, "cas")])
    await later(joined)
    assert ("cas", MADE.room_id) not in joined.platform.inside
    assert "Je deed al mee" in await joined.say("cas", "!thema meedoen Verlichting")
    await later(joined)
    assert {("ben", MADE.room_id), ("cas", MADE.room_id)} <= joined.platform.inside


@pytest.mark.parametrize("unlinks", [False, True])
async def test_an_account_that_was_unlinked_is_out_and_in_no_next_room(town: Town, unlinks: bool) -> None:
    """Whoever found an account that somebody lost takes no part with it."""
    await town.say("cas", "!help")
    await town.core.link([Identity(PLATFORM, name) for name in ("ben", "cas")])
    await town.say("ben", "!thema meedoen Verlichting")
    await later(town)
    assert inside(town) == {"anna", "ben", "cas"}
    if unlinks:
        await town.say("mia", f"!ontkoppel --van ben --op {PLATFORM}:cas --zeker", room=None)
    await later(town)
    expected = {"anna", "ben"} if unlinks else {"anna", "ben", "cas"}
    assert inside(town) == expected
    await town.say("mia", "!thema ontkoppel Verlichting")
    await town.say("mia", BIND, room="anders")
    await town.core.run_due()
    assert inside(town, OTHER.room_id) == expected
    if unlinks:
        assert "Er is niets veranderd" in await town.say("cas", "!thema verlaat Verlichting")
        await town.say("cas", "!thema meedoen Verlichting")
        await town.core.run_due()
        assert "cas" in inside(town, OTHER.room_id)


async def test_an_account_that_has_back_what_it_brought_stays(town: Town) -> None:
    await town.say("cas", "!thema meedoen Verlichting")
    await town.core.run_due()
    await town.parted("cas", await town.linked("ben", "cas"))
    await later(town)
    assert inside(town) == {"anna", "cas"}


@pytest.mark.parametrize("replaced", [False, True])
async def test_who_leaves_is_out_of_what_was_the_themes_room(joined: Town, replaced: bool) -> None:
    await joined.say("mia", "!thema ontkoppel Verlichting")
    there = MADE
    if replaced:
        there = Place(PLATFORM, "nieuw")
        await joined.core.moved(PLATFORM, MADE, there)
        joined.platform.inside |= {("anna", "nieuw"), ("ben", "nieuw")}
    assert "Ik haal je ook uit" in await joined.say("ben", "!thema verlaat Verlichting")
    await later(joined)
    assert inside(joined, there.room_id) == {"anna"}


async def test_who_is_let_in_by_another_theme_stays_in_what_is_its_room_by_now(joined: Town) -> None:
    await joined.say("mia", '!thema voorstel "Zwerfvuil" Samen opruimen')
    await joined.core.run_due()
    for theme_of in ("Verlichting", "Zwerfvuil"):
        await joined.say("mia", f"!thema ontkoppel {theme_of}")
    await joined.say("ben", "!thema meedoen Zwerfvuil")
    await joined.say("mia", "!thema koppel Zwerfvuil", room=MADE.room_id)
    await later(joined)
    await joined.say("ben", "!thema verlaat Verlichting")
    await later(joined)
    assert "ben" in inside(joined)
    await joined.say("ben", "!thema verlaat Zwerfvuil")
    await later(joined)
    assert "ben" not in inside(joined)


async def test_of_who_is_forgotten_nothing_is_kept_of_it(joined: Town) -> None:
    ben = await joined.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "ben")))
    assert ben
    kept = await joined.core.export(ben.id)
    number = (await theme(joined)).id
    assert [(row["theme"], row["inside"]) for row in kept["guests"]] == [(number, True)]
    await joined.core.forget(ben.id)
    await later(joined)
    assert "geen plek" not in await pressed(joined, "anna", "theme show", theme=f"theme:{number}")


# --- who is not of the community by then ---


def put_out(town: Town, name: str) -> None:
    """Banned: they are in no place of the community any more."""
    for key in [key for key in town.platform.present if key[0] == name]:
        town.platform.present.pop(key)


async def test_who_is_in_no_place_of_the_communitys_own_any_more_pulls_nothing(town: Town) -> None:
    """A room of their own, in which Plein is, keeps nobody at it."""
    configured = town.core.communities.configured(FIRST_COMMUNITY)
    town.core.communities.serve({FIRST_COMMUNITY: replace(configured, names_places=True)})
    await town.core.joined(PLATFORM, Place(PLATFORM, "sport"), "sport", ours=True)
    await town.core.joined(PLATFORM, Place(PLATFORM, "eigen"), "eigen")
    await town.say("anna", "!help", room="eigen")
    await town.say("anna", "!help", room="sport")
    assert "anna trekt" in await town.say("ben", "!thema lijst Verlichting")
    for room in ("sport", MADE.room_id):
        town.platform.present.pop(("anna", room), None)
        await town.core.parted(Place(PLATFORM, room), ["anna"])
    await later(town)
    assert "anna trekt" not in await town.say("ben", "!thema lijst Verlichting")


@pytest.mark.parametrize("banned", [False, True])
async def test_who_was_banned_before_it_opened_is_not_let_in(town: Town, banned: bool) -> None:
    await town.say("ben", '!thema voorstel "Zwerfvuil" Samen opruimen')
    if banned:
        put_out(town, "ben")
        await town.core.parted(Place(PLATFORM, "sport"), ["ben"])
    await town.say("mia", "!thema steun Zwerfvuil")
    for _ in range(3):
        await later(town)
    assert ("ben" in inside(town, "corner/Zwerfvuil")) is not banned


@pytest.mark.parametrize("banned", [False, True])
async def test_who_was_banned_is_not_let_into_the_next_room(joined: Town, banned: bool) -> None:
    await joined.say("mia", "!thema ontkoppel Verlichting")
    await later(joined)
    if banned:
        put_out(joined, "ben")
        await joined.core.parted(Place(PLATFORM, "sport"), ["ben"])
    await joined.say("mia", BIND, room="anders")
    await later(joined)
    assert inside(joined, OTHER.room_id) == ({"anna"} if banned else {"anna", "ben"})


@pytest.mark.parametrize("banned", [False, True])
async def test_an_account_that_was_banned_is_not_let_in_by_another_ones_word(
    town: Town, banned: bool
) -> None:
    """Two accounts of one person: of one moderators have rid the community."""
    await town.say("cas", "!help")
    await town.core.link([Identity(PLATFORM, name) for name in ("ben", "cas")])
    if banned:
        put_out(town, "cas")
        await town.core.parted(Place(PLATFORM, "sport"), ["cas"])
    await town.say("ben", "!thema meedoen Verlichting")
    await later(town)
    assert inside(town) == ({"anna", "ben"} if banned else {"anna", "ben", "cas"})


async def test_while_their_platform_does_not_say_they_wait(town: Town) -> None:
    await town.say("ben", "!thema meedoen Verlichting")
    present = dict(town.platform.present)
    # For an hour what it said last counts, and not longer.
    town.clock.turn_to(town.clock.now() + 2 * HOUR)
    town.platform.present.update({("ben", room): None for _, room in present})
    await later(town)
    assert inside(town) == {"anna"}
    town.platform.present.update(present | {("ben", "sport"): Role.RESIDENT})
    await later(town)
    assert inside(town) == {"anna", "ben"}


async def test_who_was_put_out_is_not_let_in_with_an_account_that_was_theirs(joined: Town) -> None:
    """Ben has another account, by which he is let in as well; it leaves him once he was put out."""
    await joined.core.link([Identity(PLATFORM, "ben"), Identity(PLATFORM, "benny")])
    await joined.say("ben", "!thema verlaat Verlichting")
    await joined.say("ben", "!thema meedoen Verlichting")
    await later(joined)
    await joined.core.put_out(MADE, [PutOut("ben", "mia", "$1")])
    joined.platform.inside.discard(("ben", MADE.room_id))
    await later(joined)
    assert "Een moderator heeft je" in await joined.say("benny", "!thema meedoen Verlichting")
    await joined.say("benny", "!ontkoppel --zeker", room=None)
    await later(joined)
    said = await joined.say("benny", "!thema meedoen Verlichting")
    await later(joined)
    assert "Een moderator heeft je" in said, said
    assert "benny" not in inside(joined)


@pytest.mark.parametrize("of_community", [True, False])
async def test_who_is_of_the_community_no_more_hears_of_no_theme_by_being_banned_from_it(
    town: Town, of_community: bool
) -> None:
    """Moderators ban somebody who left everywhere at once, also from a theme that was opened since."""
    await town.say("ben", "!help", room=None)
    if not of_community:
        for room in ("sport", OTHER.room_id, MADE.room_id):
            await town.core.parted(Place(PLATFORM, room), ["ben"])
            town.platform.present["ben", room] = None
    await town.say("mia", '!thema voorstel "Geheim plan" Voor wie er nog is')
    for _ in range(3):
        await later(town)
    shown = await town.say("ben", '!thema toon "Geheim plan"', room=None)
    assert ("Voor wie er nog is" in shown) is of_community, shown
    await town.core.put_out(Place(PLATFORM, "corner/Geheim plan"), [PutOut("ben", "mia", "$1")])
    for _ in range(3):
        await later(town)
    heard = [line for line in town.platform.where("ben") if "gezet" in line and "Geheim plan" in line]
    assert bool(heard) is of_community, heard


@pytest.mark.parametrize("late", ["$1", "$2"])
async def test_an_event_that_is_told_late_puts_nobody_out_again(joined: Town, late: str) -> None:
    for event in ("$1", "$2"):
        await joined.core.put_out(MADE, [PutOut("ben", "mia", event)])
        await later(joined)
        assert "Een moderator heeft je" in await joined.say("ben", "!thema meedoen Verlichting")
        await joined.say("mia", "!thema laat toe ben Verlichting")
        await later(joined)
    await joined.core.put_out(MADE, [PutOut("ben", "mia", late)])
    await later(joined)
    assert "Een moderator heeft je" not in await joined.say("ben", "!thema meedoen Verlichting")
