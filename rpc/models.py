"""Models and their versions. Artifacts are uploaded beside: `POST /v1/versions/{version_id}/artifact`."""

from backend.access.permissions import P
from backend.catalog import artifact_statement, external, service
from backend.catalog.errors import (
    ArtifactPresent,
    DecisionRuleUnfit,
    ExternalUnfit,
    FeaturesDisagree,
    ModelNotFound,
    SlugTaken,
    VersionNotFound,
    VersionServing,
    VersionTaken,
)
from backend.catalog.rules import slug_of
from backend.connectors.errors import ConnectorDisabled, ConnectorNotFound
from backend.decisions import rule_change
from backend.decisions.errors import RuleUnchanged, VersionWithoutArtifact
from backend.files import FilesAway
from rpc.core import Router
from rpc.host import Call
from schemas.catalog import (
    CreateModel,
    CreateVersion,
    ListModels,
    Model,
    ModelRef,
    NameForSlug,
    StateArtifact,
    SuggestedSlug,
    Version,
    VersionRef,
)
from schemas.common import Page
from schemas.decisions import SetDecisionRule
from schemas.external import CreateExternalVersion

models = Router("models")


@models.query(permission=P.CATALOG_MODEL_READ)
async def list_(ctx: Call, input: ListModels) -> Page[Model]:
    """Return models by slug, with their latest version and the groups they serve in."""
    return await service.list_models(ctx.work, input)


@models.query(permission=P.CATALOG_MODEL_READ, errors=(ModelNotFound,))
async def get(ctx: Call, input: ModelRef) -> Model:
    """Return one model."""
    return await service.get_model(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(SlugTaken,))
async def create(ctx: Call, input: CreateModel) -> Model:
    """Create a model, without a version yet."""
    return await service.create_model(ctx.work, input)


@models.query(permission=P.SIGNED_IN)
async def suggest_slug(ctx: Call, input: NameForSlug) -> SuggestedSlug:
    """Suggest a slug for a name in any script."""
    return SuggestedSlug(slug=slug_of(input.name))


@models.query(permission=P.CATALOG_MODEL_READ, errors=(ModelNotFound,))
async def versions(ctx: Call, input: ModelRef) -> list[Version]:
    """Return a model's versions, the highest number first."""
    return await service.list_versions(ctx.work, input)


@models.query(permission=P.CATALOG_MODEL_READ, errors=(VersionNotFound,))
async def version(ctx: Call, input: VersionRef) -> Version:
    """Return one version with its whole document."""
    return await service.get_version(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(VersionNotFound, VersionWithoutArtifact, DecisionRuleUnfit, RuleUnchanged, VersionTaken))
async def set_decision_rule(ctx: Call, input: SetDecisionRule) -> Version:
    """Return a new version with the same artifact and another decision rule: a patch, or a minor version where more than 1 % of logged decisions move."""
    return await rule_change.set_decision_rule(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(ModelNotFound, VersionTaken, DecisionRuleUnfit))
async def create_version(ctx: Call, input: CreateVersion) -> Version:
    """Create a draft version from a model document; upload its artifact to make it ready."""
    return await service.create_version(ctx.work, input)


@models.mutation(
    permission=P.CATALOG_MODEL_WRITE, errors=(ModelNotFound, VersionTaken, ExternalUnfit, FeaturesDisagree, ConnectorNotFound, ConnectorDisabled, FilesAway)
)
async def create_external_version(ctx: Call, input: CreateExternalVersion) -> Version:
    """Create a version that calls a language model through a connector, ready at once. Needs `connector:connector:use` too."""
    return await external.create_external_version(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(VersionNotFound, ArtifactPresent))
async def state_artifact(ctx: Call, input: StateArtifact) -> Version:
    """State, before its upload, what an artifact's file leaves open: for example its positive class."""
    return await artifact_statement.state_artifact(ctx.work, input)


@models.mutation(permission=P.CATALOG_MODEL_WRITE, errors=(VersionNotFound, VersionServing))
async def archive_version(ctx: Call, input: VersionRef) -> Version:
    """Archive a version. It is kept forever."""
    return await service.archive_version(ctx.work, input)
