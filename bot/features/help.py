"""Help: the commands that matter first, and how each of them is typed, with lines to copy."""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.commands.declare import Command
from bot.commands.talk import topic_like
from bot.errors import UserError
from bot.feature import Feature
from bot.model.message import Message, Suggestion, Text, message, text, typed

FIRST = ("poll open", "poll vote", "poll list")
# What is no command, and the parts of what there is to say of it: `help.about.repeat.weeks`.
TOPICS = {"repeat": ("how", "weeks", "days", "months", "years", "hour", "until", "where")}


def show_help(call: Call, subject: str | None = None) -> Message:
    """What Plein can do here, or how one command is used."""
    if subject is None:
        lines = (text("help.first"), *(_line(call, path, example=True) for path in FIRST))
        return message(*lines, text("help.meeting"), text("help.more"), title=text("help.title"))
    wanted = subject.strip().removeprefix("!").casefold()
    for topic in TOPICS:
        if wanted in call.commands.texts.words(f"help.topic.{topic}"):
            return message(*_lines(call, topic), title=text("help.title"))
    found = _about(call, wanted) or _about(call, topic_like(call.commands, wanted, call.locale))
    if not found:
        raise UserError("help.unknown", subject=wanted[:40])
    if len(found) == 1:
        return message(*_all_about(call, found[0]), title=text("help.title"))
    lines = tuple(_line(call, command.path) for command in found)
    return message(*lines, text("help.deeper", name=_name(call, found[0])), title=text("help.title"))


def _lines(call: Call, topic: str) -> Sequence[Text]:
    """Each with what can be typed."""
    return [text(f"help.about.{topic}.{part}") for part in TOPICS[topic]]


def suggest_subjects(call: Call, given: str) -> Sequence[Suggestion]:
    """What there is to know more about."""
    wanted = given.strip().removeprefix("!").removeprefix("/").casefold()
    known = call.commands.by_path.values()
    names = [_name(call, command) for command in known if command.listed and call.may(command.role)]
    topics = (call.commands.texts.find(f"help.topic.{topic}", call.locale) or "" for topic in TOPICS)
    names += [topic.split("|")[0] for topic in topics]
    return [Suggestion(name, typed(name)) for name in names if wanted in name.casefold()]


def _about(call: Call, wanted: str | None) -> list[Command]:
    """Those of which it is a name, or a word of one; where it begins no other name, those called just so."""
    listed = [each for each in call.commands.by_path.values() if each.listed and call.may(each.role)]
    names = {command.path: _all_names(call, command) for command in listed}
    found = [each for each in listed if any(wanted in (name, *name.split()) for name in names[each.path])]
    called = [each for each in found if wanted in names[each.path]]
    others = [name for each in found if each not in called for name in names[each.path]]
    is_noun = any(name.split()[0] == wanted for name in others)
    return called if called and not is_noun else found


def _all_names(call: Call, command: Command) -> Sequence[str]:
    return [name for locale in call.commands.texts.locales for name in call.commands.names(command, locale)]


def _name(call: Call, command: Command) -> str:
    return call.commands.names(command, call.locale)[0]


def _line(call: Call, path: str, *, example: bool = False) -> Text:
    """How it is typed and what it does; with `example` as a line that can be copied."""
    command = call.commands.by_path[path]
    usage = call.commands.usage(command, call.locale)
    if example:
        usage = call.commands.texts.find(f"command.{path}.example", call.locale) or usage
    return text("help.line", usage=usage, what=text(f"command.{path}.help"))


def _all_about(call: Call, command: Command) -> list[Text]:
    """One command with everything that may be named, and lines to copy."""
    lines = [_line(call, command.path)]
    named = [argument for argument in call.commands.arguments(command) if argument.named]
    lines += [
        text("help.line", usage=argument.named_usage(call.locale), what=argument.about(call.locale))
        for argument in named
    ]
    examples = call.commands.texts.find(f"command.{command.path}.examples", call.locale)
    lines += [text("help.example", usage=line) for line in examples.split("\n")] if examples else []
    return [*lines, *map(text, command.notes)]


FEATURE = Feature(
    name="help",
    commands=(Command("help", show_help, open=True, anyone=True),),
    suggest={"subject": suggest_subjects},
)
