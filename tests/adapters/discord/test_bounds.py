"""Nobody reaches further than they may, and what cannot be done now is said and made good."""

from __future__ import annotations

import pytest

from bot.main.config import ThemeSection
from tests.doubles.discord import Discord, Person, Server
from tests.on_discord import OnDiscord, opened, plein_on

MINUTE = 60


async def test_who_left_the_server_has_no_part_in_it_any_more(
    plein: OnDiscord, anna: Person, mo: Person
) -> None:
    await opened(plein, anna, "Een bank?")
    assert "Een bank?" in (await mo.uses("sport", "peiling lijst")).text
    private = mo.dm
    elsewhere = plein.double.guild("Elders")
    there = elsewhere.member("mo")
    await mo.leaves()
    await plein.turn(2 * MINUTE)
    assert "“Een bank?”" not in (await there.uses(private, "peiling lijst")).text
    closing = await there.uses(private, "peiling sluit", peiling=1, zeker=True)
    assert "nummer 1 is er voor jou niet" in closing.text
    await plein.board("sport", "Een bank?", "Nog niemand stemde")


async def test_who_does_not_see_the_channel_any_more_is_no_moderator_of_it(
    plein: OnDiscord, town: Server, anna: Person, mo: Person
) -> None:
    await opened(plein, anna, "Een bank?")
    await mo.uses("sport", "peiling lijst")
    town.deny("sport", "moderators", ["view_channel"])
    await plein.turn(2 * MINUTE)
    closing = await mo.uses(mo.dm, "peiling sluit", peiling=1, zeker=True)
    assert "is gesloten" not in closing.text
    await plein.board("sport", "Een bank?", "Nog niemand stemde")


async def test_however_much_is_typed_in_private_discord_is_asked_once_in_a_moment(
    plein: OnDiscord, anna: Person
) -> None:
    """In private nothing else says where they are; what is suggested there is for who is there now. What they
    do is asked about each time: a moment ago they may have been somebody else.
    """
    await opened(plein, anna, "Een bank?")
    asked = "/guilds/{guild_id}/members/{user_id}"
    before = len(plein.double.calls_to("GET", asked))
    for words in ("s", "sp", "sport"):
        await anna.completes(anna.dm, "poll open", "theme", words)
    assert len(plein.double.calls_to("GET", asked)) == before + 1
    for number in range(3):
        plein.double.clock.turn(1)
        await anna.uses(anna.dm, "poll list")
        assert len(plein.double.calls_to("GET", asked)) == before + 2 + number


async def test_a_server_out_of_reach_is_no_trouble_in_another(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    elsewhere = double.guild("Elders")
    elsewhere.channel("natuur")
    themes = [
        ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",)),
        ThemeSection(name="Natuur", places=(f"discord:{elsewhere.channel('natuur').id}",)),
    ]
    async with plein_on(double, database, themes=themes) as plein:
        await opened(plein, anna, "Een bank?")
        elsewhere.outage()
        assert "Een bank?" in (await anna.uses(anna.dm, "poll list")).text


@pytest.mark.parametrize("made_up", ["{}", "{}:{me}", "1a0 {event}", "1g0 {event}:{me}"])
async def test_the_answer_to_somebody_else_cannot_be_had(
    plein: OnDiscord, anna: Person, ben: Person, made_up: str
) -> None:
    """Even where a client makes up what a button carries."""
    await opened(plein, anna, "Een bank?", "Ja | Nee | Later", kind="ranked")
    wrong = await ben.uses("sport", "vote", answer="1 2")
    [form] = [
        button for button in wrong.message.components[0]["components"] if button["label"] == "Put in order"
    ]
    event = form["custom_id"].split(" ")[1]
    form["custom_id"] = made_up.format(form["custom_id"], event=event, me=anna.id)
    wrong.message.only_for = anna.id
    pressed = await anna.presses(wrong.message, form["custom_id"])
    assert pressed.modal is None
    assert "hoort bij iets wat er niet meer is" in pressed.text


async def test_a_form_outlives_the_end_of_an_anonymous_poll(
    plein: OnDiscord, anna: Person, ben: Person
) -> None:
    await anna.uses("sport", "poll open", question="Geheim?", option="Ja | Nee", anonymous=True, closes="2d")
    form = await ben.uses("sport", "poll open")
    await plein.turn(2 * 86_400 + MINUTE)
    await plein.board("sport", "Gesloten: Geheim?")
    assert "is open" in (await ben.submits(form, {"0": "A bench?", "1": "Yes\nNo"})).text


async def test_a_board_that_grew_too_long_brings_all_of_it_in_a_file(
    plein: OnDiscord, town: Server, anna: Person
) -> None:
    await opened(plein, anna, "We kopen een tafel", "", kind="consent")
    for number in range(10):
        somebody = town.member(f"els{number}")
        await somebody.uses("sport", "vote", answer="bezwaar " + "🦆" * 270, poll=1)
    board = await plein.board("sport", "in het bestand")

    def whole() -> bool:
        return [file.data.decode().count("🦆" * 270) for file in board.attachments] == [10]

    await plein.double.until(whole)


async def test_where_plein_may_not_speak_it_says_so_and_comes_back(
    plein: OnDiscord, town: Server, anna: Person
) -> None:
    town.channel("stil")
    town.close_to(plein.double.bot, "stil", ["send_messages"])
    asked = await anna.uses("stil", "peiling open", vraag="Een bank?", keuze="Ja | Nee")
    assert "staat open" in asked.text
    assert "in dit kanaal mag ik nog niets tonen" in asked.text
    assert "Berichten verzenden" in asked.text
    town.allow("stil", plein.double.bot.user.name, ["send_messages"])
    await anna.uses("stil", "peiling lijst")
    await plein.board("stil", "Een bank?")


@pytest.mark.parametrize("at_most", ["2", "3"])
async def test_discord_s_own_poll_lets_people_choose_one_or_all(
    double: Discord, database: str, anna: Person, at_most: str
) -> None:
    async with plein_on(double, database, native_polls=True) as plein:
        await opened(plein, anna, "Wat?", "Een | Twee | Drie", choices=int(at_most), closes="2d")
        await opened(plein, anna, "En?", closes="2d")
        await double.until(lambda: any(message.poll for message in anna.sees("sport")))
        found = {str(message.poll.question["text"]) for message in anna.sees("sport") if message.poll}
        assert ("Wat?" in found) == (at_most == "3")
