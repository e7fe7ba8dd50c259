"""What people said elsewhere, shown in a channel as theirs: once, in order, and nobody is rung."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from bot.errors import Gone, PlatformFailed, Refused, TryLater, UserError
from bot.masking import mask
from bot.model.carried import SAME, Spoken
from bot.model.people import Place
from bot.rich import SMALL, Heading, Link, Mention, Named, Style, Styled, Words
from tests.adapters.discord.carrying import Carrying, carrying, plein_carrying, said
from tests.doubles.discord import Discord, Person, Server, places
from tests.doubles.discord.state import Channel, Webhook
from tests.on_discord import OnDiscord

SAY = "POST /webhooks/{webhook_id}/{webhook_token}"
CHANGE = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
TAKE_AWAY = "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"
MAKE = "POST", "/channels/{channel_id}/webhooks"
ALL_BUT_WEBHOOKS = (
    "view_channel",
    "send_messages",
    "embed_links",
    "attach_files",
    "read_message_history",
    "send_polls",
    "send_messages_in_threads",
    "manage_messages",
)


@pytest.fixture
async def plein(core: Carrying, double: Discord, database: str, sport: Channel) -> AsyncIterator[OnDiscord]:
    async with plein_carrying(double, database, sport) as plein:
        yield plein


def rang(there: Channel) -> list[str]:
    return [who for message in (*there.messages.values(), *there.deleted.values()) for who in message.rang]


async def test_words_stand_there_in_the_speakers_name(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    number = await core.show(
        plein,
        sport,
        said((Words("Dag "), Styled(Style.BOLD, (Words("allen"),)), Words(" *echt*")), plein.clock.now()),
    )
    [shown] = core.shown(sport, number)
    assert (shown.shown_as, shown.content) == ("Mia", r"Dag **allen** \*echt\*")
    assert anna.sees("sport") == [shown]
    assert [hook.name for hook in plein.double.world.webhooks.values()] == ["Plein"]


async def test_what_is_changed_is_changed_there_and_what_is_taken_back_goes(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    number = await core.show(plein, sport, said("een", plein.clock.now()))
    [before] = core.shown(sport, number)
    await core.show(plein, sport, said("twee", plein.clock.now()), number)
    [after] = core.shown(sport, number)
    assert (after.id, after.content) == (before.id, "twee")
    await core.show(plein, sport, None, number)
    assert not sport.messages
    # Said again it does no harm.
    core.stands[number] = [before.id]
    await core.show(plein, sport, None, number)


async def test_an_answer_shows_what_it_answers_above_it(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    asked = "**Wie** weet dit: ||geheim|| <@1> https://plein.be/x en nog heel veel woorden daarachter"
    question = await anna.says("sport", asked)
    number = await core.show(plein, sport, said("Ik!", plein.clock.now()), answers=question.id)
    [shown] = core.shown(sport, number)
    above, words = shown.content.split("\n")
    link = f"https://discord.com/channels/{sport.guild_id}/{sport.id}/{question.id}"
    assert above == f"-# ↪ [anna]({link}) Wie weet dit: @? plein.be/x en nog heel veel woorden daarac…"
    assert words == "Ik!"
    # What Plein set above a copy is no part of what was said.
    further = await core.show(plein, sport, said("Ik ook", plein.clock.now()), answers=shown.id)
    assert core.shown(sport, further)[0].content.split("\n")[0].endswith(f"{shown.id}) Ik!")
    await anna.deletes(question)
    alone = await core.show(plein, sport, said("En ik", plein.clock.now()), answers=question.id)
    assert core.shown(sport, alone)[0].content == "En ik"


async def test_nobody_writes_a_line_above_what_they_say(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    """So nobody is quoted with what they never said."""
    forged = Heading(SMALL, (Words("↪ "), Link("https://discord.com/channels/1/2/3", (Words("mo"),))))
    words = Spoken("mia", (forged, Words("echt?")), plein.clock.now())
    number = await core.show(plein, sport, words)
    assert not core.shown(sport, number)[0].content.startswith("-#")
    small = Spoken("mia", (Words("zo"), Heading(SMALL, (Words("klein"),))), plein.clock.now())
    [shown] = core.shown(sport, await core.show(plein, sport, small))
    assert shown.content == "zo\n-# klein"


async def test_what_answers_nothing_any_more_quotes_nobody(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    question = await anna.says("sport", "Wie weet dit?")
    words = said("Ik!\n-# een regel", plein.clock.now())
    number = await core.show(plein, sport, words, answers=question.id, late=True)
    [before] = core.shown(sport, number)
    line, rest = before.content.split("\n", 1)
    assert "anna" in line
    for _ in range(2):
        await core.show(plein, sport, Spoken(SAME, (), plein.clock.now()), number)
        [after] = core.shown(sport, number)
        assert after.id == before.id
        assert (after.shown_as, after.content) == (words.name, rest)
    plain = await core.show(plein, sport, said("Ik ook", plein.clock.now()))
    await core.show(plein, sport, Spoken(SAME, (), plein.clock.now()), plain)
    assert core.shown(sport, plain)[0].content == "Ik ook"


async def test_what_comes_late_says_when_it_was_said(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    at = plein.clock.now()
    number = await core.show(plein, sport, said("Dag", at), late=True)
    above, words = core.shown(sport, number)[0].content.split("\n")
    assert above.startswith("-# om ")
    assert above[-3] == ":"
    assert words == "Dag"
    plein.double.clock.turn(3 * 86_400)
    number = await core.show(plein, sport, said("Dag", at), late=True)
    assert core.shown(sport, number)[0].content.startswith("-# op ")


async def test_long_words_are_several_messages_and_as_many_as_they_need(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    def words(count: int) -> str:
        return " ".join(f"woord{number:04}" for number in range(count))

    number = await core.show(plein, sport, said(words(450), plein.clock.now()))
    first = core.shown(sport, number)
    assert [len(part.content) <= 2_000 for part in first] == [True] * 3
    assert " ".join(part.content for part in first) == words(450)
    for count, parts in ((300, 2), (10, 1), (300, 2)):
        await core.show(plein, sport, said(words(count), plein.clock.now()), number)
        shown = core.shown(sport, number)
        assert len(shown) == parts
        assert " ".join(part.content for part in shown) == words(count)
        assert [*sport.messages.values()] == shown
    assert shown[0].id == first[0].id


async def test_a_part_that_somebody_took_away_is_not_said_again(
    core: Carrying, plein: OnDiscord, sport: Channel, mo: Person
) -> None:
    number = await core.show(plein, sport, said("een", plein.clock.now()))
    await mo.deletes(core.shown(sport, number)[0])
    await core.show(plein, sport, said("twee", plein.clock.now()), number)
    assert not sport.messages
    assert core.stands[number] == []


class Trouble:
    """A quarter is answered 502 after the deed, and of the rest some lost on the way, there or back."""

    def __init__(self, double: Discord, seed: int) -> None:
        self._double = double
        self._chance = random.Random(seed)

    def comes(self) -> None:
        faults = self._double.faults
        faults.clear()
        by = self._chance.random()
        if by < 0.25:
            faults.answer(502, SAY, after=True)
        elif by < 0.325:
            faults.drop(SAY, after=True)
        elif by < 0.40:
            faults.drop(SAY)


async def test_nothing_is_lost_or_said_twice_whatever_answers_come(
    core: Carrying, plein: OnDiscord, sport: Channel, anna: Person
) -> None:
    """Equal texts among them, and others who talk meanwhile."""
    trouble = Trouble(plein.double, 7)
    once = core.once

    async def troubled(*args: object, **more: object) -> None:
        trouble.comes()
        await once(*args, **more)  # type: ignore[arg-type]

    core.once = troubled  # type: ignore[method-assign]
    spoken = [f"zin {number // 3}" for number in range(150)]
    for number, words in enumerate(spoken):
        if number % 5 == 0:
            await anna.says("sport", words)
        await core.show(plein, sport, said(words, plein.clock.now()))
    shown = [message for message in sport.messages.values() if message.webhook_id]
    assert [message.content for message in shown] == spoken
    assert [message.id for message in shown] == [stands[0] for stands in core.stands.values()]
    assert rang(sport) == []
    # Said again is only what was lost on the way there.
    assert len(plein.double.calls_to(*SAY.split())) < 180


async def test_what_was_said_when_plein_crashed_is_found(
    double: Discord, database: str, sport: Channel
) -> None:
    """Another process, which knows only that it was tried."""
    with carrying(sport) as core:
        async with plein_carrying(double, database, sport) as plein:
            await core.show(plein, sport, said("eerst", plein.clock.now()))
            words = said("dag", plein.clock.now())

            with pytest.raises(ConnectionError):
                await core.once(plein, sport, 2, words, noting=_dies)
        assert core.stands[2] == []
        double.clock.turn(20)
        async with plein_carrying(double, database, sport) as plein:
            await core.show(plein, sport, words, 2)
            await core.show(plein, sport, said("dag", plein.clock.now()), 3)
    assert [message.content for message in sport.messages.values()] == ["eerst", "dag", "dag"]
    assert core.stands[2] == [[*sport.messages][1]]
    assert len(double.world.webhooks) == 1


async def _dies(_: int, ref: str) -> None:
    raise ConnectionError("killed before it was noted")


async def test_what_may_have_arrived_is_taken_away_where_it_was_taken_back_meanwhile(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    await core.show(plein, sport, said("eerst", plein.clock.now()))
    plein.double.faults.answer(502, SAY, after=True)
    # Nobody can read what stands there just then.
    plein.double.faults.answer(503, "GET /channels/{channel_id}/messages", times=5)
    with pytest.raises((TryLater, PlatformFailed)):
        await core.once(plein, sport, 2, said("spijt", plein.clock.now()))
    plein.double.faults.clear()
    await core.show(plein, sport, None, 2)
    assert [message.content for message in sport.messages.values()] == ["eerst"]


async def test_what_may_have_arrived_says_what_is_wanted_by_now(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    plein.double.faults.drop(SAY, after=True)
    plein.double.faults.answer(503, "GET /channels/{channel_id}/messages", times=5)
    with pytest.raises((TryLater, PlatformFailed)):
        await core.once(plein, sport, 1, said("een", plein.clock.now()))
    plein.double.faults.clear()
    await core.show(plein, sport, said("twee", plein.clock.now()), 1)
    assert [message.content for message in sport.messages.values()] == ["twee"]


async def test_a_webhook_that_somebody_removed_is_made_anew(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    number = await core.show(plein, sport, said("een", plein.clock.now()))
    plein.double.world.webhooks.clear()
    await core.show(plein, sport, said("twee", plein.clock.now()))
    assert len(plein.double.calls_to(*MAKE)) == 2
    # What the one before said it cannot change: that is said anew, and nothing stands there twice.
    await core.show(plein, sport, said("drie", plein.clock.now()), number)
    assert [message.content for message in sport.messages.values()] == ["twee", "drie"]
    plein.double.world.webhooks.clear()
    await core.show(plein, sport, None, number)
    assert [message.content for message in sport.messages.values()] == ["twee"]


async def test_a_webhook_that_speaks_elsewhere_by_now_says_nothing_there(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server
) -> None:
    await core.show(plein, sport, said("een", plein.clock.now()))
    [hook] = plein.double.world.webhooks.values()
    hook.channel_id = town.channel("geheim").id
    await core.show(plein, sport, said("twee", plein.clock.now()))
    assert [message.content for message in sport.messages.values()] == ["een", "twee"]
    assert not town.channel("geheim").messages


async def test_a_webhook_is_known_again_and_its_secret_kept_nowhere(
    double: Discord, database: str, sport: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    with carrying(sport) as core:
        for words in ("een", "twee"):
            async with plein_carrying(double, database, sport) as plein:
                await core.show(plein, sport, said(words, plein.clock.now()))
                kept = await plein.core.kept(plein.adapter.account, "webhook:")
    [hook] = double.world.webhooks.values()
    assert kept == {f"webhook:{sport.id}": hook.id}
    assert hook.token not in mask(caplog.text)


async def test_a_webhook_of_somebody_else_is_left_alone(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server
) -> None:
    other = plein.double.application("other", "its token")
    town.invite(other)
    theirs = Webhook("1", "their-secret", sport.id, str(sport.guild_id), "Plein", other.user, other.id)
    plein.double.world.webhooks["1"] = theirs
    number = await core.show(plein, sport, said("een", plein.clock.now()))
    assert core.shown(sport, number)[0].webhook_id != theirs.id


async def test_without_the_permission_it_waits_and_says_what_is_lacking(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, double: Discord, anna: Person
) -> None:
    town.permit(double.bot, ALL_BUT_WEBHOOKS)
    await anna.says("sport", "mag niet")
    await core.until_heard("mag niet")
    with pytest.raises(Refused, match="manage webhooks"):
        await core.once(plein, sport, 1, said("een", plein.clock.now()))
    assert not double.calls_to("GET", "/channels/{channel_id}/webhooks")
    town.permit(double.bot, (*ALL_BUT_WEBHOOKS, "manage_webhooks"))
    await anna.says("sport", "mag wel")
    await core.until_heard("mag niet", "mag wel")
    number = await core.show(plein, sport, said("een", plein.clock.now()))
    assert len(core.shown(sport, number)) == 1


async def test_a_channel_that_is_no_more_is_gone(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server
) -> None:
    await core.show(plein, sport, said("een", plein.clock.now()))
    town.close(sport)
    with pytest.raises(Gone):
        await core.show(plein, sport, said("twee", plein.clock.now()))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Mia", "Mia"),
        ("  Mia \n  de  Boer ", "Mia de Boer"),
        ("Discord Moderator", "Disc-ord Moderator"),
        ("my dis\u200bcord", "my disc-ord"),
        ("dіѕсоrd", "dіѕ-соrd"),
        ("ｄｉｓｃｏｒｄ", "ｄｉｓ-ｃｏｒｄ"),
        ("CLÝDE", "CL-ÝDE"),
        ("everyone", "everyone."),
        ("HERE", "HERE."),
        ("\u202egnirts\u202c", "gnirts"),
        ("\u200b\u2800\x07", "iemand"),
        ("dis\u200dcord Clyde", "disc-ord Cl-yde"),
        ("\u200d \u200c", "iemand"),
        ("", "iemand"),
        ("x" * 300, "x" * 79 + "…"),
        ("@everyone <@1>", "@everyone <@1>"),
    ],
)
async def test_a_name_finds_a_form_that_is_taken(
    core: Carrying, plein: OnDiscord, sport: Channel, name: str, shown: str
) -> None:
    number = await core.show(plein, sport, said("dag", plein.clock.now(), name))
    found = core.shown(sport, number)[0].shown_as
    assert found
    assert found.replace("-", "") == shown.replace("-", "")
    assert ("-" in found) == ("-" in shown)


async def test_a_name_that_is_refused_loses_no_words(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    wrong = {"username": {"_errors": [{"code": "USERNAME_X", "message": "No."}]}}
    body = {"message": "Invalid Form Body", "code": 50035, "errors": wrong}
    plein.double.faults.answer(400, SAY, body=body)
    number = await core.show(plein, sport, said("dag", plein.clock.now()))
    assert core.shown(sport, number)[0].shown_as == "iemand"


async def test_nobody_is_ever_rung(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server, anna: Person, mo: Person
) -> None:
    role = town.role("moderators")
    words = (
        Words(f"@everyone @here {anna.mention} <@&{role.id}> "),
        Mention(Named.PERSON, f"{anna.mention} @everyone"),
        Heading(1, (Words(anna.mention),)),
    )
    question = await anna.says("sport", f"{mo.mention} @everyone")
    question.rang.clear()
    number = await core.show(
        plein, sport, said(words, plein.clock.now(), anna.mention), answers=question.id, late=True
    )
    await core.show(plein, sport, said((*words, Words("!")), plein.clock.now()), number, answers=question.id)
    await core.show(plein, sport, said("@everyone " * 300, plein.clock.now()), number)
    assert rang(sport) == []
    for call in plein.double.calls:
        if call.method in ("POST", "PATCH") and call.route.startswith("/webhooks"):
            assert call.body["allowed_mentions"] == {"parse": []}


async def test_limits_go_back_to_whoever_asks(core: Carrying, plein: OnDiscord, sport: Channel) -> None:
    await core.show(plein, sport, said("een", plein.clock.now()))
    for after in (43.5, 0.4):
        plein.double.faults.rate_limit(SAY, retry_after=after)
        with pytest.raises(TryLater) as busy:
            await core.once(plein, sport, 2, said("twee", plein.clock.now()))
        assert busy.value.seconds == pytest.approx(after)
        assert busy.value.unsent
    plein.double.limits.unannounced = (1, 60.0)
    await core.show(plein, sport, said("twee", plein.clock.now()), 2)
    with pytest.raises(TryLater) as busy:
        await core.once(plein, sport, 3, said("drie", plein.clock.now()))
    assert busy.value.seconds > 30
    plein.double.limits.none()
    await core.show(plein, sport, said("drie", plein.clock.now()), 3)
    assert [message.content for message in sport.messages.values()] == ["een", "twee", "drie"]


async def test_a_limit_of_one_channel_stops_no_other_and_a_shared_one_is_kept_by_each(
    core: Carrying, plein: OnDiscord, sport: Channel, town: Server
) -> None:
    other = town.channel("muziek")
    for each in (sport, other):
        await core.show(plein, each, said("een", plein.clock.now()))
    plein.double.faults.rate_limit(SAY, retry_after=40)
    with pytest.raises(TryLater) as busy:
        await core.once(plein, sport, 8, said("twee", plein.clock.now()))
    assert busy.value.unsent
    await core.once(plein, other, 9, said("twee", plein.clock.now()))
    # A limit that both share is told to each that comes up against it.
    for each, number in ((sport, 8), (other, 10)):
        plein.double.faults.rate_limit(SAY, retry_after=2)
        with pytest.raises(TryLater) as busy:
            await core.once(plein, each, number, said("drie", plein.clock.now()))
        assert busy.value.seconds == pytest.approx(2)
        await core.show(plein, each, said("drie", plein.clock.now()), number)
    assert [message.content for message in sport.messages.values()] == ["een", "drie"]
    assert [message.content for message in other.messages.values()] == ["een", "twee", "drie"]


async def test_edits_and_deletions_are_done_once_whatever_answers_come(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    number = await core.show(plein, sport, said("een", plein.clock.now()))
    for lost in (False, True):
        plein.double.faults.drop(CHANGE, after=lost)
        await core.show(plein, sport, said(f"twee {lost}", plein.clock.now()), number)
        assert core.shown(sport, number)[0].content == f"twee {lost}"
    plein.double.faults.drop(TAKE_AWAY, after=True)
    await core.show(plein, sport, None, number)
    assert not sport.messages


async def test_in_a_forum_post_it_stands_in_the_post(
    core: Carrying, plein: OnDiscord, town: Server, anna: Person
) -> None:
    forum = town.channel("ideas", type=15)
    post = Channel(plein.double.world.clock.new_id(), 11, "Bank", forum.guild_id, forum.id, owner_id=anna.id)
    places.add_channel(plein.double.world, post)
    number = await core.show(plein, post, said("een", plein.clock.now()))
    await core.show(plein, post, said("twee", plein.clock.now()), number)
    assert [message.content for message in post.messages.values()] == ["twee"]
    await core.show(plein, post, None, number)
    assert not post.messages


async def test_what_stays_in_nobodys_name_goes_as_no_name_can_be_changed(
    core: Carrying, plein: OnDiscord, sport: Channel
) -> None:
    number = await core.show(plein, sport, said("een", plein.clock.now()))
    await core.show(plein, sport, Spoken("", (), plein.clock.now()), number)
    assert not sport.messages


async def test_the_topic_says_who_reads_there_where_there_is_one(
    core: Carrying, plein: OnDiscord, sport: Channel, double: Discord, town: Server
) -> None:
    place = Place("discord", sport.id)
    town.permit(double.bot, (*ALL_BUT_WEBHOOKS, "manage_webhooks"))
    sport.topic = "Over sport"
    with pytest.raises(UserError):
        await plein.adapter.describe(place, "brug", ())
    assert sport.topic == "Over sport"
    town.permit(double.bot, (*ALL_BUT_WEBHOOKS, "manage_webhooks", "manage_channels"))
    assert await plein.adapter.describe(place, "brug", ())
    assert await plein.adapter.describe(place, "brug", ())
    assert sport.topic == "Over sport\nbrug"
    changed = double.calls_to("PATCH", "/channels/{channel_id}")
    assert len(changed) == 2
    assert await plein.adapter.describe(place, "", ("brug",))
    assert sport.topic == "Over sport"
    double.clock.turn(600.0)
    sport.topic = None
    assert not await plein.adapter.describe(place, "brug", ())
    assert await plein.adapter.describe(place, "", ("brug",))
    sport.topic = "x" * 1_020
    assert not await plein.adapter.describe(place, "brug", ())
