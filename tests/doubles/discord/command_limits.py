"""What an application command may be called and hold."""

from __future__ import annotations

import re
import unicodedata

from tests.doubles.discord.errors import Form, Json

COMMANDS, CREATES_A_DAY, CHARACTERS = 100, 200, 8_000
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(
    1, 12
)
WORLDWIDE = """
id da de en-GB en-US es-ES es-419 fr hr it lt hu nl no pl pt-BR
ro fi sv-SE vi tr cs el bg ru uk hi th zh-CN ja zh-TW ko
"""
LOCALES = tuple(WORLDWIDE.split())


def valid_name(name: object) -> bool:
    """1 to 32 lower-case letters, digits, dashes and underscores of any script."""
    if not isinstance(name, str) or not re.fullmatch(r"[-_'\w]{1,32}", name):
        return False
    return not any(unicodedata.category(sign) in ("Lu", "Lt") for sign in name)


def check_command(form: Form, command: Json) -> None:
    """One command, in the form's present place."""
    chat = command.get("type", 1) == 1
    _check_texts(form, command, chat=chat)
    if not chat:
        return
    options = command.get("options") or []
    _check_options(form, options, depth=0)
    if size_of(command) > CHARACTERS:
        form.say("APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({CHARACTERS})")


def _check_texts(form: Form, described: Json, *, chat: bool = True) -> None:
    if not described.get("name"):
        form.required("name")
    elif (
        chat
        and isinstance(described["name"], str)
        and len(described["name"]) <= 32
        and not valid_name(described["name"])
    ):
        form.say("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid", "name")
    form.length(described.get("name"), 32, "name", least=1)
    if chat:
        if not described.get("description"):
            form.required("description")
        form.length(described.get("description"), 100, "description")
    for part, most in (("name_localizations", 32), ("description_localizations", 100)):
        for locale, text in (described.get(part) or {}).items():
            if locale not in LOCALES:
                among = ", ".join(repr(known) for known in LOCALES)
                form.say("BASE_TYPE_CHOICES", f"Value must be one of ({among}).", part, locale)
            form.length(text, most, part, locale, least=1)
            if part == "name_localizations" and chat and not valid_name(text) and len(str(text)) <= most:
                form.say("APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid", part)


def _check_options(form: Form, options: list[Json], *, depth: int) -> None:
    form.length(options, 25, "options")
    names: set[str] = set()
    optional = False
    for number, option in enumerate(options):
        with form.at("options", number):
            _check_texts(form, option)
            form.choice(option.get("type"), tuple(range(1, 12)), "type")
            if option.get("name") in names:
                form.say("APPLICATION_COMMAND_OPTIONS_NAME_INVALID", "Option name already used", "name")
            names.add(str(option.get("name")))
            _check_option(form, option, depth)
            if option.get("type") not in (SUBCOMMAND, GROUP):
                if option.get("required") and optional:
                    form.say(
                        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
                        "Required options must be placed before non-required options",
                    )
                optional = optional or not option.get("required")
    kinds = {option.get("type") in (SUBCOMMAND, GROUP) for option in options}
    if len(kinds) > 1:
        form.say(
            "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
            "Sub-command and sub-command group option types are mutually exclusive to all other types",
            "options",
        )


def _check_option(form: Form, option: Json, depth: int) -> None:
    if option.get("type") in (SUBCOMMAND, GROUP):
        if depth > 1 or (depth and option.get("type") == GROUP):
            form.say("APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Nested too deep", "type")
        else:
            _check_options(form, option.get("options") or [], depth=depth + 1)
        return
    choices = option.get("choices") or []
    form.length(choices, 25, "choices")
    if choices and option.get("autocomplete"):
        form.say(
            "APPLICATION_COMMAND_OPTION_AUTOCOMPLETE_CHOICES",
            "Choices and autocomplete exclude each other",
            "choices",
        )
    for number, choice in enumerate(choices):
        with form.at("choices", number):
            check_choice(form, choice)


def check_choice(form: Form, choice: Json) -> None:
    """Of an option, or of an answer to autocomplete."""
    if choice.get("value") is None:
        form.required("value")
    form.length(choice.get("name"), 100, "name", least=1)
    for locale, text in (choice.get("name_localizations") or {}).items():
        if locale not in LOCALES:
            form.say(
                "BASE_TYPE_CHOICES",
                f"Value must be one of ({', '.join(LOCALES)}).",
                "name_localizations",
                locale,
            )
        form.length(text, 100, "name_localizations", locale, least=1)
    if isinstance(choice.get("value"), str):
        form.length(choice["value"], 100, "value")


def size_of(described: Json) -> int:
    """Characters of names, descriptions and values, in each the longest translation."""
    size = 0
    for part in ("name", "description"):
        texts = [
            str(described.get(part) or ""),
            *map(str, (described.get(f"{part}_localizations") or {}).values()),
        ]
        size += max(map(len, texts))
    if isinstance(described.get("value"), str):
        size += len(described["value"])
    return size + sum(
        size_of(inner) for part in ("options", "choices") for inner in described.get(part) or []
    )
