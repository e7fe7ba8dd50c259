"""Plein on the homeserver of the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.homeserver import Homeserver
from tests.plein import Plein
from tests.town import Town, numbers


@pytest.fixture(scope="module")
async def town(homeserver: Homeserver, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("plein")
    plein = await Plein.on(homeserver, folder, f"plein{next(numbers)}")
    yield Town(homeserver, plein)
    assert await plein.stop() == 0, "\n".join(plein.log[-30:])
