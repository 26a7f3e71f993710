"""RowProblems of rows: the first hundred in full, all of them counted."""

from schemas.common import Issue

SHOWN = 100


class RowProblems:
    """Collects problems. Row numbers count data rows from 1, without the header."""

    def __init__(self) -> None:
        self.count = 0
        self._shown: list[tuple[int, str | None, str]] = []

    def add(self, row: int, column: str | None, message: str) -> None:
        """Note one problem."""
        self.count += 1
        if len(self._shown) < SHOWN:
            self._shown.append((row, column, message))

    def more(self, count: int) -> None:
        """Count problems that are not shown."""
        self.count += count

    def issues(self) -> list[Issue]:
        """Return the first hundred by row."""
        ordered = sorted(self._shown, key=lambda one: (one[0], one[1] or ""))
        return [Issue(pointer=_pointer(row, column), message=_said(row, column, message)) for row, column, message in ordered]


def _pointer(row: int, column: str | None) -> str:
    return f"/rows/{row}" + (f"/{column.replace('~', '~0').replace('/', '~1')}" if column is not None else "")


def _said(row: int, column: str | None, message: str) -> str:
    return f"Row {row}" + (f", column {column}" if column is not None else "") + f": {message}"
