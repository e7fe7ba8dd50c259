"""Taking back what was said: by who gave it, by whom it thanks, or by a moderator; and what is void."""

from __future__ import annotations

from datetime import timedelta

from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.features.kudos import certify, show
from bot.features.kudos.find import find
from bot.features.kudos.records import KUDOS, Kudos
from bot.model.message import Button, InTheme, Message, message, text
from bot.model.people import Resident, Role
from bot.model.work import Job

WITHDRAW, REMOVE, UNHIDE = "kudos withdraw", "kudos remove", "kudos unhide"
VOID = "kudos.void"
# So long who gave it can take it back.
WITHIN = timedelta(days=1)
LONGEST_WHY = 200
_SHOWN = 60


def withdraw(call: Call, kudos: int | None = None) -> Message:
    """Take back that you thanked somebody, within a day."""
    found = _last(call) if kudos is None else call.tx.of(KUDOS).get(kudos)
    # Of one that is somebody else's nobody hears more than of one that there is not.
    if found is None or found.giver != call.resident.id:
        raise UserError("kudos.not_yours" if kudos is not None else "kudos.none_lately")
    if not found.stands:
        raise UserError("kudos.gone", kudos=found.id)
    if call.now - found.given_at > WITHIN:
        raise UserError("kudos.late", kudos=found.id)
    _end(call, found, "withdrawn")
    return message(text("kudos.withdrawn.yours", who=show.whom(found, found.receivers)))


def _last(call: Call) -> Kudos | None:
    lately = call.tx.of(KUDOS).given_by(call.resident.id, call.now - WITHIN)
    return call.tx.of(KUDOS).get(lately[0].id) if lately else None


def remove(call: Call, kudos: int, *, why: str, sure: bool = False) -> Message:
    """Have it not said any more, and say why."""
    found = find(call, kudos, "kudos.nowhere")
    if not call.may(Role.MODERATOR, found.theme):
        raise UserError("role.needed.moderator")
    if not found.stands:
        raise UserError("kudos.gone", kudos=kudos)
    if len(why) > LONGEST_WHY:
        raise UserError("kudos.why.long", count=len(why), most=LONGEST_WHY)
    if not sure:
        asked = text(
            "kudos.remove.sure", giver=show.giver(found), who=show.whom(found), what=show.what(found)
        )
        raise Unsure(asked, yes(sure=True), text("kudos.remove.sure.no"))
    _end(call, found, "removed", why)
    if found.giver is not None:
        said = text("kudos.removed.giver", who=show.whom(found, found.receivers), why=why)
        call.tell(found.giver, message(said), f"{show.subject(found)}:removed", begun=True, beside=True)
    _tell_moderators(call, found, why)
    return message(text("kudos.removed.done", kudos=kudos))


def _tell_moderators(call: Call, found: Kudos, why: str) -> None:
    """The others who moderate there know of it."""
    said = text(
        "kudos.removed.moderators",
        moderator=Resident(call.resident.id, ""),
        giver=show.giver(found),
        who=show.whom(found),
        what=show.what(found, most=_SHOWN),
        why=why,
    )
    call.tell_moderators(
        found.theme, message(said), f"{show.subject(found)}:removed:log", but=call.resident.id
    )


def hide(call: Call, kudos: int) -> Message:
    """Have nobody see that it thanks you."""
    found = call.tx.of(KUDOS).get(kudos)
    if found is None or call.resident.id not in found.residents:
        raise UserError("kudos.unknown", kudos=kudos)
    call.tx.of(KUDOS).hide(kudos, call.resident.id, hidden=True)
    call.changed(show.subject(found))
    back = Button(text("kudos.button.unhide"), UNHIDE, {"kudos": kudos})
    return message(text("kudos.hidden.done", giver=show.giver(found)), buttons=[back])


def unhide(call: Call, kudos: int) -> Message:
    """Have it seen again that it thanks you, by those who could read it before."""
    found = call.tx.of(KUDOS).get(kudos)
    if found is None or not call.tx.of(KUDOS).thanks(kudos, call.resident.id):
        raise UserError("kudos.unknown", kudos=kudos)
    call.tx.of(KUDOS).hide(kudos, call.resident.id, hidden=False)
    call.changed(show.subject(found))
    return message(text("kudos.hidden.undone", giver=show.giver(found)))


def _end(call: Call, found: Kudos, state: str, why: str | None = None) -> None:
    """It stands no more: whom it thanks hears so, and for what reason."""
    call.tx.of(KUDOS).change(found.id, state=state, why=why)
    certify.check_those_saying(call, found.id)
    call.changed(show.subject(found.replies_to or found.id))
    times, told = call.used(again(found), WITHIN), {"giver": show.giver(found), "why": why or ""}
    said, elsewhere = (
        text(f"kudos.{state}.told", what=show.what(found, most=_SHOWN, linked=linked), **told)
        for linked in (True, False)
    )
    for resident in found.residents:
        call.tx.told.skip(resident, show.told_again(found, resident, times))
        key = show.told_of_end(found, state, resident, times)
        line = InTheme(said, found.theme, elsewhere)
        call.tell(resident, message(line), key, begun=True, beside=True)


def again(kudos: Kudos) -> str:
    """By what it is counted how often it was put back."""
    return f"kudos again {kudos.id}"


def void_due(call: Call, job: Job) -> None:
    """What somebody gave themselves, as it turns out, is void; they hear so once."""
    resident = int(job.subject)
    kept = call.tx.of(KUDOS)
    if not (own := kept.own(resident)):
        return
    for number in own:
        found = kept.get(number)
        assert found
        if any(receiver.resident != resident for receiver in found.receivers):
            # The others are thanked all the same.
            kept.void_for(number, resident)
        else:
            kept.change(number, state="void")
        certify.check_those_saying(call, number)
        call.changed(show.subject(found.replies_to or number))
    said = text("kudos.void", count=len(own))
    call.tell(Resident(resident, ""), message(said), f"{VOID}:{job.id}", begun=True, beside=True)
