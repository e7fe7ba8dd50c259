"""Who is one person by the configuration's lines, where accounts were linked by somebody's word as well."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.features.residents.link import VOUCHED, VOUCHED_FOR
from bot.features.residents.records import LINKS
from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from tests.bot.features.themes.test_propose import pressed, resident
from tests.bot.features.themes.test_rooms import later
from tests.bot.main.test_listed import MIA, people, roles, started
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Town


async def link(town: Town, elder: str, younger: str) -> int:
    """As `link._join` does, once both said yes."""
    both = [Identity(PLATFORM, name) for name in (elder, younger)]

    def work(tx: Transaction) -> int:
        stays, goes = [tx.people.by_identity(account) for account in both]
        assert stays
        assert goes
        assert stays.id < goes.id
        come = tx.people.accounts([goes.id])[goes.id]
        brought = tx.people.brought(goes.id, stays.id)
        person = town.core.features.link(tx, both)
        tx.people.set_apart(dict.fromkeys(both, stays.role))
        return tx.of(LINKS).add(person, come, brought, town.clock.now() + timedelta(days=1))

    return await town.core.store.run(work)


@pytest.mark.parametrize("line", ["", "ann cas"], ids=["no line", "a line"])
@pytest.mark.parametrize("how", ["undone by ben", "undone by ann", "ann unlinks", "ben unlinks"])
async def test_who_parted_from_somebody_is_not_one_with_whom_a_line_joined_to_them(
    database_url: str, how: str, line: str
) -> None:
    """Ben and Ann said yes to each other; then the configuration says that Ann has another account, Cas.
    Ben and Ann part: Cas is Ann's, and at the next start Ben is himself still.
    """
    async with started(database_url, MIA) as town:
        for name in ("ben", "ann", "cas"):
            await town.say(name, "!help")
        number = await link(town, "ben", "ann")
    lines = [MIA, (line, "resident")] if line else [MIA]
    async with started(database_url, *lines) as town:
        if line:
            assert await people(town, "ben", "ann", "cas") == [{"ben", "ann", "cas"}]
        match how:
            case "undone by ben":
                await pressed(town, "ben", "me link-undo", room=None, link=number)
            case "undone by ann":
                await pressed(town, "ann", "me link-undo", room=None, link=number)
            case _:
                await town.say(how.split()[0], "!ontkoppel --zeker", room=None)
        first = await people(town, "ben", "ann", "cas")
    async with started(database_url, *lines) as town:
        then = await people(town, "ben", "ann", "cas")
    with_ben = [next(who for who in found if "ben" in who) for found in (first, then)]
    assert with_ben == [{"ben"}, {"ben"}], (first, then)


@pytest.mark.parametrize("line", ["ann", "ann cas"], ids=["one account", "two accounts"])
@pytest.mark.parametrize("how", ["ben undoes", "ann undoes", "ann unlinks", "ann unlinks later"])
async def test_no_role_comes_back_to_who_parted(database_url: str, how: str, line: str) -> None:
    """The line makes Ann a moderator; she gets rid of Ben, within the day or later."""
    async with started(database_url, MIA) as town:
        for name in ("ben", "ann", "cas"):
            await town.say(name, "!help")
        number = await link(town, "ben", "ann")
        if how == "ann unlinks later":
            ben = await resident(town, "ben")
            await town.core.store.run(lambda tx: town.core.features.trust(tx, ben))
    lines = [MIA, (line, "moderator")]
    async with started(database_url, *lines) as town:
        if how.startswith("ann unlinks"):
            await town.say("ann", "!ontkoppel --zeker", room=None)
        else:
            await pressed(town, how.split()[0], "me link-undo", room=None, link=number)
    async with started(database_url, *lines) as town:
        assert await roles(town, "ann", "ben") == [Role.MODERATOR, Role.RESIDENT]


@pytest.mark.parametrize("line", ["ann", "ann cas"], ids=["one account", "two accounts"])
async def test_nobody_is_handed_or_forgets_an_account_that_a_line_gives_to_somebody_else(
    database_url: str, line: str
) -> None:
    """Ben undoes that he and Ann are one, and asks to be forgotten: Cas, of whom he knows nothing, is not."""
    async with started(database_url, MIA) as town:
        for name in ("ben", "ann", "cas"):
            await town.say(name, "!help")
        assert "ijsvogels" in await town.say("cas", "!mijn kennis ijsvogels")
        number = await link(town, "ben", "ann")
    async with started(database_url, MIA, (line, "resident")) as town:
        await pressed(town, "ben", "me link-undo", room=None, link=number)
        ben = await resident(town, "ben")
        theirs = repr({name: list(rows) for name, rows in (await town.core.export(ben)).items()})
        assert "ijsvogels" not in theirs
        await town.say("ben", "!vergeet mij --zeker", room=None)
        for _ in range(3):
            await later(town, timedelta(minutes=1))
        assert await people(town, "cas") == [{"cas"}]


@pytest.mark.parametrize("line", ["", "ann cas"], ids=["no line", "a line"])
async def test_what_was_undone_is_undone_though_a_line_came_and_went(database_url: str, line: str) -> None:
    async with started(database_url, MIA) as town:
        for name in ("ben", "ann", "cas"):
            await town.say(name, "!help")
        number = await link(town, "ben", "ann")
    async with started(database_url, *([MIA, (line, "resident")] if line else [MIA])):
        pass
    async with started(database_url, MIA) as town:
        assert len(await people(town, "ben", "cas")) == 2
        said = await pressed(town, "ben", "me link-undo", room=None, link=number)
        found = await people(town, "ben", "ann", "cas")
        assert len(found) == 3, (said, found)


@pytest.mark.parametrize("linked", [False, True], ids=["alone", "linked"])
@pytest.mark.parametrize("how", ["ann unlinks", "ben unlinks ann"])
async def test_whom_the_configuration_names_is_a_moderator_whoever_parts(
    database_url: str, how: str, linked: bool
) -> None:
    """Ann is named, and Ben was one with her for long; who is named no more than Ben moderates no more."""
    async with started(database_url, MIA, ("ann", "moderator")) as town:
        for name in ("ann", "ben"):
            await town.say(name, "!help")
        if linked:
            await link(town, "ann", "ben")
            ann = await resident(town, "ann")
            await town.core.store.run(lambda tx: town.core.features.trust(tx, ann))
            if how == "ann unlinks":
                await town.say("ann", "!ontkoppel --zeker", room=None)
            else:
                await town.say("ben", f"!ontkoppel --van ann --op {PLATFORM}:ann --zeker", room=None)
            assert len(await people(town, "ann", "ben")) == 2
        assert await roles(town, "ann", "ben") == [Role.MODERATOR, Role.RESIDENT]


@pytest.mark.parametrize("line", ["ann cas", "cas ann"])
@pytest.mark.parametrize("younger", ["ben", "ann"])
async def test_what_a_line_brought_goes_with_whom_it_names(
    database_url: str, younger: str, line: str
) -> None:
    """Whoever was here first of those whom somebody's word made one, and whichever account the line begins
    with; each has what was their own, and is called as they were.
    """
    elder = "ann" if younger == "ben" else "ben"
    async with started(database_url, MIA) as town:
        for name in (elder, younger, "cas"):
            await town.say(name, "!help")
            assert "woord" in await town.say(name, f"!mijn kennis {name}-woord")
        number = await link(town, elder, younger)
    async with started(database_url, MIA, (line, "organiser")) as town:
        await pressed(town, "ben", "me link-undo", room=None, link=number)
        assert await people(town, "ben", "ann", "cas") == [{"ben"}, {"ann", "cas"}]
        assert await words(town, "ben") == {"ben-woord"}
        assert await words(town, "ann") == {"ann-woord", "cas-woord"}
        assert [await called(town, name) for name in ("ben", "ann", "cas")] == ["ben", "Line 2", "Line 2"]
        assert await roles(town, "ben", "ann", "cas") == [Role.RESIDENT, Role.ORGANISER, Role.ORGANISER]
    async with started(database_url, MIA, (line, "organiser")) as town:
        assert await people(town, "ben", "ann", "cas") == [{"ben"}, {"ann", "cas"}]


async def words(town: Town, name: str) -> set[str]:
    kept = {table: list(rows) for table, rows in (await town.core.export(await resident(town, name))).items()}
    return {row["words"] for row in kept["profile_entries"]}


async def called(town: Town, name: str) -> str:
    found = await town.core.store.run(lambda tx: tx.people.by_identity(Identity(PLATFORM, name)))
    return found.name if found else ""


async def test_who_unlinks_reads_what_goes_along(database_url: str) -> None:
    async with started(database_url, MIA) as town:
        for name in ("ben", "ann"):
            await town.say(name, "!help")
        await link(town, "ben", "ann")
    async with started(database_url, MIA, ("ann cas", "resident")) as town:
        assert "meegaat" in await town.say("ann", "!ontkoppel", room=None)
        assert "meegaat" not in await town.say("ben", "!ontkoppel", room=None)


async def test_who_joined_one_of_a_line_while_it_was_apart_is_not_one_with_the_other(
    database_url: str,
) -> None:
    """A moderator unlinks an account of a line, which links with Dora; from the next start on it is back."""
    two = ("ben benny", "resident")
    async with started(database_url, MIA, two) as town:
        for name in ("ben", "benny", "dora"):
            await town.say(name, "!help")
        await town.say("mia", f"!ontkoppel --van ben --op {PLATFORM}:benny --zeker", room=None)
        await town.core.link([Identity(PLATFORM, name) for name in ("dora", "benny")])
        assert await people(town, "ben", "benny", "dora") == [{"ben"}, {"benny", "dora"}]
    async with started(database_url, MIA, two) as town:
        assert await people(town, "ben", "benny", "dora") == [{"ben", "benny"}, {"dora"}]


async def test_two_whom_the_configuration_names_are_not_linked_by_their_word(database_url: str) -> None:
    """It says that they are two, so from the next start on they would be."""
    async with started(database_url, MIA, ("ben", "resident")) as town:
        for name in ("mia", "ben"):
            await town.say(name, "!help")
        ben = await resident(town, "ben")
        await town.core.store.run(lambda tx: tx.uses.add(ben, VOUCHED, NOW + VOUCHED_FOR, "1"))
        said = await town.say("mia", "!koppel", room=None)
        code = re.findall(r"[2-9A-Z]{4}-[2-9A-Z]{4}", said)[0]
        assert "twee mensen" in await town.say("ben", f"!koppel {code}", room=None)
