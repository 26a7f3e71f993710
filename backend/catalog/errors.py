"""Errors of the catalog."""

from backend.errors import Conflict, Invalid, NotFound
from schemas.errors import ErrorCode


class ModelNotFound(NotFound):
    """There is no such model in this tenant. `models.list` lists them."""


class VersionNotFound(NotFound):
    """There is no such version in this tenant. `models.versions` lists a model's versions."""


class SlugTaken(Conflict):
    """A model already has this slug. Choose another slug."""


class VersionTaken(Conflict):
    """The model already has this version, and versions are never overwritten. Choose the next number."""


class ArtifactPresent(Conflict):
    """This version already has its artifact. Make a new version to upload other bytes."""


class VersionServing(Conflict):
    """This version serves in a group. Take it out of the group first."""


class DecisionRuleUnfit(Invalid):
    """This decision rule does not fit the version. Its bands ascend, the last one has no bound, and its segment is a declared input."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class BackgroundUnfit(Invalid):
    """The document's background rows do not fit the artifact's features. Correct `extensions.background`."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class CategoriesUnclear(Invalid):
    """The artifact's lists of categories cannot be assigned to its features. Give these features the type `category` in the document."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class StatementUnfit(Invalid):
    """A statement about the artifact does not fit it. Correct it with `models.stateArtifact`."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class SamplesDisagree(Conflict):
    """The artifact's answers to sample rows differ from the expected ones. Export the model again, or correct the expected answers."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class ExternalUnfit(Invalid):
    """The request to the language model is not complete. Correct the fields named in `issues`."""


class ClassUnclear(Invalid):
    """The artifact and the document do not settle the class of the score. Correct the document, or state the class (`models.stateArtifact`)."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class FeaturesDisagree(Conflict):
    """The document's input features differ from the artifact's. Correct the document's features."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
