"""The console in a real terminal: what is typed there, key by key."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CTRL_C, CTRL_D = "\x03", "\x04"
_DRAWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")
PATIENCE = 120.0


class Terminal:
    """Plein's console as somebody sees it who sits before it."""

    def __init__(self, folder: Path) -> None:
        self._keys, theirs = pty.openpty()
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        command = [sys.executable, "-m", "bot.main", "console", "--lang", "nl", "--now", "2026-12-01T19:00"]
        self.process = subprocess.Popen(
            [*command, "--db", f"sqlite:///{folder}/try.db"],
            cwd=folder,
            env=surroundings,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._seen = ""

    def type(self, keys: str) -> None:
        os.write(self._keys, keys.encode())

    def line(self, words: str, answer: str) -> None:
        """Type a line, and see that answer."""
        self.type(f"{words}\r")
        self.sees(answer)

    def sees(self, words: str) -> None:
        """Wait until that stands on the screen, below all that was waited for before."""
        until = time.monotonic() + PATIENCE
        while words not in (shown := _DRAWN.sub("", self._seen)):
            left = max(until - time.monotonic(), 0)
            assert select.select([self._keys], [], [], left)[0], f"{words!r} is not in:\n{shown}"
            self._seen += os.read(self._keys, 65_536).decode(errors="replace")
        self._seen = shown.partition(words)[2]

    def ended(self) -> int:
        """How it ends; what it still says is read, or it could not."""
        try:
            while os.read(self._keys, 65_536):
                pass
        except OSError:
            pass  # the other end is closed
        return self.process.wait(PATIENCE)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path)
    try:
        found.sees("Stoppen: `exit` of Ctrl-D.")
        found.sees("anna@discord/sport>")
        yield found
    finally:
        if found.process.poll() is None:
            found.process.kill()
        found.process.wait()


def test_every_line_is_answered_as_in_a_script(terminal: Terminal) -> None:
    terminal.line('!peiling open "Wat?" Ja | Nee --sluit 2d', "Peiling 1 sluit")
    terminal.line("[1]", "je koos Ja.")
    terminal.line("hallo allemaal", "begrijp ik niet: hallo allemaal.")
    terminal.line("ben: !stem 2", "begrijp ik niet: ben: !stem 2.")
    terminal.line("wacht", "begrijp ik niet: wacht.")
    terminal.line("rol mia@discord burgemeester", "Een rol burgemeester is er niet.")
    terminal.line("ben@matrix/sport: !stem 2", "je koos Nee.")
    terminal.sees("ben@matrix/sport>")
    terminal.line("rol ben@matrix moderator", "ben@matrix/sport>")
    terminal.line("!peiling sluit 1", "nu sluiten?")
    terminal.line("wacht 2d", "Gesloten: Wat?")
    terminal.type("exit\r")
    assert terminal.ended() == 0


def test_ctrl_c_clears_a_line_that_was_begun_and_ends_on_an_empty_one(terminal: Terminal) -> None:
    terminal.type("!peiling op")
    terminal.sees("!peiling op")
    terminal.type(CTRL_C)
    terminal.sees("anna@discord/sport>")
    terminal.line("!peiling lijst", "Er loopt hier nu geen peiling.")
    terminal.sees("anna@discord/sport>")
    terminal.type(CTRL_C)
    assert terminal.ended() == 0


def test_ctrl_d_ends_it(terminal: Terminal) -> None:
    terminal.type(CTRL_D)
    assert terminal.ended() == 0
