"""What each piece may mean in one language; the grammar chooses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from bot.when.language import Language, Means
from bot.when.scan import Piece, fold

# What a pair like "1.12" is taken for.
Pairs = Literal["date", "clock"]
_FIGURES = re.compile("[0-9]+")


class Unread(Exception):
    """The words are not read as a moment; `key` is the text that asks for other ones."""

    def __init__(self, key: str = "when.unclear") -> None:
        super().__init__(key)
        self.key = key


# "ma-vr", "juni-augustus"; in a chain like "ma-wo-vr" it may as well be all that is named.
_RUNS = re.compile(r"(?<![^\W\d_])[^\W\d_]++(?:-[^\W\d_]++)++")


class Token(NamedTuple):
    """One piece or one phrase of a table, with everything that it may mean."""

    means: Means
    text: str = ""
    glued: bool = False


def tokens(
    pieces: Sequence[Piece], language: Language, pairs: Pairs, *, recurring: bool = False
) -> list[Token]:
    """Raises: Unread at a word that the language does not know, or knows as one to refuse.

    `recurring`: what is said comes back, and then only words that mean nothing else are refused.
    """
    found: list[Token] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        if piece.kind != "word":
            found.append(Token(_figures(piece, pairs), piece.text, piece.glued))
        elif piece.glued and _is_ordinal(pieces[at - 1], piece, language):
            found[-1] = Token({"ordinal": found[-1].means["number"]})
        else:
            count, means = _longest(pieces, at, language)
            if "joined" in means:
                found.extend([Token(part) for part in means["joined"]])
            else:
                found.append(Token(means, piece.text, piece.glued))
            at += count - 1
        at += 1
    for token in found:
        # "last Friday" is over, and "last Friday of the month" is not: the words behind it tell.
        refused = token.means.keys() == {"refused"} if recurring else "refused" in token.means
        if refused and "final" not in token.means:
            raise Unread(token.means["refused"])
    return found


def with_runs(words: str, language: Language) -> str:
    """The words with a dash apart where it runs from one day or month to another, and joins no words.

    Raises: Unread where it is open whether it does.
    """
    folded = fold(words)
    return _RUNS.sub(lambda match: _run(match[0], language), folded) if "-" in folded else words


def _run(joined: str, language: Language) -> str:
    names = joined.split("-")
    kinds = [language.words.get(name, {}).keys() & {"weekday", "month", "each_weekday"} for name in names]
    if not all(kinds):
        return joined
    if len(names) > 2:
        raise Unread
    return " - ".join(names)


def _longest(pieces: Sequence[Piece], at: int, language: Language) -> tuple[int, Means]:
    """The longest phrase of the tables that begins here: how many words it has, what it means."""
    first = pieces[at].text
    longest = language.longest.get(first, 0)
    if longest == 1:
        return 1, language.words[first]
    words: list[str] = []
    for piece in pieces[at : at + longest]:
        if piece.kind != "word":
            break
        words.append(piece.text)
    for count in range(len(words), 0, -1):
        means = language.words.get(" ".join(words[:count]))
        if means is not None:
            return count, means
    raise Unread


def _is_ordinal(before: Piece, piece: Piece, language: Language) -> bool:
    return before.kind == "number" and "ordinal_endings" in language.words.get(piece.text, {})


def _figures(piece: Piece, pairs: Pairs) -> Means:
    """What figures and signs may mean, which is the same in every language."""
    if piece.kind == "number":
        return {"number": int(piece.text.rstrip("."))}
    numbers = [int(figure) for figure in _FIGURES.findall(piece.text)]
    match piece.kind:
        case "decimal":
            return {"number": numbers[0] + numbers[1] / 10}
        case "clock":
            return {"clock": (numbers[0], numbers[1])}
        case "dotted":
            return _pair(piece.text, numbers[0], numbers[1], pairs)
        case "slashed":
            return {"date": (numbers[0], numbers[1], None), "slashed": True}
        case "date":
            year = numbers[2] + (2000 if numbers[2] < 100 else 0)
            return {
                "date": (numbers[0], numbers[1], year),
                **({"slashed": True} if "/" in piece.text else {}),
            }
        case "iso":
            return {"date": (numbers[2], numbers[1], numbers[0])}
        case "instant":
            return {"instant": _instant(piece.text)}
        case "slash":
            return {"slash": True}
        case "spaced" | "dash":
            return {"dash": "spaced" if piece.kind == "spaced" else "glued"}
    raise Unread


def could_be_both(piece: Piece) -> bool:
    """Whether it is a pair like "1.12": a day, or an hour."""
    if piece.kind != "dotted" or piece.text.endswith("."):
        return False
    day, month = piece.text.split(".")
    return len(month) == 2 and 1 <= int(day) <= 24 and 1 <= int(month) <= 12


def _pair(text: str, first: int, second: int, pairs: Pairs) -> Means:
    """ "1.12." is a day, "19.30" an hour, "1.12" one of the two, "1.5" a number or a day."""
    a_date = 1 <= first <= 31 and 1 <= second <= 12
    if len(text.rstrip(".").partition(".")[2]) == 1:
        return {"number": first + second / 10, **({"date": (first, second, None)} if a_date else {})}
    if a_date and (text.endswith(".") or pairs == "date" or first > 24):
        return {"date": (first, second, None)}
    return {"clock": (first, second)}


def _instant(text: str) -> datetime:
    day, time = text[:10], text[11:].upper().replace(" ", "")
    try:
        return datetime.fromisoformat(f"{day}T{time}").astimezone(UTC)
    except ValueError:
        raise Unread("when.no_such_day") from None
    except OverflowError:
        raise Unread("when.too_far") from None
