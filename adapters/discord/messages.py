"""What people write to Plein, and the outcomes of Discord's own polls, as invocations; and what they say.

Plein reads what is said to it: in private, or behind its name. Where no feature listens Discord shows it
nothing else, and nothing else is asked for. Where one does, what people say to each other in places is read
as well. Where that is carried to other places it is kept as they wrote it, with the names of whom it names,
and what they change of it is read too.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import discord

from adapters.discord.channels import PLATFORM, handle_of, room_of
from adapters.discord.newcomers import FirstWords
from adapters.discord.rich.read import read
from adapters.discord.session import Session
from adapters.discord.signs import Signs, remark_at
from adapters.discord.trouble import TROUBLE
from bot.errors import Gone, NotNow, NotOurs, PlatformFailed, TryLater
from bot.model.events import Arrival, Heard, Invocation, Removal
from bot.model.message import message as shown
from bot.model.message import text
from bot.model.people import Identity, Place, Role
from bot.recent import Recent
from bot.rich import Names

log = logging.getLogger(__name__)
Json = dict[str, Any]
# The channel to which an address of Discord's leads.
_LEADS_TO = re.compile(r"discord(?:app)?\.com/channels/[0-9]{1,20}/([0-9]{1,20})")
# What somebody wrote, and not what Discord says of what they did.
WRITTEN = (discord.MessageType.default, discord.MessageType.reply)
# Of so many messages that are carried it is known how they read.
MOST_KNOWN = 10_000
# Until Discord's own poll is asked for again.
RETRY_SECONDS = 2.0


class Messages:
    """Turns messages into invocations whose answers go through the outbox."""

    def __init__(self, session: Session, first_words: FirstWords, signs: Signs) -> None:
        self._on = session
        self._signs = signs
        self._first_words = first_words
        self._reads: Recent[int, int] = Recent(MOST_KNOWN)

    def may_be_carried(self, message: discord.Message) -> bool:
        """Whether what is said there is, so that what becomes of it is to be read."""
        return message.guild is not None and self._on.places.carries(message.channel)

    def meaning(self, message: discord.Message, changed: bool) -> Json | None:
        """What is to be kept of it, or of what it was changed into; None where it is not for Plein."""
        me, author = self._on.client.user, message.author
        assert me
        if message.type is discord.MessageType.poll_result and author.id == me.id:
            about = message.reference.message_id if message.reference else None
            return {"result": about} if about else None
        # A webhook writes as whoever it likes.
        if author.bot or message.webhook_id or message.type not in WRITTEN:
            return None
        if changed:
            return self._talk(message, changed=True)
        called = re.match(rf"\s*<@!?{me.id}>\s*", message.content)
        if message.guild and not called:
            return self._talk(message)
        words = message.content[called.end() :] if called else message.content
        kept: Json = {"author": author.id, "name": author.display_name, "words": words.strip() or "!help"}
        kept["handle"] = handle_of(author)
        if message.edited_at:
            # The history has it as it reads now: what it says was said when it was changed.
            kept["at"] = message.edited_at.isoformat()
        if message.guild:
            # A thread's is its channel's; an answer that is for nobody else goes to where they spoke.
            kept |= {"place": room_of(message.channel), "channel": message.channel.id}
            kept |= self._answered(message, kept["words"])
        return kept

    def _answered(self, message: discord.Message, words: str) -> Json:
        """Whose message it answers, for a command that may be about whoever wrote that."""
        command = self._on.core.commands.first_in(words)
        answered = message.reference.resolved if message.reference else None
        if not (command and command.about and isinstance(answered, discord.Message)):
            return {}
        return {} if answered.webhook_id else {"about": [answered.id, answered.author.id]}

    def _talk(self, message: discord.Message, *, changed: bool = False) -> Json | None:
        """What people say to each other, where it is to be heard: in a place, in words."""
        room = room_of(message.channel)
        words = message.clean_content.strip()
        if not (self._on.hears and self._on.places.is_known(room)):
            return None
        carried = self._on.places.carries(message.channel)
        if changed:
            is_wanted = carried and self._is_news(message)
        else:
            carried = carried and not self._is_command(message.content)
            is_wanted = bool(words) and (carried or self._on.core.listens)
        if not is_wanted:
            return None
        kept: Json = {"author": message.author.id, "name": message.author.display_name, "words": words}
        answered = message.reference.message_id if message.reference else None
        kept |= {"place": room, "talk": True, "reply_to": answered}
        if carried:
            self._reads[message.id] = hash(message.content)
            picture = message.author.avatar and message.author.display_avatar.url
            kept |= {"content": message.content, "names": names_in(message), "avatar": picture or ""}
        if message.edited_at:
            kept["changed" if changed else "edited"] = message.edited_at.isoformat()
        return kept

    def _is_news(self, message: discord.Message) -> bool:
        """Whether it reads otherwise than before, as far as that is remembered."""
        return self._reads.get(message.id) != hash(message.content)

    def _is_command(self, words: str) -> bool:
        return words.lstrip().startswith("!") and self._on.core.commands.first_in(words) is not None

    def _server_of(self, channel: int) -> discord.Guild | None:
        found = self._on.client.get_channel(channel)
        return found.guild if isinstance(found, discord.abc.GuildChannel | discord.Thread) else None

    async def deal(self, arrival: Arrival) -> None:
        kept = json.loads(arrival.body)
        if "sign" in kept:
            await self._signs.deal(arrival, kept)
            return
        message = int(arrival.id.split(":")[1])
        if "result" in kept:
            await self._count(int(arrival.room), kept["result"])
        elif "talk" in kept:
            await self._on.core.hear(self._heard(arrival.id, message, kept))
        else:
            channel: int = kept.get("channel", int(arrival.room))
            invocation = await self._invocation(message, kept, channel)
            invocation = replace(invocation, arrival=arrival.seq)
            if invocation.place is None:
                self._on.outgoing.talks_in(kept["author"], channel)
            await self._first_words.heard(kept["author"], self._server_of(channel))
            await self._on.core.handle(invocation)
            if invocation.place and invocation.there and self._on.outgoing.closed.is_to_hear(kept["author"]):
                # Nobody replies from a channel to what stands in a thread of it.
                reply_to = str(message) if channel == int(invocation.place.room_id) else None
                await self._say_closed(invocation, invocation.place, reply_to)

    async def _say_closed(self, asked: Invocation, place: Place, reply_to: str | None) -> None:
        """An answer in private does not reach them; that is no secret where they asked."""
        told = replace(shown(text("discord.closed")), locale=(await self._on.voice(asked.author)).locale)
        await self._on.core.say(
            self._on.account,
            place,
            told,
            f"closed:{asked.id}",
            [asked.author],
            about=asked.at,
            reply_to=reply_to,
        )

    def _heard(self, name: str, message: int, kept: Json) -> Heard:
        at = discord.utils.snowflake_time(message)
        return Heard(
            name,
            self._on.account,
            Place(PLATFORM, str(kept["place"])),
            Identity(PLATFORM, str(kept["author"])),
            kept["name"],
            kept["words"],
            datetime.fromisoformat(kept["changed"]) if "changed" in kept else at,
            str(message),
            str(kept["reply_to"]) if kept["reply_to"] else None,
            rich=read(kept["content"], named(kept["names"])) if "content" in kept else (),
            changes=str(message) if "changed" in kept else None,
            avatar=kept.get("avatar", ""),
            changed_at=datetime.fromisoformat(kept["edited"]) if "edited" in kept else None,
        )

    async def _invocation(self, message: int, kept: Json, channel: int) -> Invocation:
        places, said_at = self._on.places, discord.utils.snowflake_time(message)
        if "at" in kept:
            said_at = datetime.fromisoformat(kept["at"])
        place = await places.at(kept["place"]) if "place" in kept else None
        author: int = kept["author"]
        # What Discord says now counts, not what it said with a message that had to wait.
        dealt_at = max(said_at, self._on.clock.now())
        # Whom they name first: it may take long, and what they are themselves is to be as it is now.
        answered, writer = kept.get("about", (0, 0))
        named = [kept["words"], *([f"<@{writer}>"] if writer else [])]
        mentions = await places.mentions(named, author, place)
        by = next((each for each in mentions if each.account.user_id == str(writer)), None)
        here = await places.speaks_in(author, place, places.members.a_moment_ago) if place else None
        return Invocation(
            f"{PLATFORM}:{message}",
            Identity(PLATFORM, str(kept["author"])),
            kept["name"],
            place,
            said_at,
            typed=kept["words"],
            handle=kept.get("handle", ""),
            role=here.role if here else Role.RESIDENT,
            since=here.since if here else None,
            not_before=here.not_before if here else None,
            writes=place is None or (here is not None and here.writes),
            there=place is None or here is not None,
            presence=partial(places.presences, author, since=dealt_at),
            by_post=True,
            public=place is not None,
            mentions=mentions,
            account=self._on.account,
            removal=Removal(partial(self._take_away, channel, message)) if place else None,
            about=remark_at(self._on, channel, answered, by) if by else None,
        )

    async def _take_away(self, channel: int, message: int) -> bool:
        """What somebody said is gone; False where Plein may not do that. Raises TryLater."""
        try:
            await self._on.outgoing.retract(channel, str(message))
        except TryLater:
            raise
        except (Gone, NotNow, NotOurs, PlatformFailed) as refused:
            log.info("Message %s stays where it is: %s", message, refused)
            return False
        return True

    async def _count(self, channel: int, about: int) -> None:
        """Discord's own poll is over: whoever voted there and nowhere else has voted."""
        shown = await self._on.core.message_at(self._on.account, str(about))
        if shown is None or shown.native_poll is None:
            return
        asked = shown.native_poll
        chosen: dict[int, list[int]] = {}
        names: dict[int, str] = {}
        try:
            there = self._on.client.get_partial_messageable(channel)
            poll = (await there.fetch_message(about)).poll
            if poll is None:
                return
            if not poll.is_finalised():
                raise TryLater(RETRY_SECONDS)
            for answer in poll.answers:
                async for voter in answer.voters():
                    names[voter.id] = voter.display_name
                    chosen.setdefault(voter.id, []).append(answer.id)
        except (discord.Forbidden, discord.NotFound) as gone:
            log.warning("Discord's poll %s cannot be counted: %s", about, gone.code)
            return
        except TROUBLE as error:
            raise TryLater(RETRY_SECONDS) from error
        place = Place(PLATFORM, str(channel))
        for voter_id, numbers in chosen.items():
            args = {**asked.args, "numbers": numbers, "unless_voted": True}
            here = (await self._on.places.presences(voter_id, [place])).get(place)
            if here is None and not await self._on.places.is_let_in(voter_id, place):
                continue  # what they pressed on the board was not taken either
            await self._on.core.handle(
                Invocation(
                    f"{PLATFORM}:{about}:{voter_id}",
                    Identity(PLATFORM, str(voter_id)),
                    names[voter_id],
                    place,
                    poll.expires_at or self._on.clock.now(),
                    command=asked.command,
                    args=args,
                    role=here.role if here else Role.RESIDENT,
                    since=here.since if here else None,
                    left=here is None,
                    presence=partial(self._on.places.presences, voter_id),
                    account=self._on.account,
                    earliest=discord.utils.snowflake_time(about),
                    pressed=True,
                )
            )


def names_in(message: discord.Message) -> Mapping[str, Mapping[str, str]]:
    """What those are called that a message names: people, roles, and the channels that everybody sees."""
    found: dict[str, dict[str, str]] = {"people": {}, "roles": {}, "places": {}}
    for user in message.mentions:
        found["people"][str(user.id)] = user.display_name
    for role in message.role_mentions:
        found["roles"][str(role.id)] = role.name
    for number in (*message.raw_channel_mentions, *map(int, _LEADS_TO.findall(message.content))):
        channel = message.guild and message.guild.get_channel_or_thread(number)
        if channel and (channel == message.channel or _is_seen_by_all(channel)):
            found["places"][str(number)] = channel.name
    return found


def _is_seen_by_all(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    """Whoever types its number may not see it themselves; and readers elsewhere may not know its name."""
    if isinstance(channel, discord.Thread) and (channel.is_private() or channel.parent is None):
        return False
    return channel.permissions_for(channel.guild.default_role).view_channel


def named(kept: Mapping[str, Mapping[str, str]]) -> Names:
    """What `names_in` found, for a reader of words."""
    return Names(people=kept["people"], roles=kept["roles"], places=kept["places"])
