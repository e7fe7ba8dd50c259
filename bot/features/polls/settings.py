"""The section [polls] of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.model.people import Role
from bot.settings import Section


class PollsSettings(Section):
    """Who may open polls, and how many of one person's are open at once, or asked in a day.

    `anonymous_floor`: from how many ballots on an anonymous poll has a result; each keeps the one it was
    asked with.
    """

    opened_by: Literal["resident", "organiser", "moderator"] = "resident"
    at_once: Annotated[int, Field(ge=1, le=1000)] = 10
    a_day: Annotated[int, Field(ge=1, le=1000)] = 20
    anonymous_floor: Annotated[int, Field(ge=1, le=1000)] = 5

    @property
    def openers(self) -> Role:
        """The role that somebody needs to open one."""
        return Role[self.opened_by.upper()]
