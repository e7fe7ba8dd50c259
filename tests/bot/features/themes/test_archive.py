"""A theme is archived with what is open in it, and opened again; who pulled it is named if they agree."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.errors import NotNow, TryLater, UserError
from bot.features.themes.archive import MOST_ARCHIVED
from bot.features.themes.records import DRAWS, TERMS
from bot.model.people import Place
from tests.bot.features.themes.test_guests import inside
from tests.bot.features.themes.test_propose import pressed
from tests.bot.features.themes.test_rooms import BIND, MADE, OTHER, later, state, theme
from tests.bot.features.themes.test_rooms import town as town
from tests.doubles.platform import PLATFORM, Town

__all__ = ["town"]
ARCHIVE, REOPEN = "!thema archiveer Verlichting --zeker", "!thema heropen Verlichting"
SUMMARY = "“Verlichting” is gearchiveerd\n"
SOON = timedelta(minutes=1)


def in_its_room(town: Town) -> list[str]:
    return town.platform.where(MADE.room_id)


def summaries(town: Town) -> list[str]:
    """What the summary said, each time that it was shown."""
    return [said for said in in_its_room(town) if said.startswith(SUMMARY)]


@pytest.fixture
async def archived(town: Town) -> Town:
    """With two who take part."""
    await town.say("ben", "!thema meedoen Verlichting")
    await town.core.run_due()
    assert "“Verlichting” is gearchiveerd." in await town.say("anna", ARCHIVE)
    await later(town, SOON)
    return town


async def test_nothing_is_done_before_they_are_sure(town: Town) -> None:
    said = await town.say("anna", "!thema archiveer Verlichting")
    assert "“Verlichting” archiveren?" in said
    assert "nog open" not in said
    await town.say("anna", '!peiling open "Lampen?" Ja | Nee', room=MADE.room_id)
    assert "Lampen?" in await town.say("anna", "!thema archiveer Verlichting")
    await later(town, SOON)
    assert (await theme(town)).name == "Verlichting"
    assert MADE.room_id not in town.platform.rules


async def test_only_who_looks_after_it_archives_and_reopens(archived: Town) -> None:
    assert "trekt of er modereert" in await archived.say("ben", REOPEN)
    assert "is heropend" in await archived.say("mia", REOPEN)
    assert "trekt of er modereert" in await archived.say("ben", ARCHIVE)


async def test_it_is_meant_before_a_channel_that_is_called_as_it_was(archived: Town) -> None:
    await archived.core.joined(PLATFORM, Place(PLATFORM, "corner/other"), "Verlichting")
    assert "is heropend" in await archived.say("mia", REOPEN, room="corner/other")


async def test_its_room_is_closed_and_open_again(archived: Town) -> None:
    assert archived.platform.rules[MADE.room_id] == "nobody"
    assert (await state(archived)).called == "Verlichting (gearchiveerd)"
    assert len(summaries(archived)) == 1
    await archived.say("anna", REOPEN)
    await later(archived, SOON)
    assert archived.platform.rules[MADE.room_id] == "everybody"
    assert (await state(archived)).called == "Verlichting"
    assert "Intussen is het heropend." in summaries(archived)[-1]
    assert any("Je kunt hier weer meepraten" in said for said in in_its_room(archived))


@pytest.mark.parametrize("when", ["look:corner/Verlichting", "shape:{}", "shaped:{}"])
@pytest.mark.parametrize(
    "trouble", [TryLater(5), ConnectionError("lost"), NotNow(), UserError("room.failed", error="x")]
)
async def test_whatever_goes_wrong_it_is_as_before_in_the_end(
    town: Town, when: str, trouble: Exception
) -> None:
    """What was done and not heard of is not taken for what was there before."""
    for words, name, rules in (
        (ARCHIVE, "Verlichting (gearchiveerd)", "nobody"),
        (REOPEN, "Verlichting", "everybody"),
        (ARCHIVE, "Verlichting (gearchiveerd)", "nobody"),
        (REOPEN, "Verlichting", "everybody"),
    ):
        town.platform.trouble[when.format(name)] = [trouble, trouble]
        await town.say("anna", words)
        for _ in range(3):
            await later(town)
        assert town.platform.rules[MADE.room_id] == rules
        assert (await state(town)).called == name


async def test_what_is_open_ends_with_it_and_is_in_the_summary(town: Town) -> None:
    for question in ("Lampen?", "Banken?"):
        await town.say("mia", f'!peiling open "{question}" Ja | Nee', room=MADE.room_id)
    await town.say("ben", "!stem 1 --peiling 1", room=MADE.room_id)
    planned = '!peiling open "Later?" Ja | Nee --opent "morgen 20u" --sluit "overmorgen 20u"'
    assert "Later?" in await town.say("mia", planned, room=MADE.room_id)
    await town.say("ben", "!thema meedoen Verlichting")
    await town.say("mia", "!thema meedoen Verlichting")
    assert "geloot" in await town.say("anna", "!thema loot", room=MADE.room_id)
    number = (await theme(town)).id
    assert await town.core.store.run(lambda tx: tx.of(DRAWS).under_way(number))
    said = await town.say("anna", "!thema archiveer Verlichting")
    for open_yet in ("Lampen?", "Banken?", "Later?", "Er wordt geloot"):
        assert open_yet in said
    await town.say("anna", ARCHIVE)
    for _ in range(3):
        await later(town, SOON)
    (summary,) = summaries(town)
    assert "“Lampen?”: Ja haalt het, met 1 stem." in summary
    assert "“Banken?”: " in summary
    assert "Later?" not in summary
    assert await town.core.store.run(lambda tx: tx.of(DRAWS).under_way(number)) is None
    await later(town, timedelta(days=3))
    assert not any("Later?" in said for said in in_its_room(town))


async def test_nothing_new_begins_in_it(archived: Town) -> None:
    """Also from elsewhere, and for who moderates."""
    for who in ("ben", "mia"):
        for words in (
            *("!thema volg Verlichting", "!thema trek Verlichting", "!thema loot Verlichting"),
            *('!thema hernoem "Lampen" Verlichting', "!thema maak Verlichting", ARCHIVE),
        ):
            said = await archived.say(who, words)
            assert "is gearchiveerd: daar kan niets nieuws" in said or "trekt of er modereert" in said, words
    poll = '!peiling open "Toch?" Ja | Nee'
    assert "Dat thema is gearchiveerd" in await archived.say("mia", poll, room=MADE.room_id)
    assert "is gearchiveerd" in await archived.say("mia", BIND, room=OTHER.room_id)


async def test_who_leaves_it_is_out_and_who_comes_waits(archived: Town) -> None:
    assert inside(archived) == {"anna", "ben"}
    assert "doet er niet meer aan mee" in await archived.say("ben", "!thema verlaat Verlichting")
    await later(archived, SOON)
    assert inside(archived) == {"anna"}
    await archived.say("anna", REOPEN)
    await later(archived, SOON)
    assert inside(archived) == {"anna"}


async def test_another_may_be_called_so_meanwhile(archived: Town) -> None:
    await archived.say("mia", '!thema voorstel "Verlichting" Lampen in de straat')
    assert "Lampen in de straat" in await archived.say("ben", "!thema toon Verlichting")
    said = await archived.say("mia", '!thema heropen "Verlichting (gearchiveerd)"')
    assert "Een ander thema heet intussen “Verlichting”" in said
    said = await archived.say(
        "mia", '!thema heropen "Verlichting (gearchiveerd)" --naam "Licht langs het pad"'
    )
    assert "“Licht langs het pad” is heropend." in said
    assert "niet gearchiveerd" in await archived.say("mia", "!thema heropen Licht langs het pad")


async def test_who_pulled_it_is_named_only_if_they_agree(archived: Town) -> None:
    assert "1 persoon trok het." in summaries(archived)[-1]
    assert "dat jij niet trok" in await pressed(archived, "ben", "theme name-me", archive=1)
    assert "Je naam staat bij" in await pressed(archived, "anna", "theme name-me", archive=1)
    await later(archived, SOON)
    assert "anna trok het." in summaries(archived)[-1]
    assert "staat niet bij" in await pressed(archived, "anna", "theme name-me", archive=1, hide=True)
    await later(archived, SOON)
    assert "anna" not in summaries(archived)[-1]


async def test_of_two_who_pulled_it_each_is_named_by_their_own_word(town: Town) -> None:
    await town.say("ben", "!thema meedoen Verlichting")
    await town.core.run_due()
    await pressed(town, "ben", "theme pull", theme="Verlichting")
    await pressed(town, "anna", "theme agree", pull=1)
    assert "is gearchiveerd" in await town.say("anna", ARCHIVE)
    await pressed(town, "anna", "theme name-me", archive=1)
    await later(town, SOON)
    assert "Getrokken door anna, en door nog 1 ander." in summaries(town)[-1]
    brought = await town.linked("anna", "ben")
    await later(town, SOON)
    # One of their accounts did not say that it may be said.
    assert "1 persoon trok het" in summaries(town)[-1]
    await pressed(town, "anna", "theme name-me", archive=1)
    await later(town, SOON)
    assert "anna trok het" in summaries(town)[-1]
    await town.parted("ben", brought)
    await later(town, SOON)
    assert "anna en ben trokken het" in summaries(town)[-1]


async def test_who_is_forgotten_is_named_no_more(archived: Town) -> None:
    await pressed(archived, "anna", "theme name-me", archive=1)
    await later(archived, SOON)
    await pressed(archived, "anna", "me forget", room=None, sure=True)
    await later(archived, SOON)
    assert "anna" not in summaries(archived)[-1]
    assert "trok het" not in summaries(archived)[-1]


async def test_a_term_waits_until_it_is_opened_again(archived: Town) -> None:
    number = (await theme(archived)).id
    (term,) = await archived.core.store.run(lambda tx: tx.of(TERMS).of_theme(number))
    archived.clock.turn_to(term.until + timedelta(days=1))
    await archived.core.run_due()
    assert await archived.core.store.run(lambda tx: tx.of(TERMS).of_theme(number))
    await archived.say("mia", REOPEN)
    await later(archived, SOON)
    assert not await archived.core.store.run(lambda tx: tx.of(TERMS).of_theme(number))
    assert any("de termijn is voorbij" in said for said in in_its_room(archived))


async def test_what_was_not_made_yet_is_made_once_it_is_open(town: Town) -> None:
    town.platform.trouble["room:Bos"] = [NotNow()]
    await town.say("mia", '!thema voorstel "Bos" Bomen')
    await town.core.run_due()
    await town.say("mia", "!thema archiveer Bos --zeker")
    await later(town)
    assert not any("Bos" in wanted.name for _, wanted in town.platform.rooms.values())
    await town.say("mia", "!thema heropen Bos")
    await later(town, SOON)
    assert [wanted.name for _, wanted in town.platform.rooms.values()].count("Bos") == 1


# --- how often, and by whom ---


async def test_nobody_archives_and_opens_again_without_end(town: Town) -> None:
    """Nor names it so: each time it would be said to all who are there."""
    number = (await theme(town)).id
    said = [
        [
            await town.say("anna", f"!thema archiveer theme:{number} --zeker"),
            await town.say("anna", f"!thema heropen theme:{number}"),
        ]
        for _ in range(MOST_ARCHIVED + 1)
    ]
    assert all("is heropend" in reopened for _, reopened in said[:-1])
    assert "Morgen kan het weer" in said[-1][0]


async def test_who_may_say_nothing_there_calls_it_nothing_by_opening_it_again(town: Town) -> None:
    town.platform.silenced |= {("anna", MADE.room_id), ("anna", "sport")}
    await town.say("anna", "!thema archiveer Verlichting --zeker", room=None)
    await later(town)
    await town.say("anna", '!thema heropen Verlichting --naam "Mia is een dief"', room=None)
    await later(town)
    assert "dief" not in (await theme(town)).name
    # As it was called it can be opened again.
    assert "is heropend" in await town.say("anna", "!thema heropen Verlichting", room=None)
