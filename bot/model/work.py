"""What is still to be done: said once, shown and kept up to date, or run when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.message import Message
from bot.model.people import Identity, Place


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do later; `subject` is read again when it is due."""

    id: int
    kind: str
    subject: str
    due_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Post:
    """Something to be said once, in a place or to one person."""

    id: str
    to: Place | Identity
    message: Message
    attempts: int = 0
    tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """A message that shows a state and is edited as that changes.

    `sent_as` is the adapter's reference to it, None before it was posted; `version` is the
    state that is to be shown.
    """

    subject: str
    place: Place
    version: int
    sent_as: str | None
    key: str
    attempts: int = 0
    tried_at: datetime | None = None
