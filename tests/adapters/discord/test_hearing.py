"""What people say to each other, for a feature that listens: heard once, and only where it is to be heard."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Sequence

import pytest

from adapters.discord import client
from bot.call import Call
from bot.feature import Feature
from bot.main.config import ThemeSection
from bot.main.features import FEATURES, Installed
from bot.model.events import Heard
from bot.model.message import Message, message, typed
from tests.doubles.discord import Discord, Person, Server, talk
from tests.doubles.discord.waiting import Bell
from tests.on_discord import OnDiscord, opened, plein_on

CONTENT = 1 << 15


class Ears:
    """A feature that listens, and answers who asks for an echo."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self._bell = Bell()
        self._loop = asyncio.get_running_loop()
        self.installed: Sequence[Installed] = (*FEATURES, Installed(Feature(name="ears", hears=self.hear)))

    def hear(self, call: Call, heard: Heard) -> Message | None:
        self.heard.append(heard)
        # A handler runs where the database is written.
        self._loop.call_soon_threadsafe(self._bell.ring)
        return message(typed(f"{heard.name}: {heard.words}")) if "echo" in heard.words else None

    @property
    def words(self) -> list[str]:
        return [heard.words for heard in self.heard]

    async def until(self, *words: str) -> None:
        """Return once that is all that was heard."""
        await self._bell.until(lambda: self.words == list(words), why=lambda: f"heard was {self.words}")


@pytest.fixture
async def ears() -> Ears:
    return Ears()


@pytest.fixture
def sport(town: Server) -> ThemeSection:
    """A channel that is a place from the start."""
    return ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",))


def intents(double: Discord) -> list[int]:
    return [session.intents for session in double.gateway.connected]


async def test_it_is_heard_once_with_who_said_it_and_what_it_answers(
    double: Discord, database: str, sport: ThemeSection, ears: Ears, anna: Person, ben: Person
) -> None:
    async with plein_on(double, database, themes=[sport], installed=ears.installed) as plein:
        said = await anna.says("sport", f"Dag {ben.mention}, echo?")
        answered = await ben.says("sport", "!stem is *geen* opdracht", to=said)
        echo = await plein.board("sport", r"anna: Dag \@ben, echo?")
        await plein.adapter.caught_up()
    assert echo.reference
    assert echo.reference["message_id"] == said.id
    assert not anna.pinged_by(echo)
    assert not ben.pinged_by(echo)
    first, second = ears.heard
    assert (first.name, first.author.user_id, first.ref, first.reply_to) == ("anna", anna.id, said.id, None)
    assert (second.words, second.ref, second.reply_to) == ("!stem is *geen* opdracht", answered.id, said.id)
    assert first.place.room_id == said.channel.id
    assert first.at.timestamp() == pytest.approx(said.at, abs=0.01)


async def test_only_people_and_only_where_plein_takes_part(
    double: Discord, database: str, sport: ThemeSection, town: Server, ears: Ears, anna: Person
) -> None:
    town.channel("elders")
    thread = anna.begins("sport", "over de bank")
    bot = double.application("another", "its token")
    town.invite(bot)
    async with plein_on(double, database, themes=[sport], installed=ears.installed):
        await anna.says("elders", "geheim")
        await anna.says(anna.dm, "help")
        await anna.hears(anna.dm, "Wat ik voor je kan doen")
        talk.post(double.world, town.channel("sport"), bot.user, {"content": "ik ben een robot"})
        await anna.says("sport", files={"zonder woorden.txt": b"a"})
        await anna.says(thread, "in de draad")
        last = await anna.says("sport", "in het kanaal")
        await ears.until("in de draad", "in het kanaal")
    assert {heard.place.room_id for heard in ears.heard} == {last.channel.id}


async def test_what_was_said_while_plein_was_away_is_heard_in_order(
    double: Discord, database: str, sport: ThemeSection, ears: Ears, anna: Person, ben: Person
) -> None:
    async with plein_on(double, database, themes=[sport], installed=ears.installed):
        await anna.says("sport", "een")
        await ears.until("een")
    await ben.says("sport", "twee, echo")
    await anna.says("sport", "drie")
    for _ in range(2):
        async with plein_on(double, database, themes=[sport], installed=ears.installed) as plein:
            await plein.board("sport", "ben: twee, echo")
            await plein.until_quiet()
    assert ears.words == ["een", "twee, echo", "drie"]
    ours = [message for message in anna.sees("sport") if message.author is double.bot.user]
    assert [message.text for message in ours] == ["ben: twee, echo"]


async def test_what_was_kept_and_not_dealt_with_is_heard_after_a_crash(
    double: Discord,
    database: str,
    sport: ThemeSection,
    ears: Ears,
    anna: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And meanwhile it cannot be read from the database."""
    async with plein_on(double, database, themes=[sport], installed=ears.installed) as plein:
        reached = asyncio.Event()

        async def dies(_: Heard) -> None:
            reached.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(plein.core.hearing, "hear", dies)
        await anna.says("sport", "geheim, echo")
        await reached.wait()
    assert ears.words == []
    with contextlib.closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as db:
        assert db.execute("SELECT count(*) FROM inbox").fetchone() == (1,)
        assert "geheim" not in "\n".join(db.iterdump())
    # Discord need not say it again.
    double.faults.answer(403, "GET /channels/{channel_id}/messages", times=20)
    async with plein_on(double, database, themes=[sport], installed=ears.installed) as plein:
        await plein.board("sport", "anna: geheim, echo")
    assert ears.words == ["geheim, echo"]
    with contextlib.closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as db:
        assert db.execute("SELECT count(*) FROM inbox").fetchone() == (0,)


async def test_where_nobody_listens_it_is_not_asked_for(
    double: Discord, plein: OnDiscord, anna: Person
) -> None:
    """Though whoever runs the application allows it."""
    assert double.bot.privileged & CONTENT
    assert [asked & CONTENT for asked in intents(double)] == [0]


async def test_what_discord_does_not_show_is_done_without_and_said_once(
    double: Discord,
    database: str,
    sport: ThemeSection,
    ears: Ears,
    anna: Person,
    caplog: pytest.LogCaptureFixture,
) -> None:
    double.bot.privileged = 0
    async with plein_on(double, database, themes=[sport], installed=ears.installed) as plein:
        await anna.says("sport", "dag, echo")
        await opened(plein, anna, "Een bank?")
        await anna.says("sport", f"<@{double.bot.user.id}> stem 1")
        await plein.board("sport", "Ja: 1 stem")
        assert [asked & CONTENT for asked in intents(double)] == [0]
    assert ears.words == []
    told = [
        record
        for record in caplog.records
        if record.name == client.__name__ and record.levelno == logging.WARNING
    ]
    assert len(told) == 1
    assert "switch on Message Content Intent on the page Bot" in told[0].getMessage()


async def test_what_is_not_shown_any_more_stops_nothing(
    double: Discord, database: str, sport: ThemeSection, ears: Ears, anna: Person
) -> None:
    """It was allowed when Plein came; now it is not, and Discord wants to know anew who is there."""
    async with plein_on(double, database, themes=[sport], installed=ears.installed) as plein:
        await anna.says("sport", "een")
        await ears.until("een")
        assert intents(double)[0] & CONTENT
        double.bot.privileged = 0
        await double.gateway.invalidate()
        await double.until(lambda: [asked & CONTENT for asked in intents(double)] == [0])
        await anna.says("sport", "twee")
        await opened(plein, anna, "Een bank?")
    assert ears.words == ["een"]
