"""Attacks on themes, their names, who was put out, and linking."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from bot.model.events import Came
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role
from bot.ports.storage import Transaction
from storage.tables import posts
from tests.bot.features.themes.test_guests import inside, put_out_by_hand
from tests.bot.features.themes.test_guests import joined as joined
from tests.bot.features.themes.test_propose import pressed
from tests.bot.features.themes.test_rooms import MADE, later, told, theme
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town, words_of
from tests.test_people_tables import db

__all__ = ["joined", "town"]
SAID = select(posts.c.message)
ARCHIVE, REOPEN = "!thema archiveer Verlichting --zeker", "!thema heropen Verlichting"


# --- 1: what a database refuses to look for ---


@pytest.mark.parametrize("words", ["lamp", "a" * 1900, "%" * 7_000, "\ufdfa" * 1900])
async def test_whatever_is_looked_for_is_answered(town: Town, words: str) -> None:
    said = await town.say("ben", f"!thema lijst {words}")
    assert "Geen thema" in said or "Verlichting" in said or "geen" in said.casefold(), said[:300]


# --- 2: names by who may not write there ---


@pytest.mark.parametrize("silenced", [False, True])
@pytest.mark.parametrize("how", ["rename", "reopen"])
async def test_who_may_not_write_there_calls_it_nothing_by_opening_it_again(
    town: Town, silenced: bool, how: str
) -> None:
    if silenced:
        town.platform.silenced |= {("anna", MADE.room_id), ("anna", "sport")}
    if how == "rename":
        said = await town.say("anna", '!thema hernoem "Mia is een dief" Verlichting', room=None)
    else:
        await town.say("anna", ARCHIVE, room=None)
        await later(town)
        said = await town.say("anna", f'{REOPEN} --naam "Mia is een dief"', room=None)
    await later(town)
    assert ("Mia is een dief" in (await theme(town)).name) is not silenced, said


# --- 3: archiving without end ---


async def test_renaming_again_and_again_by_opening_it_again_is_bounded(town: Town) -> None:
    number = (await theme(town)).id
    done = 0
    for turn in range(30):
        await town.say("anna", f"!thema archiveer theme:{number} --zeker", room=None)
        await later(town, timedelta(seconds=30))
        name = f"Lamp {chr(97 + turn) * 5}"
        said = await town.say("anna", f'!thema heropen theme:{number} --naam "{name}"', room=None)
        await later(town, timedelta(seconds=30))
        done += "is heropend" in said
    assert done <= 10, (done, len([w for w in town.platform.where(MADE.room_id) if "is gearchiveerd\n" in w]))


# --- 4: who was put out, and is there again by themselves ---


@pytest.mark.parametrize("out", [False, True])
@pytest.mark.parametrize("what", ["agree", "rename", "archive", "unbind"])
async def test_who_was_put_out_does_nothing_that_who_pulls_it_does(joined: Town, out: bool, what: str) -> None:
    """They came in again by themselves, as who is in the space on Matrix can."""
    await joined.say("ben", "!thema trek Verlichting", room=MADE.room_id)
    if out:
        await put_out_by_hand(joined, "anna")
        joined.platform.present["anna", MADE.room_id] = Role.RESIDENT
    match what:
        case "agree":
            said = await pressed(joined, "anna", "theme agree", MADE.room_id, pull=1)
            did = "ben trekt “Verlichting” vanaf nu" in said
        case "rename":
            said = await joined.say("anna", '!thema hernoem "Lampen" Verlichting', room=MADE.room_id)
            did = (await theme(joined)).name == "Lampen"
        case "archive":
            said = await joined.say("anna", ARCHIVE, room=MADE.room_id)
            await later(joined)
            did = "gearchiveerd" in (await theme(joined)).name
        case "unbind":
            said = await joined.say("anna", "!thema ontkoppel Verlichting", room=MADE.room_id)
            did = "is losgemaakt" in said
    assert did is not out, said


# --- 5: parting with the account that was put out ---


async def other(town: Town, words: str = "", **pressed: object) -> object:
    """What Anna's other account says, on another platform, in private."""
    asked = town.asked("annie", words or None, room=None)
    place = Place("other", "zaal") if words.startswith("!help") else None
    asked = replace(asked, author=Identity("other", "annie"), presence=None, place=place, account="other")
    if pressed:
        asked = replace(asked, typed=None, pressed=True, **pressed)
    return await town.core.handle(asked)


@pytest.mark.parametrize("parts", [False, True])
async def test_who_parts_with_the_account_that_was_put_out_stays_out(joined: Town, parts: bool) -> None:
    await joined.core.joined("other", Place("other", "zaal"), "zaal", "sport", community=FIRST_COMMUNITY, ours=True)
    await other(joined, "!help")
    code = await joined.say("anna", "!koppel", room=None)
    code = re.search(r"[A-Z0-9]{4}-[A-Z0-9]{4}", code)[0]
    question = await other(joined, f"!koppel {code}")
    yes = question.buttons[0]
    await other(joined, command=yes.command, args=yes.args)
    done = await joined.core.handle(replace(joined.asked("anna", room=None, button=yes), pressed=True))
    assert "één persoon" in words_of(done) or "persoon" in words_of(done), words_of(done)
    await put_out_by_hand(joined, "anna")
    refused = words_of(await other(joined, "!thema trek Verlichting"))
    assert "Een moderator heeft je" in refused, refused
    before = await joined.say("mia", "!thema toon Verlichting")
    assert "trekt het" not in before or "Niemand" in before, before
    if parts:
        said = await joined.say("anna", "!ontkoppel", room=None)
        said += await pressed(joined, "anna", "me unlink", None, sure=True)
    shown = await joined.say("mia", "!thema toon Verlichting")
    again = words_of(await other(joined, "!thema meedoen Verlichting"))
    assert "Een moderator heeft je" in again, (again, shown)
    assert "Niemand" in shown, shown


# --- 6: what stands pinned where it is no place of the community's own any more ---


@pytest.mark.parametrize("own", [True, False])
async def test_what_is_new_stands_in_no_place_that_is_not_the_communitys_any_more(town: Town, own: bool) -> None:
    first = town.core.communities.configured(FIRST_COMMUNITY)
    town.core.communities.serve({FIRST_COMMUNITY: replace(first, names_places=True)})
    place = Place(PLATFORM, "anders")
    await town.core.came(Came(place, (), unseen=True))
    await later(town)
    assert any("Welkom" in said for said in town.platform.where("anders"))
    await town.core.joined(PLATFORM, place, "anders", community=FIRST_COMMUNITY, ours=own)
    before = len(town.platform.shown)
    await told(town, MADE, "Nieuwe naam")
    await later(town)
    stands = [one for one in town.platform.shown[before:] if one.where == "anders" and "Welkom" in one.words]
    assert bool(stands) is own, stands


# --- 7: what a stranger's platform is asked ---


@pytest.mark.parametrize("by", ["name", "number", "told"])
async def test_who_is_not_of_the_community_learns_of_no_opened_theme_by_what_is_asked(town: Town, by: str) -> None:
    first = town.core.communities.configured(FIRST_COMMUNITY)
    town.core.communities.serve({FIRST_COMMUNITY: replace(first, names_places=True)})
    await town.core.joined(PLATFORM, Place(PLATFORM, "eigen"), "eigen", community=FIRST_COMMUNITY)
    await town.say("eve", "!help", room="eigen")
    there = (await theme(town)).id
    asked, answers = [], []
    for given in (f"theme:{there}", "theme:99") if by == "number" else ("Verlichting", "Bestaat niet"):
        town.platform.asked.clear()
        said = await pressed(town, "eve", "theme follow", "eigen", theme=given)
        asked.append(list(town.platform.asked))
        answers.append(said.replace(given, "#"))
    assert answers[0] == answers[1]
    assert by == "told" or asked[0] == asked[1]


# --- 8: put out while Plein sees to them ---


@pytest.mark.parametrize("again", [False, True])
async def test_who_is_put_out_while_they_are_seen_to_stays_out(joined: Town, again: bool) -> None:
    """Whoever leaves and comes in again and again is always being seen to."""
    if again:
        await joined.say("ben", "!thema verlaat Verlichting")
        await joined.core.run_due()
        joined.platform.trouble["admitted:ben"] = [ConnectionError("slow")]
        await joined.say("ben", "!thema meedoen Verlichting")
        await joined.core.run_due()
        assert inside(joined) == {"anna", "ben"}
    await put_out_by_hand(joined, "ben")
    await later(joined)
    await later(joined)
    assert inside(joined) == {"anna"}


# --- 9: who was put out, is forgotten, and comes back ---


@pytest.mark.parametrize("out", [False, True])
async def test_who_is_forgotten_and_comes_back_begins_anew(joined: Town, out: bool) -> None:
    if out:
        await put_out_by_hand(joined, "ben")
    joined.platform.trouble["admit:ben"] = [ConnectionError("slow")] * 2
    assert await pressed(joined, "ben", "me forget", room=None, sure=True)
    said = await joined.say("ben", "!thema meedoen Verlichting")
    assert "doet nu mee" in said or "Je doet" in said, said
    for _ in range(3):
        await later(joined)
    assert inside(joined) == {"anna", "ben"}


# --- 10: what is kept of them is given to them ---


async def test_that_somebody_was_put_out_is_in_what_they_are_given(joined: Town) -> None:
    await put_out_by_hand(joined, "ben")
    who = await joined.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, "ben")))
    given = await joined.core.export(who.id)
    assert "put_out" in str(given), given.get("guests")


# --- 11: a co-puller is asked again and again ---


async def test_who_pulls_it_too_is_asked_for_their_name_a_few_times_at_most(joined: Town) -> None:
    await joined.say("ben", "!help", room=None)
    await joined.say("ben", "!thema trek Verlichting", room=MADE.room_id)
    await pressed(joined, "anna", "theme agree", MADE.room_id, pull=1)
    number, before = (await theme(joined)).id, len(joined.platform.where("ben"))
    for _ in range(20):
        await joined.say("anna", f"!thema archiveer theme:{number} --zeker", room=None)
        await later(joined, timedelta(seconds=20))
        await joined.say("anna", f"!thema heropen theme:{number}", room=None)
        await later(joined, timedelta(seconds=20))
    asked = joined.platform.where("ben")[before:]
    assert len(asked) <= 5, (len(asked), asked[:2])


# --- 12: a reason of theirs is unsaid ---


@pytest.mark.parametrize("why", ["omdat het moet", 'omdat "nee" geldt', "a\\b", "100% zeker_weten"])
async def test_a_reason_of_whoever_is_forgotten_is_unsaid_whatever_stands_in_it(joined: Town, why: str) -> None:
    for last in ("", why):
        button = {"theme": f"theme:{(await theme(joined)).id}", "why": last} if last else {}
        await pressed(joined, "ben", "theme draw", MADE.room_id, **button, sure=True)
        await later(joined, timedelta(minutes=12))
        await later(joined, timedelta(minutes=12))
    shown = joined.platform.where(MADE.room_id)
    assert any(why in said for said in shown), shown[-3:]
    assert await pressed(joined, "ben", "me forget", room=None, sure=True)
    for _ in range(3):
        await later(joined, timedelta(minutes=2))

    def kept(tx: Transaction) -> list[str]:
        return [str(row.message) for row in db(tx).execute(SAID, {})]

    packed = orjson.dumps(why).decode()[1:-1]
    left = [said for said in await joined.core.store.run(kept) if packed in said]
    assert not left, left

