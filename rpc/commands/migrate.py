"""`tiltyard migrate`: brings the database's schema to a revision."""

import asyncio
from pathlib import Path

import click

from migrations.apply import current_revision, head_revision, migrate
from rpc.commands.shared.installation import installation, read_settings
from rpc.commands.shared.terminal import data_dir_option, say


@click.command("migrate", short_help="Bring the database up to date.")
@data_dir_option
@click.option("--revision", default="head", show_default=True, help="The target revision; an older one downgrades.")
def command(data_dir: Path | None, revision: str) -> None:
    """Bring the database's schema up to date. `up` does this by itself."""
    with installation(read_settings(data_dir), say) as settings:
        assert settings.database_url
        assert settings.secret_key
        before, after = asyncio.run(_migrate(settings.database_url, settings.secret_key, revision))
    click.echo(f"The database was at {before or 'nothing'} and is at {after or 'nothing'} (newest: {head_revision()}).")


async def _migrate(database_url: str, secret_key: str, revision: str) -> tuple[str | None, str | None]:
    before = await current_revision(database_url)
    await migrate(database_url, secret_key, revision)
    return before, await current_revision(database_url)
