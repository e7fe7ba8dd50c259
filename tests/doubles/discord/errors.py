"""How Discord says no: HTTP status, JSON code, message, and for a bad form which field and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Json = dict[str, Any]

KNOWN: Mapping[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10009: (404, "Unknown permission overwrite"),
    10011: (404, "Unknown Role"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    10070: (404, "Unknown Guild Scheduled Event"),
    30003: (400, "Maximum number of pinned messages reached for the channel (250)"),
    30007: (400, "Maximum number of webhooks reached (15)"),
    30010: (400, "Maximum number of reactions reached (20)"),
    30013: (400, "Maximum number of guild channels reached (500)"),
    30032: (400, "Maximum number of application commands reached (100)"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    30038: (400, "Maximum number of uncompleted guild scheduled events has been reached (100)"),
    30060: (400, "Maximum number of channel permission overwrites reached (1000)"),
    40003: (403, "You are opening direct messages too fast"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40067: (400, "A tag is required to create a forum post in this channel"),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50016: (
        400,
        "Provided too few or too many messages to delete. "
        "Must provide at least 2 and fewer than 100 messages to delete",
    ),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50028: (400, "Invalid role"),
    50034: (400, "You can only bulk delete messages that are under 14 days old."),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    90001: (403, "Reaction was blocked"),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "This thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
    220001: (400, "Webhooks posted to forum channels must have a thread_name or thread_id"),
    520001: (400, "Poll expired"),
    520003: (400, "Cannot edit a poll message"),
    520006: (400, "Cannot expire a non-poll message"),
}


class Refused(Exception):
    """An answer that is none of 200 to 299. `more` goes into the body beside code and message."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.headers = dict(headers or {})
        self.body: Json = {"message": message, "code": code, **more}


def refuse(code: int) -> Refused:
    """The error of that JSON code."""
    status, message = KNOWN[code]
    return Refused(status, code, message)


class Form:
    """Collects what is wrong with a body, at its path, and refuses it whole."""

    def __init__(self) -> None:
        self.errors: Json = {}
        self._path: list[str] = []

    @contextmanager
    def at(self, *path: str | int) -> Iterator[None]:
        """What is said inside is about that part."""
        self._path += map(str, path)
        yield
        del self._path[len(self._path) - len(path) :]

    def say(self, code: str, message: str, *path: str | int) -> None:
        """This part is wrong."""
        place = self.errors
        for part in (*self._path, *map(str, path)):
            place = place.setdefault(part, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def check(self) -> None:
        """Refuse, if anything is wrong."""
        if self.errors:
            raise Refused(400, 50035, "Invalid Form Body", errors=self.errors)

    def required(self, *path: str | int) -> None:
        self.say("BASE_TYPE_REQUIRED", "This field is required", *path)

    def choice(self, found: object, allowed: tuple[object, ...], *path: str | int) -> None:
        """One of these and no other."""
        if found not in allowed:
            among = ", ".join(map(str, allowed))
            self.say("BASE_TYPE_CHOICES", f"Value must be one of {{{among}}}.", *path)

    def length(self, found: object, most: int, *path: str | int, least: int = 0) -> None:
        """A text or list of so many; None is left to others."""
        if found is None:
            return
        if not isinstance(found, str | list):
            self.say("STRING_TYPE_CONVERT", "Could not interpret value as string.", *path)
        elif least and not least <= len(found) <= most:
            self.say("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.", *path)
        elif len(found) > most:
            self.say("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.", *path)

    def number(self, found: object, least: float, most: float, *path: str | int) -> None:
        """A number in these bounds; None is left to others."""
        if found is None:
            return
        if isinstance(found, bool) or not isinstance(found, int | float):
            self.say("NUMBER_TYPE_COERCE", f'Value "{found}" is not int.', *path)
        elif found < least:
            self.say("NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least:g}.", *path)
        elif found > most:
            self.say("NUMBER_TYPE_MAX", f"int value should be less than or equal to {most:g}.", *path)
