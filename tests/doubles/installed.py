"""The features as they are installed, the kinds of parameters and every table that there is."""

from __future__ import annotations

from bot.commands.types import CONVERTERS
from bot.main.features import add_up, stores_of
from storage import tables

FEATURES = add_up()
KINDS = {**CONVERTERS, **FEATURES.kinds}
METADATA = [tables.metadata, *(stored.tables for stored in stores_of())]
TABLES = {table.name: table for metadata in METADATA for table in metadata.sorted_tables}
