"""However somebody writes a configuration: one thing is changed there, and all else is as it was."""

from __future__ import annotations

import itertools
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.main.configfile import CannotChange, ConfigFile

# The same few sections in many hands.
COMMUNITY = (
    '[community]\nname = "Dorp" # de naam\nlanguage = "nl"\n',
    "# boven\ncommunity.name = 'Dorp'\ncommunity.language = \"nl\" # taal\n",
    'community = { name = "Dorp", language = "nl" } # kort\n',
    '[ community ]\n\n  language=\'nl\'\n  # binnen\n  name   =   """\nDorp"""\n\n',
    "# nog niets\n",
)
DISCORD = (
    "[discord]\ntoken = 'abc' # geheim\nguilds = [\n  11, # het dorp\n  22,\n]\n# einde\n",
    '[discord.permissions]\nmoderator = "manage_guild"\n[discord]\ntoken = "abc"\n',
    '[discord]\ntoken = "abc"\n[themes_of_nobody]\n[discord.permissions] # wie\nmoderator = "manage_guild"\n',
    'discord = { token = "abc" }\n',
)
COMMUNITIES = (
    "",
    "# een\n[[communities]]\nname = 'A'\n[communities.polls]\na_day = 3 # per dag\n"
    "[[communities]]\nname = 'B'\n# na\n",
    "communities = [{ name = 'A' }, { name = 'B' }]\n",
)
CHANGES: tuple[tuple[Any, tuple[str | int, ...]], ...] = (
    ("Stad", ("community", "name")),
    (None, ("community", "language")),
    ("Europe/London", ("community", "zone")),
    (["33"], ("discord", "guilds")),
    ("x.y", ("discord", "token")),
    (None, ("discord", "token")),
    ("sqlite:///x.db", ("database", "url")),
    ({}, ("matrix",)),
    ("https://m.example", ("matrix", "homeserver")),
    ("C", ("communities", 0, "name")),
    (["1"], ("communities", 0, "servers")),
)


@st.composite
def written(draw: st.DrawFn) -> str:
    parts = [draw(st.sampled_from(COMMUNITIES)), draw(st.sampled_from(DISCORD))]
    first = draw(st.sampled_from(COMMUNITY))
    # What has a section's name in itself stands before any section.
    bare = [part for part in (first, *parts) if not re.search(r"(?m)^\s*\[", part)]
    headed = [part for part in (first, *parts) if part not in bare]
    source = "".join((*bare, *draw(st.permutations(headed))))
    return source.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


# A section whose only line goes, after a part of it: the remark behind it is about what follows.
@example(
    "[discord.permissions]\nmoderator = 'x'\n[discord]\ntoken = 'a'\n# een\n[[communities]]\nname = 'A'\n",
    [(None, ("discord", "token"))],
)
@settings(max_examples=300, deadline=None)
@given(written(), st.lists(st.sampled_from(CHANGES), min_size=1, max_size=5))
def test_only_what_is_asked_is_changed(source: str, changes: list[tuple[Any, tuple[str | int, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.toml"
        path.write_bytes(source.encode())
        file = ConfigFile(path)
        assert file.source == source
        wanted = tomllib.loads(source)
        for value, where in changes:
            try:
                file.put(value, *where)
            except CannotChange:
                assert file.values == wanted
                assert tomllib.loads(file.source) == wanted
                continue
            put(wanted, value, where)
        assert file.values == wanted
        file.write()
        after = path.read_bytes().decode()
    assert tomllib.loads(after) == wanted
    # What is behind a setting goes with that setting.
    goes = {"# het dorp", "# taal", "# geheim"}
    assert {remark for remark in re.findall(r"# [a-z ]+", source) if remark not in after} <= goes


def test_what_would_take_a_remark_along_is_left_to_its_author(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        "[discord.permissions]\nmoderator = 'x'\n[discord]\ntoken = 'abc'\n# over Dorp\n[community]\n"
    )
    file = ConfigFile(path)
    with pytest.raises(CannotChange):
        file.put(None, "discord", "token")
    assert file.source == path.read_text()


def put(values: dict[str, Any], value: Any, where: tuple[str | int, ...]) -> None:
    found: Any = values
    for step, following in itertools.pairwise(where):
        if isinstance(found, list) and step == len(found):
            found.append({})
        elif isinstance(step, str):
            found.setdefault(step, [] if isinstance(following, int) else {})
        found = found[step]
    if value is None:
        found.pop(where[-1], None)
    else:
        found[where[-1]] = value
