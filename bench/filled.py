"""Fifty communities that have used Plein for months, straight into the tables.

Much as it comes to be: people in several themes, two in five of them on both platforms, with what they say
of themselves; polls that are open and many more that are over, with the ballots, boards, posts, jobs and
answers that come with them. Somebody is known by numbers alone: person 3 of community 7 is `voter7-3`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, cast

import orjson
from sqlalchemy import Table, insert

from bot.model.codec import pack
from bot.model.message import message, text
from bot.model.people import Identity, Place, Role
from bot.names import folded
from bot.ports.accounts import HeardUntil
from bot.ports.storage import Store, Transaction
from storage.polls.tables import ballots, marks, polls, tallies
from storage.residents.links import link_codes, wrong_codes
from storage.residents.profile import associations, entries
from storage.tables import (
    NOWHERE,
    boards,
    handled,
    identities,
    jobs,
    members,
    numbers,
    places,
    posts,
    refs,
    residents,
    subjects,
    themes,
    uses,
)
from storage.unit import Tx

COMMUNITIES, PEOPLE, THEMES = 50, 400, 10
POLLS, OPEN, BALLOTS = 20, 2, 30  # of a theme; of a poll
ANSWERS, SAID = 5, 3  # of a resident
PLATFORMS = ("discord", "matrix")
ROWS = 5_000
_FIRST = (
    "An",
    "Ben",
    "Chris",
    "Dina",
    "Eva",
    "Fons",
    "Greet",
    "Hugo",
    "Ina",
    "Jef",
    "Kaat",
    "Lien",
    "Mo",
    "Noor",
    "Omar",
    "Piet",
    "Rik",
    "Sara",
    "Tom",
    "Wim",
)
_LAST = (
    "Claes",
    "Maes",
    "Jacobs",
    "Mertens",
    "Willems",
    "Goossens",
    "Wouters",
    "De Smet",
    "Peeters",
    "Janssens",
    "Aerts",
    "Hermans",
)
_TOPICS = (
    "geluid",
    "fietsen",
    "groen",
    "verkeer",
    "jeugd",
    "sport",
    "zorg",
    "scholen",
    "markt",
    "water",
    "feesten",
    "honden",
    "bomen",
)
_ANSWER = pack(message(text("poll.receipt", question="Waar komt de bank?", chosen="Park")))
Row = dict[str, Any]


def account_of(platform: str) -> str:
    """Which of Plein's accounts serves there."""
    return f"{platform}:plein"


def place_of(community: int, theme: int, platform: str) -> Place:
    """Where people of that theme are on a platform; the themes of a community count from 1."""
    return Place(platform, f"room{community}-{theme}")


def who(community: int, person: int, platform: str) -> Identity:
    """Somebody's account; the people of a community count from 0."""
    return Identity(platform, f"voter{community}-{person}")


def on_both(person: int) -> bool:
    return person % 5 < 2


def platforms_of(person: int) -> Sequence[str]:
    """Of those who are on one alone, half are on each."""
    return PLATFORMS if on_both(person) else PLATFORMS[person // 5 % 2 :][:1]


async def fill(store: Store, now: datetime, communities: int = COMMUNITIES, people: int = PEOPLE) -> None:
    """The first community is there already; that one and the others have so many people each."""
    await store.run_anywhere(partial(_found, communities, now))
    for community in range(1, communities + 1):
        await store.run(partial(_Filling(community, people, now).write), community=community)


def _found(communities: int, now: datetime, tx: Transaction) -> None:
    for number in range(2, communities + 1):
        assert tx.communities.add(f"Dorp {number}") == number
    for platform in PLATFORMS:
        tx.accounts.serve(account_of(platform), platform, now)
        tx.accounts.heard({account_of(platform): HeardUntil(now)})


class _Filling:
    """The rows of a community; numbers that all communities share begin at a thousand times its own."""

    def __init__(self, community: int, people: int, now: datetime) -> None:
        self.community = community
        self.people = people
        self.now = now
        self.chance = random.Random(community)
        self.themes = range(1, THEMES + 1)

    def write(self, tx: Transaction) -> None:
        run: Callable[[Any, Sequence[Row]], object] = cast(Tx, tx).db.execute
        for table, rows in self._tables():
            found = iter(rows)
            while page := list(islice(found, ROWS)):
                run(insert(table), page)

    def _tables(self) -> Iterator[tuple[Table, Iterator[Row]]]:
        yield themes, ({"id": self._theme(theme), "name": f"thema {theme}"} for theme in self.themes)
        yield places, self._places()
        yield residents, map(self._resident, range(self.people))
        yield identities, self._identities()
        yield members, self._members()
        yield entries, self._entries()
        yield associations, ({"folded": f"ksk {n}", "name": f"KSK {n}"} for n in range(8))
        yield numbers, iter([{"what": polls.name, "last": len(self._polls)}])
        yield polls, (row for _, row in self._polls)
        yield from self._votes()
        yield subjects, self._subjects()
        yield boards, self._boards()
        yield jobs, self._jobs()
        yield posts, self._posts()
        yield refs, self._refs()
        yield handled, self._handled()
        yield uses, self._uses()
        yield link_codes, self._codes()
        yield wrong_codes, self._wrong_codes()

    # --- people ---

    def _theme(self, theme: int) -> int:
        return self.community * 1000 + theme

    def _person(self, person: int) -> int:
        return self.community * 1000 + person

    def _some(self, of: int) -> list[int]:
        """The numbers of so many of them."""
        return sorted(map(self._person, self.chance.sample(range(self.people), min(of, self.people))))

    def _ago(self, days: float) -> datetime:
        return self.now - timedelta(days=self.chance.uniform(0, days))

    def _places(self) -> Iterator[Row]:
        for theme in self.themes:
            for platform in PLATFORMS:
                place = place_of(self.community, theme, platform)
                row = {"platform": platform, "room": place.room_id, "theme": self._theme(theme)}
                yield row | {"name": f"thema {theme}", "here": True, "account": account_of(platform)}

    def _resident(self, person: int) -> Row:
        name = f"{self.chance.choice(_FIRST)} {self.chance.choice(_LAST)}"
        account = who(self.community, person, platforms_of(person)[0])
        row: Row = {"id": self._person(person), "name": name, "folded": folded(name)}
        row |= {"heard_as": account.address, "role": int(Role.MODERATOR if person == 0 else Role.RESIDENT)}
        return row | {"wants_reminders": person % 4 == 0}

    def _accounts(self) -> Iterator[tuple[int, Identity]]:
        for person in range(self.people):
            for platform in platforms_of(person):
                yield person, who(self.community, person, platform)

    def _identities(self) -> Iterator[Row]:
        for person, account in self._accounts():
            row = {"platform": account.platform, "user_id": account.user_id, "resident": self._person(person)}
            yield row | {"account": account_of(account.platform)}

    def _members(self) -> Iterator[Row]:
        """In three themes each, the last of which is everybody's."""
        for person, account in self._accounts():
            row: Row = {"platform": account.platform, "user_id": account.user_id}
            row |= {"resident": self._person(person), "since": self._ago(300), "said_at": self._ago(30)}
            for theme in (1 + person % 4, 5 + person % 5, THEMES):
                yield row | {"theme": self._theme(theme)}

    def _entries(self) -> Iterator[Row]:
        for person in range(self.people):
            for kind, listed in (("interests", 2 * (person % 5 > 1)), ("expertise", int(person % 3 == 0))):
                for words in self.chance.sample(_TOPICS, listed):
                    row = {"resident": self._person(person), "kind": kind, "words": words}
                    yield row | {"folded": words, "shown": person % 2 == 0}

    # --- polls ---

    @property
    def _polls(self) -> list[tuple[bool, Row]]:
        """Each with whether it is open; none is in the last theme, where those who measure ask their own."""
        found = []
        for number in range(1, (THEMES - 1) * POLLS + 1):
            theme, is_open = 1 + number % (THEMES - 1), number > (THEMES - 1) * (POLLS - OPEN)
            opened = self.now - timedelta(days=1 if is_open else 2 + number)
            closes = opened + timedelta(days=7 if is_open else 1)
            row: Row = {
                "id": number,
                "theme": self._theme(theme),
                "opener": self._person(number % self.people),
            }
            row |= {"question": f"Vraag {number}?", "options": orjson.dumps(["Ja", "Nee", "Later"]).decode()}
            row |= {"at_most": 1, "opened_at": opened, "closes_at": closes}
            row |= {"state": "open" if is_open else "closed", "ended_at": None if is_open else closes}
            found.append((is_open, row))
        return found

    def _votes(self) -> Iterator[tuple[Table, Iterator[Row]]]:
        cast: list[Row] = []
        said: list[Row] = []
        counted: list[Row] = []
        for is_open, poll in self._polls:
            voters = self._some(BALLOTS)
            key = {"poll": poll["id"]}
            cast += [
                key
                | {"voter": voter, "cast_as": voter, "choices": str(1 + voter % 3)}
                | {"cast_at": poll["opened_at"]}
                for voter in voters
            ]
            if is_open:
                said += [key | {"voter": voter, "latest": "", "said_at": self.now} for voter in voters[::5]]
            counted.append(key | {"choices": "", "votes": len(voters)})
            counted += [
                key | {"choices": str(choice), "votes": sum(1 + voter % 3 == choice for voter in voters)}
                for choice in (1, 2, 3)
            ]
        yield ballots, iter(cast)
        yield marks, iter(said)
        yield tallies, iter(counted)

    # --- what is shown, said and due ---

    def _subjects(self) -> Iterator[Row]:
        for is_open, poll in self._polls:
            row = {"subject": f"poll:{poll['id']}", "theme": poll["theme"], "version": 1 + BALLOTS}
            yield row | {"open": is_open, "behind": 0}

    def _shown_in(self, poll: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for platform in PLATFORMS:
            yield platform, place_of(self.community, poll["theme"] % 1000, platform).room_id

    def _boards(self) -> Iterator[Row]:
        for _, poll in self._polls:
            for platform, room in self._shown_in(poll):
                row: Row = {"subject": f"poll:{poll['id']}", "platform": platform, "room": room}
                row |= {"edition": 1, "version": 1 + BALLOTS, "sent_as": f"{room}-{poll['id']}"}
                yield row | {"shown": _ANSWER, "next_at": poll["opened_at"], "account": account_of(platform)}

    def _jobs(self) -> Iterator[Row]:
        for is_open, poll in self._polls:
            if is_open or poll["id"] % 6 == 0:  # those that are done are kept for a month
                row = {"kind": "poll.close", "subject": str(poll["id"]), "due_at": poll["closes_at"]}
                key = {"key": f"poll.close:{poll['id']}"} if is_open else {"key": None}
                yield row | key | {"done_at": poll["ended_at"]}

    def _posts(self) -> Iterator[Row]:
        for _, poll in self._polls:
            for platform, room in self._shown_in(poll):
                row: Row = {"id": f"new:{poll['id']}:{room}:{platform}", "platform": platform, "room": room}
                yield self._said(row | {"private": False, "account": account_of(platform), "resident": None})
        for person, account in self._accounts():
            for number in range(SAID):
                row = {"id": f"told:{account.address}:{number}", "platform": account.platform}
                row |= {"room": account.user_id, "private": True, "account": account_of(account.platform)}
                waits = person % 100 == 1 and number == 0  # for somebody who is nowhere to be reached
                told = self._said(row | {"resident": self._person(person)})
                yield told | ({"account": NOWHERE, "sent_at": None} if waits else {})

    def _said(self, row: Row) -> Row:
        moment = self._ago(300)
        return row | {"message": _ANSWER, "next_at": moment, "sent_at": moment}

    def _refs(self) -> Iterator[Row]:
        for _, poll in self._polls:
            for platform, room in self._shown_in(poll):
                row = {"account": account_of(platform), "ref": f"{room}-{poll['id']}"}
                yield row | {"subject": f"poll:{poll['id']}", "platform": platform, "room": room}

    def _handled(self) -> Iterator[Row]:
        """As platforms number what happens: in no order that is ours."""
        for number in range(self.people * ANSWERS):
            name = f"{self.chance.getrandbits(64):x}-{self.community}-{number}"
            yield {"id": name, "at": self._ago(90), "answer": _ANSWER}

    def _uses(self) -> Iterator[Row]:
        for person in range(0, self.people, 4):
            yield {"resident": self._person(person), "what": "poll open", "until": self.now}

    def _codes(self) -> Iterator[Row]:
        for person in range(5, self.people, 100):
            account = who(self.community, person, platforms_of(person)[0]).address
            row = {"code": f"{self.chance.getrandbits(64):x}", "resident": self._person(person)}
            yield row | {"account": account, "until": self.now + timedelta(minutes=10)}

    def _wrong_codes(self) -> Iterator[Row]:
        for _ in range(5):
            yield {"account": f"{self.chance.getrandbits(64):x}", "at": self.now}
