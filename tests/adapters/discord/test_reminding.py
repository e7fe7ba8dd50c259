"""Reminders on Discord: tried in private at once, said there alone, and put off with a button."""

from __future__ import annotations

from tests.doubles.discord import Message, Person, Server
from tests.on_discord import OnDiscord

WORDS = "formulier indienen"


def everywhere(town: Server) -> list[Message]:
    """All that others can read too."""
    return [
        message
        for channel in town.guild.channels.values()
        for message in channel.messages.values()
        if not message.only_for
    ]


def privately(who: Person, words: str) -> list[Message]:
    return [message for message in who.dm.messages.values() if words in message.text]


def tried(plein: OnDiscord, words: str) -> list[object]:
    """What Discord was given to say with these words, which is no answer to a command."""
    return [
        call
        for call in plein.double.calls
        if words in str(call.body) and call.method == "POST" and "channels" in call.route
    ]


async def asks(who: Person, when: str = "over 10 minuten") -> str:
    answer = await who.uses("sport", "herinner mij", wanneer=when, waaraan=WORDS)
    return answer.text


async def test_who_takes_no_private_messages_hears_so_and_it_is_not_kept(
    plein: OnDiscord, town: Server, anna: Person
) -> None:
    await anna.closes_dms()
    said = await asks(anna)
    assert "niets in privé sturen" in said
    assert WORDS not in said
    assert "aan niets herinneren" in (await anna.uses("sport", "herinner lijst")).text


async def test_who_took_them_once_and_was_refused_just_now_hears_so_without_another_try(
    plein: OnDiscord, town: Server, anna: Person
) -> None:
    await anna.says(anna.dm, "!help")
    await anna.hears(anna.dm, "Wat ik voor je kan doen")
    assert WORDS in await asks(anna)
    await anna.closes_dms()
    await plein.turn(600)
    refused = await plein.double.until(lambda: tried(plein, WORDS))
    assert "niets in privé sturen" in await asks(anna)
    assert tried(plein, WORDS) == refused
    assert not tried(plein, "Hier herinner ik je")


async def test_it_is_said_in_private_alone_and_put_off(plein: OnDiscord, town: Server, anna: Person) -> None:
    assert WORDS in await asks(anna)
    assert privately(anna, "Hier herinner ik je")
    await plein.turn(600)
    await plein.double.until(lambda: privately(anna, WORDS))
    (said,) = privately(anna, WORDS)
    answer = await anna.presses(said, "Over een uur")
    assert "Ik zeg het je opnieuw" in answer.text
    assert not [message for message in everywhere(town) if WORDS in message.text]


async def test_a_reminder_pings_those_who_asked_for_that_alone(
    plein: OnDiscord, town: Server, anna: Person, mo: Person
) -> None:
    """What of them are named in the words too; and whom it may ping stands in what Discord was sent."""
    ben, cas, dirk = (town.member(name, locale="nl") for name in ("bert", "cas", "dirk"))
    meant = {"title": f"Raad met {dirk.mention} @everyone", "when": "over 2 uur", "place": "Zaal"}
    await mo.uses("sport", "meeting plan", {**meant, "remind": "1u", "sure": True})
    for who, wish in ((anna, "vermelding"), (ben, "uit"), (cas, "privé")):
        await who.uses("sport", "reminders", reminders=wish)
        await who.uses("sport", "come", how="ter plaatse")
    await plein.turn(3600)
    (said,) = await plein.double.until(lambda: [m for m in everywhere(town) if "Binnenkort" in m.text])
    assert said.mentions == [anna.user]
    assert not said.mention_everyone
    (call,) = [call for call in plein.double.calls if "Binnenkort" in str(call.body)]
    assert call.body["allowed_mentions"] == {"parse": [], "users": [int(anna.id)]}
    assert not [m for m in everywhere(town) if m.mentions and m is not said]
