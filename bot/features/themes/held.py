"""What somebody does for a theme until a day that is known: for a year, unless they say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.call import Call
from bot.features.themes.records import TERMS, THEMES, Held, Involvement, Term
from bot.ports.storage import Transaction

DUE = "theme.term"
WEEK = timedelta(days=7)


def begin(call: Call, theme: int, resident: int, held: Held, until: datetime | None = None) -> datetime:
    """They do it until then, or for a year; the end of that. A week before it they are asked to go on."""
    ends = until or later(call.now, years=1)
    call.tx.of(TERMS).begin(theme, resident, held, ends, asked=ends - WEEK <= call.now)
    plan(call, theme)
    return ends


def later(moment: datetime, *, years: int) -> datetime:
    """The same day so many years on; after the 29th of February the 28th, where there is none."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)


def plan(call: Call, theme: int) -> None:
    """The next thing that is due there, of all terms together."""
    moments = [term.until if term.asked else term.until - WEEK for term in call.tx.of(TERMS).of_theme(theme)]
    if moments:
        call.schedule(DUE, str(theme), min(moments))
    else:
        call.unschedule(f"{DUE}:{theme}")


def terms(tx: Transaction, theme: int) -> Sequence[Term]:
    """The terms of people who still do it; where somebody has two for the same thing, the later of these."""
    found: dict[tuple[int, Held], Term] = {}
    for term in tx.of(TERMS).of_theme(theme):
        known = found.get((term.who.id, term.held))
        if does(tx, term) and (known is None or known.until < term.until):
            found[term.who.id, term.held] = term
    return [*found.values()]


def does(tx: Transaction, term: Term) -> bool:
    """Whether they still do it: who left the theme, or only follows it, does nothing there any more."""
    needed = Involvement.PULLS if term.held is Held.PULLS else Involvement.TAKES_PART
    return tx.of(THEMES).of(term.who.id).get(term.theme, Involvement.FOLLOWS) >= needed
