"""On whose word Plein is in each room: which are the community's own, and how many one person may ask for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace

from adapters.matrix.rooms import Room
from adapters.matrix.settings import PLATFORM, Invitations
from bot.model.people import Identity, Role
from bot.ports.adapter import Core

KEPT = "invited"
# Of so many rooms that were refused, or are too full, it is remembered, those that were last. All others are
# rooms that Plein is in, or is coming into.
MOST_REFUSED = 500


@dataclass(frozen=True, slots=True)
class Word:
    """Who asked for a room. `instead_of`: the room that it is to replace, and whether that was `ours`.

    `refused`: it was no such room, and Plein left it. `full`: there was more to it than Plein takes in.
    `replaced_by`: the room that took its place, and stays what did.
    """

    by: str
    instead_of: str = ""
    ours: bool = False
    refused: bool = False
    full: bool = False
    replaced_by: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether it holds also while Plein is not there."""
        return self.refused or self.full or bool(self.replaced_by)


def words_in(kept: str) -> dict[str, Word]:
    """By room, as they were kept."""
    return {room: Word(**word) for room, word in json.loads(kept).items()}


def last_after(room: str, words: Mapping[str, Word]) -> str:
    """Where Plein went along to from there, and from there again; itself where it did not."""
    passed: set[str] = set()
    while room not in passed and room in words and words[room].replaced_by:
        passed.add(room)
        room = words[room].replaced_by
    return room


class Welcome:
    """Keeps on whose word Plein is where. `named` are the rooms that the configuration names."""

    def __init__(self, core: Core, account: str, named: Collection[str], rule: Invitations) -> None:
        self._core = core
        self._account = account
        self._named = named
        self._rule = rule
        self._words: dict[str, Word] = {}
        # Rooms are come into side by side: what is kept changes by one at a time.
        self._changing = asyncio.Lock()

    async def read(self) -> None:
        """What was kept before this start."""
        self._words = words_in((await self._core.kept(self._account, KEPT)).get(KEPT, "{}"))

    async def takes(self, room: str, word: Word) -> bool:
        """Whether Plein enters a room on that word, noted if so: who gave it may have asked for many."""
        async with self._changing:
            if not (word.ours or await self._may_ask(word.by, room)):
                return False
            await self._put(room, word)
        return True

    async def note(self, room: str, word: Word) -> None:
        """Plein is in a room on that word."""
        async with self._changing:
            await self._put(room, word)

    async def forget(self, room: str) -> None:
        """Plein is there no more. What it refused it goes on refusing."""
        async with self._changing:
            if room in self._words and not self._words[room].is_kept:
                await self._keep({other: word for other, word in self._words.items() if other != room})

    async def forget_all_but(self, rooms: Collection[str]) -> None:
        """Plein is in these, or comes into them, and in no others."""
        async with self._changing:
            words = {room: word for room, word in self._words.items() if word.is_kept or room in rooms}
            if words != self._words:
                await self._keep(words)

    async def _put(self, room: str, word: Word) -> None:
        if self._words.get(room) != word:
            others = {other: before for other, before in self._words.items() if other != room}
            await self._keep({**others, room: word})

    async def _keep(self, words: Mapping[str, Word]) -> None:
        refused = [room for room, word in words.items() if word.is_kept]
        words = {room: word for room, word in words.items() if room not in refused[:-MOST_REFUSED]}
        packed = json.dumps({room: asdict(word) for room, word in words.items()})
        await self._core.keep(self._account, {KEPT: packed})
        self._words = dict(words)

    async def is_ours(self, room: str) -> bool:
        """Whether it is the community's own: the configuration names it, or who has a role invited Plein."""
        word = self._words.get(room)
        return room in self._named or (word is not None and (word.ours or await self._has_role(word.by)))

    async def _may_ask(self, user: str, room: str) -> bool:
        counted = self._words.keys() - {room} - set(self._named)
        theirs = sum(self._words[other].by == user for other in counted)
        few = theirs < self._rule.at_most and not self.is_full(room)
        return room in self._named or few or await self._has_role(user)

    async def successor(self, room: Room) -> Word:
        """Who counts as the inviter to the room that replaces this: whoever invited Plein to this room."""
        word = self._words.get(room.id, Word(""))
        return Word(word.by, room.id, await self.is_ours(room.id))

    async def leave_behind(self, room: str, successor: str) -> None:
        """Plein went along to what replaced a room: whoever still has power in it leads it nowhere else."""
        async with self._changing:
            await self._put(room, replace(self._words.get(room, Word("")), replaced_by=successor))

    def replaced_by(self, room: str) -> str | None:
        """Where Plein went along to from there."""
        return (room in self._words and self._words[room].replaced_by) or None

    def last_after(self, room: str) -> str:
        """Where Plein went along to from there, and from there again; itself where it did not."""
        return last_after(room, self._words)

    def was_refused(self, room: str) -> bool:
        return room in self._words and self._words[room].is_kept

    def is_full(self, room: str) -> bool:
        return room in self._words and self._words[room].full

    async def refuse_full(self, room: str) -> str:
        """There is more to it than Plein takes in; on whose word it was there."""
        async with self._changing:
            word = self._words.get(room, Word(""))
            await self._put(room, replace(word, full=True))
            return word.by

    async def refuses(self, room: Room) -> bool:
        """Whether Plein was led there by another room, which is not what this one says that it replaced."""
        word = self._words.get(room.id)
        if word is None or not word.instead_of or room.predecessor == word.instead_of:
            return False
        await self.note(room.id, replace(word, refused=True))
        return True

    async def _has_role(self, user: str) -> bool:
        return bool(user) and await self._core.role_of(Identity(PLATFORM, user)) >= Role.ORGANISER
