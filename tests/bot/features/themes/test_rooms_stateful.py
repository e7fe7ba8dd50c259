"""Whatever people say, whatever they do by hand and whatever goes wrong: what is kept and what stands agree.

In the end each theme has one room that is called as it is, closed where it is archived, with those in it who
take part and nobody who left; and nothing was said twice.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import AsyncExitStack, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.errors import NotNow, TryLater
from bot.features.themes.pull import AGREE
from bot.features.themes.records import THEMES, Involvement
from bot.model.message import Button, typed
from bot.model.people import Identity, Place
from bot.ports.storage import Transaction
from tests.bot.features.themes.test_rooms import OTHER, settle
from tests.doubles.platform import PLATFORM, Platform, Town, open_town

WHO = ("anna", "ben", "cas")
NAMES = ("Bos", "Licht", "Muziek", "Straat")
people, names = st.sampled_from(WHO), st.sampled_from(NAMES)
SOON, LATER = timedelta(minutes=2), timedelta(hours=3)


class Rooms(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()
        self.town: Town
        # Whom somebody put out by hand, and of which room, since they last said that they take part.
        self.put_out: set[tuple[str, str]] = set()
        # Who became one person with somebody, and was let into what the other takes part in by no word since.
        self.joined: set[str] = set()
        # What somebody called a room by hand.
        self.by_hand = {OTHER.room_id: "anders"}

    def run(self, coroutine: Any) -> Any:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        self.agree()
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()

    def say(self, who: str, words: str, room: str = "sport") -> str:
        said: str = self.run(self.town.say(who, words, room=room))
        assert "ging iets mis" not in said, said
        return said

    def read(self, work: Any) -> Any:
        return self.run(self.town.core.store.run(work))

    def wait(self, by: timedelta) -> None:
        self.town.clock.turn_to(self.town.clock.now() + by)
        self.run(self.town.core.run_due())

    def open(self, before: Town | None = None) -> None:
        town = open_town(f"sqlite:///{self.database}", moderators=("mia",), board_rest=0, before=before)
        self.town = self.run(self.stack.enter_async_context(town))

    @initialize()
    def start(self) -> None:
        self.database = Path(self.folder.name) / "0" / "plein.db"
        self.database.parent.mkdir()
        self.open()
        self.run(self.town.joined("sport", theme="sport"))
        self.run(self.town.core.joined(PLATFORM, OTHER, "anders", community=1, ours=True))
        for name in (*WHO, "mia"):
            self.say(name, "!help")
        self.read(settle)

    # --- what people say ---

    @rule(name=names)
    def propose(self, name: str) -> None:
        self.say("anna", f'!thema voorstel "{name}" Wat er leeft')
        self.say("mia", f"!thema steun {name}")

    @rule(who=people, name=names)
    def propose_alone(self, who: str, name: str) -> None:
        self.say(who, f'!thema voorstel "{name}" Wat er leeft')

    @rule(who=people, name=names, command=st.sampled_from(["thema steun", "theme unsupport"]))
    def support(self, who: str, name: str, command: str) -> None:
        """Or take that back."""
        self.say(who, f"!{command} {name}")

    @rule(who=people, name=names)
    def pull(self, who: str, name: str) -> None:
        """Of whoever asks for it Mia agrees with all."""
        self.say(who, f"!thema trek {name}")
        for number in self.read(_asked_to_pull):
            button = Button(typed("Ja"), AGREE, {"pull": number})
            self.run(self.town.core.handle(self.town.asked("mia", button=button)))

    @rule(who=people, name=names, way=st.sampled_from(["meedoen", "volg", "verlaat"]))
    def become(self, who: str, name: str, way: str) -> None:
        said = self.say(who, f"!thema {way} {name} --zeker")
        if "Je doet mee aan" in said:
            self.put_out = {(out, room) for out, room in self.put_out if out != who}
        if "mee aan" in said:
            self.joined -= {who}

    @rule(name=names, other=names)
    def rename(self, name: str, other: str) -> None:
        self.say("mia", f'!thema hernoem "{other}" {name}')

    @rule(name=names)
    def archive(self, name: str) -> None:
        self.say("mia", f"!thema archiveer {name} --zeker")

    @rule(name=names)
    def reopen(self, name: str) -> None:
        self.say("mia", f"!thema heropen {name}")

    @rule(name=names)
    def unbind(self, name: str) -> None:
        self.say("mia", f"!thema ontkoppel {name}")

    @rule(name=names)
    def make_anew(self, name: str) -> None:
        self.say("mia", f"!thema maak {name}")

    @rule(name=names)
    def bind(self, name: str) -> None:
        self.say("mia", f"!thema koppel {name}", room=OTHER.room_id)

    @rule(who=people)
    def forget(self, who: str) -> None:
        found = self.read(lambda tx: tx.people.by_identity(Identity(PLATFORM, who)))
        if found:
            self.run(self.town.core.forget(found.id))

    @rule(first=people, second=people)
    def link(self, first: str, second: str) -> None:
        """As `!koppel` would, once both said yes."""
        self.run(self.town.core.link([Identity(PLATFORM, who) for who in (first, second)]))
        self.joined |= {first, second}

    @rule(who=people)
    def unlink(self, who: str) -> None:
        def part(tx: Transaction) -> None:
            found = tx.people.by_identity(Identity(PLATFORM, who))
            if found and len(tx.people.known([found.id])[found.id].accounts) > 1:
                self.town.core.features.part(tx, found.id, [Identity(PLATFORM, who)])

        self.read(part)

    # --- what they do by hand, and what goes wrong ---

    def rooms(self) -> list[str]:
        """Of all themes."""

        def look(tx: Transaction) -> list[str]:
            states = [state for theme in tx.places.opened() for state in tx.wanted.of(theme)]
            return sorted(state.room for state in states if state.room)

        found: list[str] = self.read(look)
        return found

    @precondition(lambda self: self.rooms())
    @rule(data=st.data(), name=names)
    def rename_by_hand(self, data: st.DataObject, name: str) -> None:
        room = data.draw(st.sampled_from(self.rooms()))
        self.town.platform.names[room] = self.by_hand[room] = name
        self.run(self.town.core.joined(PLATFORM, Place(PLATFORM, room), name, ours=True))

    @precondition(lambda self: self.rooms())
    @rule(data=st.data())
    def delete_by_hand(self, data: st.DataObject) -> None:
        room = data.draw(st.sampled_from(self.rooms()))
        self.town.platform.removed.add(room)
        self.run(self.town.core.left(PLATFORM, Place(PLATFORM, room)))

    @precondition(lambda self: self.rooms())
    @rule(data=st.data(), out=st.booleans())
    def move_by_hand(self, data: st.DataObject, out: bool) -> None:
        """Out of its home, or back."""
        room = data.draw(st.sampled_from(self.rooms()))
        (self.town.platform.out.add if out else self.town.platform.out.discard)(room)
        self.run(self.town.core.look(Place(PLATFORM, room)))

    @precondition(lambda self: self.rooms())
    @rule(data=st.data())
    def upgrade_by_hand(self, data: st.DataObject) -> None:
        """It is replaced by another of that name, in which nobody is yet."""
        room, platform = data.draw(st.sampled_from(self.rooms())), self.town.platform
        new, name = f"{room}+", platform.names.get(room, _own_name(room))
        platform.names[new] = name
        if room in self.by_hand:
            self.by_hand[new] = self.by_hand[room]
        if room in platform.rules:
            platform.rules[new] = platform.rules[room]
        platform.removed.add(room)
        self.run(self.town.core.moved(PLATFORM, Place(PLATFORM, room), Place(PLATFORM, new)))

    @precondition(lambda self: self.town.platform.inside)
    @rule(data=st.data())
    def put_somebody_out(self, data: st.DataObject) -> None:
        who, room = data.draw(st.sampled_from(sorted(self.town.platform.inside)))
        self.town.platform.inside.discard((who, room))
        self.put_out.add((who, room))
        self.run(self.town.core.parted(Place(PLATFORM, room), [who]))

    @rule(
        what=st.sampled_from(["room", "roomed", "shape", "shaped", "admit", "admitted"]),
        about=st.sampled_from([*NAMES, *WHO]),
        trouble=st.sampled_from([ConnectionError("lost"), TryLater(5), NotNow()]),
    )
    def go_wrong(self, what: str, about: str, trouble: Exception) -> None:
        self.town.platform.trouble.setdefault(f"{what}:{about}", []).append(trouble)

    @rule()
    def start_anew(self) -> None:
        """Whatever is under way."""
        self.run(self.stack.aclose())
        self.open(self.town)

    @rule(after=st.integers(1, 8))
    def crash(self, after: int) -> None:
        """Plein ends in the midst of so many of the things that it does there: of these only what was kept by
        then is known when it starts anew.
        """
        left: list[tuple[Path, Platform]] = []
        things = itertools.count(1)

        def end(what: str) -> None:
            if next(things) == after:
                left.append((self.kept_by_now(), self.town.platform.copy()))

        self.town.platform.watch = end
        self.wait(SOON)
        self.town.platform.watch = lambda what: None
        if left:
            (self.database, platform), before = left[0], self.town
            self.run(self.stack.aclose())
            self.open(before.on(platform))

    def kept_by_now(self) -> Path:
        """A copy of what was committed, with its keys."""
        copied = self.database.parent.with_name(str(int(self.database.parent.name) + 1)) / self.database.name
        shutil.copytree(f"{self.database}-keys", f"{copied}-keys")
        with closing(sqlite3.connect(self.database)) as kept, closing(sqlite3.connect(copied)) as copy:
            kept.backup(copy)
        return copied

    @rule(by=st.sampled_from([SOON, LATER]))
    def later(self, by: timedelta) -> None:
        self.wait(by)

    # --- what is so in the end ---

    def agree(self) -> None:
        self.town.platform.trouble.clear()
        for _ in range(6):
            self.wait(LATER)

        def look(tx: Transaction) -> list[tuple[str, str, bool, dict[str, Involvement | None]]]:
            closed, found = tx.places.closed(), []
            for theme, name in tx.places.opened().items():
                are = {
                    who: tx.of(THEMES).of(resident.id).get(theme)
                    for who in WHO
                    if (resident := tx.people.by_identity(Identity(PLATFORM, who)))
                }
                for state in tx.wanted.of(theme):
                    if not state.gone and (state.room or theme not in closed):
                        assert state.room, (name, state)
                        assert Place(PLATFORM, state.room) in tx.places.of_theme(theme)
                        found.append((name, state.room, theme in closed, are))
            return found

        found, platform = self.read(look), self.town.platform
        assert len({room for _, room, _, _ in found}) == len(found)
        for name, room, closed, are in found:
            assert room not in platform.removed
            # What was there before, or was named by hand as none can be, keeps its name.
            named = platform.names.get(room, _own_name(room))
            assert named in (name, self.by_hand.get(room))
            assert (platform.rules.get(room, "everybody") == "nobody") is closed
            inside = {who for who, where in platform.inside if where == room}
            # Who only follows it by now stays in, who left it does not.
            assert inside <= {who for who, how in are.items() if how}, (name, inside, are)
            missing = {who for who, how in are.items() if (how or 0) > Involvement.FOLLOWS} - inside
            excused = self.joined | {who for who, where in self.put_out if where == room}
            assert closed or missing <= excused, (name, missing)
        said = Counter(shown.key for shown in platform.shown if shown.how in ("send", "whisper"))
        assert not [key for key, times in said.items() if times > 1 and not key.startswith("board:")]


def _asked_to_pull(tx: Transaction) -> list[int]:
    return [request.id for theme in tx.places.opened() for request in tx.of(THEMES).requests(theme)]


def _own_name(room: str) -> str:
    return room.rpartition("/")[2].partition(" ")[0]


Rooms.TestCase.settings = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestRooms = Rooms.TestCase
