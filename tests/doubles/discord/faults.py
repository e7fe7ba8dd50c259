"""What can go wrong on the way, on command: requests refused, lost or late, events twice, late or broken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

ANY = "*"
GARBAGE = "\x00\x01 not what you expected {"
HTML = "<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head></html>"


@dataclass(slots=True, eq=False)
class Fault:
    """Meets the next `times` requests whose "METHOD /route" fits `route`, with `only` these in their path.

    `kind`: before (lost on the way), after (done, and the answer lost, or another given), late, held, answer.
    """

    route: str
    kind: str
    times: int = 1
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    met: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    only: Mapping[str, str] = field(default_factory=dict)

    def release(self) -> None:
        """Let those that are held go on, and hold no more."""
        self.times = 0
        self.let_go.set()


class Faults:
    """A route is written as documented, `POST /channels/{channel_id}/messages`; `*` fits anything."""

    def __init__(self) -> None:
        self.requests: list[Fault] = []
        self.events = EventFaults()

    def of(self, method: str, route: str, params: Mapping[str, str]) -> Fault | None:
        """The first that meets this request; it counts as met."""
        for fault in self.requests:
            fits = fnmatchcase(f"{method} {route}", fault.route.replace("[", "[[]"))
            if fault.times > 0 and fits and fault.only.items() <= params.items():
                fault.times -= 1
                fault.met += 1
                return fault
        return None

    def clear(self) -> None:
        """Let everything through from now on."""
        for fault in self.requests:
            fault.release()
        self.requests.clear()
        self.events.clear()

    def _add(self, fault: Fault) -> Fault:
        self.requests.append(fault)
        return fault

    def drop(
        self, route: str = ANY, times: int = 1, *, after: bool = False, only: Mapping[str, str] = {}
    ) -> Fault:
        """Close the connection without an answer: before anything happens, or `after` it happened."""
        return self._add(Fault(route, "after" if after else "before", times, only=only))

    def delay(self, seconds: float, route: str = ANY, times: int = 1) -> Fault:
        """Take that long before anything happens."""
        return self._add(Fault(route, "late", times, seconds=seconds))

    def hold(self, route: str = ANY, times: int = 1, *, only: Mapping[str, str] = {}) -> Fault:
        """Let nothing happen until the fault is released; its `reached` is set when a request is there."""
        return self._add(Fault(route, "held", times, only=only))

    def answer(
        self,
        status: int,
        route: str = ANY,
        times: int = 1,
        *,
        body: Any = None,
        headers: Mapping[str, str] = {},
        only: Mapping[str, str] = {},
        after: bool = False,
    ) -> Fault:
        """Answer this instead, and do nothing; or `after` it was done. A text for a body is no JSON."""
        if body is None:
            body = {"message": f"{status}: injected", "code": 0}
        kind = "after" if after else "answer"
        return self._add(Fault(route, kind, times, status, body, dict(headers), only=only))

    def rate_limit(
        self,
        route: str = ANY,
        times: int = 1,
        *,
        retry_after: float = 0.05,
        everywhere: bool = False,
        via: bool = True,
    ) -> Fault:
        """A 429; `everywhere` is the global limit, without `via` it is Cloudflare's ban."""
        body: Any = {
            "message": "You are being rate limited.",
            "retry_after": retry_after,
            "global": everywhere,
        }
        headers = {
            "Retry-After": str(max(1, round(retry_after))),
            "X-RateLimit-Scope": "global" if everywhere else "user",
        }
        if everywhere:
            headers["X-RateLimit-Global"] = "true"
        if not via:
            return self.answer(429, route, times, body=HTML, headers={"Via": ""})
        return self.answer(429, route, times, body=body, headers=headers)

    def garbage(self, route: str = ANY, times: int = 1, *, status: int = 200) -> Fault:
        """Something that calls itself JSON and is none."""
        return self.answer(status, route, times, body=GARBAGE, headers={"Content-Type": "application/json"})

    def html(self, route: str = ANY, times: int = 1, *, status: int = 502) -> Fault:
        """A page of some proxy."""
        return self.answer(status, route, times, body=HTML, headers={"Content-Type": "text/html"})


@dataclass(slots=True)
class _Twist:
    name: str
    kind: str
    times: int
    seconds: float = 0.0


class EventFaults:
    """What happens to the next dispatches of that name, or of any."""

    def __init__(self) -> None:
        self._twists: list[_Twist] = []
        self._kept: list[str] = []

    def clear(self) -> None:
        self._twists.clear()

    def duplicate(self, name: str = ANY, times: int = 1) -> None:
        """Send it twice."""
        self._twists.append(_Twist(name, "duplicate", times))

    def reorder(self, name: str = ANY, times: int = 1) -> None:
        """Send it after the one that follows."""
        self._twists.append(_Twist(name, "reorder", times))

    def lose(self, name: str = ANY, times: int = 1) -> None:
        """Never send it, not even after RESUME."""
        self._twists.append(_Twist(name, "lose", times))

    def delay(self, seconds: float, name: str = ANY, times: int = 1) -> None:
        """Send it, and all after it, that much later."""
        self._twists.append(_Twist(name, "late", times, seconds))

    def garble(self, name: str = ANY, times: int = 1) -> None:
        """Send it with nothing in it that it should have."""
        self._twists.append(_Twist(name, "garble", times))

    async def shape(self, name: str, text: str) -> list[str]:
        """What really goes out for this frame."""
        for twist in self._twists:
            if twist.times > 0 and fnmatchcase(name, twist.name):
                twist.times -= 1
                return await self._twist(twist, name, text)
        kept, self._kept = self._kept, []
        return [text, *kept]

    async def _twist(self, twist: _Twist, name: str, text: str) -> list[str]:
        if twist.kind == "reorder":
            self._kept.append(text)
            return []
        if twist.kind == "lose":
            return []
        if twist.kind == "late":
            await asyncio.sleep(twist.seconds)
        if twist.kind == "garble":
            return [f'{{"op":0,"t":"{name}","s":null,"d":{{"nonsense":true}}}}']
        return [text, text] if twist.kind == "duplicate" else [text]
