"""A real Matrix homeserver for the tests, and residents who talk to it over plain HTTP.

What Plein sends is judged by other eyes than those of the library it sends with: a `Person`
knows the client-server API and nothing of nio.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import io
import itertools
import json
import random
import secrets
import socket
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
from yarl import URL

T = TypeVar("T")
Json = dict[str, Any]

ROOT = Path(__file__).parents[1]
PYTHON = ROOT / ".cache" / "synapse" / "bin" / "python"
PASSWORD = "correct horse"
SECRET = "s3cret"
ADMIN = "the-harness"
CLIENT = "/_matrix/client/v3"
KEY = "be.plein.key"
POLL_STARTS = ("m.poll.start", "org.matrix.msc3381.poll.start")
READY = 180.0
POLL = 2.0
"""Seconds that a /sync waits: also what `wait_until` waits for things that come by no /sync."""

NO_LIMIT = {"per_second": 100_000, "burst_count": 100_000}
LIMITED = {"per_second": 1, "burst_count": 10}
UNLIMITED: Json = {
    "rc_message": NO_LIMIT,
    "rc_registration": NO_LIMIT,
    "rc_registration_token_validity": NO_LIMIT,
    "rc_login": {"address": NO_LIMIT, "account": NO_LIMIT, "failed_attempts": NO_LIMIT},
    "rc_admin_redaction": NO_LIMIT,
    "rc_joins": {"local": NO_LIMIT, "remote": NO_LIMIT},
    "rc_joins_per_room": NO_LIMIT,
    "rc_3pid_validation": NO_LIMIT,
    "rc_invites": {"per_room": NO_LIMIT, "per_user": NO_LIMIT, "per_issuer": NO_LIMIT},
    "rc_third_party_invite": NO_LIMIT,
    "rc_key_requests": NO_LIMIT,
    "rc_media_create": NO_LIMIT,
    "rc_presence": {"per_user": NO_LIMIT},
    "rc_delayed_event_mgmt": NO_LIMIT,
    "rc_room_creation": NO_LIMIT,
    "rc_reports": NO_LIMIT,
    "rc_user_directory": NO_LIMIT,
    "rc_profile": NO_LIMIT,
}

LAUNCH = """
from jsonschema import Draft202012Validator
from synapse.app.homeserver import main
from synapse.events.validator import MENTIONS_VALIDATOR, POWER_LEVELS_VALIDATOR
from synapse.storage.engines.sqlite import Sqlite3Engine as Engine
prepare = Engine.on_new_connection
def on_new_connection(self, connection):
    prepare(self, connection)
    connection.execute("PRAGMA synchronous=OFF")
Engine.on_new_connection = on_new_connection
for validator in (Draft202012Validator, MENTIONS_VALIDATOR, POWER_LEVELS_VALIDATOR):
    validator.check_schema = lambda *_, **__: None
main()
"""
"""Synapse as it is, but it does not wait for the disk: what it wrote outlives its own end all the
same, only not the machine's, and a message costs half. Nor does it examine its own schemas, whether
they are any, each time that it holds an event or a filter against one."""

LOGGING: Json = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "WARNING", "handlers": ["out"]},
}


def _free_port() -> int:
    """A port below those that outgoing connections are given.

    A server that is killed leaves its port for a moment. Were it an ephemeral one, the next
    client of anybody could be given it, or a client that keeps trying could reach itself.
    """
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free between 20000 and 30000")


class Homeserver:
    """A real Synapse on 127.0.0.1, on a port of its own, in a folder of its own.

    It listens to clients only and speaks to no other server.
    """

    def __init__(self, folder: Path, port: int, *, durable: bool = True) -> None:
        self.folder = folder
        self.name = "localhost"
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._durable = durable
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self._admin = ""

    @classmethod
    async def start(
        cls,
        folder: Path,
        *,
        limits: bool = False,
        durable: bool = True,
        settings: Mapping[str, Any] = {},
    ) -> Self:
        """Start on an empty folder; returns once it answers.

        With `limits` it takes ten messages at once and then one a second, where Synapse's own limit is
        one in five seconds; all other limits are off in any case. Without `durable` all is kept in
        memory and gone after `stop` or `kill`. `settings` go over those of the configuration file.
        """
        if not PYTHON.exists():
            raise RuntimeError("The Matrix homeserver of the tests is not installed: run `make test` once.")
        server = cls(folder, _free_port(), durable=durable)
        server._configure(limits=limits, settings=settings)
        await server.again()
        return server

    def _configure(self, *, limits: bool, settings: Mapping[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        database = ":memory:"
        if self._durable:
            database = str(self.folder / "homeserver.db")
            # The mode stays with the file: a third of the waiting for the disk, and safe when killed.
            with contextlib.closing(sqlite3.connect(database)) as empty:
                empty.execute("PRAGMA journal_mode=WAL")
        config: Json = {
            "server_name": self.name,
            "report_stats": False,
            "registration_shared_secret": SECRET,
            "bcrypt_rounds": 4,
            "listeners": [
                {
                    "port": self._port,
                    "bind_addresses": ["127.0.0.1"],
                    "type": "http",
                    "resources": [{"names": ["client"]}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": database}},
            "log_config": str(self.folder / "logging.yaml"),
            "signing_key_path": str(self.folder / "signing.key"),
            "media_store_path": str(self.folder / "media"),
            "pid_file": str(self.folder / "homeserver.pid"),
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "presence": {"enabled": False},
            "user_directory": {"enabled": False},
            # No other servers, no phones, and nobody looks at small pictures.
            "send_federation": False,
            "push": {"enabled": False},
            "thumbnail_sizes": [],
            # Otherwise a client that starts again is given the answer of two minutes ago.
            "caches": {"sync_response_cache_duration": "0s"},
            **UNLIMITED,
        }
        if limits:
            config["rc_message"] = LIMITED
        # JSON is YAML, and needs no library here.
        (self.folder / "homeserver.yaml").write_text(json.dumps({**config, **settings}), encoding="utf-8")
        (self.folder / "logging.yaml").write_text(json.dumps(LOGGING), encoding="utf-8")

    async def again(self) -> None:
        """Start on the same folder and port, after `stop` or `kill`."""
        assert self._process is None or self._process.returncode is not None, "it runs already"
        if not self._durable:
            self._admin = ""
        with (self.folder / "homeserver.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(PYTHON),
                "-c",
                LAUNCH,
                "--config-path",
                str(self.folder / "homeserver.yaml"),
                cwd=self.folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
            )
        try:
            async with asyncio.timeout(READY):
                while not await self._healthy():
                    if self._process.returncode is not None:
                        raise RuntimeError(f"Synapse ended by itself:\n{self._log()}")
                    await asyncio.sleep(0.02)
        except BaseException as error:
            await self.kill()
            await self.stop()
            if isinstance(error, TimeoutError):
                raise RuntimeError(f"Synapse does not answer:\n{self._log()}") from error
            raise

    async def _healthy(self) -> bool:
        try:
            async with self.session.get(f"{self.url}/health") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def _log(self) -> str:
        log = (self.folder / "homeserver.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(log.splitlines()[-30:])

    @property
    def session(self) -> aiohttp.ClientSession:
        """What everybody asks through: one to close, whoever forgets what."""
        if self._session is None:
            # A connection for each request: one that was kept would be a dead one after `kill`.
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, force_close=True))
        return self._session

    async def stop(self) -> None:
        """SIGTERM, and wait until it is gone."""
        if self._process and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(60):
                    await self._process.wait()
            except TimeoutError:
                await self.kill()
        if self._session:
            await self._session.close()
            self._session = None

    async def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        if self._process and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        params: Mapping[str, str] | None = None,
    ) -> tuple[int, Json]:
        """One request and its answer, as status and JSON. The path is quoted already."""
        url = f"{self.url}{path}" + (f"?{urlencode(params)}" if params else "")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.session.request(method, URL(url, encoded=True), json=body, headers=headers) as answer:
            text = await answer.text()
            try:
                found = json.loads(text)
            except ValueError:
                found = None
            return answer.status, found if isinstance(found, dict) else {"text": text}

    async def register(self, name: str, *, admin: bool = False) -> str:
        """A new account without a device, and its user id. Its password is `PASSWORD`."""
        status, answer = await self._register(name, admin=admin)
        assert status == 200, f"registering {name}: {status} {answer}"
        return str(answer["user_id"])

    async def _register(self, name: str, *, admin: bool = False, device: bool = False) -> tuple[int, Json]:
        """With `device` they are logged in on a new one at once."""
        path = "/_synapse/admin/v1/register"
        _, given = await self.call("GET", path)
        nonce = given["nonce"]
        signed = "\0".join((nonce, name, PASSWORD, "admin" if admin else "notadmin"))
        body = {
            "nonce": nonce,
            "username": name,
            "password": PASSWORD,
            "admin": admin,
            "inhibit_login": not device,
            "mac": hmac.new(SECRET.encode(), signed.encode(), hashlib.sha1).hexdigest(),
        }
        return await self.call("POST", path, body)

    async def person(self, name: str) -> Person:
        """Somebody logged in on a new device. Whoever exists already is given another device."""
        status, answer = await self._register(name, device=True)
        if answer.get("errcode") == "M_USER_IN_USE":
            return await self._log_in(name)
        assert status == 200, f"registering {name}: {status} {answer}"
        return self._logged_in(name, answer)

    async def _log_in(self, name: str) -> Person:
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": PASSWORD,
        }
        status, answer = await self.call("POST", f"{CLIENT}/login", body)
        assert status == 200, f"logging in {name}: {status} {answer}"
        return self._logged_in(name, answer)

    def _logged_in(self, name: str, answer: Json) -> Person:
        return Person(self, name, answer["user_id"], answer["access_token"], answer["device_id"])

    async def lift_limits(self, user_id: str) -> None:
        """What an administrator does for a bot: no limit on messages for this account."""
        if not self._admin:
            status, answer = await self._register(ADMIN, admin=True)
            assert status == 200 or answer.get("errcode") == "M_USER_IN_USE", f"{status} {answer}"
            self._admin = (await self._log_in(ADMIN)).token
        path = f"/_synapse/admin/v1/users/{quote(user_id, safe='')}/override_ratelimit"
        body = {"messages_per_second": 0, "burst_count": 0}
        status, answer = await self.call("POST", path, body, token=self._admin)
        assert status == 200, f"{status} {answer}"


class Person:
    """A resident as a plain HTTP client: what the bot sends is judged by other eyes than its own.

    Whatever the homeserver refuses is an AssertionError that says what and why.
    """

    def __init__(self, server: Homeserver, name: str, user_id: str, token: str, device_id: str) -> None:
        self.server = server
        self.name = name
        self.user_id = user_id
        self.token = token
        self.device_id = device_id
        # What was read of each room so far, and from where to read on.
        self._read: dict[str, tuple[list[Json], str]] = {}

    def __repr__(self) -> str:
        return f"<{self.user_id} on {self.device_id}>"

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: int | None = 200,
        params: Mapping[str, str] | None = None,
    ) -> Json:
        """One request; its answer. The path is under /_matrix/client/v3 unless it begins with /_.

        An answer other than `expect` is an AssertionError; with None any will do.
        """
        status, answer = await self._call(method, path, body, params=params)
        assert expect is None or status == expect, f"{self.name}: {method} {path}: {status} {answer}"
        return answer

    async def _call(
        self, method: str, path: str, body: Any = None, *, params: Mapping[str, str] | None = None
    ) -> tuple[int, Json]:
        if not path.startswith("/_"):
            path = f"{CLIENT}/{path.lstrip('/')}"
        if body is None and method in ("POST", "PUT"):
            body = {}
        return await self.server.call(method, path, body, token=self.token, params=params)

    async def close(self) -> None:
        """Log out, so that nobody encrypts for this device any more. Not needed to tidy up."""
        with contextlib.suppress(aiohttp.ClientError):
            await self.request("POST", "logout", expect=None)

    # Files

    async def upload(self, data: bytes, mimetype: str = "application/octet-stream") -> str:
        """Where it is from now on."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": mimetype}
        url = f"{self.server.url}/_matrix/media/v3/upload"
        async with self.server.session.post(url, data=io.BytesIO(data), headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            return str((await answer.json())["content_uri"])

    async def download(self, mxc: str) -> tuple[bytes, str]:
        """What is there, and what it is said to be."""
        url = f"{self.server.url}/_matrix/client/v1/media/download/{mxc.removeprefix('mxc://')}"
        async with self.server.session.get(url, headers={"Authorization": f"Bearer {self.token}"}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read(), answer.content_type

    # Rooms

    async def create_room(
        self,
        name: str = "",
        *,
        invite: Sequence[str] = (),
        public: bool = False,
        encrypted: bool = False,
        version: str | None = None,
        **options: Any,
    ) -> str:
        """A new room of theirs. `options` go into the request as they are."""
        body: Json = {"preset": "public_chat" if public else "private_chat", "invite": list(invite)}
        if name:
            body["name"] = name
        if version:
            body["room_version"] = version
        body |= options
        if encrypted:
            megolm = {"type": "m.room.encryption", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}
            body["initial_state"] = [*body.get("initial_state", []), megolm]
        return str((await self.request("POST", "createRoom", body))["room_id"])

    async def join(self, room: str) -> None:
        """Join a public room, or one they are invited to."""
        await self.request("POST", f"join/{_quoted(room)}")

    async def leave(self, room: str) -> None:
        """Leave, or refuse an invitation."""
        await self.request("POST", f"rooms/{_quoted(room)}/leave")

    async def invite(self, room: str, user_id: str) -> None:
        """Invite somebody."""
        await self.request("POST", f"rooms/{_quoted(room)}/invite", {"user_id": user_id})

    async def kick(self, room: str, user_id: str, reason: str = "") -> None:
        """Remove somebody, or withdraw their invitation."""
        await self.request("POST", f"rooms/{_quoted(room)}/kick", {"user_id": user_id, "reason": reason})

    async def upgrade(self, room: str, version: str = "12") -> str:
        """Replace the room by one of another version; the new one's id."""
        answer = await self.request("POST", f"rooms/{_quoted(room)}/upgrade", {"new_version": version})
        return str(answer["replacement_room"])

    # What they do

    async def say(self, room: str, text: str, **content: Any) -> str:
        """A text message; its event id. `content` goes over the plain one."""
        return await self.send(room, "m.room.message", {"msgtype": "m.text", "body": text, **content})

    async def send(self, room: str, type: str, content: Json, txn: str | None = None) -> str:
        """Any event; its id. The same `txn` again gives the same event."""
        path = f"rooms/{_quoted(room)}/send/{_quoted(type)}/{_quoted(txn or _new_txn())}"
        return str((await self.request("PUT", path, content))["event_id"])

    async def send_state(self, room: str, type: str, content: Json, state_key: str = "") -> str:
        """A state event; its id."""
        path = f"rooms/{_quoted(room)}/state/{_quoted(type)}/{_quoted(state_key)}"
        return str((await self.request("PUT", path, content))["event_id"])

    async def react(self, room: str, event_id: str, key: str) -> str:
        """A reaction; its event id."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return await self.send(room, "m.reaction", {"m.relates_to": relation})

    async def redact(self, room: str, event_id: str) -> str:
        """Take an event back; the redaction's id."""
        path = f"rooms/{_quoted(room)}/redact/{_quoted(event_id)}/{_new_txn()}"
        return str((await self.request("PUT", path))["event_id"])

    async def edit(self, room: str, event_id: str, text: str) -> str:
        """Another text in place of a message; the edit's event id."""
        new = {"msgtype": "m.text", "body": text}
        relation = {"rel_type": "m.replace", "event_id": event_id}
        return await self.say(room, f"* {text}", **{"m.new_content": new, "m.relates_to": relation})

    async def answer(
        self, room: str, poll_event_id: str, answers: Sequence[str], stable: bool = False
    ) -> str:
        """Vote in a native poll for these answer ids, as today's clients do or as the specification says."""
        content: Json = {"m.relates_to": {"rel_type": "m.reference", "event_id": poll_event_id}}
        if stable:
            return await self.send(room, "m.poll.response", {**content, "m.selections": list(answers)})
        type = "org.matrix.msc3381.poll.response"
        return await self.send(room, type, {**content, type: {"answers": list(answers)}})

    # What they see

    async def history(self, room: str) -> list[Json]:
        """Every event of the room that they may see, oldest first."""
        known, upto = self._read.get(room, ([], ""))
        news, upto = await self._pages(room, "f", upto) if upto else ([], "")
        if not upto or any(event["type"] == "m.room.redaction" for event in news):
            # What was taken back looks otherwise from then on, wherever it stands.
            known, upto = await self._pages(room, "b")
            known, news = known[::-1], []
        self._read[room] = [*known, *news], upto
        return [*known, *news]

    async def _pages(self, room: str, dir: str, after: str = "") -> tuple[list[Json], str]:
        """All there is in that direction, and from where to read what comes after it."""
        events: list[Json] = []
        params = {"dir": dir, "limit": "1000"} | ({"from": after} if after else {})
        while True:
            page = await self.request("GET", f"rooms/{_quoted(room)}/messages", params=params)
            events += page["chunk"]
            if dir == "b":
                after = after or page["start"]
            elif page["chunk"]:
                after = page["end"]
            if "end" not in page or not page["chunk"]:
                return events, after
            params["from"] = page["end"]

    async def state(self, room: str, type: str, key: str = "") -> Json | None:
        """The content of a state event; None where there is none."""
        path = f"rooms/{_quoted(room)}/state/{_quoted(type)}/{_quoted(key)}"
        status, answer = await self._call("GET", path)
        if status == 404:
            return None
        assert status == 200, f"{self.name}: {path}: {status} {answer}"
        return answer

    async def members(self, room: str) -> dict[str, str]:
        """Everybody's membership by user id: join, invite, leave, ban, knock."""
        answer = await self.request("GET", f"rooms/{_quoted(room)}/members")
        return {event["state_key"]: event["content"]["membership"] for event in answer["chunk"]}

    async def wait_for(self, room: str, wanted: Callable[[Json], bool], *, timeout: float = 120.0) -> Json:
        """The first event of the room, past or still to come, that fits.

        An AssertionError with the room's last events if none does in time.
        """
        seen: list[Json] = []
        end = time.monotonic() + timeout
        in_room = {"rooms": [room], "timeline": {"limit": 100}}
        async with contextlib.aclosing(self._syncs(timeout, in_room)) as syncs:
            async for answer in syncs:
                timeline = answer.get("rooms", {}).get("join", {}).get(room, {}).get("timeline", {})
                if answer.get("first") or timeline.get("limited"):
                    new = seen = await self._patiently(end, partial(self.history, room))
                else:
                    new = [{**event, "room_id": room} for event in timeline.get("events", [])]
                    seen = seen + new
                for event in new:
                    if wanted(event):
                        return event
        last = "\n".join(map(_briefly, seen[-10:]))
        raise AssertionError(f"{self.name} waited {timeout:g} s in vain. The last events of {room}:\n{last}")

    async def wait_until(self, check: Callable[[], Awaitable[T | None]], *, timeout: float = 120.0) -> T:
        """What `check` gives once that is something: asked again whenever anything arrives.

        None, False and what is empty count as nothing yet.
        """
        end = time.monotonic() + timeout
        async with contextlib.aclosing(self._syncs(timeout, {"timeline": {"limit": 1}})) as syncs:
            async for _ in syncs:
                found = await self._patiently(end, check)
                if found:
                    return found
        found = await check()
        if found:
            return found
        what = getattr(check, "__qualname__", repr(check))
        raise AssertionError(f"{self.name} waited {timeout:g} s in vain for {what}; last it was {found!r}")

    async def _patiently(self, end: float, ask: Callable[[], Awaitable[T]]) -> T:
        """What it gives; a homeserver that is away is waited for until then."""
        while True:
            try:
                return await ask()
            except aiohttp.ClientError:
                if time.monotonic() > end:
                    raise
                await asyncio.sleep(0.05)

    async def _syncs(self, timeout: float, rooms: Json) -> AsyncGenerator[Json, None]:
        """An empty answer marked `first` as soon as nothing can be missed any more; then whatever
        /sync brings, until the time is over. A homeserver that is away is waited for."""
        end = time.monotonic() + timeout
        nothing: Json = {"types": []}
        only = {"presence": nothing, "room": {"ephemeral": nothing, "state": nothing, **rooms}}
        params = {"filter": json.dumps(only), "timeout": "0"}
        while True:
            try:
                answer = await self._patiently(end, partial(self.request, "GET", "sync", params=params))
            except aiohttp.ClientError:
                return
            if "since" not in params:
                answer = {"first": True, "next_batch": answer["next_batch"]}
            params["since"] = answer["next_batch"]
            yield answer
            left = end - time.monotonic()
            if left <= 0:
                return
            params["timeout"] = str(int(min(left, POLL) * 1000))

    async def direct_rooms_with(self, user_id: str) -> list[str]:
        """The rooms, not public, of just this person and that user: joined, or invited to by them."""
        rooms = []
        for room, (inviter, join_rule) in (await self.invitations()).items():
            if inviter == user_id and join_rule != "public":
                rooms.append(room)
        for room in (await self.request("GET", "joined_rooms"))["joined_rooms"]:
            members = await self.members(room)
            present = {user for user, membership in members.items() if membership in ("join", "invite")}
            rule = await self.state(room, "m.room.join_rules") or {}
            if present == {self.user_id, user_id} and rule.get("join_rule") != "public":
                rooms.append(room)
        return rooms

    async def accept_invitations(self, by: str) -> list[str]:
        """Join every room that this user invited them to; waits for none."""
        rooms = [room for room, (inviter, _) in (await self.invitations()).items() if inviter == by]
        for room in rooms:
            await self.join(room)
        return rooms

    async def invitations(self) -> dict[str, tuple[str, str]]:
        """Inviter and join rule by room."""
        only = {"room": {"timeline": {"limit": 1}, "state": {"types": []}}, "presence": {"types": []}}
        answer = await self.request("GET", "sync", params={"filter": json.dumps(only), "timeout": "0"})
        found = {}
        for room, invited in answer.get("rooms", {}).get("invite", {}).items():
            inviter = rule = ""
            for event in invited["invite_state"]["events"]:
                if event["type"] == "m.room.member" and event["state_key"] == self.user_id:
                    inviter = event["sender"]
                if event["type"] == "m.room.join_rules":
                    rule = event["content"].get("join_rule", "")
            found[room] = (inviter, rule)
        return found


@dataclass(frozen=True, slots=True)
class Shown:
    """A message or poll as a reader sees it. `content` is the newest; `key` is the original's."""

    event_id: str
    sender: str
    type: str
    body: str
    html: str
    edits: int
    content: Json
    key: str

    @property
    def poll(self) -> int:
        """The number of the poll whose board it is, whatever words that says it in."""
        board, kind, number, *_ = self.key.split(":")
        assert (board, kind) == ("board", "poll"), self.key
        return int(number)


def shown(events: Iterable[Json]) -> list[Shown]:
    """What a reader sees, in order: edits folded in, redacted ones gone.

    Only messages and poll starts. An edit counts only when it is the author's and of the same
    type, and `edits` says how many did.
    """
    found: dict[str, Shown] = {}
    edits: list[Json] = []
    for event in events:
        content = event.get("content", {})
        if event["type"] not in ("m.room.message", *POLL_STARTS) or not content:
            continue
        if "state_key" in event or "redacted_because" in event.get("unsigned", {}):
            continue
        relation = content.get("m.relates_to")
        if isinstance(relation, dict) and relation.get("rel_type") == "m.replace":
            edits.append(event)
            continue
        found[event["event_id"]] = Shown(
            event_id=event["event_id"],
            sender=event["sender"],
            type=event["type"],
            body=_body(event["type"], content),
            html=str(content.get("formatted_body", "")),
            edits=0,
            content=content,
            key=str(content.get(KEY, "")),
        )
    for event in edits:
        content = event["content"].get("m.new_content", {})
        edited = found.get(event["content"]["m.relates_to"]["event_id"])
        if edited and edited.sender == event["sender"] and edited.type == event["type"]:
            found[edited.event_id] = replace(
                edited,
                body=_body(edited.type, content),
                html=str(content.get("formatted_body", "")),
                edits=edited.edits + 1,
                content=content,
            )
    return list(found.values())


def latest(events: Iterable[Json], sender: str) -> Shown:
    """The last that is shown of this sender's."""
    theirs = [message for message in shown(events) if message.sender == sender]
    assert theirs, f"{sender} said nothing"
    return theirs[-1]


def _body(type: str, content: Json) -> str:
    """The text of a message, or the question of a poll."""
    if type == "m.room.message":
        return str(content.get("body", ""))
    question = (content.get("m.poll") or content.get(type) or {}).get("question", {})
    texts = question.get("m.text")
    if isinstance(texts, list):
        return str(texts[0]["body"]) if texts else ""
    return str(texts or question.get("org.matrix.msc1767.text") or question.get("body", ""))


def _briefly(event: Json) -> str:
    content = json.dumps(event.get("content", {}), ensure_ascii=False)
    return f"  {event.get('sender')} {event.get('type')} {content[:160]}"


def _quoted(part: str) -> str:
    return quote(part, safe="")


_numbers = itertools.count(1)
_run = secrets.token_hex(4)


def _new_txn() -> str:
    return f"{_run}-{next(_numbers)}"
