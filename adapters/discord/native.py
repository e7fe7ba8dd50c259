"""Discord's own polls, beside a board: everybody sees how somebody votes there, so they are informal."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import aiohttp
import discord

from adapters.discord.render import Rendered
from adapters.discord.session import Session
from bot.model import Message, text
from bot.texts import Voice

log = logging.getLogger(__name__)
MOST_OPTIONS, LONGEST_OPTION, LONGEST_QUESTION = 10, 55, 300
MOST_HOURS = 32 * 24
# It ends so long before the poll itself, for its votes to be counted in.
BEFORE = timedelta(minutes=10)


def native_poll(message: Message, on: Session, voice: Voice) -> Rendered | None:
    """The poll with what is said about it; None where Discord could not show all of it, or may not."""
    ballot = message.ballot
    if ballot is None or ballot.discreet or ballot.ended or ballot.until is None:
        return None
    hours = (ballot.until - BEFORE - on.clock.now()) // timedelta(hours=1)
    writer = on.writer(voice)
    question = writer.plain(ballot.question)
    options = [writer.plain(option) for option in ballot.options]
    fits = len(options) <= MOST_OPTIONS and max(map(len, options)) <= LONGEST_OPTION
    if not fits or len(question) > LONGEST_QUESTION or not 1 <= hours <= MOST_HOURS:
        return None
    poll = discord.Poll(question, timedelta(hours=hours), multiple=ballot.at_most > 1)
    for option in options:
        poll.add_answer(text=option)
    return replace(writer.render(Message((text("discord.native"),))), poll=poll)


async def end_poll(on: Session, channel: int, poll: int) -> None:
    """Nobody votes there any more; it may have ended by itself."""
    try:
        await on.client.http.end_poll(channel, poll)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("Could not end Discord's poll %s: %s", poll, type(error).__name__)
