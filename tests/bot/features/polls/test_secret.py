"""What Plein says and does about a vote in an anonymous poll is the same whatever the vote was."""

from __future__ import annotations

import base64
import contextlib
import logging
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import select

from bot.features.polls.end import end_polls
from bot.features.polls.records import LONGEST_REASON, POLLS, Kind
from bot.ports.storage import Transaction
from storage.engines import keys_beside
from storage.keyring import KeyGone, Keyring
from storage.polls.sealed import SealedBallots
from storage.polls.tables import ballots, marks
from storage.unit import Tx
from tests.doubles.platform import Town, open_town
from tests.doubles.polls import cast_as, tally
from tests.postgres import keys_of

# Of each kind: the options, and two ballots that say the opposite.
KINDS = {
    Kind.CHOICE: ("Appel | Peer", "1", "2"),
    Kind.APPROVAL: ("Appel | Peer | Kers", "1", "2 3"),
    Kind.SCORE: ("Appel | Peer", "5 0", "1 4"),
    Kind.RANKED: ("Appel | Peer", "1 2", "2 1"),
    Kind.CONSENT: ("", "agree", "object de kinderen spelen daar"),
    Kind.DATES: ('"12 dec 20:00" | "13 dec 20:00"', "yes no", "maybe yes"),
}
# The shortest and the longest ballot there can be.
NUMBERS = " ".join(map(str, range(1, 21)))
TWENTY = " | ".join(f"Optie {letter}" for letter in "abcdefghijklmnopqrst")
EVENINGS = " | ".join(f'"{day} dec 20:00"' for day in range(5, 25))
EXTREMES = {
    Kind.CHOICE: (TWENTY, "1", "20"),
    Kind.APPROVAL: (TWENTY, "1", NUMBERS),
    Kind.SCORE: (TWENTY, "0 " * 20, "5 " * 20),
    Kind.RANKED: (TWENTY, NUMBERS, " ".join(reversed(NUMBERS.split()))),
    Kind.CONSENT: ("", "agree", "object " + "\U0001f333" * LONGEST_REASON),
    Kind.DATES: (EVENINGS, "no " * 20, "maybe " * 20),
}


async def opened(town: Town, options: str, kind: Kind = Kind.CHOICE) -> None:
    await town.joined("sport")
    await town.say("mia", f'!poll open "Wat?" {options} --kind {kind} --anonymous --closes 2d')
    for name in ("ben", "cas"):
        await town.say(name, "!poll list")


async def voted(town: Town, name: str, words: str) -> None:
    assert "je stem is binnen" in await town.say(name, f"!vote {words} --poll 1", room=None)


def kept(tx: Transaction) -> list[str]:
    return list(cast(Tx, tx).db.execute(select(ballots.c.choices).where(ballots.c.choices != "")).scalars())


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_that_its_voter_is_told_says_what_they_chose(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither receipts, nor what is shown and listed to them alone; nor does the log."""
    caplog.set_level(logging.DEBUG)
    options, *votes = KINDS[kind]
    async with open_town("sqlite:///:memory:") as town:
        await opened(town, options, kind)
        for name in ("ben", "cas"):
            await voted(town, name, votes[0])
        told = [
            [
                await town.say(name, words, room=None)
                for vote in cast
                for words in (f"!vote {vote} --poll 1", "!poll show 1", "!poll mine")
            ]
            for name, cast in (("ben", votes), ("cas", votes[::-1]))
        ]
    assert "je stem is binnen" in told[0][0]
    assert told[0] == told[1]
    assert not any(f"!vote {vote}" in caplog.text for vote in votes)
    assert "kinderen" not in caplog.text


async def test_removing_what_voted_takes_no_vote_back(database_url: str) -> None:
    async with open_town(database_url) as town:
        await opened(town, "A | B")
        asked = town.asked("ben", "!vote 2 --poll 1", room=None)
        await town.core.handle(asked)
        await town.core.take_back(town.asked("ben", room=None), asked.id)
        await town.say("mia", "!poll close 1 --sure")
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 1]


@pytest.mark.parametrize("kind", EXTREMES)
async def test_the_shortest_and_the_longest_ballot_are_as_long(kind: Kind) -> None:
    options, short, long = EXTREMES[kind]
    async with open_town("sqlite:///:memory:") as town:
        await opened(town, options, kind)
        await voted(town, "ben", short)
        await voted(town, "cas", long)
        first, second = await town.core.store.run(kept)
    assert len(first) == len(second)


async def test_others_open_a_ballot_as_the_standard_says(tmp_path: Path) -> None:
    """RFC 9180 with X25519 and AES-256-GCM, by another library than ours; and not with what seals."""
    async with open_town(f"sqlite:///{tmp_path}/plein.db") as town:
        await opened(town, "A | B")
        await voted(town, "ben", "2")
        ((_, _, sealed),) = [words.partition(":") for words in await town.core.store.run(kept)]
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    keys = tmp_path / "plein.db-keys"

    def opens(half: str) -> bytes:
        key = X25519PrivateKey.from_private_bytes((keys / f"poll-1-ballots.{half}").read_bytes())
        return suite.decrypt(base64.b64decode(sealed), key, info=b"poll-1-ballots")

    assert opens("key")[4:].rstrip(b"\0") == b"2\n"
    with pytest.raises(InvalidTag):
        opens("pub")


# Python keeps what watches it until the end: so there is one, and it tells whoever listens.
_listening: list[list[str]] = []


@contextmanager
def files_opened() -> Iterator[list[str]]:
    """The names of all files that are opened meanwhile."""
    if not _watching:
        sys.addaudithook(_tell)
        _watching.append(True)
    names: list[str] = []
    _listening.append(names)
    try:
        yield names
    finally:
        _listening.remove(names)


_watching: list[bool] = []


def _tell(event: str, args: tuple[Any, ...]) -> None:
    if event == "open" and _listening and isinstance(args[0], (str, Path)):
        for names in _listening:
            names.append(Path(args[0]).name)


async def test_the_half_that_opens_is_read_to_count_and_at_no_other_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/plein.db"
    with files_opened() as names:
        async with open_town(url) as town:
            await opened(town, "A | B")
            for words in ("1", "2", "A"):
                await voted(town, "ben", words)
            for words in (
                "!poll show 1",
                "!poll mine",
                "!poll list",
                "!poll withdraw 1",
                "!vote 9",
                "!vote 1",
            ):
                await town.say("ben", words, room=None)
        async with open_town(url, number=100) as town:
            await town.say("cas", "!poll list")
            await voted(town, "cas", "2")
            await town.core.run_due()
            await town.say("mia", "!poll close 1")
            assert "poll-1-ballots.pub" in names
            del names[: names.index("poll-1-ballots.pub")]  # where the pair was made
            assert "poll-1-ballots.key" not in names
            await town.say("mia", "!poll close 1 --sure")
            assert names.count("poll-1-ballots.key") == 1
            assert await town.core.store.run(lambda tx: tally(tx, 1)) == [1, 1]


async def test_ballots_are_counted_and_thrown_away_at_once_or_not_at_all(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_town(database_url) as town:
        await opened(town, "A | B")
        await voted(town, "ben", "2")
        with monkeypatch.context() as broken:
            broken.setattr(SealedBallots, "throw_away", lambda *_: 1 / 0)
            await town.say("mia", "!poll close 1 --sure")
        assert len(await town.core.store.run(kept)) == 1
        assert await town.core.store.run(lambda tx: cast_as(tx, _first(tx))) == {}
        assert await town.core.store.run(lambda tx: _first(tx).state) == "open"
        await town.say("mia", "!poll close 1 --sure")
        assert await town.core.store.run(kept) == []
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 1]


def _first(tx: Transaction) -> Any:
    found = tx.of(POLLS).get(1, 0)
    assert found
    return found[0]


# --- keys that were copied before it opened ---

PLANNED = ' --opens "over 2 dagen" --closes "over 4 dagen"'


def folder_of(url: str) -> Path:
    folder = keys_of(url) or keys_beside(url)
    assert folder
    return folder


def opened_with(copy: Path, rows: list[tuple[str, str]]) -> list[str]:
    """What of ballots, and of the events that cast them, whoever has these keys finds out."""
    keys, found = Keyring(copy), []
    with contextlib.suppress(KeyGone):
        opens = keys.opener("poll-1-ballots")
        for ballot, _ in rows:
            with contextlib.suppress(KeyGone):
                found.append(opens(ballot.rpartition(":")[2]).decode())
    with contextlib.suppress(KeyGone):
        guesses = [keys.mark("poll-1-marks", f"test:{number}").hex() for number in range(100)]
        found += [guess for _, latest in rows for guess in guesses if guess in latest]
    return found


def backup(tx: Transaction) -> list[tuple[str, str]]:
    asked = select(ballots.c.choices, marks.c.latest).join(
        marks, (marks.c.poll == ballots.c.poll) & (marks.c.voter == ballots.c.voter)
    )
    return [tuple(row) for row in cast(Tx, tx).db.execute(asked)]


@pytest.mark.parametrize("how", ["opened at once", "planned", "planned before keys were made late"])
async def test_keys_that_were_copied_before_it_opened_open_nothing(
    database_url: str, tmp_path: Path, how: str
) -> None:
    copy, folder = tmp_path / "copy", folder_of(database_url)
    is_planned = how.startswith("planned")
    asked = '!poll open "Wat?" A | B | C --anonymous'
    async with open_town(database_url) as town:
        await town.joined("sport")
        for name in ("mia", "ben", "cas"):
            await town.say(name, "!help")
        if is_planned:
            assert "Wat?" in await town.say("mia", f"{asked}{PLANNED}")
            assert not [name for name in Keyring(folder).names() if name.startswith("poll-1")]
        if how.startswith("planned before"):
            Keyring(folder).make_pair("poll-1-ballots")
            Keyring(folder).make("poll-1-marks")
        shutil.copytree(folder, copy)
        if not is_planned:
            assert "Wat?" in await town.say("mia", f"{asked} --closes 2d")
        town.clock.turn(timedelta(days=2, minutes=1) if is_planned else timedelta(minutes=1))
        await town.core.run_due()
        for name, option in (("ben", "2"), ("cas", "3")):
            await voted(town, name, option)
        rows = await town.core.store.run(backup)
        assert len(opened_with(folder, rows)) == 4, "two ballots, and the events of two"
        assert opened_with(copy, rows) == []
        await town.say("mia", "!poll close 1 --sure")
        assert await town.core.store.run(lambda tx: tally(tx, 1)) == [0, 1, 1]


async def test_one_of_a_number_that_was_given_out_before_has_keys_of_its_own(
    database_url: str, tmp_path: Path
) -> None:
    """What was asked and undone, or after the backup that was put back, left keys of that name."""
    copy, folder = tmp_path / "copy", folder_of(database_url)
    async with open_town(database_url) as town:
        Keyring(folder).make_pair("poll-1-ballots")
        Keyring(folder).make("poll-1-marks")
        shutil.copytree(folder, copy)
        await opened(town, "A | B")
        await voted(town, "ben", "2")
        assert opened_with(copy, await town.core.store.run(backup)) == []


@pytest.mark.parametrize("how", ["cancelled", "called off", "ended with its theme", "missed"])
async def test_no_key_is_left_of_one_that_never_opened(database_url: str, how: str) -> None:
    async with open_town(database_url) as town:
        await town.joined("sport")
        assert "Wat?" in await town.say("mia", f'!poll open "Wat?" A | B --anonymous{PLANNED}')
        match how:
            case "cancelled":
                await town.say("mia", "!poll cancel 1 --sure")
            case "called off":
                del town.platform.present["mia", "sport"]
                town.clock.turn(timedelta(days=2, minutes=1))
            case "missed":
                town.clock.turn(timedelta(days=5))
            case _:
                await town.core.store.run(lambda tx: end_polls(tx, _first(tx).theme, town.clock.now()))
        for _ in range(3):
            await town.core.run_due()
            town.clock.turn(timedelta(seconds=2))
        assert await town.core.store.run(lambda tx: _first(tx).state) == "cancelled"
        assert not [name for name in Keyring(folder_of(database_url)).names() if name.startswith("poll-1")]
