"""``python -m kommres``: the command line without an installed script."""

import sys

from kommres.cli import main

if __name__ == "__main__":
    sys.exit(main())
