"""Unlinking: an account leaves the person whose it was, and begins with nothing.

With it go those that the configuration says are the same person's: by leaving them it would be one with
whoever they stayed with anew, once Plein is started again.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.errors import UserError
from bot.features.residents.link import account_of, accounts_of, check_moderates, is_only_moderator, named
from bot.model.message import Button, Message, message, text
from bot.model.people import Identity, Resident, Role


def unlink_account(
    call: Call, *, who: Resident | None = None, platform: str | None = None, sure: bool = False
) -> Message:
    """The account that speaks leaves; or by a moderator's word one that somebody lost."""
    if who is None:
        leaving, person = account_of(call), call.resident
    else:
        check_moderates(call)
        leaving, person = _lost(call, who, platform), who
    if len(accounts_of(call, person.id)) < 2:
        raise UserError("unlink.alone" if who is None else "unlink.alone.other", who=person)
    all_leaving = _with_their_line(call, person, leaving)
    if not sure:
        return _asked(call, leaving, all_leaving, who)
    call.belongings.part(call.tx, person.id, all_leaving)
    stay = message(text("unlink.left", platform=named(leaving.network)))
    call.tell(person, stay, f"unlink:{call.id}")
    if who is None:
        return message(text("unlink.done"))
    return message(text("unlink.done.other", platform=named(leaving.network)))


def _asked(call: Call, leaving: Identity, all_leaving: Sequence[Identity], who: Resident | None) -> Message:
    """What it does can't be undone."""
    args = {"sure": True} | ({"who": f"resident:{who.id}", "platform": leaving.network} if who else {})
    first = (
        text("unlink.sure.other", who=who, platform=named(leaving.network)) if who else text("unlink.sure")
    )
    lines = [first, text("unlink.brings")]
    if along := tuple(named(account.network) for account in all_leaving if account != leaving):
        lines.insert(1, text("unlink.along", platforms=along))
    if who is None and is_only_moderator(call, call.resident.id):
        still = _moderate_still(call, all_leaving)
        lines.append(text("unlink.moderator", platforms=tuple(named(account.network) for account in still)))
    line = call.commands.usage(call.commands.by_path["me unlink"], call.locale, {**call.given, "sure": True})
    return message(
        *lines,
        hints=[text("unlink.sure.how", usage=line)],
        buttons=[Button(text("unlink.button.sure"), "me unlink", args, style="danger")],
    )


def _with_their_line(call: Call, person: Resident, leaving: Identity) -> Sequence[Identity]:
    """What leaves: that account, and those that the configuration names with it where that is not all."""
    by_line = call.tx.people.by_line([person.id]).get(person.id, ())
    if leaving not in by_line or len(by_line) == len(accounts_of(call, person.id)):
        return [leaving]
    return [leaving, *(account for account in by_line if account != leaving)]


def _moderate_still(call: Call, leaving: Sequence[Identity]) -> Sequence[Identity]:
    """Those that stay, unless it was granted to the accounts that leave, and counts for no other yet; or the
    configuration gives it to these.
    """
    me = call.resident.id
    granted = call.tx.people.accounts_with(Role.MODERATOR, me)
    by_line = call.tx.people.by_line([me]).get(me, ())
    if by_line and set(by_line) <= set(leaving):
        return leaving
    return [account for account in granted if account not in leaving] or leaving


def _lost(call: Call, who: Resident, platform: str | None) -> Identity:
    """The account of theirs on that platform. Raises: UserError where that is none, or several."""
    accounts = accounts_of(call, who.id)
    wanted = (platform or "").strip().casefold()
    found = [account for account in accounts if wanted in (account.network, account.address.casefold())]
    if len(found) != 1:
        raise UserError("unlink.which", who=who, platforms=tuple(named(a.network) for a in accounts))
    return found[0]
