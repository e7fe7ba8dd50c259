"""The double of Discord is believed because an unmodified discord.py believes it, from end to end."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import io
import json
import re
import sys
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.doubles.discord import Discord, Server
from tests.doubles.discord.connect import connector_to
from tests.doubles.discord.console import Console
from tests.doubles.discord.contract import mistakes, violations

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # discord.py still plays sound with audioop
    import discord
    from discord import app_commands, ui

Json = dict[str, Any]
Asked = discord.Interaction[discord.Client]
MESSAGES = "POST /channels/{channel_id}/messages"


# A bot as people write them


class Vote(ui.DynamicItem[ui.Button[Any]], template=r"vote:(?P<what>\w+)"):
    """A button that needs no memory: what it is about stands in its custom_id."""

    def __init__(self, what: str) -> None:
        super().__init__(ui.Button(label=what, custom_id=f"vote:{what}"))
        self.what = what

    @classmethod
    async def from_custom_id(cls, interaction: Asked, item: ui.Item[Any], match: re.Match[str]) -> Vote:
        return cls(match["what"])

    async def callback(self, interaction: Asked) -> None:
        assert interaction.message
        if self.what == "why":
            await interaction.response.send_modal(Why())
        elif self.what == "later":
            await interaction.response.defer()
            await interaction.followup.send("counted", ephemeral=True)
        else:
            view = ui.View(timeout=None)
            view.add_item(ui.Button(label="closed", custom_id="closed", disabled=True))
            await interaction.response.edit_message(
                content=f"{interaction.user.name}: {self.what}", view=view
            )


class Theme(ui.DynamicItem[ui.Select[Any]], template="theme"):
    def __init__(self) -> None:
        options = [
            discord.SelectOption(label=theme.title(), value=theme) for theme in ("sport", "green", "roads")
        ]
        super().__init__(ui.Select(custom_id="theme", placeholder="Which?", max_values=2, options=options))

    @classmethod
    async def from_custom_id(cls, interaction: Asked, item: ui.Item[Any], match: re.Match[str]) -> Theme:
        return cls()

    async def callback(self, interaction: Asked) -> None:
        values = self.item.values
        await interaction.response.send_message(" and ".join(values), ephemeral=True)


class Why(ui.Modal, title="Why?"):
    reason = ui.Label[Any](text="Reason", component=ui.TextInput[Any](custom_id="reason", max_length=100))
    again = ui.Label[Any](
        text="Again?",
        component=ui.Select[Any](
            custom_id="again", required=False, options=[discord.SelectOption(label="Yes", value="y")]
        ),
    )

    async def on_submit(self, interaction: Asked) -> None:
        reason, again = self.reason.component, self.again.component
        assert isinstance(reason, ui.TextInput)
        assert isinstance(again, ui.Select)
        await interaction.response.send_message(f"because {reason.value} {again.values}")


class Board(ui.LayoutView):
    """Components v2: a container with a section whose button stands beside it."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        section = ui.Section[Any](ui.TextDisplay("## Benches"), accessory=Vote("yes").item)
        people = ui.UserSelect[Any](custom_id="who", placeholder="Who?")
        self.add_item(ui.Container(section, ui.Separator(), ui.ActionRow(people)))


class Survey(ui.Modal, title="Survey"):
    how = ui.Label[Any](
        text="How?",
        component=ui.RadioGroup[Any](
            custom_id="how", options=[discord.RadioGroupOption(label=label) for label in ("bike", "bus")]
        ),
    )
    what = ui.Label[Any](
        text="What?",
        component=ui.CheckboxGroup[Any](
            custom_id="what", options=[discord.CheckboxGroupOption(label=label) for label in ("tea", "cake")]
        ),
    )
    news = ui.Label[Any](text="News?", component=ui.Checkbox[Any](custom_id="news"))

    async def on_submit(self, interaction: Asked) -> None:
        how, what, news = self.how.component, self.what.component, self.news.component
        assert isinstance(how, ui.RadioGroup)
        assert isinstance(what, ui.CheckboxGroup)
        assert isinstance(news, ui.Checkbox)
        await interaction.response.send_message(f"{how.value} {what.values} {news.value}")


class Bot(discord.Client):
    """Notes what it hears in `heard`."""

    def __init__(self, double: Discord, *, content: bool = True, **options: Any) -> None:
        intents = discord.Intents.default()
        intents.message_content, intents.members = content, True
        super().__init__(
            intents=intents,
            connector=double.connector(),
            guild_ready_timeout=0.02,
            max_messages=100,
            **options,
        )
        self.double = double
        self.heard: list[str] = []
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(POLL)
        commands: list[app_commands.Command[Any, ..., Any] | app_commands.ContextMenu]
        commands = [themes, slow, silent, twice, shout, hide, survey]
        for command in commands:
            self.tree.add_command(command)
        self.add_dynamic_items(Vote, Theme)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait five seconds, as is the default."""

    async def on_message(self, message: discord.Message) -> None:
        self.note(f"{message.author.name}: {message.content}")

    async def on_raw_message_edit(self, edit: discord.RawMessageUpdateEvent) -> None:
        self.note(f"edited: {edit.message.content}")

    async def on_raw_message_delete(self, gone: discord.RawMessageDeleteEvent) -> None:
        self.note(f"deleted: {gone.message_id}")

    async def on_raw_reaction_add(self, reaction: discord.RawReactionActionEvent) -> None:
        self.note(f"reacted: {reaction.emoji}")

    async def on_raw_poll_vote_add(self, vote: discord.RawPollVoteActionEvent) -> None:
        self.note(f"voted: {vote.answer_id}")

    async def on_member_join(self, member: discord.Member) -> None:
        self.note(f"joined: {member.name}")

    async def on_guild_channel_create(self, channel: discord.abc.GuildChannel) -> None:
        self.note(f"opened: {channel.name}")

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.note(f"came to: {guild.name}")

    async def on_guild_unavailable(self, guild: discord.Guild) -> None:
        self.note(f"gone: {guild.name}")

    async def on_resumed(self) -> None:
        self.note("resumed")

    def note(self, what: str) -> None:
        self.heard.append(what)
        self.double.bell.ring()

    async def hears(self, what: str, count: int = 1) -> None:
        """Return once it heard that so often."""
        await self.double.bell.until(
            lambda: self.heard.count(what) >= count, why=lambda: f"{what!r} is not in {self.heard}"
        )


POLL = app_commands.Group(name="poll", description="Polls")


@POLL.command(name="open", description="Open a poll")
@app_commands.rename(days="for-days")
@app_commands.describe(question="What to ask", days="How long", kind="How to count")
@app_commands.choices(
    kind=[app_commands.Choice(name="One answer", value="one"), app_commands.Choice(name="Many", value="many")]
)
async def poll_open(
    interaction: Asked, question: str, kind: str = "one", days: app_commands.Range[int, 1, 30] = 7
) -> None:
    embed = discord.Embed(title=question, description=f"{kind}, {days} days").add_field(name="yes", value="0")
    view = ui.View(timeout=None)
    for what in ("yes", "no", "why", "later"):
        view.add_item(Vote(what))
    view.add_item(Theme())
    await interaction.response.send_message(embed=embed, view=view)


@app_commands.command(name=app_commands.locale_str("themes"), description="Find a theme")
@app_commands.default_permissions(manage_channels=True)
async def themes(interaction: Asked, theme: str) -> None:
    await interaction.response.send_message(theme)


@themes.autocomplete("theme")
async def complete_theme(interaction: Asked, typed: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=theme, value=theme)
        for theme in ("sport", "spoon", "roads")
        if theme.startswith(typed)
    ]


@app_commands.command(description="Takes its time")
async def slow(interaction: Asked) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.followup.send("done")
    more = await interaction.followup.send("more", wait=True)
    await more.edit(content="more and more")
    await interaction.edit_original_response(content="done at last")


@app_commands.command(description="Says nothing")
async def silent(interaction: Asked) -> None:
    bot = interaction.client
    assert isinstance(bot, Bot)
    bot.note("asked")
    await bot.double.bell.until(lambda: "go" in bot.heard)
    try:
        await interaction.response.send_message("too late?")
    except discord.HTTPException as no:
        bot.note(f"{no.status} {no.code}: {no.text}")


@app_commands.command(description="Answers twice")
async def twice(interaction: Asked) -> None:
    bot = interaction.client
    assert isinstance(bot, Bot)
    await interaction.response.send_message("once")
    interaction.response._response_type = None
    try:
        await interaction.response.send_message("twice")
    except discord.HTTPException as no:
        bot.note(f"{no.status} {no.code}: {no.text}")


@app_commands.context_menu()
async def shout(interaction: Asked, message: discord.Message) -> None:
    await interaction.response.send_message(message.content.upper())


@app_commands.command(description="Whispers")
@app_commands.guild_only()
async def hide(interaction: Asked, who: discord.Member, file: discord.Attachment | None = None) -> None:
    size = len(await file.read()) if file else 0
    await interaction.response.send_message(
        f"{who.name} {file.filename if file else ''} {size}", ephemeral=True
    )


@app_commands.command(description="Asks more")
async def survey(interaction: Asked) -> None:
    await interaction.response.send_modal(Survey())


@pytest.fixture
async def double() -> AsyncIterator[Discord]:
    async with Discord(lawless=True) as double:
        yield double
    assert mistakes(double.calls) == []


@pytest.fixture
def town(double: Discord) -> Server:
    town = double.guild("Plein")
    town.channel("sport")
    return town


@contextlib.asynccontextmanager
async def running(bot: Bot) -> AsyncIterator[Bot]:
    """A bot that is ready."""
    async with bot:
        await bot.login(bot.double.token)
        task = asyncio.create_task(bot.connect())
        ready = asyncio.create_task(bot.wait_until_ready())
        await asyncio.wait([task, ready], return_when=asyncio.FIRST_COMPLETED)
        yield bot
        ready.cancel()
    with contextlib.suppress(Exception):
        await task


@pytest.fixture
async def bot(double: Discord, town: Server) -> AsyncIterator[Bot]:
    async with running(Bot(double)) as bot:
        yield bot
        assert double.check_contract() == []


def channel_of(bot: Bot, town: Server, name: str = "sport") -> discord.TextChannel:
    channel = bot.get_channel(int(town.channel(name).id))
    assert isinstance(channel, discord.TextChannel)
    return channel


# Conversations


async def test_words_go_both_ways(bot: Bot, town: Server) -> None:
    anna, ben = town.member("anna"), town.member("ben")
    await bot.hears("joined: anna")
    await anna.says("sport", "who comes on monday?")
    await bot.hears("anna: who comes on monday?")
    channel = channel_of(bot, town)
    reply = await channel.send("I do")
    assert (await anna.hears("sport", "I do")).author.name == "plein"
    await reply.edit(content="I do not")
    await bot.hears("edited: I do not")
    [shown] = [message for message in ben.sees("sport") if message.author.bot]
    assert (shown.text, shown.edits) == ("I do not", 1)
    await reply.delete()
    await bot.hears(f"deleted: {reply.id}")
    assert [message.text for message in ben.sees("sport")] == ["who comes on monday?"]
    history = [message.content async for message in channel.history(limit=10)]
    assert history == ["who comes on monday?"]


async def test_replies_pins_reactions_files_and_embeds(bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    said = await anna.says("sport", "look", files={"plan.txt": b"a plan"})
    channel = channel_of(bot, town)
    message = await channel.fetch_message(int(said.id))
    assert await message.attachments[0].read() == b"a plan"
    embed = discord.Embed(title="Seen").set_image(url="attachment://map.png").set_footer(text="thanks")
    answer = await message.reply(
        embed=embed, file=discord.File(io.BytesIO(b"png"), "map.png", description="a map")
    )
    shown = await anna.hears("sport", "Seen")
    assert shown.text == "Seen\nthanks"
    assert [
        (attachment.filename, attachment.data, attachment.description) for attachment in shown.attachments
    ] == [("map.png", b"png", "a map")]
    assert shown.reference
    assert shown.reference["message_id"] == said.id
    assert anna.user in shown.mentions
    await anna.reacts(shown, "👍")
    await bot.hears("reacted: 👍")
    await answer.add_reaction("👍")
    assert shown.reactions == {"👍": [anna.id, str(bot.user.id if bot.user else 0)]}
    fresh = await channel.fetch_message(answer.id)
    assert [(str(reaction.emoji), reaction.count, reaction.me) for reaction in fresh.reactions] == [
        ("👍", 2, True)
    ]
    assert [user.name async for user in fresh.reactions[0].users()] == ["anna", "plein"]
    await answer.pin()
    assert [message.id async for message in channel.pins()] == [answer.id]
    assert shown.pinned
    await answer.unpin()
    assert not shown.pinned
    assert anna == town.member("anna")
    with pytest.raises(AssertionError, match="did not write"):
        await anna.edits(shown, "no")


async def test_direct_messages(bot: Bot, double: Discord, town: Server) -> None:
    anna = town.member("anna")
    user = await bot.fetch_user(int(anna.id))
    await user.send("a reminder")
    assert (await anna.hears(anna.dm, "reminder")).author.name == "plein"
    await anna.says(anna.dm, "thanks")
    await bot.hears("anna: thanks")
    stranger = double.world.user("stranger")
    with pytest.raises(discord.Forbidden) as no:
        await (await bot.fetch_user(int(stranger.id))).send("who are you?")
    assert no.value.code == 50278
    await anna.closes_dms()
    with pytest.raises(discord.Forbidden) as no:
        await user.send("another")
    assert no.value.code == 50007


async def test_a_slash_command_with_buttons_select_and_modal(bot: Bot, town: Server) -> None:
    anna, ben = town.member("anna"), town.member("ben")
    answer = await anna.uses("sport", "poll open", question="Benches?", kind="Many", for_days=3)
    assert answer.text.startswith("Benches?\nmany, 3 days\nyes\n0")
    assert answer.buttons == ["yes", "no", "why", "later"]
    chosen = await ben.chooses(answer.message, "Which?", ["Sport", "roads"])
    assert (chosen.text, chosen.ephemeral) == ("sport and roads", True)
    assert chosen.message in ben.sees("sport")
    assert chosen.message not in anna.sees("sport")
    form = await ben.presses(answer.message, "why")
    assert form.modal
    assert (form.modal.title, list(form.modal.fields)) == ("Why?", ["reason", "again"])
    with pytest.raises(AssertionError, match="required"):
        await ben.submits(form)
    with pytest.raises(AssertionError, match="characters"):
        await ben.submits(form, reason="x" * 101)
    said = await ben.submits(form, {"Reason": "sitting", "again": ["Yes"]})
    assert said.text == "because sitting ['y']"
    later = await anna.presses(answer.message, "later")
    assert (await later.next()).text == "counted"
    changed = await anna.presses(answer.message, "vote:yes")
    assert changed.updated
    assert answer.message.content == "anna: yes"
    with pytest.raises(AssertionError, match="greyed out"):
        await anna.presses(answer.message, "closed")
    with pytest.raises(AssertionError, match="has no 'no'"):
        await anna.presses(answer.message, "no")


async def test_what_the_client_does_not_let_anybody_send(bot: Bot, town: Server) -> None:
    anna, mod = town.member("anna"), town.member("mod", roles=["moderators"])
    town.role("moderators").permissions |= 1 << 4
    for options, why in (
        ({}, "required"),
        ({"question": 3}, "text"),
        ({"question": "x", "kind": "three"}, "no choice"),
        ({"question": "x", "for_days": 31}, "31"),
        ({"question": "x", "colour": "red"}, "colour"),
    ):
        with pytest.raises(AssertionError, match=why):
            await anna.uses("sport", "poll open", **options)
    with pytest.raises(AssertionError, match="not shown to anna"):
        await anna.uses("sport", "themes", theme="x")
    assert (await mod.uses("sport", "themes", theme="x")).text == "x"
    with pytest.raises(AssertionError, match="there is no command"):
        await anna.uses("sport", "vote")
    with pytest.raises(AssertionError, match="not shown in direct messages"):
        await anna.uses(anna.dm, "hide", who=mod)
    quiet = town.channel("quiet", deny={"everyone": ["use_application_commands", "send_messages"]})
    with pytest.raises(AssertionError, match="may not use_application_commands"):
        await anna.uses(quiet, "slow")
    with pytest.raises(AssertionError, match="may not send_messages"):
        await anna.says(quiet, "hello?")
    board = town.channel("board", only=["moderators"])
    with pytest.raises(AssertionError, match="does not see"):
        await anna.says(board, "hello?")
    assert "board" not in anna.channels()
    assert "board" in mod.channels()


async def test_completions_attachments_and_menus(bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    boss = town.member("boss", roles=["bosses"])
    town.role("bosses").permissions |= 1 << 3
    assert await boss.completes(town, "themes", "theme", "sp") == ["sport", "spoon"]
    hidden = await anna.uses("sport", "hide", who=boss, file=("map.png", b"png"))
    assert (hidden.text, hidden.ephemeral) == ("boss map.png 3", True)
    said = await anna.says("sport", "quietly")
    assert (await boss.uses_on(said, "Shout")).text == "QUIETLY"


async def test_deferred_then_final_then_followups(bot: Bot, town: Server) -> None:
    anna, ben = town.member("anna"), town.member("ben")
    answer = await anna.uses("sport", "slow")
    assert answer.deferred
    assert answer.ephemeral
    assert answer.text in ("done", "done at last")
    await answer.next(1)
    await town.discord.until(lambda: answer.text == "done at last")
    assert [message.text for message in answer.messages] == ["done at last", "more and more"]
    assert [message.ephemeral for message in answer.messages] == [True, False]
    assert [message.text for message in ben.sees("sport")] == ["more and more"]


async def test_a_layout_of_components_v2(bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    sent = await channel_of(bot, town).send(view=Board())
    shown = await anna.hears("sport", "## Benches")
    assert (shown.content, shown.buttons) == ("", ["yes"])
    with pytest.raises(AssertionError, match="1 to 1 are to be chosen"):
        await anna.chooses(shown, "Who?", [])
    heard = asyncio.create_task(anna.chooses(shown, "Who?", [anna]))
    chosen = await bot.wait_for("interaction", timeout=60)
    data: Any = chosen.data
    assert data["values"] == [anna.id]
    assert data["resolved"]["users"][anna.id]["username"] == "anna"
    await chosen.response.send_message("you", ephemeral=True)
    assert (await heard).ephemeral
    with pytest.raises(discord.HTTPException) as no:
        await sent.edit(content="words", view=Board())
    assert no.value.code == 50035


async def test_a_form_with_choices(bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    form = await anna.uses("sport", "survey")
    with pytest.raises(AssertionError, match="'How\\?' is required"):
        await anna.submits(form, what=["tea"])
    with pytest.raises(AssertionError, match="is not among"):
        await anna.submits(form, how="car", what=["tea"])
    answer = await anna.submits(form, how="bus", what=["tea", "cake"], news=True)
    assert answer.text == "bus ['tea', 'cake'] True"


async def test_buttons_outlive_the_bot(double: Discord, town: Server) -> None:
    anna = town.member("anna")
    async with running(Bot(double)):
        opened = await anna.uses("sport", "poll open", question="Benches?")
    with pytest.raises(AssertionError, match="did not respond"):
        await anna.presses(opened.message, "yes", timeout=0.01)
    await anna.says("sport", "nobody home?")
    async with running(Bot(double)) as again:
        assert (await anna.presses(opened.message, "yes")).updated
        history = [message.content async for message in channel_of(again, town).history()]
        assert history == ["nobody home?", "anna: yes"]
    assert "anna: nobody home?" not in again.heard


async def test_commands_and_buttons_in_a_direct_message(bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    opened = await anna.uses(anna.dm, "poll open", question="Just us?")
    assert (await anna.presses(opened.message, "yes")).text.startswith("anna: yes")
    thread = await channel_of(bot, town).create_thread(name="more", type=discord.ChannelType.public_thread)
    inside = town.guild.channels[str(thread.id)]
    await anna.says(inside, "in here")
    await bot.hears("anna: in here")
    assert (await anna.uses(inside, "poll open", question="Here?")).message.channel is inside


async def test_who_is_pinged(bot: Bot, town: Server) -> None:
    anna, ben, cleo = (town.member(name) for name in ("anna", "ben", "cleo"))
    town.give(cleo, "green")
    words = f"{anna.mention} {ben.mention} <@&{town.role('green').id}> @everyone"

    async def pings(allowed: discord.AllowedMentions) -> list[str]:
        sent = await channel_of(bot, town).send(words, allowed_mentions=allowed)
        shown = town.channel("sport").messages[str(sent.id)]
        return [person.name for person in (anna, ben, cleo) if person.pinged_by(shown)]

    assert await pings(discord.AllowedMentions.all()) == ["anna", "ben", "cleo"]
    assert await pings(discord.AllowedMentions.none()) == []
    assert await pings(
        discord.AllowedMentions(users=[discord.Object(int(ben.id))], roles=False, everyone=False)
    ) == ["ben"]
    assert await pings(discord.AllowedMentions(users=False, roles=True, everyone=False)) == ["cleo"]


async def test_a_native_poll(bot: Bot, town: Server) -> None:
    anna, ben = town.member("anna"), town.member("ben")
    poll = discord.Poll("Benches?", datetime.timedelta(hours=2))
    poll.add_answer(text="yes").add_answer(text="no")
    sent = await channel_of(bot, town).send(poll=poll)
    shown = await anna.hears("sport", "Benches?")
    await anna.votes(shown, "yes")
    await anna.votes(shown, "no")
    await ben.votes(shown, "no")
    await bot.hears("voted: 2", 2)
    with pytest.raises(AssertionError, match="one answer"):
        await anna.votes(shown, ["yes", "no"])
    with pytest.raises(discord.HTTPException) as no:
        await sent.edit(content="?")
    assert no.value.code == 520003
    fresh = await sent.fetch()
    assert fresh.poll
    assert [(answer.text, answer.vote_count) for answer in fresh.poll.answers] == [("yes", 0), ("no", 2)]
    assert not fresh.poll.is_finalised()
    assert {voter.name async for voter in fresh.poll.answers[1].voters()} == {"anna", "ben"}
    town.world.polls_behind = 1
    fresh = await sent.fetch()
    assert fresh.poll
    assert fresh.poll.answers[1].vote_count == 1
    town.discord.clock.turn(2 * 3600 + 1)
    fresh = await sent.fetch()
    assert fresh.poll
    assert fresh.poll.is_finalised()
    assert fresh.poll.answers[1].vote_count == 2
    assert [message.type for message in anna.sees("sport")] == [0, 46]
    with pytest.raises(AssertionError, match="over"):
        await ben.votes(shown, [])


async def test_channels_roles_and_members(bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    await bot.hears("joined: anna")
    guild = bot.get_guild(int(town.id))
    assert guild
    role = await guild.create_role(name="green")
    everyone = discord.PermissionOverwrite(view_channel=False)
    channel = await guild.create_text_channel(
        "Green Things",
        overwrites={guild.default_role: everyone, role: discord.PermissionOverwrite(view_channel=True)},
    )
    await bot.hears("opened: green-things")
    assert "green-things" not in anna.channels()
    member = await guild.fetch_member(int(anna.id))
    await member.add_roles(role)
    assert "green-things" in anna.channels()
    await channel.edit(topic="all that grows")
    await member.remove_roles(role)
    assert "green-things" not in anna.channels()
    thread = await channel.create_thread(name="trees", type=discord.ChannelType.public_thread)
    await thread.send("oaks")
    assert (await bot.fetch_channel(channel.id)).id == channel.id
    await channel.delete()
    assert town.world.guild(town.id).channels.keys() == {
        channel.id for channel in town.guild.channels.values()
    }
    assert [channel.name for channel in town.guild.channels.values()] == ["general", "sport"]
    start = discord.utils.utcnow() + datetime.timedelta(days=1)
    event = await guild.create_scheduled_event(
        name="Talk",
        start_time=start,
        end_time=start + datetime.timedelta(hours=1),
        entity_type=discord.EntityType.external,
        location="the hall",
        privacy_level=discord.PrivacyLevel.guild_only,
    )
    await anna.follows(event.id)
    assert [user.name async for user in event.users()] == ["anna"]
    await event.cancel()
    assert [event["status"] for event in town.guild.events.values()] == [4]


async def test_who_was_timed_out_only_reads(bot: Bot, double: Discord, town: Server) -> None:
    town.role("moderators", ["moderate_members"])
    anna = town.member("anna", roles=["moderators"])
    sport = channel_of(bot, town)
    town.time_out(anna, 60)
    member = await sport.guild.fetch_member(int(anna.id))
    assert member.timed_out_until
    assert member.is_timed_out()
    left = [name for name, given in sport.permissions_for(member) if given]
    assert sorted(left) == ["read_message_history", "read_messages"]
    with pytest.raises(AssertionError, match="may not"):
        await anna.says("sport", "Hoor je mij?")
    with pytest.raises(AssertionError, match="may not"):
        await anna.uses("sport", "hello")
    double.clock.turn(61)
    await anna.says("sport", "En nu?")


async def test_a_thread_that_was_put_away_is_as_it_is_until_somebody_opens_it(bot: Bot, town: Server) -> None:
    sport = channel_of(bot, town)
    thread = await sport.create_thread(name="apart", type=discord.ChannelType.public_thread)
    said = await thread.send("Hallo")
    there = town.channel("apart")
    town.put_away(there)
    with pytest.raises(discord.HTTPException) as no:
        await said.edit(content="Dag")
    assert (no.value.status, no.value.code) == (400, 50083)
    # Whatever is said in it opens it, as long as it is not locked.
    await thread.send("Nog iets")
    assert not there.archived
    await said.edit(content="Dag")
    town.permit(bot.double.bot, ["view_channel", "send_messages", "send_messages_in_threads"])
    town.put_away(there, locked=True)
    with pytest.raises(discord.HTTPException) as no:
        await thread.send("En nu?")
    assert (no.value.status, no.value.code) == (400, 50083)


async def test_a_forum_that_demands_a_tag_refuses_a_post_without_one(bot: Bot, town: Server) -> None:
    ideas = town.channel("ideas", type=15)
    forum = await bot.fetch_channel(int(ideas.id))
    assert isinstance(forum, discord.ForumChannel)
    assert not forum.flags.require_tag
    await forum.create_thread(name="Bench", content="Where?")
    town.demand_tag(ideas)
    forum = await bot.fetch_channel(int(ideas.id))
    assert isinstance(forum, discord.ForumChannel)
    assert forum.flags.require_tag
    with pytest.raises(discord.HTTPException) as no:
        await forum.create_thread(name="Lamps", content="Where?")
    assert (no.value.status, no.value.code) == (400, 40067)
    tag = discord.ForumTag(name="idea")
    tag.id = 7
    await forum.create_thread(name="Lamps", content="Where?", applied_tags=[tag])
    assert [channel.name for channel in town.guild.channels.values() if channel.parent_id == ideas.id] == [
        "Bench",
        "Lamps",
    ]


async def test_a_webhook_speaks_under_any_name(bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    channel = channel_of(bot, town)
    hook = await channel.create_webhook(name="relay")
    said = await hook.send("from afar", username="Cleo", wait=True)
    shown = await anna.hears("sport", "from afar")
    assert (shown.shown_as, said.author.name) == ("Cleo", "Cleo")
    await bot.hears("Cleo: from afar")
    await said.edit(content="from nearby")
    assert shown.text == "from nearby"
    await hook.delete_message(said.id)
    assert anna.sees("sport") == []
    for name in ("clyde the bot", "my discord"):
        with pytest.raises(discord.HTTPException) as no:
            await channel.create_webhook(name=name)
        assert no.value.code == 50035


# Limits, asked for without a library that would check them first


class Wire:
    """Plain requests with the bot's token."""

    def __init__(self, double: Discord, session: aiohttp.ClientSession) -> None:
        self.double = double
        self._session = session

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and JSON."""
        headers = {"Authorization": f"Bot {self.double.token}", **options.pop("headers", {})}
        if body is not None:
            headers["Content-Type"] = "application/json"
            options["data"] = json.dumps(body)
        url = f"https://discord.com/api/v10{path}"
        async with self._session.request(method, url, headers=headers, **options) as answer:
            text = await answer.text()
            self.headers = answer.headers
            is_json = answer.headers.get("Content-Type") == "application/json"
            return answer.status, json.loads(text) if text and is_json else text

    async def refused(self, method: str, path: str, body: Any = None) -> tuple[int, int]:
        """Status and code of an error."""
        status, answer = await self.ask(method, path, body)
        assert status >= 400, answer
        assert answer["message"]
        return status, answer["code"]


@pytest.fixture
async def wire(double: Discord, town: Server) -> AsyncIterator[Wire]:
    async with aiohttp.ClientSession(connector=double.connector()) as session:
        yield Wire(double, session)


def button(**more: Any) -> Json:
    return {"type": 2, "style": 1, "label": "x", "custom_id": "x", **more}


def row(*inside: Json) -> Json:
    return {"type": 1, "components": list(inside)}


def select(**more: Any) -> Json:
    return {"type": 3, "custom_id": "s", "options": [{"label": "a", "value": "a"}], **more}


def rows(count: int) -> list[Json]:
    return [row(button(custom_id=str(number))) for number in range(count)]


def poll(**more: Any) -> Json:
    answers = [{"poll_media": {"text": "yes"}}]
    return {"question": {"text": "?"}, "answers": answers, "duration": 24, "allow_multiselect": False, **more}


def text_of(count: int) -> Json:
    return {"type": 10, "content": "x" * count}


def at_most(count: int) -> str:
    return f"Must be {count} or fewer in length."


def one_to(count: int) -> str:
    return f"Must be between 1 and {count} in length."


def embed(*parts: Json) -> Json:
    return {"embeds": list(parts)}


def fields(*parts: Json) -> Json:
    return embed({"fields": list(parts)})


def in_row(*parts: Json) -> Json:
    return {"content": "x", "components": [row(*parts)]}


def v2(*parts: Json, **more: Any) -> Json:
    return {"flags": 1 << 15, "components": list(parts), **more}


def legacy(part: str) -> str:
    return f"The '{part}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"


FIELD = {"name": "x", "value": "y"}
OPTIONS = [{"label": str(number), "value": str(number)} for number in range(26)]
SIX = [button(custom_id=str(number)) for number in range(6)]
FIRST = "components.0.components.0"
TWICE = "Component custom id cannot be duplicated"
TOO_WIDE = "The specified component exceeds the maximum width"
TOO_MUCH_TEXT = "The combined displayable text size of all components exceeds the maximum length of 4000"
EXCLUSIVE = 'parse:["users"] and users: [ids...] are mutually exclusive.'

BAD_MESSAGES: list[tuple[Json, str, str]] = [
    ({"content": "x" * 2001}, "content", at_most(2000)),
    ({"content": "x", "nonce": "n" * 26}, "nonce", at_most(25)),
    (
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions",
        EXCLUSIVE,
    ),
    ({"content": "x", "message_reference": {"message_id": "1"}}, "message_reference", "Unknown message"),
    (embed(*[{"title": "x"}] * 11), "embeds", at_most(10)),
    (embed({"title": "x" * 257}), "embeds.0.title", at_most(256)),
    (embed({"description": "x" * 4097}), "embeds.0.description", at_most(4096)),
    (embed({"footer": {"text": "x" * 2049}}), "embeds.0.footer.text", at_most(2048)),
    (
        embed({"description": "x" * 4000}, {"title": "x", "description": "x" * 2000}),
        "embeds",
        "Embed size exceeds maximum size of 6000",
    ),
    (embed({"title": "x", "image": {"url": "map.png"}}), "embeds.0.image.url", "Not a well formed URL."),
    (fields(*[FIELD] * 26), "embeds.0.fields", at_most(25)),
    (fields({**FIELD, "name": "x" * 257}), "embeds.0.fields.0.name", at_most(256)),
    (fields({**FIELD, "value": "y" * 1025}), "embeds.0.fields.0.value", at_most(1024)),
    (fields({**FIELD, "value": " "}), "embeds.0.fields.0.value", "This field is required"),
    ({"content": "x", "components": rows(6)}, "components", one_to(5)),
    (
        {"content": "x", "components": [button()]},
        "components.0.type",
        'Value of field "type" must be one of (1,).',
    ),
    (
        {"content": "x", "components": [row(button()), row(select(custom_id="x"))]},
        "components.1.components.0.custom_id",
        TWICE,
    ),
    (in_row(button(), button()), "components.0.components.1.custom_id", TWICE),
    (in_row(*SIX), "components.0.components", one_to(5)),
    (in_row(button(), select()), "components.0.components.1", TOO_WIDE),
    (in_row(button(custom_id=None)), f"{FIRST}.custom_id", "A custom id is required"),
    (in_row(button(custom_id="x" * 101)), f"{FIRST}.custom_id", at_most(100)),
    (in_row(button(label="x" * 81)), f"{FIRST}.label", at_most(80)),
    (in_row(button(style=5, custom_id=None)), f"{FIRST}.url", "A url is required"),
    (in_row(select(options=OPTIONS)), f"{FIRST}.options", one_to(25)),
    (
        {"poll": poll(answers=[{"poll_media": {"text": "x" * 56}}])},
        "poll.answers.0.poll_media.text",
        at_most(55),
    ),
    ({"poll": poll(answers=[{"poll_media": {"text": "x"}}] * 11)}, "poll.answers", one_to(10)),
    ({"poll": poll(question={"text": "x" * 301})}, "poll.question.text", at_most(300)),
    ({"poll": poll(duration=32 * 24 + 1)}, "poll.duration", "int value should be less than or equal to 768."),
    (v2(*[text_of(1)] * 41), "components", "The maximum number of components in a message is 40"),
    (v2(text_of(2001), text_of(2001)), "components", TOO_MUCH_TEXT),
    (v2(text_of(1), content="x"), "content", legacy("content")),
    (v2(text_of(1), embeds=[{"title": "x"}]), "embeds", legacy("embeds")),
    (v2(text_of(1), poll=poll()), "poll", legacy("poll")),
]


def told(answer: Json) -> list[tuple[str, str]]:
    """Each error of a form as path and message."""
    found: list[tuple[str, str]] = []

    def walk(part: Json, path: tuple[str, ...]) -> None:
        for key, value in part.items():
            if key == "_errors":
                found.extend((".".join(path), error["message"]) for error in value)
            else:
                walk(value, (*path, key))

    walk(answer["errors"], ())
    return found


async def test_a_message_over_a_limit_is_refused(wire: Wire, town: Server) -> None:
    path = f"/channels/{town.channel('sport').id}/messages"
    for body, place, message in BAD_MESSAGES:
        status, answer = await wire.ask("POST", path, body)
        assert (status, answer["code"], answer["message"]) == (400, 50035, "Invalid Form Body"), body
        assert told(answer) == [(place, message)]
    nothing: list[Json] = [{}, {"content": ""}, {"content": " \n"}, {"content": None}, {"embeds": []}]
    for empty in nothing:
        assert await wire.refused("POST", path, empty) == (400, 50006)
    shapeless: list[Json] = [{"content": 1}, {"embeds": "x"}, {"components": ["x"]}, {"poll": ["x"]}]
    for wrong in shapeless:
        assert await wire.refused("POST", path, wrong) == (400, 50035)
    assert town.channel("sport").messages == {}
    for fine in ({"content": "x" * 2000}, {"content": "x", "components": rows(5)}, {"poll": poll()}):
        assert (await wire.ask("POST", path, fine))[0] == 200
    status, new = await wire.ask("POST", path, v2(text_of(4000)))
    assert status == 200
    status, answer = await wire.ask("PATCH", f"{path}/{new['id']}", {"flags": 0, "components": [text_of(1)]})
    assert told(answer) == [("flags", "The IS_COMPONENTS_V2 flag cannot be removed")]


async def test_who_may_not_and_what_is_not_there(wire: Wire, double: Discord, town: Server) -> None:
    anna, sport = town.member("anna"), town.channel("sport")
    path = f"/channels/{sport.id}/messages"
    said = await anna.says(sport, "hello")
    assert await wire.refused("POST", "/channels/1/messages", {"content": "x"}) == (404, 10003)
    assert await wire.refused("GET", f"{path}/1") == (404, 10008)
    assert await wire.refused("PATCH", f"{path}/{said.id}", {"content": "x"}) == (403, 50005)
    assert await wire.refused("GET", "/guilds/1") == (404, 10004)
    assert await wire.refused("GET", f"/guilds/{town.id}/members/1") == (404, 10013)
    assert await wire.refused("GET", "/nowhere") == (404, 0)
    assert await wire.refused("PUT", "/users/@me") == (405, 0)
    assert (await wire.ask("GET", "/users/@me", headers={"Authorization": "Bot wrong"}))[0] == 401
    assert (await wire.ask("POST", path, data="{", headers={"Content-Type": "application/json"}))[1][
        "code"
    ] == 50109
    town.guild.roles[town.id].permissions = 0
    town.permit(double.bot, ["view_channel", "read_message_history"])
    assert await wire.refused("POST", path, {"content": "x"}) == (403, 50013)
    assert await wire.refused("DELETE", f"{path}/{said.id}") == (403, 50013)
    assert await wire.refused("POST", f"/guilds/{town.id}/channels", {"name": "x"}) == (403, 50013)
    assert await wire.refused("PUT", f"/guilds/{town.id}/members/{anna.id}/roles/{town.id}") == (403, 50013)
    assert (await wire.ask("GET", path))[0] == 200
    town.permit(double.bot, [])
    assert await wire.refused("GET", path) == (403, 50001)
    town.remove(double.bot)
    assert await wire.refused("GET", f"/guilds/{town.id}") == (404, 10004)


def command(**more: Any) -> Json:
    return {"name": "poll", "description": "Polls", "type": 1, **more}


def option(**more: Any) -> Json:
    return {"name": "x", "description": "y", "type": 3, **more}


REQUIRED_LAST = "Required options must be placed before non-required options"
CHOICES = [{"name": "x" * 100, "value": "y" * 100}] * 25

BAD_COMMANDS: list[tuple[Json, str, str]] = [
    (command(name="Poll"), "0.name", "Command name is invalid"),
    (command(name="open poll"), "0.name", "Command name is invalid"),
    (command(name="x" * 33), "0.name", one_to(32)),
    (command(description=""), "0.description", "This field is required"),
    (command(description="x" * 101), "0.description", at_most(100)),
    (command(name_localizations={"nl": "Peiling"}), "0.name_localizations", "Command name is invalid"),
    (command(options=[option(name=f"x{n}") for n in range(26)]), "0.options", at_most(25)),
    (command(options=[option(), option(name="y", required=True)]), "0.options.1", REQUIRED_LAST),
    (command(options=[option(), option()]), "0.options.1.name", "Option name already used"),
    (command(options=[option(name="X")]), "0.options.0.name", "Command name is invalid"),
    (
        command(options=[option(choices=[{"name": "x", "value": "x"}] * 26)]),
        "0.options.0.choices",
        at_most(25),
    ),
    (
        command(options=[option(name=f"x{n}", choices=CHOICES) for n in range(2)]),
        "0",
        "Command exceeds maximum size (8000)",
    ),
]


async def test_a_command_over_a_limit_is_refused(wire: Wire, double: Discord, town: Server) -> None:
    path = f"/applications/{double.bot.id}/commands"
    for body, place, message in BAD_COMMANDS:
        status, answer = await wire.ask("PUT", path, [body])
        assert (status, answer["code"]) == (400, 50035), body
        assert told(answer) == [(place, message)]
    status, answer = await wire.ask("PUT", path, [command(description_localizations={"nl-BE": "x"})])
    [(place, message)] = told(answer)
    assert (place, message[:27]) == ("0.description_localizations.nl-BE", "Value must be one of ('id',")
    long = {"nl": "x" * 100, "fr": "y"}
    tall = [option(name=f"x{n}", description_localizations=long) for n in range(25)]
    inner = [option(name=f"s{n}", type=1, options=tall) for n in range(4)]
    status, answer = await wire.ask("PUT", path, [command(options=inner)])
    assert told(answer) == [("0", "Command exceeds maximum size (8000)")]
    assert await wire.refused("PUT", path, [command(name=f"c{n}") for n in range(101)]) == (400, 30032)
    status, made = await wire.ask("PUT", path, [command(name=f"c{n}") for n in range(100)])
    assert (status, len(made)) == (200, 100)
    assert await wire.refused("POST", path, command()) == (400, 30032)
    assert (await wire.ask("POST", path, command(name="c1", description="new")))[0] == 200
    assert (await wire.ask("PUT", path, [command(name=f"d{n}") for n in range(100)]))[0] == 200
    assert await wire.refused("PUT", path, [command()]) == (400, 30034)
    double.clock.turn(86_401)
    assert (await wire.ask("PUT", path, [command()]))[0] == 200
    here = f"/applications/{double.bot.id}/guilds/{town.id}/commands"
    assert (await wire.ask("POST", here, command()))[0] == 201
    assert await wire.refused("PATCH", f"{here}/1", {}) == (404, 10063)
    assert await wire.refused("PUT", "/applications/1/commands", []) == (403, 50001)


async def test_scheduled_events_have_limits(wire: Wire, double: Discord, town: Server) -> None:
    path = f"/guilds/{town.id}/scheduled-events"

    def event(**more: Any) -> Json:
        now = datetime.datetime.fromtimestamp(double.clock.now(), datetime.UTC)
        hours = [(now + datetime.timedelta(hours=number)).isoformat() for number in (1, 2)]
        times = {"scheduled_start_time": hours[0], "scheduled_end_time": hours[1]}
        place = {"entity_type": 3, "entity_metadata": {"location": "hall"}}
        return {"name": "Talk", "privacy_level": 2, **times, **place, **more}

    past = "2020-01-01T00:00:00+00:00"
    weekly = {"start": past, "frequency": 2, "interval": 1, "by_weekday": [0, 1]}
    for body, place in (
        (event(scheduled_end_time=None), "scheduled_end_time"),
        (event(entity_metadata={"location": ""}), "entity_metadata.location"),
        (event(entity_metadata={"location": "x" * 101}), "entity_metadata.location"),
        (event(scheduled_start_time=past), "scheduled_start_time"),
        (event(name=""), "name"),
        (event(recurrence_rule=weekly), "recurrence_rule.by_weekday"),
    ):
        status, answer = await wire.ask("POST", path, body)
        assert (status, [where for where, _ in told(answer)]) == (400, [place]), answer
    for _ in range(100):
        assert (await wire.ask("POST", path, event()))[0] == 200
    assert await wire.refused("POST", path, event()) == (400, 30038)


async def test_files_have_limits(bot: Bot, town: Server) -> None:
    channel = channel_of(bot, town)
    for sizes, status, code in (([1] * 11, 400, 50035), ([10 * 1024 * 1024 + 1], 413, 40005)):
        files = [discord.File(io.BytesIO(b"x" * size), f"{place}.txt") for place, size in enumerate(sizes)]
        with pytest.raises(discord.HTTPException) as no:
            await channel.send(files=files)
        assert (no.value.status, no.value.code) == (status, code)
    assert town.channel("sport").messages == {}
    town.discord.calls.clear()


def labelled(**component: Any) -> Json:
    return {"type": 18, "label": "x", "component": {"custom_id": "x", **component}}


LONG = [{"label": str(number), "value": str(number)} for number in range(11)]
LESS = "int value should be less than or equal to 4000."
BAD_PARTS: list[tuple[Json, str, str]] = [
    (labelled(type=4, style=1, value="x" * 4001), "component.value", at_most(4000)),
    (labelled(type=4, style=1, max_length=4001), "component.max_length", LESS),
    (labelled(type=21, options=LONG), "component.options", one_to(10)),
    (labelled(type=22, options=LONG), "component.options", one_to(10)),
    (labelled(type=4, style=1, custom_id=""), "component.custom_id", "This field is required"),
    ({**labelled(type=4, style=1), "label": "x" * 46}, "label", at_most(45)),
]


async def test_a_form_over_a_limit_is_refused(wire: Wire, double: Discord, town: Server) -> None:
    await wire.ask("PUT", f"/applications/{double.bot.id}/commands", [command()])
    using = asyncio.create_task(town.member("anna").uses("sport", "poll"))
    [interaction] = await double.until(lambda: list(double.world.interactions.values()))
    callback = f"/interactions/{interaction.id}/{interaction.token}/callback"
    for part, place, message in BAD_PARTS:
        form = {"title": "x", "custom_id": "m", "components": [part]}
        _, answer = await wire.ask("POST", callback, {"type": 9, "data": form})
        assert told(answer) == [(f"data.components.0.{place}", message)]
    twice = {"title": "x", "custom_id": "m", "components": [labelled(type=4, style=1)] * 2}
    _, answer = await wire.ask("POST", callback, {"type": 9, "data": twice})
    assert told(answer) == [("data.components.1.component.custom_id", TWICE)]
    fine = {"title": "x", "custom_id": "m", "components": [labelled(type=4, style=1)]}
    assert (await wire.ask("POST", callback, {"type": 9, "data": fine}))[0] == 204
    assert (await using).modal


async def test_webhooks_have_limits(wire: Wire, town: Server) -> None:
    path = f"/channels/{town.channel('sport').id}/webhooks"
    for _ in range(15):
        status, hook = await wire.ask("POST", path, {"name": "relay"})
        assert status == 200
    assert await wire.refused("POST", path, {"name": "relay"}) == (400, 30007)
    place = f"/webhooks/{hook['id']}/{hook['token']}"
    _, answer = await wire.ask("POST", place, {"content": "x", "username": "Clyde"})
    assert told(answer) == [("username", 'Username cannot contain "clyde"')]
    assert await wire.refused("POST", f"/webhooks/{hook['id']}/wrong", {"content": "x"}) == (401, 50027)
    assert await wire.refused("POST", "/webhooks/1/wrong", {"content": "x"}) == (404, 10015)


async def test_webhooks_may_not_be_called_like_discord_or_everybody(wire: Wire, town: Server) -> None:
    _, hook = await wire.ask("POST", f"/channels/{town.channel('sport').id}/webhooks", {"name": "relay"})
    place = f"/webhooks/{hook['id']}/{hook['token']}"
    for name in ("DISCORD", "di\u200bscord", "ｄｉｓｃｏｒｄ", "clÿde", " ", "Everyone", "here", "x" * 81):
        said = {"content": "x", "username": name}
        assert await wire.refused("POST", place, said) == (400, 50035), name
    assert (await wire.ask("POST", place, {"content": "x", "username": "Everyone else"}))[0] == 204


async def test_an_edit_of_what_a_webhook_said_rings_unless_that_is_said(wire: Wire, town: Server) -> None:
    anna = town.member("anna")
    _, hook = await wire.ask("POST", f"/channels/{town.channel('sport').id}/webhooks", {"name": "relay"})
    place = f"/webhooks/{hook['id']}/{hook['token']}"
    nobody: dict[str, Any] = {"allowed_mentions": {"parse": []}}
    words = f"{anna.mention} @everyone"
    _, said = await wire.ask("POST", f"{place}?wait=true", {"content": words, **nobody})
    shown = await anna.hears("sport", "everyone")
    await wire.ask("PATCH", f"{place}/messages/{said['id']}", {"content": f"{words}!", **nobody})
    assert shown.rang == []
    await wire.ask("PATCH", f"{place}/messages/{said['id']}", {"content": words})
    assert shown.rang == [anna.id, "everyone"]


async def test_in_a_thread_a_webhook_is_told_in_which(wire: Wire, town: Server) -> None:
    anna = town.member("anna")
    thread = anna.begins("sport", "lamps")
    _, hook = await wire.ask("POST", f"/channels/{town.channel('sport').id}/webhooks", {"name": "relay"})
    place, there = f"/webhooks/{hook['id']}/{hook['token']}", f"thread_id={thread.id}"
    town.put_away(thread)
    _, said = await wire.ask("POST", f"{place}?wait=true&{there}", {"content": "x"})
    assert (said["channel_id"], thread.archived) == (thread.id, False)
    one = f"{place}/messages/{said['id']}"
    assert await wire.refused("PATCH", one, {"content": "y"}) == (404, 10008)
    assert (await wire.ask("PATCH", f"{one}?{there}", {"content": "y"}))[0] == 200
    assert (await wire.ask("DELETE", f"{one}?{there}"))[0] == 204
    forum = town.channel("ideas", type=15)
    _, hook = await wire.ask("POST", f"/channels/{forum.id}/webhooks", {"name": "relay"})
    place = f"/webhooks/{hook['id']}/{hook['token']}"
    assert await wire.refused("POST", place, {"content": "x"}) == (400, 220001)


async def test_of_a_second_limit_of_webhooks_no_header_tells(
    wire: Wire, double: Discord, town: Server
) -> None:
    _, hook = await wire.ask("POST", f"/channels/{town.channel('sport').id}/webhooks", {"name": "relay"})
    place = f"/webhooks/{hook['id']}/{hook['token']}"
    double.limits.unannounced = (3, 60.0)
    for _ in range(3):
        assert (await wire.ask("POST", place, {"content": "x"}))[0] == 204
    status, answer = await wire.ask("POST", place, {"content": "x"})
    assert (status, int(wire.headers["X-RateLimit-Remaining"]) > 0) == (429, True)
    assert 30 < answer["retry_after"] <= 60


async def test_old_messages_are_not_edited_for_ever(wire: Wire, double: Discord, town: Server) -> None:
    double.world.old_edits_allowed = 2
    path = f"/channels/{town.channel('sport').id}/messages"
    _, said = await wire.ask("POST", path, {"content": "x"})
    for _ in range(5):
        assert (await wire.ask("PATCH", f"{path}/{said['id']}", {"content": "y"}))[0] == 200
    double.clock.turn(3601)
    for expected in (200, 200, 429):
        status, answer = await wire.ask("PATCH", f"{path}/{said['id']}", {"content": "z"})
        assert status == expected
    assert answer["code"] == 30046
    assert wire.headers["Via"]
    double.clock.turn(3601)
    assert (await wire.ask("PATCH", f"{path}/{said['id']}", {"content": "z"}))[0] == 200


async def test_the_same_nonce_gives_one_message(double: Discord, bot: Bot, town: Server) -> None:
    channel, anna = channel_of(bot, town), town.member("anna")
    first, again = [await channel.send("once", nonce="post-1") for _ in range(2)]
    assert first.id == again.id
    assert len(anna.sees("sport")) == 1
    await first.delete()
    with pytest.raises(discord.NotFound) as no:
        await channel.send("once", nonce="post-1")
    assert no.value.code == 10008
    double.clock.turn(301)
    assert (await channel.send("once", nonce="post-1")).id != first.id


# Interactions that are late


async def test_an_answer_after_3_seconds_is_refused(double: Discord, bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    using = asyncio.create_task(anna.uses("sport", "silent"))
    await bot.hears("asked")
    double.clock.turn(3.5)
    with pytest.raises(AssertionError, match="did not respond"):
        await using
    bot.note("go")
    await bot.hears("404 10062: Unknown interaction")
    assert anna.sees("sport") == []


async def test_a_second_first_answer_is_refused(bot: Bot, town: Server) -> None:
    answer = await town.member("anna").uses("sport", "twice")
    await bot.hears("400 40060: Interaction has already been acknowledged.")
    assert answer.text == "once"


async def test_followups_need_a_first_answer_and_end_after_15_minutes(
    wire: Wire, double: Discord, town: Server
) -> None:
    path = f"/applications/{double.bot.id}/commands"
    await wire.ask("PUT", path, [command()])
    anna = town.member("anna")
    using = asyncio.create_task(anna.uses("sport", "poll", final=False))
    await double.until(lambda: double.world.interactions)
    [interaction] = double.world.interactions.values()
    callback, hook = (
        f"/interactions/{interaction.id}/{interaction.token}/callback",
        f"/webhooks/{double.bot.id}/{interaction.token}",
    )
    assert await wire.refused("POST", hook, {"content": "x"}) == (404, 10015)
    for kind in (6, 7, 8):
        _, answer = await wire.ask("POST", callback, {"type": kind, "data": {"choices": []}})
        assert told(answer) == [("type", "Value must be one of {4, 5, 9, 12}.")]
    bad: Json = {"title": "x" * 46, "custom_id": "m", "components": []}
    _, answer = await wire.ask("POST", callback, {"type": 9, "data": bad})
    assert told(answer) == [
        ("data.title", "Must be 45 or fewer in length."),
        ("data.components", "Must be between 1 and 5 in length."),
    ]
    _, answer = await wire.ask("POST", f"{callback}?with_response=1", {"type": 5, "data": {"flags": 64}})
    about = answer["interaction"]
    assert (about["response_message_loading"], about["response_message_ephemeral"]) == (True, True)
    using_answer = await using
    assert using_answer.thinking
    assert (await wire.ask("PATCH", f"{hook}/messages/@original", {"content": "now"}))[0] == 200
    assert (await using_answer.final()).text == "now"
    assert await wire.refused(
        "GET", f"/channels/{interaction.channel.id}/messages/{using_answer.message.id}"
    ) == (
        404,
        10008,
    )
    assert (await wire.ask("GET", f"{hook}/messages/@original"))[1]["content"] == "now"
    double.clock.turn(901)
    assert await wire.refused("POST", hook, {"content": "x"}) == (401, 50027)


# The gateway


async def test_resume_brings_what_was_missed(double: Discord, bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    await anna.says("sport", "before")
    await bot.hears("anna: before")
    double.gateway.refuse()
    await double.gateway.close(4000)
    await double.until(lambda: not double.gateway.connected)
    for number in range(3):
        await anna.says("sport", f"missed {number}")
    double.gateway.accept()
    await bot.hears("resumed")
    assert [words for words in bot.heard if "missed" in words] == [
        f"anna: missed {number}" for number in range(3)
    ]
    await anna.says("sport", "after")
    await bot.hears("anna: after")
    assert (double.gateway.identified, double.gateway.resumed) == (1, 1)


async def test_reconnect_and_invalid_session(double: Discord, bot: Bot, town: Server) -> None:
    await double.gateway.reconnect()
    await bot.hears("resumed")
    await double.gateway.invalidate(resumable=True)
    await bot.hears("resumed", 2)
    assert double.gateway.identified == 1
    await double.gateway.invalidate()
    await double.until(lambda: double.gateway.identified == 2)
    await bot.wait_until_ready()
    await town.member("anna").says("sport", "hello")
    await bot.hears("anna: hello")


@pytest.mark.parametrize("code", [4000, 4007, 4008, 4009, 1001])
async def test_a_close_that_can_be_resumed(double: Discord, bot: Bot, code: int) -> None:
    await double.gateway.close(code)
    await bot.hears("resumed")


@pytest.mark.parametrize("code", [4004, 4010, 4011, 4012, 4013])
async def test_a_close_that_is_final(double: Discord, town: Server, code: int) -> None:
    bot = Bot(double)
    async with bot:
        task = asyncio.create_task(bot.start(double.token))
        await double.gateway.ready()
        await double.gateway.close(code)
        with pytest.raises(discord.ConnectionClosed) as closed:
            await task
        assert closed.value.code == code


async def test_a_wrong_token_and_an_intent_too_many(double: Discord, town: Server) -> None:
    async with Bot(double) as bot:
        with pytest.raises(discord.LoginFailure):
            await bot.start("wrong")
    double.bot.privileged = 0
    async with Bot(double) as bot:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await bot.start(double.token)


async def test_without_the_intent_messages_are_empty(double: Discord, town: Server) -> None:
    anna = town.member("anna")
    async with running(Bot(double, content=False)) as bot:
        await anna.says("sport", "a secret")
        await bot.hears("anna: ")
        await anna.says("sport", f"<@{double.bot.id}> hello")
        await bot.hears(f"anna: <@{double.bot.id}> hello")
        await anna.says(anna.dm, "privately")
        await bot.hears("anna: privately")
        await channel_of(bot, town).send("my own")
        await bot.hears("plein: my own")
    double.bot.privileged &= ~(1 << 15)
    async with running(Bot(double, content=False)) as bot:
        history = [message.content async for message in channel_of(bot, town).history()]
        assert history == ["my own", f"<@{double.bot.id}> hello", ""]


async def test_shards_have_a_guild_each(double: Discord) -> None:
    towns = [double.guild(f"town {number}") for number in range(2)]
    intents = discord.Intents.default()
    intents.message_content = True
    shards = {}
    async with contextlib.AsyncExitStack() as stack:
        for number in range(2):
            bot = Bot(double, shard_id=number, shard_count=2)
            shards[number] = await stack.enter_async_context(running(bot))
        for place in towns:
            await place.member("anna").says("general", place.name)
            await shards[(int(place.id) >> 22) % 2].hears(f"anna: {place.name}")
        heard = [[words for words in shards[number].heard if ": town" in words] for number in range(2)]
        assert sorted(map(len, heard)) == [1, 1]


async def frames(double: Discord, *sent: Any) -> tuple[list[Json], int | None]:
    """What the gateway says to this, and how it closes."""
    url = "wss://gateway.discord.gg/?v=10&encoding=json"
    async with (
        aiohttp.ClientSession(connector=double.connector()) as session,
        session.ws_connect(url) as socket,
        asyncio.timeout(60),
    ):
        for frame in sent:
            await socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
        heard = [json.loads(frame.data) async for frame in socket]
        return heard, socket.close_code


async def test_the_gateway_keeps_its_rules(double: Discord, town: Server) -> None:
    identify: Json = {"op": 2, "d": {"token": double.token, "intents": 0, "properties": {}}}

    def identifying(**more: Any) -> Json:
        return {"op": 2, "d": {**identify["d"], **more}}

    for sent, code in (
        ([{"op": 77}], 4001),
        (["{"], 4002),
        ([{"op": 3, "d": {}}], 4003),
        ([identifying(token="wrong")], 4004),
        ([identify, identify], 4005),
        ([identifying(shard=[2, 2])], 4010),
        ([identifying(intents=1 << 40)], 4013),
        ([{"op": 1, "d": None}] * 121, 4008),
    ):
        heard, closed = await frames(double, *sent)
        assert (heard[0]["op"], closed) == (10, code), sent
    double.bot.identifies = 0
    assert (await frames(double, identify))[1] == 4004
    heard, _ = await frames(
        double, {"op": 6, "d": {"token": double.token, "session_id": "gone", "seq": 1}}, "{"
    )
    assert heard[1] == {"op": 9, "d": False}


async def test_who_says_goodbye_cannot_resume(double: Discord, town: Server) -> None:
    identify: Json = {"op": 2, "d": {"token": double.token, "intents": 0, "properties": {}}}
    async with aiohttp.ClientSession(connector=double.connector()) as session:
        for code, kept in ((4000, 1), (1000, 1), (1001, 1)):
            async with session.ws_connect("wss://gateway.discord.gg/?v=10") as socket:
                await socket.send_json(identify)
                await double.gateway.ready()
                await socket.close(code=code)
            await double.until(lambda: not double.gateway.connections)
            assert len(double.gateway.sessions) == kept


async def test_members_come_and_go_and_so_does_the_bot(double: Discord, bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    await bot.hears("joined: anna")
    guild = bot.get_guild(int(town.id))
    assert guild
    assert guild.get_member(int(anna.id))
    await anna.leaves()
    await double.until(lambda: anna.id not in town.guild.members)
    found = await guild.query_members("Plein-", limit=5)
    assert [member.name for member in found] == ["Plein-owner"]
    double.guild("Elsewhere")
    await bot.hears("came to: Elsewhere")


# What goes wrong on the way


async def test_a_gateway_refused_at_first_ends_discord_py(double: Discord, town: Server) -> None:
    """Rapptz/discord.py#10520: whoever runs a bot must start it again."""
    double.gateway.refuse()
    async with Bot(double) as bot:
        await bot.login(double.token)
        with pytest.raises(AttributeError):
            await bot.connect()


async def test_requests_meet_faults(wire: Wire, double: Discord, town: Server) -> None:
    path = f"/channels/{town.channel('sport').id}/messages"
    shown = town.member("anna")

    async def send(words: str) -> int:
        return (await wire.ask("POST", path, {"content": words}))[0]

    double.faults.answer(503, MESSAGES, times=2)
    assert [await send(str(number)) for number in range(3)] == [503, 503, 200]
    double.faults.drop(MESSAGES)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send("lost before")
    double.faults.drop("POST *", after=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send("lost after")
    assert [message.text for message in shown.sees("sport")] == ["2", "lost after"]
    assert [call.status for call in double.calls_to(*MESSAGES.split(" "))] == [503, 503, 200, 0, 0]
    double.faults.delay(0.01)
    assert await send("late") == 200
    held = double.faults.hold(MESSAGES)
    waiting = asyncio.create_task(send("held"))
    await held.reached.wait()
    assert shown.sees("sport")[-1].text == "late"
    held.release()
    assert await waiting == 200
    double.faults.html()
    assert await send("?") == 502
    double.faults.garbage()
    with pytest.raises(ValueError):
        await send("?")


async def test_discord_py_lives_through_faults(double: Discord, bot: Bot, town: Server) -> None:
    channel, anna = channel_of(bot, town), town.member("anna")
    double.faults.rate_limit(MESSAGES, retry_after=0.01)
    await channel.send("after a 429")
    double.faults.rate_limit(MESSAGES, retry_after=0.01, everywhere=True)
    await channel.send("after a global 429")
    double.faults.rate_limit(MESSAGES, via=False)
    with pytest.raises(discord.HTTPException) as no:
        await channel.send("never")
    assert no.value.status == 429
    double.faults.answer(503, MESSAGES)
    with pytest.raises(discord.DiscordServerError):
        await channel.send("never")
    double.faults.drop(MESSAGES, after=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await channel.send("twice?", nonce="7")
    await channel.send("twice?", nonce="7")
    assert [message.text for message in anna.sees("sport")] == ["after a 429", "after a global 429", "twice?"]


async def test_a_bucket_runs_empty(wire: Wire, double: Discord, town: Server) -> None:
    path = f"/channels/{town.channel('sport').id}/messages"
    double.limits.now = double.clock.now
    double.limits.set(MESSAGES, 2, 60)
    for left in ("1", "0"):
        assert (await wire.ask("POST", path, {"content": "x"}))[0] == 200
        assert (wire.headers["X-RateLimit-Limit"], wire.headers["X-RateLimit-Remaining"]) == ("2", left)
    status, answer = await wire.ask("POST", path, {"content": "x"})
    assert (status, answer["global"]) == (429, False)
    assert 59 < answer["retry_after"] <= 60
    assert (wire.headers["X-RateLimit-Scope"], bool(wire.headers["Via"])) == ("user", True)
    assert (await wire.ask("POST", f"/channels/{town.channel('general').id}/messages", {"content": "x"}))[
        0
    ] == 200
    double.limits.real()
    double.limits.everywhere = (2, 60)
    statuses = [(await wire.ask("GET", "/users/@me"))[0] for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert wire.headers["X-RateLimit-Global"] == "true"
    double.limits.none()
    double.limits.bad_requests_allowed = 3
    assert await wire.refused("GET", "/channels/1") == (404, 10003)
    assert (await wire.ask("GET", "/users/@me", headers={"Authorization": ""}))[0] == 401
    status, page = await wire.ask("GET", "/users/@me")
    assert (status, "Via" in wire.headers, page[:14]) == (429, False, "<!DOCTYPE html")


async def test_events_come_twice_late_never_or_in_another_order(
    double: Discord, bot: Bot, town: Server
) -> None:
    anna = town.member("anna")
    await bot.hears("joined: anna")

    async def said(*words: str) -> list[str]:
        bot.heard.clear()
        for text in words:
            await anna.says("sport", text)
        await anna.says("sport", "end")
        await bot.hears("anna: end")
        return [line.removeprefix("anna: ") for line in bot.heard]

    events = double.faults.events
    events.duplicate("MESSAGE_CREATE")
    assert await said("a") == ["a", "a", "end"]
    events.reorder("MESSAGE_CREATE")
    assert await said("a", "b") == ["b", "a", "end"]
    events.lose("MESSAGE_CREATE")
    assert await said("a", "b") == ["b", "end"]
    events.delay(0.01)
    assert await said("a") == ["a", "end"]


async def test_a_malformed_dispatch_ends_the_client(double: Discord, town: Server) -> None:
    async with Bot(double) as bot:
        task = asyncio.create_task(bot.start(double.token))
        await double.gateway.ready()
        double.faults.events.garble("MESSAGE_CREATE")
        await town.member("anna").says("sport", "hello")
        with pytest.raises(KeyError):
            await task
        assert not bot.is_closed()


async def test_it_goes_away_and_comes_back_with_all_it_knew(double: Discord, bot: Bot, town: Server) -> None:
    anna = town.member("anna")
    await anna.says("sport", "before")
    await bot.hears("anna: before")
    await double.go_away()
    with pytest.raises(aiohttp.ClientError):
        await bot.fetch_user(int(anna.id))
    await anna.says("sport", "meanwhile")
    await double.come_back()
    await bot.hears("anna: meanwhile")
    assert [message.text for message in anna.sees("sport")] == ["before", "meanwhile"]


# What was sent is held against Discord's own document

DOCUMENT: Json = {
    "paths": {
        "/channels/{channel_id}/messages": {
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Message"}}},
                    "required": True,
                }
            }
        },
        "/users/@me": {"get": {}},
    },
    "components": {
        "schemas": {
            "Message": {
                "type": "object",
                "properties": {
                    "content": {"type": "string"},
                    "at": {"type": "string", "format": "date-time"},
                },
                "required": ["content"],
            }
        }
    },
}


async def test_the_contract_finds_a_planted_violation(
    wire: Wire, double: Discord, town: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISCORD_OPENAPI", raising=False)
    path = f"/channels/{town.channel('sport').id}/messages"
    await wire.ask("GET", "/users/@me")
    await wire.ask("POST", path, {"content": "fine"})
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(DOCUMENT), encoding="utf-8")
    assert double.check_contract() == []
    assert violations(double.calls, str(document)) == []
    await wire.ask("POST", path, {"content": ["not fine"]})
    await wire.ask("POST", path, {"content": "late", "at": "tomorrow"})
    await wire.ask("GET", "/gateway")
    monkeypatch.setenv("DISCORD_OPENAPI", str(document))
    assert double.check_contract() == [
        "POST /channels/{channel_id}/messages: content: ['not fine'] is not of type 'string'",
        "POST /channels/{channel_id}/messages: at: 'tomorrow' is not a 'date-time'",
        "GET /gateway: not in the document",
    ]


async def test_what_is_written_down_holds_no_token(double: Discord, bot: Bot, town: Server) -> None:
    await town.member("anna").uses("sport", "twice")
    await bot.hears("400 40060: Interaction has already been acknowledged.")
    written = repr(double.calls)
    tokens = [double.token, *(interaction.token for interaction in double.world.interactions.values())]
    assert [token for token in tokens if token in written] == []
    assert str(double.calls[0]) == "GET /users/@me -> 200"


# By hand


async def test_the_console_is_the_people(double: Discord, bot: Bot, town: Server) -> None:
    seen: list[str] = []
    console = Console(double, seen.append)

    async def types(line: str) -> str:
        """What is said because of it."""
        seen.clear()
        return "\n".join(filter(None, [await console.line(line), *seen]))

    assert "anna #sport hello" in await types("help")
    assert await types("anna #sport hello") == "1 #sport anna: hello"
    opened = await types("anna /poll open question:Benches there? kind:Many for-days:3")
    assert opened.startswith("2 #sport plein: Benches there?\n    many, 3 days")
    assert opened.endswith("[yes] [no] [why] [later]")
    assert await types("ben choose Which? Sport") == "3 #sport plein (only ben): sport"
    assert await types("ben press why") == "form 'Why?'\n    reason: Reason\n    again: Again?"
    assert await types("ben press 3") == "form 'Why?'\n    reason: Reason\n    again: Again?"
    assert await types("ben submit reason:just because") == "4 #sport plein: because just because []"
    assert (await types("ben press 2 yes")).startswith("2* #sport plein: ben: yes")
    assert await types("ben press yes") == "! there is no such message"
    assert await types("ben react 1 👍") == ""
    assert (await types("ben sees #sport")).startswith("1 #sport anna: hello 👍1\n2 #sport plein")
    assert await types("ben @plein psst") == "5 direct ben: psst"
    assert await types("ben /poll close") == "! 'poll' has no ['close'], only ['open']"
    assert await types("ben flies") == "! nobody can 'flies'. Try: help"
    assert await types("fault 503 1 GET *") == ""
    with pytest.raises(discord.DiscordServerError):
        await bot.fetch_user(1)
    assert await types("calls 1") == "GET /users/{user_id} -> 503"
    assert await types("gateway close 4000") == ""
    await bot.hears("resumed")
    assert await types("gateway sing") == "! the gateway cannot 'sing'"
    assert await types("turn 3600") == ""
    assert await types("guild Elsewhere") == "in Elsewhere: general"


async def test_it_serves_a_bot_by_hand() -> None:
    """As a program: what it prints is enough to reach it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.doubles.discord",
        cwd=Path(__file__).parents[1],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    said = (await process.stdout.readuntil(b"help | quit")).decode()
    found = re.search(r'127.0.0.1:(\d+), .* token is (\S+)[^"]*"([^"]+)"', said)
    assert found
    certificate = await asyncio.to_thread(Path(found[3]).read_text, encoding="utf-8")
    async with aiohttp.ClientSession(connector=connector_to(int(found[1]), certificate)) as session:
        headers = {"Authorization": f"Bot {found[2]}"}
        async with session.get("https://discord.com/api/v10/users/@me", headers=headers) as answer:
            assert (await answer.json())["username"] == "plein"
    rest, _ = await process.communicate(b"anna #sport hello\nquit\n")
    assert b"1 #sport anna: hello" in rest
    assert process.returncode == 0


async def test_an_outage_of_one_server(double: Discord, bot: Bot, town: Server) -> None:
    guild = bot.get_guild(int(town.id))
    assert guild
    town.outage()
    await bot.hears("gone: Plein")
    assert guild.unavailable
    town.recovers()
    anna = town.member("anna")
    await anna.says("sport", "there again?")
    await bot.hears("anna: there again?")
    assert not guild.unavailable
    town.give(anna, "green")
    town.close("sport")
    with pytest.raises(AssertionError, match="no channel 'sport'"):
        await anna.says("sport", "hello?")


async def test_a_person_types_commands_in_their_language(wire: Wire, double: Discord, town: Server) -> None:
    nl = {"name_localizations": {"nl": "peiling"}}
    choices = [{"name": "yes", "value": "y", "name_localizations": {"nl": "ja"}}]

    async def begun(known: int) -> None:
        await double.until(lambda: len(double.world.interactions) > known)

    what = option(name="what", choices=choices, required=True, name_localizations={"nl": "wat"})
    await wire.ask("PUT", f"/applications/{double.bot.id}/commands", [command(**nl, options=[what])])
    for person, typed, options in (
        (town.member("anna"), "peiling", {"wat": "ja"}),
        (town.member("bob", locale="en-GB"), "poll", {"what": "yes"}),
    ):
        using = asyncio.create_task(person.uses(town, typed, options))
        known = len(double.world.interactions)
        await asyncio.wait([using, asyncio.create_task(begun(known))], return_when=asyncio.FIRST_COMPLETED)
        sent = list(double.world.interactions.values())[-1].data
        assert (sent["name"], sent["options"]) == ("poll", [{"type": 3, "name": "what", "value": "y"}])
        using.cancel()
    with pytest.raises(AssertionError, match="there is no command"):
        await town.member("bob").uses(town, "peiling")
