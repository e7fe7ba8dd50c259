"""What Plein says arrives, and stands there once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bot.main.config import ResidentSection
from tests.doubles.discord import Discord, Person
from tests.doubles.discord.faults import Fault
from tests.doubles.discord.state import Message
from tests.on_discord import OnDiscord, plein_on

SAY = "POST /channels/{channel_id}/messages"
CHANGE = "PATCH /channels/{channel_id}/messages/{message_id}"
HISTORY = "GET /channels/{channel_id}/messages"
DAY = 86400


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/plein.db"


async def asked(plein: OnDiscord, question: str = "Een skatebaan?", where: str = "sport") -> None:
    """Anna opens a poll; that answer needs no message in a channel."""
    anna = plein.double.guild("Plein").member("anna")
    await anna.uses(where, "poll open", question=question, option="Ja | Nee", closes="2d")


def standing(double: Discord, where: str, words: str) -> list[Message]:
    """The messages of Plein's that everybody sees there, with these words."""
    channel = double.guild("Plein").channel(where)
    shown = [
        message
        for message in channel.messages.values()
        if message.author is double.bot.user and not message.only_for
    ]
    return [message for message in shown if words in message.text]


def private(person: Person, words: str) -> list[Message]:
    return [message for message in person.sees(person.dm) if message.author.bot and words in message.text]


class Board:
    words = "Peiling 1 sluit"

    async def comes(self, plein: OnDiscord) -> None:
        await asked(plein)

    def shown(self, double: Discord) -> list[Message]:
        return standing(double, "sport", self.words)


class Announcement(Board):
    """With a picture."""

    words = "Gesloten: "

    async def comes(self, plein: OnDiscord) -> None:
        await plein.turn(2 * DAY + 60)


class Whisper(Board):
    async def comes(self, plein: OnDiscord) -> None:
        anna = plein.double.guild("Plein").member("anna")
        await anna.says("sport", f"<@{plein.double.bot.id}> peiling lijst")

    def shown(self, double: Discord) -> list[Message]:
        return private(double.guild("Plein").member("anna"), "skatebaan")


async def before(what: Board, plein: OnDiscord) -> None:
    """Until only `what` is still to be said."""
    if not isinstance(what, Announcement | Whisper):
        return
    await asked(plein)
    board = await plein.board("sport", "Nog niemand stemde")
    await plein.double.guild("Plein").member("ben").presses(board, "Ja")
    await plein.board("sport", "Ja: 1 stem")


KINDS = [Board(), Announcement(), Whisper()]
kinds = pytest.mark.parametrize("what", KINDS, ids=["board", "announcement", "dm"])

TROUBLES: dict[str, Callable[[Discord], Fault]] = {
    "lost before": lambda double: double.faults.drop(SAY),
    "lost after": lambda double: double.faults.drop(SAY, after=True),
    "lost after, twice": lambda double: double.faults.drop(SAY, 2, after=True),
    "500": lambda double: double.faults.answer(500, SAY),
    "502 as a page": lambda double: double.faults.html(SAY),
    "503": lambda double: double.faults.answer(503, SAY, 3),
    "429 of the bucket": lambda double: double.faults.rate_limit(SAY, 2),
    "429 of everything": lambda double: double.faults.rate_limit(SAY, 2, everywhere=True),
    "429 for long": lambda double: double.faults.rate_limit(SAY, retry_after=120),
    "banned": lambda double: double.faults.rate_limit(SAY, 2, via=False),
    "garbage": lambda double: double.faults.garbage(SAY, 2),
}


@kinds
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_on_the_way(double: Discord, plein: OnDiscord, what: Board, trouble: str) -> None:
    await before(what, plein)
    fault = TROUBLES[trouble](double)
    tries = fault.times
    await what.comes(plein)
    for number in range(tries):
        await double.until(lambda number=number: fault.met > number)  # type: ignore[misc]
        # However long Discord asks for; what was lost is sent again while Discord still knows it.
        await plein.until_quiet(3 if "lost" in trouble else 130)
    found = await double.until(lambda: what.shown(double))
    await plein.until_quiet(130)
    assert fault.times == 0
    assert len(found) == len(what.shown(double)) == 1
    assert len(found[0].attachments) == (1 if isinstance(what, Announcement) else 0)


@kinds
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_crash_longer_ago_than_discord_remembers(
    double: Discord, database: str, what: Board, arrived: bool
) -> None:
    """It is looked for in the history: said where it is missing, and not said twice."""
    async with plein_on(double, database) as plein:
        await before(what, plein)
        fault = double.faults.drop(SAY, after=arrived)
        await what.comes(plein)
        await double.until(lambda: fault.met)
    assert len(what.shown(double)) == arrived
    double.clock.turn(3600)
    async with plein_on(double, database) as plein:
        found = await double.until(lambda: what.shown(double))
        await plein.until_quiet()
        assert len(found) == len(what.shown(double)) == 1
        if type(what) is Board:
            anna = double.guild("Plein").member("anna")
            await anna.presses(found[0], "Ja")
            assert (await plein.board("sport", "Ja: 1 stem")) is found[0]
    assert len(what.shown(double)) == 1


@kinds
async def test_where_the_history_may_not_be_read_it_is_said(
    double: Discord, database: str, what: Board
) -> None:
    """Rather twice than not at all."""
    async with plein_on(double, database) as plein:
        await before(what, plein)
        fault = double.faults.drop(SAY, after=True)
        await what.comes(plein)
        await double.until(lambda: fault.met)
    double.clock.turn(3600)
    refused = double.faults.answer(403, HISTORY, 20, body={"message": "Missing Access", "code": 50001})
    async with plein_on(double, database) as plein:
        await double.until(lambda: len(what.shown(double)) == 2)
        await plein.until_quiet()
    assert refused.met
    assert len(what.shown(double)) == 2


async def test_two_that_say_the_same_are_both_said(double: Discord, database: str) -> None:
    """What is in the history may be another one that said the same."""
    anna = double.guild("Plein").member("anna")
    async with plein_on(double, database) as plein:
        await anna.says(anna.dm, "peiling lijst")
        await double.until(lambda: len(private(anna, "")) == 1)
        await plein.until_quiet()
        fault = double.faults.drop(SAY)
        await anna.says(anna.dm, "peiling lijst")
        await double.until(lambda: fault.met)
    double.clock.turn(120)
    async with plein_on(double, database):
        await double.until(lambda: len(private(anna, "")) == 2)
    first, second = private(anna, "")
    assert first.text == second.text


async def test_nobody_knocks_while_banned(double: Discord, plein: OnDiscord) -> None:
    """A 429 that does not come from Discord itself: nothing at all is sent until it is over."""
    town = double.guild("Plein")
    for name in ("a", "b", "c"):
        town.channel(name)
        await asked(plein, f"Vraag in {name}?", name)
        await plein.board(name, "Nog niemand stemde")
    fault = double.faults.rate_limit("*", 1, via=False)
    sent = len(double.calls_to(*SAY.split()) + double.calls_to(*CHANGE.split()))
    await plein.turn(2 * DAY + 60)
    await double.until(lambda: fault.met)
    for _ in range(5):
        await plein.until_quiet(10)
    knocked = len(double.calls_to(*SAY.split()) + double.calls_to(*CHANGE.split())) - sent
    assert knocked <= 6, "three places, each with an edit and a post, may have been on their way"
    await plein.until_quiet(30)
    for name in ("a", "b", "c"):
        await double.until(lambda name=name: standing(double, name, "Gesloten: "))  # type: ignore[misc]


async def test_an_hour_without_discord_loses_nothing(double: Discord, plein: OnDiscord) -> None:
    """It is away, not unreachable: nothing is set aside, however often it was tried."""
    await asked(plein)
    await plein.board("sport", "Nog niemand stemde")
    fault = double.faults.answer(503, "* /channels/*", 10_000)
    await plein.turn(2 * DAY + 60)
    for _ in range(60):
        await plein.until_quiet(61)
    assert fault.met >= 60
    fault.release()
    await plein.until_quiet(61)
    await double.until(lambda: standing(double, "sport", "Gesloten: "))
    await double.until(lambda: standing(double, "sport", "Gesloten op"))


def _stand(double: Discord, number: int) -> bool | None:
    return len(standing(double, "sport", " sluit ")) == number or None


async def test_buckets_are_kept_to(double: Discord, plein: OnDiscord) -> None:
    """Many posts through a narrow route: none is answered that it was one too many.

    One at a time: of two at once the library takes what the first answer says is left for a third, if that
    is asked for before the second answer is there.
    """
    double.limits.set(SAY, 1, 0.05)
    double.limits.set(CHANGE, 1, 0.05)
    for number in range(1, 9):
        await asked(plein, f"Vraag {number}?")
        await double.until(partial(_stand, double, number))
    assert not [call for call in double.calls if call.status == 429]


# --- boards ---


async def test_a_board_that_a_moderator_deleted_is_posted_anew(double: Discord, plein: OnDiscord) -> None:
    """Also at once, when Discord still knows by what it was sent."""
    await asked(plein)
    board = await plein.board("sport", "Nog niemand stemde")
    town = double.guild("Plein")
    town.role("mods", ["manage_messages"])
    mod = town.member("mod", roles=["mods"])
    await mod.deletes(board)
    await mod.uses("sport", "vote", answer="1")
    again = await plein.board("sport", "Ja: 1 stem")
    assert again is not board
    await mod.presses(again, "Nee")
    assert await plein.board("sport", "Nee: 1 stem") is again


async def test_a_board_deleted_before_plein_knew_of_it(double: Discord, plein: OnDiscord) -> None:
    fault = double.faults.drop(SAY, after=True)
    await asked(plein)
    await double.until(lambda: fault.met and standing(double, "sport", " sluit "))
    town = double.guild("Plein")
    town.role("mods", ["manage_messages"])
    await town.member("mod", roles=["mods"]).deletes(standing(double, "sport", " sluit ")[0])
    await plein.until_quiet(3)
    await double.until(lambda: len(standing(double, "sport", " sluit ")) == 1)


@pytest.mark.parametrize("wait", [0.05, 1800.0])
async def test_too_many_edits_of_old_messages(double: Discord, plein: OnDiscord, wait: float) -> None:
    """It is posted anew, and the old one taken away. Discord may ask to wait for long, or shortly."""
    await asked(plein)
    board = await plein.board("sport", "Nog niemand stemde")
    double.clock.turn(4000)
    body = {"message": "Maximum number of edits", "code": 30046, "retry_after": wait, "global": False}
    double.faults.answer(429, CHANGE, 5 if wait < 1 else 1, body=body)
    await double.guild("Plein").member("ben").presses(board, "Ja")
    again = await plein.board("sport", "Ja: 1 stem")
    assert again is not board
    assert board.deleted
    assert len(standing(double, "sport", " sluit ")) == 1


# --- places and people that cannot be reached ---


async def test_a_place_where_plein_may_not_speak(double: Discord, database: str) -> None:
    """Others go on, nobody is told, and it is said once Plein may speak again."""
    town = double.guild("Plein")
    town.channel("stil")
    mod = town.member("mod")
    resident = ResidentSection(name="Mo", accounts=(f"discord:{mod.id}",), role="moderator")
    async with plein_on(double, database, residents=[resident]) as plein:
        for number in (1, 2):
            await asked(plein, f"Stille vraag {number}?", "stil")
        await asked(plein)
        await plein.board("stil", "Stille vraag 2?")
        town.close_to(double.bot, "stil", ["send_messages"])
        await plein.turn(2 * DAY + 60)
        await double.until(lambda: standing(double, "sport", "Gesloten: "))
        for _ in range(20):
            await plein.until_quiet(3600)
        assert not standing(double, "stil", "Gesloten: ")
        # Discord said before that it would refuse that: it is not asked.
        assert not [call for call in double.calls_to(*SAY.split()) if call.status == 403]
        town.allow("stil", double.bot.user.name, ["send_messages"])
        await double.until(lambda: len(standing(double, "stil", "Gesloten: ")) == 2)
        await plein.until_quiet()
    assert not private(mod, "")


async def test_without_leave_to_attach_files_the_words_come_alone(double: Discord, plein: OnDiscord) -> None:
    await before(Announcement(), plein)
    double.guild("Plein").close_to(double.bot, "sport", ["attach_files"])
    await plein.turn(2 * DAY + 60)
    (found,) = await double.until(lambda: standing(double, "sport", "Gesloten: "))
    assert not found.attachments


async def test_who_lets_nobody_write_to_them(double: Discord, plein: OnDiscord) -> None:
    """It is set aside at once; what was asked is done all the same, and they hear why they heard nothing."""
    anna, ben = double.guild("Plein").member("anna"), double.guild("Plein").member("ben")
    await asked(plein)
    board = await plein.board("sport", "Nog niemand stemde")
    await anna.closes_dms()
    await anna.says("sport", f"<@{double.bot.id}> stem 2")
    await plein.board("sport", "Nee: 1 stem")
    await ben.says("sport", f"<@{double.bot.id}> stem 2")
    await ben.hears(ben.dm, "je koos Nee")
    await plein.until_quiet()
    tried = len(double.calls_to(*SAY.split()))
    for _ in range(5):
        await plein.until_quiet(600)
    assert len(double.calls_to(*SAY.split())) == tried
    assert "Een privébericht raakte niet bij je" in (await anna.presses(board, "Ja")).text
    assert "privébericht" not in (await anna.presses(board, "Nee")).text
    assert "privébericht" not in (await ben.presses(board, "Ja")).text


async def test_who_lets_nobody_write_to_them_hears_so_where_they_type(
    double: Discord, plein: OnDiscord
) -> None:
    """Once a day; and not any more once they can be reached."""
    anna = double.guild("Plein").member("anna")
    await asked(plein)
    await plein.board("sport", "Nog niemand stemde")
    await anna.closes_dms()

    async def types() -> None:
        await anna.says("sport", f"<@{double.bot.id}> peiling lijst")
        await plein.caught_up()
        await plein.until_quiet()

    for _ in range(3):
        await types()
    (told,) = standing(double, "sport", "Een privébericht raakte niet bij je")
    assert anna.pinged_by(told)
    double.clock.turn(DAY + 60)
    await types()
    assert len(standing(double, "sport", "Een privébericht raakte niet bij je")) == 2
    anna.user.dms = True
    double.clock.turn(DAY + 60)
    await types()  # it is said once more, as nobody knows yet
    before = len(standing(double, "sport", "Een privébericht raakte niet bij je"))
    double.clock.turn(DAY + 60)
    await types()
    assert len(standing(double, "sport", "Een privébericht raakte niet bij je")) == before
