"""A real nginx in front of a hub, under a path of its host: on one port it takes the path off, on the other it leaves it on."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.apt import program

CONFIGURATION = """
daemon off;
user root;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  client_max_body_size 256m;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  proxy_http_version 1.1;
  proxy_buffering off;
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  server {{ listen 127.0.0.1:{taken_off}; location /tiltyard/ {{ proxy_pass http://127.0.0.1:{hub}/; }} location / {{ return 418; }} }}
  server {{ listen 127.0.0.1:{left_on}; location /tiltyard/ {{ proxy_pass http://127.0.0.1:{hub}; }} location / {{ return 418; }} }}
}}
"""


@contextmanager
def nginx(folder: Path, hub: int, taken_off: int, left_on: int) -> Iterator[None]:
    """Runs while the context lasts. All are ports of this machine."""
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, hub=hub, taken_off=taken_off, left_on=left_on))
    process = subprocess.Popen([program("nginx", "nginx-light"), "-c", file], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not _answers(taken_off):
            assert time.monotonic() < deadline, (folder / "error.log").read_text()
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 418
    except httpx.TransportError:
        return False
