"""Pages of the documentation as tests read them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^```(\w[\w-]*)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
