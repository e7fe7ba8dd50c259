"""No secret is in anything that Plein prints: at any level of its log, in any error, however it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import urllib.parse
from pathlib import Path

import pytest

from bot.main.addresses import check_address, secrets_in_address, shown_address
from bot.masking import MASK, MaskingFormatter, hide, mask

ROOT = Path(__file__).parents[3]
# Twenty, of which some are such as programs stumble over.
SECRETS = {
    "database password": "Zw4luw@nest:7/x?",
    "database query": "Kr3kel@veld:9",
    "database key": "Merel-in-de-heg",
    "matrix password": 'Vlaamse gaai \'n "Ekster" \\ é',
    "matrix token": "syt_cGxlaW4_aBcDeFgHiJkLmNoP_0q1w2e",
    "access token": "Roodborst-0001-token",
    "pickle key": "Winterkoning-0002-pickle",
    "master": "TWVlc3Rlci1zbGV1dGVsLXp3YWFyLWdlaGVpbQ==",
    "self_signing": "WmVsZi1vbmRlcnRla2VuZW5kLWdlaGVpbS0wMQ==",
    "user_signing": "R2VicnVpa2VyLW9uZGVydGVrZW5lbmQtMDEyMw==",
    "discord token": "MTA1NjU0MzIxMDk4NzY1NDMyMQ.GhIjKl.aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789ab",
    "interaction token": "aW50ZXJhY3Rpb246MTA1NjU0MzIxMDk4NzY1NDMyMTphYmNkZWZnaGlqa2xtbm9wcXJz",
    "PLEIN_MATRIX_PASSWORD": "Kuifmees-uit-de-omgeving",
    "PLEIN_MATRIX_TOKEN": "Staartmees-uit-de-omgeving",
    "PLEIN_DISCORD_TOKEN": "Pimpelmees-uit-de-omgeving",
    "PLEIN_DATABASE_URL": "Koolmees-uit-de-omgeving",
    "PLEIN_MATRIX_PASSWROD": "Zwarte-mees-verkeerd-getypt",
    "PLEIN_MATRX_PASSWORD": "Glanskop-in-geen-afdeling",
    "homeserver": "Boomklever-in-een-adres",
    "command line": "Boomkruiper@op:de/regel",
}
PARTS = {"Zw4luw", "nest:7", "Kr3kel", "veld:9", "Vlaamse gaai", "Boomkruiper", "op:de"}
assert len(SECRETS) == 20

# Every way for a failure to come out, each with all that there is to know.
CRASHES = """
import asyncio, json, logging, sys, threading, warnings
from bot.main import app, cli
from bot.masking import mask_what_nobody_catches

told = json.loads(sys.argv.pop(1))
how = sys.argv.pop(1)

class Breaks:
    def __del__(self):
        raise RuntimeError(told)

def fail():
    raise ValueError(*told)

async def run(config, **_):
    log = logging.getLogger("nio.somewhere")
    log.setLevel(logging.DEBUG)
    log.debug("sent %s", told)
    log.error("not so many holes", told)
    log.info("%d is no number", told)
    warnings.warn(str(told))
    try:
        fail()
    except ValueError:
        log.exception("it failed with %r", told)
    task = asyncio.create_task(asyncio.to_thread(fail))
    await asyncio.wait([task])
    thread = threading.Thread(target=fail)
    thread.start()
    await asyncio.to_thread(thread.join)
    Breaks()
    if how == "raises":
        fail()
    del task
    return 3

app.run_platforms = run
sys.argv[0] = "plein"
sys.exit(cli.main())
"""


def quoted(secret: str) -> str:
    return urllib.parse.quote(SECRETS[secret], safe="")


def config(folder: Path, **changes: str) -> Path:
    """All that can stand in a file, for a homeserver and a database that are not there."""
    settings = {
        "url": f"postgresql://plein:{quoted('database password')}@127.0.0.1:1/plein"
        f"?password={quoted('database query')}",
        "homeserver": "http://127.0.0.1:1",
        "token": SECRETS["matrix token"],
        **changes,
    }
    file = folder / "config.toml"
    file.write_text(
        f"[database]\nurl = {json.dumps(settings['url'])}\nkeys = 'keys'\n"
        f"[matrix]\nhomeserver = {json.dumps(settings['homeserver'])}\nuser = '@plein:m.example'\n"
        f"password = {json.dumps(SECRETS['matrix password'], ensure_ascii=False)}\n"
        + (f"token = {json.dumps(settings['token'])}\n" if settings["token"] else ""),
        encoding="utf-8",
    )
    file.chmod(0o600)
    session = {"user_id": "@plein:m.example", "device_id": "PLEIN", "homeserver": "http://127.0.0.1:1"}
    session |= {"access_token": SECRETS["access token"], "pickle_key": SECRETS["pickle key"]}
    store = folder / "data" / "matrix"
    store.mkdir(parents=True, exist_ok=True)
    (store / "session.json").write_text(json.dumps(session))
    return file


def environment(*names: str) -> dict[str, str]:
    planted = {name: SECRETS[name] for name in names}
    if "PLEIN_DATABASE_URL" in planted:
        planted["PLEIN_DATABASE_URL"] = f"postgresql://plein:{SECRETS['PLEIN_DATABASE_URL']}@127.0.0.1:1/x"
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "default", **planted}


def printed(folder: Path, *arguments: str, env: tuple[str, ...] = (), script: str = "") -> str:
    """All that is printed, by a Plein that ends by itself."""
    begin = ["-c", script] if script else ["-m", "bot.main"]
    done = subprocess.run(
        [sys.executable, *begin, *arguments],
        cwd=folder,
        env=environment(*env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def assert_nothing_told(said: str) -> None:
    for name, secret in SECRETS.items():
        for spelled in (secret, urllib.parse.quote(secret, safe=""), json.dumps(secret)[1:-1]):
            assert spelled not in said, (name, said)
    for part in PARTS:
        assert part not in said, (part, said)


@pytest.mark.parametrize("level", [(), ("--verbose",)])
def test_a_check_tells_none(tmp_path: Path, level: tuple[str, ...]) -> None:
    said = printed(tmp_path, *level, "--config", str(config(tmp_path)), "check")
    assert_nothing_told(said)
    assert f"postgresql://plein:{MASK}@127.0.0.1:1/plein?{MASK}" in said
    assert "http://127.0.0.1:1 does not answer" in said


def test_a_setting_that_no_driver_knows_tells_none(tmp_path: Path) -> None:
    url = f"postgresql://plein@127.0.0.1:1/plein?sslpassword={quoted('database key')}"
    for does in (["check"], ["db", "upgrade"], ["run"]):
        said = printed(tmp_path, "--verbose", "--config", str(config(tmp_path, url=url)), *does)
        assert_nothing_told(said)
        assert "sslpassword" in said
        assert "Traceback" not in said


@pytest.mark.parametrize(
    "changes",
    [
        {"url": f"postgresql://plein:{SECRETS['database password']}@127.0.0.1:1/plein"},
        {"url": f"postgresql://plein@127.0.0.1:1/plein?password={SECRETS['database query']}"},
        {"url": f"mysql://plein:{SECRETS['database key']}@127.0.0.1:1/plein"},
        {"homeserver": f"http://plein:{SECRETS['homeserver']}@127.0.0.1:1"},
        {"homeserver": f"127.0.0.1/{SECRETS['homeserver']}"},
    ],
)
@pytest.mark.parametrize("command", ["check", "run", "db"])
def test_a_fault_tells_none(tmp_path: Path, changes: dict[str, str], command: str) -> None:
    does = [command, *(["upgrade"] if command == "db" else [])]
    said = printed(tmp_path, "--verbose", "--config", str(config(tmp_path, **changes)), *does)
    assert_nothing_told(said)
    assert "Traceback" not in said
    assert "database.url" in said or "matrix.homeserver" in said


def test_a_file_that_is_no_toml_tells_none(tmp_path: Path) -> None:
    file = config(tmp_path)
    file.write_text(f'[matrix]\npassword = "a" "{SECRETS["access token"]}"\n')
    assert_nothing_told(printed(tmp_path, "--config", str(file), "check"))


def test_the_environment_tells_none(tmp_path: Path) -> None:
    names = tuple(name for name in SECRETS if name.startswith("PLEIN_"))
    said = printed(tmp_path, "--verbose", "--config", str(config(tmp_path)), "check", env=names)
    assert_nothing_told(said)
    assert "PLEIN_MATRIX_PASSWROD" in said
    assert "PLEIN_MATRX_PASSWORD" in said


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
def test_the_command_line_tells_none(tmp_path: Path, scheme: str) -> None:
    url = f"{scheme}://plein:{SECRETS['command line']}@127.0.0.1:1/x"
    said = printed(tmp_path, "console", "--db", url)
    assert_nothing_told(said)
    assert "--db" in said
    url = f"postgresql://plein:{quoted('command line')}@127.0.0.1:1/x"
    said = printed(tmp_path, "--verbose", "console", "--db", url)
    assert_nothing_told(said)
    assert "The database cannot be used" in said


@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM])
async def test_a_run_tells_none(tmp_path: Path, ends: signal.Signals) -> None:
    """With a session of before, on a homeserver that is away."""
    file = config(tmp_path, url="sqlite:///data/plein.db", token="")
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.main", "--verbose", "--config", str(file), "run"),
        cwd=tmp_path,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert running.stdout
    said = ""
    async with asyncio.timeout(120):
        while "does not let us in yet" not in said and "does not answer" not in said:
            line = await running.stdout.readline()
            assert line, said
            said += line.decode()
        running.send_signal(ends)
        said += (await running.stdout.read()).decode()
        await running.wait()
    assert_nothing_told(said)


@pytest.mark.parametrize("how", ["returns", "raises"])
def test_a_crash_tells_none(tmp_path: Path, how: str) -> None:
    """Even where a library puts all that it was given into what it says.

    What the file, the environment and the store hold is known. What is never kept anywhere (an interaction's
    token) and what stands in somebody else's address is known by its form.
    """
    file = config(tmp_path)
    by_form = ("interaction token", "homeserver", "command line")
    known = [secret for name, secret in SECRETS.items() if name not in by_form]
    told = [
        *known,
        f"POST https://discord.example/api/webhooks/123456/{SECRETS['interaction token']}/messages/1",
        f"https://plein:{SECRETS['homeserver']}@m.example/_matrix",
        f"postgresql+asyncpg://plein:{SECRETS['command line']}@db.example/plein",
        {"Authorization": f"Bearer {SECRETS['access token']}"},
    ]
    (tmp_path / "told.py").write_text("")
    names = ("PLEIN_MATRIX_PASSWORD", "PLEIN_MATRX_PASSWORD")
    hidden = "from bot.masking import hide\nhide(%r)\n" % [
        SECRETS[name]
        for name in (
            *("access token", "pickle key", "master", "self_signing", "user_signing", "database key"),
            *("PLEIN_DISCORD_TOKEN", "PLEIN_MATRIX_TOKEN", "PLEIN_DATABASE_URL", "PLEIN_MATRIX_PASSWROD"),
        )
    ]
    said = printed(
        tmp_path,
        *(json.dumps(told), how, "--verbose", "--config", str(file), "run"),
        env=names,
        script=hidden + CRASHES,
    )
    assert_nothing_told(said)
    for what in ("sent", "it failed with", "A thread failed", "Breaks", "UserWarning", MASK):
        assert what in said, said
    assert ("Plein stops" in said) == (how == "raises"), said


# --- addresses ---


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///data/plein.db", "sqlite:///data/plein.db"),
        ("sqlite:///data/plein.db?key=x1y2z3", f"sqlite:///data/plein.db?{MASK}"),
        ("postgresql://db/plein", "postgresql://db/plein"),
        ("postgresql://plein@db:5432/plein", "postgresql://plein@db:5432/plein"),
        ("postgresql://plein:a:b/c@db/plein", f"postgresql://plein:{MASK}@db/plein"),
        ("postgresql://plein:a@[::1]:5432/plein", f"postgresql://plein:{MASK}@[::1]:5432/plein"),
        ("postgresql:///plein?host=/run/x&password=abc", f"postgresql:///plein?{MASK}"),
    ],
)
def test_what_is_shown_of_an_address(url: str, shown: str) -> None:
    assert shown_address(check_address(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:a@b@db/plein",
        "postgresql://u:a?b@db/plein",
        "postgresql://db/plein?password=a@b",
        "postgresql://db:5432/plein?password=a@b:c",
        "postgresql://u:a@b:c@db/plein",
        "postgresql://u:p@db:port/plein",
    ],
)
def test_an_address_in_which_a_password_is_taken_for_something_else_is_none(url: str) -> None:
    with pytest.raises(ValueError, match=r"config\.database\.address"):
        check_address(url)
    assert shown_address(url) == f"postgresql://{MASK}"


def test_what_is_hidden_is_hidden_however_it_is_written() -> None:
    secret = 'T0rtel "d\'Or" \\ é@:/'
    hide([secret, None, "", "x"])
    for spelled in (secret, repr(secret), json.dumps(secret), urllib.parse.quote(secret)):
        assert "T0rtel" not in mask(f"said {spelled}.")
    assert mask("six boxes") == "six boxes"
    assert list(secrets_in_address("postgresql://u:a%40b@h/d?sslpassword=c&x=1")) == ["a%40b", "c"]


def test_a_line_that_cannot_be_formatted_hides_it_too() -> None:
    """As where Python is shutting down, and no traceback can be made any more."""
    secret = 'T0rtel "d\'Or" \\ \n'
    hide([secret])
    given = (f"{secret!r} %d", (secret, f"failed with {[secret]!r}"))
    record = logging.LogRecord("asyncio", logging.ERROR, __file__, 1, *given, exc_info=None)
    assert "T0rtel" not in MaskingFormatter().format(record)


@pytest.mark.parametrize(
    "line",
    [
        "The token is not valid: make a new one",
        "https://m.example:8448/_matrix/client/v3/rooms/!abc:m.example",
        "- Wrong password? Type it again",
        "sqlite:///data/plein.db",
    ],
)
def test_what_is_no_secret_is_said(line: str) -> None:
    assert mask(line) == line


def test_nobody_who_is_quoted_makes_up_a_line_of_the_log() -> None:
    """Nor clears the screen of whoever reads it, also where it is quoted by an exception."""
    line = "2026-11-28 13:00:00,000 CRITICAL bot.main: all is lost"
    quoted = f"!gone\n{line}\r\x1b[2J\x85\u2028{line}"
    formatter = MaskingFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        raise ValueError(quoted)
    except ValueError:
        failed = sys.exc_info()
    for told in (None, failed):
        record = logging.LogRecord("x", logging.WARNING, "", 0, "Could not join %s", (quoted,), told)
        first, *others = formatter.format(record).splitlines()
        assert first.endswith("x: Could not join !gone")
        assert others
        assert all(other.startswith("  ") for other in others)
        assert "\x1b" not in "".join(others)
