"""Public holidays in Belgium and school holidays in Flanders, by the package that knows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

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


# Any of them comes back within so many days.
_AHEAD = 2 * 366


def public_holiday(day: date) -> str | None:
    """Which one it is, by the end of its key in the catalogues; None for any other day."""
    name = _public(day.year).get(day)
    return PUBLIC.get(name, "public") if name else None


def school_holiday(day: date) -> str | None:
    """The same, for the days on which no school in Flanders is open for a week or more."""
    name = _school(day.year).get(day)
    return SCHOOL.get(name, "school") if name else None


def next_break(after: date, name: str | None = None) -> tuple[date, date] | None:
    """The first and the last day of the school holiday of that name (None: of any) that begins after a day,
    within the two years that it may take.
    """
    days = [after + timedelta(days=ahead) for ahead in range(1, _AHEAD)]
    named = {day: school_holiday(day) for day in (after, *days)}
    for before, day in pairwise((after, *days)):
        found = named[day]
        if found and found != named[before] and name in (None, found):
            last = day
            while school_holiday(last + timedelta(days=1)) == found:
                last += timedelta(days=1)
            return day, last
    return None


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
