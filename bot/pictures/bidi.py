"""Reading order: the Unicode Bidirectional Algorithm (UAX #9).

Pillow orders a text in one font; a line in several is ordered here. The explicit marks of the
algorithm (X1 to X10) never get here, as `visible` has replaced them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import TypeVar

_Seen = TypeVar("_Seen")
_OF_NUMBERS = {"L": "L", "R": "R", "EN": "R", "AN": "R"}
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def starts_rtl(words: str) -> bool:
    kinds = (unicodedata.bidirectional(char) for char in words)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), False)


def levels_of(words: str, rtl: bool) -> list[int]:
    """How deep each character is nested; odd levels run from right to left (I1, I2)."""
    kinds = [unicodedata.bidirectional(char) or "L" for char in words]
    if not rtl and not {"R", "AL", "AN"}.intersection(kinds):
        return [0] * len(kinds)
    base = "R" if rtl else "L"
    _resolve_numbers(kinds, base)
    _resolve_brackets(kinds, words, base)
    _resolve_neutrals(kinds, base)
    deeper = {"L": 2, "R": 1, "EN": 2, "AN": 2} if rtl else {"L": 0, "R": 1, "EN": 2, "AN": 2}
    return [deeper[kind] for kind in kinds]


def as_seen(parts: Iterable[tuple[int, _Seen]]) -> list[_Seen]:
    """The parts of one line, each with its level, from left to right as they are seen (L2)."""
    line = list(parts)
    for depth in (2, 1):
        turned: list[tuple[int, _Seen]] = []
        for deep, group in groupby(line, key=lambda part: part[0] >= depth):
            turned += list(group)[:: -1 if deep else 1]
        line = turned
    return [part for _, part in line]


def _resolve_numbers(kinds: list[str], base: str) -> None:
    """Marks take the kind of their letter; figures and what is written with them keep together (W1 to W7)."""
    _follow(kinds, base, lambda kind, before, _: before if kind in ("NSM", "BN") else kind)
    _follow(kinds, base, lambda kind, _, letter: "AN" if (kind, letter) == ("EN", "AL") else kind)
    _follow(kinds, base, lambda kind, *_: "R" if kind == "AL" else kind)
    for at in range(1, len(kinds) - 1):
        around = kinds[at - 1], kinds[at], kinds[at + 1]
        if around in (("EN", "ES", "EN"), ("EN", "CS", "EN"), ("AN", "CS", "AN")):
            kinds[at] = around[0]
    for _ in range(2):
        _follow(kinds, base, lambda kind, before, _: "EN" if (before, kind) == ("EN", "ET") else kind)
        kinds.reverse()
    _follow(kinds, base, lambda kind, *_: "ON" if kind in ("ES", "ET", "CS") else kind)
    _follow(kinds, base, lambda kind, _, letter: "L" if (kind, letter) == ("EN", "L") else kind)


def _follow(kinds: list[str], base: str, rule: Callable[[str, str, str], str]) -> None:
    """Apply a rule on a kind, the kind before it and the last letter before it."""
    before = letter = base
    for at, kind in enumerate(kinds):
        kinds[at] = before = rule(kind, before, letter)
        letter = before if before in ("L", "R", "AL") else letter


def _resolve_brackets(kinds: list[str], words: str, base: str) -> None:
    """A pair of brackets runs with the line if anything in it does, or with what it belongs to (N0)."""
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    for at, char in enumerate(words):
        if kinds[at] != "ON":
            continue
        if char in _BRACKETS.values():
            opened.append(at)
        elif char in _BRACKETS:
            matching = [number for number, start in enumerate(opened) if words[start] == _BRACKETS[char]]
            if matching:
                pairs.append((opened[matching[-1]], at))
                del opened[matching[-1] :]
    for start, end in sorted(pairs):
        inside = {_OF_NUMBERS[kind] for kind in kinds[start:end] if kind in _OF_NUMBERS}
        if inside:
            before = next((_OF_NUMBERS[k] for k in reversed(kinds[:start]) if k in _OF_NUMBERS), base)
            kinds[start] = kinds[end] = base if base in inside else before


def _resolve_neutrals(kinds: list[str], base: str) -> None:
    """What is neither letter nor figure runs with its neighbours if they agree, or with the line (N1, N2)."""
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] not in _OF_NUMBERS:
            end += 1
        before = _OF_NUMBERS[kinds[at - 1]] if at else base
        after = _OF_NUMBERS[kinds[end]] if end < len(kinds) else base
        kinds[at:end] = [before if before == after else base] * (end - at)
        at = end + 1
