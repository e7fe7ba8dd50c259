"""Themes that are over: each thread or post in which somebody uses Plein is one, and nobody ends it. So is
each room or channel that Plein was put out of, or that is no more.

What a theme holds keeps it: a poll, whatever a feature has there, what still waits to be said; not who takes
part there, nor what else says that it goes along. Without any of that a place that was only there for a while
goes some time after it was last used, and one that was left some time after that; with it the theme, and what
goes along. Whoever uses Plein there again has a theme again.
A community that Plein is nowhere of keeps its places: by these it is known (see bot/delivery/leaving.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import lru_cache

from sqlalchemy import Column, ColumnElement, MetaData, and_, exists, or_

from storage.retention import Rule, before
from storage.tables import GOES_ALONG, guests, members, metadata, places, posts, themes

# A theme is one by these.
_MAKES_IT = (places.c.theme, members.c.theme)
_KEPT = "it has a place, or a poll"
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
    along = (members.c.theme, guests.c.theme, *_along(of_features))

    def is_over(theme: Column[int]) -> ColumnElement[bool]:
        return and_(~exists().where(places.c.theme == theme), holds_nothing(theme))

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
        *(
            Rule("who takes part in a theme", timedelta(), _KEPT, theme.table, is_over(theme))
            for theme in along
        ),
        Rule(
            "a theme",
            timedelta(),
            _KEPT,
            themes,
            and_(is_over(themes.c.id), *(~exists().where(theme == themes.c.id) for theme in along)),
        ),
    )


def _references(of_features: Sequence[MetaData]) -> Sequence[Column[int]]:
    """Every column that refers to a theme which is there because of it."""
    return [
        column
        for column in _to_themes((metadata, *of_features))
        if column not in _MAKES_IT and not column.info.get(GOES_ALONG)
    ]


def _along(of_features: Sequence[MetaData]) -> Sequence[Column[int]]:
    """Those of features whose rows go with their theme."""
    return [column for column in _to_themes(of_features) if column.info.get(GOES_ALONG)]


def _to_themes(metadatas: Sequence[MetaData]) -> Iterator[Column[int]]:
    for tables in metadatas:
        for table in tables.sorted_tables:
            for column in table.c:
                if any(key.column is themes.c.id for key in column.foreign_keys):
                    yield column
