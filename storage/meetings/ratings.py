"""How people say that a meeting was: sealed until that is over, and then what all of them said together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, insert, select, update

from bot.features.meetings.presence.records import (
    BEST,
    FLOOR,
    LONGEST_REMARK,
    RATINGS,
    Earlier,
    Round,
)
from bot.features.meetings.records import Meeting
from storage.among import among
from storage.marks import Marks, MarksTable
from storage.meetings.tables import RATING_TABLES, meetings, rating_marks, rating_rounds, ratings
from storage.parts import Parts, Stored
from storage.sealed import Sealing
from storage.upsert import upsert

# So the names of its keys begin.
KIND = "rating"
PAGE = 1_000
_EVER = datetime.fromtimestamp(0, UTC)
# With room for the longest remark, in whichever script.
_LENGTH = 16 + 4 * LONGEST_REMARK
_MARKS = MarksTable(rating_marks.c.meeting, rating_marks.c.resident)

_ROUND = [column for column in rating_rounds.c if column.name != "community"]
_THIS = rating_rounds.c.meeting == bindparam("meeting_")
_GET = select(*_ROUND).where(_THIS)
_OPEN = insert(rating_rounds)
_OPEN_IN = (
    select(rating_rounds.c.meeting)
    .join(meetings, meetings.c.id == rating_rounds.c.meeting)
    .where(among(meetings.c.theme, "themes_"), rating_rounds.c.ended_at.is_(None))
    .order_by(meetings.c.ends_at.desc(), meetings.c.id.desc())
)
_WAIT = update(rating_rounds).where(_THIS).values(waits_since=bindparam("since_", type_=_ROUND[2].type))
_END = (
    update(rating_rounds)
    .where(_THIS)
    .values(
        ended_at=bindparam("now_", type_=rating_rounds.c.ended_at.type),
        **{name: bindparam(f"{name}_") for name in ("people", "scores", "remarks")},
    )
)


def _earlier(which: ColumnElement[bool]) -> Select[Any]:
    before = bindparam("before_", type_=meetings.c.starts_at.type)
    return (
        select(meetings.c.starts_at, rating_rounds.c.scores)
        .join(meetings, meetings.c.id == rating_rounds.c.meeting)
        .where(which, rating_rounds.c.scores.is_not(None), meetings.c.starts_at < before)
        .order_by(meetings.c.starts_at.desc(), meetings.c.id.desc())
        .limit(bindparam("most_"))
    )


_EARLIER_IN_SERIES = _earlier(meetings.c.series == bindparam("series_"))
_EARLIER_IN_THEME = _earlier(meetings.c.theme == bindparam("theme_"))

_HERE = ratings.c.meeting == bindparam("meeting_")
_RATE = upsert(ratings)
_RATE = _RATE.on_conflict_do_update(
    index_elements=[ratings.c.meeting, ratings.c.resident], set_={"sealed": _RATE.excluded.sealed}
)
_SEALED = (
    select(ratings.c.resident, ratings.c.sealed)
    .where(_HERE, ratings.c.resident > bindparam("after_"))
    .order_by(ratings.c.resident)
    .limit(PAGE)
)
_PEOPLE = select(func.count()).where(_HERE)
_THROW_AWAY = delete(ratings).where(_HERE)
_WHO: Any = bindparam("resident_")
_OF = (
    select(ratings.c.meeting, ratings.c.sealed).where(ratings.c.resident == _WHO).order_by(ratings.c.meeting)
)
_SAID_BY = (
    select(ratings.c.meeting, ratings.c.resident, rating_marks.c.said_at)
    .outerjoin(
        rating_marks,
        and_(rating_marks.c.meeting == ratings.c.meeting, rating_marks.c.resident == ratings.c.resident),
    )
    .where(ratings.c.resident == _WHO)
)
_DROP = delete(ratings).where(_HERE, ratings.c.resident == _WHO)
_PASS_ON = update(ratings).where(ratings.c.resident == bindparam("old_")).values(resident=bindparam("new_"))
_FORGET = delete(ratings).where(ratings.c.resident == _WHO)


class Ratings:
    """Implements RatingStore."""

    def __init__(self, parts: Parts) -> None:
        self._db = parts.db
        self._sealing = Sealing(parts, KIND)
        self._marks = Marks(parts, _MARKS, KIND)

    def open(self, meeting: int, closes_at: datetime) -> None:
        self._db.execute(_OPEN, {"meeting": meeting, "closes_at": closes_at})
        self._sealing.open(meeting)

    def get(self, meeting: int) -> Round | None:
        row = self._db.execute(_GET, {"meeting_": meeting}).first()
        return _round(row) if row else None

    def open_in(self, themes: Collection[int]) -> Sequence[int]:
        found: Sequence[int] = self._db.execute(_OPEN_IN, {"themes_": sorted(themes)}).scalars()
        return found

    def wait(self, meeting: int, since: datetime) -> None:
        self._db.execute(_WAIT, {"meeting_": meeting, "since_": since})

    # --- saying how it was ---

    def repeated(self, meeting: int, resident: int, event: str, said_at: datetime) -> bool:
        return self._marks.repeated(meeting, resident, event, said_at)

    def said_at(self, meeting: int, resident: int) -> datetime | None:
        return self._marks.said_at(meeting, resident)

    def rate(self, meeting: int, resident: int, score: int, remark: str) -> None:
        sealed = self._sealing.seal(meeting, f"{score}\n{remark}".encode(errors="replace"), _LENGTH)
        self._db.execute(_RATE, {"meeting": meeting, "resident": resident, "sealed": sealed})

    def take_back(self, meeting: int, resident: int) -> None:
        self._db.execute(_DROP, {"meeting_": meeting, "resident_": resident})

    # --- the end ---

    def end(self, meeting: int, now: datetime) -> None:
        people: int = self._db.execute(_PEOPLE, {"meeting_": meeting}).scalar_one()
        counted, remarks = self._count(meeting)
        # What so few said is nobody's business, not even of whoever has the database.
        enough = sum(counted.values()) >= FLOOR
        scores = ",".join(str(counted[score]) for score in range(1, BEST + 1)) if enough else None
        kept = orjson.dumps(remarks).decode() if enough and remarks else None
        said = {"people_": people, "scores_": scores, "remarks_": kept}
        self._db.execute(_END, {"meeting_": meeting, "now_": now, **said})
        self._db.execute(_THROW_AWAY, {"meeting_": meeting})
        self._marks.over(meeting)
        self._sealing.over()

    def _count(self, meeting: int) -> tuple[Counter[int], list[str]]:
        """How often each figure was given, and the remarks by the alphabet."""
        counted: Counter[int] = Counter()
        remarks: list[str] = []
        after = 0
        while rows := list(self._db.execute(_SEALED, {"meeting_": meeting, "after_": after})):
            after = rows[-1].resident
            opened = self._db.offload(partial(self._sealing.read, meeting, [row.sealed for row in rows]))
            for words in opened:
                if words is not None:
                    score, _, remark = words.decode().partition("\n")
                    counted[int(score)] += 1
                    remarks += [remark] if remark else []
        return counted, sorted(remarks)

    def burn(self, meeting: int) -> bool:
        return self._sealing.burn(meeting)

    def earlier(self, meeting: Meeting, most: int) -> Sequence[Earlier]:
        among_these = {"before_": meeting.starts_at, "most_": most}
        if meeting.series:
            rows = self._db.execute(_EARLIER_IN_SERIES, {**among_these, "series_": meeting.series})
        else:
            rows = self._db.execute(_EARLIER_IN_THEME, {**among_these, "theme_": meeting.theme})
        return [Earlier(row.starts_at, _read(row.scores)) for row in rows]

    # --- whose it is ---

    def of(self, resident: int) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        rated = [row._asdict() for row in self._db.execute(_OF, {"resident_": resident})]
        marks = [
            {"meeting": meeting, "latest": latest, "said_at": said_at}
            for meeting, latest, said_at in self._marks.of(resident)
        ]
        return {"ratings": rated, "rating_marks": marks}

    def merge(self, old: int, new: int) -> None:
        theirs = self._of_both(old, new)
        while self._db.lock(meetings.c.id, *sorted(theirs)):
            theirs = self._of_both(old, new)
        for meeting, people in theirs.items():
            # The last one stands; nobody can read either.
            for earlier in people[:-1]:
                self.take_back(meeting, earlier)
        self._db.pass_on(_PASS_ON, old, new)
        self._marks.merge(old, new)

    def _of_both(self, old: int, new: int) -> Mapping[int, Sequence[int]]:
        """Who of them said how which meeting was, who said so last comes last."""
        rows = [row for who in (old, new) for row in self._db.execute(_SAID_BY, {"resident_": who})]
        found: dict[int, list[int]] = {}
        for row in sorted(rows, key=lambda row: (row.said_at or _EVER, row.resident)):
            found.setdefault(row.meeting, []).append(row.resident)
        return found

    def forget(self, resident: int) -> None:
        self._db.execute(_FORGET, {"resident_": resident})
        self._marks.forget(resident)


STORED = Stored(RATINGS, Ratings, RATING_TABLES)


def _round(row: Any) -> Round:
    return Round(
        meeting=row.meeting,
        closes_at=row.closes_at,
        waits_since=row.waits_since,
        ended_at=row.ended_at,
        people=row.people,
        scores=_read(row.scores) if row.scores else (),
        remarks=tuple(orjson.loads(row.remarks)) if row.remarks else (),
    )


def _read(scores: str) -> tuple[int, ...]:
    return tuple(map(int, scores.split(",")))
