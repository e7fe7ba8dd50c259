"""Who is in a post of a theme's in a forum: who left it, or was put out of it by hand, comes in again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.ports.storage import Transaction
from tests.adapters.discord.test_guests import is_in
from tests.adapters.discord.test_homes import moderators
from tests.adapters.discord.test_shaping import made
from tests.doubles.discord import Discord, Person, Server, permissions
from tests.doubles.discord.state import Channel
from tests.on_discord import OnDiscord, plein_on


@pytest.mark.parametrize("away", [False, True])
@pytest.mark.parametrize("by_hand", ["left", "put out"])
async def test_who_is_in_a_post_no_more_is_put_into_it_again_by_their_word(
    double: Discord, database: str, town: Server, mo: Person, anna: Person, by_hand: str, away: bool
) -> None:
    """Discord tells alike of both, and that only where it may tell of people; also while Plein is away."""
    settings: dict[str, Any] = {"residents": moderators(mo), "newcomers": True}
    town.role("moderators").permissions |= permissions.bits(["manage_threads"])

    def is_out(post: Channel) -> None:
        if by_hand == "left":
            anna.leaves_thread(post)
        else:
            mo.puts_out(post, anna)

    async with plein_on(double, database, **settings) as plein:
        post = await made(plein, town, mo, "forum")
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert is_in(town, post, anna)
        if not away:
            is_out(post)
            await until_parted(plein, anna)
            await anna.uses("sport", "theme take-part", theme="verlichting")
            await plein.until_quiet(60)
            assert is_in(town, post, anna)
    is_out(post)
    if away and by_hand == "left":
        # It does not say at first.
        double.faults.answer(500, "GET /channels/{channel_id}/thread-members", times=7)
    async with plein_on(double, database, **settings) as plein:
        await until_parted(plein, anna)
        await plein.until_quiet(60)
        assert not is_in(town, post, anna)
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        assert is_in(town, post, anna)


async def test_who_cannot_be_let_into_a_post_hears_so_at_once(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    async with plein_on(double, database, residents=moderators(mo), guilds=(int(town.id),)) as plein:
        post = await made(plein, town, mo, "forum")
        forum = town.guild.channels[str(post.parent_id)]
        town.close_to(double.bot, forum.name, ["send_messages_in_threads"])
        await plein.until_quiet()
        heard = (await anna.uses("sport", "theme take-part", theme="verlichting")).text
        assert "Op Discord kan je er pas in als een moderator dit oplost." in heard
        assert "“Berichten verzenden in threads”" in heard


async def test_without_the_intent_who_left_a_post_leaves_the_theme_first(
    double: Discord, database: str, town: Server, mo: Person, anna: Person
) -> None:
    double.bot.privileged = 0
    async with plein_on(double, database, residents=moderators(mo)) as plein:
        post = await made(plein, town, mo, "forum")
        await anna.uses("sport", "theme take-part", theme="verlichting")
        await plein.until_quiet(60)
        anna.leaves_thread(post)
        for command in ("theme leave", "theme take-part"):
            await anna.uses("sport", command, theme="verlichting")
            await plein.until_quiet(60)
        assert is_in(town, post, anna)


async def until_parted(plein: OnDiscord, who: Person) -> None:
    """It is noted that Plein let them in nowhere."""

    def is_noted(tx: Transaction) -> bool:
        let_in = tx.guests.let_in("discord", plein.adapter.account, None)
        return who.id not in [user for _, user in let_in]

    async with asyncio.timeout(30):
        while not await plein.core.store.read_anywhere(is_noted):
            await plein.until_quiet(1)
