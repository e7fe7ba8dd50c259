"""Zones as people call them: "Europe/Brussels", "brussel", "New York", "Spanje"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.core import Locale, get_global

from bot.names import folded

# In which languages cities and countries are known.
_LANGUAGES = ("nl_BE", "en_GB")
# What the system keeps beside the zones.
_NO_ZONES = ("Factory", "localtime")
# A name of which so much is right may be misspelt; so much of what was typed is looked at, and so many zones
# are offered.
_ALIKE, _READ, OFFERED = 0.8, 40, 4


def zone_called(words: str) -> str | None:
    """The zone of exactly that name, whatever the capitals."""
    return _by_name().get(words.strip().replace(" ", "_").casefold())


def likely_zones(words: str) -> Sequence[str]:
    """Those that may be meant: of a city or a country, or of what is nearly called so; by the alphabet."""
    cities, said = _by_city(), folded(words[:_READ])
    if said in cities:
        return cities[said]
    near = get_close_matches(said, list(cities), OFFERED, _ALIKE) if said else []
    return sorted({zone for name in near for zone in cities[name]})


def zones_that_begin(words: str) -> Sequence[str]:
    """Those that are called so, or whose city or country is, as far as that was typed."""
    said = folded(words[:_READ])
    return sorted({zone for name, zones in _by_city().items() if name.startswith(said) for zone in zones})


def zone_or(name: str | None, otherwise: ZoneInfo) -> ZoneInfo:
    """The zone of that name; the other one where there is none, or none any more."""
    if not name:
        return otherwise
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return otherwise


@cache
def _by_name() -> Mapping[str, str]:
    return {zone.casefold(): zone for zone in available_timezones() if zone not in _NO_ZONES}


@cache
def _by_city() -> Mapping[str, Sequence[str]]:
    """Folded, each with the zones that are called so."""
    found: dict[str, set[str]] = {}
    locales = [Locale.parse(language) for language in _LANGUAGES]
    aliases, countries = get_global("zone_aliases"), get_global("zone_territories")
    for zone in _by_name().values():
        country = countries.get(zone)
        if country is None or zone in aliases:
            continue
        names = {zone, zone.rpartition("/")[2].replace("_", " ")}
        for locale in locales:
            names |= {locale.time_zones.get(zone, {}).get("city", ""), locale.territories.get(country, "")}
        for name in names:
            found.setdefault(folded(name), set()).add(zone)
    return {name: sorted(zones) for name, zones in found.items() if name}
