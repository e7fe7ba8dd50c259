"""`plein when`: what was understood of a moment, or of what comes back, for whoever reports a phrase."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import islice
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
    """What the phrase says where only a moment will do, or only a whole day; or else what comes back."""
    try:
        return _moment(when.read(phrase, voice.now, voice.zone, voice.locale, whole_days=True), voice)
    except UserError as no_moment:
        refused = no_moment
    try:
        return _repetition(when.read_rule(phrase, voice.locale), voice, texts)
    except UserError as no_rule:
        comes_back = refused.text.key == "when.recurring"
        return {**_NOTHING, "refused": texts.write((no_rule if comes_back else refused).text, voice)}


_NOTHING: Mapping[str, object] = {
    "start": None,
    "end": None,
    "whole_day": False,
    "sure": False,
    "readings": [],
    "next": [],
    "rule": None,
    "refused": None,
}


def _moment(reading: when.Reading, voice: Voice) -> dict[str, object]:
    def shown(at: datetime | None) -> str | None:
        return at.astimezone(voice.zone).isoformat() if at else None

    return {
        **_NOTHING,
        "start": shown(reading.start),
        "end": shown(reading.end),
        "whole_day": reading.whole_day,
        "sure": reading.sure,
        "readings": [] if reading.sure else [shown(at) for at in reading.starts],
    }


def _repetition(reading: when.RuleReading, voice: Voice, texts: Texts) -> dict[str, object]:
    rules = [_in_full(rule, voice, texts) for rule in reading.rules]
    walls = [wall for wall in (reading.wall, *reading.other_walls) if wall]
    readings = [f"{rule} {wall:%H:%M}" for rule in rules for wall in walls] if walls else rules
    return {
        **_NOTHING,
        "sure": reading.sure,
        "readings": [] if reading.sure else readings,
        "next": list(islice(_starts(reading, voice), 3)),
        "rule": rules[0],
    }


def _in_full(rule: when.Rule, voice: Voice, texts: Texts) -> str:
    gaps = when.gaps(rule)
    return texts.write(when.in_words(rule), voice) + (f" ({texts.write(gaps, voice)})" if gaps else "")


def _starts(reading: when.RuleReading, voice: Voice) -> Iterator[str]:
    """Those still to come: days, or moments where there is an hour."""
    for day in when.dates(reading.rule, voice.now.astimezone(voice.zone).date()):
        if reading.wall is None:
            yield day.isoformat()
            continue
        with suppress(UserError):  # the clocks skip it that night
            start = when.at(day, reading.wall, voice.zone)
            if start > voice.now:
                yield start.astimezone(voice.zone).isoformat()
