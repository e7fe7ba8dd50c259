"""Which theme somebody means: themes as arguments of commands.

Whoever asks can mean those that they take part in and, if they are of the community, those that were opened
in it; a moderator of it all. Of any other nobody hears more than of one that there is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.call import Call
from bot.commands.argument import Argument, Converter, Extent
from bot.errors import Unsure, UserError
from bot.features.themes.records import ARCHIVES
from bot.model.message import Suggestion, text, typed
from bot.model.people import Role, Theme
from bot.themes import is_called, keep, kept
from bot.unseen import seen_as

# So many are asked about; where there are more, they are named in the list.
MOST_OFFERED = 9
MOST_SUGGESTED = 25


def find_theme(argument: Argument, value: Any, call: Call) -> Theme:
    """The theme that is called so. Raises: UserError."""
    words = " ".join(str(value).split())
    if (number := kept(words)) is not None:
        for theme in themes_for(call, [number]):
            return theme
        raise UserError("theme.over")
    among = themes_for(call, call.tx.places.perhaps_called(words))
    named = [theme for theme in among if is_called(theme, words)]
    # A channel that was taken from a theme, or is not noted as its yet, may be called as that is; and a theme
    # that is archived was called otherwise.
    opened = call.tx.places.opened([theme.id for theme in named])
    closed = call.tx.of(ARCHIVES).called()
    archived = [theme for theme, name in closed.items() if seen_as(name) == seen_as(words)]
    was_named = themes_for(call, archived) if archived else ()
    for found in ([theme for theme in named if theme.id in opened], was_named, named):
        if found:
            return call.one_of(found, argument.name)
    # What else there is to know of themes that are not theirs.
    return call.theme(words)


def themes_for(call: Call, among: Collection[int] | None = None) -> Sequence[Theme]:
    """Those of these themes (None: of all) that they may see, what was opened in the community first."""
    # Their platform is asked of all that are not everybody's: what it is asked tells nobody which there are.
    if not _sees_opened(call):
        return [theme for theme in call.themes() if among is None or theme.id in among]
    opened = call.tx.places.opened(among)
    found = [Theme(*theme) for theme in opened.items()]
    if among is not None and opened.keys() >= set(among):
        return found
    others = call.themes(call.tx.places.inhabited(unless_opened=True))
    return [*found, *(theme for theme in others if among is None or theme.id in among)]


def themes_holding(
    call: Call,
    words: str,
    most: int,
    closed: Collection[int],
    mine: Mapping[int, int] = MappingProxyType({}),
) -> tuple[Sequence[Theme], int]:
    """At most so many of those that they may see, with these words in their name, and how many there are:
    first what is theirs, the more the earlier, and last what is `closed`, because it is archived.
    """
    places, wanted = call.tx.places, seen_as(words)
    if _sees_opened(call):
        first = sorted(mine, key=mine.__getitem__, reverse=True)[:most]
        opened, count = places.listed(words, most + len(first))
        known = {**places.opened(first), **{theme.id: theme.name for theme in opened}}
        others = call.themes(places.inhabited(unless_opened=True))
    else:
        known, count, others = {}, 0, themes_for(call)
    holding = [theme for theme in others if wanted in seen_as(theme.name)]
    found = [Theme(*theme) for theme in known.items() if wanted in seen_as(theme[1])] + holding
    found.sort(key=lambda theme: (theme.id in closed, -mine.get(theme.id, 0)))
    return found[:most], count + len(holding)


def _sees_opened(call: Call) -> bool:
    """Whether they may see whatever was opened."""
    return call.resident.role >= Role.MODERATOR or call.belongs()


def suggest_themes(argument: Argument, call: Call, given: str) -> Sequence[Suggestion]:
    """Those whose name holds what was typed."""
    found, _ = themes_holding(call, given, MOST_SUGGESTED, call.tx.places.closed())
    return [Suggestion(keep(theme), typed(theme.name)) for theme in found]


def meant(call: Call, theme: Theme | None, among: Collection[int] | None = None) -> Theme:
    """The one that was named, or this place's; in private the only one, perhaps `among` these.

    Raises: Unsure where it may be several, and UserError where there is none.
    """
    if theme is not None:
        return theme
    if call.theme_here is not None:
        return call.theme_here
    known = themes_for(call, among)
    if not known:
        none_at_all = among is None or not themes_for(call)
        raise UserError("theme.none_yet" if none_at_all else "theme.nothing_to_you")
    if len(known) > MOST_OFFERED:
        raise UserError("theme.name_it")
    if len(known) > 1:
        raise Unsure(text("theme.which"), [(typed(found.name), {"theme": keep(found)}) for found in known])
    return known[0]


def meant_open(call: Call, theme: Theme | None) -> Theme:
    """The same, for what cannot be in one that is archived. Raises: Unsure, UserError."""
    found = meant(call, theme)
    check_not_archived(call, found)
    return found


def check_not_archived(call: Call, theme: Theme) -> None:
    """Raises: UserError where it is."""
    if theme.id in call.tx.places.closed():
        raise UserError("theme.is_archived", theme=call.tx.of(ARCHIVES).called().get(theme.id, theme.name))


THEME = Converter(convert=find_theme, keep=keep, suggest=suggest_themes, extent=Extent.WORDS)
