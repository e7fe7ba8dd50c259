"""What people bring along that is no words and no file of theirs: stickers, and what others said before."""

from __future__ import annotations

from dataclasses import replace

from tests.doubles.discord.errors import Json
from tests.doubles.discord.render import content_type_of
from tests.doubles.discord.state import Attachment, Channel, Message, User, World
from tests.doubles.discord.talk import tell, whole

FORWARDED = 1 << 14
_ENDINGS = {1: "png", 2: "png", 3: "json", 4: "gif"}


def sticker(world: World, name: str, form: int, picture: bytes) -> Json:
    """One that the CDN has from now on. `form`: 1 is a PNG, 2 one that moves, 3 Lottie, 4 a GIF."""
    ending, number = _ENDINGS[form], world.clock.new_id()
    world.files[f"{number}.{ending}"] = Attachment(number, name, picture, content_type_of(f"a.{ending}"))
    return {"id": number, "name": name, "format_type": form}


def forward(world: World, said: Message, channel: Channel, by: User) -> Message:
    """With a copy of what was said as it was then, and without whoever said it."""
    message = Message(world.clock.new_id(), channel, by, at=world.clock.now(), flags=FORWARDED)
    message.reference = {"type": 1, "channel_id": said.channel.id, "message_id": said.id}
    message.snapshot = replace(said, attachments=[*said.attachments], stickers=[*said.stickers])
    channel.messages[message.id] = message
    tell(world, "MESSAGE_CREATE", message, whole(world, message))
    world.bell.ring()
    return message
