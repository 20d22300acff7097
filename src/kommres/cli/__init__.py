"""The command line, one module a verb. What a verb needs is imported when the verb runs."""

import sys
from collections.abc import Sequence
from typing import Final

FINE: Final = 0
ERRORS: Final = 1
USAGE: Final = 2
QUARANTINE: Final = 3
INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 fine; 1 errors in rules or in data as a whole; 2 usage; 3 a run that finished with quarantine; 130 stopped by
    Ctrl-C.

    Parameters
    ----------
    arguments
        Words after the program's name; by default those of the process.
    """
    try:
        import click  # noqa: F401 - only to see that it is there
    except ModuleNotFoundError:
        print('the command line needs click; install it with: pip install "kommres[cli]"', file=sys.stderr)
        return ERRORS
    from kommres.cli.app import invoke

    return invoke(list(sys.argv[1:] if arguments is None else arguments))
