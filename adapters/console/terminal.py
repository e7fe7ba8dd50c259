"""The console's two faces: a prompt in a terminal, and plain lines from a pipe or a file."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path

from adapters.console.client import Said, plain
from adapters.console.script import Says, read_line
from bot.errors import UserError
from bot.private import make_private_file, make_private_folder

_COLOURS = {"public": "36", "carried": "36", "edited": "36;2", "private": "35", "error": "31"}


def coloured(said: Said) -> str:
    """The same as `plain`, with the place in a colour that tells what kind of message it is."""
    head, bracket, rest = plain(said).partition("]")
    return f"\x1b[{_COLOURS[said.kind]}m{head}{bracket}\x1b[0m{rest}"


async def lines_of(file: Path | None) -> AsyncIterator[str]:
    """The lines of a script, or of standard input. Bytes that are no text are answered like any other unseen
    character.
    """
    if file is not None:
        words = await asyncio.to_thread(file.read_text, encoding="utf-8-sig", errors="surrogateescape")
        for line in words.splitlines():
            yield line
        return
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.rstrip("\n")


async def typed_lines(names: Iterable[str], speaker: str, history: Path) -> AsyncIterator[str]:
    """A prompt that speaks as one person until another is named; completes commands and people.

    Ctrl-C clears a line that was begun; on an empty one it ends the chat, as Ctrl-D does.
    """
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.formatted_text import ANSI
    from prompt_toolkit.history import FileHistory
    from prompt_toolkit.patch_stdout import patch_stdout

    people = [speaker, "ben@matrix/sport", "mia@discord/sport"]
    known = [
        *(f"!{name}" for name in names),
        *(f"{person}: " for person in people),
        "wait 1d",
        "role ",
        "exit",
    ]
    completer = WordCompleter(known, sentence=True)
    make_private_folder(history.parent)
    make_private_file(history)
    session: PromptSession[str] = PromptSession(completer=completer, history=FileHistory(str(history)))
    with patch_stdout(raw=True):
        while True:
            try:
                line = await session.prompt_async(ANSI(f"\x1b[1m{speaker}>\x1b[0m "))
            except EOFError:
                return
            except KeyboardInterrupt:
                if session.default_buffer.text:
                    continue
                return
            # A command or a button is for whoever speaks; all else is answered as it is in a script.
            if line.strip().startswith(("!", "[")):
                line = f"{speaker}: {line}"
            with contextlib.suppress(UserError):
                if isinstance(said := read_line(line, 0), Says):
                    speaker = f"{said.name}@{said.label}" + (f"/{said.place}" if said.place else "")
            yield line


def printer(*, colours: bool) -> Callable[[Said], None]:
    write = coloured if colours else plain

    def show(said: Said) -> None:
        sys.stdout.write(write(said) + "\n")
        sys.stdout.flush()

    return show
