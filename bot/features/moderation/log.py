"""What moderators did, to whom and why: for who moderates the theme, and of each person for themselves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.call import Call
from bot.errors import UserError
from bot.features.moderation.records import MODERATION, Deed, Line
from bot.features.moderation.settings import ModerationSettings
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Resident, Role
from bot.model.work import Job
from bot.themes import keep_number

LOG, FORGET = "mod log", "mod.forget"
# So many stand on a page.
PAGE = 10


def note(
    call: Call,
    theme: int,
    deed: Deed,
    whom: Resident | int | None,
    *,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    """Whoever asks did that."""
    number = whom.id if isinstance(whom, Resident) else whom
    kept = call.tx.of(MODERATION)
    if kept.note(theme, deed, call.resident.id, number, call.now, reason=reason, until=until):
        call.schedule(FORGET, str(theme), call.now + _kept_for(call))


def show_log(call: Call, *, theme: str | None = None, older: int | None = None) -> Message:
    """What moderators did here; to whoever is none, what was done to them."""
    here = call.theme(theme) if theme is not None or call.theme_here else None
    kept = call.tx.of(MODERATION)
    if here and call.may(Role.MODERATOR, here.id):
        lines = kept.log(PAGE + 1, theme=here.id, older=older)
        said, title = [_line(line) for line in lines[:PAGE]], text("mod.log", theme=here.name)
        args: dict[str, Any] = {"theme": keep_number(here.id)}
    else:
        lines = kept.log(PAGE + 1, whom=call.resident.id, older=older)
        names = {found.id: found.name for found in call.tx.places.themes({line.theme for line in lines})}
        said = [_own_line(line, names.get(line.theme, "")) for line in lines[:PAGE]]
        title, args = text("mod.log.own"), {}
    if not lines:
        if older is not None:
            raise UserError("mod.log.no_more")
        return message(text("mod.log.none", theme=here.name) if args and here else text("mod.log.own.none"))
    args |= {"older": lines[PAGE - 1].id} if lines[PAGE:] else {}
    buttons = [Button(text("mod.button.older"), LOG, args)] if lines[PAGE:] else []
    return message(*said, title=title, buttons=buttons)


def _line(line: Line) -> Text:
    by = text("mod.log.by", who=line.by) if line.by else text("mod.log.by.somebody")
    whom = text("mod.log.whom", who=line.whom) if line.whom else text("mod.log.whom.somebody")
    return _with_why(line, text("mod.log.line", at=line.at, by=by, deed=_deed(line, whom)))


def _own_line(line: Line, theme: str) -> Text:
    deed = _deed(line, text("mod.log.you"))
    return _with_why(line, text("mod.log.own.line", at=line.at, theme=theme, deed=deed))


def _deed(line: Line, whom: Text) -> Text:
    return text(f"mod.log.{line.deed.value}", whom=whom, until=line.until or line.at)


def _with_why(line: Line, said: Text) -> Text:
    return text("mod.log.because", said=said, reason=line.reason) if line.reason else said


def forget_due(call: Call, job: Job) -> None:
    """What is older than it is kept goes; the next goes when it is."""
    kept_for = _kept_for(call)
    first = call.tx.of(MODERATION).forget_log(
        int(job.subject), call.now - kept_for + timedelta(microseconds=1)
    )
    if first is not None:
        call.schedule(FORGET, job.subject, first + kept_for)


def _kept_for(call: Call) -> timedelta:
    return timedelta(days=call.settings.of(ModerationSettings).keep_days)
