"""Muting somebody in a theme for a while, letting them speak again, and warning them.

It holds for the person: on every platform, from each of their accounts. What they say is carried nowhere, and
where Plein may the platform keeps them from saying it (bot/delivery/silencing.py).
"""

from __future__ import annotations

from datetime import timedelta

from bot.call import Call
from bot.errors import UserError
from bot.features.moderation.log import note
from bot.features.moderation.records import MODERATION, Deed
from bot.features.moderation.words import Length
from bot.model.message import Button, Message, Text, message, text, typed
from bot.model.people import Identity, Resident, Role, Theme
from bot.model.work import Job
from bot.people import keep
from bot.platforms import called
from bot.themes import keep as keep_theme

MUTE, UNMUTE, ENDS = "mod mute", "mod unmute", "mod.ends"
USUALLY, LEAST, MOST = timedelta(hours=1), timedelta(minutes=1), timedelta(days=28)
LONGEST_REASON = 300


def mute(
    call: Call,
    who: Resident,
    length: Length | None = None,
    reason: str = "",
    *,
    theme: str | None = None,
) -> Message:
    """Nothing that somebody says in this theme is carried, or said at all where Plein may see to that."""
    found = moderated(call, theme)
    _check_whom(call, found, who)
    lasts = USUALLY if length is None else length
    if not LEAST <= lasts <= MOST:
        raise UserError("mod.length.bounds", most=MOST.days)
    check_reason(reason)
    kept, until = call.tx.of(MODERATION), call.now + lasts
    was = kept.until(found.id, None, who.id, call.now)
    number = kept.mute(found.id, who.id, until)
    call.schedule(ENDS, str(found.id), until, f"{ENDS}:{number}")
    note(call, found.id, Deed.MUTED, who, reason=reason, until=until)
    told = [text("mod.told.muted", theme=found.name, until=until), *why(reason), text("mod.told.turn")]
    tell(call, found, who, message(*told))
    call.undo_with(UNMUTE, who=keep(who), theme=keep_theme(found))
    key, given = "mod.muted.again" if was else "mod.muted", {"who": keep(who), "theme": keep_theme(found)}
    said = text(key, who=who, theme=found.name, until=until, was=was or until)
    return message(said, buttons=[Button(text("mod.button.unmute"), UNMUTE, given)])


def unmute(call: Call, who: Resident, *, theme: str | None = None) -> Message:
    """They may speak again, and what they say is carried again."""
    found = moderated(call, theme)
    if not call.tx.of(MODERATION).unmute(found.id, who.id):
        return message(text("mod.unmuted.was_not", who=who, theme=found.name))
    note(call, found.id, Deed.UNMUTED, who)
    tell(call, found, who, message(text("mod.told.unmuted", theme=found.name)))
    return message(text("mod.unmuted", who=who, theme=found.name))


def warn(call: Call, who: Resident, reason: str, *, theme: str | None = None) -> Message:
    """Somebody is told in private what is not all right; it stays in the log."""
    found = moderated(call, theme)
    _check_whom(call, found, who)
    check_reason(reason)
    note(call, found.id, Deed.WARNED, who, reason=reason)
    said = message(text("mod.told.warned", theme=found.name), *why(reason), text("mod.told.turn"))
    call.tell(who, said, f"mod:{call.id}")
    return message(text("mod.warned", who=who, theme=found.name))


def ends_due(call: Call, job: Job) -> None:
    """Whoever was muted until now may speak again, and hears so."""
    theme = next(iter(call.tx.places.themes([int(job.subject)])), None)
    for over in call.tx.of(MODERATION).take_over(int(job.subject), call.now):
        if (
            theme
            and over.resident
            and not call.tx.of(MODERATION).until(theme.id, None, over.resident, call.now)
        ):
            said = message(text("mod.told.over", theme=theme.name))
            call.tell(over.resident, said, f"mod:over:{over.id}", instead_of=_of(theme))


def unsilenced_due(call: Call, job: Job) -> None:
    """Who moderates is told where Plein may not keep somebody from writing, and what to do by hand."""
    theme = next(iter(call.tx.places.themes([int(job.subject)])), None)
    if theme is None:
        return
    for (place, user), silence in call.tx.silences.all().items():
        who = call.tx.people.by_identity(Identity(place.platform, user))
        if silence.theme != theme.id or silence.why is None or who is None:
            continue
        name = text(
            "mod.place",
            place=typed(call.tx.places.called(place) or place.room_id),
            platform=called(place.platform),
        )
        until = call.tx.of(MODERATION).until(theme.id, None, who.id, call.now)
        key = "mod.unsilenced.again" if silence.stands else "mod.unsilenced"
        said = message(text(key, who=who, place=name), silence.why)
        told = f"mod:unsilenced:{place.platform}:{place.room_id}:{who.id}:{until}"
        call.tell_moderators(theme.id, said, told, but=who.id)


def tell(call: Call, theme: Theme, who: Resident, said: Message) -> None:
    """Of what they may in a theme the last alone is told."""
    call.tell(who, said, f"{_of(theme)}{call.id}", instead_of=_of(theme))


def _of(theme: Theme) -> str:
    return f"mod:{theme.id}:may:"


def why(reason: str) -> list[Text]:
    return [text("mod.told.why", reason=reason)] if reason else []


def moderated(call: Call, theme: str | None) -> Theme:
    """The theme where it is typed, or that one. Raises: UserError where they do not moderate it now."""
    found = call.theme(theme)
    if not call.may(Role.MODERATOR, found.id):
        raise UserError("role.needed.moderator")
    return found


def check_reason(reason: str) -> None:
    """Raises: UserError."""
    if len(reason) > LONGEST_REASON:
        raise UserError("mod.reason.long", most=LONGEST_REASON)


def _check_whom(call: Call, theme: Theme, who: Resident) -> None:
    """Raises: UserError where it is themselves, or somebody who moderates there."""
    if who.id == call.resident.id:
        raise UserError("mod.yourself")
    if who.role >= Role.MODERATOR or who.id in {each.id for each in call.tx.people.moderators_of(theme.id)}:
        raise UserError("mod.moderator", who=who)
