"""`tiltyard reset-password`: for the machine's operator."""

import asyncio
from pathlib import Path
from typing import TextIO

import click
import msgspec

from backend.access.first_administrator import made_up
from backend.access.operator import reset_password
from backend.bootstrap import open_hub
from backend.settings import Settings
from rpc.commands.shared.installation import installation, read_settings
from rpc.commands.shared.terminal import data_dir_option, interactive, say, tenant_option
from schemas.access import Password


@click.command("reset-password", short_help="Set a person's password.")
@data_dir_option
@tenant_option
@click.argument("email")
@click.option("--password-file", type=click.File("r"), help="A file with the new password, - for standard input. Without it the command asks, or makes one.")
def command(data_dir: Path | None, tenant: str | None, email: str, password_file: TextIO | None) -> None:
    """Set the password of the person who signs in as EMAIL, and end their sessions. A disabled person stays disabled until an administrator enables them."""
    given = password_file.read().strip() if password_file else _ask()
    password = _checked(given) if given else made_up()
    with installation(read_settings(data_dir), say) as settings:
        disabled = asyncio.run(_reset(settings, email, password, tenant))
    if disabled:
        click.echo(f"{email} has the new password{'' if given else f' {password}'}, but is disabled. Ask an administrator to enable them.")
        return
    click.echo(f"{email} can sign in with the new password." if given else f"{email} can sign in with the password {password}")


def _ask() -> str:
    if not interactive():
        return ""
    return str(click.prompt("New password (leave empty to get a generated one)", default="", hide_input=True, show_default=False, confirmation_prompt=True))


def _checked(password: str) -> str:
    try:
        return msgspec.convert(password, Password)
    except msgspec.ValidationError as error:
        raise click.ClickException(f"The password: {error}.") from error


async def _reset(settings: Settings, email: str, password: str, tenant: str | None) -> bool:
    async with open_hub(settings, pool_size=1) as hub:
        return await reset_password(hub, email, password, tenant)
