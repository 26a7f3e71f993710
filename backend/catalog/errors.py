"""What can go wrong in the catalog."""

from backend.errors import Conflict, Invalid, NotFound
from schemas.errors import ErrorCode


class ModelNotFound(NotFound):
    """There is no such model in this tenant. `models.list` lists them."""


class VersionNotFound(NotFound):
    """There is no such version in this tenant. `models.versions` lists those of a model."""


class SlugTaken(Conflict):
    """A model already has this slug. Choose another slug."""


class VersionTaken(Conflict):
    """The model already has this version, and a version is never overwritten. Choose the next number."""


class ArtifactPresent(Conflict):
    """This version already has its artifact. Make a new version for other bytes."""


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
    """The artifact answers sample rows differently than expected. Export the model again, or correct the expected answers."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class ExternalUnfit(Invalid):
    """The request to the language model is not complete. See the issues."""


class ClassUnclear(Invalid):
    """Artifact and document do not settle which class the score belongs to. Correct the document, or state the class (`models.stateArtifact`)."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class FeaturesDisagree(Conflict):
    """The document's input features differ from the artifact's. Correct the document's features."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
