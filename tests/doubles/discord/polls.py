"""Discord's own polls: voting, and what happens when one ends."""

from __future__ import annotations

from collections.abc import Sequence

from tests.doubles.discord.errors import Json
from tests.doubles.discord.render import message_json
from tests.doubles.discord.state import POLL_RESULT, Message, User, World
from tests.doubles.discord.talk import tell


def vote(world: World, message: Message, user: User, answers: Sequence[int]) -> None:
    """Somebody's votes as they are from now on: what they had before and not now is taken back."""
    assert message.poll, f"{message!r} is no poll"
    for number, voters in message.poll.votes.items():
        wanted, had = number in answers, user.id in voters
        if wanted and not had:
            voters.append(user.id)
            _told(world, "MESSAGE_POLL_VOTE_ADD", message, user, number)
        elif had and not wanted:
            voters.remove(user.id)
            _told(world, "MESSAGE_POLL_VOTE_REMOVE", message, user, number)
    world.bell.ring()


def _told(world: World, name: str, message: Message, user: User, number: int) -> None:
    data = {
        "user_id": user.id,
        "channel_id": message.channel.id,
        "message_id": message.id,
        "answer_id": number,
    }
    tell(world, name, message, data, "polls")


def end(world: World, message: Message) -> None:
    """Count for good, and say the result in the channel."""
    poll = message.poll
    assert poll
    if poll.finalized:
        return
    poll.finalized = True
    poll.expiry = min(poll.expiry, world.clock.now())
    tell(world, "MESSAGE_UPDATE", message, message_json(world, message))
    notice = Message(
        world.clock.new_id(), message.channel, message.author, type=POLL_RESULT, at=world.clock.now()
    )
    notice.embeds = [_result(message)]
    notice.reference = {"type": 0, "channel_id": message.channel.id, "message_id": message.id}
    message.channel.messages[notice.id] = notice
    tell(world, "MESSAGE_CREATE", notice, message_json(world, notice))
    world.bell.ring()


def _result(message: Message) -> Json:
    poll = message.poll
    assert poll
    counts = {number: len(voters) for number, voters in poll.votes.items()}
    fields = {
        "poll_question_text": str(poll.question["text"]),
        "total_votes": str(sum(counts.values())),
    }
    best = max(counts.values(), default=0)
    winners = [number for number, count in counts.items() if count == best and best]
    fields["victor_answer_votes"] = str(best)
    if len(winners) == 1:
        fields["victor_answer_id"] = str(winners[0])
        fields["victor_answer_text"] = str(poll.answers[winners[0]].get("text", ""))
    inline = [{"name": name, "value": value, "inline": False} for name, value in fields.items()]
    return {"type": "poll_result", "fields": inline}


def end_those_due(world: World) -> None:
    """End every poll whose time is over."""
    channels = [
        *world.dms.values(),
        *(channel for guild in world.guilds.values() for channel in guild.channels.values()),
    ]
    for channel in channels:
        for message in list(channel.messages.values()):
            if message.poll and not message.poll.finalized and message.poll.expiry <= world.clock.now():
                end(world, message)
