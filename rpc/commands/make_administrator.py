"""`tiltyard make-administrator`: for a tenant that lost its last administrator."""

import asyncio
from pathlib import Path

import click

from backend.access.operator import make_administrator
from backend.bootstrap import open_hub
from backend.settings import Settings
from rpc.commands.shared.installation import installation, read_settings
from rpc.commands.shared.terminal import data_dir_option, say, tenant_option


@click.command("make-administrator", short_help="Make a person an administrator.")
@data_dir_option
@tenant_option
@click.argument("email")
def command(data_dir: Path | None, tenant: str | None, email: str) -> None:
    """Give the person who signs in as EMAIL the role `admin`, and enable them if they are disabled. The audit log records it."""
    with installation(read_settings(data_dir), say) as settings:
        asyncio.run(_make(settings, email, tenant))
    click.echo(f"{email} is an administrator.")


async def _make(settings: Settings, email: str, tenant: str | None) -> None:
    async with open_hub(settings, pool_size=1) as hub:
        await make_administrator(hub, email, tenant)
