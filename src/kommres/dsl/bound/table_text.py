"""The text of a parameter's CSV table: its columns, and the shape of its lines."""

from __future__ import annotations

import csv
import io
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from kommres.dsl.diagnostics import closest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_Cells_co = TypeVar("_Cells_co", covariant=True)


class _Reader(Protocol[_Cells_co]):
    """A reader of module csv."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> _Cells_co: ...


#: Line of the file and its cells by column.
Row: TypeAlias = tuple[int, dict[str, str]]

_KNOWN = ("from", "until", "value", "known_from", "complete_until", "source", "checked", "unit")
#: So much like a known column is a slip, not a note.
_SLIP = 0.8


def rows(
    name: str,
    text: str,
    keys: Sequence[str],
    limit: int,
    report: Callable[[str, str, str], None],
    *,
    edge: str = "from",
) -> list[Row] | None:
    """Read a table; ``report`` takes code, message and help of what is wrong. None where nothing can be read.

    ``edge``: the column that says from when, or until when, a row holds.

    A line with too many or too few cells is reported and left out, because a decimal comma makes two cells of one.
    Lines without any cell are passed over.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    columns = [cell.strip() for cell in next(reader, [])]
    if not _columns_fit(name, columns, (*keys, edge, "value"), report):
        return None
    found: list[Row] = []
    for cells in located(reader):
        if not any(cell.strip() for cell in cells):
            continue
        if len(found) >= limit:
            report("K0910", f'the table "{name}" has more than {limit} rows', "raise the limit, or split the table")
            return None
        if len(cells) != len(columns):
            report(
                "K0506",
                f"{name}:{reader.line_num}: {len(cells)} cells stand under {len(columns)} columns",
                "a comma parts cells: decimals have a point, and text with a comma stands in double quotes",
            )
            continue
        found.append((reader.line_num, dict(zip(columns, cells, strict=True))))
    return found


def located(reader: _Reader[_Cells_co]) -> Iterator[_Cells_co]:
    """Yield rows; the error of one that cannot be read, as by a quote without an end, says where it begins."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise csv.Error(f"{error}, in the row that begins in line {line}") from error
        yield cells


def _columns_fit(
    name: str, columns: Sequence[str], wanted: Sequence[str], report: Callable[[str, str, str], None]
) -> bool:
    there = f"it has {', '.join(columns) or 'no columns'}"
    if len(columns) == 1 and any(sign in columns[0] for sign in ";\t"):
        sign = "`;`" if ";" in columns[0] else "a tab"
        report(
            "K0505",
            f'the columns of "{name}" are parted by {sign}',
            "part them by commas, and write decimals with a point",
        )
        return False
    for needed in wanted:
        if needed not in columns:
            near = closest(needed, columns)
            report(
                "K0505",
                f'the table "{name}" has no column `{needed}`',
                f"{there}; is `{near}` meant?" if near else there,
            )
            return False
    for number, column in enumerate(columns):
        if column in columns[:number]:
            report("K0505", f'the table "{name}" has two columns `{column}`', "rename one of them")
            return False
        slip = next((known for known in _KNOWN if known not in columns and _alike(column, known)), None)
        if slip and column not in (*wanted, *_KNOWN):
            report(
                "K0505",
                f'the column `{column}` of "{name}" would be a mere note',
                f"is `{slip}` meant? if not, give the note another name",
            )
            return False
    return True


def _alike(column: str, known: str) -> bool:
    return SequenceMatcher(None, column.casefold(), known).ratio() >= _SLIP
