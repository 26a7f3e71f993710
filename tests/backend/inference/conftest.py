import pytest

from backend.settings import Settings
from tests.support.served import Served, make_served


@pytest.fixture(scope="package")
def served(settings: Settings) -> Served:
    """Two versions that every file here may put into groups of its own."""
    return make_served(settings)
