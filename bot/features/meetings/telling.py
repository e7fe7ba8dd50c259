"""Telling those who come: in private where they talk with Plein already, else with a mention in the theme.

Nothing private is begun for it: who answers agrees to be mentioned. So is who turns out to take nothing in
private, when that is so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.call import Call
from bot.features.meetings import show
from bot.features.meetings.night import is_too_late, quiet_until
from bot.features.meetings.records import MEETINGS, SUBJECT, Meeting
from bot.features.meetings.settings import MeetingsSettings
from bot.model.message import Button, Message, message, text
from bot.model.people import Wishes
from bot.model.work import Job

TAKE_OVER = "meeting take over"
# So many people are told at a time; and so many mentioned at once: of more Discord takes no message.
PAGE, MENTIONED = 100, 50
# What could be told somebody nowhere is said in the theme.
ALOUD = "meeting.aloud"


def authors(meeting: Meeting) -> set[int | None]:
    """Whose its words are: who planned it, and who worded it last. None: somebody's who was forgotten."""
    return {meeting.organiser, meeting.worded_by}


def keeps_its_words(call: Call, meeting: Meeting, due: datetime, whose: Collection[int | None] = ()) -> bool:
    """In a job that was due then: whether the words that it has, and what is `whose`, may be put in the theme
    now. Else who moderates there hears so once, and can take it over. Nobody waits for a platform that does
    not say.
    """
    told = text("meeting.unsaid", title=meeting.title, start=meeting.starts_at)
    instead = message(told, buttons=[take_over(meeting)])
    key = f"{SUBJECT}:{meeting.id}:unsaid"
    people = authors(meeting).union(whose)
    return may_say(call, people, meeting.theme, due, key=key, instead=instead, waits=False)


def may_say(
    call: Call,
    whose: Collection[int | None],
    theme: int,
    due: datetime,
    *,
    key: str,
    instead: Message,
    theirs: Message | None = None,
    waits: bool = True,
) -> bool:
    """As `Call.speaks_for`, of what people planned and worded. Whoever was forgotten cannot be asked: what is
    theirs is said once somebody who moderates there took it over.
    """
    known = sorted(who for who in whose if who is not None)
    key = ":".join([key, *map(str, known)])
    if len(known) < len(whose):
        call.tell_moderators(theme, instead, key)
        return False
    role = call.settings.of(MeetingsSettings).planners
    return call.speaks_for(known, theme, due, role, key=key, instead=instead, theirs=theirs, waits=waits)


def take_over(meeting: Meeting) -> Button:
    """For whoever moderates there: it is theirs from then on."""
    return Button(text("meeting.button.take_over"), TAKE_OVER, {"meeting": meeting.id}, style="primary")


def without_words(meeting: Meeting, *, late: bool = False) -> Message:
    """That it is soon, or no more, with nothing that somebody wrote of it; its board stands there."""
    if meeting.state == "cancelled":
        return message(text("meeting.told.cancelled", start=meeting.starts_at))
    said = text("meeting.remind.late" if late else "meeting.remind", start=meeting.starts_at)
    return message(said, buttons=show.buttons(meeting))


def tell(
    call: Call, meeting: Meeting, people: Sequence[int], said: Message, key: str, *, in_words: bool = True
) -> None:
    """Say it to each of these, once."""
    talking = talk(call, meeting, people)
    whisper(call, meeting, sorted(talking), said, key, otherwise=ALOUD)
    mention(call, meeting, [who for who in people if who not in talking], said, key, in_words=in_words)


def whisper(
    call: Call,
    meeting: Meeting,
    talking: Sequence[int],
    said: Message,
    key: str,
    *,
    otherwise: str | None,
    whose: Collection[int | None] = (),
    instead_of: str = "",
) -> None:
    """Say it in private to these, who talk there, once their quiet hours are over. `otherwise`: the job that
    says it to who takes nothing there, where all may read it, if those whose words it has may: the meeting's,
    and `whose` they are; None: it waits for them. `instead_of` is as in `Call.announce`.
    """
    job = (otherwise, f"{meeting.id} {key} {written(authors(meeting).union(whose))}") if otherwise else None
    where: dict[str, Any] = {"theme": meeting.theme, "begun": True, "otherwise": job}
    for who in talking:
        call.tell(who, said, f"{key}:{who}", until=meeting.ends_at, instead_of=instead_of, **where)


def answered_for(meeting: Meeting) -> str:
    """How the keys begin of what they are told for whom somebody else answered."""
    return f"{SUBJECT}:{meeting.id}:for:"


def written(whose: Collection[int | None]) -> str:
    """Whose words something is in, in the subject of a job."""
    return "-".join(str(who or 0) for who in sorted(whose, key=lambda who: who or 0))


def read(words: str = "") -> set[int | None]:
    """The same, read again; of a job of before nobody's."""
    return {int(who) or None for who in words.split("-") if who}


def aloud_due(call: Call, job: Job) -> None:
    """The same is said in the theme to those of many who could be told it nowhere."""
    unsaid = call.take_unsaid(job, PAGE)
    number, key, *whose = job.subject.split()
    meeting = call.tx.of(MEETINGS).get(int(number))
    alike: list[tuple[Message, list[int]]] = []
    for who, said in unsaid.items():
        if told := next((people for known, people in alike if known == said), None):
            told.append(who)
        else:
            alike.append((said, [who]))
    for group, (said, people) in enumerate(alike):
        if meeting and not meeting.is_over(call.now):
            in_words = keeps_its_words(call, meeting, job.due_at, read(*whose))
            aloud = said if in_words else without_words(meeting)
            say_aloud(call, meeting, people, aloud, f"{key}:aloud:{job.id}:{group}")


def say_aloud(call: Call, meeting: Meeting, people: Sequence[int], said: Message, key: str) -> None:
    """Say it in the theme, with a mention of these, who could be told it nowhere else."""
    mention(call, meeting, people, said, key, apart=True)
    call.said_aloud(people)


def mention(
    call: Call,
    meeting: Meeting,
    people: Sequence[int],
    said: Message,
    key: str,
    *,
    everywhere: bool = False,
    apart: bool = False,
    in_words: bool = True,
) -> None:
    """Say it in the theme, with a mention of these, who don't talk in private: where there are such, or
    everywhere. `apart`: it is for them alone, and of a platform's places said where they are. Not `in_words`:
    what it is called is said by nobody there.
    """
    accounts = call.tx.people.accounts_in(meeting.theme, people)
    also = message(text("meeting.told.also", title=meeting.title)) if in_words else said
    for place in call.tx.places.of_theme(meeting.theme):
        here = [account for account in accounts if account.platform == place.platform]
        for at in range(0, len(here) or everywhere, MENTIONED):
            to = f"{key}:{place.platform}:{place.room_id}:{at}"
            to_whom: dict[str, Any] = {"mentions": here[at : at + MENTIONED], "theme": meeting.theme}
            call.post(place, also if at else said, to, **to_whom, begun=apart or at > 0)


def talk(call: Call, meeting: Meeting, people: Collection[int]) -> Collection[int]:
    """Those of these who are told in private, in time."""
    found = talkers(call, meeting, people)
    mornings = {wishes: quiet_until(call, wishes) for wishes in {*found.values()}}
    return {who for who, wishes in found.items() if not is_too_late(mornings[wishes], meeting)}


def talkers(call: Call, meeting: Meeting, people: Collection[int]) -> Mapping[int, Wishes]:
    """Those of these who are told in private, with an account that is in the theme, and not rather with a
    mention.
    """
    wishes = call.tx.people.wishes(call.tx.people.talking_in(meeting.theme, people))
    return {who: theirs for who, theirs in wishes.items() if not theirs.mentioned}
