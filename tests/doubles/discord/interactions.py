"""The life of an interaction: begun by a person, answered within 3 seconds, over after 15 minutes."""

from __future__ import annotations

import secrets
from typing import Any

from tests.doubles.discord import permissions
from tests.doubles.discord.command_limits import check_choice
from tests.doubles.discord.components import check_modal
from tests.doubles.discord.errors import Form, Json, refuse
from tests.doubles.discord.render import (
    channel_json,
    member_json,
    message_json,
    partial_channel_json,
    user_json,
)
from tests.doubles.discord.state import (
    COMMAND,
    EPHEMERAL,
    LOADING,
    REPLY,
    Application,
    Channel,
    Event,
    Interaction,
    Message,
    User,
    World,
)
from tests.doubles.discord.talk import Uploads, edit, post

USED, PRESSED, COMPLETING, SUBMITTED = 2, 3, 4, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
FIRST_ANSWER, LIFE = 3.0, 900.0
POSSIBLE: dict[int, tuple[int, ...]] = {
    USED: (MESSAGE, DEFERRED, MODAL, 12),
    PRESSED: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL, 12),
    COMPLETING: (CHOICES,),
    SUBMITTED: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, 12),
}


def begin(
    world: World,
    application: Application,
    type: int,
    user: User,
    channel: Channel,
    data: Json,
    about: Message | None = None,
    cause: Interaction | None = None,
) -> Interaction:
    """Tell the bot."""
    token = secrets.token_urlsafe(32)
    interaction = Interaction(
        world.clock.new_id(), token, type, application, user, channel, data, world.clock.now(), about, cause
    )
    world.interactions[interaction.id] = world.by_token[token] = interaction
    sent = _as_sent(world, interaction)
    world.emit(Event("INTERACTION_CREATE", sent, 0, channel.guild_id, channel, only=application.id))
    world.bell.ring()
    return interaction


def _as_sent(world: World, interaction: Interaction) -> Json:
    channel, user, bot = interaction.channel, interaction.user, interaction.application.user
    guild = world.guild_of(channel)
    sent: Json = {
        "id": interaction.id,
        "application_id": interaction.application.id,
        "type": interaction.type,
        "token": interaction.token,
        "version": 1,
        "data": interaction.data,
        "channel_id": channel.id,
        "locale": user.locale,
        "entitlements": [],
        "entitlement_sku_ids": [],
        "attachment_size_limit": 10 * 1024 * 1024,
        "authorizing_integration_owners": {"0": channel.guild_id or "0"},
        "context": 0 if guild else 1,
    }
    if interaction.about:
        sent["message"] = message_json(world, interaction.about, bot)
    if guild is None:
        return sent | {
            "channel": channel_json(channel, bot),
            "user": user_json(user),
            "app_permissions": str(permissions.ALL),
        }
    member = guild.members[user.id]
    theirs = permissions.in_channel(guild, member, channel)
    of_bot = guild.members.get(bot.id)
    return sent | {
        "guild_id": guild.id,
        "guild": {"id": guild.id, "locale": guild.locale, "features": []},
        "guild_locale": guild.locale,
        "channel": partial_channel_json(guild, channel, member),
        "member": {**member_json(member), "permissions": str(theirs)},
        "app_permissions": str(permissions.in_channel(guild, of_bot, channel) if of_bot else 0),
    }


def answer(world: World, interaction: Interaction, body: Json, uploads: Uploads) -> Message | None:
    """The bot's first answer; the message it made or changed, if it did."""
    if interaction.answered:
        raise refuse(40060)
    if world.clock.now() - interaction.at > FIRST_ANSWER:
        raise refuse(10062)
    kind, data = body.get("type"), body.get("data") or {}
    form = Form()
    possible = POSSIBLE[interaction.type]
    if interaction.type == SUBMITTED and interaction.about is None:
        possible = (MESSAGE, DEFERRED, 12)
    form.choice(kind, possible, "type")
    form.check()
    message = _act(world, interaction, int(str(kind)), data, uploads)
    interaction.answered = int(str(kind))
    interaction.original = message
    world.bell.ring()
    return message


def _act(world: World, interaction: Interaction, kind: int, data: Json, uploads: Uploads) -> Message | None:
    if kind == CHOICES:
        interaction.choices = _choices(data)
    elif kind == MODAL:
        form = Form()
        with form.at("data"):
            check_modal(form, data)
        form.check()
        interaction.modal = data
    elif kind == MESSAGE:
        return say(world, interaction, data, uploads)
    elif kind == DEFERRED:
        return say(world, interaction, {"flags": data.get("flags") or 0}, {}, loading=True)
    elif interaction.about:
        if kind == UPDATE:
            edit(world, interaction.about, data, uploads)
        return interaction.about
    return None


def _choices(data: Json) -> list[Json]:
    choices: list[Json] = data.get("choices") or []
    form = Form()
    with form.at("data"):
        form.length(choices, 25, "choices")
        for number, choice in enumerate(choices):
            with form.at("choices", number):
                check_choice(form, choice)
    form.check()
    return choices


def say(
    world: World, interaction: Interaction, body: Json, uploads: Uploads, *, loading: bool = False
) -> Message:
    """A message in answer: seen by that person alone if its flags say so."""
    flags = body.get("flags") or 0
    bot = interaction.application
    more: Json = {
        "type": COMMAND if interaction.type == USED and interaction.original is None else REPLY,
        "flags": LOADING if loading else 0,
        "only_for": interaction.user.id if flags & EPHEMERAL else None,
        "application_id": bot.id,
        "webhook_id": bot.id,
        "interaction": _metadata(interaction),
    }
    if more["type"] == REPLY:
        more["reference"] = _reference(interaction)
    message = post(world, interaction.channel, bot.user, body, uploads, **more)
    interaction.said.append(message)
    interaction.changes += 1
    world.bell.ring()
    return message


def _reference(interaction: Interaction) -> Json | None:
    message = interaction.original or interaction.about
    if message is None:
        return None
    found = {"type": 0, "channel_id": message.channel.id, "message_id": message.id}
    return {**found, "guild_id": message.channel.guild_id} if message.channel.guild_id else found


def _metadata(interaction: Interaction) -> Json:
    found: Json = {
        "id": interaction.id,
        "type": interaction.type,
        "user": user_json(interaction.user),
        "authorizing_integration_owners": {"0": interaction.channel.guild_id or "0"},
    }
    if interaction.type == USED:
        found["name"] = interaction.data.get("name")
    if interaction.about and interaction.type == PRESSED:
        found["interacted_message_id"] = interaction.about.id
    if interaction.cause:
        found["triggering_interaction_metadata"] = _metadata(interaction.cause)
    return found


def alive(world: World, interaction: Interaction) -> None:
    """Refuse followups before the first answer, and anything after 15 minutes."""
    if world.clock.now() - interaction.at > LIFE:
        raise refuse(50027)
    if not interaction.answered:
        raise refuse(10015)


def follow_up(world: World, interaction: Interaction, body: Json, uploads: Uploads) -> Message:
    """A further message. The first after a deferral takes the place of "is thinking" and its visibility."""
    alive(world, interaction)
    original = interaction.original
    if interaction.answered == DEFERRED and original and original.loading and not original.deleted:
        change(world, interaction, original, {key: body[key] for key in body if key != "flags"}, uploads)
        return original
    return say(world, interaction, body, uploads)


def change(world: World, interaction: Interaction, message: Message, body: Json, uploads: Uploads) -> None:
    """Edit one of its messages."""
    edit(world, message, body, uploads)
    interaction.changes += 1
    world.bell.ring()


def message_of(interaction: Interaction, message_id: str) -> Message:
    """The original or a followup, or 10008."""
    found: Any = interaction.original if message_id == "@original" else None
    if message_id != "@original":
        found = next((message for message in interaction.said if message.id == message_id), None)
    if found is None or found.deleted:
        raise refuse(10008)
    assert isinstance(found, Message)
    return found
