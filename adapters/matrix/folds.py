"""Several messages as one event: what that says, and how long each share of it is."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from adapters.matrix.render import Content
from adapters.matrix.rich.read import read_html
from adapters.matrix.rich.write import write
from bot.folds import replaced
from bot.rich import Names, Rich

BETWEEN = "<br>"
# With the same once more without HTML, and sealed, whatever letters they are, an event has room for these.
LONGEST = 1_800
HTML = "org.matrix.custom.html"


def share_of(rich: Rich, names: Names) -> str:
    """What one says there; "" where there is nothing to read."""
    for said in write(rich, names):
        laid_out = said.get("formatted_body")
        return str(laid_out or escape(said["body"], quote=False).replace("\n", BETWEEN))
    return ""


def length_of(share: str) -> int:
    return len(share.encode(errors="surrogatepass"))


def content_of(shares: Sequence[str], before: Content, names: Names) -> Content:
    """Of the event that says them, in the name that stands `before` them, if one does."""
    return _content(BETWEEN.join(shares), before, names)


def with_share(
    content: Content, lengths: Sequence[int], which: int, share: str, before: Content, names: Names
) -> Content | None:
    """The same with that share instead; None where it does not say what it is known to."""
    html, prefix = content.get("formatted_body"), before.get("formatted_body", "")
    if not isinstance(html, str) or not html.startswith(prefix):
        return None
    found = replaced(_bytes(html[len(prefix) :]), lengths, which, _bytes(share), _bytes(BETWEEN))
    return None if found is None else _content(found.decode(errors="surrogatepass"), before, names)


def _content(html: str, before: Content, names: Names) -> Content:
    (said,) = write(read_html(html, names), names) or [{"body": ""}]
    return {
        "msgtype": "m.text",
        "body": f"{before.get('body', '')}{said['body']}",
        "format": HTML,
        "formatted_body": f"{before.get('formatted_body', '')}{html}",
        "m.mentions": {},
        **{name: value for name, value in before.items() if name not in ("body", "formatted_body")},
    }


def _bytes(words: str) -> bytes:
    return words.encode(errors="surrogatepass")
