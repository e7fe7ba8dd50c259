"""Themes: which there are for somebody, who pulls them, and what somebody is to them.

A theme is what has places (see Theme); here is what people are to one, by their own word. Only who may see a
theme hears of it, so all begins with finding it among those (`which.py`).

    records.py   what somebody is to a theme, and what must be kept of it
    which.py     themes as arguments of commands
    show.py      listing, and showing one
    involved.py  following, taking part, leaving; coming in again after having been put out
    pull.py      pulling one, for which somebody says yes
    rename.py    calling one otherwise
    bind.py      which channel or room is a theme's
    propose.py   proposing a new one, supporting it, opening it; naming.py: what it may be called
    settings.py  how many supporters that takes
    term.py      how long somebody pulls one or takes notes there; held.py: what begins such a term
    draw.py      drawing whose turn it is, by the rule in bot/lot
    digest.py    what is new, for whoever asked to hear of it
    archive.py   archiving one, and opening it again
    welcome.py   newcomers; standing.py: what they are offered
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bot.commands.declare import Command
from bot.feature import Among, Feature
from bot.features.themes import (
    archive,
    bind,
    digest,
    draw,
    held,
    involved,
    propose,
    pull,
    rename,
    show,
    standing,
    term,
    welcome,
    which,
)
from bot.features.themes.records import (
    ARCHIVES,
    DIGESTS,
    DRAWS,
    OPENINGS,
    SUBJECT,
    TERMS,
    THEMES,
    WELCOMES,
    Involvement,
    Proposal,
)
from bot.features.themes.settings import NewThemesSettings
from bot.model.homes import MOVED, PUT_OUT, REMOVED, RENAMED, REPLACED
from bot.model.people import Theme
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction

# Each looks itself among the themes that they take part in.
_Command = partial(Command, anyone=True)
_COMMANDS = (
    _Command("theme list", show.list_themes),
    _Command(show.SHOW, show.show_theme),
    _Command("theme follow", involved.follow_theme),
    _Command("theme take-part", involved.take_part_in_theme),
    _Command("theme pull", pull.pull_theme),
    _Command("theme leave", involved.leave_theme),
    Command("theme readmit", involved.readmit_to_theme),
    _Command(pull.AGREE, pull.agree_to_pull, listed=False),
)


def merge_residents(tx: Transaction, old: int, new: int) -> None:
    """What either is to a theme is the one person that they are."""
    tx.of(THEMES).merge(old, new)


def part_resident(tx: Transaction, old: int, new: int, brought: Brought | None) -> None:
    """An account that leaves somebody is let into no theme any more but by what it brought; and if either was
    put out, so is the other, but for what only one of them was put out of before they were linked.
    """
    before: dict[int, Collection[int]] = {}
    if brought:
        before[new] = brought.put_out
        before[old] = brought.put_out if brought.whom_put_out is None else brought.whom_put_out
    _put_out_alike(tx, (old, new), before)
    _part(tx, old, new)


def unlist_resident(tx: Transaction, old: int, parted: Sequence[int]) -> None:
    """So it is with those whom no line joins any more: if one was put out, so is each other."""
    _put_out_alike(tx, (old, *parted))
    for new in parted:
        _part(tx, old, new)


def _put_out_alike(
    tx: Transaction, people: Sequence[int], before: Mapping[int, Collection[int]] = {}
) -> None:
    """What each was put out of, but for `before`, the others are with each account: it may part as well."""
    out_of = {person: tx.guests.put_out_of(person) for person in people}
    came = {
        person: set[int]().union(*out.values()).difference(before.get(person, ()))
        for person, out in out_of.items()
    }
    for person, accounts in tx.people.accounts(people).items():
        others = set[int]().union(*(came[other] for other in people if other != person))
        for account in accounts:
            for theme in sorted(others.difference(out_of[person].get(account, ()))):
                tx.guests.put_out(theme, account, person)


def _part(tx: Transaction, old: int, new: int) -> None:
    for resident in (old, new):
        tx.of(THEMES).count_once(resident)
    mine = tx.of(THEMES).of(new)
    for theme in tx.guests.themes_of(new):
        if mine.get(theme) not in (Involvement.TAKES_PART, Involvement.PULLS):
            tx.guests.have_out(theme, new, pull.AT_ONCE)


def forget_resident(tx: Transaction, resident: int) -> None:
    """They are nothing to any theme."""
    pull.forget_requests(tx, resident)
    tx.of(THEMES).forget(resident)


def export_resident(tx: Transaction, resident: int, _among: Among) -> Exported:
    """What they are to which theme, and which they asked to pull."""
    return {
        "involvements": [_plain(row) for row in tx.of(THEMES).involvements_of(resident)],
        "pull_requests": [_plain(row) for row in tx.of(THEMES).requests_of(resident)],
    }


def merge_openings(tx: Transaction, old: int, new: int) -> None:
    """What either proposed or supports is theirs who they both are, once."""
    _show_anew(tx, tx.of(OPENINGS).merge(old, new))


def part_openings(tx: Transaction, old: int, new: int, brought: Brought | None) -> None:
    """An account that leaves somebody does not support beside them what they support, or proposed."""
    tx.of(OPENINGS).part(old, new)


def forget_openings(tx: Transaction, resident: int) -> None:
    """They support nothing; what they proposed, and others support, is proposed by nobody."""
    _show_anew(tx, tx.of(OPENINGS).forget(resident))


def _show_anew(tx: Transaction, proposals: Sequence[int]) -> None:
    for number in proposals:
        tx.boards.mark(f"{propose.SUBJECT}:{number}")


def export_openings(tx: Transaction, resident: int, _among: Among) -> Exported:
    """What they proposed and support; as marks, the accounts that left them and may not support it too."""
    return {
        "proposals": [_plain(row) for row in tx.of(OPENINGS).proposals_of(resident)],
        "supporters": [{"proposal": number} for number in tx.of(OPENINGS).supported_by(resident)],
        "proposal_leavers": [
            {"proposal": number, "account": mark} for number, mark in tx.of(OPENINGS).held_by(resident)
        ],
    }


def merge_draws(tx: Transaction, old: int, new: int) -> None:
    """Whoever does not want to be drawn as the one is not as the other."""
    tx.of(DRAWS).merge(old, new)


def export_draws(tx: Transaction, resident: int, _among: Among) -> Exported:
    """What they had drawn, where they were in a list, and where they do not want to be."""
    return {
        "draws": [_plain(row) for row in tx.of(DRAWS).draws_of(resident)],
        "draw_entrants": [_plain(row) for row in tx.of(DRAWS).listed_of(resident)],
        "undrawn": [{"theme": theme} for theme in tx.of(DRAWS).declined_by(resident)],
    }


def merge_terms(tx: Transaction, old: int, new: int) -> None:
    """What either does for a theme is theirs who they both are, until the later end."""
    tx.of(TERMS).merge(old, new)


def forget_terms(tx: Transaction, resident: int) -> None:
    """They do nothing for any theme."""
    tx.of(TERMS).forget(resident)


def export_terms(tx: Transaction, resident: int, _among: Among) -> Exported:
    """What they do for which theme, until when."""
    return {"terms": [_plain(row) for row in tx.of(TERMS).terms_of(resident)]}


def export_archives(tx: Transaction, resident: int, _among: Among) -> Exported:
    """Which themes that were archived they pulled, and whether that may be said."""
    return {"archive_pullers": [_plain(row) for row in tx.of(ARCHIVES).archives_of(resident)]}


def _plain(row: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}


FEATURE = Feature(
    name="themes",
    commands=_COMMANDS,
    jobs={pull.LAPSE: pull.lapse_due, PUT_OUT: involved.put_out_due},
    about=(PUT_OUT,),
    boards={SUBJECT: show.show_board},
    kinds={Theme: which.THEME},
    merge=merge_residents,
    part=part_resident,
    unlisted=unlist_resident,
    forget=forget_resident,
    export=export_resident,
    keeps=THEMES,
)

OPENING = Feature(
    name="new_themes",
    commands=(
        # For people of the community only.
        Command(propose.PROPOSE, propose.propose_theme),
        Command(propose.SUPPORT, propose.support_theme),
        Command(propose.BACK, propose.take_back_support, listed=False),
        Command("theme withdraw", propose.withdraw_theme),
        Command(rename.RENAME, rename.rename_theme),
        Command(bind.BIND, bind.bind_place),
        Command(bind.UNBIND, bind.unbind_place),
        Command(bind.MAKE, bind.make_places),
    ),
    jobs={
        propose.LAPSE: propose.lapse_due,
        RENAMED: rename.renamed_due,
        MOVED: rename.moved_due,
        REPLACED: rename.replaced_due,
        REMOVED: bind.removed_due,
    },
    boards={propose.SUBJECT: propose.show_board},
    kinds={Proposal: propose.PROPOSAL},
    merge=merge_openings,
    part=part_openings,
    forget=forget_openings,
    export=export_openings,
    settings=NewThemesSettings,
    keeps=OPENINGS,
)

DRAWING = Feature(
    name="draws",
    commands=(
        _Command(draw.DRAW, draw.draw_theme),
        _Command(draw.WITH, draw.draw_with_me),
        _Command(draw.WITHOUT, draw.draw_without_me),
        _Command(draw.REPEAT, draw.give_file, listed=False),
    ),
    jobs={draw.LIST: draw.list_due, draw.OUTCOME: draw.outcome_due},
    files={draw.SUBJECT: draw.FILES},
    stands=draw.standing,
    ends=draw.end_draw,
    undrawn=draw.undrawn,
    merge=merge_draws,
    forget=draw.forget_draws,
    export=export_draws,
    keeps=DRAWS,
)

TERM = Feature(
    name="terms",
    commands=(
        _Command(term.TERM, term.set_term),
        _Command(term.GO_ON, term.go_on, listed=False),
        _Command(term.NOTES, term.take_notes),
        _Command(term.NO_NOTES, term.stop_notes),
    ),
    jobs={held.DUE: term.term_due, term.ALOUD: term.aloud_due},
    merge=merge_terms,
    forget=forget_terms,
    export=export_terms,
    keeps=TERMS,
)

ARCHIVING = Feature(
    name="archives",
    commands=(
        Command(archive.ARCHIVE, archive.archive_theme),
        Command(archive.REOPEN, archive.reopen_theme),
        _Command(archive.NAME, archive.name_me, listed=False),
    ),
    jobs={archive.SUM_UP: archive.sum_up_due},
    boards={archive.SUBJECT: archive.show_summary},
    merge=archive.merge_archives,
    part=archive.part_archives,
    forget=archive.forget_archives,
    export=export_archives,
    keeps=ARCHIVES,
)


# --- what is new ---


def merge_digests(tx: Transaction, old: int, new: int) -> None:
    """What either heard the person heard that they are."""
    tx.of(DIGESTS).merge(old, new)


def forget_digests(tx: Transaction, resident: int) -> None:
    """They said nothing of it, and heard nothing."""
    tx.of(DIGESTS).forget(resident)


def export_digests(tx: Transaction, resident: int, _among: Among) -> Exported:
    """How often they want to hear, and until when they did."""
    return {"digests": [_plain(row) for row in tx.of(DIGESTS).rows_of(resident)]}


DIGEST = Feature(
    name="digests",
    commands=(Command(digest.DIGEST, digest.choose_digest, anyone=True),),
    jobs={digest.SEND: digest.send_due},
    news={SUBJECT: digest.tell_new},
    shown=digest.plan,
    merge=merge_digests,
    forget=forget_digests,
    export=export_digests,
    keeps=DIGESTS,
)

WELCOME = Feature(
    name="welcomes",
    jobs={welcome.OVER: welcome.over_due},
    boards={standing.SUBJECT: standing.show_standing},
    came=welcome.welcome,
    keeps=WELCOMES,
)
