"""Conversations, word for word: in the console on each database, as typed and as filled-in commands; on
Discord and on Matrix; and across both at once.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chat import NOW, SCENARIOS, difference, read_scenario
from tests.doubles.discord import Discord
from tests.homeserver import Homeserver
from tests.stages.discord import DiscordsClock, OnDiscord
from tests.stages.matrix import OnMatrix
from tests.stages.play import Turns, play
from tests.stages.sealed import OnSealedMatrix
from tests.stages.stage import HandTurned

ROOT = Path(__file__).parents[1]
SCENES = ROOT / "tests" / "scenarios"
FIRST = SCENES / "first_poll.chat"
# Played with a platform for each of its labels: on one alone other things would be said.
LINKING = ["linking", "linking_english", "profile_linking"]
# On Discord there is something to choose of each kind on each server (see adapters/discord/test_homes.py).
SETUP = ["setup", "setup_english"]
ACROSS = [
    "across",
    "one_person",
    "reminders",
    "communities",
    "communities_english",
    "profile",
    "profile_english",
    "forget",
    "forget_english",
    "theme_list",
    "theme_list_english",
    "theme_back",
    "theme_back_english",
    "theme_term",
    "theme_draw",
    "theme_draw_english",
    "whole_meeting",
    "whole_meeting_english",
    "moderation",
    "moderation_english",
    *LINKING,
]
# From its agenda to approved minutes: all that there is of a meeting.
SEALED = ["whole_meeting", "whole_meeting_english"]
# Where people say it to each other, the platforms are to carry it: on the console for now.
RELAY = ["relay", "relay_english", "relay_off", "relay_off_english", "relay_out", "relay_out_english"]
RELAY += ["relay_encrypted", "relay_encrypted_english", "relay_files", "relay_files_english"]
RELAY += ["relay_threads", "relay_threads_english", "relay_signs", "relay_signs_english"]
RELAY += ["relay_moderation", "relay_moderation_english"]
# What may be left out each platform spells in its own way.
SPELLED = ["moderation_bad", "moderation_bad_english"]
ON_ONE = [file for file in SCENARIOS if file.stem not in (*LINKING, *RELAY, *SPELLED)]
# There Plein may take away what others say (see adapters/discord/test_linking.py).
ON_DISCORD = [file for file in ON_ONE if file.stem not in ("linking_aloud", *SETUP)]
ON_MATRIX = ON_ONE


@pytest.mark.parametrize("filled_in", [False, True], ids=["typed", "filled-in"])
@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
async def test_conversation(file: Path, filled_in: bool, database_url: str) -> None:
    scenario = read_scenario(file)
    assert scenario.turns
    found = await scenario.play(database_url, filled_in=filled_in)
    changes = difference(scenario.turns, found)
    assert not changes, f"\n{changes}"


@pytest.mark.parametrize("file", ON_DISCORD, ids=lambda file: file.stem)
async def test_conversation_on_discord(file: Path, tmp_path: Path) -> None:
    async with Discord() as double:
        stage = OnDiscord(double, clock := DiscordsClock.at(NOW, double))
        same(await play(read_scenario(file), f"sqlite:///{tmp_path}/plein.db", clock, stage))


@pytest.mark.parametrize("file", ON_MATRIX, ids=lambda file: file.stem)
async def test_conversation_on_matrix(file: Path, homeserver: Homeserver, tmp_path: Path) -> None:
    stage = OnMatrix(homeserver, tmp_path / "matrix", clock := HandTurned(NOW))
    same(await play(read_scenario(file), f"sqlite:///{tmp_path}/plein.db", clock, stage))


@pytest.mark.parametrize("name", SEALED)
async def test_conversation_in_an_encrypted_room(name: str, homeserver: Homeserver, tmp_path: Path) -> None:
    stage = OnSealedMatrix(homeserver, tmp_path / "matrix", clock := HandTurned(NOW))
    scenario = read_scenario(SCENES / f"{name}.chat")
    try:
        same(await play(scenario, f"sqlite:///{tmp_path}/plein.db", clock, stage))
    finally:
        await stage.close()


@pytest.mark.parametrize("name", ACROSS)
async def test_conversation_across_both(name: str, homeserver: Homeserver, tmp_path: Path) -> None:
    """One core, one database, one theme with a channel and a room; what is neither's is played on Discord."""
    scenario = read_scenario(SCENES / f"{name}.chat")
    async with Discord() as double:
        clock = DiscordsClock.at(NOW, double)
        stages = OnDiscord(double, clock), OnMatrix(homeserver, tmp_path / "matrix", clock)
        expected, found = await play(scenario, f"sqlite:///{tmp_path}/plein.db", clock, *stages)
    same((expected, found))
    heard = [line for _, lines in found for line in lines]
    for platform in ("discord", "matrix"):
        assert any(re.match(rf"\[{platform}[/ ]", line) for line in heard)


def same(played: tuple[Turns, Turns]) -> None:
    changes = difference(*played)
    assert not changes, f"\n{changes}"


@pytest.mark.parametrize("through", ["pipe", "file"])
def test_the_first_poll_from_outside(through: str, tmp_path: Path) -> None:
    turns = read_scenario(FIRST).turns
    script = "\n".join(typed for typed, _ in turns)
    command = [sys.executable, "-m", "bot.main", "console", "--now", "2026-12-01T19:00"]
    if through == "file":
        (tmp_path / "script").write_text(script, encoding="utf-8")
        command += ["--script", str(tmp_path / "script")]
    ran = subprocess.run(
        command,
        input="" if through == "file" else script,
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=180,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    expected = "".join(f"{line}\n" for _, said in turns for line in said)
    changes = difference([("", expected.splitlines())], [("", ran.stdout.splitlines())])
    assert not changes, f"\n{changes}"
    assert ran.stdout == expected


def test_a_script_that_is_not_understood_fails(tmp_path: Path) -> None:
    (tmp_path / "script").write_text("anna zegt iets\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "bot.main", "console", "--script", str(tmp_path / "script")],
        cwd=ROOT,
        text=True,
        capture_output=True,
        timeout=180,
    )
    assert ran.returncode == 1
    assert "Regel 1 begrijp ik niet: anna zegt iets." in ran.stdout


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--script", "/nowhere/script", "there is no file '/nowhere/script'"),
        ("--db", "mysql://plein", "begin with sqlite:/// or postgresql://"),
        ("--now", "gisteren", "write it like 2026-12-01T19:00"),
        ("--lang", "tlh", "invalid choice"),
    ],
)
def test_a_wrong_option_is_answered_in_a_line(option: str, value: str, said: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bot.main", "console", option, value],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        text=True,
        capture_output=True,
        timeout=180,
    )
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
