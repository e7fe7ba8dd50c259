"""The section [relay] of the configuration."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.settings import Section


class RelaySettings(Section):
    """Whether themes may have what people say carried between their places, for how many days it is known
    what a message answers there, and how much of what one person says at once is carried: messages in ten
    seconds, files in a minute, mentions in a message.
    """

    on: bool = False
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 365
    messages: Annotated[int, Field(ge=1, le=1000)] = 10
    files: Annotated[int, Field(ge=0, le=1000)] = 3
    mentions: Annotated[int, Field(ge=0, le=1000)] = 10
