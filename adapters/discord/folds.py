"""Several messages as one in a channel: what that says, and how long each share of it is."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.discord.above import in_their_own_words, said_at
from adapters.discord.rich.write import write
from adapters.discord.speakers import name_for
from adapters.discord.words import units
from bot.folds import replaced, under_name
from bot.model.carried import Copy, Spoken
from bot.rich import Names, Rich
from bot.texts import Texts, Voice

BETWEEN = "\n"
# As Discord counts them, of which it takes 2,000 in a message.
LONGEST, MOST = 1_900, 2_000


def shares_of(copy: Copy, names: Names, anybody: str, texts: Texts, voice: Voice) -> Sequence[str]:
    """What each says there; "" for what can have no part in it."""
    return [_share(copy, spoken, names, anybody, texts, voice) for spoken in copy.shares]


def _share(copy: Copy, spoken: Spoken, names: Names, anybody: str, texts: Texts, voice: Voice) -> str:
    above: Rich = (said_at(spoken, texts, voice),) if copy.late else ()
    rich = in_their_own_words(spoken.rich)
    if copy.several:
        rich = under_name(name_for(spoken.name, anybody), rich)
    written = write((*above, *rich), names) if write(spoken.rich, names) else []
    return written[0]["content"].strip() if len(written) == 1 else ""


def length_of(share: str) -> int:
    """As Discord counts it."""
    return units(share)


def with_share(content: str, lengths: Sequence[int], which: int, share: str) -> str | None:
    """What a message says with that share instead; None where it does not say what it is known to."""
    wide = [2 * length for length in lengths]
    found = replaced(_wide(content), wide, which, _wide(share), _wide(BETWEEN))
    return None if found is None else found.decode("utf-16-le", "surrogatepass")


def _wide(words: str) -> bytes:
    return words.encode("utf-16-le", "surrogatepass")
