"""Which poll somebody means, and whether they may."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.call import Call
from bot.errors import Unsure, UserError
from bot.features.polls import show
from bot.features.polls.records import POLLS, ROLES, Choices, Poll, Voters
from bot.model.message import Suggestion, text
from bot.model.people import Role

# Among so many, the latest, a poll is looked for by its words; so much of its question is shown.
LOOKED_THROUGH = 200
SHOWN = 70
# So many are offered where one of several may be meant.
OFFERED = 9
# They have a say in it already, with what was their account.
LEFT = "poll.left"
# For so long whoever comes too late is told what came of it.
LATELY = timedelta(days=7)
# In which states a poll can be meant by a command; what is not here takes any.
_RUNNING, _STANDING = ("open",), ("open", "planned")
_MEANT = {
    "poll vote": _RUNNING,
    "poll withdraw": _RUNNING,
    "poll close": _RUNNING,
    "poll extend": _STANDING,
    "poll cancel": _STANDING,
}
_CLOSED_FIRST = ("poll again", "poll outcome")
# Where nothing is open these are about what was closed last.
_OR_CLOSED = ("poll show", "poll export", "meeting when")


def find(call: Call, number: int | None, fits: Callable[[Poll], bool] | None = None) -> tuple[Poll, Choices]:
    """The poll with that number; without one, the only one here that the command can be about.

    `fits`: whether what was said can be about a poll, where it is about any of several. Where one of them is
    anonymous everybody is asked: that somebody was not would tell what they said.

    Raises: Unsure where there are several.
    """
    if number is not None:
        found = call.tx.of(POLLS).get(number, call.resident.id)
        # Of a poll elsewhere nobody hears more than of one that there is not.
        theme = found[0].theme if found else None
        if not call.is_theirs(theme, call.tx.of(POLLS).themes) or found is None:
            raise UserError("poll.unknown", poll=number, usage=usage(call, "poll list")).openly()
        return found
    themes = themes_here(call)
    standing = list(call.tx.of(POLLS).running(themes, call.resident.id, OFFERED))
    if "planned" in _MEANT.get(call.command, ()):
        standing += [(poll, ()) for poll in call.tx.of(POLLS).planned(themes, OFFERED)]
    if not standing:
        if call.command in _OR_CLOSED and (closed := _last_closed(call)):
            return closed
        _say_what_came(call)
        raise UserError("poll.none_open", usage=usage(call, "poll open")).openly()
    if len(standing) == 1:
        return standing[0]
    # Which of them can be meant tells in which they take part.
    call.sealed |= any(poll.anonymous for poll, _ in standing)
    possible = [(poll, mine) for poll, mine in standing if _can(call, poll, mine)]
    if not possible:
        raise UserError("poll.none_possible", usage=usage(call, "poll list")).openly()
    if fits and not any(poll.anonymous for poll, _ in possible):
        possible = [(poll, mine) for poll, mine in possible if fits(poll)] or possible
    if len(possible) > 1:
        raise _which(call, [poll for poll, _ in possible[:OFFERED]])
    return possible[0]


def _last_closed(call: Call) -> tuple[Poll, Choices] | None:
    """What was closed last in this place, and what they chose there."""
    poll = call.tx.of(POLLS).last_closed(call.theme().id) if call.place else None
    return call.tx.of(POLLS).get(poll.id, call.resident.id) if poll else None


def _can(call: Call, poll: Poll, mine: Choices) -> bool:
    """Whether they can do there what they ask for."""
    match call.command:
        case "poll vote":
            return _passes(check_voter, call, poll)
        case "poll withdraw":
            return bool(mine)
        case "poll close" | "poll extend" | "poll cancel":
            return _passes(check_own, call, poll)
        case _:
            return True


def _passes(check: Callable[[Call, Poll], None], call: Call, poll: Poll) -> bool:
    try:
        check(call, poll)
    except UserError:
        return False
    return True


def _which(call: Call, polls: Sequence[Poll]) -> Unsure:
    """Each of them, with the command that was typed; and how that is typed with a number."""
    choices = [
        (text("poll.named", poll=poll.id, question=_short(poll.question)), {"poll": poll.id})
        for poll in polls
    ]
    line = usage(call, call.command, {**call.given, "poll": polls[0].id}) if call.command else ""
    asked = Unsure(text("poll.which"), choices, text("poll.which.how", usage=line))
    # Its buttons hold what was typed.
    return asked if any(poll.secret for poll in polls) else asked.openly()


def _say_what_came(call: Call) -> None:
    """Whoever comes too late for the only poll hears that it closed, and what came of it.

    Raises: UserError where one closed here lately.
    """
    here = call.place is not None and call.command in _MEANT
    poll = call.tx.of(POLLS).last_closed(call.theme().id) if here else None
    if poll is None or poll.ended_at is None or call.now - poll.ended_at > LATELY:
        return
    if poll.state == "closed":
        came_out = show.result(poll, show.shown_count(call.tx, poll))[0]
        question, ended = poll.question, poll.ended_at
        raise UserError("poll.closed_lately", question=question, ended=ended, result=came_out).openly()


def themes_here(call: Call) -> Collection[int]:
    """Whose polls are meant where none is named: this place's, or in private all that they take part in."""
    return (call.theme().id,) if call.place else call.themes_among(call.tx.of(POLLS).themes())


def find_running(call: Call, number: int | None) -> tuple[Poll, Choices]:
    """Like `find`, for what needs it open; judged by when it was said."""
    poll, choices = find(call, number)
    check_running(call, poll)
    return poll, choices


def check_running(call: Call, poll: Poll) -> None:
    if poll.state == "planned":
        raise UserError("poll.is_planned", question=poll.question, opens=poll.opened_at)
    if poll.state == "cancelled":
        raise UserError("poll.is_cancelled", question=poll.question)
    if not poll.takes_votes(call.said_at):
        raise UserError("poll.is_closed", question=poll.question, ended=poll.ended_at or poll.ends_at)


def find_own(call: Call, number: int | None) -> Poll:
    """A running poll that they may steer: they opened it, or are a moderator there."""
    poll, _ = find_running(call, number)
    check_own(call, poll)
    return poll


def check_own(call: Call, poll: Poll) -> None:
    if poll.opener != call.resident.id and not call.may(Role.MODERATOR, poll.theme):
        raise UserError("poll.not_yours", question=poll.question).openly()


def check_voter(call: Call, poll: Poll) -> None:
    """Whether they belong to those who may vote in it, and have no say in it already."""
    if call.tx.of(POLLS).keeps_out(poll, call.resident.id):
        raise UserError(LEFT, question=poll.question, closes=poll.closes_at)
    match poll.who:
        case Voters.MEMBERS:
            part = call.part_in(poll.theme)
            before = part is not None and part.since < poll.opened_at
            # Asking it may be the first thing that somebody does here, in that same moment.
            allowed = before or (part is not None and call.resident.id == poll.opener)
        case Voters.EVERYONE:
            allowed = True
        case _:
            allowed = call.may(ROLES[poll.who], poll.theme)
    if not allowed:
        raise UserError(f"poll.not_for_you.{poll.who}", question=poll.question)


def suggest_polls(call: Call, given: str) -> Sequence[Suggestion]:
    """The polls that may be meant: here, or in private everywhere; those that are open first, or closed."""
    here = (call.theme_here.id,) if call.theme_here else call.themes_among(call.tx.of(POLLS).themes())
    wanted = given.casefold().removeprefix("#")
    meant = _MEANT.get(call.command)
    known = call.tx.of(POLLS).latest(here, LOOKED_THROUGH)
    polls = [poll for poll in known if meant is None or poll.state in meant]
    if call.command in _CLOSED_FIRST:
        polls.sort(key=lambda poll: poll.state != "closed")
    return [
        Suggestion(
            poll.id, text(f"poll.suggested.{poll.state}", poll=poll.id, question=_short(poll.question))
        )
        for poll in polls
        if str(poll.id).startswith(wanted) or wanted in poll.question.casefold()
    ]


def _short(words: str) -> str:
    return words if len(words) <= SHOWN else words[: SHOWN - 1] + "…"


def usage(call: Call, path: str, given: Mapping[str, Any] | None = None) -> str:
    """The right way to type a command, with what is given in it already."""
    return call.commands.usage(call.commands.by_path[path], call.locale, call.as_typed(given or {}))
