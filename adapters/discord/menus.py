"""What was chosen in the menu of a message or of a person, and the form with that message's words in it.

Discord brings the message with it, whatever Plein may read: its words are shown to whoever chose it, and kept
only as far as they send them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.commands.declare import Command
from bot.model.message import Message

ON_MEMBER, ON_MESSAGE = 2, 3


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whoever was chosen, or wrote what was; `message` is its id, 0 where it is none. `target`: what was
    chosen, whoever wrote it.
    """

    account: int
    message: int = 0
    words: str = ""
    target: int = 0

    @property
    def written(self) -> str:
        """As people are named in what is typed."""
        return f"<@{self.account}>"


def chosen_in(data: Mapping[str, Any]) -> Chosen:
    """What an interaction says was chosen."""
    target, resolved = str(data.get("target_id")), data.get("resolved") or {}
    if data.get("type") == ON_MEMBER:
        return Chosen(int(target))
    message = (resolved.get("messages") or {}).get(target)
    if message is None or message.get("webhook_id"):
        # A webhook writes as whoever it likes.
        return Chosen(0, target=int(target))
    author, words = int(message["author"]["id"]), str(message.get("content") or "")
    return Chosen(author, int(target), words, int(target))


def quoting(answer: Message, command: Command, words: str) -> Message:
    """The form that asks for more, where it does, beginning with these words; of which it keeps nothing."""
    form = answer.form
    if form is None or not command.quotes or not words:
        return answer
    fields = tuple(
        replace(asked, value=words) if asked.name == command.quotes and not asked.value else asked
        for asked in form.fields
    )
    controls = tuple(
        replace(form, fields=fields) if control is form else control for control in answer.controls
    )
    return replace(answer, controls=controls)
