"""Files and folders that nobody but Plein's own user may look into, whatever the umask is.

And reading none that never ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import stat
from pathlib import Path

log = logging.getLogger(__name__)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# No setting and no secret is as long as this.
MOST_READ = 1_000_000
_AT_ONCE = 1 << 20


class NotPrivate(OSError):
    """Others can look into it, and Plein leaves that to whoever made it so. str() says what to do."""


class NotPlain(OSError):
    """A pipe, a device or a folder stands there, or a file that is far too large for what it should be."""


class TooLong(NotPlain):
    """That file is far too large."""


def read_plain(path: Path, most: int = MOST_READ) -> bytes:
    """All that is in a file of at most so many bytes. Raises: NotPlain, of which TooLong; OSError."""
    # Nobody may ever write into a pipe.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise NotPlain(f"{path} is no file")
        found = _read(handle, most + 1)
    finally:
        os.close(handle)
    if len(found) > most:
        raise TooLong(f"{path} has more than {most} bytes")
    return found


def _read(handle: int, most: int) -> bytes:
    """To its end, or so many bytes. A key is read for each use: what is as short takes one call, as of a file
    there is less than was asked for only at its end.
    """
    found = b""
    while part := os.read(handle, wanted := min(most - len(found), _AT_ONCE)):
        found += part
        if len(part) < wanted:
            break
    return found


def open_to_others(path: Path) -> bool:
    """Whether another user of this machine can do anything with it; False where it is not there."""
    try:
        return bool(path.stat().st_mode & _OTHERS)
    except FileNotFoundError:
        return False


def make_private_folder(folder: Path) -> None:
    """Make it where it is not there, and all folders above it, for us alone.

    One that is there already and lies in the working directory is closed to others. Elsewhere it may be
    shared for a reason (`/var/lib`), and what is in it is closed anyway.
    """
    for missing in [path for path in (*reversed(folder.parents), folder) if not path.exists()]:
        with contextlib.suppress(FileExistsError):
            missing.mkdir(mode=0o700)
            missing.chmod(0o700)
    if open_to_others(folder) and _is_in_working_directory(folder):
        _close(folder, 0o700)


def make_private_file(file: Path) -> None:
    """Make it where it is not there, for us alone; one that others can read is closed to them.

    Raises: NotPrivate where it is somebody else's to close; OSError.
    """
    # A link that leads to nothing yet would be followed later, by what asks no mode of its own.
    if file.is_symlink():
        file = Path(os.path.realpath(file))
    if file.exists() and not file.is_file():
        raise NotPrivate(f"{file} is no file. Name one that can hold something")
    # One that is there is not opened: closing it again would let go of the locks that SQLite has on it.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        file.chmod(0o600)
    close_to_others(file)


def close_to_others(file: Path) -> None:
    """Nobody else can read it from now on. Raises: NotPrivate where it is somebody else's to close."""
    if open_to_others(file):
        _close(file, 0o600)


def check_own_folder(folder: Path) -> None:
    """Raises: NotPrivate for a folder of secrets that leads elsewhere, or is not ours."""
    if folder.is_symlink():
        raise NotPrivate(f"{folder} is a link. Name the folder that it leads to")
    if folder.exists() and folder.stat().st_uid != os.geteuid():
        raise NotPrivate(f"{folder} belongs to another user. Type `chown -R {_me()} {folder}`")


def check_private_folder(folder: Path) -> None:
    """Raises: NotPrivate for a folder of secrets that leads elsewhere, or that others can look into.

    That is not mended: whoever made it so has to know what was to be seen in it.
    """
    check_own_folder(folder)
    if open_to_others(folder):
        raise NotPrivate(f"{folder} is open to other users of this machine. Type `chmod 700 {folder}`")


def writable_above(path: Path) -> Path | None:
    """The first folder above it in which every user of this machine can put something in its place."""
    for folder in path.absolute().parents:
        with contextlib.suppress(FileNotFoundError):
            mode = folder.stat().st_mode
            if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
                return folder
    return None


def _is_in_working_directory(folder: Path) -> bool:
    here, there = Path.cwd(), folder.resolve()
    return here != there and here in there.parents and here != here.parent


def _close(path: Path, mode: int) -> None:
    try:
        path.chmod(mode)
    except PermissionError:
        raise NotPrivate(
            f"other users of this machine can read {path}, and it belongs to another one."
            f" Type `chown {_me()} {path}`"
        ) from None
    log.warning("Other users of this machine could look into %s; now they cannot", path)


def _me() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may give us a number only
        return str(os.geteuid())
