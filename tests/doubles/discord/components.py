"""What buttons, selects, layouts and modals may be."""

from __future__ import annotations

from tests.doubles.discord.errors import Form, Json
from tests.doubles.discord.looks import all_components

ROW, BUTTON, SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = (3, 5, 6, 7, 8)
SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL, UPLOAD = (
    9,
    10,
    11,
    12,
    13,
    14,
    17,
    18,
    19,
)
RADIO, CHECKBOXES, CHECKBOX = 21, 22, 23
TOP_LEVEL_V2 = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER)
IN_CONTAINER = (ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR)
IN_MODAL = (ROW, TEXT, LABEL)
IN_LABEL = (TEXT_INPUT, *SELECTS, UPLOAD, RADIO, CHECKBOXES, CHECKBOX)
LINK, PREMIUM = 5, 6
LEGACY = ("content", "embeds", "poll", "sticker_ids")


def check_components(form: Form, components: list[Json]) -> None:
    """Of a message without the v2 flag: rows of buttons or one select."""
    form.length(components, 5, "components", least=1)
    for number, row in enumerate(components):
        with form.at("components", number):
            if row.get("type") != ROW:
                form.say("UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).', "type")
            else:
                _check_row(form, row)
    _check_unique(form, components)


def check_v2(form: Form, body: Json) -> None:
    """Of a message with the v2 flag: 40 in all, 4,000 characters, and nothing beside them."""
    for part in LEGACY:
        if body.get(part):
            form.say(
                "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                f"The '{part}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                part,
            )
    components = body.get("components") or []
    inside = list(all_components(components))
    if len(inside) > 40:
        form.say(
            "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
            "The maximum number of components in a message is 40",
            "components",
        )
    if (
        sum(len(str(component.get("content") or "")) for component in inside if component.get("type") == TEXT)
        > 4_000
    ):
        form.say(
            "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
            "The combined displayable text size of all components exceeds the maximum length of 4000",
            "components",
        )
    for number, component in enumerate(components):
        with form.at("components", number):
            _check_layout(form, component, TOP_LEVEL_V2)
    _check_unique(form, components)


def _check_layout(form: Form, component: Json, allowed: tuple[int, ...]) -> None:
    type = component.get("type")
    if type not in allowed:
        among = ", ".join(map(str, allowed))
        form.say("UNION_TYPE_CHOICES", f'Value of field "type" must be one of ({among}).', "type")
    elif type == ROW:
        _check_row(form, component)
    elif type == TEXT:
        if not str(component.get("content") or "").strip():
            form.required("content")
        form.length(component.get("content"), 4_000, "content")
    elif type == CONTAINER:
        for number, inner in enumerate(component.get("components") or []):
            with form.at("components", number):
                _check_layout(form, inner, IN_CONTAINER)
    elif type == SECTION:
        form.length(component.get("components"), 3, "components", least=1)
        accessory = component.get("accessory")
        if not accessory:
            form.required("accessory")
        elif accessory.get("type") == BUTTON:
            with form.at("accessory"):
                _check_button(form, accessory)
    elif type == GALLERY:
        form.length(component.get("items"), 10, "items", least=1)


def _check_row(form: Form, row: Json) -> None:
    inside = row.get("components") or []
    form.length(inside, 5, "components", least=1)
    width = sum(1 if component.get("type") == BUTTON else 5 for component in inside)
    if width > 5 and len(inside) <= 5:
        form.say(
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
            "components",
            len(inside) - 1,
        )
    for number, component in enumerate(inside):
        with form.at("components", number):
            if component.get("type") == BUTTON:
                _check_button(form, component)
            elif component.get("type") in SELECTS:
                _check_select(form, component)
            else:
                form.say(
                    "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (2, 3, 5, 6, 7, 8).', "type"
                )


def _check_button(form: Form, button: Json) -> None:
    style = button.get("style")
    form.choice(style, (1, 2, 3, 4, 5, 6), "style")
    form.length(button.get("label"), 80, "label")
    if style == LINK:
        if not button.get("url"):
            form.say("BUTTON_COMPONENT_URL_REQUIRED", "A url is required", "url")
        form.length(button.get("url"), 512, "url")
        if button.get("custom_id"):
            form.say(
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
                "custom_id",
            )
    elif style != PREMIUM:
        if not button.get("custom_id"):
            form.say("BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id is required", "custom_id")
        form.length(button.get("custom_id"), 100, "custom_id")
    if style != PREMIUM and not button.get("label") and not button.get("emoji"):
        form.say("BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or emoji is required", "label")


def _check_select(form: Form, select: Json) -> None:
    if not select.get("custom_id"):
        form.required("custom_id")
    form.length(select.get("custom_id"), 100, "custom_id")
    form.length(select.get("placeholder"), 150, "placeholder")
    form.number(select.get("min_values"), 0, 25, "min_values")
    form.number(select.get("max_values"), 1, 25, "max_values")
    if select.get("type") != SELECT:
        return
    _check_options(form, select.get("options") or [], 25)


def _check_options(form: Form, options: list[Json], most: int) -> None:
    form.length(options, most, "options", least=1)
    values: set[str] = set()
    for number, option in enumerate(options):
        with form.at("options", number):
            for part in ("label", "value"):
                if not option.get(part):
                    form.required(part)
                form.length(option.get(part), 100, part)
            form.length(option.get("description"), 100, "description")
            if option.get("value") in values:
                form.say(
                    "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
                    "The specified option value is already used",
                    "value",
                )
            values.add(str(option.get("value")))


def _check_unique(form: Form, components: list[Json]) -> None:
    """No custom_id twice, wherever they are nested."""
    seen: set[str] = set()

    def look(component: Json, path: tuple[str | int, ...]) -> None:
        custom_id = component.get("custom_id")
        if custom_id in seen:
            form.say(
                "COMPONENT_CUSTOM_ID_DUPLICATED",
                "Component custom id cannot be duplicated",
                *path,
                "custom_id",
            )
        if custom_id:
            seen.add(str(custom_id))
        for number, inner in enumerate(component.get("components") or []):
            look(inner, (*path, "components", number))
        for part in ("accessory", "component"):
            if component.get(part):
                look(component[part], (*path, part))

    for number, component in enumerate(components):
        look(component, ("components", number))


def check_modal(form: Form, modal: Json) -> None:
    """A form that pops up: title 45, 1 to 5 parts, each labelled."""
    if not modal.get("title"):
        form.required("title")
    form.length(modal.get("title"), 45, "title")
    if not modal.get("custom_id"):
        form.required("custom_id")
    form.length(modal.get("custom_id"), 100, "custom_id")
    components = modal.get("components") or []
    form.length(components, 5, "components", least=1)
    for number, component in enumerate(components):
        with form.at("components", number):
            _check_modal_part(form, component)
    _check_unique(form, components)


def _check_modal_part(form: Form, component: Json) -> None:
    if component.get("type") == ROW:
        inside = component.get("components") or []
        form.length(inside, 1, "components", least=1)
        for number, field in enumerate(inside):
            with form.at("components", number):
                form.choice(field.get("type"), (TEXT_INPUT,), "type")
                if not field.get("label"):
                    form.required("label")
                _check_field(form, field)
    elif component.get("type") == LABEL:
        if not component.get("label"):
            form.required("label")
        form.length(component.get("label"), 45, "label")
        form.length(component.get("description"), 100, "description")
        with form.at("component"):
            form.choice((component.get("component") or {}).get("type"), IN_LABEL, "type")
            _check_field(form, component.get("component") or {})
    else:
        _check_layout(form, component, IN_MODAL)


def _check_field(form: Form, field: Json) -> None:
    if not field.get("custom_id"):
        form.required("custom_id")
    form.length(field.get("custom_id"), 100, "custom_id")
    if field.get("type") == TEXT_INPUT:
        form.length(field.get("label"), 45, "label")
        form.length(field.get("placeholder"), 100, "placeholder")
        form.length(field.get("value"), 4_000, "value")
        form.number(field.get("min_length"), 0, 4_000, "min_length")
        form.number(field.get("max_length"), 1, 4_000, "max_length")
    elif field.get("type") == SELECT:
        _check_options(form, field.get("options") or [], 25)
    elif field.get("type") in (RADIO, CHECKBOXES):
        _check_options(form, field.get("options") or [], 10)
