"""All commands, their names in every language, and what is typed for them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot import when
from bot.commands.declare import Command, Param
from bot.errors import Unsure, UserError
from bot.model.message import Field, Form, Suggestion, Text, text, typed
from bot.texts import Texts, has_unseen

if TYPE_CHECKING:
    from bot.call import Call

LONGEST = 8_000
# What a form says for what is chosen or not; any words are yes.
_YES = "yes"
_QUOTES = {'"': '"', "“": "”", "„": "”", "«": "»", "”": "”"}
_FLAG = re.compile(r"(?<!\S)--([^\W\d][\w-]*)(?:\s*=\s*|\s+|$)")
_BETWEEN = re.compile(r"[\s,]+")
_NUMBER = re.compile("-?[0-9]{1,9}")
_BETWEEN_OPTIONS = re.compile(r"[|\n]")
_MOST_FIELDS = 5
_UTC = ZoneInfo("UTC")
_THEME = "theme"
_QUOTE = re.compile("[" + "".join(_QUOTES) + "]")
_FLAG_OR_QUOTE = re.compile(f"--|{_QUOTE.pattern}")


@dataclass(frozen=True, slots=True)
class _Mistake:
    """What was wrong about something named, and which it was or was meant to be."""

    key: str
    values: Mapping[str, str]
    wanted: Param | None = None


class Commands:
    """All commands, and their names in every language."""

    def __init__(
        self,
        commands: Iterable[Command],
        texts: Texts,
        suggested: Collection[str] = (),
        zone: ZoneInfo = _UTC,
    ) -> None:
        """`suggested`: the parameters for which there is something to suggest; `zone`: the community's."""
        self.texts = texts
        self._suggested = suggested
        self._zone = zone
        self.by_path = {command.path: command for command in commands}
        self._names: dict[tuple[str, ...], Command] = {}
        for command in self.by_path.values():
            if command.listed:
                for locale in texts.locales:
                    for name in self.names(command, locale):
                        self._names.setdefault(tuple(name.split()), command)
        self._flags = {
            locale: {
                param.name: self.param_name(param, locale)
                for command in self.by_path.values()
                for param in command.params
            }
            for locale in texts.locales
        }

    def names(self, command: Command, locale: str) -> list[str]:
        """What it is called in this language, the usual name first."""
        return (self.texts.find(f"command.{command.path}", locale) or command.path).split("|")

    def called(self, command: Command, locale: str, like: str = "") -> str:
        """What it is called in this language in as many words as its path, or as `like`; else just that."""
        like = like or command.path
        names = self.names(command, locale)
        return next((name for name in names if len(name.split()) == len(like.split())), like)

    def param_name(self, param: Param, locale: str) -> str:
        return self.texts.find(f"param.{param.name}", locale) or param.name

    def words_of(self, param: Param, locale: str) -> dict[str, StrEnum]:
        """The words that may be typed for it in this language, the usual one of each first."""
        return {
            word: one
            for one in param.words or ()
            for word in (self.texts.find(f"param.{param.name}.{one}", locale) or one).split("|")
        }

    def usage(
        self,
        command: Command,
        locale: str,
        given: Mapping[str, Any] | None = None,
        wanted: Param | None = None,
    ) -> str:
        """The right way to type it, in this language: `!poll open "question" option | option`.

        What is `given` stands in it already. Of what may be named only the one that is `wanted` is shown.
        """
        given = given or {}
        parts = [f"!{self.names(command, locale)[0]}"]
        for param in command.params:
            if param.name in given:
                parts.append(self._filled_in(param, given[param.name], locale))
            elif param is wanted and param.named:
                parts.append(self.named_usage(param, locale))
            elif not param.named:
                shown = self._placeholder(param, locale)
                parts.append(shown if param.required or param.kind == "options" else f"[{shown}]")
        return " ".join(parts)

    def named_usage(self, param: Param, locale: str) -> str:
        """`--closes when`, or `--anonymous` where there is nothing to say."""
        label = self.param_name(param, locale)
        value = self.texts.find(f"param.{param.name}.value", locale) or label
        return f"--{label}" if param.kind == "yes" else f"--{label} {value}"

    def _placeholder(self, param: Param, locale: str) -> str:
        label = self.param_name(param, locale)
        value = self.texts.find(f"param.{param.name}.value", locale) or label
        words = f'"{label}"' if value == label else value
        return {"words": words, "options": f"{label} | {label}"}.get(param.kind, value)

    def _filled_in(self, param: Param, value: Any, locale: str) -> str:
        if param.words and (meant := self._meant(param, str(value), (locale, *self.texts.locales))):
            value = self.usual_words(param, locale)[meant]
        if param.kind == "moment":
            value = self._as_written(value)
        several = value if isinstance(value, (list, tuple)) else (value,)
        shown = (" | " if param.kind == "options" else " ").join(
            " ".join(str(one).split()) for one in several
        )
        if param.named:
            label = self.param_name(param, locale)
            return f"--{label}" if param.kind == "yes" else f"--{label} {shown}"
        if param.kind != "words" and not (param.kind == "moment" and " " in shown):
            return shown
        # Quotation marks of another kind where the words hold some, so that the line can be copied.
        return f"«{shown}»" if '"' in shown else f'"{shown}"'

    def about(self, param: Param, locale: str) -> Text:
        """What it is for, with the words to choose from."""
        usual = self.usual_words(param, locale)
        words = tuple(typed(usual[one]) for one in param.words or ())
        return text(f"param.{param.name}.help", words=words, languages=self._languages())

    def _languages(self) -> tuple[Text, ...]:
        """Those that are spoken, each by its own name."""
        texts = self.texts
        return tuple(typed(texts.find("language.own_name", one) or one) for one in texts.locales)

    def about_group(self, noun: str) -> Text:
        """What the commands are for whose names begin with that: "poll"."""
        return text(f"group.{noun}.help")

    def usual_words(self, param: Param, locale: str) -> dict[StrEnum, str]:
        """The word that is shown for each of a few."""
        return {one: word for word, one in reversed(self.words_of(param, locale).items())}

    def is_suggested(self, param: Param) -> bool:
        """Whether something can be suggested for it while it is typed."""
        return param.kind == "moment" or param.name in self._suggested

    # --- forms ---

    def form(
        self, command: Command, given: Mapping[str, Any], *, at_once: bool, private: bool = False
    ) -> Form | None:
        """What the command needs, with what is given in it already; None where it needs nothing.

        `private`: no place says which theme it is for.
        """
        asked = [
            param
            for param in command.params
            if (param.name in command.asks if command.asks else param.required)
        ]
        if not (command.listed and asked):
            return None
        if private:
            asked = [*(param for param in command.params if param.name == _THEME), *asked]
        asked = _most_needed(asked, given)
        fields = tuple(self._field(param, given.get(param.name)) for param in asked)
        names = {param.name for param in asked}
        args = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in given.items()
            if name not in names and value is not None
        }
        return Form(text(f"command.{command.path}.title"), command.path, args, fields, at_once)

    def _field(self, param: Param, value: Any) -> Field:
        choices: tuple[tuple[str, Text], ...] = ()
        filled_in = "" if value is None else str(value)
        match param.kind:
            case "one":
                assert param.words
                choices = tuple((str(one), text(f"param.{param.name}.{one}.label")) for one in param.words)
                filled_in = self._meant(param, filled_in, self.texts.locales) or ""
            case "yes":
                choices = ((_YES, text(f"param.{param.name}.yes")),)
                filled_in = _YES if value else ""
            case "options":
                options = _options(value or ())
                # One to a line, so that they can be read over and mended.
                filled_in = "\n".join(options)
            case "moment" if value is not None:
                filled_in = self._as_written(value)
            case "numbers" if isinstance(value, (list, tuple)):
                filled_in = " ".join(map(str, value))
        has_hint = self.texts.find(f"param.{param.name}.hint", self.texts.locales[0])
        return Field(
            param.name,
            text(f"param.{param.name}.label"),
            text(f"param.{param.name}.hint", languages=self._languages()) if has_hint else None,
            filled_in,
            choices,
            long=param.kind == "options",
            required=param.required,
        )

    def _as_written(self, value: Any) -> str:
        """A moment as people write it here: an instant only where they could not name it otherwise."""
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(value.strip())
            words = at.astimezone(self._zone).strftime("%Y-%m-%d %H:%M")
            before = at - timedelta(days=1)
            readings = [when.read(words, before, self._zone, locale) for locale in self.texts.locales]
        except (UserError, ValueError, TypeError, OverflowError):
            readings = []
        if readings and all((one.start, one.end, one.sure) == (at, None, True) for one in readings):
            return words
        return value.isoformat() if isinstance(value, datetime) else str(value)

    # --- what people type ---

    def parse(self, typed: str, locale: str) -> tuple[Command, dict[str, Any]]:
        """The command that was typed and its arguments, still as words.

        Raises UserError with the nearest command, or the right way to type this one.
        """
        words = typed.replace("\r\n", "\n").strip().removeprefix("!")
        if len(words) > LONGEST:
            raise UserError("typed.too_long", count=len(words), most=LONGEST)
        if has_unseen(words):
            # Here already, so that no answer quotes it either.
            raise UserError("typed.unseen")
        command, rest = self._command(words, locale)
        return command, self._arguments(command, rest, locale)

    def _command(self, words: str, locale: str) -> tuple[Command, str]:
        first = tuple(word.casefold() for word in words.split(None, 3)[:3])
        for length in range(len(first), 0, -1):
            command = self._names.get(first[:length])
            if command:
                rest = words.split(None, length)[length:]
                return command, rest[0] if rest else ""
        raise self._unknown(words, locale)

    def _unknown(self, words: str, locale: str) -> UserError:
        tried = " ".join(words.casefold().split(None, 2)[:2])[:60]
        first, _, second = tried.partition(" ")
        nouns = get_close_matches(first, {name[0] for name in self._names}, 1, 0.6)
        if not nouns:
            return UserError("command.unknown", typed=tried)
        verbs = {name[1]: name for name in self._names if name[0] == nouns[0] and len(name) > 1}
        near = get_close_matches(second, verbs, 1, 0.5)
        command = self._names.get(verbs[near[0]] if near else (nouns[0],))
        if command is None:
            # "poll", "poll jump": the noun is right, so show what it can do.
            return UserError("command.noun", typed=tried, noun=nouns[0])
        return UserError("command.nearest", typed=tried, usage=self.usage(command, locale))

    def wrong(
        self,
        command: Command,
        key: str,
        locale: str,
        given: Mapping[str, Any] | None = None,
        wanted: Param | None = None,
        **values: Any,
    ) -> UserError:
        """A mistake in how this command was typed: what is wrong, and the right way to say the same."""
        usage = self.usage(command, locale, given, wanted)
        return UserError("command.wrong", problem=Text(key, values), usage=usage)

    def _arguments(self, command: Command, rest: str, locale: str) -> dict[str, Any]:
        given, rest, mistakes = self._named(command, rest, locale)
        ordered = [param for param in command.params if not param.named]
        for number, param in enumerate(ordered):
            rest = rest.strip()
            if not rest:
                break
            given[param.name], rest = self._positional(
                command, param, rest, last=number == len(ordered) - 1, locale=locale
            )
        for one in mistakes[:1]:
            # Only now, so that the right way to type it holds all the rest.
            raise self.wrong(command, one.key, locale, given, one.wanted, **one.values)
        if rest.strip():
            raise self.wrong(command, "command.too_much", locale, given, words=rest.strip()[:60])
        return given

    def _named(self, command: Command, rest: str, locale: str) -> tuple[dict[str, Any], str, list[_Mistake]]:
        """The `--name value` parts, in any language's names; a value runs to the next one or a quote.

        What is left over, and what was wrong.
        """
        given: dict[str, Any] = {}
        mistakes: list[_Mistake] = []
        if not _FLAG_OR_QUOTE.search(rest):
            return given, rest, mistakes
        plain: list[str] = []
        waits: Param | None = None  # a flag whose value is the quotation that follows
        for piece, quoted in _quoted(rest, command, self, locale):
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
                param = self._flag(command, flag[1], locale)
                value = piece[flag.end() : end].strip()
                if isinstance(param, _Mistake):
                    mistakes.append(param)
                elif param.kind == "yes":
                    given[param.name], left = self._yes(piece[flag.end() : end])
                    plain.append(left)
                elif value:
                    given[param.name] = value
                elif end == len(piece):
                    waits = param
                else:
                    mistakes.append(_Mistake("command.flag_empty", {"flag": flag[1]}, param))
        if waits:
            mistakes.append(_Mistake("command.flag_empty", {"flag": self.param_name(waits, locale)}, waits))
        return given, "".join(plain), mistakes

    def _flag(self, command: Command, name: str, locale: str) -> Param | _Mistake:
        named = {}
        for param in command.params:
            if param.named:
                named.update({self._flags[one][param.name]: param for one in self.texts.locales})
        if name.casefold() in named:
            return named[name.casefold()]
        near = get_close_matches(name.casefold(), list(named), 1, 0.5)
        if near:
            flag = self.param_name(named[near[0]], locale)
            return _Mistake("command.flag_nearest", {"flag": name[:40], "nearest": flag}, named[near[0]])
        return _Mistake("command.flag_unknown", {"flag": name[:40]})

    def _yes(self, rest: str) -> tuple[bool, str]:
        """Naming it is enough; whoever adds yes or no means that."""
        first, _, left = rest.strip().partition(" ")
        for said, key in ((True, "word.yes"), (False, "word.no")):
            if any(
                first.casefold() in (self.texts.find(key, one) or "").split("|") for one in self.texts.locales
            ):
                return said, left
        return True, rest

    def _positional(
        self, command: Command, param: Param, rest: str, *, last: bool, locale: str
    ) -> tuple[str, str]:
        if param.kind in ("options", "numbers"):
            return rest, ""
        closing = _QUOTES.get(rest[0])
        if closing:
            end = _closing(rest, closing)
            if end < 0:
                raise self.wrong(command, "command.quote_open", locale)
            return rest[1:end], rest[end + 1 :].lstrip().removeprefix("|")
        if param.kind == "words":
            if last:
                return rest, ""
            head, _, tail = re.sub(r"\n", "|", rest, count=1).partition("|")
            return head.strip(), tail
        head, _, tail = rest.partition(" ")
        return head, tail

    def bind(self, command: Command, given: Mapping[str, Any], call: Call) -> dict[str, Any]:
        """The arguments as the function takes them. Raises UserError with the right way to type it.

        What is missing is said last, so that its form is the only thing that is still to be done.
        """
        bound: dict[str, Any] = {}
        missing: Param | None = None
        unsure: Unsure | None = None
        for param in command.params:
            if given.get(param.name) is None:
                missing = missing or (param if param.required else None)
                continue
            try:
                bound[param.name] = self._convert(command, param, given, call)
            except Unsure as asked:
                unsure = unsure or asked
        if missing:
            label = self.param_name(missing, call.locale)
            error = self.wrong(command, "command.missing", call.locale, given, name=label)
            private = call.theme_here is None
            raise error.asking(self.form(command, given, at_once=True, private=private))
        if unsure:
            raise unsure  # asked back once everything is there
        return bound

    def _convert(self, command: Command, param: Param, given: Mapping[str, Any], call: Call) -> Any:
        value, locale = given[param.name], call.locale
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, str) and has_unseen(one):
                raise UserError("typed.unseen")
        if param.kind == "words":
            return " ".join(str(value).split())
        others = {name: one for name, one in given.items() if name != param.name}
        match param.kind:
            case "options":
                return _options(value)
            case "yes":
                return bool(value)
            case "moment":
                return self._moment(command, param, value, others, call)
            case "one":
                return self._one(command, param, str(value), others, locale)
            case "number":
                return self._number(command, param, value, others, locale)
            case _:
                parts = _BETWEEN.split(value.strip()) if isinstance(value, str) else value
                return tuple(self._number(command, param, one, others, locale) for one in parts)

    def suggest_moments(self, given: str, call: Call) -> list[Suggestion]:
        """What is typed, as the moment that it means; or some to begin with."""
        usual = self.texts.find("when.suggested", call.locale) or ""
        return [self._suggest_moment(words, call) for words in ([given] if given else usual.split("|"))]

    def _suggest_moment(self, words: str, call: Call) -> Suggestion:
        """What is not understood stays as it was typed: sent, it gets the same answer in full."""
        try:
            reading = call.read_moment(words)
        except UserError as error:
            return Suggestion(words, error.text)
        if reading.end:
            return Suggestion(words, text("when.one_moment", words=words))
        # As it is shown, to the minute, and not before what was meant.
        at = datetime.fromtimestamp(-(-reading.start.timestamp() // 60) * 60, UTC)
        return Suggestion(at.isoformat(), text("when.moment", at=at))

    def _moment(
        self, command: Command, param: Param, value: Any, others: Mapping[str, Any], call: Call
    ) -> datetime:
        """What is ambiguous is shown in full first, with a button that says yes to it."""
        if isinstance(value, datetime):
            return value
        try:
            reading = call.read_moment(str(value))
        except UserError as error:
            usage = self.usage(command, call.locale, others, param)
            raise UserError("command.wrong", problem=error.text, usage=usage) from None
        if reading.end:
            raise self.wrong(command, "when.one_moment", call.locale, others, param, words=str(value)[:40])
        if not reading.sure:
            meant = text("when.meant", words=str(value), at=reading.start)
            raise Unsure(meant, **{param.name: reading.start.isoformat()})
        return reading.start

    def _one(
        self, command: Command, param: Param, value: str, others: Mapping[str, Any], locale: str
    ) -> StrEnum:
        if found := self._meant(param, value, (locale, *self.texts.locales)):
            return found
        usual = self.usual_words(param, locale)
        words = tuple(typed(usual[one]) for one in param.words or ())
        name = self.param_name(param, locale)
        values = {"words": value[:40], "name": name, "known": words}
        raise self.wrong(command, "command.no_such", locale, others, param, **values)

    def _meant(self, param: Param, value: str, locales: Iterable[str]) -> StrEnum | None:
        """Which one of a few it is, in any of these languages or as the program calls it."""
        for locale in locales:
            if found := self.words_of(param, locale).get(value.strip().casefold()):
                return found
        return next((one for one in param.words or () if one == value), None)

    def _number(
        self, command: Command, param: Param, value: Any, others: Mapping[str, Any], locale: str
    ) -> int:
        words = str(value).strip().strip("#.[]")
        if not _NUMBER.fullmatch(words):
            label = self.param_name(param, locale)
            values = {"name": label, "words": str(value)[:40]}
            raise self.wrong(command, "command.no_number", locale, others, param, **values)
        return int(words)


def _most_needed(asked: Sequence[Param], given: Mapping[str, Any]) -> list[Param]:
    """As many as a form has room for. A moment that nobody gave is left out first, then one of a few words:
    both can do without. A moment that was given may have to be mended."""
    spare = [one.name for one in asked if one.kind == "moment" and given.get(one.name) is None]
    spare += [one.name for one in asked if one.kind == "one"]
    left_out = spare[: max(len(asked) - _MOST_FIELDS, 0)]
    return [one for one in asked if one.name not in left_out][:_MOST_FIELDS]


def _options(value: str | Iterable[Any]) -> tuple[str, ...]:
    parts = _BETWEEN_OPTIONS.split(value) if isinstance(value, str) else [str(one) for one in value]
    return tuple(" ".join(_unquoted(part).split()) for part in parts if part.strip())


def _unquoted(part: str) -> str:
    """An option that somebody put in quotation marks of its own."""
    part = part.strip()
    inside = len(part) > 2 and part[0] in _QUOTES and part[-1] in (_QUOTES[part[0]], '"', "”")
    return part[1:-1] if inside else part


def _closing(rest: str, closing: str) -> int:
    """Where the quotation that opens `rest` ends; people mix straight and curly ones."""
    ends = [at for mark in {closing, '"', "”"} if (at := rest.find(mark, 1)) > 0]
    return min(ends, default=-1)


def _quoted(rest: str, command: Command, commands: Commands, locale: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is a quotation (where nothing is a flag)."""
    at = 0
    while found := _QUOTE.search(rest, at):
        opening = found.start()
        if opening > at:
            yield rest[at:opening], False
        end = _closing(rest[opening:], _QUOTES[rest[opening]])
        if end < 0:
            raise commands.wrong(command, "command.quote_open", locale)
        yield rest[opening : opening + end + 1], True
        at = opening + end + 1
    if at < len(rest):
        yield rest[at:], False
