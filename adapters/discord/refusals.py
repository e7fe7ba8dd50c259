"""What Discord's refusals mean, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

import discord

from bot.errors import Gone, NoSuchAccount, NotOurs, Refused, Shut, TryLater

Kind = type[Gone] | type[Refused] | type[NotOurs]
# They take no direct messages from Plein.
TAKES_NO_MESSAGES = 50007
# Plein may not see that channel.
CANNOT_SEE = 50001
# Direct messages are being opened too fast; Discord does not say when one may be opened again.
OPENING_TOO_FAST, OPENING_PAUSE = 40003, 600.0
# By the code that comes with a 4xx. Whatever says 429 or 5xx is dealt with where it is sent.
REFUSALS: Mapping[int, Kind] = {
    # That channel exists no more.
    10003: Gone,
    # That server exists no more.
    10004: Gone,
    # That message exists no more.
    10008: Gone,
    # That account exists no more.
    10013: NoSuchAccount,
    # There are as many webhooks in that channel as there may be.
    30007: Refused,
    # Discord takes no messages for now.
    40004: Refused,
    # A file is too large for that channel.
    40005: Gone,
    # Plein may not see that channel, which ends when its permissions change.
    CANNOT_SEE: Refused,
    # Another account said that.
    50005: NotOurs,
    # For that account it is over; they hear so at their next use.
    TAKES_NO_MESSAGES: Shut,
    # Nothing can be said in a channel of that kind.
    50008: Gone,
    # Plein lacks a permission, which ends when that is given.
    50013: Refused,
    # The thread is archived, until somebody opens it again.
    50083: Refused,
    # Plein and that person share no server.
    50278: NotOurs,
    # A message of long ago was edited too often.
    30046: Refused,
    # The thread is locked, until somebody opens it.
    160005: Refused,
    # The server's filter does not let those words through.
    200000: Gone,
}


def refusal(error: discord.HTTPException) -> Exception | None:
    """What to raise for an answer that is a refusal; None where it is a fault of ours."""
    if error.code == OPENING_TOO_FAST:
        return TryLater(OPENING_PAUSE, unsent=True)
    # A code that is not in the table still says by its status what it is about.
    kind = REFUSALS.get(error.code) or {403: Refused, 404: Gone}.get(error.status)
    return kind(f"{error.status} {error.code}") if kind else None
