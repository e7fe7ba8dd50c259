"""Two who were one person and are not after all: each has back what they had, as they like it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from bot.features.kudos.records import CERTIFICATES, KUDOS, Receives
from bot.model.message import Button, text
from bot.model.people import Identity
from bot.ports.people import Brought
from bot.ports.storage import Transaction
from tests.chat import open_chat
from tests.doubles.linking import ask, key, link, press, say
from tests.doubles.platform import PLATFORM, Town, open_town, words_of

PEOPLE = ("anna", "ben", "cas", "dora", "eva")
SETTINGS = "!bedankje instellingen"
EMPTY = "nog leeg"


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Town]:
    async with open_town(database_url) as town:
        await town.joined("sport")
        for name in PEOPLE:
            await town.say(name, "!help")
            await town.say(name, "!help", room=None)
        town.clock.turn(timedelta(days=8))
        yield town


async def thank(town: Town, giver: str, *who: str, why: str) -> str:
    return await town.say(giver, f'!bedankt "{", ".join(who)}" "{why}"')


async def settle(town: Town) -> None:
    for _ in range(3):
        await town.core.run_due()
        town.clock.turn(timedelta(seconds=3))
    await town.core.run_due()


async def linked(town: Town, elder: str, younger: str) -> Brought:
    brought = await town.linked(elder, younger)
    await settle(town)
    return brought


async def undone(town: Town, younger: str, brought: Brought) -> None:
    await town.parted(younger, brought)
    await settle(town)


async def press_button(town: Town, name: str, command: str, **args: Any) -> None:
    button = Button(text("typed"), command, args)
    await town.core.handle(town.asked(name, room=None, button=button))


async def wall(town: Town) -> str:
    return await town.say("eva", "!bedankje muur")


async def mine(town: Town, name: str) -> str:
    return await town.say(name, "!bedankje mijn", room=None)


async def wish(town: Town, name: str, words: str) -> None:
    await town.say(name, f"{SETTINGS} {words}", room=None)


async def receives(town: Town, name: str) -> Receives | None:
    def read(tx: Transaction) -> Receives | None:
        who = tx.people.by_identity(Identity(PLATFORM, name))
        assert who
        taste = tx.of(KUDOS).tastes([who.id]).get(who.id)
        return taste.receives if taste else None

    return await town.core.store.run(read)


@pytest.mark.parametrize(("elder", "younger"), [("ben", "cas"), ("cas", "ben")])
@pytest.mark.parametrize("meanwhile", [None, "muur aan", "privé"])
async def test_nobody_is_on_the_wall_as_the_other_agreed(
    town: Town, elder: str, younger: str, meanwhile: str | None
) -> None:
    """Ben never said so."""
    await thank(town, "anna", "ben", why="voor de soep")
    await thank(town, "anna", "cas", why="voor de taart")
    await wish(town, "cas", "muur aan")
    brought = await linked(town, elder, younger)
    if meanwhile:
        await wish(town, "cas", meanwhile)
    await undone(town, younger, brought)
    shown = await wall(town)
    assert "soep" not in shown
    assert ("taart" in shown) is (meanwhile != "privé")
    # Whoever said it meanwhile, both may have meant it.
    assert (await receives(town, "ben") is Receives.PRIVATELY) is (meanwhile == "privé")
    assert "soep" in await mine(town, "ben")
    assert "taart" in await mine(town, "cas")
    await wish(town, "ben", "muur aan")
    assert ("soep" in await wall(town)) is (meanwhile != "privé")


@pytest.mark.parametrize(("elder", "younger"), [("ben", "cas"), ("cas", "ben")])
async def test_who_reads_alone_takes_nothing_from_the_other(town: Town, elder: str, younger: str) -> None:
    await wish(town, "ben", "muur aan")
    await thank(town, "anna", "ben", why="voor de soep")
    await wish(town, "cas", "privé")
    await thank(town, "anna", "cas", why="een geheim")
    brought = await linked(town, elder, younger)
    assert EMPTY in await wall(town)
    await thank(town, "dora", "ben", why="intussen bedankt")
    await undone(town, younger, brought)
    assert "soep" in await wall(town)
    assert await receives(town, "ben") is Receives.OPENLY
    assert await receives(town, "cas") is Receives.PRIVATELY
    # It was given to one person: it stays with who was here first, as that one liked it.
    assert "intussen" in await mine(town, elder)
    assert "intussen" not in await mine(town, younger)
    await wish(town, "cas", "muur aan")
    assert {"geheim", "intussen"}.isdisjoint((await wall(town)).replace("“", " ").split())


async def test_what_only_one_of_them_said_is_the_others_by_nobodys_word(town: Town) -> None:
    """What somebody says meanwhile holds for both where it shows less, for neither where it shows more."""
    brought = await linked(town, "ben", "cas")
    await wish(town, "cas", "muur aan")
    await undone(town, "cas", brought)
    for name in ("ben", "cas"):
        await thank(town, "anna", name, why="voor de soep")
    assert EMPTY in await wall(town)


async def test_what_thanks_both_thanks_each(town: Town) -> None:
    for name in ("ben", "cas"):
        await wish(town, name, "muur aan")
    await thank(town, "anna", "ben", "cas", "dora", why="voor de taarten")
    await town.say("cas", "!bedankje verberg 1")
    brought = await linked(town, "ben", "cas")
    assert "nog niet bedankt" in await mine(town, "ben")
    await undone(town, "cas", brought)
    assert "taarten" in await mine(town, "ben")
    assert "nog niet bedankt" in await mine(town, "cas")
    assert "taarten" in await wall(town)


async def test_what_one_gave_the_other_stands_again(town: Town) -> None:
    await wish(town, "ben", "muur aan")
    await thank(town, "cas", "ben", why="eerlijk verdiend")
    await thank(town, "cas", "ben", "dora", why="voor de taarten")
    town.clock.turn(timedelta(days=1))
    await thank(town, "cas", "ben", "dora", why="voor de taarten")
    brought = await linked(town, "ben", "cas")
    assert EMPTY in await wall(town)
    assert "nog niet bedankt" in await mine(town, "ben")
    await undone(town, "cas", brought)
    for shown in (await wall(town), await mine(town, "ben")):
        assert "eerlijk verdiend" in shown
        assert "voor de taarten" in shown
    # It is theirs to take back.
    assert "is ingetrokken" in await town.say("cas", "!bedankje intrekken", room=None)


async def test_who_joined_one_of_them_meanwhile_keeps_what_they_want(town: Town) -> None:
    await wish(town, "ben", "muur aan")
    await thank(town, "anna", "ben", why="voor de soep")
    brought = await linked(town, "ben", "cas")
    await wish(town, "dora", "uit")
    await linked(town, "ben", "dora")
    await undone(town, "cas", brought)
    assert await receives(town, "ben") is Receives.NOT
    assert EMPTY in await wall(town)
    assert await receives(town, "cas") is None


async def test_who_parts_later_leaves_it_all_behind(town: Town) -> None:
    await thank(town, "anna", "cas", why="voor de taart")
    await wish(town, "cas", "muur aan")
    await linked(town, "ben", "cas")
    await town.parted("cas")
    assert "nog niet bedankt" in await mine(town, "cas")
    assert "taart" in await mine(town, "ben")
    assert "taart" in await wall(town)
    assert await receives(town, "cas") is None


async def test_by_a_button_that_undoes_it(database_url: str) -> None:
    async with open_chat(database_url, language="en") as chat:
        for who in ("ben@discord", "mal@matrix", "cas@discord"):
            await say(chat, f"{who}/sport: !help")
        await ask(chat, "cas@discord", '!thank ben "for the soup" --for sport')
        await ask(chat, "mal@matrix", "!kudos settings wall on")
        done = await link(chat, "ben@discord", "mal@matrix")
        shown = "!kudos wall --theme sport"
        assert "soup" in words_of(await ask(chat, "cas@discord", shown))
        assert key(await press(chat, "ben@discord", done)) == "link.undone"
        assert "soup" not in words_of(await ask(chat, "cas@discord", shown))


async def test_what_was_hidden_before_is_hidden_again_whatever_the_other_one_did(town: Town) -> None:
    await wish(town, "ben", "muur aan")
    await thank(town, "anna", "ben", why="voor de soep")
    await town.say("ben", "!bedankje verberg 1", room=None)
    brought = await linked(town, "ben", "cas")
    await press_button(town, "cas", "kudos unhide", kudos=1)
    assert "soep" in await wall(town)
    await undone(town, "cas", brought)
    assert EMPTY in await wall(town)


async def test_what_somebody_chose_to_read_alone_meanwhile_stays_so(town: Town) -> None:
    await wish(town, "ben", "muur aan")
    await thank(town, "anna", "ben", why="voor de soep")
    brought = await linked(town, "ben", "cas")
    await wish(town, "ben", "privé")
    await wish(town, "ben", "muur aan")
    await undone(town, "cas", brought)
    assert EMPTY in await wall(town)


@pytest.mark.parametrize(
    ("before", "meanwhile", "after"),
    [
        ([], [("cas", False)], []),
        (["ben", "cas"], [], ["ben", "cas"]),
        (["ben", "cas"], [("cas", True)], []),
        (["cas"], [], ["cas"]),
    ],
)
async def test_on_a_years_list_is_who_was_and_did_not_come_off(
    town: Town, before: list[str], meanwhile: list[tuple[str, bool]], after: list[str]
) -> None:
    for name in before:
        await press_button(town, name, "certificate enlist")
    brought = await linked(town, "ben", "cas")
    for name, off in meanwhile:
        await press_button(town, name, "certificate enlist", off=off)
    await undone(town, "cas", brought)

    def listed(tx: Transaction) -> list[str]:
        people = {name: tx.people.by_identity(Identity(PLATFORM, name)) for name in ("ben", "cas")}
        there = tx.of(CERTIFICATES).listed(town.clock.now().year)
        return [name for name, who in people.items() if who and who.id in there]

    assert await town.core.store.run(listed) == after
