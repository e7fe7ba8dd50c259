"""`plein init`: what is answered is written, what somebody wrote stays, and nothing happens before a yes."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import select
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from adapters.discord.settings import Discord
from adapters.matrix.settings import Matrix
from bot.main import cli
from bot.main.answers import a_zone, zone_here
from bot.main.config import load
from bot.main.terminal import NotUnderstood
from tests.doubles.installed import FEATURES
from tests.test_imports import ROOT

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0123"
# As a script answers them: for each question a line.
MIA = "Mia Maes @mia:example.org 33, Ben matrix:@ben:example.org"
ANSWERS = ["Dorp", "en", "brussels", "both", "11, 22", "#dorp:example.org", MIA, "here", TOKEN]
ON_MATRIX = ["matrix.example.org", "@plein:example.org", "password", "here", "hunter2hunter2"]
END = ["", "yes"]
BY_HAND = f"""\
# Onze Plein. Vragen? Bel Mia.
[discord]   # eerst Discord
commands = "global" # overal
token = '{TOKEN}'   # van Mia
guilds = [11,   "22"]  # het dorp

[community]
# oude naam: Gehucht
name    = "Dorp"
zone = 'Europe/Brussels'

# password = "old one"
[[residents]]
name = "Mia"
accounts = ["discord:1"]
"""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PLEIN_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


class Answers(io.BytesIO):
    """A script on standard input; `before` happens when its last line is read."""

    def __init__(self, lines: Sequence[str], last: BaseException | None = None) -> None:
        super().__init__("".join(f"{line}\n" for line in lines).encode())
        self._last = last

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line and self._last:
            raise self._last
        return line


def init(
    monkeypatch: pytest.MonkeyPatch, *lines: str, file: str = "config.toml", last: BaseException | None = None
) -> int:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Answers(lines, last), encoding="utf-8"))
    return cli.main(["--config", file, "init"])


def lines_of(text: str) -> list[str]:
    return text.splitlines()


# --- a file that is not there yet ---


def test_what_is_answered_is_what_is_configured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = os.umask(0)
    try:
        assert init(monkeypatch, *ANSWERS, *ON_MATRIX, *END) == 0
    finally:
        os.umask(old)
    file = Path("config.toml")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    config = load(file, FEATURES, {})
    (town,) = config.each
    assert (town.name, town.language, town.zone) == ("Dorp", "en", "Europe/Brussels")
    assert (town.servers, town.spaces) == (("11", "22"), ("#dorp:example.org",))
    assert [(who.name, who.accounts, who.role) for who in town.residents] == [
        ("Mia Maes", ("matrix:@mia:example.org", "discord:33"), "moderator"),
        ("Ben", ("matrix:@ben:example.org",), "moderator"),
    ]
    discord, matrix = config.of(Discord), config.of(Matrix)
    assert discord
    assert matrix
    assert matrix.password
    assert discord.token.get_secret_value() == TOKEN
    assert (matrix.homeserver, matrix.user) == ("https://matrix.example.org", "@plein:example.org")
    assert matrix.password.get_secret_value() == "hunter2hunter2"
    assert config.database.url == "sqlite:///data/plein.db"
    said = capsys.readouterr().out
    assert TOKEN not in said
    assert "hunter2" not in said
    assert said.endswith(
        "Now type `plein check`: it says whether all is well and what is still missing. Then `plein run`.\n"
    )


def test_with_enter_alone_there_is_a_console(monkeypatch: pytest.MonkeyPatch) -> None:
    assert init(monkeypatch, "Dorp", "", "", "-", "", "") == 0
    config = load(Path("config.toml"), FEATURES, {})
    assert not config.serves
    assert (config.each[0].language, config.each[0].zone) == ("en", zone_here())


def test_what_cannot_be_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["", "Dorp", "fr", "nl", "Mars", "Europe/London", "telegram", "discord", "dorp", "11"]
    wrong += ["Mia", "33", "Mia @mia", "Mia 33, Ben 33", "Mia 33", "now"]
    assert init(monkeypatch, *wrong, "here", "Bot x", TOKEN, "mysql://x", "plein.db", "perhaps", "yes") == 0
    config = load(Path("config.toml"), FEATURES, {})
    assert (config.each[0].language, config.each[0].zone) == ("nl", "Europe/London")
    assert config.database.url == "sqlite:///plein.db"
    said = capsys.readouterr().out
    for answer in (
        "An answer is needed here.",
        "Choose a language for which there are texts: nl or en.",
        "There is no such time zone. Write for instance `Europe/Brussels`.",
        "“telegram” is not one of them. Choose matrix, discord, both or -.",
        "Write Discord’s number",
        "Write who it is and then the accounts, such as `Mia @mia:example.org`, or - for nobody.",
        "There is a line with discord:33 already.",
        "“now” is not one of them. Choose here, file or environment.",
        "This cannot be a token.",
        "Begin with `sqlite:///` or `postgresql://`.",
        "“perhaps” is not one of them. Choose yes or no.",
    ):
        assert answer in said, answer


def test_secrets_may_come_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("token").write_text(f"{TOKEN}\n")
    ways = ["Dorp", "", "", "both", "-", "-", "-", "file", "nowhere", "token", *ON_MATRIX[:3], "environment"]
    assert init(monkeypatch, *ways, "postgresql", "", "yes") == 0
    source, said = Path("config.toml").read_text(), capsys.readouterr().out
    assert TOKEN not in source + said
    assert "nowhere cannot be read (FileNotFoundError)" in said
    assert "Put PLEIN_MATRIX_PASSWORD and PLEIN_DATABASE_URL into the environment" in said
    given = {"PLEIN_MATRIX_PASSWORD": "x", "PLEIN_DATABASE_URL": "postgresql://localhost/plein"}
    config = load(Path("config.toml"), FEATURES, given)
    discord = config.of(Discord)
    assert discord
    assert discord.token.get_secret_value() == TOKEN


def test_the_password_of_a_database_is_shown_nowhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://plein:hunter2hunter2@localhost/plein"
    assert init(monkeypatch, "Dorp", "", "", "-", "postgresql", url, "yes") == 0
    assert load(Path("config.toml"), FEATURES, {}).database.url == url
    before = Path("config.toml").read_text()
    assert init(monkeypatch, *[""] * 6) == 0
    assert Path("config.toml").read_text() == before
    assert "hunter2" not in capsys.readouterr().out


def test_in_the_language_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "nl_BE.UTF-8")
    assert (
        init(
            monkeypatch,
            "Dorp",
            "",
            "",
            "beide",
            "-",
            "-",
            "Jo @jo:example.org",
            "omgeving",
            *ON_MATRIX[:2],
            "wachtwoord",
            "omgeving",
            "",
            "ja",
        )
        == 0
    )
    assert (
        load(Path("config.toml"), FEATURES, {"PLEIN_DISCORD_TOKEN": "x", "PLEIN_MATRIX_PASSWORD": "x"})
        .each[0]
        .language
        == "nl"
    )
    assert "Hoe heet de gemeenschap?" in capsys.readouterr().out


# --- a file that somebody wrote ---


@pytest.mark.parametrize("source", [BY_HAND, BY_HAND.replace("\n", "\r\n"), f"\ufeff{BY_HAND}"])
def test_with_enter_alone_every_byte_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    file = Path("config.toml")
    file.write_bytes(source.encode())
    assert init(monkeypatch, *[""] * 8) == 0
    assert file.read_bytes() == source.encode()
    said = capsys.readouterr().out
    assert "config.toml stays as it was." in said
    assert "# Onze Plein. Vragen? Bel Mia." in said
    assert TOKEN not in said
    assert "old one" not in said


def test_what_is_changed_is_changed_there_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path("config.toml")
    file.write_text(BY_HAND)
    file.chmod(0o644)
    new = "abc.def.ghi"
    assert init(monkeypatch, "Gemeente Dorp", "en", "", "", "11 33", "", "here", new, "", "yes") == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before, after = lines_of(BY_HAND), lines_of(file.read_text())
    assert [line for line in before if line not in after] == [
        f"token = '{TOKEN}'   # van Mia",
        'guilds = [11,   "22"]  # het dorp',
        'name    = "Dorp"',
    ]
    assert [line for line in after if line not in before] == [
        f'token = "{new}"   # van Mia',
        'guilds = ["11", "33"]  # het dorp',
        'name    = "Gemeente Dorp"',
        'language = "en"',
    ]
    assert load(file, FEATURES, {}).each[0].name == "Gemeente Dorp"
    said = capsys.readouterr().out
    assert '-name    = "Dorp"' in said
    assert new not in said
    assert "Other users of this machine could read it" in said


def test_the_example_can_be_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it has in the place of a secret is none, and its remarks stay."""
    example = (ROOT / "config.example.toml").read_text()
    Path("config.toml").write_text(example)
    lines = ["Dorp", "", "", "", "11", "here", TOKEN, "", "", "", "here", "hunter2hunter2", "", "yes"]
    assert init(monkeypatch, *lines) == 0
    after = Path("config.toml").read_text()
    gone = [line for line in lines_of(example) if line not in lines_of(after)]
    assert gone == [
        'name = "Voorbeeldgemeente"',
        'password = "put-the-password-here"',
        'token = "put-the-token-here"',
    ]
    assert load(Path("config.toml"), FEATURES, {}).each[0].name == "Dorp"


def test_a_platform_is_added_and_none_taken_away(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path("config.toml")
    file.write_text(BY_HAND)
    assert init(monkeypatch, "", "", "", "matrix", "both", "", "", "", *ON_MATRIX, "", "yes") == 0
    assert "I do not take [discord] away" in capsys.readouterr().out
    assert file.read_text().startswith(BY_HAND.rstrip("\n"))
    assert load(file, FEATURES, {}).of(Matrix)


SEVERAL = """\
[community]
language = "en"
[discord]
token = "a.b.c"
# het dorp
[[communities]]
name = "Dorp"
servers = ["11"]
# de stad
[[communities]]
name = "Stad"
servers = ["22"]
"""


def test_of_several_communities_one_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its key it is still known, with all that is kept of it."""
    file = Path("config.toml")
    file.write_text(SEVERAL)
    assert init(monkeypatch, "2", "Grote stad", "", "", "", "", "", "", "", "yes") == 0
    assert file.read_text() == SEVERAL.replace('"Stad"\n', '"Grote stad"\n') + 'key = "Stad"\n'
    assert [one.known_as for one in load(file, FEATURES, {}).each] == ["Dorp", "Stad"]


def test_a_community_is_added(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What contradicts another one's is asked anew, with what was answered."""
    file = Path("config.toml")
    file.write_text(SEVERAL)
    once = ["+", "Gehucht", "nl", "", "", "11", "Jo 44", "", ""]
    again = ["", "", "", "", "", "33", "", "", "yes"]
    assert init(monkeypatch, *once, *again) == 0
    assert file.read_text().startswith(SEVERAL)
    found = load(file, FEATURES, {}).each[2]
    assert (found.name, found.language, found.servers) == ("Gehucht", "nl", ("33",))
    assert "A server belongs to one community." in capsys.readouterr().out


def test_who_moderates_is_asked_where_nobody_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever is on a line already is left as somebody wrote it, and told what to write."""
    file = Path("config.toml")
    file.write_text(BY_HAND)
    assert init(monkeypatch, "", "", "", "", "", "Mia 1", "Jo 44", "", "", "yes") == 0
    assert (
        'There is a line with discord:1 already. Put `role = "moderator"` to that person'
        in capsys.readouterr().out
    )
    assert file.read_text().startswith(BY_HAND)
    found = load(file, FEATURES, {}).each[0].residents
    assert [(who.name, who.role) for who in found] == [("Mia", "resident"), ("Jo", "moderator")]
    before = file.read_bytes()
    assert init(monkeypatch, *[""] * 7) == 0
    assert file.read_bytes() == before


def test_what_was_wrong_before_is_told_and_holds_up_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path("config.toml")
    file.write_text(f"{BY_HAND}[polls]\nat_onze = 3\n")
    assert init(monkeypatch, "Gehucht", "", "", "", "", "", "", "", "yes") == 0
    assert capsys.readouterr().out.count("Did you mean polls.at_once?") == 2
    assert 'name    = "Gehucht"' in file.read_text()


@pytest.mark.parametrize("source", [b"[community\n", b"\xff\xfe\x00"])
def test_what_is_no_configuration_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], source: bytes
) -> None:
    file = Path("config.toml")
    file.write_bytes(source)
    assert init(monkeypatch, *ANSWERS) == 2
    assert file.read_bytes() == source
    assert "config.toml" in capsys.readouterr().err


# --- nothing happens before the last yes ---


LINES = [*ANSWERS, *ON_MATRIX, *END]


@pytest.mark.parametrize("last", [None, KeyboardInterrupt()], ids=["the end", "Ctrl-C"])
@pytest.mark.parametrize("answered", range(len(LINES)))
@pytest.mark.parametrize("there", [False, True])
def test_who_stops_before_the_last_answer_changed_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answered: int,
    there: bool,
    last: BaseException | None,
) -> None:
    file = Path("config.toml")
    if there:
        file.write_text("# leeg\n")
    assert init(monkeypatch, *LINES[:answered], last=last) == (130 if last else 1)
    assert os.listdir() == (["config.toml"] if there else [])
    assert not there or file.read_text() == "# leeg\n"
    assert "Nothing was changed." in capsys.readouterr().out


def test_who_says_no_changed_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert init(monkeypatch, *LINES[:-1], "no") == 1
    assert os.listdir() == []


@pytest.mark.parametrize("there", [False, True])
def test_what_somebody_else_writes_meanwhile_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], there: bool
) -> None:
    file = Path("config.toml")
    if there:
        file.write_text(BY_HAND)

    class Meanwhile(Answers):
        def readline(self, size: int | None = -1, /) -> bytes:
            file.write_text("# van iemand anders\n")
            return super().readline(size)

    lines = ["Stad", "", "", "", "", "", "", "", "yes"] if there else LINES
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Meanwhile(lines), encoding="utf-8"))
    assert cli.main(["init"]) == 1
    assert os.listdir() == ["config.toml"]
    assert file.read_text() == "# van iemand anders\n"
    assert "Something else changed config.toml meanwhile" in capsys.readouterr().out


def test_where_nothing_can_be_written_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(monkeypatch, *LINES, file="nowhere/config.toml") == 1
    assert "nowhere/config.toml cannot be written: No such file or directory" in capsys.readouterr().out


def test_a_link_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("etc").mkdir()
    Path("etc/plein.toml").write_text(BY_HAND)
    Path("config.toml").symlink_to("etc/plein.toml")
    assert init(monkeypatch, "Stad", "", "", "", "", "", "", "", "yes") == 0
    assert Path("config.toml").is_symlink()
    assert 'name    = "Stad"' in Path("etc/plein.toml").read_text()


# --- at a terminal ---


# It makes this terminal its own, so that keys such as Ctrl-C reach it, also where the tests themselves were
# started in the background, where that key is ignored.
BEGIN = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
os.setsid()
os.close(os.open(os.ttyname(0), os.O_RDWR))
from bot.main.cli import main
sys.exit(main(["init"]))
"""


class AtTerminal:
    """A real `plein init` with somebody at its terminal."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        begin = [sys.executable, "-c", BEGIN]
        self.process = subprocess.Popen(begin, stdin=slave, stdout=slave, stderr=slave, env=environment)
        os.close(slave)
        self.said = ""
        self._bytes, self._read = b"", 0

    def until(self, *words: str) -> None:
        """Until it said these, one after the other, since the last time."""
        for word in words:
            while (found := self.said.find(word, self._read)) < 0:
                assert self._hears(60), self.said
            self._read = found + len(word)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def interrupt(self) -> None:
        """Ctrl-C, and once more where it came just before the process began to wait for a line."""
        before = len(self.said)
        for _ in range(20):
            self.type("\x03")
            # The terminal itself echoes the key: that says nothing of the process.
            while self._hears(3):
                if self.said[before:].replace("^C", "").strip():
                    return
        raise AssertionError(self.said)

    def end(self) -> int:
        with contextlib.suppress(OSError):  # how a terminal says that nobody is there any more
            while self._hears(60):
                pass
        os.close(self._master)
        return self.process.wait(60)

    def _hears(self, seconds: float) -> bool:
        """Whether it says anything. Raises: OSError where it has ended."""
        if not select.select([self._master], [], [], seconds)[0]:
            return False
        self._bytes += os.read(self._master, 4096)
        self.said = self._bytes.decode(errors="ignore")
        return True


@pytest.fixture
def by_hand() -> None:
    Path("config.toml").write_text(BY_HAND)


@pytest.fixture
def terminal() -> Iterator[AtTerminal]:
    there = AtTerminal()
    yield there
    there.process.kill()
    there.process.wait()


def test_at_a_terminal_a_secret_is_not_seen(terminal: AtTerminal) -> None:
    for question, answer in (
        ("called?", "Dorp"),
        ("language", ""),
        ("time zone?", ""),
        ("people?", "discord"),
        ("servers on Discord", "11"),
        ("moderates there?", "Mia 33"),
        ("its token", "here"),
        ("you do not see it", TOKEN),
        ("kept?", ""),
        ("Shall I write", "y"),
        ("Choose yes or no", ""),
    ):
        terminal.until(question, "> ")
        terminal.type(f"{answer}\r")
    assert terminal.end() == 0
    assert TOKEN in Path("config.toml").read_text()
    assert "Dorp" in terminal.said
    assert TOKEN not in terminal.said


def test_ctrl_c_at_a_terminal_leaves_everything_as_it_was(by_hand: None, terminal: AtTerminal) -> None:
    terminal.until("called?", "> ")
    terminal.interrupt()
    terminal.until("Nothing was changed.")
    assert terminal.end() == 130
    assert os.listdir() == ["config.toml"]
    assert Path("config.toml").read_text() == BY_HAND


# --- what is proposed ---


@pytest.mark.parametrize(
    ("given", "zone"),
    [("brussels", "Europe/Brussels"), ("europe/london", "Europe/London"), ("new york", "America/New_York")],
)
def test_a_zone_may_be_the_name_of_a_town(given: str, zone: str) -> None:
    assert a_zone(given) == zone


def test_a_town_that_is_none_is_not_guessed() -> None:
    with pytest.raises(NotUnderstood):
        a_zone("dorp")


@pytest.mark.parametrize(
    ("machine", "zone"),
    [("Europe/London", "Europe/London"), ("UTC", "Europe/Brussels"), ("Etc/UTC", "Europe/Brussels")],
)
def test_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch, machine: str, zone: str) -> None:
    import tzlocal

    monkeypatch.setenv("TZ", machine)
    tzlocal.reload_localzone()
    try:
        assert zone_here() == zone
    finally:
        monkeypatch.undo()
        time.tzset()
        tzlocal.reload_localzone()
