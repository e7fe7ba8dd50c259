"""How much of what one account says in a place is carried at once: what is beyond that stays where it is.

What was counted is in memory alone: a restart lets at most as much through once more. What stayed is known to
have been said (bot/carrying.py), so that nothing brings it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model.events import Heard
from bot.model.people import Identity, Place
from bot.recent import Recent
from bot.rich import Heading, Link, Listed, Mention, Paragraph, Pointer, Quote, Rich, Spoiler, Styled

MESSAGES_WITHIN, FILES_WITHIN = timedelta(seconds=10), timedelta(minutes=1)
# Of so many people in places it is known what they said last; of each no more than is within the limits.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """So many messages in ten seconds, files in a minute, and mentions in a message."""

    messages: int
    files: int
    mentions: int


@dataclass(slots=True)
class _Said:
    """What was carried lately: when it was said, where it stands, with how many files; and until when more is
    of the same flood.
    """

    lately: deque[tuple[datetime, str, int]] = field(default_factory=deque)
    floods_until: datetime | None = None


class Floods:
    """Knows what each said where lately."""

    def __init__(self) -> None:
        self._said: Recent[tuple[Identity, Place], _Said] = Recent(MOST)

    def is_too_much(self, heard: Heard, limits: Limits) -> bool:
        """Whether it is beyond what is carried. Asked once more about the same message it says the same."""
        said = self._of(heard)
        while said.lately and said.lately[0][0] <= heard.at - FILES_WITHIN:
            said.lately.popleft()
        if any(ref == heard.ref for _, ref, _ in said.lately):
            return False
        files = len(heard.files)
        count = sum(at > heard.at - MESSAGES_WITHIN for at, _, _ in said.lately)
        too_many_files = files and files + sum(number for _, _, number in said.lately) > limits.files
        if count >= limits.messages or too_many_files or has_too_many_mentions(heard.rich, limits):
            return True
        said.lately.append((heard.at, heard.ref, files))
        return False

    def begins(self, heard: Heard) -> bool:
        """Whether what is too much is the first of it, and no more of the same flood."""
        said = self._of(heard)
        until, said.floods_until = said.floods_until, heard.at + FILES_WITHIN
        return until is None or heard.at >= until

    def _of(self, heard: Heard) -> _Said:
        found = self._said.get((heard.author, heard.place))
        if found is None:
            found = self._said[heard.author, heard.place] = _Said()
        return found


def has_too_many_mentions(rich: Rich, limits: Limits) -> bool:
    return sum(1 for _ in _mentions(rich)) > limits.mentions


def _mentions(nodes: Rich) -> Iterator[Mention]:
    """However deep they stand."""
    left = [*nodes]
    while left:
        match left.pop():
            case Mention() as mention:
                yield mention
            case Styled() | Spoiler() | Link() | Pointer() | Paragraph() | Heading() | Quote() as outer:
                left.extend(outer.inside)
            case Listed() as listed:
                left.extend(node for item in listed.items for node in item)
