"""What was noted while the machine's clock was ahead, noted anew once it is right.

A column whose moments lie no further ahead than so long, whenever they are noted, says so in its `info`,
under LASTS. Any that does was noted by another clock: it holds from now on as if it were noted now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import cast

from sqlalchemy import MetaData, Update, bindparam, update

from bot.ports.storage import Transaction
from storage.community import anywhere
from storage.tables import LASTS, metadata
from storage.unit import Tx

# By so much the clocks of two processes may differ.
_DIFFER = timedelta(minutes=1)


def put_right(now: datetime, of_features: Sequence[MetaData], tx: Transaction) -> None:
    for statement, lasts in _statements((metadata, *of_features)):
        latest = now + lasts
        cast(Tx, tx).db.execute(statement, {"latest_": latest + _DIFFER, "moment_": latest})


@lru_cache(16)
def _statements(metadatas: tuple[MetaData, ...]) -> Sequence[tuple[Update, timedelta]]:
    return list(_made(metadatas))


def _made(metadatas: Sequence[MetaData]) -> Iterator[tuple[Update, timedelta]]:
    for of_some in metadatas:
        for table in of_some.sorted_tables:
            for column in table.c:
                if (lasts := column.info.get(LASTS)) is not None:
                    lies_ahead = column > bindparam("latest_", type_=column.type)
                    anew = {column: bindparam("moment_", type_=column.type)}
                    yield anywhere(update(table).where(lies_ahead).values(anew)), lasts
