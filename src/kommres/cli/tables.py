"""The tables of a data folder as text, in the language of their readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

from kommres.dsl.bound.nodes import Entity, Event, Input, Rule, Series, Titles
from kommres.dsl.overview import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kommres.columns.schema import Column, TableSchema

_HEAD: Final = "data folder of a run: one Parquet, Arrow or CSV file a table; * marks what a run cannot do without"
_HEAD_RU: Final = "папка с данными: таблица — один файл Parquet, Arrow или CSV; без отмеченного * начислить нельзя"

#: Types of columns in Russian; lists and enumerations have another word before them.
_TYPES_RU: Final = {
    "text": "текст",
    "decimal": "число",
    "yes/no": "да/нет",
    "date": "дата",
    "instant": "момент",
    "month": "месяц",
}
#: What columns hold that no rule declares, by role.
_ROLES_RU: Final = {
    "from": "первый день значения",
    "month": "прошлый месяц значения, как 2025-12",
    "edge": "граница интервала",
    "values": "вместо строк по интервалам: все значения, одна строка на ряд",
}


def tables_text(tables: Iterable[TableSchema], titles: Titles, language: str) -> Iterator[str]:
    """Yield the lines that say which tables a run reads, with their columns."""
    said = _Tables(titles=titles, russian=language == "ru", language=language)
    yield _HEAD_RU if said.russian else _HEAD
    for entry in tables:
        yield f"  {_starred(entry.name, required=entry.required)}  {said.table(entry)}".rstrip()
        rows = [(_starred(c.name, required=c.required), said.type(c), said.column(c, entry)) for c in entry.columns]
        for line in table(rows):
            yield f"  {line}"


def _starred(name: str, *, required: bool) -> str:
    return f"{name}*" if required else name


@frozen(kw_only=True)
class _Tables:
    titles: Titles
    russian: bool
    language: str

    def table(self, entry: TableSchema) -> str:
        """Return what a table holds."""
        title = self.titles.of(entry.declared, self.language)
        if isinstance(entry.declared, Entity | Event):
            return title or entry.description
        if not self.russian:
            return entry.description
        columns = {column.role for column in entry.columns}
        kinds = {"from": "изменения по дням", "month": "прошлые месяцы", "edge": "по интервалам"}
        ways = [text for role, text in kinds.items() if role in columns]
        if not isinstance(entry.declared, Input) and "month" in columns:
            ways = ["начислено в прошлые месяцы"]
        return f"{title or entry.declared.name}: {', '.join(ways)}"

    def type(self, column: Column) -> str:
        """Return what a cell is, with its unit."""
        kind = column.type
        if self.russian:
            kind = _TYPES_RU.get(kind, kind.replace("one of ", "одно из: ").replace("list of ", "список: "))
        return f"{kind} {column.unit}" if column.unit not in {"", "number"} else kind

    def column(self, column: Column, entry: TableSchema) -> str:
        """Return what a column holds."""
        declared = entry.declared
        if column.role == "field":
            return self.titles.of(declared, self.language, column.name) or column.description
        if isinstance(column.declared, Input | Rule | Series) and column.role != "values":
            return self.titles.of(column.declared, self.language) or column.description
        if column.enum is not None:
            return self.titles.of(column.enum, self.language) or column.description
        if not self.russian:
            return column.description
        match column.role:
            case "id":
                return "номер, у каждой строки свой" if isinstance(declared, Entity) else "называет строку в сообщениях"
            case "owner":
                return f"номер строки таблицы {column.name}, к которой относится эта"
            case role:
                return _ROLES_RU.get(role, column.description)
