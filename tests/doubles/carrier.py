"""A platform that shows what people said elsewhere as theirs, and can lose an answer in the midst."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from bot.described import with_line
from bot.model.carried import SAME, Copy
from bot.model.files import Posted
from bot.model.message import Text
from bot.model.people import Identity, Place
from bot.model.signs import Sign
from bot.model.work import Reference
from bot.ports.adapter import Note, Take
from bot.ports.uncarried import Mark
from bot.rich import text_of
from tests.doubles.platform import Platform


@dataclass(slots=True)
class Carrier(Platform):
    """What is to be several messages has a `|` where each ends; of a key and part there is one message ever.

    Trouble stands under `before:` a room before anything of a part is there, under `after:` when it is, and
    nobody was told where.
    """

    # What stands in each room, by where it stands, in the order in which it came.
    history: dict[str, dict[str, str]] = field(default_factory=dict)
    topics: dict[str, str] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    sent: dict[tuple[str, str], str] = field(default_factory=dict)
    # What is in each file, by what leads to it: pieces that come, and trouble.
    files: dict[str, list[bytes | Exception]] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    # Which signs Plein has on what, by the room and where that stands, for how many.
    signs: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)
    signed: list[Sign] = field(default_factory=list)
    # Where Plein's sign stands; a sign is there once, however often it is put there.
    marked: list[tuple[str, str]] = field(default_factory=list)
    # What cannot be carried to a room, whatever is.
    lacking: dict[str, Text] = field(default_factory=dict)

    async def mark(self, mark: Mark) -> str:
        self._fail(f"mark:{mark.place.room_id}")
        self.marked.append((mark.place.room_id, mark.ref))
        self._fail(f"marked:{mark.place.room_id}")
        await self._tell()
        return f"sign on {mark.ref}"

    async def unmark(self, mark: Mark) -> None:
        self._fail(f"unmark:{mark.place.room_id}")
        here = (mark.place.room_id, mark.ref)
        self.marked = [each for each in self.marked if each != here]

    async def carry(self, copy: Copy, note: Note) -> Text | None:
        room = copy.place.room_id
        self.copies.append(copy)
        await self._tell()
        if room in self.held:
            await self.held[room].wait()
        if copy.spoken and not copy.spoken.says and copy.spoken.name == SAME:
            return None
        here = self.history.setdefault(room, {})
        parts = self._parts(copy)
        for part, words in enumerate(parts):
            self._fail(f"before:{room}")
            if part < len(copy.stands):
                here[copy.stands[part]] = words
                continue
            ref = self.sent.setdefault((room, f"{copy.key}:{part}"), f"${len(self.sent)}")
            here[ref] = words
            self._fail(f"after:{room}")
            await note(part, ref)
        for part in reversed(range(len(parts), len(copy.stands))):
            here.pop(copy.stands[part], None)
            self._fail(f"after:{room}")
            await note(part, "")
        if copy.spoken is None and copy.in_doubt:
            lost = [
                ref
                for (where, key), ref in self.sent.items()
                if where == room and key.startswith(f"{copy.key}:")
            ]
            for ref in lost:
                here.pop(ref, None)
        await self._tell()
        return self.lacking.get(room)

    def _parts(self, copy: Copy) -> list[str]:
        if copy.spoken is None:
            return []
        names = "".join(f" [{posted.name}]" for posted in copy.spoken.files)
        first, *rest = (text_of(copy.spoken.rich) + names).split("|")
        return [f"{copy.spoken.name}: {first}", *rest]

    async def fetch(self, place: Place, posted: Posted, take: Take) -> None:
        self.fetched.append(posted.source)
        for piece in self.files[posted.source]:
            if isinstance(piece, Exception):
                raise piece
            take(piece)

    async def sign(self, sign: Sign) -> str:
        """One has a sign once on a message, and of a key there is one event ever."""
        room, ref = sign.place.room_id, sign.stands[0]
        self.signed.append(sign)
        await self._tell()
        if room in self.held:
            await self.held[room].wait()
        self._fail(f"before sign:{room}")
        there = self.signs.setdefault((room, ref), {})
        if sign.count:
            there[sign.sign] = sign.count
        else:
            there.pop(sign.sign, None)
        self._fail(f"after sign:{room}")
        await self._tell()
        return f"sign of {sign.key}" if sign.count else ""

    async def retract(self, to: Place | Identity, ref: Reference, key: str) -> None:
        assert isinstance(to, Place)
        self._fail(f"retract:{to.room_id}")
        for each in ref:
            self.history.get(to.room_id, {}).pop(each, None)

    async def describe(self, place: Place, line: str, others: Collection[str]) -> bool:
        """Rooms without a topic have none to add to."""
        self._fail(f"topic:{place.room_id}")
        topic = self.topics.get(place.room_id, "")
        if topic:
            self.topics[place.room_id] = with_line(topic, line, others)
        self._fail(f"described:{place.room_id}")
        return bool(topic) or not line

    def read(self, room: str) -> list[str]:
        """What people read there."""
        return list(self.history.get(room, {}).values())
