"""Newcomers are welcomed once, where they came in, and a crowd of them makes one message."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.features.themes.standing import show_standing
from bot.model.events import Came
from bot.model.homes import Home
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role
from bot.ports.storage import Transaction
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Town, open_town

HOME = Home(PLATFORM, "console.home", "corner", "Corner")


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    """Mia moderates, and opened two themes."""
    async with open_town(database_url, moderators=("mia",), board_rest=0) as town:
        await town.joined("sport", theme="sport")
        await town.say("mia", "!help")
        await settle(town)
        for name in ("Fietspad", "Muziek"):
            await town.say("mia", f'!thema voorstel "{name}" Iedereen helpt mee')
        yield town


async def settle(town: Town, home: str | None = HOME.kept()) -> None:
    def keep(tx: Transaction) -> None:
        who = tx.people.by_identity(Identity(PLATFORM, "mia"))
        assert who
        tx.communities.change(f"home.{PLATFORM}", home, who.id, NOW)

    await town.core.store.run(keep)


async def come(town: Town, *names: str, room: str = "sport") -> list[tuple[str, str]]:
    """Who was welcomed where because of that, and with which words."""
    people = tuple(Identity(PLATFORM, name) for name in names)
    town.platform.present.update({(name, room): Role.RESIDENT for name in names})
    before = len(town.platform.shown)
    await town.core.came(Came(Place(PLATFORM, room), people))
    await town.core.run_due()
    return [(one.where, one.words) for one in town.platform.shown[before:] if "Welkom" in one.words]


async def test_a_newcomer_is_welcomed_once_where_they_came_in(town: Town) -> None:
    ((where, words),) = await come(town, "anna")
    assert where == "sport"
    assert "anna" not in words
    for later in (timedelta(), timedelta(hours=2), timedelta(days=100)):
        town.clock.turn(later)
        assert not await come(town, "anna")


async def test_what_is_offered_is_pressed_and_taken(town: Town) -> None:
    await come(town, "anna")
    key = next(shown.key for shown in town.platform.shown if "Welkom" in shown.words)
    said = await town.core.message_at(town.platform.account, f"${key}")
    assert said
    assert [button.label.values["words"] for button in said.buttons] == ["Muziek", "Fietspad"]
    answer = await town.core.handle(town.asked("anna", button=said.buttons[1]))
    assert answer
    assert answer.lines[0].key == "theme.now.takes_part"


async def test_a_thousand_of_them_make_one_message(town: Town) -> None:
    assert len(await come(town, *(f"raid{number}" for number in range(500)))) == 1
    assert not await come(town, *(f"raid{number}" for number in range(500, 1_000)))
    town.clock.turn(timedelta(hours=1))
    assert len(await come(town, "anna")) == 1


async def test_in_private_only_who_talks_there_already_and_first_what_concerns_them(town: Town) -> None:
    await town.joined("raad", theme="raad")
    await town.say("anna", "!help", room=None)
    await town.say("ben", "!help", room=None)

    def note(tx: Transaction) -> None:
        from bot.features.residents.records import PROFILES, About

        who = tx.people.by_identity(Identity(PLATFORM, "anna"))
        assert who
        tx.of(PROFILES).add(who.id, About.INTERESTS, ["fiets"], shown=False)

    await town.core.store.run(note)
    ((where, _),) = await come(town, "anna", room="raad")
    assert where == "anna"
    key = next(shown.key for shown in town.platform.shown if "Welkom" in shown.words)
    said = await town.core.message_at(town.platform.account, f"${key}")
    assert said
    assert said.buttons[0].label.values["words"] == "Fietspad"
    assert not await come(town, "anna")


async def test_what_is_for_one_is_in_the_language_they_chose_and_one_for_several_in_the_communitys(
    town: Town,
) -> None:
    """Also where one who chose another comes with those who chose none; and alone."""
    for name, language in (("anna", "en"), ("ben", "en"), ("cas", "nl")):
        await town.say(name, f"!taal {language}", room=None)
    found = await in_languages(town, await come(town, "anna", "dora", "eva"))
    assert found == {"anna": "en", "sport": "nl"}
    for name, language in (("ben", "en"), ("cas", "nl")):
        assert await in_languages(town, await come(town, name)) == {name: language}
    await town.say("mia", "!gemeenschap stel in taal en")
    town.clock.turn(timedelta(hours=1))
    assert await in_languages(town, await come(town, "fien", "gust")) == {"sport": "en"}


async def in_languages(town: Town, welcomes: list[tuple[str, str]]) -> dict[str, str]:
    """Where each was welcomed, and in which language a platform says it there."""
    to = [Place(PLATFORM, where) if where == "sport" else Identity(PLATFORM, where) for where, _ in welcomes]
    return {where: await town.core.voice_of(one) for (where, _), one in zip(welcomes, to, strict=True)}


async def test_who_uses_plein_in_the_community_is_no_newcomer(town: Town) -> None:
    await town.joined("raad", theme="raad")
    await town.say("anna", "!help", room="sport")
    assert not await come(town, "anna", room="raad")


async def test_without_a_home_or_themes_nobody_is_welcomed(town: Town) -> None:
    await settle(town, None)
    assert not await come(town, "anna")
    await settle(town)
    assert len(await come(town, "anna")) == 1


async def test_who_comes_into_the_space_itself_is_welcomed_in_its_first_place_and_nowhere_again(
    town: Town,
) -> None:
    """Not in a theme's own; and of a space that is nobody's home nobody is."""
    await town.joined("raad", theme="raad")
    assert await come(town, "anna", room="elsewhere") == []
    ((where, _),) = await come(town, "anna", room=HOME.ref)
    assert where == "sport"
    town.clock.turn(timedelta(hours=2))
    assert not await come(town, "anna", room="raad")


async def test_what_says_that_somebody_was_welcomed_ends_with_the_hour(town: Town) -> None:
    def notes(tx: Transaction) -> list[str]:
        return [name for name in tx.kept.all("") if name.startswith("welcome ")]

    await come(town, "anna")
    assert len(await town.core.store.run(notes)) == 1
    town.clock.turn(timedelta(hours=1))
    await town.core.run_due()
    assert await town.core.store.run(notes) == []


async def test_where_nobody_tells_who_comes_it_stands_pinned_and_is_brought_by_the_first_word(
    town: Town,
) -> None:
    """It says which themes there are by then, and nobody is welcomed twice for that."""
    place = Place(PLATFORM, "sport")

    async def unseen(*names: str, privately: bool = False) -> list[tuple[str, str]]:
        people = tuple(Identity(PLATFORM, name) for name in names)
        before = len(town.platform.shown)
        await town.core.came(Came(place, people, unseen=True, privately=privately))
        await town.core.run_due()
        return [(one.where, one.how) for one in town.platform.shown[before:] if "Welkom" in one.words]

    assert await unseen() == [("sport", "send")]
    assert await unseen() == []
    assert await offered(town) == ["Muziek", "Fietspad"]
    await town.say("mia", '!thema hernoem "Zang" Muziek')
    await town.core.run_due()
    assert await offered(town) == ["Zang", "Fietspad"]
    assert [where for where, _ in await unseen("anna")] == ["sport"]
    assert [where for where, _ in await unseen("ben", privately=True)] == ["ben"]
    assert await unseen("anna", "ben", "mia") == []
    assert await come(town, "anna") == []


async def offered(town: Town) -> list[str]:
    """In what stands pinned."""
    shown = await town.core.store.run(
        lambda tx: show_standing(town.core.dispatch.call_for_nobody(tx, ""), "")
    )
    assert shown
    return [str(button.label.values["words"]) for button in shown.buttons]


async def test_nothing_is_kept_of_them_but_a_mark(town: Town) -> None:
    """For a year at the most, and of so many."""
    from bot.features.themes.records import WELCOMES
    from storage.themes import welcomes

    await come(town, "anna")

    def kept(tx: Transaction) -> int:
        assert tx.people.by_identity(Identity(PLATFORM, "anna")) is None
        return len(tx.of(WELCOMES).first([Identity(PLATFORM, "anna")], town.clock.now()))

    assert await town.core.store.run(kept) == 0
    town.clock.turn(welcomes.KEPT_FOR + timedelta(days=1))
    await come(town, "ben")
    assert await town.core.store.run(kept) == 1


async def test_only_so_many_marks_are_kept(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from bot.features.themes.records import WELCOMES

    def first(tx: Transaction, *names: str) -> int:
        people = [Identity(PLATFORM, name) for name in names]
        return len(tx.of(WELCOMES).first(people, town.clock.now()))

    assert await town.core.store.run(lambda tx: first(tx, "anna", "ben", "anna")) == 2
    assert await town.core.store.run(lambda tx: first(tx, "ben", "cas")) == 1


async def test_where_it_is_the_communitys_own_place_no_more_nothing_new_stands(town: Town) -> None:
    first = town.core.communities.configured(FIRST_COMMUNITY)
    town.core.communities.serve({FIRST_COMMUNITY: replace(first, names_places=True)})
    place = Place(PLATFORM, "anders")
    for ours in (True, False):
        await town.core.joined(PLATFORM, place, "anders", community=FIRST_COMMUNITY, ours=ours)
        if ours:
            await town.core.came(Came(place, (), unseen=True))
            await town.core.run_due()
        before = len(town.platform.shown)
        await town.say("mia", f'!thema voorstel "Lampen {ours}" Iedereen helpt mee')
        town.clock.turn(timedelta(minutes=1))
        await town.core.run_due()
        found = [shown for shown in town.platform.shown[before:] if "Welkom" in shown.words]
        assert bool(found) is ours, found
