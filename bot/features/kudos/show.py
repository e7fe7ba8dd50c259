"""What a thank-you looks like: in its theme, on the wall, and to whom it thanks."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.kudos.records import KUDOS, SUBJECT, Kudos, Receiver, Receives, Taste
from bot.model.message import Button, Hint, InTheme, Message, Text, message, text, typed
from bot.model.news import New
from bot.model.people import Identity, Resident, Theme
from bot.names import folded
from bot.people import keep
from bot.ports.storage import Transaction

WALL, MINE, OF, HIDE = "kudos wall", "kudos mine", "kudos of", "kudos hide"
# So many stand on a page.
PAGE = 10
_SHOWN = 40
# "2026-11", "11/2026".
_MONTH = re.compile(r"(\d{4})[-/](\d{1,2})|(\d{1,2})[-/](\d{4})")
_SHORTEST = 3


def subject(kudos: Kudos | int) -> str:
    """What its board shows."""
    return f"{SUBJECT}:{kudos if isinstance(kudos, int) else kudos.id}"


# --- in its theme ---


def show_board(call: Call, number: str) -> Message:
    """Who thanks whom for what, and who thanked back; or that it does not stand any more."""
    found = call.tx.of(KUDOS).look(int(number))
    if found is None or found.state in ("withdrawn", "void"):
        return message(text("kudos.withdrawn"))
    if not found.stands:
        return message(text("kudos.removed", why=found.why) if found.why else text("kudos.removed.plain"))
    seen = seen_by_all(found)
    if not seen:
        return message(text("kudos.hidden"))
    replies = [reply(each) for each in call.tx.of(KUDOS).replies(found.id) if seen_by_all(each)]
    hints = [Hint(text("kudos.claim.how", name=name, kudos=found.id)) for name in _nobodys(seen)]
    calls = _called(call, found, [each.resident for each in seen])
    return Message((thanks(found, seen), *replies, *hints[:1]), calls=tuple(calls))


def _nobodys(who: Sequence[Receiver]) -> Sequence[str]:
    """The names among them that are no account."""
    return [each.name for each in who if each.resident is None and each.name]


def seen_by_all(kudos: Kudos) -> Sequence[Receiver]:
    """Those of its receivers whom everybody may see thanked."""
    return [receiver for receiver in kudos.receivers if not receiver.alone]


def _called(call: Call, kudos: Kudos, seen: Collection[int | None]) -> Sequence[Identity]:
    """Accounts of those whom the message itself tells that they are thanked."""
    people = [who for who in named_aloud(call, kudos) if who in seen]
    return call.tx.people.accounts_in(kudos.theme, people)


def named_aloud(call: Call, kudos: Kudos, tastes: Mapping[int, Taste] | None = None) -> Collection[int]:
    """Those of its receivers who do not talk with Plein in private, and are where it is read; nobody of those
    who are thanked together.
    """
    whom = kudos.residents if kudos.of_group is None else ()
    if tastes is None:
        tastes = call.tx.of(KUDOS).tastes(whom)
    openly = [who for who in whom if tastes.get(who, Taste()).receives is Receives.OPENLY]
    return call.tx.people.only_in(kudos.theme, openly) if openly else ()


def giver(kudos: Kudos) -> Resident | Text:
    """Who gave it; of whoever was forgotten that they are a resident."""
    return text("kudos.somebody") if kudos.giver is None else Resident(kudos.giver, "")


def receivers(who: Sequence[Receiver]) -> tuple[Resident | Text | str, ...]:
    """Whom it thanks, as a value of a text."""
    return tuple(
        Resident(each.resident, "") if each.resident is not None else each.name or text("kudos.somebody")
        for each in who
    )


def whom(kudos: Kudos, who: Sequence[Receiver] | None = None) -> Text | tuple[Resident | Text | str, ...]:
    """Those of its receivers by their names (None: whom everybody may see thanked); who was thanked together
    by how many they are.
    """
    who = seen_by_all(kudos) if who is None else who
    if kudos.of_group is None:
        # Whoever hid it is somebody.
        return receivers(who) or text("kudos.somebody")
    return text("kudos.people_of", count=len(who), group=kudos.of_group)


def thanks(kudos: Kudos, who: Sequence[Receiver]) -> Text:
    """ "Anna bedankt Ben: “voor het opruimen”" """
    return text("kudos.thanks", giver=giver(kudos), who=whom(kudos, who), what=what(kudos))


def what(kudos: Kudos, most: int | None = None, *, linked: bool = True) -> Text:
    """What it thanks for: in the giver's own words, so many characters of them at most, or a message; where
    that stands is `linked` for whoever sees its theme.
    """
    if kudos.blanked:
        return text("kudos.blanked")
    if kudos.replies_to is not None and not kudos.reason:
        return text("kudos.what.back")
    if kudos.message is None:
        return text("kudos.what", reason=_short(kudos.reason, most))
    if kudos.is_gone:
        return text("kudos.what.gone")
    return text("kudos.what.message", link=kudos.link or "") if linked else text("kudos.what.some_message")


def _short(words: str, most: int | None) -> str:
    return words if most is None or len(words) <= most else words[: most - 1] + "…"


def reply(kudos: Kudos) -> Text:
    """ "Ben bedankt terug." """
    shape = "words" if kudos.reason else "plain"
    return text(f"kudos.reply.{shape}", giver=giver(kudos), reason=kudos.reason)


def told_to(kudos: Kudos, resident: int) -> str:
    """Under what id somebody hears that it thanks them."""
    return f"{subject(kudos)}:to:{resident}"


def told_again(kudos: Kudos, resident: int, times: int) -> str:
    """Under what id somebody hears that it thanks them after all: it was put back so many times."""
    return f"{subject(kudos)}:again:{resident}:{times}" if times else told_to(kudos, resident)


def told_of_end(kudos: Kudos, state: str, resident: int, times: int) -> str:
    """Under what id somebody hears that it stands no more, having been put back so many times."""
    return f"{subject(kudos)}:{state}:{resident}:{times}"


def told_back(first: Kudos, back: Kudos) -> str:
    """Under what id who gave the first hears that they are thanked back."""
    return f"{subject(first)}:back:{back.id}"


# --- to whom it thanks ---


def for_receiver(kudos: Kudos, theme: Theme, *, asks: bool, knows: Sequence[str] = ()) -> Message:
    """That somebody thanked them; `asks`: whether such may be on the wall, `knows`: whether it may be said of
    these, which they know.
    """
    elsewhere = text("kudos.for_you.elsewhere", giver=giver(kudos), what=what(kudos, linked=False))
    key, group = (
        ("kudos.for_you.group", {"group": kudos.of_group}) if kudos.of_group else ("kudos.for_you", {})
    )
    said = text(key, giver=giver(kudos), what=what(kudos), theme=theme.name, **group)
    lines: list[Text | InTheme] = [InTheme(said, theme.id, elsewhere)]
    buttons = [
        Button(text("kudos.button.back"), "kudos back", {"kudos": kudos.id}, theme=theme.id),
        Button(text("kudos.button.hide"), HIDE, {"kudos": kudos.id}),
    ]
    if asks:
        lines.append(text("kudos.wall.ask"))
        buttons += _choices("wall")
    if knows:
        lines.append(text("kudos.expertise.ask", words=tuple(map(typed, knows))))
        buttons += _choices("expertise")
    return message(*lines, buttons=buttons)


def _choices(about: str) -> Sequence[Button]:
    """Yes, and no."""
    return [
        Button(text(f"kudos.button.{about}.{yes}"), "kudos settings", {"wish": f"{about}-{yes}"})
        for yes in ("on", "off")
    ]


def show_mine(call: Call, *, older: int | None = None) -> Message:
    """What you were thanked for."""
    found = call.tx.of(KUDOS).received(call.resident.id, older, PAGE + 1)
    if not found:
        raise UserError("kudos.mine.none" if older is None else "kudos.no_more")
    shown = found[:PAGE]
    sees = call.themes_among({each.theme for each in shown if each.link})
    lines = [mine(each, linked=each.theme in sees) for each in shown]
    return message(
        *lines,
        title=text("kudos.mine"),
        hints=[text("kudos.mine.how")],
        buttons=_older(MINE, found, {}),
    )


def mine(kudos: Kudos, *, linked: bool = True) -> Text:
    """One thing that somebody was thanked for, with its number."""
    said = what(kudos, linked=linked)
    return text("kudos.mine.line", kudos=kudos.id, on=_day(kudos), giver=giver(kudos), what=said)


def _older(command: str, found: Sequence[Kudos], args: Mapping[str, Any]) -> Sequence[Button]:
    if len(found) <= PAGE:
        return ()
    return [Button(text("kudos.button.older"), command, {**args, "older": found[PAGE - 1].id})]


def _day(kudos: Kudos) -> date:
    return date.fromisoformat(kudos.day)


# --- the wall ---


def show_wall(
    call: Call, month: str | None = None, *, theme: str | None = None, older: int | None = None
) -> Message:
    """Who was thanked for what: of those who agreed that others read it."""
    here = call.theme(theme) if theme is not None or call.place else None
    themes = [here] if here else call.themes()
    days = _month(call, month) if month else None
    since, until = [datetime.combine(day, time(0), call.zone) for day in days] if days else (None, None)
    found = call.tx.of(KUDOS).wall(
        [each.id for each in themes], PAGE + 1, before=older, since=since, until=until
    )
    if not found:
        key = "no_more" if older else "wall.none.month" if month else "wall.none"
        raise UserError(f"kudos.{key}").openly()
    title = text("kudos.wall.theme", theme=here.name) if here else text("kudos.wall")
    args = {"theme": theme, "month": month}
    return _listed(found, title, WALL, {name: value for name, value in args.items() if value})


def show_of(call: Call, whom: Resident, *, older: int | None = None) -> Message:
    """What somebody was thanked for, as far as they show it, and let it be seen that they were there."""
    themes = [theme.id for theme in call.themes()]
    found = call.tx.of(KUDOS).wall(themes, PAGE + 1, before=older, receiver=whom.id)
    if not found:
        raise UserError("kudos.no_more" if older else "kudos.of.none", who=whom)
    return _listed(found, text("kudos.of", who=whom), OF, {"whom": keep(whom)})


def _listed(
    found: Sequence[tuple[Kudos, Collection[int]]], title: Text, command: str, args: Mapping[str, Any]
) -> Message:
    lines = [
        text(
            "kudos.wall.line",
            kudos=kudos.id,
            on=_day(kudos),
            giver=giver(kudos),
            who=whom(kudos, [each for each in kudos.receivers if each.resident in agreed]),
            what=what(kudos),
        )
        for kudos, agreed in found[:PAGE]
    ]
    return message(*lines, title=title, buttons=_older(command, [kudos for kudos, _ in found], args))


def _month(call: Call, words: str) -> tuple[date, date]:
    """Its first day, and that of the next: "november", "november 2025", "2025-11". Raises: UserError."""
    today = call.said_at.astimezone(call.zone).date()
    first = _first_day(words, today, call.commands.texts.locales)
    if first is None:
        raise UserError("kudos.month", words=words[:_SHOWN])
    if first > today:
        raise UserError("kudos.month.to_come", words=words[:_SHOWN])
    return first, first + timedelta(days=monthrange(first.year, first.month)[1])


def _first_day(words: str, today: date, locales: Collection[str]) -> date | None:
    if found := _MONTH.fullmatch(words.strip()):
        year, month = int(found[1] or found[4]), int(found[2] or found[3])
        return date(year, month, 1) if 2000 <= year <= today.year + 100 and 1 <= month <= 12 else None
    name, _, named = folded(words).partition(" ")
    if re.fullmatch(r"\d+", name):  # "2026 november"
        name, named = named, name
    number = _number_of(name.rstrip("."), tuple(locales))
    if number is None or (named and not re.fullmatch(r"20\d\d", named)):
        return None
    # Without a year it is the last one of that name.
    year = int(named) if named else today.year - (number > today.month)
    return date(year, number, 1)


def _number_of(name: str, locales: tuple[str, ...]) -> int | None:
    """Which month is called so, or begins so in no fewer than three letters; None where several may be."""
    known = _months(locales)
    begun = {number for month, number in known.items() if len(name) >= _SHORTEST and month.startswith(name)}
    return known.get(name) or (begun.pop() if len(begun) == 1 else None)


@lru_cache(4)
def _months(locales: tuple[str, ...]) -> Mapping[str, int]:
    from babel.dates import get_month_names

    return {
        folded(name).rstrip("."): number
        for width in ("abbreviated", "wide")
        for locale in locales
        for number, name in get_month_names(width, locale=locale).items()
    }


# --- in the digest ---


def tell_new(tx: Transaction, numbers: Sequence[int], residents: Collection[int]) -> Mapping[int, New]:
    """Those that stand, for who takes part in their theme."""
    kept = tx.of(KUDOS)
    found = {}
    for each in kept.new(numbers):
        if seen := seen_by_all(each):
            known = {who for who in (each.giver, *each.residents) if who is not None and who in residents}
            button = Button(text("kudos.button.wall"), WALL, {})
            line = thanks(each, seen)
            found[each.id] = New(each.theme, line, each.reason, button, is_open=False, known_to=known)
    return found
