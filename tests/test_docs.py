"""The shed that people write down from docs/adding-a-feature.md is the one that works in the tests."""

from __future__ import annotations

import re

import pytest

from tests.test_imports import ROOT

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
