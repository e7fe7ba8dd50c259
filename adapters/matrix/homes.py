"""What themes can have for a home on Matrix: a space that is the community's own, or that Plein makes.

Anybody can make a space by any name, ask Plein into it, and say that it is part of another. So only that is
the community's own which the configuration names or Plein made, and what its moderators alone have power in.

A homeserver has no key for making a room, but an alias is given once: its random part is kept before anything
is asked for, so that whatever happened meanwhile there is one space by it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

import aiohttp

from adapters.matrix.refusals import refusal
from adapters.matrix.rooms import MADE_FOR_COMMUNITY, Room, has_creators_above_all
from adapters.matrix.session import Session, ask
from adapters.matrix.settings import PLATFORM
from adapters.matrix.spaces import CHILD
from adapters.matrix.sync import Sync
from bot.errors import UserError
from bot.model.homes import Home, Option
from bot.model.message import Text, text
from bot.model.people import Grounds, Identity, Role

SPACE = "matrix.home.space"
# What can be made, as there is but one kind.
NEW = "space"
# What says in a space of which one it is part.
PARENT = "m.space.parent"
# Whoever may change any of these does as they like with what is in a space, or with who can be in it.
_POWER = (
    *(CHILD, "m.room.power_levels", "m.room.join_rules"),
    *("m.room.tombstone", "m.room.server_acl"),
)
# In a space nobody talks; whoever looks after it says who comes in and what is in it.
_LEVELS = {"events_default": 100, "invite": 50, "state_default": 50}
_KEPT = "home:"


class Homes:
    """The spaces of each community. `grounds` says whose a space is, by its id."""

    def __init__(self, session: Session, grounds: Grounds, sync: Sync) -> None:
        self._on = session
        self._grounds = grounds
        self._sync = sync
        self._making = asyncio.Lock()

    async def options(self, community: int) -> list[Option]:
        """Last what can be made; nothing where that community is not on Matrix. Raises: OSError."""
        grounds = self._grounds
        on_lines = (named.community for named in grounds.themes.values())
        if community not in {*on_lines, *grounds.groups.values(), grounds.otherwise}:
            return []
        spaces = [room for room in self._on.rooms.values() if room.is_space]
        known = [room for room in spaces if await self._is_theirs(room, community)]
        known.sort(key=lambda room: (room.id not in grounds.groups, room.name, room.id))
        new = Option(Home(PLATFORM, SPACE, NEW, ""), is_new=True)
        return [*(self._option(room) for room in known), new]

    async def _is_theirs(self, room: Room, community: int) -> bool:
        if self._sync.successor_of(room):
            return False
        if (whose := self._sync.whose_spaces.get(room.id)) is not None:
            return whose == community
        parents = [parent for parent in self._parents_of(room, community) if await self._names(room, parent)]
        powerful = room.who_may_change(*_POWER) if parents or community == self._grounds.otherwise else ()
        for user in powerful or ():
            if not (user == self._on.me or await self._moderates(user, parents, community)):
                return False
        return bool(powerful)

    def _parents_of(self, room: Room, community: int) -> Iterator[Room]:
        """That community's own spaces into which somebody who moderates there put it."""
        for space, by in self._sync.parents_of(room).items():
            parent = self._on.rooms.get(space)
            if parent and self._sync.whose_spaces[space] == community and self._moderates_in(parent, by):
                yield parent

    def _moderates_in(self, parent: Room, user: str) -> bool:
        return parent.role_of(user, self._on.settings.power_levels) >= Role.MODERATOR

    async def _moderates(self, user: str, parents: Iterable[Room], community: int) -> bool:
        if any(self._moderates_in(parent, user) for parent in parents):
            return True
        return await self._on.core.role_of(Identity(PLATFORM, user), community) >= Role.MODERATOR

    async def _names(self, room: Room, parent: Room) -> bool:
        """Whether a room's own state names that space as its parent."""
        path = f"/rooms/{quote(room.id, safe='')}/state/{PARENT}/{quote(parent.id, safe='')}"
        status, answer = await ask(self._on, "GET", path)
        return status == 200 and bool(answer.get("via"))

    def _option(self, room: Room) -> Option:
        has, needs = room.level_of(self._on.me), room.needed_to_change(CHILD)
        home, lacks = _as_home(room), None
        if has < needs:
            lacks = text("matrix.home.lacks", home=home.called, has=int(has), needs=needs)
        return Option(home, lacks=lacks, hidden=room.join_rule not in ("public", "knock"))

    async def make(self, community: int, name: str, people: Sequence[Identity]) -> Home:
        """By that name, once, with these people asked in. Raises: UserError, TryLater, OSError."""
        if not people:
            raise UserError("home.cannot", home=_named(name), why=text("matrix.home.nobody"))
        async with self._making:
            room = await self._make(community, name, people)
            for who in people:
                await self._invite(room, who.user_id)
        await self._on.outgoing.brings(room)
        found = self._on.rooms.get(room)
        return Home(PLATFORM, SPACE, room, found.name if found and found.name else name)

    async def _make(self, community: int, name: str, people: Sequence[Identity]) -> str:
        key = f"{_KEPT}{community}:{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        token = (await self._on.core.kept(self._on.account, key)).get(key)
        if token and (room := await self._still_there(f"{as_alias(name)}-{token}", name)):
            return room
        for _ in range(2):
            if token is None:
                token = secrets.token_hex(4)
                await self._on.core.keep(self._on.account, {key: token})
            if room := await self._ask_for(f"{as_alias(name)}-{token}", community, name, people):
                return room
            # Somebody else has that alias, or it leads to what Plein is in no more.
            token = None
        raise ConnectionError("the homeserver gives every alias to somebody else")

    async def _ask_for(self, alias: str, community: int, name: str, people: Sequence[Identity]) -> str | None:
        """None where that alias leads elsewhere."""
        users = {who.user_id: 100 for who in people}
        if not await makers_are_above_all(self._on):
            users[self._on.me] = 100
        body: dict[str, Any] = {
            "preset": "private_chat",
            "name": name,
            "room_alias_name": alias,
            "creation_content": {"type": "m.space", MADE_FOR_COMMUNITY: community},
            "initial_state": [
                {"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}}
            ],
            "power_level_content_override": {**_LEVELS, "users": users},
        }
        try:
            status, answer = await self._on.outgoing.create_room(body)
        except aiohttp.ClientError as error:
            raise ConnectionError(f"the homeserver cannot be reached: {type(error).__name__}") from error
        code, room = answer.get("errcode"), answer.get("room_id")
        if status == 200 and isinstance(room, str):
            return room
        if code == "M_ROOM_IN_USE":
            return await self._still_there(alias, name)
        refused = refusal(status, code)
        if isinstance(refused, ConnectionError):
            raise refused
        raise UserError("home.cannot", home=_named(name), why=text("matrix.home.refused", code=str(code)))

    async def _still_there(self, alias: str, name: str) -> str | None:
        """The space with that alias, if Plein made it, is in it, and it is still called so."""
        address = quote(f"#{alias}:{self._on.me.partition(':')[2]}", safe="")
        status, answer = await ask(self._on, "GET", f"/directory/room/{address}")
        room = answer.get("room_id")
        if status != 200 or not isinstance(room, str) or not await is_ours(self._on, room):
            return None
        status, answer = await ask(self._on, "GET", f"/rooms/{quote(room, safe='')}/state/m.room.name")
        return room if status == 200 and answer.get("name") == name else None

    async def _invite(self, room: str, user: str) -> None:
        """Whoever is in it, or asked in, already stays so."""
        path = f"/rooms/{quote(room, safe='')}"
        status, answer = await ask(self._on, "GET", f"{path}/state/m.room.member/{quote(user, safe='')}")
        if status == 200 and answer.get("membership") in ("join", "invite"):
            return
        await ask(self._on, "POST", f"{path}/invite", {"user_id": user})


async def is_ours(on: Session, room: str) -> bool:
    """Whether Plein made it, which nobody else can have written into it."""
    path = f"/rooms/{quote(room, safe='')}/state/m.room.create/?format=event"
    status, answer = await ask(on, "GET", path)
    return status == 200 and answer.get("sender") == on.me


async def makers_are_above_all(on: Session) -> bool:
    """Whether who makes a room need not be given power there, and cannot."""
    _, answer = await ask(on, "GET", "/capabilities")
    match answer:
        case {"capabilities": {"m.room_versions": {"default": str(version)}}}:
            return has_creators_above_all(version)
    return False


def _named(name: str) -> Text:
    return Home(PLATFORM, SPACE, NEW, name).called


def _as_home(room: Room) -> Home:
    return Home(PLATFORM, SPACE, room.id, room.name or room.alias or room.id)


def as_alias(name: str) -> str:
    """The part of an alias that people can read."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-") or "plein"
