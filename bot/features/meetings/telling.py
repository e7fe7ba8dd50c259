"""Telling those who come: in private where they talk with Plein already, else with a mention in the theme.

Nothing private is begun for it: who answers agrees to be mentioned.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.call import Call
from bot.features.meetings.records import SUBJECT, Meeting
from bot.features.meetings.settings import MeetingsSettings
from bot.model.message import Button, Message, message, text
from bot.model.people import Wishes
from bot.zones import zone_or

TAKE_OVER = "meeting take over"
# So many people are told at a time; and so many mentioned at once: of more Discord takes no message.
PAGE, MENTIONED = 100, 50


def keeps_its_words(call: Call, meeting: Meeting, due: datetime) -> bool:
    """In a job that was due then: whether its organiser's words may be put in the theme now. Else who
    moderates there hears so once, and can take it over. Nobody waits for a platform that does not say.
    """
    if meeting.organiser is None:
        return True
    told = text("meeting.unsaid", title=meeting.title, start=meeting.starts_at)
    key = f"{SUBJECT}:{meeting.id}:unsaid:{meeting.organiser}"
    role = call.settings.of(MeetingsSettings).planners
    instead = message(told, buttons=[take_over(meeting)])
    return call.speaks_for(
        [meeting.organiser], meeting.theme, due, role, key=key, instead=instead, waits=False
    )


def take_over(meeting: Meeting) -> Button:
    """For whoever moderates there: it is theirs from then on."""
    return Button(text("meeting.button.take_over"), TAKE_OVER, {"meeting": meeting.id}, style="primary")


def tell(
    call: Call, meeting: Meeting, people: Sequence[int], said: Message, key: str, *, in_words: bool = True
) -> None:
    """Say it to each of these, once."""
    talking = talk(call, meeting, people)
    whisper(call, meeting, sorted(talking), said, key)
    mention(call, meeting, [who for who in people if who not in talking], said, key, in_words=in_words)


def whisper(call: Call, meeting: Meeting, talking: Sequence[int], said: Message, key: str) -> None:
    """Say it in private to these, who talk there, once their quiet hours are over."""
    for who in talking:
        call.tell(who, said, f"{key}:{who}", until=meeting.ends_at, theme=meeting.theme, begun=True)


def mention(
    call: Call,
    meeting: Meeting,
    people: Sequence[int],
    said: Message,
    key: str,
    *,
    everywhere: bool = False,
    in_words: bool = True,
) -> None:
    """Say it in the theme, with a mention of these, who don't talk in private: where there are such, or
    everywhere. Not `in_words`: what it is called is said by nobody there.
    """
    accounts = call.tx.people.accounts_in(meeting.theme, people)
    also = message(text("meeting.told.also", title=meeting.title)) if in_words else said
    for place in call.tx.places.of_theme(meeting.theme):
        here = [account for account in accounts if account.platform == place.platform]
        for at in range(0, len(here) or everywhere, MENTIONED):
            to = f"{key}:{place.platform}:{place.room_id}:{at}"
            call.post(place, also if at else said, to, mentions=here[at : at + MENTIONED])


def talk(call: Call, meeting: Meeting, people: Collection[int]) -> Collection[int]:
    """Those of these who are told in private: with an account that is in the theme, and in time, and not
    rather with a mention.
    """
    talking = call.tx.people.talking_in(meeting.theme, people)
    wishes = call.tx.people.wishes(talking)
    return {
        who
        for who in talking
        if not (wishes[who].mentioned or is_too_late(quiet_until(call, wishes[who]), meeting))
    }


def quiet_until(call: Call, wishes: Wishes) -> datetime | None:
    """When somebody's quiet hours end, by their own clocks; None: it is not quiet."""
    return call.settings.quiet_until(call.now, zone_or(wishes.zone, call.zone))


def is_too_late(morning: datetime | None, meeting: Meeting) -> bool:
    """Whether it begins before anybody would hear of it then."""
    return morning is not None and morning >= meeting.starts_at
