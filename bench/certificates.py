"""A certificate: how long making one holds the loop, and what it costs beside a page drawn plainly."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from textwrap import wrap

import segno
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from bench.community import watched
from bench.figures import RUNS, Figure, compare
from bot.certificates import Certificate, Code, make, page_of
from bot.certificates.codes import read_code
from bot.pictures.faces import file_of
from bot.pictures.page import PAGE_HEIGHT, PAGE_WIDTH, Page
from bot.texts import Texts
from tests.chat import BRUSSELS

# Milliseconds, and times what the page takes that is drawn plainly.
MOST_HELD, MOST = 20.0, 1.5
REASON = "de nacht dat de kelder van de bibliotheek onder water stond en ze met een emmer bleef tot vier uur"
CERTIFICATE = Certificate(
    id="0123456789abcdef",
    name="Annelies Van den Bossche-Peeters",
    community="Voorbeeldgemeente",
    themes=("sport", "cultuur"),
    since=date(2026, 3, 3),
    until=date(2026, 11, 12),
    reasons=tuple(f"{REASON}, {number}" for number in range(5)),
    neighbours=12,
    language="nl",
    made=datetime(2026, 11, 28, 20, tzinfo=UTC),
)
_POINT = 72 / 200


async def measure() -> list[Figure]:
    texts = Texts()
    code = read_code(Code(b"key", CERTIFICATE.id, CERTIFICATE.digest, bytes(64)).spelled)
    page = page_of(CERTIFICATE, code, texts, BRUSSELS)
    pdfmetrics.registerFont(TTFont("Plain", file_of("Sans", bold=False)))

    def ours(number: int) -> None:
        made = make(replace(CERTIFICATE, neighbours=number + 2), code, texts, BRUSSELS)
        assert made.pdf
        assert made.png

    def theirs(number: int) -> None:
        assert all(_plainly(replace(page, before=f"{number + 2} buren bedankten")))

    for work in (ours, theirs):
        work(RUNS)  # whatever is loaded once
    turns = [(await _held(ours, turn), _took(ours, turn), _took(theirs, turn)) for turn in range(RUNS)]
    held, took, beside = zip(*turns, strict=True)
    return [
        compare("a certificate made: the event loop held", "ms", held, "at most", MOST_HELD, "at most 1"),
        compare(
            "a certificate, all of it (CPU)",
            "ms",
            took,
            "Pillow, segno and reportlab",
            beside,
            f"at most {MOST}",
        ),
    ]


async def _held(work: Callable[[int], None], turn: int) -> float:
    async with watched() as late:
        await asyncio.to_thread(work, turn)
    return max(late) * 1000


def _took(work: Callable[[int], None], turn: int) -> float:
    start = time.process_time()
    work(turn)
    return (time.process_time() - start) * 1000


def _plainly(page: Page) -> tuple[bytes, bytes]:
    """The same page as somebody would make it for one language and one script."""
    image = Image.new("RGB", (PAGE_WIDTH, PAGE_HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    lines: list[tuple[int, str]] = []
    y = 150

    def say(words: str, size: int, left: int = 150, *, bold: bool = False) -> None:
        nonlocal y
        font = ImageFont.truetype(file_of("Sans", bold), size)
        for line in wrap(words, (PAGE_WIDTH - 150 - left) * 2 // size):
            pen.text((left, y), line, "#23292d", font)
            lines.append((y + size, line))
            y += size * 7 // 5

    say(page.above, 40, bold=True)
    say(page.title, 88, bold=True)
    say(page.before, 44)
    say(page.name, 80, bold=True)
    say(page.after, 44)
    for point in page.points:
        say(f"• {point}", 44)
    for line in page.below:
        say(line, 44)
    scanned = BytesIO()
    segno.make(page.scanned, error="m", micro=False, boost_error=False).save(
        scanned, kind="png", scale=7, border=0
    )
    image.paste(Image.open(scanned), (150, 1850))
    y = 1850
    for line in (*page.notes, *page.spelled):
        say(line, 28, 540)
    png = BytesIO()
    image.save(png, "PNG")
    pdf = BytesIO()
    canvas = Canvas(pdf, (PAGE_WIDTH * _POINT, PAGE_HEIGHT * _POINT), lang="nl")
    canvas.setTitle(page.title)
    canvas.drawImage(ImageReader(image), 0, 0, PAGE_WIDTH * _POINT, PAGE_HEIGHT * _POINT)
    unseen = canvas.beginText()
    unseen.setTextRenderMode(3)
    unseen.setFont("Plain", 12)
    for height, words in lines:
        unseen.setTextOrigin(150 * _POINT, (PAGE_HEIGHT - height) * _POINT)
        unseen.textOut(words)
    canvas.drawText(unseen)
    canvas.save()
    return pdf.getvalue(), png.getvalue()
