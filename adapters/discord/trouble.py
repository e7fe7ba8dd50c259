"""What goes wrong on the way to Discord, and may pass."""

from __future__ import annotations

from json import JSONDecodeError

import aiohttp
import discord

# Of the library's own these are HTTPException and RateLimited; a lost connection and an answer that
# cannot be read it lets through as they are.
TROUBLE = (discord.DiscordException, aiohttp.ClientError, OSError, JSONDecodeError)
