"""What nobody sees is refused, or makes no difference; what emoji and scripts need stays."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.features.polls.ask import check_options, check_question
from bot.names import folded
from bot.unseen import has_unseen, seen_as, visible

# Signs that are written before the digits under them, and are seen: Arabic, Syriac and Kaithi have them.
WRITTEN_BEFORE = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
ALLOWED = "\t\n\u200c\u200d"
# One of each kind: a soft hyphen, what joins graphemes, fillers of Hangul, vowels of Khmer that are not
# shown, a blank of Braille, selectors and tags where there is nothing to select, and a blank of Khitan.
NOTHING_TO_SEE = [
    *("\u00ad", "\u034f", "\u115f", "\u1160", "\u3164", "\uffa0", "\u17b4", "\u17b5", "\u2800"),
    *("\ufe0f", "\ufe00", "\u180b", "\U000e0100", "\U000e0041", "\U000e007f"),
    *("\u200b", "\u2060", "\ufeff", "\U0001d173", "\U0001bca0", "\U00013430", "\U00016fe4", "\U0001d159"),
    *("\ufffe", "\ufdd0"),
]
NEEDED = [
    "❤️",
    "1️⃣ eerst",
    "👨‍👩‍👧",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "می‌خواهم",
    "क्‍ष",
    "葛\U000e0100城",
    "ᠮᠤᠩᠭᠤᠯ᠋",
    "e\u0301én",
    "tab\ten\nregel",
]


def test_all_that_unicode_calls_a_control_or_a_mark_of_format_is_unseen() -> None:
    for number in range(sys.maxunicode + 1):
        letter = chr(number)
        if (
            unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Cs")
            and letter not in "\t\n\u200c\u200d"
        ):
            assert has_unseen(letter) == (letter not in WRITTEN_BEFORE), hex(number)


@pytest.mark.parametrize("letter", NOTHING_TO_SEE)
def test_what_nobody_sees_makes_no_second_option(letter: str) -> None:
    for twin in (f"Park{letter}", f"Pa{letter}rk", f"{letter}Park"):
        assert has_unseen(twin)
        assert not has_unseen(visible(twin))
    assert has_unseen(letter)


@pytest.mark.parametrize("words", NEEDED)
def test_what_emoji_and_scripts_need_stays(words: str) -> None:
    assert not has_unseen(words)
    assert visible(words) == words


@pytest.mark.parametrize(
    ("first", "second"),
    [("❤", "❤️"), ("葛", "葛\U000e0100"), ("Park", "Pa\u200drk"), ("1", "1️"), ("A  B", "a\u00a0b")],
)
def test_what_looks_the_same_is_the_same(first: str, second: str) -> None:
    assert seen_as(first) == seen_as(second)
    with pytest.raises(UserError) as error:
        check_options([first, second])
    assert error.value.text.key == "poll.options.double"
    assert folded(first) == folded(second)


def test_flags_of_parts_of_a_country_are_three_flags() -> None:
    flags = [
        "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in name) + "\U000e007f"
        for name in ("gbeng", "gbsct", "gbwls")
    ]
    check_options(flags)
    assert len(set(map(folded, flags))) == 3


@pytest.mark.parametrize("question", ["\u200d", "\u2800", "\u3164", "\u00a0"])
def test_a_question_that_shows_nothing_is_none(question: str) -> None:
    assert has_unseen(question) or not seen_as(question)
    if not has_unseen(question):
        with pytest.raises(UserError):
            check_question(question)


@given(st.text())
def test_seen_twice_is_seen_once(words: str) -> None:
    assert seen_as(seen_as(words)) == seen_as(words)
    assert visible(visible(words)) == visible(words)
