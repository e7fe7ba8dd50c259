"""What somebody said of a poll, and changed since, stands nowhere any more.

Its board is shown anew at once. In all that people were answered and told it is looked for afterwards: page
by page, which holds up nobody, and once for whatever was changed by then.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from bot.call import Call
from bot.features.polls.records import POLLS, SUBJECT, Reason
from bot.features.polls.show import outcome_lines, reason_line
from bot.model.message import Text
from bot.model.work import Job

UNSAY = "poll.unsay"
# So many answers or posts are looked through at a time, for so many lines.
PAGE, MOST_LINES = 1_000, 200
_ON = "on"


def unsay_reason(call: Call, poll: int, voter: int, reason: Reason) -> None:
    """Neither where many read it, unless they give it once more meanwhile."""
    line = reason_line(reason.words)
    _note(call, poll, [line], under=f"{SUBJECT}:{poll}:", unless=[voter, reason.words])


def leave_outcome(call: Call, poll: int, outcome: str) -> None:
    """Another takes its place: in the chat it stands as what was said then."""
    _note(call, poll, outcome_lines(outcome), under=None, unless=[0, outcome])


def _note(call: Call, poll: int, lines: Sequence[Text], *, under: str | None, unless: Sequence[Any]) -> None:
    for number, line in enumerate(lines):
        call.tx.boards.unsay(line, f"{SUBJECT}:{poll}")
        kept = {"key": line.key, "values": dict(line.values), "under": under, "stands": [poll, *unless]}
        name = f"{_new(call)}{call.now.isoformat()} {call.id} {secrets.token_hex(4)} {number}"
        call.tx.kept.put("", name, json.dumps(kept))
    call.schedule(UNSAY, "", call.now)


def unsay_due(call: Call, job: Job) -> None:
    """Begin with what was changed by now, or go on with the next page."""
    if job.subject == _ON:
        _go_on(call)
    elif call.tx.kept.get("", _round(call)) is None:  # else it begins anew by itself
        _begin(call)


def _begin(call: Call) -> None:
    found = call.tx.kept.all("", _new(call))
    names = sorted(found)[:MOST_LINES]
    for name in names:
        call.tx.kept.drop("", name)
    noted = [json.loads(found[name]) for name in names]
    if lines := [each for each in noted if not _stands(call, *each["stands"])]:
        _keep(call, {"lines": lines, "handled": "", "posts": 0})
    elif names:
        call.schedule(UNSAY, "", call.now)


def _go_on(call: Call) -> None:
    kept = call.tx.kept.get("", _round(call))
    if kept is None:
        return
    at = json.loads(kept)
    lines = [(Text(each["key"], each["values"]), each["under"]) for each in at["lines"]]
    if at["handled"] is not None:
        at["handled"] = call.tx.handled.unsay_page([line for line, _ in lines], at["handled"], PAGE)
    else:
        at["posts"] = call.tx.posts.unsay_page(lines, at["posts"], PAGE)
    if at["posts"] is not None:
        _keep(call, at)
        return
    call.tx.kept.drop("", _round(call))
    call.schedule(UNSAY, "", call.now)


def _keep(call: Call, at: dict[str, Any]) -> None:
    call.tx.kept.put("", _round(call), json.dumps(at))
    call.schedule(UNSAY, _ON, call.now)


def _stands(call: Call, poll: int, voter: int, words: str) -> bool:
    """Whether it holds again by now."""
    polls = call.tx.of(POLLS)
    if voter:
        return any(reason.words == words for reason in polls.said_by(poll, voter))
    found = polls.get(poll, 0)
    return found is not None and found[0].outcome == words


def _new(call: Call) -> str:
    return f"poll unsaid@{call.tx.community}:"


def _round(call: Call) -> str:
    return f"poll unsaying@{call.tx.community}"
