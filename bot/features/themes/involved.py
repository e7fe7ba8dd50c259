"""What somebody is to a theme: they follow it, take part, or are nothing to it any more."""

from __future__ import annotations

from datetime import timedelta

from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.features.themes.pull import check_not_put_out, pullers, take_back
from bot.features.themes.records import OPENINGS, THEMES, Involvement, board_of
from bot.features.themes.show import kept_out, ways
from bot.features.themes.which import meant, meant_open
from bot.model.message import OF_COMMUNITY, Button, InTheme, Message, message, text
from bot.model.people import Resident, Role, Theme
from bot.model.work import Job
from bot.themes import keep

# After so long nobody is told any more that they were put out.
TOLD_WITHIN = timedelta(days=30)


def follow_theme(call: Call, theme: Theme | None = None, *, sure: bool = False) -> Message:
    """Want to know what becomes of a theme, and no more than that."""
    return _become(call, meant_open(call, theme), Involvement.FOLLOWS, sure=sure)


def take_part_in_theme(call: Call, theme: Theme | None = None, *, sure: bool = False) -> Message:
    """Take part in what a theme is about."""
    found = meant_open(call, theme)
    check_not_put_out(call, found)
    return _become(call, found, Involvement.TAKES_PART, sure=sure)


def readmit_to_theme(call: Call, who: Resident, theme: Theme | None = None) -> Message:
    """Whom somebody put out of a theme's channel or room by hand may come in again, by a moderator's word."""
    found = meant_open(call, theme)
    if not call.may(Role.MODERATOR, found.id):
        raise UserError("role.needed.moderator")
    kept = call.tx.of(THEMES)
    kept.hold(found.id)
    if who.id == call.resident.id:
        check_not_put_out(call, found)
    if not call.belongings.readmit(call.tx, found.id, who.id):
        return message(text("theme.readmit.was_not", who=who, theme=found.name))
    was = kept.of(who.id).get(found.id)
    if was in (Involvement.TAKES_PART, Involvement.PULLS):
        call.let_in(found.id, who, inside=True)
    call.changed(board_of(found.id))
    said = message(text("theme.readmitted", theme=found.name), buttons=ways(found, was))
    key = _key_of_being_let_in(found)
    call.tell(who, said, f"{key}{call.id}", instead_of=key)
    return message(text("theme.readmit.done", who=who, theme=found.name))


def put_out_due(call: Call, job: Job) -> None:
    """Whom somebody put out by hand is told so, where they talk with Plein already; nobody else is."""
    number, _, who = job.subject.partition(":")
    theme = next(iter(call.tx.places.themes([int(number)])), None)
    if theme is None or not call.tx.guests.is_put_out(theme.id, int(who)):
        return
    # Whoever pulled it does no more.
    call.changed(board_of(theme.id))
    # Whoever is of the community no more reads of none of its themes.
    line = InTheme(text("theme.put_out.told", theme=theme.name), OF_COMMUNITY)
    said, key = Message((line,), ()), _key_of_being_let_in(theme)
    until = call.now + TOLD_WITHIN
    call.tell(int(who), said, f"{key}out:{job.id}", instead_of=key, begun=True, until=until)


def _key_of_being_let_in(theme: Theme) -> str:
    """Of what is told of being put out and readmitted, the last alone."""
    return f"theme:{theme.id}:let_in:"


def leave_theme(call: Call, theme: Theme | None = None, *, sure: bool = False) -> Message:
    """Be nothing to a theme any more."""
    kept = call.tx.of(THEMES)
    asked = {request.theme for request in kept.requests_by(call.resident.id)}
    found = meant(call, theme, among={*kept.of(call.resident.id), *asked})
    was_in = call.tx.guests.is_inside(found.id, call.resident.id)
    changed, stopped = _change(call, found, None, sure=sure), take_back(call, found)
    if was_in and not changed:
        # By the word of another account, which is somebody else's by now.
        call.let_in(found.id, call.resident, inside=False)
    if not changed and not was_in:
        return message(text("theme.left.asked" if stopped else "theme.left.already", theme=found.name))
    opened = call.tx.of(OPENINGS).by_theme(found.id) is not None
    return message(
        text("theme.left", theme=found.name),
        text("theme.left.out" if opened else "theme.left.place"),
        buttons=list(ways(found, None))[:1],
    )


def _become(call: Call, theme: Theme, how: Involvement, *, sure: bool) -> Message:
    named = how.name.lower()
    lacks = kept_out(call, theme) if how is Involvement.TAKES_PART else ()
    if not _change(call, theme, how, sure=sure):
        return message(text(f"theme.already.{named}", theme=theme.name), *lacks)
    return message(text(f"theme.now.{named}", theme=theme.name), *lacks, buttons=ways(theme, how, leave=True))


def _change(call: Call, theme: Theme, how: Involvement | None, *, sure: bool) -> bool:
    """Whether that is another than they were. Raises: Unsure where nobody would pull it any more."""
    kept = call.tx.of(THEMES)
    kept.hold(theme.id)
    was = kept.of(call.resident.id).get(theme.id)
    if was == how:
        if how is Involvement.TAKES_PART:
            # Perhaps an account that is theirs only since then is not in yet.
            call.let_in(theme.id, call.resident, inside=True)
        return False
    pulling = [who.id for who in pullers(call, [theme.id]).get(theme.id, ())]
    is_last = was is Involvement.PULLS and pulling in ([], [call.resident.id])
    if is_last and not sure:
        raise Unsure(text("theme.last", theme=theme.name), yes(theme=keep(theme), sure=True))
    kept.involve(theme.id, call.resident.id, how, call.now)
    if how is not Involvement.FOLLOWS:
        call.let_in(theme.id, call.resident, inside=how is not None)
    call.changed(board_of(theme.id))
    if is_last:
        _say_that_it_needs_one(call, theme)
    return True


def _say_that_it_needs_one(call: Call, theme: Theme) -> None:
    key = f"theme:{theme.id}:needs:"
    pull = Button(text("theme.button.pulls"), "theme pull", {"theme": keep(theme)}, style="primary")
    said = message(text("theme.needs", theme=theme.name), buttons=[pull])
    call.announce(theme.id, said, f"{key}{call.now.isoformat()}", instead_of=key)
