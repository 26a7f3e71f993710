"""`tiltyard reset-password`: for whoever owns the machine."""

import asyncio
import secrets
from pathlib import Path
from typing import TextIO

import click
import msgspec

from backend.access.service import reset_password
from backend.actor import ANONYMOUS
from backend.bootstrap import open_hub
from backend.settings import Settings
from rpc.commands.installation import installation, read_settings
from rpc.commands.ready import keep_access, kept_access
from rpc.commands.terminal import data_dir_option, interactive, say
from schemas.access import Password


@click.command("reset-password", short_help="Set a person's password.")
@data_dir_option
@click.argument("email")
@click.option("--password-file", type=click.File("r"), help="A file with the new password, - for standard input. Without it you are asked, or one is made.")
def command(data_dir: Path | None, email: str, password_file: TextIO | None) -> None:
    """Set the password of the person who signs in as EMAIL, end their sessions, and let them in again if they were disabled."""
    given = password_file.read().strip() if password_file else _ask()
    password = _checked(given) if given else "-".join(secrets.token_hex(3) for _ in range(4))
    with installation(read_settings(data_dir), say) as settings:
        asyncio.run(_reset(settings, email, password))
        access = kept_access(settings.data_dir)
        if access.email and access.email.lower() == email.lower():
            keep_access(settings.data_dir, msgspec.structs.replace(access, password=password))
    click.echo(f"{email} signs in with the new password." if given else f"{email} signs in with the password {password}")


def _ask() -> str:
    if not interactive():
        return ""
    return str(click.prompt("New password (empty: one is made)", default="", hide_input=True, show_default=False, confirmation_prompt=True))


def _checked(password: str) -> str:
    try:
        return msgspec.convert(password, Password)
    except msgspec.ValidationError as error:
        raise click.ClickException(f"The password: {error}.") from error


async def _reset(settings: Settings, email: str, password: str) -> None:
    async with open_hub(settings, pool_size=1) as hub, hub.work(ANONYMOUS) as work:
        await reset_password(work, email, password)
