"""Digests: what is new for whoever asked to hear of its subject, by what concerns them or what they follow.

A theme that was opened is new for the whole community; a poll for who takes part in its theme. Nobody hears
of what they know already: what is shown where they used Plein since, what they proposed, supported or voted
in, and what they heard of before. Those who talk with Plein in private are told there; for those who don't
nothing private is begun, and a new theme is said once in a theme that they are in. A poll is said in its own
theme by its board, which is where they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.call import Call
from bot.features.themes.records import DIGESTS, Often, Wish
from bot.features.themes.show import SHOW
from bot.model.message import OF_COMMUNITY, Button, InTheme, Message, Text, message, text, typed
from bot.model.news import New
from bot.model.people import Theme
from bot.model.work import Job
from bot.names import folded
from bot.ports.people import Used
from bot.ports.storage import Transaction
from bot.themes import keep

DIGEST = "me digest"
SEND = "digest.send"
USUAL, _NO_WISH = Often.WEEKLY, Wish()
_NEVER = datetime.fromtimestamp(0, UTC)
# What is older is no news.
LOOKS_BACK = timedelta(days=30)
DAY = timedelta(days=1)
# At that hour of the clock on the wall; weekly on a Monday.
HOUR = time(9)
# So many are told in one message, and of so many there is a button; so many people at a time.
LISTED, OFFERED, PAGE = 20, 8, 100
# A word so long is found within another: people write "fietspad" and mean what concerns "fiets".
_WITHIN = 4
_BETWEEN = re.compile(r"[\W_]+")


def choose_digest(call: Call, often: Often | None = None) -> Message:
    """Say how often you want to hear of what is new, or hear it now."""
    kept = call.tx.of(DIGESTS)
    if often is Often.NOW:
        return _now(call)
    if often is None:
        wish = kept.among([call.resident.id]).get(call.resident.id, _NO_WISH)
        said = text(f"digest.is.{wish.often or USUAL}")
        return message(said, text("digest.about"), buttons=_choices(wish.often or USUAL))
    kept.choose(call.resident.id, often)
    if often is Often.NEVER:
        call.tx.told.skip(call.resident.id, _key(call.resident.id))
    return message(text(f"digest.chosen.{often}"), buttons=_choices(often)[:1])


def _choices(now: Often) -> Sequence[Button]:
    return [
        Button(text(f"digest.button.{often}"), DIGEST, {"often": str(often)})
        for often in Often
        if often is not now
    ]


def _now(call: Call) -> Message:
    """What is new for them, here and now."""
    me = call.resident.id
    found = _asking(call, [me], call.tx.of(DIGESTS).among([me]))
    if not found.asking:
        return message(text("digest.nothing_asked"), text("digest.how"))
    news = call.belongings.news(call.tx, call.now - LOOKS_BACK, [me])
    call.themes_among({new.theme for new in news})  # all of them are asked about at once
    mine = [
        new for new in found.of(me, news) if (call.belongs() if new.is_open else call.takes_part(new.theme))
    ]
    told, more = _cut(mine)
    if not told:
        return message(text("digest.nothing_new"), text("digest.how"))
    call.tx.of(DIGESTS).told({me: told[-1].at})
    return _framed([new.line for new in told], told, more=more)


# --- when it is due ---


def plan(tx: Transaction, now: datetime, zone: ZoneInfo) -> None:
    """Something is new: it is told at the next time for each who wants to hear."""
    for often in (Often.DAILY, Often.WEEKLY):
        tx.jobs.add(SEND, str(often), next_time(often, now, zone), f"{SEND}:{often}")


def next_time(often: Often, now: datetime, zone: ZoneInfo) -> datetime:
    """The first time after now, at that hour by these clocks."""
    day = now.astimezone(zone).date()
    every = 7 if often is Often.WEEKLY else 1
    day += -day.weekday() % every * DAY
    found = datetime.combine(day, HOUR, zone)
    if found <= now:
        found = datetime.combine(day + every * DAY, HOUR, zone)
    return found.astimezone(UTC)


def send_due(call: Call, job: Job) -> None:
    """Tell so many of those who want to hear that often, and go on with the others."""
    often, _, after = job.subject.partition(" ")
    # Something new meanwhile plans the next time, under the other key.
    going = f"{SEND}:{often}:going"
    if ends := call.settings.quiet_until(call.now):
        call.schedule(SEND, job.subject, ends, going)
        return
    people = call.tx.people.page(int(after or 0), PAGE)
    _tell(call, people, Often(often))
    if len(people) == PAGE:
        call.schedule(SEND, f"{often} {people[-1]}", call.now, going)
    else:
        _say_in_themes(call)


def _tell(call: Call, people: Sequence[int], often: Often) -> None:
    wishes = call.tx.of(DIGESTS).among(people)
    so_often = [who for who in people if (wishes.get(who, _NO_WISH).often or USUAL) is often]
    if not so_often or not (found := _asking(call, so_often, wishes)).asking:
        return
    news = call.belongings.news(call.tx, call.now - LOOKS_BACK, found.asking)
    talking = call.tx.people.talking(found.asking) if news else ()
    told: dict[int, datetime] = {}
    said: dict[tuple[str, ...], Message] = {}  # many are told the same
    for who in found.asking if news else ():
        mine = found.of(who, news)
        if who in talking:
            if mine:
                these, more = _cut(mine)
                told[who] = these[-1].at
                key = f"{_key(who)}{often}:{call.now.isoformat()}"
                same = tuple(new.subject for new in these)
                if same not in said:
                    said[same] = _said(these, more=more)
                call.tell(who, said[same], key, begun=True)
        elif themes := [new for new in mine if new.is_open]:
            told[who] = themes[-1].at
            for new in themes:
                call.tx.of(DIGESTS).owe(found.where(who), new.subject, call.now)
    call.tx.of(DIGESTS).told(told)


def _say_in_themes(call: Call) -> None:
    """One message in each theme where somebody asked who can be told nothing in private."""
    owed = call.tx.of(DIGESTS).pay(call.now - 2 * LOOKS_BACK)
    if not owed:
        return
    news = {new.subject: new for new in call.belongings.news(call.tx, call.now - LOOKS_BACK, ())}
    for theme, subjects in owed.items():
        if these := [news[subject] for subject in subjects if subject in news]:
            shown, more = these[:LISTED], len(these) > LISTED
            call.announce(theme, _aloud(shown, more=more), f"digest:theme:{theme}:{call.now.isoformat()}")


# --- for whom ---


@dataclass(frozen=True, slots=True)
class _Asking:
    """Those who want to hear of something: what concerns each, what they follow, and where they are."""

    asking: Sequence[int]
    words: Mapping[int, Collection[str]]
    followed: Mapping[int, Collection[int]]
    wishes: Mapping[int, Wish]
    parts: Mapping[int, Sequence[Used]]
    own: AbstractSet[int]

    def of(self, who: int, news: Sequence[New]) -> list[New]:
        """What they asked for, may know of and do not know of yet, as was said last: what they may know is
        looked at again when it is said.
        """
        words, followed = self.words.get(who, ()), self.followed.get(who, ())
        until = self.wishes.get(who, _NO_WISH).told_until
        used: dict[int, datetime] = {}
        for part in self.parts.get(who, ()):  # with each of their accounts
            used[part.theme] = max(used.get(part.theme, _NEVER), part.used_at or _NEVER)
        belongs = not self.own.isdisjoint(used)
        found = []
        for new in news:
            if who in new.known_to or (until and new.at <= until):
                continue
            if new.is_open:
                is_news = belongs and new.theme not in used
            else:
                is_news = new.theme in used and used[new.theme] <= new.at
            if is_news and (new.theme in followed or is_about(new.words, words)):
                found.append(new)
        return found

    def where(self, who: int) -> int:
        """The theme of the community's own that they were in last."""
        return next(part.theme for part in reversed(self.parts[who]) if part.theme in self.own)


def _asking(call: Call, people: Sequence[int], wishes: Mapping[int, Wish]) -> _Asking:
    kept = call.tx.of(DIGESTS)
    words, followed = call.belongings.concerns(call.tx, people), kept.followed(people)
    asking = [who for who in people if words.get(who) or followed.get(who)]
    parts = call.tx.people.parts_of(asking)
    return _Asking(asking, words, followed, wishes, parts, set(call.own_themes()))


def is_about(words: str, concerns: Collection[str]) -> bool:
    """Whether one of these, folded, stands among the words: whole, or within one where it is long enough."""
    if not concerns:
        return False
    said, among = _as_looked_for(words)
    return any(f" {word} " in among or (len(word) >= _WITHIN and word in said) for word in concerns)


@lru_cache(256)  # the same few for everybody
def _as_looked_for(words: str) -> tuple[str, str]:
    """The words folded; and each of them between blanks."""
    said = folded(words)
    return said, f" {' '.join(_BETWEEN.split(said))} "


def _cut(news: Sequence[New]) -> tuple[Sequence[New], bool]:
    """As many as one message tells; and whether others are left. Those of one moment stay together."""
    count = LISTED
    while count < len(news) and news[count].at == news[count - 1].at:
        count += 1
    return news[:count], count < len(news)


# --- what is said ---


def _said(news: Sequence[New], *, more: bool) -> Message:
    """For one person: each line for as long as they may see what it is about."""
    lines = [InTheme(new.line, OF_COMMUNITY if new.is_open else new.theme) for new in news]
    stop = Button(text("digest.button.never"), DIGEST, {"often": str(Often.NEVER)})
    framed = _framed((), news, more=more)
    return Message((framed.blocks[0], *lines, *framed.blocks[1:]), (*framed.controls, stop))


def _framed(lines: Sequence[Text], news: Sequence[New], *, more: bool) -> Message:
    last = [text("digest.more")] if more else []
    return message(*lines, *last, title=text("digest.title"), buttons=_buttons(news))


def _aloud(news: Sequence[New], *, more: bool) -> Message:
    lines: list[Text] = [new.line for new in news]
    lines += [text("list.more")] if more else []
    hints = [text("digest.aloud.how")]
    return message(*lines, title=text("digest.aloud"), hints=hints, buttons=_buttons(news))


def _buttons(news: Sequence[New]) -> Sequence[Button]:
    return [new.button for new in news[:OFFERED]]


def _key(resident: int) -> str:
    return f"digest:{resident}:"


def tell_new(tx: Transaction, themes: Sequence[int], residents: Collection[int]) -> Mapping[int, New]:
    """Those that were opened."""
    known = tx.of(DIGESTS).know(themes, residents)
    found = {}
    for number, (name, about) in tx.of(DIGESTS).opened(themes).items():
        button = Button(typed(name), SHOW, {"theme": keep(Theme(number, name))}, theme=OF_COMMUNITY)
        line, words = text("digest.theme", theme=name, about=about), f"{name} {about}"
        found[number] = New(number, line, words, button, is_open=True, known_to=known.get(number, ()))
    return found
