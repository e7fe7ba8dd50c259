"""People as arguments of commands: who is meant by a mention, an address or a name.

Whoever asks can mean those of the themes that they take part in, on whichever platform, and whomever they
mention.
A moderator of the community can mean everybody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from bot.call import Call
from bot.commands.argument import Argument, Converter
from bot.errors import Unsure, UserError
from bot.model.events import Mention
from bot.model.message import Suggestion, Text, text, typed
from bot.model.people import Known, Resident, Role
from bot.names import called, folded, without_number

# So many who bear one name are asked about; where there are more, a mention says it quicker.
MOST_NAMESAKES = 10
MOST_SUGGESTED = 25
# So many may be meant by a name that nobody bears, of so many that have a part of it in theirs; from here on
# one name is like another, which is longer or shorter by so much at the most.
MOST_LIKE, _LOOKED_AT = 3, 200
_ALIKE, _LONGER, _LONGEST_MISSPELLED = 0.66, 2, 64
_SHOWN = 40
_KEPT = re.compile(r"resident:(\d{1,18})")


def find_resident(argument: Argument, value: Any, call: Call) -> Resident:
    """The resident who is meant, from a mention, an address or a name.

    Raises: UserError where there is nobody; Unsure with a choice for each where there are several.
    """
    words = str(value).strip()
    if mention := mention_in(words, call):
        return _mentioned(mention, call)
    found = residents_called(words, call)
    if not found:
        raise UserError("resident.unknown", name=words[:_SHOWN])
    if len(found) > 1:
        raise Unsure(
            text("resident.which", name=words[:_SHOWN]),
            choices_of(argument.name, found, call),
            text("resident.other"),
        )
    return found[0]


def mention_in(words: str, call: Call) -> Mention | None:
    """The mention that was written so; None where there is none."""
    return next((mention for mention in call.mentions if mention.written == words), None)


def residents_called(words: str, call: Call) -> Sequence[Resident]:
    """All who may be meant by an address or a name, or as a button kept them.

    Raises: UserError where there are too many to choose from.
    """
    near = _near(call)
    if kept := _KEPT.fullmatch(words):
        found = call.tx.people.numbered(int(kept[1]), near, aloof=_adds(call))
    else:
        found = call.tx.people.at(words, near) or call.tx.people.named(words.removeprefix("@"), near)
    if len(found) > MOST_NAMESAKES:
        raise UserError("resident.many", name=words[:_SHOWN], count=len(found))
    return found


def residents_like(words: str, call: Call) -> Sequence[Resident]:
    """Those who may be meant by a name that nobody bears: they are called nearly so, whole or by one word of
    their name; the likest first, and few.

    Whoever misspells one letter has spelled one half of the name, or at least how it begins.
    """
    said = folded(words.removeprefix("@"))
    if not said or len(said) > _LONGEST_MISSPELLED:
        return ()
    near, half = _near(call), len(said) // 2
    parts = {said[0], said[:half], said[half:]} - {""}
    among = {found.id: found for part in parts for found in call.tx.people.suggested(part, near, _LOOKED_AT)}
    called_so: dict[str, set[int]] = {}
    for number, known in call.tx.people.known(among).items():
        name = folded(without_number(known.name)[0])
        for each in (name, *(name.split() if " " not in said else ())):
            if abs(len(each) - len(said)) <= _LONGER:
                called_so.setdefault(each, set()).add(number)
    like = get_close_matches(said, sorted(called_so), MOST_LIKE, _ALIKE)
    found = dict.fromkeys(resident for name in like for resident in sorted(called_so[name]))
    return [among[resident] for resident in found][:MOST_LIKE]


def _mentioned(mention: Mention, call: Call) -> Resident:
    """Whose account that is. Whoever was forgotten comes back by their own word alone.

    Raises: UserError where it is nobody's, and the command adds nobody.
    """
    name = called(mention.name)
    if found := call.tx.people.by_identity(mention.account):
        return found
    if not _adds(call) or call.tx.forgotten.at(mention.account):
        raise UserError("resident.new", name=name[:_SHOWN])
    return call.tx.people.add(mention.account, name)


def _adds(call: Call) -> bool:
    """Whether what they do is with whomever they mention, though that takes part in no theme of theirs."""
    command = call.catalogue.by_path.get(call.command)
    return command is not None and command.adds


def suggest_residents(argument: Argument, call: Call, given: str) -> Sequence[Suggestion]:
    """Those whose name holds what was typed; each by a name that nobody else has."""
    found = call.tx.people.suggested(given.removeprefix("@"), _near(call), MOST_SUGGESTED)
    names = call.tx.people.known([resident.id for resident in found])
    return [Suggestion(known.name, typed(known.name)) for known in names.values()]


def _near(call: Call) -> Collection[int] | None:
    """The themes whose people are looked among; None: all there are."""
    if call.resident.role >= Role.MODERATOR:
        return None
    return call.themes_among([theme.id for theme in call.tx.places.themes()])


def choices_of(argument: str, found: Sequence[Resident], call: Call) -> list[tuple[Text, Mapping[str, Any]]]:
    """A button for each, who is that argument then, with what tells them apart: the themes that both take
    part in.
    """
    names = call.tx.people.known([resident.id for resident in found])
    ours = {theme.id for theme in call.themes()}
    return [
        (_described(names[resident.id], _themes(call, resident, ours)), {argument: keep(resident)})
        for resident in found
        if resident.id in names
    ]


def _themes(call: Call, resident: Resident, ours: set[int]) -> tuple[Text, ...]:
    theirs = ours.intersection(theme for _, theme, _ in call.tx.people.parts(resident.id))
    return tuple(typed(theme.name) for theme in call.tx.places.themes(theirs))


def _described(known: Known, themes: tuple[Text, ...]) -> Text:
    if not themes:
        return typed(known.name)
    return text("resident.choice", name=known.name, themes=themes)


def is_kept(words: str) -> bool:
    """Whether that is such a value."""
    return _KEPT.fullmatch(words) is not None


def keep(resident: Resident) -> str:
    """A value that means this resident whoever is called how by then."""
    return f"resident:{resident.id}"


RESIDENT = Converter(convert=find_resident, keep=keep, suggest=suggest_residents)
