"""A month's charge run: data in, charges and quarantine out."""

from kommres.run.api import run
from kommres.run.function import BatchFunction, batch_function
from kommres.run.result import RunResult

__all__ = ["BatchFunction", "RunResult", "batch_function", "run"]
