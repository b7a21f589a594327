"""`python -m linker`: the command line."""

import sys

from linker.cli import main

sys.exit(main())
