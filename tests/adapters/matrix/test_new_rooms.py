"""A theme that is opened gets its room in the space, once, on a homeserver that loses answers too."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from adapters.matrix.new_rooms import PARENT
from tests.adapters.matrix.test_homes import NAME, SPACE, Hall, hall
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver, Person
from tests.plein import Plein
from tests.town import Town, board, numbers, says

ABOUT = "Meer licht langs het pad naar school"
CHILD = "m.space.child"


class Square:
    """A room in which Plein and a moderator are, and the space that was chosen as a home."""

    def __init__(self, at: Hall, room: str, space: str) -> None:
        self.at = at
        self.mo = at.mo.person
        self.room = room
        self.space = space
        self._plein: Person | None = None

    async def propose(self, name: str = "Verlichting") -> None:
        await self.mo.say(self.room, f'!thema voorstel "{name}" {ABOUT}')

    async def children(self) -> list[str]:
        """The rooms that Plein is in of which the space says that they are in it."""
        account = await self._account()
        rooms = (await account.request("GET", "joined_rooms"))["joined_rooms"]
        return [room for room in rooms if (await self.mo.state(self.space, CHILD, room) or {}).get("via")]

    async def _account(self) -> Person:
        """Plein's own, read beside it."""
        if self._plein is None:
            self._plein = await self.at.server.person(self.at.plein.user_id[1:].partition(":")[0])
        return self._plein

    async def rooms(self, name: str = "Verlichting") -> list[str]:
        """The rooms called so that Plein made and is in, as the homeserver itself says."""
        account = await self._account()
        found = []
        for room in (await account.request("GET", "joined_rooms"))["joined_rooms"]:
            called = await account.state(room, "m.room.name") or {}
            if called.get("name") == name:
                found.append(room)
        return found

    async def one(self, name: str = "Verlichting") -> str:
        """The only one, once it is in the space."""

        async def look() -> str | None:
            inside = await self.children()
            made = [room for room in await self.rooms(name) if room in inside]
            return made[0] if made else None

        room = await self.mo.wait_until(look, timeout=300)
        assert await self.rooms(name) == [room]
        return room


async def square(server: Homeserver, proxy: Proxy, folder: Path) -> Square:
    at = await hall(server, proxy, folder)
    room = await Town(server, at.plein).room(at.mo.person)
    await at.told(f'!gemeenschap richt in "matrix:space={NAME}" --zeker')
    (space,) = await at.made()
    await at.mo.person.join(space)
    return Square(at, room, space)


async def test_a_theme_that_is_opened_has_its_room(homeserver: Homeserver, tmp_path: Path) -> None:
    """Whoever is in the space enters by themselves, nobody else does; and it is that theme's."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        await town.propose()
        room = await town.one()
        mo, outside = town.mo, await homeserver.person(f"out{next(numbers)}")
        await mo.join(room)
        assert (await mo.state(room, "m.room.topic") or {}).get("topic") == ABOUT
        rules = await mo.state(room, "m.room.join_rules") or {}
        assert rules["join_rule"] == "restricted"
        assert [allowed["room_id"] for allowed in rules["allow"]] == [town.space]
        parent = await mo.state(room, PARENT, town.space) or {}
        assert parent["via"] == [homeserver.name]
        assert not await _comes_in(outside, room)
        await board(mo, room, "Verlichting", "trekt dit thema.")
        event = await mo.say(room, "!thema toon")
        assert ABOUT in (await says(mo, town.at.mo.direct, key=f"answer:matrix:{event}")).body
        # It stays so after a start.
        await town.at.plein.kill()
        await town.at.plein.start()
        event = await mo.say(room, "!thema toon")
        assert ABOUT in (await says(mo, town.at.mo.direct, key=f"answer:matrix:{event}")).body
        assert await town.at.plein.stop() == 0
        assert await town.one() == room


async def test_what_keeps_it_is_said_before_it_is_tried(homeserver: Homeserver, tmp_path: Path) -> None:
    """A space in which Plein may not put anything, and one that it was put out of: to who proposes it and who
    opens it. It opens all the same; once it can be, its room is made.
    """
    async with Proxy(homeserver.url) as proxy:
        at = await hall(homeserver, proxy, tmp_path)
        mo, anna = at.mo.person, await homeserver.person(f"anna{next(numbers)}")
        room = await Town(homeserver, at.plein).room(mo)
        await anna.join(room)
        space = await mo.create_room("Raden", invite=[at.plein.user_id], **SPACE)
        await Town(homeserver, at.plein).comes_to(mo, space)
        await at.told("!gemeenschap richt in Raden")
        direct = await anna.create_room(invite=[at.plein.user_id], is_direct=True)
        await Town(homeserver, at.plein).comes_to(anna, direct)

        async def heard(who: Person, where: str, words: str) -> str:
            event = await who.say(room, words)
            return (await says(who, where, key=f"answer:matrix:{event}")).body

        lacks = "heeft Plein macht 0 en is er 50 nodig om er kamers in te zetten"
        said = await heard(anna, direct, f'!thema voorstel "Lampen" {ABOUT}')
        assert "Op Matrix krijgt het pas een plek als een moderator dit oplost." in said
        assert lacks in said
        said = await heard(mo, at.mo.direct, "!thema steun Lampen")
        assert "“Lampen” is er." in said
        assert "Op Matrix krijgt het pas een plek als dit opgelost is." in said
        assert f"{lacks}: zonder dat komen thema’s er niet in. Geef Plein daar macht 50." in said
        await mo.kick(space, at.plein.user_id)

        async def is_told() -> bool | None:
            return (
                "de space “Raden” op Matrix is weg" in (await at.told("!gemeenschap richt in")).body or None
            )

        await mo.wait_until(is_told, timeout=120)
        said = await heard(mo, at.mo.direct, f'!thema voorstel "Verlichting" {ABOUT}')
        assert "de space “Raden” is weg." in said
        levels = await mo.state(space, "m.room.power_levels") or {}
        users = {**levels["users"], at.plein.user_id: 50}
        await mo.send_state(space, "m.room.power_levels", {**levels, "users": users})
        await mo.invite(space, at.plein.user_id)
        await Town(homeserver, at.plein).comes_to(mo, space)
        town = Square(at, room, space)
        await at.plein.kill()
        await at.plein.start()
        await town.one("Lampen")
        assert await at.plein.stop() == 0


async def _comes_in(person: Person, room: str) -> bool:
    try:
        await person.join(room)
    except Exception:  # a plain client says it in its own way
        return False
    return True


@pytest.mark.parametrize("fault", ["lost", "before", "502", "patience", "child"])
async def test_without_an_answer_one_is_made(homeserver: Homeserver, tmp_path: Path, fault: str) -> None:
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
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
            case _:
                proxy.lose_answer(f"/state/{CHILD}", times=1)
        await town.propose()
        await board(town.mo, await _entered(town), "Verlichting")
        assert await town.at.plein.stop() == 0


async def _entered(town: Square) -> str:
    room = await town.one()
    await town.mo.join(room)
    return room


async def test_killed_between_making_and_noting(homeserver: Homeserver, tmp_path: Path) -> None:
    """SIGKILL while the homeserver answers that it made it, or put it into the space: there is one."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        proxy.hold_answer("/createRoom")
        await town.propose()

        async def is_made() -> bool | None:
            return bool(await town.rooms()) or None

        await town.mo.wait_until(is_made, timeout=300)
        await town.at.plein.kill()
        proxy.mend()
        proxy.hold_answer(f"/state/{CHILD}")
        await town.at.plein.start()

        async def is_inside() -> bool | None:
            return bool(await town.children()) or None

        # What was under way is tried again after a while.
        await town.mo.wait_until(is_inside, timeout=400)
        await town.at.plein.kill()
        proxy.mend()
        await town.at.plein.start()
        room = await _entered(town)
        await board(town.mo, room, "Verlichting", timeout=400)
        assert await town.children() == [room]
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("words", ['hernoem "Lampen" Verlichting', "archiveer Verlichting --zeker"])
async def test_killed_before_it_is_noted_and_called_otherwise_by_then(
    homeserver: Homeserver, tmp_path: Path, words: str
) -> None:
    """It is found all the same, whatever its theme is called when it is looked for."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        proxy.hold_answer("/createRoom")
        await town.propose()

        async def is_made() -> bool | None:
            return bool(await town.rooms()) or None

        await town.mo.wait_until(is_made, timeout=300)
        (room,) = await town.rooms()
        await town.at.plein.kill()
        proxy.mend()
        proxy.hang("/directory/room/")
        await town.at.plein.start()
        await town.at.told(f"!thema {words}")
        await town.at.plein.kill()
        proxy.mend()
        await town.at.plein.start()
        name = "Lampen" if "Lampen" in words else "Verlichting (gearchiveerd)"

        async def is_called() -> bool | None:
            return (await town.rooms(name)) == [room] or None

        await town.mo.wait_until(is_called, timeout=300)
        assert await town.rooms() == []
        assert await town.at.plein.stop() == 0


async def test_an_alias_that_is_somebody_else_s_is_left_to_them(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """Whoever read the mark and was quicker has made a room that Plein takes for none of its own."""
    async with Proxy(homeserver.url) as proxy:
        town = await square(homeserver, proxy, tmp_path)
        thief = await homeserver.person(f"thief{next(numbers)}")
        proxy.hold_answer("/directory/room/", times=1)
        await town.propose()

        async def asked_for() -> str | None:
            path = next((path for path in reversed(proxy.seen) if "/directory/room/" in path), "")
            return unquote(path.rpartition("/")[2])[1:].partition(":")[0] or None

        alias = await town.mo.wait_until(asked_for)
        assert alias.startswith("plein-")
        theirs = await thief.create_room("Verlichting", public=True, room_alias_name=alias)
        proxy.mend()
        room = await _entered(town)
        assert room != theirs
        await board(town.mo, room, "Verlichting", "trekt dit thema.")
        assert await town.children() == [room]
        assert await town.at.plein.stop() == 0


@pytest.mark.parametrize("by", ["the other", "the one in the space"])
async def test_a_theme_that_was_opened_with_the_other_account_gets_its_room(
    homeserver: Homeserver, tmp_path: Path, by: str
) -> None:
    """Of two accounts of Plein's the one that is in the space makes it, whichever heard of the theme."""
    async with Proxy(homeserver.url) as proxy:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        at = await hall(homeserver, proxy, tmp_path / "a")
        mo = at.mo.person
        await at.told(f'!gemeenschap richt in "matrix:space={NAME}" --zeker')
        (space,) = await at.made()
        await mo.join(space)
        more = f'[[residents]]\nname = "Mo"\naccounts = ["matrix:{mo.user_id}"]\nrole = "moderator"\n'
        second = await Plein.on(
            homeserver, tmp_path / "b", f"plein{next(numbers)}", database=at.plein.database, more=more
        )
        town = Town(homeserver, at.plein if by == "the one in the space" else second)
        room = await town.room(mo)
        square = Square(at, room, space)
        await mo.say(room, '!thema voorstel "Verlichting" Meer licht langs het pad')

        async def made() -> str | None:
            return next(iter(await square.children()), None)

        theirs = await mo.wait_until(made, timeout=100)
        await mo.join(theirs)
        await board(mo, theirs, "Verlichting", timeout=60)
        for plein in (at.plein, second):
            assert await plein.stop() == 0
