"""Telling those who come: in private where they talk with Plein already, else with a mention in the theme.

Nothing private is begun for it: who answers agrees to be mentioned.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.call import Call
from bot.features.meetings.night import is_too_late, quiet_until
from bot.features.meetings.records import Meeting
from bot.model.message import Message, message, text
from bot.model.people import Wishes

# So many people are told at a time; and so many mentioned at once: of more Discord takes no message.
PAGE, MENTIONED = 100, 50


def tell(call: Call, meeting: Meeting, people: Sequence[int], said: Message, key: str) -> None:
    """Say it to each of these, once."""
    talking = talk(call, meeting, people)
    whisper(call, meeting, sorted(talking), said, key)
    mention(call, meeting, [who for who in people if who not in talking], said, key)


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
) -> None:
    """Say it in the theme, with a mention of these, who don't talk in private: where there are such, or
    everywhere.
    """
    accounts = call.tx.people.accounts_in(meeting.theme, people)
    also = message(text("meeting.told.also", title=meeting.title))
    for place in call.tx.places.of_theme(meeting.theme):
        here = [account for account in accounts if account.platform == place.platform]
        for at in range(0, len(here) or everywhere, MENTIONED):
            to = f"{key}:{place.platform}:{place.room_id}:{at}"
            call.post(place, also if at else said, to, mentions=here[at : at + MENTIONED])


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
