"""The section [meetings] of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.befores import read_befores
from bot.model.people import Role
from bot.settings import NONE, Section

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


def _moments(written: str) -> str:
    """As it is kept: up to five lengths of time, the first first, as "7d,1d,1h"; or nothing."""
    if written.strip().casefold() in NONE:
        return ""
    try:
        return ",".join(map(_short, read_befores(written, "en")))
    except ValueError:
        raise ValueError("config.remind") from None


def _short(seconds: int) -> str:
    """Raises: ValueError where it is not in whole minutes."""
    unit, size = next((unit, size) for unit, size in (*_UNITS, ("", 1)) if seconds % size == 0)
    if not unit:
        raise ValueError(seconds)
    return f"{seconds // size}{unit}"


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
        return " ".join(map(str, read_befores(self.remind, "en"))) if self.remind else ""

    @property
    def planners(self) -> Role:
        """The role that somebody needs to plan one."""
        return Role[self.planned_by.upper()]
