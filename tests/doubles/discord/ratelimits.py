"""Discord's rate limits: a bucket a route and major parameter, one for all, and a ban for bad behaviour."""

from __future__ import annotations

import hashlib
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

MAJOR = ("channel_id", "guild_id", "webhook_id")
REAL: Mapping[str, tuple[int, float]] = {
    "POST /channels/{channel_id}/messages": (5, 5.0),
    "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5.0),
    "DELETE /channels/{channel_id}/messages/{message_id}": (5, 1.0),
    "PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me": (1, 0.25),
    "POST /webhooks/{webhook_id}/{webhook_token}": (5, 2.0),
    "PATCH /channels/{channel_id}": (2, 600.0),
    "POST /guilds/{guild_id}/channels": (50, 60.0),
    "POST /users/@me/channels": (10, 10.0),
}
"""As measured by library authors; Discord publishes none."""
UNANNOUNCED = (30, 60.0)
"""discord-api-docs #367, #1454: messages of webhooks in a channel, of which no header tells."""


@dataclass(slots=True)
class Bucket:
    limit: int
    window: float
    left: int
    ends: float


class RateLimits:
    """Roomy by default, so that tests run fast: `set` one route's, or `real` ones for all.

    `now` is the machine's clock, for by that one a client waits when it is told to.
    """

    def __init__(self) -> None:
        self.now: Callable[[], float] = time.monotonic
        self.default = (10_000, 1.0)
        self.everywhere: tuple[int, float] | None = None
        # What webhooks say in one channel.
        self.unannounced: tuple[int, float] | None = None
        self.bad_requests_allowed = 10_000
        self._of: dict[str, tuple[int, float]] = {}
        self._buckets: dict[str, Bucket] = {}
        self._bad: deque[float] = deque()

    def set(self, route: str, limit: int, window: float) -> None:
        """So many requests a window of seconds: route as in `POST /channels/{channel_id}/messages`."""
        self._of[route] = (limit, window)
        self._buckets.clear()

    def real(self) -> None:
        """Limits like Discord's own, 50 requests a second in all among them."""
        self._of.update(REAL)
        self.everywhere, self.unannounced = (50, 1.0), UNANNOUNCED
        self._buckets.clear()

    def none(self) -> None:
        """Roomy again."""
        self._of.clear()
        self._buckets.clear()
        self.everywhere = self.unannounced = None

    def take_unannounced(self, channel: str) -> float:
        """Count one message of a webhook there: seconds to wait if it is one too many."""
        if self.unannounced is None:
            return 0.0
        fits, bucket = self._take(f"unannounced {channel}", *self.unannounced)
        return 0.0 if fits else max(bucket.ends - self.now(), 0.001)

    def _take(self, key: str, limit: int, window: float) -> tuple[bool, Bucket]:
        now = self.now()
        bucket = self._buckets.get(key)
        if bucket is None or bucket.ends <= now:
            bucket = self._buckets[key] = Bucket(limit, window, limit, now + window)
        if bucket.left == 0:
            return False, bucket
        bucket.left -= 1
        return True, bucket

    def take(
        self, method: str, route: str, params: Mapping[str, str], who: str
    ) -> tuple[float, bool, dict[str, str]]:
        """Count one request: seconds to wait if it is one too many (0 if not), whether that is the global
        limit, and the headers of the answer."""
        if self.everywhere and not route.startswith("/interactions"):
            fits, bucket = self._take(f"global {who}", *self.everywhere)
            if not fits:
                wait = bucket.ends - self.now()
                headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
                return max(wait, 0.001), True, headers
        name = f"{method} {route}"
        major = ":".join(params.get(part, "") for part in MAJOR)
        fits, bucket = self._take(f"{name}:{major}:{who}", *self._of.get(name, self.default))
        wait = max(bucket.ends - self.now(), 0.001)
        headers = {
            "X-RateLimit-Limit": str(bucket.limit),
            "X-RateLimit-Remaining": str(bucket.left),
            "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
            # Rounded up: who waits that long is not too early.
            "X-RateLimit-Reset-After": f"{math.ceil(wait * 1_000) / 1_000:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(name.encode()).hexdigest()[:32],
        }
        if not fits:
            headers["X-RateLimit-Scope"] = "user"
        return (0.0 if fits else wait), False, headers

    def behaved(self, status: int) -> None:
        """Count an answer that Discord holds against an address: 401, 403 and 429."""
        if status in (401, 403, 429):
            self._bad.append(self.now())

    @property
    def banned(self) -> bool:
        """Whether there were 10,000 of those in ten minutes."""
        while self._bad and self._bad[0] < self.now() - 600:
            self._bad.popleft()
        return len(self._bad) >= self.bad_requests_allowed
