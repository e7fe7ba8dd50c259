"""What a store is made of, and how a feature's store is told to those who make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import MetaData

from bot.ports.storage import StoreKey
from storage.batch import Batch
from storage.envelopes import Envelopes
from storage.keyring import Keyring

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a transaction has for its stores.

    `db` executes statements, once for a whole group of commands where that is possible; `keyring` holds keys
    by name (`db.destroy` has one destroyed); `envelopes` close what may be read only for a while.
    """

    db: Batch
    keyring: Keyring
    envelopes: Envelopes


@dataclass(frozen=True, slots=True)
class Stored(Generic[S]):
    """A feature's store: the key it is asked for by, what makes it, and the tables it keeps things in."""

    key: StoreKey[S]
    make: Callable[[Parts], S]
    tables: MetaData


# The stores that features ask for, by their keys.
Stores = Mapping[StoreKey[Any], Stored[Any]]
