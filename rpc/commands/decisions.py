"""`tiltyard decisions`: rules, final decisions, overrides and value tables, through the same pipeline as a call over HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from backend.bootstrap import open_hub
from rpc.commands.shared.acting import Caller, acting_options
from rpc.commands.shared.installation import read_settings, running_installation
from rpc.commands.shared.terminal import data_dir_option
from schemas.catalog import Version
from schemas.common import Shape
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
from schemas.groups import GroupRef

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
@click.argument("version_id", metavar="VERSION")
@_file
def set_rule(data_dir: Path | None, email: str | None, token: str | None, version_id: str, path: Path) -> None:
    """A new version with the artifact of VERSION (an id) and the rule in FILE; `null` in FILE takes the rule away."""
    given = msgspec.convert({"version_id": version_id, "rule": msgspec.json.decode(path.read_bytes())}, SetDecisionRule, strict=False)
    made = _ask(data_dir, email, token, "models.setDecisionRule", given, Version)
    click.echo(f"{made.model_name} {made.label} is ready ({made.id}). Put it in a group as any version.")


@command.command("record", short_help="Tell final decisions from a file.")
@data_dir_option
@acting_options
@_group
@_file
def record(data_dir: Path | None, email: str | None, token: str | None, slug: str, path: Path) -> None:
    """Tell GROUP the final decisions in FILE, one JSON object a line. The same file again changes nothing."""
    decisions = [msgspec.json.decode(line, type=FinalDecision) for line in path.read_bytes().splitlines() if line.strip()]

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


def _read(path: Path, shape: Any) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{path}: {error}") from error


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
