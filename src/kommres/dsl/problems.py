"""Why a line of an account is refused: problems of data, as values with stable codes."""

from __future__ import annotations

from kommres.errors import DataError

#: code -> short title; the message of a problem says the particulars.
TITLES: dict[str, str] = {
    "D0101": "a required value is missing",
    "D0102": "a value cannot be read",
    "D0103": "a value is outside its declared range",
    "D0104": "a value does not lie on its declared step",
    "D0105": "an unknown member of an enumeration",
    "D0106": "a step function does not cover the day",
    "D0107": "a date or time that cannot be",
    "D0108": "no value was supplied for a past month",
    "D0109": "an interval of a series has no value",
    "D0110": "a day of the time zone is no whole number of intervals",
    "D0201": "a table has no such key",
    "D0202": "a table has no value at this date",
    "D0203": "a table is not complete at this date",
    "D0204": "a division by zero",
    "D0205": "a calendar is not complete at this date",
    "D0206": "a function of a plugin has no value for its arguments",
    "D0301": "two exceptions apply at once",
    "D0302": "no definition applies",
    "D0303": "a rule is not in force at this date",
    "D0401": "a negative result that is not signed",
    "D0402": "a part is not within its whole",
    "D0403": "first or last is not unique",
    "D0404": "intervals overlap",
    "D0405": "a value is used although it is absent",
    "D0406": "a result is outside its declared range",
    "D0407": "an amount cannot be written exactly",
    "D0408": "a function of a plugin failed",
    "D0409": "a number has too many digits to compute with",
    "D0410": "a span has too many days to go through",
    "D0501": "the row has no id",
    "D0502": "the id stands more than once",
    "D0503": "the parent row does not exist",
    "D0504": "the owner of an event or value row does not exist",
    "D0505": "a row of a value table cannot be used",
    "D0506": "a line of a file has not as many fields as its head",
    "D0507": "an interval of a series has two values",
    "D0508": "an instant that is no edge of an interval of its series",
    "D0509": "a list has not one value for each interval of its series",
}


class DataProblem(DataError):  # noqa: N818 - a finding about data, carried as a value
    """Raised while a line is computed; becomes a quarantine row. ``row`` and ``field`` say where the value came
    from.
    """

    def __init__(self, code: str, message: str, *, row: str = "", field: str = "", caused_by: str = "") -> None:
        super().__init__(message, code=code)
        self.message = message
        self.row = row
        self.field = field
        self.caused_by = caused_by

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"
