"""Slash commands: what they are called, who is shown them, and when Discord is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import discord
import pytest

from adapters.discord.commands import SlashCommands
from bot.call import Call
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.feature import Feature
from bot.main.features import FEATURES as INSTALLED
from bot.main.features import Installed, add_up
from bot.model.message import Message, message, typed
from bot.model.people import Role
from bot.texts import FOLDER, LOCALES, Texts
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.discord.command_limits import check_command, size_of
from tests.doubles.discord.errors import Form
from tests.doubles.installed import FEATURES, KINDS
from tests.doubles.praise import Praise
from tests.on_discord import OnDiscord, plein_on

Json = dict[str, Any]
EVERYWHERE = "/applications/{application_id}/commands"
IN_A_SERVER = "/applications/{application_id}/guilds/{guild_id}/commands"
STRING, INTEGER, BOOLEAN = 3, 4, 5


ORGANISERS, MODERATORS = discord.Permissions(manage_events=True), discord.Permissions(manage_messages=True)


def described(commands: Commands, organisers: discord.Permissions = ORGANISERS) -> dict[str, Json]:
    """What Discord is told, by first word; as strict about it as Discord is."""
    permissions = {Role.ORGANISER: organisers, Role.MODERATOR: MODERATORS}
    found = SlashCommands(commands, permissions).described()
    for command in found:
        form = Form()
        check_command(form, command)
        form.check()
        assert size_of(command) <= 8_000
    return {command["name"]: command for command in found}


def below(command: Json, name: str) -> Json:
    return next(option for option in command["options"] if option["name"] == name)


def clean(call: Call, what: str) -> Message:
    return message(typed(f"swept: {what}"))


SWEEP = Command("sweep", clean, role=Role.MODERATOR)
SWEPT = (*INSTALLED, Installed(Feature(name="streets", commands=(SWEEP,))))


# --- names and words -----------------------------------------------------------------------


def test_a_name_that_is_a_groups_first_word_can_only_be_typed(tmp_path: Path) -> None:
    for locale in LOCALES:
        (tmp_path / locale).mkdir()
        texts = 'msgid "command.wish add"\nmsgstr "wish add|wish"\n\n'
        texts += "".join(
            f'msgid "{key}"\nmsgstr "wishes"\n\n'
            for key in (
                "group.wish.help",
                "command.wish add.help",
                "command.wish list.help",
            )
        )
        (tmp_path / locale / "wishes.po").write_text(texts)
    wishes = [Command("wish add", clean), Command("wish list", clean)]
    told = described(Commands(wishes, Texts(FOLDER, tmp_path)))
    assert {option["name"] for option in told["wish"]["options"]} == {"add", "list"}


def test_a_command_by_itself_may_stand_in_a_group_as_well() -> None:
    """`/language` is `/me language` too: one command, and what it is given is read the same."""
    commands = Commands(FEATURES.commands, Texts(), converters=KINDS)
    alone, me = (described(commands)[name] for name in ("language", "me"))
    in_group = below(me, "language")
    assert in_group["options"] == alone["options"]
    assert (me["name_localizations"]["nl"], in_group["name_localizations"]["nl"]) == ("mijn", "taal")
    given = [{"name": "language", "type": STRING, "value": "nl"}]
    used = SlashCommands(commands, {}).read(
        {"name": "me", "options": [{"name": "language", "type": 1, "options": given}]}
    )
    assert used
    assert (used.command.path, used.args) == ("language", {"language": "nl"})


def test_everybody_reads_the_commands_in_their_own_language() -> None:
    poll = described(Commands(FEATURES.commands, Texts(), converters=KINDS))["poll"]
    assert poll["name_localizations"] == {"nl": "peiling", "en-GB": "poll", "en-US": "poll"}
    opening = below(poll, "open")
    assert opening["description_localizations"]["nl"] == "Vraagt iets aan iedereen in dit thema"
    assert opening["description_localizations"]["en-US"] == opening["description"]
    assert below(poll, "withdraw")["name_localizations"]["nl"] == "intrekken"
    assert below(opening, "question")["name_localizations"]["nl"] == "vraag"
    assert below(opening, "question")["description_localizations"]["nl"] == "Wat je wilt vragen"


def test_every_command_is_called_in_every_language_as_discord_can_show_it() -> None:
    """It has room for as many words as the path has; where no name is so, it shows the path itself."""
    commands = Commands(FEATURES.commands, Texts(), converters=KINDS)
    for locale in commands.texts.locales:
        for path, command in commands.by_path.items():
            words = [len(name.split()) for name in commands.names(command, locale)]
            assert len(path.split()) in words or not command.listed, (path, locale)
    readmit = below(described(commands)["theme"], "readmit")
    assert readmit["name_localizations"]["nl"] == "toelaten"


def test_what_is_asked_for_has_a_type_and_choices_in_words() -> None:
    opening = below(described(Commands(FEATURES.commands, Texts(), converters=KINDS))["poll"], "open")
    types = {option["name"]: option["type"] for option in opening["options"]}
    assert types["question"] == types["closes"] == STRING
    assert types["quorum"] == INTEGER
    assert types["anonymous"] == BOOLEAN
    kinds = {
        choice["value"]: choice["name_localizations"]["nl"] for choice in below(opening, "kind")["choices"]
    }
    assert kinds["ranked"] == "volgorde"
    assert below(opening, "closes")["autocomplete"]
    assert not any(option.get("required") for option in opening["options"])


def test_a_language_that_is_added_is_spoken_in_the_commands_too(tmp_path: Path) -> None:
    for locale in LOCALES:
        (tmp_path / locale).symlink_to(FOLDER / locale)
    (tmp_path / "de").mkdir()
    (tmp_path / "de" / "polls.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
        'msgid "command.poll open"\nmsgstr "umfrage starten"\n\n'
        'msgid "command.poll vote"\nmsgstr "stimme|umfrage stimme"\n\n'
        'msgid "param.question"\nmsgstr "frage"\n\n'
        'msgid "command.poll open.help"\nmsgstr "fragt alle in diesem Thema etwas"\n',
        encoding="utf-8",
    )
    found = described(Commands(FEATURES.commands, Texts(tmp_path), converters=KINDS))
    assert found["poll"]["name_localizations"]["de"] == "umfrage"
    assert found["vote"]["name_localizations"]["de"] == "stimme"
    opening = below(found["poll"], "open")
    assert opening["name_localizations"]["de"] == "starten"
    assert opening["description_localizations"]["de"] == "Fragt alle in diesem Thema etwas"
    assert below(opening, "question")["name_localizations"]["de"] == "frage"
    # What is not translated yet is said in English.
    assert below(found["poll"], "close")["description_localizations"]["de"].startswith("Closes")


async def test_the_same_command_by_its_names(plein: OnDiscord, anna: Person, ben: Person) -> None:
    await anna.uses("sport", "peiling open", vraag="Een bank?", keuze="Ja | Nee")
    for command, person in (("stem", anna), ("peiling stem", anna), ("vote", ben), ("poll vote", ben)):
        option = "antwoord" if person is anna else "answer"
        said = await person.uses("sport", command, {option: "1"})
        assert "“Een bank?”: " + ("je koos Ja" if person is anna else "you chose Ja") in said.text
    await plein.board("sport", "Ja: 2 stemmen")


# --- who is shown what ------------------------------------------------------------------------


def test_commands_of_moderators_need_the_permission_of_moderators() -> None:
    found = described(Commands((*FEATURES.commands, SWEEP), Texts(), converters=KINDS))
    assert found["sweep"]["default_member_permissions"] == str(MODERATORS.value)
    assert found["poll"]["default_member_permissions"] is None


def test_what_is_not_for_everybody_is_not_offered_in_private() -> None:
    plant = Command("plant", clean, role=Role.ORGANISER)
    found = described(Commands((*FEATURES.commands, SWEEP, plant), Texts(), converters=KINDS))
    contexts = {name: command["contexts"] for name, command in found.items()}
    assert contexts["sweep"] == contexts["plant"] == [0]
    assert contexts["poll"] == contexts["help"] == [0, 1]


def test_what_organisers_may_is_not_hidden_from_moderators() -> None:
    street = (Command("street plant", clean, role=Role.ORGANISER), Command("street sweep", clean, SWEEP.role))
    # A moderator need not have the permission of organisers ...
    assert described(Commands(street, Texts()))["street"]["default_member_permissions"] is None
    # ... unless it is the same one.
    same = described(Commands(street, Texts()), organisers=MODERATORS)
    assert same["street"]["default_member_permissions"] == str(MODERATORS.value)


def test_a_group_is_shown_to_all_who_may_use_anything_in_it() -> None:
    mixed = (Command("street look", clean), Command("street sweep", clean, role=Role.MODERATOR))
    found = described(Commands(mixed, Texts()))
    assert found["street"]["default_member_permissions"] is None
    alone = described(Commands(mixed[1:], Texts()))
    assert alone["street"]["default_member_permissions"] is not None


async def test_moderators_alone_are_shown_what_is_theirs(
    double: Discord, database: str, anna: Person, mo: Person
) -> None:
    async with plein_on(double, database, installed=SWEPT):
        assert "swept: leaves" in (await mo.uses("sport", "sweep", what="leaves")).text
        with pytest.raises(AssertionError, match="is not shown to anna"):
            await anna.uses("sport", "sweep", what="leaves")


# --- telling Discord ---------------------------------------------------------------------------


async def test_discord_is_told_again_only_of_other_commands(double: Discord, database: str) -> None:
    for _ in range(2):
        async with plein_on(double, database):
            assert len(double.calls_to("PUT", EVERYWHERE)) == 1
    for _ in range(2):
        async with plein_on(double, database, installed=SWEPT):
            assert len(double.calls_to("PUT", EVERYWHERE)) == 2
    assert "sweep" in {command["name"] for command in double.bot.commands.values()}


async def test_the_commands_of_one_server_or_of_all(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    village = double.guild("Gehucht")
    visitor = village.member("carla")

    def known() -> list[str | None]:
        return sorted({command.get("guild_id") for command in double.bot.commands.values()}, key=str)

    async with plein_on(double, database):
        assert known() == [None]
        await visitor.uses("general", "help")
    async with plein_on(double, database, commands="guild", guilds=[town.id]):
        assert known() == [town.id]
        await anna.uses("sport", "help")
        with pytest.raises(AssertionError, match="there is no command"):
            await visitor.uses("general", "help")
    before = len(double.calls_to("PUT", IN_A_SERVER))
    async with plein_on(double, database, commands="guild", guilds=[town.id]):
        assert len(double.calls_to("PUT", IN_A_SERVER)) == before
    async with plein_on(double, database, commands="guild", guilds=[town.id, village.id]):
        assert known() == sorted([town.id, village.id])
        assert len(double.calls_to("PUT", IN_A_SERVER)) == before + 1
    async with plein_on(double, database):
        assert known() == [None]


async def test_a_server_that_plein_is_not_in_takes_no_commands_yet(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    away = double.guild("Later", bots=())
    async with plein_on(double, database, commands="guild", guilds=[town.id, away.id]):
        await anna.uses("sport", "help")
    away.invite(double.bot)
    async with plein_on(double, database, commands="guild", guilds=[town.id, away.id]):
        await away.member("dirk").uses("general", "help")


def in_a_server(double: Discord, server: Server) -> list[int]:
    """How Discord answered to what it was told of a server's commands."""
    told = double.calls_to("PUT", IN_A_SERVER)
    return [call.status for call in told if call.params["guild_id"] == server.id]


async def test_a_server_that_invites_plein_while_it_runs_has_its_commands(
    double: Discord, database: str, town: Server
) -> None:
    """Invited again after it was thrown out too: with it its commands went."""
    away = double.guild("Later", bots=())
    dirk = away.member("dirk")
    async with plein_on(double, database, commands="guild", guilds=[town.id, away.id]):
        away.invite(double.bot)
        await double.until(lambda: in_a_server(double, away) == [403, 200])
        await dirk.uses("general", "help")
        away.remove(double.bot)
        away.invite(double.bot)
        await double.until(lambda: in_a_server(double, away) == [403, 200, 200])
        await dirk.uses("general", "help")
        away.outage()
        away.recovers()
        assert in_a_server(double, town) == [200]
    assert in_a_server(double, away) == [403, 200, 200]


async def test_a_server_that_takes_no_commands_just_now_is_told_again(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    away = double.guild("Later", bots=())
    async with plein_on(double, database, commands="guild", guilds=[town.id, away.id]):
        double.faults.answer(503, f"PUT {IN_A_SERVER}", 3)
        away.invite(double.bot)
        await anna.uses("sport", "help")
        await double.until(lambda: in_a_server(double, away) == [403, 503, 503, 503, 200])
        await away.member("dirk").uses("general", "help")


async def test_a_server_whose_commands_fail_keeps_plein_from_no_other(
    double: Discord, database: str, town: Server, anna: Person
) -> None:
    away = double.guild("Later")
    failing = double.faults.answer(503, f"PUT {IN_A_SERVER}", 10_000, only={"guild_id": away.id})
    async with plein_on(double, database, commands="guild", guilds=[town.id, away.id]):
        await anna.uses("sport", "help")
        assert failing.met
        failing.release()
        await double.until(lambda: in_a_server(double, away)[-1:] == [200])
        await away.member("dirk").uses("general", "help")


async def test_what_is_said_from_a_server_of_others_is_not_done(
    double: Discord, database: str, town: Server
) -> None:
    elsewhere = double.guild("Elders")
    async with plein_on(double, database, guilds=[town.id]):
        said = await elsewhere.member("emma").uses(
            "general", "poll open", question="Een bank?", option="Ja | Nee"
        )
        assert said.ephemeral
        assert "Ik hoor bij een andere server" in said.text


async def test_what_stands_in_menus_is_told_with_the_rest() -> None:
    """Only on servers, by a title in each language, and to whom the command is for."""
    praise = add_up(Praise().installed)
    texts = Texts(FOLDER, *praise.locales)
    found = SlashCommands(
        Commands(praise.commands, texts, converters={**KINDS}), {Role.ORGANISER: ORGANISERS}
    ).described()
    menus = [each for each in found if each["name"] == "Praise"]
    on_member, on_message = (next(each for each in menus if each["type"] == kind) for kind in (2, 3))
    for menu in (on_member, on_message):
        form = Form()
        check_command(form, menu)
        form.check()
        assert (menu["name"], menu["contexts"]) == ("Praise", [0])
        assert menu["name_localizations"]["nl"] == "Prijzen"
        assert "description" not in menu
        assert "options" not in menu
