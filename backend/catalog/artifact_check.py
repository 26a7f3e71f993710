"""Checks of an artifact before it serves: its structure, its document, the uploader's statement, and its answers to sample rows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy import float64
from numpy.typing import NDArray

from backend.catalog.artifacts import ArtifactFacts, inspect_aside, probe
from backend.catalog.artifacts.facts import ProbeReport
from backend.catalog.categories import assigned, told
from backend.catalog.errors import CategoriesUnclear, FeaturesDisagree, StatementUnfit
from backend.catalog.explanation_background import background_of
from backend.catalog.rules import differences, disagreements, medians, name_changes, renamed
from backend.catalog.sample_rows import compare, matrix_of, tell_classes_apart
from backend.catalog.served_class import ServedClass, served_class
from schemas.catalog import ArtifactKind, ArtifactStatement
from schemas.common import Issue
from schemas.model_document import ModelDocument


@dataclass(frozen=True)
class CheckedArtifact:
    """The result of a check: features as callers name them, the score, categories by feature, the rounds and missing value in use, and the warnings."""

    facts: ArtifactFacts
    features: list[str]
    score: ServedClass
    categories: dict[str, list[Any]]
    background: NDArray[float64] | None
    rounds: int | None
    missing: float | None
    told: list[Issue]
    report: ProbeReport


async def check(path: Path, document: ModelDocument, stated: ArtifactStatement, limit_bytes: int) -> CheckedArtifact:
    """Check the file against the document and the statement. Raises the error found.

    This process loads nothing unchecked: our own reader reads the structure, and a limited child process runs the probe.
    """
    facts = await inspect_aside(path, limit_bytes)
    features = _features(facts, document)
    categories = _categories(facts, document, features)
    takes_missing = {name for name, own in zip(features, facts.features, strict=True) if own in facts.takes_missing}
    background = background_of(document, features, facts.kind, categories, takes_missing)
    log_odds = facts.objective == "binary:logitraw"
    sampled = stated.samples is not None and tell_classes_apart(stated.samples, facts.kind, log_odds=log_odds)
    score = served_class(facts, document, stated.positive_class, sampled=sampled)
    rounds, of_rounds = _rounds(facts, stated)
    of_missing = _missing(facts, stated)
    samples = matrix_of(stated.samples, document, features, categories) if stated.samples else None
    use = {"column": score.column, "columns": facts.columns, "rounds": rounds, "missing": stated.missing}
    report = await probe(path, facts, medians(document, features), use=use, samples=samples)
    if stated.samples:
        compare(stated.samples, report.sample_scores, facts.kind)
    said = differences(document, features, facts.kind, facts.objective, facts.outputs) + score.told
    said += name_changes(document, features, facts.features) if facts.named else []
    said += told(document, categories) + of_rounds + of_missing
    return CheckedArtifact(facts, features, score, categories, background, rounds, stated.missing, said, report)


def _features(facts: ArtifactFacts, document: ModelDocument) -> list[str]:
    """Return the features as callers name them, in the artifact's order. Raises FeaturesDisagree."""
    features = facts.features if facts.named else ([feature.name for feature in document.features if feature.role == "input"] or facts.features)
    features = renamed(document, features) or features
    if len(features) != len(facts.features):
        message = f"the artifact takes {len(facts.features)} numbers, the document lists {len(features)} inputs"
        raise FeaturesDisagree(issues=[Issue(pointer="/features", message=message)])
    if issues := disagreements(document, features):
        raise FeaturesDisagree(issues=issues)
    return features


def _rounds(facts: ArtifactFacts, stated: ArtifactStatement) -> tuple[int | None, list[Issue]]:
    """Return the number of boosting rounds in use (None for all), and a warning about it. Raises StatementUnfit."""
    at = "/extensions/artifact/iterations"
    if facts.best_round is None or facts.rounds is None:
        if stated.iterations == "best":
            raise StatementUnfit(issues=[Issue(pointer="/iterations", message="the artifact keeps no best_iteration; state iterations: all, or nothing")])
        return None, []
    if stated.iterations == "best":
        return facts.best_round, []
    if stated.iterations == "all" or facts.best_round == facts.rounds:
        return None, []
    message = (
        f"the artifact stopped early: its best_iteration is {facts.best_round - 1}, and it has {facts.rounds} rounds. All rounds are used, "
        f"as Booster.predict does; XGBClassifier.predict and XGBRegressor.predict use the first {facts.best_round}. State iterations: best to serve those"
    )
    return None, [Issue(pointer=at, message=message)]


def _missing(facts: ArtifactFacts, stated: ArtifactStatement) -> list[Issue]:
    """Return a warning about the assumed missing value, when none is stated. Raises StatementUnfit."""
    if facts.kind is not ArtifactKind.XGBOOST:
        if stated.missing is not None:
            raise StatementUnfit(issues=[Issue(pointer="/missing", message="only an XGBoost model has a value that stands for missing; send null instead")])
        return []
    if stated.missing is not None:
        return []
    message = (
        "an XGBoost file does not store its missing value of training (missing= of DMatrix and XGBClassifier). NaN is assumed: only null and an "
        "absent value are missing. If training used another value such as -999, upload the file as a new version with missing: -999 stated"
    )
    return [Issue(pointer="/extensions/artifact/missing", message=message)]


def _categories(facts: ArtifactFacts, document: ModelDocument, features: list[str]) -> dict[str, list[Any]]:
    """Return the artifact's categories by feature. Raises CategoriesUnclear when they cannot be told apart."""
    if not facts.category_lists:
        return {}
    found = assigned(facts.category_lists, features, facts.infos, document)
    if found is None:
        columns = len(facts.category_lists)
        message = f"the artifact has categories of {columns} columns, but not the columns' names; give these columns the type category in the document"
        raise CategoriesUnclear(issues=[Issue(pointer="/features", message=message)])
    return found
