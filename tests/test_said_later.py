"""Nobody's words are said in a theme at a later moment but by `Call.speaks_for`: of each job it is known."""

from __future__ import annotations

import inspect
import sys

import pytest

from bot.main.features import FEATURES

# These put what somebody wrote in a theme.
SAYS = {
    *("meeting.ask", "meeting.next", "meeting.remind", "meeting.tell", "meeting.whisper"),
    *("meeting.aloud", "meeting.remind.aloud", "meeting.series.tell", "meeting.rate.open"),
    *("action.told", "action.remind", "action.aloud", "action.thank"),
    *("poll.close", "poll.open", "poll.review", "reminder.say", "kudos.month", "kudos.month.now"),
}
# And these nothing, or no more than stands there already or Plein's own: boards, names, what is over.
SAYS_NOTHING = {
    *("meeting.begin", "meeting.over", "meeting.own", "meeting.seat", "meeting.up", "meeting.wished"),
    *(
        "poll.burn",
        "poll.remind",
        "poll.unsay",
        "reminder.drop",
        "digest.send",
        "welcome.over",
        "kudos.void",
        "kudos.named",
    ),
    *(
        "meeting.here.open",
        "meeting.here.close",
        "meeting.rate.ask",
        "meeting.rate.close",
        "meeting.rate.burn",
    ),
    *("link.lapse", "link.settle", "theme.lapse", "theme.pull", "theme.summary", "theme.term"),
    *("room.moved", "room.put_out", "room.removed", "room.renamed", "room.replaced"),
    *("meeting.every", "meeting.remind.anew", "theme.draw.list", "theme.draw.outcome", "theme.term.aloud"),
    *("kudos.anew", "kudos.themes", "offer.warn", "offer.over"),
    *("relay.encrypted", "relay.erase", "relay.flooded", "relay.unname"),
    *("mod.banned", "mod.ends", "mod.erases", "mod.forget", "mod.unsilenced"),
    "certificate.parted",
}
JOBS = {kind: run for installed in FEATURES for kind, run in installed.feature.jobs.items()}


def test_of_each_kind_of_job_it_is_known() -> None:
    assert not SAYS & SAYS_NOTHING
    assert JOBS.keys() == SAYS | SAYS_NOTHING


@pytest.mark.parametrize("kind", sorted(SAYS))
def test_what_says_something_looks_whether_it_may(kind: str) -> None:
    asks = {name for name, value in inspect.getmembers(sys.modules[JOBS[kind].__module__]) if _asks(value)}
    body = inspect.getsource(sys.modules[JOBS[kind].__module__])
    assert any(f"{name}(" in body for name in asks)


def _asks(value: object) -> bool:
    """By itself, or as what meetings say does: what is nobody's any more is not asked of anybody."""
    gates = (".speaks_for(", " may_say(")
    return inspect.isfunction(value) and any(gate in inspect.getsource(value) for gate in gates)
