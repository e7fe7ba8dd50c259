"""Processes of Plein, forked from one that has imported all that Plein is made of.

Each is a process of its own from its first line to its end, to be ended or killed like any other; but it
begins where the imports are done. These are most of what a start costs, and the tests start hundreds.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Self

ROOT = Path(__file__).parents[1]
IMPORTED = (
    "adapters.discord.client",
    "adapters.matrix.client",
    "bot.main.app",
    "bot.main.check",
    "bot.main.cli",
    "storage.schema",
    "tests.doubles.discord.plein",
)
MOST_BYTES = 1 << 18


class Forked:
    """One such process: what `asyncio.subprocess.Process` is for those that are not forked."""

    def __init__(self, pid: int, stdout: asyncio.StreamReader, status: asyncio.StreamReader) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = asyncio.create_task(self._end(status))

    @classmethod
    async def run(cls, module: str, arguments: Sequence[str], environ: Mapping[str, str]) -> Self:
        """`python -m module arguments`, whose errors go where its output goes."""
        said, says = os.pipe()
        known, knows = os.pipe()
        order = json.dumps({"module": module, "arguments": [*arguments], "environ": {**environ}}).encode()
        socket.send_fds(_forking(), [order], [says, knows])
        os.close(says)
        os.close(knows)
        status = await _read(known)
        return cls(int(await status.readline()), await _read(said), status)

    async def _end(self, status: asyncio.StreamReader) -> None:
        self.returncode = int(await status.readline())

    def send_signal(self, by: signal.Signals) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, by)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Its exit status; of one that a signal ended, the signal's number below nought."""
        await asyncio.shield(self._ended)
        assert self.returncode is not None
        return self.returncode


async def _read(pipe: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", 0)
    )
    return reader


@functools.cache
def _forking() -> socket.socket:
    """Where to ask for one; what is at the other end goes with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        forking = subprocess.Popen([sys.executable, "-m", __name__, str(number)], cwd=ROOT, pass_fds=[number])

    @atexit.register
    def end() -> None:
        ours.close()
        forking.wait()

    return ours


# --- the process that forks ---


def serve(asked: socket.socket) -> str:
    """Fork one for each that is asked for; returns in each of them, with the module that it is to run."""
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        order, pipes, _, _ = socket.recv_fds(asked, MOST_BYTES, 2)
        if not order:
            os._exit(0)
        says, knows = pipes
        if os.fork() == 0:
            asked.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if (pid := os.fork()) == 0:
                os.close(knows)
                return _become(json.loads(order), says)
            os.close(says)
            _wait(pid, knows)
        os.close(says)
        os.close(knows)


def _become(order: dict[str, Any], says: int) -> str:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(says, 1)
    os.dup2(says, 2)
    os.close(says)
    os.environ.clear()
    os.environ.update(order["environ"])
    sys.argv[1:] = order["arguments"]
    return str(order["module"])


def _wait(pid: int, knows: int) -> NoReturn:
    """Only whoever forked it is told how it ended."""
    os.write(knows, f"{pid}\n".encode())
    _, ended = os.waitpid(pid, 0)
    os.write(knows, f"{os.waitstatus_to_exitcode(ended)}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    runpy.run_module(serve(socket.socket(fileno=int(sys.argv[1]))), run_name="__main__", alter_sys=True)
