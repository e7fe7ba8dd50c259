"""Plein as one process on Discord's double and on a real homeserver at once."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from tests.doubles.discord import Discord
from tests.homeserver import PASSWORD, Homeserver
from tests.on_discord import Process
from tests.town import numbers


class Both(Process):
    """`user_id` is its account on the homeserver."""

    @classmethod
    async def beside(
        cls, double: Discord, server: Homeserver, folder: Path, *, url: str = "", more: str = ""
    ) -> Self:
        """Registered and configured, not running yet. `url` stands in for the homeserver's."""
        user_id = await server.register(f"plein{next(numbers)}")
        matrix = (
            f'[matrix]\nhomeserver = "{url or server.url}"\nuser = "{user_id}"\nstore = "{folder}/matrix"'
        )
        plein = cls.at(double, folder, more=f"{matrix}\n{more}")
        plein.user_id = user_id
        return plein

    @property
    def _secrets(self) -> dict[str, str]:
        return {"PLEIN_MATRIX_PASSWORD": PASSWORD}
