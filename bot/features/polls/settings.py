"""The section [polls] of the configuration."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bot.model.people import Role
from bot.settings import Section


class PollsSettings(Section):
    """Who may open polls, and how many of one person's are open at once, or asked in a day."""

    opened_by: Literal["resident", "organiser", "moderator"] = "resident"
    at_once: Annotated[int, Field(ge=1, le=1000)] = 10
    a_day: Annotated[int, Field(ge=1, le=1000)] = 20

    @property
    def openers(self) -> Role:
        """The role that somebody needs to open one."""
        return Role[self.opened_by.upper()]
