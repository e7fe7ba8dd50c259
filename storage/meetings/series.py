"""Meetings that come back, and how people answer each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, delete, func, insert, null, or_, select, update

from bot.features.meetings.records import LIKE, SERIES, Meeting, Recurrence, Series, Standing, Way
from bot.when import LeftOut, Rule
from storage.among import among
from storage.meetings import read_meeting, shown_meetings
from storage.meetings.tables import SERIES_TABLES, meeting_series, meetings, standing
from storage.numbers import next_number
from storage.parts import Parts, Stored
from storage.upsert import upsert

_THIS = meeting_series.c.id == bindparam("series_")
_FIELDS = [column for column in meeting_series.c if column.name != "community"]
_GET = select(*_FIELDS).where(_THIS)
_ADD = insert(meeting_series)
_WHOSE = ("organiser", "worded_by")
_CHANGED = ("rule", "wall", "first_day", "until", "made_to", "left_out", "lasts", "going", *_WHOSE, *LIKE)
_CHANGE = update(meeting_series).where(_THIS).values({name: bindparam(f"{name}_") for name in _CHANGED})
_MEETINGS = (
    shown_meetings()
    .where(
        meetings.c.series == bindparam("series_"),
        meetings.c.starts_at > bindparam("since_", type_=meetings.c.starts_at.type),
    )
    .order_by(meetings.c.starts_at, meetings.c.id)
)
_AMONG = (
    select(meeting_series.c.id)
    .where(among(meeting_series.c.theme, "themes_"), meeting_series.c.going)
    .order_by(meeting_series.c.id)
)
_COMING = select(func.count()).where(
    meetings.c.theme == bindparam("theme_"), meetings.c.state == "planned", meetings.c.series.is_not(None)
)
_ANSWERS = select(
    *(standing.c.resident, standing.c.way, standing.c.said_at, standing.c.party, standing.c.shown)
).where(standing.c.series == bindparam("series_"))
_STANDING = _ANSWERS.order_by(standing.c.id)
_STANDING_AFTER = (
    _ANSWERS.where(standing.c.resident > bindparam("after_"))
    .order_by(standing.c.resident)
    .limit(bindparam("most_"))
)
# Who chooses another way comes behind who chose one before; who says the same again keeps their place.
_STAND_ANEW = delete(standing).where(
    *(standing.c.series == bindparam("series_"), standing.c.resident == bindparam("resident_")),
    standing.c.way != bindparam("way_"),
)
_STAND = upsert(standing)
_STAND = _STAND.on_conflict_do_update(
    index_elements=[standing.c.series, standing.c.resident],
    set_={name: _STAND.excluded[name] for name in ("party", "shown", "said_at")},
)
_WHO: Any = bindparam("id_")
_IS_THEIRS = or_(meeting_series.c.organiser == _WHO, meeting_series.c.worded_by == _WHO)
_PLANNED_BY = select(*_FIELDS).where(_IS_THEIRS).order_by(meeting_series.c.id)
_STANDING_OF = select(standing).where(standing.c.resident == _WHO).order_by(standing.c.id)
_DROP = delete(standing).where(standing.c.id == _WHO)
_PASS_ON = tuple(
    update(column.table).where(column == bindparam("old_")).values({column.name: bindparam("new_")})
    for column in (meeting_series.c.organiser, meeting_series.c.worded_by, standing.c.resident)
)
_FORGET = (
    delete(standing).where(standing.c.resident == _WHO),
    update(meeting_series).where(meeting_series.c.organiser == _WHO).values(organiser=null()),
    update(meeting_series).where(meeting_series.c.worded_by == _WHO).values(worded_by=null()),
)


class SeriesKept:
    """Implements SeriesStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db

    def add(self, new: Series) -> Series:
        number = next_number(self._db, meeting_series.name)
        whose = {"theme": new.theme, "zone": new.recurrence.zone.key}
        self._db.execute(_ADD, {"id": number, **whose, **_written(new)})
        found = self.get(number)
        assert found
        return found

    def hold(self, number: int) -> Series | None:
        self._db.lock(meeting_series.c.id, number)
        return self.get(number)

    def get(self, number: int) -> Series | None:
        row = self._db.execute(_GET, {"series_": number}).first()
        return _read(row) if row else None

    def change(self, now: Series) -> None:
        values = {f"{name}_": value for name, value in _written(now).items()}
        self._db.execute(_CHANGE, {"series_": now.id, **values})

    def meetings(self, number: int, since: datetime) -> Sequence[Meeting]:
        rows = self._db.execute(_MEETINGS, {"series_": number, "since_": since})
        return [read_meeting(*row) for row in rows]

    def coming(self, theme: int) -> int:
        found: int = self._db.execute(_COMING, {"theme_": theme}).scalar_one()
        return found

    def among(self, themes: Collection[int]) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_AMONG, {"themes_": sorted(themes)}).scalars()
        return found

    def standing(self, number: int) -> Sequence[Standing]:
        return self._answers(_STANDING, series_=number)

    def standing_after(self, number: int, after: int, most: int) -> Sequence[Standing]:
        return self._answers(_STANDING_AFTER, series_=number, after_=after, most_=most)

    def _answers(self, which: Any, **values: int) -> Sequence[Standing]:
        return [
            Standing(
                resident=row.resident,
                way=Way(row.way),
                said_at=row.said_at,
                party=row.party,
                shown=bool(row.shown),
            )
            for row in self._db.execute(which, values)
        ]

    def stand(self, number: int, answer: Standing) -> None:
        row = {"series": number, "resident": answer.resident, "way": str(answer.way)}
        self._db.execute(_STAND_ANEW, {f"{name}_": value for name, value in row.items()})
        rest = {"party": answer.party, "shown": answer.shown, "said_at": answer.said_at}
        self._db.execute(_STAND, {**row, **rest})

    def of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return {
            str(table): [row._asdict() for row in self._db.execute(statement, {"id_": resident})]
            for table, statement in ((meeting_series.name, _PLANNED_BY), (standing.name, _STANDING_OF))
        }

    def merge(self, old: int, new: int) -> None:
        both = [row for whose in (old, new) for row in self._db.execute(_STANDING_OF, {"id_": whose})]
        latest = {row.series: row.id for row in sorted(both, key=lambda row: (row.said_at, row.id))}
        for row in both:
            if latest[row.series] != row.id:
                self._db.execute(_DROP, {"id_": row.id})
        for statement in _PASS_ON:
            self._db.pass_on(statement, old, new)

    def forget(self, resident: int) -> None:
        for statement in _FORGET:
            self._db.execute(statement, {"id_": resident})


STORED = Stored(SERIES, SeriesKept, SERIES_TABLES)


def _written(kept: Series) -> dict[str, Any]:
    recurrence = kept.recurrence
    return {
        **kept.like,
        "organiser": kept.organiser,
        "worded_by": kept.worded_by,
        "rule": recurrence.rule.as_kept(),
        "wall": f"{recurrence.wall:%H:%M}",
        "first_day": recurrence.first.isoformat(),
        "until": recurrence.until and recurrence.until.isoformat(),
        "made_to": kept.made_to and kept.made_to.isoformat(),
        "left_out": recurrence.left_out.as_kept(),
        "lasts": int(kept.lasts.total_seconds()),
        "going": kept.going,
    }


def _read(row: Any) -> Series:
    recurrence = Recurrence(
        rule=Rule.from_kept(row.rule),
        wall=time.fromisoformat(row.wall),
        zone=ZoneInfo(row.zone),
        first=date.fromisoformat(row.first_day),
        until=date.fromisoformat(row.until) if row.until else None,
        left_out=LeftOut.from_kept(row.left_out),
    )
    return Series(
        id=row.id,
        theme=row.theme,
        organiser=row.organiser,
        worded_by=row.worded_by,
        recurrence=recurrence,
        lasts=timedelta(seconds=row.lasts),
        like={name: getattr(row, name) for name in LIKE},
        made_to=date.fromisoformat(row.made_to) if row.made_to else None,
        going=bool(row.going),
    )
