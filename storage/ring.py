"""Which folder of keys a database has: every process that uses it needs the same, or none could count."""

from __future__ import annotations

import secrets
from typing import cast

from bot.errors import StoreFailed
from bot.ports.storage import Transaction
from storage.keyring import Keyring
from storage.unit import Tx

# It is kept under no account's name.
_NOBODY, _KEYS = "", "keys"


def check_keys(seals: Keyring, tx: Transaction) -> None:
    """The folder and the database say the same of each other; the first time each is told.

    Raises: StoreFailed where that is another folder, or another database's.
    """
    kept, found = cast(Tx, tx).kept, seals.whose
    known = kept.get(_NOBODY, _KEYS)
    if known is None:
        if found is None:
            found = seals.belong_to(secrets.token_hex(16))
        known = kept.first(_NOBODY, _KEYS, found)
    if known != found:
        raise StoreFailed(
            f"the keys that anonymous votes are sealed with are not in {seals.folder}: give every process the"
            " folder that the others use ([database] keys); if it is lost, run `plein db new-keys`"
        )


def leave_ring(tx: Transaction) -> None:
    """The folder is lost: the next one that is found is the database's."""
    cast(Tx, tx).kept.drop(_NOBODY, _KEYS)
