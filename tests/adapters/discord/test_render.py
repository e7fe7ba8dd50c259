"""What Plein sends to Discord: within all limits, as people typed it, and nothing lost without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import discord
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.discord import ids
from adapters.discord.render import Rendered, Writer, values_of
from adapters.discord.words import shorten, units
from bot.model.message import (
    Attachment,
    Button,
    Field,
    Form,
    Message,
    NativePoll,
    Suggestion,
    Text,
    message,
    text,
    typed,
)
from bot.model.people import Identity, Known, Resident
from bot.texts import LOCALES, Texts, Voice
from bot.unseen import visible
from tests.doubles.calls import COMMANDS
from tests.doubles.discord import errors
from tests.doubles.discord.components import check_modal
from tests.doubles.discord.limits import check_message, demand_something
from tests.test_texts_complete import CATALOGUES, HOLE

SOURCE = "discord:1234567890123456789"
MOMENT = datetime(2026, 12, 4, 19, 0, tzinfo=UTC)
CHIP = f"<t:{int(MOMENT.timestamp())}:F>"


def writer(locale: str = "nl") -> Writer:
    voice = Voice(locale, ZoneInfo("Europe/Brussels"), datetime(2026, 12, 1, tzinfo=UTC))
    return Writer(Texts(), voice, COMMANDS)


def content(*lines: Text, locale: str = "nl") -> str:
    return writer(locale).render(message(*lines)).content or ""


def body_of(rendered: Rendered) -> dict[str, Any]:
    """As it goes to Discord."""
    return {
        "content": rendered.content,
        "embeds": [rendered.embed.to_dict()] if rendered.embed else [],
        "components": rendered.view.to_components() if rendered.view else [],
    }


def buttons(rendered: Rendered) -> list[dict[str, Any]]:
    return [button for row in body_of(rendered)["components"] for button in row["components"]]


# --- reading as Discord does ---

# What Discord takes for a piece of its own before it looks for anything else.
ESCAPED, CODE, CHIPS = r"\\[^0-9A-Za-z\s]", r"`[^`]+`", r"<t:-?\d+:F>"
ADDRESS = r"https?://[^\s<]+[^<.,:;\"'\]\s]"
PIECES = re.compile(f"(?P<escaped>{ESCAPED})|(?P<code>{CODE})|(?P<chip>{CHIPS})|(?P<address>{ADDRESS})")
ACTIVE = re.compile(r"[\\*_~|`<@\[\]]|:[\w+-]+:|^[^\S\n]*(?:#{1,3}|-#?|\+|>{1,3}|\d+\.)(?=\s)", re.MULTILINE)


def meant(shown: str) -> list[str]:
    """What would mean something to Discord beside code, chips and addresses; there should be nothing."""
    return ACTIVE.findall(PIECES.sub("\N{BULLET}", shown))


def seen(shown: str) -> str:
    """What a reader sees of it."""
    return PIECES.sub(lambda piece: piece[0].removeprefix("\\") if piece["escaped"] else piece[0], shown)


def as_read(words: str) -> str:
    """For who does not look at the width of a character."""
    return words.translate({0xFEE0 + n: n for n in range(0x21, 0x7F)} | {0x200A: None})


HOSTILE_WORDS = [
    *"*_~|`\\<>@[]()#-+.:!/ \n1a",
    "@everyone",
    "<@1>",
    "<@&1>",
    "<#1>",
    "<:e:1>",
    "</cmd:1>",
    "<t:1:F>",
    ":smile:",
    "[x](http://x.be)",
    "https://x.be/a_b*c*|d",
    "http://x.be/~a~~",
    "\n# x",
    "\n> x",
    "\n- x",
    "\n1. x",
    "\n-# x",
    "||x||",
    "```x```",
    "\x01",
    "\x02",
    "\x03" + "1\x04",
    "\u202e",
    "\ud800",
    "\N{PARTY POPPER}",
    "é",
]
HOSTILE = st.text(max_size=40) | st.lists(st.sampled_from(HOSTILE_WORDS), max_size=30).map("".join)
LONG = HOSTILE | st.builds(lambda words, times: words * times, HOSTILE, st.integers(1, 300))


@pytest.mark.parametrize(
    "words", [words for words in HOSTILE_WORDS if visible(words) == words and words.strip()]
)
def test_what_is_typed_is_shown_as_typed(words: str) -> None:
    shown = content(typed(f"a {words} b"))
    assert meant(shown) == []
    assert as_read(seen(shown)) == f"a {words} b"


@given(HOSTILE)
@example("*http://x.be*")
@example("\x01!help\x02")
@example("http://*x* xhttp://y*")
def test_typed_words_never_mean_anything(words: str) -> None:
    shown = content(typed(words), text("poll.receipt.nothing", question=words))
    assert meant(shown) == []
    assert as_read(visible(words)) in as_read(seen(shown))
    assert "<t:" not in PIECES.sub(lambda piece: "" if piece["escaped"] else piece[0], shown)


def test_lines_keep_their_numbers_and_bars_stand_first() -> None:
    assert content(text("poll.line.hidden", number=1, option="Ja")) == r"1\. Ja"
    line = text("poll.line.choice", bar="█▓░", number=1, option="Ja", count=2)
    assert content(line) == "█▓░ 1. Ja: 2 stemmen"


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("zie https://x.be/een_huis?a=1&b=c#d.", "https://x.be/een_huis?a=1&b=c#d"),
        ("**https://x.be/een_huis**", "https://x.be/een_huis"),
        ("<https://x.be>", "https://x.be"),
        ("[hier](https://x.be/(a))", "https://x.be/(a))"),  # Discord itself counts the brackets
        ("||https://x.be/~jan||", "https://x.be/~jan"),
    ],
)
def test_an_address_can_still_be_followed(words: str, address: str) -> None:
    found = PIECES.finditer(content(typed(words)))
    assert [piece["address"] for piece in found if piece["address"]] == [address]


def test_backticks_do_not_end_what_can_be_typed() -> None:
    shown = content(text("command.wrong", problem=typed("x"), usage="!foo `**a** <@1>\nb"))
    assert shown == "x Typ het zo: `/foo ˋ**a** <@1> b`"


# --- moments ---


def test_moments_are_shown_in_the_zone_of_who_reads() -> None:
    assert content(text("poll.opened.closes", closes=MOMENT)) == f"Ze sluit {CHIP}."


def test_moments_are_written_out_where_discord_shows_no_chips() -> None:
    said = text("poll.opened.closes", closes=MOMENT)
    written = "Ze sluit vrijdag 4 december om 20.00 uur."
    render = writer().render(message(said, title=said, buttons=(Button(said, "poll vote"),)))
    assert render.embed
    assert render.embed.title == written
    assert render.embed.description == f"Ze sluit {CHIP}."
    assert buttons(render)[0]["label"] == written
    assert writer().alt(Attachment("poll:1", "png", said)) == written
    assert writer().suggestions([Suggestion(1, said)])[0].name == written
    form = Form(said, "poll open", {}, (Field("closes", said, said),))
    data = writer().modal(form, "x").to_dict()
    assert data["title"] == written
    assert data["components"][0]["label"] == data["components"][0]["description"] == written
    assert content(text("command.wrong", problem=typed("x"), usage=text("typed", words=MOMENT))) == (
        "x Typ het zo: `vrijdag 4 december om 20.00 uur`"
    )


# --- lines to type ---


@pytest.mark.parametrize(
    ("locale", "line", "shown"),
    [
        ("nl", "!help", "/help"),
        ("nl", "!peiling toon 3", "/peiling toon peiling:3"),
        ("nl", "!stem 1 --peiling 3", "/peiling stem antwoord:1 peiling:3"),
        ("en", "!vote 1 --poll 3", "/poll vote answer:1 poll:3"),
        ("nl", '!peiling open "Waar?" Plein | Park', "/peiling open vraag:Waar? keuze:Plein | Park"),
        ("nl", '!peiling open "vraag" keuze | keuze', "/peiling open vraag:… keuze:… | …"),
        ("nl", "!peiling toon [nummer]", "/peiling toon [peiling:nummer]"),
        ("nl", "!peiling sluit --zeker", "/peiling sluit zeker:True"),
        ("nl", "!peiling", "/peiling"),
        ("nl", "!dans 3", "/dans 3"),
        ("nl", "--sluit wanneer", "sluit:wanneer"),
        ("nl", "--anoniem", "anoniem:True"),
        ("nl", "--sluit", "sluit:"),
        ("nl", '--sluit "vrijdag 20u"', "sluit:vrijdag 20u"),
        ("nl", '!help ["onderwerp"]', "/help [onderwerp:…]"),
        ("nl", '!peiling open "a" "b | c" | "d e"', '/peiling open vraag:a keuze:"b | c" | d e'),
        ("nl", "!peiling open Waar? Plein | Park -sluit 2d", "/peiling open Waar? Plein | Park -sluit 2d"),
        ("nl", "csv", "csv"),
    ],
)
def test_a_line_is_typed_as_a_slash_command(locale: str, line: str, shown: str) -> None:
    assert content(text("command.wrong", problem=typed("x"), usage=line), locale=locale).endswith(
        f": `{shown}`"
    )


def lines_to_type() -> Iterator[tuple[str, str]]:
    for locale in LOCALES:
        for key, forms in CATALOGUES[locale].items():
            if any("`" in form for form in forms):
                yield locale, key


@pytest.mark.parametrize(("locale", "key"), list(lines_to_type()))
def test_no_text_tells_people_to_type_what_discord_does_not_know(locale: str, key: str) -> None:
    values: dict[str, Any] = {hole: 3 for form in CATALOGUES[locale][key] for hole in HOLE.findall(form)}
    values |= {"count": 2, "flag": "sluit", "nearest": "anoniem"}
    shown = content(Text(key, values), locale=locale)
    # What is for a terminal is typed there.
    assert not re.search(r"`!|`--| --\w", re.sub("`plein [^`]+`", "", shown)), shown
    assert meant(shown) == []
    if any("`!" in form for form in CATALOGUES[locale][key]):
        assert "`/" in shown


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("command", COMMANDS.by_path.values(), ids=list(COMMANDS.by_path))
def test_how_each_command_is_typed_reads_well(locale: str, command: Any) -> None:
    if command.listed:
        usage = COMMANDS.usage(command, locale)
        shown = content(text("command.wrong", problem=typed(""), usage=usage), locale=locale)
        assert re.search(r"`/[\w-]+(?: [\w-]+)*(?: \[?[\w-]+:[^`]+)?`$", shown), shown


# --- where it fits ---


def test_a_title_makes_it_an_embed_and_a_bare_line_does_not() -> None:
    rendered = writer().render(message(typed("a"), typed("b"), title=typed("*")))
    assert rendered.content is None
    assert rendered.embed
    assert (rendered.embed.title, rendered.embed.description) == (r"\*", "a\nb")
    rendered = writer().render(message(typed("a")))
    assert (rendered.content, rendered.embed, rendered.view, rendered.overflow) == ("a", None, None, None)


def test_what_stands_over_a_title_stays_there() -> None:
    shown = message(typed("a"), title=typed("Wat loopt"))
    rendered = writer().render(replace(shown, blocks=(text("community.heading", name="D_rp"), *shown.blocks)))
    assert rendered.embed
    assert rendered.content == r"Voor D\_rp:"
    assert (rendered.embed.title, rendered.embed.description) == ("Wat loopt", "a")
    check_message(body_of(rendered))
    rendered = writer().render(replace(shown, blocks=(typed("*" * 1_500), *shown.blocks)))
    assert rendered.embed
    assert (rendered.content, rendered.embed.description) == (None, r"\*" * 1_500 + "\na")


def test_the_longest_board_of_nothing_but_markup_is_shown_whole() -> None:
    options = [text("poll.line.choice", bar="█" * 10, number=n, option="\\" * 80, count=2) for n in range(20)]
    rendered = writer().render(message(*options, title=typed("*" * 250)))
    assert rendered.embed
    assert rendered.embed.title == "＊" * 250
    assert rendered.overflow is None
    assert (rendered.embed.description or "").replace("\\\\", "＼").count("＼") == 20 * 80
    check_message(body_of(rendered))
    reasons = tuple(text("poll.board.reason", reason="_" * 280) for _ in range(10))
    rendered = writer().render(message(*reasons, title=typed("?")))
    assert rendered.embed
    assert (rendered.embed.description or "").count("＿") == 2_800
    assert rendered.overflow is None


def test_a_title_that_does_not_fit_stands_above_the_lines() -> None:
    rendered = writer().render(message(typed("a"), title=typed("é*" * 200)))
    assert rendered.embed
    assert rendered.embed.title is None
    assert rendered.embed.description == "**" + r"é\*" * 200 + "**\na"
    assert rendered.overflow is None


def test_what_is_too_long_for_content_is_an_embed_before_anything_else() -> None:
    rendered = writer().render(message(typed("*" * 1_500)))
    assert rendered.content is None
    assert rendered.embed
    assert rendered.embed.title is None
    assert rendered.embed.description == r"\*" * 1_500


def test_what_does_not_fit_at_all_is_in_a_file() -> None:
    lines = tuple(text("poll.outcome.still_open", question=f"{number} *{'x' * 90}") for number in range(50))
    rendered = writer().render(
        message(*lines, text("poll.opened.closes", closes=MOMENT), title=typed("Titel"))
    )
    assert rendered.embed
    shown = (rendered.embed.description or "").split("\n")
    assert shown[-1] == "De rest past hier niet. Alles staat in het bestand hierbij."
    assert all(line.endswith("`/peiling sluit`.") for line in shown[:-1])
    assert units(rendered.embed.description or "") > 3_800
    assert rendered.overflow
    written = rendered.overflow.split("\n")
    assert written[:2] == ["Titel", ""]
    assert len(written) == 53
    assert written[2].startswith("“0 *xxx")
    assert written[-1] == "Ze sluit vrijdag 4 december om 20.00 uur."


def test_characters_are_counted_as_the_longer_of_two_ways() -> None:
    assert units("\N{PARTY POPPER}") == 2
    assert shorten("\N{PARTY POPPER}" * 10, 10) == "\N{PARTY POPPER}" * 4 + "…"
    assert shorten("abc", 3) == "abc"


# --- buttons ---


def board(options: int = 20, at_most: int = 3) -> Message:
    actions = [
        Button(typed(f"**{n}**"), "poll tick", {"poll": 3, "option": n}) for n in range(1, options + 1)
    ]
    names = tuple(typed(f"**{n}**") for n in range(1, options + 1))
    ballot = NativePoll(typed("?"), names, at_most, "poll choose", {"poll": 3})
    return message(typed("a"), title=typed("?"), buttons=tuple(actions), native_poll=ballot)


def test_a_board_has_a_button_for_each_option_and_a_list_for_several() -> None:
    rendered = writer().render(board())
    *pressed, several = buttons(rendered)
    assert len(body_of(rendered)["components"]) == 5
    assert [button["label"] for button in pressed] == [f"**{n}**" for n in range(1, 21)]
    assert ids.read(pressed[4]["custom_id"]) == ids.Filled("poll tick", {"poll": 3, "option": 5})
    assert ids.read(several["custom_id"]) == ids.Filled("poll choose", {"poll": 3}, chosen=True)
    assert several["placeholder"] == "Kies er hoogstens 3"
    assert (several["min_values"], several["max_values"]) == (1, 3)
    assert [option["value"] for option in several["options"]] == [str(n) for n in range(1, 21)]
    assert rendered.view
    assert rendered.view.timeout is None
    assert rendered.view.is_finished()  # or discord.py would keep it in memory
    check_message(body_of(rendered))


def test_a_list_of_which_all_may_be_chosen_says_so() -> None:
    several = buttons(writer().render(board(options=3, at_most=3)))[-1]
    assert (several["placeholder"], several["max_values"]) == ("Kies er zoveel je wilt", 3)
    several = buttons(writer().render(board(options=3, at_most=20)))[-1]
    assert (several["placeholder"], several["max_values"]) == ("Kies er zoveel je wilt", 3)


def test_no_list_where_one_is_chosen_or_all_is_over() -> None:
    assert all(button["type"] == 2 for button in buttons(writer().render(board(at_most=1))))
    ended = NativePoll(typed("?"), (typed("a"), typed("b")), 2, "poll choose", {"poll": 3}, typed("over"))
    assert writer().render(message(typed("a"), native_poll=ended)).view is None


def test_what_settles_something_stands_out() -> None:
    actions = (
        Button(typed("a"), "poll tick", {"poll": 1}),
        Button(typed("b"), "poll close", {"poll": 1}, style="danger"),
        Button(typed("c"), "poll extend", {"poll": 1}, style="primary"),
    )
    styles = [button["style"] for button in buttons(writer().render(message(buttons=actions)))]
    assert styles == [
        discord.ButtonStyle.secondary.value,
        discord.ButtonStyle.danger.value,
        discord.ButtonStyle.primary.value,
    ]


def test_what_does_not_fit_in_a_button_refers_to_its_answer_or_its_message() -> None:
    long = Button(typed("Ja"), "poll open", {"question": "?" * 90, "options": ("a", "b")})
    shown = message(typed("x"), buttons=(Button(typed("Nee"), "help"), long))
    found = buttons(writer().render(shown, SOURCE))
    assert ids.read(found[1]["custom_id"]) == ids.Referred(SOURCE, 1)
    posted = buttons(writer().render(shown))
    assert ids.read(posted[1]["custom_id"]) == ids.Own(1)


def test_what_is_one_too_many_is_typed() -> None:
    actions = tuple(Button(typed(f"n{n}"), "poll show", {"poll": n}) for n in range(27))
    rendered = writer().render(message(buttons=actions))
    assert len(buttons(rendered)) == 25
    assert rendered.content == "n25: typ `/peiling toon peiling:25`\nn26: typ `/peiling toon peiling:26`"


FORM = Form(
    typed("Een peiling"),
    "poll open",
    {"anonymous": True},
    (
        Field("question", typed("Vraag"), typed("Wat wil je weten?"), "Waar?"),
        Field("options", typed("Keuzes"), long=True, value="a\nb"),
        Field(
            "kind", typed("Soort"), value="b", choices=(("a", typed("A")), ("b", typed("B"))), required=False
        ),
        Field("closes", typed("Sluit"), required=False),
    ),
)


def test_a_form_has_a_button_of_its_own() -> None:
    shown = message(typed("x"), form=FORM)
    (answered,) = buttons(writer().render(shown, SOURCE))
    assert answered["label"] == "Een peiling"
    assert ids.read(answered["custom_id"]) == ids.Referred(SOURCE, 0, form=True)
    (posted,) = buttons(writer().render(shown))
    assert ids.read(posted["custom_id"]) == ids.Own(0, form=True)


def test_options_come_before_a_form_where_not_all_finds_room() -> None:
    full = board()
    shown = message(*full.lines, buttons=full.buttons, native_poll=full.native_poll, form=FORM)
    found = buttons(writer().render(shown))
    assert [component["type"] for component in found] == [2] * 20 + [3]
    shown = message(*full.lines, buttons=board(21).buttons, native_poll=full.native_poll, form=FORM)
    found = buttons(writer().render(shown))
    assert [component["type"] for component in found] == [2] * 21


# --- forms ---


def test_a_form_pops_up_as_it_is_meant() -> None:
    data: Any = writer().modal(FORM, ids.refer(None, form=True)).to_dict()
    check_modal_of(data)
    assert (data["title"], data["custom_id"]) == ("Een peiling", ids.refer(None, form=True))
    question, options, kind, closes = data["components"]
    assert (question["label"], question["description"]) == ("Vraag", "Wat wil je weten?")
    assert [part["component"]["custom_id"] for part in data["components"]] == ["0", "1", "2", "3"]
    assert question["component"]["value"] == "Waar?"
    assert question["component"]["style"] == discord.TextStyle.short.value
    assert options["component"]["style"] == discord.TextStyle.paragraph.value
    assert options["component"]["value"] == "a\nb"
    assert [option["value"] for option in kind["component"]["options"] if option["default"]] == ["b"]
    assert (kind["component"]["min_values"], kind["component"]["required"]) == (0, False)
    assert closes["component"]["required"] is False


def test_what_a_form_needs_to_be_read_stands_above_it() -> None:
    asked = Field("answer", typed("Volgorde"))
    lines = (text("poll.line.hidden", number=1, option="**Plein**"), text("poll.option.date", at=MOMENT))
    form = Form(typed("x"), "poll vote", {"poll": 3}, (asked,), lines=lines)
    data: Any = writer().modal(form, "x").to_dict()
    check_modal_of(data)
    above, below = data["components"]
    assert above == {
        "type": discord.ComponentType.text_display.value,
        "content": r"1\. \*\*Plein\*\*" + "\nvrijdag 4 december om 20.00 uur",
    }
    assert below["component"]["custom_id"] == "0"
    # No room is left above five fields.
    full = Form(typed("x"), "poll vote", {"poll": 3}, (asked,) * 5, lines=lines)
    data = writer().modal(full, "x").to_dict()
    check_modal_of(data)
    assert [part["label"] for part in data["components"]] == ["Volgorde"] * 5


def test_the_longest_options_all_stand_above_a_form() -> None:
    lines = tuple(text("poll.line.hidden", number=number, option="*" * 80) for number in range(1, 21))
    form = Form(typed("x"), "poll vote", {}, (Field("answer", typed("a")),), lines=lines)
    above = writer().modal(form, "x").to_dict()["components"][0]["content"]
    assert above.count("*") == 1_600
    assert units(above) <= 4_000
    longer = tuple(typed("*" * 80) for _ in range(30))
    form = Form(typed("x"), "poll vote", {}, (Field("answer", typed("a")),), lines=longer)
    above = writer().modal(form, "x").to_dict()["components"][0]["content"]
    assert above.count("＊") == 2_400


def test_a_label_that_does_not_fit_goes_on_below() -> None:
    option = "Een bank op het plein, tussen de linde en de fontein, met een leuning"
    fields = (Field("answer", typed(option)), Field("answer", typed("Niets")))
    data: Any = writer().modal(Form(typed("x"), "poll vote", {}, fields), "x").to_dict()
    check_modal_of(data)
    long, short = data["components"]
    assert long["label"] == "Een bank op het plein, tussen de linde en de…"
    assert long["description"] == option
    assert short.get("description") is None


def check_modal_of(data: Any) -> None:
    form = errors.Form()
    check_modal(form, data)
    form.check()


def test_what_was_filled_in_is_read_in_order() -> None:
    submitted = {
        "custom_id": "x",
        "components": [
            {"type": 18, "component": {"type": 3, "custom_id": "2", "values": ["a"]}},
            {"type": 1, "components": [{"type": 4, "custom_id": "1", "value": "c\nd"}]},
            {"type": 18, "component": {"type": 4, "custom_id": "0", "value": "Wie?"}},
        ],
    }
    assert values_of(FORM, submitted) == ["Wie?", "c\nd", "a", ""]
    assert FORM.filled_in(values_of(FORM, submitted)) == {
        "anonymous": True,
        "question": "Wie?",
        "options": "c\nd",
        "kind": "a",
    }


ODD = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["custom_id", "value", "values", "component", "components"]), inner, max_size=5
        )
    ),
)


@given(st.dictionaries(st.sampled_from(["components", "component", "values", "custom_id"]), ODD))
def test_odd_data_is_no_answer(submitted: dict[str, Any]) -> None:
    found = values_of(FORM, submitted)
    assert len(found) == 4
    assert all(isinstance(value, str) for value in found)


# --- the rest ---


def test_suggestions_are_plain_and_few() -> None:
    many = [Suggestion(n, typed("*" * 120)) for n in range(30)]
    found = writer().suggestions([Suggestion("x" * 101, typed("a")), Suggestion("y", typed("")), *many])
    assert len(found) == 25
    assert (found[0].name, found[0].value) == ("y", "y")
    assert (found[1].name, found[1].value) == ("*" * 99 + "…", 0)


def test_what_a_picture_shows_fits() -> None:
    assert units(writer().alt(Attachment("poll:1", "png", typed("é" * 2_000)))) == 1_024


# --- whatever people type ---

SAID = LONG.map(typed)
ARGS = st.dictionaries(st.sampled_from(["poll", "question", "sure"]), st.integers(0, 9) | HOSTILE, max_size=2)
BUTTONS = st.builds(Button, SAID, st.sampled_from(["poll show", "poll open", "help"]), ARGS)
POLLS = st.builds(
    NativePoll,
    SAID,
    st.lists(SAID, max_size=27).map(tuple),
    st.integers(1, 30),
    st.just("poll choose"),
    st.just({"poll": 3}),
    st.none() | SAID,
)
PICKED = st.lists(st.tuples(HOSTILE, SAID), max_size=27).map(tuple)
FIELDS = st.builds(
    Field, st.just("question"), SAID, st.none() | SAID, LONG, PICKED, st.booleans(), st.booleans()
)
FORMS = st.builds(
    Form,
    SAID,
    st.just("poll open"),
    st.just({}),
    st.lists(FIELDS, min_size=1, max_size=6).map(tuple),
    lines=st.lists(SAID, max_size=5).map(tuple),
)
MESSAGES = st.builds(
    lambda lines, **rest: message(*lines, **rest),
    st.lists(SAID | st.just(text("poll.opened.closes", closes=MOMENT)), max_size=12),
    title=st.none() | SAID,
    buttons=st.lists(BUTTONS, max_size=27),
    native_poll=st.none() | POLLS,
    form=st.none() | FORMS,
)


@given(MESSAGES, st.none() | st.just(SOURCE))
def test_whatever_is_typed_discord_takes_it_and_reads_nothing_into_it(
    message: Message, source: str | None
) -> None:
    rendered = writer().render(message, source)
    body = body_of(rendered)
    check_message(body)
    if any(visible(str(line.values.get("words", "x"))).strip() for line in message.lines):
        demand_something(body)
    shown = rendered.content or (rendered.embed.description if rendered.embed else "") or ""
    title = (rendered.embed.title if rendered.embed else None) or ""
    if message.title and rendered.embed and not title:
        shown = shown.removeprefix("**").replace("**\n", "\n", 1).removesuffix("**")
    assert meant(shown) == []
    assert meant(title) == []
    assert units(shown) <= (4_096 if rendered.embed else 2_000)
    assert units(title) <= 256
    if rendered.overflow is None:
        assert all(
            as_read(visible(line.values.get("words", "")).strip()) in as_read(seen(shown))
            for line in message.lines
        )
    else:
        assert shown.split("\n")[-1] == "De rest past hier niet. Alles staat in het bestand hierbij."


@given(FORMS)
def test_whatever_a_form_holds_discord_takes_it(form: Form) -> None:
    if len(form.fields) <= 5:
        data: Any = writer().modal(form, ids.refer(None, form=True)).to_dict()
        check_modal_of(data)
        above = [part["content"] for part in data["components"] if "content" in part]
        assert all(units(words) <= 4_000 and meant(words) == [] for words in above)


# --- people ---

PEOPLE = {
    1: Known("*Ben* (2)", (Identity("matrix", "@ben:x"), Identity("discord", "42"))),
    2: Known("# <@7>", (Identity("matrix", "@an:x"),)),
}
BEN, AN, GONE = Resident(1, "Ben"), Resident(2, "An"), Resident(3, "<@8>")


def naming(*people: Resident) -> Text:
    return text("typed", words=people)


def for_people() -> Writer:
    shown = writer()
    return replace(shown, voice=replace(shown.voice, people=PEOPLE))


def test_people_are_mentioned_where_discord_reads_mentions() -> None:
    said = for_people().render(message(naming(BEN, AN, GONE)))
    assert said.content == r"<@42>, # \<\@7> en \<\@8>"
    titled = for_people().render(message(naming(BEN), title=naming(BEN, AN)))
    assert titled.embed
    assert titled.embed.description == "<@42>"
    assert titled.embed.title == r"\*Ben\* (2) en # \<\@7>"


def test_who_chose_a_name_is_called_by_it_and_not_by_what_discord_shows() -> None:
    people = {1: Known("*Ann*", (Identity("discord", "42"),), own=True)}
    shown = for_people()
    said = replace(shown, voice=replace(shown.voice, people=people)).render(message(naming(BEN)))
    assert said.content == r"\*Ann\*"


def test_people_are_called_by_name_where_nothing_is_read() -> None:
    shown, label = for_people(), naming(BEN, AN)
    form = Form(label, "poll vote", {}, (Field("answer", label, label, choices=(("a", label),)),))
    said = shown.render(message(label, buttons=[Button(label, "poll show")], form=form))
    assert [button["label"] for button in buttons(said)] == ["*Ben* (2) en # <@7>"] * 2
    assert shown.plain(label) == shown.alt(Attachment("poll:3", "png", label)) == "*Ben* (2) en # <@7>"
    dialog = str(shown.modal(form, "1g0").to_dict())
    assert "<@42>" not in dialog
    assert dialog.count("*Ben* (2) en # <@7>") == 4
    long = shown.render(message(*[naming(BEN)] * 2_000))
    assert long.overflow
    assert set(long.overflow.split("\n")) == {"*Ben* (2)"}


@given(st.text(max_size=30))
def test_no_name_means_anything_to_discord(name: str) -> None:
    account = (Identity("discord", "42"),)
    for known in (Known(name, ()), Known(name, account), Known(name, account, own=True)):
        people = {1: known}
        shown = replace(writer(), voice=replace(writer().voice, people=people))
        said = shown.render(message(naming(BEN), title=naming(BEN)))
        for words in (said.embed.title, said.embed.description) if said.embed else ():
            assert not meant((words or "").replace("<@42>", ""))
