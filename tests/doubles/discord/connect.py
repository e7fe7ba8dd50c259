"""The way for a Discord library to the double instead of to Discord: a connector, and nothing patched."""

from __future__ import annotations

import socket
import ssl

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

HOSTS = (
    "discord.com",
    "gateway.discord.gg",
    "*.discord.gg",
    "cdn.discordapp.com",
    "media.discordapp.net",
)


class Resolver(AbstractResolver):
    """Discord's hosts are on this machine, at one port; nothing else is anywhere."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if host not in HOSTS and not host.endswith(".discord.gg"):
            raise OSError(f"{host} is none of Discord's: tests reach nothing else")
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Nothing is kept."""


def connector_to(port: int, certificate: str) -> aiohttp.TCPConnector:
    """For `discord.Client(connector=...)`, made inside the event loop. `certificate`: the CA's, as PEM."""
    context = ssl.create_default_context(cadata=certificate)
    return aiohttp.TCPConnector(resolver=Resolver(port), ssl=context, limit=0)
