"""`python -m bot.main` is `plein`."""

import sys

from bot.main.cli import main

sys.exit(main())
