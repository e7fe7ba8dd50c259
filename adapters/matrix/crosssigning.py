"""Cross-signing: the account vouches for its own device, which nio cannot do.

Without it clients show a red shield, and those that exclude unverified devices cannot talk to
Plein at all. Shapes: Matrix client-server specification, "Cross-signing".
"""

from __future__ import annotations

import base64
import json
import logging
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
from vodozemac import Ed25519PublicKey, Ed25519Signature

from adapters.matrix.crypto import PleinClient
from bot.masking import hide
from bot.private import read_plain

log = logging.getLogger(__name__)
KINDS = ("master", "self_signing", "user_signing")
Json = dict[str, Any]


async def prove_device(client: PleinClient, folder: Path, password: str | None) -> bool:
    """Cross-sign the client's device; whether it now is. Raises nothing: it can be tried again."""
    try:
        if client.should_upload_keys:
            await client.housekeeping()
        return await _prove(client, folder / "cross-signing.json", password)
    except _Refused as error:
        log.warning("Could not cross-sign the device: %s", error)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        log.warning("Could not cross-sign the device: %s", type(error).__name__)
    return False


class _Refused(Exception):
    """The homeserver said no, or something else than it should."""


async def _prove(client: PleinClient, file: Path, password: str | None) -> bool:
    mine, device_id = client.user_id, str(client.device_id)
    found = await _ask(client, "/keys/query", {"device_keys": {mine: []}})
    device = _at(found, "device_keys", mine, device_id)
    master, signer = (_only_key(_at(found, f"{kind}_keys", mine)) for kind in KINDS[:2])
    if device.get("keys") != _own_keys(client):
        raise _Refused("the homeserver does not have this device's keys")
    if signer and _is_signed(device, mine, signer):
        return True
    keys = _Keys(mine, _seeds(file, make=not master))
    if master and master != keys.public.get("master"):
        log.warning(
            "%s has other cross-signing keys than %s holds: that file was lost, or they were made elsewhere. "
            "Plein never replaces them. Its device %s stays unverified, and people whose client excludes "
            "such devices cannot talk to Plein in encrypted rooms, until the file is put back from a backup "
            "or somebody verifies the device where the account was cross-signed",
            mine,
            file,
            device_id,
        )
        return False
    if signer != keys.public["self_signing"]:
        await _publish(client, keys.describe(), password)
    signed = keys.sign({name: part for name, part in device.items() if name != "unsigned"}, "self_signing")
    answer = await _ask(client, "/keys/signatures/upload", {mine: {device_id: signed}})
    if answer.get("failures"):
        raise _Refused("the homeserver did not accept the signature")
    log.info("The device %s is cross-signed now", device_id)
    return True


async def _publish(client: PleinClient, keys: Json, password: str | None) -> None:
    """A first time needs no password; servers that want one say so, with a session to name."""
    path = "/keys/device_signing/upload"
    status, answer = await _request(client, path, keys)
    if status == 401 and "session" in answer and password:
        who = {"type": "m.id.user", "user": client.user_id}
        auth = {"type": "m.login.password", "identifier": who, "password": password}
        status, answer = await _request(client, path, keys | {"auth": auth | {"session": answer["session"]}})
    if status != 200:
        raise _Refused(f"the keys were not accepted ({status} {answer.get('errcode', '')})")


async def _ask(client: PleinClient, path: str, body: Json) -> Json:
    status, answer = await _request(client, path, body)
    if status != 200:
        raise _Refused(f"{path} gave {status} {answer.get('errcode', '')}")
    return answer


async def _request(client: PleinClient, path: str, body: Json) -> tuple[int, Json]:
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/json"}
    async with await client.send("POST", f"/_matrix/client/v3{path}", json.dumps(body), headers) as response:
        try:
            answer = json.loads(await response.read())
        except ValueError:
            answer = None
        return response.status, answer if isinstance(answer, dict) else {}


class _Keys:
    """The account's three key pairs, which sign each other and the device.

    What signs is loaded here: nearly every start finds the device signed already.
    """

    def __init__(self, user_id: str, seeds: Mapping[str, bytes]) -> None:
        from Crypto.PublicKey import ECC

        self._user_id = user_id
        self._pairs = {kind: ECC.construct(curve="Ed25519", seed=seed) for kind, seed in seeds.items()}
        self.public = {
            kind: _unpadded(pair.public_key().export_key(format="raw")) for kind, pair in self._pairs.items()
        }

    def describe(self) -> Json:
        """What the server is to know of them."""
        known = {}
        for kind, public in self.public.items():
            key = {"user_id": self._user_id, "usage": [kind], "keys": {f"ed25519:{public}": public}}
            known[f"{kind}_key"] = key if kind == "master" else self.sign(key, "master")
        return known

    def sign(self, what: Json, kind: str) -> Json:
        from Crypto.Signature import eddsa

        signature = eddsa.new(self._pairs[kind], "rfc8032").sign(_canonical(what))
        mine = {self._user_id: {f"ed25519:{self.public[kind]}": _unpadded(signature)}}
        return what | {"signatures": mine}


def _seeds(file: Path, *, make: bool) -> Mapping[str, bytes]:
    """Those in the file. New ones, made only where told to, are kept before anybody hears of them."""
    if file.exists():
        kept = json.loads(read_plain(file))
        hide(kept.values())
        return {kind: base64.b64decode(seed) for kind, seed in kept.items()}
    if not make:
        return {}
    seeds = {kind: secrets.token_bytes(32) for kind in KINDS}
    kept = {kind: base64.b64encode(seed).decode() for kind, seed in seeds.items()}
    hide(kept.values())
    keep_secret(file, kept)
    return seeds


def keep_secret(file: Path, values: Mapping[str, Any]) -> None:
    """Write JSON that only we may read, whole or not at all, and on the disk when this returns."""
    draft = file.with_name(file.name + ".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(values, out)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _own_keys(client: PleinClient) -> Json:
    """What we know to be ours, so that nobody has us vouch for another device."""
    assert client.olm
    own = client.olm.account.identity_keys
    return {f"{kind}:{client.device_id}": own[kind] for kind in ("curve25519", "ed25519")}


def _is_signed(what: Json, user_id: str, public: str) -> bool:
    try:
        signature = Ed25519Signature.from_base64(what["signatures"][user_id][f"ed25519:{public}"])
        Ed25519PublicKey.from_base64(public).verify_signature(_canonical(what), signature)
    except (KeyError, TypeError, ValueError):
        return False
    return True


def _at(found: Any, *path: str) -> Json:
    """What is there in an answer that need not have it."""
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _only_key(described: Json) -> str | None:
    return next(iter(_at(described, "keys").values()), None)


def _canonical(what: Json) -> bytes:
    plain = {name: part for name, part in what.items() if name not in ("signatures", "unsigned")}
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _unpadded(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")
