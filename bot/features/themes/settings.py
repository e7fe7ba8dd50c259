"""The section [new_themes] of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.settings import Section


class NewThemesSettings(Section):
    """How many people have to support a proposed theme before it opens; a moderator opens it at once."""

    supporters: Annotated[int, Field(ge=1, le=100)] = 3
