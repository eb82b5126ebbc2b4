"""Let ``python -m sufficient`` do what the command ``sufficient`` does."""

import sys

from sufficient.command.main import main

if __name__ == "__main__":
    sys.exit(main())
