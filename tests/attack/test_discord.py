"""Breaks of what is promised, as seen on the double of Discord; beside each the same without the attack."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import DoublesClock, OnDiscord, opened, plein_on

DAY = 86_400
HOUR = timedelta(hours=1)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """By how much Plein's clock, and not Discord's, is ahead."""
    by, true = [timedelta(0)], DoublesClock.now
    monkeypatch.setattr(DoublesClock, "now", lambda clock: true(clock) + by[0])
    return by


# --- promise 6: since when somebody is there --------------------------------------------------------------


@pytest.mark.parametrize("how", ["pressed", "slash", "typed", "in private"])
@pytest.mark.parametrize("seen_before", [True, False], ids=["seen before", "control: never seen"])
async def test_whoever_left_and_came_back_after_it_opened_is_no_member(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, how: str, seen_before: bool
) -> None:
    """Since when somebody is in a channel is since they are on the server, where all of that may see it."""
    plein.double.clock.turn(60)
    if seen_before:
        await ben.uses("sport", "poll list")
    plein.double.clock.turn(60)
    await ben.leaves()
    plein.double.clock.turn(30 * DAY)
    board = await opened(plein, anna, "Een bank?", voters="members")
    plein.double.clock.turn(3600)
    ben = town.member("ben")
    plein.double.clock.turn(60)
    if how == "typed":
        await ben.says("sport", f"<@{plein.double.bot.id}> stem 1 --peiling 1")
        await ben.hears(ben.dm, "Een bank?")
    elif how == "pressed":
        await ben.presses(board, "Ja")
    else:
        await ben.uses("sport" if how == "slash" else ben.dm, "vote", answer="1", poll=1)
    await plein.until_quiet(10)
    await plein.board("sport", "Een bank?", "Nog niemand stemde", timeout=3)


# --- promise 4 and 13: what was said in a thread while Plein was away ------------------------------------


@pytest.mark.parametrize("put_away", [True, False], ids=["put away", "control: open"])
async def test_a_vote_in_a_thread_counts_also_where_that_is_put_away_before_plein_is_back(
    double: Discord, database: str, town: Server, anna: Person, ben: Person, mo: Person, put_away: bool
) -> None:
    """Whoever began the thread, or an hour's silence, puts it away."""
    eva = town.member("eva")
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        thread = eva.begins("sport", "over de bank")
        await eva.says(thread, f"<@{double.bot.id}> peiling lijst")
        await eva.hears(eva.dm, "Een bank?")
        await plein.until_quiet(120)
    double.clock.turn(60)
    await ben.says(thread, f"<@{double.bot.id}> stem 1 --peiling 1")
    double.clock.turn(60)
    if put_away:
        town.put_away(thread)
    double.clock.turn(60)
    async with plein_on(double, database) as plein:
        await plein.until_quiet(60)
        if put_away:
            town.open_again(thread)
            await eva.says(thread, "weer open")
            await plein.until_quiet(60)
        await plein.until_quiet(2 * DAY)
        for _ in range(3):
            await plein.until_quiet(60)
        await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het, met 1 stem.", timeout=3)


# --- promise 6: a clock that was ahead -------------------------------------------------------------------


@pytest.mark.parametrize("hours", [1, 0], ids=["ahead", "control: right"])
@pytest.mark.parametrize("typed", [False, True])
async def test_who_was_put_out_is_out_though_it_was_asked_while_the_clock_was_ahead(
    double: Discord,
    database: str,
    town: Server,
    ahead: list[timedelta],
    hours: int,
    typed: bool,
) -> None:
    town.role("raad")
    raad = town.channel("raad", only=["raad", "Plein"])
    themes = [
        ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",)),
        ThemeSection(name="Raad", places=(f"discord:{raad.id}",)),
    ]
    chair, eva = (town.member(name, roles=["raad"]) for name in ("vera", "eva"))
    async with plein_on(double, database, themes=themes) as plein:
        await chair.uses("raad", "poll open", question="Geheim?", option="Ja | Nee", closes="3d")
        await plein.board("raad", "Geheim?")
        ahead[0] = hours * HOUR
        assert "Geheim?" in (await eva.uses(eva.dm, "poll show", poll=1)).text
        double.clock.turn(60)
        await plein.core.agenda.flush()
        ahead[0] = timedelta(0)
        double.clock.turn(60)
        await plein.core.agenda.flush()
        town.take(eva, "raad")
        double.clock.turn(1800)
        await plein.core.agenda.flush()
        if typed:
            words = await eva.says(eva.dm, "stem 1 --peiling 1")
            said = (await eva.hears(eva.dm, "peiling", after=words, timeout=10)).text
        else:
            said = (await eva.uses(eva.dm, "vote", answer="1", poll=1)).text
        await plein.until_quiet(10)
        assert "je koos Ja" not in said
        await plein.board("raad", "Geheim?", "Nog niemand stemde", timeout=3)


@pytest.mark.parametrize("hours", [1, 0], ids=["ahead", "control: right"])
async def test_a_limit_that_was_told_while_the_clock_was_ahead_silences_nothing_once_it_is_right(
    plein: OnDiscord, anna: Person, ahead: list[timedelta], hours: int
) -> None:
    """One refusal for a moment, of which there are some every day."""
    board = await opened(plein, anna, "Een bank?", closes="2d")
    await plein.until_quiet(60)
    ahead[0] = hours * HOUR
    limited = plein.double.faults.rate_limit("PATCH *", retry_after=1, everywhere=True)
    await anna.presses(board, "Nee")
    await plein.double.until(lambda: limited.met, timeout=10)
    await asyncio.sleep(0.5)
    ahead[0] = timedelta(0)
    for _ in range(10):
        await plein.until_quiet(60)
    await anna.presses(board, "Ja")
    for _ in range(10):
        await plein.until_quiet(60)
    await anna.says(anna.dm, "peiling lijst")
    for _ in range(10):
        await plein.until_quiet(60)
    await plein.board("sport", "Een bank?", "Ja: 1 stem", timeout=3)
    await anna.hears(anna.dm, "Een bank?", timeout=3)


# --- promise 3: what somebody is now ---------------------------------------------------------------------


@pytest.mark.parametrize("named", ["<@{}>", "{}"], ids=["somebody named", "control: nobody"])
async def test_who_is_no_moderator_any_more_says_no_outcome_however_long_it_takes_to_look_up_whom_they_name(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, mo: Person, named: str
) -> None:
    """What Discord said of them more than five seconds before Plein deals with their words does not count."""
    await opened(plein, anna, "Een bank?", closes="2d")
    await anna.uses("sport", "poll close", poll=1, sure=True)
    await plein.board("sport", "Gesloten: Een bank?")
    await plein.until_quiet(60)
    held = plein.double.faults.hold("GET /guilds/{guild_id}/members/{user_id}", times=9)
    if named == "{}":
        town.take(mo, "moderators")
    words = f'peiling besluit "Verkocht aan {named.format(ben.id)}" --peiling 1'
    await mo.says("sport", f"<@{plein.double.bot.id}> {words}")
    if named != "{}":
        await held.reached.wait()
        town.take(mo, "moderators")
    for _ in range(3):
        await plein.until_quiet(10)
    held.release()
    await plein.caught_up()
    for _ in range(3):
        await plein.until_quiet(20)
    said = [message.text for message in anna.sees("sport") if message.author.bot]
    assert not any("Verkocht aan" in words for words in said), said
    await mo.hears(mo.dm, "", timeout=3)


# --- promise 5: what one person can make grow ------------------------------------------------------------


@pytest.mark.parametrize("how", ["put away first", "control: open"])
async def test_nothing_stays_of_threads_that_went_with_their_channel(
    plein: OnDiscord, town: Server, how: str
) -> None:
    """How far each thread was read is kept until it is deleted; the owner of a server does it again and again."""
    zef = town.member("zef")
    channel = town.channel("praat")
    for number in range(5):
        thread = zef.begins(channel, f"draad {number}")
        await zef.says(thread, f"<@{plein.double.bot.id}> help")
        await plein.caught_up()
        if how == "put away first":
            town.put_away(thread)
    await plein.until_quiet(120)
    kept = await plein.core.cursors(plein.adapter.account, f"{town.id}:")
    assert len(kept) >= 5
    town.close(channel)
    await plein.until_quiet(120)
    await plein.core.store.forget(plein.clock.now())
    plein.double.clock.turn(200 * DAY)
    await plein.core.store.forget(plein.clock.now())
    kept = await plein.core.cursors(plein.adapter.account, f"{town.id}:")
    names = {room.id: room.name for room in town.guild.channels.values()}
    assert not [stream for stream in kept if stream.partition(":")[2] not in names], kept


# --- promise 4: a poll's end -----------------------------------------------------------------------------


@pytest.mark.parametrize("pressing", [True, False], ids=["elsewhere", "control: nothing"])
async def test_what_somebody_uses_in_another_themes_place_holds_up_no_end(
    double: Discord, database: str, town: Server, anna: Person, pressing: bool
) -> None:
    """Of what is said there that holds; a slash command there is about nothing here either."""
    own = double.guild("Van Zef")
    own.channel("hol")
    zef, kees = own.member("zef"), own.member("kees")
    async with plein_on(double, database) as plein:
        await zef.uses("hol", "poll list")
        await opened(plein, anna, "Een bank?", closes="2d")
        await plein.until_quiet(60)
        board = await plein.board("sport", "Een bank?")
        ends = int(board.text.partition("<t:")[2].partition(":")[0])
        double.clock.turn(ends - double.clock.now() - 5)
        await plein.core.rooms.look_after()
        held = double.faults.hold("GET /guilds/{guild_id}/members/{user_id}", times=9)
        asking = None
        if pressing:
            asking = asyncio.create_task(zef.uses("hol", "who is", person=kees.mention))
            await held.reached.wait()
        for _ in range(14):
            await plein.turn(2)
        try:
            await plein.board("sport", "Gesloten: Een bank?", timeout=3)
        finally:
            held.release()
            if asking:
                await asyncio.gather(asking, return_exceptions=True)


# --- promise 6: what was planned ---------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["post put away", "private thread", "control: post open"])
async def test_what_somebody_planned_who_is_there_still_opens(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, where: str
) -> None:
    """A day of silence puts a post away; whoever speaks there opens it again."""
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    if where == "private thread":
        thread = anna.begins("sport", "onder ons", private=True)
        await anna.says(thread, f"<@{plein.double.bot.id}> kijk eens")
    else:
        thread = anna.begins(town.channel("ideeën", type=15), "een bank")
    plan = {"vraag": "Een bank?", "keuze": "Ja | Nee", "opent": "2d", "sluit": "5d"}
    planned = await anna.uses(thread, "peiling open", plan)
    await plein.until_quiet(60)
    if where == "post put away":
        town.put_away(thread)
    for _ in range(4):
        await plein.until_quiet(DAY)
    for _ in range(4):
        await plein.until_quiet(60)

    shown = [message.text for message in thread.messages.values() if not message.only_for]
    assert any("Een bank?" in words and "Nog niemand stemde" in words for words in shown), shown


# --- promise 3: a file is made for whoever might ask for it at that moment -----------------------------------


@pytest.mark.parametrize("where", ["private thread", "control: channel"])
@pytest.mark.parametrize("typed", [False, True])
async def test_whoever_may_ask_for_the_figures_where_they_are_has_them(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, where: str, typed: bool
) -> None:
    """Somebody in a private thread, who is in it still."""
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    place = (
        anna.begins("sport", "onder ons", private=True)
        if where == "private thread"
        else town.channel("sport")
    )
    await anna.says(place, f"{ben.mention} <@{plein.double.bot.id}> peiling lijst")
    await anna.uses(place, "peiling open", vraag="Een bank?", keuze="Ja | Nee", sluit="2d")
    for who in (anna, ben):
        await who.uses(place, "vote", answer="1", poll=1)
    await anna.uses(place, "peiling sluit", peiling=1, zeker=True)
    await plein.until_quiet(60)
    if typed:
        await anna.says(place, f"<@{plein.double.bot.id}> peiling bewaar 1")
        await plein.caught_up()
        for _ in range(3):
            await plein.until_quiet(60)

        assert any(message.attachments for message in anna.sees(anna.dm))
    else:
        said = await anna.uses(place, "poll export", poll=1)

        assert said.message and said.message.attachments


# --- that every vote counts: members of a private thread --------------------------------------------------


@pytest.mark.parametrize("asks", [True, False], ids=["used Plein in private", "control: did not"])
async def test_whoever_was_there_before_it_opened_votes_though_they_used_plein_elsewhere_meanwhile(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, asks: bool
) -> None:
    """Since when they are there is since Plein saw them there first."""
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    thread = anna.begins("sport", "onder ons", private=True)
    await anna.says(thread, f"{ben.mention} <@{plein.double.bot.id}> peiling lijst")
    plein.double.clock.turn(60)
    await ben.uses(thread, "poll list")
    plein.double.clock.turn(60)
    plan = {"question": "Een bank?", "option": "Ja | Nee", "closes": "5d", "voters": "members"}
    await anna.uses(thread, "poll open", plan)
    plein.double.clock.turn(60)
    if asks:
        await ben.uses(ben.dm, "poll list")
    plein.double.clock.turn(60)
    assert "you chose Ja" in (await ben.uses(thread, "vote", answer="1", poll=1)).text


@pytest.mark.parametrize("hours", [1, 0], ids=["ahead", "control: right"])
async def test_who_took_no_messages_while_the_clock_was_ahead_is_written_to_once_they_do(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, ahead: list[timedelta], hours: int
) -> None:
    """Discord is asked once in a minute."""
    await ben.uses("sport", "poll list")
    await ben.closes_dms()
    await plein.until_quiet(60)
    ahead[0] = hours * HOUR
    await ben.says("sport", f"<@{plein.double.bot.id}> poll list")
    await plein.caught_up()
    await plein.until_quiet(5)
    ahead[0] = timedelta(0)
    ben.user.dms = True
    await plein.until_quiet(120)
    said = await ben.says("sport", f"<@{plein.double.bot.id}> help")
    await plein.caught_up()
    for _ in range(5):
        await plein.until_quiet(60)
    await ben.hears(ben.dm, "", after=said, timeout=3)


@pytest.mark.parametrize("where", ["private thread", "control: channel"])
async def test_what_was_asked_back_of_somebody_in_a_private_thread_can_be_said_yes_to(
    plein: OnDiscord, town: Server, anna: Person, where: str
) -> None:
    """What they typed there is answered in private, with buttons."""
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    place = (
        anna.begins("sport", "onder ons", private=True)
        if where == "private thread"
        else town.channel("sport")
    )
    await anna.says(place, f"<@{plein.double.bot.id}> peiling lijst")
    await anna.uses(place, "peiling open", vraag="Een bank?", keuze="Ja | Nee", sluit="2d")
    await plein.until_quiet(60)
    await anna.says(place, f"<@{plein.double.bot.id}> peiling sluit 1")
    asked = await anna.hears(anna.dm, "nu sluiten?")
    said = await anna.presses(asked, asked.buttons[0])
    assert "is er voor jou niet" not in said.text
    await plein.until_quiet(60)
    shown = [message.text for message in anna.sees(place) if not message.only_for]
    assert any("Gesloten: Een bank?" in words for words in shown), said.text


@pytest.mark.parametrize("how", ["put out", "control: put out and asks anew"])
async def test_what_is_handed_to_them_late_is_for_who_they_are_when_it_is_sent(
    double: Discord, database: str, town: Server, how: str
) -> None:
    """All that is kept of them waits for Discord; what came of their poll meanwhile is not theirs any more."""
    town.role("raad")
    raad = town.channel("raad", only=["raad", "Plein"])
    themes = [
        ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",)),
        ThemeSection(name="Raad", places=(f"discord:{raad.id}",)),
    ]
    town.role("voorzitter", ["manage_messages"])
    chair, eva = town.member("vera", roles=["raad", "voorzitter"]), town.member("eva", roles=["raad"])
    async with plein_on(double, database, themes=themes) as plein:
        await eva.uses(eva.dm, "help")
        await eva.uses("raad", "poll open", question="Geheim?", option="Ja | Nee", closes="3d")
        await plein.board("raad", "Geheim?")
        await plein.until_quiet(60)
        failing = double.faults.answer(
            502, "POST /channels/{channel_id}/messages", 10_000, only={"channel_id": eva.dm.id}
        )
        await eva.says(eva.dm, "me data")
        await plein.caught_up()
        await plein.until_quiet(5)
        assert failing.met
        town.take(eva, "raad")
        double.clock.turn(10)
        await chair.uses("raad", "vote", answer="1", poll=1)
        await chair.uses("raad", "poll close", poll=1, sure=True)
        await plein.until_quiet(600)
        if how != "put out":
            await eva.uses(eva.dm, "me data")
        failing.release()
        for _ in range(3):
            await plein.until_quiet(60)
        files = [
            file.data for message in eva.sees(eva.dm) for file in message.attachments if not message.only_for
        ]
        assert files
        assert not any(b'"ended_at"' in data for data in files), "how their poll ended, and how many voted"
