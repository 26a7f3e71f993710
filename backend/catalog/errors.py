"""What can go wrong in the catalog."""

from backend.errors import Conflict, Invalid, NotFound
from schemas.errors import ErrorCode


class ModelNotFound(NotFound):
    """There is no such model in this tenant."""


class VersionNotFound(NotFound):
    """There is no such version in this tenant."""


class SlugTaken(Conflict):
    """There already is a model with this slug; choose another."""


class VersionTaken(Conflict):
    """The model already has this version; a version is never overwritten, so choose the next number."""


class ArtifactPresent(Conflict):
    """This version has its artifact; other bytes are another version."""


class VersionServing(Conflict):
    """This version serves in a group; take it out of the group first."""


class BackgroundUnfit(Invalid):
    """The document's background rows are not rows of the artifact's features."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class CategoriesUnclear(Invalid):
    """The artifact's lists of categories cannot be assigned to its features."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class StatementUnfit(Invalid):
    """What is stated of the artifact does not fit it."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class SamplesDisagree(Conflict):
    """Sample rows are answered otherwise than expected."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class ExternalUnfit(Invalid):
    """What is asked of the language model is not complete."""


class ClassUnclear(Invalid):
    """Artifact and document do not settle which class the score is the probability of. Correct the document, or state the class (`models.stateArtifact`)."""

    code = ErrorCode.UNPROCESSABLE_CONTENT


class FeaturesDisagree(Conflict):
    """The document's input features are not the artifact's."""

    code = ErrorCode.UNPROCESSABLE_CONTENT
