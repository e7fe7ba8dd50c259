"""What looks like an option is asked back before anything stands; a dash that is a dash is left alone."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.commands.read import bind, parse
from bot.errors import Unsure, UserError
from bot.model.message import text
from bot.texts import Texts, Voice
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import COMMANDS, a_call, read
from tests.doubles.platform import open_town

ASKED = '!peiling open "Stiekem?" Ja | Nee'
ANONYMOUS = {"question": "Stiekem?", "options": ("Ja", "Nee"), "anonymous": True}
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"


def asked_back(typed: str, locale: str = "nl") -> Unsure:
    with pytest.raises(Unsure) as asked:
        parse(COMMANDS, typed, locale)
    return asked.value


def bound(unsure: Unsure, number: int = 0) -> dict[str, Any]:
    """The arguments that a button gives."""
    return bind(COMMANDS, COMMANDS.by_path[unsure.command], unsure.choices[number][1], a_call())


def written(unsure: Unsure, locale: str = "nl") -> str:
    return Texts().write(unsure.question, Voice(locale, BRUSSELS, NOW))


@pytest.mark.parametrize(
    "like",
    [
        *("—anoniem", "–anoniem", "-anoniem", "---anoniem", "−−anoniem", "－anoniem", "‐anoniem"),
        *("- -anoniem", "— —anoniem"),
        *("-- anoniem", "— anoniem", "– anoniem", "- anoniem", "--- anoniem"),
        *("--anoniem:", "--anoniem.", "--anoniem!", "(--anoniem)", "`--anoniem`", "—Anoniem.", "(-anoniem)"),
        *("—anonymous", "--anonymous:", "–anoneim", "-anonim"),
    ],
)
def test_it_is_asked_back_with_the_line_as_it_could_be(like: str) -> None:
    for before in (" ", "  ", "|", " | "):
        line = f"{ASKED}{before}{like}"
        asked = asked_back(line)
        assert bound(asked) == ANONYMOUS
        assert "--anon" in written(asked)
        assert written(asked).startswith("Bedoel je het zo: `!peiling open")


@pytest.mark.parametrize(
    ("typed", "args"),
    [
        (f"{ASKED} —sluit 2d —anoniem", {"closes": "2d", "anonymous": True}),
        (f"{ASKED} –sluit “vrijdag 20u” --anoniem", {"closes": "vrijdag 20u", "anonymous": True}),
        (f"{ASKED} —sluit=2d", {"closes": "2d"}),
        (f"{ASKED} --sluit: 2d", {"closes": "2d"}),
        (f"{ASKED} --sluit:2d", {"closes": "2d"}),
        (f"{ASKED} - sluit 2d", {"closes": "2d"}),
        ('!peiling open —sluit 2d "Stiekem?" Ja | Nee', {"closes": "2d"}),
        ('!peiling open "Stiekem?" Ja —anoniem | Nee', {"anonymous": True}),
        ('!peiling open "Stiekem?"\n- Ja\n- Nee\n—anoniem', {"anonymous": True, "options": "- Ja\n- Nee"}),
        ('!peiling open "Stiekem?" Ja--anoniem | Nee', {"anonymous": True}),
        ("!peiling open Stiekem? | Ja | Nee —soort volgorde", {"kind": "volgorde"}),
    ],
)
def test_all_of_a_line_is_mended_at_once(typed: str, args: dict[str, Any]) -> None:
    given = asked_back(typed).choices[0][1]
    stripped = {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}
    assert stripped.items() >= args.items()
    assert given["question"].strip() == "Stiekem?"
    assert "anoniem" not in given["options"]


def test_whoever_means_it_as_a_word_says_so() -> None:
    asked = asked_back(f"{ASKED} —anoniem")
    assert [choice[0] for choice in asked.choices] == [text("unsure.yes"), text("line.words")]
    assert bound(asked, 1) == {"question": "Stiekem?", "options": ("Ja", "Nee —anoniem")}


def test_what_resembles_no_option_is_asked_too() -> None:
    asked = asked_back(f"{ASKED} -misschien")
    assert asked.question == text("line.unknown", words="-misschien")
    assert bound(asked) == {"question": "Stiekem?", "options": ("Ja", "Nee -misschien")}
    assert "option" in written(asked_back('!poll open "Secret?" Yes | No —zzz', "en"), "en")


def test_where_it_can_be_no_word_there_is_no_such_choice() -> None:
    asked = asked_back("!peiling sluit 3 —zeker")
    assert len(asked.choices) == 1
    assert bound(asked) == {"poll": 3, "sure": True}


@pytest.mark.parametrize(
    "options",
    [
        *("Ja - nee | Nee - ja", "Park – plein | Plein", "Lier-centrum | Sint-Jan", "10-12 uur | 12–14 uur"),
        *("-5 | 5 | −10", "-5 graden | -10 °C", "€ 5,- | 10,-", "A -> B | B --> A", "Ja :-D | Nee :-P"),
        *("Zomer - sluit vrijdag | Winter", "Open - anoniem is beter | Nee", "https://x.be/-ja | Nee"),
        *(
            "- Ja\n- Nee",
            "-Ja\n-Nee",
            "– Ja\n– Nee",
            "- open\n- anoniem",
            "- Ja\n- Nee\n- -_-",
            "Ja — nee | Nee",
        ),
        *("Ja -- liever wel | Nee", "- | –", "soort | thema", "Kat-en-hond | —"),
    ],
)
def test_a_dash_is_a_dash(options: str) -> None:
    between = "\n" if "\n" in options else " "
    path, args = read(f'!peiling open "Wat?"{between}{options}')
    assert path == "poll open"
    assert args.keys() == {"question", "options"}
    assert len(args["options"]) == len(options.replace("\n", "|").split("|"))


def test_a_list_that_was_pasted_loses_its_marks() -> None:
    for mark in "-–*•":
        assert read(f'!peiling open "Wat?"\n{mark} Ja\n{mark} Nee')[1]["options"] == ("Ja", "Nee")
    assert read('!peiling open "Wat?"\n- Ja\nNee')[1]["options"] == ("- Ja", "Nee")
    assert read('!peiling open "Wat?" -5 | -10')[1]["options"] == ("-5", "-10")


def test_nothing_in_quotes_looks_like_an_option() -> None:
    assert read('!peiling open "Wat doet —anoniem hier?" "A —anoniem" | B')[1] == {
        "question": "Wat doet —anoniem hier?",
        "options": ("A —anoniem", "B"),
    }


def test_where_there_are_no_options_nothing_looks_like_one() -> None:
    with pytest.raises(UserError):
        read("!peiling mijn -a")
    assert parse(COMMANDS, "!help —anoniem", "nl")[1] == {"subject": "—anoniem"}


SPACES = st.text(" \t", min_size=1, max_size=3)
LIKE = st.builds(
    lambda dashes, gap, name, end: f"{dashes}{gap}{name}{end}",
    st.text(DASHES, min_size=1, max_size=4),
    st.sampled_from(["", "", " "]),
    st.sampled_from(["anoniem", "Anoniem", "anonymous", "ANONIEM"]),
    st.sampled_from(["", ":", ".", "!", " ", "  "]),
)
WORDS = st.text("abcdeé .,?0123456789", min_size=1, max_size=12).filter(str.strip)


@given(WORDS, WORDS, SPACES, LIKE)
def test_an_option_at_the_end_is_never_a_word(question: str, option: str, space: str, like: str) -> None:
    """However its dashes were turned: it is an option, or it is asked."""
    assume(" ".join(option.split()).casefold() != "nee")
    typed = f'!peiling open "{question}" Nee | {option}{space}{like}'
    try:
        args = parse(COMMANDS, typed, "nl")[1]
    except Unsure as asked:
        args = dict(asked.choices[0][1])
    assert args.get("anonymous") is True
    assert "anon" not in args["options"].casefold()


@given(st.lists(st.sampled_from([*DASHES, "a", "1", "Ja", "nee", "|", "\n", " ", ",", "."]), max_size=20))
def test_dashes_among_words_are_kept_or_asked(pieces: list[str]) -> None:
    """Nothing is lost: all that was typed is in the options, or something is asked."""
    typed = "".join(pieces).strip()
    try:
        given = parse(COMMANDS, f'!peiling open "Wat?" {typed}', "nl")[1]
    except (Unsure, UserError):
        return
    assert given.get("options", "").strip() == typed.removeprefix("|").strip()


@given(st.text(st.sampled_from("-–—— ab|\n\t:=\"“”«»'5"), max_size=60))
def test_any_line_is_read_or_answered(words: str) -> None:
    for command in ("!peiling open", "!stem", "!peiling sluit", "!peiling besluit"):
        with contextlib.suppress(Unsure, UserError):
            parse(COMMANDS, f"{command} {words}", "nl")


@pytest.mark.parametrize(
    "words",
    [
        *("--zzz " * 1300, "—zzz " * 1500, "-sluit " * 1100, "- anoniem " * 780, "--" * 3900, "—" * 7900),
        *("--" + "z" * 7900, "- " * 3900, "-" + " " * 7900, '"a ' * 2600, '"" ' * 2600, '"a" b" ' * 1100),
        *('" a' * 2600, "“a " * 2600, "«a " * 2600, "--sluit=" * 980, "\n- a" * 1900, "„" * 7900, "a" * 7900),
        *("-- -- -- anoniem " * 450, "= " * 3950, "ja " * 2600, "? " * 3900, "\n " * 3900, "x\t" * 3900),
    ],
)
@pytest.mark.parametrize("command", ["!peiling", "!peiling open", "!stem", '!peiling open "Wat?" Ja | Nee'])
def test_a_long_line_costs_what_its_length_is(words: str, command: str) -> None:
    """Measured against a tenth of it, so that a busy machine is no fault."""

    def cost(typed: str) -> float:
        best = 10.0
        for _ in range(3):
            begin = time.process_time()
            with contextlib.suppress(Unsure, UserError):
                parse(COMMANDS, typed, "nl")
            best = min(best, time.process_time() - begin)
        return best

    whole = cost(f"{command} {words}"[:7999])
    # A tenth of the line may cost a tenth; quadratic, it would cost a hundredth.
    assert whole < 0.02 or whole < 40 * cost(f"{command} {words}"[:800]), whole
    assert whole < 0.5


async def test_nothing_stands_before_it_was_answered() -> None:
    async with open_town("sqlite:///:memory:") as town:
        await town.joined("sport")
        answer = await town.core.handle(town.asked("anna", f"{ASKED} —anoniem"))
        assert answer
        assert "!peiling open" in answer.lines[0].values["line"]
        assert "Er loopt hier nu geen peiling" in await town.say("anna", "!peiling lijst")
        yes, words = answer.buttons
        opened = await town.core.handle(town.asked("anna", button=yes))
        assert opened
        again = await town.core.handle(town.asked("anna", button=words))
        assert again == opened
        shown = await town.say("anna", "!peiling toon 1")
        assert "Anoniem" in shown
        assert "2. Nee" in shown
        assert "—anoniem" not in shown


FIELDS = [
    ({"question": "Stiekem?", "options": "Ja | Nee —anoniem"}, "Ja | Nee --anoniem"),
    ({"question": "Stiekem?", "options": "Ja | Nee --anoniem"}, "Ja | Nee --anoniem"),
    ({"question": "Stiekem? -anoniem", "options": "Ja | Nee"}, "Stiekem? --anoniem"),
]


@pytest.mark.parametrize(("fields", "line"), FIELDS)
async def test_an_option_in_the_field_of_something_else_is_asked_back(
    fields: dict[str, str], line: str
) -> None:
    """As slash commands and forms give them, where each option has a field of its own."""
    async with open_town("sqlite:///:memory:") as town:
        await town.joined("sport")
        filled = replace(town.asked("anna", "x"), typed=None, command="poll open", args=fields)
        answer = await town.core.handle(filled)
        assert answer
        assert answer.lines[0] == text("line.meant", line=line)
        assert "Er loopt hier nu geen peiling" in await town.say("anna", "!peiling lijst")
        as_option, as_words = answer.buttons
        assert as_option.args["anonymous"] is True
        assert "anonymous" not in as_words.args
        await town.core.handle(town.asked("anna", button=as_words))
        assert "anoniem" in await town.say("anna", "!peiling toon 1")


@pytest.mark.parametrize("options", ["Ja - nee | Nee", "- Ja\n- Nee", "-5 | -10", "Ja -misschien | Nee"])
async def test_a_dash_in_a_field_is_a_dash(options: str) -> None:
    async with open_town("sqlite:///:memory:") as town:
        await town.joined("sport")
        args = {"question": "Wat?", "options": options}
        answer = await town.core.handle(
            replace(town.asked("anna", "x"), typed=None, command="poll open", args=args)
        )
        assert answer
        assert answer.lines[0].key == "poll.opened"
