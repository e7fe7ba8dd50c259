"""`config.toml` as somebody wrote it: changed where that is asked, and as it was everywhere else."""

from __future__ import annotations

import contextlib
import copy
import difflib
import os
import re
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT

from bot.masking import MASK, mask
from bot.private import read_plain

# Where something stands: `("communities", 0, "servers")`.
Where = tuple[str | int, ...]
NEW = """\
# Plein's settings. `plein init` asks for the few that are here and changes them, `plein check` tells what is
# not right yet; config.example.toml has all that there are.

"""
# A secret by its name, in a remark too, and all that follows on that line.
_NAMED = re.compile(r"(?im)((?<!\w)(?:password|token)\b[\"']?\s*=\s*).+$")
# A shorter one would be found in every other word.
_SHORTEST = 3


class ChangedMeanwhile(Exception):
    """Somebody else wrote the file since it was read."""


class CannotChange(Exception):
    """The file is written in a way in which that one change would change more."""


class ConfigFile:
    """One file. What is `put` is written with `write`, and until then nowhere.

    Raises: OSError, UnicodeDecodeError and TOMLDecodeError where there is one that cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._before = self._read()
        self._source = NEW if self._before is None else self._before.decode("utf-8-sig")
        self.values: dict[str, Any] = tomllib.loads(self._source)
        self._document = tomlkit.parse(self._source)

    def _read(self) -> bytes | None:
        try:
            return read_plain(self.path)
        except FileNotFoundError:
            return None

    @property
    def is_new(self) -> bool:
        return self._before is None

    @property
    def source(self) -> str:
        """As it would be written now."""
        return self._document.as_string() if self.has_changed else self._source

    @property
    def has_changed(self) -> bool:
        return self.values != tomllib.loads(self._source)

    def get(self, *where: str | int) -> Any:
        """What is there; None: nothing."""
        found: Any = self.values
        for step in where:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def put(self, value: Any, *where: str | int) -> None:
        """That is there from now on; None: nothing any more. Raises: CannotChange."""
        values = copy.deepcopy(self.values)
        _put(values, value, where)
        before = self.source
        document = tomlkit.parse(before)
        _put(document, value, where)
        after = document.as_string()
        if tomllib.loads(after) != values or _remarks(before) - _remarks(after):
            raise CannotChange(".".join(map(str, where)))
        self.values, self._document = values, document

    def shown(self, secrets: Iterable[str]) -> str:
        """All of it without the `secrets`, and without what looks like one in a remark."""
        return _masked(self.source, secrets)

    def changes(self, secrets: Iterable[str]) -> str:
        """Which lines go and which come, masked as well."""
        hidden = list(secrets)
        before, after = (_masked(text, hidden).splitlines() for text in (self._source, self.source))
        lines = difflib.unified_diff(before, after, n=1, lineterm="")
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))

    def write(self) -> None:
        """All of it or nothing, for nobody else to read. Raises: ChangedMeanwhile; OSError."""
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.source.encode())
                file.flush()
                os.fsync(file.fileno())
            if self._before is not None:
                owner = self.path.stat()
                with contextlib.suppress(PermissionError):
                    os.chown(name, owner.st_uid, owner.st_gid)
            if self._read() != self._before:
                raise ChangedMeanwhile
            os.replace(name, self.path)
        except BaseException:
            os.unlink(name)
            raise


def _remarks(source: str) -> Counter[str]:
    """Those on a line of their own: what is behind a setting may go with it."""
    return Counter(line.strip() for line in source.splitlines() if line.lstrip().startswith("#"))


def _put(into: Any, value: Any, where: Where) -> None:
    step, *rest = where
    if rest:
        _put(_within(into, step, rest[0]), value, tuple(rest))
    elif value is None:
        with contextlib.suppress(KeyError):
            del into[step]
    else:
        into[step] = value


def _within(into: Any, step: str | int, following: str | int) -> Any:
    """What is there, made where it is not: a table, a list of them, or one more of that."""
    written = isinstance(into, (tomlkit.TOMLDocument, AoT)) or hasattr(into, "as_string")
    if isinstance(step, int):
        if step == len(into):
            into.append(tomlkit.table() if written else {})
    elif step not in into:
        if isinstance(following, int):
            into[step] = tomlkit.aot() if written else []
        else:
            into[step] = tomlkit.table() if written else {}
    return into[step]


def _masked(source: str, secrets: Iterable[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            source = source.replace(secret, MASK)
    return mask(_NAMED.sub(rf"\1{MASK}", source))
