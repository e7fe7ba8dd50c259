"""Messages as lines of text for a terminal."""

from __future__ import annotations

from bot.model.message import Message
from bot.texts import Texts, Voice


def render(message: Message, texts: Texts, voice: Voice) -> list[str]:
    """A line for each of its words, and one for the buttons: `[1] Ja  [2] Nee`."""
    lines = [texts.write(words, voice) for words in message.words]
    if message.buttons:
        labels = [texts.write(button.label, voice) for button in message.buttons]
        lines.append("  ".join(f"[{number}] {label}" for number, label in enumerate(labels, start=1)))
    return lines
