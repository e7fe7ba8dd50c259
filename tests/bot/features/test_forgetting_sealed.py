"""What others were told in private of whoever is forgotten goes with them, though it is kept sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from bot.clock import HandClock
from bot.model.message import message, text, typed
from bot.model.people import Resident
from bot.ports.storage import Transaction
from storage.tables import handled, posts
from tests.bot.features.test_forgetting import forget
from tests.chat import NOW, Chat, open_chat
from tests.doubles.linking import account, ask, code_for, key, link, press, resident, say
from tests.test_people_tables import db

OLIVE, ANN, BEN = "olive@signal", "annelies@discord", "benedict@matrix"
_LATE = handled.c.id == "console:late"
HIS = ("kingfishers", "benedict")


def opened(tx: Transaction) -> Sequence[str]:
    """All that is kept sealed, as whoever has the keys reads it."""
    found = []
    for body, table in ((handled.c.answer, handled), (posts.c.message, posts)):
        for row in list(db(tx).execute(select(table.c.key, body.label("body")).where(table.c.key != ""))):
            words = tx.envelopes.unseal(row.key, row.body)  # type: ignore[attr-defined]
            assert words is not None
            found.append(words)
    return found


async def told_of(chat: Chat, *words: str) -> list[str]:
    kept = await chat.core.store.run(opened)
    return [said for said in kept if any(word in said for word in words)]


async def here(chat: Chat, *who: str) -> None:
    for each in who:
        await say(chat, f"{each}/sport: !help")


@pytest.mark.parametrize("linked", ["", "before", "since"])
@pytest.mark.parametrize("asks", ["!who is benedict", "!who knows kingfishers"])
async def test_who_is_who(database_url: str, asks: str, linked: str) -> None:
    """Whatever account of theirs it was about by then."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, OLIVE, ANN, BEN)
        await ask(chat, BEN, "!me expertise kingfishers")
        await ask(chat, BEN, "!me expertise --show")
        if linked == "before":
            await link(chat, OLIVE, BEN)
            asks = asks.replace("benedict", "olive")
        assert "kingfishers" in await say(chat, f"{ANN}: {asks}") or await told_of(chat, "kingfishers")
        if linked == "since":
            await link(chat, OLIVE, BEN)
        assert await told_of(chat, "kingfishers")
        await forget(chat, OLIVE if linked else BEN)
        assert not await told_of(chat, *HIS)


@pytest.mark.parametrize("asker", [ANN, BEN])
async def test_a_question_to_link(database_url: str, asker: str) -> None:
    """Whoever gave the code and whoever asked for it read with whom they would be one person."""
    gives = BEN if asker == ANN else ANN
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, ANN, BEN)
        question = await ask(chat, gives, f"!me link {await code_for(chat, asker)}")
        assert key(question) == "link.question"
        assert key(await press(chat, gives, question)) == "link.half"
        assert await told_of(chat, "benedict")
        await forget(chat, BEN)
        assert not await told_of(chat, "benedict")
        # What is theirs alone stays: Ann can be answered again.
        assert await say(chat, f"{ANN}: !me show")


async def test_what_is_still_to_be_said_says_nothing_of_them(database_url: str) -> None:
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, OLIVE, ANN, BEN)
        ben = await resident(chat, BEN)

        def wait(tx: Transaction) -> None:
            said = message(text("link.brings", who=Resident(ben, "")), typed("kingfishers"))
            other = message(text("typed", words="herons"))
            for name, words in (("one", said), ("other", other)):
                tx.posts.add(name, account(ANN), words, NOW, confidential=True)
            chat.core.features.forget(tx, ben, NOW)

        await chat.core.store.run(wait)
        assert not await told_of(chat, "kingfishers")
        printed = await say(chat, f"{ANN}: !help")
        assert "kingfishers" not in printed
        assert "What I was going to say here holds no more." in printed
        assert "herons" in printed


async def test_who_is_told_of_somebody_else_keeps_that(database_url: str) -> None:
    clock = HandClock(NOW)
    async with open_chat(database_url, language="en", clock=clock) as chat:
        await here(chat, OLIVE, ANN, BEN)
        for who, word in ((OLIVE, "owls"), (BEN, "kingfishers")):
            await ask(chat, who, f"!me expertise {word}")
            await ask(chat, who, "!me expertise --show")
        for who in ("olive", "benedict"):
            assert await ask(chat, ANN, f"!who is {who}")
        assert len(await told_of(chat, "owls")) > 1
        await forget(chat, BEN)
        assert await told_of(chat, "owls")
        clock.turn_to(clock.now() + timedelta(minutes=1))
        await chat.core.erasing.flush()
        assert await told_of(chat, "owls")
        assert not await told_of(chat, "kingfishers")


async def test_what_another_process_was_just_answering_goes_with_the_rest(database_url: str) -> None:
    """It knew them still, and keeps it after they were forgotten."""
    async with open_chat(database_url, language="en", clock=HandClock(NOW)) as chat:
        await here(chat, OLIVE, ANN, BEN)
        ben = await resident(chat, BEN)
        said = message(text("link.brings", who=Resident(ben, "")), typed("kingfishers"))

        def answer(tx: Transaction) -> None:
            tx.handled.add("console:late", NOW, said, None, author=account(ANN), confidential=True)

        def marks(tx: Transaction) -> str | None:
            answer(tx)
            found: str | None = db(tx).execute(select(handled.c.names).where(_LATE)).scalar()
            db(tx).execute(delete(handled).where(_LATE))
            return found

        names = await chat.core.store.run(marks)
        await chat.core.forget(ben)
        await chat.core.store.run(answer)
        late = update(handled).where(_LATE).values(names=names)
        await chat.core.store.run(lambda tx: db(tx).execute(late))
        assert await told_of(chat, "kingfishers")
        await chat.core.erasing.flush()
        assert not await told_of(chat, "kingfishers")
