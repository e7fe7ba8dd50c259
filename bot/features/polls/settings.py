"""The section [polls] of the configuration."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field

from bot.model.people import Role
from bot.settings import NONE, Quiet, Section

_CLOCK = r"([01]?\d|2[0-3])(?:[:.uh]([0-5]\d))?[uh]?"
_SPAN = re.compile(rf"\s*+{_CLOCK}\s*+(?:[-–]|tot|to|until)\s*+{_CLOCK}\s*+")


def _span(written: str) -> str:
    """As it is kept: "22:00-08:00", or nothing."""
    if written.strip().casefold() in NONE:
        return ""
    found = _SPAN.fullmatch(written.casefold())
    if found is None:
        raise ValueError("config.quiet")
    start, end = (f"{int(found[at]):02}:{found[at + 1] or '00'}" for at in (1, 3))
    if start == end:
        raise ValueError("config.quiet")
    return f"{start}-{end}"


class PollsSettings(Section):
    """Who may open polls, and how many of one person's are open at once, or asked in a day.

    `anonymous_floor`: from how many ballots on an anonymous poll has a result; each keeps the one it was
    asked with. `results`: when the count is shown of a poll that does not say so itself. `quiet`: between
    which hours of the day nobody is reminded in private; "": none.
    """

    opened_by: Literal["resident", "organiser", "moderator"] = "resident"
    at_once: Annotated[int, Field(ge=1, le=1000)] = 10
    a_day: Annotated[int, Field(ge=1, le=1000)] = 20
    anonymous_floor: Annotated[int, Field(ge=1, le=1000)] = 5
    results: Literal["live", "voted", "closed"] = "live"
    quiet: Annotated[str, AfterValidator(_span)] = "22:00-08:00"

    def with_kept(self, name: str, value: str) -> Self:
        """Of the floor what the file says is the least, also where it was raised since."""
        found = self.with_value(name, value)
        return self if found.anonymous_floor < self.anonymous_floor else found

    def quiet_at(self, at: datetime) -> Quiet | None:
        """The quiet hours that it is then, by the clocks of `at`; None: it is not quiet."""
        if not self.quiet:
            return None
        start, end = map(time.fromisoformat, self.quiet.split("-"))
        clock = at.time().replace(tzinfo=None)
        is_quiet = start <= clock < end if start < end else clock >= start or clock < end
        if not is_quiet:
            return None
        since, until = (datetime.combine(at.date(), hour, at.tzinfo) for hour in (start, end))
        day = timedelta(days=1)
        return Quiet(since if clock >= start else since - day, until if clock < end else until + day)

    @property
    def openers(self) -> Role:
        """The role that somebody needs to open one."""
        return Role[self.opened_by.upper()]
