"""Names and options that look the same and are not: no moderator's name is borrowed, no option has a twin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.features.polls.ask import check_options
from bot.lookalikes import alike
from bot.names import folded

MIA = [
    *(
        "mia",
        "MIA",
        "M\u00eda",
        "M i a",
        "Mia.",
        "Mia!",
        "M1a",
        "Mla",
        "M|a",
        "M!a",
        "rnia",
        "M\u0131\u0301a",
    ),
    *("\u041cia", "Mi\u0430", "\u043cia", "\u041c\u04cf\u0430", "M\u04c0a", "M\u0457a"),  # Cyrillic
    *("\u039c\u03b9\u03b1", "M\u0399\u0391"),  # Greek
    *("Mi\u0251", "M\u0269a", "M\u01c0a", "M\u0142a", "M\u0197a", "\u1d0d\u026a\u1d00"),  # Latin
    *(
        "\uff2d\uff49\uff41",
        "\U0001d40c\U0001d422\U0001d41a",
        "\u24c2\u24d8\u24d0",
    ),  # of other widths and hands
    *("\U0001f1f2\U0001f1ee\U0001f1e6", "\U0001f17c\U0001f178\U0001f170"),  # squared, and of flags
    *("\u13b7\u13a5a", "\ua4df\ua4f2\ua4ee", "\u2c98\u2c92a", "\u15f0ia", "M\ua647a"),  # Cherokee to Cyrillic
    *("M\u2d4fa", "M\U00010309a", "M\u0627a", "M\u0661a", "M\u06f1a", "M\u07caa"),  # Tifinagh to N'Ko
    *("M\u2223a", "M\u2502a", "M\u05c0a", "M\u23fda"),  # strokes
]


@pytest.mark.parametrize("twin", MIA)
def test_a_twin_of_a_name_is_seen(twin: str) -> None:
    assert alike(twin, "Mia")
    assert alike("Mia", twin)


@pytest.mark.parametrize(
    "twin", ["Ren\u00e9 Vvilms", "Rene Wi||ms", "R\u0435n\u0435 W\u04cf\u04cf\u04cfms", "RENE W!LMS!"]
)
def test_a_twin_of_two_words_is_seen(twin: str) -> None:
    assert alike(twin, "Ren\u00e9 Willms") or alike(twin, "Ren\u00e9 Wilms")


@pytest.mark.parametrize(
    "other",
    [
        "Maria",
        "Mie",
        "Mina",
        "Miah",
        "Ma",
        "\u0414\u0438\u043c\u0430",
        "\u041c\u0430\u0440\u0456\u044f",
        "\u0645\u064a\u0627",
        "\u7f8e\u4e9a",
    ],
)
def test_another_name_is_no_twin(other: str) -> None:
    assert not alike(other, "Mia")


@given(st.text(min_size=1))
def test_two_names_that_are_looked_for_as_one_are_alike(name: str) -> None:
    assert alike(name, folded(name)) or not folded(name)


@given(st.text(min_size=1))
def test_a_name_is_like_itself(name: str) -> None:
    assert alike(name, name)


@pytest.mark.parametrize(
    ("option", "twin"),
    [
        ("Ja", "J\u0430"),
        ("Ja", "\u0408\u0251"),
        ("Il", "\u04c0\u01c0"),
        ("Plan 1", "Pl\u03b1n l"),
        ("Zaal O", "Zaal \u041e"),
        ("Nee", "N\u0435\u0435"),
        ("Sport", "\u13daport"),
    ],
)
def test_an_option_has_no_twin(option: str, twin: str) -> None:
    for options in ([option, twin], [twin, option], ["Anders", option, "Nog iets", twin]):
        with pytest.raises(UserError) as error:
            check_options(options)
        assert error.value.text.key == "poll.options.double"


@pytest.mark.parametrize(
    "options",
    [
        ("IS", "LS"),
        ("A 1/2", "A 12"),
        ("Kern", "Kem"),
        ("C", "C++", "C#"),
        ("e", "\u00e9"),
        ("Lodz", "\u0141\u00f3d\u017a"),
        ("\u0422\u0430\u043a", "\u041d\u0456", "\u041c\u0430\u0431\u0443\u0442\u044c"),
        ("\u0646\u0639\u0645", "\u0644\u0627"),
        ("\u4e00", "\u4e8c", "\u4e09"),
        ("18:30", "19:30"),
        ("+1", "-1", "1"),
        ("<", ">", "="),
    ],
)
def test_options_that_differ_stay(options: tuple[str, ...]) -> None:
    check_options(options)
