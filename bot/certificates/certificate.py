"""What a certificate says, and the one way in which that is written down to be signed.

That way is JSON in UTF-8 with its keys in order, its letters composed (NFC) and no blanks between: whoever
writes the same down so gets the same bytes, and the same SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

# So many reasons somebody may choose, and so many bytes has an id: too many to be guessed.
MOST_REASONS, ID_BYTES = 10, 8
_VERSION = 1
_FIELDS = {"certificate", "id", "name", "community", "themes", "from", "until", "reasons", "neighbours"} | {
    "language",
    "made",
}


@dataclass(frozen=True, slots=True)
class Certificate:
    """By how many neighbours somebody was thanked for what, in which themes, from which day until which.

    `id`: 16 hexadecimal digits; `name`: as its owner chose it; `made`: aware, kept to the second.
    Raises: ValueError for what no certificate can say.
    """

    id: str
    name: str
    community: str
    themes: tuple[str, ...]
    since: date
    until: date
    reasons: tuple[str, ...]
    neighbours: int
    language: str
    made: datetime

    def __post_init__(self) -> None:
        if not re.fullmatch(f"[0-9a-f]{{{2 * ID_BYTES}}}", self.id):
            raise ValueError("no id")
        if not self.name.strip() or self.neighbours < 1:
            raise ValueError("nobody was thanked")
        if len(self.reasons) > MOST_REASONS or self.until < self.since:
            raise ValueError("that is not how one is made")

    @property
    def canonical(self) -> bytes:
        """What is signed, by its hash."""
        said = {
            "certificate": _VERSION,
            "id": self.id,
            "name": self.name,
            "community": self.community,
            "themes": self.themes,
            "from": self.since.isoformat(),
            "until": self.until.isoformat(),
            "reasons": self.reasons,
            "neighbours": self.neighbours,
            "language": self.language,
            "made": self.made.astimezone(UTC).isoformat(timespec="seconds"),
        }
        written = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return unicodedata.normalize("NFC", written).encode()

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.canonical).digest()


def new_id() -> str:
    """One that no other certificate has."""
    return secrets.token_hex(ID_BYTES)


def certificate_in(said: Any) -> Certificate:
    """What was written down so.

    Raises: ValueError or OverflowError where that is no certificate, or says anything besides.
    """
    if not isinstance(said, Mapping) or said.keys() != _FIELDS or said["certificate"] != _VERSION:
        raise ValueError("no certificate")
    neighbours = said["neighbours"]
    if type(neighbours) is not int:
        raise ValueError("no number")
    made = datetime.fromisoformat(_words(said["made"]))
    if made.tzinfo is None:
        raise ValueError("a moment of which nobody knows when it was")
    return Certificate(
        _words(said["id"]),
        _words(said["name"]),
        _words(said["community"]),
        _list(said["themes"]),
        date.fromisoformat(_words(said["from"])),
        date.fromisoformat(_words(said["until"])),
        _list(said["reasons"]),
        neighbours,
        _words(said["language"]),
        made.astimezone(UTC),
    )


def _words(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no words")
    value.encode()  # half a character is no part of a name
    return value


def _list(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return tuple(_words(each) for each in value)
