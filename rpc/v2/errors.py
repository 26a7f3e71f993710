"""Why a request of the Open Inference Protocol is refused."""

from backend.errors import Invalid, NotFound


class InvalidTensor(Invalid):
    """A tensor is not what it says it is."""


class InvalidRequest(Invalid):
    """The request cannot be read."""


class NothingThere(NotFound):
    """There is nothing at this address; `/v2/models/<group>/infer` predicts."""
