"""Words as Discord shows them: what people typed is shown as typed, whatever it means to Discord.

`Texts` writes with marks around what can be typed, moments and people. The marks are control
characters, which no words hold (`visible` replaces them). One pass over the whole then turns each piece
into what Discord makes of it, and takes the meaning from all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from adapters.discord.channels import PLATFORM
from bot.commands.argument import Argument
from bot.commands.catalogue import Commands
from bot.commands.read import parse
from bot.commands.types import OPTIONS
from bot.errors import Unsure, UserError
from bot.model.message import Text
from bot.model.people import Known
from bot.texts import Texts, Voice
from bot.unseen import visible

_CODE, _CODE_ENDS, _DATE, _DATE_ENDS = "\x01", "\x02", "\x03", "\x04"
_PERSON, _CALLED, _PERSON_ENDS = "\x05", "\x06", "\x07"
_MARKS = re.compile("[\x01-\x07]")
_TYPED = re.compile("\x01([^\x02]*)\x02")
_MOMENT = re.compile("\x03(-?[0-9]+)\x04")
_SOMEBODY = re.compile("\x05[0-9]+\x06([^\x07]*)\x07")
_FLAG = re.compile(r"--([^\W\d][\w-]*)(?: (.+))?", re.DOTALL)
# Discord takes for an address all that follows up to a space. Ours is all of what may stand in one that
# means nothing else to Discord; what then follows is set apart by the thinnest of spaces.
_ADDRESS = (
    r"https?://[^\W_]+(?:[.-]+[^\W_]+)*(?::[0-9]+)?"
    r"(?:[/?#](?:[\w\-.:/?#@!$&'()+,;=%]|~(?!~))*)?[.,:;!?')]*"
)
_THIN = "\N{HAIR SPACE}"
_PIECES = re.compile(
    rf"""
    \x01(?P<code>[^\x02]*)\x02
    | \x03(?P<date>-?[0-9]+)\x04
    | \x05(?P<user>[0-9]+)\x06(?P<person>[^\x07]*)\x07
    | (?P<address>{_ADDRESS})
    # What makes a heading, a list or a quotation of a line; `1.` would be counted anew.
    | ^(?P<before>[^\S\n]*[0-9]*)(?P<first>[-+>.#])(?=[\s>#]|$)
    | (?P<active>[\\*_~|`<@\[\]] | :(?=//|[\w+-]+:))
    | (?P<mark>[\x01-\x07])
    """,
    re.VERBOSE | re.MULTILINE,
)

Escape = Callable[[str], str]


def with_backslash(character: str) -> str:
    """Shown as it is: Discord drops the backslash."""
    return "\\" + character


def lookalike(character: str) -> str:
    """The full-width form of an ASCII character: it looks the same and means nothing, and is as long."""
    return chr(ord(character) + 0xFEE0)


def units(words: str) -> int:
    """How long it is at most, however Discord counts: in UTF-16."""
    return len(words) if words.isascii() else len(words.encode("utf-16-le", "surrogatepass")) // 2


def shorten(words: str, most: int) -> str:
    """The same where it fits; otherwise its beginning, and it shows that there was more."""
    if units(words) <= most:
        return words
    kept = words[: most - 1]
    while units(kept) > most - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def as_typed(typed: str) -> str:
    """What somebody typed, shown as that where Discord would read more into it."""
    return _PIECES.sub(lambda piece: _as_typed(piece, with_backslash), _MARKS.sub("", typed))


def _as_typed(piece: re.Match[str], escape: Escape) -> str:
    match piece.lastgroup:
        case "address":
            followed = piece.string[piece.end() : piece.end() + 1].strip()
            return piece["address"] + (_THIN if followed else "")
        case "first":
            return piece["before"] + escape(piece["first"])
        case "active":
            return escape(piece["active"])
    return ""


@dataclass(frozen=True, slots=True)
class Words:
    """Writes Texts for Discord, in one voice."""

    texts: Texts
    voice: Voice
    commands: Commands
    _marking: Voice = field(init=False)

    def __post_init__(self) -> None:
        voice = replace(
            self.voice, escape=visible, code=(_CODE, _CODE_ENDS), date=_marked_date, person=_marked_person
        )
        object.__setattr__(self, "_marking", voice)

    def marked(self, said: Text) -> str:
        """With marks around its pieces, to be given to `rich` or `plain`."""
        return self.texts.write(said, self._marking)

    def rich(self, marked: str, escape: Escape = with_backslash, *, chips: bool = True) -> str:
        """As a message shows it. `chips`: moments in the zone of whoever looks, people as mentions."""

        def write(piece: re.Match[str]) -> str:
            match piece.lastgroup:
                case "code":
                    return self._code(piece["code"])
                case "date":
                    return f"<t:{piece['date']}:F>" if chips else self._date(piece["date"])
                case "person":
                    return f"<@{piece['user']}>" if chips else self.rich(piece["person"], escape)
            return _as_typed(piece, escape)

        return _PIECES.sub(write, marked)

    def plain(self, marked: str) -> str:
        """Where nothing means anything: labels, forms, files."""
        return _MARKS.sub("", _TYPED.sub(lambda piece: self.line(piece[1]), self._in_words(marked)))

    def confidential(self, said: Text, most: int) -> str:
        """One line of plain words, not longer than this."""
        return shorten(" ".join(self.plain(self.marked(said)).split()), most)

    def line(self, typed: str) -> str:
        """What is typed elsewhere, as it is typed on Discord: `/poll show poll:3` for `!poll show 3`."""
        if flag := _FLAG.fullmatch(typed):
            value = _bare(flag[2] or "") or (True if self._is_yes(flag[1]) else "")
            return f"{flag[1].lower()}:{value}"
        if not typed.startswith("!"):
            return typed
        try:
            command, args = parse(self.commands, typed, self.voice.locale)
        except (Unsure, UserError):  # a line that is read with a question is shown as it was typed
            return "/" + typed[1:]
        arguments = self.commands.arguments(command)
        given = [
            self._option(argument, args[argument.name]) for argument in arguments if argument.name in args
        ]
        # By the name that is registered.
        return " ".join([f"/{self.commands.called(command, self.voice.locale)}", *given])

    def _is_yes(self, flag: str) -> bool:
        """Whether there is nothing to say behind it."""
        return any(
            not argument.needs_value and argument.name_in(self.voice.locale) == flag
            for command in self.commands.by_path.values()
            for argument in self.commands.arguments(command)
        )

    def _option(self, argument: Argument, value: Any) -> str:
        """An argument by its name. One that may be left out keeps its brackets, one still to be thought of
        is shown by dots."""
        label = argument.name_in(self.voice.locale)
        if isinstance(value, bool):
            return f"{label.lower()}:{value}"
        optional = value.startswith("[") and value.endswith("]")
        words = value[1:-1] if optional else value
        parts = re.split(r"[|\n]", words) if argument.converter is OPTIONS else [words]
        parts = [_bare(part) for part in parts if part.strip()]
        if set(parts) == {label}:
            parts = ["…"] * len(parts)
        shown = f"{label.lower()}:{' | '.join(parts)}"
        return f"[{shown}]" if optional else shown

    def _code(self, typed: str) -> str:
        """Nothing ends it early: a backtick inside is one that only looks like it."""
        shown = self.line(_MARKS.sub("", self._in_words(typed))).replace("`", "ˋ")
        return f"`{' '.join(shown.split())}`" if shown.strip() else ""

    def _in_words(self, marked: str) -> str:
        """With moments and people in plain words."""
        return _SOMEBODY.sub(lambda piece: piece[1], _MOMENT.sub(lambda piece: self._date(piece[1]), marked))

    def _date(self, seconds: str) -> str:
        return self.texts.date(datetime.fromtimestamp(int(seconds), UTC), self.voice)


def _bare(words: str) -> str:
    """Without the quotation marks that only a typed line needs."""
    words = " ".join(words.split())
    return words[1:-1] if re.fullmatch('"[^"]+"', words) else words


def _marked_date(moment: datetime) -> str:
    return f"{_DATE}{int(moment.timestamp())}{_DATE_ENDS}"


def _marked_person(known: Known) -> str | None:
    """The account that Discord shows as a mention, and the name for where it shows none."""
    for account in known.accounts:
        if account.platform == PLATFORM:
            return f"{_PERSON}{account.user_id}{_CALLED}{visible(known.name)}{_PERSON_ENDS}"
    return None
