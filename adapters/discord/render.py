"""Messages as discord.py sends them: content or an embed, buttons and lists, forms.

Data to data. Whatever stands in a message, what comes out is within Discord's limits, and nothing is
left out without a word: what does not fit is in a file that goes along.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, takewhile
from typing import Any

import discord
from discord import app_commands, ui

from adapters.discord import ids
from adapters.discord.words import Words, lookalike, shorten, units, with_backslash
from bot.commands.catalogue import Commands
from bot.model.message import (
    Attachment,
    Button,
    Field,
    Form,
    Message,
    NativePoll,
    Suggestion,
    Text,
    Title,
    text,
)
from bot.texts import Texts, Voice
from bot.unseen import visible

CONTENT, TITLE, DESCRIPTION = 2_000, 256, 4_096
BUTTONS, LABEL, CHOICES, CHOICE, PLACEHOLDER = 25, 80, 25, 100, 150
FORM_TITLE, FORM_FIELDS, FORM_LABEL, FORM_HINT, FORM_VALUE, FORM_LINES = 45, 5, 45, 100, 4_000, 4_000
ALT = 1_024
_STYLES = {
    "plain": discord.ButtonStyle.secondary,
    "primary": discord.ButtonStyle.primary,
    "danger": discord.ButtonStyle.danger,
}
# A calm blue that stands out enough (3 to 1) on Discord's light and its dark ground.
COLOUR = 0x4088A6


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent. `overflow`: everything in plain words, for a file, where it did not all fit.

    `poll`: one of Discord's own that goes with it.
    """

    content: str | None = None
    embed: discord.Embed | None = None
    view: ui.View | None = None
    overflow: str | None = None
    poll: discord.Poll | None = None


class Buttons(ui.View):
    """Presses are read from what Discord says of them, so discord.py need not remember what it sent."""

    def is_finished(self) -> bool:
        return True


class Dialog(ui.Modal):
    """A form; like `Buttons` nothing that discord.py need remember."""

    def is_finished(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Writer:
    """Renders for one reader or place."""

    texts: Texts
    voice: Voice
    commands: Commands
    _words: Words = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_words", Words(self.texts, self.voice, self.commands))

    def render(self, message: Message, source: str | None = None, form_id: str | None = None) -> Rendered:
        """`source` is the invocation that this answers, None for posts and boards.

        `form_id`: by which its form is found, where that is kept elsewhere.
        """
        view = Buttons(timeout=None)
        title = self._words.marked(message.title).strip() if message.title else ""
        above = self._above(message) if title else ()
        said = [*message.lines[len(above) :], *self._add_buttons(view, message.buttons, source)]
        said += () if view.children else message.hints
        # What finds no room is left out: the buttons of the options do the same.
        with contextlib.suppress(ValueError):
            for item in self._others(message, form_id or ids.refer(source, form=True)):
                view.add_item(item)
        heading, body = self._lines(above), self._lines(said)
        content, embed, fits = self._laid_out(title, body)
        content = self._words.rich(heading) or content
        overflow = None if fits else self._words.plain(f"{heading}\n\n{title}\n\n{body}".strip())
        return Rendered(
            self._words.rich(heading) or content, embed, view if view.children else None, overflow
        )

    # --- words ---

    def _lines(self, said: Iterable[Text]) -> str:
        return "\n".join(self._words.marked(line) for line in said)

    def _above(self, message: Message) -> Sequence[Text]:
        """The lines over the title, for which an embed has no room: they are content, where they fit."""
        before = takewhile(lambda block: not isinstance(block, Title), message.blocks)
        lines = tuple(block for block in before if isinstance(block, Text))
        return lines if units(self._words.rich(self._lines(lines))) <= CONTENT else ()

    def _laid_out(self, title: str, body: str) -> tuple[str | None, discord.Embed | None, bool]:
        """As content or as an embed, and whether that is all of it."""
        content = self._words.rich(body)
        if not (title or content.strip()):
            return None, None, True
        if not title and units(content) <= CONTENT:
            return content, None, True
        above = self._title(title)
        description, fits = self._description(title if above is None else "", body)
        return None, discord.Embed(title=above or None, description=description, colour=COLOUR), fits

    def _title(self, title: str) -> str | None:
        """The title where it fits; no chips there."""
        line = " ".join(title.split())
        for escape in (with_backslash, lookalike):
            written = self._words.rich(line, escape, chips=False)
            if units(written) <= TITLE:
                return written
        return None

    def _description(self, title: str, body: str) -> tuple[str, bool]:
        """All of it, if need be with look-alikes for what would be escaped; or as many lines as fit."""
        for escape in (with_backslash, lookalike):
            lines = self._words.rich(body, escape).split("\n")
            if title:
                lines.insert(0, f"**{self._words.rich(' '.join(title.split()), escape)}**")
            if units("\n".join(lines)) <= DESCRIPTION:
                return "\n".join(lines), True
        rest = self._words.rich(self._words.marked(text("discord.rest")))
        sizes = accumulate((units(line) + 1 for line in lines), initial=units(rest))
        fitting = sum(size <= DESCRIPTION for size in sizes) - 1
        return "\n".join([*lines[:fitting], rest]), False

    # --- what can be pressed ---

    def _add_buttons(self, view: ui.View, wanted: Sequence[Button], source: str | None) -> Iterator[Text]:
        """As many as fit; the others as lines to type."""
        taken: set[str] = set()
        for number, button in enumerate(wanted):
            custom_id = ids.spell(button.command, button.args)
            if custom_id is None or custom_id in taken:
                custom_id = ids.refer(source, number)
            if len(taken) == BUTTONS:
                command = self.commands.by_path[button.command]
                usage = self.commands.usage(command, self.voice.locale, button.args)
                yield text("discord.type", label=button.label, usage=usage)
                continue
            taken.add(custom_id)
            label = self._words.confidential(button.label, LABEL) or str(number + 1)
            view.add_item(ui.Button(label=label, custom_id=custom_id, style=_STYLES[button.style]))

    def _others(self, message: Message, form_id: str) -> Iterator[ui.Item[ui.View]]:
        """The list to choose several from, and the button that opens the form."""
        if message.native_poll and (several := self._list(message.native_poll)):
            yield several
        if message.form and 1 <= len(message.form.fields) <= FORM_FIELDS:
            label = self._words.confidential(message.form.title, LABEL) or "…"
            again = asked_anew(message.form)
            yield ui.Button(label=label, custom_id=again or form_id, style=discord.ButtonStyle.primary)

    def _list(self, poll: NativePoll) -> ui.Select[ui.View] | None:
        """Where more than one may be chosen: all of them in one go."""
        custom_id = ids.choose(poll.command, poll.args)
        if poll.ended or poll.at_most < 2 or not custom_id or not 2 <= len(poll.options) <= CHOICES:
            return None
        most = min(poll.at_most, len(poll.options))
        every = most == len(poll.options)
        how = text("discord.choose.all") if every else text("discord.choose", count=most)
        return ui.Select(
            custom_id=custom_id,
            placeholder=self._words.confidential(how, PLACEHOLDER),
            max_values=most,
            options=[
                discord.SelectOption(
                    label=self._words.confidential(option, CHOICE) or str(number), value=str(number)
                )
                for number, option in enumerate(poll.options, start=1)
            ],
        )

    # --- forms ---

    def modal(self, form: Form, custom_id: str) -> Dialog:
        """The form as it pops up; the custom_id comes back with what was filled in."""
        assert 1 <= len(form.fields) <= FORM_FIELDS
        dialog = Dialog(title=self._words.confidential(form.title, FORM_TITLE) or "…", custom_id=custom_id)
        shown = self._form_lines(form.lines)
        if shown and len(form.fields) < FORM_FIELDS:
            dialog.add_item(ui.TextDisplay(shown))
            shown = ""
        for number, wanted in enumerate(form.fields):
            label = self._words.confidential(wanted.label, FORM_LABEL) or wanted.name
            # A label that does not fit goes on below.
            whole = self._words.confidential(wanted.hint or wanted.label, FORM_HINT)
            hint = whole if wanted.hint or units(whole) > FORM_LABEL else None
            make = self._choice if _can_be_chosen(wanted) else _input
            component = make(wanted, str(number))
            if number == 0 and shown:  # there is no room for lines of their own
                hint = shorten(shown, FORM_HINT)
            dialog.add_item(ui.Label(text=label, description=hint or None, component=component))
        return dialog

    def _form_lines(self, lines: Sequence[Text]) -> str:
        """What is to be read above the fields, if need be with look-alikes; moments as in labels."""
        body = "\n".join(self._words.marked(line) for line in lines)
        shown = self._words.rich(body, chips=False)
        if units(shown) > FORM_LINES:
            shown = shorten(self._words.rich(body, lookalike, chips=False), FORM_LINES)
        return shown if shown.strip() else ""

    def _choice(self, wanted: Field, custom_id: str) -> ui.Select[Dialog]:
        return ui.Select(
            custom_id=custom_id,
            required=wanted.required,
            min_values=int(wanted.required),
            max_values=min(wanted.picked, len(wanted.choices)),
            options=[
                discord.SelectOption(
                    label=self._words.confidential(words, CHOICE) or value,
                    value=value,
                    default=value in (wanted.value.split() if wanted.picked > 1 else (wanted.value,)),
                )
                for value, words in wanted.choices
            ],
        )

    # --- the rest ---

    def suggestions(self, suggestions: Iterable[Suggestion]) -> list[app_commands.Choice[str | int | float]]:
        """While somebody types. A value that does not fit cannot be suggested."""
        return [
            app_commands.Choice(
                name=self._words.confidential(suggestion.words, CHOICE) or str(suggestion.value),
                value=suggestion.value,
            )
            for suggestion in suggestions
            if isinstance(suggestion.value, int) or 0 < units(suggestion.value) <= CHOICE
        ][:CHOICES]

    def plain(self, said: Text) -> str:
        """Words alone, for where Discord shows nothing else."""
        return self._words.plain(self._words.marked(said))

    def alt(self, attachment: Attachment) -> str:
        """What a file shows, for who cannot see it."""
        return shorten(self.plain(attachment.words), ALT)


def asked_anew(form: Form) -> str | None:
    """By which a form is found again that is kept nowhere."""
    return ids.ask(form.again.command, form.again.args) if form.again else None


def values_of(form: Form, submitted: Mapping[str, Any]) -> list[str]:
    """What was filled in, in the order of the fields, from the data of a submit; nothing where nothing is."""
    found: dict[str, str] = {}
    waiting: list[Any] = [submitted]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Mapping):
            values, inside = part.get("values"), part.get("components")
            value = " ".join(map(str, values)) if isinstance(values, list) else part.get("value")
            if isinstance(part.get("custom_id"), str) and isinstance(value, str):
                found[part["custom_id"]] = value
            waiting += [part.get("component"), *(inside if isinstance(inside, list) else [])]
    return [found.get(str(number), "") for number in range(len(form.fields))]


def _can_be_chosen(wanted: Field) -> bool:
    """Whether Discord can show its choices; otherwise it is typed."""
    values = {value for value, _ in wanted.choices if 0 < units(value) <= CHOICE}
    return 1 <= len(wanted.choices) <= CHOICES and len(values) == len(wanted.choices)


def _input(wanted: Field, custom_id: str) -> ui.TextInput[Dialog]:
    value = visible(wanted.value) if wanted.long else " ".join(visible(wanted.value).split())
    return ui.TextInput(
        custom_id=custom_id,
        style=discord.TextStyle.paragraph if wanted.long else discord.TextStyle.short,
        default=shorten(value, wanted.most or FORM_VALUE) or None,
        required=wanted.required,
        max_length=wanted.most or FORM_VALUE,
    )
