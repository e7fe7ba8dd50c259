"""Plein on the homeserver of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.matrix.bench import Bench
from tests.doubles.proxy import Proxy
from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import Town, numbers


@pytest.fixture(scope="module")
async def town(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("plein")
    plein = await Plein.on(homeserver, folder, f"plein{next(numbers)}")
    yield Town(homeserver, plein)
    assert await plein.stop() == 0, "\n".join(plein.log[-30:])


@pytest.fixture
async def far(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[tuple[Town, Proxy]]:
    """With a proxy, behind which people can be of another server."""
    async with Proxy(homeserver.url) as proxy:
        plein = await Plein.on(homeserver, tmp_path, f"plein{next(numbers)}", url=proxy.url)
        yield Town(homeserver, plein), proxy
        assert await plein.stop() == 0, "\n".join(plein.log[-30:])


@pytest.fixture
async def bench(homeserver: Homeserver, tmp_path: Path) -> AsyncIterator[Bench]:
    async with Proxy(homeserver.url) as proxy:
        bench = Bench(homeserver, proxy, tmp_path)
        yield bench
        await bench.close()
