"""In which thread an event is to be, and what says so of it."""

from __future__ import annotations

from adapters.matrix.read import is_id
from adapters.matrix.remarks import event_at
from adapters.matrix.render import Content
from adapters.matrix.session import Session
from bot.model.carried import Copy
from bot.recent import Recent

RELATES, THREAD = "m.relates_to", "m.thread"
# Of so many events it is known in which thread they are, and of so many threads what was said there last.
MOST_KNOWN = 10_000


class Threads:
    """Says of a copy where it belongs: the thread, and what it answers."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self._roots: Recent[tuple[str, str], str] = Recent(MOST_KNOWN)
        self._last: Recent[tuple[str, str], str] = Recent(MOST_KNOWN)

    async def related(self, copy: Copy, content: Content, part: int) -> Content:
        """The content of that part of it, with where it belongs; only the first answers anything.

        Raises: ConnectionError where the homeserver does not say just now.
        """
        room, answers = copy.place.room_id, None if part else copy.answers
        root = await self._root(room, copy.thread) if copy.thread else None
        relation: Content = {"m.in_reply_to": {"event_id": answers}} if answers else {}
        if root:
            # For clients that know no threads it answers what was said last there.
            before = answers or self._last.get((room, root), root)
            relation = {
                "rel_type": THREAD,
                "event_id": root,
                "is_falling_back": answers is None,
                "m.in_reply_to": {"event_id": before},
            }
        return {**content, RELATES: relation} if relation else content

    def said(self, room: str, content: Content, event: str) -> None:
        """Remember that event as what was said last in its thread, if it is in one."""
        relation = content.get(RELATES, {})
        if relation.get("rel_type") == THREAD:
            self._last[room, relation["event_id"]] = event

    async def _root(self, room: str, event: str) -> str | None:
        """No thread begins with what is in one itself, or changes another; nor with what is elsewhere."""
        if known := self._roots.get((room, event)):
            return known
        found = await event_at(self._on, room, event)
        if found is None or found.source.get("room_id", room) != room:
            return None
        content = found.source.get("content")
        relation = content.get(RELATES) if isinstance(content, dict) else None
        root = relation.get("event_id") if isinstance(relation, dict) and relation.get("rel_type") else event
        if not is_id(root, "$"):
            return None
        self._roots[room, event] = root
        return root
