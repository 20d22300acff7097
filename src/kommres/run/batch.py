"""A batch of rows charged: rows in, bill lines and quarantine out.

Pure: no files, no clock, nothing kept between batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import field, frozen

from kommres.columns.decimals import scaled
from kommres.columns.export import Refused, refused_batch
from kommres.columns.lines import ChargeLine, Kind, Kinds, coded_from
from kommres.columns.rows import NO_ID_NAME
from kommres.dsl.backends.rows import Bad, Row
from kommres.dsl.quantity import exact

if TYPE_CHECKING:
    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

    from kommres.dsl.backends.interpreter import Interpreter, Line, Refusal
    from kommres.dsl.bound.nodes import Value

_SHOWN: Final = 60  # letters of an amount in a message

#: what is counted -> how many; sums of money are counted in the last digit of an amount
Counts: TypeAlias = Counter[tuple[str, ...]]


@frozen(kw_only=True)
class Terms:
    """What a batch must know besides its rows.

    ``services``: charged entity -> its services. ``digits``: after the point of amounts. ``period``: as results write
    it.
    """

    period: str
    services: Mapping[str, tuple[str, ...]]
    digits: int


@frozen(kw_only=True, eq=False)
class PartResult:
    """Lines and quarantine in the order of the rows, and what was counted.

    ``lines``: as in :mod:`kommres.columns.lines`, with numbers of kinds. Counted: ``("accounts", entity, fate)`` and
    ``("services", entity, fate)`` with the fates charged, nothing and quarantined; ``("rows", table)`` set aside as a
    whole; ``("lines" or "amount", service, line, unit)``; ``("code", code)``.
    """

    lines: pa.Table
    refused: pa.RecordBatch
    counts: Counts = field(repr=False)


class Ledger:
    """Collects what becomes of rows."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.lines: list[ChargeLine] = []
        self.refused: list[Refused] = []
        self.counts: Counts = Counter()

    def take(self, interpreter: Interpreter, row: Row, services: Collection[str] | None = None, given: int = 0) -> None:
        """Charge a row, or put it into quarantine; do nothing about a sound one that has no charges.

        ``services``: only these are wanted, and ``given`` others are charged elsewhere.
        """
        if row.problem is not None:
            self.set_aside(row, row.problem)
        elif row.entity in self.terms.services:
            self.charge(interpreter, row, services, given)

    def set_aside(self, row: Row, problem: Bad) -> None:
        """Put a row that cannot be used as a whole into quarantine: each service of an account, or the row itself."""
        id_ = "" if row.id == NO_ID_NAME else row.id
        services = self.terms.services.get(row.entity)
        self.counts["rows", row.entity] += 1
        for service in services or ("",):
            account = id_ if services else ""
            self.refuse(_refused(row.entity, id_, account, service, problem))
        if services:
            self.fates(row.entity, quarantined=len(services))

    def refuse(self, item: Refused) -> None:
        """Put a row of quarantine down."""
        self.refused.append(item)
        self.counts["code", item.code] += 1

    def fates(
        self, entity: str, *, charged: int = 0, nothing: int = 0, quarantined: int = 0, elsewhere: int = 0
    ) -> None:
        """Count an account by what became of its services; those charged ``elsewhere`` are counted there."""
        fate = "quarantined" if quarantined else "charged" if charged or elsewhere else "nothing"
        self.counts["accounts", entity, fate] += 1
        for name, number in (("charged", charged), ("nothing", nothing), ("quarantined", quarantined)):
            if number:
                self.counts["services", entity, name] += number

    def charge(
        self, interpreter: Interpreter, row: Row, services: Collection[str] | None = None, given: int = 0
    ) -> None:
        """Charge an account, as :meth:`take` says. A service is charged as a whole or not at all."""
        wanted = len(self.terms.services[row.entity] if services is None else services)
        result = interpreter.account(row, services)
        refused = {item.service: None for item in result.refusals}
        # Several charges of one service may be refused for one reason: it is said once.
        for reason in dict.fromkeys(_reason(item, row) for item in result.refusals):
            self.refuse(reason)
        amounts = [scaled(line.amount, self.terms.digits) for line in result.lines]
        for line, amount in zip(result.lines, amounts, strict=True):
            if amount is None and line.service not in refused:
                text = exact(line.amount)
                shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
                message = f"{line.charge} comes to {shown} {line.unit}, which {self.terms.digits} digits cannot write"
                self.refuse(_refused(row.entity, row.id, row.id, line.service, Bad("D0407", message, line.charge)))
                refused[line.service] = None
        charged: dict[str, None] = {}
        for line, amount in zip(result.lines, amounts, strict=True):
            if amount is not None and line.service not in refused:
                charged[line.service] = None
                self.lines.append(_line(line, amount, self.terms.period))
                self.counts["lines", line.service, line.line, line.unit] += 1
                self.counts["amount", line.service, line.line, line.unit] += amount
        nothing = wanted - len(charged) - len(refused)
        self.fates(row.entity, charged=len(charged), nothing=nothing, quarantined=len(refused), elsewhere=given)

    def result(self, kinds: Kinds) -> PartResult:
        """Return all of it as tables."""
        return PartResult(
            lines=coded_from(self.lines, kinds, self.terms.digits),
            refused=refused_batch(self.refused),
            counts=self.counts,
        )


def charge_trees(interpreter: Interpreter, roots: Iterable[Row], terms: Terms) -> Ledger:
    """Charge all accounts below root rows (a root may be one itself).

    Parameters
    ----------
    interpreter
        Computes accounts for the month of the run.
    roots
        Root rows with everything below them.
    terms
        What is charged and how results are written.
    """
    ledger = Ledger(terms)
    for root in roots:
        _walk(interpreter, root, ledger)
    return ledger


def _walk(interpreter: Interpreter, row: Row, ledger: Ledger) -> None:
    ledger.take(interpreter, row)
    for children in row.children.values():
        for child in children:
            _walk(interpreter, child, ledger)


def set_aside(rows: Sequence[Row], terms: Terms) -> Ledger:
    """Put rows that stand under no usable parent into quarantine."""
    ledger = Ledger(terms)
    for row in rows:
        ledger.set_aside(row, row.problem or Bad("D0503", "the parent row does not exist", ""))
    return ledger


def set_loose(table: str, problems: Sequence[tuple[str, Bad]], terms: Terms) -> Ledger:
    """Put rows of a table that belong to no row into quarantine; ``problems``: (row id, what is wrong)."""
    ledger = Ledger(terms)
    for id_, problem in problems:
        ledger.counts["rows", table] += 1
        ledger.refuse(_refused(table, id_, "", "", problem))
    return ledger


def _refused(table: str, row: str, account: str, service: str, problem: Bad) -> Refused:
    return Refused(
        table=table,
        row=row,
        account=account,
        service=service,
        field=problem.field,
        code=problem.code,
        message=problem.message,
        caused_by="",
    )


def _reason(item: Refusal, row: Row) -> Refused:
    return Refused(
        table=row.entity,
        row=row.id,
        account=row.id,
        service=item.service,
        field=item.field,
        code=item.code,
        message=item.message,
        caused_by=item.caused_by,
    )


def _line(item: Line, amount: int, period: str) -> ChargeLine:
    return ChargeLine(
        kind=Kind(
            entity=item.entity,
            service=item.service,
            line=item.line,
            charge=item.charge,
            period=period,
            volume_unit=item.volume_unit,
            tariff_unit=item.price_unit,
            unit=item.unit,
            rule=item.rule,
            options=", ".join([f"{name}={choice}" for name, choice in item.options]),
        ),
        account=item.account,
        volume=_number(item.volume),
        tariff=_number(item.price),
        amount=amount,
    )


def _number(value: Value) -> int | Fraction | None:
    return value if isinstance(value, int | Fraction) else None
