"""Under which name what people say is shown elsewhere: two of one name are told apart, and nobody passes for
a moderator or for Plein itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.clock import Clock
from bot.lookalikes import alike, alike_among
from bot.model.events import Heard
from bot.model.message import text
from bot.model.people import Identity, Resident
from bot.names import folded, numbered
from bot.ports.storage import Transaction
from bot.recent import Recent
from bot.settings import Settings
from bot.texts import Texts, Voice

# A resident by their number, or an account of which nothing is kept.
Person = int | Identity
OURS = "Plein"
# So many are remembered: names that people are called by, and how those are shown who speak.
MOST = 4_096
# Of one name so many strangers are told apart; it is no name any more that anybody knows somebody by.
ALIKE = 100
# What is put behind a name is read: no platform shows more of one than this and what it takes.
LONGEST = 48


class Namesakes:
    """Remembers who goes by which name. Who takes no part there counts from when they were first heard."""

    def __init__(self, clock: Clock, texts: Texts) -> None:
        self._clock = clock
        self._texts = texts
        self._strangers: Recent[tuple[int, str], list[Person]] = Recent(MOST)
        self._shown: Recent[tuple[int, Identity, str], str] = Recent(MOST)

    def look_again(self) -> None:
        """Who moderates may be others, and who is called what."""
        self._shown.clear()

    def name_of(
        self, tx: Transaction, theme: int, heard: Heard, who: Resident | None, settings: Settings
    ) -> str:
        """What whoever said it is called where what they say in that theme is carried to."""
        key = theme, heard.author, heard.name
        shown = self._shown.get(key)
        if shown is None:
            shown = self._marked(tx, theme, heard.name, who, settings)
            if shown is None:
                shown = self._told_apart(tx, theme, heard.author, heard.name, who)
            self._shown[key] = shown
        return shown

    def _marked(
        self, tx: Transaction, theme: int, name: str, who: Resident | None, settings: Settings
    ) -> str | None:
        """With what they are not, who could be taken for it."""
        moderators = tx.people.moderators_of(theme)
        if who and who.id in {each.id for each in moderators}:
            return None
        if alike(OURS, name):
            key = "carried.name.not_us"
        elif alike_among([each.name for each in moderators], name):
            key = "carried.name.no_moderator"
        else:
            return None
        voice = Voice(settings.locale, settings.zone, self._clock.now(), escape=str)
        return self._texts.write(text(key, name=_short(name)), voice)

    def _told_apart(
        self, tx: Transaction, theme: int, author: Identity, name: str, who: Resident | None
    ) -> str:
        before = self._before(tx, theme, author, name, who)
        return numbered(_short(name), before + 1) if before else name

    def _before(self, tx: Transaction, theme: int, author: Identity, name: str, who: Resident | None) -> int:
        """How many others there are of that name who come first."""
        known: Sequence[Person] = [
            each.id for each in tx.people.named(name, [theme]) if folded(each.name) == folded(name)
        ]
        person: Person = who.id if who else author
        if person in known:
            return known.index(person)
        key = theme, folded(name)
        strangers = self._strangers.get(key, [])
        if person not in strangers:
            self._strangers[key] = strangers = [*strangers, person][:ALIKE]
        return len(known) + (strangers.index(person) if person in strangers else ALIKE)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[:LONGEST].rstrip()}…"
