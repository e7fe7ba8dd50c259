"""A newcomer on Discord and one on Matrix find what they care about, take part and see the same poll; then
one of them has a theme opened that three others support. Each goes by what Plein says alone: buttons as they
are called, numbers as they are listed, commands as they stand there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.doubles.discord import Discord, Server
from tests.doubles.discord.members import Person
from tests.doubles.discord.state import Message
from tests.homeserver import Homeserver, Shown
from tests.homeserver import Person as Neighbour
from tests.on_both import Both
from tests.town import Resident, Town, board, numbers, says

SQUARE = "plein"
NAME, ABOUT = "Verlichting", "Meer licht langs het schoolpad"
QUESTION = "Waar eerst licht?"
CHANNEL = "verlichting"  # as Discord writes it
_TYPED = re.compile(r"`([!/][^`]+)`")


def shown_there(said: str, *words: str) -> str:
    """The one thing to type that stands in what Plein said and has these words."""
    found = {line for line in _TYPED.findall(said) if {*words} <= {*line.split()}}
    assert len(found) == 1, f"{found} with {words} in:\n{said}"
    return str(found.pop())


def number_of(label: str, said: str) -> str:
    """By which number that button, or that option of a poll, is chosen."""
    found = re.findall(rf"^(?:\[|\W*)(\d+)[\].] {re.escape(label)}(?:$|:)", said, re.MULTILINE)
    assert len(found) == 1, f"no {label!r} in:\n{said}"
    return str(found[0])


@dataclass
class OnDiscord:
    """Somebody on the server, who types as their client offers it."""

    person: Person

    async def types(self, where: str, line: str) -> str:
        """A command as it is shown, with what goes into it: `/help onderwerp:thema`."""
        command, *options = re.split(r" (?=\w+:)", line)
        filled = dict(option.split(":", 1) for option in options)
        return (await self.person.uses(where, command.removeprefix("/"), filled)).text

    async def reads(self, where: str, *words: str) -> Message:
        """The newest there that shows all these words."""

        def look() -> Message | None:
            seen = self.person.sees(where) if where in self.person.channels() else []
            return next((said for said in reversed(seen) if all(word in said.text for word in words)), None)

        return await self.person.discord.until(look, timeout=30)


@dataclass
class OnMatrix:
    """Somebody in a room of the community, and in a conversation with Plein that they began."""

    who: Resident

    @property
    def person(self) -> Neighbour:
        return self.who.person

    async def says(self, room: str, words: str) -> Shown:
        """What they are answered in private."""
        return await self._answered(await self.person.say(room, words))

    async def answers(self, room: str, to: Shown, words: str) -> Shown:
        relation = {"m.in_reply_to": {"event_id": to.event_id}}
        return await self._answered(await self.person.say(room, words, **{"m.relates_to": relation}))

    async def _answered(self, event: str) -> Shown:
        return await says(self.person, self.who.direct, key=f"answer:matrix:{event}")

    async def votes(self, room: str, question: str, option: str) -> None:
        """As the board of the poll says how."""
        shows = await board(self.person, room, question)
        vote = shown_there(shows.body, "!stem").replace("1", number_of(option, shows.body))
        await self.person.say(room, vote)

    async def enters(self, space: str, name: str) -> str:
        """The room of that name, found in the space."""

        async def look() -> str | None:
            found = await self.person.request("GET", f"/_matrix/client/v1/rooms/{space}/hierarchy")
            return next((room["room_id"] for room in found["rooms"] if room.get("name") == name), None)

        room = await self.person.wait_until(look)
        await self.person.join(room)
        return room


@dataclass
class Village:
    """Both platforms, with themes there already and people who know Plein."""

    homeserver: Homeserver
    server: Server
    plein: Both
    mia: Person
    mia_there: Resident
    square: str
    space: str

    @property
    def on_matrix(self) -> Town:
        return Town(self.homeserver, self.plein)

    def on_discord(self, name: str) -> OnDiscord:
        return OnDiscord(self.server.member(name))

    async def comes_in(self, name: str) -> Neighbour:
        """Into the space, by invitation of who looks after it, and from there into the square."""
        person = await self.homeserver.person(f"{name.lower()}{next(numbers)}")
        await person.request("PUT", f"profile/{person.user_id}/displayname", {"displayname": name})
        await self.mia_there.person.invite(self.space, person.user_id)
        await person.join(self.space)
        await person.join(self.square)
        return person

    async def begins(self, person: Neighbour) -> OnMatrix:
        """A conversation with Plein."""
        direct = await person.create_room(invite=[self.plein.user_id], is_direct=True)
        await self.on_matrix.comes_to(person, direct)
        return OnMatrix(Resident(person, direct))


async def village(double: Discord, homeserver: Homeserver, folder: Path) -> Village:
    """With themes Muziek and Fietsen, and a poll in one of them."""
    server = double.guild("Dorp")
    channel = server.channel(SQUARE)
    category = server.channel("themas", type=4)
    mia, there = server.member("Mia"), await homeserver.person(f"mia{next(numbers)}")
    await there.request("PUT", f"profile/{there.user_id}/displayname", {"displayname": "Mia"})
    square = await there.create_room("Plein", public=True)
    plein = await Both.beside(
        double,
        homeserver,
        folder,
        more=f"""
[[residents]]
name = "Mia"
role = "moderator"
accounts = ["discord:{mia.id}", "matrix:{there.user_id}"]

[[themes]]
name = "{SQUARE}"
places = ["discord:{channel.id}", "matrix:{square}"]
""",
    )
    await plein.start()
    await there.invite(square, plein.user_id)
    town = Town(homeserver, plein)
    await town.comes_to(there, square)
    direct = await there.create_room(invite=[plein.user_id], is_direct=True)
    await town.comes_to(there, direct)
    mia_there = Resident(there, direct)
    assert "Vanaf nu" in (await mia.uses(SQUARE, "community setup", home=category.name)).text
    event = await there.say(direct, '!gemeenschap richt in "matrix:space=Dorp" --zeker')
    assert "Gemaakt" in (await says(there, direct, key=f"answer:matrix:{event}")).body
    (space,) = await there.accept_invitations(plein.user_id)
    await it_is_set_up_on_both(mia, mia_there, category.name)
    for name, about in (("Fietsen", "Veilig door het dorp"), ("Muziek", "Een podium in het park")):
        await mia.uses(SQUARE, "theme propose", name=name, about=about)
    return Village(homeserver, server, plein, mia, mia_there, square, space)


async def it_is_set_up_on_both(mia: Person, there: Resident, category: str) -> None:
    """Either platform says so of both, in either language."""
    plain = OnMatrix(there)
    for tongue, words in (
        ("en", "channel or room on {} in the {} “{}”"),
        ("nl", "kanaal of kamer op {} in de {} “{}”"),
    ):
        await plain.says(there.direct, f"!me language {tongue}")
        kind = "category" if tongue == "en" else "categorie"
        homes = [words.format("Discord", kind, category), words.format("Matrix", "space", "Dorp")]
        on_discord = (await mia.uses(SQUARE, "community setup")).text
        on_matrix = (await plain.says(there.direct, "!community setup")).body
        for said in (on_discord, on_matrix):
            assert all(home in said for home in homes), said


async def test_they_find_it(homeserver: Homeserver, tmp_path: Path) -> None:
    async with Discord(running=True) as double:
        here = await village(double, homeserver, tmp_path)
        await OnDiscord(here.mia).reads("fietsen", "trekt dit thema")
        await here.mia.uses("fietsen", "poll open", question="Welke weg eerst?", option="Markt | Kerk")
        anna = here.on_discord("Anna")
        emma = await here.begins(await here.comes_in("Emma"))
        await emma.says(emma.who.direct, "!mijn interesses licht")
        await it_is_found_on_discord(anna)
        ben = await it_is_found_on_matrix(here)
        await anna.reads("fietsen", "Markt: 1 stem", "Kerk: 1 stem")
        room = await it_is_opened(here, anna, ben)
        # Who cares about it hears of it on the other platform, and joins by that.
        told = await emma.says(emma.who.direct, "!mijn overzicht nu")
        assert NAME in told.body
        shown = await emma.answers(emma.who.direct, told, number_of(NAME, told.body))
        joined = await emma.answers(emma.who.direct, shown, number_of("Doe mee", shown.body))
        assert f"Je doet mee aan “{NAME}”." in joined.body
        await it_has_a_poll(anna, ben, room)
        assert await here.plein.stop() == 0


async def it_is_found_on_discord(anna: OnDiscord) -> None:
    # Where nobody tells Plein who came, this is pinned.
    welcome = await anna.reads(SQUARE, "Welkom!")
    assert welcome.pinned
    assert "Je doet mee aan “Fietsen”." in (await anna.person.presses(welcome, "Fietsen")).text
    poll = await anna.reads("fietsen", "Welke weg eerst?")
    assert "je koos Markt" in (await anna.person.presses(poll, "Markt")).text


async def it_is_found_on_matrix(here: Village) -> OnMatrix:
    person = await here.comes_in("Ben")
    welcome = await says(person, here.square, "Welkom!")
    ben = await here.begins(person)
    number = number_of("Fietsen", welcome.body)
    assert "Je doet mee aan “Fietsen”." in (await ben.answers(here.square, welcome, number)).body
    room = await ben.enters(here.space, "Fietsen")
    await ben.votes(room, "Welke weg eerst?", "Kerk")
    await board(person, room, "Markt: 1 stem", "Kerk: 1 stem")
    return ben


async def it_is_opened(here: Village, anna: OnDiscord, ben: OnMatrix) -> str:
    """Anna proposes it; Ben and two who came before support it. The room that it gets."""
    said = (await anna.reads(SQUARE, "Welkom!")).text
    said = await anna.types(SQUARE, shown_there(said, "/help"))
    said = await anna.types(SQUARE, shown_there(said, "/help", "onderwerp:thema"))
    line = shown_there(said, "/thema", "voorstel")
    for name, value in {"naam": NAME, "waarover": ABOUT}.items():
        line = line.replace(f"{name}:…", f"{name}:{value}")
    assert f"Je stelde “{NAME}” voor." in await anna.types(SQUARE, line)

    cas = await here.begins(await here.comes_in("Cas"))
    for supporter in (ben, cas):
        proposed = await board(supporter.person, here.square, ABOUT)
        number = number_of("Ik steun dit", proposed.body)
        assert "Je steunt" in (await supporter.answers(here.square, proposed, number)).body
    dora = here.on_discord("Dora").person
    asked = await OnDiscord(dora).reads(SQUARE, ABOUT, "2 van de 3")
    assert f"“{NAME}” is er." in (await dora.presses(asked, "Ik steun dit")).text

    await anna.reads(CHANNEL, f"{anna.person.mention} trekt dit thema.")
    room = await ben.enters(here.space, NAME)
    await board(ben.person, room, "Anna trekt dit thema.")
    return room


async def it_has_a_poll(anna: OnDiscord, ben: OnMatrix, room: str) -> None:
    said = await anna.types(CHANNEL, "/help")
    line = shown_there(said, "/peiling", "open").replace("Waar komt de bank?", QUESTION)
    await anna.types(CHANNEL, line.replace("Plein | Park", "Brug | Schoolpoort"))
    poll = await anna.reads(CHANNEL, QUESTION, "Brug", "Schoolpoort")
    assert "je koos Schoolpoort" in (await anna.person.presses(poll, "Schoolpoort")).text
    await ben.votes(room, QUESTION, "Brug")
    counts = "Brug: 1 stem", "Schoolpoort: 1 stem", "2 mensen stemden."
    await board(ben.person, room, *counts)
    await anna.reads(CHANNEL, *counts)
