"""Answering: who comes, in which way and with how many; and an organiser who answers for somebody else, whom
they have on the telephone, or saw once it had begun: then only they change what was answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.call import Call
from bot.errors import Asked, Unsure, UserError
from bot.features.meetings import show
from bot.features.meetings.changes import no_place_for, seat_waiting
from bot.features.meetings.find import check_answers, check_not_cancelled, check_own, find
from bot.features.meetings.records import (
    MEETINGS,
    MOST_GUESTS,
    PLACES,
    SERIES,
    SUBJECT,
    Answer,
    Figures,
    Meeting,
    Standing,
    Way,
)
from bot.features.meetings.remind import plan_own_of
from bot.features.meetings.seats import fits
from bot.features.meetings.telling import answered_for, whisper
from bot.features.meetings.words import NO_ACCOUNT, Answering, Coming, Guests, Whom
from bot.model.message import Button, Message, message, text, typed
from bot.model.people import Resident
from bot.model.work import Job
from bot.people import choices_of, is_kept, residents_called
from bot.unseen import seen_as

LONGEST_NAME = 64
# So many people without an account come to a meeting by one organiser's word.
MOST_FOR = 100
# So often one person answers anew within an hour where others are told: who moves up by it, or whose it is.
MOST_ANSWERS, WITHIN = 60, timedelta(hours=1)
COME, EVERY = "come", "meeting.every"
# Of so many meetings of a series one answer is kept at a time.
PAGE = 10


def come(
    call: Call,
    way: Answering,
    *,
    guests: Guests | None = None,
    whom: Whom | None = None,
    seen: bool = False,
    every: bool = False,
    meeting: int | None = None,
) -> Message:
    """Say that you come, and how; or that you don't."""
    found = find(call, meeting, to_come=True)
    if whom is None:
        check_answers(call, found)
    else:
        check_own(call, found)
        check_not_cancelled(found)
    if isinstance(way, Coming):
        way = _only_way(found)
    if guests is not None and not 0 <= guests <= MOST_GUESTS:
        raise UserError("meeting.guests.many", most=MOST_GUESTS)
    if guests and way not in PLACES:
        raise UserError(f"meeting.guests.way.{found.ways[0]}")
    check_way(found, way)
    if whom is not None:
        if every:
            raise UserError("meeting.every.for")
        return _answer_for(call, found, way, whom, guests)
    _check_stays(call, found)
    before = _mine(call, found)
    party = _party(before, way, guests)
    shown = seen or (before is not None and before.shown)
    if every:
        return _answer_every(call, found, way, party, shown=shown)
    return _answer(call, found, before, way, party, shown=shown)


def _party(before: Answer | None, way: Way, guests: int | None) -> int:
    """How many come: as many as before, where nobody says."""
    if guests is not None:
        return 1 + guests
    return before.party if before and way in PLACES else 1


def _answer_every(call: Call, meeting: Meeting, way: Way, party: int, *, shown: bool) -> Message:
    """Answer this one and all that are to come of its series alike."""
    if meeting.series is None:
        raise UserError("meeting.every.single", title=meeting.title)
    said = _answer(call, meeting, _mine(call, meeting), way, party, shown=shown)
    answer = Standing(
        resident=call.resident.id, way=way, said_at=call.said_at, party=party, shown=shown and way in PLACES
    )
    call.tx.of(SERIES).stand(meeting.series, answer)
    _go_on(call, meeting.series, call.resident.id, 0)
    return replace(said, blocks=(*said.blocks, text("meeting.every", meeting=meeting.id)))


def every_due(call: Call, job: Job) -> None:
    """So many more of a series are answered as somebody answers all of them; then the next. What they said of
    one by itself since stays.
    """
    number, after, who = map(int, job.subject.split())
    kept = call.tx.of(SERIES)
    stands = next((each for each in kept.standing(number) if each.resident == who), None)
    if stands is None:
        return
    call = replace(call, resident=Resident(who, ""), at=stands.said_at)
    others = [each for each in kept.meetings(number, call.now) if each.id > after and each.expanded]
    others.sort(key=lambda each: each.id)
    for other in others[:PAGE]:
        before = _mine(call, other)
        if not other.takes_answers(call.now) or (before and before.said_at > stands.said_at):
            continue
        # Where there is no place for so many, or not that way, what they said of it stays; and where they
        # answered with somebody whom they left, they say nothing.
        with suppress(UserError):
            check_way(other, stands.way)
            _check_stays(call, other)
            _answer(call, other, before, stands.way, stands.party, shown=stands.shown, counted=False)
    if len(others) > PAGE:
        _go_on(call, number, who, others[PAGE - 1].id)


def _go_on(call: Call, series: int, who: int, after: int) -> None:
    call.schedule(EVERY, f"{series} {after} {who}", call.now, f"{EVERY}:{series}:{who}")


def _only_way(meeting: Meeting) -> Way:
    """The way to be there. Raises: Unsure where there are several."""
    if len(meeting.ways) > 1:
        choices = [(text(f"meeting.button.{way}"), {"way": str(way)}) for way in meeting.ways]
        raise Unsure(text("meeting.which_way", title=meeting.title), choices).openly()
    return meeting.ways[0]


def ask_how(call: Call, given: Mapping[str, Any]) -> None:
    """Put the meeting to whoever has not said how they come. Raises: Asked."""
    number = given.get("meeting")
    found = find(call, number if isinstance(number, int) else None, to_come=True)
    check_answers(call, found)
    asked = message(*show.when_and_where(found), title=typed(found.title), buttons=show.buttons(found))
    raise Asked(asked, open=True)


def answer_meeting(call: Call, meeting: int, way: Way, *, on: bool | None = None) -> Message:
    """Press the button of one way to answer; where a press stays to be seen, take it back."""
    found = find(call, meeting)
    before = _mine(call, found)
    if on is False:
        return _take_back(call, found, before, way)
    check_answers(call, found)
    check_way(found, way)
    _check_stays(call, found)
    if on:
        call.undo_with(show.ANSWER, meeting=found.id, way=str(way), on=False)
    party = _party(before, way, None)
    return _answer(call, found, before, way, party, shown=before is not None and before.shown)


def check_way(meeting: Meeting, way: Way) -> None:
    """Raises: UserError where one cannot be there that way."""
    if way in PLACES and way not in meeting.ways:
        raise UserError(f"meeting.no_way.{way}", title=meeting.title)


def _check_stays(call: Call, meeting: Meeting) -> None:
    """Raises: UserError where an account of theirs answered with somebody whom it left."""
    if call.tx.of(MEETINGS).keeps_out(meeting, call.resident.id):
        raise UserError("meeting.left", title=meeting.title, start=meeting.starts_at)


def _mine(call: Call, meeting: Meeting) -> Answer | None:
    return call.tx.of(MEETINGS).answer(meeting.id, call.resident.id)


def _take_back(call: Call, meeting: Meeting, before: Answer | None, way: Way) -> Message:
    """What they said in another way since stays."""
    check_answers(call, meeting)
    if before is None or before.way is not way:
        return _receipt(call, meeting, before)
    call.tx.of(MEETINGS).drop(before)
    if before.for_them:
        _untell(call, meeting, call.resident.id)
    seat_waiting(call, meeting)
    call.changed(f"{SUBJECT}:{meeting.id}")
    return message(text("meeting.taken_back", title=meeting.title))


def _answer_for(call: Call, meeting: Meeting, way: Way, whom: Whom, guests: int | None) -> Message:
    """An organiser answers for somebody else; said again, that is changed."""
    # The answer may name somebody without an account: it outlasts the meeting no more than their name does.
    call.sealed = True
    if not seen_as(whom.name) or len(whom.name) > LONGEST_NAME:
        raise UserError(f"meeting.for.name.{meeting.ways[0]}", most=LONGEST_NAME)
    others = call.tx.of(MEETINGS).for_others(meeting.id)
    before = next((each for each in others if seen_as(each.name or "") == seen_as(whom.name)), None)
    if (who := _who_is_it(call, meeting, whom, before)) is not None:
        if call.tx.of(MEETINGS).keeps_out(meeting, who.id):
            raise UserError("meeting.for.left", who=who, title=meeting.title, start=meeting.starts_at)
        before = call.tx.of(MEETINGS).answer(meeting.id, who.id)
        shown = before is not None and before.shown
        return _answer(call, meeting, before, way, _party(before, way, guests), shown=shown, whom=who)
    if meeting.is_over(call.now):
        raise UserError("meeting.for.over", title=meeting.title)
    if before is None and len(others) >= MOST_FOR:
        raise UserError("meeting.for.many", most=MOST_FOR)
    name = before.name if before else whom.name
    return _answer(call, meeting, before, way, _party(before, way, guests), whom=name)


def _who_is_it(call: Call, meeting: Meeting, whom: Whom, before: Answer | None) -> Resident | None:
    """Who of the theme that is; None: somebody without an account, for whom there may be an answer `before`.

    Raises: UserError where it is nobody of the theme; Unsure where several may be meant.
    """
    if not whom.account:
        return None
    people, chosen = residents_called(whom.words, call), is_kept(whom.words)
    parts = call.tx.people.parts_of([each.id for each in people])
    here = {who for who, used in parts.items() if any(part.theme == meeting.theme for part in used)}
    found = [each for each in people if each.id in here]
    if chosen and not found:
        raise UserError("meeting.for.elsewhere", name=whom.name, title=meeting.title)
    if len(found) > 1 or (found and before is not None and not chosen):
        nobody = (text("meeting.for.nobody", name=whom.name), {"whom": [f"{NO_ACCOUNT}{whom.name}"]})
        raise Unsure(text("meeting.for.which", name=whom.name), [*choices_of("whom", found, call), nobody])
    return found[0] if found else None


def _answer(
    call: Call,
    meeting: Meeting,
    before: Answer | None,
    way: Way,
    party: int,
    *,
    shown: bool = False,
    whom: Resident | str | None = None,
    counted: bool = True,
) -> Message:
    """Keep it, where there is place for it or a row to wait in; the receipt says what stands now. What an
    organiser says once it has begun was so, however full it was.
    """
    begun, name = meeting.has_begun(call.now), whom if isinstance(whom, str) else None
    resident = None if name else whom.id if isinstance(whom, Resident) else call.resident.id
    hears = isinstance(whom, Resident) and _hears(call, meeting, whom)
    if before and before.for_them and resident is not None and not hears:
        _untell(call, meeting, resident)
    kept = call.tx.of(MEETINGS)
    # Nobody comes before who waits for a place that is free by now.
    figures = kept.figures(meeting.id)
    if seat_waiting(call, meeting, figures):
        figures = kept.figures(meeting.id)
        before = before and _again(call, meeting, before)
    if not begun:
        _check_room(meeting, way, party, before)
    is_new = before is None or before.way is not way
    now = Answer(
        id=before.id if before else 0,
        meeting=meeting.id,
        resident=resident,
        way=way,
        seat=None,
        # As Plein heard it: when it was said is what another server says.
        since=call.now if before is None or is_new else before.since,
        said_at=call.said_at,
        party=party,
        shown=shown and way in PLACES,
        name=name,
        for_them=hears,
    )
    if way in PLACES:
        now = replace(now, seat=way, known=way) if begun else _seated(meeting, figures, now, before)
    if before is None or _what(now) != _what(before):
        if counted and (figures.waits or hears):
            if (count := call.used(COME, WITHIN)) >= MOST_ANSWERS:
                raise UserError("meeting.often", count=count)
            call.use(COME, within=WITHIN)
        number = kept.keep(now, before)
        if before is None:
            now = replace(now, id=number)
            plan_own_of(call, meeting, now.resident)
        elif (figures.waits or now.waits) and seat_waiting(call, meeting):
            now = _again(call, meeting, now)
        call.changed(f"{SUBJECT}:{meeting.id}")
        if isinstance(whom, Resident) and hears:
            _tell(call, meeting, way, whom)
    elif now.said_at > before.said_at:
        # Said once more, it is what they said last.
        kept.keep(now, before)
    return _receipt(call, meeting, now, whom)


def _hears(call: Call, meeting: Meeting, whom: Resident) -> bool:
    """Whether they are told what is answered for them."""
    return whom.id != call.resident.id and not meeting.has_begun(call.now)


def _untell(call: Call, meeting: Meeting, resident: int) -> None:
    """What was answered for them stands no more: where they did not hear of it yet, they need not."""
    call.tx.told.skip(resident, answered_for(meeting))


def _tell(call: Call, meeting: Meeting, way: Way, whom: Resident) -> None:
    """They hear who answered for them last: in private alone, as they agreed to nothing else."""
    what = {"who": call.resident, "title": meeting.title, "start": meeting.starts_at}
    said = message(text(f"meeting.for.told.{way}", **what), buttons=show.buttons(meeting))
    key = answered_for(meeting)
    # What somebody answered is theirs: what all may read says nothing of it.
    whisper(call, meeting, [whom.id], said, f"{key}{call.id}", otherwise=None, instead_of=key)


def _again(call: Call, meeting: Meeting, before: Answer) -> Answer:
    """As it is now: they may have moved up."""
    if before.resident is not None:
        return call.tx.of(MEETINGS).answer(meeting.id, before.resident) or before
    others = call.tx.of(MEETINGS).for_others(meeting.id)
    return next((each for each in others if each.id == before.id), before)


def _what(answer: Answer) -> tuple[object, ...]:
    return answer.way, answer.seat, answer.party, answer.shown


def _check_room(meeting: Meeting, way: Way, party: int, before: Answer | None) -> None:
    """Raises: UserError where there is never place for so many; who has a place for them keeps it."""
    most = meeting.room_for(way) if way in PLACES else None
    keeps = before is not None and before.seat is way and party <= before.party
    if most is not None and party > most and not keeps:
        raise UserError("meeting.party.larger", count=party, most=most)


def _seated(meeting: Meeting, figures: Figures, now: Answer, before: Answer | None) -> Answer:
    """With a place, of which they hear now, where there is one for all of them; else with the place that they
    had, waiting.

    Raises: UserError where more come along than the place that they had has room for.
    """
    had, came = (before.seat, before.party) if before and before.seat else (None, 0)

    def has_room(way: Way) -> bool:
        """Who has a place and brings no more than before keeps it, however full it is by now."""
        taken = figures.taken(way) - (came if way is had else 0)
        keeps = way is had and now.party <= came
        return keeps or fits(taken, meeting.room_for(way), now.party)

    if has_room(now.way):
        return replace(now, seat=now.way, known=now.way)
    if had and not has_room(had):
        raise UserError("meeting.party.no_room", count=now.party, before=came)
    return replace(now, seat=had, known=had)


def _receipt(
    call: Call, meeting: Meeting, answer: Answer | None, whom: Resident | str | None = None
) -> Message:
    """What stands now: in which way they come, or in which place of the row they wait."""
    if answer is None:
        return message(text("meeting.receipt.nothing", title=meeting.title))
    who = {"title": meeting.title, "start": meeting.starts_at, "name": whom or ""}
    if meeting.has_begun(call.now):
        mended = text("meeting.receipt.mended", answer=text(f"meeting.mine.{answer.way}"), **who)
        return message(mended, *no_place_for(meeting, call.tx.of(MEETINGS).figures(meeting.id)))
    of_whom = "for" if whom else "you"
    lines = [text(f"meeting.receipt.{of_whom}.{answer.way}", **who)]
    if answer.waits:
        place = show.place_in_row(call, answer)
        lines = [text(f"meeting.receipt.{of_whom}.waits.{answer.way}", place=place, **who)]
        lines += [text(f"meeting.receipt.keeps.{answer.seat}")] if answer.seat else []
    if answer.party > 1:
        lines.append(text("meeting.receipt.guests", count=answer.party - 1))
    if answer.seat:
        lines += show.where_that_way(meeting, answer.seat)
    if of_whom == "you" and answer.way is not Way.NO:
        lines.append(text("meeting.receipt.told"))
    return message(*lines, buttons=() if whom else _others(meeting, answer))


def _others(meeting: Meeting, answer: Answer) -> list[Button]:
    """The other ways to answer, for whoever changes their mind."""
    this = {"meeting": meeting.id}
    ways = [way for way in (*meeting.ways, Way.MAYBE, Way.NO) if way is not answer.way]
    return [Button(text(f"meeting.button.{way}"), show.ANSWER, {**this, "way": str(way)}) for way in ways]
