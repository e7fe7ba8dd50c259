"""For how long somebody is muted, as people type it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot import when
from bot.call import Call
from bot.commands.argument import Argument, Converter, Converters
from bot.errors import UserError

_SHOWN = 40
_MINUTE = timedelta(minutes=1)


class Length(timedelta):
    """So long."""


def _length(argument: Argument, value: Any, call: Call) -> Length:
    """ "1h", "30 min", "2d 12h" """
    found = when.read_span(str(value), call.locale)
    if found is None:
        raise UserError("mod.length", words=str(value)[:_SHOWN])
    return Length(days=found.days, seconds=found.seconds)


def _keep(length: Length) -> str:
    return f"{length // _MINUTE} min"


KINDS: Converters = {Length: Converter(convert=_length, keep=_keep)}
