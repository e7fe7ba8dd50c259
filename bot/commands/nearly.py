"""What looks like an option and is none: phones turn `--` into `—`, and people type `-word` or `--word:`.

Read as words, `Ja | Nee —anoniem` would open a poll for all to see, with "Nee —anoniem" in it. So what can be
meant as an option is asked back, with the line as it could be. A dash in a sentence, in a list or before a
number is a dash.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from bot.commands.argument import Argument

# Hyphens, dashes, bars, the sign for minus, and the small and the wide ones.
DASH = "-\u2010-\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_LIKE = re.compile(
    rf"(?<![{DASH}])(?P<dashes>[{DASH}]++(?:[ \t]++[{DASH}]++)?+)(?P<gap>[ \t]*+)"
    rf"(?P<name>[^\W\d_]\w*+(?:-\w++)*+)(?P<mark>[:：=]?)"
)
_BULLET = re.compile(rf"(?<=\n)[ \t]*+([{DASH}])(?![{DASH}])([ \t]*+)")
_PROPER = re.compile(r"(?:\s|=|$)")
_ENDS_PART = re.compile(r"[|\n]")
# Punctuation behind an option's name, and the brackets and quotes that people put around it.
_SENTENCE = ".,;:：!?"
_AROUND = {"(": ")", "[": "]", "`": "`", "*": "*", "'": "'", "‘": "’"}
# A dash may follow these: then it begins a word.
_BEGINS = "|([{,;!?.)`*'‘\"“”„«»"
_SIMILAR = 0.75


@dataclass(frozen=True, slots=True)
class Nearly:
    """What stands from `start` to `end` and looks like an option; `option` is how that is typed, or None
    where it resembles none.
    """

    start: int
    end: int
    words: str
    option: str | None


def nearly_options(
    words: str, flags: Mapping[str, Argument], spans: Iterator[tuple[int, int]]
) -> list[Nearly]:
    """All of them in order, in the parts of the words that are no quotation; but after the first that only
    resembles an option, or none, no others.
    """
    found: list[Nearly] = []
    bullets = _bullets(words)
    for start, end in spans:
        for like in _LIKE.finditer(words, start, end):
            if (read := _read(words, like, flags, bullets, end)) is None:
                continue
            found.append(read)
            if read.option is None or read.words.casefold() not in flags:
                return found
    return found


def _read(
    words: str, like: re.Match[str], flags: Mapping[str, Argument], bullets: frozenset[int], limit: int
) -> Nearly | None:
    """What a dash and a word are; None for a proper option, or a dash that is no more than that."""
    name, dashes, glued = like["name"], like["dashes"], not like["gap"]
    exact = flags.get(name.casefold())
    before = words[like.start() - 1 : like.start()]
    starts_word = not before or before.isspace() or before in _BEGINS
    if like.start() in bullets:
        return None
    proper = glued and dashes == "--" and (not before or before.isspace()) and like["mark"] != ":"
    if proper and _PROPER.match(words, like.end("name"), limit):
        return None  # an option, or one that there is not: that is said elsewhere
    if exact:
        strong = glued or len(dashes) > 1 or dashes in "—―"
        inside = not starts_word and not (glued and dashes in ("--", "—", "―"))
        if inside or (not glued and not _could_stand(words, like, exact, limit, strong=strong)):
            return None
        return _as_option(words, like, name.casefold())
    if not (glued and starts_word) or (before in "'‘.,;!?)" and before and dashes == "-"):
        return None
    near = get_close_matches(name.casefold()[:40], list(flags), 1, _SIMILAR) if len(name) > 2 else []
    if near:
        return _as_option(words, like, near[0])
    return Nearly(like.start(), like.end("name"), words[like.start() : like.end("name")], None)


def _could_stand(words: str, like: re.Match[str], argument: Argument, limit: int, *, strong: bool) -> bool:
    """Whether an option can stand there: behind a yes comes nothing of the same part, behind another one a
    value, and no other part.
    """
    bar = _ENDS_PART.search(words, like.end("name"), limit)
    following = words[like.end("name") : bar.start() if bar else limit].strip(_SENTENCE + " \t")
    another = _LIKE.match(following)
    if not argument.needs_value:
        return not following or another is not None or (strong and bar is None)
    return bool(following) and another is None and bar is None


def _as_option(words: str, like: re.Match[str], name: str) -> Nearly:
    """With what people put around it, and with blanks where there are none."""
    start, end = like.start(), like.end("mark")
    around = _AROUND.get(words[start - 1 : start])
    if around and words[end : end + 1] == around:
        start, end = start - 1, end + 1
    elif (rest := words[end : end + 2].lstrip(_SENTENCE)[:1]) and not rest.strip():
        end += len(words[end : end + 1].strip())
    elif words[end:].strip(_SENTENCE) == "":
        end = len(words)
    before = "" if not words[start - 1 : start].strip() else " "
    behind = "" if not words[end : end + 1].strip() else " "
    return Nearly(start, end, like["name"], f"{before}--{name}{behind}")


def _bullets(words: str) -> frozenset[int]:
    """Where the dashes of a list stand: the same one, at the beginning of every line but the first."""
    lines = list(_BULLET.finditer(words))
    kinds = {(line[1], bool(line[2])) for line in lines[:1]}
    same = [line for line in lines if (line[1], bool(line[2])) in kinds]
    following = [line for line in words.split("\n")[1:] if line.strip()]
    spaced = any(spaced for _, spaced in kinds)
    if len(same) < 2 or (not spaced and len(same) < len(following)):
        return frozenset()
    return frozenset(line.start(1) for line in same)
