"""The HTML that Matrix's clients write, as the specification allows it ("m.room.message msgtypes").

What is not on its list is taken out before anything else is done; then a tree, and one function a tag.
Where there is no HTML, or more than anybody writes, the plain body is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import nh3
from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.rich import (
    DEEPEST,
    SMALL,
    Code,
    CodeBlock,
    Emoji,
    Heading,
    Link,
    Listed,
    Mention,
    Named,
    Names,
    Node,
    Paragraph,
    Pointer,
    Quote,
    Rich,
    Spoiler,
    Style,
    Styled,
    Words,
    clean,
    is_blank,
    joined,
    text_of,
)

# No event is larger (client-server API, "Size limits").
_LONGEST = 65_536
_TAGS = {
    "del",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "p",
    "a",
    "ul",
    "ol",
    "sup",
    "sub",
    "li",
    "b",
    "i",
    "u",
    "strong",
    "em",
    "s",
    "strike",
    "code",
    "hr",
    "br",
    "div",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "caption",
    "pre",
    "span",
    "font",
    "img",
    "details",
    "summary",
}
_ATTRIBUTES = {
    "a": {"href"},
    "span": {"data-mx-spoiler"},
    "img": {"alt", "title", "src", "data-mx-emoticon"},
    "ol": {"start"},
    "code": {"class"},
    # Not on the list: what a per-message profile repeats for clients that know none (MSC4144).
    "strong": {"data-mx-profile-fallback"},
}
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"mx-reply", "script", "style"},
    attributes=_ATTRIBUTES,
    url_schemes={"http", "https", "mxc"},
    link_rel=None,
)
_ALONE = {"br", "hr", "img", "p", "li", "td", "th", "tr"}
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)")
_URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,:;!?'\])]", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\n\f\r]+")
_TO = "https://matrix.to/#/"
# What is said as a message; polls, keys and files without a word are not.
_FILES = ("m.image", "m.file", "m.audio", "m.video")
_NOT_SAID = ("m.notice", "m.key.verification.request", "m.server_notice")


def read(content: Mapping[str, Any], names: Names) -> Rich:
    """What somebody wrote, of the content of their event. Whatever is malformed says nothing."""
    new = content.get("m.new_content")
    if _relation(content).get("rel_type") == "m.replace" and isinstance(new, dict):
        # What is said now is not a reply any more by its own content, and repeats nothing of one.
        content = {**new, "m.relates_to": {}}
    kind, body = content.get("msgtype"), content.get("body")
    body = body if isinstance(body, str) else ""
    if kind in _NOT_SAID or (kind in _FILES and content.get("filename", body) == body):
        return ()
    if kind == "m.location":
        return _location(content, body)
    said = _said(content, body, names)
    return (Styled(Style.ITALIC, said),) if kind == "m.emote" and said else said


def _said(content: Mapping[str, Any], body: str, names: Names) -> Rich:
    laid_out = content.get("formatted_body")
    is_html = content.get("format") == "org.matrix.custom.html"
    if (
        is_html
        and isinstance(laid_out, str)
        and _is_moderate(laid_out)
        and (found := read_html(laid_out, names))
    ):
        return found
    is_reply = isinstance(_relation(content).get("m.in_reply_to"), dict)
    return read_plain(_without_quote(body) if is_reply else body, names)


def _relation(content: Mapping[str, Any]) -> Mapping[str, Any]:
    relation = content.get("m.relates_to")
    return relation if isinstance(relation, dict) else {}


def _without_quote(body: str) -> str:
    """Older clients repeat what they reply to, each line behind `> `, with an empty line after it."""
    lines = body.split("\n")
    quoted = 0
    while quoted < len(lines) and lines[quoted].startswith("> "):
        quoted += 1
    return "\n".join(lines[quoted:]).lstrip("\n") if quoted else body


def _location(content: Mapping[str, Any], body: str) -> Rich:
    geo = content.get("geo_uri")
    found = re.match(r"geo:(-?[0-9]{1,3}(?:\.[0-9]{1,12})?),(-?[0-9]{1,3}(?:\.[0-9]{1,12})?)", str(geo))
    said = (Words(clean(body[:_LONGEST]).strip()),) if not is_blank(body) else ()
    if not found:
        return said
    latitude, longitude = found.groups()
    link = Link(f"https://www.openstreetmap.org/?mlat={latitude}&mlon={longitude}")
    return (*said, Words("\n"), link) if said else (link,)


def read_plain(body: str, names: Names) -> Rich:
    """Words without HTML: nothing in them means anything but an address."""
    text, found, position = clean(body[:_LONGEST]).strip(), list[Node](), 0
    for url in _URL.finditer(text):
        found += (Words(text[position : url.start()]), _link(url[0], (), names))
        position = url.end()
    return joined([*found, Words(text[position:])])


def _is_moderate(html: str) -> bool:
    """Not larger than an event, and not deeper than the specification says (100), at a glance: parsers take
    any depth, and long."""
    if len(html) > _LONGEST:
        return False
    depth = deepest = 0
    for closes, tag in _TAG.findall(html):
        if tag.lower() not in _ALONE:
            depth += -1 if closes else 1
            deepest = max(deepest, depth)
    return deepest <= DEEPEST


def read_html(html: str, names: Names) -> Rich:
    body = LexborHTMLParser(_CLEANER.clean(clean(html))).body
    return _tidy(_Reader(names).inside(body)) if body else ()


# --- the tree ---


class _Reader:
    """What stands around a node: whether blanks are kept, and how deep it is."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._depth = 0
        self.in_link = False

    def inside(self, node: LexborNode) -> Rich:
        if self._depth > 2 * DEEPEST:
            return (Words(node.text()),)
        self._depth += 1
        found: list[Node] = []
        for child in node.iter(include_text=True):
            tag = child.tag or ""
            if tag == "-text":
                found += self._words(_BLANKS.sub(" ", child.text(deep=False)))
            elif tag in _READERS:
                found += _READERS[tag](self, child)
            else:
                found += self.inside(child)
        self._depth -= 1
        return joined(found)

    def _words(self, text: str) -> Iterable[Node]:
        """Addresses in them are links, as clients make them."""
        if self.in_link or "://" not in text:
            return (Words(text),)
        found, position = list[Node](), 0
        for url in _URL.finditer(text):
            found += (Words(text[position : url.start()]), _link(url[0], (), self.names))
            position = url.end()
        return (*found, Words(text[position:]))


def _link(url: str, inside: Rich, names: Names) -> Node:
    """An address; one of matrix.to means somebody, a room or what was said there."""
    if not url.lower().startswith(_TO):
        return Link(url, inside)
    to = [unquote(part) for part in url[len(_TO) :].partition("?")[0].split("/")]
    shown = text_of(inside).strip()
    if to[0].startswith("@"):
        name = names.people.get(to[0]) or shown.removeprefix("@") or to[0].removeprefix("@")
        return Mention(Named.PERSON, clean(name))
    if to[0][:1] not in ("!", "#"):
        return Link(url, inside)
    message = to[1] if len(to) > 1 else ""
    return Pointer(to[0], message, url, inside if shown and shown != url else ())


def _anchor(reader: _Reader, node: LexborNode) -> Rich:
    url = clean(node.attributes.get("href") or "").strip()
    was, reader.in_link = reader.in_link, True
    inside = reader.inside(node)
    reader.in_link = was
    if was or not re.match(r"https?://\S+\Z", url, re.IGNORECASE):
        return inside
    if is_blank(text_of(inside)):
        return inside if not inside else (_link(url, (), reader.names),)
    return (_link(url, () if text_of(inside).strip() == url else inside, reader.names),)


def _styled(style: Style) -> Callable[[_Reader, LexborNode], Rich]:
    return lambda reader, node: (Styled(style, reader.inside(node)),)


def _strong(reader: _Reader, node: LexborNode) -> Rich:
    if "data-mx-profile-fallback" in node.attributes:
        return ()
    return (Styled(Style.BOLD, reader.inside(node)),)


def _span(reader: _Reader, node: LexborNode) -> Rich:
    inside = reader.inside(node)
    if "data-mx-spoiler" not in node.attributes:
        return inside
    return (Spoiler(inside, clean(node.attributes["data-mx-spoiler"] or "")),)


def _details(reader: _Reader, node: LexborNode) -> Rich:
    return (Paragraph(reader.inside(node), apart=False),)


def _code(_: _Reader, node: LexborNode) -> Rich:
    return (Code(node.text()),) if node.text() else ()


def _pre(_: _Reader, node: LexborNode) -> Rich:
    code = node.css_first("code")
    classes = (code.attributes.get("class") or "").split() if code else []
    language = next((each.removeprefix("language-") for each in classes if each.startswith("language-")), "")
    text = "".join(
        "\n" if each.tag == "br" else each.text(deep=False)
        for each in node.traverse(include_text=True)
        if each.tag in ("-text", "br")
    )
    return (
        CodeBlock(text.strip("\n"), language if re.fullmatch(r"[\w+\-.#]{1,30}", language, re.ASCII) else ""),
    )


def _paragraph(reader: _Reader, node: LexborNode) -> Rich:
    return (Paragraph(_tidy(reader.inside(node))),)


def _division(reader: _Reader, node: LexborNode) -> Rich:
    return (Paragraph(_tidy(reader.inside(node)), apart=False),)


def _heading(level: int) -> Callable[[_Reader, LexborNode], Rich]:
    return lambda reader, node: (Heading(level, _tidy(reader.inside(node))),)


def _small(reader: _Reader, node: LexborNode) -> Rich:
    """Discord's small lines come over as this; within a line there is nothing smaller."""
    parent, inside = node.parent, reader.inside(node)
    alone = parent is not None and parent.tag in ("body", "p", "div", "blockquote", "li")
    before, after = node.prev, node.next
    alone = (
        alone
        and (before is None or before.tag not in _INLINE)
        and (after is None or after.tag not in _INLINE)
    )
    return (Heading(SMALL, inside),) if alone else inside


_INLINE = (
    "-text",
    "a",
    "b",
    "i",
    "u",
    "strong",
    "em",
    "s",
    "del",
    "strike",
    "code",
    "span",
    "font",
    "sup",
    "sub",
    "img",
)


def _quote(reader: _Reader, node: LexborNode) -> Rich:
    return (Quote(_tidy(reader.inside(node))),)


def _bulleted(reader: _Reader, node: LexborNode) -> Rich:
    return _list(reader, node, None)


def _numbered(reader: _Reader, node: LexborNode) -> Rich:
    start = re.fullmatch(r"[0-9]{1,9}", node.attributes.get("start") or "1")
    return _list(reader, node, int(start[0]) if start else 1)


def _list(reader: _Reader, node: LexborNode, start: int | None) -> Rich:
    """What stands there without being an item is one all the same: no word is lost."""
    items: list[Rich] = []
    reader._depth += 1
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            item: Rich = (Words(_BLANKS.sub(" ", child.text(deep=False))),)
        elif child.tag in ("ul", "ol") and items:
            items[-1] = (*items[-1], *_READERS[child.tag](reader, child))
            continue
        else:
            item = _READERS[child.tag or ""](reader, child) if child.tag in _READERS else reader.inside(child)
        if item := _tidy(item):
            items.append(item)
    reader._depth -= 1
    return (Listed(tuple(items), start),) if items else ()


def _rule(_: _Reader, __: LexborNode) -> Rich:
    return (Paragraph((Words("———"),), apart=False),)


def _break(_: _Reader, __: LexborNode) -> Rich:
    return (Words("\n"),)


def _row(reader: _Reader, node: LexborNode) -> Rich:
    cells = [cell for child in node.iter() if (cell := _tidy(reader.inside(child)))]
    between = [each for cell in cells for each in (Words(" | "), *cell)][1:]
    return (Paragraph(joined(between), apart=False),)


def _picture(reader: _Reader, node: LexborNode) -> Rich:
    """A small one in the text is an emoji, by its name; of another the words that stand for it."""
    title, alt = (clean(node.attributes.get(each) or "") for each in ("title", "alt"))
    if "data-mx-emoticon" in node.attributes:
        # The title is its name, and what stands for it may be one or describe it ("Custom emotes").
        for name in (title.strip(":"), alt.strip(":")):
            if re.fullmatch(r"[A-Za-z0-9_]{2,32}", name):
                return (Emoji(name),)
    return (Words(alt or title),)


_READERS: Mapping[str, Callable[[_Reader, LexborNode], Rich]] = {
    "a": _anchor,
    "b": _styled(Style.BOLD),
    "strong": _strong,
    "i": _styled(Style.ITALIC),
    "em": _styled(Style.ITALIC),
    "u": _styled(Style.UNDERLINE),
    "s": _styled(Style.STRUCK),
    "del": _styled(Style.STRUCK),
    "strike": _styled(Style.STRUCK),
    "span": _span,
    "code": _code,
    "pre": _pre,
    "p": _paragraph,
    "div": _division,
    "table": _division,
    "caption": _division,
    "details": _details,
    "summary": _details,
    "blockquote": _quote,
    "ul": _bulleted,
    "ol": _numbered,
    "tr": _row,
    "hr": _rule,
    "br": _break,
    "img": _picture,
    "sub": _small,
    **{f"h{level}": _heading(level) for level in range(1, 7)},
}


# --- blanks ---

_AROUND_END = re.compile(r" *\n *")
_BLOCKS = (Paragraph, Heading, Quote, Listed, CodeBlock)


def _tidy(nodes: Rich) -> Rich:
    """Without the blanks at both ends, and beside what has lines of its own: HTML shows none there."""
    found = list(nodes)
    for at, node in enumerate(found):
        if isinstance(node, Words):
            text = _AROUND_END.sub("\n", node.text) if "\n" in node.text else node.text
            if at == 0:
                text = text.lstrip(" \n")
            elif isinstance(found[at - 1], _BLOCKS):
                text = text.lstrip(" ")
            if at + 1 == len(found):
                text = text.rstrip(" \n")
            elif isinstance(found[at + 1], _BLOCKS):
                text = text.rstrip(" ")
            found[at] = Words(text)
    return tuple(
        node
        for node in found
        if node != Words("") and node not in (Paragraph(()), Paragraph((), apart=False))
    )
