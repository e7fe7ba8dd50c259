"""Whether the configured account can be used, without leaving anything behind."""

from __future__ import annotations

import aiohttp
import nio

from adapters.matrix.settings import Matrix as Settings
from bot.model.message import Text, text

CHECK_SECONDS = 15.0


async def check(settings: Settings) -> Text | None:
    """What is wrong and what to do about it; None where all is well."""
    config = nio.AsyncClientConfig(
        encryption_enabled=False, max_timeouts=0, max_limit_exceeded=0, request_timeout=CHECK_SECONDS
    )
    client = nio.AsyncClient(settings.homeserver, settings.user, config=config)
    try:
        answer = await client.send("GET", "/_matrix/client/versions")
        versions = await answer.json(content_type=None)
        if answer.status != 200 or not isinstance(versions, dict) or "versions" not in versions:
            return text("matrix.check.no_homeserver", address=settings.homeserver)
        return await (_check_token(client, settings) if settings.token else _check_password(client, settings))
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
        return text("matrix.check.unreachable", address=settings.homeserver)
    finally:
        await client.close()


async def _check_token(client: nio.AsyncClient, settings: Settings) -> Text | None:
    assert settings.token
    client.access_token = settings.token.get_secret_value()
    answer = await client.whoami()
    if not isinstance(answer, nio.WhoamiResponse):
        return text("matrix.check.token")
    if answer.user_id != settings.user:
        return text("matrix.check.other_user", found=answer.user_id, user=settings.user)
    return None


async def _check_password(client: nio.AsyncClient, settings: Settings) -> Text | None:
    assert settings.password
    answer = await client.login(
        settings.password.get_secret_value(), device_name=f"{settings.device_name} (check)"
    )
    if not isinstance(answer, nio.LoginResponse):
        code = answer.status_code or "?"
        return text(
            "matrix.check.busy" if code == "M_LIMIT_EXCEEDED" else "matrix.check.password", user=settings.user
        )
    await client.logout()
    return None
