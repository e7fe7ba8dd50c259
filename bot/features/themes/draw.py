"""Drawing whose turn it is: in three steps, so that nobody chooses who it is unseen.

When somebody asks for it a number is drawn and its hash published, before anybody knows the list. People have
a while to say whether they want to be in it; then it is fixed and published. Last comes the number, and whom
it means by the rule (`bot/lot`), which whoever doubts it can repeat. Both later steps are jobs on what was
kept: after a crash they go on with the same number and the same list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from bot import lot
from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.feature import Files, Write
from bot.features.themes.pull import is_there
from bot.features.themes.records import DRAWS, THEMES, Draw, Involvement
from bot.features.themes.which import meant, meant_open, themes_for
from bot.lot import listing
from bot.lot.listing import SOMEBODY
from bot.model.message import Attachment, Button, Message, Text, message, text
from bot.model.people import Resident, Role, Theme
from bot.model.work import Job
from bot.ports.storage import Transaction
from bot.themes import keep

DRAW, WITH, WITHOUT, REPEAT = "theme draw", "theme draw-me", "theme skip-me", "theme draw-file"
SUBJECT = "draw"
LIST, OUTCOME = "theme.draw.list", "theme.draw.outcome"
# So long people can say whether they are to be in the list; so long after that the number follows.
OPEN_FOR, READ_FOR = timedelta(minutes=10), timedelta(minutes=1)
# Whoever has it drawn so soon again is asked whether that turn is over.
SOON = timedelta(days=30)
DAY = timedelta(days=1)
MOST_DRAWN, LONGEST_WHY = 5, 200


def draw_theme(
    call: Call, theme: Theme | None = None, *, why: str | None = None, sure: bool = False
) -> Message:
    """Have it drawn who takes the next turn in a theme."""
    found = meant_open(call, theme)
    call.tx.of(THEMES).hold(found.id)
    kept = call.tx.of(DRAWS)
    _check_may_ask(call, found)
    if under_way := kept.under_way(found.id):
        raise UserError(f"theme.draw.under_way.{under_way.state}", theme=found.name)
    _check_enough(candidates(call, found.id), found)
    last = kept.last(found.id)
    why = _checked_why(why)
    if last and not why and not sure and call.now < last.at + SOON:
        raise _unsure(call.tx, found, last)
    if (count := call.used(DRAW, DAY)) >= MOST_DRAWN:
        raise UserError("theme.draw.often", count=count)
    call.use(DRAW, within=DAY)
    number, repeats = lot.new_secret(), last.id if last and why else None
    draw = kept.ask(found.id, number, call.resident.id, why, repeats, call.now)
    call.schedule(LIST, str(draw), fixed_at := call.now + OPEN_FOR)
    lines = [
        text("theme.draw.asked", who=call.resident, at=fixed_at),
        *_earlier(call.tx, last, again=repeats is not None),
        *([why_line(why)] if why else []),
        text("theme.draw.sealed", seal=lot.seal_of(number)),
    ]
    buttons = [
        Button(text("theme.button.draw_with_me"), WITH, {"theme": keep(found)}),
        Button(text("theme.button.draw_without_me"), WITHOUT, {"theme": keep(found)}),
    ]
    title = text("theme.draw.title", theme=found.name)
    call.announce(found.id, message(*lines, title=title, buttons=buttons), f"{SUBJECT}:{draw}:asked")
    return message(text("theme.draw.receipt", theme=found.name, at=fixed_at))


def _check_may_ask(call: Call, theme: Theme) -> None:
    mine = call.tx.of(THEMES).of(call.resident.id).get(theme.id, Involvement.FOLLOWS)
    takes_part = mine >= Involvement.TAKES_PART and call.takes_part(theme.id)
    if not takes_part and not call.may(Role.MODERATOR, theme.id):
        raise UserError("theme.draw.not_you", theme=theme.name)
    call.check_writes(theme.id)
    if not call.tx.places.of_theme(theme.id):
        # What nobody reads was not published.
        raise UserError("theme.draw.no_place", theme=theme.name)


def _check_enough(found: Sequence[Resident], theme: Theme) -> None:
    if not found:
        raise UserError("theme.draw.nobody", theme=theme.name)
    if len(found) == 1:
        raise UserError("theme.draw.one", theme=theme.name, who=found[0])


def _checked_why(why: str | None) -> str | None:
    words = " ".join((why or "").split())
    if len(words) > LONGEST_WHY:
        raise UserError("theme.draw.long", count=len(words), most=LONGEST_WHY)
    return words or None


def _unsure(tx: Transaction, theme: Theme, last: Draw) -> Unsure:
    """It was drawn lately: that turn may be over, or it is to be drawn once more."""
    who = _who(tx, last)
    return Unsure(
        text("theme.draw.soon", theme=theme.name, at=last.at, who=who),
        yes(theme=keep(theme), sure=True),
        text("theme.draw.soon.otherwise", who=who),
    )


def _earlier(tx: Transaction, last: Draw | None, *, again: bool) -> Sequence[Text]:
    """What everybody is to know of the one before."""
    if last is None:
        return ()
    how = "theme.draw.repeats" if again else "theme.draw.before"
    return [text(how, at=last.at, who=_who(tx, last))]


def why_line(why: str) -> Text:
    """Their reason, which goes with them."""
    return text("theme.draw.why", why=why)


def _who(tx: Transaction, draw: Draw) -> Resident:
    """Who was drawn; a resident, if they were forgotten."""
    listed = tx.of(DRAWS).listed(draw.id)
    return listed[(draw.drawn or 1) - 1].who or SOMEBODY


# --- among whom ---


def candidates(call: Call, theme: int) -> Sequence[Resident]:
    """Who can be drawn there: whoever said that they take part, is there still, and did not decline."""
    return [who for who in call.tx.of(DRAWS).candidates(theme) if is_there(call, who, theme)]


def draw_with_me(call: Call, theme: Theme | None = None) -> Message:
    """They may be drawn in that theme."""
    found = meant(call, theme)
    is_new = call.tx.of(DRAWS).accept(found.id, call.resident.id)
    mine = call.tx.of(THEMES).of(call.resident.id).get(found.id, Involvement.FOLLOWS)
    if mine < Involvement.TAKES_PART:
        part = Button(text("theme.button.takes_part"), "theme take-part", {"theme": keep(found)})
        return message(text("theme.draw.with.takes_part", theme=found.name), buttons=[part])
    said = text("theme.draw.with" if is_new else "theme.draw.with.already", theme=found.name)
    other = Button(text("theme.button.draw_without_me"), WITHOUT, {"theme": keep(found)})
    return message(said, *_too_late(call, found), buttons=[other])


def draw_without_me(call: Call, theme: Theme | None = None) -> Message:
    """They are not to be drawn in that theme, until they say otherwise."""
    found = meant(call, theme)
    is_new = call.tx.of(DRAWS).decline(found.id, call.resident.id)
    said = text("theme.draw.without" if is_new else "theme.draw.without.already", theme=found.name)
    other = Button(text("theme.button.draw_with_me"), WITH, {"theme": keep(found)})
    return message(said, *_too_late(call, found), buttons=[other])


def _too_late(call: Call, theme: Theme) -> Sequence[Text]:
    under_way = call.tx.of(DRAWS).under_way(theme.id)
    return [text("theme.draw.fixed")] if under_way and under_way.state == "listed" else ()


# --- the list, and the outcome ---


def list_due(call: Call, job: Job) -> None:
    """The list is fixed; where nobody is left to draw among, the draw is called off, and that is said."""
    found = _due(call, job, "asked")
    if found is None:
        return
    draw, theme = found
    people = candidates(call, theme.id)
    if len(people) < 2:
        call.tx.of(DRAWS).end(draw.id, None, call.now)
        off = message(text("theme.draw.off"), title=text("theme.draw.title", theme=theme.name))
        call.announce(theme.id, off, f"{SUBJECT}:{draw.id}:off")
        return
    listed = listing.listed(call.tx, people, call.tx.of(DRAWS).turns(theme.id))
    entrants = [each.entrant for each in listed]
    seal = lot.seal_of(draw.number)
    code = lot.code_of(seal, entrants)
    call.tx.of(DRAWS).fix(draw.id, listed, code, call.now)
    call.schedule(OUTCOME, str(draw.id), call.now + READ_FOR)
    among = lot.first_in_line(entrants)
    lines = [
        *listing.lines(listed),
        listing.among(listed, among),
        text("theme.draw.sealed.list", code=code),
        text("theme.draw.sealed", seal=seal),
    ]
    title = text("theme.draw.list.title", theme=theme.name)
    call.announce(theme.id, message(*lines, title=title), f"{SUBJECT}:{draw.id}:list")


def outcome_due(call: Call, job: Job) -> None:
    """The number and whom it means."""
    found = _due(call, job, "listed")
    if found is None:
        return
    draw, theme = found
    listed = call.tx.of(DRAWS).listed(draw.id)
    entrants = [each.entrant for each in listed]
    (drawn,) = lot.drawn_by(draw.number, entrants)
    call.tx.of(DRAWS).end(draw.id, drawn, call.now)
    who = listed[drawn - 1].who
    among = lot.first_in_line(entrants)
    lines = [
        *([text("theme.draw.again")] if draw.repeats else []),
        text("theme.draw.number", number=draw.number),
        listing.rest(draw.number, len(among)),
        text("theme.draw.check"),
        text("theme.draw.cannot"),
    ]
    file = Button(text("theme.button.draw_file"), REPEAT, {"draw": draw.id})
    title = text("theme.draw.drawn", theme=theme.name, who=who or SOMEBODY)
    call.announce(theme.id, message(*lines, title=title, buttons=[file]), f"{SUBJECT}:{draw.id}:drawn")
    if who:
        said = message(text("theme.draw.you", theme=theme.name), text("theme.draw.you.cannot"))
        call.tell(who, said, f"{SUBJECT}:{draw.id}:you", theme=theme.id)


def _due(call: Call, job: Job, state: str) -> tuple[Draw, Theme] | None:
    """The draw that is due, as it is now, and its theme; None where that was done."""
    found = call.tx.of(DRAWS).get(int(job.subject))
    if found is None:
        return None
    call.tx.of(THEMES).hold(found.theme)
    found = call.tx.of(DRAWS).get(int(job.subject))
    theme = next(iter(call.tx.places.themes([found.theme])), None) if found else None
    if found is None or theme is None or found.state != state:
        return None
    return found, theme


def standing(tx: Transaction, theme: int) -> Sequence[Text]:
    """The draw that is under way."""
    found = tx.of(DRAWS).under_way(theme)
    return [text("theme.draw.stands")] if found else ()


def undrawn(tx: Transaction, theme: int) -> Collection[int]:
    """Who declined, which holds for whatever is drawn there."""
    return tx.of(DRAWS).declined(theme)


def end_draw(tx: Transaction, theme: int, now: datetime) -> None:
    """The draw that is under way is called off."""
    if found := tx.of(DRAWS).under_way(theme):
        tx.of(DRAWS).end(found.id, None, now)


# --- repeating it ---


def give_file(call: Call, draw: int) -> Message:
    """All that was published of a draw, as a file with which anybody can repeat it."""
    found = call.tx.of(DRAWS).get(draw)
    theme = next(iter(themes_for(call, [found.theme if found else 0])), None)
    if found is None or theme is None or not call.takes_part(theme.id) or found.state != "drawn":
        raise UserError("theme.draw.gone")
    words = text("theme.draw.file", theme=theme.name)
    return message(text("theme.draw.file.how"), files=[Attachment(f"{SUBJECT}:{found.id}", "json", words)])


def make_file(call: Call, subject: str, _write: Write) -> Callable[[], bytes]:
    """What `plein draw --check` reads."""
    draw = call.tx.of(DRAWS).get(int(subject))
    assert draw, f"there is no draw {subject}"
    assert draw.code, f"draw {subject} has no list"
    assert draw.drawn, f"draw {subject} has no outcome"
    theme = next(iter(call.tx.places.themes([draw.theme])), None)
    entrants = [each.entrant for each in call.tx.of(DRAWS).listed(draw.id)]
    name, seal = theme.name if theme else "", lot.seal_of(draw.number)
    published = lot.Published(name, seal, draw.number, entrants, draw.code, (draw.drawn,))
    return lambda: lot.written(published).encode()


def may_have(call: Call, subject: str, resident: int) -> bool:
    """Whether somebody takes part where that was drawn."""
    draw = call.tx.of(DRAWS).get(int(subject))
    return draw is not None and draw.state == "drawn" and call.part_of(resident, draw.theme) is not None


FILES = Files({"json": make_file}, may_have)


def forget_draws(tx: Transaction, resident: int) -> None:
    """In what was published they are a resident, and their reasons are unsaid; the figures stay."""
    for row in tx.of(DRAWS).draws_of(resident):
        if row["why"]:
            line = why_line(row["why"])
            tx.posts.unsay(line, f"{SUBJECT}:{row['id']}:")
            tx.handled.unsay(line)
    tx.of(DRAWS).forget(resident)
