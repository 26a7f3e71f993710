"""`tiltyard decisions`: rules, final decisions, overrides and value tables, through the same pipeline as a call over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import UUID

import click
import msgspec

from backend.bootstrap import open_hub
from rpc.commands.shared.acting import Caller, acting_options
from rpc.commands.shared.installation import read_settings, running_installation
from rpc.commands.shared.terminal import data_dir_option
from schemas.catalog import Version
from schemas.common import Shape
from schemas.cutoffs import CutoffCurve, CutoffLimits, CutoffPoint, CutoffTrial, ExploreCutoffs, TryCutoff
from schemas.decisions import (
    AskOverrides,
    DecisionRule,
    DecisionsReceipt,
    FinalDecision,
    GroupDecisions,
    OverrideRate,
    Overrides,
    RecordDecisions,
    RuleTrial,
    SetDecisionRule,
    SetValueTable,
    TryRule,
    ValueTable,
)
from schemas.exploration import Explorations
from schemas.groups import Group, GroupRef
from schemas.swap_sets import AskSwapSet, SwapSet

T = TypeVar("T")
BATCH = 5_000
_group = click.argument("slug", metavar="GROUP")
_file = click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("decisions", short_help="Decision rules, final decisions, overrides, value tables.")
def command() -> None:
    """What a group decides, what was finally done, and what it is worth. GROUP is a group's slug; a FILE is JSON."""


@command.command("show", short_help="A group's rules, settings and value table.")
@data_dir_option
@acting_options
@_group
def show(data_dir: Path | None, email: str | None, token: str | None, slug: str) -> None:
    """The rules in force in GROUP, and whether value per application can be its decision metric."""
    found = _ask(data_dir, email, token, "decisions.get", GroupRef(slug=slug), GroupDecisions)
    for one in found.rules:
        click.echo(f"{one.version:10} {one.role:11} {_told(one.rule.rule) if one.rule else 'no rule'}")
    table = found.value_table
    click.echo(f"Value table: {f'{len(table.entries)} entries in {table.currency}' if table else 'none'}.")
    click.echo("Value per application can be the decision metric." if found.can_decide else f"Value per application is not compared: {found.reason}")


@command.command("try", short_help="Try a rule on logged rows.")
@data_dir_option
@acting_options
@click.option("--version", help="The version that is logged, by label. [default: the champion]")
@_group
@_file
def try_(data_dir: Path | None, email: str | None, token: str | None, version: str | None, slug: str, path: Path) -> None:
    """What the rule in FILE would have decided on GROUP's latest logged rows."""
    given = TryRule(slug=slug, rule=_read(path, DecisionRule), version=version)
    found = _ask(data_dir, email, token, "decisions.tryRule", given, RuleTrial)
    for one in found.counts:
        click.echo(f"{one.decision:20} {one.before:>10,} before {one.after:>10,} after")
    click.echo(f"{found.moved:,} of {found.rows:,} rows of {found.version} move ({found.share_moved:.2%}): a {found.change} version.")


@command.command("set-rule", short_help="Make a version with another rule.")
@data_dir_option
@acting_options
@click.argument("version_id", metavar="VERSION", type=click.UUID)
@_file
def set_rule(data_dir: Path | None, email: str | None, token: str | None, version_id: UUID, path: Path) -> None:
    """A new version with the artifact of VERSION (an id) and the rule in FILE; `null` in FILE takes the rule away."""
    given = SetDecisionRule(version_id=version_id, rule=_read(path, DecisionRule | None))
    made = _ask(data_dir, email, token, "models.setDecisionRule", given, Version)
    click.echo(f"{made.model_name} {made.label} is ready ({made.id}). Put it in a group as any version.")


@command.command("record", short_help="Tell final decisions from a file.")
@data_dir_option
@acting_options
@_group
@_file
def record(data_dir: Path | None, email: str | None, token: str | None, slug: str, path: Path) -> None:
    """Tell GROUP the final decisions in FILE, one JSON object a line. The same file again changes nothing."""
    lines = enumerate(path.read_bytes().splitlines(), start=1)
    decisions = [_decoded(line, FinalDecision, f"{path}, line {number}") for number, line in lines if line.strip()]

    async def do(caller: Caller) -> list[DecisionsReceipt]:
        parts = [decisions[start : start + BATCH] for start in range(0, len(decisions), BATCH)]
        return [await caller.ask("inference.recordDecisions", RecordDecisions(slug=slug, decisions=part), DecisionsReceipt) for part in parts]

    found = _run(data_dir, email, token, do)
    names = ("applied", "revised", "waiting", "duplicate", "overrides")
    click.echo(", ".join(f"{sum(getattr(one, name) for one in found):,} {name}" for name in names) + f" of {len(decisions):,}.")


@command.command("overrides", short_help="How often persons decided otherwise.")
@data_dir_option
@acting_options
@click.option("--segment", help="By this name in the requests' segments too.")
@_group
def overrides(data_dir: Path | None, email: str | None, token: str | None, segment: str | None, slug: str) -> None:
    """Override rates of GROUP in the last 90 days, with 95 % intervals."""
    found = _ask(data_dir, email, token, "decisions.overrides", AskOverrides(slug=slug, segment=segment), Overrides)
    click.echo(f"in all                         {_rate(found.total)}")
    parts = {"version": found.by_version, "segment": found.by_segment, "group": found.by_person_group, "reason": found.by_reason}
    for what, rates in parts.items():
        for one in rates:
            click.echo(f"{what:8} {one.name or 'not said':21} {_rate(one)}")
    for way in found.by_direction:
        click.echo(f"{way.version:8} {way.recommended} -> {way.final}: {way.overridden:,} of {way.told:,}")


@command.command("value-table", short_help="Set a group's value table.")
@data_dir_option
@acting_options
@_group
@_file
def value_table(data_dir: Path | None, email: str | None, token: str | None, slug: str, path: Path) -> None:
    """Set the value table in FILE for GROUP; `null` in FILE takes it away."""
    given = SetValueTable(slug=slug, table=_read(path, ValueTable | None))
    found = _ask(data_dir, email, token, "decisions.setValueTable", given, GroupDecisions)
    click.echo("Value per application can be the decision metric." if found.can_decide else f"Value per application is not compared: {found.reason}")


@command.command("cutoffs", short_help="What each cut-off would have given.")
@data_dir_option
@acting_options
@click.option("--version", help="The version that is logged, by label. [default: the champion]")
@click.option("--approval-rate", type=float, help="The least share to approve, as 0.6.")
@click.option("--bad-rate", type=float, help="The greatest share of bad outcomes among the approved, as 0.04.")
@click.option("--ratio", type=float, help="The least four-fifths ratio by --segment, as 0.8.")
@click.option("--segment", help="An input by which approval rates are compared.")
@_group
def cutoffs(data_dir: Path | None, email: str | None, token: str | None, slug: str, version: str | None, segment: str | None, **limits: float | None) -> None:
    """Every tenth cut-off tried on GROUP's mature rows, and the best one within the limits."""
    given = ExploreCutoffs(slug=slug, version=version, segment=segment, limits=CutoffLimits(**limits))
    found = _ask(data_dir, email, token, "decisions.explore", given, CutoffCurve)
    click.echo(f"{'cut-off':>10} {'approved':>9} {'bad rate':>15} {'value':>18} {'gain':>10}")
    for point in found.points[::10]:
        click.echo(_point(point))
    click.echo(f"best: {_point(found.best).strip()}" if found.best else "No cut-off holds the limits.")
    click.echo(f"{found.known:,} of {found.rows:,} mature applications of {found.version} have an outcome. {found.words}".strip())


@command.command("try-cutoff", short_help="Put a version with another cut-off into a group.")
@data_dir_option
@acting_options
@click.option("--version", help="The version that gets the cut-off, by label. [default: the champion]")
@click.option("--challenger", "percent", type=click.FloatRange(0.01, 99), metavar="PERCENT", help="As a challenger with this share. [default: as a shadow]")
@_group
@click.argument("cut", metavar="CUT", type=float)
def try_cutoff(data_dir: Path | None, email: str | None, token: str | None, version: str | None, percent: float | None, slug: str, cut: float) -> None:
    """Make a version that decides by CUT, and put it into GROUP in one step."""
    share = round(100 * (percent or 0))
    role: Literal["challenger", "shadow"] = "challenger" if percent else "shadow"

    async def do(caller: Caller) -> CutoffTrial:
        phase = (await caller.ask("groups.get", GroupRef(slug=slug), Group)).phase.number
        given = TryCutoff(slug=slug, phase=phase, cut=cut, version=version, role=role, share=share)
        return await caller.ask("decisions.tryCutoff", given, CutoffTrial)

    made = _run(data_dir, email, token, do)
    click.echo(f"{made.version} is in {slug} as {made.role}, from phase {made.phase} on ({made.version_id}).")


@command.command("swap-set", short_help="What a shadow would decide otherwise.")
@data_dir_option
@acting_options
@click.option("--shadow", help="The shadow, by label. [default: the first]")
@_group
def swap_set(data_dir: Path | None, email: str | None, token: str | None, shadow: str | None, slug: str) -> None:
    """Applications that only a shadow of GROUP, or only the answering version, would approve."""
    found = _ask(data_dir, email, token, "decisions.swapSet", AskSwapSet(slug=slug, shadow=shadow), SwapSet)
    for part in found.parts:
        rate = f"{part.bad_rate.value:.2%} bad" if part.bad_rate.value is not None else "bad rate not known"
        click.echo(f"{part.name.replace('_', ' '):16} {part.n:>10,}   {part.known:,} with an outcome, {rate}")
    click.echo(found.words)


@command.command("explorations", short_help="What is approved by lot.")
@data_dir_option
@acting_options
@_group
def explorations(data_dir: Path | None, email: str | None, token: str | None, slug: str) -> None:
    """The explorations of GROUP: band, share, budget, and what became known."""
    found = _ask(data_dir, email, token, "decisions.explorations", GroupRef(slug=slug), Explorations)
    for one in found.explorations:
        band = f"{one.terms.share:.2%} of scores from {one.terms.low:g} to below {one.terms.high:g}"
        click.echo(f"{one.id} {one.state:9} {band}: {one.spent:,} of {one.allowed:,} approvals used, {one.known:,} outcomes, {one.bad:,} bad")
    if not found.explorations:
        click.echo("This group has explored nothing.")


def _point(point: CutoffPoint) -> str:
    """Return a line of the table. Where outcomes are unknown, bad rate and value are ranges."""
    bad = _between(f"{point.bad_rate_least or 0:.1%}", f"{point.bad_rate_most:.1%}") if point.bad_rate_most is not None else "-"
    value = _between(f"{point.value_least:,.3f}", f"{point.value_most:,.3f}") if point.value_least is not None and point.value_most is not None else "-"
    gain = f"{point.gain.value:,.3f}" if point.gain.value is not None else "-"
    return f"{point.cut:>10.6g} {point.approval_rate.value or 0:>9.1%} {bad:>15} {value:>18} {gain:>10}"


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _read(path: Path, shape: Any) -> Any:
    return _decoded(path.read_bytes(), shape, str(path))


def _decoded(text: bytes, shape: Any, where: str) -> Any:
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{where}: {error}") from error


def _ask(data_dir: Path | None, email: str | None, token: str | None, path: str, given: Shape, shape: type[T]) -> T:
    async def do(caller: Caller) -> T:
        return await caller.ask(path, given, shape)

    return _run(data_dir, email, token, do)


def _run(data_dir: Path | None, email: str | None, token: str | None, do: Callable[[Caller], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_hub(running_installation(read_settings(data_dir)), pool_size=2) as hub:
            return await do(Caller(hub, email, token))

    return asyncio.run(run())


def _told(rule: DecisionRule) -> str:
    bands = ", ".join(f"{one.decision} below {one.below:g}" if one.below is not None else f"else {one.decision}" for one in rule.bands)
    return f"{bands} on {rule.on}" + (f", by {rule.segment_by}" if rule.segment_by else "")


def _rate(one: OverrideRate) -> str:
    if one.rate is None or one.interval is None:
        return "no final decisions"
    return f"{one.rate:7.2%}  ({one.interval.low:.2%} to {one.interval.high:.2%}), {one.overridden:,} of {one.told:,}"
