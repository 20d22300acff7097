"""``kommres check``: diagnostics of rule text, the citation debt, the stages, the pages of codes."""

from __future__ import annotations

import datetime
import re
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import click

from kommres import cli
from kommres.cli.common import Verb, counted, month_option, show_diagnostics, show_json
from kommres.errors import UsageError
from kommres.period import Month

if TYPE_CHECKING:
    from kommres.dsl.bound.nodes import BoundProgram
    from kommres.dsl.pipeline import State

STAGES = ("syntax", "bound", "rules", "plan", "kernels")


@click.command(
    "check",
    cls=Verb,
    short_help="Find what is wrong in rules.",
    examples=(
        "kommres check rules/",
        "kommres check rules/ --format json",
        "kommres check --unchecked",
        "kommres check rules/water.kmr --show rules --rule volume",
        "kommres check --show kernels --period 2026-01",
        "kommres check --code K0201",
    ),
)
@click.argument("paths", nargs=-1)
@click.option(
    "--format", "form", type=click.Choice(["terminal", "plain", "json"]), default="terminal", help="How findings look."
)
@click.option("--unchecked", is_flag=True, help="List citations whose text nobody compared with the act.")
@click.option("--show", "stage", type=click.Choice(STAGES), help="Print a stage instead of the verdict.")
@click.option("--rule", "rule", help="With --show rules, plan or kernels: only the rule of this name.")
@month_option("--period", "month", help="With --show kernels: the month (default: the current one).")
@click.option("--code", help="Print the page of a code, such as K0101, and stop.")
def command(
    paths: tuple[str, ...],
    form: str,
    unchecked: bool,
    stage: str | None,
    rule: str | None,
    month: Month | None,
    code: str | None,
) -> int:
    """Check rules: files, folders or modules of installed plugins (default: all of these)."""
    if code:
        click.echo(_page(code))
        return cli.FINE
    if month is not None and stage != "kernels":
        raise UsageError("--period without --show kernels", code="U0201", todo="only kernels are those of a month")
    from kommres.dsl.program import check

    state = check(*paths)
    findings = state.out.sorted()
    # A stage can be looked at as soon as it stands, even where a later one found something.
    if stage and _has(state, stage):
        if stage == "kernels":
            _kernels(state, rule, month, form)
        else:
            click.echo(_stage(state, stage, rule))
        if state.out.errors:
            show_diagnostics(findings, form=form, stream=sys.stderr)
        return cli.ERRORS if state.out.errors else cli.FINE
    if state.out.errors or state.bound is None:
        show_diagnostics(findings, form=form)
        return cli.ERRORS
    if unchecked:
        _debt(state.bound, form)
        return cli.FINE
    if findings or form == "json":
        show_diagnostics(findings, form=form)
    if form == "terminal":
        click.echo(_verdict(state.bound, len(findings)))
    return cli.FINE


def _page(code: str) -> str:
    name = code.strip().upper()
    page = files("kommres.dsl") / "codes" / f"{name}.md"
    if name.isalnum() and page.is_file():
        return page.read_text(encoding="utf-8").rstrip()
    from kommres.dsl.problems import TITLES

    if name in TITLES:
        return f"{name}: {TITLES[name]} (a problem of data: the line is refused and goes to quarantine)"
    todo = "copy the code from a message, such as K0201"
    if re.fullmatch(r"[DUX]\d{4}", name):
        todo = "codes of rules and of refused lines have pages; the message of any other code says it all"
    raise UsageError(f"no page of the code {code!r}", code="U0201", todo=todo)


def _verdict(bound: BoundProgram, warnings: int) -> str:
    charges = sum(rule.is_charge for rule in bound.rules)
    parts = [
        counted(len(bound.modules), "module"),
        counted(len(bound.rules) - charges, "rule"),
        counted(charges, "charge"),
        counted(len(bound.params), "parameter"),
        counted(len(bound.examples), "example"),
    ]
    return f"fine: {', '.join(parts)}" + (f"; {counted(warnings, 'warning')}" if warnings else "")


def _debt(bound: BoundProgram, form: str) -> None:
    from kommres.dsl.citing import citation, debt, uncited

    uses, bare = debt(bound), uncited(bound)
    if form == "json":
        items = [
            {"of": u.owner, "module": u.module, "place": f"{u.span.source.name}:{u.span.line}", **citation(u.citation)}
            for u in uses
        ]
        nothing = [
            {"of": of, "module": m, "place": f"{s.source.name}:{s.line}", "status": "nothing cited"}
            for of, m, s in bare
        ]
        show_json([*items, *nothing])
        return
    module = ""
    for use in uses:
        if use.module != module:
            module = use.module
            click.echo(module)
        cite, status = use.citation, "unchecked" if use.citation.status == "unchecked" else "not said"
        note = f" ({cite.note})" if cite.note else ""
        place = f"{cite.act} {cite.text}".rstrip()
        click.echo(f"  {use.span.source.name}:{use.span.line}  {use.owner}: {place}: {status}{note}")
    for owner, where, span in bare:
        click.echo(f"{span.source.name}:{span.line}  {owner} of {where} cites nothing")
    click.echo(f"{counted(len(uses), 'citation')} not checked, {counted(len(bare), 'rule')} without a citation")


def _has(state: State, stage: str) -> bool:
    return {
        "syntax": bool(state.trees),
        "bound": state.bound is not None,
        "rules": state.rules is not None,
        "plan": state.plan is not None,
        "kernels": state.plan is not None,
    }[stage]


def _stage(state: State, stage: str, rule: str | None) -> str:
    from importlib import import_module

    show = import_module(f"kommres.dsl.{stage}.show").show
    if stage == "syntax":
        return "\n\n".join(f"# {tree.span.source.name}\n{show(tree).rstrip()}" for tree in state.trees)
    text: str = show({"bound": state.bound, "rules": state.rules, "plan": state.plan}[stage])
    if rule is None:
        return text.rstrip()
    # Definitions are blocks that begin with `rule module.name` or `charge module.name`, in the plan after a number.
    head = re.compile(rf"(\d+ )?(rule|charge) (\S*\.)?{re.escape(rule)}\b")
    found = [block.rstrip() for block in text.split("\n\n") if head.match(block)]
    if not found:
        raise UsageError(
            f"no rule {rule!r} in this stage", code="U0201", todo="--rule needs --show rules or --show plan"
        )
    return "\n\n".join(found)


def _kernels(state: State, rule: str | None, month: Month | None, form: str) -> None:
    """Show which charges compile for a month, and what is left to the interpreter."""
    plan = state.plan
    if plan is None:
        return
    today = datetime.datetime.now(tz=datetime.UTC)
    month = month or Month.of(today.year, today.month)
    charges = [charge for charge in plan.charges if rule is None or charge.rule.name == rule]
    if rule is not None and not charges:
        raise UsageError(f"no charge {rule!r} in the rules", code="U0201", todo="kernels are those of charges")
    try:
        from kommres.dsl.backends.kernels.report import report, show, to_json
    except ImportError as error:
        raise UsageError("numba cannot be used", code="U0309", why=str(error), todo="install it") from error
    found = report(plan, month, charges)
    if form == "json":
        show_json(to_json(found, month))
    else:
        click.echo(show(found, month))
