"""Quotation marks of any language; quotes inside quotes are read where there is no doubt, else asked back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands import quotes
from bot.commands.quotes import quotations, quoted_clearly, single_quotation
from bot.commands.read import parse
from bot.errors import Unsure
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import COMMANDS, read, refused

VOICE = Voice("nl", BRUSSELS, NOW)


@pytest.mark.parametrize(
    "quoted",
    [
        *('"Waar?"', "“Waar?”", "„Waar?“", "„Waar?”", '„Waar?"', "”Waar?”", "«Waar?»", "»Waar?«", "‚Waar?‘"),
        *("“Waar?“", '"Waar?”', '"Waar?“', '"Waar? "', '"Waar?"'),
    ],
)
def test_quotes_of_any_language(quoted: str) -> None:
    for rest in ("Plein | Park", "|Plein|Park", "\nPlein\nPark", f"{quoted[0]}Plein{quoted[-1]} | Park"):
        args = read(f"!peiling open {quoted} {rest}")[1]
        assert args == {"question": "Waar?", "options": ("Plein", "Park")}
    assert read(f"!peiling open {quoted} A | B --sluit {quoted[0]}2d{quoted[-1]} --anoniem")[1]["anonymous"]


@pytest.mark.parametrize(
    ("question", "inside"),
    [
        ("“Zei hij “ja” of “nee”?”", "Zei hij “ja” of “nee”?"),
        ("„Zei hij „ja“ of „nee“?“", "Zei hij „ja“ of „nee“?"),
        ('«Zei hij "ja" of "nee"?»', 'Zei hij "ja" of "nee"?'),
        ('"Wie wint \'s avonds?"', "Wie wint 's avonds?"),
    ],
)
def test_what_is_balanced_beyond_doubt_is_read(question: str, inside: str) -> None:
    assert read(f"!peiling open {question} Ja | Nee")[1] == {"question": inside, "options": ("Ja", "Nee")}


@pytest.mark.parametrize(
    ("typed", "question", "options"),
    [
        ('"Zei hij "ja" of "nee"?" Ja | Nee', 'Zei hij "ja" of "nee"?', "Ja | Nee"),
        ('"Zei hij "ja" of "nee"" Ja | Nee', 'Zei hij "ja" of "nee"', "Ja | Nee"),
        ('""Ja" zei hij?" Ja | Nee', '"Ja" zei hij?', "Ja | Nee"),
        ('"Zei hij " ja " of nee" Ja | Nee', 'Zei hij " ja " of nee', "Ja | Nee"),
        ('"Een buis van 5" breed?" Ja | Nee', 'Een buis van 5" breed?', "Ja | Nee"),
        ('“Zei hij "ja" of "nee"?” Ja | Nee', 'Zei hij "ja" of "nee"?', "Ja | Nee"),
        ('"Zei hij (“ja”)?" "Ja" | "Nee"', "Zei hij (“ja”)?", '"Ja" | "Nee"'),
        ('"Ja" of "nee"? Ja | Nee', '"Ja" of "nee"?', "Ja | Nee"),
        ('"Ja" zei hij? Ja | Nee', '"Ja" zei hij?', "Ja | Nee"),
        ('"Ja" of "nee" Ja | Nee', '"Ja" of "nee"', "Ja | Nee"),
    ],
)
def test_what_is_in_doubt_is_asked_back_with_the_line_as_it_could_be(
    typed: str, question: str, options: str
) -> None:
    with pytest.raises(Unsure) as asked:
        parse(COMMANDS, f"!peiling open {typed} --anoniem", "nl")
    (choice,) = asked.value.choices
    given = {name: value.strip() if isinstance(value, str) else value for name, value in choice[1].items()}
    assert given == {"question": question, "options": options, "anonymous": True}
    line = Texts().write(asked.value.question, VOICE)
    assert line == f"Bedoel je het zo: `!peiling open «{question}» {options} --anoniem`?"
    # And the line that is shown is such a line.
    path, args = read(line.removeprefix("Bedoel je het zo: `").removesuffix("`?"))
    assert (path, args["question"], args["options"]) == ("poll open", question, ("Ja", "Nee"))


@pytest.mark.parametrize(
    "typed",
    ['"Waar? Plein | Park', '"Waar?" Plein | Park --sluit "2d', "«Waar? Plein | Park", '"'],
)
def test_what_is_not_closed_is_said(typed: str) -> None:
    assert "aanhalingsteken te weinig" in refused(f"!peiling open {typed}")


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ('5" | 6"', ('5"', '6"')),
        ('"Noord" | Zuid "oud"', ("Noord", 'Zuid "oud"')),
        ('"ja" of "nee" | iets', ('"ja" of "nee"', "iets")),
        ('Jan "de held" Peeters? Of niet | Piet', ('Jan "de held" Peeters? Of niet', "Piet")),
    ],
)
def test_options_may_have_quotes(options: str, wanted: tuple[str, ...]) -> None:
    assert read(f'!peiling open "Wat?" {options}')[1]["options"] == wanted


@pytest.mark.parametrize("room", ["!a", "!-b", "!Ah-iK:example.org"])
def test_a_room_may_be_quoted_behind_a_question(room: str) -> None:
    args = read(f'!peiling open "Wat?" Ja | Nee --thema "{room}"')[1]
    assert (args["question"], args["theme"]) == ("Wat?", room)


@given(st.text(st.sampled_from('"“”„«»‚‘ abé|\n5?-'), max_size=40))
def test_quotations_follow_one_another(words: str) -> None:
    at = -1
    for found in quotations(words):
        assert at < found.start < found.end <= len(words)
        at = found.end


@given(st.text(st.sampled_from('"“”„«»‚‘ ab'), max_size=12))
def test_what_is_quoted_clearly_is_beyond_doubt(words: str) -> None:
    if clear := quoted_clearly(words):
        (found,) = quotations(clear)
        assert (found.start, found.end, found.sure) == (0, len(clear) - 1, True)


@pytest.mark.parametrize("words", ['"', "“", '"a" "', '"a „b', '" “a" ', '("a" '])
def test_whoever_types_nothing_but_marks_holds_up_nobody(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    """Each mark is looked at a few times, however many there are: it is done where everybody's votes wait."""
    looked = 0
    look = quotes._opens

    def opens(words: str, at: int) -> bool:
        nonlocal looked
        looked += 1
        return look(words, at)

    monkeypatch.setattr(quotes, "_opens", opens)
    line = words * (6_000 // len(words))
    assert list(quotations(line))
    assert looked < 12 * len(re.findall('["“”„]', line))


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        ("'A bench?' Yes | No", "A bench?"),
        ("‘What’s new?’ Yes | No", "What’s new?"),
        ("'A new bench' Yes | No", "A new bench"),
        ("'I'm for it' | Yes | No", "I'm for it"),
        ("'Rock 'n' roll?' Yes | No", "Rock 'n' roll?"),
        ("'s Avonds of 's middags? Ja | Nee", None),
        ("’t Park of ’t plein? Ja | Nee", None),
        ("'t Is de meisjes' beurt? Ja | Nee", None),
        ("'The boys' room' | Yes | No", None),
        ("'Whose is it? Yes | No", None),
    ],
)
def test_single_marks_quote_where_they_are_no_apostrophes(words: str, quoted: str | None) -> None:
    end = single_quotation(words)
    assert (words[1:end] if end else None) == quoted
