"""Residents: who they are to Plein, which is what they say of themselves and no more.

wishes.py   the language that each of them reads, whether they are reminded
erase.py    what is kept of them, handed out or forgotten
link.py     two accounts that are one person's; unlink.py: one that leaves
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.call import Call
from bot.commands.declare import Command
from bot.feature import Feature
from bot.features.residents import erase, link, unlink, wishes
from bot.features.residents.records import LINKS
from bot.model.message import Suggestion, typed
from bot.model.people import Resident
from bot.people import RESIDENT
from bot.ports.people import Exported
from bot.ports.storage import Transaction


def suggest_themes(call: Call, given: str) -> Sequence[Suggestion]:
    """The themes they take part in."""
    names = [theme.name for theme in call.themes()]
    return [Suggestion(name, typed(name)) for name in names if given.casefold() in name.casefold()]


def merge_links(tx: Transaction, old: int, new: int) -> None:
    """What either asked for is asked for by the person that they are."""
    tx.of(LINKS).merge(old, new)


def forget_links(tx: Transaction, resident: int) -> None:
    """Their codes are no use any more, and nothing can be undone."""
    tx.of(LINKS).forget(resident)


def export_links(tx: Transaction, resident: int) -> Exported:
    """What they asked for or gave, without who the other is; and what joined them lately."""
    codes = [_own_part(row) for row in tx.of(LINKS).codes_of(resident)]
    links = [
        {name: row[name] for name in ("accounts", "brought")} | {"until": row["until"].isoformat()}
        for row in tx.of(LINKS).links_of(resident)
    ]
    return {"link_codes": codes, "links": links}


def _own_part(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a code what is theirs: of whoever asked for it, or of whoever gave it."""
    theirs = ("code", "account") if row["mine"] else ("given_by",)
    others = dict.fromkeys(name for name in ("code", "account", "given_by", "resident", "other"))
    own = {name: row[name] for name in (*theirs, "agreed")}
    return {**others, **own, "until": row["until"].isoformat()}


FEATURE = Feature(
    name="residents",
    commands=(
        Command("language", wishes.set_language, open=True),
        Command("reminders", wishes.set_reminders),
        Command("me data", erase.hand_out),
        Command("me forget", erase.forget_me),
    ),
    suggest={"theme": suggest_themes, "language": wishes.suggest_languages},
    kinds={Resident: RESIDENT},
)

LINKING = Feature(
    name="links",
    commands=(
        Command("me link", link.link_accounts, confidential=True),
        Command("me unlink", unlink.unlink_account),
        Command(link.YES, link.say_yes, listed=False),
        Command(link.NO, link.say_no, listed=False),
        Command(link.UNDO, link.undo_link, listed=False),
    ),
    jobs={link.LAPSE: link.lapse_due, link.SETTLE: link.settle_due},
    merge=merge_links,
    forget=forget_links,
    export=export_links,
    keeps=LINKS,
)
