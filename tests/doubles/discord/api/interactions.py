"""Answers to interactions, and what follows them."""

from __future__ import annotations

from tests.doubles.discord import interactions as life
from tests.doubles.discord.api.table import Answer, Ask, route
from tests.doubles.discord.errors import Json, refuse
from tests.doubles.discord.render import message_json
from tests.doubles.discord.state import Interaction, Message


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", open=True)
def answer(ask: Ask) -> Answer:
    found = ask.world.interactions.get(ask.params["interaction_id"])
    if found is None or found.token != ask.params["interaction_token"]:
        raise refuse(10062)
    message = life.answer(ask.world, found, ask.json, ask.uploads)
    if ask.query.get("with_response", "").lower() not in ("1", "true"):
        return None
    about: Json = {"id": found.id, "type": found.type}
    resource: Json = {}
    if message:
        about |= {
            "response_message_id": message.id,
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
        if found.answered in (life.MESSAGE, life.UPDATE):
            shown = message_json(ask.world, message, found.application.user)
            resource = {"resource": {"type": found.answered, "message": shown}}
    return {"interaction": about, **resource}


def follow_up(ask: Ask, found: Interaction) -> Answer:
    """A POST to the webhook of an interaction."""
    message = life.follow_up(ask.world, found, ask.json, ask.uploads)
    return message_json(ask.world, message, found.application.user)


def message_of(ask: Ask, found: Interaction) -> Message:
    life.alive(ask.world, found)
    return life.message_of(found, ask.params["message_id"])
