"""What handlers know of the configuration, and the base of every section of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A section of the configuration. Every setting of a feature has a value where nothing was chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class Settings:
    """The community's language and zone, and the sections of the features."""

    locale: str
    zone: ZoneInfo
    sections: tuple[Section, ...] = ()

    def of(self, section: type[S]) -> S:
        """A feature's own settings; as they are where nothing was chosen, if nothing was."""
        return next((found for found in self.sections if isinstance(found, section)), None) or section()
