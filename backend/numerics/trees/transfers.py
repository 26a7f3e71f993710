"""Restores text that a transfer or an editor changed without harm."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def plain_text(content: bytes) -> bytes:
    """Return the text as LightGBM wrote it. Undoes changed line ends, a byte order mark, and UTF-16.

    >>> plain_text(b"\\xef\\xbb\\xbftree\\r\\nversion=v4\\r\\n")
    b'tree\\nversion=v4\\n'
    """
    if content[:2] in UTF_16:
        content = content.decode("utf-16", errors="replace").encode()
    return content.removeprefix(BYTE_ORDER_MARK).replace(b"\r\n", b"\n")


def plain_json(content: bytes) -> bytes:
    """Return JSON as UTF-8 without a byte order mark; anything else, such as UBJSON, unchanged.

    >>> plain_json(b"\\xef\\xbb\\xbf{}"), plain_json(b"{U\\r\\n")
    (b'{}', b'{U\\r\\n')
    """
    return plain_text(content) if content.startswith((BYTE_ORDER_MARK, *UTF_16)) else content
