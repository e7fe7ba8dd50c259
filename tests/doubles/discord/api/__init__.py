"""What is behind each route of Discord's API. Importing this fills the table of routes."""

from __future__ import annotations

from tests.doubles.discord.api import commands as commands
from tests.doubles.discord.api import guilds as guilds
from tests.doubles.discord.api import interactions as interactions
from tests.doubles.discord.api import messages as messages
from tests.doubles.discord.api import reactions as reactions
from tests.doubles.discord.api import scheduled as scheduled
from tests.doubles.discord.api import threads as threads
from tests.doubles.discord.api import users as users
from tests.doubles.discord.api import webhooks as webhooks
