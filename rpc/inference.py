"""Inferences: predict, browse, report outcomes."""

from backend.access.permissions import P
from backend.comparison import rebuild
from backend.decisions import final
from backend.decisions.errors import InvalidDecision
from backend.disk_space import DiskFull
from backend.exchange import transfer
from backend.exchange.errors import LogTooCostly
from backend.files import FilesAway
from backend.groups.errors import GroupNotFound, LegalHold, NotConfirmed
from backend.inference_log import browse as browsing
from backend.inference_log import dead_letters as letters
from backend.inference_log import erasure
from backend.inference_log.errors import ArchivesBusy, ArchiveUnreadable, InferenceNotFound, IntakeAway, IntakeBusy, LogUnavailable
from backend.outcomes import orphans as orphaned
from backend.outcomes import service as outcomes
from backend.outcomes.errors import InvalidOutcome
from backend.reader_threads import ImportsBusy, turn
from backend.serving.errors import (
    ControlLost,
    GroupHalted,
    IdempotencyKeyReused,
    InvalidBatch,
    InvalidFeatures,
    MissingFeatures,
    ModelNotLoaded,
    PredictionFailed,
    TooMuchBeside,
    UnknownFeatures,
    VersionNotPreferred,
)
from backend.serving.traffic import traffic as traffic_of
from rpc.core import Router
from rpc.host import Call
from schemas.common import Page
from schemas.comparison import TallyRebuild
from schemas.decisions import DecisionsReceipt, RecordDecisions
from schemas.groups import GroupRef
from schemas.inference import BrowseInferences, GroupTraffic, Inference, InferenceRef, InferenceSummary, OutcomesReceipt, Predict, Predictions, RecordOutcomes
from schemas.log import (
    DeadLetters,
    DiscardDeadLetters,
    EraseEntity,
    Erasure,
    ExportedLog,
    ExportLog,
    ImportedLog,
    ImportLog,
    LettersMoved,
    ListDeadLetters,
    ListOrphans,
    Orphans,
    ReplayDeadLetters,
)

inference = Router("inference")

PREDICTION_ERRORS = (
    GroupNotFound,
    MissingFeatures,
    UnknownFeatures,
    InvalidFeatures,
    InvalidBatch,
    TooMuchBeside,
    PredictionFailed,
    ModelNotLoaded,
    LogUnavailable,
    DiskFull,
    GroupHalted,
    ControlLost,
    VersionNotPreferred,
    IdempotencyKeyReused,
    InferenceNotFound,
)


@inference.mutation(permission=P.INFERENCE_GROUP_PREDICT, errors=PREDICTION_ERRORS, audited=False, transaction=False)
async def predict(ctx: Call, input: Predict) -> Predictions:
    """Answer one prediction, or a batch in its order. Each is logged before it is answered."""
    answer = await ctx.hub.serving.predictor(ctx.hub).predict(ctx.actor, input.slug, input)
    return Predictions(predictions=answer if isinstance(answer, list) else [answer])


@inference.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound,))
async def browse(ctx: Call, input: BrowseInferences) -> Page[InferenceSummary]:
    """Return a group's log, newest first."""
    return await browsing.browse(ctx.work, input)


@inference.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, InferenceNotFound))
async def get(ctx: Call, input: InferenceRef) -> Inference:
    """Return one complete inference: inputs, output, explanation, outcome."""
    return await browsing.get(ctx.work, input)


@inference.mutation(permission=P.INFERENCE_OUTCOME_WRITE, errors=(GroupNotFound, InvalidOutcome, DiskFull), audited=False)
async def record_outcomes(ctx: Call, input: RecordOutcomes) -> OutcomesReceipt:
    """Report outcomes of inferences: late, early, repeated, or corrected."""
    return await outcomes.record(ctx.work, input)


@inference.mutation(permission=P.INFERENCE_DECISION_WRITE, errors=(GroupNotFound, InvalidDecision, DiskFull), audited=False)
async def record_decisions(ctx: Call, input: RecordDecisions) -> DecisionsReceipt:
    """Tell what was finally done about applications, by whom and why: late, early, again, or revised."""
    return await final.record(ctx.work, input)


@inference.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound,))
async def export_log(ctx: Call, input: ExportLog) -> ExportedLog:
    """Return a page of the log in the layout of a Databricks inference table, of KServe's CloudEvents, or of SageMaker's data capture."""
    return await transfer.export(ctx.work, input)


@inference.mutation(permission=P.INFERENCE_LOG_IMPORT, errors=(GroupNotFound, ImportsBusy, LogTooCostly), audited=False, transaction=False)
async def import_log(ctx: Call, input: ImportLog) -> ImportedLog:
    """Keep inferences that were made elsewhere, marked as imported; no comparison takes them in."""
    async with turn(ctx.actor.tenant_id):
        return await transfer.import_lines(ctx.hub, ctx.actor, input)


@inference.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound,))
async def orphans(ctx: Call, input: ListOrphans) -> Orphans:
    """Return outcomes without an inference for days: of another group, or never asked here."""
    return await orphaned.orphans(ctx.work, input)


@inference.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, IntakeAway))
async def dead_letters(ctx: Call, input: ListDeadLetters) -> DeadLetters:
    """Return entries of the intake that could not be stored, each with the reason."""
    return await letters.list_letters(ctx.work, input)


@inference.mutation(permission=P.INFERENCE_LETTER_MANAGE, errors=(GroupNotFound, IntakeAway))
async def replay_dead_letters(ctx: Call, input: ReplayDeadLetters) -> LettersMoved:
    """Return dead letters to the intake, once their cause is fixed."""
    return await letters.replay(ctx.work, input)


@inference.mutation(permission=P.INFERENCE_LETTER_MANAGE, errors=(GroupNotFound, LegalHold, IntakeAway))
async def discard_dead_letters(ctx: Call, input: DiscardDeadLetters) -> LettersMoved:
    """Discard dead letters permanently, for a reason."""
    return await letters.discard(ctx.work, input)


@inference.mutation(
    permission=P.INFERENCE_ENTITY_ERASE, errors=(GroupNotFound, LegalHold, NotConfirmed, IntakeAway, IntakeBusy, ArchivesBusy, ArchiveUnreadable, FilesAway)
)
async def erase_entity(ctx: Call, input: EraseEntity) -> Erasure:
    """Erase an entity: remove its inputs, context, segments, explanations and keys from the log. Counts, answers and outcomes stay."""
    return await erasure.erase(ctx.work, input)


@inference.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound,))
async def traffic(ctx: Call, input: GroupRef) -> GroupTraffic:
    """Return the traffic of a group's endpoint, in total and in each of the last 60 minutes."""
    return await traffic_of(ctx.work, input)


@inference.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound,))
async def rebuild_tallies(ctx: Call, input: GroupRef) -> TallyRebuild:
    """Start a run that rebuilds the comparison's tallies from the group's log. Traffic and counting continue meanwhile."""
    return await rebuild.ask(ctx.work, input)
