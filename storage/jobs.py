"""What is to be done later."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, delete, func, or_, select, update

from bot.model.work import Job
from storage.among import among
from storage.batch import Batch
from storage.community import anywhere
from storage.tables import TO_DO, jobs
from storage.upsert import upsert

_MOMENT = jobs.c.due_at.type
_NEW = upsert(jobs)
_SOONER = case((jobs.c.due_at < _NEW.excluded.due_at, jobs.c.due_at), else_=_NEW.excluded.due_at)
# What was planned under this key, and is not done yet, is planned anew. Where another process is doing it
# just now, it waits for that, and is another one.
_ADD, _ADD_OR_SOONER = (
    _NEW.on_conflict_do_update(
        index_elements=[jobs.c.key],
        index_where=TO_DO,
        set_={
            "kind": _NEW.excluded.kind,
            "subject": _NEW.excluded.subject,
            "due_at": due,
            "was_due": None,
            "attempts": 0,
        },
        # What many plan alike is written once.
        where=or_(
            jobs.c.kind != _NEW.excluded.kind,
            jobs.c.subject != _NEW.excluded.subject,
            jobs.c.due_at != due,
            jobs.c.attempts != 0,
        ),
    )
    for due in (_NEW.excluded.due_at, _SOONER)
)
_WAS_DUE = func.coalesce(jobs.c.was_due, jobs.c.due_at)
_REMOVE = delete(jobs).where(jobs.c.key == bindparam("key_"), jobs.c.done_at.is_(None))
# With several processes each takes its own share; SQLite has one writer and no use for it. It waits for
# nobody and joins nothing, so that what it reads is what it locked.
_CLAIM = anywhere(
    select(
        *(jobs.c.id, jobs.c.kind, jobs.c.subject, _WAS_DUE, jobs.c.attempts, jobs.c.community),
        jobs.c.key,
    )
    .where(jobs.c.done_at.is_(None), jobs.c.due_at <= bindparam("now_", type_=_MOMENT))
    .order_by(jobs.c.due_at, jobs.c.id)
    .limit(bindparam("limit_"))
    .with_for_update(skip_locked=True)
)
_DONE = (
    update(jobs)
    .where(
        jobs.c.id == bindparam("id_"),
        jobs.c.done_at.is_(None),
        jobs.c.due_at <= bindparam("now_", type_=_MOMENT),
    )
    .values(done_at=bindparam("now_", type_=_MOMENT))
    .returning(jobs.c.id)
)
_DONE_AS_CLAIMED = (
    update(jobs).where(jobs.c.id == bindparam("id_")).values(done_at=bindparam("now_", type_=_MOMENT))
)
_LATER = (
    update(jobs)
    .where(jobs.c.id == bindparam("id_"))
    .values(due_at=bindparam("due_", type_=_MOMENT), was_due=_WAS_DUE, attempts=jobs.c.attempts + 1)
)
_RETRY = _LATER.values(done_at=None)
_WHOSE = bindparam("whose_", type_=jobs.c.subject.type)
_END_WITH = select(jobs.c.id, jobs.c.subject).where(
    *(jobs.c.done_at.is_(None), among(jobs.c.kind, "kinds_")),
    func.substr(jobs.c.subject, func.length(jobs.c.subject) - func.length(_WHOSE) + 1) == _WHOSE,
)
_CALL = update(jobs).where(jobs.c.id == bindparam("id_")).values(subject=bindparam("subject_"))
_NEXT = anywhere(select(func.min(jobs.c.due_at)).where(jobs.c.done_at.is_(None)))


class Jobs:
    """Implements JobStore."""

    def __init__(self, db: Batch) -> None:
        self._db = db
        # Keys of what was claimed, which nobody else changes until the end, by its numbers; and those under
        # which anything was planned or called off since then.
        self._claimed: dict[int, str | None] = {}
        self._changed: set[str] = set()

    def add(
        self, kind: str, subject: str, due_at: datetime, key: str | None = None, *, or_sooner: bool = False
    ) -> None:
        # What is being done in this transaction is not to be done once more at once.
        sooner = or_sooner and key not in self._claimed.values()
        self._change(key)
        row = {"kind": kind, "subject": subject, "due_at": due_at, "key": key}
        if sooner:
            self._db.execute(_ADD_OR_SOONER, row)
        else:
            self._db.defer(_ADD, key or object(), row)
        self._db.wake("job")

    def remove(self, key: str) -> None:
        self._change(key)
        self._db.execute(_REMOVE, {"key_": key})

    def pass_on(self, kinds: Collection[str], old: int, new: int) -> None:
        for row in list(self._db.execute(_END_WITH, {"kinds_": kinds, "whose_": str(old)})):
            before = row.subject.removesuffix(str(old))
            if not before[-1:].isdigit():
                self._db.execute(_CALL, {"id_": row.id, "subject_": f"{before}{new}"})

    def claim(self, now: datetime, limit: int) -> Sequence[Job]:
        rows = self._db.execute(_CLAIM, {"now_": now, "limit_": limit})
        self._claimed = {row.id: row.key for row in rows}
        self._changed.clear()
        return [Job(*row[:-1]) for row in rows]

    def done(self, job_id: int, now: datetime) -> bool:
        values = {"id_": job_id, "now_": now}
        is_claimed = job_id in self._claimed
        if is_claimed and self._claimed.pop(job_id) not in self._changed:
            # It is due as it was; so all of them are written down at once.
            self._db.defer(_DONE_AS_CLAIMED, job_id, values)
            return True
        return self._db.execute(_DONE, values).first() is not None

    def retry(self, job_id: int, due_at: datetime) -> None:
        self._db.defer(_RETRY, job_id, {"id_": job_id, "due_": due_at})

    def _change(self, key: str | None) -> None:
        if self._claimed and key:
            self._changed.add(key)

    def later(self, job_id: int, due_at: datetime) -> None:
        self._claimed.pop(job_id, None)
        self._db.execute(_LATER, {"id_": job_id, "due_": due_at})

    def next_due(self) -> datetime | None:
        found: datetime | None = self._db.execute(_NEXT).scalar()
        return found
