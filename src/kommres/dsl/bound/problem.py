"""The signal that an expression could not be bound; its reason is already reported."""


class Unbound(Exception):  # noqa: N818 - not an error of the program but a way out of one definition
    """Raised after a diagnostic was added; caught where a definition is bound."""
