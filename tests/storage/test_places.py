"""Themes and their places."""

from __future__ import annotations

from datetime import timedelta

from bot.model.message import message, typed
from bot.model.people import Identity, Place, Theme
from bot.ports.storage import Transaction
from storage.engines import Database
from tests.chat import NOW

SPORT, PITCH, NEW = Place("discord", "sport"), Place("matrix", "!sport"), Place("matrix", "!new")
HELLO = message(typed("Dag"))


def bind(tx: Transaction, place: Place, theme: str = "Sport", locale: str | None = None) -> bool:
    return tx.places.bind(place, tx.places.theme_named(theme).id, "a name", locale, place.platform)


async def test_a_theme_has_one_number(store: Database) -> None:
    sport = await store.run(lambda tx: tx.places.theme_named("Sport"))
    assert await store.run(lambda tx: tx.places.theme_named("Sport")) == sport
    assert await store.run(lambda tx: tx.places.theme_named("sport")) != sport


async def test_a_place_is_new_once(store: Database) -> None:
    assert await store.run(lambda tx: tx.places.known(SPORT)) is None
    assert await store.run(lambda tx: [bind(tx, SPORT), bind(tx, SPORT), bind(tx, SPORT, locale="en")]) == [
        True,
        False,
        False,
    ]
    known = await store.run(lambda tx: tx.places.known(SPORT))
    assert known
    assert (known[0].name, known[1]) == ("Sport", "en")


async def test_a_place_that_changes_theme_or_comes_back_is_new_again(store: Database) -> None:
    await store.run(lambda tx: bind(tx, SPORT))
    assert await store.run(lambda tx: bind(tx, SPORT, "Spel"))
    await store.run(lambda tx: tx.places.leave(SPORT, NOW))
    assert await store.run(lambda tx: bind(tx, SPORT, "Spel"))


async def test_only_where_plein_is(store: Database) -> None:
    def of_theme(tx: Transaction) -> list[Place]:
        return list(tx.places.of_theme(tx.places.theme_named("Sport").id))

    await store.run(lambda tx: [bind(tx, PITCH), bind(tx, SPORT), bind(tx, NEW, "Spel")])
    assert await store.run(of_theme) == [SPORT, PITCH]
    await store.run(lambda tx: tx.places.leave(SPORT, NOW))
    assert await store.run(of_theme) == [PITCH]
    # It keeps its theme, for when Plein is back.
    known = await store.run(lambda tx: tx.places.known(SPORT))
    assert known
    assert known[0].name == "Sport"


async def test_what_was_to_be_said_where_plein_left_is_set_aside(store: Database) -> None:
    def work(tx: Transaction) -> tuple[object, object, object]:
        bind(tx, SPORT)
        tx.posts.add("here", SPORT, HELLO, NOW)
        tx.posts.add("to somebody", Identity("discord", "sport"), HELLO, NOW)
        tx.places.leave(SPORT, NOW)
        return (
            tx.posts.next_for(SPORT, "discord", NOW),
            tx.posts.due("discord", NOW, 9)[0].to,
            tx.posts.parked(),
        )

    assert await store.run(work) == (None, Identity("discord", "sport"), [("here", "left")])


async def test_a_place_that_moved_takes_everything_along_once(store: Database) -> None:
    def work(tx: Transaction) -> None:
        bind(tx, PITCH, locale="en")
        bind(tx, NEW, "elsewhere")
        tx.boards.open("poll:1", tx.places.theme_named("Sport").id, [PITCH])
        (board,) = tx.boards.stale("matrix", NOW, 9)
        tx.boards.shown(board, ("$old",), HELLO, NOW)
        tx.posts.add("a", PITCH, HELLO, NOW)
        tx.places.move(PITCH, NEW)
        tx.places.move(PITCH, NEW)

    def after(tx: Transaction) -> None:
        assert tx.places.known(PITCH) is None
        known = tx.places.known(NEW)
        assert known
        assert (known[0].name, known[1]) == ("Sport", "en")
        post = tx.posts.next_for(NEW, "matrix", NOW)
        assert post
        assert post.to == NEW
        (board,) = tx.boards.stale("matrix", NOW + timedelta(days=1), 9)
        assert (board.place, board.ref, board.tried_at) == (NEW, (), None)
        assert tx.boards.message_at("matrix", "$old") is None

    await store.run(work)
    await store.run(after)


async def test_where_plein_is_on_a_platform(store: Database) -> None:
    await store.run(lambda tx: [bind(tx, PITCH), bind(tx, SPORT), bind(tx, NEW, "Spel")])
    assert await store.run(lambda tx: list(tx.places.served("matrix"))) == [NEW, PITCH]
    await store.run(lambda tx: tx.places.leave(NEW, NOW))
    assert await store.run(lambda tx: list(tx.places.served("matrix"))) == [PITCH]
    assert await store.run(lambda tx: list(tx.places.served("elsewhere"))) == []


async def test_a_channel_s_name_is_the_channel_s_whichever_was_used_first(store: Database) -> None:
    """Posts and threads are called as whoever begins them likes."""

    def work(tx: Transaction) -> None:
        for room, name in (("post", "Raad"), ("other post", "sport"), ("channel", "raad")):
            theme = tx.places.theme_named(f"discord:{room}").id
            tx.places.bind(Place("discord", room), theme, name, None, "discord")
            if "post" in room:
                tx.places.use(Place("discord", room), NOW)
        assert [theme.name for theme in tx.places.themes()] == ["raad", "Raad (post)", "sport"]

    await store.run(work)


async def test_themes_by_the_names_that_people_know(store: Database) -> None:
    """Of their own they are called after their place, and say which where another one is called so."""
    rooms = {"!a": "Buurthuis", "!b": "sport", "!c": "buurthuis"}

    def work(tx: Transaction) -> None:
        theirs = []
        for room, name in rooms.items():
            theme = tx.places.theme_named(f"matrix:{room}").id
            tx.places.bind(Place("matrix", room), theme, name, None, "matrix")
            theirs.append(theme)
        bind(tx, SPORT)
        bind(tx, PITCH)
        bind(tx, NEW, "Spel")
        sport = tx.places.theme_named("Sport").id
        names = ["Sport", "Spel", "Buurthuis (!a)", "sport (!b)", "buurthuis (!c)"]
        assert [theme.name for theme in tx.places.themes()] == names
        # Whoever takes part in no theme of that name may call a room of theirs like that.
        assert [theme.name for theme in tx.places.themes(theirs)] == [names[2], "sport", names[4]]
        theirs.append(sport)
        assert tx.places.themes(theirs)[0] == Theme(sport, "Sport")
        assert [theme.name for theme in tx.places.themes(theirs)][2:] == names[3:]
        for place in (SPORT, PITCH):
            tx.places.leave(place, NOW)
        assert "Sport" not in [theme.name for theme in tx.places.themes(theirs)]
        assert tx.places.themes([]) == []

    await store.run(work)


async def test_a_theme_of_its_own_keeps_its_name_where_its_place_moved(store: Database) -> None:
    def work(tx: Transaction) -> None:
        old, new = Place("matrix", "!old"), Place("matrix", "!later")
        tx.places.bind(old, tx.places.theme_named("matrix:!old").id, "Buurthuis", None, "matrix")
        tx.places.move(old, new)
        assert [theme.name for theme in tx.places.themes()] == ["Buurthuis"]

    await store.run(work)


async def test_what_is_over_goes_to_no_other_room_or_account(store: Database) -> None:
    def work(tx: Transaction) -> None:
        bind(tx, PITCH)
        theme = tx.places.theme_named("Sport").id
        for number in range(12):
            tx.boards.open(f"poll:{number}", theme, [PITCH])
        for board in tx.boards.stale("matrix", NOW, 99):
            tx.boards.shown(board, (f"${board.subject}",), HELLO, NOW)
        for number in range(11):
            tx.boards.mark(f"poll:{number}")
            tx.boards.end(f"poll:{number}")
        tx.places.move(PITCH, NEW)
        assert [board.subject for board in tx.boards.stale("matrix", NOW, 99)] == ["poll:11"]
        tx.boards.end("poll:11")
        tx.places.bind(NEW, theme, "a name", None, "matrix:second")
        assert tx.boards.stale("matrix:second", NOW, 99) == []

    await store.run(work)


async def test_where_plein_is_not_a_board_rests(store: Database) -> None:
    def work(tx: Transaction) -> None:
        bind(tx, PITCH)
        tx.boards.open("poll:1", tx.places.theme_named("Sport").id, [PITCH])
        (board,) = tx.boards.stale("matrix", NOW, 9)
        tx.boards.shown(board, ("$1",), HELLO, NOW)
        tx.places.leave(PITCH, NOW)
        tx.boards.mark("poll:1")
        assert tx.boards.stale("matrix", NOW, 9) == []
        assert tx.boards.next_try(["matrix"], NOW - timedelta(days=1)) is None
        bind(tx, PITCH)
        (board,) = tx.boards.stale("matrix", NOW, 9)
        assert board.ref == ("$1",)
        assert tx.boards.message_at("matrix", "$1") == HELLO

    await store.run(work)
