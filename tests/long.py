"""Which tests are long: `make test` leaves them to `make test-long`, to be done within a quarter of an hour.

They are what takes most of the time, and what is told once more by a test that is quick: the same on the
other database, conversation or platform, or what happens to a room in the long run.
"""

from __future__ import annotations

import re

# Told on SQLite; what the databases do each in its own way is told on both, in tests/storage and by these.
_ON_BOTH = r"tests/bot/features/test_(linking|forgetting(?!_words))"
_ON_POSTGRES = rf"(?!{_ON_BOTH})tests/(bot/|test_).*\[(.+-)?postgres\b"
# Every conversation is played on the console and on Discord; on Matrix, and across both, some of them.
_PLAYED = (*("across", "first_poll", "linking", "meeting_english", "theme_new_english"),)
_PLAYED_ACROSS = ("across", "one_person", "profile", "theme_back", "theme_list_english")
_ON_MATRIX = "|".join(
    rf"tests/test_scenarios.py::test_conversation_{how}\[(?!({'|'.join(played)})\])"
    for how, played in (("on_matrix", _PLAYED), ("across_both", _PLAYED_ACROSS))
)
_ON_MATRIX_AND_MORE = (
    *(
        "accounts",
        "aloud",
        "attention",
        "came",
        "crosssigning",
        "crypto",
        "errands",
        "forgetting",
        "full_rooms",
    ),
    *("gaps", "gaps_read", "growth", "held_up", "homes", "limits", "moderators", "newcomers"),
    *("polls_in_full", "private", "replies", "roomkeys", "sealed", "shaping", "since", "spaces", "when"),
    *("where", "whose_home"),
)
_OF_MATRIX = rf"tests/adapters/matrix/test_({'|'.join(_ON_MATRIX_AND_MORE)})\.py"
# What was done by hand while Plein was away is told on Discord as well.
_AWAY_ON_MATRIX = r"tests/adapters/matrix/test_shaping\.py::.*\[True\]"
# Every migration by itself; that all together bring an older database here is told in test_opening.
_MIGRATIONS = r"tests/storage/test_migrations.py"
# Where a library's patience is waited out, very many rooms are made, or much is tried, or killed, very often.
_PATIENT = "|".join(
    (
        r"tests/adapters/discord/test_access\.py::test_what_came_of_their_poll_is_not_handed_late",
        r"tests/adapters/discord/test_held_up\.py::test_who_discord_says_nothing_about",
        r"tests/bot/features/test_(linking|forgetting)_stateful\.py::\w+AtLength",
        r"tests/test_two_communities\.py::test_both_keep_their_own_through_20_kills",
        r"tests/test_reminders_killed\.py::test_1000_through_30_kills",
        r"tests/bot/features/meetings/test_(aftermath_)?stateful\.py::test_at_length",
        r"tests/bot/features/kudos/test_stateful\.py::\w+AtLength",
        r"tests/test_kudos_killed\.py::test_210_through_20_kills",
        r"tests/test_mutes_killed\.py",
        r"tests/adapters/matrix/test_silences\.py::test_(what|who|where|of_who|no_more.*\[\d)",
        r"tests/test_relay_killed\.py::test_2000_messages_in_four_themes",
        r"tests/test_meetings_killed\.py::test_200_notes_40_people_and_20_actions_through_20_kills",
        r"tests/bot/features/kudos/test_certify_killed\.py::.*\[(a key|signed|added)",
        r"tests/test_themes_killed\.py::test_each_has_its_places_through_30_kills",
        r"tests/adapters/matrix/test_doubts\.py::test_(whoever_has_a_new_name|one_room_keeps_plein.*\[hangs)",
        r"tests/adapters/matrix/test_new_rooms\.py::test_a_theme_that_was_opened_with_the_other.*\[the other",
        r"tests/adapters/discord/test_aloud_killed\.py",
        r"tests/adapters/discord/test_guests\.py::test_who_was_put_out_while_plein_was_away.*\[silent",
        r"tests/adapters/matrix/test_guests\.py::.*does_not_have_plein_let_them_in\[True\]",
        r"tests/storage/test_opening\.py::test_four_processes.*\[(.*-empty|postgres-older)\]",
        r"tests/test_made_up\.py::test_on_matrix",
        r"tests/adapters/discord/test_forum_posts\.py::.*\[left-True",
        r"tests/adapters/matrix/test_upgraded\.py::.*\[(plein|moderator while away)\]",
        r"tests/adapters/matrix/test_new_rooms\.py::test_(killed_before_it_is_noted|without_an_answer.*\[502)",
        r"tests/adapters/matrix/test_guests\.py::test_who_was_banned.*\[True\]",
        r"tests/adapters/matrix/test_guests\.py::.*before_plein_read_of_it\[(left|much)",
        r"tests/adapters/matrix/test_silent_servers\.py::.*\[stranger\]",
        r"tests/adapters/matrix/test_access\.py::.*nobody_elses_rooms\[taken back",
        r"tests/storage/test_two_processes\.py::test_who_votes_from_both.*(-1|False-300)\]",
        r"tests/storage/test_opening\.py::test_(it_is_said_within_ten|one_that_is_silent).*\[postgres-(60|2)",
        r"tests/storage/test_deserted\.py::test_however_many.*\[postgres",
        r"tests/adapters/matrix/test_new_rooms\.py::test_without_an_answer.*\[before\]",
        r"tests/adapters/matrix/test_crashes\.py::test_votes_survive_5_kills",
        r"tests/bot/features/meetings/test_year\.py::.*weekly-(Europe/Lisbon|America)",
    )
)
# What is said of a meeting in a room is the same where it is sealed.
_SEALED = r"tests/test_scenarios\.py::test_conversation_in_an_encrypted_room"
_LONG = re.compile(
    "|".join((_ON_POSTGRES, _ON_MATRIX, _SEALED, _OF_MATRIX, _AWAY_ON_MATRIX, _MIGRATIONS, _PATIENT))
)


def is_long(test: str) -> bool:
    """Whether a test is, by its id."""
    return _LONG.match(test) is not None
