"""Tables of a data folder: one Parquet, Arrow or CSV file a table, read without any loss. CSV cells stay text."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import mmap
import re
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from kommres.columns.arrow import require_arrow
from kommres.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa  # noqa: TC004 - loaded when it is needed

#: the column that says why a line of a file has not as many fields as the head; no table may bring it itself
RAGGED: Final = "\0ragged"

#: the nameless last column of files with a delimiter at the end of each line
TRAILING: Final = "\0trailing"

_SUFFIXES: Final = (".parquet", ".arrow", ".feather", ".csv")
_DELIMITERS: Final = (",", ";", "\t", "|")
_BLOCK: Final = 1 << 20
_MARKS: Final = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))


@frozen(kw_only=True)
class SourceTable:
    """A table as supplied. ``digest``: SHA-256 of the file (or of the content, for a table from memory)."""

    name: str
    source: str
    digest: str
    table: pa.Table


def table_files(folder: Path) -> dict[str, Path]:
    """Return table name -> file of a data folder.

    Raises :class:`DataError` for a missing folder and for a table given twice.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise DataError(f"the data folder {folder} {what}", todo="name a folder with one file a table")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in _SUFFIXES or path.name.startswith("."):
            continue
        if path.stem in found:
            raise DataError(
                f"the table {path.stem} is given twice",
                where=f"{found[path.stem].name} and {path.name}",
                why="it would be unclear which one counts",
                todo="keep one of the two files",
            )
        found[path.stem] = path
    if not found:
        raise DataError(f"the data folder {folder} holds no file of {', '.join(_SUFFIXES)}", todo="check the path")
    return found


def read_file(name: str, path: Path) -> SourceTable:
    """Read a table. Raises :class:`DataError` where the file as a whole cannot be read."""
    pa = require_arrow()
    if path.suffix.lower() == ".csv":
        digest, table = _read_csv(path)
    else:
        digest = file_digest(path)
        try:
            with path.open("rb") as stream:
                if path.suffix.lower() == ".parquet":
                    # From open bytes: a path such as a/year=2026/b.parquet would gain a column from its folder's name.
                    table = pa.parquet.read_table(stream)
                else:
                    table = pa.ipc.open_file(stream).read_all()
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            raise unreadable(path, error) from error
    refuse_twins(table.column_names, path.name)
    return SourceTable(name=name, source=path.name, digest=digest, table=table)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unreadable(path: Path, error: Exception) -> DataError:
    """Return the error of a file that cannot be read as what its name says."""
    what = "Parquet" if path.suffix.lower() == ".parquet" else "an Arrow file"
    return DataError(
        f"the file cannot be read as {what}", where=path.name, why=_first_line(error), todo="write it again"
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]


def refuse_twins(names: list[str], where: str) -> None:
    """Raise :class:`DataError` where two columns have one name."""
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise DataError(
            f"the column {twins[0]!r} stands more than once in the head",
            where=where,
            why="it would be unclear which one counts",
            todo="rename or remove one of them",
        )


# --- CSV -----------------------------------------------------------------------------------------------------


def _read_csv(path: Path) -> tuple[str, pa.Table]:
    pa = require_arrow()
    digest = _checked_digest(path)
    delimiter, names, head_lines = _head(path)
    refuse_twins(names, path.name)
    _refuse_open_quotes(path, delimiter)
    ragged: list[str] = []

    def keep(row: Any) -> str:  # noqa: ANN401 - pyarrow.csv.InvalidRow
        ragged.append(row.text)
        return "skip"

    try:
        table = pa.csv.read_csv(
            path,
            # One thread: only then does the reader hand over broken lines in the order of the file.
            read_options=pa.csv.ReadOptions(column_names=names, skip_rows=head_lines, use_threads=False),
            parse_options=pa.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=keep, ignore_empty_lines=True
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        if "Empty CSV file" not in str(error):
            raise DataError(
                "the file cannot be read as CSV", where=path.name, why=_first_line(error), todo="check its quotes"
            ) from error
        table = pa.table({name: pa.array([], pa.string()) for name in names})
    return digest, _with_ragged(table, names, ragged, delimiter) if ragged else table


def _checked_digest(path: Path) -> str:
    """Hash a file and make sure that it is UTF-8."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, first = 1, True
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            if first:
                _refuse_other_marks(block, path)
                first = False
            digest.update(block)
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                raise _not_utf8(path, line, error) from error
            line += block.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _not_utf8(path, line, error) from error
    return digest.hexdigest()


def _refuse_other_marks(block: bytes, path: Path) -> None:
    for mark, name in _MARKS:
        if block.startswith(mark):
            raise DataError(f"the file is {name}, not UTF-8", where=path.name, todo="save it as UTF-8")


def _not_utf8(path: Path, line: int, error: UnicodeDecodeError) -> DataError:
    line += error.object.count(b"\n", 0, error.start)
    byte = error.object[error.start]
    return DataError(
        f"the file is not UTF-8: byte 0x{byte:02X}",
        where=f"{path.name}, line {line}",
        why="letters of another encoding (such as Windows-1251) would be read as other letters",
        todo="save the file as UTF-8",
        byte=byte,
        line=line,
    )


def _refuse_open_quotes(path: Path, delimiter: str) -> None:
    """Refuse a quoted cell that goes over lines and does not end as one: it swallowed the rows of these lines."""
    sign = re.escape(delimiter.encode())
    quoted = re.compile(rb'"(?:(?<=[\r\n%b]")|(?<=\A"))[^"]*+(?:""[^"]*+)*+(?:"|\Z)' % sign)
    proper = re.compile(rb'"(?:[\r\n%b]|\Z)' % sign)
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for cell in quoted.finditer(data):
            if b"\n" in cell[0] and not (len(cell[0]) > 1 and proper.match(data, cell.end() - 1)):
                line = data[: cell.start()].count(b"\n") + 1
                raise DataError(
                    "a quote has no end",
                    where=f"{path.name}, line {line}",
                    why="the lines below it would be one cell, and their rows would be lost",
                    todo="close the quote; inside a quoted cell write each quote twice",
                    line=line,
                )


def _head(path: Path) -> tuple[str, list[str], int]:
    """Return delimiter, column names and the number of physical lines that the head takes."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        first = stream.readline()
        skipped = 1
        while first and not first.strip():
            first = stream.readline()
            skipped += 1
    if not first:
        raise DataError("the file is empty", where=path.name, todo="give it a head with the names of the columns")
    delimiter = max(_DELIMITERS, key=first.count)
    names = [name.strip() for name in _fields(first, delimiter)]
    if len(names) > 1 and not names[-1]:
        names[-1] = TRAILING
    if "" in names:
        raise DataError(
            f"column {names.index('') + 1} has no name",
            where=f"{path.name}, line {skipped}",
            todo="name it in the head",
        )
    return delimiter, names, skipped


def _with_ragged(table: pa.Table, names: list[str], lines: list[str], delimiter: str) -> pa.Table:
    """Append the lines with too few or too many fields: their leading fields, marked so that nobody charges by them."""
    pa = require_arrow()
    cells: dict[str, list[str | None]] = {name: [] for name in names}
    reasons: list[str] = []
    for line in lines:
        fields = _fields(line, delimiter)
        reasons.append(f"the line has {_counted(len(fields))}, the head has {len(names)}")
        padded = [*fields, *[""] * len(names)]
        for name, text in zip(names, padded, strict=False):
            cells[name].append(text or None)
    extra = pa.table({name: pa.array(values, pa.string()) for name, values in cells.items()})
    marked = table.append_column(RAGGED, pa.nulls(table.num_rows, pa.string()))
    return pa.concat_tables([marked, extra.append_column(RAGGED, pa.array(reasons, pa.string()))])


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line, newline=""), delimiter=delimiter), [])
    except csv.Error:  # a field of a hundred thousand letters, such as one whose quote has no end
        return line.split(delimiter)


def _counted(fields: int) -> str:
    return "1 field" if fields == 1 else f"{fields} fields"
