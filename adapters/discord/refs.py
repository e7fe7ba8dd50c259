"""By what messages go where people's words are carried: each its number.

In a thread of a place that is the number of the thread, a slash, and its own.
"""

from __future__ import annotations


def ref_in(room: int, channel: int, message: int) -> str:
    """By what a message goes in a place, which stands in that channel or thread of it."""
    return str(message) if channel == room else f"{channel}/{message}"


def read_ref(ref: str) -> tuple[int | None, int]:
    """The thread of its place that it stands in, if it does in one; and the number of the message."""
    thread, _, message = ref.rpartition("/")
    return int(thread) if thread else None, int(message)


def number_of(thread: str) -> int:
    """Of the thread of what stands there, or of what goes by that itself."""
    return int(thread.partition("/")[0])
