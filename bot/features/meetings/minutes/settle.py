"""What becomes of promises: the list, done, dropped, taken on by somebody, open after all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.call import Call
from bot.errors import UserError
from bot.features.meetings.find import usage
from bot.features.meetings.minutes import open as still
from bot.features.meetings.minutes import remind
from bot.features.meetings.minutes.find import (
    DONE,
    GIVE_BACK,
    LIST,
    OFFERED,
    REOPEN,
    TAKE,
    check_open,
    check_settles,
    find,
    find_free,
    numbered,
    open_here,
    organises,
)
from bot.features.meetings.minutes.lines import person
from bot.features.meetings.minutes.promise import NOTE
from bot.features.meetings.minutes.records import ACTIONS, Action, State
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Together
from bot.ports.storage import Transaction

PAGE = 10


def list_actions(call: Call, *, theme: str | None = None, page: int = 1) -> Message:
    """What is still to be done here, whose it is, since when and by when; in private, everywhere."""
    found = call.tx.of(ACTIONS).open_in([call.theme(theme).id]) if theme else open_here(call)
    if not found:
        raise UserError("action.list.none", usage=usage(call, NOTE)).openly()
    first = (page - 1) * PAGE
    shown = found[first : first + PAGE] if first >= 0 else ()
    if not shown:
        raise UserError("action.no_page", page=page, count=-(-len(found) // PAGE))
    gone = still.left(call.tx, shown)
    lines = [_with_theme(call, each, still.line(each, gone)) for each in shown]
    buttons = _buttons(call, shown, gone)
    if first + PAGE < len(found):
        args = {"page": page + 1, **({"theme": theme} if theme else {})}
        buttons.append(Button(text("action.button.more"), LIST, args))
    return message(*lines, title=text("action.list"), buttons=buttons)


def _with_theme(call: Call, action: Action, line: Text) -> Text:
    """In private it is said in which theme that is."""
    if call.theme_here and call.theme_here.id == action.theme:
        return line
    (theme,) = call.tx.places.themes([action.theme])
    return text("action.line.theme", line=line, theme=theme.name)


def _buttons(call: Call, shown: Sequence[Action], gone: Collection[int]) -> list[Button]:
    """What is theirs they can say is done, and take on what is nobody's."""
    buttons = []
    for each in shown:
        if each.owner == call.resident.id:
            buttons.append(Button(text("action.button.done", action=each.id), DONE, {"action": each.id}))
        elif each.owner is None or each.owner in gone:
            buttons.append(Button(text("action.button.take", action=each.id), TAKE, {"action": each.id}))
    return buttons[:OFFERED]


def action_done(call: Call, action: int | None = None) -> Message:
    """Say that it is done."""
    found = _settled(call, find(call, action), State.DONE)
    told = []
    if found.owner is not None:
        remind.plan_thanking(call, found)
        told = [text("action.done.told")]
    return message(text("action.done", words=found.words), *told, buttons=[_again(found)])


def action_dropped(call: Call, action: int | None = None) -> Message:
    """Say that it is not to be done any more."""
    found = _settled(call, find(call, action), State.DROPPED)
    if found.owner not in (None, call.resident.id):
        said = text("action.dropped.yours", who=call.resident, words=found.words)
        call.tell(found.owner or 0, message(said), _dropped(found), theme=found.theme, beside=True)
    return message(text("action.dropped", words=found.words), buttons=[_again(found)])


def _settled(call: Call, action: Action, state: State) -> Action:
    check_settles(call, action)
    check_open(call, action)
    remind.call_off(call, action)
    call.undo_with(REOPEN, action=action.id)
    return call.tx.of(ACTIONS).change(action, state=state, ended_at=call.now)


def _dropped(action: Action) -> str:
    """Under what key its owner hears that somebody else dropped it."""
    return f"action:{action.id}:dropped:{action.ended_at}"


def _again(action: Action) -> Button:
    return Button(text("action.button.reopen"), REOPEN, {"action": action.id})


def reopen(call: Call, action: int) -> Message:
    """It is still to be done after all."""
    found = numbered(call, action)
    check_settles(call, found)
    if found.state is State.OPEN:
        raise UserError("action.is.open", words=found.words, usage=usage(call, LIST))
    call.withdraw_post(_dropped(found))
    found = call.tx.of(ACTIONS).change(found, state=State.OPEN, ended_at=None)
    remind.plan(call, found)
    remind.thank_no_more(call, found)
    return message(text("action.reopened", words=found.words))


def take(call: Call, action: int | None = None) -> Message:
    """Take on what is nobody's."""
    found = find_free(call, action)
    call.check_writes(found.theme)
    check_open(call, found)
    if found.owner == call.resident.id:
        raise UserError("action.yours", words=found.words)
    if not still.is_free(call.tx, found):
        raise UserError("action.not_yours", words=found.words, who=person(found.owner))
    found = call.tx.of(ACTIONS).change(found, owner=call.resident.id)
    remind.plan(call, found)
    call.undo_with(GIVE_BACK, action=found.id)
    back = Button(text("action.button.give_back"), GIVE_BACK, {"action": found.id})
    done = Button(text("action.button.done", action=found.id), DONE, {"action": found.id})
    dated = "" if found.due_on else ".undated"
    return message(text(f"action.taken{dated}", words=found.words, due=found.due_on), buttons=[done, back])


def give_back(call: Call, action: int) -> Message:
    """It is the theme's again, for anybody to take."""
    found = numbered(call, action)
    check_open(call, found)
    if found.owner != call.resident.id and not organises(call, found):
        raise UserError("action.not_yours", words=found.words, who=person(found.owner))
    call.tx.of(ACTIONS).change(found, owner=None)
    remind.call_off(call, found)
    return message(text("action.given_back", words=found.words))


# --- what else there is in a theme ---


def standing_actions(tx: Transaction, theme: int) -> Sequence[Text]:
    """How much is still to be done in a theme."""
    count = len(tx.of(ACTIONS).open_in([theme]))
    return [text("action.stands", count=count)] if count else []


def end_actions(tx: Transaction, theme: int, now: datetime) -> None:
    """Nothing is to be done in a theme that ends."""
    tx.of(ACTIONS).end(theme, now)


def who_did(tx: Transaction, action: int) -> Together | None:
    """Whoever did what they promised."""
    found = tx.of(ACTIONS).get(action)
    if found is None or found.state is not State.DONE or found.owner is None:
        return None
    return Together(found.theme, found.words, [found.owner])
