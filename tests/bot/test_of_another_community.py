"""With the numbers, names and codes of another community nothing is learnt and nothing is changed.

Every parameter of every command is tried that can say which poll, person, code, theme or the like is meant,
typed, filled in, pressed and in a form, by residents and moderators: the answer is that for what there is
not. So it is with what is suggested, and with files.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from bot.certificates import Certificate, sign
from bot.certificates.certificate import new_id
from bot.commands.argument import Argument
from bot.commands.declare import Command
from bot.commands.forms import form_for
from bot.communities import WHOSE
from bot.errors import Gone
from bot.features.kudos.records import CERTIFICATES
from bot.features.meetings.minutes.records import ACTIONS, Promise
from bot.features.themes.records import ARCHIVES, DRAWS
from bot.lot import entrant
from bot.lot.listing import Listed
from bot.main.features import FEATURES, stores_of
from bot.model.events import Invocation
from bot.model.homes import Home, Option
from bot.model.message import Attachment, Message, message, text
from bot.model.people import FIRST_COMMUNITY, Identity, Place, Role
from bot.ports.storage import Transaction
from bot.texts import Voice
from storage import tables
from storage.community import COLUMN
from storage.residents.links import link_codes
from storage.themes import pull_requests
from tests.chat import BRUSSELS, NOW
from tests.doubles.platform import PLATFORM, Town, open_town, words_of
from tests.test_people_tables import db

ONE, OTHER = FIRST_COMMUNITY, FIRST_COMMUNITY + 1
SQUARE, MARKET = "square", "market"
# What is said of the other one nowhere else.
SECRETS = ("zwembad", "Vera", "Kermis", "kermis", "zeilclub", "zeilen", "Uitkomst", "Elders")


class Ids(NamedTuple):
    """What there is in the other community alone, and the like of what there is nowhere."""

    theirs: Any
    nobodys: Any


# What says no more than the words in it, or how many.
PLAIN = {
    *(
        "subject",
        "language",
        "wanted",
        "platform",
        "sure",
        "leave_copies",
        "erase",
        "encrypted",
        "question",
        "options",
        "kind",
        "closes",
        "choices",
    ),
    *("results", "anonymous", "opens", "quorum", "voters", "answer", "until", "outcome", "review", "form"),
    *("numbers", "unless_voted", "option", "on", "only", "setting", "value", "name", "reset"),
    *("remove", "show", "hide", "clear", "about"),
    *("why", "often", "length", "minute"),
    *("called", "begins", "place", "url", "lasting", "room", "online_room", "way", "guests", "whom", "seen"),
    *("remind", "repeat", "left_out", "from_here", "everything", "every", "stop", "hour", "before"),
    *("zone", "due", "what", "by", "version", "reason", "month", "older", "wish", "chosen", "year"),
    *("agreed", "switch", "off"),
    *("item", "items", "page", "duty", "sought"),
    *("said", "instead", "line", "page", "task", "done"),
    *("score", "remark"),
}
FILLED: Mapping[str, Any] = {
    "language": "en",
    "wanted": "uit",
    "question": "Wat?",
    "options": "Ja | Nee",
    "answer": "1",
    "until": "5d",
    "outcome": "Klaar",
    "name": "Dammen",
    "about": "Op donderdag",
    "numbers": [1],
    "option": 1,
    "only": [1],
    "setting": "at_once",
    "value": "2",
    "called": "Overleg",
    "begins": "5 december 20u",
    "way": "niet",
    "why": "Ziek",
    "due": "5 december 20u",
    "what": "Overleg",
    "by": "hour",
    "version": 2,
    "reason": "voor het opruimen",
    "year": 2026,
    "minute": 1,
    "on": False,
    "whom": "Zora",
    "item": 1,
    "items": [1],
    "said": "De lamp is stuk",
    "line": 1,
    "seen": "x",
    "task": "lamp bestellen",
    "done": "action:88",
    "score": "4",
}


@dataclass
class Two:
    """Two communities, of which the second has what the first has not."""

    town: Town
    ids: Mapping[str, Ids]
    names: Any

    async def kept(self) -> dict[str, list[tuple[Any, ...]]]:
        """All that the other one has."""

        def read(tx: Transaction) -> dict[str, list[tuple[Any, ...]]]:
            return {
                table.name: sorted((tuple(row) for row in db(tx).execute(select(table))), key=repr)
                for metadata in (tables.metadata, *(stored.tables for stored in stores_of(FEATURES)))
                for table in metadata.sorted_tables
                if COLUMN in table.c
            }

        return await self.town.core.store.run(read, community=OTHER)

    async def ask(self, role: Role, **what: Any) -> tuple[str, Invocation]:
        """What somebody new is told, who is in the first community."""
        name = f"eve{next(self.names):04}"
        room = what.pop("room", SQUARE)
        self.town.platform.present[name, SQUARE] = role
        await self.town.core.handle(replace(self.town.asked(name, "!help", room=SQUARE), role=role))
        asked = replace(self.town.asked(name, room=room), role=role, **what)
        answer = await self.town.core.handle(asked)
        return (all_of(answer) if answer else "").replace(name, "eve"), asked


def all_of(message: Message) -> str:
    """Its words, and what can be pressed in it."""
    pressed = [(button.command, {**button.args}) for button in message.buttons]
    form = message.form
    fields = [(field.name, field.value) for field in form.fields] if form else []
    return f"{words_of(message)}\n{pressed}\n{form and form.args}\n{fields}"


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[Two]:
    async with open_town(database_url, board_rest=0) as town:
        assert await town.core.communities.add("Elders") == OTHER
        for room, whose, theme in ((SQUARE, ONE, "sport"), (MARKET, OTHER, "Kermis")):
            await town.core.joined(PLATFORM, Place(PLATFORM, room), room, theme, community=whose, ours=True)
        yield Two(town, await furnish(town), itertools.count())


async def settle(town: Town, community: int) -> None:
    """Its themes have a home."""

    def choose(tx: Transaction) -> None:
        vera = next(iter(tx.people.named("Vera", None)))
        home = Home(PLATFORM, "console.corner", "elders", "Hoek")
        tx.communities.change(f"home.{PLATFORM}", home.kept(), vera.id, town.clock.now())

    await town.core.store.run(choose, community=community)


async def furnish(town: Town) -> Mapping[str, Ids]:
    """A poll in the first; in the other polls of three kinds, a profile, a link and a code."""

    async def says(who: str, words: str, role: Role = Role.RESIDENT) -> Message:
        town.platform.present[who, MARKET] = role
        answer = await town.core.handle(replace(town.asked(who, words, room=MARKET), role=role))
        assert answer, words
        return answer

    town.platform.options = {ONE: [], OTHER: [Option(Home(PLATFORM, "console.corner", "elders", "Hoek"))]}
    await town.say("anna", '!peiling open "Een bank?" Ja | Nee', room=SQUARE)
    for more in ("", "--soort punten", "--anoniem"):
        await says("Vera", f'!peiling open "Een zwembad {more[-4:]}?" Ja | Nee {more}', Role.MODERATOR)
    await says("Vera", "!stem 2 --peiling 2")
    await says("Vera", "!peiling sluit 1 --zeker", Role.MODERATOR)
    await says("Vera", "!peiling besluit Uitkomst --peiling 1", Role.MODERATOR)
    plan = await says("Vera", '!bijeenkomst plan Jurydag "5 december 20u" --plaats Elders', Role.MODERATOR)
    announced = replace(town.asked("Vera", room=MARKET, button=plan.buttons[0]), role=Role.MODERATOR)
    assert await town.core.handle(announced)
    await says("Vera", '!agenda zet "Elders zwemmen"')
    await says("Vera", '!aanbod "Elders zwemmen"')
    await says("Vera", "!kom ter plaatse")
    await says("Vera", "!bijeenkomst loot", Role.MODERATOR)
    await says("Vera", '!herinner hier "5 december 20u" "Elders zwemmen"', Role.MODERATOR)
    await says("Vera", '!bedankt Wout "voor het zwembad"')
    await says("Vera", "!vereniging noem zeilclub", Role.MODERATOR)
    for line in (
        "!mijn vereniging zeilclub --toon",
        "!mijn kennis zeilen --toon",
        "!mijn interesses zeilen --toon",
    ):
        await says("Vera", line)
    await says("Vera", "!thema trek")
    await settle(town, OTHER)
    await says("Vera", '!thema voorstel "Zwembadfeest" Elders')
    store = town.core.store

    async def code_of(who: str) -> str:
        told = await says(who, "!koppel")
        return next(str(line.values["code"]) for line in told.lines if "code" in line.values)

    code = await code_of("Vera")

    def read(tx: Transaction) -> int:
        number: int = db(tx).execute(select(link_codes.c.id)).scalar()
        return number

    def wish(tx: Transaction) -> int:
        number: int = db(tx).execute(select(pull_requests.c.id)).scalar()
        return number

    def draw(tx: Transaction) -> int:
        vera, theme = next(iter(tx.people.named("Vera", None))), tx.places.theme_named("Kermis").id
        number = tx.of(DRAWS).ask(theme, "07", vera.id, "Elders", None, NOW)
        tx.of(DRAWS).fix(number, [Listed(vera, entrant("Vera", None, "07"))], "0a", NOW)
        tx.of(DRAWS).end(number, 1, NOW)
        return number

    def archive(tx: Transaction) -> int:
        vera, theme = next(iter(tx.people.named("Vera", None))), tx.places.theme_named("Kermis").id
        return tx.of(ARCHIVES).archive(theme, "Kermis", NOW.date(), NOW.date(), [vera.id])

    def certify(tx: Transaction) -> int:
        vera = next(iter(tx.people.named("Vera", None)))
        day = NOW.date()
        made = Certificate(
            new_id(), "Vera", "Elders", ("Kermis",), day, day, ("voor het zwembad",), 1, "nl", NOW
        )
        code = sign(made, tx.signing).spelled
        return tx.of(CERTIFICATES).add(
            vera.id,
            account=None,
            mark=made.id,
            words=made.canonical.decode(),
            code=code,
            made_at=NOW,
            says=[8],
        )

    def promise(tx: Transaction) -> None:
        vera, theme = next(iter(tx.people.named("Vera", None))), tx.places.theme_named("Kermis").id
        noted = Promise(
            theme=theme,
            meeting=1,
            series=None,
            words="zwembad vullen",
            noted_by=vera.id,
            promised_by=vera.id,
            owner=vera.id,
            for_nobody=False,
            due_on=None,
            noted_at=NOW,
            since=1,
        )
        tx.of(ACTIONS).add(noted)

    await store.run(promise, community=OTHER)
    request = await store.run(read, community=OTHER)
    pull = await store.run(wish, community=OTHER)
    return {
        "poll": Ids(3, 8),
        "meeting": Ids(1, 8),
        "reminder": Ids(1, 8),
        "action": Ids(1, 88),
        "owner": Ids("Vera", "Zora"),
        "kudos": Ids(1, 8),
        "certificate": Ids(await store.run(certify, community=OTHER), 88),
        "request": Ids(request, 88),
        "link": Ids(1, 88),
        "code": Ids(code, "ABCD-EFGH"),
        "vouch": Ids("Vera", "Zora"),
        "who": Ids("Vera", "Zora"),
        "person": Ids("Vera", "Zora"),
        "theme": Ids("Kermis", "Turnen"),
        "words": Ids("Kermis", "Turnen"),
        "pull": Ids(pull, 88),
        "draw": Ids(await store.run(draw, community=OTHER), 88),
        "drawn": Ids(1, 88),
        "offer": Ids(1, 88),
        "archive": Ids(await store.run(archive, community=OTHER), 88),
        "proposal": Ids("Zwembadfeest", "Bosfeest"),
        "which": Ids("Elders", "Nergens"),
        "topics": Ids("zeilen", "roeien"),
        "topic": Ids("zeilen", "roeien"),
        "association": Ids("zeilclub", "roeiclub"),
        "home": Ids(f"{PLATFORM}:elders", f"{PLATFORM}:nowhere"),
    }


async def test_every_command(two: Two) -> None:
    commands = two.town.core.commands
    before = await two.kept()
    for command in commands.by_path.values():
        for argument in commands.arguments(command):
            if argument.name in PLAIN:
                continue
            for role in (Role.RESIDENT, Role.MODERATOR):
                await tried(two, command, argument, role)
    assert await two.kept() == before


async def tried(two: Two, command: Command, argument: Argument, role: Role) -> None:
    arguments = two.town.core.commands.arguments(command)
    needed = {
        other.name: two.ids[other.name].nobodys if other.name in two.ids else FILLED[other.name]
        for other in arguments
        if other.required and other is not argument
    }
    told = []
    for value in two.ids[argument.name]:
        given = {**needed, argument.name: value}
        # What may be left out is.
        line = re.sub(r" \[[^\]]*\]", "", two.town.core.commands.usage(command, "nl", given))
        marked = {**given, WHOSE: OTHER}
        ways: list[dict[str, Any]] = [
            {"command": command.path, "args": given},
            {"command": command.path, "args": given, "pressed": True},
            {"command": command.path, "args": marked, "pressed": True},
            {"command": command.path, "args": marked, "pressed": True, "room": None},
        ]
        if command.listed:
            ways += [{"typed": line}, {"typed": line, "room": None}]
        for what in ways:
            said, _ = await two.ask(role, **what)
            shown = re.sub(rf"(?<!\w){re.escape(str(value))}(?!\w)", "#", re.sub(r"test:\d+", "event", said))
            told.append(shown)
            assert not any(secret in shown for secret in SECRETS if secret != value), (what, said)
    half = len(told) // 2
    assert told[:half] == told[half:], (command.path, argument.name)


async def test_nothing_of_it_is_suggested(two: Two) -> None:
    commands = two.town.core.commands
    before = await two.kept()
    for command in commands.by_path.values():
        for argument in commands.arguments(command):
            begun = str(two.ids[argument.name].theirs)[:4] if argument.name in two.ids else ""
            for role, room, words, marks in itertools.product(
                (Role.RESIDENT, Role.MODERATOR), (SQUARE, None), {"", begun}, ({}, {WHOSE: OTHER})
            ):
                two.town.platform.present["eve", SQUARE] = role
                asked = two.town.asked("eve", room=room)
                asked = replace(asked, role=role, command=command.path, args=marks)
                found = await two.town.core.suggest(asked, argument.name, words)
                said = "\n".join(f"{each.value} {words_of(message(each.words))}" for each in found)
                assert not any(secret in said for secret in SECRETS), (command.path, argument.name, said)
    assert await two.kept() == before


async def test_whoever_is_in_it_learns_all_of_that(two: Two) -> None:
    """So what is tried here is there."""
    for line, words in (
        ("!peiling toon 3", "zwembad"),
        ("!peiling toon 1", "Uitkomst"),
        ("!peiling lijst --thema Kermis", "zwembad"),
        ("!wie is Vera", "zeilclub"),
        ("!wie weet zeilen", "Vera"),
        ("!vereniging lijst", "zeilclub"),
        ("!gemeenschap kies", "Elders"),
        ("!thema lijst kerm", "Kermis"),
    ):
        assert words in await two.town.say("dora", line, room=MARKET), line


async def test_no_form_of_it_is_filled_in(two: Two) -> None:
    """What they are asked for holds nothing of it; one that was for somebody there changes nothing."""
    commands = two.town.core.commands
    before, filled_in = await two.kept(), 0
    for command in commands.by_path.values():
        arguments = commands.arguments(command)
        for argument in arguments:
            if not command.listed or argument.name not in two.ids:
                continue
            told = []
            for value in two.ids[argument.name]:
                given = {argument.name: value}
                form = form_for(commands, command, given, at_once=True)
                if form is None:
                    continue
                values = [field.value or str(FILLED.get(field.name, "Zora")) for field in form.fields]
                for args in (form.filled_in(values), {**form.filled_in(values), WHOSE: OTHER}):
                    said, _ = await two.ask(Role.MODERATOR, command=form.command, args=args, pressed=True)
                    shown = re.sub(rf"(?<!\w){re.escape(str(value))}(?!\w)", "#", said)
                    told.append(re.sub(r"test:\d+", "event", shown))
                    assert not any(secret in told[-1] for secret in SECRETS if secret != value), said
                    filled_in += 1
            half = len(told) // 2
            assert told[:half] == told[half:], (command.path, argument.name)
    assert filled_in > 20
    assert await two.kept() == before


async def test_no_ballot_that_somebody_there_opened_is_filled_in(two: Two) -> None:
    """As it was shown to them, with what was chosen in it."""
    two.town.platform.present["Vera", MARKET] = Role.RESIDENT
    fill = replace(
        two.town.asked("Vera", room=MARKET), command="poll fill", args={"poll": 2, WHOSE: OTHER}, pressed=True
    )
    shown = await two.town.core.handle(fill)
    assert shown
    assert shown.form
    assert shown.form.args == {"poll": 2, WHOSE: OTHER}
    before, told = await two.kept(), []
    for poll in (2, 88):
        for marks in ({WHOSE: OTHER}, {}):
            args = {**shown.form.filled_in(["5"] * len(shown.form.fields)), "poll": poll}
            args = {name: value for name, value in args.items() if name != WHOSE} | marks
            for command, given in ((shown.form.command, args), ("poll fill", {"poll": poll, **marks})):
                said, _ = await two.ask(Role.MODERATOR, command=command, args=given, pressed=True)
                told.append(re.sub(rf"(?<=nummer\s){poll}\b", "#", said))
    assert told[:4] == told[4:]
    assert not any(secret in said for said in told for secret in SECRETS)
    assert await two.kept() == before


async def test_no_file_of_it_is_made_for_whoever_is_not_in_it(two: Two) -> None:
    """Neither one that was for somebody there, nor one by its number."""
    core = two.town.core
    await two.town.say("eve", "!help", room=SQUARE)
    voice = Voice("nl", BRUSSELS, NOW)
    vera = await core.store.run(lambda tx: next(iter(tx.people.named("Vera", None))), community=OTHER)
    # One that is over; of what is over here the number is another.
    closed = {ONE: 3, OTHER: 1}
    theirs = {"draw": two.ids["draw"].theirs, "me": f"{vera.id}:{PLATFORM}:Vera", "certificate": 1}
    theirs |= {"thanked": f"{NOW.year}:{vera.id}", "turns": two.ids["drawn"].theirs}
    theirs |= {"minutes": f"{two.ids['meeting'].theirs}:1"}
    two.town.platform.present["Vera", MARKET] = Role.MODERATOR
    assert {*theirs, "poll"} == set(core.features.files)
    for kind, files in core.features.files.items():
        for form, community in itertools.product(files.makes, (ONE, OTHER)):
            said = []
            nobodys = {"me": f"88:{PLATFORM}:Zora", "minutes": "88:1"}.get(kind, 88)
            for which in (theirs.get(kind, closed[community]), nobodys):
                file = Attachment(f"{kind}:{which}", form, text("typed", words=""), community)
                with pytest.raises(Gone) as refused:
                    await core.file(file, voice, Identity(PLATFORM, "eve"))
                said.append(str(refused.value))
            assert said[0] == said[1], (kind, form, community)
            if community == OTHER:  # who is in it is given it
                file = Attachment(f"{kind}:{theirs.get(kind, 1)}", form, text("typed", words=""), OTHER)
                assert await core.file(file, voice, Identity(PLATFORM, "Vera"))
