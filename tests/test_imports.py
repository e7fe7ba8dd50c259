"""Imports run adapters -> bot <- storage and never in a circle; a platform's library stays in its adapter."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("bot", "adapters", "storage")
# The composition root: it wires the three together, and nothing in bot/ imports it.
ROOM = "bot/main/"
# What adapters have in common, which knows no platform.
SHARED = {path.stem for path in (ROOT / "adapters").glob("*.py")}
# Libraries, and the only folders that may know them.
HOMES = {
    "nio": ("adapters/matrix/",),
    "vodozemac": ("adapters/matrix/",),
    "Crypto": ("adapters/matrix/", "storage/"),
    "discord": ("adapters/discord/",),
    "mistune": ("adapters/discord/",),
    "wcwidth": ("adapters/discord/",),
    "nh3": ("adapters/matrix/",),
    "selectolax": ("adapters/matrix/",),
    "prompt_toolkit": ("adapters/console/",),
    "PIL": ("bot/pictures/",),
    "reportlab": ("bot/pictures/",),
    "segno": ("bot/pictures/",),
    "dateutil": ("bot/when/",),
    "holidays": ("bot/when/",),
    "sqlalchemy": ("storage/",),
    "alembic": ("storage/",),
    "aiosqlite": ("storage/",),
    "asyncpg": ("storage/",),
    "sqlite3": ("storage/",),
}


@dataclass(frozen=True, slots=True)
class Import:
    """`module` is what is imported, in full; `lazy`: inside a function; `typing`: for types alone."""

    file: str
    line: int
    module: str
    lazy: bool = False
    typing: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def imports_of(source: str, file: str) -> Iterator[Import]:
    """Every import in a file, those inside functions and under TYPE_CHECKING too."""

    def walk(node: ast.AST, lazy: bool, typing: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, lazy, typing)
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(Path(file).parent.parts[: len(Path(file).parent.parts) - node.level + 1])
            base = ".".join(filter(None, [package if node.level else "", node.module or ""]))
            # `from bot.features import polls` may name a module or something in one: look at both.
            for alias in node.names:
                yield Import(file, node.lineno, f"{base}.{alias.name}", lazy, typing)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            named = node.args[0] if node.args else None
            module = named.value if isinstance(named, ast.Constant) else "something computed"
            yield Import(file, node.lineno, str(module), lazy, typing)
        for child in ast.iter_child_nodes(node):
            inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            checking = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            yield from walk(child, lazy or inside, typing or checking)

    yield from walk(ast.parse(source), False, False)


def wrong(found: Import) -> bool:
    """Whether this import runs against the grain."""
    file, (top, *rest) = found.file, found.module.split(".")
    package = file.split("/")[0]
    if top in HOMES:
        return not file.startswith(HOMES[top])
    if top == "something computed":
        return True
    if top not in OURS:
        return False
    if file.startswith(ROOM):
        return False
    if found.module.startswith("bot.main"):
        return True
    if package == "bot":
        mine = file.removeprefix("bot/features/").split("/")[0].removesuffix(".py")
        return top != "bot" or (rest[:1] == ["features"] and rest[1:2] != [mine])
    if package == "storage" and rest[:1] == ["features"]:
        # What a feature's store keeps is in its records, or those of a room of it, or in its only file.
        mine = file.split("/")[1].removesuffix(".py")
        whole = not (ROOT / "bot" / "features" / mine).is_dir()
        is_record = rest[2:3] == ["records"] or rest[3:4] == ["records"]
        return rest[1:2] != [mine] or not (whole or is_record)
    if package == "adapters":
        mine = file.split("/")[1]
        other_adapter = top == "adapters" and rest[:1] != [mine] and rest[0] not in SHARED
        return top == "storage" or other_adapter or rest[:1] == ["features"]
    return top == "adapters"


def all_imports() -> list[Import]:
    return [
        found
        for package in OURS
        for path in sorted((ROOT / package).rglob("*.py"))
        for found in imports_of(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]


def test_imports_run_one_way() -> None:
    found = all_imports()
    assert len({import_.file for import_ in found}) > 30
    assert [str(import_) for import_ in found if wrong(import_)] == []


def module_of(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def arrows(found: Iterable[Import]) -> dict[str, set[str]]:
    """Which of our modules imports which, for types alone and inside functions too."""
    found = list(found)
    modules = {module_of(import_.file) for import_ in found} | {
        module_of(path.relative_to(ROOT).as_posix())
        for package in OURS
        for path in (ROOT / package).rglob("*.py")
    }
    arrows: dict[str, set[str]] = {}
    for import_ in found:
        # `bot.call.Call` is something in `bot.call`.
        named = import_.module if import_.module in modules else import_.module.rpartition(".")[0]
        if named in modules:
            arrows.setdefault(module_of(import_.file), set()).add(named)
    return arrows


def circles(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """Modules that import each other, by way of others perhaps; where several circles meet, one of them."""
    found: dict[frozenset[str], list[str]] = {}

    def walk(path: list[str], done: set[str]) -> None:
        for following in sorted(arrows.get(path[-1], ())):
            if following in path:
                circle = path[path.index(following) :]
                found.setdefault(frozenset(circle), [*circle, following])
            elif following not in done:
                walk([*path, following], done)
        done.add(path[-1])

    done: set[str] = set()
    for module in sorted(arrows):
        if module not in done:
            walk([module], done)
    return list(found.values())


def test_nothing_imports_in_a_circle() -> None:
    assert [" -> ".join(circle) for circle in circles(arrows(all_imports()))] == []


def test_a_circle_is_seen() -> None:
    sources = {
        "bot/call.py": "from bot.core import PleinCore",
        "bot/core.py": "def f():\n    from bot import texts",
        "bot/texts.py": "if TYPE_CHECKING:\n    from bot.call import Call\nimport bot.errors",
        "bot/errors.py": "from bot.model.message import Text",
    }
    found = [import_ for file, source in sources.items() for import_ in imports_of(source, file)]
    assert circles(arrows(found)) == [["bot.call", "bot.core", "bot.texts", "bot.call"]]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("bot/dispatch.py", "from storage.engines import SQLite"),
        ("bot/dispatch.py", "import adapters.console.client"),
        ("bot/features/polls.py", "from bot.features import residents"),
        ("bot/features/polls.py", "from bot.features.residents import set_language"),
        ("bot/features/polls.py", "from . import residents"),
        ("bot/features/polls.py", "from .residents import set_language"),
        ("bot/features/polls.py", "def f():\n    import storage"),
        ("bot/texts.py", "import nio"),
        ("bot/texts.py", "from Crypto.Cipher import AES"),
        ("bot/features/polls/read.py", "def f():\n    from PIL import Image"),
        ("adapters/matrix/render.py", "import PIL.Image"),
        ("storage/polls.py", "from PIL import Image"),
        ("bot/features/polls/ask.py", "from bot.features.residents import set_language"),
        ("bot/texts.py", "if TYPE_CHECKING:\n    from discord import Client"),
        ("bot/call.py", "from sqlalchemy import select"),
        ("bot/call.py", "import importlib\nimportlib.import_module('storage.engines')"),
        ("bot/call.py", "__import__(name)"),
        ("bot/core.py", "from bot.main.config import Config"),
        ("bot/core.py", "from bot.features import polls"),
        ("bot/ports/storage.py", "if TYPE_CHECKING:\n    from bot.features.polls.records import PollStore"),
        ("storage/polls.py", "from bot.features.polls.ask import MOST_OPTIONS"),
        ("storage/meetings/agenda.py", "from bot.features.meetings.agenda.show import PAGE"),
        ("storage/people.py", "from bot.features.polls.records import Poll"),
        ("storage/unit.py", "from bot.features.polls.records import POLLS"),
        ("storage/unit.py", "from bot.main.features import FEATURES"),
        ("adapters/matrix/client.py", "from storage.engines import SQLite"),
        ("adapters/matrix/client.py", "from adapters.console.render import render"),
        ("adapters/matrix/client.py", "from bot.features.polls.records import Poll"),
        ("adapters/matrix/client.py", "import discord.ext"),
        ("adapters/console/client.py", "import nio.events"),
        ("adapters/console/client.py", "from sqlalchemy.orm import Session"),
        ("storage/polls.py", "from adapters.matrix import client"),
        ("storage/polls.py", "import nio"),
    ],
)
def test_an_arrow_the_other_way_is_seen(file: str, source: str) -> None:
    assert [import_ for import_ in imports_of(source, file) if wrong(import_)]


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("bot/main/app.py", "from storage.engines import open_database"),
        ("bot/main/cli.py", "def f():\n    from storage.schema import upgrade"),
        ("bot/features/polls.py", "from bot.call import Call"),
        ("storage/tools.py", "from bot.features.tools import TOOLS, Loan"),
        ("bot/main/features.py", "from bot.features import polls\nfrom storage import polls as kept_polls"),
        ("bot/features/polls/ask.py", "from bot.features.polls.records import Plan"),
        ("bot/features/polls/__init__.py", "from bot.features.polls import ask"),
        ("bot/pictures/draw.py", "from PIL import Image"),
        ("storage/keyring.py", "def f():\n    from Crypto.Cipher import AES"),
        ("storage/meetings/agenda.py", "from bot.features.meetings.agenda.records import Item"),
        ("bot/features/meetings/rules.py", "from bot.features.meetings.records import Meeting"),
        (
            "adapters/matrix/client.py",
            "import nio\nfrom adapters.matrix.read import read\nfrom bot.model.people import Place",
        ),
        ("storage/polls.py", "from bot.features.polls.records import Poll\nfrom sqlalchemy import select"),
    ],
)
def test_the_right_arrows_are_left_alone(file: str, source: str) -> None:
    assert [str(import_) for import_ in imports_of(source, file) if wrong(import_)] == []


def test_a_start_on_sqlite_and_matrix_loads_nothing_for_others() -> None:
    """Each of these costs a start time, and whoever runs Plein memory, for as long as it runs."""
    others = {
        "sqlalchemy.dialects.postgresql",
        "asyncpg",
        "alembic",
        "discord",
        "PIL",
        "reportlab",
        "segno",
        "Crypto.PublicKey.ECC",
    }
    code = f"""
import sys
import adapters.matrix.client, bot.main.app, bot.main.cli, bot.main.features
from storage.connections import sqlite_engine
sqlite_engine("sqlite:///:memory:").connect().close()
print(*sorted({others} & sys.modules.keys()))
"""
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert loaded.stdout.split() == []
