"""From catalogue keys to words: plurals, dates and lists as people write them, in their language.

The catalogues are gettext PO files keyed by name (`poll.closed.one`), so that translators'
tools read them: a folder for each language, and in it a file for each feature, for each adapter and
for the core. Backticks mark what can be typed; a Voice says how a platform shows that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from gettext import c2py
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, get_timezone_location
from babel.messages.pofile import read_po

from bot.errors import Clash
from bot.model.message import Attachment, Text
from bot.model.people import Known, Resident
from bot.unseen import visible

FOLDER = Path(__file__).parent / "locales"


def languages_in(folder: Path) -> tuple[str, ...]:
    """Every language that has a catalogue there; Dutch first, as most people here speak it."""
    found = (language.name for language in folder.iterdir() if language.is_dir())
    return tuple(sorted(found, key=lambda name: (name != "nl", name)))


LOCALES = languages_in(FOLDER)
# `{known}` is a list that ends in "and"; `{known|or}` one that something is chosen from.
_HOLE = re.compile(r"\{(\w+(?:\|or)?)\}")
# Babel's own Flemish month and day names; British order of day and month for English.
_BABEL = {"nl": "nl_BE", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Voice:
    """How to speak to one reader or place: language, zone, and the platform's way of writing.

    `own_zone`: the zone is the reader's own and not their community's, which moments say then. `now`
    decides whether a date needs its year. `escape` makes typed words harmless; `code`
    is put around what can be typed; `date` replaces the catalogue's way where a platform
    shows dates itself. `people`: how the residents are shown whom a text names, by their numbers;
    `person` shows one in the platform's own way, or gives None where it has none for them. Nobody is pinged
    by it.
    """

    locale: str
    zone: ZoneInfo
    now: datetime
    escape: Callable[[str], str] = visible
    code: tuple[str, str] = ("`", "`")
    date: Callable[[datetime], str] | None = None
    people: Mapping[int, Known] = field(default_factory=dict)
    person: Callable[[Known], str | None] | None = None
    own_zone: bool = False


class Clocks(NamedTuple):
    """By which clocks moments are told somebody; `own`: by theirs, which are not the community's."""

    zone: ZoneInfo
    own: bool = False


class Texts:
    """The catalogues in these folders. A key that is missing in a language is taken from English.

    `locales` are the languages of the first folder; one that brings more texts need not have them all.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders or (FOLDER,)
        self.locales = LOCALES if self._folders[0] == FOLDER else languages_in(self._folders[0])
        # What was asked of `words` before: there are as many as catalogues name.
        self._words: dict[str, Sequence[str]] = {}

    def nearest(self, locale: str | None, default: str) -> str:
        """The language we have for a platform's code such as "en-GB" or "nl_BE"."""
        if locale is None:
            return default
        short = locale.replace("_", "-").split("-")[0].lower()
        return short if short in self.locales else default

    def languages(self) -> Mapping[str, str]:
        """Each by its code, by its own name, and by its name in every language."""
        names = {locale: locale for locale in self.locales}
        for locale in self.locales:
            found = [self.find(f"language.name.{locale}", spoken) for spoken in self.locales]
            for name in (*found, self.find("language.own_name", locale)):
                names[(name or locale).casefold()] = locale
        return names

    def called(self, words: str) -> str | None:
        """The language that people call so."""
        return self.languages().get(words.strip().casefold())

    def _catalogue(self, locale: str) -> _Catalogue:
        return _read_catalogue(self._folders, locale)

    def find(self, key: str, locale: str) -> str | None:
        """The catalogue's own words for a key, unfilled."""
        entry = self._catalogue(locale).entries.get(key) or self._catalogue("en").entries.get(key)
        return entry[0] if entry else None

    def words(self, key: str) -> Sequence[str]:
        """All that people may type for it, of every language; in a catalogue they are apart by `|`."""
        found = self._words.get(key)
        if found is None:
            said = "|".join(self.find(key, locale) or "" for locale in self.locales)
            found = self._words[key] = [word for word in said.split("|") if word]
        return found

    def file_name(self, file: Attachment, locale: str) -> str:
        """Of its subject the kind, as it is called in this language, and the number."""
        kind, number, *_ = file.subject.split(":")
        return f"{self.find(f'file.{kind}', locale) or kind}-{number}.{file.form}"

    def write(self, said: Text | str, voice: Voice) -> str:
        """The words, in this voice."""
        if isinstance(said, str):
            return voice.escape(said)
        template = self._template(said, voice.locale)
        written: list[str] = []
        inside = False
        for number, part in enumerate(_HOLE.split(template)):
            if number % 2:
                name, _, between = part.partition("|")
                written.append(self._value(said.values[name], voice, between or "and"))
                continue
            for piece, chunk in enumerate(part.split("`")):
                if piece:
                    inside = not inside
                    written.append(voice.code[0 if inside else 1])
                written.append(voice.escape(chunk) if chunk else "")
        return "".join(written)

    def _template(self, said: Text, locale: str) -> str:
        for name in (locale, "en"):
            catalogue = self._catalogue(name)
            forms = catalogue.entries.get(said.key)
            if forms:
                if len(forms) == 1:
                    return forms[0]
                return forms[catalogue.plural(int(said.values.get("count", 1)))]
        return said.key

    def _value(self, value: Any, voice: Voice, between: str = "and") -> str:
        if isinstance(value, Text):
            return self.write(value, voice)
        if isinstance(value, datetime):
            return voice.date(value) if voice.date else self.date(value, voice)
        if isinstance(value, date):
            return self.day(value, voice)
        if isinstance(value, Resident):
            return self._person(value, voice)
        if isinstance(value, (tuple, list)):
            return self._list([self._value(part, voice) for part in value], voice, between)
        if isinstance(value, (int, float)):
            return self.number(value, voice.locale)
        return voice.escape(str(value))

    def _person(self, resident: Resident, voice: Voice) -> str:
        """By the name that nobody else has, or as the platform shows people where they chose none."""
        known = voice.people.get(resident.id)
        if known is None:
            return voice.escape(resident.name or self._template(Text("resident.somebody"), voice.locale))
        by_platform = voice.person and not known.own and voice.person(known)
        return by_platform or voice.escape(known.name)

    def _list(self, parts: list[str], voice: Voice, between: str) -> str:
        if len(parts) < 2:
            return "".join(parts)
        filled = {"head": ", ".join(parts[:-1]), "last": parts[-1]}
        template = self._template(Text(f"list.{between}"), voice.locale)
        return _HOLE.sub(lambda hole: filled[hole[1]], template)

    def day(self, day: date, voice: Voice) -> str:
        """A whole day, the same in every zone, with the year only where it is another one."""
        same_year = day.year == voice.now.astimezone(voice.zone).year
        pattern = self._template(Text("date.day" if same_year else "date.day.year"), voice.locale)
        return format_date(day, pattern, locale=_BABEL.get(voice.locale, voice.locale))

    def date(self, moment: datetime, voice: Voice) -> str:
        """A date and time in full, with the year only where it is another one."""
        local = moment.astimezone(voice.zone)
        same_year = local.year == voice.now.astimezone(voice.zone).year
        pattern = self._template(Text("date.full" if same_year else "date.full.year"), voice.locale)
        locale = _BABEL.get(voice.locale, voice.locale)
        written = format_datetime(local, pattern, locale=locale)
        if not voice.own_zone:
            return written
        filled = {"at": written, "zone": get_timezone_location(voice.zone, locale=locale, return_city=True)}
        return _HOLE.sub(lambda hole: filled[hole[1]], self._template(Text("date.elsewhere"), voice.locale))

    @staticmethod
    def number(value: int | float, locale: str) -> str:
        """Thousands apart from 10,000 on, and one decimal, as people there write them."""
        if isinstance(value, float):
            return f"{value:.1f}".replace(".", "," if locale == "nl" else ".")
        return (
            f"{value:,}".replace(",", "." if locale == "nl" else ",") if abs(value) >= 10_000 else str(value)
        )


@dataclass(frozen=True, slots=True)
class _Catalogue:
    entries: Mapping[str, tuple[str, ...]]
    plural: Callable[[int], int]


@cache
def _read_catalogue(folders: tuple[Path, ...], locale: str) -> _Catalogue:
    """All files of that language. Raises: Clash where two of them have the same key."""
    entries: dict[str, tuple[str, ...]] = {}
    known: dict[str, Path] = {}
    plural: Callable[[int], int] = _same_in_every_number
    for path in (path for folder in folders for path in sorted((folder / locale).glob("*.po"))):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=locale)
        plural = c2py(catalogue.plural_expr)
        for message in catalogue:
            if message.id:
                key = message.id if isinstance(message.id, str) else message.id[0]
                if other := known.get(key):
                    raise Clash(f"The text {key!r} is in two catalogues: {other} and {path}.")
                forms = message.string or ()
                entries[key] = (forms,) if isinstance(forms, str) else tuple(forms)
                known[key] = path
    return _Catalogue(entries, plural)


def _same_in_every_number(count: int) -> int:
    return 0
