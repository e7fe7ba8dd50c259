"""Archiving a theme, which ends what is open in it and closes its channel and room; and opening it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.call import Call
from bot.errors import UserError
from bot.features.themes import held
from bot.features.themes.naming import checked_name, is_taken
from bot.features.themes.pull import pullers
from bot.features.themes.records import ARCHIVES, OPENINGS, Archive
from bot.features.themes.rename import call_it, managed, use_a_name
from bot.model.message import Button, Message, Text, message, text
from bot.model.people import Resident, Role, Theme
from bot.model.work import Job
from bot.ports.people import Brought
from bot.ports.storage import Transaction
from bot.themes import keep

ARCHIVE, REOPEN, NAME = "theme archive", "theme reopen", "theme name-me"
SUBJECT, SUM_UP = "archive", "theme.summary"
# So often somebody who does not moderate can archive themes in a day.
MOST_ARCHIVED, DAY = 3, timedelta(days=1)
# So long after it, and again and again until nothing is open there any more, it can be said what came of it.
SOON, AGAIN = timedelta(seconds=2), timedelta(seconds=10)


def archive_theme(call: Call, theme: Theme | None = None, *, sure: bool = False) -> Message:
    """End what is open in a theme, and have nobody say anything in its channel or room any more."""
    found = managed(call, theme)
    if not sure:
        return _confirm(call, found)
    if not call.may(Role.MODERATOR, found.id):
        if (count := call.used(ARCHIVE, DAY)) >= MOST_ARCHIVED:
            raise UserError("theme.archive.often", count=count)
        call.use(ARCHIVE, within=DAY)
    opened = call.tx.of(OPENINGS).by_theme(found.id)
    assert opened
    pulled = pullers(call, [found.id]).get(found.id, ())
    ids = [who.id for who in pulled]
    begun_on, today = (moment.astimezone(call.zone).date() for moment in (opened.proposed_at, call.now))
    number = call.tx.of(ARCHIVES).archive(found.id, found.name, begun_on, today, ids)
    call.tx.places.close_theme(found.id, closed=True)
    call.belongings.end_all(call.tx, found.id, call.now)
    call_it(call, found, _archived_name(call, found))
    call.schedule(SUM_UP, str(number), call.now + SOON)
    _ask_for_names(call, found, number, pulled)
    reopen = Button(text("theme.button.reopen"), REOPEN, {"theme": keep(found)})
    mine = [_name_button(number)] if call.resident.id in ids else []
    said = [text("theme.archived", theme=found.name)]
    if mine:
        said.append(text("theme.archive.name_you.here"))
    return message(*said, buttons=[*mine, reopen])


def _confirm(call: Call, theme: Theme) -> Message:
    """What ends with it, before anything does."""
    lines = [text("theme.archive.sure", theme=theme.name)]
    if standing := call.belongings.standing(call.tx, theme.id):
        lines += [text("theme.archive.ends"), *standing]
    sure = {"theme": keep(theme), "sure": True}
    return message(*lines, buttons=[Button(text("theme.button.archive"), ARCHIVE, sure, style="danger")])


def _archived_name(call: Call, theme: Theme) -> str:
    """By which everybody sees that it is; its own can be another theme's meanwhile."""
    word = call.commands.texts.find("theme.archived.word", call.settings.locale) or ""
    name, number = f"{theme.name} ({word})", 2
    while is_taken(call, name, but=theme.id):
        name, number = f"{theme.name} ({word} {number})", number + 1
    return name


def reopen_theme(call: Call, theme: Theme | None = None, *, name: str | None = None) -> Message:
    """Have an archived theme be as it was before."""
    found = managed(call, theme, archived=True)
    archive = call.tx.of(ARCHIVES).of_theme(found.id)
    if archive is None:
        raise UserError("theme.reopen.not", theme=found.name)
    called = checked_name(call, name, but=found.id) if name else archive.name
    if name:
        if not call.may(Role.MODERATOR, found.id) and not _may_say_something(call):
            raise UserError("place.silent")
        use_a_name(call, found)
    elif is_taken(call, called, but=found.id):
        raise UserError("theme.reopen.taken", theme=found.name, name=called)
    call.tx.of(ARCHIVES).reopen(archive.id, call.now)
    call.tx.places.close_theme(found.id, closed=False)
    call_it(call, found, called)
    for state in call.tx.wanted.of(found.id):
        call.tx.guests.again(found.id, state.platform, call.now)
    held.plan(call, found.id)
    call.ended(_board_of(archive.id))
    key = f"theme:{found.id}:reopened:"
    call.announce(found.id, message(text("theme.reopened", theme=called)), f"{key}{call.id}", instead_of=key)
    return message(text("theme.reopened.receipt", theme=called))


def _may_say_something(call: Call) -> bool:
    """Whether they can in any place of the community's own: in one that is archived nobody can."""
    there = {theme for _, theme, _ in call.tx.people.parts(call.resident.id)}
    there.difference_update(call.tx.places.closed())
    parts = (call.part_in(theme) for theme in sorted(there) if call.is_own(theme))
    return any(part is not None and part.writes for part in parts)


# --- the summary ---


def sum_up_due(call: Call, job: Job) -> None:
    """All that was open in an archived theme has ended, unless that waits for what was said in time."""
    found = call.tx.of(ARCHIVES).get(int(job.subject))
    if found is None or found.reopened_at:
        return
    if call.belongings.standing(call.tx, found.theme):
        call.schedule(SUM_UP, job.subject, call.now + AGAIN)
        return
    call.tx.of(ARCHIVES).sum_up(found.id, call.belongings.came_of(call.tx, found.theme))
    call.board(_board_of(found.id), found.theme)


def show_summary(call: Call, subject: str) -> Message | None:
    """What there was to a theme that was archived: when, what came of it, and who pulled it."""
    found = call.tx.of(ARCHIVES).get(int(subject))
    if found is None:
        return None
    lines: list[Text] = [
        text("theme.summary.dates", begun=found.begun_on, archived=found.archived_on),
        *_pulled(found),
    ]
    if found.came_of:
        lines += [text("theme.summary.came"), *found.came_of]
    if found.reopened_at:
        lines.append(text("theme.summary.reopened"))
    return message(*lines, title=text("theme.summary.title", theme=found.name), pinned=True)


def _pulled(archive: Archive) -> Sequence[Text]:
    if not archive.named:
        return [text("theme.summary.pulled.unnamed", count=archive.unnamed)] if archive.unnamed else ()
    who = tuple(archive.named)
    if archive.unnamed:
        return [text("theme.summary.pulled.more", who=who, count=archive.unnamed)]
    return [text("theme.summary.pulled", who=who, count=len(who))]


def _board_of(archive: int) -> str:
    return f"{SUBJECT}:{archive}"


# --- who may be named in it ---


def _ask_for_names(call: Call, theme: Theme, archive: int, pulled: Sequence[Resident]) -> None:
    for who in pulled:
        if who.id != call.resident.id:
            asked = message(text("theme.archive.name_you", theme=theme.name), buttons=[_name_button(archive)])
            call.tell(who, asked, f"{SUBJECT}:{archive}:{who.id}", theme=theme.id, begun=True)


def name_me(call: Call, archive: int, *, hide: bool = False) -> Message:
    """Whether it may be said that they pulled a theme that was archived."""
    found = call.tx.of(ARCHIVES).get(archive)
    if found is None or not call.tx.of(ARCHIVES).name(archive, call.resident.id, named=not hide):
        raise UserError("theme.archive.not_yours")
    call.changed(_board_of(archive))
    said = text("theme.archive.unnamed" if hide else "theme.archive.named", theme=found.name)
    return message(said, buttons=[_name_button(archive, hide=not hide)])


def _name_button(archive: int, *, hide: bool = False) -> Button:
    args = {"archive": archive, "hide": True} if hide else {"archive": archive}
    return Button(text("theme.button.unname" if hide else "theme.button.name"), NAME, args)


# --- whose it is ---


def merge_archives(tx: Transaction, old: int, new: int) -> None:
    """What either pulled is what the one person pulled that they are."""
    _show_anew(tx, tx.of(ARCHIVES).merge(old, new))


def part_archives(tx: Transaction, old: int, new: int, brought: Brought | None) -> None:
    """Each is named by its own word again."""
    _show_anew(tx, sorted({*tx.of(ARCHIVES).concerning(old), *tx.of(ARCHIVES).concerning(new)}))


def forget_archives(tx: Transaction, resident: int) -> None:
    """They pulled nothing."""
    _show_anew(tx, tx.of(ARCHIVES).forget(resident))


def _show_anew(tx: Transaction, archives: Sequence[int]) -> None:
    for number in archives:
        tx.boards.mark(_board_of(number))
