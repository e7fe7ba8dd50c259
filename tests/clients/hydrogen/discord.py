"""A channel of the double's, as Discord's own clients show what stands in it: drawn by us, as no client of
theirs runs here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

from adapters.discord.rich.read import read as as_discord
from adapters.matrix.rich.write import write as as_html
from bot.rich import Names
from tests.chat import BRUSSELS
from tests.doubles.discord.state import Channel, Message

_PAGE = """<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><style>
body {{ margin: 0; font: 16px/1.375 Inter, "Noto Sans", sans-serif; color: #2e3338; }}
header {{ padding: 12px 16px; font-weight: 600; border-bottom: 1px solid #dcdfe3; }}
article {{ position: relative; padding: 8px 16px 2px 68px; overflow-wrap: anywhere; }}
.face {{ position: absolute; left: 16px; width: 40px; height: 40px; border-radius: 50%; background: #5865a8;
         color: white; text-align: center; font: 600 18px/40px sans-serif; }}
.app {{ margin-left: 4px; padding: 0 4px; border-radius: 3px; background: #5865f2; color: white;
        font-size: 10px; }}
time, .edited, small {{ color: #6d747c; font-size: 12px; font-weight: 400; }}
.sign {{ display: inline-block; margin: 4px 4px 0 0; padding: 1px 7px; border: 1px solid #ccd2d8;
         border-radius: 8px; }}
.above {{ font-size: 14px; color: #5c646c; }}
.file {{ display: inline-block; padding: 8px 12px; border: 1px solid #ccd2d8; border-radius: 8px; }}
p, ul, ol {{ margin: 0; }}
</style><header># {name}</header>{messages}"""


def page(channel: Channel) -> str:
    return _PAGE.format(name=escape(channel.name), messages="".join(_messages(channel)))


def _messages(channel: Channel) -> Iterable[str]:
    for message in channel.messages.values():
        if not message.deleted and not message.only_for:
            yield _message(channel, message)


def _message(channel: Channel, message: Message) -> str:
    who = escape(message.shown_as or message.author.name)
    app = '<span class="app">APP</span>' if message.webhook_id else ""
    at = datetime.fromtimestamp(message.at, UTC).astimezone(BRUSSELS)
    edited = ' <span class="edited">(bewerkt)</span>' if message.edited_at else ""
    signs = (
        f'<span class="sign">{escape(sign.partition(":")[0])} {len(by)}</span>'
        for sign, by in message.reactions.items()
        if by
    )
    files = (f'<div class="file">📄 {escape(file.filename)}</div>' for file in message.attachments)
    return (
        f'<article><div class="face">{who[:1].upper()}</div>{_above(channel, message)}'
        f"<b>{who}</b>{app} <time>{at:%H:%M}</time><div>{_laid_out(message.content)}{edited}</div>"
        f"{''.join(files)}{''.join(signs)}</article>"
    )


def _above(channel: Channel, message: Message) -> str:
    """A reply of a person's own shows what it answers."""
    answered = channel.messages.get(str((message.reference or {}).get("message_id")))
    if answered is None:
        return ""
    who = escape(answered.shown_as or answered.author.name)
    return f'<div class="above">↱ <b>{who}</b> {escape(answered.content.splitlines()[-1][:60])}</div>'


def _laid_out(content: str) -> str:
    written = as_html(as_discord(content, Names()), Names())
    return "".join(str(each.get("formatted_body") or escape(each["body"])) for each in written)
