"""What an account was charged month by month, and its plot."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from kommres.bill.words import Words
from kommres.errors import UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from os import PathLike


@frozen(kw_only=True)
class Charged:
    """A month: amounts by service, and services that are in quarantine."""

    month: Month
    amounts: Mapping[str, Decimal]
    withheld: tuple[str, ...] = ()


@frozen(kw_only=True)
class Year:
    """Some months of an account, in order, in one currency. ``called``: what services are called."""

    account: str
    unit: str
    months: tuple[Charged, ...]
    called: Mapping[str, str] = field(factory=dict)

    @property
    def services(self) -> tuple[str, ...]:
        """Services in the order in which they first appear."""
        return tuple(dict.fromkeys(service for month in self.months for service in month.amounts))

    def plot(self, file: str | PathLike[str], *, language: str = "en") -> None:
        """Draw the months as bars, a colour a service; the ending of the file says how (svg, png, pdf).

        What is taken off stands below zero; a month with quarantine is marked.

        Raises
        ------
        UsageError
            U0317 where matplotlib is not installed, or cannot write such a file.
        """
        words = Words(language)
        figure = _figure()
        axes = figure.subplots()
        self._bars(axes)
        figures = words.unit(self.unit)
        axes.set_title(words("year_title", row=self.account))
        axes.set_ylabel(figures)
        axes.axhline(0, linewidth=0.8, color="black")
        axes.set_xticks(range(len(self.months)), [self._tick(month, words) for month in self.months])
        axes.tick_params(axis="x", labelrotation=45)
        axes.yaxis.grid(visible=True, alpha=0.3)
        axes.set_axisbelow(True)
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        try:
            # No date inside, so that the same months give the same bytes.
            figure.savefig(file, bbox_inches="tight", metadata={"Date": None} if str(file).endswith(".svg") else None)
        except ValueError as error:
            raise UsageError(
                f"{file} cannot be drawn", code="U0317", why=str(error), todo="end its name in .svg, .png or .pdf"
            ) from None

    def _bars(self, axes: Any) -> None:  # noqa: ANN401 - matplotlib's
        above = [Decimal(0)] * len(self.months)
        below = [Decimal(0)] * len(self.months)
        for service in self.services:
            values = [month.amounts.get(service, Decimal(0)) for month in self.months]
            bottoms = [up if value >= 0 else down for value, up, down in zip(values, above, below, strict=True)]
            heights = [float(value) for value in values]
            label = self.called.get(service, service)
            axes.bar(range(len(self.months)), heights, bottom=[float(bottom) for bottom in bottoms], label=label)
            above = [up + max(value, Decimal(0)) for value, up in zip(values, above, strict=True)]
            below = [down + min(value, Decimal(0)) for value, down in zip(values, below, strict=True)]

    @staticmethod
    def _tick(month: Charged, words: Words) -> str:
        mark = f"\n{words('withheld').lower()}: {len(month.withheld)}" if month.withheld else ""
        return f"{words.month(month.month.number)}{mark}"


def _figure() -> Any:  # noqa: ANN401 - matplotlib's
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise UsageError(
            "matplotlib is not installed",
            code="U0317",
            why="it draws the plot",
            todo='install it with: pip install "kommres[plot]"',
        ) from error
    # Letters as letters, and the same names of shapes each time.
    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["svg.hashsalt"] = "kommres"
    return Figure(figsize=(10, 5))
