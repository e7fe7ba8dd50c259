"""A feature that hears of a sign on people's messages, of messages that are gone, and stands in menus.

It keeps nothing but a list of what it was told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.call import Call
from bot.commands.declare import Command
from bot.errors import UserError
from bot.feature import Feature
from bot.main.features import FEATURES, Installed
from bot.model.events import Remark
from bot.model.message import Message, message, text, typed
from bot.model.people import Place, Resident
from bot.reactions import Reaction
from bot.settings import Section
from bot.signs import ReactionSign
from tests.doubles.discord.waiting import Bell

CLAP = "\N{CLAPPING HANDS SIGN}"


class PraiseSettings(Section):
    """Which sign praises; "": none."""

    sign: ReactionSign = CLAP


@dataclass(frozen=True, slots=True)
class Praised:
    """`by` whom and whom, by name; `on`: a sign, there or not any more; `words`: what was written."""

    by: str
    whom: str | None
    about: Remark | None
    on: bool | None = None
    words: str = ""


class Praise:
    """The feature, and what it was told."""

    def __init__(self) -> None:
        self.seen: list[Praised] = []
        self.lost: list[tuple[str, str]] = []
        self._bell = Bell()
        self._loop = asyncio.get_running_loop()
        feature = Feature(
            name="praise",
            commands=(
                Command("praise sign", self.sign, listed=False, adds=True, about="who"),
                Command(
                    "praise give",
                    self.give,
                    adds=True,
                    about="who",
                    on_message=True,
                    on_member=True,
                    quotes="words",
                ),
            ),
            settings=PraiseSettings,
            reaction=Reaction("sign", "praise sign"),
            gone=self.gone,
            locales=Path(__file__).parent / "locales",
        )
        self.installed: Sequence[Installed] = (*FEATURES, Installed(feature))

    def sign(self, call: Call, who: Resident | None = None, *, on: bool) -> Message:
        """Somebody put the sign on what another said, or took it away."""
        if who == call.resident:
            raise UserError("praise.self")
        self._note(Praised(call.resident.name, who.name if who else None, call.about, on))
        link = call.about.link if call.about else ""
        return message(text("praise.on", link=link) if on else text("praise.off"))

    def give(self, call: Call, who: Resident, words: str) -> Message:
        """Somebody wrote it, perhaps about what another said."""
        self._note(Praised(call.resident.name, who.name, call.about, words=words))
        return message(typed(f"{who.name}: {words}"))

    def gone(self, call: Call, place: Place, refs: Collection[str]) -> None:
        self.lost += [(place.room_id, ref) for ref in refs]
        self._ring()

    def _note(self, praised: Praised) -> None:
        self.seen.append(praised)
        self._ring()

    def _ring(self) -> None:
        # A handler runs where the database is written.
        self._loop.call_soon_threadsafe(self._bell.ring)

    async def until(self, true: Callable[[], bool]) -> None:
        """Return once that is so."""
        await self._bell.until(lambda: true() or None, why=lambda: f"it was told {self.seen} and {self.lost}")

    async def times(self, often: int) -> list[Praised]:
        """What it was told, once it was told so often."""
        await self.until(lambda: len(self.seen) >= often)
        return self.seen
