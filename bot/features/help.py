"""Help: the commands that matter first, and how each of them is typed."""

from __future__ import annotations

from bot.call import Call
from bot.commands import Command
from bot.errors import UserError
from bot.model import Message, Text, text


def show_help(call: Call, subject: str | None = None) -> Message:
    """What Plein can do here, or how one command is used."""
    if subject is None:
        lines = (text("help.first"), *(_line(call, path) for path in ("poll open", "poll vote", "poll list")))
        return Message((*lines, text("help.more")), text("help.title"))
    wanted = subject.strip().removeprefix("!").casefold()
    found = [
        command
        for command in call.commands.by_path.values()
        if command.listed and call.may(command.role) and _is_about(call, command, wanted)
    ]
    if not found:
        raise UserError("help.unknown", subject=wanted[:40])
    return Message(tuple(_line(call, command.path) for command in found), text("help.title"))


def _is_about(call: Call, command: Command, wanted: str) -> bool:
    names = [name for locale in call.commands.texts.locales for name in call.commands.names(command, locale)]
    return any(wanted in (name, name.split()[0]) for name in names)


def _line(call: Call, path: str) -> Text:
    command = call.commands.by_path[path]
    return text(
        "help.line", usage=call.commands.usage(command, call.locale), what=text(f"command.{path}.help")
    )


COMMANDS = (Command("help", show_help),)
