"""`tiltyard artifact`: checks a model's file as a hub does, without a hub."""

import asyncio
import sys
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from backend.catalog.artifact_check import CheckedArtifact, check
from backend.catalog.artifact_statement import statement_of
from backend.catalog.artifacts.inspection import LIMIT_BYTES
from backend.errors import HubError
from schemas.catalog import ArtifactStatement, SampleRows
from schemas.model_document import ModelDocument

T = TypeVar("T", ModelDocument, SampleRows)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("artifact", short_help="Check a model's file before it is uploaded.")
def command() -> None:
    """Check a model's file before it is uploaded. Needs no running hub."""


@command.command("check", short_help="Check a model's file as an upload does.")
@click.argument("file", type=FILE)
@click.option("--document", type=FILE, help="The model document (JSON) of its version.")
@click.option("--samples", type=FILE, help='Rows with expected answers: {"rows": [{"debt": 1.5}], "expected": [0.9]}.')
@click.option("--positive-class", help="The artifact's own class; the score is its probability.")
@click.option("--iterations", type=click.Choice(["all", "best"]), help="The boosting rounds in use, for an XGBoost file with best_iteration.")
@click.option("--missing", type=float, help="The value for missing values in the training of an XGBoost model.")
def check_file(file: Path, document: Path | None, samples: Path | None, positive_class: str | None, iterations: str | None, missing: float | None) -> None:
    """Check FILE as an upload does, and compare its answers to sample rows with the training library's.

    The exit code is 0 when a hub would serve it, 1 when a hub would refuse it.
    """
    known = _read(document, ModelDocument) if document else ModelDocument(name=file.stem[:200] or "model")
    given = {"positive_class": positive_class, "iterations": iterations, "missing": missing, "samples": _read(samples, SampleRows) if samples else None}
    try:
        stated = msgspec.structs.replace(statement_of(known), **{name: value for name, value in given.items() if value is not None})
        found = asyncio.run(check(file, known, stated, LIMIT_BYTES))
    except HubError as error:
        click.echo(f"Refused: {error}", err=True)
        for issue in getattr(error, "issues", None) or ():
            click.echo(f"  {issue.pointer}: {issue.message}", err=True)
        sys.exit(1)
    _show(found, stated)


def _show(found: CheckedArtifact, stated: ArtifactStatement) -> None:
    facts = found.facts
    click.echo(f"{facts.kind.value}, {facts.size_bytes:,} bytes, SHA-256 {facts.sha256}")
    click.echo(f"Its score: {found.score.meaning}")
    click.echo(f"Features: {', '.join(found.features)}")
    for name, values in found.categories.items():
        click.echo(f"Categories of {name}: {', '.join(map(str, values))}")
    if stated.samples:
        click.echo(f"Sample rows: all {len(found.report.sample_scores)} answers as expected")
    else:
        click.echo("Sample rows: none. Give --samples to compare the answers with the training library's.")
    for issue in found.told:
        click.echo(f"Note, {issue.pointer}: {issue.message}")


def _read(file: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{file}: {error}") from error
