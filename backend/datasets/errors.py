"""Errors of datasets."""

from backend.errors import Conflict, Invalid, NotFound, TooManyRequests
from schemas.errors import ErrorCode


class DatasetNotFound(NotFound):
    """There is no such dataset in this tenant. `datasets.list` lists them."""


class SnapshotNotFound(NotFound):
    """There is no such snapshot in this tenant. `datasets.snapshots` lists those of a dataset."""


class UploadNotFound(NotFound):
    """There is no such upload in this tenant, or it was sealed, discarded or has expired. Upload the file again."""


class DatasetSlugTaken(Conflict):
    """A dataset already has this slug. Choose another slug."""


class WrongKind(Conflict):
    """This dataset takes its rows from another source. Make a new dataset for these rows."""


class SnapshotNotReady(Conflict):
    """The snapshot is not ready. Wait until it is prepared, or choose another snapshot."""


class DatasetHeld(Conflict):
    """A legal hold protects this dataset. Lift it with `datasets.setLegalHold` first."""


class ErasureNotConfirmed(Invalid):
    """To confirm the erasure, repeat the entity key in `confirm`."""


class UnreadableData(Invalid):
    """The file cannot be read as a table. Export it again as CSV, TSV, JSON lines, Parquet or Arrow."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class NoRowsLeft(UnreadableData):
    """No row is left: the conditions match none, or all rows were erased."""


class TooManyColumns(UnreadableData):
    """The file has more columns than a dataset may have. Leave out columns, or turn them into rows."""


class RowTooLong(UnreadableData):
    """A row of the file is longer than 2 MB. Shorten the long cell, or leave its column out."""


class CellsRefused(UnreadableData):
    """Some cells do not have their column's type. Correct them, or choose another type for the column."""


class ColumnsUnclear(Invalid):
    """The choices do not settle the columns. Answer the questions named in `issues`."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class DataTooCostly(UnreadableData):
    """Reading the file takes more memory or time than allowed. Its cells may be very large; shorten them, or split the file."""


class KeyReused(Conflict):
    """A key was appended before with other values. Rows of a decision log never change; use a new key."""


class DatasetBusy(TooManyRequests):
    """Too many files of this organisation are being read. Try again in a few seconds."""
