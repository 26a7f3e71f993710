"""`tiltyard backup`: the whole installation in one file."""

import asyncio
from pathlib import Path

import click

from backend.adapters.archive import BackupManifest
from backend.adapters.backup import back_up
from backend.adapters.file_storage import open_files
from backend.adapters.processes import SetupError
from backend.plural import plural
from backend.settings import Settings
from migrations.apply import current_revision
from rpc.commands.shared.installation import installation, read_settings
from rpc.commands.shared.terminal import data_dir_option, say


@click.command("backup", short_help="Write the whole installation to one file.")
@data_dir_option
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
def command(data_dir: Path | None, archive: Path) -> None:
    """Write database, intake, artifacts and secrets to ARCHIVE (a tar file, mode 0600). The hub may run meanwhile.

    The archive contains every prediction answered before the backup began. Keep it as safe as the data folder: it contains the installation's secret.
    """
    if archive.exists():
        raise SetupError(f"{archive} exists already; a backup is never overwritten. Name another file.")
    archive.parent.mkdir(parents=True, exist_ok=True)
    with installation(read_settings(data_dir), say) as settings:
        manifest = asyncio.run(_back_up(archive.resolve(), settings))
    size = archive.stat().st_size
    rows, files = plural(sum(manifest.tables.values()), "row"), plural(len(manifest.members), "file")
    click.echo(f"{archive}: {plural(size, 'byte')}, {rows} in {plural(len(manifest.tables), 'table')}, {files}.")


async def _back_up(archive: Path, settings: Settings) -> BackupManifest:
    assert settings.database_url
    assert settings.redis_url
    assert settings.secret_key
    revision = await current_revision(settings.database_url)
    return await back_up(archive, settings.data_dir, open_files(settings), settings.database_url, settings.redis_url, settings.secret_key, revision, say)
