from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from bot.zones import OFFERED, likely_zones, zone_called, zone_or, zones_that_begin

BRUSSELS = ZoneInfo("Europe/Brussels")


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Europe/Brussels", "Europe/Brussels"),
        (" europe/brussels ", "Europe/Brussels"),
        ("america/new york", "America/New_York"),
        ("utc", "UTC"),
        ("Brussel", None),
        ("localtime", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_a_zone_of_exactly_that_name(words: str, zone: str | None) -> None:
    assert zone_called(words) == zone


@pytest.mark.parametrize(
    ("words", "zones"),
    [
        ("Brussel", ["Europe/Brussels"]),
        ("brusel", ["Europe/Brussels"]),
        ("België", ["Europe/Brussels"]),
        ("belgie", ["Europe/Brussels"]),
        ("Londen", ["Europe/London"]),
        ("New York", ["America/New_York"]),
        ("Lisbonn", ["Europe/Lisbon"]),
        ("Parijs", ["Europe/Paris"]),
        ("Spanje", ["Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid"]),
        ("xyzzy", []),
        ("", []),
    ],
)
def test_the_likely_ones(words: str, zones: list[str]) -> None:
    assert likely_zones(words) == zones


def test_one_that_is_likely_is_one_that_there_is() -> None:
    assert all(zone_called(zone) == zone for zone in zones_that_begin("s"))
    assert "Europe/Brussels" in zones_that_begin("bru")
    assert len(likely_zones("Spanje")) <= OFFERED


def test_one_that_is_not_there_any_more_is_the_communitys() -> None:
    assert zone_or("Europe/Lisbon", BRUSSELS) == ZoneInfo("Europe/Lisbon")
    for gone in (None, "", "Europe/Atlantis", "../zones", "Europe"):
        assert zone_or(gone, BRUSSELS) == BRUSSELS
