"""Messages as lines of text for a terminal."""

from __future__ import annotations

from bot.model.message import Message
from bot.texts import Texts, Voice


def render(message: Message, texts: Texts, voice: Voice) -> list[str]:
    """The title, the lines, and the buttons as `[1] Ja  [2] Nee`."""
    lines = [texts.write(message.title, voice)] if message.title else []
    lines += [texts.write(line, voice) for line in (*message.lines, *message.hints)]
    if message.buttons:
        buttons = [f"[{n}] {texts.write(one.label, voice)}" for n, one in enumerate(message.buttons, start=1)]
        lines.append("  ".join(buttons))
    return lines
