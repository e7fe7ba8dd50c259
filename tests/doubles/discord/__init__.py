"""A test double of Discord that an unmodified discord.py cannot tell from the real one.

    async with Discord() as discord:
        town = discord.guild("Plein")
        anna = town.member("anna")
        client = MyClient(connector=discord.connector())
        ...
        answer = await anna.uses("sport", "poll open", question="Benches?")
        await anna.presses(answer.message, "Yes")

Rooms: double (start, stop), servers and members (guilds and people as tests speak of them), answers, modals
and clientside (what their client does), http with api/ (a route each), gateway, interactions, talk, polls and
places (what happens), state and render (what is remembered, and as JSON), permissions, limits, components and
command_limits (what is refused), errors, ratelimits, faults, contract, clock, waiting, connect, console.
"""

from __future__ import annotations

from tests.doubles.discord.answers import Answer, Modal
from tests.doubles.discord.double import TOKEN, Discord
from tests.doubles.discord.members import Person
from tests.doubles.discord.servers import Server
from tests.doubles.discord.state import Channel, Message

__all__ = ["TOKEN", "Answer", "Channel", "Discord", "Message", "Modal", "Person", "Server"]
