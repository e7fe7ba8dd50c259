"""What Plein can do: the one list of features, each beside what keeps its things.

To add one is to add its line here. A feature that keeps nothing needs no second part.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.errors import Clash
from bot.feature import Claims, Feature, Features
from bot.features import (
    communities,
    kudos,
    meetings,
    moderation,
    polls,
    relay,
    reminders,
    residents,
    setup,
    themes,
)
from bot.features import help as help_feature
from bot.features.meetings.agenda import feature as agenda
from bot.features.meetings.draw import feature as turns
from bot.features.meetings.minutes import feature as minutes
from bot.features.meetings.offers import feature as offers
from bot.features.meetings.presence import feature as presence
from storage import kudos as kept_kudos
from storage import meetings as kept_meetings
from storage import moderation as kept_moderation
from storage import polls as kept_polls
from storage import relay as kept_relays
from storage import reminders as kept_reminders
from storage import tables
from storage import themes as kept_themes
from storage.kudos import certificates as kept_certificates
from storage.meetings import actions as kept_actions
from storage.meetings import agenda as kept_agendas
from storage.meetings import minutes as kept_minutes
from storage.meetings import offers as kept_offers
from storage.meetings import presence as kept_presence
from storage.meetings import ratings as kept_ratings
from storage.meetings import series as kept_series
from storage.meetings import turns as kept_turns
from storage.parts import Stored
from storage.residents import links as kept_links
from storage.residents import profile as kept_profiles
from storage.themes import archives as kept_archives
from storage.themes import digests as kept_digests
from storage.themes import draws as kept_draws
from storage.themes import openings as kept_openings
from storage.themes import terms as kept_terms
from storage.themes import welcomes as kept_welcomes


@dataclass(frozen=True, slots=True)
class Installed:
    """A feature, and the store that it asks for."""

    feature: Feature
    stored: Stored[Any] | None = None


FEATURES = (
    Installed(help_feature.FEATURE),
    Installed(residents.FEATURE),
    Installed(residents.LINKING, kept_links.STORED),
    Installed(polls.FEATURE, kept_polls.STORED),
    Installed(meetings.FEATURE, kept_meetings.STORED),
    Installed(meetings.COMING_BACK, kept_series.STORED),
    Installed(agenda.FEATURE, kept_agendas.STORED),
    Installed(offers.FEATURE, kept_offers.STORED),
    Installed(turns.FEATURE, kept_turns.STORED),
    Installed(minutes.FEATURE, kept_minutes.STORED),
    Installed(minutes.PROMISES, kept_actions.STORED),
    Installed(presence.FEATURE, kept_presence.STORED),
    Installed(presence.RATING, kept_ratings.STORED),
    Installed(reminders.FEATURE, kept_reminders.STORED),
    Installed(kudos.FEATURE, kept_kudos.STORED),
    Installed(kudos.CERTIFYING, kept_certificates.STORED),
    Installed(communities.FEATURE),
    Installed(setup.FEATURE),
    Installed(residents.PROFILE, kept_profiles.STORED),
    Installed(themes.FEATURE, kept_themes.STORED),
    Installed(themes.OPENING, kept_openings.STORED),
    Installed(themes.DRAWING, kept_draws.STORED),
    Installed(themes.TERM, kept_terms.STORED),
    Installed(themes.ARCHIVING, kept_archives.STORED),
    Installed(themes.DIGEST, kept_digests.STORED),
    Installed(themes.WELCOME, kept_welcomes.STORED),
    Installed(relay.FEATURE, kept_relays.STORED),
    Installed(moderation.FEATURE, kept_moderation.STORED),
)


def add_up(installed: Iterable[Installed] = FEATURES) -> Features:
    """All that these bring. Raises: Clash where two claim the same, or one lacks what it needs."""
    installed = tuple(installed)
    claims = Claims()
    claims.add("table", tables.metadata.tables, "the core")
    for entry in installed:
        keeps = entry.stored.key if entry.stored else None
        if keeps is not entry.feature.keeps:
            needed = entry.feature.keeps.name if entry.feature.keeps else "nothing"
            raise Clash(
                f"The feature {entry.feature.name} needs {needed} kept,"
                f" and {keeps.name if keeps else 'nothing'} is what stands beside it."
            )
        if entry.stored:
            claims.add("table", entry.stored.tables.tables, entry.feature.name)
    return Features(entry.feature for entry in installed)


def stores_of(installed: Iterable[Installed] = FEATURES) -> tuple[Stored[Any], ...]:
    """What keeps the things of these features."""
    return tuple(entry.stored for entry in installed if entry.stored)
