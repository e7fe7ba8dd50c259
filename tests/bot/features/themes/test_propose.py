"""New themes: who proposes and supports them, what they may be called, and what nobody learns by that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NotOurs, TryLater
from bot.features.themes.propose import LIVES, MOST_PROPOSED
from bot.features.themes.records import OPENINGS, THEMES, Involvement, Proposal
from bot.model.homes import Home
from bot.model.message import Button, text
from bot.model.people import Identity, Place, Role
from bot.ports.storage import Transaction
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

HOME = Home(PLATFORM, "console.home", "corner", "Corner")
PROPOSE = '!thema voorstel "{}" Meer licht langs het pad'


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Anna, Ben, Cas and Dora are in one theme; Eva alone is in another."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        for room in ("sport", "raad"):
            await town.joined(room, theme=room)
        for name in ("anna", "ben", "cas", "dora"):
            await town.say(name, "!help")
        await town.say("eva", "!help", room="raad")
        await _choose_home(town)
        yield town


async def _choose_home(town: Town) -> None:
    def choose(tx: Transaction) -> None:
        who = tx.people.by_identity(Identity(PLATFORM, "mia"))
        assert who
        tx.communities.change(f"home.{PLATFORM}", HOME.kept(), who.id, NOW)

    await town.core.store.run(choose)


async def pressed(town: Town, name: str, command: str, room: str | None = "sport", **args: object) -> str:
    button = Button(text("typed", words=""), command, args)
    answer = await town.core.handle(replace(town.asked(name, room=room, button=button), pressed=True))
    assert answer
    return words_of(answer)


async def get(town: Town, number: int = 1) -> Proposal:
    found = await town.core.store.run(lambda tx: tx.of(OPENINGS).get(number))
    assert found
    return found


async def resident(town: Town, name: str) -> int:
    found = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name)))
    assert found
    return found.id


WHY = text("room.refused", code="full")


async def test_what_keeps_its_room_from_being_made_is_said(town: Town) -> None:
    """To who proposes it, who opens it and who has it made anew; not what a platform does not say."""
    town.platform.keeps[HOME.ref] = WHY
    asked = "pas een plek als een moderator dit oplost. Het platform weigert het (full)."
    assert asked in await town.say("anna", PROPOSE.format("Verlichting"))
    for name in ("ben", "cas"):
        assert "pas een plek" not in await town.say(name, "!thema steun")
    said = await town.say("dora", "!thema steun")
    assert "“Verlichting” is er." in said
    assert asked in said
    assert "pas een plek als dit opgelost is." in await town.say("mia", PROPOSE.format("Lampen"))
    town.platform.trouble[f"keeps:{HOME.ref}"] = [TryLater(1.0), ConnectionError(), NotOurs("elsewhere")]
    for name in ("Bomen", "Banken", "Paden"):
        assert "pas een plek" not in await town.say("mia", PROPOSE.format(name))
    town.platform.trouble[f"keeps:{HOME.ref}"] = [NotOurs("it is gone", WHY)]
    assert "pas een plek" in await town.say("mia", PROPOSE.format("Dieren"))


@pytest.mark.parametrize("kept", [False, True])
async def test_what_keeps_it_is_said_also_where_the_board_would_be_the_answer(town: Town, kept: bool) -> None:
    if kept:
        town.platform.keeps[HOME.ref] = WHY
    asked = town.asked("anna", PROPOSE.format("Verlichting"))
    await town.core.handle(replace(asked, by_post=True, beside=Place(PLATFORM, "sport"), acknowledged=True))
    await town.core.run_due()
    assert ("pas een plek" in "".join(town.platform.where("anna"))) is kept


async def test_three_others_open_it_and_whoever_proposed_it_pulls_it(town: Town) -> None:
    await town.say("anna", PROPOSE.format("Verlichting"))
    assert "stelde je zelf voor" in await town.say("anna", "!thema steun")
    for _ in range(2):
        await town.say("ben", "!thema steun")
    await town.say("cas", "!thema steun")
    assert (await get(town)).supporters == 2
    assert "“Verlichting” is er." in await town.say("dora", "!thema steun")
    await town.core.run_due()
    opened = (await get(town)).opened
    anna = await resident(town, "anna")
    assert await town.core.store.run(lambda tx: tx.of(THEMES).of(anna)) == {opened: Involvement.PULLS}
    assert "wordt niet meer voorgesteld" in await pressed(town, "ben", "theme support", proposal="proposal:1")
    # It is there for who is in no place of it yet.
    assert "Verlichting: 1 doet mee en anna trekt" in await town.say("eva", "!thema lijst", room="raad")


async def test_support_is_taken_back(town: Town) -> None:
    await town.say("anna", PROPOSE.format("Verlichting"))
    await town.say("ben", "!thema steun")
    assert "niet meer" in await pressed(town, "ben", "theme unsupport", proposal="proposal:1")
    assert "Je steunde “Verlichting” niet" in await pressed(
        town, "ben", "theme unsupport", proposal="proposal:1"
    )
    assert (await get(town)).supporters == 0


async def test_a_hidden_theme_is_found_out_by_no_name(town: Town) -> None:
    """Whoever proposes one called like it hears and sees what they would if there were none."""
    said = []
    for name in ("raad", "roda"):
        answer = await town.say("anna", PROPOSE.format(name))
        for who in ("ben", "cas", "dora"):
            answer += await town.say(who, f"!thema steun {name}")
        await town.core.run_due()
        answer += await town.say("ben", f"!thema toon {name}")
        said.append(answer.replace(name, "#"))
    assert said[0] == said[1]
    # And Eva's is hers alone still.
    (hidden,) = await town.core.store.run(
        lambda tx: [
            theme.id
            for theme in tx.places.themes()
            if Place(PLATFORM, "raad") in tx.places.of_theme(theme.id)
        ]
    )
    assert (await get(town, 1)).opened != hidden


async def test_of_what_is_proposed_elsewhere_nobody_hears(town: Town) -> None:
    await town.say("eva", PROPOSE.format("Geheim"), room="raad")
    answers, asked = [], []
    for given in ("proposal:1", "proposal:99", "Geheim", "Nergens"):
        town.platform.asked.clear()
        answers.append((await pressed(town, "ben", "theme support", proposal=given)).replace(given, "#"))
        asked.append(list(town.platform.asked))
    assert answers[0] == answers[1]
    assert answers[2] == answers[3]
    assert "Je stelde “Geheim” voor" in await town.say("anna", PROPOSE.format("Geheim"))
    assert (await get(town)).supporters == 0


# How a name of "Café's" can look like it to a reader.
ALIKE = (
    "café's",
    "Cafe's",
    "CAFÉ’S",
    "\N{CYRILLIC CAPITAL LETTER ES}afé's",
    "Cafe\N{COMBINING ACUTE ACCENT}'s",
)


@pytest.mark.parametrize("propose", ['!thema voorstel "{}" Koffie', '!theme propose "{}" Coffee'])
@pytest.mark.parametrize(
    ("name", "key"),
    [
        *((name, "theme.there") for name in ALIKE),
        ("a", "theme.bad_name"),
        ("a" * 61, "theme.bad_name"),
        ("Licht\N{ZERO WIDTH SPACE}pad", "typed.unseen"),
        ("\N{HANGUL FILLER}\N{HANGUL FILLER}", "typed.unseen"),
        ("🎉🎉", "theme.bad_letters"),
        ("2026", "theme.bad_letters"),
        ("!peiling", "theme.bad_letters"),
        ("theme:3", "theme.bad_letters"),
        ("thema lijst", "theme.is_command"),
        ("Theme List", "theme.is_command"),
        ("vergeet mij", "theme.is_command"),
        ("me forget", "theme.is_command"),
    ],
)
async def test_what_no_theme_can_be_called_is_said_and_proposes_nothing(
    town: Town, propose: str, name: str, key: str
) -> None:
    await town.say("anna", PROPOSE.format("Café's"))
    answer = await town.core.handle(town.asked("ben", propose.format(name)))
    assert answer
    assert answer.lines[0].key == key
    assert [found.name for found in await town.core.store.run(lambda tx: tx.of(OPENINGS).open())] == [
        "Café's"
    ]


async def test_nobody_supports_what_lapsed_or_was_taken_back(town: Town) -> None:
    for how in ("lapsed", "withdrawn"):
        await town.say("anna", PROPOSE.format(how))
        number = (await town.core.store.run(lambda tx: tx.of(OPENINGS).open()))[0].id
        if how == "withdrawn":
            await town.say("anna", "!thema trek in")
        else:
            town.clock.turn_to(town.clock.now() + LIVES)
            await town.core.run_due()
        for command in ("theme support", "theme unsupport", "theme withdraw"):
            said = await pressed(town, "ben", command, proposal=f"proposal:{number}")
            assert f"“{how}” wordt niet meer voorgesteld" in said
        assert (await get(town, number)).supporters == 0


async def test_proposing_again_and_again_is_bounded(town: Town) -> None:
    for number in range(MOST_PROPOSED):
        assert "Je stelde" in await town.say("anna", PROPOSE.format("abcdef"[number] * 5))
    assert f"al {MOST_PROPOSED} thema’s" in await town.say("anna", PROPOSE.format("zzzzz"))


async def test_who_may_not_write_there_proposes_nothing(town: Town) -> None:
    town.platform.silenced.add(("anna", "sport"))
    asked = replace(town.asked("anna", PROPOSE.format("Verlichting")), writes=False)
    answer = await town.core.handle(asked)
    assert answer
    assert "mag je zelf niets schrijven" in words_of(answer)


async def test_who_is_forgotten_supports_nothing_and_proposed_it_as_nobody(town: Town) -> None:
    await town.say("anna", PROPOSE.format("Verlichting"))
    await town.say("ben", "!thema steun")
    await town.core.run_due()
    for name in ("anna", "ben"):
        await town.core.forget(await resident(town, name))
    await town.core.run_due()
    found = await get(town)
    assert (found.supporters, found.proposer) == (0, None)
    assert "Voorgesteld door een bewoner." in town.platform.where("sport")[-1]
    town.clock.turn_to(town.clock.now() + LIVES)
    await town.core.run_due()
    assert (await get(town)).state == "lapsed"


async def test_two_accounts_of_one_person_support_it_once(town: Town) -> None:
    await town.say("anna", PROPOSE.format("Verlichting"))
    for name in ("ben", "cas"):
        await town.say(name, "!thema steun")
    await town.core.link([Identity(PLATFORM, name) for name in ("ben", "cas")])
    assert (await get(town)).supporters == 1
    # Nor do they support what they proposed as the other.
    await town.core.link([Identity(PLATFORM, name) for name in ("anna", "ben")])
    assert (await get(town)).supporters == 0


async def test_who_leaves_a_person_supports_nothing_beside_them(town: Town) -> None:
    """Neither as a new resident, nor with somebody else, nor once they are forgotten."""
    await town.say("anna", PROPOSE.format("Verlichting"))
    await town.say("ben", "!thema steun")
    await town.linked("ben", "cas")
    await town.parted("cas")
    said = await town.say("cas", "!thema steun")
    assert "telde je al mee voor “Verlichting”" in said
    assert (await get(town)).supporters == 1
    await town.say("dora", "!thema steun")
    await town.linked("dora", "cas")
    assert (await get(town)).supporters == 1
    assert "telde je al mee" in await town.say("dora", "!thema steun")
    await town.core.forget(await resident(town, "dora"))
    assert "telde je al mee" in await town.say("cas", "!thema steun")
    # Dora's own account never had a say with Ben.
    assert "Je steunt “Verlichting”" in await town.say("dora", "!thema steun")
    # With the one whose support it is they are one again, and once it is over nothing is left of it.
    await town.linked("ben", "cas")
    assert "Je steunt “Verlichting” al" in await town.say("cas", "!thema steun")
    await town.say("anna", "!thema trek in")
    assert await town.core.store.run(lambda tx: tx.of(OPENINGS).held_by(1)) == []
    await town.say("anna", PROPOSE.format("Verlichting"))
    assert "Je steunt “Verlichting”" in await town.say("dora", "!thema steun")


async def test_who_leaves_whoever_proposed_it_does_not_support_it(town: Town) -> None:
    await town.linked("anna", "cas")
    await town.say("anna", PROPOSE.format("Verlichting"))
    await town.parted("cas")
    assert "telde je al mee voor “Verlichting”" in await town.say("cas", "!thema steun")
    assert (await get(town)).supporters == 0
    # A moderator does not support it: they open it.
    cas = Identity(PLATFORM, "cas")
    await town.core.store.run(lambda tx: tx.people.grant(cas, Role.MODERATOR))
    assert "is er" in await town.say("cas", "!thema steun")


async def test_support_stays_with_the_elder_when_linking_is_undone(town: Town) -> None:
    await town.say("anna", PROPOSE.format("Verlichting"))
    await town.say("cas", "!thema steun")
    await town.parted("cas", await town.linked("ben", "cas"))
    assert (await get(town)).supporters == 1
    assert "telde je al mee" in await town.say("cas", "!thema steun")
    assert "steunt “Verlichting” niet meer" in await pressed(
        town, "ben", "theme unsupport", proposal="proposal:1"
    )


async def test_what_two_proposed_by_one_name_opens_once(town: Town) -> None:
    """Neither knew of the other's."""
    await town.say("eva", PROPOSE.format("Verlichting"), room="raad")
    await town.say("anna", PROPOSE.format("verlichting"))
    assert "is er" in await pressed(town, "mia", "theme support", proposal="proposal:1")
    assert "Intussen is er al een thema" in await pressed(town, "mia", "theme support", proposal="proposal:2")
    assert (await get(town, 2)).state == "open"


async def test_nobody_is_a_stranger_since_a_theme_has_a_room_that_plein_made(database_url: str) -> None:
    """Where the configuration names no places, all are the community's own."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        for room in ("sport", "raad"):
            await town.core.joined(town.platform.account, Place(PLATFORM, room), room, None, None)
        await town.say("mia", "!help")
        await _choose_home(town)
        assert "Niemand" in await town.say("eva", "!wie weet geluid", room="raad")
        await town.say("mia", PROPOSE.format("Verlichting"))
        await town.core.run_due()
        assert town.platform.rooms
        assert "Niemand" in await town.say("eva", "!wie weet geluid", room="raad")


async def test_who_proposed_it_was_forgotten_and_is_back_does_not_support_it(town: Town) -> None:
    await town.say("anna", PROPOSE.format("Verlichting"))
    town.clock.turn(timedelta(minutes=1))
    await town.say("anna", "!vergeet mij --zeker", room=None)
    for _ in range(3):
        await town.core.run_due()
        town.clock.turn(timedelta(minutes=1))
    await town.say("anna", "!thema steun Verlichting")
    assert (await get(town)).supporters == 0
    await town.say("ben", "!thema steun Verlichting")
    assert (await get(town)).supporters == 1
