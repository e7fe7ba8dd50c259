"""Listing the themes that somebody may see, and showing one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.call import Call
from bot.errors import UserError
from bot.features.themes.pull import AGREE, may_agree, pullers
from bot.features.themes.records import ARCHIVES, OPENINGS, THEMES, Archive, Involvement
from bot.features.themes.term import note_takers, yours
from bot.features.themes.which import meant, themes_holding
from bot.model.message import Button, Message, Text, message, text, typed
from bot.model.people import Resident, Role, Theme
from bot.platforms import called
from bot.ports.storage import Transaction
from bot.themes import keep

SHOW = "theme show"
# So many are listed, each with a button: what is more is found by its name.
LISTED = 10
_SHOWN = 40
_WAYS = {
    Involvement.FOLLOWS: "theme follow",
    Involvement.TAKES_PART: "theme take-part",
    Involvement.PULLS: "theme pull",
}


def list_themes(call: Call, words: str | None = None) -> Message:
    """The themes that they may see, their own first; only those called so where words are given."""
    mine = call.tx.of(THEMES).of(call.resident.id)
    closed = call.tx.places.closed()
    listed, count = themes_holding(call, words or "", LISTED, closed, mine)
    if not listed:
        words = (words or "").strip()
        raise UserError("theme.list.none", words=words[:_SHOWN]) if words else UserError("theme.none_yet")
    counts = call.tx.of(THEMES).counts([theme.id for theme in listed])
    pulling = pullers(call, [theme.id for theme in listed])
    lines = [
        _archived(theme)
        if theme.id in closed
        else _listed(theme, mine.get(theme.id), counts.get(theme.id, {}), pulling.get(theme.id, ()))
        for theme in listed
    ]
    if count > len(listed):
        lines.append(text("theme.list.more", count=count - len(listed)))
    buttons = [Button(typed(theme.name), SHOW, {"theme": keep(theme)}) for theme in listed]
    return message(*lines, title=text("theme.list.title"), hints=[text("theme.list.how")], buttons=buttons)


def _archived(theme: Theme) -> Text:
    return text("theme.list.archived", theme=theme.name)


def _listed(
    theme: Theme, mine: Involvement | None, counts: Mapping[Involvement, int], who: Sequence[Resident]
) -> Text:
    facts = [*_counted(counts, short=True)] or [text("theme.list.nobody")]
    if who:
        facts.append(text("theme.list.pulled", who=tuple(who), count=len(who)))
    if mine is None:
        return text("theme.list.one", theme=theme.name, facts=tuple(facts))
    you = text(f"theme.list.you.{mine.name.lower()}")
    return text("theme.list.yours", theme=theme.name, you=you, facts=tuple(facts))


def show_theme(call: Call, theme: Theme | None = None) -> Message:
    """How it is with a theme: who pulls it, what is open there, what they are to it and can be."""
    found = meant(call, theme)
    kept = call.tx.of(THEMES)
    mine = kept.of(call.resident.id).get(found.id)
    lines = [*_about(call.tx, found.id), *_facts(call, found.id)]
    # What is said there is for those who are in it.
    if call.takes_part(found.id) and (standing := call.belongings.standing(call.tx, found.id)):
        lines += [text("theme.standing"), *standing]
    lines += _rooms(call, found)
    if archive := call.tx.of(ARCHIVES).of_theme(found.id):
        lines.append(_archived_on(archive))
        return message(*lines, title=typed(found.name), buttons=[*_leave(found, mine), _reopen(found)])
    lines.append(text(f"theme.you.{mine.name.lower()}") if mine else text("theme.you.nothing"))
    lines += yours(call, found.id)
    waiting, buttons = _waiting(call, found)
    return message(
        *lines, *waiting, title=typed(found.name), buttons=[*buttons, *ways(found, mine, leave=True)]
    )


def show_board(call: Call, subject: str) -> Message:
    """What a theme is about, who pulls it, and what everybody can be to it: the first thing in each of its
    places.
    """
    opened = call.tx.of(OPENINGS).by_theme(int(subject))
    assert opened, f"no theme {subject} was opened"
    theme = Theme(int(subject), opened.name)
    lines = [*_about(call.tx, theme.id), *_facts(call, theme.id)]
    if archive := call.tx.of(ARCHIVES).of_theme(theme.id):
        return message(*lines, _archived_on(archive), title=typed(opened.name), buttons=[_reopen(theme)])
    return message(*lines, title=typed(opened.name), buttons=ways(theme, None))


def _archived_on(archive: Archive) -> Text:
    return text("theme.archived.on", on=archive.archived_on)


def _reopen(theme: Theme) -> Button:
    return Button(text("theme.button.reopen"), "theme reopen", {"theme": keep(theme)})


def _about(tx: Transaction, theme: int) -> Sequence[Text]:
    opened = tx.of(OPENINGS).by_theme(theme)
    return [typed(opened.about)] if opened else []


def _facts(call: Call, theme: int) -> Sequence[Text]:
    """Who pulls it, and how many people are something to it."""
    who = pullers(call, [theme]).get(theme, ())
    pulled = text("theme.pulled", who=tuple(who), count=len(who)) if who else text("theme.pulled.nobody")
    return [pulled, *note_takers(call, theme), _people(call.tx.of(THEMES).counts([theme]).get(theme, {}))]


def _rooms(call: Call, theme: Theme) -> Iterable[Text]:
    """What is not there yet of what ought to be; and for who moderates why, and who was put out."""
    for state in call.tx.wanted.of(theme.id):
        if state.gone:
            yield text("room.none", platform=called(state.platform))
        elif state.room is None:
            yield text("room.waits", platform=called(state.platform))
        elif state.why:
            yield text("room.behind", platform=called(state.platform))
        if state.why and call.may(Role.MODERATOR, theme.id):
            yield state.why
    if not call.may(Role.MODERATOR, theme.id):
        return
    if why := call.tx.guests.why(theme.id):
        yield text("room.guests")
        yield why
    if out := call.tx.guests.who_is_put_out(theme.id):
        yield text("room.put_out", who=tuple(out[:LISTED]))
        if len(out) > LISTED:
            yield text("room.put_out.more", count=len(out) - LISTED)


def unmade(call: Call, on: Collection[str] | None = None) -> Sequence[Text]:
    """What keeps channels or rooms of themes from being made just now, on these platforms (None: on all)."""
    key = "room.unmade.yours" if call.moderates else "room.unmade"
    return _obstacles(key, call.obstacles_to_making(on))


def kept_out(call: Call, theme: Theme) -> Sequence[Text]:
    """What keeps whoever asks out of a theme's channels and rooms just now."""
    key = "room.kept_out.yours" if call.may(Role.MODERATOR, theme.id) else "room.kept_out"
    return _obstacles(key, call.obstacles_to_entering(theme.id))


def _obstacles(key: str, found: Mapping[str, Text]) -> Sequence[Text]:
    return [text(key, platform=called(platform), why=why) for platform, why in found.items()]


def ways(theme: Theme, mine: Involvement | None, *, leave: bool = False) -> Iterable[Button]:
    """What they can become, and that they can leave it."""
    for how, command in _WAYS.items():
        if how is not mine and (mine is not Involvement.PULLS):
            yield Button(text(f"theme.button.{how.name.lower()}"), command, {"theme": keep(theme)})
    if leave:
        yield from _leave(theme, mine)


def _leave(theme: Theme, mine: Involvement | None) -> Iterable[Button]:
    if mine:
        yield Button(text("theme.button.leave"), "theme leave", {"theme": keep(theme)})


def _people(counts: Mapping[Involvement, int]) -> Text:
    parts = tuple(_counted(counts))
    return text("theme.people", parts=parts) if parts else text("theme.people.nobody")


def _counted(counts: Mapping[Involvement, int], *, short: bool = False) -> Iterable[Text]:
    """How many take part, whoever pulls among them, and how many follow."""
    follow = counts.get(Involvement.FOLLOWS, 0)
    if part := sum(counts.values()) - follow:
        yield text("theme.list.part" if short else "theme.people.part", count=part)
    if follow:
        yield text("theme.list.follow" if short else "theme.people.follow", count=follow)


def _waiting(call: Call, theme: Theme) -> tuple[Sequence[Text], Sequence[Button]]:
    """Who wants to pull it, for those who can say yes."""
    requests = call.tx.of(THEMES).requests(theme.id)[:LISTED]
    if not requests or not may_agree(call, theme.id):
        return (), ()
    lines = [text("theme.pull.wants", who=request.resident, theme=theme.name) for request in requests]
    buttons = [
        Button(text("theme.button.agree", who=request.resident), AGREE, {"pull": request.id}, style="primary")
        for request in requests
    ]
    return lines, buttons
