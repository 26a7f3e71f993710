"""A DuckDB connection that sees one file, and that file as a relation."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from backend.datasets.errors import DataTooCostly, RowTooLong, UnreadableData
from backend.datasets.reading.conversion import literal, quoted
from backend.datasets.reading.formats import HEAD_BYTES, arrow_reader
from backend.datasets.reading.json_lines import batches
from backend.datasets.reading.problems import RowProblems
from schemas.datasets import FileFormat

ROW_NUMBER = "tiltyard row number"


def connect(paths: list[str], folder: str, threads: int, memory_mb: int) -> Any:
    """Open a database in memory that reads and writes only `paths`, and spills only below `folder`. It loads no extensions; its settings are final."""
    connection = duckdb.connect(
        ":memory:",
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false", "allow_community_extensions": "false", "threads": str(threads)},
    )
    connection.execute(f"SET memory_limit = '{memory_mb}MB'")
    connection.execute(f"SET temp_directory = {literal(folder)}")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET preserve_insertion_order = true")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET python_enable_replacements = false")
    connection.execute(f"SET allowed_paths = [{', '.join(literal(path) for path in paths)}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


class Relation:
    """A file as SQL. `sql()` may be used once per query: readers of Arrow and JSON lines are read to their end by it."""

    def __init__(self, connection: Any, path: str, format: FileFormat, delimiter: str | None, names: list[str]) -> None:
        self.connection = connection
        self.names = names
        self.problems = RowProblems()
        self._path, self._format, self._delimiter = path, format, delimiter

    def sql(self, rejecting: bool = False) -> str:
        """Return the relation. With `rejecting`, rows of a delimited text with a wrong number of cells go to `reject_errors`."""
        if self._format in ("csv", "tsv"):
            columns = "{" + ", ".join(f"{literal(name)}: 'VARCHAR'" for name in self.names) + "}"
            rejects = ", store_rejects=true, rejects_limit=0" if rejecting else ""
            return (
                f"read_csv({literal(self._path)}, header=true, auto_detect=false, columns={columns}, delim={literal(self._delimiter or ',')}, "
                f"quote='\"', escape='\"', max_line_size={HEAD_BYTES}{rejects})"
            )
        if self._format == "parquet":
            return f"read_parquet({literal(self._path)})"
        if self._format == "arrow":
            self.connection.register("arrow_rows", arrow_reader(Path(self._path)))
            return "arrow_rows"
        self.problems = RowProblems()
        schema = pa.schema([(name, pa.string()) for name in self.names])
        self.connection.register("json_rows", pa.RecordBatchReader.from_batches(schema, batches(Path(self._path), self.names, self.problems)))
        return "json_rows"

    def natives(self) -> dict[str, str]:
        """Return the SQL type of each column."""
        if self._format in ("csv", "tsv", "jsonl"):
            return dict.fromkeys(self.names, "VARCHAR")
        described = run(self.connection, f"DESCRIBE SELECT * FROM {self.sql()}").fetchall()
        return {name: str(native) for name, native, *_ in described}

    def first_rows(self, limit: int) -> list[tuple[Any, ...]]:
        """Return the first rows, every cell as text."""
        cells = ", ".join(f"CAST({quoted(name)} AS VARCHAR)" for name in self.names)
        return run(self.connection, f"SELECT {cells} FROM {self.sql()} LIMIT {limit}").fetchall()  # type: ignore[no-any-return]


def run(connection: Any, sql: str) -> Any:
    """Execute a statement. Raises UnreadableData, RowTooLong, DataTooCostly for what the file is to blame for."""
    try:
        return connection.execute(sql)
    except (duckdb.OutOfMemoryException, MemoryError):
        raise DataTooCostly from None
    except (duckdb.Error, pa.ArrowException) as error:
        said = str(error)
        if "aximum line size" in said or "Parallel CSV Reader" in said:
            raise RowTooLong from None
        raise UnreadableData(f"The file cannot be read: {said.splitlines()[0][:300]}") from error
