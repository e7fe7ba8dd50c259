"""A bad file tells every fault at once, with its place, and never what a secret is."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from adapters.discord.settings import Discord
from adapters.matrix.settings import Matrix
from bot.errors import StoreFailed
from bot.features.polls.settings import PollsSettings
from bot.main import cli
from bot.main.check import check
from bot.main.config import BadConfig, Config, config_of, load
from bot.main.contradictions import servers_of
from bot.model.message import Text
from bot.texts import Texts, Voice
from storage.engines import open_database
from tests.doubles.installed import FEATURES

EXAMPLE = Path(__file__).parents[3] / "config.example.toml"
VOICE = Voice("en", ZoneInfo("Europe/Brussels"), datetime(2026, 12, 1, tzinfo=UTC))
MATRIX = '[matrix]\nhomeserver = "https://m.example"\nuser = "@plein:m.example"\n'


def config(tmp_path: Path, toml: str, environment: Mapping[str, str] | None = None) -> Config:
    file = tmp_path / "config.toml"
    file.write_text(toml, encoding="utf-8")
    return load(file, FEATURES, environment or {})


def faults(tmp_path: Path, toml: str, environment: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(BadConfig) as bad:
        config(tmp_path, toml, environment)
    return [Texts().write(fault, VOICE) for fault in bad.value.faults]


def settings_of(model: type[BaseModel], path: str = "") -> set[str]:
    """Every setting there is, as `matrix.invitations.servers`."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = [
            kind for kind in (field.annotation, *getattr(field.annotation, "__args__", ())) if _is_model(kind)
        ]
        found |= settings_of(inner[0], f"{path}{name}.") if inner else {f"{path}{name}"}
    return found


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _keys(values: Any, path: str = "") -> set[str]:
    if isinstance(values, list):
        return set().union(*(_keys(value, path) for value in values if isinstance(value, dict)), set())
    return (
        set().union(*(_keys(value, f"{path}{key}.") | {f"{path}{key}"} for key, value in values.items()))
        if isinstance(values, dict)
        else set()
    )


def test_the_example_documents_every_setting_and_is_valid() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert load(EXAMPLE, FEATURES, {}).of(Matrix) is not None
    # Settings that most leave out stand there behind a mark: "# shards = [0, 1]", "# [[communities]]".
    left_out = r"^# (\w+ = |\[{1,2}[\w.]+\]{1,2}$|\"[^\"]+\" = )"
    documented = _keys(tomllib.loads(re.sub(left_out, r"\1", text, flags=re.MULTILINE)))
    assert settings_of(config_of(FEATURES)) - documented == set()


@pytest.mark.parametrize("name", ["Spo\u00adrt", "\u2800", "\u3164", " "])
def test_a_name_that_nobody_can_tell_apart_is_a_fault(tmp_path: Path, name: str) -> None:
    (found,) = faults(tmp_path, f'[[themes]]\nname = "{name}"\n')
    assert found.startswith("themes[1].name")


def test_without_a_file_the_example_community_runs_in_the_console() -> None:
    built_in = load(None, FEATURES, {})
    assert built_in.of(Matrix) is None
    assert built_in.database.url == "sqlite:///data/plein.db"


def test_every_fault_at_once_each_with_its_path(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        '[community]\nlanguage = "fr"\nzone = "Mars/Base"\n[database]\nurl = "mysql://x"\n'
        '[[themes]]\nname = ""\nplaces = ["nowhere"]\n[matrix]\nuser = "plein"\n',
    )
    starts = sorted(fault.split(": ")[0] for fault in found)
    assert starts == [
        "community.language",
        "community.zone",
        "database.url",
        "matrix.homeserver",
        "matrix.user",
        "themes[1].name",
        "themes[1].places[1]",
    ]
    assert all(fault.endswith(".") for fault in found)


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    assert faults(tmp_path, '[community]\nlangauge = "nl"\n') == [
        "community.langauge is unknown. Did you mean community.language?"
    ]
    assert faults(tmp_path, "[matrx]\n") == ["matrx is unknown. Did you mean matrix?"]
    (found,) = faults(tmp_path, "[database]\nqqqqqq = 1\n")
    assert found == "database.qqqqqq is unknown. What can go here: url, keys, signing."


@pytest.mark.parametrize(
    "toml",
    [
        MATRIX + 'password = "hunter2hunter2"\nstore = 5\n',
        MATRIX + 'token = ["hunter2hunter2"]\n',
        MATRIX + 'pasword = "hunter2hunter2"\n',
        MATRIX + "password = hunter2hunter2\n",
        MATRIX + 'password = "hunter2hunter2\n',
        '[database]\nurl = "mysql://plein:hunter2hunter2@db/plein"\n',
    ],
)
def test_no_secret_is_ever_shown(tmp_path: Path, toml: str) -> None:
    found = faults(tmp_path, toml)
    assert found
    assert "hunter2" not in " ".join(found)


def test_a_secret_can_come_from_the_environment(tmp_path: Path) -> None:
    assert "add a password" in faults(tmp_path, MATRIX)[0]
    loaded = config(tmp_path, MATRIX, {"PLEIN_MATRIX_PASSWORD": "s3cret", "HOME": "/"})
    matrix = loaded.of(Matrix)
    assert matrix is not None
    assert matrix.password is not None
    assert matrix.password.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(loaded)


def test_a_secret_can_come_from_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("abc.def\n")
    named = f"[discord]\ntoken_file = '{secret}'\n"
    for environment, token in (({}, "abc.def"), ({"PLEIN_DISCORD_TOKEN": "xyz"}, "xyz")):
        found = config(tmp_path, named, environment).of(Discord)
        assert found
        assert found.token.get_secret_value() == token
    assert faults(tmp_path, named.replace(str(secret), "nowhere")) == [
        "discord.token_file: the file nowhere cannot be read (FileNotFoundError). Check that it is there and"
        " that it is yours."
    ]
    assert faults(tmp_path, f'{named}token = "x"') == [
        "discord.token_file: token is there as well. Leave one of the two out."
    ]
    assert faults(tmp_path, MATRIX + "password_file = 3") == [
        "matrix.password_file: this should be text, between quotes."
    ]
    secret.write_text("\n")
    assert "discord: the token is missing" in faults(tmp_path, named)[0]
    secret.write_bytes(b"\xff\xfe")
    assert "(UnicodeDecodeError)" in faults(tmp_path, named)[0]


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o640, True)])
async def test_a_check_says_where_others_can_read_the_file_of_a_secret(
    tmp_path: Path, mode: int, told: bool
) -> None:
    file, secret = tmp_path / "config.toml", tmp_path / "password"
    secret.write_text("hunter2hunter2")
    secret.chmod(mode)
    file.write_text(
        f"[database]\nurl = 'sqlite:///{tmp_path}/x.db'\n[matrix]\nhomeserver = 'http://127.0.0.1:1'\n"
        f"user = '@plein:x'\npassword_file = '{secret}'\n"
    )
    said: list[str] = []
    await check(load(file, FEATURES, {}), lambda line: said.append(Texts().write(line, VOICE)), file)
    assert any(f"Type `chmod 600 {secret}`" in line for line in said) == told


def test_the_environment_wins_and_its_mistakes_are_told(tmp_path: Path) -> None:
    given = {"PLEIN_DATABASE_URL": "sqlite:///other.db"}
    assert config(tmp_path, '[database]\nurl = "sqlite:///x.db"', given).database.url == "sqlite:///other.db"
    assert faults(tmp_path, "", {"PLEIN_DATABASE_ULR": "x"}) == [
        "PLEIN_DATABASE_ULR is unknown. Did you mean PLEIN_DATABASE_URL?"
    ]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("PLEIN_PORT", ""),
        ("PLEIN_PORT_8080_TCP", ""),
        ("PLEIN_SERVICE_HOST", ""),
        ("PLEIN_", ""),
        ("PLEIN_MATRX_PASSWORD", "; did you mean PLEIN_MATRIX_PASSWORD?"),
        ("PLEIN_DISCROD_TOKEN", "; did you mean PLEIN_DISCORD_TOKEN?"),
    ],
)
def test_what_others_put_into_the_environment_stops_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, nearest: str
) -> None:
    with_it, without = config(tmp_path, "", {name: "tcp://10.0.0.1:80"}), config(tmp_path, "")
    assert with_it.model_dump() == without.model_dump()
    expected = f"{name} in the environment is no setting of Plein, and not looked at{nearest}"
    assert [line.getMessage() for line in caplog.records] == [expected]


@pytest.mark.parametrize("name", ["PLEIN_MATRIX_PASWORD", "PLEIN_MATRIX", "PLEIN_MATRIX_"])
def test_what_begins_with_a_section_of_ours_is_told(tmp_path: Path, name: str) -> None:
    (found,) = faults(tmp_path, MATRIX + 'token = "x"\n', {name: "hunter2"})
    assert found.startswith(f"{name} is unknown.")
    assert "hunter2" not in found


def test_a_missing_or_broken_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadConfig) as bad:
        load(tmp_path / "none.toml", FEATURES, {})
    assert "`plein init` makes it" in Texts().write(bad.value.faults[0], VOICE)
    assert "line 1" in faults(tmp_path, "this is no toml")[0]
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadConfig):
        load(tmp_path / "binary.toml", FEATURES, {})


def _no_plain(tmp_path: Path) -> list[Path]:
    """A pipe that nobody writes into, what never ends, a folder, and a file of a gigabyte."""
    pipe, folder, huge = (tmp_path / name for name in ("pipe", "folder", "huge"))
    os.mkfifo(pipe)
    folder.mkdir()
    with huge.open("wb") as file:
        file.truncate(10**9)
    return [pipe, Path("/dev/zero"), folder, huge]


@pytest.mark.parametrize("which", range(4))
def test_what_is_no_plain_file_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], which: int
) -> None:
    """Whatever it is named for."""
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    named = _no_plain(tmp_path)[which]
    for command in ("run", "check", "init"):
        assert cli.main(["--config", str(named), command]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert str(named) in line
        assert "is no plain file of at most one megabyte" in line
    (told,) = faults(tmp_path, f"[discord]\ntoken_file = '{named}'\n")
    assert "is no plain file of at most one megabyte" in told


@pytest.mark.parametrize("which", range(4))
async def test_a_list_of_who_was_forgotten_that_is_no_plain_file_is_told(tmp_path: Path, which: int) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / "forgotten.list").symlink_to(_no_plain(tmp_path)[which])
    with pytest.raises(StoreFailed, match="the folder for keys cannot be used"):
        await open_database(f"sqlite:///{tmp_path / 'plein.db'}", keys)


def test_invitations_come_from_our_own_server_unless_said_otherwise(tmp_path: Path) -> None:
    ours = config(tmp_path, MATRIX + 'password = "x"\n').of(Matrix)
    none = config(tmp_path, MATRIX + 'password = "x"\n[matrix.invitations]\nservers = []\n').of(Matrix)
    assert ours is not None
    assert ours.welcome == {"m.example"}
    assert none is not None
    assert none.welcome == frozenset()


def test_contradictions_are_faults_with_their_lines(tmp_path: Path) -> None:
    people = (
        '[[residents]]\nname = "Anna"\naccounts = ["matrix:@anna:x", "discord:7"]\nrole = "moderator"\n'
        '[[residents]]\nname = "Ben"\naccounts = [\n  "discord:8",\n  "matrix:@anna:x",\n]\n'
    )
    assert faults(tmp_path, people) == [
        "residents[2].accounts[2]: matrix:@anna:x is there already, as residents[1].accounts[1] (lines 3 and"
        " 9). An account is one person’s: put all of theirs into one entry, with one role."
    ]
    twice = '[[residents]]\nname = "Anna"\naccounts = ["discord:7", "discord:7"]\n'
    (found,) = faults(tmp_path, twice)
    assert "residents[1].accounts[2]" in found
    themes = "".join(f'[[themes]]\nname = "{name}"\nplaces = ["discord:7"]\n' for name in ("A", "B"))
    assert faults(tmp_path, themes) == [
        "themes[2].places[1]: discord:7 is there already, as themes[1].places[1] (lines 3 and 6)."
        " A place belongs to one theme."
    ]
    again = '[[themes]]\nname = "Sport"\n[[themes]]\nname = "Sport"\nlanguage = "en"\n'
    assert faults(tmp_path, again) == [
        "themes[2].name: “Sport” is the name of themes[1].name already (lines 2 and 4). "
        "Put all places of a theme into one entry."
    ]
    # One account, and one server, is written in one way.
    town = '[[communities]]\nname = "A"\nservers = ["0123"]\n'
    assert "communities[1].servers[1]" in faults(tmp_path, town)[0]
    assert config(tmp_path, town.replace('"0123"', "123")).communities[0].servers == ("123",)
    assert "residents[1].accounts[1]" in faults(tmp_path, twice.replace("discord:7", "discord:07"))[0]


@pytest.mark.parametrize(("mode", "told"), [(0o600, False), (0o640, True), (0o604, True)])
@pytest.mark.parametrize(
    "secret", ["", 'url = "postgresql://u:pw@127.0.0.1:1/x"', 'url = "postgresql://u@127.0.0.1:1/x"']
)
async def test_a_check_says_where_others_can_read_a_secret(
    tmp_path: Path, mode: int, told: bool, secret: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[database]\n{secret}\nkeys = '{tmp_path}/keys'")
    file.chmod(mode)
    said: list[str] = []
    await check(load(file, FEATURES, {}), lambda line: said.append(Texts().write(line, VOICE)), file)
    assert any(f"Type `chmod 600 {file}`" in line for line in said) == (told and "pw" in secret)


@pytest.mark.parametrize(("mode", "told"), [(0o777, True), (0o703, True), (0o1777, False), (0o775, False)])
async def test_a_check_says_where_others_can_put_something_in_place_of_what_is_kept(
    tmp_path: Path, mode: int, told: bool
) -> None:
    """Also above the folder of the database, however closed that is."""
    (tmp_path / "data" / "deep").mkdir(parents=True, mode=0o700)
    (tmp_path / "data").chmod(mode)
    found = config(tmp_path, f"[database]\nurl = 'sqlite:///{tmp_path}/data/deep/x.db'")
    said: list[str] = []
    assert await check(found, lambda line: said.append(Texts().write(line, VOICE))) is not told
    assert [line for line in said if "chmod o-w" in line] == told * [
        f"Everybody on this machine can put something else in {tmp_path}/data in place of what Plein keeps. "
        f"Type `chmod o-w {tmp_path}/data`."
    ]


@pytest.mark.parametrize("folder", ["keys", "keys-signing"])
async def test_a_check_says_where_others_can_see_the_keys(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder).chmod(0o750)
    found = config(tmp_path, f"[database]\nurl = 'sqlite:///{tmp_path}/x.db'\nkeys = '{tmp_path}/keys'")
    said: list[str] = []
    assert not await check(found, lambda line: said.append(Texts().write(line, VOICE)))
    assert any("chmod 700" in line for line in said)


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        ('language = "nl"', "language is unknown. It belongs under `[community]`."),
        ("[community]\nboard_rest = -1", "community.board_rest: this should be 0 or more."),
        ("[polls]\nat_once = 0", "polls.at_once: this should be 1 or more."),
        ('[community]\nname = ""', "community.name: this must not be empty."),
        ('[database]\nurl = "sqlite:///"', "database.url: name a file behind it"),
        ('[database]\nurl = "sqlite:///:memory:"', "database.url: name a file behind it"),
        ('[database]\nurl = "sqlite:///x.db?a=1&mode=memory"', "database.url: name a file behind it"),
        ('[database]\nurl = "sqlite:///file::memory:?uri=true"', "database.url: name a file behind it"),
        ('[database]\nurl = "sqlite:///?cache=shared"', "database.url: name a file behind it"),
        ('[database]\nkeys = ""', "database.keys: this must not be empty."),
        ('[[themes]]\nname = "Sport"\nplaces = ["matrix:sport"]', "whole address of the room"),
        ('[[themes]]\nname = "Sport"\nplaces = ["Discord:1"]', "write the platform as `discord:` or"),
        ('[[themes]]\nname = "Sport"\nplaces = ["matirx:#sport:example.org"]', "write the platform as"),
        ('[[residents]]\nname = "Mia"\naccounts = ["matrix:mia"]', "whole address of the person"),
        ('[discord]\ntoken = "Bot abc"', "discord.token: this cannot be a token."),
        ("[discord]\ntoken = '\"abc\"'", "discord.token: this cannot be a token."),
        ('[discord]\ntoken = "ab\\nc"', "discord.token: this cannot be a token."),
        (f'{MATRIX}token = "ab\\nc"', "matrix.token: this cannot be a token."),
        (f'{MATRIX}store = ""\ntoken = "x"', "matrix.store: this must not be empty."),
        (
            f'{MATRIX}token = "x"\n[matrix.invitations]\nservers = ["https://example.org"]',
            "matrix.invitations.servers[1]: write the name of a server",
        ),
        (
            f'{MATRIX}token = "x"\n[matrix.invitations]\nrooms = ["#sport:example.org"]',
            "matrix.invitations.rooms[1]: write the id of a room",
        ),
    ],
)
def test_what_people_get_wrong_is_told_once_with_what_it_should_be(
    tmp_path: Path, toml: str, fault: str
) -> None:
    (said,) = faults(tmp_path, toml)
    assert fault in said


def test_a_token_may_end_as_a_line_does(tmp_path: Path) -> None:
    found = config(tmp_path, "[discord]", {"PLEIN_DISCORD_TOKEN": "abc.def\r\n"}).of(Discord)
    assert found
    assert found.token.get_secret_value() == "abc.def"


def test_an_editor_may_put_its_mark_before_the_first_character(tmp_path: Path) -> None:
    assert config(tmp_path, '\ufeff[community]\nname = "Zaventem"').community.name == "Zaventem"


@pytest.mark.parametrize(
    ("toml", "line", "column"),
    [("name = x", 1, 8), ("[a]\n[community]\nname = ”x”", 3, 8), ("[community", 1, 11), ("a = [", 1, 6)],
)
def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path, toml: str, line: int, column: int) -> None:
    (said,) = faults(tmp_path, toml)
    assert f"is not valid TOML on line {line}, from character {column}." in said


@pytest.mark.parametrize("toml", ["a = " + "9" * 5_000, "a = " + "[" * 3_000], ids=["digits", "brackets"])
def test_what_no_parser_takes_is_told_as_any_fault(tmp_path: Path, toml: str) -> None:
    (said,) = faults(tmp_path, toml)
    assert "is not valid TOML on line 1" in said


def test_a_number_is_not_written_as_true(tmp_path: Path) -> None:
    (said,) = faults(tmp_path, "[polls]\nanonymous_floor = true")
    assert "number" in said


async def test_a_check_says_that_a_database_is_not_there_yet(tmp_path: Path) -> None:
    said: list[Text] = []
    new = config(tmp_path, f'[database]\nurl = "sqlite:///{tmp_path}/data/plein.db"')
    assert await check(new, said.append)
    assert "yet; Plein makes what it needs at its first start" in Texts().write(said[0], VOICE)
    assert not (tmp_path / "data").exists()


async def test_a_check_says_what_is_wrong_with_where_a_database_should_be(tmp_path: Path) -> None:
    said: list[Text] = []
    (tmp_path / "plein.db").mkdir()
    assert not await check(
        config(tmp_path, f'[database]\nurl = "sqlite:///{tmp_path}/plein.db"'), said.append
    )
    assert "plein.db is a folder" in Texts().write(said[0], VOICE)


async def test_a_check_says_so_where_it_may_not_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may be root, who may look everywhere."""
    (tmp_path / "closed").mkdir()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "closed")
    said: list[Text] = []
    assert not await check(
        config(tmp_path, f'[database]\nurl = "sqlite:///{tmp_path}/closed/data/plein.db"'), said.append
    )
    assert "Plein may not write in" in Texts().write(said[0], VOICE)


SEVERAL = """
[community]
language = "en"
[polls]
at_once = 3
a_day = 4
[[communities]]
name = "Dorp"
servers = [11]
[communities.polls]
a_day = 7
[[communities.themes]]
name = "Sport"
places = ["discord:111"]
[[communities.residents]]
name = "Mia"
accounts = ["discord:1"]
[[communities]]
name = "Stad"
key = "Oude stad"
zone = "Europe/London"
spaces = ["#stad:m.example"]
[[communities.themes]]
name = "Sport"
places = ["discord:222"]
[[communities.residents]]
name = "Mia"
accounts = ["discord:1"]
"""


def test_each_of_several_communities_says_what_is_its_own(tmp_path: Path) -> None:
    """And else what is said for all of them holds, setting by setting."""
    found = config(tmp_path, SEVERAL)
    assert [one.known_as for one in found.each] == ["Dorp", "Oude stad"]
    town, city = (found.settings_of(one, [PollsSettings]) for one in found.each)
    assert (town.name, town.locale, town.zone.key) == ("Dorp", "en", "Europe/Brussels")
    assert (city.name, city.locale, city.zone.key) == ("Stad", "en", "Europe/London")
    limits = [(of.of(PollsSettings).at_once, of.of(PollsSettings).a_day) for of in (town, city)]
    assert limits == [(3, 7), (3, 4)]


def test_a_file_without_communities_is_one(tmp_path: Path) -> None:
    found = config(tmp_path, '[community]\nname = "Dorp"\n[[themes]]\nname = "Sport"\n')
    (only,) = found.each
    assert (only.name, [theme.name for theme in only.themes]) == ("Dorp", ["Sport"])


TWO = '[[communities]]\nname = "Dorp"\nservers = ["11"]\n[[communities]]\nname = "Stad"\n'


@pytest.mark.parametrize(
    ("toml", "fault"),
    [
        (
            f'{TWO}servers = ["11"]',
            "communities[2].servers[1]: 11 is there already, as communities[1].servers[1] (lines 3 and 6). A"
            " server belongs to one community.",
        ),
        (
            f"{TWO}servers = [11]",
            "communities[2].servers[1]: 11 is there already, as communities[1].servers[1] (lines 3 and 6). A"
            " server belongs to one community.",
        ),
        (
            f'{TWO}spaces = ["#a:m.example", "#a:m.example"]',
            "communities[2].spaces[2]: #a:m.example is there already, as communities[2].spaces[1] (lines 6)."
            " A space belongs to one community.",
        ),
        (f'{TWO}spaces = ["a"]', "communities[2].spaces[1]: write a space like `#town:example.org`"),
        (f'{TWO}servers = ["a"]', "communities[2].servers[1]: "),
        (
            TWO,
            "communities[2]: this does not say what is this community’s. Add `servers`, `spaces` or themes",
        ),
        (
            TWO.replace("Stad", "dorp") + "servers = [12]",
            "communities[2].name: communities[1].name is called dorp already (lines 5). Give each community",
        ),
        (
            f'{TWO}servers = [12]\nkey = "Dorp"',
            "communities[2].key: communities[1].name is known as Dorp already (lines 2 and 7). Each",
        ),
        (
            f'[community]\nname = "X"\n{TWO}servers = [12]',
            "community.name: with `[[communities]]` this belongs to one of them: put it under that community,"
            " as `name`.",
        ),
        (
            f'[[themes]]\nname = "X"\n{TWO}servers = [12]',
            "themes: with `[[communities]]` this belongs to one of them: put it under that community, as"
            " `[[communities.themes]]`.",
        ),
        (
            f'[discord]\ntoken = "x"\nguilds = [13]\n{TWO}servers = [12]',
            "discord.guilds: with `[[communities]]` this belongs to one of them: put it under that community,"
            " as `servers`.",
        ),
        ('[discord]\ntoken = "x"\ncommands = "guild"', "the servers have to be listed under `guilds`"),
        (
            SEVERAL.replace("discord:222", "discord:111"),
            "communities[2].themes[1].places[1]: discord:111 is there already, as"
            " communities[1].themes[1].places[1] (lines 14 and 25). A place belongs to one theme.",
        ),
        (
            f"{TWO}servers = [12]\nserver = [13]",
            "communities[2].server is unknown. Did you mean communities[2].servers?",
        ),
        (
            f"{TWO}servers = [12]\n[communities.polls]\na_day = 0",
            "communities[2].polls.a_day: this should be 1 or more",
        ),
    ],
)
def test_what_is_wrong_with_communities_is_told_with_what_it_should_be(
    tmp_path: Path, toml: str, fault: str
) -> None:
    (said,) = faults(tmp_path, toml)
    assert fault in said


def test_commands_by_server_take_the_servers_of_the_communities(tmp_path: Path) -> None:
    found = config(tmp_path, f'[discord]\ntoken = "x"\ncommands = "guild"\n{TWO}servers = [12]')
    assert servers_of(found) == ["11", "12"]
