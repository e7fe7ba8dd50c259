"""A certificate to try with, and communities that sign without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

from bot.certificates import Certificate
from storage.batch import Batch
from storage.signing import OwnSigning, SigningKeys

CERTIFICATE = Certificate(
    id="0123456789abcdef",
    name="Annelies Van den Bossche",
    community="Voorbeeldgemeente",
    themes=("sport", "cultuur"),
    since=date(2026, 3, 3),
    until=date(2026, 11, 12),
    reasons=("het opruimen van het pleintje", "haar kennis van geluid"),
    neighbours=12,
    language="nl",
    made=datetime(2026, 11, 28, 20, tzinfo=UTC),
)


def a_certificate(**other: Any) -> Certificate:
    return replace(CERTIFICATE, **other)


def signing_of(community: int, keys: SigningKeys) -> OwnSigning:
    """As a transaction of that community has it."""
    return OwnSigning(keys, cast(Batch, SimpleNamespace(community=community)), lambda work: work())
