"""What nobody sees in the lines that the console reads: refused kindly, and never printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.console.script import Grants, Says, Signs, Waits, read_line
from bot.errors import UserError
from bot.model.people import Role
from bot.when import Unit

ROOT = Path(__file__).parents[3]
HOSTILE = (
    b"an\x1b[31mna@discord/sport: !poll list\n"
    b"anna@discord/sp\x1b[2Jort: !poll list\n"
    b"anna@discord/sp\x9bort: !poll list\n"
    b"role an\xc2\x9bna@discord moderator\n"
    b"one person: anna@discord ben@ma\x1btrix\n"
    b"\x1b[2Jwhatever\n"
    b"anna@discord/sport: !poll open \x9b\n"
    b'anna@discord/sport: !poll open "Komen we?" Ja | Nee\n'
    b"exit\n"
)


@pytest.mark.parametrize("by_script", [True, False])
def test_a_script_with_what_nobody_sees_is_played_to_the_end(tmp_path: Path, by_script: bool) -> None:
    script = tmp_path / "script"
    script.write_bytes(HOSTILE)
    how = ["--script", str(script)] if by_script else []
    played = subprocess.run(
        [sys.executable, "-m", "bot.main", "console", "--lang", "nl", *how],
        input=b"" if by_script else HOSTILE,
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8:strict"},
        check=False,
    )
    shown = played.stdout.decode()
    assert b"Traceback" not in played.stderr
    assert "Komen we?" in shown
    assert shown.count("onzichtbaar teken") == 7
    assert not {"\x1b", "\x9b"}.intersection(shown)
    assert played.returncode == 1, "what was typed wrong makes a script fail"


def test_emoji_and_other_scripts_are_names() -> None:
    said = read_line("👨‍👩‍👧@discord/क्‍ष: \x1b", 1)
    assert isinstance(said, Says)
    assert said.name == "👨‍👩‍👧"


def test_a_name_that_nobody_sees_is_none() -> None:
    with pytest.raises(UserError):
        read_line("an\u202ena@discord: x", 1)


def test_time_passes_while_plein_is_there_or_away() -> None:
    for waits, away in (("wait", "away"), ("wacht", "weg")):
        assert read_line(f"{waits} 2d", 1) == Waits(Unit(days=2))
        assert read_line(f"{away} 2d", 1) == Waits(Unit(days=2), away=True)


@pytest.mark.parametrize(
    ("typed", "signs"),
    [
        ("[+🙏 ben]", Signs("🙏", on=True, whose="ben")),
        ("[-🙏🏽 ben]", Signs("🙏🏽", on=False, whose="ben")),
        ("[2]", None),
        ("[+a ben]", None),
        ("[+🙏]", None),
        ("dank je [+🙏 ben]", None),
    ],
)
def test_a_sign_on_what_somebody_said_is_read(typed: str, signs: Signs | None) -> None:
    said = read_line(f"anna@discord/sport: {typed}", 1)
    assert isinstance(said, Says)
    assert said.signs == signs
    alone = read_line(f"anna@discord: {typed}", 1)
    assert isinstance(alone, Says)
    assert alone.signs is None


@pytest.mark.parametrize("words", ["organiser", "Organisator", "ORGANISER"])
def test_a_role_may_be_dutch(words: str) -> None:
    assert read_line(f"rol anna@discord {words}", 1) == Grants("anna", "discord", Role.ORGANISER)
