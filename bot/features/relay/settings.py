"""The section [relay] of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.settings import Section


class RelaySettings(Section):
    """Whether themes may have what people say carried between their places, and for how many days it is known
    what a message answers there.
    """

    on: bool = False
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 365
