"""What handlers know of the configuration, and the base of every section of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, SecretStr


class Section(BaseModel):
    """A section of the configuration. Every setting of a feature has a value where nothing was chosen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
    """The community's language and zone, and the sections of the features."""

    locale: str
    zone: ZoneInfo
    sections: tuple[Section, ...] = ()

    def of(self, section: type[S]) -> S:
        """A feature's own settings; as they are where nothing was chosen, if nothing was."""
        return next((found for found in self.sections if isinstance(found, section)), None) or section()
