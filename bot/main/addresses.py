"""The address of a database: what it must be like, and what of it may be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.masking import MASK

# At most one `@`, and before it no `?`: otherwise a part of the password would be taken for the host's name,
# and be tried, and be in what is said of that.
_SERVER = re.compile(
    r"postgresql://(?:(?P<user>[^:/?@]*)(?::(?P<password>[^?@]*))?@)?"
    r"(?P<where>(?:\[[0-9A-Fa-f:.]+\]|[^\[\]:/?@]*)(?::\d{1,5})?(?:/[^?@]*)?)(?:\?(?P<query>[^@]*))?"
)

_IN_MEMORY = re.compile(r"(?i)sqlite:///((file:)?(:memory:)?(\?.*)?|.*\?(.*&)?mode=memory(&.*)?)")


def check_address(url: str) -> str:
    """The same address. Raises: ValueError with the key of what is wrong, in which nothing of it is said."""
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("config.database")
    if url.startswith("postgresql:") and not _SERVER.fullmatch(url):
        raise ValueError("config.database.address")
    return url


def is_in_memory(url: str) -> bool:
    """Whether all is gone when Plein stops: for a script at the console alone."""
    return _IN_MEMORY.fullmatch(url) is not None


def shown_address(url: str) -> str:
    """The address without the password that may be in it, or in the query behind it."""
    found = _SERVER.fullmatch(url)
    if found:
        user = found["user"] and f"{found['user']}{f':{MASK}' if found['password'] is not None else ''}@"
        return f"postgresql://{user or ''}{found['where']}{f'?{MASK}' if found['query'] else ''}"
    scheme, _, rest = url.partition("://")
    path, query, _ = rest.partition("?")
    return f"{scheme}://{path}{query}{query and MASK}" if scheme == "sqlite" else f"{scheme}://{MASK}"


def secrets_in_address(url: str) -> Iterator[str]:
    """The password that is in it, however it is written; what follows `password=` and the like."""
    rest = url.partition("://")[2]
    if "@" in rest:
        before = rest.rpartition("@")[0]
        yield before.partition(":")[2]
    for found in re.finditer(r"(?i)[?&]\w*password=([^&]*)", rest):
        yield found[1]
