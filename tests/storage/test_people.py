"""Who is who: several accounts can be one person."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.model.people import Identity, Role
from bot.ports.storage import Transaction
from storage.engines import Database

ANNA = Identity("discord", "anna")
ANNA_TOO = Identity("matrix", "@anna:x")
BEN = Identity("matrix", "@ben:x")


async def test_a_stranger_becomes_a_resident(store: Database) -> None:
    assert await store.run(lambda tx: tx.people.by_identity(ANNA)) is None
    added = await store.run(lambda tx: tx.people.add(ANNA, "Anna"))
    assert (added.name, added.locale, added.role) == ("Anna", None, Role.RESIDENT)
    assert await store.run(lambda tx: tx.people.by_identity(ANNA)) == added
    # The same name on another platform is somebody else.
    assert await store.run(lambda tx: tx.people.by_identity(Identity("matrix", "anna"))) is None


async def test_accounts_become_one_person(store: Database) -> None:
    def link(tx: Transaction) -> None:
        tx.people.link("Anna Peeters", [ANNA, ANNA_TOO], Role.ORGANISER)

    def who(tx: Transaction) -> list[object]:
        return [tx.people.by_identity(one) for one in (ANNA, ANNA_TOO)]

    known = await store.run(lambda tx: tx.people.add(ANNA_TOO, "anna"))
    for _ in range(2):
        await store.run(link)
        one, other = await store.run(who)
        assert one == other
        assert (known.id, "Anna Peeters", Role.ORGANISER) == (one.id, one.name, one.role)  # type: ignore[attr-defined]


async def test_accounts_that_were_two_people_become_one(store: Database) -> None:
    first = await store.run(lambda tx: tx.people.add(ANNA, "anna"))
    await store.run(lambda tx: tx.people.add(ANNA_TOO, "anna"))
    await store.run(lambda tx: tx.people.link("Anna", [ANNA, ANNA_TOO], Role.RESIDENT))
    found = await store.run(lambda tx: [tx.people.by_identity(one) for one in (ANNA, ANNA_TOO)])
    assert [one.id for one in found if one] == [first.id, first.id]


async def test_roles(store: Database) -> None:
    await store.run(lambda tx: tx.people.add(ANNA, "Anna"))
    await store.run(lambda tx: tx.people.grant(ANNA, Role.MODERATOR))
    await store.run(lambda tx: tx.people.grant(BEN, Role.ORGANISER))

    async def with_role(role: Role) -> set[Identity]:
        return set(await store.run(lambda tx: tx.people.with_role(role)))

    assert await with_role(Role.MODERATOR) == {ANNA}
    assert await with_role(Role.ORGANISER) == {ANNA, BEN}
    anna = await store.run(lambda tx: tx.people.by_identity(ANNA))
    assert anna
    assert (anna.name, anna.role) == ("Anna", Role.MODERATOR)
    await store.run(lambda tx: tx.people.grant(ANNA, Role.RESIDENT))
    assert await with_role(Role.MODERATOR) == set()


async def test_a_language_is_kept(store: Database) -> None:
    anna = await store.run(lambda tx: tx.people.add(ANNA, "Anna"))
    await store.run(lambda tx: tx.people.set_locale(anna.id, "en"))
    found = await store.run(lambda tx: tx.people.by_identity(ANNA))
    assert found
    assert found.locale == "en"


async def test_who_has_left_takes_no_part_any_more_unless_elsewhere(store: Database) -> None:
    def work(tx: Transaction) -> list[bool]:
        theme = tx.places.theme_named("sport").id
        anna, ben = tx.people.add(ANNA, "Anna"), tx.people.add(BEN, "Ben")
        tx.people.link("Anna", [ANNA, ANNA_TOO], Role.RESIDENT)
        for one in (anna, ben):
            tx.people.take_part(one.id, theme, Role.MODERATOR, datetime(2026, 12, 1, tzinfo=UTC))
        tx.people.leave(anna.id, theme, "discord")
        tx.people.leave(ben.id, theme, "matrix")
        return [tx.people.part_in(one.id, theme) is not None for one in (anna, ben)]

    assert await store.run(work) == [True, False]
