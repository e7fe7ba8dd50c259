"""Quotation marks: what one closes, and whether that is beyond doubt.

Phones turn straight marks into curly ones, and people mix them; so a mark opens or closes by what stands
around it. Guillemets say it themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Each that opens, with what usually closes it: in English, German, French, Swedish, and as typed.
QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "”": "”", "»": "«", "‚": "‘"}
# These close one another, whichever is which.
_MIXED = '"“”„'
# Nobody quotes as often or as deeply inside a quotation; and each mark is looked at a few times at most.
_MOST_INSIDE, _DEEPEST = 20, 4
# What a question or sentence ends with, and where one ends in the midst of words; what parts the options.
_ENDS = "?!.:…"
_GOES_ON = re.compile(r"\?(?=\s+[^\s|])")
_BAR = re.compile(r"[|\n]|--")
_ANY = re.compile("[" + "".join(QUOTES) + "]")
_ANY_MIXED = re.compile(f"[{_MIXED}]")
# Which characters may stand before a quotation, and which behind it.
_BEFORE = "([{|=/-–—" + _MIXED
_BEHIND = "|.,;:!?)]}…"
# Single marks are apostrophes as well: one that closes stands behind a word or a sentence, and before none.
_SINGLE = "'‘’‛`´"
_CLOSES_SINGLE = re.compile(r"(?<=\S)['’`´](?!\w)")
_CLITIC = re.compile(r"['‘’‛`´](?:[sntkmrd]|em|ns|tis|twas)\b", re.IGNORECASE)
# What a line that asks back quotes with: the first that does not stand in the words.
_CLEAR = ("«»", "»«", "‚‘")


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quotation, its marks included. `sure`: it can't be read otherwise."""

    start: int
    end: int
    sure: bool


def is_closed(opening: str, closing: str) -> bool:
    """Whether the second mark may close what the first one opens."""
    return closing == QUOTES[opening] or (opening in _MIXED and closing in _MIXED)


def quotation_at(words: str, start: int) -> Quotation | None:
    """What the mark at `start` opens; None where nothing closes it."""
    if words[start] not in _MIXED:
        end = words.find(QUOTES[words[start]], start + 1)
        return Quotation(start, end, sure=True) if end > 0 else None
    depth, nested, first = 1, False, -1
    curly = words[start] in "“„"
    for number, found in enumerate(_ANY_MIXED.finditer(words, start + 1)):
        if first < 0:
            first = found.start()
        if number > _MOST_INSIDE or depth > _DEEPEST:
            break
        if _opens(words, found.start()):
            depth, nested = depth + 1, True
        else:
            depth -= 1
        curly = curly and found[0] != '"'
        if not depth:
            return Quotation(start, found.start(), sure=curly or not nested)
    return Quotation(start, first, sure=False) if first > 0 else None


def _opens(words: str, at: int) -> bool:
    """Whether the mark there opens a quotation inside another one."""
    before, behind = words[at - 1], words[at + 1 : at + 2]
    inside = behind and not behind.isspace() and behind not in _BEHIND
    return words[at] == "„" or bool(inside and (before.isspace() or before in _BEFORE))


def _is_left_over(words: str, at: int) -> bool:
    """Whether the mark there, which would open one, looks as if it closed something."""
    before, behind = words[at - 1 : at], words[at + 1 : at + 2]
    follows = bool(before) and not before.isspace() and before not in _BEFORE
    # Rooms and commands begin with an exclamation mark: `--theme "!room"`.
    is_named = behind == "!" and before.isspace() and bool(words[at + 2 : at + 3].strip())
    ends = not behind or behind.isspace() or (behind in _BEHIND and not is_named)
    return ends and (follows or before.isspace()) and words[at] != "„"


def _measures(words: str, at: int) -> bool:
    """Whether it is a mark for inches or minutes: `5" | 6"`."""
    return words[at] in '"”' and words[at - 1 : at].isdigit()


def quotations(words: str) -> Iterator[Quotation]:
    """All of them in order. One that nothing closes ends where the words end.

    Whatever is left over behind one puts it in doubt: then that one reaches to the last mark of its part.
    """
    at = 0
    before: Quotation | None = None
    while found := _ANY.search(words, at):
        start = found.start()
        if before and _measures(words, start):
            at = start + 1
            continue
        if before and before.sure and words[start] in _MIXED and _is_left_over(words, start):
            before = Quotation(before.start, _last_mark(words, start), sure=False)
        else:
            if before:
                yield before
            before = quotation_at(words, start) or Quotation(start, len(words), sure=True)
        at = before.end + 1
    if before:
        yield before


def question_beyond(words: str) -> int | None:
    """Where a question ends that begins with a quotation and goes on: `"Ja" of "nee"? Ja | Nee`.

    None where the quotation that the words begin with is all of it.
    """
    if words.lstrip()[:1] not in QUOTES:
        return None
    first, *others = quotations(words)
    if not first.sure or first.end == len(words) or words[first.end - 1] in _ENDS:
        return None
    bar = _BAR.search(words, first.end)
    end = bar.start() if bar else len(words)
    for mark in _GOES_ON.finditer(words, first.end, end):
        if not any(other.start <= mark.start() <= other.end for other in others):
            return mark.start() + 1
    inside = [other for other in others if other.end < end]
    # A quotation right behind it is the first option: `"Welk plan" "Park" | "Plein"`.
    return inside[-1].end + 1 if inside and words[first.end + 1 : inside[0].start].strip() else None


def single_quotation(words: str) -> int | None:
    """Where a quotation in single marks ends with which the words begin: `'A bench?' Yes | No`.

    None where that may be an apostrophe: `'s Avonds`, or where several may close it: `'The boys' room'`.
    """
    if words[:1] not in _SINGLE or not quoted_clearly(words) or _CLITIC.match(words):
        return None
    bar = _BAR.search(words)
    closing = [at.start() for at in _CLOSES_SINGLE.finditer(words, 1, bar.start() if bar else len(words))]
    after_a_sentence = [at for at in closing if words[at - 1] in _ENDS]
    sure = after_a_sentence[:1] or closing
    return sure[0] if len(sure) == 1 else None


def unquoted(words: str) -> str:
    """The words without the single marks around all of them."""
    whole = len(words) > 2 and single_quotation(words) == len(words) - 1
    return words[1:-1] if whole else words


def _last_mark(words: str, at: int) -> int:
    bar = re.compile(r"[|\n]").search(words, at)
    return max(found.start() for found in _ANY_MIXED.finditer(words, at, bar.start() if bar else len(words)))


def quoted_clearly(words: str) -> str | None:
    """The words in marks that do not stand in them; None where all do."""
    clear = next((pair for pair in _CLEAR if not set(pair) & set(words)), None)
    return f"{clear[0]}{words}{clear[1]}" if clear else None
