"""The gateway: sessions that say hello, identify, are told what happens, and resume where they left off."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.doubles.discord.errors import Json
from tests.doubles.discord.faults import Faults
from tests.doubles.discord.permissions import may
from tests.doubles.discord.render import guild_create_json, member_json, user_json
from tests.doubles.discord.state import Application, Event, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT = 0, 1, 2, 3, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, ACK = 8, 9, 10, 11
PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15)
MEMBERS, CONTENT = 1 << 1, 1 << 15
KNOWN_INTENTS = (1 << 26) - 1
SENDS_A_MINUTE = 120
HIDDEN = ("embeds", "attachments", "components")


@dataclass(eq=False)
class Session:
    """What one shard of a bot is told. `log`: every dispatch so far, as (sequence, name, text)."""

    id: str
    application: Application
    intents: int
    shard: tuple[int, int]
    log: list[tuple[int, str, str]] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def dispatch(self, name: str, data: Json) -> None:
        """Write it down; the connection, if there is one, sends it."""
        number = next(self.numbers)
        text = json.dumps({"op": DISPATCH, "t": name, "s": number, "d": data})
        self.log.append((number, name, text))
        self.more.set()

    def has(self, guild_id: str) -> bool:
        """Whether that guild is this shard's."""
        return (int(guild_id) >> 22) % self.shard[1] == self.shard[0]


@dataclass(eq=False)
class Connection:
    """A websocket. `sent`: the sequence up to which its session was sent on it; `ours`: closed from here."""

    request: web.Request
    socket: web.WebSocketResponse
    session: Session | None = None
    sent: int = 0
    writer: asyncio.Task[None] | None = None
    sends: deque[float] = field(default_factory=deque)
    ours: bool = False
    heartbeats: int = 0


class Gateway:
    """Every session and connection, and what a test does to them."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.sessions: dict[str, Session] = {}
        self.connections: list[Connection] = []
        self.refused: int | None = None
        self.turned_away = 0
        self.barred = 0
        self.identified = 0
        self.resumed = 0
        self._flows = asyncio.Event()
        self._flows.set()
        world.emit = self.emit

    # What a test does

    def refuse(self, status: int = 503) -> None:
        """Let no connection in until `accept`."""
        self.refused = status

    def accept(self) -> None:
        """Let them in again."""
        self.refused = None

    def hang(self) -> None:
        """Nothing comes through any connection, though none ended, until it `flows`."""
        self._flows.clear()

    def flow(self) -> None:
        """What hung comes through."""
        self._flows.set()

    async def close(self, code: int = 4000, reason: str = "") -> None:
        """Close every connection with that code. Sessions are kept, to be resumed."""
        for connection in list(self.connections):
            connection.ours = True
            await connection.socket.close(code=code, message=reason.encode())

    async def bar(self, code: int) -> None:
        """Close every connection with that code, and whoever identifies or resumes from now on."""
        self.barred = code
        await self.close(code)

    async def drop(self) -> None:
        """Break every connection without a word."""
        for connection in list(self.connections):
            if connection.request.transport:
                connection.request.transport.abort()

    async def reconnect(self) -> None:
        """Ask every client to connect anew and resume."""
        await self._all({"op": RECONNECT, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every client that its session is over. Unless `resumable` it really is."""
        if not resumable:
            self.forget()
        await self._all({"op": INVALID_SESSION, "d": resumable})

    def forget(self) -> None:
        """Forget every session: whoever resumes must identify again."""
        self.sessions.clear()

    async def say(self, text: str) -> None:
        """Send a frame as it is, however malformed, to all."""
        for connection in list(self.connections):
            await connection.socket.send_str(text)

    async def _all(self, frame: Json) -> None:
        await self.say(json.dumps(frame))

    @property
    def connected(self) -> list[Session]:
        """Sessions that somebody listens to."""
        return [connection.session for connection in self.connections if connection.session]

    async def ready(self, count: int = 1, *, timeout: float = 60.0) -> None:
        """Return once so many sessions are listened to."""
        await self.world.bell.until(
            lambda: len(self.connected) >= count,
            timeout=timeout,
            why=lambda: "nobody connected to the gateway",
        )

    # Who hears what

    def emit(self, event: Event) -> None:
        """Dispatch to every session that may hear it."""
        for session in self.sessions.values():
            if self._hears(session, event):
                session.dispatch(event.name, self._as_seen(session, event))

    def _hears(self, session: Session, event: Event) -> bool:
        if event.only and event.only != session.application.id:
            return False
        if event.intents and not event.intents & session.intents:
            return False
        if event.guild_id is None:
            if event.channel and session.application.user not in event.channel.recipients:
                return False
            return session.shard[0] == 0
        if not session.has(event.guild_id):
            return False
        if event.only:
            return True
        guild = self.world.guilds.get(event.guild_id)
        member = guild.members.get(session.application.user.id) if guild else None
        if guild is None or member is None:
            return False
        return event.channel is None or may(guild, member, event.channel, "view_channel")

    def _as_seen(self, session: Session, event: Event) -> Json:
        """Without the content that the intents do not cover."""
        message = event.message
        if not message or event.name not in ("MESSAGE_CREATE", "MESSAGE_UPDATE") or session.intents & CONTENT:
            return event.data
        return event.data if content_shown(session.application, event.data) else without_content(event.data)

    def guild_joined(self, guild_id: str) -> None:
        """The bot came into a guild."""
        self._create_for_all(guild_id, joined=True)

    def guild_back(self, guild_id: str) -> None:
        """A guild that was unavailable is there again."""
        self._create_for_all(guild_id, joined=False)

    def _create_for_all(self, guild_id: str, *, joined: bool) -> None:
        for session in self.sessions.values():
            if session.has(guild_id) and session.application.user.id in self.world.guilds[guild_id].members:
                self._create(session, guild_id, joined=joined)

    def _create(self, session: Session, guild_id: str, *, joined: bool = False) -> None:
        guild = self.world.guilds[guild_id]
        data = guild_create_json(guild, session.application)
        if joined:
            del data["unavailable"]
        if session.intents & MEMBERS and session.intents & 1 << 8:
            data["members"] = [member_json(member) for member in guild.members.values()]
        session.dispatch("GUILD_CREATE", data)

    # Connections

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One websocket, from its HELLO to its close."""
        if self.refused:
            self.turned_away += 1
            self.world.bell.ring()
            return web.Response(status=self.refused, text="no")
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(request, socket)
        self.connections.append(connection)
        try:
            if request.query.get("v", "10") not in ("9", "10"):
                await socket.close(code=4012, message=b"Invalid API version.")
                return socket
            await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 41_250, "_trace": []}})
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._received(connection, frame.data)
        finally:
            self.connections.remove(connection)
            if connection.session and not connection.ours and socket.close_code in (1000, 1001):
                # Who says goodbye cannot resume.
                self.sessions.pop(connection.session.id, None)
            if connection.writer:
                connection.writer.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await connection.writer
            self.world.bell.ring()
        return socket

    async def _received(self, connection: Connection, text: str) -> None:
        now = time.monotonic()
        connection.sends.append(now)
        while connection.sends[0] < now - 60:
            connection.sends.popleft()
        if len(connection.sends) > SENDS_A_MINUTE:
            await connection.socket.close(code=4008, message=b"You are being rate limited.")
            return
        try:
            frame = json.loads(text)
            op, data = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            await connection.socket.close(code=4002, message=b"Error while decoding payload.")
            return
        if op == HEARTBEAT:
            connection.heartbeats += 1
            await self._flows.wait()
            await connection.socket.send_json({"op": ACK})
        elif self.barred and op in (IDENTIFY, RESUME):
            await connection.socket.close(code=self.barred)
        elif op == IDENTIFY:
            await self._identify(connection, data)
        elif op == RESUME:
            await self._resume(connection, data)
        elif op not in (PRESENCE, VOICE, REQUEST_MEMBERS):
            await connection.socket.close(code=4001, message=b"Unknown opcode.")
        elif connection.session is None:
            await connection.socket.close(code=4003, message=b"Not authenticated.")
        elif op == REQUEST_MEMBERS:
            self._members(connection.session, data)

    async def _identify(self, connection: Connection, data: Any) -> None:
        if connection.session is not None:
            await connection.socket.close(code=4005, message=b"Already authenticated.")
            return
        applications = [
            application
            for application in self.world.applications.values()
            if application.token == data.get("token")
        ]
        code, reason = self._fault_of(applications[0] if applications else None, data)
        if code:
            await connection.socket.close(code=code, message=reason.encode())
            return
        application = applications[0]
        application.identifies -= 1
        self.identified += 1
        number, count = data.get("shard") or (0, 1)
        session = Session(secrets.token_hex(16), application, data["intents"], (number, count))
        self.sessions[session.id] = session
        self._greet(session)
        self._attach(connection, session, 0)

    def _fault_of(self, application: Application | None, data: Any) -> tuple[int, str]:
        """The code that an IDENTIFY is closed with, 0 for none."""
        if application is None or application.identifies <= 0:
            return 4004, "Authentication failed."
        intents, shard = data.get("intents"), data.get("shard") or [0, 1]
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            return 4013, "Invalid intent(s)."
        if intents & PRIVILEGED & ~application.privileged:
            return 4014, "Disallowed intent(s)."
        if len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            return 4010, "Invalid shard."
        if shard[1] == 1 and len(self.world.guilds) > 2_500:
            return 4011, "Sharding required."
        return 0, ""

    def _greet(self, session: Session) -> None:
        user = session.application.user
        mine = [
            guild
            for guild in self.world.guilds.values()
            if user.id in guild.members and session.has(guild.id)
        ]
        ready: Json = {
            "v": 10,
            "user": {**user_json(user), "verified": True, "mfa_enabled": True, "email": None, "flags": 0},
            "guilds": [{"id": guild.id, "unavailable": True} for guild in mine],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": "wss://gateway-us-east1-b.discord.gg",
            "shard": list(session.shard),
            "application": {"id": session.application.id, "flags": session.application.flags},
            "private_channels": [],
            "relationships": [],
            "presences": [],
            "guild_join_requests": [],
        }
        session.dispatch("READY", ready)
        for guild in mine:
            if guild.available:
                self._create(session, guild.id)

    async def _resume(self, connection: Connection, data: Any) -> None:
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or session.application.token != data.get("token"):
            await connection.socket.send_json({"op": INVALID_SESSION, "d": False})
            return
        sequence = data.get("seq") or 0
        if session.log and sequence > session.log[-1][0]:
            await connection.socket.close(code=4007, message=b"Invalid seq.")
            return
        self.resumed += 1
        session.dispatch("RESUMED", {})
        self._attach(connection, session, sequence)

    def _attach(self, connection: Connection, session: Session, sent: int) -> None:
        connection.session, connection.sent = session, sent
        connection.writer = asyncio.create_task(self._write(connection, session))
        self.world.bell.ring()

    async def _write(self, connection: Connection, session: Session) -> None:
        """Send what the session was told and this connection not yet, for as long as it is open."""
        with contextlib.suppress(ConnectionError):
            while not connection.socket.closed:
                session.more.clear()
                for number, name, text in session.log[self._place(session, connection.sent) :]:
                    await self._flows.wait()
                    connection.sent = number
                    for frame in await self.faults.events.shape(name, text):
                        await connection.socket.send_str(frame)
                await session.more.wait()

    @staticmethod
    def _place(session: Session, sent: int) -> int:
        """Where in the log that is which comes after `sent`."""
        first = session.log[0][0] if session.log else 1
        return max(0, sent + 1 - first)

    def _members(self, session: Session, asked: Json) -> None:
        guild = self.world.guilds.get(str(asked.get("guild_id")))
        if guild is None or session.application.user.id not in guild.members:
            return
        found = list(guild.members.values())
        if asked.get("user_ids"):
            ids = asked["user_ids"] if isinstance(asked["user_ids"], list) else [asked["user_ids"]]
            found = [member for member in found if member.user.id in map(str, ids)]
        elif asked.get("query"):
            query = asked["query"].lower()
            found = [
                member for member in found if (member.nick or member.user.name).lower().startswith(query)
            ]
        elif not session.intents & MEMBERS:
            found = []
        if asked.get("limit"):
            found = found[: asked["limit"]]
        chunk: Json = {"guild_id": guild.id, "members": [member_json(member) for member in found]}
        chunk |= {"chunk_index": 0, "chunk_count": 1, "not_found": [], "nonce": asked.get("nonce")}
        session.dispatch("GUILD_MEMBERS_CHUNK", chunk)


def content_shown(application: Application, data: Json) -> bool:
    """Whether a bot without the message content intent sees this one: its own, a DM, one that mentions it."""
    own = data.get("application_id") == application.id or data["author"]["id"] == application.user.id
    mentioned = any(user["id"] == application.user.id for user in data["mentions"])
    return own or mentioned or data.get("channel_type") == 1


def without_content(data: Json) -> Json:
    """The same message with nothing in it."""
    bare = {**data, "content": "", **{part: [] for part in HIDDEN}}
    bare.pop("poll", None)
    return bare
