"""The command line `tiltyard`. A command's module is loaded at its use, so that each starts fast."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import click

from backend.adapters.processes import SetupError
from backend.errors import HubError
from rpc import commands

FIRST = (
    "up", "demo", "serve", "worker", "migrate", "call", "contract", "import", "import-log", "export-log", "halt", "resume", "alerts", "doctor",
    "backup", "restore", "reset-password", "make-administrator", "connectors", "artifact", "decisions",
)  # fmt: skip
"""The order in which a newcomer meets the commands. Others come after these, by name."""
_MODULES = {"import": "import_file"}
"""Commands whose names are Python keywords."""


def found() -> tuple[str, ...]:
    """Return the names of all commands: each module of `rpc/commands` is one."""
    keywords = {module: name for name, module in _MODULES.items()}
    modules = [one.name for one in iter_modules(commands.__path__) if not one.ispkg]
    names = [keywords.get(module, module.replace("_", "-")) for module in modules]
    return tuple(sorted(names, key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name)))


COMMANDS = found()


class Commands(click.Group):
    """Finds each command as `command` in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the command's module; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"rpc.commands.{_MODULES.get(cmd_name, cmd_name.replace('-', '_'))}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. An error of the installation or the input is shown as text, without a traceback."""
        try:
            return super().invoke(ctx)
        except (SetupError, HubError) as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="tiltyard")
def main() -> None:
    """Tiltyard: a champion and its challengers behind one endpoint, every prediction logged.

    Settings come from TILTYARD_… variables. Without TILTYARD_DATABASE_URL and TILTYARD_REDIS_URL, the servers inside the wheels run.
    """


if __name__ == "__main__":
    main()
