"""The section [meetings] of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.model.people import Role
from bot.settings import Section


class MeetingsSettings(Section):
    """Who may plan meetings, how many minutes one lasts that does not say so, and how many of one person's
    are to come, or planned in a day.
    """

    planned_by: Literal["resident", "organiser", "moderator"] = "organiser"
    minutes: Annotated[int, Field(ge=5, le=1440)] = 90
    to_come: Annotated[int, Field(ge=1, le=1000)] = 50
    planned_a_day: Annotated[int, Field(ge=1, le=1000)] = 20

    @property
    def planners(self) -> Role:
        """The role that somebody needs to plan one."""
        return Role[self.planned_by.upper()]
