"""`tiltyard restore`: restores an installation into an empty data folder."""

import asyncio
from pathlib import Path

import click

from backend.adapters import restore
from backend.adapters.archive import BackupManifest, fingerprint, read_manifest, verify
from backend.adapters.embedded_home import prepare_data_dir, read_keys
from backend.adapters.file_storage import open_files
from backend.adapters.processes import SetupError
from backend.plural import plural
from backend.settings import Settings
from migrations.apply import migrate
from rpc.commands.shared.installation import installation, read_settings
from rpc.commands.shared.terminal import data_dir_option, say


@click.command("restore", short_help="Restore a backup into an empty data folder.")
@data_dir_option
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False, exists=True))
def command(data_dir: Path | None, archive: Path) -> None:
    """Check ARCHIVE, load it into an empty data folder (and empty servers, if the settings name any), and count its rows again.

    An archive of an older release is migrated. `tiltyard up` then runs the hub.
    """
    settings = read_settings(data_dir)
    say("Checking the archive")
    manifest = read_manifest(archive)
    verify(archive, manifest)
    _require_empty(settings)
    prepare_data_dir(settings.data_dir)
    restore.files(archive, manifest, settings.data_dir, open_files(settings))
    with installation(settings, say) as complete:
        asyncio.run(_load(archive, manifest, complete))
    rows, tables = plural(sum(manifest.tables.values()), "row"), plural(len(manifest.tables), "table")
    click.echo(f"Restored {rows} in {tables}, as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC.")


def _require_empty(settings: Settings) -> None:
    folder = settings.data_dir
    if (folder / "secrets" / "secret_key").exists() or (folder.exists() and read_keys(folder)):
        raise SetupError(f"{folder} holds an installation already. Move it away, or name an empty folder with --data-dir.")


async def _load(archive: Path, manifest: BackupManifest, settings: Settings) -> None:
    assert settings.database_url
    assert settings.redis_url
    assert settings.secret_key
    if fingerprint(settings.secret_key) != manifest.secret_fingerprint:
        raise SetupError("The backup was made with another secret. Set TILTYARD_SECRET_KEY to the secret of its installation.")
    await restore.check_redis(archive, settings.redis_url)
    await restore.database(archive, settings.database_url, say)
    await restore.redis(archive, settings.redis_url, say)
    await restore.compare(manifest, settings.database_url)
    await migrate(settings.database_url, settings.secret_key)
