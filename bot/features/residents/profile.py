"""What Plein knows of somebody, said to them as a neighbour would; and what others may know of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from bot.call import Call
from bot.errors import UserError
from bot.feature import Among
from bot.features.residents.entries import Topics
from bot.features.residents.link import named
from bot.features.residents.name import known_as
from bot.features.residents.records import PROFILES, About, Listed
from bot.features.residents.wishes import reminded
from bot.model.message import Message, Text, message, text, typed
from bot.model.people import Resident
from bot.names import folded
from bot.ports.people import Brought, Exported
from bot.ports.storage import Transaction

KNOWS = "who knows"
# So often within that time somebody may ask who knows something; so many people are named.
ASKED_WITHIN, ASKED = timedelta(hours=1), 10
MOST_NAMED = 20
# Under which name what they say of themselves is noted before two accounts are linked.
_ENTRIES = "profile_entries"


def show_profile(call: Call) -> Message:
    """All that Plein knows of who asks, each with what changes it."""
    return message(*_known_of(call), *_could_say(call), text("profile.votes"), title=text("profile.title"))


def _known_of(call: Call) -> Iterator[Text]:
    known = known_as(call)
    networks = tuple(dict.fromkeys(named(account.network) for account in known.accounts))
    yield text("profile.called.own" if known.own else "profile.called", name=known.name)
    several = len(known.accounts) > 1
    yield text("profile.accounts", platforms=networks) if several else text("profile.account")
    yield text("profile.language", language=text(f"language.name.{call.locale}"))
    yield text("profile.zone.own" if call.resident.zone else "profile.zone", zone=call.own_zone.key)
    yield from reminded(call.tx.people.wishes([call.resident.id])[call.resident.id])
    for about in About:
        listed = call.tx.of(PROFILES).of(call.resident.id, about)
        if listed.words:
            said = text(f"profile.{about}.are", words=_list(listed.words))
            seen = "profile.seen" if listed.shown else "profile.unseen"
            yield text("profile.listed", said=said, seen=text(seen), how=text(f"profile.{about}.how"))
            if about is About.EXPERTISE and (words := _recognised(call, call.resident, listed)):
                yield text("profile.recognised", words=_list(words))


def _could_say(call: Call) -> Iterator[Text]:
    """What they said nothing of, and may."""
    lacking = [about for about in About if not call.tx.of(PROFILES).of(call.resident.id, about).words]
    if lacking:
        yield text("profile.add", ways=tuple(text(f"profile.{about}.add") for about in lacking))


def _list(words: Sequence[str]) -> tuple[Text, ...]:
    return tuple(map(typed, words))


# --- what others may know ---


def show_person(call: Call, person: Resident) -> Message:
    """What somebody lets others know of them."""
    lines = []
    for about in About:
        listed = call.tx.of(PROFILES).of(person.id, about)
        if listed.words and listed.shown:
            lines.append(text(f"profile.{about}.of", who=person, words=_list(listed.words)))
            if about is About.EXPERTISE and (words := _recognised(call, person, listed)):
                lines.append(text("profile.recognised.of", who=person, words=_list(words)))
    if person.id == call.resident.id:
        lines.append(text("profile.of.self"))
    return message(*(lines or [text("profile.of.nothing", who=person)]))


def _recognised(call: Call, person: Resident, listed: Listed) -> Sequence[str]:
    """What of that others gave them credit for."""
    found = call.belongings.recognised(call.tx, person.id)
    return [words for words in listed.words if folded(words) in found]


def find_knowing(call: Call, topic: Topics) -> Message:
    """Who says that they know something of it, for others to see; nobody hears that they were looked for."""
    if (count := call.used(KNOWS, ASKED_WITHIN)) >= ASKED:
        raise UserError("profile.knows.often", count=count)
    call.use(KNOWS, within=ASKED_WITHIN)
    if len(topic) > 1:
        raise UserError("profile.knows.one")
    word = _without_about(call, topic[0])
    found = call.tx.of(PROFILES).who(About.EXPERTISE, word, MOST_NAMED + 1)
    if not found:
        return message(text("profile.knows.nobody", topic=word), text("profile.knows.you", topic=word))
    lines = [_with_association(call, person) for person in found[:MOST_NAMED]]
    if len(found) > MOST_NAMED:
        lines.append(text("list.more"))
    return message(*lines, title=text("profile.knows.title", topic=word))


def _without_about(call: Call, words: str) -> str:
    """The thing itself: "iets van geluid" is about "geluid"."""
    for about in call.commands.texts.words("profile.knows.about"):
        if words.casefold().startswith(f"{about} "):
            return words[len(about) :].strip()
    return words


def _with_association(call: Call, person: Resident) -> Text:
    listed = call.tx.of(PROFILES).of(person.id, About.ASSOCIATIONS)
    if listed.words and listed.shown:
        return text("profile.knows.for", who=person, associations=_list(listed.words))
    return text("profile.knows.person", who=person)


# --- whose it is ---


def merge_profiles(tx: Transaction, old: int, new: int) -> None:
    """What either says of themselves, the person that they are says."""
    tx.of(PROFILES).merge(old, new)


def part_profiles(tx: Transaction, old: int, new: int, brought: Brought | None) -> None:
    """Where linking is undone nothing is seen of either that they hid, whatever the other one did."""
    if brought:
        tx.of(PROFILES).bring_back(new, brought.noted.get(_ENTRIES, ()))
        tx.of(PROFILES).bring_back(old, brought.whom_noted.get(_ENTRIES, ()))


def forget_profile(tx: Transaction, resident: int) -> None:
    """They said nothing."""
    tx.of(PROFILES).forget(resident)


def concerns(tx: Transaction, residents: Collection[int]) -> Mapping[int, Collection[str]]:
    """What they said that concerns them."""
    return tx.of(PROFILES).listed(About.INTERESTS, residents)


def knows(tx: Transaction, resident: int) -> Collection[str]:
    """What they let others know that they know."""
    listed = tx.of(PROFILES).of(resident, About.EXPERTISE)
    return listed.words if listed.shown else ()


def export_profile(tx: Transaction, resident: int, _among: Among) -> Exported:
    """All that they say of themselves, for others to know or not."""
    return {"profile_entries": tx.of(PROFILES).entries_of(resident)}
