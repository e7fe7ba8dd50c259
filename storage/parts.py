"""What a store is made of, and how a feature's store is told to those who make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import MetaData

from bot.ports.storage import StoreKey
from storage.envelopes import Envelopes
from storage.executor import Executor
from storage.keyring import Keyring

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a transaction has for its stores.

    `db` executes statements; `keyring` holds keys by name, and `destroy` has one of them destroyed once all
    of this is kept; `envelopes` close what may be read only for a while.
    """

    db: Executor
    keyring: Keyring
    envelopes: Envelopes
    destroy: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stored(Generic[S]):
    """A feature's store: the key it is asked for by, what makes it, and the tables it keeps things in."""

    key: StoreKey[S]
    make: Callable[[Parts], S]
    tables: MetaData


# What makes the store of each key.
Stores = Mapping[StoreKey[Any], Callable[[Parts], Any]]
