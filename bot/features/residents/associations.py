"""Associations that a community knows: a moderator names them, and residents say which they are there for."""

from __future__ import annotations

from collections.abc import Sequence

from bot.call import Call
from bot.errors import Unsure, UserError, yes
from bot.features.residents.entries import fitting, written
from bot.features.residents.link import check_moderates
from bot.features.residents.records import PROFILES, About
from bot.lookalikes import alike
from bot.model.message import Message, Suggestion, message, text, typed

SHORTEST, LONGEST = 2, 60
MOST = 100


def list_associations(call: Call) -> Message:
    """Those that there are."""
    known = call.tx.of(PROFILES).associations()
    if not known:
        return message(text("profile.association.nowhere"))
    return message(
        *map(typed, known), text("profile.association.how"), title=text("profile.association.title")
    )


def name_association(call: Call, association: str) -> Message:
    """Residents may say from now on that they are there for it."""
    check_moderates(call)
    name = " ".join(association.split())
    if not SHORTEST <= len(name) <= LONGEST or not any(map(str.isalnum, name)):
        raise UserError("profile.association.length", least=SHORTEST, most=LONGEST)
    known = call.tx.of(PROFILES).associations()
    for other in known:
        if alike(other, name):
            raise UserError("profile.association.there", name=other)
    if len(known) >= MOST:
        raise UserError("profile.association.many", most=MOST)
    call.tx.of(PROFILES).name_association(name)
    return message(text("profile.association.named", name=name))


def retire_association(call: Call, association: str, *, sure: bool = False) -> Message:
    """It is none any more; nobody is there for it from now on."""
    check_moderates(call)
    kept = call.tx.of(PROFILES)
    name = written(kept.associations(), association)
    if name is None:
        raise UserError("profile.association.not_there", name=association[:LONGEST])
    count = kept.count(About.ASSOCIATIONS, name)
    if count and not sure:
        raise Unsure(text("profile.association.sure", name=name, count=count), yes(sure=True))
    kept.retire_association(name)
    return message(text("profile.association.retired", name=name))


def suggest_associations(call: Call, given: str) -> Sequence[Suggestion]:
    """Those that there are."""
    if not call.belongs():
        return ()
    return fitting(call.tx.of(PROFILES).associations(), given)
