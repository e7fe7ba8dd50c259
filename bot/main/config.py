"""The configuration: one validated object; every fault of a bad file told at once.

The community's own sections are here; a feature and an adapter each bring one of their own.
Secrets can come from the environment: `PLEIN_MATRIX_PASSWORD` fills `password` under
`[matrix]`, and so on for every single setting; or from files of their own, as `password_file`
under `[matrix]` names one. The value of a secret is never printed.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError, create_model

from bot.feature import Claims, Features
from bot.main.contradictions import contradictions
from bot.main.secret_files import model_in, read_secret_files, secret_files, secrets_in, sections_of
from bot.main.sections import (
    ADAPTERS,
    Community,
    CommunitySection,
    Config,
    DatabaseSection,
    ResidentSection,
    ThemeSection,
)
from bot.masking import hide
from bot.model.message import Text, text, typed
from bot.private import NotPlain, read_plain
from bot.settings import Section
from bot.texts import LOCALES

__all__ = [
    "BadConfig",
    "Community",
    "CommunitySection",
    "Config",
    "DatabaseSection",
    "ResidentSection",
    "ThemeSection",
    "config_of",
    "holds_secrets",
    "load",
]

log = logging.getLogger(__name__)
DEFAULT_FILE = Path("config.toml")
PREFIX = "PLEIN_"


class BadConfig(Exception):
    """Everything that is wrong with a configuration, a Text for each fault."""

    def __init__(self, faults: list[Text]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


def config_of(features: Features) -> type[Config]:
    """The configuration with the sections of these features, and of the adapters.

    Raises: Clash where two claim the same section.
    """
    return _config_with(tuple(features.settings.items()))


@functools.cache
def _config_with(settings: Sequence[tuple[str, type[Section]]]) -> type[Config]:
    """Made once: it is asked for again and again, and takes a hundredth of a second."""
    claims = Claims()
    claims.add("section", Config.model_fields, "the core")
    claims.add("section", CommunitySection.model_fields.keys() - Config.model_fields.keys(), "a community")
    claims.add("section", ADAPTERS, "an adapter")
    for name, _ in settings:
        claims.add("section", (name,), f"the feature {name}")
    sections: dict[str, Any] = {name: (section, section()) for name, section in settings}
    sections |= {name: (section | None, None) for name, section in ADAPTERS.items()}
    own: dict[str, Any] = {name: (section | None, None) for name, section in settings}
    each = create_model("CommunitySection", __base__=CommunitySection, **own)
    sections["communities"] = (tuple[each, ...], ())  # type: ignore[valid-type]
    found: type[Config] = create_model("Config", __base__=Config, **sections)
    return found


def load(path: Path | None, features: Features, environment: Mapping[str, str] = os.environ) -> Config:
    """Read the file (None: the built-in example) and the environment. Raises: BadConfig."""
    source = ""
    if path is not None:
        try:
            source = _read(path)
        except FileNotFoundError:
            raise BadConfig([text("config.no_file", file=str(path))]) from None
        except NotPlain:
            raise BadConfig([text("config.not_plain", file=str(path))]) from None
        except (OSError, UnicodeDecodeError) as error:
            reason = type(error).__name__
            raise BadConfig([text("config.unreadable", file=str(path), reason=reason)]) from None
    return understand(source, path, features, environment)


def understand(
    source: str, path: Path | None, features: Features, environment: Mapping[str, str] = os.environ
) -> Config:
    """The configuration that a file with that in it is. Raises: BadConfig."""
    model = config_of(features)
    try:
        values: dict[str, Any] = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, or as many brackets, is no fault of the format by itself.
        line, column = _where(error, source)
        raise BadConfig([text("config.no_toml", file=str(path), line=line, column=column)]) from None
    hide(secrets_in(values, model))
    unread = read_secret_files(values, model)
    unknown = _from_environment(values, environment, model)
    hide(secrets_in(values, model))
    try:
        config = model.model_validate(values)
    except ValidationError as error:
        faults = [_fault(fault, model) for fault in _told_once(error)]
        raise BadConfig([*unread, *unknown, *faults]) from None
    if faults := [*unread, *unknown, *contradictions(config, source)]:
        raise BadConfig(faults)
    return config


def holds_secrets(path: Path, features: Features) -> bool:
    """Whether there is a password or a token in the file itself. Raises: OSError, TOMLDecodeError."""
    values = tomllib.loads(_read(path))
    return any(secrets_in(values, config_of(features)))


def files_of_secrets(path: Path, features: Features) -> Sequence[Path]:
    """The files that it says to have them. Raises: OSError, TOMLDecodeError."""
    return list(secret_files(tomllib.loads(_read(path)), config_of(features)))


def _read(path: Path) -> str:
    """As some editors write it, too: with a mark before the first character. Raises: OSError, ValueError."""
    return read_plain(path).decode("utf-8-sig")


def _where(error: Exception, source: str) -> tuple[int, int]:
    """The line and column of the fault, and no more: the message itself may quote what was written there."""
    found = re.search(r"line (\d+), column (\d+)", str(error))
    if found:
        return int(found[1]), int(found[2])
    lines = source.splitlines() or [""]
    return len(lines), len(lines[-1]) + 1


def _told_once(error: ValidationError) -> Iterator[Any]:
    """A list with a wrong entry is not also reported as too short."""
    found = error.errors(include_input=False)
    for fault in found:
        inside = (other for other in found if other["loc"][: len(fault["loc"])] == fault["loc"])
        if fault["type"] != "too_short" or all(other is fault for other in inside):
            yield fault


def _from_environment(
    values: dict[str, Any], environment: Mapping[str, str], config: type[Config]
) -> list[Text]:
    """Put `PLEIN_MATRIX_PASSWORD` and the like in place; what fits nowhere in its section is a fault.

    What begins with no section of ours may be somebody else's: hosts set names such as PLEIN_PORT.
    """
    sections = dict(sections_of(config))
    faults = []
    known = [
        f"{PREFIX}{section}_{key}".upper()
        for section, of in sections.items()
        for key, field in of.model_fields.items()
        if _is_one_value(field.annotation)
    ]
    for name in sorted(environment):
        if not name.startswith(PREFIX):
            continue
        section, _, key = name.removeprefix(PREFIX).lower().partition("_")
        if section not in sections:
            near = "".join(f"; did you mean {close}?" for close in get_close_matches(name, known, 1, 0.7))
            hide([environment[name]])
            log.warning("%s in the environment is no setting of Plein, and not looked at%s", name, near)
        elif key not in sections[section].model_fields:
            hide([environment[name]])
            faults.append(_unknown(name, known))
        elif isinstance(found := values.setdefault(section, {}), dict):
            found[key] = environment[name]
    return faults


def _is_one_value(annotation: Any) -> bool:
    """Whether it can come from the environment: it is no table and no list."""
    parts = (annotation, *get_args(annotation))
    return not model_in(annotation) and not any(get_origin(part) in (Mapping, tuple) for part in parts)


def _unknown(key: str, known: list[str]) -> Text:
    near = get_close_matches(key, known, 1, 0.5)
    if near:
        return text("config.unknown.nearest", key=key, nearest=near[0])
    return text("config.unknown", key=key, known=", ".join(sorted(known)))


# pydantic's kinds of faults, in our own words.
_KINDS = {
    "missing": "config.missing",
    "string_type": "config.type.text",
    "int_type": "config.type.number",
    "int_parsing": "config.type.number",
    "bool_type": "config.type.yes",
    "bool_parsing": "config.type.yes",
    "tuple_type": "config.type.list",
    "model_type": "config.type.section",
    "model_attributes_type": "config.type.section",
    "float_type": "config.type.number",
    "float_parsing": "config.type.number",
    "too_short": "config.too_short",
    "string_too_short": "config.too_short",
    "greater_than_equal": "config.at_least",
    "less_than_equal": "config.no_more_than",
    "string_too_long": "config.too_long",
}


def _fault(error: Any, config: type[Config]) -> Text:
    path = _path(error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown_key(error["loc"], path, config)
    return text("config.fault", path=path, problem=problem_of(error))


def problem_of(error: Any) -> Text:
    """What is wrong with a value, of pydantic's `errors`."""
    if error["type"] == "value_error":
        return text(str(error["ctx"]["error"]), known=tuple(map(typed, LOCALES)))
    if error["type"] == "literal_error":
        expected = error["ctx"]["expected"].replace(" or ", ", ").split(", ")
        return text("config.choices", choices=tuple(map(typed, expected)))
    limits = error.get("ctx", {})
    limit = next((int(limits[name]) for name in ("ge", "le", "max_length") if name in limits), 0)
    return text(_KINDS.get(error["type"], "config.wrong"), limit=limit)


def _unknown_key(where: tuple[int | str, ...], path: str, config: type[Config]) -> Text:
    model: type[BaseModel] = config
    for step in where[:-1]:
        if isinstance(step, str):
            field = model.model_fields[step].annotation
            model = model_in(field) or model
    near = get_close_matches(str(where[-1]), list(model.model_fields), 1, 0.5)
    if near:
        return text("config.unknown.nearest", key=path, nearest=_path((*where[:-1], near[0])))
    homes = [name for name, section in sections_of(config) if where[-1] in section.model_fields]
    if homes:
        return text("config.unknown.elsewhere", key=path, sections=tuple(f"`[{name}]`" for name in homes))
    return text("config.unknown", key=path, known=", ".join(model.model_fields))


def _path(where: tuple[int | str, ...]) -> str:
    """`themes[2].name`, counting from 1 as people do."""
    path = ""
    for step in where:
        path += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if path else step
    return path or "config.toml"
