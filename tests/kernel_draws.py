"""Cases for fuzzing: a program and rows from a seed, compared; the first one that fails, made smaller."""

from __future__ import annotations

from itertools import count
from random import Random

from attrs import evolve
from tests import kernel_hours, kernel_programs, kernel_shapes
from tests.kernel_cases import Sides, sought
from tests.kernel_rows import Trees, spoilt
from tests.kernel_shipped import Grown, shipped, terms_for
from tests.kernel_shrink import Case, shrunk
from tests.kernel_water import PLACES, Households, water
from tests.naive.programs import draw

from kommres.dsl.backends.kernels.kernels import ASSUMED
from kommres.dsl.plan.proofs import Assumptions
from kommres.period import Month

KINDS = ("program", "shipped", "slices", "shape", "households", "hours", "program", "shipped")


def turns(seed):
    """Kinds of cases with their seeds, without end."""
    for number in count():
        yield KINDS[number % len(KINDS)], seed + number


def failing(kind, seed, tally, size=150):
    """Compare a case of about ``size`` trees, added to a tally; returned where it fails."""
    pick = Random(seed)
    texts, plan, month, terms, trees, most = drawn(kind, seed, pick)
    whole = [trees.tree() for _ in range(size // 10 if kind == "hours" else size)]

    def case(root):
        return Case(texts, plan, month, terms, root, tables=kernel_hours.TABLES)

    try:
        sides = Sides(plan, month, **terms)
    except Exception:  # noqa: BLE001 - kernels are never refused
        return case(whole[0])
    charges = [d for d in plan.charges if d.id in terms.get("charges", (d.id,))]
    turned = [sought(sides, definition, trees, wanted=most, tries=most) for definition in charges]
    for roots in (whole, [spoilt(plan, root, pick, trees.assumed)[0] for root in whole], *turned):
        try:
            tally.add(sides.compare(roots))
        except Exception as error:  # noqa: BLE001 - whatever a kernel raises is wrong
            found = getattr(error, "root", None)
            return case(found or next((root for root in roots if case(root).fails() is not None), roots[0]))
    return None


def drawn(kind, seed, pick):
    """Texts (None: they ship), plan, month, terms, trees, and how many ties to seek."""
    month = Month.of(pick.choice((2024, 2025, 2026)), pick.randint(1, 12))
    narrow = evolve(ASSUMED, number=500, grid=pick.choice((1000, 100)))
    assumed = pick.choice((ASSUMED, narrow, Assumptions()))
    terms = {"assumed": assumed}
    match kind:
        case "program":
            texts, plan = kernel_programs.program(seed)
            if pick.random() < 0.2:
                terms["options"] = {"reading": pick.choice(("plain", "half"))}
            if pick.random() < 0.2:
                terms["known_at"] = month.start - pick.randint(0, 60)
            return texts, plan, month, terms, Trees(plan, pick, month, assumed=assumed), 50
        case "hours":
            texts, plan = kernel_hours.program(seed)
            month = Month.parse(pick.choice(("2025-12", "2026-01", "2026-03", "2026-10")))
            return texts, plan, month, terms, Trees(plan, pick, month, assumed=assumed), 6
        case "slices":
            month, plan = Month.parse("2026-01"), None
            while plan is None:
                texts = draw(pick).texts
                plan, _ = kernel_programs.compiled(texts)
            return texts, plan, month, terms, Trees(plan, pick, month, assumed=assumed, words=("x", "y", "z")), 30
        case "shape":
            name = pick.choice(list(kernel_shapes.SHAPES))
            plan = kernel_shapes.shape(name)
            return kernel_shapes.texts(name), plan, month, terms, Trees(plan, pick, month, assumed=assumed), 300
        case "shipped":
            definition = pick.choice(shipped().charges)
            found = terms_for(definition)
            terms = {"charges": [definition.id], **found.named}
            return None, shipped(), found.month, terms, Grown(definition, pick, found), 1000
    month = Month.parse(pick.choice(list(PLACES)))
    happens = pick.choice(("", "", "absence", "unauthorized_connection", "tampering"))
    return None, water(), month, {}, Households(month, pick, happens=happens), 60


def smallest(case, seconds):
    """What to print of a case that fails."""
    found = shrunk(case, seconds)
    if found is None:
        return "the tree alone does not fail: it depends on its neighbours\n" + case.show(AssertionError())
    smaller, problem = found
    return smaller.show(problem)
