"""Which theme somebody means: themes as arguments of commands.

Whoever asks can mean those that they take part in and, if they are of the community, those that were opened
in it; a moderator of it all. Of any other nobody hears more than of one that there is not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from bot.call import Call
from bot.commands.argument import Argument, Converter, Extent
from bot.errors import Unsure, UserError
from bot.features.themes.records import ARCHIVES, OPENINGS
from bot.model.message import Suggestion, text, typed
from bot.model.people import Theme
from bot.unseen import seen_as

# So many are asked about; where there are more, they are named in the list.
MOST_OFFERED = 9
MOST_SUGGESTED = 25
_KEPT = re.compile(r"theme:(\d{1,18})")


def find_theme(argument: Argument, value: Any, call: Call) -> Theme:
    """The theme that is called so. Raises: UserError."""
    words, known = " ".join(str(value).split()), themes_for(call)
    if kept := _KEPT.fullmatch(words):
        for theme in known:
            if theme.id == int(kept[1]):
                return theme
        raise UserError("theme.over")
    # A channel that was taken from a theme, or is not noted as its yet, may be called as that is; and a theme
    # that is archived was called otherwise.
    wanted, opened = seen_as(words), call.tx.of(OPENINGS).opened()
    archived = call.tx.of(ARCHIVES).called()
    called_so = [theme for theme in known if seen_as(theme.name) == wanted]
    was_called_so = [theme for theme in known if seen_as(archived.get(theme.id, "")) == wanted]
    if found := [*(theme for theme in called_so if theme.id in opened), *was_called_so, *called_so]:
        return found[0]
    # What else there is to know of themes that are not theirs.
    return call.theme(words)


def themes_for(call: Call) -> Sequence[Theme]:
    """Those that they take part in and, if they are of the community, all that were opened in it."""
    known = list(call.themes())
    there = {theme.id for theme in known}
    others = {theme: name for theme, name in call.tx.of(OPENINGS).opened().items() if theme not in there}
    if others and call.belongs():
        known += [Theme(theme, name) for theme, name in others.items()]
    return known


def suggest_themes(argument: Argument, call: Call, given: str) -> Sequence[Suggestion]:
    """Those whose name holds what was typed."""
    names = [theme.name for theme in themes_for(call) if seen_as(given) in seen_as(theme.name)]
    return [Suggestion(name, typed(name)) for name in names[:MOST_SUGGESTED]]


def keep(theme: Theme) -> str:
    """A value that means this theme whatever it is called by then."""
    return f"theme:{theme.id}"


def meant(call: Call, theme: Theme | None, among: Collection[int] | None = None) -> Theme:
    """The one that was named, or this place's; in private the only one, perhaps `among` these.

    Raises: Unsure where it may be several, and UserError where there is none.
    """
    if theme is not None:
        return theme
    if call.theme_here is not None:
        # As it is called in every list: one that was given no name goes by its place's.
        return next(iter(call.tx.places.themes([call.theme_here.id])), call.theme_here)
    known = themes_for(call)
    if not known:
        raise UserError("theme.none_yet")
    known = [found for found in known if among is None or found.id in among]
    if not known:
        raise UserError("theme.nothing_to_you")
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
