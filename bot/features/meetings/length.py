"""How long something lasts, as people say it."""

from __future__ import annotations

from datetime import timedelta

from bot.model.message import Text, text


def parts(length: timedelta) -> tuple[Text, ...]:
    """A length of time, as a value of a text: "1 uur" and "30 minuten"."""
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    told = [text("meeting.hours", count=hours)] if hours else []
    return (*told, text("meeting.minutes", count=minutes)) if minutes or not hours else tuple(told)
