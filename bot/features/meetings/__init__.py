"""Meetings: an organiser plans one, in a room, online or both; everybody answers with a tap.

A meeting belongs to a theme and shows the same board in each of its places. A resident has one answer, with
whichever account it was given. Who finds a place full waits, and moves up in order.

    records.py   what a meeting and an answer are, and what must be kept of them
    settings.py  who may plan one, and how many
    words.py     how long one lasts, and for how many there is room, as people type it
    plan.py      planning, moving and changing
    end.py       cancelling, and taking that back
    series.py    planning one that comes back, and having the next announced in time
    following.py  one of a series and all that follow, changed together
    standing.py  who answers each of a series
    changes.py   what every change does: the version, the board, who moves up, who is told
    ask.py       asking those who did not answer
    remind.py    a word before it begins
    night.py     whose quiet hours it is, and when they hear it instead
    telling.py   in private where they talk with Plein, else with a mention
    come.py      answering, for oneself and for somebody without an account
    seats.py     who has a place, and who waits
    show.py      the board
    read.py      showing, listing, who comes
    find.py      which meeting somebody means, and whether they may
    presence     who is there, and how it was
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.meetings import (
    ask,
    changes,
    come,
    end,
    find,
    following,
    plan,
    read,
    remind,
    series,
    show,
    telling,
)
from bot.features.meetings.presence.records import PRESENCE, RATINGS
from bot.features.meetings.records import MEETINGS, SERIES, SUBJECT
from bot.features.meetings.settings import MeetingsSettings
from bot.features.meetings.words import KINDS
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction

_AT_ONCE = datetime.fromtimestamp(0, UTC)
# Whose a meeting is, and its words.
_WHOSE = ("organiser", "worded_by")
# Each looks itself whether they take part in the theme that it is about.
_Command = partial(Command, anyone=True)
_COMMANDS = (
    _Command(
        find.PLAN,
        plan.plan_meeting,
        asks=("called", "begins", "place", "url", "about"),
        lacking=plan.ask_for_moment,
    ),
    _Command("meeting show", read.show_meeting, also_named=("meeting",)),
    _Command(find.LIST, read.list_meetings),
    _Command("meeting mine", read.my_meetings),
    _Command("meeting who", read.who_comes, confidential=True, also_named=("meeting",)),
    _Command("meeting series", following.see_series, also_named=("meeting",)),
    _Command("meeting move", plan.move_meeting),
    _Command("meeting edit", plan.edit_meeting, also_named=("meeting",)),
    _Command("meeting cancel", end.cancel_meeting, also_named=("why",)),
    _Command("meeting restore", end.restore_meeting, also_named=("meeting",)),
    _Command(come.COME, come.come, lacking=come.ask_how),
    _Command(show.ANSWER, come.answer_meeting, listed=False),
    _Command(telling.TAKE_OVER, series.take_over_meeting, listed=False),
)
_JOBS = {
    changes.BEGIN: changes.begin_due,
    changes.OVER: changes.over_due,
    changes.TELL: changes.tell_due,
    changes.TELL_SERIES: changes.tell_series_due,
    changes.SEAT: changes.seat_due,
    changes.UP: changes.up_due,
    come.EVERY: come.every_due,
    changes.NEXT: series.next_due,
    ask.ASK: ask.ask_due,
    telling.ALOUD: telling.aloud_due,
    remind.ALOUD: remind.aloud_due,
    remind.REMIND: remind.remind_due,
    remind.WHISPER: remind.whisper_due,
    remind.OWN: remind.own_due,
    remind.WISHED: remind.wished_due,
    remind.PLAN_ANEW: remind.plan_anew_due,
}


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """Two residents are one person, who comes once; where an account of theirs has its say with somebody
    else, they have none beside that one.
    """
    for meeting in tx.of(MEETINGS).merge(old, new):
        _room_again(tx, meeting)
    for meeting in tx.of(MEETINGS).outside(new):
        for who in (old, new):
            tx.of(PRESENCE).take_back(meeting, who)
            tx.of(RATINGS).take_back(meeting, who)
        _room_again(tx, meeting)


def part_resident(tx: Transaction, resident: int, new: int, brought: Brought | None) -> None:
    """What was answered together is whoever's who stays, and seen once they say so anew; what they planned
    counts for either's limits.
    """
    for meeting in tx.of(MEETINGS).part(resident, new):
        tx.boards.mark(f"{SUBJECT}:{meeting}")
    if brought is None:
        _count_standing(tx, resident, new)


def forget_resident(tx: Transaction, resident: int) -> None:
    """Their places are free in what is to come; of what was held the figures stay alone.

    What they planned and is to come counts for them, should they come back.
    """
    _count_standing(tx, resident, resident)
    for meeting in tx.of(MEETINGS).forget(resident):
        _room_again(tx, meeting)


def wished_resident(tx: Transaction, resident: int) -> None:
    """They may want to be reminded at other moments."""
    tx.jobs.add(remind.WISHED, str(resident), _AT_ONCE, f"{remind.WISHED}:{resident}")


def set_anew(tx: Transaction, setting: str) -> None:
    """When it is night may be otherwise for all that is to come."""
    if setting in remind.NIGHT:
        tx.jobs.add(remind.PLAN_ANEW, "0", _AT_ONCE, remind.PLAN_ANEW)


def _count_standing(tx: Transaction, organiser: int, resident: int) -> None:
    """What the one planned, and is to come, counts for the other as what they planned."""
    for meeting, ends_at in tx.of(MEETINGS).standing(organiser).items():
        tx.uses.add(resident, plan.STANDING, ends_at, str(meeting))


def _room_again(tx: Transaction, meeting: int) -> None:
    """A place may be free: who waits moves up at once."""
    tx.boards.mark(f"{SUBJECT}:{meeting}")
    tx.jobs.add(changes.SEAT, str(meeting), _AT_ONCE, f"{changes.SEAT}:{meeting}")


def export_resident(tx: Transaction, resident: int, among: Among) -> Exported:
    """What they planned, worded and answered, and whom they bring.

    What others may have changed since is for who takes part in its theme.
    """
    kept = tx.of(MEETINGS)
    planned = kept.planned_by(resident)
    themes = among({meeting["theme"] for meeting in planned})
    leavers = [{"meeting": meeting, "account": mark} for meeting, mark in kept.held_by(resident)]
    return {
        "meetings": [
            _plain(meeting, *_WHOSE, whole=meeting["theme"] in themes or meeting["version"] == 1)
            for meeting in planned
        ],
        "answers": [_plain(answer, "resident") for answer in kept.answered_by(resident)],
        "meeting_leavers": leavers,
    }


def merge_series(tx: Transaction, old: int, new: int) -> None:
    """Whoever answers each of a series is one person, who answers as was said last."""
    tx.of(SERIES).merge(old, new)


def forget_series(tx: Transaction, resident: int) -> None:
    """They answer nothing that is to come; series that they planned go on."""
    tx.of(SERIES).forget(resident)


def export_series(tx: Transaction, resident: int, among: Among) -> Exported:
    """The series that they planned or worded, and how they answer each meeting of others."""
    kept = tx.of(SERIES).of(resident)
    whose = {"meeting_series": _WHOSE, "standing": ("resident",)}
    return {table: [_plain(row, *whose[table]) for row in rows] for table, rows in kept.items()}


def end_series(tx: Transaction, theme: int, now: datetime) -> None:
    """No more of them are made, as the theme ends."""
    for number in tx.of(SERIES).among((theme,)):
        if found := tx.of(SERIES).hold(number):
            tx.of(SERIES).change(replace(found, going=False))


def _plain(row: Mapping[str, Any], *whose: str, whole: bool = True) -> Mapping[str, Any]:
    """All but what says that it is theirs, which they know; or no more than which it is."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name not in (*whose, "community") and (whole or name in ("id", "theme"))
    }


FEATURE = Feature(
    name="meetings",
    commands=_COMMANDS,
    jobs=_JOBS,
    about=(remind.WISHED, come.EVERY),
    boards={SUBJECT: show.show_board},
    suggest={"meeting": find.suggest_meetings},
    kinds=KINDS,
    merge=merge_residents,
    part=part_resident,
    forget=forget_resident,
    export=export_resident,
    wished=wished_resident,
    set_anew=set_anew,
    stands=read.standing_meetings,
    ends=read.end_meetings,
    came_of=read.came_of_meetings,
    together={SUBJECT: read.who_was_there},
    news={SUBJECT: read.tell_new},
    settings=MeetingsSettings,
    keeps=MEETINGS,
)

# Kept apart from its meetings: its jobs and commands are theirs.
COMING_BACK = Feature(
    name="series",
    merge=merge_series,
    forget=forget_series,
    export=export_series,
    ends=end_series,
    keeps=SERIES,
)
