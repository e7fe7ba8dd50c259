"""What others said of somebody who was forgotten: where words name them, a moderator can take these away."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from bot.call import Call
from bot.errors import UserError
from bot.features.kudos import certify, show
from bot.features.kudos.find import find
from bot.features.kudos.records import KUDOS, Kudos
from bot.model.message import Button, Message, message, text
from bot.model.people import Role
from bot.model.work import Job
from bot.names import folded, without_number
from bot.ports.storage import Transaction

NAMED, BLANK = "kudos.named", "kudos blank"
# "Jan", of Jan van der Velde, names him; so does "Velde", but not "van" or "der".
FIRST, OTHERS = 3, 5
# So many are shown of one who was forgotten, the last ones: somebody may call themselves by a word that
# stands everywhere.
MOST = 20
_AT_ONCE = datetime.fromtimestamp(0, UTC)


def show_named(tx: Transaction, resident: int) -> None:
    """Have those that name somebody, who is about to be forgotten, shown to who moderates their theme.

    It is looked for now, as nobody knows any more what they were called once they are.
    """
    if names := set(_names(tx, resident)):
        for number in sorted(naming(tx, names))[-MOST:]:
            tx.jobs.add(NAMED, str(number), _AT_ONCE, f"{NAMED}:{number}")


def _names(tx: Transaction, resident: int) -> Iterator[str]:
    """By what people may have named them, folded."""
    known = tx.people.known([resident]).get(resident)
    if known is None:
        return
    name = folded(without_number(known.name)[0])
    yield from filter(None, (name, *(folded(account.user_id) for account in known.accounts)))
    first, *others = name.split() or [""]
    if len(first) >= FIRST:
        yield first
    yield from (word for word in others if len(word) >= OTHERS)


def naming(tx: Transaction, names: Collection[str]) -> Collection[int]:
    """Those in whose words, whatever they say, one of these names, folded, stands as a word."""
    any_of = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    named = re.compile(rf"(?<!\w)(?:{any_of})(?!\w)")
    found = dict[int, None]()
    for number, words in tx.of(KUDOS).words():
        # Most are plain letters, which are folded at once.
        if named.search(words.lower() if words.isascii() else folded(words)):
            found[number] = None
    return found


def named_due(call: Call, job: Job) -> None:
    """Who moderates the theme sees it once, and can take its words away."""
    found = call.tx.of(KUDOS).get(int(job.subject))
    # What one person reads alone is shown to nobody else for that either.
    if found is None or not _says_something(call, found) or not show.seen_by_all(found):
        return
    said = text("kudos.named", giver=show.giver(found), who=show.whom(found), what=show.what(found))
    if not found.reason and found.why:
        said = text("kudos.named.why", why=found.why)
    button = Button(text("kudos.button.blank"), BLANK, {"kudos": found.id})
    call.tell_moderators(found.theme, message(said, buttons=[button]), _told(found.id))


def _says_something(call: Call, kudos: Kudos) -> bool:
    return bool(kudos.reason or kudos.why or call.tx.of(KUDOS).names(kudos.id))


def _told(kudos: int) -> str:
    """Under what id who moderates is asked about it; each of them under theirs."""
    return f"{NAMED}:{kudos}"


def blank(call: Call, kudos: int) -> Message:
    """Take away what it thanks for, and what else names somebody; that somebody was thanked stays."""
    kept, found = call.tx.of(KUDOS), find(call, kudos, "kudos.nowhere")
    if not call.may(Role.MODERATOR, found.theme):
        raise UserError("role.needed.moderator")
    # Whoever wants another one away says why.
    asked = [f"{_told(kudos)}:{moderator.id}" for moderator in call.tx.people.moderators_of(found.theme)]
    if not call.tx.told.known(asked):
        raise UserError("kudos.nowhere", kudos=kudos)
    done = message(text("kudos.blanked.done" if found.stands else "kudos.blanked.ended", kudos=kudos))
    if _says_something(call, found):
        kept.blank(kudos)
        certify.check_those_saying(call, kudos)
        call.changed(show.subject(found.replies_to or kudos))
        _say_anew(call, found)
        for moderator in call.tx.people.moderators_of(found.theme):
            call.change_post(f"{_told(kudos)}:{moderator.id}", done)
    return done


def _say_anew(call: Call, before: Kudos) -> None:
    """What was told of it says its reason no more either, whether it went out already or not."""
    found = call.tx.of(KUDOS).look(before.id)
    assert found
    if found.replies_to is not None:
        if (first := call.tx.of(KUDOS).look(found.replies_to)) and first.giver is not None:
            call.change_post(show.told_back(first, found), message(show.reply(found)))
        return
    (theme,) = call.tx.places.themes([found.theme])
    for resident in found.residents:
        told = show.for_receiver(found, theme, asks=False)
        if not found.stands:
            told = message(text("kudos.removed.plain" if found.state == "removed" else "kudos.withdrawn"))
        call.change_post(show.told_to(found, resident), told)
