"""Cross-signing, checked as another client would: by the keys and signatures that the server hands out."""

from __future__ import annotations

import base64
import json
import secrets
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nio
import pytest
import vodozemac

from adapters.matrix.crosssigning import prove_device
from adapters.matrix.crypto import PleinClient
from tests.doubles.proxy import Proxy
from tests.homeserver import PASSWORD, Homeserver

Json = dict[str, Any]
UPLOADS = ("/keys/device_signing/upload", "/keys/signatures/upload")


class Bench:
    """One account behind a proxy, and any number of its devices."""

    def __init__(self, proxy: Proxy, folder: Path, user: str) -> None:
        self.proxy = proxy
        self.folder = folder
        self.user = user
        self._clients: list[PleinClient] = []

    async def device(self) -> PleinClient:
        config = nio.AsyncClientConfig(pickle_key="secret", max_timeouts=0, max_limit_exceeded=0)
        client = PleinClient(self.proxy.url, self.user, store_path=str(self.folder), config=config)
        assert isinstance(await client.login(PASSWORD), nio.LoginResponse)
        await client.housekeeping()
        self._clients.append(client)
        return client

    async def prove(self, client: PleinClient, password: str | None = PASSWORD, store: str = "") -> bool:
        return await prove_device(client, self.folder / store, password)

    def uploads(self) -> list[str]:
        return [path for path in self.proxy.seen if path.endswith(UPLOADS)]

    async def close(self) -> None:
        for client in self._clients:
            await client.close()


@pytest.fixture
async def bench(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Bench]:
    async with Proxy(homeserver.url) as proxy:
        bench = Bench(proxy, tmp_path, await homeserver.register(f"x{secrets.token_hex(5)}"))
        yield bench
        await bench.close()


async def on_server(client: PleinClient) -> Json:
    path, data = "/_matrix/client/v3/keys/query", json.dumps({"device_keys": {client.user_id: []}})
    headers = {"Authorization": f"Bearer {client.access_token}", "Content-Type": "application/json"}
    answer = await (await client.send("POST", path, data, headers)).json()
    assert isinstance(answer, dict)
    return answer


def check(signed: Json, user: str, public: str) -> None:
    """Verify a signature with another library than the one that made it."""
    plain = {name: part for name, part in signed.items() if name not in ("signatures", "unsigned")}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    signature = vodozemac.Ed25519Signature.from_base64(signed["signatures"][user][f"ed25519:{public}"])
    vodozemac.Ed25519PublicKey.from_base64(public).verify_signature(text.encode(), signature)


def check_proved(found: Json, client: PleinClient) -> None:
    """From the master key down to the device."""
    user = client.user_id
    (master,) = found["master_keys"][user]["keys"].values()
    (signer,) = found["self_signing_keys"][user]["keys"].values()
    (voucher,) = found["user_signing_keys"][user]["keys"].values()
    assert len({master, signer, voucher}) == 3
    assert found["self_signing_keys"][user]["usage"] == ["self_signing"]
    check(found["self_signing_keys"][user], user, master)
    check(found["user_signing_keys"][user], user, master)
    device = found["device_keys"][user][client.device_id]
    assert client.olm
    assert device["keys"][f"ed25519:{client.device_id}"] == client.olm.account.identity_keys["ed25519"]
    check(device, user, signer)


async def test_a_device_is_cross_signed(bench: Bench) -> None:
    client = await bench.device()
    assert await bench.prove(client)
    check_proved(await on_server(client), client)
    file = bench.folder / "cross-signing.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len({base64.b64decode(seed) for seed in json.loads(file.read_text()).values()}) == 3


async def test_a_second_time_changes_nothing(bench: Bench) -> None:
    client = await bench.device()
    assert await bench.prove(client)
    before, uploads = await on_server(client), bench.uploads()
    assert len(uploads) == 2
    assert await bench.prove(client)
    assert await on_server(client) == before
    assert bench.uploads() == uploads


async def test_another_device_is_signed_with_the_same_keys(bench: Bench) -> None:
    first, second = await bench.device(), await bench.device()
    assert await bench.prove(first)
    before = await on_server(first)
    assert await bench.prove(second)
    after = await on_server(second)
    assert after["master_keys"] == before["master_keys"]
    check_proved(after, first)
    check_proved(after, second)


@pytest.mark.parametrize("path", UPLOADS)
@pytest.mark.parametrize("how", ["not sent", "answer lost", "refused"])
async def test_what_broke_off_is_repaired_the_next_time(bench: Bench, path: str, how: str) -> None:
    client = await bench.device()
    if how == "not sent":
        bench.proxy.hang_up(path)
    elif how == "answer lost":
        bench.proxy.lose_answer(path)
    else:
        bench.proxy.answer(path, 500, '{"errcode": "M_UNKNOWN", "error": ""}')
    assert not await bench.prove(client)
    seeds = (bench.folder / "cross-signing.json").read_bytes()
    bench.proxy.mend()
    assert await bench.prove(client)
    assert (bench.folder / "cross-signing.json").read_bytes() == seeds
    check_proved(await on_server(client), client)


async def test_keys_of_somewhere_else_are_left_alone(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    (bench.folder / "element").mkdir()
    first, second = await bench.device(), await bench.device()
    assert await bench.prove(first, store="element")
    before, uploads = await on_server(first), bench.uploads()
    assert not await bench.prove(second)
    assert "other cross-signing keys" in caplog.text
    assert "that file was lost, or they were made elsewhere" in caplog.text
    assert await on_server(first) == before
    assert bench.uploads() == uploads
    assert not (bench.folder / "cross-signing.json").exists()
    # Somebody verified Plein there: that is all it takes.
    assert await bench.prove(second, store="element")
    assert await bench.prove(second)


async def test_seeds_of_another_account_are_not_used(bench: Bench) -> None:
    first, second = await bench.device(), await bench.device()
    (bench.folder / "element").mkdir()
    assert await bench.prove(first, store="element")
    seeds = {
        kind: base64.b64encode(bytes(32)).decode() for kind in ("master", "self_signing", "user_signing")
    }
    (bench.folder / "cross-signing.json").write_text(json.dumps(seeds))
    assert not await bench.prove(second)
    assert len(bench.uploads()) == 2


@pytest.mark.parametrize("password", [PASSWORD, None, "wrong"])
async def test_a_server_that_asks_for_the_password(bench: Bench, password: str | None) -> None:
    client = await bench.device()
    asks = '{"session": "s1", "flows": [{"stages": ["m.login.password"]}], "params": {}}'
    bench.proxy.answer("/device_signing/upload", 401, asks, times=1)
    if password == "wrong":
        refuses = '{"errcode": "M_FORBIDDEN", "error": "", "session": "s1", "flows": []}'
        bench.proxy.answer("/device_signing/upload", 401, refuses)
    assert await bench.prove(client, password) == (password == PASSWORD)
    sent = [body for path, body in bench.proxy.bodies if path.endswith("/device_signing/upload")]
    assert len(sent) == (1 if password is None else 2)
    if password:
        assert sent[1]["auth"] == {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": bench.user},
            "password": password,
            "session": "s1",
        }


@pytest.mark.parametrize("body", ["[]", "5", "", "{}", '{"device_keys": []}', '{"device_keys": {"a": 5}}'])
async def test_nonsense_is_refused(bench: Bench, body: str) -> None:
    client = await bench.device()
    bench.proxy.answer("/keys/query", 200, body)
    assert not await bench.prove(client)
    assert bench.uploads() == []


async def test_another_device_is_never_signed_for_ours(bench: Bench) -> None:
    """A server that hands out other keys under our device's name."""
    client, second = await bench.device(), await bench.device()
    theirs = (await on_server(second))["device_keys"][bench.user][second.device_id]["keys"].values()

    def swap(body: Json) -> None:
        keys = body["device_keys"][bench.user][client.device_id]["keys"]
        body["device_keys"][bench.user][client.device_id]["keys"] = dict(zip(keys, theirs, strict=True))

    bench.proxy.change("/keys/query", swap)
    assert not await bench.prove(client)
    assert bench.uploads() == []


async def test_unreadable_seeds_raise_nothing(bench: Bench) -> None:
    client = await bench.device()
    (bench.folder / "cross-signing.json").write_text("{")
    assert not await bench.prove(client)
    assert (bench.folder / "cross-signing.json").read_text() == "{"
