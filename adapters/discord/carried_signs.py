"""Signs on messages that are carried: those that people put on them here, and those of people elsewhere.

What people do comes without a number, as all that is done with signs: those of one person are dealt with in
order, and what was missed while Plein was away is found by comparing what stands there (`Missed`).
"""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Collection, Mapping
from typing import Any

import discord

from adapters.discord.channels import PLATFORM, permissions_in, room_of
from adapters.discord.copies import Copies
from adapters.discord.history import Reading
from adapters.discord.outgoing import UNKNOWN_MESSAGE
from adapters.discord.refs import read_ref, ref_in
from adapters.discord.session import Session
from bot.emoji import in_full
from bot.errors import Gone, Refused, Unsigned
from bot.model.events import Arrival
from bot.model.people import Identity, Place
from bot.model.signs import Sign, Signed, Why, name_of

Json = dict[str, Any]
SIGN = "sign"
UNKNOWN_EMOJI, MOST_SIGNS, BLOCKED = 10014, 30010, 90001
# Why a sign cannot stand there.
_WHY = {UNKNOWN_EMOJI: Why.UNKNOWN, MOST_SIGNS: Why.FULL, BLOCKED: Why.BLOCKED}
# Of a sign so many people are looked up at a time, and of one message so many pages of them.
PAGE, MOST_PAGES = 100, 10


class CarriedSigns:
    """Brings the core the signs of people, and puts those of people elsewhere there."""

    def __init__(self, session: Session, copies: Copies) -> None:
        self._on = session
        self._copies = copies
        self._made_up, self._numbers = secrets.token_hex(6), itertools.count(1)

    # --- what people do ---

    def changed(self, told: discord.RawReactionActionEvent, reading: Reading, *, on: bool) -> None:
        """Plein's own are none, nor are other bots'."""
        me, sign = self._on.client.user, _called(told.emoji)
        if (me and told.user_id == me.id) or (told.member and told.member.bot) or sign is None:
            return
        name = told.member.display_name if told.member else ""
        self._put(reading, told.channel_id, told.message_id, sign, on=on, author=told.user_id, name=name)

    def cleared(self, told: discord.RawReactionClearEvent, reading: Reading) -> None:
        """Somebody took all signs of a message away."""
        self._put(reading, told.channel_id, told.message_id, "", on=False)

    def cleared_one(self, told: discord.RawReactionClearEmojiEvent, reading: Reading) -> None:
        """Somebody took one sign of a message away, of whomever it was."""
        if sign := _called(told.emoji):
            self._put(reading, told.channel_id, told.message_id, sign, on=False)

    def _put(self, reading: Reading, channel: int, message: int, sign: str, **more: Any) -> None:
        there = self._on.client.get_channel(channel)
        if there is None or not self._on.places.carries(there):
            return
        room, who = str(room_of(there)), str(more.get("author", ""))
        if not reading.in_order.takes(room, who):
            return
        ref = ref_in(int(room), channel, message)
        body = json.dumps({"carried": sign, "message": message, "ref": ref, **more})
        arrival = Arrival(
            f"{PLATFORM}:carried:{self._made_up}.{next(self._numbers)}", room, body, at=self._on.clock.now()
        )
        reading.in_order.put(self._on.account, arrival, who)

    async def deal(self, arrival: Arrival, kept: Mapping[str, Any]) -> None:
        """What Plein says itself is carried nowhere."""
        if await self._on.core.message_at(self._on.account, str(kept["message"])):
            return
        author = Identity(PLATFORM, str(kept["author"])) if "author" in kept else None
        await self._on.core.signed(
            Signed(
                Place(PLATFORM, arrival.room),
                str(kept["ref"]),
                author,
                str(kept["carried"]),
                kept["on"] is True,
                arrival.at or self._on.clock.now(),
                str(kept.get("name", "")),
            )
        )

    # --- what was missed ---

    async def compare(self, room: int, messages: Collection[discord.Message]) -> None:
        """What people did while Plein was away: where as many have a sign as are known to have it, nothing.

        Raises: what asking Discord does, StoreFailed.
        """
        place = Place(PLATFORM, str(room))
        refs = {ref_in(room, message.channel.id, message.id): message for message in messages}
        known = await self._on.core.signs_at(place, [*refs])
        for ref, message in refs.items():
            if (ours := known.get(ref)) is not None:
                await self._compare(place, message, ours)

    async def _compare(
        self, place: Place, message: discord.Message, known: Mapping[str, Collection[Identity]]
    ) -> None:
        stands = {sign: each for each in message.reactions if (sign := _called(each.emoji))}
        for sign in {*known} - {in_full(name) or name for name in stands}:
            for who in known[sign]:
                await self._missed(place, message, who, sign, on=False)
        for sign, reaction in stands.items():
            before = {int(who.user_id) for who in known.get(in_full(sign) or sign, ())}
            if reaction.count - reaction.me == len(before):
                continue
            now = await self._people(message, reaction)
            if now is None:
                continue
            for user in before - {*now}:
                await self._missed(place, message, Identity(PLATFORM, str(user)), sign, on=False)
            for user in {*now} - before:
                who = Identity(PLATFORM, str(user))
                await self._missed(place, message, who, sign, on=True, name=now[user])

    async def _missed(
        self, place: Place, message: discord.Message, who: Identity, sign: str, *, on: bool, name: str = ""
    ) -> None:
        ref = ref_in(int(place.room_id), message.channel.id, message.id)
        signed = Signed(place, ref, who, sign, on, self._on.clock.now(), name)
        await self._on.core.signed(signed)

    async def _people(self, message: discord.Message, reaction: discord.Reaction) -> Mapping[int, str] | None:
        """Who has it there, with what they are called; None where it is there no more."""
        try:
            return await self._look_up(message, reaction)
        except discord.HTTPException as error:
            if error.code not in (UNKNOWN_MESSAGE, UNKNOWN_EMOJI):
                raise
            return None

    async def _look_up(self, message: discord.Message, reaction: discord.Reaction) -> Mapping[int, str]:
        emoji = (
            reaction.emoji
            if isinstance(reaction.emoji, str)
            else f"{reaction.emoji.name}:{reaction.emoji.id}"
        )
        http, found, after = self._on.client.http, dict[int, str](), None
        for _ in range(MOST_PAGES):
            users: Any = await http.get_reaction_users(message.channel.id, message.id, emoji, PAGE, after)
            people = [user for user in users if not user.get("bot")]
            found |= {int(user["id"]): user.get("global_name") or user["username"] for user in people}
            if len(users) < PAGE:
                break
            after = users[-1]["id"]
        return found

    # --- what people did elsewhere ---

    async def sign(self, sign: Sign) -> str:
        """As `Signer` says it: an emoji of the server's own is the event by which it is taken away."""
        there = int(sign.place.room_id)
        emoji = sign.event or in_full(sign.sign)
        if emoji is None and (name := name_of(sign.sign)):
            emoji = self._own(there, name)
            if emoji is None:
                return await self._count(sign)
        if emoji is None:
            if sign.count:
                raise Unsigned(Why.WORDS)
            return ""
        thread, number = read_ref(sign.stands[0])
        await self._react(thread or there, number, emoji, on=sign.count > 0)
        return emoji if sign.count and ":" in emoji else ""

    def _own(self, room: int, name: str) -> str | None:
        """The server's own emoji of that name."""
        channel = self._on.client.get_channel(room)
        guild = channel.guild if isinstance(channel, discord.abc.GuildChannel | discord.Thread) else None
        found = (each for each in (guild.emojis if guild else ()) if each.name == name and each.available)
        return next((f"{each.name}:{each.id}" for each in found), None)

    async def _count(self, sign: Sign) -> str:
        """What a person said cannot be changed, and there it is left at that."""
        if sign.said and sign.count:
            raise Unsigned(Why.UNKNOWN)
        if not sign.said:
            lacking = [
                (name, count) for name, count in sign.named if not self._own(int(sign.place.room_id), name)
            ]
            await self._copies.count(sign.place, sign.stands, lacking)
        return ""

    async def _react(self, room: int, message: int, emoji: str, *, on: bool) -> None:
        may, http = permissions_in(self._on.client.get_channel(room)), self._on.client.http
        if on and may is not None and not (may.add_reactions and may.read_message_history):
            raise Refused("Plein may not put signs there")
        do = http.add_reaction if on else http.remove_own_reaction
        try:
            with self._on.outgoing.understood(SIGN, room, UNKNOWN_MESSAGE, *_WHY):
                await do(room, message, emoji)
        except discord.HTTPException as refused:
            if refused.code == UNKNOWN_MESSAGE:
                raise Gone("that message is no more") from refused
            if refused.code not in _WHY:
                raise
            if on:
                raise Unsigned(_WHY[refused.code]) from refused


def _called(emoji: discord.PartialEmoji | discord.Emoji | str) -> str | None:
    """As the core calls it; None where nobody knows any more what it was called."""
    if isinstance(emoji, str):
        return emoji
    if emoji.id is None:
        return emoji.name
    return f":{emoji.name}:" if emoji.name else None
