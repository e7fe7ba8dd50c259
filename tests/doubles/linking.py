"""People at the console who link their accounts, step by step."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from bot.model.events import Invocation
from bot.model.message import Message
from bot.model.people import Identity, Place
from tests.chat import Chat, printed

numbers = itertools.count(1)


def account(name: str) -> Identity:
    """`ben@discord` at the console."""
    return Identity("console", name)


async def ask(
    chat: Chat, who: str, typed: str | None = None, /, command: str = "", room: str = "", **args: Any
) -> Message:
    """What is answered to somebody who types that, or fills in that command."""
    return await _answer(chat, who, typed, command, room, args)


async def _answer(
    chat: Chat,
    who: str,
    typed: str | None,
    command: str,
    room: str,
    args: Mapping[str, Any],
    *,
    pressed: bool = False,
) -> Message:
    place = Place("console", room) if room else None
    asked = Invocation(
        f"console:ask:{next(numbers)}",
        account(who),
        who.split("@")[0],
        place,
        chat.core.clock.now(),
        typed=typed,
        command=command,
        args=args,
        presence=partial(chat.console.presence, account(who)),
        public=place is not None and typed is not None,
        pressed=pressed,
    )
    answer = await chat.core.handle(asked)
    assert answer
    return answer


def key(message: Message) -> str:
    """Of its first line, under the name of the community where they are in several."""
    return next(line.key for line in message.lines if line.key != "community.heading")


async def press(chat: Chat, who: str, message: Message, number: int = 1, room: str = "") -> Message:
    button = message.buttons[number - 1]
    return await _answer(chat, who, None, button.command, room, button.args, pressed=True)


async def code_for(chat: Chat, who: str) -> str:
    said = await ask(chat, who, "!me link")
    assert key(said) == "link.code", said
    return next(str(line.values["code"]) for line in said.lines if "code" in line.values)


async def link(chat: Chat, asks: str, gives: str) -> Message:
    """Two accounts of one person from now on; the message that says so, with its button."""
    question = await ask(chat, gives, f"!me link {await code_for(chat, asks)}")
    assert key(question) == "link.question", question
    assert key(await press(chat, gives, question)) == "link.half"
    done = await press(chat, asks, question)
    assert key(done) == "link.done", done
    return done


async def resident(chat: Chat, who: str) -> int:
    found = await chat.core.store.run(lambda tx: tx.people.by_identity(account(who)))
    return found.id if found else 0


async def kept(chat: Chat, who: str) -> Mapping[str, Any]:
    found = await chat.core.export(await resident(chat, who))
    return {name: list(rows) for name, rows in found.items()}


async def say(chat: Chat, line: str) -> str:
    """All that is printed for a line at the console."""
    return re.sub(r"\s+", " ", " ".join(printed(await chat.say(line))))
