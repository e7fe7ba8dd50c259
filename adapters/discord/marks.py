"""Plein's own sign on a message that could not be carried."""

from __future__ import annotations

from typing import Any

import discord

from adapters.discord.channels import permissions_in
from adapters.discord.refs import read_ref
from adapters.discord.session import Session
from bot.errors import Gone, Refused
from bot.ports.uncarried import Mark
from bot.signs import WARNING

# As many different signs stand on that message as there may.
TOO_MANY = 30010


async def mark(on: Session, wanted: Mark) -> str:
    """Put it there; putting it there twice changes nothing. Raises: what sending does."""
    room = int(wanted.place.room_id)
    may = permissions_in(on.client.get_channel(room))
    if may is not None and not may.add_reactions:
        raise Refused("Plein may put no signs there")
    try:
        with on.outgoing.understood("mark", room, TOO_MANY):
            await _message(on, wanted).add_reaction(WARNING)
    except discord.HTTPException as refused:
        raise Refused("too many signs stand there") from refused
    return wanted.ref


async def unmark(on: Session, wanted: Mark) -> None:
    """Take it away, as far as it is there. Raises: what sending does."""
    me: Any = on.client.user
    try:
        with on.outgoing.understood("mark", int(wanted.place.room_id)):
            await _message(on, wanted).remove_reaction(WARNING, me)
    except Gone:
        return


def _message(on: Session, wanted: Mark) -> discord.PartialMessage:
    thread, number = read_ref(wanted.ref)
    channel = on.client.get_partial_messageable(thread or int(wanted.place.room_id))
    return channel.get_partial_message(number)
