"""What a file is by what is in it, whatever is said of it; what it may be called, and how it is told of."""

from __future__ import annotations

import io
import struct
import zlib
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.clock import SystemClock
from bot.files import ANYTHING, HEAD, LONGEST_NAME, examined, in_words, name_of, told, with_names
from bot.model.files import Posted
from bot.model.message import text
from bot.pictures.measured import MOST_PIXELS
from bot.rich import Words, plain
from bot.texts import Texts, Voice
from bot.unseen import has_unseen
from tests.posted import picture

SCRIPT = b"<script>alert(1)</script>"


def kind_of(data: bytes, name: str = "a", said: str = "") -> str:
    return examined(Posted("", name, kind=said), io.BytesIO(data), len(data)).kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (picture("PNG"), "image/png"),
        (picture("JPEG"), "image/jpeg"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"ID3\x04" + bytes(20), "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(20), "audio/mpeg"),
        (b"fLaC" + bytes(20), "audio/flac"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"OggS\0\x02" + bytes(20), "audio/ogg"),
        (b"\0\0\0\x20ftypM4A \0\0", "audio/mp4"),
        (b"\0\0\0\x20ftypisom\0\0", "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3" + bytes(20), "video/webm"),
        # What a browser would run is nothing in particular, whatever it is said to be.
        (b"<!DOCTYPE html>" + SCRIPT, ANYTHING),
        (b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", ANYTHING),
        (b"<?xml version='1.0'?>", ANYTHING),
        (b"alert(1)", ANYTHING),
        (b"From: <x>\r\nContent-Type: text/html\r\n", ANYTHING),
        (b"MZ" + bytes(40), ANYTHING),
        (b"PK\x03\x04" + bytes(40), ANYTHING),
        (b"GIF89a" + SCRIPT, ANYTHING),
        (b"\x89PNG\r\n\x1a\n" + SCRIPT, ANYTHING),
        (b"RIFF\0\0\0\0WEBP" + SCRIPT, ANYTHING),
        (b"\xff\xd8\xff" + bytes(200), ANYTHING),
        (b"", ANYTHING),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_it_is_what_its_first_bytes_say(data: bytes, kind: str) -> None:
    for name, said in (("a.svg", "image/svg+xml"), ("a.html", "text/html"), ("a.png", "image/png")):
        assert kind_of(data, name, said) == kind


def test_what_may_move_or_only_sound_does_as_its_sender_says() -> None:
    assert kind_of(b"OggS\0", said="video/ogg") == "video/ogg"
    assert kind_of(b"\x1a\x45\xdf\xa3", said="audio/webm") == "audio/webm"
    assert kind_of(b"\x1a\x45\xdf\xa3", said="text/html") == "video/webm"


def png(width: int, height: int) -> bytes:
    """A picture that is small as long as nobody unpacks it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")


def webp(form: bytes, rest: bytes) -> bytes:
    return b"RIFF\0\0\0\0WEBP" + form + bytes(4) + rest


@pytest.mark.parametrize(
    ("data", "measures"),
    [
        (png(7_000, 7_000), (7_000, 7_000)),
        (png(8_000, 8_000), None),
        (png(100_000, 100_000), None),
        (png(2**31 - 1, 2**31 - 1), None),
        (webp(b"VP8X", bytes(4) + b"\x0f\x27\0\x0f\x0f\0"), (10_000, 3_856)),
        (webp(b"VP8X", bytes(4) + b"\xff\xff\xff\xff\xff\xff"), None),
        (webp(b"VP8L", b"\x2f" + (39 | 29 << 14).to_bytes(4, "little")), (40, 30)),
        (webp(b"VP8 ", bytes(3) + b"\x9d\x01\x2a\x28\0\x1e\0"), (40, 30)),
    ],
)
def test_a_picture_is_measured_and_never_unpacked(data: bytes, measures: tuple[int, int] | None) -> None:
    found = examined(Posted("", "a.png"), io.BytesIO(data), len(data))
    assert found.measures == measures
    assert found.kind.startswith("image/") is (measures is not None)
    assert measures is None or measures[0] * measures[1] <= MOST_PIXELS


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_what_pillow_makes_is_measured_as_it_was_made(form: str) -> None:
    data = picture(form, 40, 30)
    assert examined(Posted("", "a"), io.BytesIO(data), len(data)).measures == (40, 30)


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", *(picture(form) for form in ("PNG", "JPEG", "GIF", "WEBP"))]),
)
def test_whatever_is_in_it_is_something(tail: bytes, before: bytes) -> None:
    for cut in (len(before), len(before) // 2, 12):
        assert kind_of(before[:cut] + tail).partition("/")[2]


def test_only_its_beginning_is_looked_at() -> None:
    class Long(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.most = max(self.most, size if size is not None and size >= 0 else 1 << 40)
            return super().read(size)

    data = Long(b"\xff\xd8\xff\xe1\xff\xff" + bytes(5_000_000))
    examined(Posted("", "a.jpg"), data, 5_000_000)
    assert data.most <= HEAD


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("verslag.pdf", "verslag.pdf"),
        ("../../etc/passwd", "etc passwd"),
        ("C:\\Users\\mia\\foto.png", "C Users mia foto.png"),
        ("foto\u202egnp.exe", "fotognp.exe"),
        ("a\x00b\n\tc\x1b[31m.txt", "ab c[31m.txt"),
        ("\u200b\ufeff", "file"),
        ("", "file"),
        ("...", "file"),
        (".htaccess", "htaccess"),
        ("é" * 300 + ".pdf", "é" * 95 + "….pdf"),
        ("x" * 300, "x" * 99 + "…"),
        ("ملف.pdf", "ملف.pdf"),
        ('a"b<c>|d?*.txt', "a b c d .txt"),
    ],
)
def test_a_name_is_one_that_can_be_read_and_leads_nowhere(name: str, shown: str) -> None:
    assert name_of(Posted("", name)) == shown


@given(st.text(max_size=150))
@example("\ud800")
def test_any_name_becomes_one(name: str) -> None:
    found = name_of(Posted("", name))
    assert 0 < len(found) <= LONGEST_NAME
    assert not set("/\\\n\0") & set(found)
    assert not has_unseen(found)
    found.encode()


@pytest.mark.parametrize(
    ("name", "data", "called"),
    [
        ("foto.jpeg", picture("JPEG"), "foto.jpeg"),
        ("foto.html", picture("PNG"), "foto.html.png"),
        ("foto.svg", picture("PNG"), "foto.svg.png"),
        ("stem", b"OggS\0", "stem.ogg"),
        ("stem.opus", b"OggS\0", "stem.opus"),
        ("stem.m4a", b"\0\0\0\x20ftypM4A \0\0", "stem.m4a"),
        ("FOTO.WEBP", picture("WEBP"), "FOTO.WEBP"),
        ("verslag.docx", b"PK\x03\x04", "verslag.docx"),
        ("verslag.txt", b"%PDF-1.7", "verslag.txt.pdf"),
        ("blad.html", b"<html>", "blad.html"),
    ],
)
def test_an_ending_says_what_it_is(name: str, data: bytes, called: str) -> None:
    assert examined(Posted("", name), io.BytesIO(data), len(data)).name == called


@pytest.mark.parametrize(
    ("size", "words"),
    [(None, ""), (0, "1 kB"), (999, "1 kB"), (12_345, "12 kB"), (1_000_000, "1 MB"), (12_400_000, "12 MB")],
)
def test_a_size_is_said_as_people_do(size: int | None, words: str) -> None:
    assert in_words(Posted("", "a", size)) == words


def test_what_does_not_go_along_is_told_of() -> None:
    voice = Voice("nl", ZoneInfo("Europe/Brussels"), SystemClock().now())
    lost = [Posted("", "a.pdf", 12_000_000), Posted("", "dans")]
    assert plain(with_names((Words("Kijk"),), lost, Texts(), voice)) == "Kijk\n📎 a.pdf (12 MB)\n📎 dans"
    why = text("carried.file.unreadable", name="a")
    assert (told([]), told([why])) == (None, why)
    several = told([why, why])
    assert several
    assert several.values["count"] == 2
