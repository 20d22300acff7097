"""What steps a definition becomes, and what the digest depends on."""

from __future__ import annotations

from textwrap import dedent

from kommres.dsl.bound.nodes import Input
from kommres.dsl.limits import Limits
from kommres.dsl.pipeline import compile_sources
from kommres.dsl.plan.nodes import Gather, Op
from kommres.dsl.plan.show import show
from kommres.dsl.source import Source

VOCABULARY = """
    module a.water
    entity building
    entity premises of building
    enum zone: day, night
    input region of building: id
    input people of premises: person, 0..100, varies
    input area of premises: m2
    input metered of premises: m3, step 0.001, 0..1000, optional, history
    input energy of premises: Gcal
    input can of premises: yes/no
    input by_zone(zone) of premises: kWh
    event outage of premises
        from: date
        to: date
    param price by (volume: kWh): RUB/kWh
        from 2020-01-01  0..100 = 1  100.. = 2
    """


def compiled(*texts: str, limits: Limits = Limits(), tables: dict[str, str] | None = None):  # noqa: B008 - frozen
    first, *others = texts
    sources = [Source(name="0.kmr", text=dedent(VOCABULARY) + dedent(first))]
    sources += [Source(name=f"{n}.kmr", text=dedent(text)) for n, text in enumerate(others, start=1)]
    return compile_sources(sources, lambda _, name: (tables or {}).get(name), limits)


def plan(*texts: str, **tables: str):
    state = compiled(*texts, tables={name.replace("_csv", ".csv"): text for name, text in tables.items()})
    assert state.plan is not None, "\n".join(map(str, state.out.errors))
    return state.plan


def definition(text: str, name: str = "r"):
    return next(d for d in plan(text).definitions if d.rule.name == name)


def ops(found) -> list[str]:
    return [step.op.value for step in found.steps]


class TestSteps:
    def test_every_argument_stands_before_its_step(self):
        text = """
            rule r of building: number
                = (sum of area for p in premises where p.can and p.area > 3 m2) / 1 m2
                except some when (count for p in premises) > 3
                    = 1
            """
        for found in plan(text).definitions:
            for number, step in enumerate(found.steps):
                assert all(arg < number for arg in step.args)

    def test_equal_parts_are_written_once(self):
        found = definition("rule r of premises: m2*m2\n    = (area + 1 m2) * (area + 1 m2)\n")
        assert ops(found) == ["input", "const", "add", "mul"]

    def test_choices_stay_where_they_were_written(self):
        choice = "(if can then area otherwise 0 m2)"
        found = definition(f"rule r of premises: m2\n    = {choice} + {choice}\n")
        assert ops(found).count("if") == 2

    def test_a_conversion_is_a_scale(self):
        found = definition("rule r of premises: kWh\n    = energy as kWh\n")
        scale = next(s for s in found.steps if s.op is Op.SCALE)
        assert (scale.data, scale.unit) == (1163, "kWh")

    def test_products_run_from_the_left(self):
        found = definition("rule r of premises: m2\n    = area * 2 * 3 / 4 * 5\n")
        mul = [(s.op, len(s.args)) for s in found.steps if s.op in {Op.MUL, Op.DIV}]
        assert mul == [(Op.MUL, 3), (Op.DIV, 2), (Op.MUL, 2)]

    def test_yes_and_one_are_not_the_same_constant(self):
        found = definition("rule r of premises: number\n    = if can = yes then 1 otherwise 0\n")
        assert {repr(s.data) for s in found.steps if s.op is Op.CONST} == {"True", "1", "0"}

    def test_keys_take_the_first_slots(self):
        found = definition("rule r(zone) of premises: kWh\n    = by_zone(zone)\n")
        assert found.key_slots == (1,)
        assert found.slots == 2
        assert ops(found) == ["var", "input"]

    def test_an_aggregate_says_where_its_parts_are(self):
        found = definition(
            "rule r of premises: number\n"
            "    = count for o in clip(outage, period.start, period.end) where o.from > 2020-01-01\n"
        )
        gather = found.steps[-1].data
        assert isinstance(gather, Gather)
        ((slot, source),) = gather.binders
        assert (source.kind, source.of.kind, slot) == ("clip", "events", 1)
        assert [found.steps[a].op for a in source.args] == [Op.PERIOD, Op.PERIOD]
        assert set(found.steps[-1].args) == {gather.where, *source.args}

    def test_slices_carry_their_names(self):
        found = definition("""
            rule r of premises: RUB
                = sum over slices tiers(by_zone(day), price[_]) * people / 1 person
            """)
        step = found.steps[-1]
        assert step.op is Op.OVER_SLICES
        has_span, names = step.data
        assert not has_span
        assert {found.steps[a].op for a in step.args[-names:]} == {Op.INPUT, Op.TABLE}

    def test_inputs_are_the_declared_ones(self):
        found = definition("rule r of premises: m2\n    = area\n")
        declared, slot, up, months = found.steps[0].data
        assert isinstance(declared, Input)
        assert (declared.name, slot, up, months) == ("area", 0, 0, None)


class TestAlternatives:
    TEXT = """
        rule r of premises: m2
            = area
            except weak when can
                = 1 m2
            except strong over weak when has metered
                = 2 m2
            except other over weak when not has metered
                = 3 m2
        """

    def test_the_strongest_is_tested_first_and_the_base_last(self):
        found = definition(self.TEXT)
        names = [found.alternatives[n].name for n in found.order]
        assert names == ["strong", "other", "weak", "base"]
        assert found.base == 0

    def test_what_is_beaten_or_excluded_is_skipped(self):
        found = definition(self.TEXT)
        names = [a.name for a in found.alternatives]
        skip = {names[n]: {names[w] for w in weak} for n, weak in enumerate(found.skip)}
        assert skip["strong"] == {"base", "weak", "other"}
        assert skip["weak"] == {"base"}
        assert skip["base"] == set()


class TestDigest:
    RULE = "rule r of premises: m2\n    = area\n"
    OTHER = "module b\nuse a.water\nin water.r of premises\n    except e when can\n        = 1 m2\n"
    TABLE = 'param norm by zone: number from "norm.csv"\n'

    def test_load_order_and_names_of_files_do_not_count(self):
        texts = [Source(name="x.kmr", text=dedent(VOCABULARY) + self.RULE), Source(name="y.kmr", text=self.OTHER)]
        moved = [Source(name="elsewhere/p.kmr", text=texts[1].text), Source(name="q.kmr", text=texts[0].text)]
        one, other = compile_sources(texts).plan, compile_sources(moved).plan
        assert one is not None
        assert other is not None
        assert one.digest == other.digest

    def test_text_counts(self):
        assert plan(self.RULE).digest != plan(self.RULE.replace("= area", "= area * 2")).digest

    def test_tables_count(self):
        rows = "zone,from,value\nday,2020-01-01,1\nnight,2020-01-01,2\n"
        first = plan(self.RULE + self.TABLE, norm_csv=rows).digest
        again = plan(self.RULE + self.TABLE, norm_csv="zone,from,value\nnight,2020-01-01,2\nday,2020-01-01,1\n").digest
        changed = plan(self.RULE + self.TABLE, norm_csv=rows.replace(",2\n", ",3\n")).digest
        assert first == again
        assert first != changed


class TestLimit:
    def test_a_plan_that_is_too_long_is_refused(self):
        state = compiled(TestAlternatives.TEXT, limits=Limits(plan_steps=5))
        assert state.plan is None
        assert [d.code for d in state.out.errors] == ["K0911"]

    def test_too_many_alternatives_are_refused(self):
        state = compiled(TestAlternatives.TEXT, limits=Limits(alternatives=3))
        assert [d.code for d in state.out.errors] == ["K0913"]


def test_show_numbers_the_steps():
    text = show(plan("rule r of premises: kWh\n    = energy as kWh\n"))
    assert "v0: Gcal = input [a.water.energy 0 0 -]" in text
    assert "v1: kWh = scale v0 [1163]" in text
    assert "base = v1" in text
