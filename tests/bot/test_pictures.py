"""The result of a poll as a picture: read back from its pixels."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from itertools import groupby

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageColor, ImageFont

from bot.pictures import HIGHEST, Bar, Chart, draw
from bot.pictures.faces import FACES, FONTS, can_draw, characters_of, clusters, face_of, file_of, font_of
from bot.pictures.paragraphs import clean, typeset
from bot.pictures.runs import Run, laid, shapes, width_of
from bot.pictures.style import BAR, BAR_MAYBE, FAINT, INK, LABEL, PAPER, TRACK, WINNER, WON, WON_MAYBE

LONG = "Zebrapad met verlichting bij het woonzorgcentrum Sint-Jozef, Steenweg op Aalst 1"
EMOJI = ("👍", "👍🏿", "❤️", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "🇧🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏳️‍🌈", "1️⃣", "✅", "🥳")
# Somebody may build Plein without it; where everything is tested it has to be there.
shaped = pytest.mark.skipif(
    not shapes() and "CI" not in os.environ, reason="no FriBiDi: apt install libfribidi0"
)
# What residents may type and more: every script we have a font for, marks, emoji, controls, surrogates.
WORDS = st.one_of(
    st.text(max_size=250),
    st.text("abcé אבּגعَربية ١٢3,.()[]-/ ህንհაতமไⵣܣ日本👍🏿🇧🇪\u200d\ufe0f\u0301\u200c\x00\n", max_size=80),
    st.lists(st.sampled_from([*EMOJI, "a", " ", "م", LONG]), max_size=20).map("".join),
)
BARS = st.builds(
    Bar,
    WORDS,
    st.lists(st.integers(0, 10**30) | st.integers(0, 30), max_size=3).map(tuple),
    st.sampled_from(["12", "8 + 3", "4.2", "1.234.567.890.123.456", ""]) | WORDS,
    st.booleans(),
)


def chart(*bars: Bar, title: str = "Wat nu?", note: str = "Klaar.") -> Chart:
    return Chart(title, bars, note)


def plain(*votes: int, won: int | None = None) -> Chart:
    return chart(*(Bar("o", (count,), str(count), number == won) for number, count in enumerate(votes)))


def seen(drawn: Chart) -> Image.Image:
    image = Image.open(BytesIO(draw(drawn)))
    assert image.format == "PNG"
    return image.convert("RGB")


def rgb(colour: str) -> tuple[int, int, int]:
    return ImageColor.getrgb(colour)[:3]


def lengths(image: Image.Image) -> list[tuple[int, int, int]]:
    """Of each bar, through its middle: how far it is filled, how far it reaches, and its track."""
    open_, track = {rgb(BAR_MAYBE), rgb(WON_MAYBE)}, {rgb(TRACK)}
    filled = {rgb(BAR), rgb(WON)}
    # So far to the right there is nothing but bars, as all words here are short.
    there = [image.getpixel((340, y)) != rgb(PAPER) for y in range(image.height)]
    tops = [y for y in range(1, image.height) if there[y] and not there[y - 1]]
    rows = [[image.getpixel((x, top + 11)) for x in range(40, 640)] for top in tops]
    kinds = (filled, filled | open_, filled | open_ | track)
    full, reach, end = (
        [next(x for x, pixel in enumerate(row) if pixel not in kind) for row in rows] for kind in kinds
    )
    return list(zip(full, reach, end, strict=True))


# --- How high it gets ---


def test_however_much_is_typed_a_picture_stays_one_that_can_be_shown() -> None:
    """Marks piled up, the widest letters, all tied: some of it is left to the words beside the picture."""
    piled = "".join(f"{letter}{chr(0x0489) * 3}{chr(0x0336) * 9}" for letter in "\ufdfdWM" * 27)
    bars = tuple(Bar(piled[: 80 * 13], (number,), "123 stemmen " * 9) for number in range(20))
    rest = tuple(f"En nog {left}." for left in range(1, 21))
    drawn = seen(Chart(piled * 3, bars, piled * 20, rest))
    assert drawn.height <= HIGHEST
    # Whatever is typed by itself.
    for part in (Chart(piled * 30, (), ""), Chart("", (), piled * 30), Chart("", bars[:1], "")):
        assert seen(part).height <= HIGHEST


def test_twenty_options_of_the_widest_letters_are_all_there() -> None:
    bars = tuple(Bar("W" * 80, (number,), f"{number} stemmen") for number in range(20))
    whole = Chart("W" * 250, bars, "Er is een gelijke stand.", ("Er ontbreekt er een.",))
    assert draw(whole) == draw(replace(whole, rest=()))
    assert seen(whole).height <= HIGHEST


def test_what_does_not_fit_is_said_to_be_in_the_words_beside_it() -> None:
    bars = tuple(Bar("\U0001f333" * 80, (number,), f"{number} stemmen") for number in range(40))
    rest = tuple(f"En nog {left} keuzes." for left in range(1, 41))
    chart = Chart("Welke boom?", bars, "", rest)
    assert HIGHEST - 600 < seen(chart).height <= HIGHEST
    assert draw(chart) != draw(replace(chart, rest=()))


# --- What is drawn ------------------------------------------------------------------------------


def test_it_is_a_card_for_a_phone() -> None:
    image = seen(plain(3, 2))
    assert image.width == 640
    corners = {image.getpixel((x, y)) for x in (0, 639) for y in (0, image.height - 1)}
    assert corners == {rgb(PAPER)}


def test_bars_are_in_proportion_and_the_longest_fills_its_track() -> None:
    found = lengths(seen(plain(40, 20, 10, 10, 0, won=0)))
    track = found[0][2]
    assert [end for _, _, end in found] == [track] * 5
    assert [reach for _, reach, _ in found] == [track, track // 2, track // 4, track // 4, 0]


def test_parts_are_stacked_and_the_second_is_open() -> None:
    parts = (8, 4), (6, 6), (0, 6), (12, 0)
    found = lengths(seen(chart(*(Bar("o", part, "", won=part == (8, 4)) for part in parts))))
    assert [reach for _, reach, _ in found] == [560, 560, 280, 560]
    # The open part begins where the first ends; what is all open begins with its outline.
    assert [full for full, _, _ in found] == [8 * 560 // 12, 280, 3, 560]


@pytest.mark.parametrize("votes", [(1, 10**9), (10**9, 1), (1, 10**30)])
def test_one_vote_beside_very_many_is_still_seen(votes: tuple[int, int]) -> None:
    assert sorted(reach for _, reach, _ in lengths(seen(plain(*votes))))[0] == 8
    full, reach, track = lengths(seen(chart(Bar("o", votes, ""))))[0]
    assert reach == track
    assert 8 <= full <= track - 8


def test_without_votes_every_bar_is_empty() -> None:
    assert {reach for _, reach, _ in lengths(seen(plain(0, 0, 0)))} == {0}


def test_a_winner_differs_in_more_than_its_colour() -> None:
    winner, loser = (seen(plain(5, 5, won=number)).convert("L") for number in (0, None))
    # The mark before the label takes room, and its letters are heavier.
    label = (40, 100, 140, 160)
    dark = [sum(image.crop(label).histogram()[:128]) for image in (winner, loser)]
    assert dark[0] > 2 * dark[1]


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        (INK, PAPER, 4.5),
        (FAINT, PAPER, 4.5),
        *((bar, ground, 3.0) for bar in (BAR, WON) for ground in (PAPER, TRACK)),
        (BAR, BAR_MAYBE, 3.0),
        (WON, WON_MAYBE, 3.0),
    ],
)
def test_contrast(ink: str, ground: str, least: float) -> None:
    lighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= least
    bars = (Bar("Ja", (2, 1), "2 + 1", won=True), Bar("Nee", (1, 1), "1 + 1"))
    drawn = {colour for _, colour in seen(chart(*bars)).getcolors(1 << 16) or []}
    assert {rgb(ink), rgb(ground)} <= drawn, "a colour that is promised here is not the one that is drawn"


def _luminance(colour: str) -> float:
    """As WCAG 2 reckons it."""
    parts = [part / 255 for part in rgb(colour)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    "label", [LONG, "W" * 80, "م" * 80, "👨‍👩‍👧‍👦" * 11, "ש" * 40 + " " + "א" * 39, "日" * 80]
)
def test_nothing_is_drawn_in_the_margins(label: str) -> None:
    bars = [Bar(label, (number,), "1.234.567 + 987.654", won=number == 20) for number in range(1, 21)]
    image = seen(Chart(label * 3, tuple(bars), label))
    paper = Image.new("RGB", (36, image.height), PAPER)
    for left in (0, 640 - 36):
        assert image.crop((left, 0, left + 36, image.height)).tobytes() == paper.tobytes()


def test_lines_do_not_touch() -> None:
    tall = "Z" + "\u0301" * 40 + "o" + "\u0323" * 40
    image = seen(chart(Bar(f"{tall} {'o' * 60} {tall}", (1,), "1")))
    ((bar, *_),) = [[y for y in range(image.height) if image.getpixel((300, y)) == rgb(BAR)]]
    above = image.crop((0, bar - 2, 640, bar)).getcolors() or []
    assert [colour for _, colour in above] == [rgb(PAPER)]


@pytest.mark.parametrize("drawn", [plain(3, 2, won=0), chart(Bar("مكتبة (Krook) 👍🏿", (1, 2), "١"))])
def test_the_same_chart_gives_the_same_bytes_in_any_thread(drawn: Chart) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(draw, [drawn] * 12)) == {draw(drawn)}


@given(WORDS, st.lists(BARS, max_size=4), WORDS)
@example("", [], "")
@example("\ud800\u202e\x00", [Bar("\ud83d", (-1, 2, 0, 3), "\udfff")], "\U0010ffff")
@example("o", [Bar("o", (1,) * 100, "")], "o")
@settings(max_examples=60)
def test_nothing_that_is_typed_breaks_it(title: str, bars: list[Bar], note: str) -> None:
    assert seen(Chart(title, tuple(bars), note)).width == 640


def test_pillow_is_loaded_only_to_draw() -> None:
    code = "import sys, bot.pictures; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- Fonts --------------------------------------------------------------------------------------


def faces() -> Iterator[tuple[str, bool]]:
    for face in FACES:
        for bold in {False, file_of(face, bold=True) != file_of(face, bold=False)}:
            yield face, bold


@pytest.mark.parametrize(("face", "bold"), list(faces()))
def test_no_character_of_ours_is_drawn_as_nothing(face: str, bold: bool) -> None:
    font = ImageFont.truetype(file_of(face, bold), 28)

    def ink(words: str) -> bytes:
        mask = font.getmask(words)
        return b"%d %d " % mask.size + bytes(mask)

    missing = ink("\U000ffffd")
    assert any(missing.split(b" ", 2)[2]), "the box for what is missing is empty"
    for code in sorted(characters_of(face)):
        if unicodedata.category(chr(code))[0] not in "LNPS" or code == 0x2800:
            continue
        drawn = ink(chr(code))
        assert any(drawn.split(b" ", 2)[2]), f"U+{code:04X} is blank"
        assert drawn != missing or code == 0x25A1, f"U+{code:04X} is missing"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (0x21, 0x24F),  # Latin
        (0x386, 0x3E1),  # Greek
        (0x400, 0x52F),  # Cyrillic
        (0x531, 0x58A),  # Armenian
        (0x5D0, 0x5EA),  # Hebrew
        (0x60C, 0x6FF),  # Arabic
        (0x710, 0x74F),  # Syriac
        (0x905, 0x939),  # Devanagari
        (0x985, 0x9B9),  # Bengali
        (0xA05, 0xA39),  # Gurmukhi
        (0xB85, 0xBB9),  # Tamil
        (0xE01, 0xE3A),  # Thai
        (0x10D0, 0x10FF),  # Georgian
        (0x1200, 0x135A),  # Ethiopic
        (0x1E00, 0x1EFF),  # Latin, for Vietnamese among others
        (0x2D30, 0x2D67),  # Tifinagh
        (0x2190, 0x21FF),  # arrows
        (0x2460, 0x24FF),  # figures in circles
        (0x25A0, 0x27BF),  # shapes, signs and dingbats
        (0x1F600, 0x1F64F),  # faces
    ],
)
def test_what_we_say_we_draw_we_draw(first: int, last: int) -> None:
    known = [
        chr(code) for code in range(first, last + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cc")
    ]
    assert not [char for char in known if not can_draw(char)]


def test_what_no_font_has_is_a_box() -> None:
    empty = seen(chart(Bar("", (1,), "1")))
    boxes = seen(chart(Bar("日本語", (1,), "1")))
    assert boxes.height > empty.height
    assert face_of("日") == "Sans"
    assert width_of("日", LABEL) == pytest.approx(0.6 * 28, abs=1)


def test_fancy_letters_are_drawn_plain() -> None:
    assert clean("𝓖𝓻𝓸𝓮𝓷 𝐝𝐚𝐤 Ｔｏｐ") == "Groen dak Top"
    assert clean("\ufdfd") == "بسم الله الرحمن الرحيم"


def test_the_fonts_are_small_and_free() -> None:
    fonts = sorted(FONTS.glob("*.ttf"))
    assert sum(font.stat().st_size for font in fonts) < 4_000_000
    licence = (FONTS / "OFL.txt").read_text()
    assert not [font.name for font in fonts if font.name not in licence]
    assert {font.name.split("-")[0] for font in fonts} == {f"Noto{face}" for face in FACES}


@shaped
@pytest.mark.parametrize("emoji", EMOJI)
def test_an_emoji_of_several_characters_is_one(emoji: str) -> None:
    assert clusters(emoji) == [emoji]
    assert face_of(emoji) == "Emoji"
    assert width_of(emoji, LABEL) == width_of("👍", LABEL)


@shaped
def test_arabic_is_joined() -> None:
    apart = sum(width_of(letter, LABEL) for letter in "مكتبة")
    assert width_of("مكتبة", LABEL) < 0.9 * apart


def test_without_fribidi_letters_stand_apart_but_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = (shapes, font_of, width_of)
    for cache in caches:
        cache.cache_clear()
    monkeypatch.setattr(ImageFont.core, "HAVE_RAQM", False)
    try:
        assert not shapes()
        assert [laid(run) for run in runs_of("ab גד")] == ["ab ", "דג"]
        assert seen(chart(Bar("مكتبة (Krook) 👍🏿", (1, 2), "8 + 3", won=True))).width == 640
    finally:
        for cache in caches:
            cache.cache_clear()


# --- Lines and reading order --------------------------------------------------------------------


def runs_of(words: str) -> list[Run]:
    paragraph = typeset(words, LABEL, 560)
    return [run for line in paragraph.lines for run, _ in line.runs]


@given(WORDS, st.sampled_from([60, 224, 560]))
def test_what_is_typed_is_never_cut(words: str, room: int) -> None:
    paragraph = typeset(words, LABEL, room)
    drawn = "".join(run.words for line in paragraph.lines for run, _ in line.runs)
    assert Counter(drawn.replace(" ", "")) == Counter(clean(words).replace(" ", ""))


@given(WORDS)
def test_lines_fit(words: str) -> None:
    assert typeset(words, WINNER, 560).width <= 570


def test_words_stay_whole_where_they_can() -> None:
    lines = [line.runs[0][0].words for line in typeset(LONG, LABEL, 560).lines]
    assert " ".join(lines) == LONG
    address = "https://www.stad.gent/nl/over-gent/stadsbestuur/inspraak-en-participatie"
    lines = [line.runs[0][0].words for line in typeset(address, LABEL, 560).lines]
    assert all(line.endswith(("-", "/", ".", "=")) for line in lines[:-1])


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("Dag 12", ">Dag 12"),
        ("אבג", "<אבג"),
        ("Bibliotheek אבג 12", ">Bibliotheek 12|<אבג "),
        ("אבג (Krook) 12:30", ">12:30|<) |>Krook|<אבג ("),
        ("abc (אבג) דהו", ">abc (|<אבג|>) |<דהו"),
        ("ثلاثة ٣٫٥ أو 3", ">3|< أو |>٣٫٥|<ثلاثة "),
        ("شكرا! a, b", ">a, b|<شكرا! "),
        ("a-1 אבג +5%", ">a-1 5%|<אבג +"),
    ],
)
def test_the_order_in_which_a_line_is_seen(words: str, order: str) -> None:
    """From left to right; `<` is what is read from right to left."""
    stretches = [
        (rtl, [run.words for run in runs]) for rtl, runs in groupby(runs_of(words), lambda run: run.rtl)
    ]
    assert (
        "|".join("<" + "".join(said[::-1]) if rtl else ">" + "".join(said) for rtl, said in stretches)
        == order
    )


def test_a_bracket_that_closes_on_the_next_line_is_no_other_bracket() -> None:
    whole = "כאן (" + "Krook " * 14 + ") שם"
    runs = [run for run in runs_of(whole) if "(" in run.words or ")" in run.words]
    assert [run.rtl for run in runs] == [True, True]
