"""A page of `/metrics`, read."""

from prometheus_client.parser import text_string_to_metric_families

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def figures(text: str) -> Figures:
    """Return each sample's value by its name and its labels."""
    return {(sample.name, frozenset(sample.labels.items())): sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def value(seen: Figures, name: str, **labels: str) -> float:
    """Return one sample's value; 0 when it does not exist yet."""
    return seen.get((name, frozenset(labels.items())), 0.0)


def labels_of(seen: Figures, name: str, label: str) -> set[str]:
    """Return every value of a series' label."""
    return {text for (series, labels) in seen if series == name for key, text in labels if key == label}
