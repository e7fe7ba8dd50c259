"""What is in a file, as it comes over a connection: a piece at a time, and never waited for without end."""

from __future__ import annotations

import aiohttp

from bot.ports.adapter import Take

PIECE = 64 * 1024
# So many seconds nothing may come; how long all of it takes is for whoever asks for it.
PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=15)
# Nothing is packed on the way, which could hold any number of bytes.
AS_IT_IS = {"Accept-Encoding": "identity"}


async def pieces(response: aiohttp.ClientResponse, take: Take) -> None:
    """Raises: OSError where it breaks off, and what `take` does."""
    try:
        async for piece in response.content.iter_chunked(PIECE):
            take(piece)
    except aiohttp.ClientError as error:
        raise ConnectionError(f"a file broke off: {type(error).__name__}") from error
