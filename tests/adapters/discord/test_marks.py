"""Plein's own sign on what could not be carried: on the double of Discord, and its refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Gone, Refused
from bot.model.people import Identity, Place
from bot.ports.uncarried import Mark
from bot.signs import WARNING
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.discord.state import Channel, Message
from tests.on_discord import OnDiscord

PUT = "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me"


def mark_of(plein: OnDiscord, message: Message, sport: Channel) -> Mark:
    place, author = Place("discord", sport.id), Identity("discord", message.author.id)
    account, now = plein.adapter.account, plein.clock.now()
    return Mark(1, place, account, message.id, author, True, None, False, now, 0)


async def test_it_stands_there_once_and_goes(plein: OnDiscord, sport: Channel, anna: Person) -> None:
    message = await anna.says("sport", "dag")
    wanted = mark_of(plein, message, sport)
    for _ in range(2):
        stands_at = await plein.adapter.mark(wanted)
    assert [(sign, len(users)) for sign, users in message.reactions.items()] == [(WARNING, 1)]
    for _ in range(2):
        await plein.adapter.unmark(replace(wanted, mark=stands_at))
    assert not any(message.reactions.values())


async def test_where_it_may_not_be_or_not_just_now(
    plein: OnDiscord, double: Discord, town: Server, sport: Channel, anna: Person, ben: Person
) -> None:
    message = await anna.says("sport", "dag")
    wanted = mark_of(plein, message, sport)
    for number in range(20):
        await ben.reacts(message, chr(0x1F600 + number))
    with pytest.raises(Refused):
        await plein.adapter.mark(wanted)
    await anna.deletes(message)
    with pytest.raises(Gone):
        await plein.adapter.mark(wanted)
    await plein.adapter.unmark(wanted)


async def test_a_server_that_does_not_let_it(
    plein: OnDiscord, double: Discord, town: Server, sport: Channel, anna: Person
) -> None:
    wanted = mark_of(plein, await anna.says("sport", "dag"), sport)
    double.faults.answer(403, PUT, body={"message": "Reaction was blocked", "code": 90001})
    with pytest.raises(Refused):
        await plein.adapter.mark(wanted)
