"""An argument: a parameter of a command, with the texts that tell of it and what its kind makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from bot.commands.declare import Param
from bot.model.message import Field, Suggestion, Text, text, typed
from bot.texts import Texts

# What an argument could be, given who asks (a Call) and what was typed of it.
Suggest = Callable[[Any, str], Sequence[Suggestion]]

_BETWEEN = re.compile(r"[\s_-]+")
# By the words for it, what there is to choose from: of an argument, in a language.
_CHOICES: WeakKeyDictionary[Texts, dict[tuple[str, str, str], Mapping[str, str]]] = WeakKeyDictionary()


class Extent(Enum):
    """How much of a typed line is a positional argument's; where it is not all, it may stand in quotes."""

    WORD = auto()
    # Up to the first `|` or new line, or to the end where nothing comes after it. Before what is not all the
    # rest it ends at a quotation too: `!x give ben "for the soup"`.
    WORDS = auto()
    REST = auto()


def _as_it_is(value: Any) -> Any:
    return value


def _is_words(value: Any) -> bool:
    return isinstance(value, str)


def is_kept(value: Any) -> bool:
    """Whether it has the form in which a button of Plein's keeps it: whatever is typed into a line, a form or
    a platform's own input for words is a string.
    """
    return isinstance(value, (list, tuple)) and all(map(_is_words, value))


def _in_one_line(argument: Argument, value: Any, locale: str) -> str:
    return " ".join(str(value).split())


def _by_value(argument: Argument, locale: str) -> str:
    return argument.value_name(locale)


def _as_words(argument: Argument, value: Any) -> Field:
    return argument.field("" if value is None else str(value))


def _no_choices(kind: Any) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """What can be done with one kind of parameter, as plain functions. Only `convert` must be given.

    A `value` is what was typed, filled in or kept in a button: a string, number, yes or no, or a list. What
    is kept in a form that nobody types is a list where words are what people give: `is_kept`.

    `convert(argument, value, call)`: what the handler gets. It may look into the call's transaction.
        Raises: UserError (the right way to type the command is put behind it), or Unsure.
    `takes(value)`: whether that is a value as this kind is given; any other somebody made up.
    `keep(converted)`: a value from which `convert` makes the same again, for sure and whenever that is; to be
        given where what the handler gets is no such value itself.
    `show(argument, value, locale)`: the value as it can be typed again, without quotation marks.
    `placeholder(argument, locale)`: what stands for it where nothing is given.
    `field(argument, value)`: how a form asks for it; `value` is None where nothing is given.
    `suggest(argument, call, typed)`: what it could be, for all parameters of the kind.
    `choices(kind)`: what there is to choose from, by the program's names, where it is one of a few.
    `plain`: what a platform's own input gives. Whatever is a bool needs no value where it is named.
    """

    convert: Callable[[Argument, Any, Any], Any]
    takes: Callable[[Any], bool] = _is_words
    keep: Callable[[Any], Any] = _as_it_is
    show: Callable[[Argument, Any, str], str] = _in_one_line
    placeholder: Callable[[Argument, str], str] = _by_value
    field: Callable[[Argument, Any], Field] = _as_words
    suggest: Callable[[Argument, Any, str], Sequence[Suggestion]] | None = None
    choices: Callable[[Any], Sequence[str]] = _no_choices
    extent: Extent = Extent.WORD
    plain: type[str] | type[int] | type[bool] = str


# By annotation; a class of StrEnum is looked for under StrEnum.
Converters = Mapping[Any, Converter]


@dataclass(frozen=True, slots=True)
class Argument(Param):
    """A parameter of the command at `path`; `suggests`: what suggests for this one or for all of its name.

    Its texts go by the command first ("command.poll open.kind"), then by its name alone ("param.kind").
    """

    path: str
    converter: Converter
    texts: Texts
    zone: ZoneInfo
    suggests: Suggest | None

    @property
    def choices(self) -> Sequence[str]:
        """What there is to choose from, where it is one of a few."""
        return self.converter.choices(self.kind)

    @property
    def needs_value(self) -> bool:
        """Whether something has to be said behind its name."""
        return self.converter.plain is not bool

    @property
    def suggest(self) -> Suggest | None:
        """What suggests for it: for this command, for its name, or for its kind."""
        by_kind = self.converter.suggest
        return self.suggests or (partial(by_kind, self) if by_kind else None)

    # --- its texts ---

    def key(self, suffix: str) -> str:
        """The key of one of its texts: its name (""), ".help", ".value", ".label", ".hint", ".<choice>"."""
        own = f"command.{self.path}.{self.name}{suffix}"
        has_own = any(self.texts.find(own, locale) for locale in self.texts.locales)
        return own if has_own else f"param.{self.name}{suffix}"

    def find_text(self, suffix: str, locale: str) -> str | None:
        """The catalogue's own words for that key."""
        return self.texts.find(self.key(suffix), locale)

    def name_in(self, locale: str) -> str:
        """What it is called in this language."""
        return self.find_text("", locale) or self.name

    def value_name(self, locale: str) -> str:
        """What stands for its value: "when", "number"."""
        return self.find_text(".value", locale) or self.name_in(locale)

    def named_usage(self, locale: str) -> str:
        """How it is typed: `--closes when`, or `--anonymous` where there is nothing to say."""
        name = f"--{self.name_in(locale)}"
        return f"{name} {self.value_name(locale)}" if self.needs_value else name

    def words(self, locale: str) -> dict[str, str]:
        """The choice behind each word that may be typed in this language, the usual one of each first."""
        return {
            word: choice
            for choice in self.choices
            for word in (self.find_text(f".{choice}", locale) or choice).split("|")
        }

    def choice_in(self, locale: str, typed: str) -> str | None:
        """The choice that what was typed is called in this language; `per dag`, `per-dag` as `perdag`."""
        known, which = _CHOICES.setdefault(self.texts, {}), (self.path, self.name, locale)
        if which not in known:
            known[which] = {_joined(word): choice for word, choice in self.words(locale).items()}
        return known[which].get(_joined(typed))

    def usual_words(self, locale: str) -> dict[str, str]:
        """The word that is shown for each choice."""
        return {choice: word for word, choice in reversed(self.words(locale).items())}

    def known_words(self, locale: str) -> tuple[Text, ...]:
        """The words to choose from, as they are shown."""
        usual = self.usual_words(locale)
        return tuple(typed(usual[choice]) for choice in self.choices)

    def about(self, locale: str) -> Text:
        """What it is for, with the words to choose from."""
        return text(self.key(".help"), words=self.known_words(locale), languages=self._languages())

    def field(
        self, value: str = "", choices: Sequence[tuple[str, Text]] = (), *, long: bool = False
    ) -> Field:
        """How a form asks for it, with that value in it already."""
        has_hint = self.find_text(".hint", self.texts.locales[0])
        hint = text(self.key(".hint"), languages=self._languages()) if has_hint else None
        label = text(self.key(".label"))
        return Field(self.name, label, hint, value, tuple(choices), long=long, required=self.required)

    def _languages(self) -> tuple[Text, ...]:
        """Those that are spoken, each by its own name."""
        texts = self.texts
        return tuple(typed(texts.find("language.own_name", locale) or locale) for locale in texts.locales)


def _joined(words: str) -> str:
    return _BETWEEN.sub("", words.casefold())
