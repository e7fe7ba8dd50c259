"""What waits for whoever moderates the community is said to nobody who does not any more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import timedelta

from bot.errors import Gone, NoSuchAccount, TryLater
from bot.model.message import message, typed
from bot.model.people import Identity
from tests.doubles.platform import PLATFORM, open_town
from tests.test_imports import ROOT

# What gives who moderates, and what says something to one person.
_MODERATORS = {"with_role", "moderators", "moderators_of"}
_SAYS = {"tell", "post", "add"}


async def test_whose_line_was_taken_out_of_the_configuration_does_not_hear_it(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia", "lena")) as town:
        await town.joined("sport")
        for name in ("anna", "ben", "mia", "lena"):
            await town.say(name, "!help")
            await town.say(name, "!help", room=None)
        town.clock.turn(timedelta(days=8))
        town.platform.trouble["lena"] = [TryLater(5)] * 500
        asked = await town.core.handle(town.asked("anna", '!bedankt "oma" "voor de geheime taart"'))
        assert asked
        await town.core.handle(town.asked("anna", button=asked.buttons[-1]))
        await town.say("ben", "!bedankje claim 1", room=None)
        await town.core.run_due()
        before = town
    async with open_town(database_url, moderators=("mia",), before=before) as town:
        town.platform.trouble.clear()
        for room in ("sport", None):
            await town.say("lena", "!help", room=room)
        for _ in range(3):
            town.clock.turn(timedelta(minutes=10))
            await town.core.run_due()
        assert any("taart" in said for said in town.platform.where("mia"))
        assert not any("taart" in said for said in town.platform.where("lena"))


async def test_nor_hears_what_can_be_said_nowhere_or_whose_account_is_gone(database_url: str) -> None:
    async with open_town(database_url, moderators=("mia", "lena")) as town:
        await town.joined("sport")
        await town.joined("kluis", theme="Klachten")
        for name in ("ben", "mia", "lena"):
            await town.say(name, "!help", room=None)
        town.platform.trouble["lena"] = [TryLater(5)] * 500
        town.platform.trouble["kluis"] = [Gone("no more")] * 50
        town.platform.trouble["ben"] = [NoSuchAccount("no account")] * 50
        await town.post("kluis", "dag")
        said = message(typed("dag"))
        await town.core.store.run(
            lambda tx: tx.posts.add("told", Identity(PLATFORM, "ben"), said, town.clock.now())
        )
        await town.core.run_due()
        before = town
    async with open_town(database_url, moderators=("mia",), before=before) as town:
        town.platform.trouble.clear()
        await town.say("lena", "!help", room=None)
        town.clock.turn(timedelta(minutes=10))
        await town.core.run_due()
        for what in ("kluis", "bestaat niet meer"):
            assert any(what in said for said in town.platform.where("mia"))
            assert not any(what in said for said in town.platform.where("lena"))


def _said_to_moderators(source: str) -> Iterator[ast.Call]:
    """What is said, without saying for which role, in a loop over who moderates."""
    for loop in ast.walk(ast.parse(source)):
        if not isinstance(loop, ast.For) or not _calls(loop.iter, _MODERATORS):
            continue
        for said in (said for line in loop.body for said in _calls(line, _SAYS)):
            if not any(given.arg == "role" for given in said.keywords):
                yield said


def _calls(node: ast.AST, named: set[str]) -> list[ast.Call]:
    return [
        found
        for found in ast.walk(node)
        if isinstance(found, ast.Call) and isinstance(found.func, ast.Attribute) and found.func.attr in named
    ]


def test_whatever_is_said_to_moderators_says_that_it_is_for_them() -> None:
    forgot = [
        f"{file.relative_to(ROOT)}:{said.lineno}"
        for file in sorted((ROOT / "bot").rglob("*.py"))
        for said in _said_to_moderators(file.read_text(encoding="utf-8"))
    ]
    assert forgot == []
