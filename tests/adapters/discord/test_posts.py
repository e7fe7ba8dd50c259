"""What a post asks for on Discord: who is pinged, what it answers, another state, and to be taken away."""

from __future__ import annotations

from collections.abc import Callable

from adapters.discord.refusals import OPENING_PAUSE
from bot.model.message import message, typed
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from tests.doubles.discord import Discord, Message, Person, Server
from tests.on_discord import OnDiscord, opened

OPEN = "POST /users/@me/channels"
SAY = "POST /channels/{channel_id}/messages"


async def done(plein: OnDiscord, work: Callable[[Transaction], None]) -> None:
    await plein.core.store.run(work)
    await plein.until_quiet()


def posted(double: Discord, words: str) -> list[Message]:
    channel = double.guild("Plein").channel("sport")
    return [message for message in channel.messages.values() if words in message.text]


def here(double: Discord) -> Place:
    return Place("discord", str(double.guild("Plein").channel("sport").id))


async def test_nobody_is_pinged_but_who_is_named(
    double: Discord, plein: OnDiscord, anna: Person, ben: Person
) -> None:
    await opened(plein, anna, "Een bank?")
    place, now = here(double), plein.clock.now()
    said = message(typed(f"Dag {anna.mention} en {ben.mention}"))
    who = [Identity("discord", str(anna.id))]
    await done(plein, lambda tx: tx.posts.add("p", place, said, now, mentions=who))
    (stands,) = posted(double, "Dag")
    assert anna.pinged_by(stands)
    assert not ben.pinged_by(stands)


async def test_it_answers_what_was_said(double: Discord, plein: OnDiscord, anna: Person) -> None:
    board = await opened(plein, anna, "Een bank?")
    place, now = here(double), plein.clock.now()
    await done(
        plein, lambda tx: tx.posts.add("p", place, message(typed("Kijk")), now, reply_to=str(board.id))
    )
    (stands,) = posted(double, "Kijk")
    assert stands.reference
    assert stands.reference["message_id"] == str(board.id)
    assert not anna.pinged_by(stands)


async def test_it_is_changed_where_it_stands_and_taken_away(
    double: Discord, plein: OnDiscord, anna: Person
) -> None:
    await opened(plein, anna, "Een bank?")
    place, now = here(double), plein.clock.now()
    await done(plein, lambda tx: tx.posts.add("p", place, message(typed("om acht uur")), now))
    (stands,) = posted(double, "om acht uur")
    await done(plein, lambda tx: tx.posts.change("p", message(typed("om negen uur")), now))
    assert posted(double, "om negen uur") == [stands]
    await done(plein, lambda tx: tx.posts.withdraw("p", now))
    assert stands.deleted
    assert await plein.core.store.run(lambda tx: tx.posts.parked()) == []


async def test_what_somebody_else_took_away_already(
    double: Discord, plein: OnDiscord, anna: Person, mo: Person
) -> None:
    await opened(plein, anna, "Een bank?")
    place, now = here(double), plein.clock.now()
    for key in ("gone", "changed"):
        await done(plein, lambda tx, key=key: tx.posts.add(key, place, message(typed(key)), now))  # type: ignore[misc]
        await mo.deletes(posted(double, key)[0])
    await done(plein, lambda tx: tx.posts.withdraw("gone", now))
    await done(plein, lambda tx: tx.posts.change("changed", message(typed("anders")), now))
    await plein.until_quiet()
    assert len(posted(double, "anders")) == 1
    assert await plein.core.store.run(lambda tx: tx.posts.due(plein.adapter.account, now, 9)) == []


async def test_direct_messages_opened_too_fast(
    double: Discord, plein: OnDiscord, town: Server, anna: Person
) -> None:
    """Whom Plein talks to already hears on; others wait, and nobody is given up."""
    await opened(plein, anna, "Een bank?")
    now = plein.clock.now()

    def write(key: str, *people: Person) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            for person in people:
                who = Identity("discord", str(person.id))
                tx.posts.add(f"{key} {person.id}", who, message(typed(key)), now)

        return work

    await done(plein, write("eerst", anna))
    body = {"message": "You are opening direct messages too fast", "code": 40003}
    fault = double.faults.answer(403, "POST /users/@me/channels", 1, body=body)
    more = [town.member(f"buur{number}") for number in range(3)]
    await done(plein, write("dan", more[0]))
    assert fault.met == 1
    await done(plein, write("dan", anna, *more[1:]))
    assert [message.text for message in anna.sees(anna.dm)] == ["eerst", "dan"]
    assert not any(person.sees(person.dm) for person in more)
    for _ in range(2):
        await plein.until_quiet(OPENING_PAUSE)
    assert [[shown.text for shown in person.sees(person.dm)] for person in more] == [["dan"]] * 3


async def test_whoever_waits_for_a_direct_message_knocks_one_at_a_time(
    double: Discord, plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    """Discord puts bots in quarantine that open dozens of them. Who writes to Plein hears at once."""
    await opened(plein, anna, "Een bank?")
    now = plein.clock.now()
    people = [town.member(f"buur{number}") for number in range(10)]
    body = {"message": "You are opening direct messages too fast", "code": 40003}
    refused = double.faults.answer(403, OPEN, 10_000, body=body)

    def write(tx: Transaction) -> None:
        for person in people:
            who = Identity("discord", str(person.id))
            tx.posts.add(f"aan {person.id}", who, message(typed("dag")), now)

    await done(plein, write)
    before = refused.met
    for pause in range(1, 4):
        await plein.until_quiet(OPENING_PAUSE)
        assert refused.met == before + pause
    await ben.says(ben.dm, "!help")
    await ben.hears(ben.dm, "Plein")
    assert refused.met == before + 3
    refused.release()
    for _ in range(2):
        await plein.until_quiet(OPENING_PAUSE)
    assert [[shown.text for shown in person.sees(person.dm)] for person in people] == [["dag"]] * 10
    assert await plein.core.store.run(lambda tx: tx.posts.parked()) == []
