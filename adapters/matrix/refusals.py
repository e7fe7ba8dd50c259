"""What a homeserver's refusals mean, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from bot.errors import Gone, NoSuchAccount, NotOurs, Refused, Shut

Kind = type[Gone] | type[Refused] | type[NotOurs]
REFUSALS: Mapping[str, Kind] = {
    # Power levels do not allow it, which ends when they change.
    "M_FORBIDDEN": Refused,
    # The room's settings do not allow it, and can be changed.
    "M_GUEST_ACCESS_FORBIDDEN": Refused,
    # The server's administrator locked the account, and can unlock it.
    "M_USER_LOCKED": Refused,
    # The server's administrator suspended the account, and can lift that.
    "M_USER_SUSPENDED": Refused,
    # The account's owner has yet to accept the server's terms.
    "M_CONSENT_NOT_GIVEN": Refused,
    # The server is full for now.
    "M_RESOURCE_LIMIT_EXCEEDED": Refused,
    # The server does not know such rooms, until it is upgraded.
    "M_UNSUPPORTED_ROOM_VERSION": Refused,
    # There is no such room.
    "M_NOT_FOUND": Gone,
    # That account exists no more.
    "M_USER_DEACTIVATED": NoSuchAccount,
    # They take no invitations from Plein.
    "M_INVITE_BLOCKED": Shut,
    # No room takes a message of that size.
    "M_TOO_LARGE": Gone,
    # No room takes that message.
    "M_BAD_JSON": Gone,
}


class StandsAlready(ConnectionError):
    """The account has that sign on that message: it cannot put it there once more."""


def refusal(status: int | None, code: str | None) -> Exception:
    """What to raise for an answer that is no success, other than that patience is asked for.

    Whatever the table does not have, every 5xx among it, is the server's trouble, and passes.
    """
    if code == "M_DUPLICATE_ANNOTATION":
        return StandsAlready(code)
    if code is None or code not in REFUSALS:
        return ConnectionError(f"the homeserver answered {status} {code or ''}".strip())
    return REFUSALS[code](code)
