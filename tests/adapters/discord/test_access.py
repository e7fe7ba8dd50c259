"""Who was shut out or demoted has lost it: in another channel, in private, by buttons and while typing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.main.config import CommunitySection, ThemeSection
from bot.model.people import Place
from tests.doubles.discord import Discord, Person, Server, interactions
from tests.doubles.discord.answers import Answer
from tests.doubles.discord.permissions import bits
from tests.doubles.discord.places import channel_changed, member_changed
from tests.doubles.discord.state import Channel, Message
from tests.on_discord import OnDiscord, opened, plein_on

MOMENT, DAY = 10, 86_400


@pytest.fixture
async def council(double: Discord, database: str, town: Server) -> AsyncIterator[OnDiscord]:
    """A theme in a channel for the council alone, and one for everybody."""
    town.role("raad")
    town.role("voorzitter", ["manage_messages"])
    raad = town.channel("raad", only=["raad", "Plein"])
    themes = [
        ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",)),
        ThemeSection(name="Raad", places=(f"discord:{raad.id}",)),
    ]
    async with plein_on(double, database, themes=themes) as plein:
        yield plein


@pytest.fixture
def chair(town: Server, council: OnDiscord) -> Person:
    return town.member("vera", roles=["raad", "voorzitter"])


@pytest.fixture
def eva(town: Server, council: OnDiscord) -> Person:
    return town.member("eva", roles=["raad"])


async def asked(plein: OnDiscord, who: Person, question: str = "Geheim?") -> Message:
    await who.uses("raad", "poll open", {"question": question, "option": "Ja | Nee", "closes": "3d"})
    return await plein.board("raad", question)


@pytest.mark.parametrize("private", [False, True], ids=["in another channel", "in private"])
async def test_without_the_channel_nothing_of_its_polls_is_theirs(
    council: OnDiscord, town: Server, chair: Person, eva: Person, private: bool
) -> None:
    where = eva.dm if private else "sport"
    await asked(council, chair)
    # While she is in the council all of it is hers, wherever she says it.
    assert "je koos Ja" in (await eva.uses(where, "vote", answer="1", poll=1)).text
    assert len(await eva.completes(where, "poll open", "theme", "raad")) == 1
    town.take(eva, "raad")
    await council.turn(MOMENT)
    await asked(council, chair, "Nog geheimer?")
    refused = "is er voor jou niet"
    assert refused in (await eva.uses(where, "vote", answer="2", poll=2)).text
    for command in ("poll show", "poll withdraw", "poll export", "poll close"):
        assert refused in (await eva.uses(where, command, poll=1)).text
    for command in ("poll show", "vote", "poll close"):
        assert await eva.completes(where, command, "poll", "") == []
    assert await eva.completes(where, "poll open", "theme", "raad") == []
    listed = await eva.uses(where, "poll list", theme="Raad")
    assert "eheim" not in listed.text
    assert "eheim" not in (await eva.uses(eva.dm, "poll list")).text
    await council.board("raad", "Nog geheimer?", "Nog niemand stemde")
    await council.board("raad", "Geheim?", "1 persoon stemde")


async def test_a_button_that_was_answered_to_them_is_no_way_back(
    council: OnDiscord, town: Server, chair: Person, eva: Person
) -> None:
    board = await asked(council, chair)
    receipt = await eva.presses(board, "Ja")
    town.take(eva, "raad")
    await council.turn(MOMENT)
    shown = await eva.uses(eva.dm, "poll list")
    assert "Geheim?" not in shown.text
    # The receipt stands in a channel that she cannot see any more; what was sent in private stays hers.
    assert receipt.message
    town.give(eva, "raad")
    await council.turn(MOMENT)
    again = await eva.uses(eva.dm, "poll show", poll=1)
    town.take(eva, "raad")
    await council.turn(MOMENT)
    assert "is er voor jou niet" in (await eva.presses(again.message, "Nee")).text
    await council.board("raad", "Geheim?", "1. Ja: 1 stem")


@pytest.mark.parametrize("private", [False, True], ids=["in another channel", "in private"])
async def test_without_the_permission_nobody_steers(
    council: OnDiscord, town: Server, chair: Person, eva: Person, private: bool
) -> None:
    await asked(council, eva)
    where = chair.dm if private else "sport"
    assert "loopt nu tot" in (await chair.uses(where, "poll extend", until="5d", poll=1)).text
    town.take(chair, "voorzitter")
    await council.turn(MOMENT)
    for command, more in (
        ("poll close", {"sure": True}),
        ("poll cancel", {"sure": True}),
        ("poll extend", {"until": "6d"}),
    ):
        assert "is van iemand anders" in (await chair.uses(where, command, poll=1, **more)).text
    town.give(chair, "voorzitter")
    await council.turn(MOMENT)
    assert "is gesloten" in (await chair.uses(where, "poll close", poll=1, sure=True)).text


async def test_an_overwrite_shuts_out_at_once(
    council: OnDiscord, town: Server, chair: Person, eva: Person
) -> None:
    """What the channel allows is known without asking."""
    await chair.uses("sport", "poll open", question="Een bank?", option="Ja | Nee")
    await eva.uses("sport", "poll list")
    before = len(council.double.calls)
    assert "Een bank?" in (await eva.uses("general", "poll show", poll=1)).text
    town.deny("sport", "raad", ["view_channel"])
    assert "is er voor jou niet" in (await eva.uses("general", "poll show", poll=1)).text
    reads = [call for call in council.double.calls[before:] if call.method == "GET"]
    assert reads == []


async def test_who_is_not_there_any_more_is_not_reminded(
    council: OnDiscord, town: Server, chair: Person, eva: Person
) -> None:
    ines = town.member("ines", roles=["raad"])
    for who in (eva, ines):
        await who.uses("raad", "reminders", reminders="on")
    await asked(council, chair)
    town.take(eva, "raad")
    await council.until_quiet(2 * 86_400 + 60)
    assert "Geheim?" in (await ines.hears(ines.dm, "Geheim?")).text
    assert not [said for said in eva.sees(eva.dm) if "Geheim?" in said.text]


async def test_who_was_shut_out_a_second_ago_is_out(
    council: OnDiscord, town: Server, chair: Person, eva: Person
) -> None:
    """What Discord answered before they spoke is not what it says now."""
    await asked(council, chair)
    assert "Geheim?" in (await eva.uses(eva.dm, "poll show", poll=1)).text
    assert "Geheim?" in (await chair.uses(chair.dm, "poll show", poll=1)).text
    town.take(eva, "raad")
    town.take(chair, "voorzitter")
    council.double.clock.turn(1)
    assert "is er voor jou niet" in (await eva.uses(eva.dm, "vote", answer="1", poll=1)).text
    await eva.says(eva.dm, "peiling toon 1")
    await eva.hears(eva.dm, "is er voor jou niet")
    town.take(chair, "raad")
    council.double.clock.turn(1)
    assert "is er voor jou niet" in (await chair.uses("sport", "poll show", poll=1)).text


async def test_a_private_thread_that_was_put_away_is_nobody_s_elsewhere(
    council: OnDiscord, town: Server, chair: Person, eva: Person
) -> None:
    """The library forgets a thread that is archived; that somebody was in it says nothing any more."""
    town.role("raad").permissions |= bits(["create_private_threads"])
    thread = chair.begins("raad", "onder ons", private=True)
    await chair.says(thread, f"{eva.mention} <@{council.double.bot.user.id}> kijk eens")
    await chair.uses(thread, "poll open", question="Nemen we hem aan?", option="Ja | Nee")
    assert "Nemen we" in (await eva.uses(thread, "poll show", poll=1)).text
    del thread.joined[eva.id]
    thread.archived = True
    channel_changed(council.double.world, thread)
    await council.until_quiet(MOMENT)
    for where in (eva.dm, "sport"):
        assert "is er voor jou niet" in (await eva.uses(where, "poll show", poll=1)).text


async def test_who_may_not_come_into_a_voice_channel_has_no_part_in_it(
    double: Discord, database: str, town: Server
) -> None:
    """They see that there is one, and nothing of what is said in it."""
    may: dict[str, Any] = {"deny": {"everyone": ["connect"]}, "allow": {"raad": ["connect"]}}
    spoken = town.channel("vergaderzaal", type=2, **may)
    themes = [
        ThemeSection(name="Sport", places=(f"discord:{town.channel('sport').id}",)),
        ThemeSection(name="Zaal", places=(f"discord:{spoken.id}",)),
    ]
    vera, eva = town.member("vera", roles=["raad"]), town.member("eva")
    async with plein_on(double, database, themes=themes):
        await vera.uses(spoken, "poll open", question="Geheim?", option="Ja | Nee")
        assert "Geheim?" in (await vera.uses(vera.dm, "poll show", poll=1)).text
        for where in ("sport", eva.dm):
            assert "is er voor jou niet" in (await eva.uses(where, "poll show", poll=1)).text


async def test_who_has_not_agreed_to_the_rules_takes_no_part_yet(
    council: OnDiscord, town: Server, chair: Person
) -> None:
    """Discord lets them read and nothing else; Plein says nothing for them either."""
    await chair.uses("sport", "poll open", question="Een bank?", option="Ja | Nee")
    new = town.member("nieuw")
    new.member.pending = True
    opened = await new.uses(new.dm, "poll open", question="Kijk hier!", option="Ja | Nee", theme="Sport")
    assert "staat open" not in opened.text
    assert "is er voor jou niet" in (await new.uses(new.dm, "vote", answer="1", poll=1)).text
    new.member.pending = False
    council.double.clock.turn(1)
    assert "je koos Ja" in (await new.uses(new.dm, "vote", answer="1", poll=1)).text


async def test_a_number_that_is_a_poll_elsewhere_takes_as_long_as_one_that_is_none(
    council: OnDiscord, chair: Person, town: Server
) -> None:
    """By what Discord is asked meanwhile, which takes longer than all else."""
    await asked(council, chair)
    eva = town.member("eva")
    took = []
    for number in (1, 2):
        council.double.clock.turn(MOMENT)
        before = len(council.double.calls)
        said = (await eva.uses(eva.dm, "poll show", poll=number)).text
        assert f"Een peiling met nummer {number} is er voor jou niet" in said
        took.append([call.route for call in council.double.calls[before:] if call.method == "GET"])
    assert took[0]
    assert took[0] == took[1]


@pytest.mark.parametrize("made_up", ["1o0 {}", "1p0 {}"])
async def test_a_message_elsewhere_cannot_be_pressed_by_its_number(
    council: OnDiscord, town: Server, chair: Person, made_up: str
) -> None:
    """What a client of one's own may send: a button with another message's number in it."""
    await chair.uses("raad", "poll open", question="Geheim?", option="Aap | Noot", kind="ranked")
    secret = await council.board("raad", "Geheim?")
    eva = town.member("eva")
    await eva.uses("sport", "poll open", question="Een bank?", option="Ja | Nee")
    own = await council.board("sport", "Een bank?")
    data = {"component_type": 2, "custom_id": made_up.format(secret.id), "id": 1}
    world, bot = council.double.world, council.double.bot
    pressed = interactions.begin(world, bot, interactions.PRESSED, eva.user, own.channel, data, own)
    answer = Answer(council.double, pressed)
    await answer.first(60)
    assert "eheim" not in str(pressed.modal)
    assert "hoort bij iets wat er niet meer is" in answer.text


async def test_a_channel_leaves_a_theme_with_its_line(double: Discord, database: str, town: Server) -> None:
    """From the next start on, before anybody says anything there."""
    raad, oud = town.channel("raad"), town.channel("oud")
    vera = town.member("vera")

    def themes(*channels: Channel) -> list[ThemeSection]:
        return [ThemeSection(name="Raad", places=tuple(f"discord:{channel.id}" for channel in channels))]

    async with plein_on(double, database, themes=themes(raad, oud)) as plein:
        await vera.uses("raad", "poll open", question="Geheim?", option="Ja | Nee")
        await plein.board("oud", "Geheim?")
        await plein.until_quiet(MOMENT)
    async with plein_on(double, database, themes=themes(raad)) as plein:
        await vera.uses("raad", "vote", answer="1", poll=1)
        await vera.uses("raad", "poll open", question="Nog geheimer?", option="Ja | Nee")
        await plein.until_quiet(MOMENT)
        await plein.board("raad", "Geheim?", "1 persoon stemde")
        await plein.board("oud", "Geheim?", "Nog niemand stemde")
        assert not [said for said in vera.sees("oud") if "Nog geheimer?" in said.text]


async def test_how_it_goes_on_is_not_told_to_whoever_left(
    council: OnDiscord, town: Server, chair: Person, eva: Person
) -> None:
    """Neither until when it runs now, nor that it is over."""
    await asked(council, chair)
    await eva.uses("raad", "vote", answer="1", poll=1)
    await eva.uses("sport", "poll open", question="Een bank?", option="Ja | Nee")
    for where in (eva.dm, "sport"):
        assert "je koos Ja" in (await eva.uses(where, "poll mine")).text
    town.take(eva, "raad")
    await chair.uses("raad", "poll close", poll=1, sure=True)
    await council.turn(MOMENT)
    for where in (eva.dm, "sport"):
        mine = (await eva.uses(where, "poll mine")).text
        assert "Een bank?" in mine
        assert "Geheim?" not in mine


async def test_a_server_leaves_the_community_with_its_line(
    double: Discord, database: str, town: Server
) -> None:
    """Nothing is shown or said there any more, and who is there has no part in what is asked elsewhere."""
    other = double.guild("Elders")
    oud, kris = other.channel("oud"), other.member("kris")
    theme = ThemeSection(name="Raad", places=(f"discord:{oud.id}", f"discord:{town.channel('sport').id}"))
    both: dict[str, Any] = {"themes": [theme], "guilds": (town.id, other.id)}
    async with plein_on(double, database, **both) as plein:
        await kris.uses(oud, "poll open", question="Geheim?", option="Ja | Nee", closes="3d")
        await plein.until_quiet(MOMENT)
    shown = [said.text for said in kris.sees(oud) if not said.only_for]
    assert "Geheim?" in shown[0]
    async with plein_on(double, database, **both | {"guilds": (town.id,)}) as plein:
        assert "is er voor jou niet" in (await kris.uses(kris.dm, "poll show", poll=1)).text
        await town.member("tom").uses("sport", "vote", answer="1", poll=1)
        await plein.until_quiet(4 * DAY)
        await plein.until_quiet(MOMENT)
        await plein.board("sport", "Gesloten: Geheim?")
    assert [said.text for said in kris.sees(oud) if not said.only_for] == shown


async def test_a_thread_that_nobody_uses_any_more_is_a_theme_again_once_somebody_does(
    council: OnDiscord, town: Server, chair: Person
) -> None:
    """However many there are of them: what was forgotten of one is known anew with the next word."""
    town.role("raad").permissions |= bits(["create_private_threads"])
    thread = chair.begins("raad", "onder ons", private=True)
    await chair.says(thread, f"<@{council.double.bot.user.id}> kijk eens")
    await chair.uses(thread, "poll list")
    place = Place("discord", thread.id)

    async def known() -> bool:
        found = await council.core.store.run(lambda tx: tx.places.known(place))
        return found is not None

    assert await known()
    await council.turn(60 * DAY)
    await chair.uses(thread, "poll list")
    await council.turn(60 * DAY)
    await council.core.agenda.forget()
    assert await known()
    await council.turn(31 * DAY)
    await council.core.agenda.forget()
    assert not await known()
    await chair.uses(thread, "poll open", question="Nemen we hem aan?", option="Ja | Nee")
    assert "Nemen we" in (await chair.uses(thread, "poll show", poll=1)).text
    assert await known()


@pytest.mark.parametrize("lines", [0, 1, 2], ids=["no line", "one community", "two"])
async def test_of_the_community_nothing_is_told_to_who_is_not_there(
    double: Discord, database: str, town: Server, anna: Person, ben: Person, lines: int
) -> None:
    """A stranger, who has Plein on a server of her own; and Anna, who is put out of the town's."""
    city, own = double.guild("Stad"), double.guild("Van Zef")
    city.channel("sport")
    zef = own.member("zef", locale="nl")
    communities = [
        CommunitySection(name="Dorp", servers=(town.id,)),
        CommunitySection(name="Stad", servers=(city.id,)),
    ][:lines]
    async with plein_on(double, database, communities=communities):
        await ben.uses("sport", "me expertise", words="geluid", show=True)
        await anna.uses("sport", "poll list")
        assert ben.mention in (await anna.uses(anna.dm, "who knows", topic="geluid")).text
        elsewhere = own.member("anna")
        await anna.leaves()
        for person in (zef, elsewhere):
            for path, options in (
                ("who knows", {"topic": "geluid"}),
                ("who is", {"person": "ben"}),
                ("association list", {}),
                ("community show", {}),
            ):
                told = await person.uses(person.dm, path, options)
                assert "in een kanaal of kamer" in told.text, (path, told.text)
        assert "Zal ik je vergeten?" in (await elsewhere.uses(elsewhere.dm, "me forget")).text


async def test_who_has_not_agreed_to_the_rules_presses_nothing(
    double: Discord, database: str, town: Server, anna: Person, ben: Person
) -> None:
    """Clients grey it for them; Discord brings it from some of these all the same."""
    async with plein_on(double, database) as plein:
        board = await opened(plein, anna, "Een bank?")
        town.guild.members[ben.id].pending = True
        member_changed(double.world, town.guild, town.guild.members[ben.id])
        assert "agree to the rules" in (await ben.presses(board, "Ja")).text
        assert "agree to the rules" in (await ben.uses("sport", "vote", answer="1")).text
        town.guild.members[ben.id].pending = False
        member_changed(double.world, town.guild, town.guild.members[ben.id])
        assert "you chose Ja" in (await ben.presses(board, "Ja")).text


@pytest.mark.parametrize("left", [False, True], ids=["there", "left"])
@pytest.mark.parametrize(
    ("how", "options"),
    [
        ("poll close", {"sure": True}),
        ("poll cancel", {"sure": True}),
        ("poll extend", {"until": "9d"}),
        ("poll outcome", {"outcome": "We verkopen het gemeentehuis"}),
    ],
)
async def test_whoever_left_is_not_told_what_becomes_of_the_poll_they_asked(
    council: OnDiscord,
    town: Server,
    chair: Person,
    eva: Person,
    how: str,
    options: dict[str, Any],
    left: bool,
) -> None:
    await eva.uses(eva.dm, "help")
    await asked(council, eva, "Geheim?")
    await chair.uses("raad", "vote", answer="1", poll=1)
    if how == "poll outcome":
        await eva.uses("raad", "poll close", poll=1, sure=True)
    await council.until_quiet(5)
    if left:
        town.take(eva, "raad")
        await council.until_quiet(3 * 3600)
    await chair.uses("raad", how, poll=1, **options)
    for _ in range(2):
        await council.until_quiet(5)
    told = [message.text for message in eva.sees(eva.dm) if message.author.bot]
    assert any("Geheim?" in words for words in told) is not left


@pytest.mark.parametrize("left", [False, True], ids=["there", "left"])
async def test_what_they_were_told_before_they_left_is_not_brought_up_to_date(
    council: OnDiscord, town: Server, chair: Person, eva: Person, left: bool
) -> None:
    """The chair corrects the outcome within the hour."""
    await eva.uses(eva.dm, "help")
    await asked(council, eva, "Geheim?")
    await eva.uses("raad", "poll close", poll=1, sure=True)
    await council.until_quiet(5)
    await chair.uses("raad", "poll outcome", poll=1, outcome="Nog niets")
    for _ in range(2):
        await council.until_quiet(5)
    if left:
        town.take(eva, "raad")
        await council.until_quiet(60)
    await chair.uses("raad", "poll outcome", poll=1, outcome="We verkopen het gemeentehuis")
    for _ in range(2):
        await council.until_quiet(5)
    told = [message.text for message in eva.sees(eva.dm) if message.author.bot]
    assert any("gemeentehuis" in words for words in told) is not left


async def test_strangers_are_of_no_community_whose_named_channel_is_deleted(
    double: Discord, database: str, town: Server, anna: Person, ben: Person
) -> None:
    council_room = town.channel("raad")
    themes = [ThemeSection(name="Raad", places=(f"discord:{council_room.id}",))]
    own = double.guild("Van Zef")
    own.channel("hol")
    zef = own.member("zef")
    async with plein_on(double, database, themes=themes):
        await ben.uses("sport", "me expertise", words="bijenteelt", show=True)
    town.close(council_room)
    async with plein_on(double, database, themes=themes):
        await anna.uses("sport", "help")
        for where in ("hol", zef.dm):
            told = (await zef.uses(where, "who knows", topic="bijenteelt")).text
            assert "in een kanaal of kamer" in told


async def test_what_came_of_their_poll_is_not_handed_late_to_whoever_was_put_out_meanwhile(
    double: Discord, database: str, town: Server
) -> None:
    """All that is kept of them is made when it is sent: by then their platform says where they are."""
    town.role("raad")
    raad = town.channel("raad", only=["raad", "Plein"])
    themes = [ThemeSection(name="Raad", places=(f"discord:{raad.id}",))]
    town.role("voorzitter", ["manage_messages"])
    chair, eva = town.member("vera", roles=["raad", "voorzitter"]), town.member("eva", roles=["raad"])
    async with plein_on(double, database, themes=themes) as plein:
        await eva.uses(eva.dm, "help")
        for question in ("Een bank?", "Een boom?"):
            await eva.uses("raad", "poll open", question=question, option="Ja | Nee", closes="3d")
        await plein.board("raad", "Een boom?")
        await plein.until_quiet()

        async def handed() -> list[bytes]:
            await plein.until_quiet(60)
            return [file.data for shown in eva.sees(eva.dm) for file in shown.attachments]

        await chair.uses("raad", "poll close", poll=1, sure=True)
        await eva.says(eva.dm, "me data")
        await plein.caught_up()
        assert [b'"ended_at"' in data for data in await handed()] == [True], "they are there"
        failing = double.faults.answer(
            502, "POST /channels/{channel_id}/messages", 10_000, only={"channel_id": eva.dm.id}
        )
        await eva.says(eva.dm, "me data")
        await plein.caught_up()
        await plein.until_quiet(5)
        assert failing.met
        town.take(eva, "raad")
        double.clock.turn(10)
        await chair.uses("raad", "poll close", poll=2, sure=True)
        await plein.until_quiet(60)
        failing.release()
        files = await handed()
        assert [b"Een boom?" in data for data in files] == [True, True]
        assert [b'"ended_at"' in data for data in files] == [True, False]


# --- what still stands in a client ---


async def test_a_form_and_a_button_of_a_channel_that_is_hidden_by_then_do_nothing(
    council: OnDiscord, town: Server, chair: Person, eva: Person
) -> None:
    """Discord says with them that whoever uses them sees nothing there."""
    await chair.uses("raad", "poll open", {"question": "Een bank?", "kind": "consent", "closes": "3d"})
    board = await council.board("raad", "Een bank?")
    asked = await eva.presses(board, "Bezwaar")
    button = {
        "component_type": 2,
        **{k: eva._component(board, "Akkoord", (2,))[k] for k in ("custom_id", "id")},
    }
    town.take(eva, "raad")
    await council.turn(MOMENT)
    await eva.submits(asked, {"Je reden": "Te duur"})
    await eva._touch(board, button, True, 60)
    await council.until_quiet(60)
    assert "Nog niemand stemde" in (await council.board("raad", "Een bank?")).text
