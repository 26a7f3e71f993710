"""`tiltyard import`: imports a model's file into a running hub, or (`--dry-run`) shows how it is understood, without a hub."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from backend.adapters.processes import SetupError
from backend.importing.errors import FileTooLarge
from backend.importing.parse import MAX_BYTES
from backend.importing.preview import preview
from rpc.commands.shared.import_report import show, show_outcome, warn
from rpc.commands.shared.installation import read_settings, running_installation
from rpc.commands.shared.terminal import data_dir_option
from schemas.importing import ImportPreview

if TYPE_CHECKING:
    from rpc.commands.shared.import_into_hub import Outcome

FINE, REFUSED, DECISION = 0, 1, 2
FIELDS = ("document", "provenance", "unmapped", "contradictions", "several_models", "format", "mapping")
"""What `--json` prints."""


@click.command("import", short_help="Import a model's file of any format into the hub.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Store nothing: show how the file is understood. Needs no running hub, unless you name a connector.")
@click.option("--json", "as_json", is_flag=True, help=f"Print {', '.join(FIELDS)} as JSON.")
@click.option("--pick", "picks", metavar="MODEL", multiple=True, help="Which model of several in the file; may be given more than once.")
@click.option("--pick-all", is_flag=True, help="Import all models in the file, each as a model or, with --model, as a version of one.")
@click.option("--model", metavar="NAME", help="The model that gets the version; created when missing. [default: the document's name]")
@click.option("--connector", metavar="NAME", help="Ask a language model through this connector about what the hub leaves open.")
@click.option("--agree", is_flag=True, help="You have seen what leaves the hub; needed once per tenant, before the first question to a language model.")
@click.option("--llm-model", metavar="ID", help="The connector's model to ask. [default: the hub chooses]")
@data_dir_option
@click.option("--email", help="Act as this person. [default: the first administrator]")
@click.option("--token", help="Act by this API token, with its scopes. [default: TILTYARD_TOKEN]", envvar="TILTYARD_TOKEN")
def command(
    file: Path,
    dry_run: bool,
    as_json: bool,
    picks: tuple[str, ...],
    pick_all: bool,
    model: str | None,
    connector: str | None,
    agree: bool,
    llm_model: str | None,
    data_dir: Path | None,
    email: str | None,
    token: str | None,
) -> None:
    """Read FILE (JSON, MLmodel or model card YAML, ONNX; - for standard input), show its model document, and store it in the running hub as a version.

    Every value is shown with its place in the file. Values without a place in the document are listed, and so are contradictions.

    Exit codes: 0, all is clear; 2, you must decide something (several models, contradictions, no model at all); 1, the file is refused. With 2
    only a draft is stored, which waits in the console.
    """
    content, name = _read(file), "model" if str(file) == "-" else file.name
    if dry_run and connector is None:
        understood = [preview(content, name, pick) for pick in _named(content, name, picks, pick_all)]
        _print(understood, None, as_json)
        sys.exit(max(map(exit_code, understood)))
    from rpc.commands.shared.import_into_hub import Wishes, bring  # noqa: PLC0415  heavy: the whole product, which a dry run does without

    try:
        settings = running_installation(read_settings(data_dir))
    except SetupError as error:
        raise SetupError(f"{error} To see how the file is understood without a hub, add --dry-run.") from error
    wishes = Wishes(
        content=content, name=name, picks=picks, pick_all=pick_all, model=model, connector=connector, llm_model=llm_model, dry_run=dry_run, agree=agree
    )
    outcome = asyncio.run(bring(settings, wishes, email, token))
    _print([outcome.understood], outcome, as_json)
    sys.exit(DECISION if outcome.draft.open and not outcome.versions else FINE)


def _print(every: list[ImportPreview], outcome: "Outcome | None", as_json: bool) -> None:
    """Print the report to standard output. With `--json` print only the JSON there, and the rest to standard error."""
    if as_json:
        told = [{field: msgspec.to_builtins(understood)[field] for field in FIELDS} for understood in every]
        click.echo(msgspec.json.format(msgspec.json.encode(told[0] if len(told) == 1 else told), indent=2).decode())
    for understood in every:
        (warn if as_json else show)(understood)
    if outcome is not None:
        show_outcome(outcome, to_errors=as_json)


def _named(content: bytes, name: str, picks: tuple[str, ...], pick_all: bool) -> list[str | None]:
    """Return the models to show, in order; None for the file as a whole."""
    if pick_all and (several := preview(content, name).several_models):
        return list(several)
    return list(picks) or [None]


def _read(file: Path) -> bytes:
    """Read at most one byte more than an import takes, so that a huge file costs nothing. Raises FileTooLarge, click.ClickException."""
    try:
        with click.open_file(str(file), "rb") as opened:
            content: bytes = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}.") from error
    if len(content) > MAX_BYTES:
        size = f"has {file.stat().st_size / 1e6:.1f} MB" if file.is_file() else "is too large"
        raise FileTooLarge(f"The file {size}, but an import takes at most {MAX_BYTES // 1024**2} MiB. Leave out predictions and trees.")
    return content


def exit_code(understood: ImportPreview) -> int:
    """Return 0 when all is clear, 2 when something must be decided."""
    open_choice = understood.several_models is not None and understood.picked is None
    return DECISION if understood.document is None or open_choice or understood.contradictions else FINE
