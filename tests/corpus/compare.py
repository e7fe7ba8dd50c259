"""Whether what a converter sends is right, and if not, whether it does harm.

A case names what is right in `right`, each an acceptable output: HTML for Matrix, content for Discord (a
list of it where it is to be split). Both are read as a client shows them and compared as pages, so that the
order of attributes, `<b>` for `<strong>`, `_a_` for `*a*` or a backslash that nobody sees make no difference,
and everything that somebody sees does. Where the platforms leave the wording open, a case says what must hold
instead:

- `holds`: what can be read, in this order; `lacks`: what stands nowhere in the output;
- `like`: expressions one of which everything that can be read matches;
- `links`: lists of addresses, one of which is what the output leads to, in order;
- `body`: the bodies that are right for Matrix;
- `parts`, `joined`: how many contents for Discord, and what they say together;
- `nothing`: that nothing is sent.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.corpus import discord, html
from tests.corpus.page import Blocks, host_of, marked_words, same_address, shown

Case = dict[str, Any]
MOST = 2000
JOINS = "\u200d\ufe0e\ufe0f\u20e3"
MARKS = ("```", "**", "__", "~~", "||")
MARK = re.compile(r"[*_~`|\\]")
WORD = re.compile(r"[^\W_]+")
LOOKS_LIKE_ONE = re.compile(
    r"https?://([^\s/<>?#]+)|\b((?:[\w-]+\.)+(?:be|nl|com|org|net|eu|gg|example)\b)", re.IGNORECASE
)


@dataclass
class Verdict:
    """What is to be said of an output."""

    wrong: list[str] = field(default_factory=list)
    hostile: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return not self.wrong and not self.hostile


def judge_for_matrix(case: Case, sent: list[dict[str, Any]]) -> Verdict:
    """Whether these are the events that a message of Discord's becomes."""
    verdict = Verdict()
    if _about_nothing(case, sent, verdict):
        return verdict
    blocks: Blocks = ()
    for event in sent:
        blocks += _read_event(event, verdict)
    rights = [html.read(one)[0] for one in case.get("right", [])]
    if len(sent) > 1:
        verdict.wrong.append("more than one event")
    if "body" in case and " ".join(sent[0]["body"].split()) not in [
        " ".join(one.split()) for one in case["body"]
    ]:
        verdict.wrong.append(f"the body is {sent[0]['body']!r}")
    _compare(case, json.dumps(sent, ensure_ascii=False), blocks, rights, verdict)
    return verdict


def judge_for_discord(case: Case, sent: list[dict[str, Any]]) -> Verdict:
    """Whether these are the messages that an event of Matrix's becomes."""
    verdict = Verdict()
    if _about_nothing(case, sent, verdict):
        return verdict
    for message in sent:
        if _rings(message.get("allowed_mentions")):
            verdict.hostile.append("rings somebody")
        if not 0 < len(message["content"]) <= MOST:
            verdict.wrong.append(f"{len(message['content'])} characters")
    contents = [message["content"] for message in sent]
    pages = [discord.read(content) for content in contents]
    if "joined" in case:
        _compare_joined(case, contents, pages, verdict)
        return verdict
    whole: Blocks = sum(pages, ())
    listed = [[one] if isinstance(one, str) else one for one in case.get("right", [])]
    rights: list[Blocks] = [sum(map(discord.read, parts), ()) for parts in listed]
    low, high = case.get("parts", [1, 1])
    if not (len(contents) in map(len, listed) if listed else low <= len(contents) <= high):
        verdict.wrong.append(f"{len(contents)} messages")
    _compare(case, json.dumps(sent, ensure_ascii=False), whole, rights, verdict)
    return verdict


def _about_nothing(case: Case, sent: list[dict[str, Any]], verdict: Verdict) -> bool:
    if case.get("nothing") and sent:
        verdict.wrong.append("something is sent")
    elif not sent and not case.get("nothing"):
        verdict.wrong.append("nothing is sent")
        verdict.hostile.append("loses every word")
    return not sent or bool(case.get("nothing"))


def _rings(allowed: Any) -> bool:
    """Without the field, or a list of kinds in it, everybody named is rung."""
    if not isinstance(allowed, dict) or allowed.get("parse") != []:
        return True
    return bool(allowed.get("users") or allowed.get("roles") or allowed.get("replied_user"))


def _read_event(event: dict[str, Any], verdict: Verdict) -> Blocks:
    body = event.get("body")
    if not isinstance(body, str) or not body or event.get("msgtype") not in ("m.text", "m.emote", "m.notice"):
        verdict.wrong.append("no message that the specification knows")
        return ()
    mentions = event.get("m.mentions", {})
    if mentions.get("user_ids") or mentions.get("room") or ("@room" in body and "m.mentions" not in event):
        verdict.hostile.append("rings somebody")
    formatted = event.get("formatted_body")
    if formatted is None:
        return html.read_plain(body)
    if event.get("format") != "org.matrix.custom.html":
        verdict.wrong.append("HTML without its format")
    blocks, faults = html.read(formatted)
    verdict.hostile += faults
    _look_at_body(body, blocks, verdict)
    return blocks


def _look_at_body(body: str, blocks: Blocks, verdict: Verdict) -> None:
    """Everything that is no spoiler stands in the body too, with marks or without, and no spoiler does."""
    sides = {False: "", True: ""}
    for words, styles in marked_words(blocks):
        spoiler = any(style.startswith("spoiler:") for style in styles)
        sides[spoiler] += words
        sides[True] += " " * (not spoiler)
        sides[False] += " " * spoiler
    open_, hidden, said = (
        set(WORD.findall(MARK.sub("", side))) for side in (sides[False], sides[True], body)
    )
    if told := {word for word in hidden - open_ if len(word) > 2} & said:
        verdict.wrong.append(f"the body tells of a spoiler: {sorted(told)}")
    if hidden and "spoiler" not in body.lower():
        verdict.wrong.append("the body does not say that something is hidden")
    if missing := open_ - said:
        verdict.wrong.append(f"the body lacks {sorted(missing)[:5]}")


def _compare(case: Case, raw: str, blocks: Blocks, rights: list[Blocks], verdict: Verdict) -> None:
    seen = " ".join(shown(blocks).split())
    if rights and blocks not in rights:
        verdict.wrong.append("shown otherwise")
    at = 0
    for words in case.get("holds", []):
        found = seen.find(words, at)
        if found < 0:
            verdict.wrong.append(f"{words!r} cannot be read")
            if words not in seen:
                verdict.hostile.append(f"loses {words!r}")
            break
        at = found + len(words)
    verdict.wrong += [f"{words!r} stands there" for words in case.get("lacks", []) if words in raw]
    if "like" in case and not any(re.fullmatch(one, seen, re.DOTALL) for one in case["like"]):
        verdict.wrong.append(f"{seen!r} can be read")
    if "links" in case and [one for _, one in links_of(blocks)] not in [
        [same_address(address) for address in one] for one in case["links"]
    ]:
        verdict.wrong.append(f"leads to {[one for _, one in links_of(blocks)]}")
    _look_for_harm(case, blocks, rights, verdict)


def _look_for_harm(case: Case, blocks: Blocks, rights: list[Blocks], verdict: Verdict) -> None:
    seen = shown(blocks)
    if rights:
        fewest = min((_words(one) - _words(blocks) for one in rights), key=Counter.total)
        if lost := set(fewest) & set(WORD.findall(" ".join(strings_in(case["in"]["input"])))):
            verdict.hostile.append(f"loses {sorted(lost)[:5]}")
        for mark in MARKS:
            if seen.count(mark) > max(shown(one).count(mark) for one in rights):
                verdict.hostile.append(f"leaves {mark} open")
    known = unquote("\n".join(strings_in(case["in"]))).lower()
    written = {link for one in rights for _, link in links_of(one)}
    written |= {same_address(link) for one in case.get("links", []) for link in one}
    for words, address in links_of(blocks):
        if address not in written and address.lower() not in known:
            verdict.hostile.append(f"leads to {address}, which nobody wrote")
        for found in LOOKS_LIKE_ONE.finditer(words):
            host = (found[1] or found[2]).lower().split("@")[-1].removeprefix("www.")
            real = host_of(address).removeprefix("www.")
            if real == "matrix.to" and words[:1] in "#@!":
                continue  # a room's or person's name has its server in it
            if host != real and real not in seen.lower():
                verdict.hostile.append(f"shows {host}, leads to {address}")


def strings_in(given: Any) -> Iterator[str]:
    """All strings in what a case is about."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict):
        for one in given.values():
            yield from strings_in(one)


def _compare_joined(case: Case, contents: list[str], pages: list[Blocks], verdict: Verdict) -> None:
    """Long words of somebody, cut between words, with every style open again behind the cut."""
    whole = discord.read(case["joined"])
    low, high = case["parts"]
    if not low <= len(contents) <= high:
        verdict.wrong.append(f"{len(contents)} messages")
    verdict.wrong += ["an emoji is cut"] * any(_cut_emoji(content) for content in contents)
    parts: Blocks = sum(pages, ())
    if _letters(parts) != _letters(whole):
        verdict.wrong.append("shown otherwise")
    if not case.get("cut") and _words(parts) != _words(whole):
        verdict.wrong.append("words are cut")
    if _only_letters(parts) != _only_letters(whole):
        verdict.hostile.append("loses words")
    if new := {link for _, link in links_of(parts)} - {link for _, link in links_of(whole)}:
        verdict.hostile.append(f"leads to {sorted(new)}, which nobody wrote")
    for mark in MARKS:
        if shown(parts).count(mark) > shown(whole).count(mark):
            verdict.hostile.append(f"leaves {mark} open")


def _letters(blocks: Blocks, within: frozenset[str] = frozenset()) -> list[tuple[str, frozenset[str]]]:
    """Each letter with its styles and the blocks that it stands in."""
    found: list[tuple[str, frozenset[str]]] = []
    for block in blocks:
        if block[0] in ("ul", "ol", "li"):
            found += _letters(block[-1], within)
        elif block[0] in ("quote", "h", "small"):
            found += _letters(block[-1], within | {block[0]})
        else:
            language = {f"pre:{block[1]}"} if block[0] == "pre" else set()
            for words, styles in marked_words((block,)):
                found += [(letter, styles | within | language) for letter in words if not letter.isspace()]
    return found


def _cut_emoji(content: str) -> bool:
    """Whether content begins or ends inside what is shown as one emoji."""
    return content[0] in JOINS or "\U0001f3fb" <= content[0] <= "\U0001f3ff" or content[-1] == "\u200d"


def _only_letters(blocks: Blocks) -> str:
    return "".join(letter for letter, _ in _letters(blocks))


def _words(blocks: Blocks) -> Counter[str]:
    return Counter(WORD.findall(shown(blocks)))


def links_of(blocks: Blocks) -> list[tuple[str, str]]:
    """The words of each link on a page, and where it leads."""
    links: list[tuple[str, str]] = []
    before = ""
    for words, styles in marked_words(blocks):
        address = next((style.removeprefix("link:") for style in styles if style.startswith("link:")), "")
        if address and address == before:
            links[-1] = (links[-1][0] + words, address)
        elif address:
            links.append((words, address))
        before = address
    return links
