"""An S3 server on this machine, and its clients' environment.

With `TILTYARD_TEST_S3=s3://bucket`, tests use another implementation. Its address, key and region come from the `AWS_…` variables; the bucket must exist.
"""

import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from moto.server import ThreadedMotoServer


@contextmanager
def bucket() -> Iterator[str]:
    """Yield the address of a bucket on a new S3 server. The `AWS_…` variables of this process name it meanwhile."""
    if other := os.environ.get("TILTYARD_TEST_S3"):
        yield f"{other.rstrip('/')}/{uuid4().hex[:8]}"
        return
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint, name = f"http://{host}:{port}", f"hub-{uuid4().hex[:8]}"
    given = {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{name}", method="PUT")).close()
        yield f"s3://{name}/hub"
    finally:
        for variable, value in before.items():
            os.environ.pop(variable, None)
            if value is not None:
                os.environ[variable] = value
        server.stop()
