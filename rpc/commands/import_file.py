"""`tiltyard import`: how a model's file is understood, value by value. Needs neither server nor database."""

import sys
from pathlib import Path

import click
import msgspec

from backend.importing.errors import FileTooLarge
from backend.importing.parse import MAX_BYTES
from backend.importing.preview import preview
from rpc.commands.import_report import show
from schemas.importing import ImportPreview

FINE, REFUSED, DECISION = 0, 1, 2


@click.command("import", short_help="Show how a model's file is understood.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Store nothing. This is all the command does so far, with or without the option.")
@click.option("--json", "as_json", is_flag=True, help="Print document, provenance, unmapped leaves, contradictions, mapping… as JSON.")
@click.option("--pick", metavar="MODEL", help="Which model is meant, when the file describes several.")
def command(file: Path, dry_run: bool, as_json: bool, pick: str | None) -> None:
    """Read FILE (JSON, MLmodel or model card YAML, ONNX; - for standard input) and show the model document it makes.

    Every value is shown with its place in the file; what found no place is listed, and so is what cannot be true together. Nothing is stored: keeping a
    document is the hub's import, which this command does not reach yet.

    The exit code is 0 when all is clear, 2 when something is to be decided (several models, contradictions, no model at all), 1 when the file is refused.
    """
    understood = preview(_read(file), "model" if str(file) == "-" else file.name, pick)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(understood), indent=2).decode())
    else:
        show(understood)
    sys.exit(exit_code(understood))


def _read(file: Path) -> bytes:
    """At most one byte more than an import takes, so that a huge file costs nothing. Raises FileTooLarge, click.ClickException."""
    try:
        with click.open_file(str(file), "rb") as opened:
            content: bytes = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        size = f"has {file.stat().st_size / 1e6:.1f} MB" if file.is_file() else "is too large"
        raise FileTooLarge(f"The file {size}; an import takes at most {MAX_BYTES // 1024**2} MiB. Leave out predictions and trees.")
    return content


def exit_code(understood: ImportPreview) -> int:
    """0 all clear, 2 something is to be decided."""
    open_choice = understood.several_models is not None and understood.picked is None
    return DECISION if understood.document is None or open_choice or understood.contradictions else FINE
