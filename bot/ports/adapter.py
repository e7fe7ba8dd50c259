"""What the core asks of an adapter, and what it offers to those who bring it people's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.model.events import Arrival, Invocation
from bot.model.message import Attachment, Message, Suggestion
from bot.model.people import Identity, Place

if TYPE_CHECKING:
    from bot.commands.catalogue import Commands
    from bot.texts import Voice


class Adapter(Protocol):
    """A platform. It translates both ways and decides nothing.

    `key` names what is sent: sending the same key again must not show it twice. `tried_at` is
    when it was first tried, so that an adapter whose platform forgets keys can look in the
    place's history first. What is returned is the adapter's reference, for `edit`.
    Raises TryLater and Unreachable; anything else is tried again with growing pauses.
    """

    platform: str

    async def run(self, core: Core) -> None:
        """Bring what people say to the core until cancelled."""
        ...

    async def caught_up(self) -> None:
        """Return once what was said while Plein was away has been dealt with."""
        ...

    async def send(self, place: Place, message: Message, key: str, tried_at: datetime | None) -> str: ...

    async def edit(self, place: Place, ref: str, message: Message, key: str) -> str | None:
        """Show a new state. None means that it can no longer be edited: post anew."""
        ...

    async def whisper(self, to: Identity, message: Message, key: str, tried_at: datetime | None) -> str: ...


class Core(Protocol):
    """What an adapter may ask of the core."""

    @property
    def commands(self) -> Commands:
        """Everything that people can ask for."""
        ...

    async def handle(self, invocation: Invocation) -> Message | None:
        """Run a command; what is returned was committed first."""
        ...

    async def suggest(self, invocation: Invocation, name: str, typed: str) -> Sequence[Suggestion]:
        """What the argument `name` of that command could be, given what was typed of it so far.

        The invocation holds the other arguments. Nothing is kept of it.
        """
        ...

    async def answer_to(self, invocation_id: str) -> Message | None:
        """What was answered to it; None where nothing was, or it is not remembered."""
        ...

    async def take_back(self, invocation: Invocation, taken: str) -> Message | None:
        """Undo the invocation with the id `taken`, if its author asks and it can be undone."""
        ...

    async def joined(
        self, place: Place, name: str, theme: str | None = None, locale: str | None = None
    ) -> None:
        """Plein is in this place; without a theme's name the place gets a theme of its own."""
        ...

    async def left(self, place: Place) -> None: ...

    async def moved(self, old: Place, new: Place) -> None: ...

    async def places(self, platform: str) -> Sequence[Place]:
        """Where Plein is on that platform."""
        ...

    async def message_at(self, platform: str, ref: str) -> Message | None:
        """What Plein shows there, with its buttons."""
        ...

    async def voice_of(self, to: Place | Identity, otherwise: str | None = None) -> str:
        """The language to speak there; `otherwise` where they chose none, before the community's own."""
        ...

    async def file(self, attachment: Attachment, voice: Voice) -> bytes:
        """What is in it, in words as this voice writes them."""
        ...

    async def store_arrivals(
        self, account: str, arrivals: Sequence[Arrival], cursor: str
    ) -> Sequence[Arrival]:
        """Keep what arrived, and how far was read, in one transaction; the new ones, numbered."""
        ...

    async def arrivals(self, account: str, *, sealed: bool = False) -> Sequence[Arrival]: ...

    async def cursor(self, account: str) -> str | None: ...

    async def cursors(self, prefix: str) -> Mapping[str, str]:
        """How far was read, for every account whose name begins like that."""
        ...

    async def acknowledge(self, account: str, seqs: Sequence[int]) -> None: ...

    async def seal(self, account: str, seq: int) -> None: ...
