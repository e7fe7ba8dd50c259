"""What a bot answered somebody: a message, a form, completions, or nothing in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.doubles.discord.errors import Json
from tests.doubles.discord.interactions import DEFERRED, FIRST_ANSWER, UPDATE
from tests.doubles.discord.looks import all_components
from tests.doubles.discord.state import Interaction, Message

if TYPE_CHECKING:
    from tests.doubles.discord.double import Discord


@dataclass(frozen=True, slots=True)
class Modal:
    """A form that popped up. `fields`: each input by custom_id, with its label."""

    interaction: Interaction
    data: Json

    @property
    def title(self) -> str:
        return str(self.data["title"])

    @property
    def fields(self) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for component in all_components(self.data["components"]):
            if component.get("component"):
                found[component["component"]["custom_id"]] = {
                    **component["component"],
                    "label": component.get("label"),
                }
            elif component.get("custom_id") and component["custom_id"] not in found:
                found[component["custom_id"]] = component
        return found


class Answer:
    """Of one interaction. `text`, `buttons` and so on are those of its message as it is now."""

    def __init__(self, discord: Discord, interaction: Interaction) -> None:
        self.discord = discord
        self.interaction = interaction

    @property
    def kind(self) -> int:
        """The type of the first answer; 0 while there is none."""
        return self.interaction.answered

    @property
    def deferred(self) -> bool:
        """Whether "is thinking" came first."""
        return self.kind == DEFERRED

    @property
    def updated(self) -> bool:
        """Whether the message that the button is on was changed."""
        return self.kind == UPDATE

    @property
    def thinking(self) -> bool:
        original = self.interaction.original
        return bool(original and original.loading and not original.deleted)

    @property
    def message(self) -> Message:
        """The message it made or changed; an AssertionError where it was none."""
        found = self.interaction.original or (self.interaction.said[-1] if self.interaction.said else None)
        assert found, f"answered without a message: {self!r}"
        return found

    @property
    def messages(self) -> list[Message]:
        """Every message it made, followups too."""
        return list(self.interaction.said)

    @property
    def modal(self) -> Modal | None:
        return Modal(self.interaction, self.interaction.modal) if self.interaction.modal else None

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def buttons(self) -> list[str]:
        return self.message.buttons

    @property
    def ephemeral(self) -> bool:
        return self.message.ephemeral

    def __repr__(self) -> str:
        said = [message.text[:60] for message in self.interaction.said]
        return f"<answer {self.kind} with {said}>"

    async def first(self, timeout: float = 60.0) -> None:
        """Wait for the first answer; an AssertionError where none comes within Discord's 3 s or `timeout`."""

        def look() -> bool:
            assert self.kind or not self._too_late, "The application did not respond"
            return bool(self.kind)

        await self.discord.bell.until(look, timeout=timeout, why=lambda: "The application did not respond")

    @property
    def _too_late(self) -> bool:
        return self.discord.clock.now() - self.interaction.at > FIRST_ANSWER

    async def final(self, timeout: float = 60.0) -> Message:
        """Wait until it is thinking no more; its message then."""
        await self.discord.bell.until(
            lambda: not self.thinking, timeout=timeout, why=lambda: f"it is thinking still: {self!r}"
        )
        return self.message

    async def next(self, after: int = 0, timeout: float = 60.0) -> Message:
        """Wait until it said more than `after` messages; the last of them."""
        await self.discord.bell.until(
            lambda: len(self.interaction.said) > after,
            timeout=timeout,
            why=lambda: f"nothing followed {self!r}",
        )
        return self.interaction.said[-1]
