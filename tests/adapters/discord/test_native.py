"""Discord's own poll beside a board: informal, and counted in once it is final."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.main.config import ResidentSection
from tests.doubles.discord import Discord, Message, Person, Server
from tests.on_discord import OnDiscord, opened, plein_on

HOUR, DAY = 3_600, 86_400


@pytest.fixture
async def plein(double: Discord, database: str) -> AsyncIterator[OnDiscord]:
    async with plein_on(double, database, native_polls=True) as plein:
        yield plein


def natives(who: Person) -> list[Message]:
    return [message for message in who.sees("sport") if message.poll]


async def native(plein: OnDiscord, who: Person) -> Message:
    """The poll beside the board, once it is there."""
    return (await plein.double.until(lambda: natives(who)))[-1]


async def test_it_stands_beside_the_board_and_says_that_it_is_informal(
    plein: OnDiscord, anna: Person
) -> None:
    board = await opened(plein, anna, "Een bank?", closes="2d")
    beside = await native(plein, anna)
    assert int(beside.id) > int(board.id)
    assert beside.poll
    assert beside.poll.question["text"] == "Een bank?"
    assert [answer["text"] for answer in beside.poll.answers.values()] == ["Ja", "Nee"]
    assert not beside.poll.multiselect
    assert "Iedereen ziet er wat je kiest, en het is informeel" in beside.text
    assert beside.poll.expiry < plein.double.clock.now() + 2 * DAY


async def test_several_may_be_chosen_where_the_poll_says_so(plein: OnDiscord, anna: Person) -> None:
    await opened(plein, anna, "Wat is goed?", "Bank | Boom | Beeld", kind="approval", closes="2d")
    beside = await native(plein, anna)
    assert beside.poll
    assert beside.poll.multiselect
    await anna.votes(beside, ["Bank", "Beeld"])
    await plein.turn(2 * DAY - HOUR)
    await plein.board("sport", "Bank: 1 stem", "Boom: 0 stemmen", "Beeld: 1 stem")


@pytest.mark.parametrize(
    ("options", "terms"),
    [
        ("Ja | Nee", {"results": "closed"}),
        ("Ja | Nee", {"results": "voted"}),
        ("Ja | Nee", {"anonymous": True}),
        ("Bank | Boom", {"kind": "ranked"}),
        ("Bank | Boom", {"kind": "score"}),
        (" | ".join(f"Plek {number}" for number in range(11)), {}),
        (f"Kort | {'o' * 56}", {}),
        ("Ja | Nee", {"closes": "50d"}),
        ("Ja | Nee", {"closes": "50 minuten"}),
    ],
    ids=["hidden", "voted", "anonymous", "ranked", "score", "eleven", "long", "far", "soon"],
)
async def test_not_where_discord_could_not_show_it_all_or_may_not(
    plein: OnDiscord, anna: Person, options: str, terms: dict[str, object]
) -> None:
    await opened(plein, anna, "Wat?", options, **terms)
    # One that may have its own comes after it: then all that was to come has come.
    await opened(plein, anna, "Een bank?", closes="2d")
    assert (await native(plein, anna)).poll
    assert len(natives(anna)) == 1


async def test_it_is_not_there_unless_it_is_asked_for(double: Discord, database: str, anna: Person) -> None:
    async with plein_on(double, database) as plein:
        await anna.presses(await opened(plein, anna, "Een bank?", closes="2d"), "Ja")
        await plein.board("sport", "Ja: 1 stem")
        assert natives(anna) == []


async def test_who_voted_nowhere_else_is_counted_in(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    board = await opened(plein, anna, "Een bank?", closes="2d")
    beside = await native(plein, anna)
    carla = town.member("carla")
    await anna.presses(board, "Ja")
    for person in (anna, ben, carla):
        await person.votes(beside, "Nee")
    await carla.votes(beside, [])
    await plein.board("sport", "Ja: 1 stem", "Nee: 0 stemmen")
    await plein.turn(2 * DAY - HOUR)
    await plein.board("sport", "Ja: 1 stem", "Nee: 1 stem", "2 mensen stemden")
    # It may still be changed, and the last word is said where it counts.
    assert "you first chose Nee, now Ja" in (await ben.presses(board, "Ja")).text
    # And until all that was said by then has been heard.
    await plein.turn(HOUR + 60)
    await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het, met 2 stemmen.")


async def test_a_vote_that_was_taken_back_stays_so(plein: OnDiscord, anna: Person, ben: Person) -> None:
    """Ben votes there, presses something else on the board, and then wants no vote at all."""
    board = await opened(plein, anna, "Een bank?", closes="2d")
    beside = await native(plein, anna)
    await anna.votes(beside, "Ja")
    await ben.votes(beside, "Ja")
    await plein.turn(60)
    await ben.presses(board, "Nee")
    await plein.turn(60)
    assert "withdrawn" in (await ben.uses("sport", "poll withdraw", poll=1)).text
    await plein.turn(2 * DAY - HOUR)
    await plein.board("sport", "Ja: 1 stem", "Nee: 0 stemmen", "1 persoon stemde")
    await plein.turn(2 * HOUR)
    await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het, met 1 stem.")


async def test_what_became_final_while_plein_was_away_is_counted_in(
    double: Discord, database: str, anna: Person, ben: Person
) -> None:
    async with plein_on(double, database, native_polls=True) as plein:
        board = await opened(plein, anna, "Een bank?", closes="2d")
        await ben.votes(await native(plein, anna), "Nee")
        await anna.presses(board, "Ja")
        await plein.board("sport", "Ja: 1 stem")
    double.clock.turn(2 * DAY + HOUR)
    async with plein_on(double, database, native_polls=True) as plein:
        await plein.turn(1)
        await plein.board("sport", "Gesloten: Een bank?", "gelijk tussen Ja en Nee, elk met 1 stem")


async def test_it_ends_when_the_poll_is_closed_by_hand(plein: OnDiscord, anna: Person, ben: Person) -> None:
    board = await opened(plein, anna, "Een bank?", closes="2d")
    beside = await native(plein, anna)
    assert beside.poll
    await anna.presses(board, "Ja")
    await ben.votes(beside, "Nee")
    await anna.uses("sport", "peiling sluit", zeker=True)
    await plein.double.until(lambda: beside.poll and beside.poll.finalized)
    # What was informal until then does not change a result that was announced.
    await plein.board("sport", "Gesloten: Een bank?", "Ja haalt het, met 1 stem.")
    assert await plein.board("sport", "Gesloten op <t:", "1 persoon stemde") is board


async def test_who_votes_there_is_who_they_are_on_the_server(
    plein: OnDiscord, anna: Person, ben: Person, mo: Person
) -> None:
    await opened(plein, anna, "Wat eerst?", closes="2d", voters="moderators")
    beside = await native(plein, anna)
    await mo.votes(beside, "Ja")
    await ben.votes(beside, "Nee")
    await plein.turn(2 * DAY - HOUR)
    await plein.board("sport", "Ja: 1 stem", "Nee: 0 stemmen")
    # And stays so: in private it is the role with which they last took part.
    assert "nu sluiten?" in (await mo.uses(mo.dm, "peiling sluit", peiling=1)).text


async def test_who_joined_before_it_opened_is_a_member_though_never_heard_of(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    plein.double.clock.turn(60)
    await opened(plein, anna, "Een bank?", closes="2d", voters="members")
    plein.double.clock.turn(60)
    beside = await native(plein, anna)
    newcomer = town.member("nieuw")
    await ben.votes(beside, "Ja")
    await newcomer.votes(beside, "Nee")
    await plein.turn(2 * DAY - HOUR)
    await plein.board("sport", "Ja: 1 stem", "Nee: 0 stemmen", "1 persoon stemde")


async def test_who_has_not_agreed_to_the_rules_is_not_counted_there(
    plein: OnDiscord, town: Server, anna: Person, ben: Person
) -> None:
    """Nor at the board's buttons; who agreed before it ended is, and so is who left since."""
    await opened(plein, anna, "Een bank?", closes="2d")
    beside = await native(plein, anna)
    new, agreed, left = (town.member(name) for name in ("nieuw", "akkoord", "weg"))
    new.member.pending = agreed.member.pending = True
    for person in (anna, new, agreed, left):
        await person.votes(beside, "Nee" if person is new else "Ja")
    agreed.member.pending = False
    await left.leaves()
    await plein.turn(2 * DAY - HOUR)
    await plein.board("sport", "Ja: 3 stemmen", "Nee: 0 stemmen", "3 mensen stemden")


async def test_two_accounts_of_one_person_count_once_there(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    at_work = town.member("anna-op-het-werk")
    both = ResidentSection(name="Anna", accounts=(f"discord:{anna.id}", f"discord:{at_work.id}"))
    async with plein_on(double, database, native_polls=True, residents=[both]) as plein:
        await opened(plein, anna, "Een bank?", closes="2d")
        beside = await native(plein, anna)
        await anna.votes(beside, "Ja")
        await at_work.votes(beside, "Ja")
        await plein.turn(2 * DAY - HOUR)
        await plein.board("sport", "Ja: 1 stem", "1 persoon stemde")


async def test_it_is_not_posted_again_where_it_arrived_unheard(plein: OnDiscord, anna: Person) -> None:
    lost = plein.double.faults.drop("POST /channels/{channel_id}/messages", times=2, after=True)
    await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee", sluit="30d")
    # First the board and then the poll arrive without a word that they did, and hours pass.
    for _ in range(100):
        await plein.turn(2 * HOUR)
        await anna.uses("sport", "peiling lijst")
        if plein.double.calls_to("PATCH", "/channels/{channel_id}/messages/{message_id}"):
            break
    assert lost.met == 2
    await anna.presses(await plein.board("sport", "Een bank?", "Peiling 1 sluit"), "Ja")
    await plein.board("sport", "Ja: 1 stem")
    assert len(natives(anna)) == 1
    assert len([message for message in anna.sees("sport") if "Peiling 1 sluit" in message.text]) == 1


@pytest.mark.parametrize("voted", [True, False])
async def test_a_vote_there_lets_nobody_in_again(
    double: Discord, database: str, town: Server, anna: Person, voted: bool
) -> None:
    """It counts, of who is off the server days before it ends; another account of theirs was never there."""
    town.role("raad")
    town.channel("raad", only=["raad", "Plein"])
    town.give(anna, "raad")
    eve, other = town.member("eve", roles=["raad"]), town.member("eva")
    one = ResidentSection(name="Eve", accounts=(f"discord:{eve.id}", f"discord:{other.id}"))
    async with plein_on(double, database, native_polls=True, residents=[one]) as plein:
        await anna.uses("raad", "poll open", {"question": "Geheim?", "option": "Ja | Nee", "closes": "3d"})
        await plein.board("raad", "Geheim?")
        beside = (await double.until(lambda: [said for said in anna.sees("raad") if said.poll]))[-1]
        await eve.uses("raad", "poll list")
        assert "Geheim?" in (await other.uses("sport", "poll show", poll=1)).text
        if voted:
            await eve.votes(beside, "Ja")
        await plein.turn(HOUR)
        await eve.leaves()
        for _ in range(2):
            await plein.turn(HOUR)
        assert "Geheim?" not in (await other.uses("sport", "poll show", poll=1)).text
        await plein.turn(3 * DAY - 4 * HOUR)
        await plein.until_quiet()
        if voted:
            await plein.board("raad", "Ja: 1 stem")
        assert "Geheim?" not in (await other.uses("sport", "poll show", poll=1)).text
