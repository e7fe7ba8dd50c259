"""What a handler gets: who asks, where, when, and the means to answer for it.

Handlers are plain functions inside one transaction. They cannot await, so no platform can be
talked to from within; what is to be said elsewhere or later is written down here and said
after the commit.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot import when
from bot.clock import latest_end
from bot.communities import of_community, own_themes
from bot.errors import AskFirst, TryLater, Unsure, UserError
from bot.model.events import Lack, Mention, Remark, Removal, Undo
from bot.model.homes import KEPT, Home, Housing, Option, RoomSeen, WantedRoom, homes_in
from bot.model.message import Message, Text, text, typed
from bot.model.message import message as message_of
from bot.model.people import (
    Identity,
    Part,
    Place,
    Presences,
    Resident,
    Role,
    Theme,
    holds,
    joined,
    part_now,
)
from bot.model.work import AWAY_AFTER, BESIDE, SECRET, Delivery, Job, key_in
from bot.ports.accounts import Unheard
from bot.ports.belongings import Belongings
from bot.ports.storage import Transaction
from bot.themes import is_called, keep, kept
from bot.zones import zone_or

if TYPE_CHECKING:
    from bot.commands.catalogue import Commands
    from bot.platforms import Inquiry
    from bot.settings import Settings


# So many themes are named to whoever asks for another one.
MOST_NAMED = 20
# And so many offered, where several are called so.
MOST_OFFERED = 9
# Nobody in particular; whoever was forgotten just now is nobody.
NOBODY = Resident(0, "")
# After so many seconds a platform that does not say where somebody is is asked again.
ASKED_AGAIN = 10.0
# An account that heard all but what was said so lately is in touch with its platform.
IN_TOUCH = timedelta(minutes=1)
# Of so many bytes is the mark by which a room that Plein made is found.
MARK_BYTES = 6
# So long a platform has to say whether somebody may still say what was planned.
SAYS_WITHIN = timedelta(hours=1)
# So much later the next is said of what one person has said to everybody at a moment.
APART, SAID_ALOUD = timedelta(seconds=3), "said aloud"
# What is nobody's has so many moments for that, one after the other.
SLOTS = 40
# So long what closes waits for what was read and not dealt with yet, and for a platform that is away.
READ_IS_DEALT_WITH, AWAY_FOR = timedelta(minutes=1), timedelta(hours=1)
# What was said so long ago may have been overtaken.
WAITED = timedelta(seconds=10)


@dataclass(kw_only=True)
class Call:
    """One use of a command, or one job that is due (then nobody asks: resident 0).

    `id` names what is being done: the same when it is brought or tried a second time.
    """

    tx: Transaction
    id: str
    now: datetime
    # What the configuration says of the community; what it is now is in `settings`.
    configured: Settings
    # Whether that is known to hold still.
    is_as_configured: bool = False
    catalogue: Commands
    belongings: Belongings
    # Who asks, and where.
    resident: Resident
    role_here: Role
    identity: Identity | None = None
    # What their platform calls them, as it says it.
    platform_name: str = ""
    # And by what it tells their account from every other, as people there write it.
    handle: str = ""
    place: Place | None = None
    # Which language they want, and which was chosen for the place; None: the community's.
    wanted: str | None = None
    place_wanted: str | None = None
    theme_here: Theme | None = None
    since_here: datetime | None = None
    # Which of Plein's accounts heard them.
    account: str = ""
    # Their part in other themes, as their platform says now where it was asked; None: it cannot be asked.
    told: Mapping[int, Part | None] | None = None
    at: datetime | None = None
    public: bool = False
    # Whether they may say things here themselves.
    writes_here: bool = True
    mentions: Sequence[Mention] = ()
    # The message of somebody's that it is about, where a sign was put on one, or one was chosen or answered.
    about: Remark | None = None
    # What takes away what was said, where it is a message that others see.
    removal: Removal | None = None
    # What asks the platforms beside the transaction, where somebody uses a command.
    inquiry: Inquiry | None = None
    # In private: the communities that they are in, by name; and whether they choose this one by what they do.
    mine: Mapping[int, str] = field(default_factory=dict)
    turned: bool = False
    # In a job: where their platforms say that accounts are, by account and theme, as was asked for it.
    present: Mapping[tuple[Identity, int], tuple[Sequence[Place], Presences]] = field(default_factory=dict)
    # Since when each account at work is dealing with something that is in no inbox.
    under_way: Callable[[], Mapping[str, Mapping[Place | None, datetime]]] = dict
    # Since when Plein has been at work where it is to be; None: not since it started.
    on_platforms: Mapping[str, datetime | None] = field(default_factory=dict)
    # Its own number in the inbox.
    arrival: int = 0
    # Whether what was granted to their other accounts does not count for this one yet.
    apart: bool = False
    # The arguments as they were given, for the right way to say the same.
    given: Mapping[str, Any] = field(default_factory=dict)
    # The path of the command, which is still being typed while something is suggested for it.
    command: str = ""
    undone_by: Undo | None = field(default=None, init=False)
    # What was done shows where it was said: whom a word alone would reach late needs no more than a sign.
    in_sight: bool = field(default=False, init=False)
    # It has to do with another theme than the one it was said in: nobody else there need know of that.
    elsewhere: bool = field(default=False, init=False)
    # The answer is kept sealed, and only for as long as that is needed, as a command's that is confidential.
    sealed: bool = field(default=False, init=False)
    # What this is about, where nothing that can be counted is to be kept of it.
    secret: str = field(default="", init=False)

    @cached_property
    def settings(self) -> Settings:
        """What holds in the community now: what was set in the chat, and else what the configuration says."""
        if self.is_as_configured:
            return self.configured
        return self.configured.changed(self.tx.communities.settings())

    @cached_property
    def locale(self) -> str:
        """The language to speak with whoever asks."""
        return self._nearest(self.wanted)

    @cached_property
    def place_locale(self) -> str:
        """In which language Plein speaks with everybody there."""
        return self._nearest(self.place_wanted)

    def _nearest(self, wanted: str | None) -> str:
        texts = self.catalogue.texts
        known = texts.nearest(wanted, "")
        return known or self.settings.locale

    @cached_property
    def commands(self) -> Commands:
        """The commands, whose moments are written as the clocks of whoever asks say."""
        return self.catalogue.in_zone(self.own_zone)

    @property
    def said_at(self) -> datetime:
        """When it was said, which is earlier than now if Plein was away."""
        return self.at or self.now

    @property
    def waited(self) -> bool:
        """Whether it was said a while ago: they may have said something else since, to another account of
        Plein's. Clocks of two platforms differ by a little; what comes at once is in order.
        """
        return self.now - self.said_at >= WAITED

    def is_overtaken(self, last: datetime | None) -> bool:
        """Whether what they said at that moment is newer than this, which waited.

        What was said while the clocks were ahead is older than it says, and nobody knows by how much.
        """
        return last is not None and self.said_at < last <= latest_end(self.now, timedelta()) and self.waited

    @property
    def zone(self) -> ZoneInfo:
        """The community's, by whose clocks all is said that others read."""
        return self.settings.zone

    @property
    def own_zone(self) -> ZoneInfo:
        """The zone of whoever asks, by whose clocks they type moments: the community's until they say
        otherwise.
        """
        return zone_or(self.resident.zone, self.zone)

    def read_moment(self, words: str, *, whole_days: bool = False) -> when.Reading:
        """A moment in people's own words, or with `whole_days` a day, seen from when they said it.

        Raises: UserError.
        """
        return when.read(words, self.said_at, self.own_zone, self.locale, whole_days=whole_days)

    def theme(self, *named: str | None) -> Theme:
        """The theme of the place it was said in; given what the command's own `--theme` says, that one.

        Raises: UserError where there is none, with advice that this command can follow.
        """
        for name in named:
            if name is not None:
                return self._theme_named(name)
        if self.theme_here is None:
            raise UserError("place.private" if named else "place.needed")
        return self.theme_here

    def themes(self, among: Collection[int] | None = None) -> Sequence[Theme]:
        """Those of these themes (None: of all) that they take part in; a moderator of the community has to do
        with all of them.
        """
        if self.resident.role < Role.MODERATOR:
            among = self.themes_among(self.tx.places.inhabited() if among is None else among)
        return self.tx.places.themes(among)

    def _theme_named(self, name: str) -> Theme:
        number = kept(name)
        if number is not None:
            for theme in self.themes([number]):
                return theme
            raise UserError("theme.over")
        among = self.themes(self.tx.places.perhaps_called(name))
        if found := [theme for theme in among if is_called(theme, name)]:
            return self.one_of(found)
        known = self.themes()
        if not known:
            raise UserError("theme.none", theme=name[:40])
        names = tuple(typed(theme.name) for theme in known[:MOST_NAMED])
        raise UserError("theme.unknown", theme=name[:40], known=names)

    def as_typed(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """The same arguments as people type them, for what they are told to type: a theme by its name."""
        number = kept(str(given.get("theme")))
        if number is None:
            return given
        found = self.themes([number])
        others = {name: value for name, value in given.items() if name != "theme"}
        return {**others, "theme": found[0].name} if found else others

    def one_of(self, themes: Sequence[Theme], argument: str = "theme") -> Theme:
        """Of those that are called alike the only one, or this place's: anybody can call a room of theirs as
        another's. Raises: Unsure.
        """
        here = self.theme_here
        found = {theme.id: theme for theme in themes}
        if here and here.id in found:
            return found[here.id]
        if len(found) == 1:
            return next(iter(found.values()))
        offered = list(found.values())[:MOST_OFFERED]
        choices = [(self._told_apart(theme), {argument: keep(theme)}) for theme in offered]
        raise Unsure(text("theme.which"), choices)

    def _told_apart(self, theme: Theme) -> Text:
        """What it is called, and where it is."""
        if theme.alone:
            return typed(theme.name)
        called = [
            self.tx.places.called(place) or place.room_id for place in self.tx.places.of_theme(theme.id)
        ]
        return text("theme.alike", theme=theme.name, places=tuple(typed(name) for name in called))

    # --- who they are there ---

    def may(self, role: Role, theme: int | None = None) -> bool:
        """Whether they have that role: from the community, or in that theme's own places, now.

        Anybody can make a room and be its master; that says nothing about other themes.
        """
        if self.resident.role >= role:
            return True
        if theme is None or self._is_here(theme):
            return self.role_here >= role
        part = self.part_in(theme)
        return part is not None and part.role >= role

    @property
    def moderates(self) -> bool:
        """Whether they are a moderator of the community: by its configuration, or of a place of its own, not
        of one that anybody made.
        """
        if self.resident.role >= Role.MODERATOR:
            return True
        theme = self.theme_here
        return theme is not None and self.role_here >= Role.MODERATOR and self.tx.places.is_ours(theme.id)

    def takes_part(self, theme: int) -> bool:
        """Whether a theme is their business: from its own places it is everybody's."""
        self.elsewhere |= not self._is_here(theme)
        everywhere = self.resident.role >= Role.MODERATOR
        return everywhere or self._is_here(theme) or self.part_in(theme) is not None

    def belongs(self) -> bool:
        """Whether they are of the community: now in one of its own places; in any where none such are named.

        Whoever may invite Plein into a room of their own is of the community by that as little as anybody.
        """
        if self.resident.role >= Role.MODERATOR:
            return True
        here = self.theme_here
        if here and self.is_own(here.id):
            return True
        # Where they were last is asked first: most are there still, and then nothing else is.
        own = self.own_themes()
        known = sorted(self.tx.people.parts(self.resident.id), key=lambda found: found[2].said_at)
        last = [theme for _, theme, _ in known if theme in own][-1:]
        return bool(self.themes_among(last) or self.themes_among(own))

    def is_own(self, theme: int) -> bool:
        """Whether a theme in which somebody is now is the community's own."""
        return not self.configured.names_places or self.tx.places.is_ours(theme)

    def own_themes(self) -> Collection[int]:
        """Those that are the community's own: who is in one of them is of it."""
        return own_themes(self.tx, self.configured)

    def check_belongs(self) -> None:
        """Raises: UserError where they are not of the community, with what to do."""
        if not self.belongs():
            raise UserError("community.enter", name=self.settings.name)

    def part_in(self, theme: int) -> Part | None:
        """Their part in a theme, as the platform of the account that speaks says now.

        For their other accounts it is what was said last, as long as that holds.
        """
        others = self.tx.people.parts(self.resident.id, theme)
        fresh = (self._as_lent(part) for account, _, part in others if self._counts(account, part))
        own = self._own_part(theme)
        return joined([own, *fresh] if own else fresh)

    def part_of(self, resident: int, theme: int) -> Part | None:
        """In a job: the part in a theme of somebody who does not speak, as their platforms say now.

        Who moderates the community has one everywhere.
        Raises: TryLater while a platform does not say.
        """
        parts, silent = self._said_of(self._asked_about([resident], [theme]), theme)
        if silent and not any(part.writes for part in parts):
            raise TryLater(ASKED_AGAIN)
        return joined(parts)

    def themes_of(self, resident: int, themes: Collection[int]) -> Collection[int]:
        """In a job or a file: those of these themes in which somebody who does not speak takes part now.

        Of a platform that does not say what it said last counts, as long as that holds.
        """
        accounts = self._asked_about([resident], themes)
        return [theme for theme in themes if self._said_of(accounts, theme)[0]]

    def speaks_for(
        self,
        who: Collection[int],
        theme: int,
        due: datetime,
        role: Role = Role.RESIDENT,
        *,
        key: str = "",
        instead: Message | None = None,
        theirs: Message | None = None,
        waits: bool = True,
    ) -> bool:
        """In a job that was due then: whether the words of these may be put in a theme now, by what each may
        say there themselves and their role. A job has nobody's words said in a theme but by this.

        Where they may not, who moderates there is told `instead` under that key, and whoever of them is there
        still `theirs`. So long their platforms have to say so; then it is as if they might not, and so it is
        at once where it is not worth it that anything `waits`.

        Raises: AskFirst, and TryLater while a platform does not say.
        """
        self._asked_about(who, [theme])
        silent = [each for each in who if not self._may_still_say(each, theme, due, role, waits)]
        if not silent:
            return True
        if instead:
            self.tell_moderators(theme, instead, key, but=silent[0])
        if theirs:
            for resident in silent:
                self.tell(resident, theirs, f"{key}:yours", theme=theme)
        return False

    def _may_still_say(self, resident: int, theme: int, due: datetime, role: Role, waits: bool) -> bool:
        if self.belongings.muted_until(self.tx, theme, None, resident, self.now):
            return False
        try:
            part = self.part_of(resident, theme)
        except TryLater:
            if waits and self.now < self.could_say_since(resident, due) + SAYS_WITHIN:
                raise
            return False
        if part is None or not part.writes:
            return False
        # What the community made them they are in each of its themes where they are.
        accounts = self._asked_about([resident], [theme])
        return max([part.role, *map(self._role_of, accounts)]) >= role

    def _asked_about(self, residents: Collection[int], themes: Collection[int]) -> Sequence[Identity]:
        """Their accounts. Raises: AskFirst, where it is not known what their platforms say of these."""
        known = self.tx.people.known(set(residents))
        accounts = [
            account for resident in residents if resident in known for account in known[resident].accounts
        ]
        if unasked := {
            theme for theme in themes for account in accounts if (account, theme) not in self.present
        }:
            raise AskFirst(unasked, accounts=accounts)
        return accounts

    def _said_of(self, accounts: Sequence[Identity], theme: int) -> tuple[Sequence[Part], bool]:
        """Their parts in a theme, as their platforms say now; and whether one does not say."""
        parts, silent = [], False
        for account in accounts:
            places, found = self.present[account, theme]
            said = part_now(places, found, self.tx.people.part_of(account, theme), self.now)
            parts += [said] if said else []
            silent |= said is None and any(place not in found for place in places)
        if any(self._role_of(account) >= Role.MODERATOR for account in accounts):
            parts.append(Part(Role.MODERATOR, self.now, self.now, writes=not parts))
        return parts, silent

    def take_turn(self, who: int, key: str) -> None:
        """In a job that says something of somebody's to everybody: of all that is theirs and due at a moment
        one is said after the other, and what others say comes between. The same key is the same turn.

        Raises: TryLater while it is not theirs.
        """
        if who not in self.tx.people.known({who}):
            return
        if self.tx.uses.count(who, SAID_ALOUD, self.now):
            raise TryLater(APART.total_seconds())
        self.tx.uses.add(who, SAID_ALOUD, self.now + APART, key)

    def take_slot(self, number: int, due: datetime) -> None:
        """The same of what is nobody's any more, and was to be said then: by its number one is said after the
        other. Raises: TryLater while it is not its turn.
        """
        left = due + number % SLOTS * APART - self.now
        if left > timedelta():
            raise TryLater(left.total_seconds())

    def could_say_since(self, resident: int, due: datetime) -> datetime:
        """Since when the platforms of somebody could say where they are, of which a job asks that was due
        then: not before Plein was at work there.
        """
        known = self.tx.people.known({resident}).get(resident)
        platforms = {account.platform for account in known.accounts} if known else set()
        came = [self.on_platforms[platform] or self.now for platform in platforms & self.on_platforms.keys()]
        return max([due, *came])

    def _role_of(self, account: Identity) -> Role:
        """What the community made of somebody."""
        resident = self.tx.people.by_identity(account)
        return resident.role if resident else Role.RESIDENT

    def themes_among(self, themes: Collection[int]) -> Collection[int]:
        """Those of these themes in which they take part."""
        self.elsewhere |= not all(map(self._is_here, themes))
        if self.told is not None and (unknown := {theme for theme in themes if not self._is_told(theme)}):
            raise AskFirst(unknown)
        parts = self.tx.people.parts(self.resident.id)
        others = {theme for account, theme, part in parts if self._counts(account, part)}
        own = {theme: part for account, theme, part in parts if account == self.identity}
        return [theme for theme in themes if theme in others or self._own_part(theme, own)]

    def is_theirs(self, theme: int | None, among: Callable[[], Collection[int]]) -> bool:
        """Whether what they mean by a number is of a theme where they take part; None: there is none.

        Of what is elsewhere, what nobody else reads and what there is not their platform is asked the same,
        about all themes among which it could be: what it is asked, and how long that takes, would tell which
        it is.
        """
        if self.resident.role >= Role.MODERATOR:
            return theme is not None
        if theme is None or not self._is_here(theme):
            self.themes_among(among())
        return theme is not None and self.takes_part(theme)

    def _is_here(self, theme: int) -> bool:
        return self.theme_here is not None and self.theme_here.id == theme

    def _is_told(self, theme: int) -> bool:
        return self._is_here(theme) or theme in (self.told or ())

    def _counts(self, account: Identity, part: Part) -> bool:
        """Whether that is said of another account of theirs, and holds still."""
        return account != self.identity and holds(part.said_at, self.now)

    def _as_lent(self, part: Part) -> Part:
        """What another account of theirs is there, as it counts for the one that speaks."""
        return replace(part, role=Role.RESIDENT) if self.apart else part

    def _own_part(self, theme: int, kept: Mapping[int, Part] | None = None) -> Part | None:
        """The part of the account that speaks; `kept` is what is kept of it, where that was asked already."""
        if self._is_here(theme):
            return Part(self.role_here, self.since_here or self.now, self.now, self.writes_here)
        if self.told is not None:
            if theme not in self.told:
                raise AskFirst((theme,))
            return self.told[theme]
        if self.identity is None:
            return None
        if kept is None:
            said = self.tx.people.part_of(self.identity, theme)
        else:
            said = self.tx.people.part_now(self.identity, theme, kept.get(theme))
        return said if said and holds(said.said_at, self.now) else None

    # --- saying, showing, remembering ---

    def take_away(self, before: Callable[[], None]) -> bool:
        """What they said here is taken away, so that others read it no more; whether Plein may do that.

        A platform takes its time: what `before` does is kept however long that is.
        """
        if self.removal is not None and self.removal.done is None:
            raise AskFirst(first=self.removal.try_it, before=before)
        before()
        return self.removal is not None and bool(self.removal.done)

    def inspect(self) -> Sequence[Lack]:
        """What Plein lacks where this community is, on every platform."""
        return self.inquiry.inspect(self._community) if self.inquiry else ()

    # --- where its themes get their channels or rooms ---

    @property
    def homes(self) -> Mapping[str, Home]:
        """Those that were chosen for this community, by platform."""
        return homes_in(self.tx.communities.settings())

    def housings(self) -> Sequence[Housing]:
        """What can be chosen for a home, on each platform where this community is."""
        return self.inquiry.housings(self._community) if self.inquiry else ()

    def make_home(self, option: Option, name: str, people: Sequence[Identity]) -> Home:
        """Have it made by that name, for these people to look after, where it is not there already.

        Raises: UserError where that cannot be.
        """
        assert self.inquiry
        return self.inquiry.make_home(self._community, option, name, people)

    @property
    def _community(self) -> int:
        assert self.tx.community
        return self.tx.community

    def settle_in(self, home: Home) -> None:
        """Themes get their channels or rooms there from now on."""
        if self.homes.get(home.platform) == home:
            return
        self.tx.communities.change(f"{KEPT}{home.platform}", home.kept(), self.resident.id, self.now)
        self.tx.wanted.retry(home.platform, self.now)

    def want_rooms(self, theme: Theme, topic: str, on: Collection[str] | None = None) -> None:
        """That theme is to have a channel or room in each home of this community, or on these platforms."""
        for platform in self.homes if on is None else on:
            room = WantedRoom(theme.id, platform, theme.name, topic, secrets.token_hex(MARK_BYTES))
            self.tx.wanted.want(room, self.now)

    def obstacles_to_making(self, on: Collection[str] | None = None) -> Mapping[str, Text]:
        """What keeps channels or rooms of themes from being made just now in the homes of this community, or
        on these platforms, by platform; nothing where a platform does not say.
        """
        homes = [home for platform, home in self.homes.items() if on is None or platform in on]
        return self.inquiry.obstacles_to_making(self._community, homes) if self.inquiry else {}

    def obstacles_to_entering(self, theme: int) -> Mapping[str, Text]:
        """What keeps whoever asks out of that theme's channels and rooms just now, by platform, though their
        accounts are to be in.
        """
        rooms = {state.platform: state.room for state in self.tx.wanted.of(theme) if state.room}
        accounts = self.tx.people.accounts([self.resident.id]).get(self.resident.id, ())
        people = [
            (Place(account.platform, room), account.user_id)
            for account in accounts
            if (room := rooms.get(account.platform))
        ]
        return self.inquiry.obstacles_to_entering(people) if self.inquiry and people else {}

    def bind_room(self, theme: Theme, place: Place, topic: str) -> None:
        """That place is the theme's channel or room from now on."""
        room = WantedRoom(theme.id, place.platform, theme.name, topic, secrets.token_hex(MARK_BYTES))
        self.tx.wanted.bind(room, place, self.tx.places.served_by(place) or "", self.now)
        self.tx.places.attach(place, theme.id)
        self.tx.boards.show_open(theme.id, place)
        self.tx.guests.again(theme.id, place.platform, self.now)

    def let_in(self, theme: int, resident: Resident, *, inside: bool) -> None:
        """Their accounts are to be in that theme's channels and rooms, or with `inside` False out of them."""
        platforms = {state.platform for state in self.tx.wanted.of(theme)}
        for account in self.tx.people.accounts([resident.id]).get(resident.id, ()):
            if account.platform in platforms:
                self.tx.guests.want(theme, account, resident.id, self.now, inside=inside)

    def look_at(self, place: Place) -> RoomSeen:
        """How that channel or room is now. Raises: UserError where its platform does not say."""
        assert self.inquiry
        return self.inquiry.look_at(place)

    def may_write(self, theme: int) -> bool:
        """Whether they may say things themselves in that theme: here, or in one of its places elsewhere.

        Whoever takes no part there says nothing there either.
        """
        if theme in self.tx.places.closed() or self.muted_until(theme):
            return False
        if self._is_here(theme):
            return self.writes_here
        part = self.part_in(theme)
        return part.writes if part else self.resident.role >= Role.MODERATOR

    def check_writes(self, theme: int) -> None:
        """Nobody has Plein say for them what they may not say there themselves. Raises: UserError."""
        if self.may_write(theme):
            return
        if theme in self.tx.places.closed():
            raise UserError("place.closed")
        if until := self.muted_until(theme):
            raise UserError("place.muted", until=until)
        raise UserError("place.silent")

    def muted_until(self, theme: int) -> datetime | None:
        """Until when a moderator keeps them from saying anything in that theme; None: nobody does."""
        return self.belongings.muted_until(self.tx, theme, self.identity, self.resident.id, self.now)

    def post(
        self,
        to: Place | Identity,
        message: Message,
        key: str,
        *,
        confidential: bool = False,
        account: str = "",
        mentions: Sequence[Identity] = (),
        reply_to: str | None = None,
        theme: int | None = None,
        begun: bool = False,
    ) -> None:
        """Say it there after the commit; once, however often the same key is posted.

        `confidential`: it is nobody else's business, and kept only until it was said. `account`: which of
        Plein's is to say it, where that matters. `mentions`: who may be pinged by it. `reply_to`: what it
        answers stands there. `theme`: it is said in each of that theme's places, and on a platform each is
        mentioned in one of these, where they are when it is said; `begun`: it is said only where any is.
        """
        self.tx.posts.add(
            key,
            to,
            message,
            self.now,
            confidential=confidential,
            account=account,
            mentions=mentions,
            reply_to=reply_to,
            theme=theme,
            begun=begun,
        )

    def tell(
        self,
        resident: Resident | int,
        message: Message,
        key: str,
        *,
        confidential: bool = False,
        until: datetime | None = None,
        theme: int | None = None,
        role: Role = Role.RESIDENT,
        instead_of: str = "",
        begun: bool = False,
        otherwise: tuple[str, str] | None = None,
        beside: bool = False,
    ) -> None:
        """Say it to this person alone, after the commit; once, however often the same key is told.

        It goes to the account that they used last, on a platform where Plein is at work. Where it certainly
        cannot arrive, it goes to the next one; where it can arrive nowhere, it waits until they use Plein
        again. After `until` nobody needs it: it is said nowhere any more. With a `theme` it is for who takes
        part there when it is said, with that `role`: accounts that do not are passed over; without one for
        who has it in the whole community then. `instead_of` is as
        in `announce`. `begun`: nobody asked; nothing private is begun for it, so that only an account that
        talks there with Plein already hears it, and it waits for quiet hours to end. `otherwise`: the kind
        and subject of a job that is run where it can arrive nowhere, and takes it from there (`take_unsaid`).
        `beside`: no private talk is begun for it either, and where there is none its words are said beside
        the next answer that they alone read.
        `change_post` and `withdraw_post` do with it what they do with a post.
        """
        number = resident.id if isinstance(resident, Resident) else resident
        since = self.now - AWAY_AFTER
        if instead_of:
            self.tx.told.skip(number, instead_of)
        self.tx.told.add(
            key,
            number,
            message,
            self.now,
            since,
            confidential=confidential,
            until=until,
            theme=theme,
            role=role,
            begun=begun,
            otherwise=" ".join(otherwise) if otherwise else BESIDE if beside else None,
        )

    def tell_moderators(self, theme: int, message: Message, key: str, *, but: int | None = None) -> None:
        """Say it to each who moderates there, once; but to this resident. What they share with others stays
        theirs: who does not moderate there any more when it is said is passed over.
        """
        for moderator in self.tx.people.moderators_of(theme):
            # Who moderates the whole community need not be in every theme.
            of_theme = moderator.role < Role.MODERATOR
            if moderator.id != but:
                self.tell(
                    moderator,
                    message,
                    f"{key}:{moderator.id}",
                    theme=theme if of_theme else None,
                    role=Role.MODERATOR,
                )

    def take_unsaid(self, job: Job, most: int) -> Mapping[int, Message]:
        """In a job that was named as `otherwise`: so much of what can be said nowhere, by whom it is for.

        It waits for them no longer. What is left is the next such job's, which is planned by this.
        """
        unsaid, more = self.tx.told.take(f"{job.kind} {job.subject}", most, self.now)
        if more:
            self.schedule(job.kind, job.subject, self.now)
        return unsaid

    def said_aloud(self, people: Collection[int]) -> None:
        """That was said to these where others read it: why, they hear once when they are answered alone."""
        self.tx.told.said_aloud(people)

    def reach_privately(self, line: Text) -> bool:
        """Whether whoever asks can be told something in private: an account that does not talk there yet, or
        is known to have ended that, is told that line now.

        What cannot be said just now, and may be soon, counts as said: it is tried again as all that is told.
        """
        who = self.identity
        if self.place is None or who is None or self.inquiry is None:
            return True
        if self.tx.people.talks_with(who) and not self.inquiry.is_shut(self.account, who):
            return True
        said, key = of_community(message_of(line), self._community), f"reach:{self.id}"
        reached = self.inquiry.reach(self.account, Delivery(key_in(self._community, key), who, said))
        if reached:
            self.tx.people.talks(who)
        return reached is not False

    def change_post(self, key: str, message: Message) -> None:
        """What was posted under that key says this from now on, whether it went out already or not."""
        self.tx.posts.change(key, message, self.now)

    def withdraw_post(self, key: str) -> None:
        """What was posted under that key is not said any more; where it was, it is taken away."""
        self.tx.posts.withdraw(key, self.now)

    def confide(self, secret: str) -> None:
        """Keep no row of this event and its answer, but the last answer of this person's about that secret.

        Whoever handles it sees by `id` whether it was dealt with already, and once the secret is over has
        what was said of it forgotten: `disclose`.
        """
        self.secret = f"{SECRET}{secret}:"

    def disclose(self, secret: str) -> None:
        """The secret is over: nothing is kept of what was said about it."""
        self.tx.posts.forget(f"{SECRET}{secret}:")

    def announce(self, theme: int, message: Message, key: str, *, instead_of: str = "") -> None:
        """Say it in every place of the theme. `instead_of`: what still waits there under keys that begin so
        is said no more, which is for what one person can have said again and again.
        """
        for place in self.tx.places.of_theme(theme):
            if instead_of:
                self.tx.posts.skip(place, instead_of)
            self.post(place, message, f"{key}:{place.platform}:{place.room_id}")

    def schedule(self, kind: str, subject: str, due_at: datetime, key: str | None = None) -> None:
        """Have the job of that kind run once it is due, instead of what was planned under the same key.

        Without a key there is one job of a kind for each subject: its key is `kind:subject`.
        """
        self.tx.jobs.add(kind, subject, due_at, key or f"{kind}:{subject}")

    def unschedule(self, key: str) -> None:
        """Call off what was planned under that key."""
        self.tx.jobs.remove(key)

    def used(self, what: str, within: timedelta | None = None) -> int:
        """How often they did that lately: what `use` counted, while it counts. `what` is a command's path.

        `within` as in `use`; None where each counts for a time of its own.
        """
        return self.tx.uses.count(self.resident.id, what, self.now, within)

    def free_at(self, what: str, most: int, within: timedelta) -> datetime | None:
        """When they may do that again, which they may so often within that time; None: now."""
        times = self.tx.uses.until(self.resident.id, what, self.now, within)
        return times[-most] if len(times) >= most else None

    def use(self, what: str, within: timedelta) -> None:
        """Count that they did it, for so long. What is too often, the feature decides and says itself."""
        self.tx.uses.add(self.resident.id, what, self.now + within)

    def board(self, subject: str, theme: int, opener: int | None = None, *, lasting: bool = True) -> None:
        """Show the subject's state in every place of the theme, and keep it up to date; twice is once.

        Those of one opener, a resident's number, share their turns with each other. `lasting`: places that
        come later show it too, until it has ended.
        """
        self.tx.boards.open(subject, theme, None, opener, self.now, lasting=lasting)
        self.belongings.shown(self.tx, subject, self.now, self.zone)

    def changed(self, subject: str) -> None:
        """The boards of this subject are out of date."""
        self.tx.boards.mark(subject)

    def unheard(self, theme: int, until: datetime) -> Sequence[Unheard]:
        """Plein's accounts in places of a theme that may not have dealt with all that was said until then,
        there or in private.
        """
        awaited = [platform for platform, since in self.on_platforms.items() if since is None]
        return self.tx.accounts.unheard(theme, until, self.now, awaited)

    def awaited(self, theme: int, until: datetime, since: datetime) -> Sequence[Unheard]:
        """Those of these for which what closes waits still, since that moment: a little for what was read and
        longer for a platform that is away.
        """
        waited = self.now - since
        return [
            account
            for account in self.unheard(theme, until)
            if waited < (READ_IS_DEALT_WITH if account.is_read else AWAY_FOR)
        ]

    def is_behind(self, theme: int) -> bool:
        """Whether accounts in places of a theme have not dealt yet with all else that was said until now,
        there or in private: when this was said may be another server's word.
        """
        if self.tx.accounts.is_behind(theme, self.now, self.now, self.arrival):
            return True
        # What is in an inbox is not under way as well.
        until = self.now if self.arrival else self.said_at
        here = self.tx.places.of_theme(theme)
        serving = {self.tx.places.served_by(place) for place in here}
        return any(
            since < until and (place is None or place in here)
            for account, places in self.under_way().items()
            if account in serving
            for place, since in places.items()
        )

    def is_unheard(self, theme: int) -> bool:
        """Whether accounts in places of a theme are out of touch, and may not have heard all that was said.

        What is read and waits is none of that, and so nothing waits for itself.
        """
        return any(not account.is_read for account in self.unheard(theme, self.now - IN_TOUCH))

    def ended(self, subject: str) -> None:
        """The last change: places that come later do not show this subject any more."""
        self.changed(subject)
        self.tx.boards.end(subject)

    def forget_them(self) -> None:
        """Keep nothing of whoever asks: they are nobody from here on."""
        self.belongings.forget(self.tx, self.resident.id, self.now, self.said_at)
        self.resident = NOBODY

    def undo_with(self, command: str, **args: Any) -> None:
        """Remember what takes this invocation back, for when its message is removed."""
        if self.identity:
            self.undone_by = Undo(self.identity, command, args)
