"""`community setup` on Matrix: a space for themes, chosen or made, on a homeserver that loses answers too."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest

from adapters.matrix.homes import Homes
from adapters.matrix.rooms import MADE_FOR_COMMUNITY
from adapters.matrix.session import Session
from adapters.matrix.sync import Sync
from bot.errors import UserError
from bot.model.message import text
from bot.model.people import Grounds
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person, Shown
from tests.plein import Plein
from tests.town import Resident, Town, numbers, says

SPACE: dict[str, Any] = {"creation_content": {"type": "m.space"}}
NAME = "Thema’s"


class Hall:
    """Plein on a homeserver, behind a proxy, and a moderator who talks with it."""

    def __init__(self, server: Homeserver, proxy: Proxy, plein: Plein, mo: Resident) -> None:
        self.server = server
        self.proxy = proxy
        self.plein = plein
        self.mo = mo
        self._account: Person | None = None

    async def told(self, words: str, *, timeout: float = 120) -> Shown:
        """What Mo is answered in private."""
        event = await self.mo.person.say(self.mo.direct, words)
        key = f"answer:matrix:{event}"
        return await says(self.mo.person, self.mo.direct, key=key, timeout=timeout)

    async def made(self, name: str = NAME) -> list[str]:
        """The spaces called so that Plein is in, as the homeserver itself says."""
        self._account = self._account or await self.server.person(self.plein.user_id[1:].partition(":")[0])
        found = []
        for room in (await self._account.request("GET", "joined_rooms"))["joined_rooms"]:
            create = await self._account.state(room, "m.room.create") or {}
            called = await self._account.state(room, "m.room.name") or {}
            if create.get("type") == "m.space" and called.get("name") == name:
                found.append(room)
        return found

    async def asked_in(self, room: str) -> bool:
        """Whether Mo is asked into a space, and can look after it once in."""
        await self.mo.person.join(room)
        levels = await self.mo.person.state(room, "m.room.power_levels")
        assert levels
        return bool(levels["users"][self.mo.person.user_id] == 100)


async def hall(
    server: Homeserver, proxy: Proxy, folder: Path, *, more: str = "", language: str = "nl"
) -> Hall:
    mo = await server.person(f"mo{next(numbers)}")
    account = f'accounts = ["matrix:{mo.user_id}"]\nrole = "moderator"\nname = "Mo"'
    residents = f"[[residents]]\n{account}\n" if "[[communities]]" not in more else ""
    more = more.replace("MODERATOR", account) + residents
    plein = await Plein.on(server, folder, f"plein{next(numbers)}", url=proxy.url, more=more)
    town = Town(server, plein)
    direct = await mo.create_room(invite=[plein.user_id], is_direct=True)
    await town.comes_to(mo, direct)
    found = Hall(server, proxy, plein, Resident(mo, direct))
    if language == "en":
        await found.told("!taal en")
    return found


async def test_a_conversation(homeserver: Homeserver, tmp_path: Path) -> None:
    """Nothing is made before the yes; then a space, once, for who asked to look after."""
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        offered = await at.told("!gemeenschap richt in")
        assert "Plein mist niets bij Voorbeeldgemeente" in offered.body
        assert "Waar thema’s op Matrix hun kanaal of kamer krijgen, is nog niet gekozen." in offered.body
        assert "Maak de space “Thema’s”" in offered.body
        assert "Ik maak de space “Thema’s”." in (await at.told("1")).body
        assert await at.made() == []
        assert "Gemaakt: de space “Thema’s”." in (await at.told("1")).body
        (space,) = await at.made()
        assert await at.asked_in(space)
        # Nobody comes in who was not asked, and what says whose it is stands in what cannot be changed.
        rules = await at.mo.person.state(space, "m.room.join_rules")
        assert rules == {"join_rule": "invite"}
        create = await at.mo.person.state(space, "m.room.create")
        assert create
        assert create[MADE_FOR_COMMUNITY] == 1
        for _ in range(2):
            again = (await at.told("!gemeenschap richt in")).body
            assert "Thema’s krijgen hun kanaal of kamer op Matrix in de space “Thema’s”." in again
            assert "Maak de space" not in again
            await at.plein.kill()
            await at.plein.start()
        assert await at.plein.stop() == 0
        assert await at.made() == [space]


async def test_a_conversation_in_english_and_a_space_that_is_there(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """It is chosen; Plein may put nothing into it yet, which is said, until it may. Gone, another is made."""
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path, language="en")
        mo = at.mo.person
        councils = await mo.create_room("Councils", invite=[at.plein.user_id], **SPACE)
        await Town(homeserver, at.plein).comes_to(mo, councils)
        offered = (await at.told("!community setup")).body
        assert "Choose the space “Councils”" in offered
        assert "Make the space “Thema’s”" in offered  # as the community speaks
        chosen = (await at.told("!community setup councils")).body
        assert "From now on themes get their channel or room on Matrix in the space “Councils”." in chosen
        assert "Plein has power 0 and 50 is needed to put rooms into it" in chosen
        levels = await mo.state(councils, "m.room.power_levels")
        assert levels
        users = {**levels["users"], at.plein.user_id: 50}
        await mo.send_state(councils, "m.room.power_levels", {**levels, "users": users})

        async def has() -> bool | None:
            return "has power" not in (await at.told("!community setup")).body or None

        await mo.wait_until(has)
        await mo.kick(councils, at.plein.user_id)

        async def gone() -> bool | None:
            said = (await at.told("!community setup")).body
            return "the space “Councils” on Matrix is gone" in said or None

        await mo.wait_until(gone)
        assert "There is no “Workgroups” yet." in (await at.told("!community setup Workgroups")).body
        assert "Made: the space “Workgroups”." in (await at.told("1")).body
        assert len(await at.made("Workgroups")) == 1
        assert await at.plein.stop() == 0


async def test_a_strangers_space_is_no_home_whatever_it_is_called(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Plein was asked into it. Nor one in which somebody has a say who does not moderate."""
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        town = Town(homeserver, at.plein)
        stranger = await homeserver.person(f"stranger{next(numbers)}")
        theirs = await stranger.create_room(NAME, invite=[at.plein.user_id], **SPACE)
        await town.comes_to(stranger, theirs)
        shared = await at.mo.person.create_room("Samen", invite=[at.plein.user_id], **SPACE)
        await town.comes_to(at.mo.person, shared)
        offered = (await at.told("!gemeenschap richt in")).body
        assert "Kies de space “Samen”" in offered
        assert f"Kies de space “{NAME}”" not in offered
        assert f"Maak de space “{NAME}”" in offered
        for words in (NAME, f"matrix:{theirs}"):
            assert "Vanaf nu" not in (await at.told(f'!gemeenschap richt in "{words}"')).body
        levels = await at.mo.person.state(shared, "m.room.power_levels")
        assert levels
        users = {**levels["users"], stranger.user_id: 50}
        await at.mo.person.send_state(shared, "m.room.power_levels", {**levels, "users": users})

        async def is_gone() -> bool | None:
            return "Samen" not in (await at.told("!gemeenschap richt in")).body or None

        await at.mo.person.wait_until(is_gone)
        assert await at.plein.stop() == 0


@pytest.mark.parametrize("how", ["number", "fraction", "everybody's", "another version"])
async def test_a_space_that_a_stranger_governs_is_no_home_however_its_levels_are_written(
    homeserver: Homeserver, tmp_path: Path, how: str
) -> None:
    """All its levels name the moderator, who never came into it; a homeserver reads more than numbers."""
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        stranger = await homeserver.person(f"stranger{next(numbers)}")
        mo = at.mo.person.user_id
        version = "org.matrix.hydra.11" if how == "another version" else "5"
        theirs = await stranger.create_room(NAME, invite=[at.plein.user_id], version=version, **SPACE)
        await Town(homeserver, at.plein).comes_to(stranger, theirs)
        written: dict[str, dict[str, Any]] = {
            "number": {"users": {stranger.user_id: 100, mo: 100}},
            "fraction": {"users": {stranger.user_id: 100.0, mo: 100}},
            "everybody's": {"users": {mo: 100}, "users_default": 100.0},
            # Whoever made it is above all, and no level names them.
            "another version": {"users": {mo: 100}},
        }
        levels = await stranger.state(theirs, "m.room.power_levels") or {}
        await stranger.send_state(theirs, "m.room.power_levels", {**levels, **written[how]})
        await is_no_home(at, theirs)
        # The homeserver lets them govern it.
        await stranger.send_state(theirs, "m.space.child", {"via": [homeserver.name]}, theirs)
        assert await at.plein.stop() == 0


async def is_no_home(at: Hall, space: str) -> None:
    assert f"Kies de space “{NAME}”" not in (await at.told("!gemeenschap richt in")).body
    assert "Vanaf nu" not in (await at.told(f'!gemeenschap richt in "matrix:{space}"')).body


async def test_a_space_that_a_stranger_takes_things_away_in_is_no_home(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """They may change none of its state, only take away what others put there, and put people out."""
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        stranger = await homeserver.person(f"stranger{next(numbers)}")
        mo = at.mo.person
        theirs = await stranger.create_room(NAME, invite=[at.plein.user_id, mo.user_id], version="5", **SPACE)
        await Town(homeserver, at.plein).comes_to(stranger, theirs)
        levels = await stranger.state(theirs, "m.room.power_levels") or {}
        less = {"users": {stranger.user_id: 49, mo.user_id: 100}, "redact": 49, "kick": 49, "ban": 49}
        await stranger.send_state(theirs, "m.room.power_levels", {**levels, **less})
        await is_no_home(at, theirs)
        await mo.join(theirs)
        child = await mo.send_state(theirs, "m.space.child", {"via": [homeserver.name]}, theirs)
        await stranger.redact(theirs, child)
        assert not await stranger.state(theirs, "m.space.child", theirs)
        await stranger.kick(theirs, at.plein.user_id)
        assert await at.plein.stop() == 0


async def test_part_of_the_communitys_own_space_is_what_both_say_and_its_moderators_look_after(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    async with Proxy(homeserver.url) as proxy:
        owner = await homeserver.person(f"owner{next(numbers)}")
        own = await owner.create_room("Dorp", public=True, **SPACE)
        levels = await owner.state(own, "m.room.power_levels") or {}
        anybody = {**levels, "events": {**levels.get("events", {}), "m.space.child": 0}}
        await owner.send_state(own, "m.room.power_levels", anybody)
        more = f'[[communities]]\nname = "Dorp"\nspaces = ["{own}"]\n[[communities.residents]]\nMODERATOR\n'
        at = await hall(homeserver, proxy, tmp_path, more=more)
        town = Town(homeserver, at.plein)
        await town.comes_to(owner, own)
        stranger = await homeserver.person(f"stranger{next(numbers)}")
        await stranger.join(own)
        via = {"via": [homeserver.name]}

        async def space(name: str, by: Person, put_by: Person, *, says_so: bool = True) -> str:
            room = await by.create_room(name, invite=[at.plein.user_id], **SPACE)
            await town.comes_to(by, room)
            if says_so:
                await by.send_state(room, "m.space.parent", via, own)
            await put_by.send_state(own, "m.space.child", via, room)
            return room

        raden = await space("Raden", owner, owner, says_so=False)
        await space("Ingevoegd", stranger, stranger)
        await space("Vergist", stranger, owner)
        await space("Dorpsraad", owner, stranger)
        offered = (await at.told("!gemeenschap richt in")).body
        assert "Kies de space “Dorp”" in offered
        for name in ("Raden", "Ingevoegd", "Vergist", "Dorpsraad"):
            assert name not in offered
        await owner.send_state(raden, "m.space.parent", via, own)
        # Whoever says that it was replaced by a room that says nothing of it leads nobody there.
        elsewhere = await stranger.create_room("Elders", public=True, **SPACE)
        await owner.send_state(raden, "m.room.tombstone", {"body": "", "replacement_room": elsewhere})
        await town.comes_to(owner, raden)
        offered = (await at.told("!gemeenschap richt in")).body
        assert "Kies de space “Raden”" in offered
        assert "Elders" not in offered
        assert "Vanaf nu" in (await at.told("!gemeenschap richt in raden")).body
        assert await at.plein.stop() == 0


async def test_who_moderates_another_community_looks_after_no_home_of_this_one(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """They govern a space along with its owner; it is a home once they do not any more."""
    async with Proxy(homeserver.url) as proxy:
        owner, other = [await homeserver.person(f"{name}{next(numbers)}") for name in ("owner", "other")]
        own, stad = [await owner.create_room(name, public=True, **SPACE) for name in ("Dorp", "Stad")]
        more = (
            f'[[communities]]\nname = "Dorp"\nspaces = ["{own}"]\n[[communities.residents]]\nMODERATOR\n'
            f'[[communities]]\nname = "Stad"\nspaces = ["{stad}"]\n[[communities.residents]]\n'
            f'accounts = ["matrix:{other.user_id}"]\nrole = "moderator"\nname = "Stads"\n'
        )
        at = await hall(homeserver, proxy, tmp_path, more=more)
        # In an older version, where levels name its maker as well.
        raden = await owner.create_room("Raden", invite=[at.plein.user_id], version="11", **SPACE)
        for space in (own, stad, raden):
            await Town(homeserver, at.plein).comes_to(owner, space)
        levels = await owner.state(raden, "m.room.power_levels") or {}
        users = {owner.user_id: 100, other.user_id: 99}
        await owner.send_state(raden, "m.room.power_levels", {**levels, "users": users})
        via = {"via": [homeserver.name]}
        await owner.send_state(raden, "m.space.parent", via, own)
        await owner.send_state(own, "m.space.child", via, raden)
        offered = (await at.told("!gemeenschap richt in")).body
        assert "Kies de space “Dorp”" in offered
        assert "Raden" not in offered
        await owner.send_state(raden, "m.room.power_levels", {**levels, "users": {owner.user_id: 100}})

        async def is_offered() -> bool | None:
            return "Kies de space “Raden”" in (await at.told("!gemeenschap richt in")).body or None

        await owner.wait_until(is_offered)
        assert await at.plein.stop() == 0


@pytest.mark.parametrize("fault", ["lost", "before", "502", "patience"])
async def test_without_an_answer_one_is_made(homeserver: Homeserver, tmp_path: Path, fault: str) -> None:
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        await at.told("!gemeenschap richt in")
        await at.told("1")
        match fault:
            case "lost":
                proxy.lose_answer("/createRoom", times=1)
            case "before":
                proxy.hang_up("/createRoom", times=1)
            case "502":
                proxy.answer("/createRoom", 502, "<html>", times=1)
            case "patience":
                body = '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 50}'
                proxy.answer("/createRoom", 429, body, times=1)
        assert "Matrix antwoordde niet op tijd." in (await at.told("1")).body
        offered = (await at.told("!gemeenschap richt in")).body
        # Made after all, it is among what there is; and by its name nothing is made a second time.
        assert ("Kies de space “Thema’s”" in offered) == (fault == "lost")
        said = (await at.told(f'!gemeenschap richt in "matrix:space={NAME}" --zeker')).body
        assert "Gemaakt: de space “Thema’s”." in said
        (space,) = await at.made()
        assert await at.asked_in(space)
        assert await at.plein.stop() == 0


async def test_who_gives_its_alias_to_a_space_of_their_own_has_no_home(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Whoever looked after it could: asked to make it by the same name, Plein makes one of its own."""
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        make = f'!gemeenschap richt in "matrix:space={NAME}" --zeker'
        assert "Gemaakt: de space “Thema’s”." in (await at.told(make)).body
        (space,) = await at.made()
        assert await at.asked_in(space)
        mo = at.mo.person
        alias = str((await mo.state(space, "m.room.canonical_alias") or {})["alias"])
        await mo.request("DELETE", f"directory/room/{quote(alias, safe='')}")
        name = alias[1:].partition(":")[0]
        own = await mo.create_room(
            NAME, public=True, room_alias_name=name, invite=[at.plein.user_id], **SPACE
        )
        await Town(homeserver, at.plein).comes_to(mo, own)
        assert "Gemaakt: de space “Thema’s”." in (await at.told(make)).body
        assert len(await at.made()) == 3
        assert await at.plein.stop() == 0


async def test_refused_it_is_said_with_what_to_do(homeserver: Homeserver, tmp_path: Path) -> None:
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        proxy.answer("/createRoom", 403, '{"errcode": "M_FORBIDDEN"}', times=1)
        await at.told("!gemeenschap richt in")
        await at.told("1")
        said = (await at.told("1")).body
        assert "Ik kan de space “Thema’s” niet maken. De homeserver weigert het (M_FORBIDDEN)." in said
        assert await at.made() == []
        assert await at.plein.stop() == 0


async def test_a_space_that_nobody_could_come_into_is_not_made() -> None:
    """Who asks on Discord may have no account here, and no other moderator either: no server is asked."""
    homes = Homes(cast(Session, None), Grounds(), cast(Sync, None))
    with pytest.raises(UserError) as refused:
        await homes.make(1, NAME, [])
    assert refused.value.text.values["why"] == text("matrix.home.nobody")


async def test_killed_between_making_and_keeping(homeserver: Homeserver, tmp_path: Path) -> None:
    """SIGKILL while the homeserver answers that it made it, twice: the same yes finds that one."""
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        await at.told("!gemeenschap richt in")
        await at.told("1")
        proxy.hold_answer("/createRoom")
        pressed = await at.mo.person.say(at.mo.direct, "1")

        async def is_made() -> bool | None:
            return bool(await at.made()) or None

        for _ in range(2):
            await at.mo.person.wait_until(is_made)
            await at.plein.kill()
            # It is dealt with again at the start, and held again.
            await at.plein.start()
        proxy.mend()
        said = await says(at.mo.person, at.mo.direct, key=f"answer:matrix:{pressed}")
        assert "Gemaakt: de space “Thema’s”." in said.body
        (space,) = await at.made()
        assert await at.asked_in(space)
        assert "in de space “Thema’s”." in (await at.told("!gemeenschap richt in")).body
        assert await at.plein.stop() == 0


async def test_of_two_communities_each_has_its_own_and_what_is_in_it(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """A space that was made for one is that one's alone: rooms that are put into it are too."""
    async with Proxy(homeserver.url) as proxy:
        mo = await homeserver.person(f"maker{next(numbers)}")
        spaces = [await mo.create_room(name, public=True, **SPACE) for name in ("Dorp", "Stad")]
        more = "".join(
            f'[[communities]]\nname = "{name}"\nspaces = ["{space}"]\n[[communities.residents]]\nMODERATOR\n'
            for name, space in zip(("Dorp", "Stad"), spaces, strict=True)
        )
        at = await hall(homeserver, proxy, tmp_path, more=more)
        town = Town(homeserver, at.plein)
        for space in spaces:
            await town.comes_to(mo, space)
        await at.told('!gemeenschap kies "Dorp"')
        offered = (await at.told("!gemeenschap richt in")).body
        assert "Kies de space “Dorp”" in offered
        assert "Stad" not in offered
        assert "Gemaakt" in (await at.told(f'!gemeenschap richt in "matrix:space={NAME}" --zeker')).body
        (made,) = await at.made()
        person = at.mo.person
        await person.join(made)
        room = await person.create_room("Zaal", invite=[at.plein.user_id], public=True)
        await town.comes_to(person, room)
        await person.send_state(made, "m.space.child", {"via": [homeserver.name]}, room)

        async def is_dorps() -> bool | None:
            event = await person.say(room, "!gemeenschap toon")
            said = await says(person, at.mo.direct, key=f"answer:matrix:{event}")
            return "Zo is alles ingesteld" in said.body or None

        for _ in range(2):
            await person.wait_until(is_dorps)
            await at.plein.kill()
            await at.plein.start()
        await at.told('!gemeenschap kies "Stad"')
        for words in ("Thema’s", f"matrix:{made}"):
            assert "Vanaf nu" not in (await at.told(f'!gemeenschap richt in "{words}"')).body
        async with asyncio.timeout(60):
            assert await at.plein.stop() == 0
