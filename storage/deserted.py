"""Themes that are over: each thread or post in which somebody uses Plein is one, and nobody ends it. So is
each room or channel that Plein was put out of, or that is no more.

What a theme holds keeps it: a poll, whatever a feature has there, what still waits to be said. Without any of
that a place that was only there for a while goes some time after it was last used, and one that was left some
time after that; with it who took part there and the theme. Whoever uses Plein there again has a theme again.
A community that Plein is nowhere of keeps its places: by these it is known (see bot/delivery/leaving.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import Column, ColumnElement, MetaData, and_, exists, or_

from storage.retention import Rule, before
from storage.tables import members, metadata, places, posts, themes

# These go with their theme.
_GOES_ALONG = (places.c.theme, members.c.theme)
_WAITS = and_(posts.c.sent_at.is_(None), posts.c.parked.is_(None))


@lru_cache(16)
def rules(of_features: tuple[MetaData, ...]) -> Sequence[Rule]:
    """In this order: who took part and the places refer to the theme, and a theme without these is none."""

    def holds_nothing(theme: Column[int]) -> ColumnElement[bool]:
        return and_(*(~exists().where(column == theme) for column in _references(of_features)))

    there_waits = exists().where(
        _WAITS,
        or_(
            and_(posts.c.platform == places.c.platform, posts.c.room == places.c.room),
            posts.c.theme == places.c.theme,
        ),
    )
    others = places.alias()
    is_somewhere = exists().where(others.c.community == places.c.community, others.c.here)
    left = and_(places.c.here.is_(False), or_(before(places.c.used_at), places.c.used_at.is_(None)))
    nothing_there = and_(~there_waits, holds_nothing(places.c.theme))
    of_members = exists().where(places.c.theme == members.c.theme)
    of_theme = exists().where(places.c.theme == themes.c.id)
    with_members = exists().where(members.c.theme == themes.c.id)
    return (
        Rule(
            "a thread or post in which nobody uses Plein any more",
            timedelta(days=90),
            "people come back to what they talked about; longer where a poll was asked",
            places,
            and_(places.c.here, before(places.c.used_at), nothing_there),
        ),
        Rule(
            "a room or channel that Plein was put out of, or that is no more",
            timedelta(days=30),
            "Plein may be let in again; longer where a poll was asked, or the configuration names it",
            places,
            and_(left, places.c.listed.is_(None), is_somewhere, nothing_there),
        ),
        Rule(
            "who takes part in a theme",
            timedelta(),
            "it has a place, or a poll",
            members,
            and_(~of_members, holds_nothing(members.c.theme)),
        ),
        Rule(
            "a theme",
            timedelta(),
            "it has a place, or a poll",
            themes,
            and_(~of_theme, ~with_members, holds_nothing(themes.c.id)),
        ),
    )


def _references(of_features: Sequence[MetaData]) -> Sequence[Column[int]]:
    """Every column that refers to a theme which is there because of it."""
    return [
        column
        for tables in (metadata, *of_features)
        for table in tables.sorted_tables
        for column in table.c
        if column not in _GOES_ALONG and any(key.column is themes.c.id for key in column.foreign_keys)
    ]
