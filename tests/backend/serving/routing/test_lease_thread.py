"""The control line of a process: it ends when it is told to, whatever it is just doing."""

import threading
import time
from uuid import uuid4

import pytest

from backend.db.addresses import app_url
from backend.serving.routing.lease import Control
from backend.serving.routing.lease_thread import LeaseThread, RoutedState
from backend.settings import Settings

pytestmark = pytest.mark.busy

MOMENTS = 20


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_it_stops_also_when_it_was_told_something_in_the_same_moment(settings: Settings, moment: int) -> None:
    assert settings.secret_key
    assert settings.database_url
    address = app_url(settings.secret_key, settings.database_url)
    line = LeaseThread(address, uuid4(), Control(), lambda: None, lambda: None)
    line.start()
    while line.polls < 2:
        time.sleep(0.005)
    time.sleep(moment * 0.01)
    line.tell(RoutedState())
    stopping = threading.Thread(target=line.stop, daemon=True)
    stopping.start()
    stopping.join(10)
    assert not stopping.is_alive()
