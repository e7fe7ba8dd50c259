"""Linking: two accounts turn out to be one person's, by a code and by a yes on each of them.

A code is phished by having it sent. So it links nothing by itself: whoever gives it reads with whom they
would be one person and what that one would see, and so does whoever asked for it; each says yes. Whoever
guesses is soon kept from it, and nothing is learnt from an answer: of a code that is wrong, spent, late or
unknown it is the same. For a day it can be undone, and what was granted to one account counts for that one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from bot.call import Call
from bot.errors import UserError
from bot.features.residents.records import LINKS, LIVES, UNDONE_WITHIN, Request
from bot.model.message import Button, Message, message, text, typed
from bot.model.people import Identity, Resident, Role
from bot.model.work import Job

# Without 0 O 1 I L, which are read for each other.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
# So many wrong codes within that time, of an account or of all together, are guesses.
GUESSED_WITHIN, GUESSES, GUESSES_TOGETHER = timedelta(hours=1), 5, 20
SHORTLY = timedelta(seconds=1)
YES, NO, UNDO = "me link-yes", "me link-no", "me link-undo"
LAPSE, SETTLE = "link.lapse", "link.settle"
# A moderator stands in for somebody, for so long: they may link a second account of a platform.
VOUCHED, VOUCHED_FOR = "link.vouched", timedelta(days=1)
_BETWEEN = re.compile(r"[\s\-‐-―−]+")


def link_accounts(call: Call, code: str | None = None, *, vouch: Resident | None = None) -> Message:
    """Ask for a code on one account, and give it on the other."""
    if vouch is not None:
        return _vouch_for(call, vouch)
    me = account_of(call)
    if code is not None and call.public:
        return _said_aloud(call, code)
    if until := call.tx.of(LINKS).closed(me, call.now, GUESSED_WITHIN):
        raise UserError("link.closed", until=until)
    return _ask_for_code(call, me) if code is None else _give_code(call, me, code)


def account_of(call: Call) -> Identity:
    assert call.identity
    return call.identity


def _ask_for_code(call: Call, me: Identity) -> Message:
    """A new code, instead of any other; or what waits for their yes."""
    if waiting := call.tx.of(LINKS).waiting(me, call.now):
        return _question(call, waiting, waiting.given_by, waiting.given_handle)
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    until = call.now + LIVES
    call.tx.of(LINKS).lapse(call.now, GUESSED_WITHIN)
    call.tx.of(LINKS).ask(me, call.resident.id, code, until, call.handle)
    call.schedule(LAPSE, "codes", until)
    shown = f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"
    return message(text("link.code", code=shown, until=until), text("link.code.how", code=shown))


def _said_aloud(call: Call, code: str) -> Message:
    """Others read it: it is no use any more, and taken away where that may be."""
    gone = call.take_away(before=partial(_spend, call, code))
    return message(text("link.aloud.gone") if gone else text("link.aloud"), text("link.aloud.how"))


def _spend(call: Call, code: str) -> None:
    if found := call.tx.of(LINKS).by_code(_plain(code), call.now):
        call.tx.of(LINKS).drop(found.id)


def _plain(code: str) -> str:
    return _BETWEEN.sub("", code).upper()


def _give_code(call: Call, me: Identity, code: str) -> Message:
    """It links nothing yet: they read what it does, and are asked."""
    found = call.tx.of(LINKS).by_code(_plain(code), call.now)
    if found is None:
        call.tx.of(LINKS).lapse(call.now, GUESSED_WITHIN)
        call.tx.of(LINKS).wrong(me, call.now, GUESSED_WITHIN, GUESSES, GUESSES_TOGETHER)
        until = call.now + GUESSED_WITHIN + SHORTLY
        call.schedule(LAPSE, "guesses", until, f"{LAPSE}:{until.isoformat()}")
        return message(text("link.wrong"))
    _check_pair(call, found.resident, call.resident.id, found.account, me)
    until = call.now + LIVES
    if not call.tx.of(LINKS).give(found.id, me, call.resident.id, until, call.handle):
        return message(text("link.wrong"))
    call.schedule(LAPSE, "codes", until)
    return _question(call, replace(found, until=until), found.account, found.handle)


def _check_pair(
    call: Call, asked: int, gave: int, asking: Identity, giving: Identity
) -> Mapping[int, Sequence[Identity]]:
    """Whether these two may become one person; the accounts that each has. Raises: UserError."""
    if asking == giving:
        raise UserError("link.own")
    if asked == gave:
        raise UserError("link.already")
    accounts = call.tx.people.accounts([asked, gave])
    networks = [{account.network for account in theirs} for theirs in accounts.values()]
    if networks[0] & networks[1] and not any(_is_vouched_for(call, resident) for resident in accounts):
        raise UserError("link.same_platform")
    if len(call.tx.people.by_line(accounts)) > 1:
        raise UserError("link.two_lines")
    return accounts


def _is_vouched_for(call: Call, resident: int) -> bool:
    return bool(call.tx.uses.count(resident, VOUCHED, call.now, VOUCHED_FOR))


def accounts_of(call: Call, resident: int) -> Sequence[Identity]:
    return call.tx.people.accounts([resident]).get(resident, ())


def is_only_moderator(call: Call, resident: int) -> bool:
    """Whether nobody would steer the community without them."""
    moderators = set(call.tx.people.with_role(Role.MODERATOR))
    return bool(moderators) and moderators <= set(accounts_of(call, resident))


def named(network: str) -> str:
    return network[:1].upper() + network[1:]


def _question(call: Call, request: Request, other: Identity | None, handle: str) -> Message:
    """With whom they would be one person, and what that brings. Others may have their name, not `handle`."""
    assert other
    who = call.tx.people.by_identity(other)
    assert who
    return message(
        text("link.question", who=who, account=typed(handle), platform=named(other.network)),
        text("link.account", account=typed(handle)),
        text("link.brings", who=who),
        text("link.phished"),
        hints=[text("link.question.how", until=request.until)],
        buttons=[
            Button(text("link.button.yes"), YES, {"request": request.id}, style="primary"),
            Button(text("link.button.no"), NO, {"request": request.id}),
        ],
    )


# --- a yes on each ---


def say_yes(call: Call, request: int) -> Message:
    """Whoever gave the code says yes, and then whoever asked for it."""
    me, found = account_of(call), _own_request(call, request)
    assert found.given_by
    if me == found.given_by and not found.agreed:
        call.tx.of(LINKS).agree(found.id)
        # It names their account: that is kept no longer than until it was said.
        question = _question(call, found, me, call.handle)
        call.post(found.account, question, f"link:{found.id}:question", confidential=True)
    if me == found.given_by:
        who = call.tx.people.by_identity(found.account)
        call.sealed = True  # it names their account
        account, platform = typed(found.handle), named(found.account.network)
        return message(text("link.half", who=who, account=account, platform=platform))
    if not found.agreed:
        raise UserError("link.gone")
    return _join(call, found, found.given_by)


def say_no(call: Call, request: int) -> Message:
    """Either of them says no: nothing happens, and the code is spent."""
    found = _own_request(call, request)
    call.tx.of(LINKS).drop(found.id)
    if found.given_by and found.agreed:
        other = found.account if account_of(call) == found.given_by else found.given_by
        call.post(other, message(text("link.refused")), f"link:{found.id}:refused")
    return message(text("link.no"))


def _own_request(call: Call, request: int) -> Request:
    """What was asked of this very account, or by it. Raises: UserError, whatever it is that is not so."""
    found, me = call.tx.of(LINKS).get(request, call.now), account_of(call)
    if found is None or found.given_by is None or me not in (found.account, found.given_by):
        raise UserError("link.gone")
    return found


def _join(call: Call, request: Request, other: Identity) -> Message:
    """They are one person, with all that either had; the one who was here first stays who they were."""
    asked, gave = (call.tx.people.by_identity(account) for account in (request.account, other))
    if asked is None or gave is None:
        raise UserError("link.gone")
    accounts = _check_pair(call, asked.id, gave.id, request.account, other)
    elder, younger = sorted((asked, gave), key=lambda resident: resident.id)
    for resident in (elder, younger):
        call.tx.people.hold(resident.id)
    stay, come = accounts[elder.id], accounts[younger.id]
    brought = call.tx.people.brought(younger.id, elder.id)
    granted = {account: _role_of(call, account) for account in (*stay, *come)}
    # Which of two names that their platforms gave is theirs does not change with the account they use.
    asked_for = brought.wishes["name_is_chosen"] and not brought.before["name_is_chosen"]
    name = brought.wishes["name"] if asked_for else brought.before["name"]
    # Spent, and what else they asked for; so that nothing of it has to be passed on first.
    call.tx.of(LINKS).drop_all_of(elder.id, younger.id)
    person = call.belongings.link(call.tx, list(granted), name)
    call.tx.people.set_apart(granted)
    until = call.now + UNDONE_WITHIN
    number = call.tx.of(LINKS).add(person, come, brought, until)
    call.schedule(SETTLE, str(person), until)
    roles = any(granted.values())
    call.post(other, _done(call, request.account, number, until, roles), f"link:{number}:done")
    return _done(call, other, number, until, roles)


def _role_of(call: Call, account: Identity) -> Role:
    resident = call.tx.people.by_identity(account)
    return resident.role if resident else Role.RESIDENT


def _done(call: Call, other: Identity, link: int, until: datetime, roles: bool) -> Message:
    lines = [text("link.done", platform=named(other.network)), text("link.done.undo", until=until)]
    if roles:
        lines.insert(1, text("link.done.roles"))
    return message(*lines, buttons=[Button(text("link.button.undo"), UNDO, {"link": link})])


# --- undone, or settled ---


def undo_link(call: Call, link: int) -> Message:
    """Either has back what they brought; a vote in what is open stays with the one who was here first."""
    found = call.tx.of(LINKS).link(link, call.now)
    if found is None or found.resident != call.resident.id:
        raise UserError("link.gone")
    stay = [account for account in accounts_of(call, found.resident) if account not in found.accounts]
    if not stay or not set(found.accounts) <= set(accounts_of(call, found.resident)):
        raise UserError("link.gone")
    call.tx.of(LINKS).forget_link(found.id)
    new = call.belongings.part(call.tx, found.resident, found.accounts, found.brought)
    if len(stay) == 1:
        call.belongings.trust(call.tx, found.resident)
    if len(found.accounts) > 1:
        # They were one before; of which what was granted to one does not count for another yet, in a day.
        call.schedule(SETTLE, str(new), call.now + UNDONE_WITHIN)
    said = message(text("link.undone"), text("link.undone.votes"))
    for account in (*stay, *found.accounts):
        if account != call.identity:
            call.post(account, said, f"link:{found.id}:undone:{account.address}")
    return said


def lapse_due(call: Call, job: Job) -> None:
    """Codes that nobody gave in time, what can be undone no more, and who guessed are kept no longer."""
    call.tx.of(LINKS).lapse(call.now, GUESSED_WITHIN)


def settle_due(call: Call, job: Job) -> None:
    """A day later what was granted to one of their accounts counts for each."""
    call.tx.of(LINKS).lapse(call.now, GUESSED_WITHIN)
    call.belongings.trust(call.tx, int(job.subject))


# --- a moderator's word ---


def _vouch_for(call: Call, who: Resident) -> Message:
    """What was granted to one of their accounts counts for each; they may link a second one of a platform."""
    check_moderates(call)
    if who.id == call.resident.id:
        raise UserError("link.vouch.self")
    call.belongings.trust(call.tx, who.id)
    call.tx.uses.add(who.id, VOUCHED, call.now + VOUCHED_FOR, call.id)
    return message(text("link.vouched", who=who))


def check_moderates(call: Call) -> None:
    if not call.moderates:
        raise UserError("role.needed.moderator")
