"""Where something may be put on Discord: nobody has Plein say what they may not say there themselves."""

from __future__ import annotations

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.discord.state import Channel, Message
from tests.on_discord import OnDiscord, opened, plein_on

DAY = 86_400
SILENT = "mag je zelf niets schrijven"
PLEIN = ["view_channel", "send_messages", "send_messages_in_threads", "embed_links", "read_message_history"]


@pytest.fixture
def silent(town: Server) -> Channel:
    """A channel in which only those write who run the server."""
    return town.channel("nieuws", deny={"everyone": ["send_messages"]})


def boards(channel: Channel) -> list[str]:
    return [message.text for message in channel.messages.values() if not message.only_for]


async def shown_in(plein: OnDiscord, channel: Channel, words: str) -> Message:
    """What everybody sees there with these words and buttons, once there is such a message."""

    def look() -> Message | None:
        seen = [message for message in channel.messages.values() if not message.only_for and message.buttons]
        return next((message for message in seen if words in message.text), None)

    return await plein.double.until(look)


async def test_who_may_not_write_there_asks_nothing_there(
    plein: OnDiscord, anna: Person, silent: Channel
) -> None:
    answer = await anna.uses(silent, "peiling open", vraag="Een bank?", keuze="Ja | Nee")
    assert SILENT in answer.text
    await plein.until_quiet()
    assert boards(silent) == []


@pytest.mark.parametrize("from_where", ["another channel", "in private", "typed in private"])
async def test_nor_from_elsewhere(
    double: Discord, database: str, town: Server, anna: Person, mo: Person, from_where: str
) -> None:
    silent = town.channel(
        "nieuws", deny={"everyone": ["send_messages"]}, allow={"moderators": ["send_messages"]}
    )
    themes = [ThemeSection(name="Nieuws", places=(f"discord:{silent.id}",))]
    async with plein_on(double, database, themes=themes) as plein:
        for somebody in (mo, anna):
            await somebody.uses(silent, "peiling lijst")
        # Whoever may write there may have it said there, from wherever.
        answer = await mo.uses("sport", "peiling open", vraag="Een boom?", keuze="Ja | Nee", thema="Nieuws")
        assert "staat open" in answer.text
        if from_where == "typed in private":
            await anna.says(anna.dm, 'peiling open "Een bank?" Ja | Nee --thema Nieuws')
            await anna.hears(anna.dm, SILENT)
        else:
            where = anna.dm if from_where == "in private" else "sport"
            how = {"vraag": "Een bank?", "keuze": "Ja | Nee", "thema": "Nieuws"}
            assert SILENT in (await anna.uses(where, "peiling open", how)).text
        await plein.until_quiet()
        assert not any("Een bank?" in words for words in boards(silent))


async def test_who_was_silenced_since_has_nothing_more_said(
    plein: OnDiscord, town: Server, anna: Person
) -> None:
    """The poll that they opened they may still end; anything else it would say for them it does not."""
    await opened(plein, anna, "Een bank?", closes="2d")
    town.role("silenced")
    town.give(anna, "silenced")
    town.deny("sport", "silenced", ["send_messages"])
    assert SILENT in (await anna.uses("sport", "peiling verleng", tot="5d")).text
    await anna.uses("sport", "peiling sluit", peiling=1, zeker=True)
    await plein.board("sport", "Gesloten: Een bank?")
    assert SILENT in (await anna.uses("sport", "peiling besluit", besluit="Koop ze!", peiling=1)).text
    assert SILENT in (await anna.uses("sport", "peiling opnieuw", peiling=1)).text
    await plein.until_quiet()
    assert not any("Koop ze" in words for words in boards(town.channel("sport")))


@pytest.mark.parametrize("how", ["put out", "silenced"])
async def test_what_they_planned_before_does_not_open(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, mo: Person, how: str
) -> None:
    await mo.uses("sport", "peiling lijst")
    await ben.uses("sport", "poll open", question="Een bank?", option="Ja | Nee", opens="1d", closes="3d")
    await anna.uses("sport", "peiling open", vraag="Een boom?", keuze="Ja | Nee", opent="1d", sluit="3d")
    if how == "put out":
        await ben.leaves()
    else:
        town.role("silenced")
        town.give(ben, "silenced")
        town.deny("sport", "silenced", ["send_messages"])
    await plein.until_quiet(DAY)
    await plein.board("sport", "Een boom?")
    await mo.hears(mo.dm, "“Een bank?” zou opengaan")
    await plein.until_quiet()
    assert not any("Een bank?" in words for words in boards(town.channel("sport")))


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("from_where", ["there", "in private"])
async def test_nor_do_they_say_there_why_they_object(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, mo: Person, from_where: str, anonymous: bool
) -> None:
    """Their vote counts: only its reason would be read by everybody there."""
    await mo.uses("sport", "peiling open", vraag="Een bank?", soort="consent", anoniem=anonymous)
    board = await plein.board("sport", "Een bank?")
    town.role("silenced")
    town.give(ben, "silenced")
    town.deny("sport", "silenced", ["send_messages"])
    where = "sport" if from_where == "there" else ben.dm
    objects = await ben.uses(where, "vote", answer="object the chair is a scoundrel", poll=1)
    assert "I don’t put a reason of yours there either" in objects.text
    asked = await ben.presses(board, "Bezwaar")
    objects = await ben.submits(asked, {"Your reason": "The chair is a scoundrel"})
    assert "I don’t put a reason of yours there either" in objects.text
    for number in range(5):
        await town.member(f"resident {number}").presses(board, "Akkoord")
    assert "a reason of yours" not in (await anna.presses(board, "Akkoord")).text
    await mo.uses("sport", "peiling sluit", peiling=1, zeker=True)
    await plein.board("sport", "Gesloten: Een bank?", "er is 1 bezwaar")
    await plein.until_quiet()
    assert not any("scoundrel" in words for words in boards(town.channel("sport")))


async def test_whoever_may_not_write_there_hears_that_whatever_they_choose_in_secret(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    """Heard only by who objects, it would tell who that is."""
    board = await opened(plein, anna, "Een bank?", "", kind="consent", anonymous=True)
    town.role("silenced")
    town.give(ben, "silenced")
    town.deny("sport", "silenced", ["send_messages"])
    agrees = (await ben.presses(board, "Akkoord")).text
    assert "a reason of yours" in agrees
    assert (await ben.uses("sport", "vote", answer="object too dear", poll=1)).text == agrees


async def test_a_public_thread_is_its_channel_s_and_so_is_who_may_write(
    plein: OnDiscord, town: Server, anna: Person, silent: Channel
) -> None:
    thread = town.channel("over het nieuws", type=11, parent=silent)
    await anna.says(thread, "Hallo")
    answer = await anna.uses(thread, "peiling open", vraag="Een bank?", keuze="Ja | Nee")
    assert SILENT in answer.text
    await anna.says(thread, f'<@{plein.double.bot.user.id}> peiling open "Een boom?" Ja | Nee')
    await anna.hears(anna.dm, SILENT)
    await plein.until_quiet()
    assert boards(silent) == []


async def test_what_is_asked_in_a_private_thread_stays_there(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    thread = anna.begins("sport", "onder ons", private=True)
    await anna.says(thread, f"{ben.mention} kijk eens")
    answer = await anna.uses(thread, "peiling open", vraag="Nemen we hem aan?", keuze="Ja | Nee")
    assert "staat open" in answer.text

    shown = await shown_in(plein, thread, "Nemen we hem aan?")
    assert "you chose Ja" in (await ben.presses(shown, "Ja")).text
    await anna.says(thread, f'<@{plein.double.bot.user.id}> peiling open "En haar?" Ja | Nee')
    await shown_in(plein, thread, "En haar?")
    await plein.until_quiet()
    assert boards(town.channel("sport")) == []
    # Whoever is not in it hears nothing of it, from its channel or in private.
    eve = town.member("eve")
    await eve.uses("sport", "peiling lijst")
    for where in ("sport", eve.dm):
        assert "Nemen we" not in (await eve.uses(where, "peiling lijst")).text
        assert "Nemen we" not in (await eve.uses(where, "peiling toon", peiling=1)).text


async def test_who_is_put_out_of_a_private_thread_has_lost_its_polls(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    thread = anna.begins("sport", "onder ons", private=True)
    await anna.says(thread, f"{ben.mention} kijk eens")
    await anna.uses(thread, "peiling open", vraag="Nemen we hem aan?", keuze="Ja | Nee")
    assert "Nemen we" in (await ben.uses(thread, "poll list")).text
    del thread.joined[ben.id]
    assert "Nemen we" not in (await ben.uses(ben.dm, "poll list")).text
    assert "Nemen we" not in (await ben.uses(ben.dm, "poll show", poll=1)).text


async def test_where_plein_is_not_in_a_private_thread_it_asks_to_be_named(
    plein: OnDiscord, town: Server, anna: Person
) -> None:
    town.permit(plein.double.bot, PLEIN)
    town.role("residents", ["create_private_threads"])
    town.give(anna, "residents")
    thread = anna.begins("sport", "onder ons", private=True)
    answer = await anna.uses(thread, "peiling open", vraag="Nemen we hem aan?", keuze="Ja | Nee")
    assert "Vermeld mij hier" in answer.text
    await plein.until_quiet()
    assert boards(thread) == []
    await anna.says(thread, f"<@{plein.double.bot.user.id}> peiling lijst")
    await shown_in(plein, thread, "Nemen we hem aan?")
    assert boards(town.channel("sport")) == []


@pytest.mark.parametrize("private", [False, True], ids=["there", "in private"])
@pytest.mark.parametrize("anonymous", [False, True], ids=["open", "anonymous"])
async def test_who_may_not_write_there_has_no_reason_put_there(
    double: Discord, database: str, town: Server, anna: Person, ben: Person, private: bool, anonymous: bool
) -> None:
    """Their objection counts; and in secret the answer is the same, whatever they chose."""
    async with plein_on(double, database) as plein:
        await opened(plein, anna, "Een bank", "", kind="consent", anonymous=anonymous, closes="2d")
        town.role("muted")
        town.deny("sport", "muted", ["send_messages"])
        town.give(ben, "muted")
        where = ben.dm if private else "sport"
        objects = await ben.uses(where, "vote", answer="object that scoundrel", poll=1)
        assert "may not write there" in objects.text
        if anonymous:
            await plein.turn(60)
            agrees = await ben.uses(where, "vote", answer="agree", poll=1)
            assert agrees.text == objects.text
            await ben.uses(where, "vote", answer="object that scoundrel", poll=1)
        await plein.until_quiet(5)
        await plein.turn(2 * 86_400)
        board = await plein.board("sport", "Bezwaar: 1")
        assert not any("scoundrel" in said.text for said in (board, *anna.sees("sport")))


def thread_of(person: Person, town: Server) -> Channel:
    """A private thread that they begin."""
    town.role("residents", ["create_private_threads"])
    town.give(person, "residents")
    return person.begins("sport", "onder ons", private=True)


@pytest.mark.parametrize("where", ["private thread", "control: channel"])
@pytest.mark.parametrize("typed", [False, True])
async def test_whoever_may_ask_for_the_figures_where_they_are_has_them(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, where: str, typed: bool
) -> None:
    """Somebody in a private thread, who is in it still."""
    place = thread_of(anna, town) if where == "private thread" else town.channel("sport")
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

        assert said.message
        assert said.message.attachments


@pytest.mark.parametrize("asks", [True, False], ids=["used Plein in private", "control: did not"])
async def test_whoever_was_there_before_it_opened_votes_though_they_used_plein_elsewhere_meanwhile(
    plein: OnDiscord, town: Server, anna: Person, ben: Person, asks: bool
) -> None:
    """Since when they are there is since Plein saw them there first."""
    thread = thread_of(anna, town)
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


@pytest.mark.parametrize("where", ["private thread", "control: channel"])
async def test_what_was_asked_back_of_somebody_in_a_private_thread_can_be_said_yes_to(
    plein: OnDiscord, town: Server, anna: Person, where: str
) -> None:
    """What they typed there is answered in private, with buttons."""
    place = thread_of(anna, town) if where == "private thread" else town.channel("sport")
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
