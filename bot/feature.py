"""What a feature is: one value with all that it brings; and those that are switched on, added up.

Nothing is discovered and nothing registers itself: the list is in `bot/main/features.py`. Two that claim
the same key are told of when Plein starts, each by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.call import Call
from bot.commands.argument import Converters
from bot.commands.catalogue import Commands
from bot.commands.declare import Command
from bot.commands.types import CONVERTERS
from bot.errors import Clash
from bot.exported import SUBJECT, as_documents
from bot.model.events import Came, Heard
from bot.model.message import Button, Message, Suggestion, Text
from bot.model.news import New
from bot.model.people import Identity, Place, Resident, Role, Together
from bot.model.work import Job
from bot.ports.people import Brought, Exported
from bot.ports.storage import StoreKey, Transaction
from bot.reactions import ON, Reaction
from bot.settings import Section, Settings

_AT_ONCE = datetime.fromtimestamp(0, UTC)
# No number of anything has more digits.
_LONGEST_NUMBER = 18
# Does what is due; reads its subject again first.
Run = Callable[[Call, Job], None]
# What the board of a subject says now, whoever reads it; None: there is nothing to show any more.
Show = Callable[[Call, str], Message | None]
# From a text to words, in the language of whoever gets the file.
Write = Callable[[Text | str], str]
# What a file of a subject is made of, read now; what is returned makes it, anywhere.
Make = Callable[[Call, str, Write], Callable[[], bytes | Iterator[bytes]]]
# Whether a resident may have the files of a subject, as they could ask for them now.
Theirs = Callable[[Call, str, int], bool]
# What an argument could be, given what was typed of it.
Suggest = Callable[[Call, str], Sequence[Suggestion]]
# What to say in answer to talk that is no command, if anything.
Hear = Callable[[Call, Heard], Message | None]
# These messages, by their own ids, are no more in that place, by whomever they were taken away.
Gone = Callable[[Call, Place, Collection[str]], None]
# What to do for people who came.
Welcome = Callable[[Call, Came], None]
# What is open in a theme, a line for each.
Stands = Callable[[Transaction, int], Sequence[Text]]
# All that is open in a theme ends now.
Ends = Callable[[Transaction, int, datetime], None]
# What came of it in a theme, a line for each.
CameOf = Callable[[Transaction, int], Sequence[Text]]
# What is new about these subjects, by their numbers, and which of these residents know of it already; of what
# nobody need hear any more nothing.
News = Callable[[Transaction, Sequence[int], Collection[int]], Mapping[int, New]]
# Of each of these residents the words, folded, that say what concerns them.
Concerns = Callable[[Transaction, Collection[int]], Mapping[int, Collection[str]]]
# What somebody, by their number, lets others know that they know.
Knows = Callable[[Transaction, int], Collection[str]]
# For what, folded, of what somebody, by their number, knows others gave them credit.
Recognised = Callable[[Transaction, int], Collection[str]]
# Somebody, by their number, says no more that they know these.
Unsaid = Callable[[Transaction, int, Collection[str]], None]
# A subject is shown in a theme from that moment on, in a community with those clocks.
Shown = Callable[[Transaction, datetime, ZoneInfo], None]
# Who did what that subject is about, by its number, together; None while it is not over.
WereThere = Callable[[Transaction, int], Together | None]
# Who is not to be drawn in a theme, by lot.
Undrawn = Callable[[Transaction, int], Collection[int]]
# What can be done about a subject once it is over.
After = Callable[[str], Sequence[Button]]
# Two residents, the first by its number, turn out to be one person: the second.
Merge = Callable[[Transaction, int, int], None]
# Somebody, by their number, wants to be reminded otherwise from now on, or is somebody else.
Wished = Callable[[Transaction, int], None]
# Moderators set that in the chat otherwise, by its name.
SetAnew = Callable[[Transaction, str], None]
# Accounts of a resident, the first, are those of a new one, the second: what is open is not for both. And
# where that undoes that they were linked what they brought, which they have again.
Part = Callable[[Transaction, int, int, Brought | None], None]
# These accounts are about to be one person's by a line of the configuration.
Lined = Callable[[Transaction, Sequence[Identity]], None]
# Whoever was put out of that theme, the first number, may come in again: the second.
Readmitted = Callable[[Transaction, int, int], None]
# Of whose accounts some are those of each of these new ones.
Unlisted = Callable[[Transaction, int, Sequence[int]], None]
# A resident, by their number, is to be forgotten.
Forget = Callable[[Transaction, int], None]
# Those of these themes in which whoever it is about takes part now.
Among = Callable[[Collection[int]], Collection[int]]
# What is kept of a resident; what is others' too only as far as they might read it now.
Export = Callable[[Transaction, int, Among], Exported]


@dataclass(frozen=True, slots=True)
class Files:
    """What is made of one kind of subject, by the form of the file, and whose that may be: it is made when
    it is sent, and whoever asked for it may have waited since.
    """

    makes: Mapping[str, Make]
    theirs: Theirs


@dataclass(frozen=True, slots=True)
class Carries:
    """Where what people say in one place of a theme is to stand in its others.

    `setting` is that of the feature's section that says whether it is anywhere, and `kept_for` that which
    says for how many days it is known which message is which; `themes` tells in which, each with since when.
    `absent` tells whether what somebody says stays where they say it, as they wanted at that moment (None:
    now). `told` is what is to be read of a place that is carried, with these others.
    """

    setting: str
    kept_for: str
    themes: Callable[[Transaction], Mapping[int, datetime]]
    absent: Callable[[Transaction, int, datetime | None], bool]
    told: Callable[[Transaction, Sequence[Place], Place], Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What one feature brings; what it has none of is left out.

    `name` is also that of its section in the configuration and of its catalogue. `jobs` are by kind
    ("poll.close"), and `about` are those whose subject ends with the number of a resident; `boards` and
    `files` by what their subjects begin with ("poll" for "poll:7"), `files` then by their form ("csv");
    `suggest` by the parameter ("poll"), or that of one command ("poll again.poll"); `kinds` of parameters by
    what these are annotated with. `keeps` is the key to what it needs kept, `merge` what is to be done there
    when two residents are one person, if it keeps anything of who is no more by then, `part` when an account
    of one of them is a new one's by their word, `lined` when a line of the configuration is about to make
    accounts one person's, and `unlisted` when none does any more, `readmitted` when somebody who was put out
    of a theme may come in again, `forget` when somebody is to be forgotten, and `export` what it keeps of
    them. `stands` tells what is open in a theme, `ends` ends that, and `came_of` tells what came of it.
    `wished` hears that somebody wants to be reminded otherwise, or may by being one with another or not,
    and `set_anew` that moderators want something otherwise in their community.
    `together` tells, by what a subject begins with, who did together what is over, and `after` offers what
    can be done about such a one by then. `undrawn` says who is not to be drawn in a theme.
    `news` tells, by what a subject begins with, what is new about one that is shown; `shown` hears that such
    a one is from now on, and `concerns` says what people want to hear of.
    `knows` says what somebody lets others know that they know, `recognised` for what of that others gave them
    credit, for others to read, and `unsaid` hears that they do not say so any more.
    `hears` is given what people say to each other; without a feature that has it none of that is kept.
    `carries` says in which themes what people say in one place is to stand in the others.
    `reaction` is a sign that people put on each other's messages, and `gone` is told which messages are no
    more; without a feature that has these no platform is asked for any. `came` is given who came into a
    place. `locales` is the folder of its catalogues, where that is not the one that the features here share.
    """

    name: str
    commands: Sequence[Command] = ()
    jobs: Mapping[str, Run] = field(default_factory=dict)
    about: Collection[str] = ()
    boards: Mapping[str, Show] = field(default_factory=dict)
    files: Mapping[str, Files] = field(default_factory=dict)
    suggest: Mapping[str, Suggest] = field(default_factory=dict)
    kinds: Converters = field(default_factory=dict)
    merge: Merge | None = None
    part: Part | None = None
    lined: Lined | None = None
    unlisted: Unlisted | None = None
    readmitted: Readmitted | None = None
    forget: Forget | None = None
    export: Export | None = None
    wished: Wished | None = None
    set_anew: SetAnew | None = None
    stands: Stands | None = None
    ends: Ends | None = None
    came_of: CameOf | None = None
    together: Mapping[str, WereThere] = field(default_factory=dict)
    after: After | None = None
    undrawn: Undrawn | None = None
    news: Mapping[str, News] = field(default_factory=dict)
    concerns: Concerns | None = None
    knows: Knows | None = None
    recognised: Recognised | None = None
    unsaid: Unsaid | None = None
    shown: Shown | None = None
    hears: Hear | None = None
    carries: Carries | None = None
    reaction: Reaction | None = None
    gone: Gone | None = None
    came: Welcome | None = None
    settings: type[Section] | None = None
    keeps: StoreKey[Any] | None = None
    locales: Path | None = None


class Claims:
    """Notes which feature claims which key. Raises: Clash where two claim the same."""

    def __init__(self) -> None:
        self._by: dict[tuple[str, str], str] = {}

    def add(self, what: str, keys: Iterable[str], who: str) -> None:
        for key in keys:
            if other := self._by.get((what, key)):
                raise Clash(f"The {what} {key!r} is claimed twice: by {other} and by {who}.")
            self._by[what, key] = who


class Features:
    """All that the features which are switched on bring. Raises: Clash where two claim the same."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self.all = tuple(features)
        claims = Claims()
        claims.add("kind of parameter", map(str, CONVERTERS), "Plein itself")
        for feature in self.all:
            claims.add("name of a feature", (feature.name,), f"{feature.name} itself")
            claims.add("command", (command.path for command in feature.commands), feature.name)
            claims.add("kind of job", feature.jobs, feature.name)
            claims.add("kind of board", feature.boards, feature.name)
            claims.add("kind of file", feature.files, feature.name)
            claims.add("kind of news", feature.news, feature.name)
            claims.add("those who did together a kind of", feature.together, feature.name)
            claims.add("suggestion for", feature.suggest, feature.name)
            claims.add("kind of parameter", map(str, feature.kinds), feature.name)
            claims.add("store", (feature.keeps.name,) if feature.keeps else (), feature.name)
        self.commands = tuple(command for feature in self.all for command in feature.commands)
        self.jobs = _added_up(feature.jobs for feature in self.all)
        self._about = tuple(kind for feature in self.all for kind in feature.about)
        self.boards = _added_up(feature.boards for feature in self.all)
        own = Files({"json": self._make_export}, _is_of_their_account)
        self.files: Mapping[str, Files] = _added_up([{SUBJECT: own}, *(each.files for each in self.all)])
        self._together: Mapping[str, WereThere] = _added_up(feature.together for feature in self.all)
        self._news: Mapping[str, News] = _added_up(feature.news for feature in self.all)
        self.suggest = _added_up(feature.suggest for feature in self.all)
        self.kinds: Converters = {
            kind: converter for feature in self.all for kind, converter in feature.kinds.items()
        }
        self.hears = tuple(feature.hears for feature in self.all if feature.hears)
        self._carrying = tuple(feature for feature in self.all if feature.carries)
        self._reacting = tuple(feature for feature in self.all if feature.reaction)
        self.reactions = tuple(map(_claimed, self._reacting))
        self.settings = {feature.name: feature.settings for feature in self.all if feature.settings}
        self.locales = tuple(feature.locales for feature in self.all if feature.locales)

    def link(
        self,
        tx: Transaction,
        accounts: Sequence[Identity],
        name: str | None = None,
        role: Role | None = None,
    ) -> int:
        """The number of the one person whose accounts these are from now on, with all that each of them had.

        Without a name or role they keep those that they have.
        """
        person, others = tx.people.link(accounts, name, role)
        for other in others:
            kept_in = tx.people.kept_in(other)
            for feature in self.all:
                if feature.merge and (feature.keeps is None or feature.keeps.name in kept_in):
                    feature.merge(tx, other, person)
            tx.boards.pass_on(other, person)
            tx.jobs.pass_on(self._about, other, person)
            tx.told.joined(other, person)
            tx.people.remove(other)
        tx.told.linked(person)
        if others:
            self.wished(tx, person)
            _look_at_power(tx, tx.people.accounts_with(Role.MODERATOR, person))
        return person

    def part(
        self, tx: Transaction, resident: int, accounts: Sequence[Identity], brought: Brought | None = None
    ) -> int:
        """The number of the new resident whose accounts these are from now on, with what they brought."""
        moderated = tx.people.accounts_with(Role.MODERATOR, resident)
        new = tx.people.part(resident, accounts, brought)
        _look_at_power(tx, moderated)
        for feature in self.all:
            if feature.part:
                feature.part(tx, resident, new, brought)
        self.wished(tx, resident, new)
        return new

    def wished(self, tx: Transaction, *residents: int) -> None:
        """These want to be reminded otherwise from now on, or may."""
        for feature in self.all:
            if feature.wished:
                for resident in residents:
                    feature.wished(tx, resident)

    def set_anew(self, tx: Transaction, setting: str) -> None:
        """Their moderators want that otherwise from now on."""
        for feature in self.all:
            if feature.set_anew:
                feature.set_anew(tx, setting)

    def may_carry(self, settings: Settings) -> bool:
        """Whether what people say may be carried anywhere, as a community is configured."""
        return any(self._carried(settings))

    def carried(self, tx: Transaction, settings: Settings) -> Mapping[int, datetime]:
        """The themes in which it is, with since when."""
        return {
            theme: since for carries in self._carried(settings) for theme, since in carries.themes(tx).items()
        }

    def told(self, tx: Transaction, settings: Settings, places: Sequence[Place], place: Place) -> Text:
        """What is to be read of one of these places, between which it is carried."""
        return next(iter(self._carried(settings))).told(tx, places, place)

    def is_absent(
        self, tx: Transaction, settings: Settings, resident: int, at: datetime | None = None
    ) -> bool:
        """Whether what they say stays where they say it; or what they said at that moment."""
        return any(carries.absent(tx, resident, at) for carries in self._carried(settings))

    def keeps_copies_for(self, settings: Settings) -> timedelta | None:
        """For how long it is kept which message is which there."""
        days = [
            getattr(settings.of(feature.settings), feature.carries.kept_for)
            for feature in self._carrying
            if feature.carries and feature.settings
        ]
        return timedelta(days=max(days)) if days else None

    def _carried(self, settings: Settings) -> Iterator[Carries]:
        for feature in self._carrying:
            carries, section = feature.carries, feature.settings
            if carries and section and getattr(settings.of(section), carries.setting):
                yield carries

    def clear_listed(self, tx: Transaction, lines: Sequence[Sequence[Identity]]) -> None:
        """Nothing holds any more that a configuration said of people before these lines."""
        for resident, parted in tx.people.clear_listed(lines).items():
            for feature in self.all:
                if feature.unlisted:
                    feature.unlisted(tx, resident, parted)

    def link_listed(
        self, tx: Transaction, line: Sequence[Identity], name: str | None, role: Role | None
    ) -> None:
        """These accounts are one person's, as the configuration says, and that one is called so, and may so
        much.
        """
        for feature in self.all:
            if feature.lined:
                feature.lined(tx, line)
        self.link(tx, line, name, role)

    def trust(self, tx: Transaction, resident: int) -> None:
        """What was granted to one of their accounts counts for each."""
        tx.people.trust(resident)
        _look_at_power(tx, tx.people.accounts_with(Role.MODERATOR, resident))

    def forget(self, tx: Transaction, resident: int, now: datetime, said_at: datetime | None = None) -> None:
        """Keep nothing of them; what stays because others count on it does not say whose it was.

        `said_at`: when they asked for it. What they said before is not dealt with again.
        """
        tx.people.hold(resident)
        _look_at_power(tx, tx.people.accounts_with(Role.MODERATOR, resident))
        for feature in self.all:
            if feature.forget:
                feature.forget(tx, resident)
        tx.people.forget(resident, said_at or now, now)

    def export(self, tx: Transaction, resident: int, among: Among) -> Exported:
        """All that is kept of them."""
        parts = [feature.export(tx, resident, among) for feature in self.all if feature.export]
        return _added_up([tx.people.export(resident), *parts])

    def readmit(self, tx: Transaction, theme: int, resident: int) -> bool:
        """Whom somebody put out of a theme's room by hand may come in again; whether they might not."""
        for feature in self.all:
            if feature.readmitted:
                feature.readmitted(tx, theme, resident)
        return tx.guests.readmit(theme, resident)

    def standing(self, tx: Transaction, theme: int) -> Sequence[Text]:
        """What is open in a theme, by whichever feature."""
        return [line for feature in self.all if feature.stands for line in feature.stands(tx, theme)]

    def end_all(self, tx: Transaction, theme: int, now: datetime) -> None:
        """All that is open in a theme ends, by whichever feature."""
        for feature in self.all:
            if feature.ends:
                feature.ends(tx, theme, now)

    def came_of(self, tx: Transaction, theme: int) -> Sequence[Text]:
        """What came of all that was open in a theme, by whichever feature."""
        return [line for feature in self.all if feature.came_of for line in feature.came_of(tx, theme)]

    def together(self, tx: Transaction, subject: str) -> Together | None:
        """Who did together what that is about, once it is over."""
        kind, _, number = subject.partition(":")
        is_number = number.isascii() and number.isdecimal() and len(number) <= _LONGEST_NUMBER
        return self._together[kind](tx, int(number)) if kind in self._together and is_number else None

    def undrawn(self, tx: Transaction, theme: int) -> Collection[int]:
        """Who said that they are not to be drawn in a theme, to whichever feature."""
        return {who for feature in self.all if feature.undrawn for who in feature.undrawn(tx, theme)}

    def after(self, subject: str) -> Sequence[Button]:
        """What can be done about what is over, by whichever feature."""
        return [button for feature in self.all if feature.after for button in feature.after(subject)]

    def shown(self, tx: Transaction, subject: str, now: datetime, zone: ZoneInfo) -> None:
        """A subject is shown in a theme from now on; whoever wants to hear of what is new is to."""
        if subject.partition(":")[0] in self._news:
            for feature in self.all:
                if feature.shown:
                    feature.shown(tx, now, zone)

    def news(self, tx: Transaction, since: datetime, residents: Collection[int]) -> Sequence[New]:
        """What is new since later than that, the first first; and which of these residents know of it."""
        shown: list[tuple[str, int, datetime]] = []
        for subject, at in tx.boards.new_since(since):
            kind, _, number = subject.partition(":")
            if kind in self._news:
                shown.append((kind, int(number), at))
        found: dict[tuple[str, int], New] = {}
        for kind in {kind for kind, _, _ in shown}:
            numbers = [number for other, number, _ in shown if other == kind]
            news = self._news[kind](tx, numbers, residents)
            found.update({(kind, number): new for number, new in news.items()})
        return [
            replace(found[kind, number], subject=f"{kind}:{number}", at=at)
            for kind, number, at in shown
            if (kind, number) in found
        ]

    def concerns(self, tx: Transaction, residents: Collection[int]) -> Mapping[int, Collection[str]]:
        """The words, folded, that say what concerns each of these residents."""
        parts = [feature.concerns(tx, residents) for feature in self.all if feature.concerns]
        return {who: words for part in parts for who, words in part.items()}

    def knows(self, tx: Transaction, resident: int) -> Collection[str]:
        """What somebody lets others know that they know."""
        return [words for feature in self.all if feature.knows for words in feature.knows(tx, resident)]

    def recognised(self, tx: Transaction, resident: int) -> Collection[str]:
        """For what, folded, of what somebody knows others gave them credit, for others to read."""
        found = [feature.recognised(tx, resident) for feature in self.all if feature.recognised]
        return {words for part in found for words in part}

    def unsaid(self, tx: Transaction, resident: int, words: Collection[str]) -> None:
        """Somebody says no more that they know these."""
        for feature in self.all:
            if feature.unsaid:
                feature.unsaid(tx, resident, words)

    def _make_export(self, call: Call, subject: str, write: Write) -> Callable[[], Iterator[bytes]]:
        """Of whose account it is by now; nothing of nobody."""
        whose = _owner(call.tx, subject)
        kept = self.export(call.tx, whose.id, partial(call.themes_of, whose.id)) if whose else {}
        return lambda: as_documents(kept, write)

    def check_names(self, commands: Commands) -> None:
        """What a command is called is understood in every language. Raises: Clash where two are called so."""
        claims = Claims()
        for feature in self.all:
            for command in feature.commands:
                if command.listed:
                    names = {
                        name for locale in commands.texts.locales for name in commands.names(command, locale)
                    }
                    claims.add("name of a command", names, f"{command.path!r} of {feature.name}")

    def check_signs(self, settings: Settings) -> None:
        """A sign on a message means one thing in a community. Raises: Clash where two features have it."""
        claims = Claims()
        for feature, (section, reaction) in zip(self._reacting, self.reactions, strict=True):
            sign = getattr(settings.of(section), reaction.setting)
            claims.add("sign on a message", (sign,) if sign else (), feature.name)


def _claimed(feature: Feature) -> tuple[type[Section], Reaction]:
    """The sign of a feature, with the section that says which it is. Raises: ValueError."""
    section, reaction = feature.settings, feature.reaction
    assert reaction
    command = next((each for each in feature.commands if each.path == reaction.command), None)
    takes_on = command is not None and any(each.name == ON and each.kind is bool for each in command.params)
    if section is None or reaction.setting not in section.model_fields or not takes_on:
        raise ValueError(f"{feature.name}: its sign needs that setting, and that command with `{ON}: bool`")
    return section, reaction


def _owner(tx: Transaction, subject: str) -> Resident | None:
    """Whose account it is by now that a file of somebody's own was asked for with."""
    _, _, address = subject.partition(":")
    return tx.people.by_identity(Identity(*address.split(":", 1))) if address else None


def _is_of_their_account(call: Call, subject: str, resident: int) -> bool:
    owner = _owner(call.tx, subject)
    return owner is not None and owner.id == resident


def _added_up(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {key: value for part in parts for key, value in part.items()}


def _look_at_power(tx: Transaction, moderated: Collection[Identity]) -> None:
    """Whose word counts as a moderator's may be another account of theirs by now, or none: it is to be looked
    who keeps order in the rooms of themes.
    """
    if moderated:
        tx.wanted.look_at_all(_AT_ONCE)
