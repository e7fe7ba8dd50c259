"""Who speaks: whose account it is, what is noted of it, and what part they have where they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.call import WAITED
from bot.model.events import Invocation
from bot.model.people import HOLDS, Identity, Part, Place, Presences, Resident, Role, part_now
from bot.names import called
from bot.ports.people import Account, Recognised
from bot.ports.storage import Transaction

# What a platform says of an account is written down so often, though it is the same.
KEPT_FOR = HOLDS / 6
# By so much the clocks of two processes may differ, and no more.
CLOCKS_DIFFER = timedelta(minutes=1)
# The places of the themes that the platform was asked about, and what it said; None: it cannot be asked.
Told = dict[int, tuple[Sequence[Place], Presences]] | None


def recognised(invocation: Invocation, tx: Transaction) -> Recognised:
    """Who it is: also at the end, whatever another process does meanwhile."""
    while True:
        known = tx.handled.recognise(invocation.id, invocation.author, invocation.place)
        if known.answer or known.account is None or not tx.people.keep(known.account.resident.id):
            return known


def is_over(known: Recognised, author: Identity, said_at: datetime, tx: Transaction, now: datetime) -> bool:
    """Whether whoever said it was forgotten since: nothing of theirs happens a second time."""
    forgotten_at = known.account.forgotten_at if known.account else tx.forgotten.at(author)
    if forgotten_at is None:
        return False
    if forgotten_at > now + CLOCKS_DIFFER:
        # Noted while the clock was ahead: what is said just now came after it all the same.
        return now - said_at >= WAITED
    return said_at < forgotten_at


def arrived(invocation: Invocation, known: Recognised, tx: Transaction, now: datetime) -> Resident:
    """Who it is, noted as taking part where they are."""
    name, author = called(invocation.name), invocation.author
    account = known.account or Account(tx.people.add(author, name), heard_as=author.address)
    resident = account.resident
    renamed = not account.name_is_chosen and resident.name != name
    if renamed or account.heard_as != author.address:
        resident = tx.people.heard(resident, author, name)
    if invocation.account and invocation.account != account.heard_by:
        tx.people.talks_to(author, invocation.account)
    if account.gone_at:
        tx.people.is_back(author)
    if invocation.place is None and not account.talks:
        tx.people.talks(author)
    if account.unheard:
        tx.told.resume(resident.id, author, now)
    here = known.theme if invocation.there and not invocation.left else None
    if here and not _is_fresh(known.part, invocation.role, invocation.writes, now):
        part = Part(invocation.role, min(invocation.since or now, now), now, invocation.writes)
        tx.people.take_part(author, resident.id, here.id, part, uses=True)
    return resident


def came_back(invocation: Invocation, known: Recognised) -> int | None:
    """The theme where they are, if by what their platform says they came back since what is kept of them.

    Perhaps they were in another place of it meanwhile: that is to be asked.
    """
    if not (known.theme and known.part and invocation.there and invocation.not_before):
        return None
    return known.theme.id if invocation.not_before > known.part.since else None


def understood(
    invocation: Invocation, told: Told, tx: Transaction, now: datetime
) -> dict[int, Part | None] | None:
    """Their part in the themes that their platform was asked about."""
    if told is None:
        return None
    author = invocation.author
    return {
        theme: part_now(places, present, tx.people.part_of(author, theme), now)
        for theme, (places, present) in told.items()
    }


def note(
    invocation: Invocation, resident: Resident, told: Told, tx: Transaction, now: datetime
) -> dict[int, Part | None] | None:
    """The same; kept for their other accounts, who do not speak now."""
    author = invocation.author
    kept = {theme: part for account, theme, part in tx.people.parts(resident.id) if account == author}
    found = {}
    for theme, (places, present) in (told or {}).items():
        part = found[theme] = part_now(places, present, kept.get(theme), now)
        before = kept.get(theme)
        anew = part is not None and before is not None and part.since > before.since
        if anew:
            tx.people.leave(author, theme)
        if part and part.said_at == now and (anew or not _is_fresh(before, part.role, part.writes, now)):
            tx.people.take_part(author, resident.id, theme, part)
        elif part is None and theme in kept and all(place in present for place in places):
            tx.people.leave(author, theme)
    return found


def _is_fresh(kept: Part | None, role: Role, writes: bool, now: datetime) -> bool:
    """Whether what is kept says the same that is said now, and was said not long ago."""
    if kept is None or kept.role != role or kept.writes != writes:
        return False
    return abs(now - kept.said_at) < KEPT_FOR
