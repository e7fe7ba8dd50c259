"""A year of meetings that come back, through both changes of clocks and a leap day: every reminder said in
the theme, beside what plain arithmetic on the clocks of that zone says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.doubles.platform import Town, open_town

BEGIN, END = datetime(2027, 10, 1, 12, tzinfo=UTC), datetime(2028, 10, 8, tzinfo=UTC)
LASTS = timedelta(minutes=90)
DAYS, HOUR = (7, 1), timedelta(hours=1)
_SAID = re.compile(r":remind:(.+):(\d+):test:sport:0$")


def tuesdays() -> Iterator[date]:
    day = date(2027, 10, 5)
    while True:
        yield day
        day += timedelta(days=7)


def last_days() -> Iterator[date]:
    day = date(2027, 10, 31)
    while True:
        yield day
        day = (day + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def on_the_wall(day: date, wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, wall, zone).astimezone(UTC)


def expected(days: Iterator[date], wall: time, zone: ZoneInfo) -> set[tuple[datetime, datetime]]:
    """When something is said, and of which beginning."""
    found: set[tuple[datetime, datetime]] = set()
    announced, over = BEGIN, BEGIN
    for day in days:
        start = on_the_wall(day, wall, zone)
        if over > BEGIN:
            announced = min(over, on_the_wall(day - timedelta(days=7), wall, zone))
        due = [on_the_wall(day - timedelta(days=before), wall, zone) for before in DAYS]
        found |= {(moment, start) for moment in (*due, start - HOUR) if announced < moment < END}
        over = start + LASTS
        if announced >= END:
            return found
    return found


async def said_in(town: Town) -> list[tuple[datetime, datetime]]:
    """Each reminder of the year in the theme: when it was said, and of which beginning."""
    found: list[tuple[datetime, datetime]] = []
    seen = len(town.platform.shown)
    while True:
        due = await town.core.store.read_anywhere(lambda tx: tx.jobs.next_due())
        if due is None or due >= END:
            return found
        town.clock.turn_to(max(due, town.clock.now()))
        await town.core.run_due()
        new, seen = town.platform.shown[seen:], len(town.platform.shown)
        for shown in new:
            if shown.where == "sport" and (said := _SAID.search(shown.key)):
                found.append((town.clock.now(), datetime.fromisoformat(said[1]).astimezone(UTC)))


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Europe/Lisbon", "America/New_York"])
@pytest.mark.parametrize(
    ("rule", "first", "wall", "days"),
    [
        ("elke dinsdag", "5 oktober 19u30", time(19, 30), tuesdays),
        ("elke laatste dag van de maand", "31 oktober 10u", time(10), last_days),
    ],
    ids=["weekly", "monthly"],
)
async def test_every_reminder_of_a_year_comes_once_and_on_time(
    zone: str, rule: str, first: str, wall: time, days: object, database_url: str
) -> None:
    async with open_town(database_url, moderators=("mia",)) as town:
        town.clock.turn_to(BEGIN)
        await town.joined("sport")
        await town.say("mia", f"!gemeenschap stel in tijdzone {zone}")
        plan = f'!bijeenkomst plan "Sportraad" "{first}" --plaats Dorpshuis --herhaal "{rule}"'
        question = await town.core.handle(town.asked("mia", plan))
        assert question
        await town.core.handle(town.asked("mia", button=question.buttons[0]))
        found = await said_in(town)
    assert sorted(found) == sorted(expected(days(), wall, ZoneInfo(zone)))  # type: ignore[operator]
    assert len(found) > (100 if rule == "elke dinsdag" else 30)
