"""Whom somebody named in what they said: pills, and addresses as they are typed.

A client writes the name of whoever is meant among the words, and says elsewhere who that is: in the HTML
by a link, or in `m.mentions`. Here each becomes the address of their account, which is one word and means
nobody else. Whatever is malformed or made up names nobody.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from urllib.parse import unquote

from adapters.matrix.read import Said
from adapters.matrix.render import PEOPLE

# More than anybody means in one line; and what is longer than this, or has more around its words, is no line
# that names somebody: it is read while everybody waits.
MOST, LONGEST, LONGEST_HTML = 20, 5_000, 20_000
# Every repetition has its bound: whatever somebody sends is read in no time.
_SERVER = r"(?:[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,20}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
_USER = re.compile(rf"@[\x21-\x39\x3b-\x7e]{{1,255}}:{_SERVER}")
_PILL = re.compile(
    rf"""<a\s[^<>]{{0,200}}?href=["']{re.escape(PEOPLE)}([^"'<>?\s]{{1,800}})"""
    r"""(?:\?[^"'<>]{0,500})?["'][^<>]{0,200}>([^<>]{1,255})</a>"""
)
# What stands before it is what they reply to.
_QUOTE_ENDS = "</mx-reply>"
_TAG = re.compile(r"<[^<>]*>")


def addressed(said: Said, name_of: Callable[[str], str | None]) -> str:
    """The words, with the address of whoever is meant in the place of their name.

    `name_of`: how clients show an account there; None for who is not there.
    """
    if len(said.words) > LONGEST:
        return said.words
    words = _without_pills(said.words, said.html[:LONGEST_HTML])
    for user in said.mentions[:MOST]:
        name = name_of(user)
        if name and user not in words:
            # Twice the same name: then nobody can tell which is meant.
            found = list(islice(re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", words), 2))
            if len(found) == 1:
                words = words[: found[0].start()] + user + words[found[0].end() :]
    return words


def said_to(user: str, names: Sequence[str], said: Said) -> Said | None:
    """What is said to somebody: all that follows where it begins with one of their names, else nothing; None
    where they are not named. Clients mention whomever one replies to, of which nothing stands in the words.

    `names`: how clients may show them there, the one first that nobody else has.
    """
    is_mentioned = user in said.mentions
    words = addressed(said, {user: names[0]}.get)
    called = sorted({user, *(names if is_mentioned else ())}, key=len, reverse=True)
    begins = re.match(rf"\s*(?:{'|'.join(map(re.escape, called))})(?!\w)[\s:,]*", words)
    if not begins and user not in addresses_in(words) and (not is_mentioned or said.reply_to):
        return None
    return replace(said, words=words[begins.end() :].strip() if begins else "", html="")


def addresses_in(words: str) -> list[str]:
    """Every account whose address stands there, once."""
    return list(dict.fromkeys(found[0] for found in _USER.finditer(words[:LONGEST])))[:MOST]


def _without_pills(words: str, formatted: str) -> str:
    """A name may also stand elsewhere among the words: as often as before the pill, it is passed over."""
    position = 0
    for before, name, user in _pills(formatted):
        link = rf"\[{re.escape(name)}\]\([^()\s]{{1,800}}\)"
        passed = before.count(name)
        following = re.finditer(rf"{link}|{re.escape(name)}", words[position:])
        if found := next(islice(following, passed, None), None):
            start, end = found.span()
            words = words[: position + start] + user + words[position + end :]
            position += start + len(user)
    return words


def _pills(formatted: str) -> Iterator[tuple[str, str, str]]:
    """The words before each, since the one before it; the name; and whose it is."""
    formatted = formatted.rpartition(_QUOTE_ENDS)[2]
    position = 0
    for pill in islice(_PILL.finditer(formatted), MOST):
        user, name = unquote(pill[1]), html.unescape(pill[2])
        if _USER.fullmatch(user):
            yield html.unescape(_TAG.sub("", formatted[position : pill.start()])), name, user
            position = pill.end()
