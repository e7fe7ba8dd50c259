"""Files on Discord: brought with what they are posted with, fetched from Discord alone, shown once."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.discord import copies
from adapters.discord import files as posting
from bot.core import PleinCore
from bot.errors import NotCarried, StoreFailed, TryLater
from bot.model.carried import SAME, Spoken
from bot.model.files import Posted
from bot.model.message import Text
from bot.model.people import Place
from bot.rich import Words
from tests.adapters.discord.carrying import Carrying, carrying, plein_carrying, said
from tests.doubles.discord import Discord, Person, Server
from tests.doubles.discord.http import FILE
from tests.doubles.discord.state import Channel
from tests.on_discord import OnDiscord
from tests.posted import Elsewhere, picture

SAY = "POST /webhooks/{webhook_id}/{webhook_token}"
CHANGE = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
GET_FILE = f"GET {FILE}"


@pytest.fixture
async def plein(core: Carrying, double: Discord, database: str, sport: Channel) -> AsyncIterator[OnDiscord]:
    async with plein_carrying(double, database, sport) as plein:
        yield plein


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    files = Elsewhere()
    monkeypatch.setattr(PleinCore, "fetch", lambda _, *asked: files.fetch(*asked))
    return files


async def fetched(plein: OnDiscord, there: Channel, posted: Posted) -> bytes:
    """What is in it, as Discord gives it."""
    pieces: list[bytes] = []
    await plein.adapter.fetch(Place("discord", there.id), posted, pieces.append)
    return b"".join(pieces)


# --- from Discord ---


async def test_files_are_brought_with_their_words_and_without_any(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    photo = picture()
    first = await anna.says("sport", "Kijk!", files={"foto.png": photo, "SPOILER_einde.txt": b"hij wint"})
    await anna.says("sport", files={"zonder woorden.txt": b"a"})
    await core.until_heard("Kijk!", "")
    shown, hidden = core.heard[0].files
    [alone] = core.heard[1].files
    assert core.heard[0].rich == (Words("Kijk!"),)
    assert (shown.name, shown.size, shown.kind, shown.hidden) == ("foto.png", len(photo), "image/png", False)
    assert (hidden.name, hidden.hidden) == ("einde.txt", True)
    assert (alone.name, core.heard[1].rich) == ("zonder woorden.txt", ())
    assert await fetched(plein, sport, shown) == photo
    assert await fetched(plein, sport, hidden) == b"hij wint"
    # Where a file is nobody keeps: Discord says it anew, whenever that is.
    assert first.id in shown.source
    assert "http" not in shown.source
    plein.double.clock.turn(3 * 24 * 3600)
    assert await fetched(plein, sport, shown) == photo


async def test_stickers_are_pictures_and_one_that_is_drawn_is_a_name(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    still, moving = picture(), picture("GIF")
    await anna.says("sport", stickers=[("zwaai", 1, still), ("hop", 4, moving), ("dans", 3, b"{}")])
    await core.until_heard("")
    first, second, drawn = core.heard[0].files
    assert [first.name, second.name, drawn.name] == ["zwaai.png", "hop.gif", "dans"]
    assert await fetched(plein, sport, first) == still
    assert await fetched(plein, sport, second) == moving
    assert drawn.source == ""


async def test_a_forward_says_so_and_nobody_said_it(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person, ben: Person
) -> None:
    town.channel("elders")
    there = await ben.says("elders", "**Lees** dit", files={"a.txt": b"dit"})
    await anna.forwards(there, "sport")
    await core.until_heard("")
    [heard] = core.heard
    assert (heard.forwarded, heard.name, heard.reply_to) == (True, "anna", None)
    assert "Lees" in str(heard.rich)
    assert await fetched(plein, sport, heard.files[0]) == b"dit"


async def test_a_change_of_words_keeps_the_files_and_one_that_is_taken_away_is_told_of(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    message = await anna.says("sport", "een", files={"a.txt": b"a", "b.txt": b"b"})
    plein.double.clock.turn(1)
    await anna.edits(message, "twee")
    plein.double.clock.turn(1)
    await anna.edits(message, "twee", without="a.txt")
    await core.until_heard("een", "twee", "twee")
    assert [[file.name for file in heard.files] for heard in core.heard] == [
        ["a.txt", "b.txt"],
        ["a.txt", "b.txt"],
        ["b.txt"],
    ]


async def test_after_an_outage_files_come_too(
    double: Discord, database: str, sport: Channel, anna: Person
) -> None:
    with carrying(sport) as core:
        async with plein_carrying(double, database, sport):
            await anna.says("sport", "een")
            await core.until_heard("een")
        await anna.says("sport", files={"a.txt": b"a"})
        async with plein_carrying(double, database, sport) as plein:
            await plein.caught_up()
            await core.until_heard("een", "")
            assert await fetched(plein, sport, core.heard[-1].files[0]) == b"a"


async def test_where_nothing_is_carried_no_file_is_kept_or_fetched(
    core: Carrying, plein: OnDiscord, town: Server, anna: Person
) -> None:
    town.channel("elders")
    await anna.says("elders", "een", files={"a.txt": b"a"})
    await anna.says("sport", "twee")
    await core.until_heard("twee")
    assert plein.double.http.fetched == []


async def test_what_is_gone_or_elsewhere_is_not_to_be_had(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await anna.says("sport", "een", files={"a.txt": b"a"})
    await core.until_heard("een")
    [posted] = core.heard[0].files
    made_up = ["https://elders.example/a", "sticker:1/../../x:png", "sticker:7:json", "1:2", "a:b:c", ""]
    for source in [*made_up, "sticker:7:png", posted.source.rpartition(":")[0] + ":1"]:
        with pytest.raises(NotCarried):
            await fetched(plein, sport, Posted(source, "a.txt"))
    plein.double.faults.answer(302, GET_FILE, headers={"Location": "https://elders.example/a"})
    with pytest.raises(NotCarried):
        await fetched(plein, sport, posted)
    plein.double.faults.answer(503, GET_FILE)
    with pytest.raises(ConnectionError):
        await fetched(plein, sport, posted)
    plein.double.faults.rate_limit(GET_FILE)
    with pytest.raises(TryLater):
        await fetched(plein, sport, posted)
    monkeypatch.setattr(posting, "PATIENCE", aiohttp.ClientTimeout(total=None, sock_read=0.05))
    held = plein.double.faults.hold(GET_FILE)
    with pytest.raises(ConnectionError):
        await fetched(plein, sport, posted)
    held.release()
    monkeypatch.setattr(posting, "HOSTS", ("cdn.elders.example",))
    with pytest.raises(NotCarried):
        await fetched(plein, sport, posted)
    monkeypatch.undo()
    await anna.deletes(message)
    with pytest.raises(NotCarried):
        await fetched(plein, sport, posted)


# --- to Discord ---


async def test_a_file_stands_there_with_its_words_hidden_where_it_was(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    photo, end = picture(), b"hij wint"
    files = (
        elsewhere.post("foto.png", photo, about="een foto"),
        elsewhere.post("../einde.txt", end, hidden=True),
    )
    number = await core.show(plein, sport, said("Kijk!", plein.clock.now(), files=files))
    [shown] = core.shown(sport, number)
    assert (shown.shown_as, shown.content) == ("Mia", "Kijk!")
    assert [(file.filename, file.data) for file in shown.attachments] == [
        ("foto.png", photo),
        ("SPOILER_einde.txt", end),
    ]
    assert shown.attachments[0].description == "een foto"
    # And one without words.
    alone = await core.show(plein, sport, said((), plein.clock.now(), files=files[:1]))
    [shown] = core.shown(sport, alone)
    assert (shown.content, [file.data for file in shown.attachments]) == ("", [photo])


async def test_changed_words_leave_the_files_and_a_file_that_goes_goes(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    a, b = elsewhere.post("a.png", picture()), elsewhere.post("één b.txt", b"b")
    number = await core.show(plein, sport, said("een", plein.clock.now(), files=(a, b)))
    [shown] = core.shown(sport, number)
    before = [file.id for file in shown.attachments]
    elsewhere.asked.clear()
    await core.show(plein, sport, said("twee", plein.clock.now(), files=(a, b)), number)
    assert (shown.content, [file.id for file in shown.attachments]) == ("twee", before)
    await core.show(plein, sport, said("twee", plein.clock.now(), files=(b,)), number)
    assert [file.id for file in shown.attachments] == before[1:]
    assert elsewhere.asked == []
    c = elsewhere.post("c.txt", b"c")
    await core.show(plein, sport, said("twee", plein.clock.now(), files=(b, c)), number)
    assert [file.data for file in shown.attachments] == [b"b", b"c"]
    await core.show(plein, sport, Spoken(SAME, (), plein.clock.now()), number)
    assert len(shown.attachments) == 2
    await core.show(plein, sport, said("twee", plein.clock.now()), number)
    assert (shown.content, shown.attachments) == ("twee", [])
    await core.show(plein, sport, None, number)
    assert not sport.messages


async def test_what_cannot_come_along_is_told_of_by_its_name(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    large = elsewhere.post("verslag.pdf", b"%PDF-1.7", size=12_000_000)
    gone = Posted("nergens", "weg.txt", 2_000, hidden=True)
    drawn = Posted("", "dans")
    why: list[Text | None] = []
    for files in ((large, gone, drawn), (large,), (drawn,)):
        await core.show(plein, sport, said("Lees", plein.clock.now(), files=files))
        why.append(core.why)
    shown = [message.content for message in sport.messages.values()]
    assert shown == [
        "Lees\n📎 verslag.pdf (12 MB)\n||📎 weg.txt (2 kB)||\n📎 dans",
        "Lees\n📎 verslag.pdf (12 MB)",
        "Lees\n📎 dans",
    ]
    assert [each and each.key for each in why] == ["carried.files", "carried.file.large", None]


async def test_more_files_than_a_message_has_room_for(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    files = tuple(elsewhere.post(f"{number}.txt", b"a") for number in range(12))
    number = await core.show(plein, sport, said("Veel", plein.clock.now(), files=files))
    [shown] = core.shown(sport, number)
    assert len(shown.attachments) == 10
    assert shown.content == "Veel\n📎 10.txt (1 kB)\n📎 11.txt (1 kB)"


async def test_where_discord_takes_less_than_it_says_the_words_stand(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    post = elsewhere.post("a.bin", b"a" * 2_000)
    for refusal in (
        {"status": 413, "body": {"message": "too large", "code": 40005}},
        {"status": 413, "body": "x"},
    ):
        plein.double.faults.answer(refusal.pop("status"), SAY, **refusal)  # type: ignore[arg-type]
        number = await core.show(plein, sport, said("Kijk", plein.clock.now(), files=(post,)))
        [shown] = core.shown(sport, number)
        assert (shown.content, shown.attachments) == ("Kijk\n📎 a.bin (2 kB)", [])


@pytest.mark.parametrize("fault", ["502 after", "lost after", "lost before", "429", "webhook gone"])
async def test_whatever_becomes_of_the_answer_a_file_stands_there_once(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere, fault: str
) -> None:
    await core.show(plein, sport, said("nul", plein.clock.now()))
    photo = picture()
    post = elsewhere.post("foto.png", photo)
    faults = plein.double.faults
    match fault:
        case "502 after":
            faults.answer(502, SAY, after=True)
        case "lost after":
            faults.drop(SAY, after=True)
        case "lost before":
            faults.drop(SAY)
        case "429":
            faults.rate_limit(SAY)
        case _:
            plein.double.world.webhooks.clear()
    number = await core.show(plein, sport, said("Kijk!", plein.clock.now(), files=(post,)))
    [shown] = core.shown(sport, number)
    assert [message.content for message in sport.messages.values()] == ["nul", "Kijk!"]
    assert [file.data for file in shown.attachments] == [photo]
    assert elsewhere.asked.count("foto.png") <= 2


async def test_what_a_webhook_that_is_gone_said_is_said_anew_with_its_files(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    photo = picture()
    post = elsewhere.post("foto.png", photo)
    number = await core.show(plein, sport, said("een", plein.clock.now(), files=(post,)))
    plein.double.world.webhooks.clear()
    await core.show(plein, sport, said("twee", plein.clock.now(), files=(post,)), number)
    [shown] = core.shown(sport, number)
    assert (shown.content, [file.data for file in shown.attachments]) == ("twee", [photo])
    assert len(sport.messages) == 1


async def test_a_file_that_has_to_wait_leaves_nothing_there(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    post = elsewhere.post("a.txt", b"a")
    elsewhere.trouble.append(TryLater(10, unsent=True))
    with pytest.raises(TryLater) as waits:
        await core.once(plein, sport, 1, said("een", plein.clock.now(), files=(post,)))
    assert waits.value.unsent
    assert not sport.messages


async def test_a_forward_is_told_to_be_one(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    number = await core.show(plein, sport, said("Lees", plein.clock.now(), forwarded=True))
    assert core.shown(sport, number)[0].content == "-# doorgestuurd\nLees"


async def test_killed_before_it_is_noted_it_stands_there_once(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere
) -> None:
    photo = picture()
    spoken = said("Kijk!", plein.clock.now(), files=(elsewhere.post("foto.png", photo),))

    async def killed(part: int, ref: str) -> None:
        raise StoreFailed

    await core.show(plein, sport, said("nul", plein.clock.now()))
    with pytest.raises(StoreFailed):
        await core.once(plein, sport, 7, spoken, noting=killed)
    elsewhere.asked.clear()
    await core.show(plein, sport, spoken, 7)
    [shown] = core.shown(sport, 7)
    assert [file.data for file in shown.attachments] == [photo]
    assert (len(sport.messages), elsewhere.asked) == (2, [])


async def test_a_file_is_read_a_piece_at_a_time(
    core: Carrying,
    plein: OnDiscord,
    sport: Channel,
    elsewhere: Elsewhere,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    large, read, most = os.urandom(9_000_000), os.pread, 0

    def reading(number: int, size: int, at: int) -> bytes:
        nonlocal most
        most = max(most, size)
        return read(number, size, at)

    monkeypatch.setattr(os, "pread", reading)
    number = await core.show(
        plein, sport, said("Kijk", plein.clock.now(), files=(elsewhere.post("a.bin", large),))
    )
    [shown] = core.shown(sport, number)
    assert shown.attachments[0].data == large
    assert 0 < most <= 1 << 20


async def test_files_that_take_for_ever_hold_up_nothing_for_ever(
    core: Carrying, plein: OnDiscord, sport: Channel, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "SLOW", 0.0)
    plein.double.faults.drop(SAY, times=copies.MOST_SLOW)
    post = elsewhere.post("a.txt", b"a")
    number = await core.show(plein, sport, said("Kijk", plein.clock.now(), files=(post,)))
    [shown] = core.shown(sport, number)
    assert (shown.content, shown.attachments) == ("Kijk\n📎 a.txt (1 kB)", [])


async def test_what_answers_a_file_says_which(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    files = {"foto.png": picture(), "SPOILER_einde.png": picture()}
    asked = await anna.says("sport", files=files)
    number = await core.show(plein, sport, said("Mooi", plein.clock.now()), answers=asked.id)
    above, _ = core.shown(sport, number)[0].content.split("\n")
    assert above.endswith(") 📎 foto.png")
