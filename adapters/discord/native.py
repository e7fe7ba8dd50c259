"""Discord's own polls, beside a board: everybody sees how somebody votes there, so they are informal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord

from adapters.discord.render import Rendered
from adapters.discord.session import Session
from bot.model.message import Message, message, text
from bot.texts import Voice

MOST_OPTIONS, LONGEST_OPTION, LONGEST_QUESTION = 10, 55, 300
MOST_HOURS = 32 * 24
# It ends so long before the poll itself, for its votes to be counted in.
BEFORE = timedelta(minutes=10)


def native_poll(shown: Message, on: Session, voice: Voice) -> Rendered | None:
    """The poll with what is said about it; None where Discord could not show all of it, or may not."""
    asked = shown.native_poll
    if asked is None or asked.secret or asked.ended or asked.until is None:
        return None
    if 1 < asked.at_most < len(asked.options):
        return None  # Discord lets people choose one, or all
    hours = (asked.until - BEFORE - on.clock.now()) // timedelta(hours=1)
    writer = on.writer(voice)
    question = writer.plain(asked.question)
    options = [writer.plain(option) for option in asked.options]
    fits = len(options) <= MOST_OPTIONS and max(map(len, options)) <= LONGEST_OPTION
    if not fits or len(question) > LONGEST_QUESTION or not 1 <= hours <= MOST_HOURS:
        return None
    poll = discord.Poll(question, timedelta(hours=hours), multiple=asked.at_most > 1)
    for option in options:
        poll.add_answer(text=option)
    return replace(writer.render(message(text("discord.native"))), poll=poll)
