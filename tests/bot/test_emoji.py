"""One emoji, however a phone spells it, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wcwidth.table_vs16 import VS16_NARROW_TO_WIDE

from bot.emoji import in_full


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("👍", "👍"),
        ("👍🏽", "👍🏽"),
        ("👍\ufe0f", "👍"),
        ("❤", "❤\ufe0f"),
        ("❤\ufe0f", "❤\ufe0f"),
        ("❤\ufe0e", "❤\ufe0f"),
        ("☝🏿", "☝🏿"),
        ("1⃣", "1\ufe0f⃣"),
        ("#\ufe0f⃣", "#\ufe0f⃣"),
        ("🇧🇪", "🇧🇪"),
        ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        ("❤‍🔥", "❤\ufe0f‍🔥"),
        ("🏳‍🌈", "🏳\ufe0f‍🌈"),
        ("👁‍🗨", "👁\ufe0f‍🗨\ufe0f"),
        ("🕵🏻‍♂", "🕵🏻‍♂\ufe0f"),
        ("㊗", "㊗\ufe0f"),
    ],
)
def test_an_emoji_is_spelled_out_in_full(written: str, full: str) -> None:
    assert in_full(written) == full
    assert in_full(full) == full


@pytest.mark.parametrize(
    "written",
    [
        "",
        "a",
        "1",
        "#",
        "ok",
        "👍👍",
        "👍 ",
        "🇧",
        "🇧🇪🇳",
        "‍",
        "\ufe0f",
        "👍‍",
        "字",
        ":blob:",
        "🏻👍",
        "👍" * 500,
        "\ud83d",
    ],
)
def test_anything_else_is_none(written: str) -> None:
    assert in_full(written) is None


@given(st.text(max_size=40))
def test_nothing_raises_and_what_is_full_stays_so(written: str) -> None:
    full = in_full(written)
    assert full is None or in_full(full) == full


def test_the_marks_are_those_that_a_library_knows() -> None:
    """By which it tells how wide something is."""
    for first, last in VS16_NARROW_TO_WIDE["17.0.0"] if "17.0.0" in VS16_NARROW_TO_WIDE else _newest():
        for number in range(first, last + 1):
            character = chr(number)
            written = f"{character}⃣" if character in "#*0123456789" else character
            assert "\ufe0f" in (in_full(written) or ""), hex(number)


def _newest() -> tuple[tuple[int, int], ...]:
    found: tuple[tuple[int, int], ...] = list(VS16_NARROW_TO_WIDE.values())[-1]
    return found
