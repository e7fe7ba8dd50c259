"""For how long it is known what moderators did."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.settings import Section


class ModerationSettings(Section):
    """For how many days the log of what moderators did is kept."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 365
