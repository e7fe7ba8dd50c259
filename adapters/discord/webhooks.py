"""Plein's own webhook in each channel: by these it shows what people said elsewhere, in their names.

A webhook is made once, and known by its number, which is kept. What one has to say with is a secret, which
is kept nowhere: whoever may manage the webhooks of a channel is told it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
import discord

from adapters.discord.channels import permissions_in
from adapters.discord.session import Session
from bot.errors import Refused, TryLater
from bot.masking import hide

NAME, KEPT = "Plein", "webhook:"
# What is done by a webhook, for `Outgoing`.
CARRY = "carry"
# So many seconds until it answers once all was sent, and until all was, with its files.
ANSWERS_WITHIN, SENT_WITHIN = 30.0, 100.0
RETRY_SECONDS = 2.0
UNKNOWN_WEBHOOK, BAD_TOKEN = 10015, 50027
GONE = UNKNOWN_WEBHOOK, BAD_TOKEN


class Webhooks:
    """The webhooks of the client that is connected just now."""

    def __init__(self, session: Session) -> None:
        self._on = session
        self._http: aiohttp.ClientSession | None = None
        self._known: dict[int, discord.Webhook] = {}
        self._in_use: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def close(self) -> None:
        if self._http:
            await self._http.close()

    def alone(self, channel: int) -> asyncio.Lock:
        """One thing at a time is under way by the webhook of a channel."""
        return self._in_use.setdefault(channel, asyncio.Lock())

    def said(self, message: discord.Message) -> bool:
        """Whether a webhook said it that Plein made; what answers a command says so too."""
        ours = self._on.client.application_id
        return message.webhook_id is not None and message.webhook_id != ours == message.application_id

    def forget(self, channel: int) -> None:
        """Somebody removed it, or has it speak elsewhere."""
        self._known.pop(channel, None)

    async def of(self, channel: int) -> discord.Webhook:
        """The webhook of that channel, made where there is none. Raises: what sending does."""
        if channel not in self._known:
            found = await self._find(channel)
            hide([found["token"]])
            self._known[channel] = discord.Webhook.partial(
                int(found["id"]), found["token"], session=self._session()
            )
        return self._known[channel]

    async def _find(self, channel: int) -> Any:
        may = permissions_in(self._on.client.get_channel(channel))
        if may is not None and not may.manage_webhooks:
            raise Refused("Plein may not manage webhooks there")
        name, http, core = f"{KEPT}{channel}", self._on.client.http, self._on.core
        kept = (await core.kept(self._on.account, name)).get(name)
        with self._on.outgoing.understood("webhook", channel):
            there: Any = await http.channel_webhooks(channel)
            # Those of others have no token for us.
            ours = [each for each in there if self._is_ours(each) and each.get("token")]
            found = next((each for each in ours if each["id"] == kept), ours[0] if ours else None)
            if found is None:
                found = await http.create_webhook(channel, name=NAME)
        if found["id"] != kept:
            await core.keep(self._on.account, {name: str(found["id"])})
        return found

    def _is_ours(self, webhook: Any) -> bool:
        return bool(webhook.get("application_id") == str(self._on.client.application_id))

    def _session(self) -> aiohttp.ClientSession:
        """On which each thing is asked once. The library asks again after every answer of 500 and more, also
        where what was asked is done by then.
        """
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=self._on.client.http.connector,
                connector_owner=False,
                raise_for_status=self._check,
                timeout=aiohttp.ClientTimeout(total=SENT_WITHIN, sock_read=ANSWERS_WITHIN),
            )
        return self._http

    async def _check(self, response: aiohttp.ClientResponse) -> None:
        if response.status == 429:
            self._on.outgoing.limited(response)
            raise discord.RateLimited(await _patience(response))
        if response.status >= 500:
            response.release()
            raise discord.DiscordServerError(response, "")

    @contextlib.contextmanager
    def understood(self, channel: int, *expected: int) -> Iterator[None]:
        """As of all that is sent. What a limit turned away is not done."""
        try:
            with self._on.outgoing.understood(CARRY, channel, *expected):
                yield
        except TryLater as busy:
            if isinstance(busy.__cause__, discord.RateLimited):
                raise TryLater(busy.seconds, unsent=True) from busy.__cause__
            raise


async def _patience(response: aiohttp.ClientResponse) -> float:
    """How long Discord wants it to wait: the body says that of each limit, the headers of some."""
    with contextlib.suppress(aiohttp.ClientError, ValueError, KeyError, TypeError):
        return float((await response.json())["retry_after"])
    with contextlib.suppress(ValueError):
        return float(response.headers.get("Retry-After", RETRY_SECONDS))
    return RETRY_SECONDS
