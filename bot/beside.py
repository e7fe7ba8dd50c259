"""What waits to be said beside an answer that somebody reads alone, as far as it is for them now.

It is looked at as all that is told to one person is (bot/delivery/seeing.py): what is about a theme is for
who takes part there when it is said, and waits on where they do not. It is in no answer that is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from bot.call import Call
from bot.delivery.seeing import narrowed, plain, themes_of
from bot.errors import Gone
from bot.model.message import OF_COMMUNITY, Message
from bot.model.work import Aside

# So much is said beside one answer; the rest beside the next.
MOST = 5


def look(call: Call) -> Sequence[Aside]:
    """What whoever asks may hear of it now, the oldest first.

    Raises: AskFirst, of all themes that any of it is about.
    """
    waiting = call.tx.told.waiting_beside(call.resident.id, call.now)
    asked = {theme for aside in waiting for theme in themes_of(aside.message)}
    of_themes = {aside.theme for aside in waiting if aside.theme is not None}
    call.themes_among((asked | of_themes) - {OF_COMMUNITY})
    sees = {theme for theme in asked if _sees(call, theme)}
    found = (_as_seen(aside, sees) for aside in waiting if _is_for_them(call, aside))
    return [aside for aside in found if aside]


def _sees(call: Call, theme: int) -> bool:
    return call.belongs() if theme == OF_COMMUNITY else call.takes_part(theme)


def _is_for_them(call: Call, aside: Aside) -> bool:
    """Whether they take part in its theme now, in the role that it is for."""
    if aside.theme is None:
        return call.resident.role >= aside.role
    part = call.part_in(aside.theme)
    return part is not None and max(part.role, call.resident.role) >= aside.role


def _as_seen(aside: Aside, sees: Collection[int]) -> Aside | None:
    try:
        return replace(aside, message=narrowed(aside.message, sees, themes_of(aside.message)))
    except Gone:
        return None


def say(call: Call, answer: Message, asides: Sequence[Aside]) -> Message:
    """The answer with the words of the first of these, which wait no longer."""
    taken = call.tx.told.take_beside(call.resident.id, [aside.id for aside in asides[:MOST]], call.now)
    words = [line for aside in asides if aside.id in taken for line in plain(aside.message).words]
    return replace(answer, blocks=(*answer.blocks, *words)) if words else answer
