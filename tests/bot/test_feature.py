"""Two features that claim the same are told of, both by name, before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.call import Call
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.types import CONVERTERS
from bot.errors import Clash
from bot.feature import Feature, Features
from bot.main.config import config_of
from bot.main.features import FEATURES, Installed, add_up
from bot.model.message import Message, message
from bot.model.work import Job
from bot.ports.storage import StoreKey
from bot.settings import Section
from bot.texts import FOLDER, Texts
from storage.parts import Stored
from storage.tables import own_tables, residents
from tests.chat import open_chat
from tests.made_up import INSTALLED

KEY: StoreKey[Any] = StoreKey("things")


def run(call: Call) -> Message:
    return message()


def due(call: Call, job: Job) -> None: ...


class Settings(Section):
    pass


@pytest.mark.parametrize(
    ("brings", "clash"),
    [
        ({"commands": (Command("poll open", run),)}, "The command 'poll open'"),
        ({"jobs": {"poll.close": due}}, "The kind of job 'poll.close'"),
        ({"boards": {"poll": lambda tx, subject: None}}, "The kind of board 'poll'"),
        ({"files": {"poll": {}}}, "The kind of file 'poll'"),
        ({"suggest": {"poll": lambda call, given: ()}}, "The suggestion for 'poll'"),
        ({"keeps": StoreKey("polls")}, "The store 'polls'"),
    ],
)
def test_what_two_features_claim(brings: dict[str, Any], clash: str) -> None:
    others = [installed.feature for installed in FEATURES]
    with pytest.raises(Clash) as told:
        Features([*others, Feature(name="things", **brings)])
    assert str(told.value) == f"{clash} is claimed twice: by polls and by things."


def test_a_feature_is_there_once() -> None:
    with pytest.raises(Clash, match="The name of a feature 'help' is claimed twice"):
        add_up((*FEATURES, FEATURES[0]))


@pytest.mark.parametrize("name", ["peiling open", "poll open", "vote", "stem"])
def test_no_command_is_called_like_another_in_any_language(name: str, tmp_path: Path) -> None:
    """Every name is understood in every language, so a Dutch one can be in the way of an English one."""
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "things.po").write_text(f'msgid "command.thing do"\nmsgstr "thing do|{name}"\n')
    things = Feature(name="things", commands=(Command("thing do", run),), locales=tmp_path)
    features = Features([*(installed.feature for installed in FEATURES), things])
    kinds = {**CONVERTERS, **features.kinds}
    commands = Commands(features.commands, Texts(FOLDER, *features.locales), converters=kinds)
    with pytest.raises(
        Clash, match=rf"'{name}' is claimed twice: by 'poll \w+' of polls and by 'thing do' of"
    ):
        features.check_names(commands)


@pytest.mark.parametrize(("name", "whose"), [("themes", "the core"), ("matrix", "an adapter")])
def test_no_section_is_called_like_another(name: str, whose: str) -> None:
    with pytest.raises(Clash, match=f"The section '{name}' is claimed twice: by {whose} and by the feature"):
        config_of(Features([Feature(name=name, settings=Settings)]))


@pytest.mark.parametrize(("table", "whose"), [("residents", "the core"), ("ballots", "polls")])
def test_no_table_is_called_like_another(table: str, whose: str) -> None:
    from sqlalchemy import Table

    tables = own_tables()
    Table(table, tables)
    things = Installed(Feature(name="things", keeps=KEY), Stored(KEY, lambda parts: None, tables))
    with pytest.raises(Clash, match=f"The table '{table}' is claimed twice: by {whose} and by things"):
        add_up((*FEATURES, things))


def test_what_a_feature_keeps_stands_beside_it() -> None:
    things = Feature(name="things", keeps=KEY)
    with pytest.raises(Clash, match="The feature things needs things kept, and nothing is what stands"):
        add_up((Installed(things),))
    with pytest.raises(Clash, match="The feature others needs nothing kept, and things is what stands"):
        add_up((Installed(Feature(name="others"), Stored(KEY, lambda parts: None, own_tables())),))


async def test_plein_does_not_start_with_a_clash(tmp_path: Path) -> None:
    (tmp_path / "nl").mkdir()
    (tmp_path / "nl" / "things.po").write_text('msgid "poll.opened"\nmsgstr "Ja"\n')
    installed = (*FEATURES, Installed(Feature(name="things", locales=tmp_path)))
    with pytest.raises(Clash, match=r"'poll\.opened'.*polls\.po and .*things\.po"):
        async with open_chat("sqlite:///:memory:", installed=installed):
            pass


def test_what_is_kept_of_residents_can_be_merged_exported_and_forgotten() -> None:
    """Two accounts may always turn out to be one person's. See tests/test_people_tables.py."""
    keeping = [
        (installed.feature, table.name)
        for installed in INSTALLED
        if installed.stored
        for table in installed.stored.tables.sorted_tables
        if any(key.column.table is residents for key in table.foreign_keys)
    ]
    assert len(keeping) > 2
    for what in ("merge", "export", "forget"):
        lacking = [f"{table} of {feature.name}" for feature, table in keeping if not getattr(feature, what)]
        assert lacking == [], what
