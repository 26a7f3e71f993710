"""`tiltyard import`: bring a model's file into a running hub, or (`--dry-run`) show how it is understood, for which nothing needs to run."""

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
from rpc.commands.import_report import show, show_outcome, warn
from rpc.commands.installation import read_settings, running_installation
from rpc.commands.terminal import data_dir_option
from schemas.importing import ImportPreview

if TYPE_CHECKING:
    from rpc.commands.import_into_hub import Outcome

FINE, REFUSED, DECISION = 0, 1, 2
FIELDS = ("document", "provenance", "unmapped", "contradictions", "several_models", "format", "mapping")
"""What `--json` prints."""


@click.command("import", short_help="Bring a model's file into the hub, whatever its shape.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@click.option("--dry-run", is_flag=True, help="Store nothing: show how the file is understood. Needs no running hub, unless a connector is named.")
@click.option("--json", "as_json", is_flag=True, help=f"Print {', '.join(FIELDS)} as JSON.")
@click.option("--pick", "picks", metavar="MODEL", multiple=True, help="Which model is meant, when the file describes several; may be given more than once.")
@click.option("--pick-all", is_flag=True, help="Bring all models that the file describes, each as a model or, with --model, as a version of one.")
@click.option("--model", metavar="NAME", help="The model that it becomes a version of; made when there is none. [default: the document's name]")
@click.option("--connector", metavar="NAME", help="Ask a language model through this connector for what the hub leaves open.")
@click.option("--agree", is_flag=True, help="What leaves the house was seen; needed once a tenant, before the first question to a language model.")
@click.option("--llm-model", metavar="ID", help="Which of the connector's models. [default: the hub chooses]")
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
    """Read FILE (JSON, MLmodel or model card YAML, ONNX; - for standard input), show the model document it makes, and keep it in the running hub as a version
    of a model.

    Every value is shown with its place in the file; what found no place is listed, and so is what cannot be true together.

    The exit code is 0 when all is clear, 2 when something is to be decided (several models, contradictions, no model at all), 1 when the file is refused. With
    2 nothing is kept but a draft, which waits in the console.
    """
    content, name = _read(file), "model" if str(file) == "-" else file.name
    if dry_run and connector is None:
        understood = [preview(content, name, pick) for pick in _named(content, name, picks, pick_all)]
        _print(understood, None, as_json)
        sys.exit(max(map(exit_code, understood)))
    from rpc.commands.import_into_hub import Wishes, bring  # noqa: PLC0415  heavy: the whole product, which a dry run does without

    try:
        settings = running_installation(read_settings(data_dir))
    except SetupError as error:
        raise SetupError(f"{error} To see how the file is understood without a hub: --dry-run.") from error
    wishes = Wishes(
        content=content, name=name, picks=picks, pick_all=pick_all, model=model, connector=connector, llm_model=llm_model, dry_run=dry_run, agree=agree
    )
    outcome = asyncio.run(bring(settings, wishes, email, token))
    _print([outcome.understood], outcome, as_json)
    sys.exit(DECISION if outcome.draft.open and not outcome.versions else FINE)


def _print(every: list[ImportPreview], outcome: "Outcome | None", as_json: bool) -> None:
    """The report to standard output; with `--json` the JSON alone, and what else there is to say to standard error."""
    if as_json:
        told = [{field: msgspec.to_builtins(understood)[field] for field in FIELDS} for understood in every]
        click.echo(msgspec.json.format(msgspec.json.encode(told[0] if len(told) == 1 else told), indent=2).decode())
    for understood in every:
        (warn if as_json else show)(understood)
    if outcome is not None:
        show_outcome(outcome, to_errors=as_json)


def _named(content: bytes, name: str, picks: tuple[str, ...], pick_all: bool) -> list[str | None]:
    """The models to show, one after the other; None for the file as a whole."""
    if pick_all and (several := preview(content, name).several_models):
        return list(several)
    return list(picks) or [None]


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
