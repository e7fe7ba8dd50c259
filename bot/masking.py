"""No secret comes out: what is known to be one, or looks like one, is masked in all that Plein prints.

Nothing prints a secret on purpose. But libraries quote what they were given when something fails, and an
exception says what its author thought useful; so every line goes through here on its way out.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import urllib.parse
from collections.abc import Iterable
from typing import Any

MASK = "***"
# A shorter one would be found in every other word.
_SHORTEST = 3
# What is one wherever it stands: a password in an address, what authorises a request, what answers an
# interaction on Discord, and the tokens of Matrix's homeservers and of Discord's bots.
_LOOKS = re.compile(
    r"(?P<database>\bpostgresql[\w+]*://[^/\s:@]*:)\S+(?=@)"
    r"|(?P<address>://[^/\s:@]*:)[^/\s@]+(?=@)"
    r"|(?P<header>\b(?:Bearer|Bot)\s+)[\w.~+/=-]{8,}"
    r"|(?P<named>\b(?:access_token|refresh_token|password|sslpassword|token)\b['\"]?\s*[=:]\s*['\"]?)"
    r"[^\s'\"&,)}*]{3,}"
    r"|(?P<path>/(?:webhooks|interactions)/\d+/)[\w-]{20,}"
    r"|\b(?:syt|mas|mat|mct)_[\w+/=-]{8,}"
    r"|\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"
)
# What would write over a line, or begin one, where the log is read.
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_lock = threading.Lock()
_known: set[str] = set()
_finds: re.Pattern[str] | None = None


def hide(secrets: Iterable[str | None]) -> None:
    """From now on these are masked, however they are written down: in an address, in JSON, in code."""
    global _finds
    with _lock:
        for secret in secrets:
            if secret and len(secret) >= _SHORTEST:
                _known.update(_spellings(secret))
        longest_first = sorted(_known, key=len, reverse=True)
        _finds = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _spellings(secret: str) -> set[str]:
    plain = urllib.parse.unquote(secret)
    quoted = {urllib.parse.quote(plain), urllib.parse.quote(plain, safe=""), urllib.parse.quote_plus(plain)}
    written = {json.dumps(plain)[1:-1], repr(plain)[1:-1]}
    return {secret, plain, *quoted, *written}


def mask(words: str) -> str:
    """The same words without any secret."""
    known = _finds.sub(MASK, words) if _finds else words
    return _LOOKS.sub(lambda found: next(filter(None, found.groups()), "") + MASK, known)


def _as_one_entry(words: str) -> str:
    """The same with what it steers written out, and every line but the first put in: whoever is quoted in it
    makes up no line of the log.
    """
    steers_no_more = _STEERS.sub(lambda found: found[0].encode("unicode_escape").decode(), words)
    return steers_no_more.replace("\n", "\n  ")


class MaskingFormatter(logging.Formatter):
    """Formats as any other, tracebacks too, and masks what comes of it."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            words = super().format(record)
        except Exception:  # what is wrong with the line would be printed with all that is in it
            args = record.args if isinstance(record.args, tuple) else (record.args,)
            # Each as it is: what was written as code would be escaped once more, and be found no more.
            words = " ".join([f"{record.levelname} {record.name}:", *map(str, (record.msg, *args))])
        return _as_one_entry(mask(words))


def mask_what_nobody_catches() -> None:
    """What Python itself would print goes through the log: warnings, and failures outside of any task."""
    log = logging.getLogger(__name__)

    def in_a_thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None:
            log.critical("A thread failed", exc_info=failed.exc_value)

    def in_no_place(failed: Any) -> None:
        log.error("%s: %r", failed.err_msg or "Ignored", failed.object, exc_info=failed.exc_value)

    def at_the_top(_kind: type[BaseException], failed: BaseException, _at: object) -> None:
        log.critical("Plein stops", exc_info=failed)

    logging.captureWarnings(True)
    threading.excepthook = in_a_thread
    sys.unraisablehook = in_no_place
    sys.excepthook = at_the_top
