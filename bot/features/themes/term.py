"""Terms: how long somebody pulls a theme or takes notes there, whether they go on, and that it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.themes import held
from bot.features.themes.pull import is_there, pullers
from bot.features.themes.records import TERMS, THEMES, Held, Involvement, Term, board_of
from bot.features.themes.which import meant, meant_open
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Theme
from bot.model.work import Job
from bot.ports.storage import Transaction
from bot.themes import keep

TERM, NOTES, NO_NOTES = "theme term", "theme take-notes", "theme stop-notes"
GO_ON = "theme go-on"
# Who could be asked nowhere else is asked in the theme; so many at a time.
ALOUD, PAGE = "theme.term.aloud", 50
DAY = timedelta(days=1)
# Nobody is there for longer at a time; and that a term ends is said to everybody.
MOST_YEARS, LEAST = 6, DAY
# So often somebody can say in a day until when.
MOST_SET = 5


def set_term(call: Call, until: datetime, *, theme: Theme | None = None) -> Message:
    """Say until when you do what you do for a theme."""
    found = meant_open(call, theme)
    call.tx.of(THEMES).hold(found.id)
    mine = _of(call.tx, found.id, call.resident.id)
    if not mine:
        raise UserError("theme.term.nothing", theme=found.name)
    if until <= call.now:
        raise UserError("theme.term.past", until=until)
    if until < call.now + LEAST:
        raise UserError("theme.term.short")
    if until > held.later(call.now, years=MOST_YEARS):
        raise UserError("theme.term.long", until=until)
    if (count := call.used(TERM, DAY)) >= MOST_SET:
        raise UserError("theme.term.often", count=count)
    call.use(TERM, within=DAY)
    return _begin(call, found, dict.fromkeys(mine, until))


def go_on(call: Call, theme: Theme | None = None) -> Message:
    """Do for another year what you do for a theme and what is nearly over."""
    found = meant_open(call, theme)
    call.tx.of(THEMES).hold(found.id)
    mine = [term for term in held.terms(call.tx, found.id) if term.who.id == call.resident.id and term.asked]
    if not mine:
        raise UserError("theme.term.not_ending", theme=found.name)
    return _begin(call, found, {term.held: held.later(term.until, years=1) for term in mine})


def _begin(call: Call, theme: Theme, until: Mapping[Held, datetime]) -> Message:
    for what, end in until.items():
        held.begin(call, theme.id, call.resident.id, what, end)
    call.changed(board_of(theme.id))
    lines = (text(f"theme.term.set.{what}", theme=theme.name, until=end) for what, end in until.items())
    return message(*lines)


def _of(tx: Transaction, theme: int, resident: int) -> Sequence[Held]:
    """What they do there; who pulls it does, also where no term was noted."""
    found = {term.held for term in held.terms(tx, theme) if term.who.id == resident}
    if tx.of(THEMES).of(resident).get(theme) is Involvement.PULLS:
        found.add(Held.PULLS)
    return sorted(found, reverse=True)


def yours(call: Call, theme: int) -> Sequence[Text]:
    """Until when they do what they do there."""
    mine = [term for term in held.terms(call.tx, theme) if term.who.id == call.resident.id]
    return [text(f"theme.term.yours.{term.held}", until=term.until) for term in mine]


# --- taking notes ---


def take_notes(call: Call, theme: Theme | None = None) -> Message:
    """Say that they take notes of what is said in a theme's meetings."""
    found = meant_open(call, theme)
    call.tx.of(THEMES).hold(found.id)
    mine = call.tx.of(THEMES).of(call.resident.id).get(found.id, Involvement.FOLLOWS)
    if mine < Involvement.TAKES_PART or not call.takes_part(found.id):
        raise UserError("theme.notes.not_you", theme=found.name)
    stop = Button(text("theme.button.no_notes"), NO_NOTES, {"theme": keep(found)})
    if Held.NOTES in _of(call.tx, found.id, call.resident.id):
        return message(text("theme.notes.already", theme=found.name), buttons=[stop])
    until = held.begin(call, found.id, call.resident.id, Held.NOTES)
    call.changed(board_of(found.id))
    return message(text("theme.notes.now", theme=found.name, until=until), buttons=[stop])


def stop_notes(call: Call, theme: Theme | None = None) -> Message:
    """Say that they take notes there no more."""
    found = meant(call, theme)
    call.tx.of(THEMES).hold(found.id)
    mine = [
        term
        for term in call.tx.of(TERMS).of_theme(found.id)
        if term.who.id == call.resident.id and term.held is Held.NOTES
    ]
    for term in mine:
        call.tx.of(TERMS).drop(term.id)
    held.plan(call, found.id)
    call.changed(board_of(found.id))
    return message(text("theme.notes.stopped" if mine else "theme.notes.not", theme=found.name))


def note_takers(call: Call, theme: int) -> Sequence[Text]:
    """Who takes notes, and is there still."""
    who = tuple(
        term.who
        for term in held.terms(call.tx, theme)
        if term.held is Held.NOTES and is_there(call, term.who, theme)
    )
    return [text("theme.notes", who=who, count=len(who))] if who else ()


# --- what is due ---


def term_due(call: Call, job: Job) -> None:
    """Whoever is nearly at the end of a term is asked to go on; whose term is over has done it."""
    number = int(job.subject)
    call.tx.of(THEMES).hold(number)
    theme = next(iter(call.tx.places.themes([number])), None)
    if theme is None or number in call.tx.places.closed():
        # What is due by then is once it is opened again.
        return
    counts, ending = {term.id for term in held.terms(call.tx, number)}, list[Term]()
    for term in call.tx.of(TERMS).of_theme(number):
        if term.id not in counts:
            call.tx.of(TERMS).drop(term.id)
        elif term.until <= call.now:
            _end(call, theme, term)
        elif not term.asked and term.until - held.WEEK <= call.now:
            call.tx.of(TERMS).ask(term.id)
            if is_there(call, term.who, number):
                ending.append(term)
    _ask(call, theme, ending)
    held.plan(call, number)


def _ask(call: Call, theme: Theme, ending: Sequence[Term]) -> None:
    """In private who talks with Plein there; all others in the theme, together."""
    talking = call.tx.people.talking({term.who.id for term in ending})
    for term in ending:
        if term.who.id in talking:
            lines = [text(f"theme.term.ends.{term.held}", theme=theme.name, until=term.until)]
            said = message(*lines, text("theme.term.ends.how"), buttons=[_longer(theme)])
            otherwise = ALOUD, f"{theme.id} {term.until.isoformat()}"
            where: dict[str, Any] = {"theme": theme.id, "begun": True, "otherwise": otherwise}
            call.tell(term.who, said, f"{_key(term)}:ends", until=term.until, **where)
    _ask_aloud(call, theme, [term for term in ending if term.who.id not in talking])


def aloud_due(call: Call, job: Job) -> None:
    """Who could be asked nowhere else is asked in the theme, where everybody knows what they do; but for who
    said meanwhile that they go on, or do it no more.
    """
    unsaid = call.take_unsaid(job, PAGE)
    words, until = job.subject.split()
    number = int(words)
    theme = next(iter(call.tx.places.themes([number])), None)
    if theme and number not in call.tx.places.closed() and call.now < datetime.fromisoformat(until):
        terms = [
            term
            for term in held.terms(call.tx, number)
            if term.who.id in unsaid and term.until.isoformat() == until and is_there(call, term.who, number)
        ]
        _ask_aloud(call, theme, terms)
        call.said_aloud([term.who.id for term in terms])


def _ask_aloud(call: Call, theme: Theme, ending: Sequence[Term]) -> None:
    """All together, with a mention of each."""
    if not ending:
        return
    lines = [
        text(f"theme.term.ends_of.{term.held}", who=term.who, theme=theme.name, until=term.until)
        for term in ending
    ]
    said = message(*lines, text("theme.term.ends_of.how"), buttons=[_longer(theme)])
    accounts = call.tx.people.accounts_in(theme.id, {term.who.id for term in ending})
    for place in call.tx.places.of_theme(theme.id):
        here = [account for account in accounts if account.platform == place.platform]
        key = f"{_key(ending[0])}:ends:{place.platform}:{place.room_id}"
        call.post(place, said, key, mentions=here, theme=theme.id)


def _longer(theme: Theme) -> Button:
    return Button(text("theme.button.longer"), GO_ON, {"theme": keep(theme)}, style="primary")


def _end(call: Call, theme: Theme, term: Term) -> None:
    """It is said in the theme, and that it needs somebody where nobody pulls it any more. Who is not there
    any more did nothing there already, which needs no saying.
    """
    call.tx.of(TERMS).drop(term.id)
    was_there = is_there(call, term.who, theme.id)
    lines, buttons = [text(f"theme.term.over.{term.held}", who=term.who, theme=theme.name)], []
    if term.held is Held.PULLS:
        call.tx.of(THEMES).involve(theme.id, term.who.id, Involvement.TAKES_PART, call.now)
        if not pullers(call, [theme.id]):
            lines.append(text("theme.needs", theme=theme.name))
        buttons.append(Button(text("theme.button.pulls"), "theme pull", {"theme": keep(theme)}))
    else:
        buttons.append(Button(text("theme.button.notes"), NOTES, {"theme": keep(theme)}))
    call.changed(board_of(theme.id))
    if was_there:
        call.announce(theme.id, message(*lines, buttons=buttons), f"{_key(term)}:over")


def _key(term: Term) -> str:
    """Who goes on is asked again."""
    return f"theme:term:{term.id}:{term.until.isoformat()}"
