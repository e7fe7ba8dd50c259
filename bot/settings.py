"""What handlers know of the configuration, and the base of every section of it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

# What people write where they want none of it.
NONE = ("", "geen", "none")


class Quiet(NamedTuple):
    """Hours in which nobody is reminded in private: since when it is quiet, and until when."""

    since: datetime
    until: datetime


class Section(BaseModel):
    """A section of the configuration. Every setting of a feature has a value where nothing was chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_yes(cls, value: object, info: ValidationInfo) -> object:
        """A number is not written as true or false, which would be 1 or 0."""
        field = cls.model_fields.get(info.field_name or "")
        if isinstance(value, bool) and field is not None and field.annotation is int:
            raise PydanticCustomError("int_type", "Input should be a valid integer")
        return value

    def with_value(self, name: str, value: str) -> Self:
        """The same with that setting, as somebody wrote it. Raises: ValidationError."""
        return type(self).model_validate({**dict(self), name: value})

    def quiet_at(self, at: datetime) -> Quiet | None:
        """The quiet hours of this section that it is then, by the clocks of `at`; None: it is not quiet."""
        return None

    def with_kept(self, name: str, value: str) -> Self:
        """The same with what was set for it in the chat, as far as that may be. Raises: ValidationError."""
        return self.with_value(name, value)


def _named(folder: object) -> object:
    """Nothing at all would be the working directory."""
    if folder == "":
        raise ValueError("config.too_short")
    return folder


def _token(secret: SecretStr) -> SecretStr:
    """Without the end of the line that a file or a terminal left on it."""
    found = secret.get_secret_value().strip()
    if not re.fullmatch(r"[^\s\"'\x7f-\U0010ffff]*", found):
        raise ValueError("config.token")
    return SecretStr(found)


Folder = Annotated[Path, BeforeValidator(_named)]
# It is put into the head of a request, where no space or quotation mark can be.
Token = Annotated[SecretStr, AfterValidator(_token)]
S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class Settings:
    """A community's language, zone and name, and the sections of the features.

    `names_places`: the configuration says which places are its own, whether these are there or not.
    """

    locale: str
    zone: ZoneInfo
    sections: tuple[Section, ...] = ()
    name: str = ""
    names_places: bool = False

    def quiet_at(self, at: datetime, zone: ZoneInfo | None = None) -> Quiet | None:
        """The community's quiet hours that it is then, by its own clocks or those of that zone; None: it is
        not quiet.
        """
        local = at.astimezone(zone or self.zone)
        found = filter(None, (section.quiet_at(local) for section in self.sections))
        return max(found, key=lambda quiet: quiet.until, default=None)

    def quiet_until(self, now: datetime, zone: ZoneInfo | None = None) -> datetime | None:
        """When these hours end; None: it is not quiet."""
        quiet = self.quiet_at(now, zone)
        return quiet.until if quiet else None

    def of(self, section: type[S]) -> S:
        """A feature's own settings; as they are where nothing was chosen, if nothing was."""
        return next((found for found in self.sections if isinstance(found, section)), None) or section()

    def changed(self, kept: Mapping[str, str]) -> Settings:
        """With what was set in the chat: the language, the zone, or a feature's setting, each by its name.

        What an earlier version took and this one does not is left out.
        """
        if not kept:
            return self
        zone = ZoneInfo(kept["zone"]) if "zone" in kept else self.zone
        sections = tuple(_changed(section, kept) for section in self.sections)
        return replace(self, locale=kept.get("language", self.locale), zone=zone, sections=sections)


def _changed(section: Section, kept: Mapping[str, str]) -> Section:
    for name in type(section).model_fields.keys() & kept.keys():
        with contextlib.suppress(ValidationError):
            section = section.with_kept(name, kept[name])
    return section
