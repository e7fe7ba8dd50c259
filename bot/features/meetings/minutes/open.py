"""What is still to be done: whose it is, and in which meeting it comes back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

from bot.features.meetings.minutes.lines import person
from bot.features.meetings.minutes.records import ACTIONS, Action
from bot.features.meetings.records import MEETINGS, Meeting
from bot.model.message import Text, text
from bot.model.people import Role
from bot.ports.storage import Transaction

# So many are named in an agenda; all of them are listed.
NAMED = 10
# More meetings than are to come in any theme.
_ALL = 10_000


def open_lines(tx: Transaction, meeting: Meeting, now: datetime) -> Sequence[Text]:
    """What comes back in that meeting: a line for each of the first promises, and how many others do.

    They are read when they are shown, so that a meeting which is moved or cancelled changes nothing.
    """
    found = coming_back(tx, meeting, now)
    named = tx.of(ACTIONS).those(found[:NAMED])
    gone = left(tx, named)
    rest = len(found) - len(named)
    return [*(line(action, gone) for action in named), *([text("action.rest", count=rest)] if rest else [])]


def coming_back(tx: Transaction, meeting: Meeting, now: datetime) -> Sequence[int]:
    """The promises that come back in that meeting, the first to be due first: it is the next to come of the
    series in which they were made, or else of their theme. None in one that is over or does not take place.
    """
    coming = [each for each in tx.of(MEETINGS).coming((meeting.theme,), _ALL) if not each.is_over(now)]
    here, of_series = [each.id for each in coming[:2]], defaultdict[int, list[int]](list)
    for each in coming:
        if each.series and len(of_series[each.series]) < 2:
            of_series[each.series].append(each.id)
    following = {series: [*numbers, *here] for series, numbers in of_series.items()}
    found = []
    for action, made_in, series in tx.of(ACTIONS).open_of(meeting.theme):
        for number in following.get(series or 0, here):
            if number != made_in:
                found += [action] if number == meeting.id else []
                break
    return found


def left(tx: Transaction, actions: Collection[Action]) -> Collection[int]:
    """Those of their owners who take no part in its theme any more, as was said last."""
    owners = {(each.owner, each.theme) for each in actions if each.owner is not None}
    parts = tx.people.parts_of({who for who, _ in owners}) if owners else {}
    put_out = {
        (resident.id, theme)
        for theme in {theme for _, theme in owners}
        for resident in tx.guests.who_is_put_out(theme)
    }
    there = {(who, part.theme) for who, theirs in parts.items() for part in theirs} - put_out
    # Who moderates the community is everywhere.
    return {who for who, _ in owners - there if not tx.people.accounts_with(Role.MODERATOR, who)}


def is_free(tx: Transaction, action: Action) -> bool:
    """Whether it is nobody's, so that anybody may take it on."""
    return action.owner is None or bool(left(tx, [action]))


def line(action: Action, gone: Collection[int]) -> Text:
    """ "3. Lamp bestellen (ben, sinds 8 december, tegen 15 december)" """
    what = {"action": action.id, "words": action.words, "noted": action.noted_at.date(), "due": action.due_on}
    dated = "" if action.due_on else ".undated"
    if action.owner is None or action.owner in gone:
        return text(f"action.line.free{dated}", **what)
    return text(f"action.line{dated}", who=person(action.owner), **what)
