"""What overlays make of a rule, in what order rules stand, which conflicts are found, where slices are cut."""

from __future__ import annotations

from itertools import permutations
from textwrap import dedent

import pytest

from kommres.dsl.diagnostics import Severity
from kommres.dsl.pipeline import compile_sources
from kommres.dsl.rules.show import cut_words, named, show
from kommres.dsl.source import Source

VOCABULARY = """
    module base.words
    entity building
    entity premises of building
    enum stove: gas, electric, none
    enum zone: day, night
    input region of building: id
    input lift of building: yes/no, varies
    input people of premises: person, 0..100, varies
    input area of premises: m2
    input metered of premises: m3, step 0.001, 0..1000, optional
    input past of premises: m3, history
    input stove of premises: stove
    input gap of premises: number, step 1, 0..50
    input ratio of premises: number
    input can of premises: yes/no
    input checked of premises: date
    event outage of premises
        from: date
        to: date
"""
HEADER = "module a.water\nuse base.words\n"


def compiled(*texts: str):
    sources = [Source(name="words.kmr", text=dedent(VOCABULARY))]
    sources += [Source(name=f"{n}.kmr", text=dedent(text)) for n, text in enumerate(texts)]
    return compile_sources(sources)


def water(text: str, *others: str):
    return compiled(HEADER + dedent(text), *others)


def ruleset(text: str, *others: str):
    state = water(text, *others)
    assert not state.out.errors, "\n".join(map(str, state.out.errors))
    return state.rules


def definition(text: str, *others: str, name: str = "volume"):
    return next(d for d in ruleset(text, *others).definitions if d.rule.name == name)


def codes(text: str, *others: str, severity: Severity = Severity.ERROR) -> list[str]:
    return [d.code for d in water(text, *others).out.sorted() if d.severity is severity]


def order(found) -> set[tuple[str, str]]:
    names = [named(a, found.rule) for a in found.alternatives]
    return {(names[s], names[w]) for s, w in found.beats}


def apart(found) -> set[frozenset[str]]:
    names = [named(a, found.rule) for a in found.alternatives]
    return {frozenset((names[s], names[w])) for s, w in found.exclusive}


def rule_with(*conditions: str) -> str:
    """A rule with one exception per condition, none ordered."""
    lines = ["rule volume of premises: m3", "    = 1 m3"]
    for number, condition in enumerate(conditions):
        when = f"when {condition}" if condition and not condition.startswith("from") else condition
        lines += [f"    except e{number} {when}", f"        = {number + 2} m3"]
    return "\n".join(lines) + "\n"


class TestOrder:
    def test_over_is_transitive_and_every_exception_beats_the_base(self):
        found = definition("""
            rule volume of premises: m3
                = 1 m3
                except low when can
                    = 2 m3
                except mid over low when can
                    = 3 m3
                except top over mid when can
                    = 4 m3
            """)
        assert order(found) == {
            ("low", "base"), ("mid", "base"), ("top", "base"), ("mid", "low"), ("top", "mid"), ("top", "low"),
        }  # fmt: skip

    def test_a_ring_is_named(self):
        state = water("""
            rule volume of premises: m3
                = 1 m3
                except one over two when can
                    = 2 m3
                except two over three when can
                    = 3 m3
                except three over one when can
                    = 4 m3
            """)
        (ring,) = state.out.errors
        assert ring.code == "K0604"
        assert "one over two over three over one" in ring.message
        assert len(ring.labels) == 2

    def test_an_unknown_name_is_answered_with_the_nearest(self):
        state = water("""
            rule volume of premises: m3
                = 1 m3
                except by_meter when has metered
                    = 2 m3
                except other over by_metre when can
                    = 3 m3
            """)
        unknown = next(d for d in state.out.errors if d.code == "K0603")
        assert unknown.suggestion is not None
        assert unknown.suggestion.replacement == "by_meter"
        assert unknown.span is not None
        assert unknown.span.text == "by_metre"


class TestOverlays:
    RULE = """
        rule volume of premises: m3
            = 1 m3
            except low when can
                = 2 m3
            except mid over low when gap > 3
                = 3 m3
            except top over mid when gap > 7
                = 4 m3
        """

    def test_a_replacement_stands_in_the_place_of_what_it_replaces(self):
        found = definition(
            self.RULE,
            """
            module region.x
            use base.words
            use a.water
            applies when building.region = "x"
            in water.volume of premises
                replace mid
                    = 5 m3
            """,
        )
        new = "mid (region.x)"
        assert {(new, "low"), ("top", new), (new, "base")} <= order(found)
        assert frozenset((new, "mid")) in apart(found)
        replaced = next(a for a in found.alternatives if named(a, found.rule) == "mid")
        (out,) = replaced.suppressions
        assert out.by == "region.x.volume.mid"
        inherited = next(a for a in found.alternatives if named(a, found.rule) == new)
        assert [c.span.text for c in inherited.conditions] == ['building.region = "x"', "gap > 3"]

    def test_a_replacement_with_its_own_condition_does_not_inherit(self):
        found = definition(
            self.RULE,
            """
            module region.x
            use base.words
            use a.water
            in water.volume of premises
                replace mid when stove = gas from 2026-01-01
                    = 5 m3
            """,
        )
        new = found.alternatives[-1]
        assert [c.span.text for c in new.conditions] == ["stove = gas"]
        assert new.start is not None

    def test_repeal_takes_out_and_adds_nothing(self):
        found = definition(
            self.RULE,
            """
            module region.x
            use a.water
            in water.volume of premises
                repeal mid from 2026-01-01
            """,
        )
        assert len(found.alternatives) == 4
        (out,) = next(a for a in found.alternatives if a.name == "mid").suppressions
        assert (out.by, out.until, out.conditions) == ("region.x", None, ())

    def test_the_base_can_be_replaced(self):
        found = definition(
            self.RULE,
            """
            module region.x
            use base.words
            use a.water
            applies when building.region = "x"
            in water.volume of premises
                replace base
                    = 5 m3
            """,
        )
        new = "base (region.x)"
        assert {("low", new), ("mid", new), ("top", new)} <= order(found)
        assert frozenset(("base", new)) in apart(found)

    def test_a_module_that_uses_another_overlay_replaces_its_text_too(self):
        region = """
            module region.x
            use base.words
            use a.water
            in water.volume of premises
                replace mid
                    = 5 m3
            """
        supplier = """
            module supplier.own
            use base.words
            use a.water
            use region.x
            in water.volume of premises
                replace mid
                    = 6 m3
            """
        found = definition(self.RULE, region, supplier)
        assert frozenset(("mid (region.x)", "mid (supplier.own)")) in apart(found)
        stranger = supplier.replace("use region.x", "")
        assert "K0602" in codes(self.RULE, region, stranger)

    def test_load_order_changes_nothing(self):
        overlays = [
            f"""
            module region.{name}
            use base.words
            use a.water
            applies when building.region = "{name}"
            in water.volume of premises
                replace mid
                    = {number} m3
                except own over top when stove = gas
                    = {number} m3
            """
            for number, name in enumerate(("x", "y", "z"))
        ]
        shown = {show(ruleset(self.RULE, *texts)) for texts in permutations(overlays)}
        assert len(shown) == 1

    def test_a_name_of_the_rule_cannot_be_taken_again(self):
        overlay = """
            module region.x
            use base.words
            use a.water
            in water.volume of premises
                except mid over top when stove = gas
                    = 5 m3
            """
        assert "K0605" in codes(self.RULE, overlay)

    def test_a_name_that_two_used_overlays_give_is_ambiguous(self):
        overlay = """
            module region.{0}
            use base.words
            use a.water
            applies when building.region = "{0}"
            in water.volume of premises
                except pipe over top when stove = gas
                    = 5 m3
            """
        reader = """
            module supplier
            use base.words
            use a.water
            use region.x
            use region.y
            in water.volume of premises
                except own over pipe when stove = none
                    = 6 m3
            """
        assert "K0606" in codes(self.RULE, overlay.format("x"), overlay.format("y"), reader)

    def test_replacing_a_base_that_is_not_there(self):
        rule = """
            rule volume of premises: m3
                except only when can
                    = 2 m3
            """
        overlay = """
            module region.x
            use a.water
            in water.volume of premises
                replace base
                    = 5 m3
            """
        assert codes(rule, overlay) == ["K0603"]


class TestConflicts:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("gap in 1..3", "gap > 3"),
            ("gap < 2", "gap > 1"),  # whole numbers
            ("stove = gas", "stove = electric"),
            ("stove in (gas, none)", "stove = electric"),
            ("stove != gas", "stove = gas"),
            ("can", "not can"),
            ("has metered", "not has metered"),
            ("has metered and metered > 1 m3", "not has metered"),
            ("has metered and metered > 1 m3", "not (has metered and metered > 1 m3)"),
            ("checked < 2020-01-01", "checked >= 2020-01-01"),
            ('building.region = "x"', 'building.region = "y"'),
            ("gap > ratio", "gap <= ratio"),
            ("ratio > 100 %", "ratio < 1"),
            ("people * 2 > 3 person", "people * 2 < 3 person"),
            ("from 2020-01-01 until 2021-01-01", "from 2021-01-01"),
            ("can and (gap = 1 or gap = 2)", "gap = 2 and not can or gap = 3"),
            ("if can then gap = 1 otherwise gap = 2", "gap = 3"),
        ],
    )
    def test_proved_exclusive(self, one, other):
        found = definition(rule_with(one, other))
        assert frozenset(("e0", "e1")) in apart(found)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("gap in 1..3", "gap >= 3"),
            ("gap < 2 and can", "stove = gas"),
            ("", "can"),
            ("stove in (gas, none)", "stove != electric"),
            ("has metered", "can"),
            ("has metered and metered > 1 m3", "has metered and metered < 2 m3"),
            ("checked < 2020-01-01", "checked > 2000-01-01"),
            ('building.region = "x"', "can"),
            ("ratio > 1", "ratio < 2"),
            ("ratio > 1 and ratio < 2", "ratio >= 1.5"),
            ("from 2020-01-01", "from 2021-01-01"),
            ("people * 2 > 3 person", "people * 2 > 3 person"),  # undecidable, but the same
            ("people * 2 > 3 person", "people * 2 > 3 person or can"),  # undecidable, but the wider one
        ],
    )
    def test_proved_to_overlap(self, one, other):
        assert codes(rule_with(one, other)) == ["K0601"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("people * 2 > 3 person", "people * 3 > 9 person"),
            ("gap > ratio", "can"),
            ("a_rule", "b_rule"),
            ("a_rule", "gap > 3"),
        ],
    )
    def test_left_to_the_row(self, one, other):
        rules = "rule a_rule of premises: yes/no\n    = gap > 1\nrule b_rule of premises: yes/no\n    = gap < 0\n"
        found = definition(rules + rule_with(one, other))
        assert not apart(found)

    def test_the_same_rule_against_constants_is_decided(self):
        rules = "rule months of premises: number\n    = gap + 1\n"
        assert codes(rules + rule_with("months in 1..3", "months in 3..5")) == ["K0601"]
        assert apart(definition(rules + rule_with("months in 1..3", "months in 4..5")))

    def test_what_stands_over_both_settles_the_pair(self):
        text = """
            rule volume of premises: m3
                = 1 m3
                except one when gap > 3
                    = 2 m3
                except two when gap < 7
                    = 3 m3
                except both over one, two when gap > 3 and gap < 7
                    = 4 m3
            """
        assert codes(text) == []
        assert codes(text.replace("gap > 3 and gap < 7", "gap > 4 and gap < 7")) == ["K0601"]

    def test_the_message_names_both_and_shows_a_row(self):
        state = water(rule_with("gap in 1..3", "gap >= 3 and can"))
        (found,) = state.out.errors
        assert "`e0` and `e1`" in found.message
        assert "where can, gap = 3" in found.message
        assert found.labels[0].text == "`e0` applies"

    def test_overlays_of_different_regions_are_apart(self):
        overlay = """
            module region.{0}
            use base.words
            use a.water
            applies when building.region = "{0}"
            in water.volume of premises
                except pipe when can
                    = 5 m3
            """
        rule = "rule volume of premises: m3\n    = 1 m3\n"
        found = definition(rule, overlay.format("x"), overlay.format("y"))
        assert frozenset(("pipe (region.x)", "pipe (region.y)")) in apart(found)

    def test_many_regions_are_decided_quickly(self):
        overlay = """
            module region.r{0}
            use base.words
            use a.water
            applies when building.region = "{0}"
            in water.volume of premises
                except pipe when can
                    = 5 m3
            """
        found = definition("rule volume of premises: m3\n    = 1 m3\n", *(overlay.format(n) for n in range(60)))
        assert len(found.exclusive) == 60 * 59 // 2

    def test_options_bound_twice(self):
        text = """
            option reading: whole or part, default whole
            rule volume of premises: m3
                = 1 m3
                except part when reading = part
                    = 2 m3
            """
        overlay = """
            module region.{0}
            use base.words
            use a.water
            option reading = {1} when building.region = "{2}"
            """
        assert codes(text, overlay.format("x", "part", "x"), overlay.format("y", "whole", "x")) == ["K0607"]
        assert codes(text, overlay.format("x", "part", "x"), overlay.format("y", "whole", "y")) == []


class TestEvaluationOrder:
    def test_what_is_read_stands_first(self):
        rules = ruleset("""
            rule a of premises: m2
                = b + building.total
            rule b of premises: m2
                = area
            rule total of building: m2
                = sum of p.b for p in premises
            """)
        assert [d.rule.name for d in rules.definitions] == ["b", "total", "a"]

    def test_a_rule_may_not_reach_itself(self):
        state = water("""
            rule a of premises: m2
                = building.total
            rule total of building: m2
                = sum of p.a for p in premises
            """)
        (ring,) = state.out.errors
        assert ring.code == "K0701"
        assert "a -> total -> a" in ring.message
        assert [label.text for label in ring.labels] == ["`total` reads `a` here"]

    def test_nor_through_past_months(self):
        state = water("""
            rule a of premises: m3
                = (sum of b for m in last 3 months) + past
            rule b of premises: m3
                = a
            """)
        assert [d.code for d in state.out.errors] == ["K0702"]

    def test_each_ring_is_reported_once(self):
        text = "".join(
            f"rule a{n} of premises: m2\n    = b{n} + area\nrule b{n} of premises: m2\n    = a{n}\n" for n in range(3)
        )
        assert codes(text + "rule c of premises: m2\n    = a1\n") == ["K0701"] * 3


class TestCuts:
    def cuts(self, text: str, name: str = "volume") -> str:
        return cut_words(definition(text, name=name).cuts)

    def test_inputs_of_own_and_upper_rows(self):
        text = "rule volume of premises: person\n    = if building.lift then people otherwise 0 person\n"
        assert self.cuts(text) == "lift of parent 1, people"

    def test_children_and_siblings(self):
        text = """
            rule total of building: person
                = sum of people for p in premises
            rule volume of premises: person
                = building.total + people
            """
        assert self.cuts(text, "total") == "premises.people below"
        assert self.cuts(text) == "people, premises.people below parent 1"

    def test_a_parent_read_from_a_child_is_the_own_row_again(self):
        text = """
            rule lifted of premises: yes/no
                = building.lift
            rule volume of building: yes/no
                = any of p.lifted for p in premises
            """
        assert self.cuts(text) == "lift"

    def test_dated_parameters_and_alternatives(self):
        text = """
            param norm: m3
                from 2020-01-01 = 1
                from 2021-01-01 = 2
            param fixed: m3 = 3
            rule volume of premises: m3
                = norm + fixed
                except later when can from 2022-01-01 until 2023-01-01
                    = norm on checked
            """
        assert self.cuts(text) == "a.water.norm[], 2022-01-01, 2023-01-01"

    def test_events_that_cover_the_day(self):
        text = """
            rule volume of premises: number
                = count for o in covering(outage)
            rule total of building: number
                = sum of p.volume for p in premises
            """
        assert self.cuts(text) == "outage"
        assert self.cuts(text, "total") == "outage below"

    @pytest.mark.parametrize(
        ("bounds", "words"),
        [
            ("outage", "outage"),
            ("outage, 2021-03-05, period.end", "2021-03-05, outage"),
            ("union(outage), 2021-03-05, 2022-01-01", "2021-03-05, 2022-01-01, outage"),
            ("outage, period.start, checked", "outage, every day"),
            ("outage, period.start + 3 day, period.end", "outage, every day"),
        ],
    )
    def test_pieces_that_cover_the_day_are_cut_at_their_own_bounds(self, bounds, words):
        text = f"rule volume of premises: number\n    = count for o in covering(clip({bounds}))\n"
        assert self.cuts(text) == words

    def test_slices_stop_the_variation_and_keep_the_cuts(self):
        found = definition("""
            rule volume of premises: person*month
                = sum over slices people * slice.months
            """)
        assert not found.varies
        assert cut_words(found.cuts) == "people"

    def test_past_months_add_nothing(self):
        assert self.cuts("rule volume of premises: m3\n    = sum of past for m in last 3 months\n") == ""

    def test_what_reads_the_day_is_cut_every_day(self):
        text = "rule volume of premises: day, signed\n    = days_between(checked, period.day)\n"
        found = definition(text)
        assert found.varies
        assert cut_words(found.cuts) == "every day"

    @pytest.mark.parametrize(
        ("where", "words"),
        [
            ("period.day < o.from", "outage"),
            ("o.from <= period.day and o.to > period.day", "outage"),
            ("period.day <= o.from", "every day"),
            ("o.to >= period.day", "every day"),
            ("period.day = o.from", "every day"),
            ("period.day < o.from + 1 day", "every day"),
        ],
    )
    def test_days_before_an_edge_of_an_event_are_cut_there(self, where, words):
        text = f"rule volume of premises: number\n    = count for o in outage where {where}\n"
        assert self.cuts(text).removeprefix("outage, ") == words

    def test_an_edge_of_a_piece_is_no_edge_of_its_event(self):
        text = "rule volume of premises: number\n    = count for o in clip(outage) where period.day < o.from\n"
        assert self.cuts(text) == "every day"

    def test_options_bring_what_their_bindings_read(self):
        text = """
            option reading: whole or part, default whole
            option reading = part when building.lift
            rule volume of premises: m3
                = if reading = part then 1 m3 otherwise 2 m3
            """
        assert self.cuts(text) == "lift of parent 1"

    def test_a_dated_alternative_varies(self):
        assert definition(rule_with("from 2022-01-01")).varies
        assert not definition(rule_with("can")).varies


class TestWarnings:
    TWO = "rule volume of premises: m3\n    = 1 m3\n    except a when can\n        = 2 m3\n    except b over a when "
    UNREAD = "charge fee of premises: RUB\n    = round(1 RUB, 0.01)\nrule volume of premises: m3\n    = 1 m3\n"

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            (rule_with("gap > 60"), "K0610"),
            (rule_with("can and not can"), "K0610"),
            (TWO + "can or stove = gas\n        = 3 m3\n", "K0611"),
            (TWO + "can\n        = 2 m3\n", "K0612"),
            (UNREAD, "K0613"),
            ("option reading: whole or part, default whole\n", "K0614"),
        ],
    )
    def test_rules_that_do_nothing(self, text, code):
        assert code in codes(text, severity=Severity.WARNING)
