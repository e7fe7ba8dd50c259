"""Talking with whoever runs `plein`: at a terminal, or with a script whose answers stand on its input."""

from __future__ import annotations

import getpass
import os
import sys
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.masking import mask
from bot.model.message import Text, text
from bot.texts import Texts, Voice

T = TypeVar("T")


class NotUnderstood(Exception):
    """An answer that cannot be taken; `text` says what to answer instead."""

    def __init__(self, instead: Text) -> None:
        super().__init__(instead.key)
        self.text = instead


class NoMoreAnswers(Exception):
    """The input ended before the questions did."""


def voice_here(texts: Texts, environment: Mapping[str, str] = os.environ) -> Voice:
    """The language of this terminal."""
    locale = texts.nearest(environment.get("LC_ALL") or environment.get("LANG"), "en")
    return Voice(locale, ZoneInfo("Europe/Brussels"), datetime.now(UTC))


class Terminal:
    """Says and asks, in the language of whoever sits there. What is printed is masked."""

    def __init__(self) -> None:
        self._texts = Texts()
        self._voice = voice_here(self._texts)

    @property
    def locale(self) -> str:
        return self._voice.locale

    def words(self, key: str) -> str:
        """What the catalogue has under that key, in this language."""
        return self._texts.write(text(key), self._voice)

    def say(self, line: Text) -> None:
        print(mask(self._texts.write(line, self._voice)), flush=True)

    def show(self, lines: str) -> None:
        """As it is: what is kept in a file."""
        print(mask(lines), flush=True)

    def ask(
        self,
        question: Text,
        understood: Callable[[str], T],
        default: str | None = None,
        *,
        hidden: bool = False,
    ) -> T:
        """What they answer, asked until it is understood; nothing typed is the default. `hidden`: no echo.

        Raises: NoMoreAnswers; KeyboardInterrupt.
        """
        proposed = f"[{default}] " if default else ""
        prompt = mask(f"{self._texts.write(question, self._voice)}\n{proposed}> ")
        while True:
            try:
                given = self._hidden(prompt) if hidden else self._line(prompt)
                if not given and default is None:
                    raise NotUnderstood(text("init.needed"))
                return understood(given or default or "")
            except NotUnderstood as bad:
                said = self._texts.write(bad.text, self._voice)
                print(mask(f"{said[0].upper()}{said[1:]}"), flush=True)

    def _line(self, prompt: str) -> str:
        # A script's answers are not echoed: without an end of its own every question would be on one line.
        print(prompt, end="" if sys.stdin.isatty() else "\n\n", flush=True)
        line = sys.stdin.buffer.readline()
        if not line:
            print(flush=True)
            raise NoMoreAnswers
        try:
            return line.decode(sys.stdin.encoding or "utf-8", "strict").strip()
        except UnicodeDecodeError:
            raise NotUnderstood(text("init.unreadable")) from None

    def _hidden(self, prompt: str) -> str:
        if not sys.stdin.isatty():
            return self._line(prompt)
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                return getpass.getpass(prompt).strip()
            except getpass.GetPassWarning:
                # It would be seen by whoever looks over their shoulder.
                raise NotUnderstood(text("init.not_hidden")) from None
            except EOFError:
                raise NoMoreAnswers from None
