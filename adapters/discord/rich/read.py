"""Discord's markdown as its clients read it: a table of small rules, on mistune's scanner.

It is not CommonMark. Discord's clients build on Khan Academy's simple-markdown, where each rule is tried
wherever the text has come to, the first one that fits takes its piece, and what is inside is read again by
the same rules. So a mark ends at the first one that closes it, whatever stands between. Where a rule says
"client", it stands so in the clients' own rules; "help" is Discord's page "Markdown Text 101", "reference"
is "Message Formatting" in its documentation for developers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from mistune.core import BlockState, Parser

from bot.rich import (
    SMALL,
    Code,
    CodeBlock,
    Emoji,
    Heading,
    Link,
    Listed,
    Mention,
    Moment,
    Named,
    Names,
    Node,
    Pointer,
    Quote,
    Rich,
    Shape,
    Spoiler,
    Style,
    Styled,
    Words,
    clean,
    instant,
    joined,
    looks_like_address,
)

# More characters than are looked through in vain for what closes a mark: far more than a message has.
_PATIENCE = 400_000
# No mark of a kind is inside one of its own kind, so that only lists go deeper than a dozen.
_DEEPEST = 24
_SHAPES = {
    "t": Shape.TIME,
    "T": Shape.TIME_SECONDS,
    "d": Shape.DAY,
    "D": Shape.LONG_DAY,
    "f": Shape.FULL,
    "F": Shape.WEEKDAY,
    "s": Shape.SHORT,
    "S": Shape.SHORT_SECONDS,
    "R": Shape.FULL,
}


@dataclass(slots=True)
class Effort:
    """How much is looked through for nothing, over all of a message: so that it is read in no time."""

    left: int = _PATIENCE

    def match(self, pattern: re.Pattern[str], text: str, position: int) -> re.Match[str] | None:
        if self.left < 0:
            return None
        found = pattern.match(text, position)
        if not found:
            self.left -= len(text) - position
        return found


class State(BlockState):
    """Where a text is read, and what was found there."""

    def __init__(self, text: str, names: Names, effort: Effort, within: tuple[str, ...] = ()) -> None:
        self.text, self.names, self.effort, self.within = text, names, effort, within
        self.found: list[Node] = []

    def read(self, text: str, within: str, *, at_start: bool = False) -> Rich:
        """What stands inside of a piece."""
        return _read(State(text, self.names, self.effort, (*self.within, within)), at_start)


def read(content: str, names: Names) -> Rich:
    """What somebody wrote. Discord itself takes blanks off its end."""
    return _read(State(clean(content).strip("\n").rstrip(), names, Effort()), at_start=True)


def _read(state: State, at_start: bool) -> Rich:
    """One pass: rules of lines where one begins, the others wherever one of them may."""
    text, position = state.text, 0
    if len(state.within) > _DEEPEST:
        return (Words(text),)
    if at_start:
        position = _blocks(state, 0)
    while found := _WITHIN_LINE.search(text, position):
        if found.start() > position:
            state.found.append(Words(text[position : found.start()]))
        end = _SCANNER.parse_method(found, state)
        if end is None:
            end = found.start() + 1
            state.found.append(Words(found[0][:1]))
        position = _blocks(state, end) if text[end - 1] == "\n" else end
    state.found.append(Words(text[position:]))
    return joined(state.found)


def _blocks(state: State, position: int) -> int:
    """Whatever begins with this line, and the next one after it; then where it ends."""
    while found := _LINE_BEGINS.match(state.text, position):
        end = _SCANNER.parse_method(found, state)
        if end is None:
            break
        position = end
    return position


# --- within a line ---

Found = re.Match[str]
Reader = Callable[[Parser[Any], Found, State], int | None]

# client: a `*` that has no blank behind it up to one with none before it, `**` inside being no end.
_STAR = re.compile(r"\*(?=\S)((?:\*\*|\\[\s\S]|\s++(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)")
# client: up to a `_` that no letter follows, `__` inside being no end.
_LOW_LINE = re.compile(r"_((?:__|\\[\s\S]|[^\\_])+?)_(?![A-Za-z0-9_])")
_BOLD = re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")
_UNDERLINE = re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")
_STRUCK = re.compile(r"~~([\s\S]+?)~~(?!_)")
_SPOILER = re.compile(r"\|\|([\s\S]+?)\|\|")
# client: the language is a word with nothing else on its line.
_FENCE = re.compile(r"```(?:([A-Za-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```")
_CODE = re.compile(r"(`{1,4})([\s\S]*?[^`])\1(?!`)")
# client: one blank beside a backtick only sets it apart.
_SET_APART = re.compile(r"\A (?=`)|(?<=`) \Z")
# client: what is shown may have brackets in pairs; the address may stand in <>, and have a title behind it.
_MASKED = re.compile(
    r"\[((?:[^\[\]\\\n]|\\.|\[[^\[\]\n]*\])+)\]"
    r"\(\s*(?:<(https?://[^\s<>]+)>|(https?://(?:[^\s<>()]|\([^\s<>()]*\))+))"
    r"""(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\s*\)""",
    re.IGNORECASE,
)
# client: punctuation at the end is not part of it.
_URL = re.compile(r"""https?://[^\s<]+[^<.,:;"'\]\s]""", re.IGNORECASE)
_MESSAGE = re.compile(
    r"https?://(?:\w+\.)?discord(?:app)?\.com/channels/(?:[0-9]+|@me)/([0-9]+)(?:/([0-9]+))?/?\Z"
)


def _as_is(_: Parser[Any], found: Found, state: State) -> int:
    state.found.append(Words(found[0]))
    return found.end()


def _escaped(_: Parser[Any], found: Found, state: State) -> int:
    state.found.append(Words(found[0][1:]))
    return found.end()


def _emphasis(_: Parser[Any], found: Found, state: State) -> int | None:
    """Several may begin here: the longest does, and of two the first (client)."""
    kinds = _STARS if found[0] == "*" else _LOW_LINES
    tried = [
        (match, style)
        for pattern, opening, style in kinds
        if style not in state.within
        and state.text.startswith(opening, found.start())
        and (match := state.effort.match(pattern, state.text, found.start()))
    ]
    if not tried:
        return None
    match, style = max(tried, key=lambda each: each[0].end())
    state.found.append(Styled(style, state.read(match[1], style)))
    return match.end()


_STARS = ((_STAR, "*", Style.ITALIC), (_BOLD, "**", Style.BOLD))
_LOW_LINES = ((_LOW_LINE, "_", Style.ITALIC), (_UNDERLINE, "__", Style.UNDERLINE))


def _struck(_: Parser[Any], found: Found, state: State) -> int | None:
    match = state.effort.match(_STRUCK, state.text, found.start())
    if match:
        state.found.append(Styled(Style.STRUCK, state.read(match[1], Style.STRUCK)))
    return match.end() if match else None


def _spoiler(_: Parser[Any], found: Found, state: State) -> int | None:
    match = state.effort.match(_SPOILER, state.text, found.start())
    if match:
        state.found.append(Spoiler(state.read(match[1], "spoiler")))
    return match.end() if match else None


def _code(_: Parser[Any], found: Found, state: State) -> int | None:
    if state.text.startswith("```", found.start()):
        fence = state.effort.match(_FENCE, state.text, found.start())
        if fence:
            state.found.append(CodeBlock(fence[2], fence[1] or ""))
            # The block ends its line by itself.
            return fence.end() + state.text.startswith("\n", fence.end())
    code = state.effort.match(_CODE, state.text, found.start())
    if code:
        state.found.append(Code(_SET_APART.sub("", code[2])))
    return code.end() if code else None


def _masked(_: Parser[Any], found: Found, state: State) -> int | None:
    if "link" in state.within:
        return None
    match = state.effort.match(_MASKED, state.text, found.start())
    if not match:
        return None
    # client (discord-api-docs #6185): what looks like an address, and is masked as another, is no link.
    if re.search(r"://\w", match[1]) or looks_like_address(match[1]) or not match[1].strip():
        state.found.append(Words(match[0]))
        return match.end()
    # A backslash inside is shown (discord-api-docs #7721), so nothing there is escaped.
    _add_link(state, match[2] or match[3], state.read(match[1], "link"))
    return match.end()


def _escaped_outside_links(parser: Parser[Any], found: Found, state: State) -> int | None:
    return None if "link" in state.within else _escaped(parser, found, state)


def _url(_: Parser[Any], found: Found, state: State) -> int | None:
    match = _URL.match(state.text, found.start())
    if not match or "link" in state.within:
        return None
    url = match[0]
    # client: a bracket that was opened before it closes behind it.
    unopened = url.count(")") - url.count("(")
    if unopened > 0:
        closing = len(url) - len(url.rstrip(")"))
        url = url[: len(url) - min(unopened, closing)]
    _add_link(state, url, ())
    return found.start() + len(url)


def _bare_url(_: Parser[Any], found: Found, state: State) -> int:
    _add_link(state, found[0][1:-1], ())
    return found.end()


def _add_link(state: State, url: str, inside: Rich) -> None:
    if aimed := _MESSAGE.match(url):
        shown = inside or (() if aimed[2] else (Words("#" + state.names.places.get(aimed[1], "?")),))
        if aimed[2] or inside or aimed[1] in state.names.places:
            state.found.append(Pointer(aimed[1], aimed[2] or "", url, shown))
            return
    state.found.append(Link(url, inside))


def _person(_: Parser[Any], found: Found, state: State) -> int:
    name = state.names.people.get(_digits(found[0]))
    state.found.append(Mention(Named.PERSON, clean(name) if name else "?"))
    return found.end()


def _role(_: Parser[Any], found: Found, state: State) -> int:
    name = state.names.roles.get(_digits(found[0]))
    state.found.append(Mention(Named.ROLE, clean(name) if name else "?"))
    return found.end()


def _channel(_: Parser[Any], found: Found, state: State) -> int:
    channel = _digits(found[0])
    name = clean(state.names.places.get(channel) or "?")
    state.found.append(Pointer(channel, inside=(Words(f"#{name}"),)))
    return found.end()


def _emoji(_: Parser[Any], found: Found, state: State) -> int:
    state.found.append(Emoji(found[0].split(":")[1]))
    return found.end()


def _moment(_: Parser[Any], found: Found, state: State) -> int | None:
    _t, seconds, *shape = found[0][1:-1].split(":")
    at = instant(int(seconds))
    if at is None:
        return None
    state.found.append(Moment(at, _SHAPES[shape[0] if shape else "f"]))
    return found.end()


def _command(_: Parser[Any], found: Found, state: State) -> int:
    state.found.append(Words(found[0][1:-1].rpartition(":")[0]))
    return found.end()


def _contact(_: Parser[Any], found: Found, state: State) -> int:
    state.found.append(Words(found[0][1:-1].removeprefix("mailto:").partition("?")[0]))
    return found.end()


def _digits(words: str) -> str:
    return words.strip("<@!&#>")


# --- lines ---

_QUOTED = re.compile(r"(?: *>(?!>>) +[^\n]*(?:\n|\Z))+")
_HEADED = re.compile(r"(#{1,3}|-#)[^\S\n]+([^\n]*[^\s#][^\n]*?)(?:[^\S\n]+#+)?[^\S\n]*(?:\n|\Z)")
_ITEM = r" *(?:[*-]|[0-9]{1,10}\.) +\S"
_LISTED = re.compile(rf"( *)([*-]|[0-9]{{1,10}}\.) +(\S[^\n]*(?:\n(?!{_ITEM}) +\S[^\n]*)*)(?:\n|\Z)")


def _rest_quoted(_: Parser[Any], found: Found, state: State) -> int | None:
    """All the rest of the text."""
    if "quote" in state.within:
        return None
    state.found.append(Quote(state.read(state.text[found.end() :], "quote", at_start=True)))
    return len(state.text)


def _quoted(_: Parser[Any], found: Found, state: State) -> int | None:
    """Lines one after the other are one quotation; none is in another, and none goes on by itself."""
    if "quote" in state.within:
        return None
    match = _QUOTED.match(state.text, found.start())
    if not match:
        return None
    inside = re.sub(r"^ *> ", "", match[0], flags=re.MULTILINE).removesuffix("\n")
    state.found.append(Quote(state.read(inside, "quote", at_start=True)))
    return match.end()


def _headed(_: Parser[Any], found: Found, state: State) -> int | None:
    match = _HEADED.match(state.text, found.start())
    if not match or "heading" in state.within:
        return None
    level = SMALL if match[1] == "-#" else len(match[1])
    if level != SMALL and "item" in state.within:
        return None
    state.found.append(Heading(level, state.read(match[2], "heading")))
    return match.end()


class _Entry(NamedTuple):
    indent: int
    number: int | None
    inside: str


def _listed(_: Parser[Any], found: Found, state: State) -> int | None:
    """Lines that begin so, and those that are set in below them; one that is set in further is in a list
    of its own."""
    entries: list[_Entry] = []
    position = found.start()
    while match := _LISTED.match(state.text, position):
        number = None if match[2] in "*-" else int(match[2][:-1])
        set_in = match.start(3) - match.start()
        inside = re.sub(rf"^ {{1,{set_in}}}", "", match[3], flags=re.MULTILINE)
        entries.append(_Entry(len(match[1]), number, inside))
        position = match.end()
    if not entries:
        return None
    state.found += _lists(entries, state, 0)
    return position


def _lists(entries: list[_Entry], state: State, depth: int) -> list[Node]:
    """Entries as lists: a number after a dot begins another one."""
    found: list[Node] = []
    items: list[Rich] = []
    at, outermost = 0, entries[0]
    while at < len(entries):
        entry = entries[at]
        if items and (entry.number is None) != (outermost.number is None):
            found.append(Listed(tuple(items), outermost.number))
            items, outermost = [], entry
        end = at + 1
        while end < len(entries) and entries[end].indent > entry.indent and depth < _DEEPEST:
            end += 1
        below = _lists(entries[at + 1 : end], state, depth + 1) if end > at + 1 else []
        items.append((*state.read(entry.inside, "item", at_start=True), *below))
        at = end
    return [*found, Listed(tuple(items), outermost.number)]


class Rule(NamedTuple):
    """`begins`: how a piece of text begins that may be read by it; `source`: who says so."""

    name: str
    begins: str
    read: Reader
    source: str


WITHIN_LINE = (
    Rule("shrug", r"¯\\_\(ツ\)_/¯", _as_is, "client: stays whole"),
    Rule("escape", r"\\[^0-9A-Za-z\s]", _escaped_outside_links, "help: a backslash takes the meaning away"),
    Rule("code", r"`", _code, "help; client: fences in the middle of a line too"),
    Rule("emphasis", r"[*_]", _emphasis, "help: * _ ** __; client: where they end"),
    Rule("struck", r"~~", _struck, "help"),
    Rule("spoiler", r"\|\|", _spoiler, "help"),
    Rule("masked", r"\[", _masked, "help: masked links; client: for http and https"),
    Rule("person", r"<@!?[0-9]{1,20}>", _person, "reference: user, with ! as it was"),
    Rule("role", r"<@&[0-9]{1,20}>", _role, "reference"),
    Rule("channel", r"<\#[0-9]{1,20}>", _channel, "reference"),
    Rule("emoji", r"<a?:[A-Za-z0-9_]{2,32}:[0-9]{1,20}>", _emoji, "reference: custom emoji, moving ones too"),
    Rule("moment", r"<t:-?[0-9]{1,17}(?::[tTdDfFsSR])?>", _moment, "reference: timestamp styles"),
    Rule("command", r"</[^\s<>:][^<>:\n]{0,100}:[0-9]{1,20}>", _command, "reference: slash command"),
    Rule(
        "contact",
        r"<(?:mailto:)?[^\s<>@:]{1,64}@[^\s<>@]{1,255}\.[^\s<>@]{1,64}>|<\+[0-9 ()-]{1,32}>",
        _contact,
        "reference: mail addresses and telephone numbers",
    ),
    Rule("bare_url", r"<[Hh][Tt][Tt][Pp][Ss]?://[^\s<>]+>", _bare_url, "help: no preview"),
    Rule("url", r"[Hh][Tt][Tt][Pp][Ss]?://", _url, "client"),
    Rule("line_ends", r"\n", _as_is, "client: after it the rules of lines hold"),
)
LINE_BEGINS = (
    Rule("rest_quoted", r" *>>> +", _rest_quoted, "help: >>> quotes all that follows"),
    Rule("quoted", r" *>(?!>>) ", _quoted, "help: > quotes a line"),
    Rule("headed", r"(?:\#{1,3}|-\#)[^\S\n]", _headed, "help: three sizes, and -# for small"),
    Rule("listed", _ITEM, _listed, "help"),
)


def _scanner() -> Parser[Any]:
    scanner: Parser[Any] = Parser()
    for rule in (*WITHIN_LINE, *LINE_BEGINS):
        scanner.register(rule.name, rule.begins, rule.read)
    return scanner


_SCANNER = _scanner()
_WITHIN_LINE = _SCANNER.compile_sc([rule.name for rule in WITHIN_LINE])
_LINE_BEGINS = _SCANNER.compile_sc([rule.name for rule in LINE_BEGINS])
