"""`tiltyard doctor`: finds problems of an installation, and says how to fix them."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from backend.actor import ANONYMOUS
from backend.adapters.embedded_home import locked, read_keys
from backend.adapters.external import check_postgres, check_redis
from backend.adapters.processes import SetupError
from backend.bootstrap import open_hub
from backend.connectors.errors import BadKek
from backend.connectors.keys import check_at_start
from backend.files import FilesAway
from backend.hub import Hub
from backend.inference_log import durability
from backend.runs.service import workers
from backend.settings import Settings
from migrations.apply import current_revision, head_revision
from rpc.commands.shared.installation import embedded, installation, read_settings
from rpc.commands.shared.terminal import console, data_dir_option, say
from rpc.console import CONSOLE

_ENOUGH, _LITTLE = 5_000_000_000, 500_000_000
"""Bytes of free disk: below the first a warning, below the second an error. An embedded Redis stops when its disk is full."""


@dataclass(frozen=True)
class Diagnosis:
    """One line: `ok`, `note` (works, but know this) or `WRONG`, the finding, and how to fix it."""

    level: str
    subject: str
    found: str
    mend: str = ""

    def show(self) -> None:
        """Print the line."""
        colour = {"ok": "green", "note": "yellow", "WRONG": "bold red"}[self.level]
        console.print(f"[{colour}]{self.level:<5}[/]", end=" ")
        console.print(f"{self.subject}: {self.found}{f' {self.mend}' if self.mend else ''}", markup=False)


@click.command("doctor", short_help="Find problems and say how to fix them.")
@data_dir_option
def command(data_dir: Path | None) -> None:
    """Check the installation, one line per check. The exit code is 1 when something is wrong. Servers that do not run are started for the check."""
    settings = read_settings(data_dir)
    findings = []
    for finding in _examine(settings):
        finding.show()
        findings.append(finding)
    sys.exit(1 if any(finding.level == "WRONG" for finding in findings) else 0)


def _examine(settings: Settings) -> Iterator[Diagnosis]:
    yield from _files(settings.data_dir)
    yield _console()
    if embedded(settings) and not (settings.data_dir.exists() and read_keys(settings.data_dir)):
        yield Diagnosis("WRONG", "Servers", f"never started on {settings.data_dir}.", "Run `tiltyard up`, or name the data folder with --data-dir.")
        return
    yield _supervisor(settings)
    try:
        with installation(settings, say) as complete:
            yield from asyncio.run(_servers(complete))
    except SetupError as error:
        yield Diagnosis("WRONG", "Servers", str(error))


def _files(data_dir: Path) -> Iterator[Diagnosis]:
    there = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    if os.access(there, os.W_OK | os.X_OK):
        yield Diagnosis("ok", "Data folder", f"{data_dir} can be written.")
    else:
        yield Diagnosis("WRONG", "Data folder", f"{there} cannot be written by user {os.geteuid()}.", f"Run: chown -R {os.geteuid()} {there}")
    open_files = [path.name for path in (data_dir / "secrets").glob("*") if path.stat().st_mode & 0o077] if os.access(data_dir, os.X_OK) else []
    if open_files:
        yield Diagnosis("WRONG", "Secrets", f"others may read {', '.join(open_files)}.", f"Run: chmod 600 {data_dir}/secrets/*")
    free = shutil.disk_usage(there).free
    level = "ok" if free > _ENOUGH else "note" if free > _LITTLE else "WRONG"
    yield Diagnosis(level, "Disk", f"{free / 1e9:.1f} GB free at {there}.", "" if level == "ok" else "Make room: without it nothing can be logged.")


def _console() -> Diagnosis:
    if (CONSOLE / "index.html").exists():
        return Diagnosis("ok", "Console", "built.")
    return Diagnosis("note", "Console", "not built; the API works without it.", "Run `make console` in the checkout.")


def _supervisor(settings: Settings) -> Diagnosis:
    if settings.data_dir.exists() and locked(settings.data_dir):
        address = settings.data_dir / "address"
        return Diagnosis("ok", "Hub", f"`tiltyard up` runs here, at {address.read_text() if address.exists() else 'an unknown address'}.")
    return Diagnosis("note", "Hub", "`tiltyard up` does not run on this data folder.")


async def _servers(settings: Settings) -> list[Diagnosis]:
    assert settings.database_url
    assert settings.redis_url
    found = []
    for name, check in (("PostgreSQL", check_postgres(settings.database_url)), ("Redis", check_redis(settings.redis_url))):
        try:
            await check
        except SetupError as error:
            found.append(Diagnosis("WRONG", name, str(error)))
        else:
            found.append(Diagnosis("ok", name, "answers, is new enough, and grants what the hub needs."))
    if any(finding.level == "WRONG" for finding in found):
        return found
    current, head = await current_revision(settings.database_url), head_revision()
    if current != head:
        return [*found, Diagnosis("WRONG", "Schema", f"the database is at {current or 'nothing'}, this release needs {head}.", "Run `tiltyard migrate`.")]
    found.append(Diagnosis("ok", "Schema", f"at {head}."))
    async with open_hub(settings, pool_size=1) as hub:
        found += [finding async for finding in _hub(hub)]
    return found


async def _hub(hub: Hub) -> AsyncIterator[Diagnosis]:
    words = await durability.in_words(hub)
    mend = (
        ""
        if words.startswith("disk:")
        else "In redis.conf: appendonly yes, appendfsync always, no-appendfsync-on-rewrite no; or run Valkey, or Redis 7.2 or newer, with appendonly yes."
    )
    yield Diagnosis("ok" if not mend else "note", "Log guarantee", f"{words}.", mend)
    policy = (await hub.redis.info("memory")).get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield Diagnosis(
            "WRONG", "Redis memory", f"the policy {policy} deletes predictions when memory is short.", "In redis.conf: maxmemory-policy noeviction."
        )
    yield await storage(hub)
    yield await _connector_keys(hub)
    async with hub.work(ANONYMOUS, read_only=True) as work:
        alive = [worker for worker in await workers(work) if worker.alive]
    if alive:
        yield Diagnosis("ok", "Workers", f"{len(alive)} at work.")
    else:
        yield Diagnosis(
            "note", "Workers", "no worker runs: predictions are answered and kept, but not moved to their logs yet.", "Run `tiltyard up` or `tiltyard worker`."
        )


async def storage(hub: Hub) -> Diagnosis:
    """Return whether the storage of files answers."""
    where = hub.settings.files_url or "the data folder"
    try:
        await asyncio.to_thread(hub.files.size, "doctor")
    except FilesAway as error:
        return Diagnosis("WRONG", "Files", error.message)
    return Diagnosis("ok", "Files", f"artifacts and archives are in {where}, which answers.")


async def _connector_keys(hub: Hub) -> Diagnosis:
    if hub.vault.current is None:
        return Diagnosis(
            "note", "Connectors", "no key-encryption key, so connectors cannot be created.", "Set TILTYARD_KEK; `tiltyard connectors new-kek` makes one."
        )
    try:
        await check_at_start(hub)
    except BadKek as error:
        return Diagnosis("WRONG", "Connectors", error.message)
    return Diagnosis("ok", "Connectors", f"keys are encrypted by version {hub.vault.current}.")
