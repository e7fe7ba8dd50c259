"""The section [meetings] of the configuration."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.model.people import Role
from bot.settings import Section

_MOMENT = re.compile(r"(\d{1,5})\s*([dhum])")
_SECONDS = {"d": 86_400, "h": 3_600, "u": 3_600, "m": 60}


def _moments(written: str) -> str:
    """As it stands in the file: up to five lengths of time, apart by commas, or nothing."""
    parts = [part.strip().casefold() for part in written.split(",") if part.strip()]
    found = [_MOMENT.fullmatch(part) for part in parts]
    if len(parts) > 5 or not all(found):
        raise ValueError("config.remind")
    seconds = [int(part[1]) * _SECONDS[part[2]] for part in found if part]
    if not all(300 <= each <= 60 * 86_400 for each in seconds):
        raise ValueError("config.remind")
    return ",".join(parts)


class MeetingsSettings(Section):
    """Who may plan meetings, how many minutes one lasts that does not say so, and how many of one person's
    are to come, or planned in a day. `remind`: when people are reminded before one begins: "7d,1d,1h".
    """

    planned_by: Literal["resident", "organiser", "moderator"] = "organiser"
    minutes: Annotated[int, Field(ge=5, le=1440)] = 90
    remind: Annotated[str, AfterValidator(_moments)] = "7d,1d,1h"
    to_come: Annotated[int, Field(ge=1, le=1000)] = 50
    planned_a_day: Annotated[int, Field(ge=1, le=1000)] = 20

    @property
    def moments(self) -> str:
        """How many seconds before it begins people are reminded, the first first: "86400 3600"."""
        parts = [_MOMENT.fullmatch(part) for part in self.remind.split(",") if part]
        return " ".join(
            map(str, sorted({int(part[1]) * _SECONDS[part[2]] for part in parts if part}, reverse=True))
        )

    @property
    def planners(self) -> Role:
        """The role that somebody needs to plan one."""
        return Role[self.planned_by.upper()]
