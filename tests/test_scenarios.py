"""Conversations, word for word, on each database; as typed and as filled-in commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.chat import SCENARIOS, difference, read_scenario

ROOT = Path(__file__).parents[1]
FIRST = ROOT / "tests" / "scenarios" / "first_poll.chat"


@pytest.mark.parametrize("filled_in", [False, True], ids=["typed", "filled-in"])
@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
async def test_conversation(file: Path, filled_in: bool, database_url: str) -> None:
    scenario = read_scenario(file)
    assert scenario.turns
    found = await scenario.play(database_url, filled_in=filled_in)
    changes = difference(scenario.turns, found)
    assert not changes, f"\n{changes}"


@pytest.mark.parametrize("through", ["pipe", "file"])
def test_the_first_poll_from_outside(through: str, tmp_path: Path) -> None:
    turns = read_scenario(FIRST).turns
    script = "\n".join(typed for typed, _ in turns)
    command = [sys.executable, "-m", "bot", "console", "--now", "2026-12-01T19:00"]
    if through == "file":
        (tmp_path / "script").write_text(script, encoding="utf-8")
        command += ["--script", str(tmp_path / "script")]
    ran = subprocess.run(
        command,
        input="" if through == "file" else script,
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    expected = "".join(f"{line}\n" for _, said in turns for line in said)
    changes = difference([("", expected.splitlines())], [("", ran.stdout.splitlines())])
    assert not changes, f"\n{changes}"
    assert ran.stdout == expected


def test_a_script_that_is_not_understood_fails(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("anna zegt iets\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "console", "--script", str(tmp_path / "script")],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert ran.returncode == 1
    assert "Regel 1 begrijp ik niet: anna zegt iets." in ran.stdout


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--script", "/nowhere/script", "there is no file '/nowhere/script'"),
        ("--db", "mysql://plein", "begin with sqlite:/// or postgresql://"),
        ("--now", "gisteren", "write it like 2026-12-01T19:00"),
        ("--lang", "tlh", "invalid choice"),
    ],
)
def test_a_wrong_option_is_answered_in_a_line(option: str, value: str, said: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "console", option, value],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        text=True,
        capture_output=True,
        timeout=60,
    )
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
