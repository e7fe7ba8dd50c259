"""What a command takes, read from the signature of its function."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Optional

import pytest

from bot.call import Call
from bot.commands.declare import TAKEN, Command, Param
from bot.model.message import Message


def meet(
    call: Call,
    where: str,
    who: tuple[int, ...] = (),
    *,
    at: datetime | None = None,
    until: Optional[datetime] = None,  # noqa: UP045
    sure: bool,
) -> Message:
    raise NotImplementedError


def test_the_signature_is_the_command() -> None:
    assert Command("test meet", meet).params == (
        Param("where", str, required=True, named=False),
        Param("who", tuple[int, ...], required=False, named=False),
        Param("at", datetime, required=False, named=True),
        Param("until", datetime, required=False, named=True),
        Param("sure", bool, required=True, named=True),
    )


@pytest.mark.parametrize("name", TAKEN)
def test_no_parameter_is_called_as_a_text_of_the_command(name: str) -> None:
    there: dict[str, Callable[..., Message]] = {}
    exec(f"def run(call, {name}: str): ...", {"str": str}, there)  # noqa: S102
    with pytest.raises(ValueError, match=f"'test it'.*'{name}'"):
        Command("test it", there["run"])
