"""What is said to Plein alone and is no command: a greeting, thanks, or a question about what it does."""

from __future__ import annotations

import re
from difflib import get_close_matches

from bot.commands.catalogue import Commands
from bot.errors import UserError
from bot.texts import Texts

# What people say that wants an answer of its own: `talk.hello` are the words, `talk.hello.answer` the answer.
SAID = ("hello", "thanks", "no")
# Who uses more words than these says more than that; nobody's question is longer than those.
_FEW, _LONGEST = 3, 200
_WORD = re.compile(r"\w+")
_ALIKE = 0.8
# Shorter ones begin many others.
_LONG_ENOUGH = 4


def answer_to_talk(commands: Commands, words: str, locale: str) -> UserError:
    """The answer to talk: how to go on from there."""
    said = _WORD.findall(words.casefold()[:_LONGEST])
    for word in () if is_courtesy(commands.texts, words) else said:
        if topic := topic_like(commands, word, locale):
            return UserError("talk.about", topic=topic)
    what = small_talk(commands.texts, words)
    return UserError(f"talk.{what}.answer" if what else "talk.unknown")


def small_talk(texts: Texts, words: str) -> str | None:
    """Which of `SAID` a few words are, in any language; None where they are more than that."""
    said = _WORD.findall(words.casefold()[:_LONGEST])
    for what in SAID if 0 < len(said) <= _FEW else ():
        if said[0] in texts.words(f"talk.{what}"):
            return what
    return None


def is_courtesy(texts: Texts, words: str) -> bool:
    """Whether it is small talk and no more: "bedankt!", "dank je wel", and not "bedankt Ben"."""
    said = _WORD.findall(words.casefold()[:_LONGEST])
    behind = texts.words("talk.behind")
    return small_talk(texts, words) is not None and all(word in behind for word in said[1:])


def topic_like(commands: Commands, word: str, locale: str) -> str | None:
    """What a word like this ("stemmen", "polls") is about, as help calls it in this language."""
    nouns = {name[0]: command for name, command in reversed(commands.by_name.items())}
    found = [noun for noun in nouns if len(noun) >= _LONG_ENOUGH and word.startswith(noun)]
    found = found or get_close_matches(word[:40], list(nouns), 1, _ALIKE)
    return commands.names(nouns[found[0]], locale)[0].split()[0] if found else None
