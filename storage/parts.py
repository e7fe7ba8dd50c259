"""What a store is made of, and how a feature's store is told to those who make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import MetaData

from bot.ports.storage import StoreKey
from storage.batch import Batch
from storage.envelopes import Envelopes
from storage.own_keys import OwnKeys

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a transaction has for its stores.

    `db` executes statements, once for a whole group of commands where that is possible; `keyring` holds keys
    by name; `envelopes` close what may be read only for a while. All of it is the community's alone for which
    the transaction was opened.
    """

    db: Batch
    keyring: OwnKeys
    envelopes: Envelopes


@dataclass(frozen=True, slots=True)
class Stored(Generic[S]):
    """A feature's store: the key it is asked for by, what makes it, and the tables it keeps things in."""

    key: StoreKey[S]
    make: Callable[[Parts], S]
    tables: MetaData


# What makes the store of each key.
Stores = Mapping[StoreKey[Any], Callable[[Parts], Any]]
