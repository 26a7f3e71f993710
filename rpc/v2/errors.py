"""Why a request of the Open Inference Protocol is refused."""

from backend.errors import Invalid, NotFound


class InvalidTensor(Invalid):
    """A tensor's data does not fit its shape or datatype. See the issues."""


class InvalidRequest(Invalid):
    """The request cannot be read. See the issues."""


class NothingThere(NotFound):
    """There is nothing at this address; `/v2/models/<group>/infer` predicts."""
