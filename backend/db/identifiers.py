"""Identifiers in SQL."""


def quoted(identifier: str) -> str:
    """Return a quoted identifier for SQL, for any text.

    >>> quoted('a"b')
    '"a""b"'
    """
    if "\x00" in identifier:
        raise ValueError("an identifier cannot contain NUL")
    return '"' + identifier.replace('"', '""') + '"'
