"""Which promise somebody means, and whether it is theirs to settle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.call import Call
from bot.errors import Unsure, UserError
from bot.features.meetings.find import is_own, short, themes_here, usage
from bot.features.meetings.minutes.lines import person
from bot.features.meetings.minutes.open import is_free, left
from bot.features.meetings.minutes.records import ACTIONS, Action, State
from bot.features.meetings.records import MEETINGS
from bot.model.message import Suggestion, Text, text

LIST, DONE, DROP, TAKE = "action list", "action done", "action drop", "action take"
REOPEN, GIVE_BACK = "action reopen", "action give back"
# So many are offered where one of several may be meant.
OFFERED = 9


def find(call: Call, number: int | None) -> Action:
    """The one with that number; without one, the only one that is theirs and open.

    Raises: UserError, and Unsure where several may be meant.
    """
    if number is not None:
        return numbered(call, number)
    mine = [each for each in open_here(call) if each.owner == call.resident.id]
    return _only(call, mine, "action.none_of_yours")


def find_free(call: Call, number: int | None) -> Action:
    """The same of those that are nobody's."""
    if number is not None:
        return numbered(call, number)
    found = open_here(call)
    gone = left(call.tx, found)
    return _only(
        call, [each for each in found if each.owner is None or each.owner in gone], "action.none_free"
    )


def open_here(call: Call) -> Sequence[Action]:
    """Those that are open in this place's theme; in private in all of theirs."""
    here = themes_here(call) if call.place else call.themes_among(call.tx.of(ACTIONS).themes())
    return call.tx.of(ACTIONS).open_in(here)


def _only(call: Call, found: Sequence[Action], none: str) -> Action:
    if not found:
        raise UserError(none, usage=usage(call, LIST))
    if len(found) > 1:
        choices = [(named(each), {"action": each.id}) for each in found[:OFFERED]]
        line = usage(call, call.command, {**call.given, "action": found[0].id})
        raise Unsure(text("action.which"), choices, text("action.which.how", usage=line))
    return numbered(call, found[0].id)


def numbered(call: Call, number: int) -> Action:
    """The one with that number, where it is theirs to know. Raises: UserError."""
    found = call.tx.of(ACTIONS).get(number)
    if not call.is_theirs(found.theme if found else None, call.tx.of(ACTIONS).themes) or found is None:
        raise UserError("action.unknown", action=number, usage=usage(call, LIST))
    return found


def named(action: Action) -> Text:
    return text("action.named", action=action.id, words=short(action.words))


def check_open(call: Call, action: Action) -> None:
    """Raises: UserError where it is settled."""
    if action.state is not State.OPEN:
        raise UserError(f"action.is.{action.state}", words=action.words, usage=usage(call, LIST))


def check_settles(call: Call, action: Action) -> None:
    """Raises: UserError where they may not settle it: it is neither theirs, nor of a meeting that they
    organise.
    """
    call.check_writes(action.theme)
    if action.owner == call.resident.id or organises(call, action):
        return
    if is_free(call.tx, action):
        raise UserError("action.free", words=action.words, usage=usage(call, TAKE, {"action": action.id}))
    raise UserError("action.not_yours", words=action.words, who=person(action.owner))


def organises(call: Call, action: Action) -> bool:
    meeting = call.tx.of(MEETINGS).get(action.meeting)
    return meeting is not None and is_own(call, meeting)


def suggest_actions(call: Call, given: str) -> Sequence[Suggestion]:
    """Those that may be meant."""
    wanted: Any = given.casefold().removeprefix("#")
    here = (call.theme_here.id,) if call.theme_here else call.themes_among(call.tx.of(ACTIONS).themes())
    return [
        Suggestion(each.id, named(each))
        for each in call.tx.of(ACTIONS).open_in(here)
        if str(each.id).startswith(wanted) or wanted in each.words.casefold()
    ]
