"""New themes: somebody proposes one, enough others open it by supporting it, a moderator at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.call import Call
from bot.commands.argument import Argument, Converter, Extent
from bot.errors import Unsure, UserError
from bot.features.themes import held
from bot.features.themes.naming import checked_about, checked_name, is_taken
from bot.features.themes.records import OPENINGS, THEMES, Held, Involvement, Proposal, board_of
from bot.features.themes.settings import NewThemesSettings
from bot.features.themes.show import unmade
from bot.features.themes.standing import stand_anew
from bot.model.message import Button, Message, Suggestion, Text, message, text, typed
from bot.model.people import Resident, Role, Theme
from bot.model.work import Job
from bot.unseen import seen_as

PROPOSE, SUPPORT, BACK = "theme propose", "theme support", "theme unsupport"
SUBJECT = "proposal"
LAPSE = "theme.lapse"
LIVES, DAY = timedelta(days=30), timedelta(days=1)
# So many somebody can propose in a day.
MOST_PROPOSED = 5
MOST_OFFERED = 9
_KEPT = re.compile(r"proposal:(\d{1,18})")
_SHOWN = 40


def propose_theme(call: Call, name: str, about: str) -> Message:
    """Propose a theme to those who are here."""
    if call.place is None:
        raise UserError("theme.propose.where")
    here = call.theme()
    call.check_writes(here.id)
    if not call.homes:
        raise UserError("theme.propose.no_home")
    name, about = checked_name(call, name), checked_about(about)
    # Before anything is numbered, as all is done again once that is known.
    lacks = () if call.moderates else unmade(call)
    if (count := call.used(PROPOSE, DAY)) >= MOST_PROPOSED:
        raise UserError("theme.propose.often", count=count)
    call.use(PROPOSE, within=DAY)
    needed = call.settings.of(NewThemesSettings).supporters
    kept = call.tx.of(OPENINGS)
    number = kept.propose(here.id, name, about, call.resident.id, needed, call.now)
    proposal = kept.get(number)
    assert proposal
    if call.moderates:
        return _open(call, proposal)
    subject = f"{SUBJECT}:{number}"
    call.schedule(LAPSE, str(number), call.now + LIVES)
    call.board(subject, here.id, call.resident.id)
    call.changed(subject)
    # The board says all but this.
    call.in_sight = not lacks
    return message(
        text("theme.proposed", name=name, count=needed, until=call.now + LIVES),
        *lacks,
        buttons=[Button(text("theme.button.withdraw"), "theme withdraw", {"proposal": keep(proposal)})],
    )


def support_theme(call: Call, proposal: Proposal | None = None) -> Message:
    """Say that a proposed theme is to be there."""
    found = _held(call, proposal)
    kept = call.tx.of(OPENINGS)
    if not call.moderates:
        if kept.keeps_out(found.id, call.resident.id):
            raise UserError("theme.support.left", name=found.name, until=found.proposed_at + LIVES)
        if found.proposer and found.proposer.id == call.resident.id:
            raise UserError("theme.support.own", name=found.name)
        if kept.supports(found.id, call.resident.id):
            return message(text("theme.support.already", name=found.name), buttons=[_back(found)])
    kept.support(found.id, call.resident.id)
    call.changed(f"{SUBJECT}:{found.id}")
    now = kept.get(found.id)
    assert now
    if call.moderates or now.supporters >= now.needed:
        if is_taken(call, now.name):
            raise UserError("theme.taken", name=now.name)
        return _open(call, now)
    call.undo_with(BACK, proposal=keep(found))
    left = now.needed - now.supporters
    return message(text("theme.supported", name=now.name, count=left), buttons=[_back(found)])


def take_back_support(call: Call, proposal: Proposal) -> Message:
    """It need not be there, as far as they are concerned."""
    found = _held(call, proposal)
    kept = call.tx.of(OPENINGS)
    if not kept.supports(found.id, call.resident.id):
        return message(text("theme.support.not", name=found.name))
    kept.take_back(found.id, call.resident.id)
    call.changed(f"{SUBJECT}:{found.id}")
    return message(text("theme.support.back", name=found.name))


def withdraw_theme(call: Call, proposal: Proposal | None = None) -> Message:
    """What they proposed is proposed no more; a moderator may end anybody's."""
    found = _held(call, proposal)
    own = found.proposer is not None and found.proposer.id == call.resident.id
    if not own and not call.may(Role.MODERATOR, found.theme):
        raise UserError("theme.withdraw.not_you", name=found.name)
    _end(call, found, "withdrawn")
    if not own and found.proposer:
        said = message(text("theme.withdrawn.yours", name=found.name, by=call.resident))
        call.tell(found.proposer, said, f"{SUBJECT}:{found.id}:withdrawn", theme=found.theme)
    return message(text("theme.withdrawn", name=found.name))


def lapse_due(call: Call, job: Job) -> None:
    """Too few supported it in all that time; whoever proposed it hears so."""
    kept = call.tx.of(OPENINGS)
    kept.hold(int(job.subject))
    found = kept.get(int(job.subject))
    if found is None or found.state != "open":
        return
    _end(call, found, "lapsed")
    if found.proposer:
        said = message(text("theme.lapsed.yours", name=found.name, count=found.needed))
        call.tell(found.proposer, said, f"{SUBJECT}:{found.id}:lapsed", theme=found.theme)


def show_board(call: Call, subject: str) -> Message:
    """What is proposed, and how many support it; or what became of it."""
    found = call.tx.of(OPENINGS).get(int(subject))
    assert found, f"there is no proposal {subject}"
    who = found.proposer or Resident(0, "")
    lines: list[Text] = [typed(found.about), text("theme.proposal.by", who=who)]
    if found.state != "open":
        ended = text(f"theme.proposal.{found.state}")
        return message(*lines, ended, title=text("theme.proposal.title", name=found.name))
    lines.append(text("theme.proposal.count", supporters=found.supporters, count=found.needed))
    button = Button(text("theme.button.support"), SUPPORT, {"proposal": keep(found)}, style="primary")
    return message(*lines, title=text("theme.proposal.title", name=found.name), buttons=[button])


# --- opening ---


def _open(call: Call, proposal: Proposal) -> Message:
    """It is a theme from now on, whoever proposed it pulls it, and its rooms are made, once they can be."""
    lacks = unmade(call)
    theme = call.tx.places.open_theme(proposal.name)
    _end(call, proposal, "opened", theme)
    if proposal.proposer:
        call.tx.of(THEMES).involve(theme.id, proposal.proposer.id, Involvement.PULLS, call.now)
        held.begin(call, theme.id, proposal.proposer.id, Held.PULLS)
    call.want_rooms(theme, proposal.about)
    if proposal.proposer:
        call.let_in(theme.id, proposal.proposer, inside=True)
    call.board(board_of(theme.id), theme.id)
    stand_anew(call)
    # What people call that in which its rooms are made.
    where = text("theme.opened.where", homes=tuple(home.called for home in call.homes.values()))
    if proposal.proposer and proposal.proposer.id != call.resident.id:
        said = message(text("theme.opened.yours", name=proposal.name), where)
        call.tell(proposal.proposer, said, f"{SUBJECT}:{proposal.id}:opened")
    return message(text("theme.opened", name=proposal.name), where, *lacks)


def _end(call: Call, proposal: Proposal, state: str, opened: Theme | None = None) -> None:
    call.tx.of(OPENINGS).end(proposal.id, state, opened.id if opened else None)
    call.unschedule(f"{LAPSE}:{proposal.id}")
    call.ended(f"{SUBJECT}:{proposal.id}")


# --- which one is meant ---


def _held(call: Call, proposal: Proposal | None) -> Proposal:
    """The one that was named, or the only one that they see; as it is now, and until the end.

    Raises: Unsure where it may be several, and UserError where it is not open.
    """
    if proposal is None:
        known = _seen(call)
        if call.theme_here is not None:
            known = [each for each in known if each.theme == call.theme_here.id] or known
        if not known:
            raise UserError("theme.proposal.none")
        if len(known) > 1:
            choices = [(typed(each.name), {"proposal": keep(each)}) for each in known[:MOST_OFFERED]]
            raise Unsure(text("theme.proposal.which"), choices)
        proposal = known[0]
    kept = call.tx.of(OPENINGS)
    kept.hold(proposal.id)
    found = kept.get(proposal.id)
    if found is None or found.state != "open":
        raise UserError("theme.proposal.over", name=proposal.name)
    return found


def _seen(call: Call) -> list[Proposal]:
    """Those that are open in themes that they take part in."""
    return [proposal for proposal in call.tx.of(OPENINGS).open() if call.takes_part(proposal.theme)]


def find_proposal(argument: Argument, value: Any, call: Call) -> Proposal:
    """The one that is called so; of one that they can't see nobody hears more than of none.

    Raises: UserError.
    """
    words = " ".join(str(value).split())
    if kept := _KEPT.fullmatch(words):
        call.themes()  # how long it takes would tell which there are
        found = call.tx.of(OPENINGS).get(int(kept[1]))
        if found and call.takes_part(found.theme):
            return found
        raise UserError("theme.proposal.gone")
    for proposal in _seen(call):
        if seen_as(proposal.name) == seen_as(words):
            return proposal
    raise UserError("theme.proposal.unknown", name=words[:_SHOWN])


def suggest_proposals(argument: Argument, call: Call, given: str) -> Sequence[Suggestion]:
    """Those that are open."""
    names = [proposal.name for proposal in _seen(call) if seen_as(given) in seen_as(proposal.name)]
    return [Suggestion(name, typed(name)) for name in names]


def keep(proposal: Proposal) -> str:
    """A value that means this one whatever else is called so by then."""
    return f"proposal:{proposal.id}"


def _back(proposal: Proposal) -> Button:
    return Button(text("theme.button.back"), BACK, {"proposal": keep(proposal)})


PROPOSAL = Converter(convert=find_proposal, keep=keep, suggest=suggest_proposals, extent=Extent.WORDS)
