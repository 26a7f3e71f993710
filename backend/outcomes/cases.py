"""The rows of a log that a batch of outcomes or final decisions names. Both find their inferences by the same rules."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from backend.ids import shadow_id
from backend.outcomes import repository
from backend.work.unit import UnitOfWork
from schemas.common import Issue

Target = UUID | str
"""An inference's id, or a correlation id."""


class Cases:
    """The rows that targets name. `rows` are all that were found, by id; `copies` are shadows' rows, by the target that they follow."""

    def __init__(self) -> None:
        self._by_correlation: defaultdict[str, list[UUID]] = defaultdict(list)
        self.copies: defaultdict[Target, list[UUID]] = defaultdict(list)
        self.rows: dict[UUID, Row[Any]] = {}
        self.repeats: Counter[str] = Counter()
        """Number of repeats by correlation id: inferences after the first of the same entity."""
        self.batches: Counter[str] = Counter()
        """Number of further inferences in the same request, by correlation id."""

    def of(self, target: Target) -> list[UUID]:
        """Return the inferences that a target means; none before they arrive."""
        return self._by_correlation.get(target, []) if isinstance(target, str) else [target] if target in self.rows else []

    async def read(self, work: UnitOfWork, group_id: UUID, table: str, targets: Iterable[Target]) -> None:
        """Read the rows that targets name, and their shadows' copies."""
        wanted = set(targets)
        ids = [one for one in wanted if isinstance(one, UUID)]
        correlations = [one for one in wanted if isinstance(one, str)]
        shadows = await repository.shadow_versions(work.session, work.tenant_id, group_id)
        named: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        answers = {shadow_id(one, version): one for one in ids for version in shadows}
        for row in await repository.targets(work.session, table, [*ids, *answers], correlations):
            self.rows[row.inference_id] = row
            if row.inference_id in answers:
                self.copies[answers[row.inference_id]].append(row.inference_id)
            if row.correlation_id in wanted:
                named[row.correlation_id].append(row)
        for correlation, rows in named.items():
            self._sort(correlation, rows, shadows)

    def _sort(self, correlation: str, rows: Sequence[Row[Any]], shadows: Sequence[UUID]) -> None:
        """Distinguish cases, repeats and batches. The first inference of an entity is the case; later ones repeat it; those of one request are a batch."""
        first: dict[str | None, Row[Any]] = {}
        for row in sorted((one for one in rows if one.role != "shadow"), key=lambda one: one.inference_id):
            case = first.setdefault(row.entity_key, row)
            if case is not row:
                if row.requested_at == case.requested_at:
                    self.batches[correlation] += 1
                else:
                    self.repeats[correlation] += 1
        cases = [row.inference_id for row in first.values()]
        copies = {shadow_id(one, version) for one in cases for version in shadows}
        if cases:
            self._by_correlation[correlation] = cases
        self.copies[correlation] += [row.inference_id for row in rows if row.role == "shadow" and row.inference_id in copies]

    def batch_issues(self, targets: Sequence[Target], field: str, what: str) -> list[Issue]:
        """Return an issue for each `what` (an outcome) that names several rows of a batch; `field` is the input's list."""
        return [
            Issue(
                pointer=f"/{field}/{at}/correlation_id",
                message=f"{self.batches[one] + 1} inputs of one request share this correlation id; send {what} for each row by its inference_id",
            )
            for at, one in enumerate(targets)
            if isinstance(one, str) and self.batches[one]
        ]
