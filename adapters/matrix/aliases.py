"""Which room each alias of the configuration means: the one that it led to first, whoever has it by now.

Whoever made an alias can take it away and give it to a room of their own, also once they were put out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import nio

from adapters.matrix.welcome import KEPT as KEPT_WORDS
from adapters.matrix.welcome import last_after, words_in
from bot.model.message import Text, text

log = logging.getLogger(__name__)
KEPT = "aliases"
# Under which names there is kept what this reads.
READS = (KEPT, KEPT_WORDS)
NOWHERE = "M_NOT_FOUND"


class Astray(NamedTuple):
    """An alias of the configuration that leads elsewhere by now than to the room it means, or nowhere."""

    alias: str
    room: str
    leads: str | None

    @property
    def line(self) -> Text:
        """What to do about it."""
        return text("matrix.astray", alias=self.alias, room=self.room)


class Aliases(NamedTuple):
    """The room that each alias means, and those that lead elsewhere by now."""

    ids: Mapping[str, str]
    astray: tuple[Astray, ...] = ()

    @property
    def kept(self) -> Mapping[str, str]:
        """To be kept for the next start, in place of what was: a line that is gone is forgotten by that."""
        return {KEPT: json.dumps(dict(self.ids))}


async def follow(client: nio.AsyncClient, addresses: Iterable[str], kept: Mapping[str, str]) -> Aliases:
    """The rooms of those of the addresses that are aliases; `kept` has what was kept before. Raises: OSError.

    One that is known is left only for what Plein went along to when the room was replaced.
    """
    known: dict[str, str] = json.loads(kept.get(KEPT, "{}"))
    words = words_in(kept.get(KEPT_WORDS, "{}"))
    ids: dict[str, str] = {}
    astray: list[Astray] = []
    for alias in dict.fromkeys(address for address in addresses if address.startswith("#")):
        answer = await client.room_resolve_alias(alias)
        leads = answer.room_id if isinstance(answer, nio.RoomResolveAliasResponse) else None
        if room := known.get(alias):
            ids[alias] = last_after(room, words)
            is_known = leads or getattr(answer, "status_code", None) == NOWHERE
            if is_known and leads != ids[alias]:
                astray.append(Astray(alias, ids[alias], leads))
        elif leads:
            ids[alias] = leads
        else:
            log.warning("There is no room %s yet; it is looked for again at the next start", alias)
    return Aliases(ids, tuple(astray))
