"""What residents say of themselves, if they like: what concerns them, what they know, whom they stand for.

Words are short. Nobody else sees a list before its owner says so, and each answer says who can see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.call import Call
from bot.commands.argument import Argument, Converter, Extent
from bot.commands.types import OPTIONS
from bot.errors import UserError
from bot.features.residents.records import PROFILES, About, Listed
from bot.model.message import Button, Field, Message, Suggestion, message, text, typed
from bot.names import folded

# So many words and characters are no sentence yet; so many entries fit a list.
MOST_WORDS, LONGEST = 4, 40
MOST = 20
_SHOWN = 60
_BETWEEN = re.compile(r"[,;،、]")
# What stands around a word when people write a list, and is none of it.
_BEFORE = re.compile(r"^(?:[-–—*•·]\s|[#\s\"“”„«»‘])+")
_BEHIND = " \t.!?\"“”„«»'‘’"


class Topics(tuple[str, ...]):
    """Words with commas between, each of which says what something is about."""


def topics_in(parts: Sequence[str], ands: Sequence[str]) -> Topics:
    """The words in what was typed, each once. "a, b and c" are three, "food and drink" is one.

    Raises: UserError for a sentence, or what has no letter.
    """
    pieces = [piece for part in parts for piece in _BETWEEN.split(part)]
    if len(pieces) > 1:
        last = re.split(rf"\s+(?:{'|'.join(map(re.escape, ands))})\s+", pieces.pop(), maxsplit=1)
        pieces += last
    found: dict[str, str] = {}
    for piece in pieces:
        if word := _checked(piece):
            found.setdefault(folded(word), word)
    return Topics(found.values())


def _checked(piece: str) -> str:
    """The word itself; empty where there is none. Raises: UserError."""
    word = " ".join(_BEFORE.sub("", piece).rstrip(_BEHIND).split())
    if len(word.split()) > MOST_WORDS or len(word) > LONGEST:
        raise UserError("profile.sentence", words=word[:_SHOWN])
    if word and not any(map(str.isalnum, word)):
        raise UserError("profile.wordless", words=word)
    return word


def _topics(argument: Argument, value: Any, call: Call) -> Topics:
    found = topics_in(OPTIONS.convert(argument, value, call), call.commands.texts.words("word.and"))
    if not found:
        raise UserError("profile.wordless", words=" ".join(str(value).split())[:_SHOWN])
    return found


def _show(argument: Argument, value: Any, locale: str) -> str:
    return ", ".join(value) if isinstance(value, (list, tuple)) else " ".join(str(value).split())


def _field(argument: Argument, value: Any) -> Field:
    return argument.field("" if value is None else _show(argument, value, ""))


TOPICS = Converter(
    convert=_topics, takes=OPTIONS.takes, keep=list, show=_show, field=_field, extent=Extent.REST
)


# --- the three lists ---


def choose_interests(
    call: Call,
    topics: Topics | None = None,
    *,
    remove: Topics | None = None,
    show: bool = False,
    hide: bool = False,
    clear: bool = False,
) -> Message:
    """Say what concerns you."""
    return _change(call, About.INTERESTS, topics or (), remove or (), show=show, hide=hide, clear=clear)


def choose_expertise(
    call: Call,
    topics: Topics | None = None,
    *,
    remove: Topics | None = None,
    show: bool = False,
    hide: bool = False,
    clear: bool = False,
) -> Message:
    """Say what you know something of."""
    return _change(call, About.EXPERTISE, topics or (), remove or (), show=show, hide=hide, clear=clear)


def choose_association(
    call: Call,
    association: str | None = None,
    *,
    remove: str | None = None,
    show: bool = False,
    hide: bool = False,
    clear: bool = False,
) -> Message:
    """Say which association you are there for."""
    if association:
        call.check_belongs()
    added = [_known(call, association)] if association else []
    gone = [remove] if remove else []
    return _change(call, About.ASSOCIATIONS, added, gone, show=show, hide=hide, clear=clear)


def _known(call: Call, name: str) -> str:
    """The association as its moderator wrote it. Raises: UserError."""
    known = call.tx.of(PROFILES).associations()
    if association := written(known, name):
        return association
    if not known:
        raise UserError("profile.association.none", name=name[:_SHOWN])
    raise UserError("profile.association.unknown", name=name[:_SHOWN], known=tuple(map(typed, known[:MOST])))


def written(known: Sequence[str], name: str) -> str | None:
    """The one of that name, as its moderator wrote it."""
    return next((association for association in known if folded(association) == folded(name)), None)


def _change(
    call: Call,
    about: About,
    added: Sequence[str],
    removed: Sequence[str],
    *,
    show: bool,
    hide: bool,
    clear: bool,
) -> Message:
    """What was there is taken away first; what comes to a list is seen by who sees the list."""
    if added or show:
        call.check_belongs()  # it is for others there
    kept, me = call.tx.of(PROFILES), call.resident.id
    before = kept.of(me, about)
    _check_listed(before, removed)
    if clear:
        kept.clear(me, about)
    kept.remove(me, about, removed)
    left = {folded(word) for word in kept.of(me, about).words}
    new = [word for word in added if folded(word) not in left]
    if (count := len(left) + len(new)) > MOST:
        raise UserError("profile.many", count=count, most=MOST)
    if about is About.EXPERTISE and (gone := {folded(word) for word in before.words} - left):
        call.belongings.unsaid(call.tx, me, gone)
    kept.add(me, about, new, shown=before.shown)
    if show or hide:
        # Who says both is rather seen by nobody.
        kept.show(me, about, shown=not hide)
    return _said(about, kept.of(me, about), call)


def _check_listed(listed: Listed, words: Sequence[str]) -> None:
    known = {folded(word) for word in listed.words}
    if missing := [word for word in words if folded(word) not in known]:
        raise UserError("profile.not_listed", words=tuple(typed(word[:_SHOWN]) for word in missing[:MOST]))


def _said(about: About, listed: Listed, call: Call) -> Message:
    if not listed.words:
        return message(text(f"profile.{about}.none"), *_choose_from(about, call))
    path = PATHS[about]
    seen = "shown" if listed.shown else "hidden"
    turn = "hide" if listed.shown else "show"
    return message(
        text(f"profile.{about}.are", words=tuple(map(typed, listed.words))),
        text(f"profile.{about}.{seen}"),
        buttons=[
            Button(text(f"profile.button.{turn}"), path, {turn: True}),
            Button(text("profile.button.clear"), path, {"clear": True}),
        ],
    )


def _choose_from(about: About, call: Call) -> Iterator[Any]:
    """Which associations there are, where one of them is to be chosen."""
    is_asked = about is About.ASSOCIATIONS and call.belongs()
    known = call.tx.of(PROFILES).associations() if is_asked else ()
    if known:
        yield text("profile.association.known", known=tuple(map(typed, known[:MOST])))
    elif is_asked:
        yield text("profile.association.nowhere")


PATHS = {
    About.INTERESTS: "me interests",
    About.EXPERTISE: "me expertise",
    About.ASSOCIATIONS: "me for",
}
_ABOUT = {path: about for about, path in PATHS.items()}


def suggest_own(call: Call, given: str) -> Sequence[Suggestion]:
    """What can be taken off the list."""
    listed = call.tx.of(PROFILES).of(call.resident.id, _ABOUT[call.command]).words
    return fitting(listed, given)


def fitting(words: Sequence[str], given: str) -> list[Suggestion]:
    return [Suggestion(word, typed(word)) for word in words if folded(given) in folded(word)]
