"""The page of a certificate, read back as those read it who get one: scanned, searched, and taken apart."""

from __future__ import annotations

import time
import unicodedata
import zlib
from functools import cache
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from bot.certificates import Certificate, make, read_code, read_file, sign
from bot.certificates.files import Files, page_of
from bot.errors import UserError
from bot.pictures.page import PAGE_HEIGHT, PAGE_WIDTH, Page, draw_page
from bot.pictures.paragraphs import clean
from bot.pictures.pdf import attached_to
from bot.texts import Texts
from storage.signing import SigningKeys
from tests.bot.test_pictures import shaped
from tests.chat import BRUSSELS
from tests.doubles.certificates import CERTIFICATE, a_certificate, signing_of

SIGNING = signing_of(1, SigningKeys(None))
LONG = (
    "De nacht dat de kelder van de bibliotheek onder water stond en jij met een emmer bleef tot vier uur. "
    * 3
)
CASES = {
    "plain": CERTIFICATE,
    "english": a_certificate(language="en", neighbours=1, until=CERTIFICATE.since),
    "without reasons": a_certificate(reasons=(), themes=()),
    "accents": a_certificate(name="Zoë Ångström-Þórsdóttir", reasons=("Łódź & “straf” gedaan — ’t is waar",)),
    "emoji": a_certificate(name="Ben 👩🏽‍🚀🇧🇪", reasons=("taart 🍰", "👨‍👩‍👧‍👦 ❤️ 1️⃣")),
    "long": a_certificate(name="Maximiliaan-Alexander van " * 4, reasons=(LONG[:300].strip(),) * 10),
}
HOSTILE = {
    "controls": "\u202eanna\x00\x1b[31m\u2066",
    "one word": "W" * 300,
    "marks": "Z" + "\u0489\u0336" * 200,
    "markup": "%PDF stream endstream )Tj (\\ <b>",
    "other scripts": "ምስጋና ขอบคุณ 谢谢 ধন্যবাদ",
}


@cache
def made(certificate: Certificate) -> Files:
    return make(certificate, sign(certificate, SIGNING), Texts(), BRUSSELS)


@cache
def pdf_of(certificate: Certificate) -> bytes:
    return made(certificate).pdf


def page(certificate: Certificate) -> Page:
    return page_of(certificate, sign(certificate, SIGNING), Texts(), BRUSSELS)


def text_in(pdf: bytes) -> str:
    return str(pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range())


def letters(words: str) -> str:
    """Without blanks, as lines end elsewhere on a page."""
    return "".join(unicodedata.normalize("NFC", words).split())


def meant(said: Page) -> str:
    head = (said.above, said.title, said.before, said.name, said.after, *said.points)
    return letters("".join(clean(words) for words in (*head, *said.below, *said.notes, *said.spelled)))


@pytest.mark.parametrize("case", CASES)
def test_the_text_in_the_pdf_is_what_was_meant(case: str) -> None:
    assert letters(text_in(pdf_of(CASES[case]))) == meant(page(CASES[case]))


@pytest.mark.parametrize("words", ["فاطمة الزهراء", "עזרה 12", "Fatima فاطمة 12", "فاطمة Ben الزهراء"])
def test_what_is_written_from_right_to_left_is_too(words: str) -> None:
    certificate = a_certificate(name=words, reasons=(words,), themes=(words,))
    assert text_in(pdf_of(certificate)).count(words) == 3


@pytest.mark.parametrize("case", HOSTILE)
def test_whatever_a_name_and_the_reasons_are(case: str) -> None:
    words = HOSTILE[case]
    certificate = a_certificate(name=words, community=words, reasons=(words[:300],) * 2, themes=(words,))
    pdf = pdf_of(certificate)
    assert scanned(certificate) == {sign(certificate, SIGNING).spelled}
    read, code = read_file(pdf)
    assert (read.digest, code) == (certificate.digest, sign(certificate, SIGNING))
    document = pypdfium2.PdfDocument(pdf)
    assert len(document) == 1
    assert not set("\x00\x1b\u202e\u2066") & set(text_in(pdf) + str(document.get_metadata_dict()))


def scanned(certificate: Certificate) -> set[str]:
    """Off the picture, and off the page of the PDF as a reader shows it."""
    shown = pypdfium2.PdfDocument(pdf_of(certificate))[0].render(scale=2).to_pil()
    pictures = (Image.open(BytesIO(made(certificate).png)).convert("L"), shown.convert("L"))
    return {found.text for picture in pictures for found in zxingcpp.read_barcodes(picture)}


@pytest.mark.parametrize("case", ["plain", "long"])
def test_the_code_is_scanned_on_both(case: str) -> None:
    certificate = CASES[case]
    assert [read_code(found) for found in scanned(certificate)] == [sign(certificate, SIGNING)]
    # As small as a phone shows the whole page.
    small = Image.open(BytesIO(made(certificate).png)).convert("L").resize((827, 1170))
    assert {found.text for found in zxingcpp.read_barcodes(small)} == scanned(certificate)


def test_a_reader_knows_what_it_is_and_in_which_language() -> None:
    document = pypdfium2.PdfDocument(files := pdf_of(CERTIFICATE))
    about = document.get_metadata_dict()
    assert (about["Title"], about["Author"]) == ("Oorkonde: Annelies Van den Bossche", "Voorbeeldgemeente")
    assert b"/Lang (nl)" in files
    assert b"/Lang (en)" in pdf_of(CASES["english"])
    width, height = document[0].get_size()
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (210, 297)


def test_it_is_a_white_page_with_a_margin_in_a_dark_client_too() -> None:
    image = Image.open(BytesIO(made(CASES["long"]).png)).convert("RGB")
    assert image.size == (PAGE_WIDTH, PAGE_HEIGHT)
    edge = 50
    for box in ((0, 0, image.width, edge), (0, 0, edge, image.height), (0, image.height - edge, *image.size)):
        assert image.crop(box).getcolors() == [((box[2] - box[0]) * (box[3] - box[1]), (255, 255, 255))]


def test_what_is_long_gets_smaller_and_is_all_there() -> None:
    words = draw_page(page(CASES["long"])).words
    assert "…" not in {placed.words for placed in words}
    bottoms = [placed.y for placed in words]
    assert max(bottoms) < PAGE_HEIGHT - 140


def test_what_no_page_would_hold_is_cut_where_one_sees_it() -> None:
    certificate = a_certificate(reasons=("W" * 300,) * 10)
    assert [placed.words for placed in draw_page(page(certificate)).words].count("…") == 10
    assert read_file(pdf_of(certificate))[0] == certificate


@shaped
def test_a_name_from_right_to_left_stands_among_the_words_of_the_page() -> None:
    placed = next(
        each for each in draw_page(page(a_certificate(name="فاطمة"))).words if each.words == "فاطمة"
    )
    assert 150 <= placed.runs[0][1] < 151


def test_it_says_so_in_words_too() -> None:
    assert made(CERTIFICATE).lines == (
        "Voorbeeldgemeente",
        "Oorkonde",
        "12 buren bedankten",
        "Annelies Van den Bossche",
        "met deze woorden",
        "• het opruimen van het pleintje",
        "• haar kennis van geluid",
        "In sport en cultuur, van 3\u00a0maart\u00a02026 tot en met 12\u00a0november\u00a02026.",
        "Dit is geen bewijs van overeenkomst, verzekering, uren of vergoeding.",
        "Nakijken of dit klopt: scan de code of typ ze over, en geef ze aan Plein met !oorkonde controleer "
        "of plein verify.",
        "Gemaakt op 28\u00a0november\u00a02026.",
        *sign(CERTIFICATE, SIGNING).lines,
    )


def test_the_same_is_made_every_time() -> None:
    again = made.__wrapped__(CERTIFICATE)
    assert (again.png, again.pdf) == (made(CERTIFICATE).png, pdf_of(CERTIFICATE))


# --- what is in a file ---


def test_what_is_attached_is_read_also_where_another_program_squeezed_it() -> None:
    data = pdf_of(CERTIFICATE)
    start = data.index(b'{"certificate"')
    end = data.index(b"endstream", start)
    squeezed = data[:start] + zlib.compress(data[start:end]) + b"\n" + data[end:]
    assert read_file(squeezed) == read_file(data) == (CERTIFICATE, sign(CERTIFICATE, SIGNING))
    assert read_file(b"\xef\xbb\xbf" + data[start:end] + b"\n")[0] == CERTIFICATE


BEGINS = b'{"certificate":'
DEFLATED = zlib.compress(BEGINS + bytes(150_000), 0)


@pytest.mark.parametrize(
    "part",
    [
        *(b"stream\n", b"stream\n{", b'stream\n{"a":"', b"stream\r\n \r\n"),
        *(b"stream\n" + BEGINS, b"stream\n" + BEGINS + b"[", b"stream\n" + zlib.compress(BEGINS, 0)),
        *(b"stream\n" + DEFLATED[:40], b"stream\n" + DEFLATED[:700]),
    ],
)
def test_twice_as_much_takes_twice_as_long_to_look_through(part: bytes) -> None:
    """What is looked at is counted: each byte a few times, however often one seems to begin."""
    document = b"%PDF-" + part * (400_000 // len(part))
    looked_at = sum(map(len, attached_to(document, BEGINS, 200_000)))
    assert looked_at <= len(document) + 20 * 200_000
    began = time.process_time()
    with pytest.raises(UserError):
        read_file(document)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"%PDF-1.4", b"{", b"[]", b'{"certificate": 7, "code": "x"}', b'{"code": 1}', b"{" * 100_000),
        b"%PDF-1.4 stream\n" + zlib.compress(b"{" * 10**7) + b"\nendstream",
        b'{"certificate":' + CERTIFICATE.canonical.replace(b"12", b"1e999", 1) + b', "code": ""}',
        b'{"certificate":'
        + CERTIFICATE.canonical.replace(b"2026-11-28T20:00:00+00", b"0001-01-01T00:00:00+01")
        + b',"code":""}',
    ],
)
def test_what_is_no_file_of_a_certificate(data: bytes) -> None:
    with pytest.raises(UserError) as found:
        read_file(data)
    assert found.value.text.key == "certificate.check.no_file"
