"""What a theme is called: said by who pulls it or moderates, or by hand where its channel or room is."""

from __future__ import annotations

from datetime import timedelta

from bot.call import Call
from bot.errors import UserError
from bot.features.themes.naming import checked_name
from bot.features.themes.pull import pulls
from bot.features.themes.records import OPENINGS, THEMES, board_of
from bot.features.themes.standing import stand_anew
from bot.features.themes.which import check_not_archived, meant
from bot.lookalikes import alike_among
from bot.model.homes import RoomState
from bot.model.message import Message, message, text
from bot.model.people import Role, Theme
from bot.model.work import Job
from bot.platforms import called

RENAME = "theme rename"
# So often somebody who does not moderate can in a day.
MOST_RENAMED, DAY = 5, timedelta(days=1)


def rename_theme(call: Call, name: str, theme: Theme | None = None) -> Message:
    """Call a theme otherwise, everywhere."""
    found = managed(call, theme)
    wanted = checked_name(call, name, but=found.id)
    if wanted == found.name:
        return message(text("theme.rename.already", theme=found.name))
    if not call.may_write(found.id):
        raise UserError("place.silent")
    use_a_name(call, found)
    _rename(call, found, wanted)
    return message(text("theme.renamed", old=found.name, name=wanted), text("theme.rename.soon"))


def use_a_name(call: Call, theme: Theme) -> None:
    """One of those that they can give in a day. Raises: UserError where that is too often."""
    if not call.may(Role.MODERATOR, theme.id):
        if (count := call.used(RENAME, DAY)) >= MOST_RENAMED:
            raise UserError("theme.rename.often", count=count)
        call.use(RENAME, within=DAY)


def renamed_due(call: Call, job: Job) -> None:
    """Somebody renamed a channel or room by hand: its theme is called so too, unless none can be."""
    number, _, platform = job.subject.partition(":")
    opened = call.tx.of(OPENINGS).by_theme(int(number))
    state = room_on(call, int(number), platform)
    if opened is None or state is None or not state.called or state.called == opened.name:
        return
    theme, there = Theme(int(number), opened.name), {"platform": called(platform)}
    call.tx.of(THEMES).hold(theme.id)
    try:
        name = checked_name(call, state.called, but=theme.id)
        if _is_of_another(call, name, theme.id):
            raise UserError("theme.there", name=name)
    except UserError:
        said = text("theme.rename.not_so", theme=theme.name, name=state.called, **there)
        _say(call, theme, message(said))
        return
    _rename(call, theme, name, but=platform)


def _is_of_another(call: Call, name: str, theme: int) -> bool:
    """Whether the people who pull or moderate this theme know of another one that is called so.

    Nobody knows who renamed it by hand; it could have been any of them.
    """
    pulling = call.tx.of(THEMES).pulling([theme]).get(theme, ())
    people = {who.id for who in (*pulling, *call.tx.people.moderators_of(theme))}
    known = {used.theme for parts in call.tx.people.parts_of(people).values() for used in parts} - {theme}
    return alike_among((other.name for other in call.tx.places.themes(known)), name) is not None


def moved_due(call: Call, job: Job) -> None:
    """Somebody took a channel or room out of its home: it stays the theme's, which is said."""
    number, _, platform = job.subject.partition(":")
    opened, state = call.tx.of(OPENINGS).by_theme(int(number)), room_on(call, int(number), platform)
    home = call.homes.get(platform)
    if opened is None or state is None or not state.room or home is None:
        return
    said = text("theme.place_moved", theme=opened.name, platform=called(platform), home=home.called)
    key = f"theme:{number}:moved:"
    call.announce(int(number), message(said), f"{key}{job.id}", instead_of=key)


def replaced_due(call: Call, job: Job) -> None:
    """Somebody replaced a room by another, as an upgrade does: that one is the theme's now, which is said."""
    number, _, platform = job.subject.partition(":")
    opened, state = call.tx.of(OPENINGS).by_theme(int(number)), room_on(call, int(number), platform)
    if opened is None or state is None or not state.room:
        return
    said = text("theme.place_replaced", theme=opened.name, platform=called(platform))
    key = f"theme:{number}:replaced:"
    call.announce(int(number), message(said), f"{key}{job.id}", instead_of=key)


def managed(call: Call, theme: Theme | None, *, archived: bool = False) -> Theme:
    """The one that is meant, which they look after and nobody else does until the end.

    Raises: Unsure where it may be several; UserError where they do not, where it was not opened here, or
    where it is archived and may not be.
    """
    found = meant(call, theme)
    call.tx.of(THEMES).hold(found.id)
    check_manages(call, found)
    if not archived:
        check_not_archived(call, found)
    return opened(call, found)


def check_manages(call: Call, theme: Theme) -> None:
    """Raises: UserError where they neither pull it, being in it still, nor moderate there."""
    if call.may(Role.MODERATOR, theme.id):
        return
    if not pulls(call, theme.id) or not call.belongs():
        raise UserError("theme.manage.not_you", theme=theme.name)
    if not call.takes_part(theme.id) and _could_enter(call, theme.id):
        raise UserError("theme.manage.enter", theme=theme.name)


def _could_enter(call: Call, theme: int) -> bool:
    """Whether it has a place where one of their accounts could be."""
    known = call.tx.people.known([call.resident.id]).get(call.resident.id)
    platforms = {account.platform for account in known.accounts} if known else set()
    return any(place.platform in platforms for place in call.tx.places.of_theme(theme))


def opened(call: Call, theme: Theme) -> Theme:
    """The same, as it is called now. Raises: UserError where it was not opened here."""
    found = call.tx.of(OPENINGS).by_theme(theme.id)
    if found is None:
        raise UserError("theme.manage.not_opened", theme=theme.name)
    return Theme(theme.id, found.name)


def room_on(call: Call, theme: int, platform: str) -> RoomState | None:
    """How it is with the theme's channel or room there."""
    return next((room for room in call.tx.wanted.of(theme) if room.platform == platform), None)


def call_it(call: Call, theme: Theme, name: str, but: str = "") -> None:
    """From now on, everywhere; `but` on the platform where it is called so already."""
    call.tx.places.rename_theme(theme.id, name)
    call.tx.of(OPENINGS).rename(theme.id, name)
    call.tx.wanted.rename(theme.id, name, call.now, but)
    call.changed(board_of(theme.id))
    stand_anew(call)


def _rename(call: Call, theme: Theme, name: str, but: str = "") -> None:
    call_it(call, theme, name, but)
    _say(call, theme, message(text("theme.renamed", old=theme.name, name=name)))


def _say(call: Call, theme: Theme, said: Message) -> None:
    key = f"theme:{theme.id}:renamed:"
    call.announce(theme.id, said, f"{key}{call.id}", instead_of=key)
