"""What was said of a name without an account: whose it is, once a moderator agrees."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.call import Call
from bot.errors import Unsure, UserError
from bot.features.kudos import known, show
from bot.features.kudos.find import find
from bot.features.kudos.records import KUDOS, Kudos, Taste
from bot.model.message import Button, Message, message, text, typed
from bot.model.people import Resident, Role
from bot.names import folded
from bot.people import keep
from bot.ports.storage import Transaction

CLAIM, AGREE = "kudos claim", "kudos agree"
# So long nobody asks a second time for what a moderator did not agree with.
ONCE_IN = timedelta(days=365)


def claim(call: Call, kudos: int, name: str | None = None) -> Message:
    """Say that you are whom it thanks, by a name that is no account."""
    kept = call.tx.of(KUDOS)
    found = _find(call, kudos)
    if found.giver == call.resident.id:
        raise UserError("kudos.claim.gave", kudos=kudos)
    if kept.thanks(kudos, call.resident.id):
        raise UserError("kudos.claim.yours", kudos=kudos)
    name = _which(call, found, name)
    asked = kept.names(kudos)[name]
    if asked is not None and asked != call.resident.id:
        raise UserError("kudos.claim.another", name=name)
    if asked is not None or call.used(_asking(kudos), ONCE_IN):
        raise UserError("kudos.claim.once", name=name)
    if all(moderator.id == call.resident.id for moderator in call.tx.people.moderators_of(found.theme)):
        raise UserError("kudos.claim.nobody")
    call.use(_asking(kudos), ONCE_IN)
    kept.claim(kudos, name, call.resident.id)
    _ask_moderators(call, found, name)
    return message(text("kudos.claim.asked", name=name))


def _find(call: Call, kudos: int) -> Kudos:
    found = find(call, kudos, "kudos.claim.unknown")
    if not found.stands:
        raise UserError("kudos.gone", kudos=kudos)
    return found


def _which(call: Call, found: Kudos, name: str | None) -> str:
    """Which of the names in it. Raises: UserError where it has none; Unsure where it has several."""
    known = names = [*call.tx.of(KUDOS).names(found.id)]
    if name is not None:
        names = [each for each in names if folded(each) == folded(name)]
        if known and not names:
            raise UserError("kudos.claim.not_there", known=tuple(known), kudos=found.id)
    if not names:
        raise UserError("kudos.claim.none", kudos=found.id)
    if len(names) > 1:
        choices = [(typed(each), {"name": each}) for each in names]
        raise Unsure(text("kudos.claim.which"), choices)
    return names[0]


def _asking(kudos: int) -> str:
    return f"{CLAIM} {kudos}"


def _ask_moderators(call: Call, found: Kudos, name: str) -> None:
    who = Resident(call.resident.id, "")
    said = text("kudos.claim.ask", who=who, name=name, giver=show.giver(found), what=show.what(found))
    args = {"kudos": found.id, "whom": keep(who)}
    buttons = [
        Button(text("kudos.button.claim.yes"), AGREE, args),
        Button(text("kudos.button.claim.no"), AGREE, {**args, "agreed": False}),
    ]
    call.tell_moderators(found.theme, message(said, buttons=buttons), _key(found.id, who.id), but=who.id)


def _key(kudos: int, resident: int) -> str:
    """What is said of that claim of theirs is said under keys that begin so."""
    return f"{show.subject(kudos)}:claim:{resident}"


def drop_claims(tx: Transaction, resident: int) -> None:
    """No moderator is asked any more about what somebody claimed who is about to be forgotten."""
    for row in tx.of(KUDOS).rows_of(resident)["thanked"]:
        if row["claimant"] == resident:
            tx.told.skip(None, f"{_key(row['of_kudos'], resident)}:")


def agree(call: Call, kudos: int, whom: Resident, *, agreed: bool = True) -> Message:
    """They are whom it thanks by that name, as they say; or they are not."""
    kept = call.tx.of(KUDOS)
    found = _find(call, kudos)
    if not call.may(Role.MODERATOR, found.theme):
        raise UserError("role.needed.moderator")
    if whom.id == call.resident.id:
        raise UserError("kudos.claim.own")
    name = next((name for name, who in kept.names(kudos).items() if who == whom.id), None)
    if name is None:
        raise UserError("kudos.claim.over")
    # They may have turned out to be one with who gave it, or with somebody else whom it thanks.
    agreed = agreed and whom.id != found.giver and not kept.thanks(kudos, whom.id)
    kept.settle(kudos, whom.id, agreed=agreed)
    if not agreed:
        call.tell(whom, message(text("kudos.claim.refused", name=name)), f"{_key(kudos, whom.id)}:no")
        return message(text("kudos.claim.declined", who=whom, name=name))
    call.changed(show.subject(found))
    _tell(call, found, whom, name)
    return message(text("kudos.claim.agreed", who=whom, name=name))


def _tell(call: Call, found: Kudos, whom: Resident, name: str) -> None:
    kept = call.tx.of(KUDOS)
    (theme,) = call.tx.places.themes([found.theme])
    taste = kept.hold_tastes([whom.id]).get(whom.id, Taste())
    knows = known.endorse(call, kept.look(found.id) or found, taste)
    said = show.for_receiver(found, theme, asks=not taste.asked, knows=knows)
    call.tell(whom, said, show.told_to(found, whom.id))
    # What is theirs by now is as they like it.
    kept.choose(whom.id, replace(taste, asked=True))
    if found.giver is not None:
        is_now = message(text("kudos.claim.giver", who=whom, name=name))
        call.tell(found.giver, is_now, f"{_key(found.id, whom.id)}:giver", begun=True)
