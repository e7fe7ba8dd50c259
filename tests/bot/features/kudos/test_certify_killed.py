"""A process that is killed while it makes a certificate: one can be checked then, or nobody has any."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.features.kudos.records import CERTIFICATES, Kept
from tests.doubles.platform import Town, open_town, words_of

ROOT = Path(__file__).parents[4]
# Makes one, and dies by its own SIGKILL at the named point: before that is called so often, or else after it.
MAKES = """
import asyncio, itertools, os, signal, sys
from dataclasses import replace
from datetime import timedelta
import bot.certificates, bot.core, storage.keyring, storage.kudos.certificates, storage.signing
from tests.doubles.platform import open_town

POINTS = {
    "half a key": (storage.keyring, "_write", 2),
    "a key": (storage.keyring.Keyring, "make_signing_pair", 0),
    "signed": (storage.signing.OwnSigning, "sign", 0),
    "added": (storage.kudos.certificates.Certificates, "add", 0),
}

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def deadly(real, before):
    calls = itertools.count(1)
    def it(*args, **more):
        found = real(*args, **more) if next(calls) != before else die()
        return found if before else die()
    return it

async def main():
    url, point = sys.argv[1:]
    async with open_town(url, number=1000) as town:
        town.clock.turn(timedelta(days=8))
        if point in POINTS:
            owner, name, before = POINTS[point]
            setattr(owner, name, deadly(getattr(owner, name), before))
        asked = town.asked("ben", "!oorkonde maak 1", room=None)
        await town.core.handle(replace(asked, id="test:certify"))
        die()

asyncio.run(main())
"""
POINTS = ("half a key", "a key", "signed", "added", "committed")


async def kept(town: Town) -> list[Kept]:
    found = await town.core.store.run(lambda tx: [tx.of(CERTIFICATES).get(number) for number in (1, 2)])
    return [each for each in found if each]


@pytest.mark.parametrize("point", POINTS)
async def test_it_is_made_once(point: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/kept/plein.db"
    async with open_town(url) as town:
        await town.joined("sport")
        for who in ("anna", "ben"):
            await town.say(who, "!help")
        await town.say("ben", "!help", room=None)
        town.clock.turn(timedelta(days=8))
        await town.say("anna", '!bedankt ben "voor de soep"')
    killed = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", MAKES, url, point], cwd=ROOT, capture_output=True, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    async with open_town(url, number=2000) as town:
        town.clock.turn(timedelta(days=8))
        assert len(await kept(town)) == (point == "committed")
        # It comes once more, as its answer arrived nowhere.
        for _ in range(2):
            asked = replace(town.asked("ben", "!oorkonde maak 1", room=None), id="test:certify")
            answer = await town.core.handle(asked)
            assert answer
            assert "Het is nummer 1." in words_of(answer)
        (one,) = await kept(town)
        assert "Dit klopt" in await town.say("anna", f"!oorkonde controleer {one.code}", room=None)
