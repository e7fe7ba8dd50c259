"""Saying how a meeting was, once it is over: a figure from 1 to 5 and a word, of which nobody can tell whose.

It is sealed like a ballot in an anonymous poll: while it is open nobody learns anything of it, and then, of
enough people, what all of them said together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.call import Call
from bot.errors import Asked, Unsure, UserError
from bot.features.meetings.find import (
    ALL,
    OFFERED,
    check_not_cancelled,
    find,
    is_own,
    short,
    themes_here,
    usage,
)
from bot.features.meetings.presence.lines import RATE_OPEN, was_there
from bot.features.meetings.presence.records import (
    BEST,
    FLOOR,
    LONGEST_REMARK,
    OPEN_FOR,
    PRESENCE,
    RATINGS,
    Round,
    mean,
    secret_of,
)
from bot.features.meetings.records import MEETINGS, SUBJECT, Meeting
from bot.features.meetings.settings import MeetingsSettings
from bot.features.meetings.telling import PAGE, authors, talkers
from bot.model.message import Button, Field, Form, Message, Text, message, text
from bot.model.work import Job

RATE, FILL = "meeting rate", "meeting rate-form"
OPEN, ASK, CLOSE, BURN = RATE_OPEN, "meeting.rate.ask", "meeting.rate.close", "meeting.rate.burn"
SOON, LATER = timedelta(seconds=1), timedelta(seconds=10)
# So many means of earlier meetings are shown with that of the last one.
EARLIER = 5
_SCORE = re.compile(rf"([1-{BEST}])(?:/{BEST})?")
_END_OF_WORD = ".,:;!"


def rate_meeting(call: Call, score: str, remark: str | None = None, *, meeting: int | None = None) -> Message:
    """Say how it was, instead of what was said before."""
    found, until = _open(call, meeting)
    if call.public:
        # What others saw counts for nothing: it is asked in private.
        return _question(found, text("rating.overheard", title=found.title))
    try:
        number, words = _read(score, remark)
    except UserError as error:
        return message(error.text, buttons=_buttons(found))
    kept, who = call.tx.of(RATINGS), call.resident.id
    stands = call.is_overtaken(kept.said_at(found.id, who))
    if not (stands or kept.repeated(found.id, who, call.id, call.said_at)):
        kept.rate(found.id, who, number, words)
    again = Button(text("rating.button.form"), FILL, {"meeting": found.id})
    closes = text("rating.receipt.until", closes=until.closes_at)
    return message(text("rating.receipt", title=found.title), closes, buttons=[again])


def fill_in_rating(call: Call, meeting: int) -> Message:
    """Open the form of a figure and a word, which is empty: what was said before nobody can read."""
    found, _ = _open(call, meeting)
    return _question(found, text("rating.asked", title=found.title), form=_form(found))


def ask_for_rating(call: Call, given: Mapping[str, Any]) -> None:
    """Put it to whoever has not said how it was; once it is over, tell whoever organises it what came of it.

    Raises: Asked.
    """
    number = given.get("meeting")
    over = _meant(call, number if isinstance(number, int) else None)
    said = call.tx.of(RATINGS).get(over.id)
    if said and said.ended_at and is_own(call, over):
        raise Asked(_told(call, over, said), open=False)
    found, _ = _open(call, over.id)
    raise Asked(_question(found, text("rating.asked", title=found.title)), open=False)


# --- which one ---


def _open(call: Call, number: int | None) -> tuple[Meeting, Round]:
    """The meeting of which they say it, where they were there. What is said of it leaves no trace of its own.

    Raises: UserError, Unsure.
    """
    found = _meant(call, number)
    check_not_cancelled(found)
    until = call.tx.of(RATINGS).get(found.id)
    if until and not until.ended_at:
        call.confide(secret_of(found.id))
    if until is None and not found.is_over(call.now):
        raise UserError("rating.early", title=found.title, end=found.ends_at)
    if until is None:
        raise UserError("rating.not_asked", title=found.title)
    if until.ended_at or call.said_at >= until.closes_at:
        raise UserError("rating.closed", title=found.title, closed=until.closes_at)
    _check_was_there(call, found)
    return found, until


def _meant(call: Call, number: int | None) -> Meeting:
    """The one with that number; or the only one here of which people say it now, and where they were; or else
    the one that was held last. Raises: UserError, Unsure.
    """
    if number is not None:
        return find(call, number)
    themes, kept = themes_here(call), call.tx.of(MEETINGS)
    here = [found for number in call.tx.of(RATINGS).open_in(themes) if (found := kept.get(number))]
    if not here:
        held = [each for theme in themes for each in kept.held(theme, 1)]
        if not held:
            raise UserError("rating.none", usage=usage(call, "meeting list")).openly()
        return max(held, key=lambda each: (each.ends_at, each.id))
    theirs = [each for each in here if was_there(call, each.id, call.resident.id)] or here[:1]
    if len(theirs) == 1:
        return theirs[0]
    choices = [
        (text("meeting.named", meeting=each.id, title=short(each.title)), {"meeting": each.id})
        for each in theirs[:OFFERED]
    ]
    raise Unsure(text("rating.which"), choices)


def _check_was_there(call: Call, meeting: Meeting) -> None:
    """Raises: UserError where they were not, or say so with somebody whom an account of theirs left."""
    if call.tx.of(MEETINGS).keeps_out(meeting, call.resident.id):
        raise UserError("rating.left", title=meeting.title)
    if not was_there(call, meeting.id, call.resident.id):
        checked_in = call.tx.of(PRESENCE).count(meeting.id)
        raise UserError("rating.not_there" if checked_in else "rating.not_coming", title=meeting.title)


# --- what is said ---


def _read(score: str, remark: str | None) -> tuple[int, str]:
    """ "4", "4/5", "4 fijn, maar lang". Raises: UserError."""
    first, *rest = f"{score} {remark or ''}".split() or [""]
    read = _SCORE.fullmatch(first.rstrip(_END_OF_WORD))
    if not read:
        raise UserError("rating.score", words=first[:20])
    words = " ".join(rest)
    if len(words) > LONGEST_REMARK:
        raise UserError("rating.long", count=len(words), most=LONGEST_REMARK)
    return int(read[1]), words


def _question(meeting: Meeting, first: Text, *, form: Form | None = None) -> Message:
    how = text("rating.how", meeting=meeting.id)
    return message(
        first, text("rating.secret", count=FLOOR), hints=[how], buttons=_buttons(meeting), form=form
    )


def _buttons(meeting: Meeting) -> list[Button]:
    """One for each figure, the lowest first."""
    return [
        Button(text(f"rating.button.{score}"), RATE, {"score": str(score), "meeting": meeting.id})
        for score in range(1, BEST + 1)
    ]


def _form(meeting: Meeting) -> Form:
    """Asks for all of it: nobody's earlier words are read again to add to them."""
    scores = tuple((str(score), text(f"rating.button.{score}")) for score in range(BEST, 0, -1))
    label, hint = text("rating.form.remark"), text("rating.form.remark.hint")
    fields = (
        Field("score", text("rating.form.score"), choices=scores),
        Field("remark", label, hint, long=True, required=False, most=LONGEST_REMARK),
    )
    again = Button(text("rating.button.form"), FILL, {"meeting": meeting.id})
    return Form(text("rating.form"), RATE, {"meeting": meeting.id}, fields, at_once=True, again=again)


# --- asking, and what comes of it ---


def open_due(call: Call, job: Job) -> None:
    """It is over: everybody in the theme is asked, once. Not where nobody was there, nor long after."""
    found = call.tx.of(MEETINGS).get(int(job.subject))
    if found is None or found.state == "cancelled" or not found.is_over(call.now):
        return
    if call.tx.of(RATINGS).get(found.id):
        return
    closes_at = found.ends_at + OPEN_FOR
    if closes_at <= call.now or not _people(call, found) or found.theme in call.tx.places.closed():
        call.tx.of(MEETINGS).settle(found.id)
        return
    said = _asked(call, found, job)
    call.tx.of(RATINGS).open(found.id, closes_at)
    call.announce(found.theme, said, _key(found))
    call.schedule(ASK, f"{found.id} 0", call.now)
    call.schedule(CLOSE, str(found.id), closes_at)


def _asked(call: Call, meeting: Meeting, job: Job) -> Message:
    """Without what it is called, where whoever called it so may say nothing there any more."""
    whose, role = authors(meeting), call.settings.of(MeetingsSettings).planners
    known = sorted(who for who in whose if who is not None)
    # Whoever was forgotten cannot be asked.
    if len(known) == len(whose) and call.speaks_for(known, meeting.theme, job.due_at, role, waits=False):
        return _question(meeting, text("rating.asked", title=meeting.title))
    return _question(meeting, text("rating.asked.untitled", start=meeting.starts_at))


def _key(meeting: Meeting) -> str:
    return f"{SUBJECT}:{meeting.id}:rate"


def _people(call: Call, meeting: Meeting) -> Sequence[int]:
    """Who may say it, in no order that tells anything."""
    if call.tx.of(PRESENCE).count(meeting.id):
        return call.tx.of(PRESENCE).here(meeting.id, ALL)
    answers = call.tx.of(MEETINGS).answers(meeting.id, ALL)
    return sorted({each.resident for each in answers if each.resident is not None and each.seat})


def ask_due(call: Call, job: Job) -> None:
    """So many of those who were there, and talk with Plein in private, are asked there too; then the next."""
    number, after = map(int, job.subject.split())
    found, until = call.tx.of(MEETINGS).get(number), call.tx.of(RATINGS).get(number)
    if found is None or until is None or until.ended_at:
        return
    people = [who for who in _people(call, found) if who > after][:PAGE]
    said = _question(found, text("rating.asked", title=found.title))
    for who in sorted(talkers(call, found, people)):
        key = f"{_key(found)}:{who}"
        call.tell(who, said, key, until=until.closes_at, theme=found.theme, begun=True)
    if len(people) == PAGE:
        call.schedule(ASK, f"{number} {people[-1]}", call.now, f"{ASK}:{number}")


def close_due(call: Call, job: Job) -> None:
    """It is counted, once all that was said in time was heard; whoever organises it hears what came of it."""
    found, until = call.tx.of(MEETINGS).get(int(job.subject)), call.tx.of(RATINGS).get(int(job.subject))
    if found is None or until is None or until.ended_at or until.closes_at > call.now:
        return
    since = until.waits_since or call.now
    if call.awaited(found.theme, until.closes_at, since):
        if until.waits_since is None:
            call.tx.of(RATINGS).wait(found.id, since)
        call.schedule(CLOSE, job.subject, call.now + LATER)
        return
    call.tx.of(RATINGS).end(found.id, call.now)
    call.tx.of(MEETINGS).settle(found.id)
    call.schedule(BURN, job.subject, call.now)
    over = call.tx.of(RATINGS).get(found.id)
    assert over
    said, key = _told(call, found, over), f"{_key(found)}:came"
    if found.organiser is None:
        call.tell_moderators(found.theme, said, key)
    else:
        call.tell(found.organiser, said, key, confidential=True, theme=found.theme)


def burn_due(call: Call, job: Job) -> None:
    """What could still tell who said what is destroyed."""
    call.disclose(secret_of(int(job.subject)))
    if not call.tx.of(RATINGS).burn(int(job.subject)):
        call.schedule(BURN, job.subject, call.now + SOON)


def _told(call: Call, meeting: Meeting, over: Round) -> Message:
    """What all of them said together, and how it was before; of fewer than enough only how many they are."""
    title = text("rating.title", title=meeting.title)
    if not over.people:
        return message(text("rating.nobody"), title=title)
    if not over.scores:
        return message(text("rating.few", count=over.people, most=FLOOR), title=title)
    lines = [text("rating.mean", count=over.people, mean=_number(over.scores))]
    if earlier := call.tx.of(RATINGS).earlier(meeting, EARLIER):
        means = tuple(
            text(
                "rating.earlier.one",
                mean=_number(each.scores),
                day=each.starts_at.astimezone(call.zone).date(),
            )
            for each in earlier
        )
        lines.append(text("rating.earlier", means=means))
    if over.remarks:
        lines.append(text("rating.remarks"))
    return message(*lines, *(text("rating.remark", words=words) for words in over.remarks), title=title)


def _number(scores: Sequence[int]) -> Text:
    """The mean of these, to a tenth."""
    whole, tenth = divmod(round(mean(scores) * 10), 10)
    return text("rating.number", whole=whole, tenth=tenth)
