"""`tiltyard connectors`: the key-encryption keys of connectors' keys, for the machine's operator."""

import asyncio
from pathlib import Path

import click

from backend.actor import Actor
from backend.adapters.processes import write_private
from backend.adapters.vault import LocalKeys, new_key
from backend.bootstrap import open_hub
from backend.connectors import keys
from backend.hub import Hub
from backend.plural import plural
from backend.runs import service as runs
from backend.settings import Settings
from rpc.commands.shared.installation import installation, kek_path, read_settings
from rpc.commands.shared.terminal import data_dir_option, say


@click.group("connectors", short_help="The keys that encrypt connectors' keys.")
def command() -> None:
    """Make key-encryption keys, and change to a new one."""


@command.command("new-kek", short_help="Make a key-encryption key.")
@data_dir_option
@click.option("--keep", is_flag=True, help="Put it first in the data folder's own file, instead of printing it.")
def new_kek(data_dir: Path | None, keep: bool) -> None:
    """Print a new key under the next free version, for TILTYARD_KEK."""
    settings = read_settings(data_dir)
    path = kek_path(settings.data_dir)
    held = settings.kek or (path.read_text(encoding="utf-8").strip() if path.exists() else "")
    fresh = new_key(max(LocalKeys(held).versions, default=0) + 1)
    if not keep:
        click.echo(fresh)
        return
    if settings.kek:
        raise click.ClickException("TILTYARD_KEK is set, so the data folder's file is not used. Put the new key first in TILTYARD_KEK.")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, ",".join(filter(None, (fresh, held))))
    click.echo(f"Version {fresh.partition(':')[0]} is stored in {path}. Start the hub again, then run `tiltyard connectors rewrap`.")


@command.command("rewrap", short_help="Change to the first key of TILTYARD_KEK.")
@data_dir_option
@click.option("--background", is_flag=True, help="Let the workers do it: one run per tenant.")
def rewrap(data_dir: Path | None, background: bool) -> None:
    """Encrypt every connector's data key by the first key of TILTYARD_KEK. Connectors work meanwhile; you may stop it and run it again."""
    with installation(read_settings(data_dir), say) as settings:
        unreadable = asyncio.run(_rewrap(settings, background))
    if unreadable:
        raise click.ClickException("These connectors' keys could not be read; enter them again: " + ", ".join(unreadable))


async def _rewrap(settings: Settings, background: bool) -> list[str]:
    unreadable: list[str] = []
    async with open_hub(settings, pool_size=2) as hub:
        actors = await keys.tenants_to_rewrap(hub)
        done = 0
        for actor in actors:
            if background:
                await _start(hub, actor)
                continue
            result = await keys.rewrap(hub, actor)
            done += result.done
            unreadable += [str(connector) for connector in result.unreadable]
        said = f"{plural(len(actors), 'run')} started" if background else f"{plural(done, 'key')} now encrypted by version {hub.vault.current}"
    click.echo(f"{said}.")
    return unreadable


async def _start(hub: Hub, actor: Actor) -> None:
    async with hub.work(actor) as work:
        await runs.start(work, keys.REWRAP_RUN, "connectors", {})
