"""`plein when`: what was understood of a moment in people's own words, for whoever reports a phrase."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from bot import when
from bot.errors import UserError
from bot.texts import Texts, Voice


def tell(words: str | None, locale: str, now: datetime, zone: ZoneInfo) -> int:
    """Print a line of JSON for the words, or for each line of the standard input; the exit status."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    phrases: Iterable[str] = [words] if words is not None else (line.rstrip("\r\n") for line in sys.stdin)
    # Bytes that are no UTF-8 are no part of any date, and could not be printed.
    phrases = (phrase.encode("utf-8", "replace").decode() for phrase in phrases)
    voice, texts = Voice(locale, zone, now), Texts()
    for phrase in phrases:
        print(json.dumps(understood(phrase, voice, texts), ensure_ascii=False), flush=True)
    return 0


def understood(phrase: str, voice: Voice, texts: Texts) -> dict[str, object]:
    """What the phrase says where only a moment will do, or only a whole day."""
    refused, reading = None, None
    try:
        reading = when.read(phrase, voice.now, voice.zone, voice.locale, whole_days=True)
    except UserError as error:
        refused = texts.write(error.text, voice)

    def shown(at: datetime | None) -> str | None:
        return at.astimezone(voice.zone).isoformat() if at else None

    return {
        "start": shown(reading.start) if reading else None,
        "end": shown(reading.end) if reading else None,
        "whole_day": bool(reading and reading.whole_day),
        "sure": bool(reading and reading.sure),
        "readings": [shown(at) for at in reading.starts] if reading and not reading.sure else [],
        "refused": refused,
    }
