"""What is known of each room: who made it, who may what, who is in it, what replaced it.

Kept from state events as they come. nio keeps such facts too, but takes the creator of a
version 12 room for nobody and never notices that it was put out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adapters.matrix.read import is_id, moment, redacted, server_of
from adapters.matrix.settings import PowerLevels
from bot.model.events import PutOut
from bot.model.people import Role
from bot.unseen import has_unseen

# What marks a direct room that Plein made, and for whom; found again after a crash.
MADE_FOR = "be.plein.direct"
# And a space that it made for a community, by that one's number.
MADE_FOR_COMMUNITY = "be.plein.community"
TOMBSTONE = "m.room.tombstone"
# In a room for two there are not many who can have left.
FEW = 5
DEFAULT_CREATOR_LEVEL, DEFAULT_STATE_LEVEL = 100, 50
# To take away what others said, or put people out, where a room does not say.
DEFAULT_NAMED_LEVEL = 50
# The highest level that an event may hold, and what nobody has: so much it takes where that cannot be read.
_HIGHEST = 2**53 - 1
_BEYOND = _HIGHEST + 1
_VERSION = re.compile(r"[0-9]{1,16}")
# Events that say who reads along, or may come in.
SAYS_WHO_READS = (
    *("m.room.member", "m.room.third_party_invite"),
    *("m.room.join_rules", "m.room.history_visibility"),
)
# Which history only those read who are in it, or came in later.
SHUT = ("shared", "invited", "joined")


@dataclass(slots=True)
class Room:
    """One room that Plein is in."""

    id: str
    name: str = ""
    alias: str = ""
    maker: str = ""
    creators: frozenset[str] = frozenset()
    version: str = "1"
    predecessor: str | None = None
    made_for: str | None = None
    made_for_community: int | None = None
    is_space: bool = False
    is_encrypted: bool = False
    members: dict[str, str] = field(default_factory=dict)
    # Some of those who were in it: in a room for two, whoever is not there any more.
    left: set[str] = field(default_factory=set)
    # Those that were in it and are asked in again, of whom nothing told that they left.
    went: set[str] = field(default_factory=set)
    # Our own homeserver, whose clock is believed.
    home: str = ""
    # When each of them came in; whoever's server is another one: when we saw it happen.
    came: dict[str, datetime] = field(default_factory=dict)
    # Of whom that is still to be kept: it changed, or the room's state does not say it any more.
    newcomers: set[str] = field(default_factory=set)
    # Those whose newest event of membership may be but another name or picture, and since when they are there
    # where it is not.
    unsure: dict[str, datetime] = field(default_factory=dict)
    # How people come in, and who can read along; where nothing is said, what the specification takes.
    join_rule: str = "invite"
    history: str = "shared"
    # Invitations to a mail address, which somebody may yet take up.
    mailed: set[str] = field(default_factory=set)
    _levels: Mapping[str, Any] | None = None
    # Who said that it was replaced, by which room, and in which event.
    _tombstone: tuple[str, str, str] | None = None

    def apply(
        self, event: Mapping[str, Any], seen_at: datetime | None = None, *, after_gap: bool = False
    ) -> None:
        """Take note of a state event; anything else and anything malformed is passed over.

        `seen_at`: it has happened just now. `after_gap`: what was before it may have been left out.
        """
        kind, key, content = event.get("type"), event.get("state_key"), event.get("content")
        if not isinstance(key, str) or not isinstance(content, dict):
            return
        if kind == "m.room.member":
            membership = content.get("membership")
            if membership not in ("join", "invite", "knock"):
                # Whoever is not there any more is forgotten, however many come and go.
                self._forget(key)
                if len(self.left) < FEW:
                    self.left.add(key)
            elif isinstance(membership, str):
                if membership != "join" and self.members.get(key) == "join":
                    self._forget(key)
                    self.went.add(key)
                if membership == "join":
                    self._is_in(key, event, seen_at, after_gap=after_gap)
                self.members[key] = membership
                self.left.discard(key)
        elif kind == "m.room.third_party_invite":
            (self.mailed.add if content else self.mailed.discard)(key)
        elif key == "":
            self._apply_own(kind, content, event)

    def _forget(self, user: str) -> None:
        self.members.pop(user, None)
        self.unsure.pop(user, None)
        if self.came.pop(user, None):
            self.newcomers.add(user)

    def _is_in(
        self, user: str, event: Mapping[str, Any], seen_at: datetime | None, *, after_gap: bool
    ) -> None:
        """Somebody came; or has a new name or picture, which comes as another event of the same kind."""
        is_far, at = self.is_far(user), moment(event.get("origin_server_ts"))
        came = seen_at if seen_at and is_far else at
        if self.members.get(user) == "join":
            if user in self.came:
                self.newcomers.add(user)
                if after_gap and came:
                    self.unsure[user] = came
        elif came and at:
            self.came[user] = came
            if is_far:
                self.newcomers.add(user)
            elif may_be_renamed(event):
                self.unsure[user] = came

    def _apply_own(self, kind: object, content: dict[str, Any], event: Mapping[str, Any]) -> None:
        match kind:
            case "m.room.create":
                self._created(content, event)
            case "m.room.power_levels":
                self._levels = content
            case "m.room.name":
                self.name = _words(content.get("name"))
            case "m.room.canonical_alias":
                self.alias = _words(content.get("alias"))
            case "m.room.encryption":
                self.is_encrypted = True
            case "m.room.join_rules":
                self.join_rule = _words(content.get("join_rule"))
            case "m.room.history_visibility":
                self.history = _words(content.get("history_visibility"))
            case kind if kind == TOMBSTONE:
                new = _room(content.get("replacement_room"))
                by, event_id = _words(event.get("sender")), _words(event.get("event_id"))
                self._tombstone = (by, new, event_id) if new else None

    def _created(self, content: dict[str, Any], event: Mapping[str, Any]) -> None:
        self.version = _words(content.get("room_version")) or "1"
        more = content.get("additional_creators") if self._creators_are_above_all() else ()
        self.maker = _words(event.get("sender"))
        creators = [self.maker, *(more if isinstance(more, list) else ())]
        self.creators = frozenset(creator for creator in creators if isinstance(creator, str))
        before = content.get("predecessor")
        self.predecessor = _room(before.get("room_id")) or None if isinstance(before, dict) else None
        self.made_for = _words(content.get(MADE_FOR)) or None
        self.made_for_community = _number(content.get(MADE_FOR_COMMUNITY)) or None
        self.is_space = content.get("type") == "m.space"

    def _creators_are_above_all(self) -> bool:
        """From version 12 on creators have a power that no event can name or take away."""
        return has_creators_above_all(self.version)

    def made_by(self, me: str) -> int | None:
        """For which community we made it, as a space; that somebody else wrote so in theirs says nothing."""
        return self.made_for_community if self.is_space and self.maker == me else None

    @property
    def replacement(self) -> str | None:
        """The room that took its place, where whoever says so may say that."""
        if self._tombstone is None:
            return None
        sender, new, _ = self._tombstone
        return new if self.level_of(sender) >= self.needed_to_change(TOMBSTONE) else None

    def may_lead_on_no_more(self, events: Iterable[Mapping[str, Any]], *, more: bool) -> bool:
        """Whether what says that it was replaced may have been taken away by one of these events; `more`:
        there were others, which are not told.
        """
        return self._tombstone is not None and (more or self._tombstone[2] in redacted(events))

    def needed_to_change(self, kind: str) -> int:
        """The power level that it takes to change that part of its state."""
        return int(self._needed_to_change(kind))

    def _needed_to_change(self, kind: str, unread: float = _BEYOND) -> float:
        return self._needed(kind, "state_default", DEFAULT_STATE_LEVEL, unread)

    def _needed(self, kind: str, default: str, otherwise: int, unread: float) -> float:
        """What an event of that kind takes, where its content says so or by that default."""
        levels = self._levels or {}
        events = levels.get("events", {})
        if not isinstance(events, dict):
            return unread
        named = events.get(kind)
        return _level(named if named is not None else levels.get(default, otherwise), unread)

    def _named(self, action: str, unread: float = _BEYOND) -> float:
        """What that takes which is no event, as redact or kick."""
        level = (self._levels or {}).get(action)
        return _level(level if level is not None else DEFAULT_NAMED_LEVEL, unread)

    def who_may_change(self, *kinds: str) -> frozenset[str] | None:
        """Who has the power for any of these parts of its state, or to take away what stands there or put
        people out; None: everybody, as far as is known.

        Whatever cannot be read may give anybody any power.
        """
        users = (self._levels or {}).get("users", {})
        if not (isinstance(users, dict) and _VERSION.fullmatch(self.version)):
            return None
        changes = (self._needed_to_change(kind, -math.inf) for kind in kinds)
        needed = min(*changes, *(self._named(action, -math.inf) for action in ("redact", "kick", "ban")))
        if self.level_of("", math.inf) >= needed:
            return None
        return frozenset(user for user in {*self.creators, *users} if self.level_of(user, math.inf) >= needed)

    def named_with(self, needed: int) -> frozenset[str]:
        """Who is named as having that power; nobody where everybody has it."""
        if self.level_of("") >= needed:
            return frozenset()
        users = (self._levels or {}).get("users")
        named = {*self.creators, *(users if isinstance(users, dict) else ())}
        return frozenset(user for user in named if self.level_of(user) >= needed)

    def level_of(self, user: str, unread: float = 0) -> float:
        """The power level of somebody here; `unread` where nobody could say."""
        if user in self.creators and self._creators_are_above_all():
            return math.inf
        if self._levels is None:
            return DEFAULT_CREATOR_LEVEL if user in self.creators else 0
        users = self._levels.get("users")
        named = users.get(user) if isinstance(users, dict) else None
        level = named if named is not None else self._levels.get("users_default")
        return _level(level, unread) if level is not None else 0

    def role_of(self, user: str, needed: PowerLevels) -> Role:
        level = self.level_of(user)
        if level >= needed.moderator:
            return Role.MODERATOR
        return Role.ORGANISER if level >= needed.organiser else Role.RESIDENT

    def may_write(self, user: str) -> bool:
        """Whether somebody may say things here."""
        return self.level_of(user) >= self.needed_to_write

    @property
    def needed_to_write(self) -> int:
        """The power level that it takes to say things."""
        return max(map(self.needed_to_send, self._said_as))

    def needed_to_send(self, kind: str) -> int:
        """The power level that it takes to send an event of that kind."""
        return int(self._needed(kind, "events_default", 0, _BEYOND))

    def needed_to(self, action: str) -> int:
        """The power level that it takes to ask people in or put them out: `invite`, `kick` or `ban`."""
        says = (self._levels or {}).get(action) is not None
        return int(self._named(action)) if says or action != "invite" else 0

    @property
    def needed_to_redact(self) -> int:
        """The power level that it takes to take away what others said."""
        return int(self._named("redact"))

    @property
    def _said_as(self) -> tuple[str, ...]:
        """The kinds of events that a message is here."""
        return ("m.room.message", "m.room.encrypted") if self.is_encrypted else ("m.room.message",)

    def since(self, user: str) -> datetime | None:
        """When somebody who is in it came in; while that is in doubt, no earlier than is sure."""
        return self.unsure.get(user) or self.came.get(user) if self.members.get(user) == "join" else None

    def is_far(self, user: str) -> bool:
        """Whether another server says what they do, and when."""
        return server_of(user) != self.home

    def has(self, user: str) -> bool:
        """Whether somebody is in it, or could be by saying yes."""
        return self.members.get(user) in ("join", "invite")

    def gone_of(self, events: Iterable[Mapping[str, Any]]) -> list[str]:
        """Whoever left by one of these events, or was put out, and is not back; asked in, nobody left."""
        gone, self.went = self.went, set()
        for event in events:
            content, user = event.get("content"), event.get("state_key")
            says = content.get("membership") if isinstance(content, dict) else None
            is_gone = event.get("type") == "m.room.member" and says not in ("join", "invite", "knock")
            if is_gone and isinstance(user, str):
                gone.add(user)
        return sorted(user for user in gone if self.members.get(user) != "join" and not has_unseen(user))

    @property
    def is_for_two(self) -> bool:
        """Whether nobody but Plein and one other is in it, or asked in."""
        return sum(self.has(user) for user in self.members) <= 2

    @property
    def is_shut(self) -> bool:
        """Whether people come in by invitation alone, guests too, and nobody outside can read along."""
        return self.join_rule == "invite" and self.history in SHUT and not self.mailed

    @property
    def is_for_two_alone(self) -> bool:
        """Whether what is said here now stays between Plein and one other."""
        return self.is_shut and self.is_for_two

    def is_private(self, *people: str) -> bool:
        """Whether what is said here now stays between these."""
        return self.is_shut and all(user in people for user in self.members if self.has(user))


def has_creators_above_all(version: str) -> bool:
    """Whether in rooms of that version whoever made one has a power that no event names."""
    return _VERSION.fullmatch(version) is not None and int(version) >= 12


def shown_level(level: float) -> int:
    """A power level as a number, also that of whoever is above all."""
    return int(min(level, _HIGHEST))


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""


def _room(value: object) -> str:
    """A room's id; whoever leads it may say anything."""
    return value if is_id(value, "!") else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _level(value: object, unread: float) -> float:
    """As a homeserver reads it: in old rooms levels may be fractions, or text."""
    if not isinstance(value, int | float | str):
        return unread
    try:
        return max(-_HIGHEST, min(int(value), _HIGHEST))
    except (ValueError, OverflowError):
        return unread


def may_be_renamed(event: Mapping[str, Any]) -> bool:
    """Whether whom this event of membership is about may have been in the room before it: of a room's
    state homeservers often do not say what stood there.
    """
    unsigned = event.get("unsigned")
    is_untold = isinstance(unsigned, dict) and "replaces_state" in unsigned and "prev_content" not in unsigned
    return is_untold or was_in(event)


def who_came(events: Iterable[Mapping[str, Any]]) -> Sequence[str]:
    """Who was not in the room and is, by these events of its timeline."""
    found: dict[str, bool] = {}
    for event in events:
        if event.get("type") == "m.room.member":
            content = event.get("content")
            joins = isinstance(content, dict) and content.get("membership") == "join"
            user = str(event.get("state_key"))
            if not joins:
                found.pop(user, None)
            elif not may_be_renamed(event):
                found[user] = True
    return list(found)


def put_out_by(events: Iterable[Mapping[str, Any]]) -> Sequence[PutOut]:
    """Whom somebody else put out by one of these events, also where they came back since; by each who did,
    the last time. A ban that ends puts nobody out.
    """
    found = dict[tuple[str, str], PutOut]()
    for event in events:
        user, by, content = event.get("state_key"), event.get("sender"), event.get("content")
        membership = content.get("membership") if isinstance(content, dict) else None
        if event.get("type") != "m.room.member" or membership not in ("leave", "ban"):
            continue
        if isinstance(user, str) and by != user and not has_unseen(user) and _before(event) != "ban":
            found[user, str(by)] = PutOut(user, str(by), str(event.get("event_id")))
    return list(found.values())


def banned_by(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The events by which somebody banned another."""
    for event in events:
        user, content = event.get("state_key"), event.get("content")
        if event.get("type") != "m.room.member" or not isinstance(user, str) or has_unseen(user):
            continue
        if isinstance(content, dict) and content.get("membership") == "ban" and _before(event) != "ban":
            yield event


def was_in(event: Mapping[str, Any]) -> bool:
    """Whether whom this event of membership is about was in the room before it."""
    return _before(event) == "join"


def _before(event: Mapping[str, Any]) -> object:
    """The membership before that event, where it says so."""
    unsigned = event.get("unsigned")
    before = unsigned.get("prev_content") if isinstance(unsigned, dict) else None
    return before.get("membership") if isinstance(before, dict) else None
