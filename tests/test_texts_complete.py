"""Every text exists in every language with the same holes, is used, and nothing is said without one."""

from __future__ import annotations

import ast
import builtins
import functools
import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from adapters.discord.channels import NEEDED, NEEDED_FOR_POLLS
from adapters.discord.homes import NEEDED as NEEDED_AT_HOME
from adapters.discord.lacks import FOR_CARRYING, FOR_THEMES, USEFUL
from bot.commands.read import bind, parse
from bot.commands.talk import SAID
from bot.features.communities import Setting, choices_of
from bot.features.help import FIRST, TOPICS
from bot.features.kudos.records import KudosSettings, Receives
from bot.features.kudos.taste import Wish
from bot.features.kudos.totals import Switch
from bot.features.kudos.words import Receivers
from bot.features.meetings.draw.records import Duty
from bot.features.meetings.minutes.records import Kind as Line
from bot.features.meetings.minutes.records import State
from bot.features.meetings.minutes.words import Owner
from bot.features.meetings.records import PLACES, Way
from bot.features.meetings.settings import MeetingsSettings
from bot.features.moderation.records import Deed
from bot.features.polls.ask import CONSENT_OPTIONS
from bot.features.polls.forms import ASKED as MARKED
from bot.features.polls.kinds import BESIDE, CONSENT_WORDS, DATE_WORDS, NUMBER_WORDS
from bot.features.polls.records import Kind, Results, Voters
from bot.features.polls.settings import PollsSettings
from bot.features.polls.show import PRESSED
from bot.features.reminders.say import Snoozed
from bot.features.residents.records import About
from bot.features.residents.wishes import Wanted
from bot.features.themes.records import Held, Involvement, Often
from bot.main.features import stores_of
from bot.model.message import text
from bot.model.people import Resident
from bot.model.signs import Why
from bot.texts import LOCALES, Texts, Voice
from bot.when.belgium import PUBLIC, SCHOOL
from storage.tables import metadata
from tests.chat import BRUSSELS, NOW
from tests.doubles.calls import COMMANDS, a_call
from tests.doubles.installed import FEATURES
from tests.test_imports import ROOT

HOLE = re.compile(r"\{(\w+)(?:\|or)?\}")
# Calls whose first argument is a key.
SAYS = {"text", "Text", "UserError", "Unread", "_template", "find", "words"}
# Calls whose first argument is the end of a key of a parameter: ".help" of "param.closes.help".
OF_AN_ARGUMENT = {"key", "find_text"}


def catalogue(locale: str) -> dict[str, tuple[str, ...]]:
    """The forms of each key: one, or one for each plural."""
    found: dict[str, tuple[str, ...]] = {}
    for path in files_of(locale):
        with path.open("rb") as file:
            for message in read_po(file, locale=locale, abort_invalid=True):
                if message.id:
                    found[key_of(message)] = forms_of(message)
    return found


def files_of(locale: str) -> list[Path]:
    """The catalogues of a language: one for each feature, for each adapter and for the core."""
    return sorted((ROOT / "bot" / "locales" / locale).glob("*.po"))


def key_of(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def forms_of(message: Message) -> tuple[str, ...]:
    forms = message.string or ()
    return (forms,) if isinstance(forms, str) else tuple(forms)


CATALOGUES = {locale: catalogue(locale) for locale in LOCALES}
# Storage says nothing; there `text` is SQLAlchemy's.
FILES = [path for package in ("bot", "adapters") for path in sorted((ROOT / package).rglob("*.py"))]


def keys_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each key that code names, with its line; `*` stands for what is filled in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).split(".")[-1]
            if name in SAYS and node.args:
                yield from ((key, node.lineno) for key in spelled(node.args[0]))
            elif name in OF_AN_ARGUMENT and node.args:
                yield from ((f"param.*{key}", node.lineno) for key in spelled(node.args[0]))
            elif name == "wrong" and len(node.args) > 1:
                yield from ((key, node.lineno) for key in spelled(node.args[1]))


def spelled(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from spelled(node.body)
        yield from spelled(node.orelse)


def said() -> list[tuple[str, str]]:
    """Every key that code names, and where."""
    return [
        (key, f"{path.relative_to(ROOT)}:{line}")
        for path in FILES
        for key, line in keys_in(ast.parse(path.read_text(encoding="utf-8")))
    ]


# --- keys that are built ---

LISTED = [command for command in FEATURES.commands if command.listed]
ARGUMENTS = [argument for command in LISTED for argument in COMMANDS.arguments(command)]
# What a form asks for: what a command says that it asks, or else cannot do without.
FORMS = {
    command.path: asked
    for command in LISTED
    if (
        asked := [
            argument
            for argument in COMMANDS.arguments(command)
            if argument.name in command.asks or argument.required
        ]
    )
}
ASKED = [argument for asked in FORMS.values() for argument in asked] + [
    argument for argument in ARGUMENTS if argument.name == "theme"
]  # in private
# What stands in the menus of messages and people, where a platform has these.
IN_MENUS = [command.path for command in LISTED if command.on_message or command.on_member]
GROUPS = {command.path.split()[0] for command in LISTED if " " in command.path}
CHOSEN_VOTERS = set(Voters) - {Voters.EVERYONE}
FORM_KINDS = {*MARKED, Kind.APPROVAL}
# What an option got; a date has several marks, of which those that nobody gave are left out.
TOLD = [*Kind, "dates.yes", "dates.if_need_be", "dates.nobody"]
COUNTED = {*Kind} - {Kind.APPROVAL, Kind.CONSENT}  # approval is told like a choice, consent in its own way


def filled(key: str, *words: Iterable[str]) -> set[str]:
    """The key with every combination of these words in its holes."""
    return {key.replace("*", "{}").format(*chosen) for chosen in itertools.product(*words)}


# Each shape of a repetition, and every so many of it.
SHAPES = ["workdays", "year_nth", "year_day", "year_last_day"] + [
    f"{shape}{several}"
    for shape in ("day", "week", "month_nth", "month_day", "month_last_day")
    for several in ("", "s")
]

# With a day by which it is to be done, or without.
DATED = ["", ".undated"]

# What each key that is built becomes, by how code spells it; all of that must be there ...
STEERED = ("closed", "cancelled", "extended", "outcome")
# The words with which the questions of `plein init` are answered.
ANSWERED = ["yes", "no", "both", "here", "file", "environment", "keep", "password", "token"]
LACKS_ON_MATRIX = ["messages", "reactions", "polls", "redact", "carried"]
CHOSEN = [
    (setting, choice)
    for setting in Setting
    for section in (PollsSettings(), MeetingsSettings(), KudosSettings())
    for choice in choices_of(section, setting)
]
BUILT = {
    "command.*": filled("command.*", [command.path for command in LISTED]),
    "command.*.help": filled("command.*.help", [command.path for command in LISTED]),
    "community.*.*": {f"community.{setting}.{choice}" for setting, choice in CHOSEN},
    "community.*.*.words": {f"community.{setting}.{choice}.words" for setting, choice in CHOSEN},
    "community.bad.*": {f"community.bad.{setting}" for setting, _ in CHOSEN}
    | filled("community.bad.*", ["quiet", "remind"]),
    "community.none.*": filled("community.none.*", ["quiet", "remind"]),
    "param.setting.*": filled("param.setting.*", Setting),
    "param.setting.*.label": filled("param.setting.*.label", Setting),
    "config.twice.*": filled(
        "config.twice.*", ["residents", "themes", "theme_names", "servers", "spaces", "names", "keys"]
    ),
    "param.*": {argument.key("") for argument in ARGUMENTS},
    "param.*.*": {argument.key(f".{choice}") for argument in ARGUMENTS for choice in argument.choices},
    "command.*.title": filled("command.*.title", FORMS),
    "command.*.menu": filled("command.*.menu", IN_MENUS),
    "talk.*": filled("talk.*", SAID),
    "talk.*.answer": filled("talk.*.answer", SAID),
    "group.*.help": filled("group.*.help", GROUPS),
    "param.*.help": {argument.key(".help") for argument in ARGUMENTS},
    "param.*.label": {argument.key(".label") for argument in ASKED},
    "param.*.*.label": {
        argument.key(f".{choice}.label") for argument in ASKED for choice in argument.choices
    },
    "param.*.yes": {argument.key(".yes") for argument in ASKED if not argument.needs_value},
    "digest.is.*": filled("digest.is.*", set(Often) - {Often.NOW}),
    "digest.chosen.*": filled("digest.chosen.*", set(Often) - {Often.NOW}),
    "digest.button.*": filled("digest.button.*", Often),
    "mod.log.*": filled("mod.log.*", Deed),
    "discord.permission.*": filled(
        "discord.permission.*",
        {*NEEDED, NEEDED_FOR_POLLS, *USEFUL, *FOR_CARRYING, *FOR_THEMES}.union(*NEEDED_AT_HOME.values()),
    ),
    "discord.without.*": filled(
        "discord.without.*", [*NEEDED, NEEDED_FOR_POLLS, *USEFUL, *FOR_CARRYING, *FOR_THEMES]
    ),
    "matrix.lacks.*": filled("matrix.lacks.*", LACKS_ON_MATRIX),
    "matrix.without.*": filled("matrix.without.*", LACKS_ON_MATRIX),
    "init.secret.*.*": filled("init.secret.*", ["discord.token", "matrix.password", "matrix.token"]),
    "init.word.*": filled("init.word.*", ANSWERED),
    "kudos.*": filled("kudos.*", ["no_more", "wall.none", "wall.none.month", "mine.none"]),
    "certificate.*": filled("certificate.*", ["enlisted", "unlisted"]),
    "certificate.button.*": filled("certificate.button.*", ["enlist", "unlist"]),
    "certificate.list.*": filled("certificate.list.*", ["name", "themes"]),
    "kudos.reply.*": filled("kudos.reply.*", ["plain", "words"]),
    "kudos.*.told": filled("kudos.*.told", ["withdrawn", "removed"]),
    "kudos.button.*": filled("kudos.button.*", Wish),
    "kudos.button.*.*": {f"kudos.button.{on}.{yes}" for on in ("wall", "expertise") for yes in ("on", "off")},
    "kudos.totals.*": filled("kudos.totals.*", Switch),
    "kudos.taste.*": filled("kudos.taste.*", Receives),
    "language.name.*": filled("language.name.*", LOCALES),
    "list.*": filled("list.*", ["and", "or"]),
    **{f"meeting.{what}.*": filled(f"meeting.{what}.*", Way) for what in ("button", "mine")},
    **{
        f"meeting.{what}.*": filled(f"meeting.{what}.*", PLACES)
        for what in (
            *(
                "count",
                *("came", "came.nobody"),
                "nobody",
                "mine.waits",
                "moved_up",
                "no_way",
                "nowhere_now",
                "over_full",
                "receipt.keeps",
            ),
            "remind.waits",
            *("who.comes", "who.waits", "board.how", "guests.way", "for.name"),
            *("series.every", "every.waits", "every.waits.you"),
        )
    },
    "minutes.written.*": filled("minutes.written.*", Line),
    "minutes.count.*": filled("minutes.count.*", [*Line, "action"]),
    "minutes.line.action*": filled("minutes.line.action*", DATED),
    "minutes.line.free*": filled("minutes.line.free*", DATED),
    **{
        f"action.{what}*": filled(f"action.{what}*", DATED)
        for what in ("line", "line.free", "noted", "noted.free", "told", "taken")
    },
    "action.is.*": filled("action.is.*", State),
    "action.remind.*": filled("action.remind.*", ["soon", "today", "late"]),
    "meeting.word.*": filled("meeting.word.*", Way),
    "meeting.who.*": filled("meeting.who.*", [Way.MAYBE, Way.NO]),
    "meeting.receipt.*.*": filled("meeting.receipt.*.*", ["you", "for"], Way),
    "meeting.for.told.*": filled("meeting.for.told.*", Way),
    "meeting.receipt.*.waits.*": filled("meeting.receipt.*.waits.*", ["you", "for"], PLACES),
    **{f"reminder.set.*{how}": filled(f"reminder.set.*{how}", ["me", "here"]) for how in ("", ".repeated")},
    "reminder.button.*": filled("reminder.button.*", Snoozed),
    "rating.button.*": filled("rating.button.*", map(str, range(1, 6))),
    "meeting.told.*": filled("meeting.told.*", ["place", "link"]),
    "meeting.told.all.*": filled("meeting.told.all.*", ["cancelled", "restored", "which"]),
    "meeting.told.without.*": filled("meeting.told.without.*", ["place", "link"]),
    "poll.*.anonymous": filled("poll.*.anonymous", ["show", "mine"]),
    "poll.*.chose": filled("poll.*.chose", ["show", "mine"]),
    "poll.*.nothing": filled("poll.*.nothing", ["show", "mine"]),
    "poll.*.sure": filled("poll.*.sure", ["close", "cancel"]),
    "poll.*.sure.nobody": filled("poll.*.sure.nobody", ["close", "cancel"]),
    "poll.*.unreadable": filled("poll.*.unreadable", ["show", "mine"]),
    "poll.*.title": filled("poll.*.title", ["closed", "cancelled"]),
    "poll.bar.*": filled("poll.bar.*", TOLD),
    "poll.before.*": filled("poll.before.*", DATE_WORDS),
    "poll.board.*": filled("poll.board.*", ["closed", "cancelled"]),
    "poll.board.results.*": filled("poll.board.results.*", set(Results) - {Results.LIVE}),
    "poll.board.who.*": filled("poll.board.who.*", CHOSEN_VOTERS),
    "poll.button.*.sure": filled("poll.button.*.sure", ["close", "cancel"]),
    "poll.by.*": filled("poll.by.*", STEERED),
    "poll.chosen.date.*": filled("poll.chosen.date.*", DATE_WORDS),
    "poll.form.*": filled("poll.form.*", FORM_KINDS),
    "poll.form.*.rest": filled("poll.form.*.rest", [Kind.SCORE, Kind.DATES]),
    "poll.form.dates.mark.*": filled("poll.form.dates.mark.*", ["yes", "if_need_be"]),
    "poll.how.*": filled("poll.how.*", Kind),
    "poll.line.*": filled("poll.line.*", TOLD),
    "poll.mark.*": filled("poll.mark.*", DATE_WORDS),
    "poll.suggested.*": filled("poll.suggested.*", ["planned", "open", "closed", "cancelled"]),
    "poll.mine.*": filled("poll.mine.*", ["planned", "open", "closed", "cancelled"]),
    "poll.not_for_you.*": filled("poll.not_for_you.*", CHOSEN_VOTERS),
    "poll.option.*": filled("poll.option.*", CONSENT_OPTIONS),
    "poll.press.*": filled("poll.press.*", [*PRESSED, "several"]),
    "poll.result.*.one": filled("poll.result.*.one", COUNTED),
    "poll.result.*.tie": filled("poll.result.*.tie", COUNTED),
    "poll.word.*": filled("poll.word.*", {**DATE_WORDS, **CONSENT_WORDS, **BESIDE, **NUMBER_WORDS}),
    "poll.yours.*": filled("poll.yours.*", STEERED),
    "profile.*.add": filled("profile.*.add", About),
    "profile.*.are": filled("profile.*.are", About),
    "profile.*.how": filled("profile.*.how", About),
    "profile.*.none": filled("profile.*.none", About),
    "profile.*.of": filled("profile.*.of", About),
    "profile.*.*": filled("profile.*.*", About, ["shown", "hidden"]),
    "profile.button.*": filled("profile.button.*", ["show", "hide"]),
    "relay.signs.*": filled("relay.signs.*", Why),
    "reminders.*": filled("reminders.*", Wanted),
    **{
        f"theme.{what}.*": filled(f"theme.{what}.*", [how.name.lower() for how in Involvement])
        for what in ("list.you", "you", "button")
    },
    **{
        f"theme.{what}.*": filled(f"theme.{what}.*", ["follows", "takes_part"]) for what in ("now", "already")
    },
    **{
        f"theme.term.{what}.*": filled(f"theme.term.{what}.*", Held)
        for what in ("set", "yours", "ends", "ends_of", "over")
    },
    **{f"turn.{what}": filled(f"turn.{what}", Duty) for what in ("*", "you.*")},
    "turn.left.*": filled("turn.left.*", Duty),
    "theme.draw.under_way.*": filled("theme.draw.under_way.*", ["asked", "listed"]),
    "theme.draw.among.*": filled("theme.draw.among.*", ["none", "longest"]),
    "theme.proposal.*": filled("theme.proposal.*", ["opened", "lapsed", "withdrawn"]),
    "when.rule.*": filled("when.rule.*", SHAPES),
    "when.rule.month.*": filled("when.rule.month.*", [str(month) for month in range(1, 13)]),
    "when.rule.nth.*": filled("when.rule.nth.*", ["1", "2", "3", "4", "5", "last"]),
    "when.rule.numbered.*": filled("when.rule.numbered.*", [str(day) for day in range(1, 32)]),
    "when.rule.weekday.*": filled("when.rule.weekday.*", [str(weekday) for weekday in range(7)]),
    "when.left_out.named.*": filled(
        "when.left_out.named.*", [*PUBLIC.values(), *SCHOOL.values(), "public", "school"]
    ),
    "role.needed.*": filled("role.needed.*", ["organiser", "moderator"]),
}
# ... and of these some: where there is none, something else is said.
PERHAPS = {
    "command.*.example": filled("command.*.example", FIRST),
    "command.*.examples": filled("command.*.examples", [command.path for command in LISTED]),
    # Only a command of several words is looked for by the one that says what it does.
    "help.topic.*": filled("help.topic.*", TOPICS),
    "help.about.*.*": {f"help.about.{topic}.{part}" for topic, parts in TOPICS.items() for part in parts},
    # A file that there is no word for is called as its kind is.
    "file.*": {f"file.{kind}" for feature in FEATURES.all for kind in feature.files},
    "command.*.said": filled("command.*.said", ["come"]),
    "command.*.meant": filled(
        "command.*.meant", ["come", "here", *(command.path for command in LISTED if " " in command.path)]
    ),
    "param.*.hint": {argument.key(".hint") for argument in ASKED},
    "param.*.value": {argument.key(".value") for argument in ARGUMENTS if argument.needs_value},
}

# What somebody's own file calls tables and columns; without a name they keep their own.
_TABLES = [
    table for of in (metadata, *(stored.tables for stored in stores_of())) for table in of.sorted_tables
]
KEPT = {f"kept.{table.name}" for table in _TABLES} | {
    key
    for table in _TABLES
    for column in table.c
    for key in (f"kept.field.{column.name}", f"kept.field.{table.name}.{column.name}")
}


def becomes(key: str) -> set[str]:
    """A key as code spells it, as the keys that there are."""
    return {**BUILT, **PERHAPS}.get(key, {key})


def literals() -> set[str]:
    """Every string in the code, for keys that go through a variable or a table."""
    return {
        node.value
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_every_language_has_every_text() -> None:
    first, *others = LOCALES
    for locale in others:
        assert set(CATALOGUES[first]) ^ set(CATALOGUES[locale]) == set()


def test_every_language_has_the_same_catalogues_with_the_same_keys() -> None:
    first, *others = LOCALES
    for path in files_of(first):
        keys = re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        for locale in others:
            theirs = path.parents[1] / locale / path.name
            assert keys == re.findall(r'^msgid "(.+)"$', theirs.read_text(encoding="utf-8"), re.MULTILINE)


def test_no_text_is_empty_and_none_is_there_twice() -> None:
    for locale in LOCALES:
        assert [key for key, forms in CATALOGUES[locale].items() if not all(forms) or not forms] == []
        sources = [path.read_text(encoding="utf-8") for path in files_of(locale)]
        keys = [key for source in sources for key in re.findall(r'^msgid "(.+)"$', source, re.MULTILINE)]
        assert len(keys) == len(set(keys))
        assert not any("#, fuzzy" in source for source in sources)


@pytest.mark.parametrize("key", sorted(CATALOGUES["nl"]))
def test_the_same_holes_in_every_language_and_form(key: str) -> None:
    holes = {
        (locale, number): set(HOLE.findall(form))
        for locale in LOCALES
        for number, form in enumerate(CATALOGUES[locale][key])
    }
    assert len({frozenset(names) for names in holes.values()}) == 1, holes
    assert len({len(CATALOGUES[locale][key]) for locale in LOCALES}) == 1
    for locale in LOCALES:
        for form in CATALOGUES[locale][key]:
            assert form.count("`") % 2 == 0, form
            assert not re.search(r"[{}]", HOLE.sub("", form)), form


def test_it_is_known_what_every_built_key_becomes() -> None:
    assert {key for key, _ in said() if "*" in key} == {*BUILT, *PERHAPS}
    assert all(BUILT.values())


def test_what_stands_in_a_menu_has_a_title_there() -> None:
    """Discord takes 32 characters, and five of each kind."""
    for locale in LOCALES:
        titles = [CATALOGUES[locale].get(f"command.{path}.menu", ("",))[0] for path in IN_MENUS]
        assert all(0 < len(title) <= 32 for title in titles)
        assert len({*titles}) == len(titles) <= 5


def test_every_key_in_the_code_is_a_text() -> None:
    missing = [
        f"{where}: {form}"
        for key, where in said()
        if key not in PERHAPS
        for form in becomes(key)
        if form not in CATALOGUES["nl"]
    ]
    # Also where a key goes through a variable or a table: whatever looks like one is one.
    families = {key.split(".")[0] for key in CATALOGUES["nl"]}
    looks = re.compile(rf"(?:{'|'.join(map(re.escape, families))})(?:\.[a-z_]+)+")
    missing += [
        key
        for key in sorted(literals())
        if looks.fullmatch(key) and key not in {*CATALOGUES["nl"], *FEATURES.jobs, "config.toml"}
    ]
    assert missing == []


def test_whoever_adds_a_feature_reads_of_every_text_that_a_command_may_have() -> None:
    told = (ROOT / "docs" / "adding-a-feature.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| key \|.*?\n\n", told, re.MULTILINE | re.DOTALL)
    asked = {key for key in (*BUILT, *PERHAPS) if key.startswith(("command.*", "param.*", "group.*"))}
    suffixes = {re.sub(r"^\w+\.\*", "", key).replace("*", "WORD") for key in asked}
    assert suffixes >= {".help", ".label", ".WORD.label"}
    assert [suffix for suffix in sorted(suffixes) if f"{suffix}`" not in table] == []


def test_every_text_is_used() -> None:
    used = literals().union(*BUILT.values(), *PERHAPS.values(), KEPT)
    assert [key for key in CATALOGUES["nl"] if key not in used] == []


def test_every_text_gets_what_it_asks_for() -> None:
    """The values that code gives to a key are those that it has holes for, and a count where it
    has plurals."""
    wrong = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = ast.unparse(node.func).split(".")[-1]
            at = 1 if name == "wrong" else 0
            if name not in {"text", "UserError", "wrong"} or len(node.args) <= at:
                continue
            given = {keyword.arg for keyword in node.keywords}
            if None in given:
                continue
            for key in (form for spelt in spelled(node.args[at]) for form in becomes(spelt)):
                for forms in (CATALOGUES["nl"].get(key, ()), CATALOGUES["en"].get(key, ())):
                    holes = set(HOLE.findall(" ".join(forms))) | ({"count"} if len(forms) > 1 else set())
                    if forms and not holes <= given:
                        wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}: {key} lacks {holes - given}")
    assert wrong == []


# --- nothing is said without a text ---

# Words that tell that a string is meant to be read by residents.
DUTCH = "de het een je jij jouw ik niet geen wel van voor met is zijn was deze dit naar nog"
ENGLISH = "the a you your i not no this that is are was for with please from have has can"
SPOKEN = re.compile(rf"\b(?:{'|'.join((DUTCH + ' ' + ENGLISH).split())})\b", re.IGNORECASE)
# What operators read in the log, and what never leaves the program: there the code's own language does.
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log", "_attempt", "compile"}


@functools.cache
def errors() -> set[str]:
    """The classes whose words go into the log: every exception but UserError, which holds a key."""
    classes = [
        node
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    bases = {node.name: {ast.unparse(base).split(".")[-1] for base in node.bases} for node in classes}
    ours = {name for name, of in bases.items() if any(base.endswith(("Error", "Exception")) for base in of)}
    return ours | {name for name in dir(builtins) if name.endswith("Error")}


# What begins like this is said to a database: nio's own, in which the keys of rooms are.
STATEMENTS = ("CREATE", "DELETE", "INSERT", "SELECT")


def sentences(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Strings that read like a sentence; not docstrings, log lines, patterns, or errors nobody is shown."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            if node.body and isinstance(node.body[0], ast.Expr):
                silent.add(id(node.body[0].value))
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))
        match node:
            case ast.Raise() | ast.Assert():
                quiet = True
            case ast.ClassDef():
                quiet = node.name in errors()
            case ast.Call():
                # Nor who says that a rule is so.
                quiet = ast.unparse(node.func).split(".")[-1] in LOGS | errors() | {"Rule"}
            case _:
                quiet = False
        if quiet:
            silent.update(id(inner) for inner in ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent:
            words = node.value.split()
            if len(words) >= 3 and SPOKEN.search(node.value) and words[0] not in STATEMENTS:
                yield node.value, node.lineno


def test_features_and_adapters_speak_only_from_the_catalogues() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {words}"
        for folder in (ROOT / "bot" / "features", ROOT / "adapters")
        for path in sorted(folder.rglob("*.py"))
        for words, line in sentences(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_a_sentence_in_the_code_is_seen() -> None:
    for source in (
        'x = "Dat gaat nu niet"',
        'return_("You have no vote here")',
        'y = f"Er is geen {x} meer"',
    ):
        assert list(sentences(ast.parse(source)))
    for source in (
        '"""What is it for."""',
        'log.info("the server is away")',
        'raise ValueError("not for you")',
    ):
        assert not list(sentences(ast.parse(source)))


@pytest.mark.parametrize("locale", LOCALES)
def test_names_of_commands_are_plain(locale: str) -> None:
    """Several names are apart by `|`; each is words alone, or it could not be typed."""
    for key in BUILT["command.*"]:
        for name in CATALOGUES[locale][key][0].split("|"):
            assert re.fullmatch(r"[\w-]+(?: [\w-]+)*", name), (locale, key)
            assert name == name.casefold()


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_typed_behind_two_dashes_and_what_is_chosen_are_words(locale: str) -> None:
    flags = {argument.key("") for argument in ARGUMENTS if argument.named}
    for key in flags | BUILT["param.*.*"] | BUILT["poll.word.*"]:
        for word in CATALOGUES[locale][key][0].split("|"):
            # "if need be": so many words of a ballot about dates are looked at together.
            most = 2 if key == "poll.word.if_need_be" else 1 if key.startswith("param.way.") else 0
            # "niet op de muur": these are all that stands behind their command.
            most = 3 if key.startswith("param.wish.") else most
            assert re.fullmatch(rf"[^\W\d][\w-]*(?: [^\W\d][\w-]*){{0,{most}}}", word), (locale, key)
            assert word == word.casefold()


@pytest.mark.parametrize("marks", [DATE_WORDS, CONSENT_WORDS], ids=["dates", "consent"])
def test_no_word_stands_for_two_marks(marks: dict[str, int]) -> None:
    """In whatever language it is said: all are understood everywhere."""
    meanings: dict[str, set[int]] = {}
    for name, mark in marks.items():
        for locale in LOCALES:
            for word in CATALOGUES[locale][f"poll.word.{name}"][0].split("|"):
                meanings.setdefault(word, set()).add(mark)
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_every_example_is_understood(locale: str) -> None:
    """What can be copied from the help works as it stands."""
    found = 0
    for command in LISTED:
        for name in ("example", "examples"):
            for line in CATALOGUES[locale].get(f"command.{command.path}.{name}", ("",))[0].split("\n"):
                if line:
                    read, given = parse(COMMANDS, line.replace("\\n", "\n"), locale)
                    assert read.path == command.path
                    # Whom somebody means is looked for among those who are there: scenarios do.
                    if not any(
                        argument.kind in (Receivers, Owner, Resident)
                        for argument in COMMANDS.arguments(command)
                    ):
                        assert bind(COMMANDS, command, given, a_call(locale))
                    found += 1
    assert found >= 6


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_said_of_commands_fits_where_it_is_shown(locale: str) -> None:
    """Menus of platforms have room for so much, with the words to choose from filled in."""
    voice = Voice(locale, BRUSSELS, NOW)
    said = [text(f"command.{command.path}.help") for command in LISTED]
    said += [argument.about(locale) for argument in ARGUMENTS]
    said += [COMMANDS.about_group(noun) for noun in GROUPS]
    lengths = {line.key: len(Texts().write(line, voice)) for line in said}
    assert {key: length for key, length in lengths.items() if not 0 < length <= 100} == {}
