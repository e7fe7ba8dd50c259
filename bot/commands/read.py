"""What people type, as a command with its arguments; or the right way to type it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from bot.call import Call
from bot.commands.argument import Argument, Extent
from bot.commands.catalogue import MOST_WORDS, Commands
from bot.commands.declare import Command
from bot.commands.forms import form_for
from bot.commands.meant import ALIKE, misspells_verb, nearest_command, said_as_one
from bot.commands.nearly import DASH, Nearly, nearly_options
from bot.commands.numbered import ask_about_number
from bot.commands.quotes import (
    QUOTES,
    question_beyond,
    quotation_at,
    quotations,
    quoted_clearly,
    single_quotation,
    unquoted,
)
from bot.commands.talk import answer_to_talk, is_courtesy
from bot.commands.types import NUMBER
from bot.errors import Choice, Unsure, UserError, yes
from bot.model.message import Form, Text, text
from bot.unseen import has_unseen

LONGEST = 8_000
# So much of a line is shown as it could be.
_SHOWN = 600
_DASHED = re.compile(rf"[{DASH}]")
_QUOTE = re.compile("[" + "".join(QUOTES) + "]")
_FLAG = re.compile(r"(?<!\S)--([^\W\d][\w-]*)(?:\s*=\s*|\s+|$)")
_FLAG_OR_QUOTE = re.compile(f"--|{_QUOTE.pattern}")
# Without a dash or a quotation mark a line can be read in one way only.
_DASHED_OR_QUOTED = re.compile(f"{_DASHED.pattern}|{_QUOTE.pattern}")
_BAR = re.compile(r"[|\n]")
_BAR_OR_QUOTATION = re.compile(rf"{_BAR.pattern}|(?<=\s)(?={_QUOTE.pattern})")


def parse(commands: Commands, typed: str, locale: str, *, about: str = "") -> tuple[Command, dict[str, Any]]:
    """The command that was typed and its arguments, still as words.

    `about`: who wrote what it answers, as it would be typed: they are meant where only what is to be said
    stands behind the command, in quotation marks.

    Raises: UserError with the nearest command, or the right way to type this one; Unsure where a quotation or
        what looks like an option can be meant in another way.
    """
    line = typed.replace("\r\n", "\n").strip()
    words = line.removeprefix("!")
    if len(words) > LONGEST:
        raise UserError("typed.too_long", count=len(words), most=LONGEST)
    # Here already, so that no answer quotes it either.
    _check_seen(words)
    command, rest = _command(commands, words, locale, called=typed.lstrip().startswith("!"))
    behind = _Line(commands, command, locale)
    given = behind.read(rest)
    if about and command.about and rest.lstrip().startswith(tuple(QUOTES)) and behind.lacks_any(given):
        with contextlib.suppress(UserError, Unsure):
            return command, behind.read(f"{about} {rest}")
    return command, given


def check_given(commands: Commands, command: Command, given: Mapping[str, Any]) -> None:
    """That what was filled in is of the kinds that the command declares: no button, form or input of Plein's
    gives anything else.

    Raises: UserError, as of a button that stands for nothing any more.
    """
    for argument in commands.arguments(command):
        value = given.get(argument.name)
        if value is not None and not argument.converter.takes(value):
            raise UserError("action.gone")


def look_over(commands: Commands, command: Command, given: Mapping[str, Any], locale: str) -> None:
    """Whether an option was typed into the field of something else, where each has a field of its own.

    Raises: Unsure with the option where it belongs.
    """
    flags = commands.flags(command)
    for argument in commands.arguments(command) if flags else ():
        words = given.get(argument.name)
        if not isinstance(words, str) or argument.named or not _DASHED.search(words):
            continue
        with contextlib.suppress(UserError):
            could_be, named, rest = _Line(commands, command, locale).options_in(words)
            if named and rest.strip():
                meant = {**given, **named, argument.name: rest.strip()}
                choices = [*yes(**meant), (text("line.words"), given)]
                raise Unsure(text("line.meant", line=could_be), choices).running(command.path)


def bind(commands: Commands, command: Command, given: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """The arguments as the function takes them.

    What is missing is said last, so that its form is the only thing that is still to be done; what is
    ambiguous is asked back once everything is there.

    Raises: UserError with the right way to type it; Unsure with what was understood besides.
    """
    bound: dict[str, Any] = {}
    missing: Argument | None = None
    unsure: Unsure | None = None
    for argument in commands.arguments(command):
        value = given.get(argument.name)
        if value is None:
            missing = missing or (argument if argument.required else None)
            continue
        _check_seen(value)
        try:
            bound[argument.name] = argument.converter.convert(argument, value, call)
        except Unsure as asked:
            unsure = unsure or asked
        except UserError as error:
            others = {name: other for name, other in given.items() if name != argument.name}
            if error.instead is not None:
                others[argument.name] = error.instead
            ask_about_number(commands, command, argument, given, call)
            raise _wrong(commands, command, error.text, call.locale, others, argument) from None
    if missing:
        if command.lacking:
            command.lacking(call, bound)
        problem = text("command.missing", name=missing.about(call.locale))
        asking = form_of(commands, command, given, call, at_once=True)
        raise _wrong(commands, command, problem, call.locale, given, missing).asking(asking).openly()
    if unsure:
        raise unsure.understanding(keep(commands, command, bound))
    return bound


def form_of(
    commands: Commands, command: Command, given: Mapping[str, Any], call: Call, *, at_once: bool
) -> Form | None:
    """What it still needs of whoever asks: not whom they named as their platform names people, by choosing
    them or something that they wrote.
    """
    named = command.about and any(mention.written == given.get(command.about) for mention in call.mentions)
    return form_for(
        commands,
        command,
        given,
        at_once=at_once,
        private=call.theme_here is None,
        settled=(command.about,) if named else (),
        about=call.about,
    )


def keep(commands: Commands, command: Command, bound: Mapping[str, Any]) -> dict[str, Any]:
    """What was bound as a button keeps it: bound again, whenever that is, it is the same."""
    return {
        argument.name: argument.converter.keep(bound[argument.name])
        for argument in commands.arguments(command)
        if argument.name in bound
    }


def _check_seen(value: Any) -> None:
    for part in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(part, str) and has_unseen(part):
            raise UserError("typed.unseen")


def _wrong(
    commands: Commands,
    command: Command,
    problem: Text,
    locale: str,
    given: Mapping[str, Any] | None = None,
    wanted: Argument | None = None,
) -> UserError:
    """A mistake in how this command was typed: what is wrong, and the right way to say the same."""
    usage = commands.usage(command, locale, given, wanted)
    return UserError("command.wrong", problem=problem, usage=usage)


# --- which command ---


def _command(commands: Commands, words: str, locale: str, *, called: bool) -> tuple[Command, str]:
    if not called and is_courtesy(commands.texts, words):
        raise answer_to_talk(commands, words, locale).openly()  # "bedankt!" thanks nobody but Plein
    first = tuple(word.casefold() for word in words.split(None, MOST_WORDS)[:MOST_WORDS])
    for length in range(len(first), 0, -1):
        command = commands.by_name.get(first[:length])
        if command and not (length == 1 and misspells_verb(commands, command, first)):
            return command, _behind(words, length)
    tried = " ".join(words.casefold().split(None, 2)[:2])[:60]
    if called and len(first) == 1 and first[0] in commands.by_noun:
        raise UserError("command.noun", typed=tried, noun=first[0]).openly()
    if phrase := said_as_one(commands, words):
        command, said, rest = phrase
        raise _did_you_mean(commands, command, rest, said, locale).openly()
    if not called and not commands.resembles(words):
        raise answer_to_talk(commands, words, locale).openly()  # "hoe" is not "who", misspelt
    if found := nearest_command(commands, words):
        meant = _did_you_mean(commands, found[0], _behind(words, found[1]), tried, locale)
        # What stands behind that is nobody else's business.
        raise meant if found[0].confidential else meant.openly()
    nouns = get_close_matches(first[0] if first else "", {name[0] for name in commands.by_name}, 1, ALIKE)
    if nouns:
        # "poll", "poll jump": the noun is right, so show what it can do.
        raise UserError("command.noun", typed=tried, noun=nouns[0]).openly()
    unknown = UserError("command.unknown", typed=tried) if called else answer_to_talk(commands, words, locale)
    raise unknown.openly()


def _behind(words: str, count: int) -> str:
    """What stands behind the first so many words."""
    rest = words.split(None, count)[count:]
    return rest[0] if rest else ""


def _did_you_mean(
    commands: Commands, command: Command, rest: str, tried: str, locale: str
) -> UserError | Unsure:
    """Asked back with what is to be typed behind it, where that is all it needs; else how it is typed."""
    line = _Line(commands, command, locale)
    with contextlib.suppress(UserError, Unsure):
        given = line.read(rest)
        for argument in commands.arguments(command):
            if argument.converter is NUMBER and argument.name in given:
                NUMBER.convert(argument, given[argument.name], None)
        if all(argument.name in given for argument in commands.arguments(command) if argument.required):
            asked = {"typed": tried, "usage": line.shown(rest)}
            if command.secret:
                return UserError("command.nearest", **asked)
            return Unsure(text("command.nearest", **asked), yes(**given)).running(command.path)
    return UserError("command.nearest", typed=tried, usage=commands.usage(command, locale))


# --- what stands behind it ---


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What was wrong about something named, and which it was or was meant to be."""

    problem: Text
    wanted: Argument | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    """What was typed behind a command, being read."""

    commands: Commands
    command: Command
    locale: str

    def read(self, rest: str) -> dict[str, Any]:
        """The arguments. Raises: UserError; Unsure with the line as it could be."""
        if found := single_quotation(rest):
            rest = f"{quoted_clearly(rest[1:found])}{rest[found + 1 :]}"
        if not _DASHED_OR_QUOTED.search(rest):
            return self.arguments(rest)
        clear = self._clear_quotes(rest)
        outside = ((start, end) for start, end, quoted in _pieces(clear) if not quoted)
        flags = self.commands.flags(self.command)
        nearly = nearly_options(clear, flags, outside) if flags else []
        could_be = _spliced(clear, nearly)
        given = self.arguments(could_be)
        if nearly and nearly[-1].option is None:
            question = text("line.unknown", words=nearly[-1].words[:40])
            raise Unsure(question, ((text("line.belongs"), given),)).running(self.command.path)
        if could_be != rest:
            choices = [*yes(**given), *(self._as_words(clear) if nearly else ())]
            raise Unsure(text("line.meant", line=self.shown(could_be)), choices).running(self.command.path)
        return given

    def lacks_any(self, given: Mapping[str, Any]) -> bool:
        """Whether the command cannot do without something more."""
        arguments = self.commands.arguments(self.command)
        return any(argument.required and argument.name not in given for argument in arguments)

    def options_in(self, words: str) -> tuple[str, dict[str, Any], str]:
        """The words as they could be, the options in them, and the rest."""
        outside = ((start, end) for start, end, quoted in _pieces(words) if not quoted)
        nearly = nearly_options(words, self.commands.flags(self.command), outside)
        could_be = _spliced(words, nearly)
        named, rest, mistakes = self._named(could_be)
        return could_be.strip(), {} if mistakes else named, rest

    def _clear_quotes(self, rest: str) -> str:
        """The same, with other marks around what is quoted where these leave it in doubt."""
        parts, at = [], 0
        if self._takes_rest() and (end := question_beyond(rest)):
            parts, at = [quoted_clearly(rest[:end].strip()) or rest[:end]], end
        for quotation in quotations(rest):
            if quotation.start < at:
                continue
            if quotation.end == len(rest):
                raise self._wrong(text("command.quote_open"))
            if not quotation.sure:
                clear = quoted_clearly(rest[quotation.start + 1 : quotation.end])
                if clear is None:
                    raise self._wrong(text("command.quote_open"))
                parts += [rest[at : quotation.start], clear]
                at = quotation.end + 1
        return "".join([*parts, rest[at:]])

    def _takes_rest(self) -> bool:
        """Whether something follows what is asked, that may begin with anything: options."""
        ordered = [argument for argument in self.commands.arguments(self.command) if not argument.named]
        return len(ordered) > 1 and ordered[1].converter.extent is Extent.REST

    def _as_words(self, rest: str) -> Iterator[Choice]:
        """What looks like an option as a part of the words, where it can be that."""
        with contextlib.suppress(UserError):
            yield text("line.words"), self.arguments(rest)

    def shown(self, rest: str) -> str:
        """The line on one line."""
        name = self.commands.names(self.command, self.locale)[0]
        words = " | ".join(line for part in rest.split("\n") if (line := " ".join(part.split())))
        if not words:
            return f"!{name}"
        return f"!{name} {words}" if len(words) <= _SHOWN else f"!{name} {words[: _SHOWN - 1]}…"

    def arguments(self, rest: str) -> dict[str, Any]:
        """All that is named, wherever it stands; then the others in order."""
        given, rest, mistakes = self._named(rest)
        known = self.commands.arguments(self.command)
        ordered = [argument for argument in known if not argument.named and argument.name not in given]
        for argument, following in zip(ordered, [*ordered[1:], None], strict=False):
            rest = rest.strip()
            if not rest:
                break
            given[argument.name], rest = self._positional(argument, rest, following)
        if mistakes:
            # Only now, so that the right way to type it holds all the rest.
            raise self._wrong(mistakes[0].problem, given, mistakes[0].wanted)
        if rest.strip():
            raise self._wrong(text("command.too_much", words=rest.strip()[:60]), given)
        return given

    def _wrong(
        self, problem: Text, given: Mapping[str, Any] | None = None, wanted: Argument | None = None
    ) -> UserError:
        return _wrong(self.commands, self.command, problem, self.locale, given, wanted)

    def _named(self, rest: str) -> tuple[dict[str, Any], str, list[_Mistake]]:
        """The `--name value` parts, in any language's names; a value runs to the next one or a quote.

        What is left over, and what was wrong.
        """
        given: dict[str, Any] = {}
        mistakes: list[_Mistake] = []
        if not _FLAG_OR_QUOTE.search(rest):
            return given, rest, mistakes
        plain: list[str] = []
        waits: Argument | None = None  # a flag whose value is the quotation that follows
        for start, end, quoted in _pieces(rest):
            piece = rest[start:end]
            if quoted and waits:
                given[waits.name], waits = piece[1:-1].strip(), None
                continue
            if quoted:
                plain.append(piece)
                continue
            flags = list(_FLAG.finditer(piece))
            ends = [flag.start() for flag in flags] + [len(piece)]
            plain.append(piece[: ends[0]])
            for flag, end in zip(flags, ends[1:], strict=True):
                found = self._flag(flag[1], first=not mistakes)
                value = piece[flag.end() : end].strip()
                if isinstance(found, _Mistake):
                    mistakes.append(found)
                elif not found.needs_value:
                    given[found.name], left = self._yes(piece[flag.end() : end])
                    plain.append(left)
                elif value:
                    given[found.name], left = self._value(found, value)
                    # What stands behind it is none of what stood before it.
                    plain.append(f" | {left}" if left and "".join(plain).strip() else left)
                elif end == len(piece):
                    waits = found
                else:
                    mistakes.append(_Mistake(text("command.flag_empty", flag=flag[1]), found))
        if waits:
            mistakes.append(_Mistake(text("command.flag_empty", flag=waits.name_in(self.locale)), waits))
        return given, "".join(plain), mistakes

    def _value(self, argument: Argument, words: str) -> tuple[str, str]:
        """The value, and what is left: of a number or one of a few words that is all but its first word."""
        words = unquoted(words)
        first, _, left = words.partition(" ")
        if self._is_value(argument, first) and not self._is_value(argument, words):
            return first, left.strip()
        return words, ""

    def _is_value(self, argument: Argument, words: str) -> bool:
        if argument.converter.plain is int:
            return words.lstrip("#").isdecimal()
        return any(argument.choice_in(other, words) for other in argument.texts.locales)

    def _flag(self, name: str, *, first: bool) -> Argument | _Mistake:
        """The one of that name; only of the `first` mistake it is asked what was meant by it."""
        named = self.commands.flags(self.command)
        if name.casefold() in named:
            return named[name.casefold()]
        if not first or len(name) > 40:
            return _Mistake(text("command.flag_unknown", flag=name[:40]))
        near = get_close_matches(name.casefold(), list(named), 1, 0.5)
        if near:
            flag = named[near[0]].name_in(self.locale)
            problem = text("command.flag_nearest", flag=name, nearest=flag)
            return _Mistake(problem, named[near[0]])
        return _Mistake(text("command.flag_unknown", flag=name))

    def _yes(self, rest: str) -> tuple[bool, str]:
        """Naming it is enough; whoever adds yes or no means that."""
        first, _, left = rest.strip().partition(" ")
        for said, key in ((True, "word.yes"), (False, "word.no")):
            if first.casefold() in self.commands.texts.words(key):
                return said, left
        return True, rest

    def _positional(self, argument: Argument, rest: str, following: Argument | None) -> tuple[str, str]:
        """Its words, and what is left for those that are `following`."""
        extent = argument.converter.extent
        if extent is Extent.REST:
            return rest, ""
        if rest[0] in QUOTES and (quotation := quotation_at(rest, 0)):
            return rest[1 : quotation.end], rest[quotation.end + 1 :].lstrip().removeprefix("|")
        if extent is Extent.WORD:
            if choice := self._of_several_words(argument, rest):
                return choice
            head, *tail = rest.split(None, 1)
            return head, tail[0].removeprefix("|") if tail and following else "".join(tail)
        if following is None:
            return rest, ""
        # All the rest may begin with anything: before that a quotation says nothing.
        ends = _BAR if following.converter.extent is Extent.REST else _BAR_OR_QUOTATION
        found = ends.search(rest)
        return (rest[: found.start()].strip(), rest[found.end() :]) if found else (rest, "")

    def _of_several_words(self, argument: Argument, rest: str) -> tuple[str, str] | None:
        """One of a few choices that is called by more than one word, and what is left: "per dag 3"."""
        first, *more = rest.split(None, 2)
        if not argument.choices or not more or self._is_value(argument, first):
            return None
        words = f"{first} {more[0]}"
        return (words, "".join(more[1:])) if self._is_value(argument, words) else None


def _pieces(rest: str) -> Iterator[tuple[int, int, bool]]:
    """Where each piece begins and ends, and whether it is a quotation (where nothing is a flag)."""
    at = 0
    for quotation in quotations(rest):
        if quotation.start > at:
            yield at, quotation.start, False
        at = quotation.end + 1
        yield quotation.start, at, True
    if at < len(rest):
        yield at, len(rest), False


def _spliced(rest: str, nearly: list[Nearly]) -> str:
    """With each that is an option as it is typed."""
    parts, at = [], 0
    for found in nearly:
        if found.option is not None:
            parts += [rest[at : found.start], found.option]
            at = found.end
    return "".join([*parts, rest[at:]])
