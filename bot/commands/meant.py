"""Which command was meant by one that there is not: by its spelling, or by another word for what it does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from bot.commands.argument import Extent
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.quotes import QUOTES

# From here on one word is like another.
ALIKE, VERY_MUCH = 0.6, 0.8
# Behind a phrase of its own something else begins, if anything: "not coming, sorry".
_BEHIND_ALL = re.compile(r"\s*(?:$|[.,;:!?…]|--)")
_SECOND_WORD, _OF_QUESTION = re.compile(r"\s\S"), re.compile(r"[?|\n]")


def nearest_command(commands: Commands, words: str) -> tuple[Command, int] | None:
    """The command that was meant, and how many words name it: by its spelling, or by another word for what it
    does ("delete", "stop").
    """
    said = words.casefold().split(None, 4)
    first, second = (word[:60] for word in (*said[:2], "", "")[:2])
    known = {name[0] for name in commands.by_name}
    # "delete my vote" is about the vote, whatever "delete" alone is about.
    phrases = [("", said[:3]), ("", said[:2])]
    for noun, phrase in (*phrases, (first, said[1:4] if first in known else [])):
        if command := _meant(commands, " ".join(phrase), noun, alike=False):
            return command, len(phrase) + bool(noun)
    if first not in known and (command := _meant(commands, first, alike=False)):
        return command, 1
    for noun in get_close_matches(first, known, 1, ALIKE):
        meant = _meant(commands, second, noun)
        if _asks_at_once(words) and (asks := _that_asks(commands, noun)):
            return asks, 2 if meant is asks else 1
        if meant:
            return meant, 2
        if command := commands.by_name.get((noun,)):
            return command, 1
    return None


def misspells_verb(commands: Commands, command: Command, said: Sequence[str]) -> bool:
    """Whether behind a noun that is a command by itself stands what is nearly the verb of another one, the
    more so where nothing else does: "agenda stuen 3" shows no agenda.
    """
    noun, *others = said
    if not others or others[0][0] in QUOTES:
        return False
    verbs = commands.by_noun.get(noun, {})
    near = get_close_matches(others[0][:60], list(verbs), 1, VERY_MUCH if len(others) > 1 else ALIKE)
    return bool(near) and verbs[near[0]] is not command


def said_as_one(commands: Commands, words: str) -> tuple[Command, str, str] | None:
    """The command that a phrase of its own stands for, that phrase, and what to type behind its name: "not
    coming" is to come, "no", with what follows.
    """
    said = words.replace("’", "'").casefold()
    if len(said) != len(words):
        return None
    found = [
        (command, phrase, behind)
        for command in commands.by_path.values()
        for phrase, behind in commands.phrases(command)
        if said.startswith(phrase) and _BEHIND_ALL.match(said, len(phrase))
    ]
    if not found:
        return None
    command, phrase, behind = max(found, key=lambda each: len(each[1]))
    return command, words[: len(phrase)], behind + words[len(phrase) :]


def _asks_at_once(words: str) -> bool:
    """Whether a question, or options, follow the first word. In two steps: a line costs its length."""
    begins = _SECOND_WORD.search(words)
    return begins is not None and _OF_QUESTION.search(words, begins.end()) is not None


def _that_asks(commands: Commands, noun: str) -> Command | None:
    """Which one of those behind a noun takes options: for whoever puts a question behind it at once."""
    for name, command in commands.by_name.items():
        extents = [
            argument.converter.extent for argument in commands.arguments(command) if not argument.named
        ]
        if len(name) > 1 and name[0] == noun and Extent.REST in extents:
            return command
    return None


def _meant(commands: Commands, word: str, noun: str = "", *, alike: bool = True) -> Command | None:
    """Which one does what this word says, of all or of those behind a noun; with `alike` a word like it."""
    about = {
        command.path: command
        for name, command in commands.by_name.items()
        if len(name) > 1 and noun in ("", name[0])
    }
    verbs: dict[str, Command] = {}
    for command in about.values():
        for verb in filter(None, commands.verbs(command)):
            verbs.setdefault(verb, command)
    if word in verbs or not alike:
        return verbs.get(word)
    # A word of the same meaning has to be quite like it; a name may be spelled worse.
    names = [name[-1] for name in commands.by_name if commands.by_name[name].path in about]
    near = get_close_matches(word, list(verbs), 1, VERY_MUCH) or get_close_matches(word, names, 1, ALIKE)
    return verbs.get(near[0]) if near else None
