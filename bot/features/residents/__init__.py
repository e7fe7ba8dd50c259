"""Residents: who they are to Plein, which is what they say of themselves and no more.

wishes.py   the language that each of them reads, whether they are reminded
zone.py     by whose clocks they are told moments
erase.py    what is kept of them, handed out or forgotten
name.py     what Plein calls them
entries.py  what concerns them, what they know, whom they are there for; associations.py: which there are
profile.py  what Plein knows of them, and what others may
link.py     two accounts are one person's; unlink.py: one leaves
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from bot.call import Call
from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.residents import associations, entries, erase, link, name, profile, unlink, wishes, zone
from bot.features.residents.records import LINKS, PROFILES
from bot.model.message import Suggestion, typed
from bot.model.people import Identity, Resident, Role
from bot.people import RESIDENT
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction
from bot.themes import keep


def suggest_themes(call: Call, given: str) -> Sequence[Suggestion]:
    """The themes they take part in."""
    wanted = given.casefold()
    themes = [theme for theme in call.themes() if wanted in theme.name.casefold()]
    return [Suggestion(keep(theme), typed(theme.name)) for theme in themes]


def merge_links(tx: Transaction, old: int, new: int) -> None:
    """What either asked for is asked for by the person that they are."""
    tx.of(LINKS).merge(old, new)


def part_links(tx: Transaction, old: int, new: int, brought: Brought | None) -> None:
    """What linked either's accounts with each other can still be undone. Who leaves within the day leaves
    their name to nobody: by having somebody say yes nobody is called as they are.
    """
    had = tx.of(LINKS).part(old, [new], brought)
    if brought is None:
        # A moderator gave their word for somebody; which of the two that is nobody knows any more.
        for resident in (old, new):
            tx.uses.drop(resident, link.VOUCHED)
    if had and brought is None:
        chosen, own = (bool(had.get(name)) for name in ("name_is_chosen", "name_is_own"))
        tx.people.call(old, had["name"], chosen=chosen, own=own)


def line_links(tx: Transaction, line: Sequence[Identity]) -> None:
    """Whoever is one with somebody by the configuration parts with them from others who were linked: what was
    theirs goes along.
    """
    people = {found.id for account in line if (found := tx.people.by_identity(account))}
    theirs = tx.people.accounts(people)
    linked = {resident for resident in people if tx.of(LINKS).links_of(resident)}
    for resident in linked:
        by = [account for account in theirs[resident] if account in line]
        tx.of(LINKS).bring(resident, by, line, None)
    for resident, other in itertools.permutations(sorted(people), 2):
        if resident in linked:
            by = [account for account in theirs[resident] if account in line]
            tx.of(LINKS).bring(resident, by, theirs[other], tx.people.brought(other, resident))


def unlist_links(tx: Transaction, old: int, parted: Sequence[int]) -> None:
    """So it is with those whom no line joins any more."""
    tx.of(LINKS).part(old, parted)


def readmit_links(tx: Transaction, theme: int, resident: int) -> None:
    """That one was put out before they were linked is over; what comes later is about each of them."""
    tx.of(LINKS).readmit(theme, resident)


def forget_links(tx: Transaction, resident: int) -> None:
    """Their codes are no use any more, and nothing can be undone."""
    tx.of(LINKS).forget(resident)


def export_links(tx: Transaction, resident: int, _among: Among) -> Exported:
    """What they asked for or gave, without who the other is; and what joined them lately."""
    codes = [_own_part(row) for row in tx.of(LINKS).codes_of(resident)]
    links = [
        {name: row[name] for name in ("joined", "brought")} | {"until": row["until"].isoformat()}
        for row in tx.of(LINKS).links_of(resident)
    ]
    return {"link_codes": codes, "links": links}


def _own_part(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a code what is theirs: of whoever asked for it, or of whoever gave it."""
    theirs = ("code", "account", "handle") if row["mine"] else ("given_by", "given_handle")
    others = dict.fromkeys(("code", "account", "handle", "given_by", "given_handle", "resident", "other"))
    own = {name: row[name] for name in (*theirs, "agreed")}
    return {**others, **own, "until": row["until"].isoformat()}


FEATURE = Feature(
    name="residents",
    commands=(
        Command("language", wishes.set_language, open=True, anyone=True),
        Command(wishes.REMINDERS, wishes.set_reminders, anyone=True),
        Command(zone.ZONE, zone.choose_zone, anyone=True),
        Command("me data", erase.hand_out, anyone=True),
        Command("me forget", erase.forget_me, anyone=True),
    ),
    suggest={"theme": suggest_themes, "language": wishes.suggest_languages, "zone": zone.suggest_zones},
    kinds={Resident: RESIDENT, **wishes.KINDS},
)

LINKING = Feature(
    name="links",
    commands=(
        Command("me link", link.link_accounts, confidential=True, anyone=True),
        Command("me unlink", unlink.unlink_account, anyone=True),
        Command(link.YES, link.say_yes, listed=False, anyone=True),
        Command(link.NO, link.say_no, listed=False, anyone=True),
        Command(link.UNDO, link.undo_link, listed=False, anyone=True),
    ),
    jobs={link.LAPSE: link.lapse_due, link.SETTLE: link.settle_due},
    merge=merge_links,
    part=part_links,
    lined=line_links,
    unlisted=unlist_links,
    readmitted=readmit_links,
    forget=forget_links,
    export=export_links,
    keeps=LINKS,
)

PROFILE = Feature(
    name="profile",
    commands=(
        Command("me show", profile.show_profile, confidential=True, anyone=True),
        Command("me name", name.choose_name, anyone=True),
        Command("me interests", entries.choose_interests, confidential=True, anyone=True),
        Command("me expertise", entries.choose_expertise, confidential=True, anyone=True),
        Command("me for", entries.choose_association, confidential=True, anyone=True),
        Command(profile.KNOWS, profile.find_knowing, confidential=True),
        Command("who is", profile.show_person, confidential=True),
        Command("association list", associations.list_associations, open=True),
        Command("association name", associations.name_association, Role.MODERATOR),
        Command("association retire", associations.retire_association, Role.MODERATOR),
    ),
    suggest={
        "association": associations.suggest_associations,
        **{f"{path}.remove": entries.suggest_own for path in entries.PATHS.values()},
    },
    kinds={entries.Topics: entries.TOPICS},
    merge=profile.merge_profiles,
    part=profile.part_profiles,
    forget=profile.forget_profile,
    export=profile.export_profile,
    concerns=profile.concerns,
    knows=profile.knows,
    keeps=PROFILES,
)
