"""Who is who: several accounts can be one person."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

from bot.features.polls.records import POLLS
from bot.model.message import message, typed
from bot.model.people import Identity, Known, Part, Place, Resident, Role
from bot.ports.storage import Transaction
from storage.engines import Database
from tests.doubles.polls import a_plan

ANNA = Identity("discord", "anna")
ANNA_TOO = Identity("matrix", "@anna:x")
BEN = Identity("matrix", "@ben:x")
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def test_a_stranger_becomes_a_resident(store: Database) -> None:
    assert await store.run(lambda tx: tx.people.by_identity(ANNA)) is None
    added = await store.run(lambda tx: tx.people.add(ANNA, "Anna"))
    assert (added.name, added.locale, added.role) == ("Anna", None, Role.RESIDENT)
    assert await store.run(lambda tx: tx.people.by_identity(ANNA)) == added
    # The same name on another platform is somebody else.
    assert await store.run(lambda tx: tx.people.by_identity(Identity("matrix", "anna"))) is None


async def test_accounts_become_one_person(store: Database) -> None:
    def link(tx: Transaction) -> None:
        tx.people.link([ANNA, ANNA_TOO], "Anna Peeters", Role.ORGANISER)

    def who(tx: Transaction) -> list[object]:
        return [tx.people.by_identity(identity) for identity in (ANNA, ANNA_TOO)]

    known = await store.run(lambda tx: tx.people.add(ANNA_TOO, "anna"))
    for _ in range(2):
        await store.run(link)
        first, second = await store.run(who)
        assert first == second
        assert (known.id, "Anna Peeters", Role.ORGANISER) == (first.id, first.name, first.role)  # type: ignore[attr-defined]


async def test_accounts_that_were_two_people_become_one(store: Database) -> None:
    first = await store.run(lambda tx: tx.people.add(ANNA, "anna"))
    await store.run(lambda tx: tx.people.add(ANNA_TOO, "anna"))
    await store.run(lambda tx: tx.people.link([ANNA, ANNA_TOO], "Anna", Role.RESIDENT))
    found = await store.run(lambda tx: [tx.people.by_identity(identity) for identity in (ANNA, ANNA_TOO)])
    assert [person.id for person in found if person] == [first.id, first.id]


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


async def test_an_account_that_has_left_takes_no_part_any_more_and_the_other_one_does(
    store: Database,
) -> None:
    def work(tx: Transaction) -> None:
        theme = tx.places.theme_named("sport").id
        anna, _ = tx.people.link([ANNA, ANNA_TOO], "Anna", Role.RESIDENT)
        for account in (ANNA, ANNA_TOO):
            tx.people.take_part(account, anna, theme, Part(Role.MODERATOR, NOON, NOON))
        tx.people.leave(ANNA, theme)
        assert tx.people.part_of(ANNA, theme) is None
        assert tx.people.parts(anna, theme) == [(ANNA_TOO, theme, Part(Role.MODERATOR, NOON, NOON))]
        assert tx.people.parts(anna, theme + 1) == []

    await store.run(work)


async def test_since_when_somebody_takes_part_stays_as_it_was_said_first(store: Database) -> None:
    later = Part(Role.RESIDENT, NOON + DAY, NOON + DAY)

    def work(tx: Transaction, *parts: Part) -> None:
        theme = tx.places.theme_named("sport").id
        anna = tx.people.by_identity(ANNA) or tx.people.add(ANNA, "Anna")
        for part in parts:
            tx.people.take_part(ANNA, anna.id, theme, part)
            assert tx.people.part_of(ANNA, theme) == Part(part.role, NOON, part.said_at)

    await store.run(lambda tx: work(tx, Part(Role.MODERATOR, NOON, NOON), later))
    await store.run(lambda tx: work(tx, later))
    await store.run(lambda tx: work(tx, Part(Role.MODERATOR, NOON - DAY, NOON)))


async def test_since_when_is_no_moment_that_lies_ahead(store: Database) -> None:
    """As where the clock was ahead when they came, and was put right."""

    def come(tx: Transaction, part: Part) -> None:
        theme = tx.places.theme_named("sport").id
        anna = tx.people.by_identity(ANNA) or tx.people.add(ANNA, "Anna")
        tx.people.take_part(ANNA, anna.id, theme, part)

    await store.run(lambda tx: come(tx, Part(Role.RESIDENT, NOON + DAY, NOON + DAY)))
    await store.run(lambda tx: come(tx, Part(Role.RESIDENT, NOON, NOON)))
    await store.run(lambda tx: come(tx, Part(Role.RESIDENT, NOON + 2 * DAY, NOON + 2 * DAY)))
    found = await store.run(lambda tx: tx.people.part_of(ANNA, tx.places.theme_named("sport").id))
    assert found == Part(Role.RESIDENT, NOON, NOON + 2 * DAY)


def _themes(tx: Transaction, asker: Resident | None) -> set[int] | None:
    return {theme for _, theme, _ in tx.people.parts(asker.id)} if asker else None


async def everybody(store: Database) -> list[Resident]:
    """Anna, two Bens and Céline; Anna and the first Ben take part in sport, Céline and both Bens in music."""

    def add(tx: Transaction) -> list[Resident]:
        people = [
            tx.people.add(Identity("discord", str(number)), name)
            for number, name in enumerate(("Anna", "Ben", "ben ", "Céline"))
        ]
        sport, music = tx.places.theme_named("sport").id, tx.places.theme_named("music").id
        for theme, number in ((sport, 0), (sport, 1), (music, 1), (music, 2), (music, 3)):
            account = Identity("discord", str(number))
            tx.people.take_part(account, people[number].id, theme, Part(Role.RESIDENT, NOON, NOON))
        return people

    return await store.run(add)


async def test_people_are_found_by_name_among_those_of_shared_themes(store: Database) -> None:
    anna, ben, other_ben, celine = await everybody(store)

    async def named(name: str, asker: Resident | None) -> list[int]:
        found = await store.run(lambda tx: tx.people.named(name, _themes(tx, asker)))
        return [resident.id for resident in found]

    assert await named("BEN", anna) == [ben.id]
    assert await named("ben", celine) == [ben.id, other_ben.id]
    assert await named("Ben (2)", celine) == [other_ben.id]
    assert await named("Ben (2)", anna) == []  # they share no theme
    assert await named("Ben (3)", None) == []
    assert await named("Ben (0)", None) == []
    assert await named("celine", ben) == [celine.id]
    assert await named("Celine", anna) == []
    assert await named("Celine", None) == [celine.id]
    assert await named("", None) == []


async def test_people_are_suggested_by_a_part_of_their_name(store: Database) -> None:
    anna, _, _, celine = await everybody(store)

    async def suggested(part: str, asker: Resident | None, most: int = 25) -> list[str]:
        found = await store.run(lambda tx: tx.people.suggested(part, _themes(tx, asker), most))
        return [resident.name for resident in found]

    assert await suggested("", anna) == ["Anna", "Ben"]
    assert await suggested("EN", celine) == ["Ben", "ben "]
    assert await suggested("élin", celine) == ["Céline"]
    assert await suggested("", None, 2) == ["Anna", "Ben"]
    assert await suggested("%", None) == []


async def test_people_of_one_name_are_told_apart(store: Database) -> None:
    anna, ben, other_ben, _ = await everybody(store)
    known = await store.run(lambda tx: tx.people.known([anna.id, ben.id, other_ben.id, 999]))
    assert [known[person.id].name for person in (anna, ben, other_ben)] == ["Anna", "Ben (1)", "ben  (2)"]
    assert 999 not in known


async def test_a_name_is_what_their_platform_calls_them_until_one_is_chosen(store: Database) -> None:
    anna = await store.run(lambda tx: tx.people.add(ANNA, "anna"))

    async def shown() -> Known:
        return (await store.run(lambda tx: tx.people.known([anna.id])))[anna.id]

    await store.run(lambda tx: tx.people.heard(anna, ANNA, "Anna P."))
    assert await shown() == Known("Anna P.", (ANNA,))
    await store.run(lambda tx: tx.people.link([ANNA, ANNA_TOO], "Anna Peeters", Role.RESIDENT))
    await store.run(lambda tx: tx.people.heard(anna, ANNA_TOO, "anna"))
    assert await shown() == Known("Anna Peeters", (ANNA_TOO, ANNA))
    assert [person.id for person in await store.run(lambda tx: tx.people.named("anna peeters", None))] == [
        anna.id
    ]


async def test_whoever_turns_out_to_be_one_person_has_all_accounts_and_the_most_of_both(
    store: Database,
) -> None:
    def work(tx: Transaction) -> None:
        theme = tx.places.theme_named("sport").id
        anna, second = tx.people.add(ANNA, "Anna"), tx.people.add(BEN, "anna")
        tx.people.link([BEN, ANNA_TOO], None, None)
        tx.people.grant(BEN, Role.MODERATOR)
        tx.people.take_part(ANNA, anna.id, theme, Part(Role.ORGANISER, NOON, NOON))
        tx.people.take_part(BEN, second.id, theme, Part(Role.RESIDENT, NOON - DAY, NOON))
        assert tx.people.link([ANNA, BEN], None, None) == (anna.id, [second.id])
        # The account that was not named goes along with its owner.
        assert {found.id for who in (ANNA, BEN, ANNA_TOO) if (found := tx.people.by_identity(who))} == {
            anna.id
        }
        assert {account for account, _, _ in tx.people.parts(anna.id, theme)} == {ANNA, BEN}
        assert tx.people.parts(second.id) == []
        assert set(tx.people.with_role(Role.MODERATOR)) == {ANNA, BEN, ANNA_TOO}
        tx.people.remove(second.id)

    await store.run(work)


async def test_what_waits_for_somebody_who_is_forgotten_is_not_said(store: Database) -> None:
    def work(tx: Transaction) -> None:
        anna = tx.people.by_identity(ANNA) or tx.people.add(ANNA, "Anna")
        tx.people.add(Identity("matrix", "anna"), "another")
        readers: list[Place | Identity] = [ANNA, Identity("matrix", "anna"), Place("discord", "anna")]
        for at, to in enumerate(readers):
            tx.posts.add(f"post {at}", to, message(typed("hello")), NOON)
        tx.people.forget(anna.id, NOON, NOON)
        assert [post.to for post in tx.posts.due("discord", NOON, 9)] == [Place("discord", "anna")]
        assert [post.to for post in tx.posts.due("matrix", NOON, 9)] == [Identity("matrix", "anna")]
        assert tx.people.by_identity(ANNA) is None

    await store.run(work)


async def test_whoever_was_forgotten_is_no_namesake_of_anybody(store: Database) -> None:
    """Of some names nothing is left as they are looked for; who has none at all is not among those."""

    def work(tx: Transaction) -> None:
        gone, nameless = tx.people.add(ANNA, "Anna"), tx.people.add(BEN, "!!!")
        theme = tx.places.theme_named("sport").id
        tx.of(POLLS).add(a_plan(theme, gone.id), "open")
        tx.people.forget(gone.id, NOON, NOON)
        assert [resident.id for resident in tx.people.named("!!!", None)] == [nameless.id]
        assert tx.people.known([gone.id, nameless.id]) == {nameless.id: Known("!!!", (BEN,))}

    await store.run(work)


async def test_to_be_forgotten_within_a_part_that_is_undone_changes_nothing(store: Database) -> None:
    """Whether something still refers to them is tried in a part of its own, within that."""

    class Undone(Exception):
        pass

    def work(tx: Transaction) -> None:
        anna = tx.people.by_identity(ANNA) or tx.people.add(ANNA, "Anna")
        tx.of(POLLS).add(a_plan(tx.places.theme_named("sport").id, anna.id), "open")
        with contextlib.suppress(Undone), tx.savepoint(eager=True):
            tx.posts.add("undone", BEN, message(typed("hello")), NOON)
            tx.people.forget(anna.id, NOON, NOON)
            raise Undone
        assert tx.people.by_identity(ANNA) == anna
        assert tx.posts.due("matrix", NOON, 9) == []

    await store.run(work)


async def test_however_much_is_kept_of_somebody_all_of_it_is_handed_out_once(store: Database) -> None:
    """Page after page, also where all of it is from one moment."""
    now, many = datetime(2026, 1, 1, tzinfo=UTC), 6_100
    who, answer = Identity("test", "anna"), message(typed("x"))

    def leave(tx: Transaction) -> int:
        anna = tx.people.add(who, "Anna").id
        for number in range(many):
            tx.posts.add(f"said:{number}", who, answer, now)
            tx.handled.add(f"did:{number}", now, answer, None, author=who)
        return anna

    anna = await store.run(leave)
    kept = await store.read(lambda tx: tx.people.export(anna))
    for name, key in (("posts", "said"), ("handled", "did")):
        assert len(kept[name]) == many
        assert {row["id"] for row in kept[name]} == {f"{key}:{number}" for number in range(many)}
