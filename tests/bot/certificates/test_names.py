"""What somebody may be called on a certificate: a name in any script, and nothing that a sentence has."""

from __future__ import annotations

import pytest

from bot.certificates.names import LONGEST, is_name, is_too_long


@pytest.mark.parametrize(
    "name",
    [
        *(
            "ben",
            "Ben Peeters",
            "Zoë Ångström-Þórsdóttir",
            "Anne-Marie D’hondt",
            "O'Brien",
            "N'Golo",
            "Jo‐Ann",
        ),
        *("J.P. Balkenende", "Dr. St. Jan", "Gal·la", "Van den Bossche", "Łódź", "Nguyễn Thị Ánh Tuyết"),
        *(
            "Ben 👩🏽‍🚀🇧🇪",
            "👨‍👩‍👧‍👦 ❤️",
            "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f Ewan",
        ),
        *("فاطمة الزهراء", "מִרְיָם ג׳ורג׳", "Ἀλέξανδρος", "Дарʼя", "தமிழ்ச்செல்வி", "བསྟན་འཛིན", "አበበ፡በቂላ"),
        *("山田・太郎", "王小明", "김민수", "ขวัญใจ", "می‌نا"),
    ],
)
def test_people_are_called_so(name: str) -> None:
    assert is_name(name)
    assert not is_too_long(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Ben - voor 500 uur werk voor de stad",
            "Ben voor 500 uur",
            "Ben – werkt hier",
            "Ben, voor zijn werk",
        ),
        *(
            "Ben: goed",
            "Ben; goed",
            "Ben! Dank",
            "Ben?",
            "Ben (500 uur)",
            "Ben” en de stad tekent “dit",
            'Ben "x"',
        ),
        *(
            "Ben ... en Lien",
            "Ben . Lien",
            "Ben… en",
            "-Ben",
            "Ben-",
            "Ben\n- voor",
            "Ben\u2028x",
            "x\x00y",
            "\x1b[2J",
        ),
        *(
            "Ben ½",
            "Ben ²",
            "Ben ٥٠٠",
            "Ben ５００",
            "Ben 1️⃣",
            "㏠ Ben",
            "€ Ben",
            "Ben + Lien",
            "a/b",
            "ben_99",
            "<b>x</b>",
        ),
        *(
            "Ben \u202eteeP",
            "\u0301\u0301\u0301",
            "Z" + "\u0300" * 99,
            "\ufffe",
            "---",
            "’",
            ".",
            "=cmd|' /C calc'!A",
        ),
        *("Ben•Lien", "Ben § Lien", "Ben™ 100%", "Ben、werk。"),
    ],
)
def test_nobody_is(name: str) -> None:
    assert not is_name(name)


def test_a_name_is_a_line_at_most() -> None:
    assert not is_too_long("x" * LONGEST)
    for words in ("x" * (LONGEST + 1), "ﷺ" * 10, "", " ", "\u200b"):
        assert is_too_long(words)
