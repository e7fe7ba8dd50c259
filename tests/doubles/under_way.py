"""What of linking is under way, told from who said what: which answer is to come, and who is with whom.

Residents are numbers here, as they are kept. Who is whose stands in `whose`, by account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.features.residents.link import GUESSED_WITHIN, GUESSES
from bot.features.residents.records import LIVES, UNDONE_WITHIN
from bot.model.message import Message


@dataclass(eq=False)
class Asked:
    """A code that somebody asked for; once it was given, by whom, and the question that it became."""

    code: str
    asks: str
    until: datetime
    gives: str = ""
    question: Message | None = None
    agreed: bool = False


@dataclass(eq=False)
class Joined:
    """Accounts that became somebody's, `whom` they joined, what that was answered, and whether they brought
    support along.
    """

    said: Message
    resident: int
    accounts: set[str]
    whom: set[str]
    until: datetime
    brought: bool = False


@dataclass
class UnderWay:
    """Codes, questions and links, until they are over. What is over stays in the lists, to be tried again."""

    whose: Mapping[str, int] = field(default_factory=dict)
    codes: list[Asked] = field(default_factory=list)
    links: list[Joined] = field(default_factory=list)
    alive: set[Asked | Joined] = field(default_factory=set)
    wrong: dict[str, list[datetime]] = field(default_factory=dict)
    closed: dict[str, datetime] = field(default_factory=dict)

    @property
    def questions(self) -> list[Asked]:
        """The codes that were given."""
        return [one for one in self.codes if one.question]

    def is_alive(self, what: Asked | Joined, now: datetime) -> bool:
        return what in self.alive and what.until > now

    def is_closed(self, who: str, now: datetime) -> bool:
        return who in self.closed and self.closed[who] > now

    # --- codes ---

    def to_be_given(self, now: datetime) -> int:
        """How many codes are there to be given."""
        return sum(self.is_alive(one, now) and not one.gives for one in self.codes)

    def waiting(self, who: str, now: datetime) -> Asked | None:
        """What only waits for their yes."""
        return next(
            (one for one in self.codes if one.asks == who and one.agreed and self.is_alive(one, now)), None
        )

    def ask(self, who: str, code: str, now: datetime) -> None:
        """One at a time."""
        self.alive -= {one for one in self.codes if one.asks == who}
        self._begin(Asked(code, who, now + LIVES))

    def _begin(self, asked: Asked) -> None:
        self.codes.append(asked)
        self.alive.add(asked)

    def to_give(self, who: str, asked: Asked, now: datetime) -> str:
        """What is answered to that account that gives it."""
        if self.is_closed(who, now):
            return "link.closed"
        if not self.is_alive(asked, now) or asked.gives:
            return "link.wrong"
        if asked.asks == who:
            return "link.own"
        return "link.already" if self.are_one(asked.asks, who) else "link.question"

    def give(self, who: str, asked: Asked, question: Message, now: datetime) -> None:
        asked.gives, asked.question, asked.until = who, question, now + LIVES

    def guess(self, who: str, now: datetime) -> None:
        """With the last of so many it is closed to them."""
        lately = [at for at in self.wrong.get(who, ()) if at > now - GUESSED_WITHIN]
        self.wrong[who] = [*lately, now]
        if len(self.wrong[who]) >= GUESSES:
            self.closed[who] = now + GUESSED_WITHIN

    def are_one(self, *accounts: str) -> bool:
        return len({self.whose.get(who, who) for who in accounts}) == 1

    # --- a yes on each ---

    def to_yes(self, who: str, asked: Asked, now: datetime) -> str:
        if not self.is_alive(asked, now) or who not in (asked.asks, asked.gives):
            return "link.gone"
        if who == asked.gives:
            return "link.half"
        return "link.done" if asked.agreed else "link.gone"

    def to_no(self, who: str, asked: Asked, now: datetime) -> str:
        return "link.no" if self.is_alive(asked, now) and who in (asked.asks, asked.gives) else "link.gone"

    def join(
        self,
        said: Message,
        asked: Asked,
        sides: tuple[set[str], set[str]],
        person: int,
        now: datetime,
        *,
        brought: bool,
    ) -> None:
        """`sides`: whom they joined, and who did. Whoever joins one who had joined somebody has joined
        those as well.
        """
        for link in self.links:
            for here, more in (sides, sides[::-1]):
                by = asked.asks if asked.asks in here else asked.gives
                if link in self.alive and link.accounts | link.whom <= here:
                    (link.accounts if by in link.accounts else link.whom).update(more)
        whom, accounts = sides
        self.links.append(joined := Joined(said, person, accounts, whom, now + UNDONE_WITHIN, brought))
        self.alive.add(joined)

    def drop(self, what: Asked | Joined) -> None:
        self.alive.discard(what)

    # --- undone, or over ---

    def to_undo(self, who: str, link: Joined, now: datetime) -> str:
        theirs = {other for other, number in self.whose.items() if number == link.resident}
        if not self.is_alive(link, now) or self.whose.get(who) != link.resident or not link.accounts < theirs:
            return "link.gone"
        return "link.undone"

    def part(self, resident: int, away: set[str]) -> None:
        """These left: a link holds where some that joined are still with some whom they joined."""
        for link in self.links:
            if link.resident != resident or link not in self.alive:
                continue
            theirs = link.accounts | link.whom
            together = [
                here for here in (theirs - away, theirs & away) if here & link.accounts and here & link.whom
            ]
            if not together:
                self.alive.discard(link)
                continue
            link.accounts, link.whom = link.accounts & together[0], link.whom & together[0]
            link.resident = self.whose[next(iter(together[0]))]

    def drop_codes_of(self, resident: int) -> None:
        """Whatever their accounts asked for, or gave."""
        for one in self.codes:
            if resident in (self.whose.get(one.asks), self.whose.get(one.gives)):
                self.alive.discard(one)

    def drop_all_of(self, resident: int) -> None:
        self.drop_codes_of(resident)
        for link in self.links:
            if link.resident == resident:
                self.alive.discard(link)

    def merged(self, old: int, new: int) -> None:
        """Whoever joined the one joined who they both are."""
        for link in self.links:
            if link.resident == old:
                link.resident = new
