"""What handlers may ask about all that is kept of a resident, or is open in a theme, by whichever feature."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.model.message import Button, Text
from bot.model.news import New
from bot.model.people import Identity, Role, Together
from bot.ports.people import Brought
from bot.ports.storage import Transaction


class Belongings(Protocol):
    """All that the core and the features keep of residents, and have open in themes."""

    def link(
        self,
        tx: Transaction,
        accounts: Sequence[Identity],
        name: str | None = None,
        role: Role | None = None,
    ) -> int:
        """The number of the one person whose accounts these are from now on, with all that each had."""
        ...

    def part(
        self, tx: Transaction, resident: int, accounts: Sequence[Identity], brought: Brought | None = None
    ) -> int:
        """These accounts leave a resident: the number of the new one whose they are from now on.

        That one has what they `brought`; without that, nothing. What is open, and whoever they leave takes
        part in, is not for both.
        """
        ...

    def trust(self, tx: Transaction, resident: int) -> None:
        """What was granted to one of their accounts counts for each."""
        ...

    def wished(self, tx: Transaction, *residents: int) -> None:
        """These want to be reminded otherwise from now on."""
        ...

    def set_anew(self, tx: Transaction, setting: str) -> None:
        """A community's moderators want that otherwise from now on."""
        ...

    def readmit(self, tx: Transaction, theme: int, resident: int) -> bool:
        """Whom somebody put out of a theme's room by hand may come in again; whether they might not."""
        ...

    def muted_until(
        self, tx: Transaction, theme: int, account: Identity | None, resident: int | None, now: datetime
    ) -> datetime | None:
        """Until when an account, or any of a resident's, may say nothing in a theme; None: it may."""
        ...

    def standing(self, tx: Transaction, theme: int) -> Sequence[Text]:
        """What is open in a theme, a line for each; only for whoever may see it."""
        ...

    def end_all(self, tx: Transaction, theme: int, now: datetime) -> None:
        """All that is open in a theme ends now, or as soon as what was said in time is dealt with."""
        ...

    def came_of(self, tx: Transaction, theme: int) -> Sequence[Text]:
        """What came of all that was open in a theme, a line for each; for everybody who is in it."""
        ...

    def together(self, tx: Transaction, subject: str) -> Together | None:
        """Who did together what that subject is about; None while it is not over, or nobody knows."""
        ...

    def undrawn(self, tx: Transaction, theme: int) -> Collection[int]:
        """Who said that they are not to be drawn in a theme, by lot."""
        ...

    def after(self, subject: str) -> Sequence[Button]:
        """What can be done about a subject that is over, by whichever feature."""
        ...

    def shown(self, tx: Transaction, subject: str, now: datetime, zone: ZoneInfo) -> None:
        """A subject is shown in a theme from now on; whoever wants to hear of what is new is to."""
        ...

    def news(self, tx: Transaction, since: datetime, residents: Collection[int]) -> Sequence[New]:
        """What is new since later than that, the first first; and which of these residents know of it."""
        ...

    def concerns(self, tx: Transaction, residents: Collection[int]) -> Mapping[int, Collection[str]]:
        """The words, folded, that say what concerns each of these residents."""
        ...

    def knows(self, tx: Transaction, resident: int) -> Collection[str]:
        """What somebody lets others know that they know, as they wrote it."""
        ...

    def recognised(self, tx: Transaction, resident: int) -> Collection[str]:
        """For what, folded, of what somebody knows others gave them credit, for others to read."""
        ...

    def unsaid(self, tx: Transaction, resident: int, words: Collection[str]) -> None:
        """Somebody says no more that they know these."""
        ...

    def forget(self, tx: Transaction, resident: int, now: datetime, said_at: datetime | None = None) -> None:
        """Keep nothing of them; what stays because others count on it does not say whose it was.

        `said_at`: when they asked for it. What they said before is not dealt with again.
        """
        ...
