"""Whatever people do, a meeting is never over its room, places go in order, and each is reminded once.

The oracle keeps lists of names in the order in which they asked, and on which moments of which beginnings
something is still to be said. It shares no code with what it judges.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from bot.features.meetings.records import MEETINGS
from bot.model.people import Identity
from bot.ports.storage import Transaction
from tests.chat import BRUSSELS
from tests.doubles.platform import PLATFORM, Town, open_town
from tests.postgres import PostgreSQL
from tests.tables import Made

T = TypeVar("T")
WHO = ["ann", "ben", "cas", "dirk", "eva"]
WAYS = {"ter plaatse": "on-site", "online": "online", "misschien": "maybe", "niet": "no"}
PLACES = ("on-site", "online")
MOST_ONLINE = 1
PLACE, LINK = "Dorpshuis", "https://meet.example/a"
WEEK, DAY, HOUR = timedelta(weeks=1), timedelta(days=1), timedelta(hours=1)
LASTS, LATE = timedelta(minutes=90), timedelta(minutes=5)
MONTHS = {12: "december", 1: "januari", 2: "februari"}
# So many changes by one person are taken in an hour.
MOST_CHANGES = 18
KILLED = ("", "unsaid", "unnoted")
people = st.sampled_from(WHO)
# Those that take a place more often: there are few of these.
ways = st.sampled_from([*WAYS, "ter plaatse", "online"])
# Which of those that there are.
which = st.integers(0, 5)


@dataclass
class Told:
    """What the oracle thinks of somebody's answer."""

    way: str
    party: int
    seat: str | None = None
    # How many answers had been changed by then.
    said: int = 0

    @property
    def waits(self) -> bool:
        return self.way in PLACES and self.seat != self.way


Who = int | str


@dataclass
class Planned:
    """What the oracle thinks of a meeting. `turn`: of a series, as which it comes in that."""

    number: int
    title: str
    start: datetime
    moments: tuple[timedelta, ...]
    room: int | None
    turn: int | None = None
    by_hand: bool = False
    gone: bool = False
    announced: bool = True
    # Somebody looked at it: whoever answers each of its series answers it.
    known: bool = True
    # In the order in which they chose their way; by who they are, or are called.
    answers: dict[Who, Told] = field(default_factory=dict)
    # What is still to be said: so long before which beginning.
    pending: set[tuple[datetime, timedelta]] = field(default_factory=set)
    changes: int = 0

    @property
    def end(self) -> datetime:
        return self.start + LASTS

    def plan(self, now: datetime) -> None:
        """What is past by now is not made up for."""
        self.pending |= {(self.start, before) for before in self.moments if self.start - before > now}

    def taken(self, way: str) -> int:
        return sum(each.party for each in self.answers.values() if each.seat == way)

    def has_room(self, way: str, party: int) -> bool:
        room = self.room_for(way)
        return room is None or self.taken(way) + party <= room

    def room_for(self, way: str) -> int | None:
        return MOST_ONLINE if way == "online" else self.room if way == "on-site" else None

    def move_up(self) -> None:
        while not self.gone:
            for each in self.answers.values():
                if each.waits and self.has_room(each.way, each.party):
                    each.seat = each.way
                    break
            else:
                return

    def take(self, who: Who, way: str, party: int, said: int) -> bool:
        """Whether that answer is taken, with what becomes of it."""
        before = self.answers.get(who)
        stays = before is not None and before.seat == way and party <= before.party
        most = self.room_for(way)
        if most is not None and party > most and not stays:
            return False
        now = Told(way, party)
        if way in PLACES:
            others = {number: each for number, each in self.answers.items() if number != who}
            kept, self.answers = self.answers, others
            if stays or self.has_room(way, party):
                now.seat = way
            elif before and before.seat:
                fits = party <= before.party or self.has_room(before.seat, party)
                now.seat = before.seat if fits else "refused"
            self.answers = kept
            if now.seat == "refused":
                return False
        now.said = before.said if before and (before.way, before.party) == (way, party) else said
        if before and before.way == way:
            self.answers[who] = now
        else:
            self.answers.pop(who, None)
            self.answers[who] = now
        self.move_up()
        return True

    def join(self, stays: int, goes: int) -> None:
        """The later one stands; what both said alike stands where the first of the two did."""
        theirs = [number for number in (stays, goes) if number in self.answers]
        if not theirs:
            return
        theirs.sort(key=lambda number: self.answers[number].said)
        earlier, last = self.answers[theirs[0]], self.answers[theirs[-1]]
        place = theirs[-1]
        if earlier.way == last.way:
            place = next(number for number in self.answers if number in theirs)
            seat = earlier.seat if earlier.party >= last.party else last.seat
            last.seat = seat if seat == last.way else last.seat or seat
        dropped = set(theirs) - {place}
        self.answers = {
            stays if who == place else who: last if who == place else told
            for who, told in self.answers.items()
            if who not in dropped
        }


@dataclass(frozen=True, order=True)
class Said:
    """A reminder: of which meeting, to whom (0: the theme), with whom it names, and what it says."""

    title: str
    to: int
    named: tuple[int, ...] = ()
    late: bool = False
    begun: bool = False
    place: bool = False
    link: bool = False
    choose: bool = False
    waits: int = 0


class Meetings(RuleBasedStateMachine):
    # An empty database, each time; and what gives it back.
    postgres: tuple[Callable[[], str], Callable[[str], None]] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        # In one of its own for each life.
        self.folders = Path(tempfile.mkdtemp(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        self.lives = 0
        self.url = self.postgres[0]() if self.postgres else ""
        self.town: Town
        self.meetings: list[Planned] = []
        self.series_room: int | None = 2
        self.shift = 0
        # Who answers each of the series, in the order in which they chose their way.
        self.standing: dict[int, Told] = {}
        self.said = 0
        # Who wants to be reminded, and how: "privately", or "aloud". And who talks in private.
        self.wishes: dict[int, str] = {}
        self.talks: set[str] = set()
        self.changed_at: list[datetime] = []
        self.seen = 0

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.folders)
        if self.postgres:
            self.postgres[1](self.url)

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(doing)

    @property
    def now(self) -> datetime:
        return self.town.clock.now()

    @property
    def folder(self) -> Path:
        return self.folders / str(self.lives)

    def open(self, before: Town | None = None) -> None:
        url = self.url or f"sqlite:///{self.folder}/plein.db"
        opened = open_town(url, moderators=("mia",), before=before)
        self.town = self.run(self.stack.enter_async_context(opened))

    def say(self, who: str, words: str, room: str | None = "sport") -> str:
        self.town.clock.turn(timedelta(seconds=1))
        return self.run(self.town.say(who, words, room=room))

    def change(self, words: str) -> str:
        self.changed_at.append(self.now)
        return self.say("mia", words)

    def may_change(self) -> bool:
        return sum(at > self.now - HOUR for at in self.changed_at) < MOST_CHANGES

    def number(self, who: str) -> int:
        def find(tx: Transaction) -> int:
            found = tx.people.by_identity(Identity(PLATFORM, who))
            return found.id if found else 0

        return self.run(self.town.core.store.run(find))

    @initialize()
    def start(self) -> None:
        self.open()
        self.run(self.town.joined("sport"))
        for who in WHO:
            self.say(who, "!help")
        self.plan("Sportraad", datetime(2026, 12, 8, 19, 30, tzinfo=BRUSSELS), (WEEK, DAY, HOUR), 2)
        first = datetime(2026, 12, 9, 18, 15, tzinfo=BRUSSELS)
        every = ' --herhaal "elke woensdag" --tot "6 januari"'
        self.plan("Fietsraad", first, (2 * DAY, HOUR), 2, every)
        for turn in range(1, 5):
            self.add("Fietsraad", first + turn * WEEK, (2 * DAY, HOUR), 2, turn)
        self.settle()
        for who in ("ann", "ben", "dirk"):
            self.wish(who, "privately")
        self.wish("cas", "aloud")

    def plan(
        self, title: str, start: datetime, moments: tuple[timedelta, ...], room: int, more: str = ""
    ) -> None:
        seconds = ",".join(f"{before // HOUR}u" for before in moments)
        words = f'!bijeenkomst plan "{title}" "{_typed(start)}" --plaats {PLACE} --link {LINK} --max {room}'
        words += f" --max-online {MOST_ONLINE}"
        said = self.say("mia", f"{words} --herinner {seconds}{more} --zeker")
        assert "staat gepland" in said, said
        self.add(title, start, moments, room, 0 if more else None)

    def add(
        self, title: str, start: datetime, moments: tuple[timedelta, ...], room: int, turn: int | None
    ) -> None:
        number = len(self.meetings) + 1
        planned = Planned(number, title, start.astimezone(UTC), moments, room, turn)
        planned.announced = planned.known = not turn
        planned.plan(self.now)
        self.meetings.append(planned)

    # --- the oracle ---

    def series(self) -> list[Planned]:
        return [each for each in self.meetings if each.turn is not None]

    def shown(self, *, gone: bool = False) -> list[Planned]:
        """Those that can be spoken of, and have not begun."""
        soon = self.now + timedelta(minutes=2)
        return [each for each in self.meetings if each.announced and each.start > soon and each.gone is gone]

    def one(self, which: int, *, gone: bool = False, series: bool = False) -> Planned | None:
        found = [each for each in self.shown(gone=gone) if each.turn is not None or not series]
        return found[which % len(found)] if found else None

    def following(self, first: Planned) -> list[Planned]:
        assert first.turn is not None
        return [each for each in self.series() if each.turn >= first.turn and each.start > self.now]  # type: ignore[operator]

    def announce(self) -> None:
        """The next of the series, and the one behind it a week before it begins."""
        coming = [each for each in self.series() if not each.gone and each.end > self.now]
        coming.sort(key=lambda each: each.start)
        for place, each in enumerate(coming):
            if each.announced:
                continue
            if place and min(coming[place - 1].end, each.start - WEEK) > self.now:
                return
            each.announced = True
            self.look(each)

    def look(self, one: Planned) -> None:
        """Whoever answers each of the series has an answer in this one, in the order of that."""
        if one.known:
            return
        one.known = True
        for who, told in self.standing.items():
            fits = told.way in PLACES and one.has_room(told.way, told.party)
            one.answers[who] = replace(told, seat=told.way if fits else None)

    def due(self) -> Iterator[Said]:
        """What is to be said by now that was not."""
        for each in self.meetings:
            come = {(start, before) for start, before in each.pending if start - before <= self.now}
            each.pending -= come
            valid = [before for start, before in come if start == each.start]
            if not valid or each.gone or each.end <= self.now:
                continue
            late = self.now - (each.start - min(valid)) > LATE
            yield from self.reminders(each, late=late, begun=each.start <= self.now)

    def reminders(self, of: Planned, *, late: bool, begun: bool) -> Iterator[Said]:
        talking = {self.number(name) for name in self.talks}
        aloud = []
        for who, told in of.answers.items():
            wish = self.wishes.get(who) if isinstance(who, int) else None
            if wish is None or told.way == "no" or (begun and told.seat != "online"):
                continue
            assert isinstance(who, int)
            if wish == "aloud" or who not in talking:
                aloud.append(who)
                continue
            row = [other for other, each in of.answers.items() if each.waits and each.way == told.way]
            yield Said(
                of.title,
                who,
                begun=begun,
                place=told.seat == "on-site",
                link=told.seat == "online",
                choose=told.way == "maybe",
                waits=row.index(who) + 1 if told.waits else 0,
            )
        if not begun:
            yield Said(of.title, 0, tuple(sorted(aloud)), late=late, place=True, link=True)

    # --- what was said ---

    def heard(self) -> Iterator[Said]:
        new, self.seen = self.town.platform.shown[self.seen :], len(self.town.platform.shown)
        for shown in new:
            words = shown.words
            title = next((each.title for each in self.meetings if each.title in words), "")
            if shown.where == "sport" and shown.how == "send" and "Binnenkort:" in words:
                named = tuple(sorted(self.number(who) for who in shown.named))
                late = "dit seintje komt later" in words
                yield Said(title, 0, named, late=late, place=PLACE in words, link=LINK in words)
            elif shown.how == "whisper" and "Geen seintjes meer?" in words:
                waits = re.search(r"als nummer (\d+)", words)
                yield Said(
                    title,
                    self.number(shown.where),
                    begun="is begonnen" in words,
                    place=PLACE in words,
                    link=LINK in words,
                    choose="Je zei misschien" in words,
                    waits=int(waits[1]) if waits else 0,
                )

    def settle(self, killed: str = "") -> None:
        """All that is due is done; what is to be said by then is, and nothing else.

        `killed`: before anything of it was said, or just after the first, which nobody could note.
        """
        if near := [due for due in self.dues() if self.now < due <= self.now + timedelta(minutes=1)]:
            self.town.clock.turn_to(max(near))
        if killed == "unsaid":
            self.run(self.town.core.agenda.flush())
        elif killed == "unnoted":
            self.town.platform.watch = _die
            with suppress(asyncio.CancelledError):
                self.run(self.town.core.run_due())
            self.town.platform.watch = lambda what: None
        if killed:
            self.crash()
            self.town.clock.turn(timedelta(seconds=1))
        self.run(self.town.core.run_due())
        for each in self.meetings:
            each.move_up()
        self.announce()
        wanted = sorted(self.due())
        # Those of one organiser are said one after the other.
        for _ in wanted:
            self.town.clock.turn(timedelta(seconds=4))
            self.run(self.town.core.run_due())
        assert sorted(self.heard()) == wanted

    # --- what people do ---

    @rule(who=people, way=ways, guests=st.integers(0, 3), of=which, every=st.booleans())
    def come(self, who: str, way: str, guests: int, of: int, *, every: bool) -> None:
        self.answer(who, way, guests, self.one(of, series=every), every=every)

    @rule(way=ways, guests=st.integers(0, 2), of=which)
    def come_for(self, way: str, guests: int, of: int) -> None:
        """An organiser answers for somebody without an account."""
        self.answer("mia", way, guests, self.one(of), name="Oma")

    def answer(
        self,
        who: str,
        way: str,
        guests: int,
        of: Planned | None,
        *,
        every: bool = False,
        name: str = "",
    ) -> None:
        if of is None:
            return
        self.say(who, "!help")
        brings = f" --met {guests}" if WAYS[way] in PLACES else ""
        party = 1 + guests if brings else 1
        more = " --elke-keer" if every else f" --voor {name}" if name else ""
        said = self.say(who, f"!kom {way}{brings} --bijeenkomst {of.number}{more}")
        number: Who = name or self.number(who)
        self.said += 1
        if not of.take(number, WAYS[way], party, self.said):
            assert "Je houdt je plaats" in said or "meer dan er ooit plaats is" in said, said
        elif every:
            assert isinstance(number, int)
            before = self.standing.get(number)
            if before is None or before.way != WAYS[way]:
                self.standing.pop(number, None)
            self.standing[number] = Told(WAYS[way], party, said=self.said)
            for other in self.series():
                if other is not of and other.known and not other.gone and other.start > self.now:
                    other.take(number, WAYS[way], party, self.said)
        self.settle()

    @rule(room=st.one_of(st.none(), st.integers(1, 8)), of=which)
    def change_room(self, room: int | None, of: int) -> None:
        one = self.one(of)
        if one is None or not self.may_change():
            return
        rows, more = [one], ""
        if one.turn is not None:
            if room == self.series_room:
                return
            rows = [each for each in self.following(one) if not each.by_hand or each is one]
            self.series_room, more = room, " --vanaf-deze"
        elif room == one.room:
            return
        words = f"--max {room or 'geen'} --bijeenkomst {one.number}{more}"
        said = self.change(f"!bijeenkomst wijzig {words}")
        assert "aangepast" in said or "veranderd" in said, said
        for each in rows:
            each.changes += each.room != room
            each.room = room
            each.move_up()
        if one.turn is None:
            is_over = room is not None and one.taken("on-site") > room
            assert ("meer dan er plaats is" in said) is is_over
        self.settle()

    @rule(by=st.sampled_from([-1, 1, 2]), of=which)
    def move(self, by: int, of: int) -> None:
        """By days; one of a series, once, to another hour of its day."""
        found = [each for each in self.meetings if not each.by_hand and not each.gone]
        one = found[of % len(found)] if found else None
        if one is None or one.start <= self.now or not self.may_change():
            return
        start = one.start + (by * DAY if one.turn is None else 2 * HOUR)
        if start <= self.now:
            return
        self.look(one)
        words = f'!bijeenkomst verplaats "{_typed(start)}" --bijeenkomst {one.number}'
        said = self.change(words)
        assert "begint nu" in said, said
        one.by_hand = one.turn is not None
        self.moved(one, start)
        self.settle()

    @rule(by=st.sampled_from([-1, 1]), everything=st.booleans(), of=which)
    def move_from_here(self, by: int, of: int, *, everything: bool) -> None:
        one = self.one(of, series=True)
        if one is None or not self.may_change() or abs(self.shift + by) > 2:
            return
        if one.by_hand:  # at which hour the others begin was not said
            return
        start = one.start + by * DAY
        if start <= self.now:
            return
        more = " --alle" if everything else ""
        words = f'"{_typed(start)}" --vanaf-deze{more} --bijeenkomst {one.number} --zeker'
        said = self.change(f"!bijeenkomst verplaats {words}")
        assert "verplaatst" in said, said
        self.shift += by
        assert one.turn is not None
        for each in self.following(one):
            if each.by_hand and not everything:
                continue
            assert each.turn is not None
            self.moved(each, start + (each.turn - one.turn) * WEEK)
            each.by_hand = False
        self.settle()

    def moved(self, one: Planned, start: datetime) -> None:
        one.start = start
        one.changes += 1
        if not one.gone:
            one.plan(self.now)
        one.move_up()

    @rule(of=which, from_here=st.booleans())
    def cancel(self, of: int, *, from_here: bool) -> None:
        one = self.one(of, series=from_here)
        if one is None or not self.may_change():
            return
        words = f"--reden Ziek --zeker --bijeenkomst {one.number}"
        said = self.change(f"!bijeenkomst annuleer {words}{' --vanaf-deze' if from_here else ''}")
        assert ("komen er geen meer bij" if from_here else "gaat niet door") in said, said
        for each in self.following(one) if from_here else [one]:
            each.changes += not each.gone
            each.gone = True
        self.settle()

    @rule(of=which, from_here=st.booleans())
    def restore(self, of: int, *, from_here: bool) -> None:
        one = self.one(of, gone=True, series=from_here)
        if one is None or not self.may_change():
            return
        said = self.change(f"!bijeenkomst herstel {one.number}{' --vanaf-deze' if from_here else ''}")
        assert ("gaat weer door" if from_here else "gaat toch door") in said, said
        for each in self.following(one) if from_here else [one]:
            if each.gone:
                self.restored(each)
        self.settle()

    def restored(self, one: Planned) -> None:
        one.gone, one.changes = False, one.changes + 1
        one.plan(self.now)
        one.move_up()

    @rule(days=st.integers(1, 9), room=st.integers(1, 4))
    def plan_one(self, days: int, room: int) -> None:
        if len(self.meetings) > 8:
            return
        number = len(self.meetings) + 1
        day = (self.now.astimezone(BRUSSELS) + days * DAY).replace(hour=14, minute=number, second=0)
        self.plan(f"Raad {number}.", day.replace(microsecond=0), (2 * DAY, DAY, HOUR), room)
        self.settle()

    @rule(who=people, how=st.sampled_from(["privately", "aloud", "off"]))
    def wish(self, who: str, how: str) -> None:
        self.say(who, "!help")
        if how == "privately":
            self.say(who, "!herinneringen privé", room=None)
            self.talks.add(who)
        else:
            self.say(who, f"!herinneringen {'vermelding' if how == 'aloud' else 'uit'}")
        self.wishes[self.number(who)] = how
        if how == "off":
            self.wishes.pop(self.number(who))
        self.settle()

    @rule(elder=people, younger=people)
    def link(self, elder: str, younger: str) -> None:
        for who in (elder, younger):
            self.say(who, "!help")  # who was forgotten is somebody by that
        one, other = self.number(elder), self.number(younger)
        if one == other:
            return
        self.run(self.town.linked(elder, younger))
        stays = self.number(elder)
        goes = other if stays == one else one
        for each in self.meetings:
            each.join(stays, goes)
        theirs = [number for number in (stays, goes) if number in self.standing]
        if theirs:
            last = max(theirs, key=lambda number: self.standing[number].said)
            self.standing = {
                stays if who == last else who: told
                for who, told in self.standing.items()
                if who == last or who not in theirs
            }
        self.wishes.pop(goes, None)
        self.wish(elder, "privately")

    @rule(who=people)
    def forget(self, who: str) -> None:
        self.say(who, "!help")
        number = self.number(who)
        self.talks -= {name for name in WHO if self.number(name) == number}
        self.say(who, "!me forget --sure", room=None)
        for each in self.meetings:
            each.answers.pop(number, None)
        self.standing.pop(number, None)
        self.wishes.pop(number, None)
        self.settle()

    @rule(hours=st.sampled_from([1, 7, 24, 50]))
    def wait(self, hours: int) -> None:
        """All that comes due on the way is done in time."""
        self.wait_until(self.now + hours * HOUR)

    @rule(killed=st.sampled_from(KILLED))
    def wait_for_a_reminder(self, killed: str) -> None:
        """Until the next is said; Plein may be killed then."""
        if found := self.next_due():
            self.wait_until(found - timedelta(minutes=2))
            self.town.clock.turn_to(found)
            self.settle(killed)

    def wait_until(self, moment: datetime) -> None:
        while (due := min(self.dues(), default=moment)) < moment:
            self.town.clock.turn_to(due)
            self.settle()
        self.town.clock.turn_to(moment)
        self.settle()

    def dues(self) -> list[datetime]:
        return [start - before for each in self.meetings for start, before in each.pending]

    def next_due(self) -> datetime | None:
        """When something is said next, as things stand."""
        standing = [each for each in self.meetings if not each.gone]
        return min(
            (start - before for each in standing for start, before in each.pending if start == each.start),
            default=None,
        )

    @rule(hours=st.sampled_from([-1, 2, 20, 40]), minutes=st.sampled_from([30, -30, -100]))
    def be_away(self, hours: int, minutes: int) -> None:
        """Nobody looks at what is due for so long; or until the next begins soon, has begun, or is over."""
        until = self.now + hours * HOUR
        coming = [each.start for each in self.meetings if not each.gone and each.start > self.now]
        if hours < 0 and coming:
            until = min(coming) - timedelta(minutes=minutes)
        if self.now < until < self.now + 3 * DAY:
            self.town.clock.turn_to(until)
            self.settle()

    @rule()
    def crash(self) -> None:
        """As SIGKILL leaves it: what was committed, its log as it is, and the keys."""
        before = self.folder
        self.lives += 1
        if not self.url:
            shutil.copytree(before, self.folder)
        self.run(self.stack.aclose())
        self.open(self.town)

    # --- what is so ---

    @invariant()
    def it_is_as_the_oracle_says(self) -> None:
        for each in self.meetings:
            if each.start > self.now:
                self.check_meeting(each)
            if each.known and each.start > self.now:
                self.check_answers(each)

    def check_meeting(self, one: Planned) -> None:
        found = self.run(self.town.core.store.run(lambda tx: tx.of(MEETINGS).get(one.number)))
        assert found
        kept = (found.starts_at, found.state == "cancelled", found.announced, found.room)
        assert kept == (one.start, one.gone, one.announced, one.room)

    def check_answers(self, one: Planned) -> None:
        def read(tx: Transaction) -> list[tuple[Who | None, str, str | None, int]]:
            return [
                (each.resident or each.name, str(each.way), str(each.seat) if each.seat else None, each.party)
                for each in tx.of(MEETINGS).answers(one.number, 100)
            ]

        found = self.run(self.town.core.store.run(read))
        assert found == [(who, told.way, told.seat, told.party) for who, told in one.answers.items()]
        figures = self.run(self.town.core.store.run(lambda tx: tx.of(MEETINGS).figures(one.number).people))
        counted: Counter[tuple[str, str | None]] = Counter()
        for told in one.answers.values():
            counted[told.way, told.seat] += told.party
        assert figures == counted

    @invariant()
    def each_change_is_told_once_at_most(self) -> None:
        for title in {each.title for each in self.meetings}:
            said = [
                words for words in self.town.platform.where("sport") if _is_news(words) and title in words
            ]
            assert len(said) <= sum(each.changes for each in self.meetings if each.title == title), said


def _die(what: str) -> None:
    if what.startswith("shown:"):
        raise asyncio.CancelledError


def _typed(start: datetime) -> str:
    local = start.astimezone(BRUSSELS)
    return f"{local.day} {MONTHS[local.month]} {local.year} {local:%Hu%M}"


def _is_news(words: str) -> bool:
    return any(news in words for news in ("Verplaatst naar", "Dit gaat niet door", "Dit gaat toch door"))


TestMeetings = Meetings.TestCase
TestMeetings.settings = settings(
    max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
AT_LENGTH = settings(TestMeetings.settings, max_examples=150, stateful_step_count=50)


def test_at_length() -> None:
    run_state_machine_as_test(Meetings, settings=AT_LENGTH)


def test_at_length_on_postgres(postgres: PostgreSQL, tables: Made) -> None:
    class OnPostgres(Meetings):
        pass

    OnPostgres.postgres = (lambda: tables.on(postgres), lambda url: tables.give_back(postgres, url))
    run_state_machine_as_test(OnPostgres, settings=settings(AT_LENGTH, max_examples=25))
