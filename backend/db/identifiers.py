"""Names in SQL."""


def quoted(identifier: str) -> str:
    """An identifier for SQL, whatever it holds.

    >>> quoted('a"b')
    '"a""b"'
    """
    if "\x00" in identifier:
        raise ValueError("an identifier holds no NUL")
    return '"' + identifier.replace('"', '""') + '"'
