"""Public holidays in Belgium and school holidays in Flanders, by the package that knows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

# By its name in Dutch: the end of the key of its own name in our catalogues.
PUBLIC = {
    "Nieuwjaar": "new_year",
    "Pasen": "easter",
    "Paasmaandag": "easter_monday",
    "Dag van de Arbeid": "labour_day",
    "O. L. H. Hemelvaart": "ascension",
    "Pinksteren": "pentecost",
    "Pinkstermaandag": "whit_monday",
    "Nationale feestdag": "national_day",
    "O. L. V. Hemelvaart": "assumption",
    "Allerheiligen": "all_saints",
    "Wapenstilstand": "armistice",
    "Kerstmis": "christmas",
}
SCHOOL = {
    "Herfstvakantie": "autumn_break",
    "Kerstvakantie": "christmas_break",
    "Krokusvakantie": "spring_break",
    "Paasvakantie": "easter_break",
    "Zomervakantie": "summer_break",
}


def public_holiday(day: date) -> str | None:
    """Which one it is, by the end of its key in the catalogues; None for any other day."""
    name = _public(day.year).get(day)
    return PUBLIC.get(name, "public") if name else None


def school_holiday(day: date) -> str | None:
    """The same, for the days on which no school in Flanders is open for a week or more."""
    name = _school(day.year).get(day)
    return SCHOOL.get(name, "school") if name else None


@cache
def _public(year: int) -> Mapping[date, str]:
    # Half a second for the first of them, which nobody needs who leaves nothing out.
    from holidays import country_holidays

    return dict(country_holidays("BE", language="nl", years=year))


@cache
def _school(year: int) -> Mapping[date, str]:
    """Single days off are listed too, which are public holidays, and the bridges beside these."""
    from holidays import country_holidays

    found = country_holidays("BE", subdiv="Flemish", categories="school", language="nl", years=year)
    return {day: name for day, name in found.items() if name.endswith("vakantie")}
