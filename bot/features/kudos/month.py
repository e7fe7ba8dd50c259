"""The round-up: what was done in a theme in a month and thanks to whom, said there once.

It is said on the 1st at nine, or when an organiser asks for it: then of what was not told yet. Only those are
named who agreed to the wall, and who thanked others only if they want that. Nobody's words are said again who
may not say them there any more. A job for each theme and month says it and plans the next; the first is
planned when somebody is thanked there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot import when
from bot.call import Call
from bot.errors import UserError
from bot.features.kudos.records import KUDOS, Kudos, Receiver
from bot.features.kudos.show import WALL, what, whom
from bot.model.message import Button, InTheme, Message, Text, message, text
from bot.model.people import Resident, Role, Theme
from bot.model.work import Job

MONTH = "kudos month"
# For a theme at the end of a month, or when it was asked for; and for the community.
DUE, NOW, THEMES = "kudos.month", "kudos.month.now", "kudos.themes"
HOUR = time(9)
# What could not be said for so long is no news.
LATE = timedelta(days=7)
# So much is told in one message, and so many people are named in each of its lines.
LISTED, NAMED = 15, 30


class Month(NamedTuple):
    """A month by a community's clocks; as it is kept: "2026-11"."""

    year: int
    month: int

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02}"

    @property
    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def begins(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(date(self.year, self.month, 1), time(0), zone)

    def told_at(self, zone: ZoneInfo) -> datetime:
        """When it is told what it brought."""
        return when.at(date(*self.next, 1), HOUR, zone)


class Window(NamedTuple):
    """Of when something is told, and when that was due."""

    since: datetime
    until: datetime
    due: datetime


def month_of(at: datetime, zone: ZoneInfo) -> Month:
    """In which month that is."""
    local = at.astimezone(zone)
    return Month(local.year, local.month)


def _month(words: str) -> Month:
    year, month = words.split("-")
    return Month(int(year), int(month))


# --- when it is due ---


def plan(call: Call, theme: int, month: Month | None = None) -> None:
    """It is told what that month brings in a theme, and in the community, once it is over."""
    month = month or month_of(call.now, call.zone)
    call.schedule(DUE, f"{theme} {month}", month.told_at(call.zone), f"{DUE}:{theme}:{month}")


def month_due(call: Call, job: Job) -> None:
    """Say in a theme what a month brought, and plan the next."""
    words, of = job.subject.split()
    theme, month = int(words), _month(of)
    where = next(iter(call.tx.places.themes([theme])), None)
    # Whoever is thanked once it is open again has it told again.
    if where is None or theme in call.tx.places.closed():
        return
    if _waits(call, job, month, f"{DUE}:{theme}:{month}"):
        return
    call.schedule(THEMES, str(month), call.now)
    since, until = month.begins(call.zone), month.next.begins(call.zone)
    told = call.tx.of(KUDOS).told_until(theme)
    if call.now - month.told_at(call.zone) <= LATE and (told is None or told < until):
        years = call.tx.of(KUDOS).there_since(theme, _year_before(since), _year_before(until))
        _say(call, where, month, Window(max(since, told or since), until, month.told_at(call.zone)), years)
        call.tx.of(KUDOS).told(theme, until)
    plan(call, theme, month.next)


def _waits(call: Call, job: Job, month: Month, key: str) -> bool:
    """Whether it is not to be said yet, by the clocks and the quiet hours of now."""
    later = max(month.told_at(call.zone), call.settings.quiet_until(call.now) or call.now)
    if later <= call.now:
        return False
    call.schedule(job.kind, job.subject, later, key)
    return True


def _year_before(at: datetime) -> datetime:
    return at.replace(year=at.year - 1)


def tell_month(call: Call, *, theme: str | None = None) -> Message:
    """Have it told now what was done in a theme, and thanks to whom."""
    where = call.theme(theme)
    if not call.may(Role.ORGANISER, where.id):
        raise UserError("role.needed.organiser")
    call.check_writes(where.id)
    since, _ = _not_told(call, where.id, call.now)
    if not call.tx.of(KUDOS).wall([where.id], 1, since=since, until=call.now):
        raise UserError("kudos.round.none", theme=where.name)
    call.schedule(NOW, f"{where.id} {call.now.isoformat()}", call.now)
    return message(text("kudos.round.comes", theme=where.name))


def now_due(call: Call, job: Job) -> None:
    """Say in a theme what was not told yet when an organiser asked for it."""
    words, at = job.subject.split()
    theme, until = int(words), datetime.fromisoformat(at)
    where = next(iter(call.tx.places.themes([theme])), None)
    if where is None or theme in call.tx.places.closed():
        return
    since, month = _not_told(call, theme, until)
    if since < until:
        _say(call, where, month, Window(since, until, until), ())
        call.tx.of(KUDOS).told(theme, until)


def _not_told(call: Call, theme: int, until: datetime) -> tuple[datetime, Month]:
    """Since when it was not told what was done there, and which month that is of: until it is told by itself
    that of the last one, and then that of this one.
    """
    month = month_of(until, call.zone)
    last = month_of(month.begins(call.zone) - timedelta(days=1), call.zone)
    month = last if until < last.told_at(call.zone) else month
    begins = month.begins(call.zone)
    return max(begins, call.tx.of(KUDOS).told_until(theme) or begins), month


# --- what is said ---


def _say(call: Call, theme: Theme, month: Month, window: Window, years: Collection[int]) -> None:
    since, until, due = window
    kept = call.tx.of(KUDOS)
    # One more says that there is more.
    found = kept.wall([theme.id], LISTED + 1, since=since, until=until)
    givers = kept.givers(theme.id, since, until)
    authors = {each.giver for each, _ in found if each.giver is not None}
    there = _still_there(call, sorted({*authors, *givers, *years}), theme.id, due)
    lines: list[Text] = [_line(each, agreed) for each, agreed in found[:LISTED] if each.giver in there]
    lines.reverse()
    thanked = _named([who for who in givers if who in there])
    if thanked and lines:
        lines.append(text("kudos.round.givers", who=thanked))
    if year := _named([who for who in years if who in there]):
        lines.append(text("kudos.round.year", who=year))
    if not lines:
        return
    buttons = []
    if len(found) > LISTED:
        # Where it is said it is of that theme.
        buttons = [Button(text("kudos.round.more"), WALL, {"month": str(month)})]
    title = text("kudos.round", month=text(f"when.rule.month.{month.month}"))
    call.announce(
        theme.id, message(*lines, title=title, buttons=buttons), f"{DUE}:{theme.id}:{until.isoformat()}"
    )


def _named(people: Sequence[int]) -> tuple[Resident | Text, ...]:
    """So many of them by name, and that there are more."""
    more = (text("kudos.round.more_people", count=len(people) - NAMED),) if len(people) > NAMED else ()
    return (*(Resident(who, "") for who in people[:NAMED]), *more)


def _line(kudos: Kudos, agreed: Collection[int]) -> Text:
    who: Sequence[Receiver] = [each for each in kudos.receivers if each.resident in agreed]
    return text("kudos.round.line", who=whom(kudos, who), what=what(kudos))


def _still_there(call: Call, people: Collection[int], theme: int, due: datetime) -> Collection[int]:
    """Those of these who may still say things there themselves; all are asked about together."""
    if call.speaks_for(people, theme, due):
        return people
    return {who for who in people if call.speaks_for([who], theme, due)}


# --- for who organises ---


def themes_due(call: Call, job: Job) -> None:
    """Tell who organises in which of their themes nobody was thanked; where anybody was anywhere."""
    month = _month(job.subject)
    if _waits(call, job, month, f"{THEMES}:{job.subject}"):
        return
    since, until = month.begins(call.zone), month.next.begins(call.zone)
    had = call.tx.of(KUDOS).themes_with(since, until)
    if not had or call.now - month.told_at(call.zone) > LATE:
        return
    without: dict[int, list[Theme]] = {}
    for theme in call.tx.places.themes():
        if theme.id in had or theme.id in call.tx.places.closed() or not call.is_own(theme.id):
            continue
        for who in call.tx.people.organisers_of(theme.id):
            without.setdefault(who.id, []).append(theme)
    title = text("kudos.round.without", month=text(f"when.rule.month.{month.month}"))
    for resident, themes in without.items():
        # Each for as long as they may see that theme.
        lines = (InTheme(text("kudos.round.without.line", theme=theme.name), theme.id) for theme in themes)
        said = message(*lines, title=title, hints=[text("kudos.round.without.how")])
        call.tell(resident, said, f"{THEMES}:{month}:{resident}", begun=True)
