"""The page of a certificate: as a picture, as a PDF, and as words for who sees neither.

Making them takes a fifth of a second, in a thread. All are in the certificate's own language, so that whoever
is shown one reads what was signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.certificates.certificate import Certificate
from bot.certificates.checking import written
from bot.certificates.codes import Code
from bot.model.message import Text, text, typed
from bot.texts import Texts, Voice
from bot.unseen import visible

if TYPE_CHECKING:
    from bot.pictures.page import Drawn, Page


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate that was drawn, as the files that show it, each made when it is asked for.

    `lines`: all its words, from top to bottom.
    """

    certificate: Certificate
    code: Code
    title: str
    lines: tuple[str, ...]
    drawn: Drawn

    @property
    def png(self) -> bytes:
        return self.drawn.png()

    @property
    def pdf(self) -> bytes:
        """With its words to search and to read aloud, and what was signed attached."""
        from bot.pictures.pdf import as_pdf

        signed, author = self.certificate, visible(self.certificate.community)
        attached = {f"certificate-{signed.id}.json": written(signed, self.code)}
        return as_pdf(self.drawn, self.title, author, signed.language, attached)


def make(certificate: Certificate, code: Code, texts: Texts, zone: ZoneInfo) -> Files:
    """Draw it; `zone`: by whose clocks it was made. It takes long, as its files do: not for the loop."""
    from bot.pictures.page import draw_page

    page = page_of(certificate, code, texts, zone)
    title = visible(f"{page.title}: {certificate.name}")
    return Files(certificate, code, title, page.lines, draw_page(page))


def page_of(certificate: Certificate, code: Code, texts: Texts, zone: ZoneInfo) -> Page:
    """What the page says, in its own language."""
    from bot.pictures.page import Page

    locale = texts.nearest(certificate.language, "en")
    voice = Voice(locale, zone, certificate.made, code=("", ""))

    def said(line: Text) -> str:
        return texts.write(line, voice)

    made = text("certificate.made", day=_day(certificate.made.astimezone(zone).date()))
    return Page(
        certificate.community,
        said(text("certificate.title")),
        said(text("certificate.thanked", count=certificate.neighbours)),
        certificate.name,
        said(text("certificate.for")) if certificate.reasons else "",
        certificate.reasons,
        (said(_where_and_when(certificate)),),
        (said(text("certificate.no_proof")), said(text("certificate.how_to_check")), said(made)),
        code.lines,
        code.spelled,
    )


def told(certificate: Certificate) -> Sequence[Text]:
    """What it says, for a message or a terminal, in the reader's own language."""
    thanked = "certificate.thanked.whom.for" if certificate.reasons else "certificate.thanked.whom"
    whom = text(thanked, count=certificate.neighbours, name=certificate.name)
    lines = [text("certificate.told.title", community=certificate.community), whom]
    lines += [text("certificate.told.reason", reason=typed(reason)) for reason in certificate.reasons]
    return [*lines, _where_and_when(certificate), text("certificate.no_proof")]


def _where_and_when(certificate: Certificate) -> Text:
    since, until = _day(certificate.since), _day(certificate.until)
    when = text("certificate.days", since=since, until=until)
    if since == until:
        when = text("certificate.day", day=since)
    if not certificate.themes:
        return text("certificate.when", when=when)
    return text("certificate.where", themes=certificate.themes, when=when)


def _day(day: date) -> Text:
    """As on paper: without its weekday, and with its year."""
    return text("certificate.date", day=day.day, month=text(f"when.rule.month.{day.month}"), year=day.year)
