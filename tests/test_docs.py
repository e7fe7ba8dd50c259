"""Every file that the documents name is there, and the shed of docs/adding-a-feature.md is one that works."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine, inspect

from storage import tables
from tests.made_up.storage import STORED
from tests.test_imports import ROOT

DOCS = (*sorted((ROOT / "docs").glob("*.md")), *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING")))
FOLDERS = {"adapters", "bench", "bot", "docs", "storage", "tests", ".ci"}
# Whoever follows the document makes these, and whoever operates Plein that.
TO_BE_MADE = re.compile(r"tools\.(py|po|chat)$|my_idea|^config\.toml$")
DOC = (ROOT / "docs" / "adding-a-feature.md").read_text(encoding="utf-8")
SHED = ROOT / "tests" / "made_up"
IMPORT = re.compile(r"^(?:from|import) .*\n", re.MULTILINE)
# There its store imports it from elsewhere.
CODE = "\n".join((SHED / name).read_text(encoding="utf-8") for name in ("tools.py", "storage.py")).replace(
    "from tests.made_up.tools import", "from bot.features.tools import"
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.split("\n")[0][:40])
def test_its_code_is_code_that_works(block: str) -> None:
    assert all(line in CODE for line in IMPORT.findall(block))
    for part in IMPORT.sub("", block).split("\n\n\n"):
        # Here its value has a folder for its texts as well.
        assert part.strip().removesuffix("\n)") in IMPORT.sub("", CODE)


def test_its_texts_are_texts_that_work() -> None:
    (block,) = blocks("po")
    assert block == (SHED / "locales" / "nl" / "tools.po").read_text(encoding="utf-8")


def test_its_migration_makes_its_table() -> None:
    (block,) = blocks("py")
    migration: dict[str, Any] = {}
    exec(block, migration)  # noqa: S102
    engine = create_engine("sqlite://")
    with engine.begin() as db:
        tables.metadata.create_all(db)
        context = MigrationContext.configure(db)
        with Operations.context(context):
            migration["upgrade"]()
            every = [tables.metadata, STORED.tables]
            assert list(compare_metadata(context, every)) == []  # type: ignore[arg-type]
            migration["downgrade"]()
        assert {*inspect(db).get_table_names()} == {*tables.metadata.tables}
    engine.dispose()


def names_of_files(section: str) -> Iterator[tuple[str, bool]]:
    """What stands between backticks and looks like a file or folder of ours; and whether it is there.

    A file without its folder is in one that the same section names.
    """
    names = [name.rstrip("/") for name in re.findall(r"`([\w./-]+)`", section)]
    paths = [name for name in names if name.split("/")[0] in FOLDERS]
    folders = [ROOT, *(ROOT / path for path in paths)]
    for name in names:
        if name in paths:
            yield name, (ROOT / name).exists() or (ROOT / f"{name}.py").exists()
        elif re.fullmatch(r"[\w-]+\.(py|md|toml|lock|po|chat)", name):
            yield name, any((folder / name).exists() for folder in folders)


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.stem)
def test_every_file_that_is_named_is_there(doc: Path) -> None:
    named = [
        found
        for section in re.split(r"^##? ", doc.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for found in names_of_files(section)
        if not TO_BE_MADE.search(found[0])
    ]
    assert [name for name, is_there in named if not is_there] == []


@pytest.mark.parametrize("doc", [*DOCS, ROOT / "CHANGELOG.md"], ids=lambda doc: doc.stem)
def test_every_link_leads_somewhere(doc: Path) -> None:
    links = re.findall(r"(?:\]\(|src=\")(?!https?:)([^)#\"]+)", doc.read_text(encoding="utf-8"))
    assert [link for link in links if not (doc.parent / link).exists()] == []


def test_files_that_are_named_are_found() -> None:
    there = dict(names_of_files("`bot/model`: `people.py`, `bot/nowhere.py`, `nowhere.py`, `call.theme`"))
    assert there == {"bot/model": True, "people.py": True, "bot/nowhere.py": False, "nowhere.py": False}


def test_every_dependency_is_told_why() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [
        *project["dependencies"],
        *(name for of in project["optional-dependencies"].values() for name in of),
    ]
    told = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    names = [re.split(r"[^\w.-]", name)[0] for name in needed]
    assert [
        name for name in names if not re.search(rf"^\|.*\b{re.escape(name)}\b.*\|", told, re.MULTILINE)
    ] == []


def test_residents_read_as_much_of_what_is_kept_in_either_language() -> None:
    kept = (ROOT / "docs" / "what-is-kept.md").read_text(encoding="utf-8")
    dutch, english = (
        re.findall(r"^\| .*", half, re.MULTILINE) for half in kept.partition("\n## In English\n")[::2]
    )
    assert len(dutch) == len(english) > 40
