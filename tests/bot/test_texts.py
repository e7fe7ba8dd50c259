"""Words, plurals, lists and dates; and what people typed, which stays what they typed."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.errors import Clash
from bot.model.message import Attachment, Text, text, typed
from bot.model.people import Identity, Known, Resident
from bot.texts import FOLDER, LOCALES, Texts, Voice
from bot.unseen import has_unseen, visible
from tests.chat import BRUSSELS, NOW

TEXTS = Texts()
NL = Voice("nl", BRUSSELS, NOW)
EN = Voice("en", BRUSSELS, NOW)


@pytest.mark.parametrize(
    ("count", "nl", "en"),
    [
        (0, "0 mensen stemden.", "0 people voted."),
        (1, "1 persoon stemde.", "1 person voted."),
        (2, "2 mensen stemden.", "2 people voted."),
        (9999, "9999 mensen stemden.", "9999 people voted."),
        (100_000, "100.000 mensen stemden.", "100,000 people voted."),
    ],
)
def test_plurals_and_numbers(count: int, nl: str, en: str) -> None:
    said = text("poll.board.people", count=count)
    assert (TEXTS.write(said, NL), TEXTS.write(said, EN)) == (nl, en)


def test_lists() -> None:
    def chose(*names: str) -> str:
        return TEXTS.write(text("poll.show.chose", options=tuple(map(typed, names))), NL)

    assert chose("Ja") == "Jij koos Ja."
    assert chose("Ja", "Nee") == "Jij koos Ja en Nee."
    assert chose("Ja", "Nee", "Later") == "Jij koos Ja, Nee en Later."


def test_a_list_that_something_is_chosen_from_ends_in_or() -> None:
    known = text("theme.unknown", theme="bos", known=(typed("sport"), typed("spel"), typed("groen")))
    assert TEXTS.write(known, NL).endswith("Kies sport, spel of groen.")
    assert TEXTS.write(known, EN).endswith("Choose sport, spel or groen.")


def test_what_is_typed_fills_no_hole() -> None:
    options = (typed("{last}"), typed("{head}"), typed("{options}"))
    assert (
        TEXTS.write(text("poll.show.chose", options=options), NL) == "Jij koos {last}, {head} en {options}."
    )


def test_dates_as_people_write_them() -> None:
    moment = datetime(2026, 12, 1, 18, 30, tzinfo=UTC)
    assert TEXTS.date(moment, NL) == "dinsdag 1 december om 19.30 uur"
    assert TEXTS.date(moment, EN) == "Tuesday 1 December at 19:30"
    another_year = moment.replace(year=2027, month=6)
    assert TEXTS.date(another_year, NL) == "dinsdag 1 juni 2027 om 20.30 uur"
    assert TEXTS.date(another_year, EN) == "Tuesday 1 June 2027 at 20:30"


def test_the_year_turns_where_the_reader_is() -> None:
    midnight = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert TEXTS.date(midnight, NL) == "vrijdag 1 januari 2027 om 00.30 uur"


@pytest.mark.parametrize(
    ("code", "locale"),
    [("nl_BE", "nl"), ("en-GB", "en"), ("EN", "en"), ("fr", "nl"), ("", "nl"), (None, "nl")],
)
def test_the_nearest_language(code: str | None, locale: str) -> None:
    assert TEXTS.nearest(code, "nl") == locale


HTML = replace(NL, escape=lambda words: html.escape(visible(words)), code=("<code>", "</code>"))


@given(st.text())
def test_typed_words_make_no_markup(words: str) -> None:
    said = text(
        "poll.receipt.changed", question=words, before=(typed(words),), options=(typed(words), typed("b"))
    )
    assert set(re.findall(r"<[^>]*>?", TEXTS.write(said, HTML))) == set()
    quoted = TEXTS.write(text("command.unknown", typed=words), HTML)
    assert re.findall(r"<[^>]*>", quoted) == ["<code>", "</code>", "<code>", "</code>"]


@given(st.text())
def test_typed_words_are_shown_as_typed(words: str) -> None:
    assume(not has_unseen(words))
    assert TEXTS.write(typed(words), NL) == words
    assert TEXTS.write(text("poll.opened", question=words, poll=3), NL) == (
        f"Je peiling “{words}” staat open. Ze heeft nummer 3."
    )


@given(st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Lu"])))
def test_nothing_unseen_is_shown(words: str) -> None:
    shown = visible(words)
    assert len(shown) == len(words)
    assert not has_unseen(shown)
    assert has_unseen(words) == (shown != words)
    shown.encode()  # raises where no database would keep it


@pytest.mark.parametrize(
    "mark",
    [
        "\0",
        "\x07",
        "\x1b",
        "\x7f",
        "\x9b",
        "\u061c",
        "\u200b",
        "\u200e",
        "\u202e",
        "\u2067",
        "\ufeff",
        "\udc00",
    ],
)
def test_marks_that_mislead(mark: str) -> None:
    assert visible(f"a{mark}b") == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("words", ["👨‍👩‍👧", "می‌خواهم", "é", "a\tb\nc", "🏳️‍🌈"])
def test_marks_that_belong(words: str) -> None:
    assert visible(words) == words


def test_a_folder_of_its_own_brings_more_texts(tmp_path: Path) -> None:
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl" / "swings.po").write_text('msgid "swing.free"\nmsgstr "Er is een schommel vrij."\n')
    texts = Texts(FOLDER, tmp_path)
    assert texts.write(text("swing.free"), NL) == "Er is een schommel vrij."
    assert texts.write(text("word.yes"), NL) == TEXTS.write(text("word.yes"), NL)
    assert texts.locales == LOCALES


def test_a_text_that_is_in_two_catalogues_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl" / "swings.po").write_text('msgid "word.yes"\nmsgstr "jawel"\n')
    with pytest.raises(Clash, match=r"'word\.yes'.*core\.po and .*swings\.po"):
        Texts(FOLDER, tmp_path).find("word.yes", "nl")


BEN, BEN_TOO = Resident(7, "Ben"), Resident(8, "*Ben*")


def test_a_resident_is_shown_by_the_name_that_nobody_else_has() -> None:
    known = {7: Known("Ben (1)", ()), 8: Known("*Ben* (2)", ())}
    voice = Voice("en", BRUSSELS, NOW, escape=lambda words: words.replace("*", r"\*"), people=known)
    assert TEXTS.write(Text("typed", {"words": BEN}), voice) == "Ben (1)"
    assert TEXTS.write(Text("typed", {"words": BEN_TOO}), voice) == r"\*Ben\* (2)"
    assert TEXTS.write(Text("typed", {"words": (BEN, BEN_TOO)}), voice) == r"Ben (1) and \*Ben\* (2)"


def test_a_platform_shows_people_in_its_own_way_where_it_has_one() -> None:
    here = Identity("here", "7")

    def person(known: Known) -> str | None:
        return f"<@{known.accounts[0].user_id}>" if known.accounts else None

    voice = Voice("en", BRUSSELS, NOW, people={7: Known("Ben", (here,)), 8: Known("Ben", ())}, person=person)
    assert TEXTS.write(Text("typed", {"words": BEN}), voice) == "<@7>"
    assert TEXTS.write(Text("typed", {"words": BEN_TOO}), voice) == "Ben"
    # Whoever was forgotten meanwhile is shown by the name that they had.
    assert TEXTS.write(Text("typed", {"words": BEN}), replace(voice, people={})) == "Ben"


@pytest.mark.parametrize(
    ("subject", "locale", "name"),
    [
        ("certificate:3", "nl", "oorkonde-3.pdf"),
        ("certificate:3", "en", "certificate-3.pdf"),
        ("shed:12", "nl", "shed-12.pdf"),
        ("resident:test:anna", "nl", "resident-test.pdf"),
    ],
)
def test_a_file_is_called_as_its_kind_is_in_a_language_with_its_number(
    subject: str, locale: str, name: str
) -> None:
    assert Texts().file_name(Attachment(subject, "pdf", text("help.first")), locale) == name
