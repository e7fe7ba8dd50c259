"""A feature with one command, which names somebody: `!test thank WHO`."""

from __future__ import annotations

from bot.call import Call
from bot.commands.declare import Command
from bot.feature import Feature
from bot.main.features import FEATURES, Installed
from bot.model.message import Button, Message, message, text
from bot.model.people import Resident


def thank(call: Call, who: Resident) -> Message:
    again = Button(text("typed", words=who), "test thank", {"who": f"resident:{who.id}"})
    return message(text("typed", words=(text("typed", words="bedankt"), who)), buttons=(again,))


THANK = Command("test thank", thank, adds=True)
INSTALLED = (*FEATURES, Installed(Feature(name="thanks", commands=(THANK,))))
