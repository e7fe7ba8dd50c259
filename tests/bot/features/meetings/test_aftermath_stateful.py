"""Whatever people do around meetings: a promise stands in one place, what was approved stays as it is, and
nobody learns who said how a meeting was.

The oracle keeps who said what as those who were there remember it, people by numbers of its own. It shares no
code with what it judges, and looks at what is shown.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.features.meetings.draw.records import TURNS
from bot.features.meetings.minutes.open import NAMED
from bot.features.meetings.presence.records import PRESENCE, RATINGS
from bot.features.meetings.records import MEETINGS
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Identity, Resident
from bot.ports.storage import Transaction
from tests.chat import BRUSSELS
from tests.doubles.platform import PLATFORM, Town, open_town, words_of
from tests.postgres import PostgreSQL
from tests.tables import Made

T = TypeVar("T")
WHO = ("ann", "ben", "cas", "dirk", "eva", "finn")
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
WEEK, LASTS = 7 * DAY, 2 * HOUR
# From so long before a meeting people write; from so long before they check in; and so long after it.
WRITE, OPENS, LATELY, RATED_FOR = 30 * MINUTE, 15 * MINUTE, WEEK, 3 * DAY
# From so many on it is told what they said together.
ENOUGH = 5
MOST_CHANGES, MOST_DRAWS, MOST_OFFERS, MOST_ITEMS = 17, 10, 5, 10
SOMEBODY = "een bewoner"
MONTHS = {12: "december", 1: "januari", 2: "februari", 3: "maart"}
people = st.sampled_from(WHO)
# Which of those that there are, the last more often.
which = st.sampled_from([-1, -1, -2, 0, 1, 2, 3])


@dataclass
class Gathering:
    """A meeting: what came of it is known by its number."""

    number: int
    title: str
    start: datetime
    series: bool
    gone: bool = False
    answers: dict[int, tuple[str, int]] = field(default_factory=dict)
    # Who checked in, by person; and how many of them are nobody by now.
    here: set[int] = field(default_factory=set)
    nobodys: int = 0
    # What each said of how it was, and when.
    rated: dict[int, tuple[int, str, int]] = field(default_factory=dict)
    is_asked: bool = False
    told: tuple[int, list[int], list[str]] | None = None
    items: list[Item] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    # What each version said once it was approved: what it says for good.
    versions: list[Version] = field(default_factory=list)
    # Who was drawn for what.
    duties: dict[str, int] = field(default_factory=dict)

    @property
    def end(self) -> datetime:
        return self.start + LASTS

    @property
    def attended(self) -> int:
        return len(self.here) + self.nobodys


@dataclass
class Item:
    number: int
    called: str
    whose: int | None
    wanted: set[int] = field(default_factory=set)
    place: int | None = None
    is_dropped: bool = False
    is_taken_off: bool = False

    @property
    def supports(self) -> int:
        return len(self.wanted - {self.whose})


@dataclass
class Line:
    """`number` of a promise is that of the promise."""

    number: int
    words: str
    whose: int | None
    kind: str
    for_nobody: bool = False

    def as_it_is(self) -> Line:
        return Line(self.number, self.words, self.whose, self.kind, self.for_nobody)


@dataclass
class Version:
    lines: list[Line]
    by: int | None


@dataclass
class Promised:
    number: int
    words: str
    owner: int | None
    noted_by: int | None
    of: Gathering
    state: str = "open"


@dataclass
class Brought:
    number: int
    what: str
    whose: int
    of: Gathering | None


class Aftermath(RuleBasedStateMachine):
    # An empty database, each time; and what gives it back.
    postgres: tuple[Callable[[], str], Callable[[str], None]] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.folders = Path(tempfile.mkdtemp(dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        self.lives = 0
        self.url = self.postgres[0]() if self.postgres else ""
        self.town: Town
        self.meetings: list[Gathering] = []
        self.promises: list[Promised] = []
        self.offers: list[Brought] = []
        self.offered = 0
        # Who is behind each account: numbers of the oracle's own, 0 being whoever organises.
        self.person = {name: number for number, name in enumerate(("mia", *WHO))}
        self.last = len(WHO)
        # Who left others with their account, and so may have answered already; or was forgotten, and counts.
        self.parted: set[int] = set()
        # In which meeting the say of which account is whose: who left somebody has none there any more.
        self.left: dict[tuple[int, str], int | None] = {}
        self.turns: dict[int, datetime] = {}
        self.words = self.said = self.draws = 0
        self.changed_at: list[datetime] = []
        self.drawn_at: list[datetime] = []
        # Words of what was said of meetings, which nobody may read now.
        self.secret: set[str] = set()

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

    @initialize()
    def start(self) -> None:
        self.open()
        self.run(self.town.joined("sport"))
        for who in ("mia", *WHO):
            self.say(who, "!help")
        self.say("mia", "!help", room=None)
        self.plan("Sportraad", datetime(2026, 12, 8, 19, 30, tzinfo=BRUSSELS))
        first = datetime(2026, 12, 9, 18, 15, tzinfo=BRUSSELS)
        self.plan("Fietsraad", first, ' --herhaal "elke woensdag" --tot "23 december"')
        self.plan("Klimaatraad", datetime(2026, 12, 21, 20, 0, tzinfo=BRUSSELS))
        self.due()

    def plan(self, title: str, start: datetime, more: str = "") -> None:
        said = self.say(
            "mia",
            f'!bijeenkomst plan "{title}" "{_typed(start)}" --plaats Zaal --link https://meet.example/a'
            f" --duur 2u --herinner geen{more} --zeker",
        )
        assert "staat gepland" in said, said
        for turn in range(3 if more else 1):
            number = len(self.meetings) + 1
            at = (start + turn * WEEK).astimezone(UTC)
            self.meetings.append(Gathering(number, title, at, bool(more)))

    # --- how it is said ---

    def hear(
        self, who: str, command: str, /, *, room: str | None = "sport", **args: Any
    ) -> tuple[str, Message | None]:
        self.town.clock.turn(timedelta(seconds=1))
        asked = self.town.asked(who, room=room, button=Button(text("typed"), command, args))
        answer = self.run(self.town.core.handle(asked))
        said = words_of(answer) if answer else ""
        assert "ging iets mis" not in said, said
        return said, answer

    def press(self, who: str, command: str, /, *, room: str | None = "sport", **args: Any) -> str:
        return self.hear(who, command, room=room, **args)[0]

    def say(self, who: str, words: str, room: str | None = "sport") -> str:
        self.town.clock.turn(timedelta(seconds=1))
        return self.run(self.town.say(who, words, room=room))

    def numbers(self) -> dict[int, int]:
        """The oracle's number of each that Plein knows."""

        def read(tx: Transaction) -> dict[int, int]:
            found = {name: tx.people.by_identity(Identity(PLATFORM, name)) for name in self.person}
            return {each.id: self.person[name] for name, each in found.items() if each}

        return self.run(self.town.core.store.run(read))

    def number(self, who: str) -> int:
        return next(known for known, person in self.numbers().items() if person == self.person[who])

    def new_words(self) -> str:
        """That are nowhere else."""
        self.words += 1
        return f"w{self.words:03}x dat"

    def due(self) -> None:
        for _ in range(3):
            self.run(self.town.core.run_due())
            self.town.clock.turn(timedelta(seconds=2))
        self.run(self.town.core.run_due())
        self.look_back()

    # --- the oracle ---

    def coming(self) -> list[Gathering]:
        found = [each for each in self.meetings if not each.gone and each.end > self.now]
        return sorted(found, key=lambda each: (each.start, each.number))

    def is_over(self, one: Gathering) -> bool:
        return not one.gone and one.end <= self.now

    def running(self) -> list[Gathering]:
        return [each for each in self.coming() if each.start - OPENS <= self.now]

    def written(self) -> list[Gathering]:
        """Of which people write down what was said."""
        return [
            each
            for each in self.meetings
            if not each.gone and each.start - WRITE <= self.now < each.end + LATELY - 5 * MINUTE
        ]

    def held(self) -> list[Gathering]:
        return [each for each in self.meetings if not each.gone and each.start <= self.now]

    def pick(self, found: list[T], which: int) -> T | None:
        if not found:
            return None
        return found[which % len(found)] if which >= 0 else found[-(-which % len(found)) or -1]

    def look_back(self) -> None:
        """What is over by now was asked; what is closed was counted."""
        for each in self.meetings:
            if not each.gone and each.end <= self.now and not each.is_asked:
                late = each.end + RATED_FOR <= self.now
                came = (
                    each.here if each.attended else {p for p, (way, _) in each.answers.items() if way != "no"}
                )
                each.is_asked = True
                if late or not came:
                    each.told = (0, [], [])
            if each.is_asked and each.told is None and each.end + RATED_FOR <= self.now:
                scores = sorted(score for score, _, _ in each.rated.values())
                words = sorted(words for _, words, _ in each.rated.values() if words)
                told = len(scores) >= ENOUGH
                each.told = (len(scores), scores if told else [], words if told else [])
                self.secret -= set(words) if told else set()

    def comes_back(self, promise: Promised) -> Gathering | None:
        """In whose agenda it stands."""
        if promise.state != "open":
            return None
        later = [each for each in self.coming() if each is not promise.of and self.is_announced(each)]
        same = [each for each in later if promise.of.series and each.series]
        return next(iter(same or later), None)

    def is_announced(self, one: Gathering) -> bool:
        """Whether anybody knows of it: of a series, each is made known in its turn."""
        found = self.run(self.town.core.store.run(lambda tx: tx.of(MEETINGS).get(one.number)))
        return found is not None and found.announced

    def draft(self, of: Gathering) -> list[Line]:
        return sorted(of.lines, key=lambda each: (each.kind == "action", each.number))

    def is_changed(self, of: Gathering) -> bool:
        last = of.versions[-1].lines if of.versions else []
        plain = [[(line.number, line.words, line.kind) for line in lines] for lines in (last, self.draft(of))]
        return plain[0] != plain[1]

    # --- the agenda ---

    @rule(who=people, of=which)
    def add(self, who: str, of: int) -> None:
        if (one := self.pick(self.coming(), of)) is None:
            return
        me, called = self.person[who], self.new_words()
        said = self.press(who, "agenda add", called=called, lasting="10m", meeting=one.number)
        if sum(each.whose == me and not each.is_dropped for each in one.items) >= MOST_ITEMS:
            assert "Schrap er eerst een" in said, said
            return
        item = Item(len(one.items) + 1, called, me)
        assert f"als punt {item.number}:" in said, said
        one.items.append(item)

    @rule(who=people, of=which, what=which, wants=st.sampled_from([True, True, True, False]))
    def support(self, who: str, of: int, what: int, *, wants: bool) -> None:
        found = [(one, each) for one in self.coming() for each in one.items if not each.is_dropped]
        if not found:
            return
        one, item = self.pick(found, what) or found[0]
        me = self.person[who]
        command = "agenda support" if wants else "agenda stop supporting"
        said = self.press(who, command, item=item.number, meeting=one.number)
        if not wants:
            assert "niet meer" in said, said
            item.wanted.discard(me)
        elif item.whose == me:
            assert "jouw steun telt al" in said, said
        elif me in item.wanted:
            assert "al." in said, said
        else:
            assert "Je steunt" in said, said
            item.wanted.add(me)

    @rule(of=which, data=st.data())
    def order(self, of: int, data: st.DataObject) -> None:
        if (one := self.pick([each for each in self.coming() if each.items], of)) is None:
            return
        shown = self.agenda(one)
        if not shown:
            return
        first = data.draw(st.lists(st.sampled_from(shown), min_size=1, max_size=3, unique_by=id))
        said = self.press("mia", "agenda order", items=[each.number for each in first], meeting=one.number)
        assert "staat op volgorde" in said, said
        for place, item in enumerate([*first, *(each for each in shown if each not in first)]):
            item.place = place

    def agenda(self, of: Gathering) -> list[Item]:
        shown = [each for each in of.items if not each.is_dropped]
        return sorted(
            shown, key=lambda each: (each.place is None, each.place or 0, -each.supports, each.number)
        )

    @rule(who=st.sampled_from([*WHO, "mia"]), what=which, back=st.booleans())
    def drop(self, who: str, what: int, *, back: bool) -> None:
        found = [(one, each) for one in self.coming() for each in one.items if each.is_dropped is back]
        if not found:
            return
        one, item = self.pick(found, what) or found[0]
        command = "agenda put back" if back else "agenda drop"
        said = self.press(who, command, item=item.number, meeting=one.number)
        if self.person[who] not in (item.whose, 0):
            assert "van iemand anders" in said, said
            return
        if back and item.is_taken_off and self.person[who]:
            assert "die kan het ook terugzetten" in said.lower(), said
            return
        assert ("staat weer op" if back else "staat niet meer op") in said, said
        item.is_dropped, item.is_taken_off = not back, not back and self.person[who] != item.whose

    # --- what is offered ---

    @rule(who=people, of=which, meant=st.booleans())
    def offer(self, who: str, of: int, *, meant: bool) -> None:
        one = self.pick(self.coming(), of) if meant else None
        me, what = self.person[who], self.new_words()
        args: dict[str, Any] = {"meeting": one.number} if one else {}
        said = self.press(who, "offer add", what=what, **args)
        mine = [each for each in self.offers if each.whose == me and self.stands(each)]
        if len(mine) >= MOST_OFFERS:
            assert "Trek er" in said or "trek er" in said, said
            return
        if "al" in said and "Morgen" in said:  # so many in a day are enough
            return
        self.offered += 1
        assert f"Het is aanbod {self.offered}" in said, said
        self.offers.append(Brought(self.offered, what, me, one))

    def stands(self, offer: Brought) -> bool:
        return offer.of is None or offer.of.gone or offer.of.end > self.now

    @rule(who=st.sampled_from([*WHO, "mia"]), what=which)
    def withdraw(self, who: str, what: int) -> None:
        if (one := self.pick(self.offers, what)) is None:
            return
        said = self.press(who, "offer withdraw", offer=one.number)
        if self.person[who] not in (one.whose, 0):
            assert "van iemand anders" in said, said
            return
        assert "is ingetrokken" in said, said
        self.offers.remove(one)

    # --- coming, and being there ---

    @rule(
        who=people,
        of=which,
        way=st.sampled_from(["on-site", "on-site", "online", "online", "no"]),
        seen=st.booleans(),
    )
    def come(self, who: str, of: int, way: str, *, seen: bool) -> None:
        one = self.pick([each for each in self.coming() if each.start > self.now], of)
        if one:
            self.answer(who, one, way, seen=seen)

    def answer(self, who: str, one: Gathering, way: str, *, seen: bool) -> None:
        words = {"on-site": "ter plaatse", "online": "online", "no": "niet"}[way]
        said = self.say(who, f"!kom {words}{' --toon-mij' * seen} --bijeenkomst {one.number}")
        me = self.person[who]
        assert ("losmaakte" in said) == self.is_kept_out(me, one), said
        if "losmaakte" in said:
            return
        assert "Je komt" in said or "je komt" in said or "staat genoteerd" in said or "online" in said, said
        self.said += 1
        one.answers[me] = (way, self.said)

    @rule(of=which)
    def everybody_comes(self, of: int) -> None:
        one = self.pick([each for each in self.coming() if each.start > self.now + MINUTE], of)
        for who in WHO if one else ():
            if one and self.person[who] not in one.answers:
                self.answer(who, one, "online", seen=who < "dirk")

    def code(self, of: Gathering) -> str:
        said = self.say("mia", f"!hier --bijeenkomst {of.number}", room=None)
        found = re.search(r" is (\d{4})\.", said)
        assert found, said
        return found[1]

    @rule(who=people, of=which)
    def check_in(self, who: str, of: int) -> None:
        if (one := self.pick(self.running(), of)) is not None:
            self.be_there(who, one)

    @rule(of=which, several=st.integers(1, len(WHO)))
    def check_all_in(self, of: int, several: int) -> None:
        if (one := self.pick(self.running(), of)) is not None:
            for who in WHO[:several]:
                self.be_there(who, one)

    def has_say(self, one: Gathering) -> bool:
        """Whether being there gives one still: until it was said how it was."""
        return not self.is_over(one) or (one.is_asked and one.told is None)

    def be_there(self, who: str, one: Gathering) -> None:
        me = self.person[who]
        said = self.say(who, f"!hier {self.code(one)} --bijeenkomst {one.number}", room=None)
        is_kept_out = self.is_kept_out(me, one) and me not in one.here
        assert ("losmaakte" in said) == is_kept_out, said
        if is_kept_out:
            return
        assert "Je bent er" in said, said
        one.here.add(me)

    @rule(who=people, of=which)
    def leave_again(self, who: str, of: int) -> None:
        """The message that said it is removed; rather of somebody who is there."""
        if (one := self.pick(self.running(), of)) is not None:
            who = next((name for name in (who, *WHO) if self.person[name] in one.here), who)
            said = self.press(who, "meeting not-here", meeting=one.number)
            assert "niet meer genoteerd" in said, said
            one.here.discard(self.person[who])

    # --- minutes ---

    @rule(who=st.sampled_from([*WHO, "mia"]), of=which, kind=st.sampled_from(["note", "decide"]))
    def write(self, who: str, of: int, kind: str) -> None:
        if (one := self.pick(self.written(), of)) is None:
            return
        words = self.new_words()
        said = self.press(who, f"minutes {kind}", said=words, meeting=one.number)
        found = re.search(r"als nummer (\d+) in", said)
        assert found, said
        # No number is given out again.
        assert int(found[1]) not in [each.number for each in self.ever(one)], said
        one.lines.append(Line(int(found[1]), words, self.person[who], kind))

    def ever(self, of: Gathering) -> Iterator[Line]:
        for lines in (of.lines, *(version.lines for version in of.versions)):
            yield from (each for each in lines if each.kind != "action")

    @rule(who=people, what=which, mended=st.booleans())
    def mend(self, who: str, what: int, *, mended: bool) -> None:
        """Or take out, what they wrote; mostly."""
        found = [(one, line) for one in self.held() for line in one.lines if line.kind != "action"]
        if not found:
            return
        one, line = self.pick(found, what) or found[0]
        # Rather by whoever wrote it.
        who = next((name for name in (who, *WHO) if self.person[name] == line.whose), who)
        if mended:
            words = self.new_words()
            said = self.press(who, "minutes note", said=words, instead=line.number, meeting=one.number)
        else:
            said = self.press(who, "minutes drop", line=line.number, meeting=one.number)
        if line.whose != self.person[who]:
            assert f"Nummer {line.number} is van" in said, said
        elif mended:
            assert "is verbeterd" in said, said
            one.lines[one.lines.index(line)] = Line(line.number, words, line.whose, "note")
        else:
            assert "staat niet meer in het verslag" in said, said
            one.lines.remove(line)

    @rule(who=people, owner=st.sampled_from([*WHO, None]), of=which, dated=st.booleans())
    def promise(self, who: str, owner: str | None, of: int, *, dated: bool) -> None:
        if (one := self.pick(self.written(), of)) is None:
            return
        words, me = self.new_words(), self.person[who]
        whose = f"resident:{self.number(owner)}" if owner else ["nobody"]
        # Once they are all done, promises come back in the order in which they were noted.
        by = (self.now.astimezone(BRUSSELS).date() + 9 * DAY).isoformat() if dated else "-"
        said = self.press(who, "minutes action", owner=whose, task=words, by=by, meeting=one.number)
        number = len(self.promises) + 1
        assert f"Actiepunt {number} in het verslag" in said, said
        does = self.person[owner] if owner else None
        self.promises.append(Promised(number, words, does, me, one))
        one.lines.append(Line(number, words, does, "action", owner is None))

    @rule(who=st.sampled_from([*WHO, "mia", "mia"]), of=which, meanwhile=st.booleans(), late=people)
    def approve(self, who: str, of: int, late: str, *, meanwhile: bool) -> None:
        if (one := self.pick(self.held(), of)) is not None:
            self.approve_it(one, who, late if meanwhile else None)

    @rule(who=people, of=which)
    def approve_again(self, who: str, of: int) -> None:
        """What was approved stays as it was, whatever is written and mended after that."""
        one = self.pick([each for each in self.held() if each in self.written()], of)
        if one is None:
            return
        self.note_in(one, who)
        self.approve_it(one, "mia")
        words, line = self.new_words(), one.lines[-1]
        said = self.press(who, "minutes note", said=words, instead=line.number, meeting=one.number)
        assert "is verbeterd" in said, said
        one.lines[-1] = Line(line.number, words, line.whose, "note")
        self.note_in(one, who)
        self.approve_it(one, "mia")

    def approve_it(self, one: Gathering, who: str, late: str | None = None) -> None:
        """`late`: who writes something after it was asked for."""
        said, asked = self.hear(who, "minutes approve", meeting=one.number)
        if self.person[who] not in (0, one.duties.get("chair")):
            assert "organiseert of er als voorzitter geloot is" in said, said
            return
        if not self.is_changed(one):
            assert "niets goed te keuren" in said or "sindsdien is er niets veranderd" in said, said
            return
        assert "Keur je versie" in said, said
        assert asked
        if late and one in self.written():
            self.note_in(one, late)
            said, asked = self.hear(who, asked.buttons[0].command, **asked.buttons[0].args)
            assert "Er is intussen iets veranderd" in said, said
            assert asked
        said = self.press(who, asked.buttons[0].command, **asked.buttons[0].args)
        version = len(one.versions) + 1
        assert f"Versie {version} van het verslag" in said, said
        one.versions.append(Version([line.as_it_is() for line in self.draft(one)], self.person[who]))

    def note_in(self, one: Gathering, who: str) -> None:
        words = self.new_words()
        said = self.press(who, "minutes note", said=words, meeting=one.number)
        found = re.search(r"als nummer (\d+) in", said)
        assert found, said
        one.lines.append(Line(int(found[1]), words, self.person[who], "note"))

    # --- promises ---

    @rule(
        who=people, what=which, how=st.sampled_from(["done", "done", "drop", "take", "reopen", "give back"])
    )
    def settle(self, who: str, what: int, how: str) -> None:
        one = self.pick(self.kept(), what)
        if one is None:
            return
        if how in ("done", "drop", "give back"):  # rather by whoever does it
            who = next((name for name in (who, *WHO) if self.person[name] == one.owner), who)
        me, mine = self.person[who], self.person[who] == one.owner
        said = self.press(who, f"action {how}", action=one.number)
        expected = self.expected(one, me, how, mine=mine)
        assert expected in said, (how, said)
        if expected in ("Gedaan:", "Geschrapt:", "weer open"):
            one.state = {"done": "done", "drop": "dropped", "reopen": "open"}[how]
        elif expected == "nu van jou":
            one.owner = me
        elif expected == "weer van niemand":
            one.owner = None

    def kept(self) -> list[Promised]:
        """But those that were taken back."""
        return [each for each in self.promises if each.state != "never"]

    def expected(self, one: Promised, me: int, how: str, *, mine: bool) -> str:
        settled = "is al gedaan" if one.state == "done" else "is geschrapt"
        if how == "take":
            if one.state != "open":
                return settled
            return "al van jou" if mine else "nu van jou" if one.owner is None else "is van"
        if how == "give back":
            return settled if one.state != "open" else "weer van niemand" if mine else "is van"
        if not mine:
            return "is van niemand" if one.owner is None else "is van"
        if how == "reopen":
            return "staat nog open" if one.state == "open" else "weer open"
        return settled if one.state != "open" else "Gedaan:" if how == "done" else "Geschrapt:"

    @rule(what=which, how=st.sampled_from(["done", "drop", "reopen"]))
    def settle_for_them(self, what: int, how: str) -> None:
        """Whoever organised it may."""
        if (one := self.pick(self.kept(), what)) is not None:
            said = self.press("mia", f"action {how}", action=one.number)
            expected = self.expected(one, 0, how, mine=True)
            assert expected in said, said
            if expected in ("Gedaan:", "Geschrapt:", "weer open"):
                one.state = {"done": "done", "drop": "dropped", "reopen": "open"}[how]

    @rule(what=which)
    def take_back(self, what: int) -> None:
        """It was not said, by whoever noted it."""
        one = self.pick([each for each in self.promises if each.state == "open"], what)
        who = next((name for name in WHO if one and self.person[name] == one.noted_by), None)
        if one is None or who is None:
            return
        said = self.press(who, "action undo", action=one.number)
        if one.state == "open":
            assert "geen actiepunt meer" in said, said
            one.of.lines = [
                each for each in one.of.lines if (each.kind, each.number) != ("action", one.number)
            ]
            one.state = "never"

    # --- how it was ---

    @rule(who=people, of=which, score=st.integers(1, 5), with_words=st.booleans())
    def rate(self, who: str, of: int, score: int, *, with_words: bool) -> None:
        one = self.pick([each for each in self.meetings if each.end <= self.now and not each.gone], of)
        if one is not None:
            self.say_how_it_was(who, one, score, with_words=with_words)

    @rule(order=st.permutations(WHO), of=which, score=st.integers(1, 5))
    def all_rate(self, order: list[str], of: int, score: int) -> None:
        open_now = [each for each in self.meetings if each.is_asked and each.told is None]
        if (one := self.pick(open_now, of)) is not None:
            for turn, who in enumerate(order):
                self.say_how_it_was(who, one, 1 + (score + turn) % 5, with_words=turn % 2 == 0)

    def say_how_it_was(self, who: str, one: Gathering, score: int, *, with_words: bool) -> None:
        me, words = self.person[who], ""
        if with_words:
            self.words += 1
            words = f"geheim{self.words:03}"
            self.secret.add(words)
        args = {"remark": words} if words else {}
        said = self.press(who, "meeting rate", room=None, score=str(score), meeting=one.number, **args)
        assert not words or words not in said, said
        if one.told is not None or not one.is_asked:
            assert "tot" in said or "wordt geen cijfer gevraagd" in said, said
            return
        if self.is_kept_out(me, one):
            assert "al meegeteld" in said, said
            return
        was_there = me in one.here if one.attended else one.answers.get(me, ("no", 0))[0] != "no"
        if not was_there:
            assert "is voor wie" in said, said
            return
        assert "is binnen" in said, said
        self.said += 1
        one.rated[me] = (score, words, self.said)

    # --- whose turn it is ---

    @rule(of=which, duty=st.sampled_from([None, None, "chair", "notes"]))
    def draw(self, of: int, duty: str | None) -> None:
        one = self.pick(self.coming(), of)
        if one is None or sum(at > self.now - DAY for at in self.drawn_at) >= MOST_DRAWS:
            return
        args = {"duty": duty} if duty else {}
        said = self.press("mia", "meeting draw", meeting=one.number, sure=True, **args)
        wanted = [duty] if duty else ["chair", "notes"]
        others = {who for does, who in one.duties.items() if does not in wanted}
        # Somebody who was two and answered neither way is not there.
        left = {who for who, (way, _) in one.answers.items() if way != "no"} - others - {-1}
        if not left:
            assert "dus er valt niemand te loten" in said, said
            return
        assert "Geloot:" in said, said
        self.draws += 1
        self.drawn_at.append(self.now)
        number, known = self.draws, self.numbers()
        found = self.run(self.town.core.store.run(lambda tx: tx.of(TURNS).get(number)))
        assert found
        assert {known[each.who.id] for each in found.listed if each.who} == left
        going = self.run(self.town.core.store.run(lambda tx: tx.of(MEETINGS).answers(one.number, 100)))
        hidden = {known[each.resident] for each in going if each.resident and not each.shown}
        hidden -= {*one.duties.values()}
        drawn = {str(does): found.listed[place - 1].who for does, place in found.turns.items()}
        assert list(drawn) == wanted[: len(left)]
        for does, who in drawn.items():
            assert who
            me = known[who.id]
            # Who comes unseen, and had a turn, had it today as far as the list says.
            days = {each: self.turns[each].date() for each in left if each in self.turns}
            days |= dict.fromkeys(hidden & set(days), found.at.date())
            first = left - set(days) or {each for each in days if days[each] == min(days.values())}
            assert me in first, (does, me, first)
            left.discard(me)
        one.duties.update((does, known[who.id]) for does, who in drawn.items() if who)
        for who in drawn.values():
            assert who
            self.turns[known[who.id]] = found.at

    # --- what becomes of meetings ---

    def may_change(self) -> bool:
        return sum(at > self.now - HOUR for at in self.changed_at) < MOST_CHANGES

    @rule(of=which, by=st.sampled_from([-1, 1, 2, 6]))
    def move(self, of: int, by: int) -> None:
        one = self.pick([each for each in self.coming() if each.start > self.now + MINUTE], of)
        if one is None or not self.may_change():
            return
        start = one.start + by * DAY
        if start <= self.now + HOUR or any(each.start == start for each in self.meetings):
            return
        if not one.attended:
            self.changed_at.append(self.now)
        said = self.say("mia", f'!bijeenkomst verplaats "{_typed(start)}" --bijeenkomst {one.number}')
        if one.attended:
            # Who came has a say: whoever organises does not strike that.
            assert "al mensen aanwezig" in said, said
            return
        assert "begint nu" in said, said
        one.start = start
        self.due()

    @rule(of=which)
    def cancel(self, of: int) -> None:
        one = self.pick([each for each in self.coming() if each.start > self.now + MINUTE], of)
        if one is not None and self.may_change():
            self.changed_at.append(self.now)
            said = self.say("mia", f"!bijeenkomst annuleer --reden Ziek --zeker --bijeenkomst {one.number}")
            assert "gaat niet door" in said, said
            one.gone = True
            self.due()

    @rule(of=which)
    def restore(self, of: int) -> None:
        gone = [each for each in self.meetings if each.gone and each.start > self.now + MINUTE]
        one = self.pick(gone, of)
        if one is not None and self.may_change():
            self.changed_at.append(self.now)
            said = self.say("mia", f"!bijeenkomst herstel {one.number}")
            assert "gaat toch door" in said, said
            one.gone = False
            self.due()

    # --- who people are ---

    @rule(one=people, other=people)
    def link(self, one: str, other: str) -> None:
        if self.person[one] == self.person[other]:
            return
        elder, younger = sorted((one, other), key=self.number)
        stays, goes = self.person[elder], self.person[younger]
        self.run(self.town.linked(elder, younger))
        self.join(stays, goes)
        self.due()

    def names_of(self, person: int) -> list[str]:
        return [name for name in WHO if self.person[name] == person]

    def holders(self, person: int, one: Gathering) -> set[int | None]:
        """Who else has the say of one of their accounts there."""
        keys = [(one.number, name) for name in self.names_of(person)]
        return {self.left[key] for key in keys if key in self.left} - {person}

    def is_kept_out(self, person: int, one: Gathering) -> bool:
        return bool(self.holders(person, one))

    def leave(self, person: int, names: Sequence[str]) -> None:
        """These accounts are somebody else's by now: where they had a say it stays behind."""
        for one in self.meetings:
            holders = self.holders(person, one)
            if person in one.answers or person in one.here:
                holders = {person}
            if holders and self.has_say(one):
                self.left.update(((one.number, name), next(iter(holders))) for name in names)

    def join(self, stays: int, goes: int) -> None:
        self.person = {name: stays if who == goes else who for name, who in self.person.items()}
        self.left = {key: stays if holder == goes else holder for key, holder in self.left.items()}
        if goes in self.parted:
            self.parted = self.parted | {stays}
        for each in self.meetings:
            _join_last(each.answers, stays, goes, 1)
            _join_last(each.rated, stays, goes, 2)
            each.here = {stays if who == goes else who for who in each.here}
            each.duties = {does: stays if who == goes else who for does, who in each.duties.items()}
            for item in each.items:
                item.wanted = {stays if who == goes else who for who in item.wanted}
            if self.has_say(each) and self.is_kept_out(stays, each):
                # An account of theirs has its say with whom it left.
                if not self.is_over(each):
                    each.answers.pop(stays, None)
                each.here.discard(stays)
                each.rated.pop(stays, None)
        had = [self.turns.pop(who) for who in (stays, goes) if who in self.turns]
        if had:
            self.turns[stays] = max(had)
        self.rename(goes, stays)

    def rename(self, old: int, new: int | None) -> None:
        """Whatever was somebody's is another's; None: nobody's."""
        for each in self.meetings:
            for item in each.items:
                item.whose = new if item.whose == old else item.whose
            for line in (*each.lines, *(line for version in each.versions for line in version.lines)):
                line.whose = new if line.whose == old else line.whose
            for version in each.versions:
                version.by = new if version.by == old else version.by
        for promise in self.promises:
            promise.owner = new if promise.owner == old else promise.owner
            promise.noted_by = new if promise.noted_by == old else promise.noted_by
        for offer in self.offers:
            offer.whose = new if offer.whose == old and new is not None else offer.whose

    @rule(one=people, other=people)
    def link_by_mistake(self, one: str, other: str) -> None:
        """Which is undone: each has back what they had; what both said of a meeting stands once.

        Not of whoever left somebody before, or was forgotten: what they say beside that is dropped, for good.
        """
        if self.person[one] == self.person[other]:
            return
        elder, younger = sorted((one, other), key=self.number)
        stays, goes = self.person[elder], self.person[younger]
        if self.parted & {stays, goes}:
            return
        theirs = [Identity(PLATFORM, name) for name in WHO if self.person[name] == goes]
        brought = self.run(self.town.linked(elder, younger))

        def part(tx: Transaction) -> None:
            person = tx.people.by_identity(theirs[0])
            assert person
            self.town.core.features.part(tx, person.id, theirs, brought)

        self.run(self.town.core.store.run(part))
        self.parted |= {stays, goes}
        for each in self.meetings:
            if self.has_say(each):
                # What gives a say stays with whoever was there first.
                _join_last(each.answers, stays, goes, 1)
                each.here = {stays if who == goes else who for who in each.here}
            _join_once(each.rated, stays, goes, 2)
        self.leave(stays, self.names_of(goes))
        self.due()

    @rule(who=people)
    def unlink(self, who: str) -> None:
        """They leave it all behind."""
        if [*self.person.values()].count(self.person[who]) < 2:
            return
        self.run(self.town.parted(who))
        before, now = self.person[who], self.newcomer()
        self.person[who] = now
        self.parted |= {before, now}
        self.leave(before, [who])
        self.due()

    @rule(who=people)
    def forget(self, who: str) -> None:
        gone, names = self.person[who], [name for name in WHO if self.person[name] == self.person[who]]
        self.say(who, "!vergeet mij --zeker", room=None)
        counted = [each for each in self.meetings if gone in each.here and self.has_say(each)]
        for each in self.meetings:
            each.answers.pop(gone, None)
            each.nobodys += gone in each.here
            each.here.discard(gone)
            if each.told is None:
                each.rated.pop(gone, None)
            each.duties = {does: whose for does, whose in each.duties.items() if whose != gone}
            for item in each.items:
                item.wanted.discard(gone)
        self.offers = [each for each in self.offers if each.whose != gone]
        self.turns.pop(gone, None)
        self.left = {key: None if holder == gone else holder for key, holder in self.left.items()}
        # Who comes back is not counted again.
        self.left.update(((each.number, name), None) for each in counted for name in names)
        self.rename(gone, None)
        for name in names:
            self.say(name, "!help")
            self.person[name] = self.newcomer()
            self.parted |= {self.person[name]} if counted else set()
        self.due()

    def newcomer(self) -> int:
        self.last += 1
        return self.last

    # --- time ---

    @rule(hours=st.sampled_from([1, 5, 26, 50, 75]))
    def wait(self, hours: int) -> None:
        self.wait_until(self.now + hours * HOUR)

    @rule(minutes=st.sampled_from([-5, 2, 60]))
    def begin(self, minutes: int) -> None:
        """The next one does."""
        ahead = [each.start for each in self.coming() if each.start + minutes * MINUTE > self.now]
        if ahead:
            self.wait_until(ahead[0] + minutes * MINUTE)

    @rule()
    def finish(self) -> None:
        """What runs is over."""
        if running := self.running():
            self.wait_until(running[0].end + MINUTE)

    def wait_until(self, moment: datetime) -> None:
        """What comes due on the way is done in time."""
        dues = {each.start - OPENS for each in self.meetings} | {each.end for each in self.meetings}
        dues |= {each.end + RATED_FOR for each in self.meetings}
        for at in sorted(each for each in dues if self.now < each < moment):
            if at > self.now:
                self.town.clock.turn_to(at)
                self.due()
        if moment > self.now:
            self.town.clock.turn_to(moment)
        self.due()

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
    def each_agenda_is_as_the_oracle_says(self) -> None:
        known = self.numbers()
        back: dict[int, list[tuple[int, str, int | None]]] = {}
        for promise in self.promises:
            if (one := self.comes_back(promise)) is not None:
                back.setdefault(one.number, []).append((promise.number, promise.words, promise.owner))
        for one in self.meetings:
            said, answer = self.hear("mia", "agenda show", meeting=one.number)
            assert answer
            shown = _lines(answer, "action.line")
            promised = [(line.values["action"], line.values["words"], _who(line, known)) for line in shown]
            wanted_here = back.get(one.number, [])
            assert all(wanted_here.count(each) == promised.count(each) == 1 for each in promised), said
            assert len(promised) == min(len(wanted_here), NAMED), said
            items = [
                (line.values["item"], line.values["called"], _who(line, known), line.values.get("count", 0))
                for line in _lines(answer, "agenda.item")
            ]
            wanted = [(each.number, each.called, each.whose, each.supports) for each in self.agenda(one)]
            assert items == wanted[:10], said
            _check_nobody(answer)

    @invariant()
    def each_promise_is_in_one_state(self) -> None:
        known = self.numbers()
        listed: list[tuple[Any, Any, int | None]] = []
        page = 1
        wanted = {(each.number, each.words, each.owner) for each in self.promises if each.state == "open"}
        while len(listed) < len(wanted) or page == 1:
            _, answer = self.hear("mia", "action list", page=page)
            assert answer
            new = [
                (each.values["action"], each.values["words"], _who(each, known))
                for each in _lines(answer, "action.line")
            ]
            listed += new
            page += 1
            if not new:
                break
        assert len(listed) == len(wanted)
        assert set(listed) == wanted

    @invariant()
    def each_version_is_shown_as_it_was_approved(self) -> None:
        for one in self.meetings:
            if one.versions or one.lines:
                for number, version in enumerate(one.versions, start=1):
                    self.check_minutes(one, number, version.lines, version)
                self.check_minutes(one, len(one.versions) + 1, self.draft(one), None)

    def check_minutes(self, one: Gathering, number: int, lines: list[Line], version: Version | None) -> None:
        known = self.numbers()
        shown: list[tuple[str, Any, Any, int | None]] = []
        page = 1
        while page == 1 or len(shown) < len(lines):
            said, answer = self.hear("mia", "minutes show", meeting=one.number, version=number, page=page)
            assert answer
            if not lines:
                assert "Er staat nog niets" in said, said
                return
            new = [_minuted(line, known) for line in _lines(answer, "minutes.line")]
            assert new, said
            _check_nobody(answer)
            shown += new
            if page == 1 and version:
                (head,) = _lines(answer, "minutes.version")
                assert (head.values["version"], _who(head, known)) == (number, version.by)
            page += 1
        assert shown == [(each.kind, each.number, each.words, each.whose) for each in lines]

    @invariant()
    def what_is_offered_is_found(self) -> None:
        known = self.numbers()
        wanted = [(each.number, each.what, each.whose) for each in reversed(self.offers) if self.stands(each)]
        said, answer = self.hear("mia", "offer list")
        assert answer
        found = [
            (each.values["offer"], each.values["what"], _who(each, known))
            for each in _lines(answer, "offer.line")
        ]
        assert found == wanted[:10], said

    @invariant()
    def who_is_there_is_there_once(self) -> None:
        def read(tx: Transaction) -> list[tuple[int, set[int]]]:
            kept = tx.of(PRESENCE)
            return [(kept.count(each.number), set(kept.here(each.number, 100))) for each in self.meetings]

        known = self.numbers()
        for one, (count, here) in zip(self.meetings, self.run(self.town.core.store.run(read)), strict=True):
            assert {known[each] for each in here} == one.here
            assert count == one.attended

    @invariant()
    def nobody_learns_who_said_how_it_was(self) -> None:
        def read(tx: Transaction) -> list[Any]:
            return [tx.of(RATINGS).get(each.number) for each in self.meetings]

        for one, found in zip(self.meetings, self.run(self.town.core.store.run(read)), strict=True):
            if one.told is None or not one.is_asked:
                assert found is None or (found.ended_at is None and not found.scores and not found.remarks)
            elif found:
                people, scores, words = one.told
                counted = Counter(scores)
                expected = tuple(counted[score] for score in range(1, 6)) if scores else ()
                assert (found.people, found.scores, [*found.remarks]) == (people, expected, words)
        self.check_kept()
        for shown in self.town.platform.shown:
            assert not [words for words in self.secret if words in shown.words], shown

    def check_kept(self) -> None:
        """What they said stands there sealed, each as long as the others, once of each."""

        def read(tx: Transaction) -> dict[int, Any]:
            return {number: tx.of(RATINGS).of(number)["ratings"] for number in known}

        known = self.numbers()
        rows = self.run(self.town.core.store.run(read))
        kept = {(each["meeting"], known[who]) for who, found in rows.items() for each in found}
        wanted = {(one.number, who) for one in self.meetings if one.told is None for who in one.rated}
        assert kept == wanted
        assert sum(map(len, rows.values())) == len(kept)
        lengths = {len(str(each["sealed"]).rpartition(":")[2]) for found in rows.values() for each in found}
        assert len(lengths) <= 1
        if not self.url and self.secret:
            written = b"".join(path.read_bytes() for path in self.folder.glob("plein.db*") if path.is_file())
            assert not [words for words in self.secret if words.encode() in written]

    @invariant()
    def who_comes_is_as_they_said(self) -> None:
        def read(tx: Transaction, number: int) -> list[tuple[int, str]]:
            found = tx.of(MEETINGS).answers(number, 100)
            return [(each.resident, str(each.way)) for each in found if each.resident]

        known = self.numbers()
        for one in self.coming():
            found = self.run(self.town.core.store.run(partial(read, number=one.number)))
            wanted = {who: way for who, (way, _) in one.answers.items()}
            answers = {known[who]: way for who, way in found}
            assert answers == wanted, (one.number, answers, wanted)


def _join_last(kept: dict[int, Any], stays: int, goes: int, at: int) -> None:
    """Of what two said that are one person now, the last stands."""
    said = [kept.pop(who) for who in (stays, goes) if who in kept]
    if said:
        kept[stays] = max(said, key=lambda each: each[at])


def _join_once(kept: dict[int, Any], stays: int, goes: int, at: int) -> None:
    """Of what two said that were one person for a moment, only the last stands, by whoever said it."""
    said = [who for who in (stays, goes) if who in kept]
    if len(said) == 2:
        kept.pop(min(said, key=lambda who: kept[who][at]))


def _lines(answer: Message, key: str) -> list[Text]:
    found = []
    for line in answer.lines:
        line = line.values.get("line", line) if line.key == "action.line.theme" else line
        if line.key == key or line.key.startswith(f"{key}."):
            found.append(line)
    return found


def _who(line: Text, known: dict[int, int]) -> int | None:
    who = line.values.get("who")
    return known[who.id] if isinstance(who, Resident) and who.id else None


def _minuted(line: Text, known: dict[int, int]) -> tuple[str, Any, Any, int | None]:
    kind = {"note": "note", "decision": "decide", "action": "action", "free": "action"}[
        line.key.split(".")[2]
    ]
    number = line.values["action" if kind == "action" else "number"]
    return kind, number, line.values["words"], _who(line, known)


def _check_nobody(answer: Message) -> None:
    """Whoever was forgotten is a resident where it is read."""
    for line in answer.lines:
        who = line.values.get("who")
        if isinstance(who, Resident) and not who.id:
            assert SOMEBODY in words_of(message(line)), line


def _typed(start: datetime) -> str:
    local = start.astimezone(BRUSSELS)
    return f"{local.day} {MONTHS[local.month]} {local.year} {local:%Hu%M}"


TestAftermath = Aftermath.TestCase
TestAftermath.settings = settings(
    max_examples=4, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
AT_LENGTH = settings(TestAftermath.settings, max_examples=200, stateful_step_count=50)


def test_at_length() -> None:
    run_state_machine_as_test(Aftermath, settings=AT_LENGTH)


def test_at_length_on_postgres(postgres: PostgreSQL, tables: Made) -> None:
    class OnPostgres(Aftermath):
        pass

    OnPostgres.postgres = (lambda: tables.on(postgres), lambda url: tables.give_back(postgres, url))
    run_state_machine_as_test(OnPostgres, settings=settings(AT_LENGTH, max_examples=40))
