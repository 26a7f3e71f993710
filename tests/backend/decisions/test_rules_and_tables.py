"""Which rules and value tables are taken, what a rule on trial says, and the number that a changed rule gets."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.catalog import service as catalog
from backend.catalog.decision_rules import rule_issues
from backend.catalog.errors import DecisionRuleUnfit
from backend.decisions import service
from backend.decisions.decision_rule import CompiledRule, decide_many
from backend.decisions.errors import InvalidDecisionSettings, InvalidValueTable, RuleUnchanged, VersionNotLogged
from backend.decisions.rule_change import try_rule
from backend.decisions.value import cannot_decide, values_of
from backend.groups import service as groups
from backend.hub import Hub
from schemas.catalog import CreateVersion
from schemas.decisions import (
    ConfigureDecisions,
    DecisionBand,
    DecisionRule,
    DecisionSettings,
    SetValueTable,
    TryRule,
    ValueEntry,
    ValueTable,
    VersionRule,
    Worth,
)
from schemas.groups import ConfigureGroup, GroupRef, MemberRole
from schemas.inference import PredictBody
from schemas.model_document import Feature, ModelDocument, Task
from tests.support.decisions import bands, cut_at, split, with_rule
from tests.support.group import serve_group
from tests.support.predictions import ask, drain
from tests.support.tenants import Tenant

DOCUMENT = ModelDocument(name="m", features=[Feature(name="product", type="category", categories=["loan", "card"]), Feature(name="amount")])


@pytest.mark.parametrize(
    ("rule", "pointers"),
    [
        (DecisionRule(bands=bands(("approve", 0.2), ("decline", 0.2), ("refer", None))), ["/bands/1/below"]),
        (DecisionRule(bands=bands(("approve", None), ("decline", None))), ["/bands/0/below"]),
        (DecisionRule(bands=bands(("approve", 0.2))), ["/bands/0/below"]),
        (DecisionRule(bands=bands(("approve", float("nan")), ("decline", None))), ["/bands/0/below"]),
        (DecisionRule(bands=bands(("approve", float("inf")), ("decline", None))), ["/bands/0/below"]),
        (DecisionRule(on="probability", bands=bands(("approve", 1.0), ("decline", None))), ["/bands/0/below"]),
        (DecisionRule(bands=bands(("approve", None)), segment_by="region", segment_bands={"n": bands(("decline", None))}), ["/segment_by"]),
        (DecisionRule(bands=bands(("approve", None)), segment_by="product", segment_bands={"lease": bands(("decline", None))}), ["/segment_bands/lease"]),
        (DecisionRule(bands=bands(("approve", None)), segment_bands={"loan": bands(("decline", None))}), ["/segment_by"]),
        (DecisionRule(bands=bands(("approve", None)), segment_by="product"), ["/segment_bands"]),
        (DecisionRule(bands=bands(("approve", 0.2), ("decline", None)), segment_by="product", segment_bands={"loan": bands(("refer", 1.0))}),
         ["/segment_bands/loan/0/below"]),
    ],
)  # fmt: skip
def test_a_rule_that_does_not_fit_is_refused_where_it_is_wrong(rule: DecisionRule, pointers: list[str]) -> None:
    assert [issue.pointer for issue in rule_issues(rule, DOCUMENT, None)] == pointers


def test_a_rule_on_probability_or_points_is_held_against_the_task() -> None:
    points = ModelDocument(name="m", task=Task(type="regression"))
    assert [issue.pointer for issue in rule_issues(DecisionRule(on="probability", bands=bands(("approve", None))), points, None)] == ["/on"]
    assert rule_issues(DecisionRule(on="points", bands=bands(("decline", 480.0), ("approve", None))), points, None) == []


BOUNDS = st.lists(st.floats(-10, 10), min_size=0, max_size=5, unique=True).map(sorted)
SCORES = st.lists(st.one_of(st.floats(-20, 20), st.just(float("nan"))), min_size=1, max_size=20)


@given(BOUNDS, BOUNDS, SCORES, st.lists(st.sampled_from(["loan", "card", None, 3, 3.0, True]), min_size=20, max_size=20))
def test_one_score_and_many_are_decided_the_same_and_as_the_definition_says(
    bounds: list[float], others: list[float], scores: list[float], segments: list[object]
) -> None:
    def made(prefix: str, edges: list[float]) -> list[DecisionBand]:
        return bands(*((f"{prefix}{at}", edge) for at, edge in enumerate(edges)), (f"{prefix}x", None))

    def plainly(score: float, segment: object) -> str | None:
        mine = made("l", others) if segment == "loan" else made("a", bounds)
        return None if np.isnan(score) else next(band.decision for band in mine if band.below is None or score < band.below)

    rule = DecisionRule(bands=made("a", bounds), segment_by="product", segment_bands={"loan": made("l", others)})
    compiled = CompiledRule(VersionRule(rule=rule, version="v1.0"))
    values = segments[: len(scores)]
    expected = [plainly(score, segment) for score, segment in zip(scores, values, strict=True)]
    assert [compiled.decide(score, {"product": segment}) for score, segment in zip(scores, values, strict=True)] == expected
    assert decide_many(rule, np.array(scores), values).tolist() == expected


async def test_a_changed_rule_is_a_patch_or_a_minor_version_by_what_moves_and_its_trial_says_so_before(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    first = await with_rule(hub, tenant, serving.champion, cut_at(1e9))
    assert (first.version, first.decision_rule and first.decision_rule.version) == ("1.4.0", "v1.4"), "a first rule is a minor version"
    group = await split(hub, tenant, serving.group.slug, (first, MemberRole.CHAMPION, 10_000))
    await ask(hub, tenant, group, PredictBody(inputs=[serving.inputs] * 8))
    await drain(hub, group)
    async with hub.work(tenant.admin) as work:
        still = await try_rule(work, TryRule(slug=group.slug, rule=cut_at(1e8)))
        moved = await try_rule(work, TryRule(slug=group.slug, rule=cut_at(-1e8)))
        with pytest.raises(VersionNotLogged):
            await try_rule(work, TryRule(slug=group.slug, rule=cut_at(1.0), version="v9.9"))
        with pytest.raises(DecisionRuleUnfit) as refused:
            await try_rule(work, TryRule(slug=group.slug, rule=DecisionRule(on="points", bands=bands(("approve", None)))))
    assert [issue.pointer for issue in refused.value.issues] == ["/rule/on"]
    assert (still.rows, still.moved, still.change) == (8, 0, "patch")
    assert (moved.moved, moved.share_moved, moved.change) == (8, 1.0, "minor")
    assert [(one.decision, one.before, one.after) for one in moved.counts] == [("approve", 8, 0), ("decline", 0, 8)]
    assert (await with_rule(hub, tenant, first, cut_at(1e8))).version == "1.4.1"
    assert (await with_rule(hub, tenant, first, cut_at(-1e8))).version == "1.5.0"
    same = await with_rule(hub, tenant, serving.challenger, cut_at(1e9))
    assert (same.version, same.decision_rule and same.decision_rule.version) == ("1.6.0", "v1.4"), "the same rule keeps the name of who brought it"
    assert same.artifact == serving.challenger.artifact
    with pytest.raises(RuleUnchanged):
        await with_rule(hub, tenant, first, cut_at(1e9))


async def test_a_draft_is_created_with_its_rule(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    async with hub.work(tenant.admin) as work:
        made = CreateVersion(model=serving.model_slug, version="2.0", document=serving.champion.document, decision_rule=cut_at(0.2))
        draft = await catalog.create_version(work, made)
        assert draft.decision_rule == VersionRule(rule=cut_at(0.2), version="v2.0")
    async with hub.work(tenant.admin) as work:
        unfit = DecisionRule(bands=bands(("approve", 0.2)))
        with pytest.raises(DecisionRuleUnfit) as refused:
            await catalog.create_version(work, CreateVersion(model=serving.model_slug, version="2.1", document=serving.champion.document, decision_rule=unfit))
    assert [issue.pointer for issue in refused.value.issues] == ["/decision_rule/bands/0/below"]


def table(*entries: tuple[str, str, Worth]) -> ValueTable:
    told = [ValueEntry(decision=decision, outcome=outcome, worth=worth) for decision, outcome, worth in entries]  # type: ignore[arg-type]
    return ValueTable(currency="EUR", entries=told, lowest=-500, highest=500)


GOOD, BAD, NOTHING = Worth(constant=100), Worth(column="amount", factor=-0.6), Worth(constant=0)


def test_a_worth_that_depends_on_a_hidden_outcome_cannot_decide() -> None:
    sound = table(("approve", "good", GOOD), ("approve", "bad", BAD), ("decline", "any", NOTHING))
    hidden = table(("approve", "good", GOOD), ("approve", "bad", BAD), ("decline", "good", NOTHING), ("decline", "bad", GOOD))
    assert cannot_decide(sound, ["approve"], ["approve", "decline"]) is None
    assert "`decline` hides its outcome" in (cannot_decide(hidden, ["approve"], ["approve", "decline"]) or "")
    assert cannot_decide(hidden, ["approve", "decline"], ["approve", "decline"]) is None
    assert "Nobody has said" in (cannot_decide(sound, None, ["approve"]) or "")
    assert "`refer`" in (cannot_decide(sound, ["approve"], ["approve", "refer"]) or "")
    assert "one outcome only" in (cannot_decide(table(("approve", "good", GOOD)), ["approve"], ["approve"]) or "")


@given(
    st.lists(
        st.tuples(st.sampled_from(["approve", "decline", "refer", None]), st.sampled_from([0.0, 1.0, float("nan")]), st.floats(0, 5000)),
        min_size=1,
        max_size=30,
    )
)
def test_values_are_what_the_table_says_row_by_row(rows: list[tuple[str | None, float, float]]) -> None:
    sound = table(("approve", "good", GOOD), ("approve", "bad", BAD), ("decline", "any", NOTHING))
    found = values_of(sound, [row[0] for row in rows], np.array([row[1] for row in rows]), {"amount": np.array([row[2] for row in rows])})
    raw = [
        0.0 if decision == "decline" else float("nan") if decision != "approve" or np.isnan(actual) else 100.0 if actual == 0 else amount * -0.6
        for decision, actual, amount in rows
    ]
    np.testing.assert_array_equal(found.values, np.clip(raw, -500, 500))
    known = [one for one in raw if not np.isnan(one)]
    assert found.clipped == (sum(one < -500 for one in known) / len(known) if known else 0.0)
    assert found.unpriced == sum(row[0] == "refer" for row in rows)


async def test_a_group_states_its_table_and_is_told_what_is_wrong_with_one(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    champion = await with_rule(hub, tenant, serving.champion, cut_at(0.2))
    group = await split(hub, tenant, serving.group.slug, (champion, MemberRole.CHAMPION, 10_000))
    name = (champion.artifact.features if champion.artifact else [])[0]
    sound = table(("approve", "good", GOOD), ("approve", "bad", Worth(column=name, factor=-1)), ("decline", "any", NOTHING))
    async with hub.work(tenant.admin) as work:
        found = await service.set_value_table(work, SetValueTable(slug=group.slug, table=sound))
        assert (found.can_decide, found.value_table) == (False, sound)
    async with hub.work(tenant.admin) as work:
        settings = group.settings.__class__(reveals=["approve"])
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=settings))
    async with hub.work(tenant.admin) as work:
        found = await service.get(work, GroupRef(slug=group.slug))
        assert (found.can_decide, found.reason, found.decisions) == (True, None, ["approve", "refer", "decline"])
        wrong = table(("aprove", "good", GOOD), ("approve", "any", Worth(column="nothing", factor=1)), ("approve", "any", Worth()))
        with pytest.raises(InvalidValueTable) as refused:
            await service.set_value_table(work, SetValueTable(slug=group.slug, table=wrong))
        pointers = [issue.pointer for issue in refused.value.issues]
        assert pointers == ["/table/entries/0/decision", "/table/entries/1/worth/column", "/table/entries/2", "/table/entries/2/worth"]
        with pytest.raises(InvalidDecisionSettings):
            await service.configure(work, ConfigureDecisions(slug=group.slug, settings=DecisionSettings(approves=["aprove"])))
        kept = await service.configure(work, ConfigureDecisions(slug=group.slug, settings=DecisionSettings(compare_by="final")))
        assert kept.settings.compare_by == "final"


async def test_rules_made_at_the_same_time_get_numbers_of_their_own(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    made = await asyncio.gather(*(with_rule(hub, tenant, serving.champion, cut_at(cut)) for cut in (0.1, 0.2, 0.3, 0.4)))
    assert len({one.version for one in made}) == 4
