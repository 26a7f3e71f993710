"""A model card in plain words (Markdown), after Mitchell et al. (2019), "Model cards for model reporting"."""

from collections.abc import Sequence

from backend.numerics.statistics.estimate import Estimate
from backend.tuning.evaluation.against_base import verdict
from schemas.model_document import Metric, ModelDocument

WHOM = {
    "test": "test rows, which neither training nor tuning has seen",
    "validation": "validation rows, which tuning has seen",
    "train": "training rows, which the model has learnt from",
}
MOST_LINES = 60


def model_card(document: ModelDocument) -> str:
    """Return the card of a document. Each figure says on whom it is."""
    parts = [f"# {_text(document.name)}", document.description or "", *_about(document)]
    for split, whom in WHOM.items():
        parts += _table(f"## Figures on {whom}", [one for one in document.metrics if one.split == split and one.slice is None and "base" not in one.on])
    parts += _compared([one for one in document.metrics if "base" in one.on])
    sliced = [one for one in document.metrics if one.slice is not None]
    parts += _table("## Groups and months, on test rows", sliced[:MOST_LINES])
    if len(sliced) > MOST_LINES:
        parts.append(f"{len(sliced) - MOST_LINES} more figures are in the document.")
    if document.considerations:
        parts += ["## To know", *(f"- {_text(said)}" for said in document.considerations)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(document: ModelDocument) -> list[str]:
    training, facts = document.training, document.extensions.get("training", {})
    lines = []
    if document.task and document.task.target:
        lines.append(f"- Target: {_text(document.task.target)}")
    if document.task and document.task.positive_class is not None:
        lines.append(f"- The score is about: {_text(document.task.positive_class)}")
    if (threshold := document.extensions.get("threshold")) is not None:
        lines.append(f"- Threshold: {threshold['value']:.6g}. Chosen by: {_text(threshold['rule'])}.")
    if training:
        lines += [f"- {split} rows: {count}" for split, count in training.split_rows.items()]
        lines.append(f"- Seed: {training.seed}. Data: {training.dataset.digest if training.dataset else 'not known'}")
    if facts:
        lines.append(f"- Trained in {facts['seconds']:.1f} s with {facts['threads']} threads, at most {facts['peak_memory_bytes'] / 2**20:.0f} MiB of memory.")
    lines.append(f"- Inputs: {', '.join(_text(feature.name) for feature in document.features[:MOST_LINES])}")
    return ["## About", "\n".join(lines)]


def _table(title: str, metrics: Sequence[Metric]) -> list[str]:
    if not metrics:
        return []
    lines = ["| figure | value | 95 % interval | rows |", "|---|---|---|---|"]
    for one in metrics:
        named = " ".join(part for part in (one.name, one.cls, one.average, one.slice and f"({one.slice})") if part)
        interval = f"{one.ci.low:.4g} to {one.ci.high:.4g}" if one.ci else "not known"
        lines.append(f"| {_text(named)} | {one.value:.4g} | {interval} | {one.n} |")
    return [title, "\n".join(lines)]


def _compared(metrics: Sequence[Metric]) -> list[str]:
    if not metrics:
        return []
    lines = []
    for one in metrics:
        found = Estimate(one.value, one.ci.low if one.ci else None, one.ci.high if one.ci else None, one.n or 0)
        interval = f", 95 % interval {one.ci.low:.4g} to {one.ci.high:.4g}" if one.ci else ""
        lines.append(f"- {one.name}: {one.value:.4g}{interval}: {verdict(one.name, found)}")
    return [f"## Against the base {_text(metrics[0].on['base'])}, on the same test rows", "\n".join(lines)]


def _text(said: str) -> str:
    """A text inside Markdown: no new line, no table cell, no markup of its own."""
    plain = " ".join(said.split())
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#" else sign for sign in plain)
