"""Communities: which one somebody means in private, and how each wants things as its moderators set it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Literal, get_args, get_origin

from pydantic import ValidationError

from bot.call import Call
from bot.commands.declare import Command
from bot.communities import TURN, choices
from bot.errors import TurnFirst, UserError
from bot.feature import Feature
from bot.model.homes import homes_in
from bot.model.message import Button, Message, Suggestion, Text, message, text, typed
from bot.platforms import called
from bot.ports.communities import Change
from bot.settings import Section
from bot.unseen import seen_as
from bot.zones import zone_called

CHOOSE = "community choose"
# So many changes are told, the last first, and so much of what was typed.
MOST_TOLD, SHOWN = 10, 40


class Setting(StrEnum):
    """What can be set here."""

    LANGUAGE = "language"
    ZONE = "zone"
    OPENED_BY = "opened_by"
    AT_ONCE = "at_once"
    A_DAY = "a_day"
    ANONYMOUS_FLOOR = "anonymous_floor"
    RESULTS = "results"
    QUIET = "quiet"
    SUPPORTERS = "supporters"
    PLANNED_BY = "planned_by"
    MINUTES = "minutes"
    REMIND = "remind"
    TO_COME = "to_come"
    PLANNED_A_DAY = "planned_a_day"
    TOTALS = "totals"


# Neither a number nor one of a few words; and may be none at all.
_IN_WORDS = (Setting.QUIET, Setting.REMIND)
# How long before something begins, as it is kept: "7d,1d,1h".
_PART = re.compile(r"(\d+)([dhm])")
_BEFORE = {"d": "community.days", "h": "community.hours", "m": "community.minutes"}


# --- which one is meant in private ---


def choose_community(call: Call, which: str | None = None) -> Message:
    """Choose the community that what you say in private is for."""
    here = call.settings.name
    if call.place is not None:
        return message(text("community.here", name=here))
    if len(call.mine) < 2:
        return message(text("community.only", name=here))
    if call.turned:
        return message(text("community.chosen", name=here))
    if which is None:
        buttons = [
            Button(typed(name), CHOOSE, {TURN: number}, style="primary")
            for number, name in choices(call.mine)
        ]
        return message(text("community.now", name=here), buttons=buttons)
    for number, name in call.mine.items():
        if seen_as(name) == seen_as(which):
            raise TurnFirst(number)
    known = tuple(typed(name) for _, name in choices(call.mine))
    raise UserError("community.unknown_name", name=which[:SHOWN], known=known)


def suggest_communities(call: Call, given: str) -> Sequence[Suggestion]:
    """Those that they are in."""
    wanted = given.casefold()
    return [Suggestion(name, typed(name)) for _, name in choices(call.mine) if wanted in name.casefold()]


# --- how a community wants things ---


def set_setting(call: Call, setting: Setting, value: str) -> Message:
    """Say how this community wants something; `-` puts it back."""
    if not call.moderates:
        raise UserError("community.moderators")
    value = value.strip()
    back = value == "-" or value.casefold() in call.commands.texts.words("community.back.words")
    wanted = None if back else _checked(call, setting, value)
    call.tx.communities.change(setting, wanted, call.resident.id, call.now)
    call.settings = call.configured.changed(call.tx.communities.settings())
    call.belongings.set_anew(call.tx, setting)
    now = {"setting": _named(setting), "value": _shown(call, setting)}
    return message(text("community.back" if wanted is None else "community.set", **now))


def show_settings(call: Call) -> Message:
    """Show how this community wants things, and who changed that."""
    lines = [_line(call, setting) for setting in Setting]
    if call.moderates:  # a home can be hidden from others
        for platform, home in call.homes.items():
            lines.append(text("community.home", platform=called(platform), home=home.called))
        lines += [_told(call, change) for change in call.tx.communities.changes(MOST_TOLD)]
    return message(*lines, title=text("community.title"))


def _line(call: Call, setting: Setting) -> Text:
    """How it is, and what to type to change it."""
    words = call.commands.texts.find(f"param.setting.{setting}", call.locale) or str(setting)
    shown = {"setting": _named(setting), "value": _shown(call, setting)}
    return text("community.line", word=words.split("|")[0], **shown)


def _told(call: Call, change: Change) -> Text:
    who = {"at": change.at, "by": change.by or text("community.somebody")}
    if change.value is None:
        return text("community.changed.back", setting=_named(Setting(change.name)), **who)
    for platform, home in homes_in({change.name: change.value}).items():
        return text("community.changed.home", platform=called(platform), home=home.called, **who)
    setting = Setting(change.name)
    value = _as_said(call, setting, change.value)
    return text("community.changed", setting=_named(setting), value=value, **who)


def _checked(call: Call, setting: Setting, value: str) -> str:
    """What is kept of it. Raises: UserError, with what can be said instead."""
    match setting:
        case Setting.LANGUAGE:
            texts = call.commands.texts
            if (locale := texts.called(value)) is None:
                known = tuple(text(f"language.name.{locale}") for locale in texts.locales)
                raise UserError("community.bad.language", value=value[:SHOWN], known=known)
            return locale
        case Setting.ZONE:
            if (zone := zone_called(value)) is None:
                raise UserError("community.bad.zone", value=value[:SHOWN])
            return zone
    value = _choice_called(call, setting, value.casefold())
    section = next(part for part in call.configured.sections if setting in type(part).model_fields)
    try:
        found = section.with_value(setting, value)
    except ValidationError:
        if choices_of(section, setting) or setting in _IN_WORDS:
            raise UserError(f"community.bad.{setting}", value=value[:SHOWN]) from None
        least, most = _bounds(section, setting)
        raise UserError("community.bad.number", value=value[:SHOWN], least=least, most=most) from None
    if setting is Setting.ANONYMOUS_FLOOR and getattr(found, setting) < getattr(section, setting):
        # With fewer one could guess who chose what: that is for whoever runs Plein to decide.
        raise UserError("community.bad.floor", least=getattr(section, setting))
    return str(getattr(found, setting))


def _bounds(section: Section, setting: Setting) -> tuple[int, int]:
    """From which number to which it goes."""
    rules = type(section).model_fields[setting].metadata
    least, most = ([getattr(rule, name) for rule in rules if hasattr(rule, name)] for name in ("ge", "le"))
    return least[0], most[0]


def _choice_called(call: Call, setting: Setting, words: str) -> str:
    """What people call so; anything else as it is."""
    for choice in choices_of(_section_of(call, setting), setting):
        if words in call.commands.texts.words(f"community.{setting}.{choice}.words"):
            return choice
    return words


def choices_of(section: Section | None, setting: Setting) -> Sequence[str]:
    """The words of which a setting is one; none where it is something else."""
    field = type(section).model_fields.get(setting) if section else None
    return get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()


def _section_of(call: Call, setting: Setting) -> Section | None:
    """What it is a setting of, as the community has it now."""
    return next((part for part in call.settings.sections if setting in type(part).model_fields), None)


def _as_said(call: Call, setting: Setting, value: object) -> Text | str:
    """One of several is called by what the catalogue says."""
    if setting in _IN_WORDS and not value:
        return text(f"community.none.{setting}")
    if setting is Setting.REMIND:
        parts = _PART.findall(str(value))
        return text("community.before", parts=tuple(text(_BEFORE[unit], count=int(n)) for n, unit in parts))
    is_chosen = value in choices_of(_section_of(call, setting), setting)
    return text(f"community.{setting}.{value}") if is_chosen else str(value)


def _named(setting: Setting) -> Text:
    return text(f"param.setting.{setting}.label")


def _shown(call: Call, setting: Setting) -> Text | str:
    match setting:
        case Setting.LANGUAGE:
            return text(f"language.name.{call.settings.locale}")
        case Setting.ZONE:
            return call.settings.zone.key
    return _as_said(call, setting, getattr(_section_of(call, setting), setting, ""))


FEATURE = Feature(
    name="communities",
    commands=(
        Command(CHOOSE, choose_community, anyone=True),
        Command("community set", set_setting),
        Command("community show", show_settings),
    ),
    suggest={f"{CHOOSE}.which": suggest_communities},
)
