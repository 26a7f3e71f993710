"""SQL that turns a cell into its column's type, or says that it cannot. Nothing is guessed: 1,5 and 31.12.2025 are no numbers and no dates."""

from schemas.columns import ColumnType
from schemas.datasets import ColumnChoice

MISSING_WORDS = "('', 'na', 'n/a', 'nan', 'null', 'none', '#n/a')"
"""Missing in a column of numbers, booleans or times. In text, only an empty cell is missing: NA is also Namibia."""
ISO = r"'\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?'"
SQL_TYPES: dict[ColumnType, str] = {
    "number": "DOUBLE",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
    "category": "VARCHAR",
    "text": "VARCHAR",
    "timestamp": "TIMESTAMP",
}
_NUMBERS = {
    "decimal_comma": (r"'[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?'", "replace(replace({x}, '.', ''), ',', '.')"),
    "thousands_comma": (r"'[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?'", "replace({x}, ',', '')"),
}


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def converted(choice: ColumnChoice, native: str) -> str:
    """SQL for a column's value, NULL where the cell does not have the type. `native` is the SQL type of the cell."""
    cell = quoted(choice.name)
    if native == "VARCHAR":
        return _from_text(cell, choice)
    if choice.type in ("text", "category"):
        return f"CAST({cell} AS VARCHAR)"
    if choice.type == "timestamp":
        return (
            f"make_timestamp(epoch_us({cell}))" if native.startswith(("TIMESTAMP", "DATE")) else f"TRY_CAST(NULLIF(CAST({cell} AS VARCHAR), '') AS TIMESTAMP)"
        )
    if choice.type == "boolean":
        return cell if native == "BOOLEAN" else f"CASE {cell} WHEN 0 THEN false WHEN 1 THEN true END"
    number = f"CAST({cell} AS DOUBLE)"
    if choice.type == "number":
        return f"CASE WHEN isfinite({number}) THEN {number} + 0.0 END"
    return f"CASE WHEN isfinite({number}) AND trunc({number}) = {number} THEN TRY_CAST({cell} AS BIGINT) END"


def is_missing(choice: ColumnChoice, native: str) -> str:
    """SQL for whether a cell counts as missing."""
    cell = quoted(choice.name)
    if native in ("FLOAT", "DOUBLE"):
        return f"({cell} IS NULL OR isnan({cell}))"
    if native != "VARCHAR" or choice.type in ("text", "category"):
        return f"{cell} IS NULL"
    return f"({cell} IS NULL OR lower(trim({cell})) IN {MISSING_WORDS})"


def strict(choice: ColumnChoice, native: str) -> str:
    """SQL for a column's value: missing is NULL, anything else that cannot be converted is an error."""
    if choice.type in ("text", "category"):
        return converted(choice, native)
    refused = f"error('cell: ' || CAST({quoted(choice.name)} AS VARCHAR))"
    return f"coalesce({converted(choice, native)}, CASE WHEN {is_missing(choice, native)} THEN NULL ELSE CAST({refused} AS {SQL_TYPES[choice.type]}) END)"


def _from_text(cell: str, choice: ColumnChoice) -> str:
    if choice.type in ("text", "category"):
        return f"NULLIF({cell}, '')"
    if choice.type == "boolean":
        return f"CASE lower({cell}) WHEN 'true' THEN true WHEN 'false' THEN false END"
    if choice.type == "timestamp":
        return f"CASE WHEN regexp_full_match({cell}, {ISO}) THEN make_timestamp(epoch_us(TRY_CAST({cell} AS TIMESTAMPTZ))) END"
    plain = f"NOT contains({cell}, '_') AND NOT ({cell} >= '00' AND {cell} < '0:')"
    if choice.number_format != "plain":
        pattern, replaced = _NUMBERS[choice.number_format]
        plain, cell = f"regexp_full_match({cell}, {pattern})", replaced.format(x=cell)
    number = f"TRY_CAST({cell} AS DOUBLE)"
    if choice.type == "number":
        return f"CASE WHEN {plain} AND isfinite({number}) THEN {number} + 0.0 END"
    return f"CASE WHEN {plain} AND trunc({number}) = {number} THEN TRY_CAST({cell} AS BIGINT) END"
