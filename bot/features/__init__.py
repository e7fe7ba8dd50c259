"""What Plein can do, by name. A feature is one file; this is the only list of them."""

from bot.features import help as help_feature
from bot.features import polls, residents

COMMANDS = (*help_feature.COMMANDS, *residents.COMMANDS, *polls.COMMANDS)
JOBS = {**polls.JOBS}
BOARDS = {**polls.BOARDS}
# What a parameter of that name could be, or that of one command ("poll again.poll"), for whoever types it.
SUGGESTS = {**residents.SUGGESTS, **polls.SUGGESTS}
FILES = {**polls.FILES}
# What is to be done when two residents turn out to be one person.
MERGES = (polls.merge_residents,)
