"""`python -m bot` is `plein`."""

import sys

from bot.cli import main

sys.exit(main())
