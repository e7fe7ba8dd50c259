"""Which folder of keys a database has: every process that uses it needs the same, or none could count.

And no other database has that folder: keys are named after polls, and the end of a poll here would destroy
those of one there. The database says first which folder it will have, and then the folder is told; a start
that is cut short in between goes on.
"""

from __future__ import annotations

import secrets
from typing import cast

from bot.errors import StoreFailed
from bot.ports.storage import Transaction
from storage.keyring import Keyring
from storage.unit import Tx

# They are kept under no account's name.
_NOBODY, _KEYS, _PLANNED = "", "keys", "keys planned"
# Whichever folder is found next.
_ANY = "any"


def plan_keys(seals: Keyring, tx: Transaction) -> None:
    """A database that has no folder yet says what it will know it by. To be committed before `check_keys`.

    Raises: StoreFailed where the folder is another database's.
    """
    # Looked at first: another process that starts at this moment tells the database before the folder.
    found, kept = seals.whose, cast(Tx, tx).kept
    if kept.get(_NOBODY, _KEYS) is None:
        planned = kept.first(_NOBODY, _PLANNED, secrets.token_hex(16))
        if found not in (None, planned, kept.get(_NOBODY, _KEYS)) and planned != _ANY:
            raise StoreFailed(
                f"the keys in {seals.folder} are those of another database: give this one a folder of its own"
                " ([database] keys); if that database is no more, run `plein db new-keys`"
            )


def check_keys(seals: Keyring, tx: Transaction) -> None:
    """The folder and the database say the same of each other; the first time the folder is told.

    Raises: StoreFailed where that is another folder.
    """
    kept = cast(Tx, tx).kept
    planned = kept.get(_NOBODY, _PLANNED)
    # Of two processes the second waits here until the first is done.
    kept.drop(_NOBODY, _PLANNED)
    known, found = kept.get(_NOBODY, _KEYS), seals.whose
    if known is None and planned:
        if planned == _ANY:
            planned = found or secrets.token_hex(16)
        if found is None:
            found = seals.belong_to(planned)
        known = kept.first(_NOBODY, _KEYS, planned)
    if known != found:
        raise StoreFailed(
            f"the keys that anonymous votes are sealed with are not in {seals.folder}: give every process the"
            " folder that the others use ([database] keys); if it is lost, run `plein db new-keys`"
        )


def leave_ring(tx: Transaction) -> None:
    """The folder is lost: the next one that is found is the database's."""
    kept = cast(Tx, tx).kept
    kept.drop(_NOBODY, _KEYS)
    kept.put(_NOBODY, _PLANNED, _ANY)
