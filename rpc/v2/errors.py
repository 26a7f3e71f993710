"""Errors of the Open Inference Protocol."""

from backend.errors import Invalid, NotFound


class InvalidTensor(Invalid):
    """A tensor's data does not fit its shape or datatype. Correct the fields named in `issues`."""


class InvalidRequest(Invalid):
    """The request is unreadable. Correct the fields named in `issues`."""


class NothingThere(NotFound):
    """There is nothing at this address; `/v2/models/<group>/infer` predicts."""
