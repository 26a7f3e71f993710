"""`tiltyard alerts`: read, acknowledge and silence alerts, through the same pipeline as a call over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

from backend.actor import Actor
from backend.bootstrap import ServingHub
from backend.plural import plural
from rpc.commands.shared.acting import acting, acting_options
from rpc.commands.shared.terminal import data_dir_option
from rpc.core import Request
from rpc.core.call import Exchange, call, find
from rpc.host import ProductHost
from rpc.root import root
from schemas.alerts import Alert, AlertRetention, AlertState, Severity
from schemas.common import Page

_alert = click.argument("alert_id", metavar="ALERT")


@click.group("alerts", short_help="Read, acknowledge and silence alerts.")
def command() -> None:
    """Alerts that need attention, and what to do about them. ALERT is an alert's id, as shown in the lists."""


@command.command("list", short_help="List the open alerts.")
@data_dir_option
@acting_options
@click.option("--state", type=click.Choice([str(one) for one in AlertState]), default="open", show_default=True, help="Alerts in this state.")
@click.option("--severity", type=click.Choice([str(one) for one in Severity]), help="Only this severity.")
def list_(data_dir: Path | None, email: str | None, token: str | None, state: str, severity: str | None) -> None:
    """List the alerts in a state with what to do, the most severe and the newest first."""
    answer = _ask(data_dir, email, token, "alerts.list", {"state": state, "severity": severity, "limit": 500})
    _show(msgspec.json.decode(answer, type=list[Alert]), f"No alert is {state}.")


@command.command("history", short_help="List alerts of every state, the newest first.")
@data_dir_option
@acting_options
@click.option("--kind", help="Only this kind, such as `group.halted`.")
@click.option("--subject", help="Only subjects with this beginning, such as `group:credit`.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most this many.")
def history(data_dir: Path | None, email: str | None, token: str | None, kind: str | None, subject: str | None, limit: int) -> None:
    """List alerts of every state, resolved ones included, the newest first."""
    answer = _ask(data_dir, email, token, "alerts.history", {"kind": kind, "subject": subject, "limit": limit})
    _show(msgspec.json.decode(answer, type=Page[Alert]).items, "There are no alerts.")


@command.command("acknowledge", short_help="Acknowledge an alert.")
@data_dir_option
@acting_options
@click.option("--note", default="", help="What you do about it.")
@_alert
def acknowledge(data_dir: Path | None, email: str | None, token: str | None, note: str, alert_id: str) -> None:
    """Acknowledge ALERT, so that others know."""
    _changed(_ask(data_dir, email, token, "alerts.acknowledge", {"alert_id": alert_id, "note": note}))


@command.command("silence", short_help="Silence an alert for some hours.")
@data_dir_option
@acting_options
@click.option("--hours", type=click.FloatRange(0.0, 90 * 24.0, min_open=True), default=24.0, show_default=True, help="For how long.")
@click.option("--reason", required=True, help="Why; kept in the audit log.")
@_alert
def silence(data_dir: Path | None, email: str | None, token: str | None, hours: float, reason: str, alert_id: str) -> None:
    """Silence ALERT's kind and subject. A higher severity ends the silence."""
    until = datetime.now(UTC) + timedelta(hours=hours) - timedelta(seconds=1)
    _changed(_ask(data_dir, email, token, "alerts.silence", {"alert_id": alert_id, "until": until, "reason": reason}))


@command.command("unsilence", short_help="End a silence early.")
@data_dir_option
@acting_options
@_alert
def unsilence(data_dir: Path | None, email: str | None, token: str | None, alert_id: str) -> None:
    """End the silence of ALERT."""
    _changed(_ask(data_dir, email, token, "alerts.unsilence", {"alert_id": alert_id}))


@command.command("retention", short_help="How long resolved alerts are kept.")
@data_dir_option
@acting_options
@click.option("--days", type=click.IntRange(1, 36_500), help="Keep them for this many days.")
@click.option("--for-good", is_flag=True, help="Keep them forever.")
def retention(data_dir: Path | None, email: str | None, token: str | None, days: int | None, for_good: bool) -> None:
    """Show how long resolved alerts are kept; with an option, change it."""
    if days is not None and for_good:
        raise click.UsageError("Give --days or --for-good, not both.")
    changed = days is not None or for_good
    answer = _ask(data_dir, email, token, "alerts.setRetention" if changed else "alerts.retention", {"days": days} if changed else None)
    kept = msgspec.json.decode(answer, type=AlertRetention).days
    click.echo("Resolved alerts are kept forever." if kept is None else f"Resolved alerts are kept for {plural(kept, 'day')}.")


def _ask(data_dir: Path | None, email: str | None, token: str | None, path: str, given: Any) -> bytes:
    """Return a procedure's answer as JSON."""
    procedure = find(root, path)
    raw = msgspec.Raw(msgspec.json.encode(given)) if given is not None else None

    async def do(hub: ServingHub, actor: Actor) -> bytes:
        return await call(Exchange(ProductHost(hub), Request(path=path), actor), procedure, raw)

    return asyncio.run(acting(data_dir, email, token, procedure.permission, do))


def _changed(answer: bytes) -> None:
    _show([msgspec.json.decode(answer, type=Alert)], "")


def _show(alerts: list[Alert], none: str) -> None:
    if not alerts:
        click.echo(none)
    for one in alerts:
        click.echo(f"{one.id}  {one.severity:8}  {_state(one)}  since {one.first_seen:%Y-%m-%d %H:%M} UTC  {one.kind}  {one.subject}")
        click.echo(f"    {one.message}\n    {one.recommendation}")


def _state(alert: Alert) -> str:
    if alert.state is AlertState.ACKNOWLEDGED:
        return f"acknowledged by {alert.acknowledged_by}"
    if alert.state is AlertState.SILENCED and alert.silenced_until is not None:
        return f"silenced until {alert.silenced_until:%Y-%m-%d %H:%M} UTC by {alert.silenced_by} ({alert.silence_reason})"
    return str(alert.state)
