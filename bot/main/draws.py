"""`plein draw --check`: a draw that was published, repeated by whoever doubts it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from bot import lot
from bot.errors import UserError
from bot.main.terminal import voice_here
from bot.model.message import Text, text, typed
from bot.texts import Texts


def repeat(file: Path) -> int:
    """Say whether it went by the rule, or what is not as it was; the exit status."""
    texts = Texts()
    voice = voice_here(texts)

    def said(line: Text) -> str:
        return texts.write(line, voice)

    try:
        published = lot.read(_contents(file))
        lot.check(published)
    except UserError as error:
        print(said(error.text), file=sys.stderr)
        return 1
    who = [
        typed(each.name) if each.name is not None else text("resident.somebody")
        for each in published.entrants
    ]
    drawn = tuple(who[place - 1] for place in published.drawn)
    lines = [
        text("theme.check.right", theme=published.theme, who=drawn, count=len(drawn)),
        *(line for turn in range(1, len(drawn) + 1) for line in _why(published, who, turn)),
        text("theme.check.compare", seal=published.seal, code=published.code),
    ]
    print("\n".join(said(line) for line in lines))
    return 0


def _why(published: lot.Published, who: Sequence[Text], turn: int) -> Sequence[Text]:
    """Among whom a turn was drawn, and how its number says whose it is."""
    candidates = lot.first_in_line(published.entrants, published.drawn[: turn - 1])
    count, number = len(candidates), lot.number_of(published.number, turn)
    return (
        text("theme.check.among", who=tuple(who[place - 1] for place in candidates), count=count),
        text("theme.check.why", count=count, rest=lot.remainder(number, count)),
    )


def _contents(file: Path) -> str:
    """Raises: UserError."""
    try:
        with file.open("rb") as opened:
            return opened.read(lot.LONGEST).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise UserError("theme.check.unreadable") from None
