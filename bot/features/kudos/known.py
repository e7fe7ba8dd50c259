"""Thanks for what somebody says that they know: it is said beside that, without a number, if they agree."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from bot.call import Call
from bot.features.kudos.records import KUDOS, Kudos, Taste
from bot.names import folded
from bot.ports.storage import Transaction


def endorse(call: Call, found: Kudos, taste: Taste) -> Sequence[str]:
    """Note for what of that it thanks whom it thanks alone, in words, where others may read it.

    What they are to be asked about, whether it may be said: that of the first that does.
    """
    who = found.receivers
    if len(who) != 1 or not found.reason or found.of_group is not None or found.is_early:
        return ()
    resident = who[0].resident
    if resident is None or who[0].alone or taste.expertise is False:
        return ()
    named = named_in(found.reason, call.belongings.knows(call.tx, resident))
    if not named:
        return ()
    is_first = call.tx.of(KUDOS).endorse(found.id, resident, [*map(folded, named)])
    return named if is_first and taste.expertise is None else ()


def named_in(reason: str, known: Collection[str]) -> Sequence[str]:
    """Which of these stand in it as whole words, whatever their capitals and accents."""
    if not known:
        return ()
    said = folded(reason)
    return [words for words in known if re.search(rf"(?<!\w){re.escape(folded(words))}(?!\w)", said)]


def recognised(tx: Transaction, resident: int) -> Collection[str]:
    """For what of what they know others thanked them, as far as they want that said."""
    return tx.of(KUDOS).endorsed(resident)


def unsay(tx: Transaction, resident: int, words: Collection[str]) -> None:
    """They do not say any more that they know these."""
    tx.of(KUDOS).unsay(resident, [*map(folded, words)])
