"""Discord's message content, read as its clients show it.

The rules are those of the support article on Markdown and of the developers' reference on message formatting;
where both are silent, what clients were seen to do. Not a converter: it says what is shown, for comparing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.corpus.page import PLAIN, Blocks, Page, Styles, addresses_in, same_address


@dataclass(frozen=True)
class Where:
    """What stands around words that are read."""

    styles: Styles = PLAIN
    before: str = ""  # on the same line: nothing, spaces, or words
    quoted: bool = False
    lists: int = 0
    link: bool = False

    def at_start(self) -> bool:
        return not self.before

    def indented(self) -> bool:
        return not self.before.strip(" ")


Rule = Callable[[Page, "re.Match[str]", Where], bool]
BOLD = re.compile(r"\*\*((?:\\.|[^\\])+?)\*\*(?!\*)", re.DOTALL)
UNDERLINE = re.compile(r"__((?:\\.|[^\\])+?)__(?!_)", re.DOTALL)
ESCAPE = re.compile(r"\\([^A-Za-z0-9\s])")
SHRUG = "¯\\_(ツ)_/¯"
RULES: dict[str, list[tuple[re.Pattern[str], Rule]]] = {}
DEEPEST = 60


def rule(begins: str, pattern: str) -> Callable[[Rule], Rule]:
    """Register how something is shown that begins with one of these characters and looks like this."""

    def keep(shows: Rule) -> Rule:
        for letter in begins:
            RULES.setdefault(letter, []).append((re.compile(pattern, re.DOTALL), shows))
        return shows

    return keep


@rule("`", r"```(?:([A-Za-z0-9_+.\-#]*)\n)?(.*?[^\n].*?)```")
def _fence(page: Page, found: re.Match[str], at: Where) -> bool:
    if at.link:
        return False
    page.block("pre", found[1] or "", found[2].strip("\n"), at.styles)
    return True


@rule("`", r"(`+)(.*?[^`])\1(?!`)")
def _code(page: Page, found: re.Match[str], at: Where) -> bool:
    words = re.sub(r"^ (?= *`)", "", found[2])
    page.text(re.sub(r"(` *) $", r"\1", words), at.styles | {"code"})
    return True


@rule("-", r"-# +(?!-#)([^\n]+)\n?")
def _small(page: Page, found: re.Match[str], at: Where) -> bool:
    if not at.at_start():
        return False
    page.open("small")
    _read(page, found[1].strip(), replace(at, before=""))
    page.close()
    return True


@rule("#", r"(#{1,3})\s+(?!#)([^\n]*)\n?")
def _heading(page: Page, found: re.Match[str], at: Where) -> bool:
    if not at.at_start() or at.lists:
        return False
    page.open("h", len(found[1]))
    _read(page, found[2].rstrip().rstrip("#").rstrip(), replace(at, before=""))
    page.close()
    return True


@rule(">", r">>> (.*)|((?:(?<![^\n ])> [^\n]*(?:\n(?= *> )|\n|$)(?: *(?=> ))?)+)")
def _quote(page: Page, found: re.Match[str], at: Where) -> bool:
    if at.quoted or not at.indented():
        return False
    words = found[1]
    if words is None:
        words = "\n".join(line.lstrip(" ")[2:] for line in found[2].removesuffix("\n").split("\n"))
    page.open("quote")
    _read(page, words, replace(at, before="", quoted=True))
    page.close()
    return True


@rule("*-0123456789", r"(?:[*-]|\d+\.) +(?=[^\n])[^\n]*(?:\n {1,}[^\n]*|\n(?:[*-]|\d+\.) +[^\n]+)*\n?")
def _list(page: Page, found: re.Match[str], at: Where) -> bool:
    if not at.indented() or at.lists >= 11:
        return False
    items: list[tuple[str, list[str]]] = []
    for line in found[0].removesuffix("\n").split("\n"):
        mark = re.match(r" *((?:[*-]|\d+\.) +)(?=[^\n])", line)
        deeper = len(line) - len(line.lstrip(" "))
        if mark and (not items or deeper <= len(at.before)):
            items.append((mark[1], [line[mark.end() :]]))
        elif items:
            items[-1][1].append(re.sub(f"^ {{1,{len(items[-1][0])}}}", "", line))
    number = items[0][0].strip()
    if number in "*-":
        page.open("ul")
    else:
        page.open("ol", min(max(int(number[:-1]), 1), 1_000_000_000))
    for _, lines in items:
        page.open("li")
        _read(page, "\n".join(lines), replace(at, before="", lists=at.lists + 1))
        page.close()
    page.close()
    return True


def _styled(style: str) -> Rule:
    def show(page: Page, found: re.Match[str], at: Where) -> bool:
        _read(page, found[1], replace(at, styles=at.styles | {style}))
        return True

    return show


def _emphasis(page: Page, found: re.Match[str], at: Where) -> bool:
    """The longer of two that begin at the same mark holds; where both end together, either says the same."""
    stronger, style = (BOLD, "b") if found[0][0] == "*" else (UNDERLINE, "u")
    longer = stronger.match(found.string, found.start())
    if longer and longer.end() > found.end():
        found = longer
    else:
        style = "i"
    at_end = found.end()
    _read(page, found[1], replace(at, styles=at.styles | {style}))
    page.skip = at_end
    return True


rule("*", r"\*(?=\S)((?:\*\*|\\.|\s+(?:\\.|[^\s*\\]|\*\*)|[^\s*\\])+?) {0,2}\*(?!\*)")(_emphasis)
rule("_", r"_((?:__|\\.|[^\\_])+?)_(?![A-Za-z0-9_])")(_emphasis)
rule("*", BOLD.pattern)(_styled("b"))
rule("_", UNDERLINE.pattern)(_styled("u"))
rule("~", r"~~(.+?)~~(?!_)")(_styled("s"))
rule("|", r"\|\|(.+?)\|\|")(_styled("spoiler:"))


@rule("<", r"<(a?):(\w+):(\d+)>")
def _emote(page: Page, found: re.Match[str], at: Where) -> bool:
    page.text(f":{found[2]}:", at.styles | {f"emote:{found[1]}{found[3]}"})
    return True


@rule("<", r"<(?:@[!&]?|#)\d+>")
def _mention(page: Page, found: re.Match[str], at: Where) -> bool:
    page.text(found[0].replace("@!", "@"), at.styles | {"mention"})
    return not at.link


@rule("<", r"<t:-?\d{1,13}(?::[tTdDfFsSR])?>|</[^<>\n:]+:\d+>|<id:[a-z-]+(?::\d+)?>")
def _moment(page: Page, found: re.Match[str], at: Where) -> bool:
    page.text(found[0], at.styles | {"widget"})
    return True


@rule("<", r"<((?:mailto:)?[^\s<>@:]+@[^\s<>@]+\.[^\s<>@]+|\+[\d ()-]+)>")
def _contact(page: Page, found: re.Match[str], at: Where) -> bool:
    page.text(found[1].removeprefix("mailto:").split("?")[0], at.styles)
    return True


@rule("<", r"<(https?://[^\s<>]+)>")
def _bracketed(page: Page, found: re.Match[str], at: Where) -> bool:
    if at.link:
        return False
    page.text(found[1], at.styles | {f"link:{same_address(found[1])}"})
    return True


@rule("h", r"https?://[^\s<]+")
def _bare(page: Page, found: re.Match[str], at: Where) -> bool:
    for begin, end in addresses_in(found[0]):
        if at.link or begin:
            break
        page.text(found[0][:end], at.styles | {f"link:{same_address(found[0][:end])}"})
        page.skip = found.start() + end
        return True
    return False


@rule(
    "[",
    r"\[((?:\[[^\]]*\]|[^\[\]])+)\]\(\s*"
    r"(?:<(https?://[^\s<>]+)>|(https?://(?:\([^\s()]*\)|[^\s()])+))"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)",
)
def _masked(page: Page, found: re.Match[str], at: Where) -> bool:
    """Words that look like an address are no mask, nor are backslashes taken away in it."""
    if at.link or not found[1].strip():
        return False
    if re.search(r"https?://\w\w", found[1]):
        page.text(found[0], at.styles)
        return True
    address = found[2] or found[3]
    linked = replace(at, styles=at.styles | {f"link:{same_address(address)}"}, link=True)
    _read(page, found[1], linked)
    return True


def _read(page: Page, words: str, at: Where) -> None:
    deep, page.depth = page.depth, page.depth + 1
    if deep > DEEPEST:
        page.text(words, at.styles)
        page.depth = deep
        return
    here, plain = 0, ""

    def give(more: str = "") -> str:
        page.text(plain, at.styles)
        return more

    while here < len(words):
        letter = words[here]
        if words.startswith(SHRUG, here):
            plain += SHRUG
            here += len(SHRUG)
            continue
        if letter == "\\" and not at.link and (escaped := ESCAPE.match(words, here)):
            plain += escaped[1]
            here = escaped.end()
            continue
        if letter == "\n":
            plain = give()
            page.line_break()
            here += 1
            continue
        if letter not in RULES:
            plain += letter
            here += 1
            continue
        begin = words.rfind("\n", 0, here) + 1
        on_line = words[begin:here] if begin else at.before + words[:here]
        around = replace(at, before=on_line)
        plain = give()
        end = _apply(page, words, here, around)
        plain = "" if end else letter
        here = end or here + 1
    give()
    page.depth = deep


def _apply(page: Page, words: str, here: int, at: Where) -> int:
    """Where what begins here ends, if anything does."""
    for pattern, shows in RULES[words[here]]:
        if not (found := pattern.match(words, here)):
            continue
        mark = page.mark()
        page.skip = 0
        if shows(page, found, at):
            end, page.skip = page.skip or found.end(), 0
            return end
        page.back_to(mark)
    return 0


def read(content: str) -> Blocks:
    """What Discord's clients show of a message's content."""
    page = Page()
    _read(page, content, Where())
    return page.done()
