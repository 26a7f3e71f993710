"""Splits a request's body into its JSON and the raw bytes behind it."""

import zlib

from rpc.core.errors import PayloadTooLarge, UnsupportedMediaType
from rpc.v2.errors import InvalidRequest

WINDOW = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
"""zlib's name for each encoding; `deflate` is a zlib stream (RFC 9110, 8.4.1.2)."""


def inflate(raw: bytes, encoding: bytes, limit: int) -> bytes:
    """Return the body without its content encoding, with at most `limit` bytes in memory. Raises UnsupportedMediaType, InvalidRequest, PayloadTooLarge."""
    name = encoding.strip().lower()
    if name in (b"", b"identity"):
        return raw
    if name not in WINDOW:
        raise UnsupportedMediaType(f"The content encoding {encoding[:40].decode('latin-1')!r} is not supported. Send gzip, deflate, or none.")
    stream = zlib.decompressobj(WINDOW[name])
    try:
        plain = stream.decompress(raw, limit + 1)
    except zlib.error as error:
        raise InvalidRequest(f"The body is not {name.decode()}: {error}") from None
    if len(plain) > limit:
        raise PayloadTooLarge(f"The body is larger than {limit:,} bytes after decompression. Send it in parts.", limit=limit)
    if not stream.eof or stream.unused_data:
        raise InvalidRequest(f"The {name.decode()} body {'ends too early' if not stream.eof else 'goes on after its end'}.")
    return plain


def split(body: bytes, header_length: bytes) -> tuple[bytes, memoryview]:
    """Return the JSON, and the bytes behind it when `Inference-Header-Content-Length` gives the JSON's length. Raises InvalidRequest."""
    if not header_length:
        return body, memoryview(b"")
    if not header_length.isdigit() or len(header_length) > 18 or int(header_length) > len(body):
        said = header_length[:40].decode("latin-1")
        raise InvalidRequest(f"Inference-Header-Content-Length is {said}, which is not a part of a body of {len(body)} bytes.")
    length = int(header_length)
    return body[:length], memoryview(body)[length:]
