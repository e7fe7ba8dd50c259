"""Whom somebody thanks, as people type it: one or several, also who has no account."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.call import Call
from bot.commands.argument import Argument, Converter, Converters, Extent, is_kept
from bot.errors import Unsure, UserError, yes
from bot.features.kudos.records import Receiver
from bot.model.message import text
from bot.model.people import Resident
from bot.people import RESIDENT, choices_of, keep, mention_in, residents_called, residents_like
from bot.unseen import seen_as

# So many are thanked at once; so long is the name of who has no account.
MOST, LONGEST_NAME = 10, 64
# Behind these stand, as a button keeps it, such a name, and what was typed and is still to be looked for.
_NAME, _TYPED = "name:", "typed:"
_PREFIX = re.compile(f"^({_NAME}|{_TYPED})")
_WHO, _REASON = "who", "reason"
_SHOWN = 40


class Receivers(tuple[Receiver, ...]):
    """Those who are thanked, in the order in which they were named; each once."""


def _receivers(argument: Argument, value: Any, call: Call) -> Receivers:
    """ "@ben", "@ben @lien", "Ben, Lien en Cas", "bakkerij Peeters" """
    typed = isinstance(value, str)
    parts = [f"{_TYPED}{part}" for part in _named(argument, value.strip(), call)] if typed else value
    if not parts:
        raise UserError("kudos.nobody")
    _check_count(parts)
    found: list[Receiver] = []
    for at, part in enumerate(parts):
        receiver = _receiver(argument, part, found, parts[at + 1 :], call)
        if receiver not in found:
            found.append(receiver)
    return Receivers(found)


def _receiver(
    argument: Argument, words: str, before: Sequence[Receiver], after: Sequence[str], call: Call
) -> Receiver:
    """Who that is. Raises: UserError where it can be nobody; Unsure where several may be meant, or somebody
    without an account.
    """
    if words.startswith(_NAME):
        return Receiver(None, _checked(words.removeprefix(_NAME)))
    words = words.removeprefix(_TYPED)
    people = _known(argument, words, call)
    if len(people) == 1:
        return Receiver(people[0].id)
    # Of those who are called so, or nearly so.
    choices = [
        (label, _with(given[_WHO], before, after))
        for label, given in choices_of(_WHO, people or residents_like(words, call), call)
    ]
    if people:
        raise Unsure(text("resident.which", name=words[:_SHOWN]), choices, text("resident.other"))
    if words.startswith("@") and " " not in words:
        if choices:
            raise Unsure(text("kudos.nearly", name=words[:_SHOWN]), choices, text("resident.other"))
        raise UserError("resident.unknown", name=words[:_SHOWN])
    name = _checked(words)
    asked = text("kudos.nearly" if choices else "kudos.no_account", name=name)
    alone = text("kudos.button.no_account.nearly" if choices else "kudos.button.no_account", name=name)
    raise Unsure(asked, [*choices, (alone, _with(f"{_NAME}{name}", before, after))])


def _named(argument: Argument, words: str, call: Call) -> Sequence[str]:
    """The words for each of them: somebody may be called "Ben en Lien"."""
    if len(words) <= LONGEST_NAME and (mention_in(words, call) or _known(argument, words, call)):
        return [words]
    # Each is looked for, and nobody else waits for a thousand of them.
    named = _check_count(_parts(words, call))
    return [part for words in named for part in _each(argument, words, call)]


def _check_count(parts: Sequence[str]) -> Sequence[str]:
    """Raises: UserError."""
    if len(parts) > MOST:
        raise UserError("kudos.many", count=len(parts), most=MOST)
    return parts


def _known(argument: Argument, words: str, call: Call) -> Sequence[Resident]:
    """Who may be meant by that: a mention is one alone."""
    if mention_in(words, call):
        found: Resident = RESIDENT.convert(argument, words, call)
        return [found]
    return residents_called(words, call)


def _with(this: str, before: Sequence[Receiver], after: Sequence[str]) -> Mapping[str, Any]:
    return {_WHO: [*map(keep_receiver, before), this, *after]}


def _checked(name: str) -> str:
    """Raises: UserError where nobody is called so; what has an account is a bot, or nobody here."""
    if "@" in name:
        raise UserError("resident.unknown", name=name[:_SHOWN])
    if not seen_as(name) or len(name) > LONGEST_NAME:
        raise UserError("kudos.name", most=LONGEST_NAME)
    return name


def _each(argument: Argument, words: str, call: Call) -> Sequence[str]:
    """Those who are named one behind the other, with blanks alone between: each word is somebody."""
    apart = words.split()
    if not 1 < len(apart) <= MOST or _known(argument, words, call):
        return [words]
    named = all(word.startswith("@") or _known(argument, word, call) for word in apart)
    return apart if named else [words]


def _parts(words: str, call: Call) -> Sequence[str]:
    """Each of those who are named, by a mention or with something between."""
    written = {mention.written for mention in call.mentions}
    words = " ".join(f",{word}," if word in written else word for word in words.split())
    ands = "|".join(map(re.escape, call.commands.texts.words("word.and")))
    parts = [part.strip() for part in re.split(rf"[,;]|\s(?:{ands})\s", f" {words} ")]
    alone = set(call.commands.texts.words("word.and"))
    return [part for part in parts if part and part not in alone]


def ask_for_reason(call: Call, given: Mapping[str, Any]) -> None:
    """Whether what they are thanked for stands among the names: "@ben voor het opruimen". Raises: Unsure."""
    words = call.given.get(_WHO)
    if _REASON in given or not isinstance(words, str):
        return
    people, reason = _apart(words, call)
    if people and reason:
        meant = {**call.given, _WHO: people, _REASON: reason}
        line = call.commands.usage(call.commands.by_path[call.command], call.locale, meant)
        raise Unsure(text("line.meant", line=line), yes(**{_WHO: people, _REASON: reason})).openly()


def _apart(words: str, call: Call) -> tuple[str, str]:
    """Who stands in front of the first "voor" or "omdat", or the mentions in front of anything else."""
    for word in call.commands.texts.words("kudos.word.because"):
        if found := re.search(rf"\s{re.escape(word)}\s+\S", words, re.IGNORECASE):
            return words[: found.start()].strip(), words[found.start() :].strip()
    written = {mention.written for mention in call.mentions}
    said = words.split()
    count = next((at for at, word in enumerate(said) if word.strip(",") not in written), len(said))
    return " ".join(said[:count]), " ".join(said[count:])


def keep_receiver(receiver: Receiver) -> str:
    """As a button keeps it."""
    return keep(Resident(receiver.resident, "")) if receiver.resident else f"{_NAME}{receiver.name}"


def _keep(receivers: Receivers) -> list[str]:
    return [*map(keep_receiver, receivers)]


def _takes(value: Any) -> bool:
    return isinstance(value, str) or is_kept(value)


def _show(argument: Argument, value: Any, locale: str) -> str:
    typed = [value] if isinstance(value, str) else [_PREFIX.sub("", part) for part in value]
    return ", ".join(" ".join(part.split()) for part in typed)


KINDS: Converters = {
    Receivers: Converter(
        convert=_receivers,
        takes=_takes,
        keep=_keep,
        show=_show,
        suggest=RESIDENT.suggest,
        extent=Extent.WORDS,
    )
}
