"""What words mean that answer a message of Plein's: the number or name of what to press, or a ballot.

What is neither is talk, which people also reply with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.commands.talk import small_talk
from bot.communities import WHOSE
from bot.model.message import Form, Message, Text
from bot.numerals import number_in
from bot.texts import Texts, Voice
from bot.unseen import seen_as

_BETWEEN = re.compile(r"[\s,;>&+]+")
# What is greater numbers nothing that Plein shows: people talk of years.
_MOST = 99
_CHOICE = re.compile(r"^(?:\[1\]|[█▓░ ]*1\.) ", re.MULTILINE)
_AROUND = ' .,!?"“”„«»'
# "Ja, graag", "ja sluit maar": who says more than that says something else.
_FEW = 3
# Labels are read as they are written to anybody: none of these has a date in it that somebody would type.
_ANYWHERE = (ZoneInfo("UTC"), datetime(1970, 1, 1, tzinfo=UTC))


def shows_choices(content: Mapping[str, Any]) -> bool:
    """Whether what Plein sent lists what one can choose by its number."""
    return _CHOICE.search(str(content.get("body", ""))) is not None


def numbers_in(words: str) -> tuple[int, ...]:
    """The numbers that words are, however phones write them; none where they are anything else."""
    parts = [part for part in _BETWEEN.split(words.strip().rstrip("!?")) if part]
    found = [number for part in parts if (number := number_in(part)) is not None and 0 <= number <= _MOST]
    return tuple(found) if len(found) == len(parts) else ()


def button_called(message: Message, words: str, texts: Texts) -> int | None:
    """The number of the one button that is called like this, in any language, or says yes or no like this."""
    wanted = seen_as(words.strip(_AROUND))
    labels = [
        (number, seen_as(name))
        for number, button in enumerate(message.buttons, start=1)
        for name in _written(button.label, texts)
    ]
    found = {number for number, label in labels if label == wanted}
    first, few = wanted.split(" ")[0].strip(_AROUND), len(wanted.split()) <= _FEW
    for key in ("word.yes", "word.no") if few and not found else ():
        said = texts.words(key)
        if first in said:
            found = {number for number, label in labels if label.split(" ")[0].strip(_AROUND) in said}
    return found.pop() if len(found) == 1 else None


def is_ballot(form: Form, words: str, texts: Texts) -> bool:
    """Whether words are all that a form asks for: a text, numbers, or what can be chosen in its fields.

    Where it asks for several things nothing says which of them is meant.
    """
    if len({field.name for field in form.fields}) > 1:
        return False
    if form.fields[0].long:
        return small_talk(texts, words) is None  # "laat maar" is no reason
    if numbers_in(words):
        return True
    known = {
        name
        for field in form.fields
        if field.picked == 1
        for value, label in field.choices
        for name in (value, *map(seen_as, _written(label, texts)))
    }
    parts = [seen_as(part) for part in _BETWEEN.split(words.strip(_AROUND)) if part]
    return len(parts) == len(form.fields) and known.issuperset(parts)


def filled_in(form: Form, words: str) -> Mapping[str, Any]:
    """The arguments of a form, with these words for all that it asks."""
    name = form.fields[0].name
    given = [str(form.args[name])] if name in form.args else []
    return {**form.args, name: " ".join([*given, words])}


def about(message: Message) -> Mapping[str, Any]:
    """What a message of Plein's is about, for a command that is typed in reply to it."""
    asks = message.native_poll or message.form
    args = asks.args if asks else next((button.args for button in message.buttons if button.numbered), {})
    return {**args, WHOSE: message.community}


def _written(label: Text, texts: Texts) -> Iterable[str]:
    return {texts.write(label, Voice(locale, *_ANYWHERE, code=("", ""))) for locale in texts.locales}
