"""Telling people of what they promised: when it is noted for them, three days before it is to be done, and on
the day. And everybody, once it is.

Like all that is said of a meeting it is told in private where they talk with Plein, else with a mention in
the theme; not in quiet hours. Whoever takes no part in the theme any more has nothing to do there: it is the
theme's again.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from bot import when
from bot.call import SAYS_WITHIN, Call
from bot.errors import TryLater
from bot.features.meetings.minutes.find import DONE, DROP, TAKE
from bot.features.meetings.minutes.lines import person
from bot.features.meetings.minutes.records import ACTIONS, Action, State
from bot.features.meetings.night import clocks_of, quiet_until
from bot.features.meetings.presence.lines import was_there
from bot.features.meetings.records import MEETINGS, Meeting
from bot.features.meetings.telling import mention, talkers
from bot.model.message import Button, Message, message, text
from bot.model.people import Part, Role, Wishes
from bot.model.work import Job

TOLD, REMIND, THANK, ALOUD = "action.told", "action.remind", "action.thank", "action.aloud"
# So many days before it is to be done, at that hour of their own clocks.
BEFORE, HOUR = (3, 0), time(9)
# So long after that day nobody needs a word of it: it stands in the next agenda.
_LAPSES = timedelta(days=7)
_ONE_PERSON = 1


def plan(call: Call, action: Action) -> None:
    """At each of its moments that is still to come; one that is past by now is not made up for."""
    call_off(call, action)
    if action.owner is None or action.due_on is None:
        return
    for before in BEFORE:
        due = _moment(call, action, before)
        if due > call.now:
            call.schedule(
                REMIND, f"{action.id} {action.due_on.isoformat()} {before}", due, _key(action, before)
            )


def call_off(call: Call, action: Action) -> None:
    for before in BEFORE:
        call.unschedule(_key(action, before))


def _key(action: Action, before: int) -> str:
    return f"{REMIND}:{action.id}:{before}"


def _moment(call: Call, action: Action, before: int) -> datetime:
    """So many days before it is to be done, in the morning by the clocks of its owner."""
    assert action.due_on
    return when.at(action.due_on - timedelta(days=before), HOUR, clocks_of(call, _wishes(call, action)))


def _wishes(call: Call, action: Action) -> Wishes:
    who = action.owner or 0
    return call.tx.people.wishes([who]).get(who, Wishes())


def remind_due(call: Call, job: Job) -> None:
    """The moment has come, or was missed; of two that were missed the last is said."""
    number, due_on, before = job.subject.split()
    action = _open(call, job, int(number))
    if action is None or action.due_on is None or action.due_on.isoformat() != due_on:
        return
    day = _moment(call, action, 0)
    if (int(before) and day <= call.now) or call.now > day + _LAPSES:
        return
    if ends := quiet_until(call, _wishes(call, action)):
        call.schedule(REMIND, job.subject, ends, _key(action, int(before)))
        return
    today = call.now.astimezone(clocks_of(call, _wishes(call, action))).date()
    which = "soon" if today < action.due_on else "today" if today == action.due_on else "late"
    said = message(
        text(f"action.remind.{which}", words=action.words, due=action.due_on), buttons=_buttons(action)
    )
    _say(call, job, action, said, f"action:{action.id}:remind:{due_on}:{before}")


def _open(call: Call, job: Job, number: int) -> Action | None:
    """The one with that number, where it is open and somebody's who takes part in its theme; where they do
    not any more, it is the theme's.
    """
    action = call.tx.of(ACTIONS).get(number)
    if action is None or action.state is not State.OPEN or action.owner is None:
        return None
    if not _is_there(call, job, action.owner, action.theme):
        call.tx.of(ACTIONS).change(action, owner=None)
        return None
    return action


def _is_there(call: Call, job: Job, owner: int, theme: int) -> bool:
    """Whether they take part there; a platform that does not say so for an hour is not waited for."""
    try:
        return call.part_of(owner, theme) is not None
    except TryLater:
        if call.now < call.could_say_since(owner, job.due_at) + SAYS_WITHIN:
            raise
        return True


def _buttons(action: Action) -> list[Button]:
    this = {"action": action.id}
    return [
        Button(text("action.button.done", action=action.id), DONE, this, style="primary"),
        Button(text("action.button.drop", action=action.id), DROP, this),
    ]


# --- when it was noted for somebody ---


def plan_telling(call: Call, action: Action) -> None:
    """They hear of it, where they are not at the meeting."""
    call.schedule(TOLD, str(action.id), call.now)


def told_due(call: Call, job: Job) -> None:
    """It was noted for somebody: for whom that takes part nowhere there, it is the theme's, and who noted it
    hears so.
    """
    noted = call.tx.of(ACTIONS).get(int(job.subject))
    action = _open(call, job, int(job.subject))
    if noted and action is None:
        if noted.state is State.OPEN and noted.owner is not None and noted.noted_by is not None:
            take = Button(text("action.button.take", action=noted.id), TAKE, {"action": noted.id})
            said = text("action.outside", who=person(noted.owner), words=noted.words)
            key = f"action:{noted.id}:outside"
            call.tell(noted.noted_by, message(said, buttons=[take]), key, theme=noted.theme, beside=True)
        return
    if action is None or action.owner is None:
        return
    _note_there(call, action)
    if not was_there(call, action.meeting, action.owner):
        meeting = call.tx.of(MEETINGS).get(action.meeting)
        dated = "" if action.due_on else ".undated"
        what = {"words": action.words, "due": action.due_on, "title": meeting.title if meeting else ""}
        told = message(text(f"action.told{dated}", **what), buttons=_buttons(action))
        _say(call, job, action, told, f"action:{action.id}:told")


def _note_there(call: Call, action: Action) -> None:
    """Of whoever was never heard in the theme it is kept that they are there, as their platform said now."""
    owner = action.owner or 0
    if any(part.theme == action.theme for part in call.tx.people.parts_of([owner]).get(owner, ())):
        return
    for account in call.tx.people.accounts([owner]).get(owner, ()):
        places, found = call.present[account, action.theme]
        there = [presence for place in places if (presence := found.get(place))]
        if there:
            part = Part(Role.RESIDENT, call.now, call.now, writes=any(each.writes for each in there))
            call.tx.people.take_part(account, owner, action.theme, part)


# --- how it is said ---


def _say(call: Call, job: Job, action: Action, said: Message, key: str) -> None:
    """To its owner: in private where they talk, else with a mention in the theme."""
    meeting = call.tx.of(MEETINGS).get(action.meeting)
    if meeting is None or action.owner is None:
        return
    if action.owner in talkers(call, meeting, [action.owner]):
        aloud = (ALOUD, f"{action.id} {key}")
        call.tell(
            action.owner, said, f"{key}:{action.owner}", theme=action.theme, begun=True, otherwise=aloud
        )
    else:
        _say_aloud(call, job, action, meeting, said, key)


def _say_aloud(call: Call, job: Job, action: Action, meeting: Meeting, said: Message, key: str) -> None:
    """With what was noted only where whoever noted it may say that there still; one after the other."""
    if action.noted_by is None:
        call.take_slot(action.id, job.due_at)
    else:
        call.take_turn(action.noted_by, key)
    owner = action.owner or 0
    if not _keeps_its_words(call, job, action):
        said = message(text("action.remind.plain"), buttons=_buttons(action))
    mention(call, meeting, [owner], said, key, apart=True)


def _keeps_its_words(call: Call, job: Job, action: Action) -> bool:
    whose = action.noted_by
    return whose is not None and call.speaks_for([whose], action.theme, job.due_at, waits=False)


def aloud_due(call: Call, job: Job) -> None:
    """What its owner could be told nowhere is said with a mention."""
    number, key = job.subject.split(" ", 1)
    action = call.tx.of(ACTIONS).get(int(number))
    if ends := call.settings.quiet_until(call.now):
        call.schedule(ALOUD, job.subject, ends)
        return
    meeting = call.tx.of(MEETINGS).get(action.meeting) if action else None
    unsaid = call.take_unsaid(job, _ONE_PERSON)
    for who, said in unsaid.items():
        if action and meeting and action.state is State.OPEN and action.owner == who:
            _say_aloud(call, job, action, meeting, said, f"{key}:aloud")
            call.said_aloud([who])


# --- thanking ---


def plan_thanking(call: Call, action: Action) -> None:
    """Everybody in the theme hears that it is done, with a way to thank."""
    call.schedule(THANK, str(action.id), call.now)


def thank_due(call: Call, job: Job) -> None:
    """It was done, and was not opened again; in words that those whose they are may say there."""
    action = call.tx.of(ACTIONS).get(int(job.subject))
    if action is None or action.state is not State.DONE or action.owner is None:
        return
    call.take_turn(action.owner, _thanked(action))
    if _keeps_its_words(call, job, action):
        said = text("action.done.aloud", who=person(action.owner), words=action.words)
        buttons = call.belongings.after(f"action:{action.id}")
        call.announce(action.theme, message(said, buttons=buttons), _thanked(action))


def thank_no_more(call: Call, action: Action) -> None:
    """It was not done: that it was is not said any more, or taken away."""
    call.unschedule(f"{THANK}:{action.id}")
    for place in call.tx.places.of_theme(action.theme):
        call.withdraw_post(f"{_thanked(action)}:{place.platform}:{place.room_id}")


def _thanked(action: Action) -> str:
    return f"action:{action.id}:done"
