"""What the configuration says of people holds while it says so: a line gone takes along what it gave."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.clock import HandClock
from bot.features.residents.records import LINKS
from bot.main.app import open_core
from bot.main.config import Config, DatabaseSection, ResidentSection
from bot.model.events import PutOut
from bot.model.people import FIRST_COMMUNITY, HOLDS, Identity, Place, Role
from bot.ports.storage import Transaction
from tests.bot.features.test_forgetting import every_text
from tests.bot.features.themes.test_guests import inside
from tests.bot.features.themes.test_rooms import MADE, OTHER, later, settle
from tests.chat import NOW
from tests.doubles.platform import PLATFORM, Platform, Town
from tests.doubles.polls import counted
from tests.postgres import keys_of

numbers = itertools.count(1, 1000)


@contextlib.asynccontextmanager
async def started(url: str, *lines: tuple[str, str]) -> AsyncIterator[Town]:
    """Plein, whose configuration has these residents: their accounts, and their role."""
    residents = tuple(
        ResidentSection.model_validate(
            {
                "name": f"Line {number}",
                "accounts": [f"{PLATFORM}:{name}" for name in accounts.split()],
                "role": role,
            }
        )
        for number, (accounts, role) in enumerate(lines, 1)
    )
    config = Config(database=DatabaseSection(url=url, keys=keys_of(url)), residents=residents)
    clock, platform = HandClock(NOW), Platform()
    async with open_core(config, clock) as core:
        await core.serve(platform)
        town = Town(core, platform, clock, next(numbers))
        await town.joined("sport")
        yield town


async def people(town: Town, *names: str) -> list[set[str]]:
    """Who of these is one person, by the order of names."""

    def read(tx: Transaction) -> list[set[str]]:
        found: dict[int, set[str]] = {}
        for name in names:
            if resident := tx.people.by_identity(Identity(PLATFORM, name)):
                found.setdefault(resident.id, set()).add(name)
        return list(found.values())

    return await town.core.store.run(read)


async def roles(town: Town, *names: str) -> list[Role]:
    return [await town.core.role_of(Identity(PLATFORM, name)) for name in names]


async def test_a_role_goes_with_its_line(database_url: str) -> None:
    async with started(database_url, ("mia", "moderator"), ("otto", "organiser")) as town:
        assert await roles(town, "mia", "otto") == [Role.MODERATOR, Role.ORGANISER]
        await town.say("ben", '!poll open "Wat?" A | B')
        assert "nu sluiten?" in await town.say("mia", "!poll close 1")
    async with started(database_url, ("otto", "resident")) as town:
        assert await roles(town, "mia", "otto") == [Role.RESIDENT, Role.RESIDENT]
        assert "is van iemand anders" in await town.say("mia", "!poll close 1 --sure")
        assert await town.core.store.run(lambda tx: tx.people.with_role(Role.ORGANISER)) == []


async def test_a_name_goes_with_its_line(database_url: str) -> None:
    async def shown(town: Town) -> str:
        def read(tx: Transaction) -> str:
            resident = tx.people.by_identity(Identity(PLATFORM, "mia"))
            return resident.name if resident else ""

        return await town.core.store.run(read)

    async with started(database_url, ("mia", "resident")) as town:
        await town.say("mia", "!help")
        assert await shown(town) == "Line 1"
    async with started(database_url) as town:
        await town.say("mia", "!help")
        assert await shown(town) == "mia"


async def test_accounts_are_parted_when_their_line_goes(database_url: str) -> None:
    """The ballot stays with the account that stood first in it; each may vote for itself from then on."""
    async with started(database_url) as town:
        for name in ("anna", "anna-too"):
            await town.say(name, "!reminders on")
        await town.say("ben", '!poll open "Wat?" A | B')
    async with started(database_url, ("anna anna-too", "moderator")) as town:
        assert await people(town, "anna", "anna-too") == [{"anna", "anna-too"}]
        await town.say("anna-too", "!vote 2")
    async with started(database_url) as town:
        assert await people(town, "anna", "anna-too") == [{"anna"}, {"anna-too"}]
        assert await roles(town, "anna", "anna-too") == [Role.RESIDENT, Role.RESIDENT]
        assert "Jij koos B" in await town.say("anna", "!poll show 1")
        assert "Je stemde nog niet" in await town.say("anna-too", "!poll show 1")
        assert "je koos A" in await town.say("anna-too", "!vote 1")
        assert await town.core.store.run(lambda tx: counted(tx, 1)) == (2, [1, 1])
        # Where each takes part is its own.
        mine = await town.core.store.run(
            lambda tx: [
                len(tx.people.parts(resident.id))
                for name in ("anna", "anna-too")
                if (resident := tx.people.by_identity(Identity(PLATFORM, name)))
            ]
        )
        assert mine == [1, 1]


async def test_one_account_leaves_a_line(database_url: str) -> None:
    async with started(database_url, ("a b c", "organiser")) as town:
        await town.say("c", "!help")
    async with started(database_url, ("b a", "organiser")) as town:
        assert await people(town, "a", "b", "c") == [{"a", "b"}, {"c"}]
        assert await roles(town, "a", "b", "c") == [Role.ORGANISER, Role.ORGANISER, Role.RESIDENT]


async def test_an_account_goes_from_one_line_to_another(database_url: str) -> None:
    async with started(database_url, ("a b", "moderator"), ("c d", "resident")) as town:
        assert await people(town, *"abcd") == [{"a", "b"}, {"c", "d"}]
    async with started(database_url, ("a", "moderator"), ("c d b", "resident")) as town:
        assert await people(town, *"abcd") == [{"a"}, {"b", "c", "d"}]
        assert await roles(town, *"abcd") == [Role.MODERATOR, Role.RESIDENT, Role.RESIDENT, Role.RESIDENT]


async def test_two_lines_never_make_one_person_of_two(database_url: str) -> None:
    """Not even of accounts that were one person's before, by whatever way."""
    async with started(database_url) as town:
        await town.say("a", "!help")
        await town.core.link([Identity(PLATFORM, name) for name in "abx"])
        assert await people(town, *"abx") == [{"a", "b", "x"}]
    async with started(database_url, ("a c", "moderator"), ("b d", "resident")) as town:
        assert await people(town, *"abcdx") == [{"a", "c"}, {"b", "d"}, {"x"}]
        assert await roles(town, *"acbdx") == [Role.MODERATOR] * 2 + [Role.RESIDENT] * 3


@pytest.mark.parametrize("whose", ["ben", "benny"])
@pytest.mark.parametrize("line", ["gone", "there", "of one"])
async def test_who_was_linked_with_one_of_a_line_is_no_person_with_the_other(
    database_url: str, whose: str, line: str
) -> None:
    """With which of the two Cas is one by his own word is not kept: where lines part them he is with none."""
    both = ("ben benny", "resident")
    async with started(database_url, MIA, both) as town:
        for name in ("ben", "benny", "cas"):
            await town.say(name, "!help")
        await town.core.link([Identity(PLATFORM, whose), Identity(PLATFORM, "cas")])
        assert await people(town, "ben", "benny", "cas") == [{"ben", "benny", "cas"}]
    lines = {"gone": [MIA], "there": [MIA, both], "of one": [MIA, ("ben", "organiser")]}
    async with started(database_url, *lines[line]) as town:
        found = await people(town, "ben", "benny", "cas")
        assert found == ([{"ben", "benny", "cas"}] if line == "there" else [{"ben"}, {"benny"}, {"cas"}])
        assert await roles(town, "cas") == [Role.RESIDENT]


async def test_the_same_lines_again_change_nothing(database_url: str) -> None:
    lines = (("a b", "moderator"), ("c", "organiser"))

    def everything(tx: Transaction) -> list[object]:
        kept = (tx.people.export(resident) for resident in range(1, 9))
        return [{table: [*rows] for table, rows in of.items()} for of in kept]

    async with started(database_url, *lines) as town:
        await town.say("b", "!help")
        before = await town.core.store.run(everything)
    async with started(database_url, *lines) as town:
        assert await town.core.store.run(everything) == before


# --- places ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", [None, "buurt"], ids=["taken out", "given to another theme"])
async def test_a_place_leaves_a_theme_with_its_line(database_url: str, elsewhere: str | None) -> None:
    """What its theme shows there stands still, and those who are in it have no part in the theme."""
    async with started(database_url) as town:
        await town.joined("oud")
        await town.say("anna", '!poll open "Geheim?" Ja | Nee')
        await town.say("ben", "!vote 1", room="oud")
        await town.core.run_due()
        assert {shown.where for shown in town.platform.shown} == {"sport", "oud"}
    async with started(database_url) as town:
        await town.core.joined(PLATFORM, Place(PLATFORM, "oud"), "oud", elsewhere)
        assert "is er voor jou niet" in await town.say("ben", "!poll show 1", room="oud")
        # What their other accounts were told of it, they were told of a place that it has no more.
        assert await parts(town, "ben") == {"oud"}
        await town.say("anna", "!vote 2")
        await town.say("anna", '!poll open "Nog geheimer?" Ja | Nee')
        await town.core.run_due()
        assert {shown.where for shown in town.platform.shown} == {"sport"}
        assert "Geheim?" in await town.say("anna", "!poll show 1")


async def test_a_place_that_never_had_a_line_keeps_its_own_theme(database_url: str) -> None:
    async with started(database_url) as town:
        await town.core.joined(PLATFORM, Place(PLATFORM, "straat"), "straat")
        await town.say("anna", '!poll open "Een bank?" Ja | Nee', room="straat")
    async with started(database_url) as town:
        await town.core.joined(PLATFORM, Place(PLATFORM, "straat"), "straat")
        assert "Een bank?" in await town.say("anna", "!poll show 1", room="straat")


async def test_a_place_that_moved_is_known_by_the_room_that_the_line_names(database_url: str) -> None:
    old, new, newer = (Place(PLATFORM, name) for name in ("oud", "nieuw", "nieuwer"))
    async with started(database_url) as town:
        await town.joined("oud")
        await town.core.moved(PLATFORM, old, new)
        assert await town.core.named_as(new) == "oud"
        await town.joined("nieuw")
        await town.core.moved(PLATFORM, new, newer)
        assert await town.core.named_as(newer) == "oud"
        await town.core.joined(PLATFORM, newer, "nieuwer")
        assert await town.core.named_as(newer) is None


async def parts(town: Town, name: str) -> set[str]:
    """The rooms of whose themes somebody has a part that still holds."""

    def read(tx: Transaction) -> set[str]:
        who = tx.people.by_identity(Identity(PLATFORM, name))
        assert who
        fresh = {theme for _, theme, part in tx.people.parts(who.id) if part.said_at > NOW - HOLDS}
        return {place.room_id for theme in fresh for place in tx.places.of_theme(theme)}

    return await town.core.store.run(read)


async def test_a_name_that_somebody_chose_goes_before_its_line(database_url: str) -> None:
    async def name(town: Town) -> str:
        def read(tx: Transaction) -> str:
            found = tx.people.by_identity(Identity(PLATFORM, "mia"))
            return found.name if found else ""

        return await town.core.store.run(read)

    async with started(database_url, ("mia", "resident")) as town:
        assert await name(town) == "Line 1"
        await town.say("mia", "!mijn naam Ann")
        assert await name(town) == "Ann"
    async with started(database_url, ("mia", "resident")) as town:
        assert await name(town) == "Ann"
        await town.say("mia", "!mijn naam --terug")
        assert await name(town) == "mia"
    async with started(database_url, ("mia", "resident")) as town:
        assert await name(town) == "Line 1"
    async with started(database_url) as town:
        await town.say("mia", "!help")
        assert await name(town) == "mia"


MIA = ("mia", "moderator")


async def with_a_theme(town: Town) -> None:
    for name in ("anna", "ben", "benny", "mia"):
        await town.say(name, "!help")
    await town.core.joined(PLATFORM, OTHER, "anders", community=FIRST_COMMUNITY, ours=True)
    await town.core.store.run(settle)
    assert "is er" in await town.say("mia", '!theme propose "Verlichting" Meer licht')
    for _ in range(3):
        await town.core.run_due()
    await town.say("ben", "!theme take part Verlichting")
    for _ in range(2):
        await later(town)


@pytest.mark.parametrize("how", ["line gone", "line there", "unlinked"])
async def test_an_account_that_no_line_makes_theirs_is_out(database_url: str, how: str) -> None:
    """By the word of Ben his second account was let in; that it is his no line says any more."""
    async with started(database_url, MIA, ("ben benny", "resident")) as town:
        await with_a_theme(town)
        assert {"ben", "benny"} <= inside(town)
        if how == "unlinked":
            await town.say("mia", f"!ontkoppel --van ben --op {PLATFORM}:benny --zeker", room=None)
            await later(town)
            assert "benny" not in inside(town)
            return
        there = set(town.platform.inside)
    lines = [MIA] if how == "line gone" else [MIA, ("ben benny", "resident")]
    async with started(database_url, *lines) as town:
        town.platform.inside |= there
        assert len(await people(town, "ben", "benny")) == (2 if how == "line gone" else 1)
        for _ in range(3):
            await later(town)
        assert ("benny" in inside(town)) is (how == "line there")


@pytest.mark.parametrize("how", ["line gone", "line there"])
async def test_who_was_put_out_stays_out_with_the_account_that_no_line_makes_theirs(
    database_url: str, how: str
) -> None:
    async with started(database_url, MIA, ("ben benny", "resident")) as town:
        await with_a_theme(town)
        await town.core.put_out(MADE, [PutOut("benny", "mia", "$1")])
        await later(town)
        assert "moderator" in await town.say("ben", "!theme take part Verlichting")
    lines = [MIA] if how == "line gone" else [MIA, ("ben benny", "resident")]
    async with started(database_url, *lines) as town:
        said = await town.say("ben", "!theme take part Verlichting")
        assert "moderator heeft je" in said, said


@pytest.mark.parametrize("out", ["ben", "benny", "bento"])
async def test_who_was_put_out_stays_out_with_each_account_that_no_line_makes_theirs(
    database_url: str, out: str
) -> None:
    three = ("ben", "benny", "bento")
    async with started(database_url, MIA, (" ".join(three), "resident")) as town:
        await town.say("bento", "!help")
        await with_a_theme(town)
        await town.core.put_out(MADE, [PutOut(out, "mia", "$1")])
        await later(town)
        for name in three:
            assert "moderator heeft je" in await town.say(name, "!theme take part Verlichting")
    async with started(database_url, MIA) as town:
        assert len(await people(town, *three)) == 3
        for name in three:
            said = await town.say(name, "!theme take part Verlichting")
            assert "moderator heeft je" in said, (name, said)


@pytest.mark.parametrize("parted", [False, True])
async def test_whom_lines_parted_is_forgotten_with_what_could_be_undone(
    database_url: str, parted: bool
) -> None:
    """Ben and Casimir said yes to each other; from the next start on a line names each of them."""
    async with started(database_url, MIA) as town:
        for name in ("ben", "casimir"):
            await town.say(name, "!help")
        both = [Identity(PLATFORM, name) for name in ("ben", "casimir")]

        def link(tx: Transaction) -> None:
            ben, cas = [tx.people.by_identity(account) for account in both]
            assert ben
            assert cas
            brought = tx.people.brought(cas.id, ben.id)
            person = town.core.features.link(tx, both)
            tx.of(LINKS).add(person, both[1:], brought, town.clock.now() + timedelta(days=1))

        await town.core.store.run(link)
    lines = [MIA, ("ben", "resident"), ("casimir", "resident")] if parted else [MIA]
    async with started(database_url, *lines) as town:
        assert len(await people(town, "ben", "casimir")) == (2 if parted else 1)
        await town.say("casimir", "!me forget --sure", room=None)
        for _ in range(3):
            await later(town, timedelta(minutes=1))
        left = await town.core.store.run(lambda tx: every_text(tx))
        assert "casimir" not in left
