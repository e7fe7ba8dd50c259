"""Matrix's HTML, read as a client shows it."""

from __future__ import annotations

from html.parser import HTMLParser

from tests.corpus.page import PLAIN, Blocks, Page, Styles, same_address

STYLES = {
    "b": "b",
    "strong": "b",
    "i": "i",
    "em": "i",
    "u": "u",
    "ins": "u",
    "s": "s",
    "del": "s",
    "strike": "s",
    "code": "code",
    "tt": "code",
    "sub": "sub",
    "sup": "sup",
}
# As the specification permits them.
TAGS = {
    *("del", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "p", "a", "ul", "ol", "sup", "sub", "li", "b"),
    *("i", "u", "strong", "em", "s", "code", "hr", "br", "div", "table", "thead", "tbody", "tr", "th", "td"),
    *("caption", "pre", "span", "img", "details", "summary"),
}
ATTRIBUTES = {
    "span": {"data-mx-bg-color", "data-mx-color", "data-mx-spoiler", "data-mx-maths"},
    "a": {"target", "href"},
    "img": {"width", "height", "alt", "title", "src", "data-mx-emoticon"},
    "ol": {"start"},
    "code": {"class"},
    "div": {"data-mx-maths"},
    # The profile's fallback, which clients that show the profile leave out (MSC4144).
    "strong": {"data-mx-profile-fallback"},
}
VOID = {"br", "hr", "img"}
CONTAINERS = {"blockquote": "quote", "ul": "ul", "ol": "ol", "li": "li"}
UNSEEN = {"mx-reply", "script", "style", "title", "head", "template", "noscript"}


class Reading(HTMLParser):
    """A page as it is read, with what a strict reader would object to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self.faults: list[str] = []
        self._tags: list[tuple[str, Styles]] = []
        self._pre: list[tuple[str, str]] | None = None
        self._unseen = 0

    def _styles(self) -> Styles:
        return self._tags[-1][1] if self._tags else PLAIN

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._look_at(tag, given)
        if tag in VOID:
            self._void(tag, given)
            return
        self._tags.append((tag, self._styles() | self._style(tag, given)))
        if len(self._tags) == 101:
            self.faults.append("more than 100 tags deep")
        if tag in UNSEEN:
            self._unseen += 1
        elif tag == "pre":
            self._pre = []
        elif self._pre is not None:
            if tag == "code" and given.get("class", "").startswith("language-"):
                self._pre.append(("language", given["class"].split()[0].removeprefix("language-")))
        elif not self._unseen:
            self._begin(tag, given)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def _look_at(self, tag: str, given: dict[str, str]) -> None:
        if tag not in TAGS:
            self.faults.append(f"<{tag}> is not permitted")
        for name in given.keys() - ATTRIBUTES.get(tag, set()):
            self.faults.append(f"{name} is not permitted at <{tag}>")
        if tag == "a" and not given.get("href", "https:").lower().startswith(("http:", "https:", "mailto:")):
            self.faults.append(f"leads to {given['href']}")
        if tag == "img" and not given.get("src", "").startswith("mxc://"):
            self.faults.append(f"shows {given.get('src')}")

    @staticmethod
    def _style(tag: str, given: dict[str, str]) -> Styles:
        if tag in STYLES:
            return frozenset({STYLES[tag]})
        if tag == "span" and "data-mx-spoiler" in given:
            why = given["data-mx-spoiler"].strip()
            return frozenset({f"spoiler:{why}"})
        address = given.get("href", "")
        if tag == "a" and address.lower().startswith(("http:", "https:", "mailto:")):
            return frozenset({f"link:{same_address(address)}"})
        return PLAIN

    def _void(self, tag: str, given: dict[str, str]) -> None:
        if self._unseen:
            return
        if tag == "br":
            if self._pre is not None:
                self._pre.append(("text", "\n"))
            else:
                self.page.line_break()
        elif tag == "hr":
            self.page.block("hr")
        elif "data-mx-emoticon" in given:
            name = (given.get("title") or given.get("alt") or "").strip(":")
            self.page.text(f":{name}:", self._styles() | {f"emote:{given.get('src')}"})
        else:
            self.page.text(given.get("alt") or given.get("title") or "", self._styles())

    def _begin(self, tag: str, given: dict[str, str]) -> None:
        if tag == "p":
            self.page.apart("\n\n")
        elif tag in ("div", "tr", "caption", "details", "summary", "table"):
            self.page.apart("\n")
        elif tag == "ol":
            start = given.get("start", "1")
            self.page.open("ol", int(start) if start.lstrip("-").isdigit() else 1)
        elif tag in CONTAINERS:
            self.page.open(CONTAINERS[tag])
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self.page.open("h", int(tag[1]))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not any(tag == one for one, _ in self._tags):
            self.faults.append(f"</{tag}> closes nothing")
            return
        while True:
            last = self._tags.pop()[0]
            self._end(last)
            if last == tag:
                return
            self.faults.append(f"<{last}> is still open at </{tag}>")

    def _end(self, tag: str) -> None:
        if tag in UNSEEN:
            self._unseen -= 1
        elif tag == "pre" and self._pre is not None:
            text = "".join(words for kind, words in self._pre if kind == "text").strip("\n")
            language = next((words for kind, words in self._pre if kind == "language"), "")
            self._pre = None
            if not self._unseen:
                self.page.block("pre", language, text, self._styles())
        elif self._unseen or self._pre is not None:
            return
        elif tag == "p":
            self.page.apart("\n\n")
        elif tag in ("div", "tr", "caption", "details", "summary", "table"):
            self.page.apart("\n")
        elif tag in ("td", "th"):
            self.page.text(" ")
        elif tag in CONTAINERS or (len(tag) == 2 and tag[0] == "h" and tag[1] in "123456"):
            self.page.close()

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._pre is not None:
            self._pre.append(("text", data))
        elif "code" in self._styles():
            self.page.text(data, self._styles())
        else:
            self.page.text(" ".join(data.splitlines()) if "\n" in data else data, self._styles(), links=True)


def read(html: str) -> tuple[Blocks, list[str]]:
    """What a client shows of HTML, and what it objects to."""
    reading = Reading()
    reading.feed(html)
    reading.close()
    reading.faults += [f"<{tag}> is left open" for tag, _ in reading._tags]
    while reading._tags:
        reading._end(reading._tags.pop()[0])
    return reading.page.done(), reading.faults


def read_plain(body: str) -> Blocks:
    """What a client shows of words without formatting."""
    page = Page()
    for at, line in enumerate(body.split("\n")):
        if at:
            page.line_break()
        page.text(line, links=True)
    return page.done()
