"""Drawing whose turn it is: what is fixed when, who can be drawn, and what nobody can choose."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot import lot
from bot.features.themes import draw
from bot.features.themes.draw import MOST_DRAWN, OPEN_FOR, READ_FOR
from bot.features.themes.records import DRAWS, OPENINGS, Draw
from bot.model.message import Attachment, Button, Message, text
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from bot.texts import Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

HEX = re.compile(r"\b[0-9a-f]{64}\b")
NUMBER = re.compile(r"\b[0-9a-f]{32}\b")
WHO = ("anna", "ben", "cas")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Three who take part in a theme, and one who is in another."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        await town.joined("raad", theme="raad")
        for name in WHO:
            await town.say(name, "!thema doe mee")
        await town.say("eva", "!help", room="raad")
        yield town


async def get(town: Town, number: int = 1) -> Draw:
    found = await town.core.store.run(lambda tx: tx.of(DRAWS).get(number))
    assert found
    return found


async def passes(town: Town, *spans: timedelta) -> None:
    for span in spans:
        town.clock.turn_to(town.clock.now() + span)
        await town.core.run_due()


async def drawn(town: Town, line: str = "!thema loot", by: str = "anna") -> Draw:
    """What came of a draw that somebody asks for."""
    assert "wordt geloot" in await town.say(by, line)
    await passes(town, OPEN_FOR, READ_FOR)
    under_way = await town.core.store.run(lambda tx: tx.of(DRAWS).last(tx.places.theme_named("sport").id))
    assert under_way
    return under_way


async def names_in(town: Town, number: int) -> list[str]:
    """The list, as it was published."""
    listed = await town.core.store.run(lambda tx: tx.of(DRAWS).listed(number))
    return [each.entrant.name or "" for each in listed]


async def name_of(town: Town, found: Draw) -> str:
    """Who was drawn."""
    assert found.drawn
    return (await names_in(town, found.id))[found.drawn - 1]


async def pressed(town: Town, name: str, command: str, **args: object) -> Message:
    button = Button(text("typed", words=""), command, args)
    answer = await town.core.handle(replace(town.asked(name, button=button), pressed=True))
    assert answer
    return answer


async def file_of(town: Town, number: int = 1) -> str:
    attachment = Attachment(f"draw:{number}", "json", text("typed", words=""))
    made = await town.core.file(attachment, Voice("nl", BRUSSELS, NOW), Place(PLATFORM, "sport"))
    return made.decode()


# --- what is fixed when ---


async def test_the_number_is_fixed_before_the_list_and_the_list_before_it_is_known(town: Town) -> None:
    await town.say("anna", "!thema loot")
    await town.core.run_due()
    (asked,) = town.platform.where("sport")
    number = (await get(town)).number
    assert HEX.findall(asked) == [lot.seal_of(number)]
    assert number not in asked
    await passes(town, OPEN_FOR)
    _, listed = town.platform.where("sport")
    code = (await get(town)).code
    assert HEX.findall(listed) == [code, lot.seal_of(number)]
    assert number not in listed
    assert await names_in(town, 1) == [*WHO]
    await passes(town, READ_FOR)
    outcome = town.platform.where("sport")[2]
    assert NUMBER.findall(outcome) == [number]
    who = await name_of(town, await get(town))
    assert who == WHO[int(number, 16) % 3]
    # Whoever it is hears so by themselves.
    assert any("jij neemt de volgende beurt" in said for said in town.platform.where(who))
    published = lot.read(await file_of(town))
    lot.check(published)
    assert (published.seal, published.code) == (lot.seal_of(number), code)


async def test_a_restart_between_any_two_steps_changes_nothing(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody gets another number, or another list, by ending Plein until they like it."""
    async with open_town(database_url) as town:
        await town.joined("sport", theme="sport")
        for name in WHO:
            await town.say(name, "!thema doe mee")
        await town.say("anna", "!thema loot")
        await town.core.run_due()
        before = await get(town)
    monkeypatch.setattr(lot, "new_secret", lambda: "0b" * lot.BYTES)
    async with open_town(database_url, number=100) as town:
        await passes(town, OPEN_FOR)
        assert (await get(town)).number == before.number
        listed = await get(town)
    monkeypatch.setattr(lot, "new_secret", lambda: "0c" * lot.BYTES)
    for number in (200, 300):
        async with open_town(database_url, number=number) as town:
            await passes(town, OPEN_FOR + READ_FOR)
            after = await get(town)
            assert (after.number, after.code) == (before.number, listed.code)
            assert after.drawn == int(before.number, 16) % 3 + 1
            if number == 200:
                assert (
                    len([said for said in town.platform.where("sport") if "neemt de volgende" in said]) == 1
                )
            else:
                assert not town.platform.where("sport")


async def test_a_job_that_comes_twice_does_nothing_twice(town: Town) -> None:
    await drawn(town)
    before, said = await get(town), list(town.platform.where("sport"))

    def again(tx: Transaction) -> None:
        for kind in (draw.LIST, draw.OUTCOME):
            tx.jobs.add(kind, "1", town.clock.now(), f"{kind}:again")

    await town.core.store.run(again)
    await passes(town, timedelta(minutes=1))
    assert await get(town) == before
    assert town.platform.where("sport") == said


# --- who asks again ---


async def test_who_asks_while_one_is_under_way_gets_no_other(town: Town) -> None:
    await town.say("anna", "!thema loot")
    for name in ("anna", "ben", "mia"):
        assert "wordt al geloot" in await town.say(name, '!thema loot --waarom "ik wil een ander"')
    await passes(town, OPEN_FOR)
    assert "De lijst ligt vast, en de uitslag volgt zo" in await town.say("anna", "!thema loot")


async def test_a_repeat_says_so_and_why_and_stands_for_the_one_before(town: Town) -> None:
    first = await name_of(town, await drawn(town))
    asked = await town.say("ben", "!thema loot")
    assert f"werd {first} geloot in “sport”. Is die beurt voorbij" in asked
    assert "Zeg dan waarom" in asked
    again = await drawn(town, '!thema loot --waarom "die is ziek"', by="ben")
    said = "\n".join(town.platform.where("sport"))
    assert re.search(r"Dit is een herhaling: .* werd .* geloot", said)
    assert "Waarom: die is ziek" in said
    assert "Dit is een herhaling, en komt in de plaats" in said
    assert again.repeats == 1
    second = await name_of(town, again)
    assert second != first
    # Of the first it is as if they had no turn yet.
    turns = await town.core.store.run(lambda tx: tx.of(DRAWS).turns(again.theme))
    by = {name: await number_of(town, name) for name in WHO}
    assert set(turns) == {by[second]}


async def test_the_next_turn_is_for_who_had_none_and_says_what_was_before(town: Town) -> None:
    seen: list[str] = []
    for number, _ in enumerate(WHO, start=1):
        await pressed(town, "anna", "theme draw", theme="sport", sure=True)
        await passes(town, OPEN_FOR, READ_FOR)
        seen.append(await name_of(town, await get(town, number)))
    assert sorted(seen) == sorted(WHO)
    assert "De vorige loting was op" in "\n".join(town.platform.where("sport"))
    # All on one day: they are drawn among each other again.
    await passes(town, timedelta(days=31))
    await drawn(town)
    assert "Geloot wordt tussen allemaal" in town.platform.where("sport")[-2]


async def test_how_often_somebody_has_it_drawn_is_bounded(town: Town) -> None:
    for _ in range(MOST_DRAWN):
        await drawn(town, '!thema loot --waarom "nog eens"')
    assert f"al {MOST_DRAWN} keer loten" in await town.say("anna", '!thema loot --waarom "nog eens"')


# --- who can be drawn, and who can ask ---


async def test_who_declines_or_left_or_was_put_out_is_in_no_list(town: Town) -> None:
    for name in ("dora", "fien"):
        await town.say(name, "!thema doe mee")
    await town.say("anna", "!thema loot")
    await pressed(town, "ben", "theme skip-me", theme="sport")
    await town.say("cas", "!thema volg")
    del town.platform.present["dora", "sport"]
    await town.core.parted(Place(PLATFORM, "sport"), ["dora"])
    await passes(town, OPEN_FOR)
    assert await names_in(town, 1) == ["anna", "fien"]


async def test_two_who_both_declined_do_so_once_linking_is_undone(town: Town) -> None:
    for name in ("ben", "cas"):
        await town.say(name, "!thema loot niet")
    await town.parted("cas", await town.linked("ben", "cas"))
    assert "Alleen anna kan geloot worden" in await town.say("anna", "!thema loot")
    # As one person they say so once for both.
    brought = await town.linked("ben", "cas")
    await town.say("ben", "!thema loot mee")
    await town.parted("cas", brought)
    assert "wordt geloot" in await town.say("anna", "!thema loot")


async def test_nobody_left_calls_it_off_and_another_can_be_asked(town: Town) -> None:
    await town.say("anna", "!thema loot")
    for name in ("anna", "ben"):
        await town.say(name, "!thema loot niet")
    await passes(town, OPEN_FOR, READ_FOR)
    assert "gaat niet door" in town.platform.where("sport")[-1]
    assert "Alleen cas kan geloot worden" in await town.say("cas", "!thema loot")
    await town.say("cas", "!thema loot niet")
    assert "Nog niemand in “sport” kan geloot worden" in await town.say("cas", "!thema loot")
    await town.say("anna", "!thema loot mee")
    await town.say("ben", "!thema loot mee")
    assert "wordt geloot" in await town.say("anna", "!thema loot")


async def test_only_who_takes_part_or_moderates_has_it_drawn(town: Town) -> None:
    assert "Alleen wie meedoet" in await town.say("dora", "!thema loot")
    await town.say("dora", "!thema volg")
    assert "Alleen wie meedoet" in await town.say("dora", "!thema loot")
    assert "ken ik niet" in await town.say("eva", "!thema loot sport", room="raad")
    town.platform.silenced.add(("ben", "sport"))
    assert "mag je zelf niets schrijven" in await town.say("ben", "!thema loot sport", room="raad")
    assert "wordt geloot" in await town.say("mia", "!thema loot")


async def test_what_nobody_can_read_is_not_drawn(town: Town) -> None:
    """Of a theme that was opened, and whose channel is not there yet."""

    def open_one(tx: Transaction) -> int:
        theme, sport = tx.places.open_theme("Verlichting"), tx.places.theme_named("sport")
        anna = tx.people.by_identity(Identity(PLATFORM, "anna"))
        assert anna
        proposal = tx.of(OPENINGS).propose(sport.id, theme.name, "Licht", anna.id, 1, NOW)
        tx.of(OPENINGS).end(proposal, "opened", theme.id)
        return theme.id

    number = await town.core.store.run(open_one)
    said = words_of(await pressed(town, "mia", "theme draw", theme=f"theme:{number}"))
    assert "heeft nog geen kanaal of kamer" in said


async def test_the_file_is_for_who_takes_part_and_only_of_what_is_over(town: Town) -> None:
    await town.say("anna", "!thema loot")
    assert "Die loting is er niet" in words_of(await pressed(town, "ben", "theme draw-file", draw=1))
    await passes(town, OPEN_FOR)
    assert "Die loting is er niet" in words_of(await pressed(town, "ben", "theme draw-file", draw=1))
    await passes(town, READ_FOR)
    (file,) = (await pressed(town, "ben", "theme draw-file", draw=1)).files
    assert (file.subject, file.form) == ("draw:1", "json")
    button = Button(text("typed", words=""), "theme draw-file", {"draw": 1})
    for number in (1, 99):
        button = replace(button, args={"draw": number})
        answer = await town.core.handle(replace(town.asked("eva", room="raad", button=button), pressed=True))
        assert answer
        assert "Die loting is er niet" in words_of(answer)
        assert not answer.files


# --- whose it is ---


async def number_of(town: Town, name: str) -> int:
    found = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name)))
    assert found
    return found.id


async def test_who_asked_for_it_is_not_handed_the_number_before_it_is_drawn(town: Town) -> None:
    await town.say("anna", "!thema loot")
    (row,) = (await town.core.export(await number_of(town, "anna")))["draws"]
    assert row["number"] is None
    await passes(town, OPEN_FOR, READ_FOR)
    (row,) = (await town.core.export(await number_of(town, "anna")))["draws"]
    assert row["number"] == (await get(town)).number


async def test_who_is_forgotten_is_a_resident_and_the_figure_stays(town: Town) -> None:
    first = await name_of(town, await drawn(town))
    before = await drawn(town, '!thema loot --waarom "zomaar een reden"', by=first)
    second = await name_of(town, before)
    for name in {first, second}:
        await town.core.forget(await number_of(town, name))
    await town.core.run_due()
    last = {said.key.split(":test:")[0]: said.words for said in town.platform.shown}
    assert "Waarom" not in last["draw:2:asked"]
    assert "Dit is een herhaling" in last["draw:2:asked"]
    after = await get(town, 2)
    assert (after.drawn, after.code, after.number) == (before.drawn, before.code, before.number)
    assert (after.asker, after.why) == (None, None)
    kept = await file_of(town, 2)
    assert first not in kept
    assert second not in kept
    # It can still be repeated.
    lot.check(lot.read(kept))
    assert json.loads(kept)["drawn"] == before.drawn


async def test_a_turn_is_of_whoever_two_accounts_are(town: Town) -> None:
    found = await drawn(town)
    who = await name_of(town, found)
    other = next(name for name in WHO if name != who)
    await town.say(other, "!thema loot niet")
    await town.core.link([Identity(PLATFORM, name) for name in (who, other)])
    turns = await town.core.store.run(lambda tx: tx.of(DRAWS).turns(found.theme))
    assert set(turns) == {await number_of(town, who)}
    people = await town.core.store.run(
        lambda tx: draw.candidates(town.core.dispatch.call_for_nobody(tx, ""), found.theme)
    )
    # Who does not want to be drawn as the one is not as the other.
    assert len(people) == 1
    assert await number_of(town, who) not in [one.id for one in people]
