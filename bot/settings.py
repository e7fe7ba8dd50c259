"""What of the community the core has to know, and the base of every section of the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from bot.model.people import Role


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Settings:
    """What of the community the core has to know.

    Who may open polls, and how many of one person's may be open at once or be asked in a day.
    """

    locale: str
    zone: ZoneInfo
    asked_by: Role = Role.RESIDENT
    polls_at_once: int = 10
    polls_a_day: int = 20
