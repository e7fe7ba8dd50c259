"""What people tell otherwise than in words, in words: where something is, and what a poll of theirs asks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.rich import Link, Listed, Paragraph, Rich, Style, Styled, Words

# RFC 5870: latitude and longitude, perhaps a height, and parameters; of these the system, if it is another
# one, says that the numbers are no degrees.
_DEGREES = r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?"
_GEO = re.compile(
    rf"geo:(?P<lat>{_DEGREES}),(?P<lon>{_DEGREES})(?:,-?[0-9]{{1,9}}(?:\.[0-9]{{1,20}})?)?"
    r"(?P<more>(?:;[A-Za-z0-9-]{1,40}(?:=[\w.~!$&'()*+,:@%\[\]-]{0,200})?){0,10})",
    re.ASCII | re.IGNORECASE,
)
_SYSTEM = re.compile(r";crs=(?!wgs84(?:;|$))", re.IGNORECASE)
# As near as a street.
_ZOOM = 16
# Of a poll so much is told.
MOST_OPTIONS, LONGEST = 40, 400


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on earth, in degrees, as they were written."""

    latitude: str
    longitude: str


def spot_in(address: object) -> Spot | None:
    """What a `geo:` address says; None where it says nothing, or nowhere on earth."""
    found = _GEO.fullmatch(address) if isinstance(address, str) and len(address) <= 1_000 else None
    if found is None or _SYSTEM.search(found["more"]):
        return None
    if abs(float(found["lat"])) > 90 or abs(float(found["lon"])) > 180:
        return None
    return Spot(found["lat"], found["lon"])


def on_the_map(spot: Spot, words: str) -> Rich:
    """With what shows it on a map."""
    lat, lon = spot.latitude, spot.longitude
    link = f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map={_ZOOM}/{lat}/{lon}"
    return (Words("📍 "), Link(link, (Words(words),)))


def poll(line: str, question: str, options: Sequence[str]) -> Rich:
    """What is asked, and what can be answered; the line says that it is a poll, and where."""
    asked = (Styled(Style.BOLD, (Words(_cut(question)),)),)
    items = tuple((Words(_cut(option)),) for option in options[:MOST_OPTIONS])
    return (Paragraph((Words(line),)), Paragraph(asked), *([Listed(items)] if items else []))


def _cut(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"
