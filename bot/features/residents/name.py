"""A name of one's own: what Plein calls somebody from then on, on every platform; and back."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

from bot.call import Call
from bot.errors import UserError
from bot.features.residents.link import accounts_of
from bot.lookalikes import alike
from bot.model.message import Button, Message, message, text
from bot.model.people import Known
from bot.names import called, without_number

SHORTEST, LONGEST = 2, 64
# Nobody knows who it is that is called otherwise all the time.
CHANGES_WITHIN, CHANGES = timedelta(days=1), 10
_CHANGE = "me name"


def choose_name(call: Call, name: str | None = None, *, reset: bool = False) -> Message:
    """Be called otherwise than one's platform says, or as it says again."""
    if reset:
        return _call_as_platform_does(call)
    if name is None:
        known = known_as(call)
        key = "profile.name.own" if known.own else "profile.name.is"
        return message(text(key, name=known.name), text("profile.name.how"))
    call.check_belongs()  # others are shown it
    # People call each other by "@", which is none of the name.
    name = unicodedata.normalize("NFC", " ".join(name.split()).lstrip("@ "))
    check_name(call, name)
    if (count := call.used(_CHANGE, CHANGES_WITHIN)) >= CHANGES:
        raise UserError("profile.name.often", count=count)
    call.use(_CHANGE, within=CHANGES_WITHIN)
    call.tx.people.call(call.resident.id, name, chosen=True, own=True)
    back = Button(text("profile.name.button.reset"), "me name", {"reset": True})
    return message(text("profile.name.set", name=name), text("profile.name.back"), buttons=[back])


def known_as(call: Call) -> Known:
    """The name and accounts of whoever speaks."""
    return call.tx.people.known([call.resident.id])[call.resident.id]


def _call_as_platform_does(call: Call) -> Message:
    if not known_as(call).own:
        raise UserError("profile.name.none")
    # Of somebody with several accounts it does not change with the one that they use.
    several = len(accounts_of(call, call.resident.id)) > 1
    name = called(call.platform_name)
    call.tx.people.call(call.resident.id, name, chosen=several)
    return message(text("profile.name.reset", name=name))


def check_name(call: Call, name: str) -> None:
    """Whether somebody may be called that. Raises: UserError."""
    if not SHORTEST <= len(name) <= LONGEST:
        key = "profile.name.short" if len(name) < SHORTEST else "profile.name.long"
        raise UserError(key, least=SHORTEST, most=LONGEST, count=len(name))
    if not any(map(str.isalpha, name)):
        raise UserError("profile.name.letters")
    if without_number(name)[1] is not None:
        # So are those who are called the same told apart.
        raise UserError("profile.name.numbered")
    moderators = (person for person in call.tx.people.moderators() if person.id != call.resident.id)
    if any(alike(person.name, name) for person in moderators):
        raise UserError("profile.name.moderators")
