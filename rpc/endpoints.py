"""The plain endpoints under `/v1`, described for the OpenAPI document."""

from uuid import UUID

from backend.access.permissions import P
from backend.catalog.errors import ArtifactPresent, FeaturesDisagree, VersionNotFound
from backend.datasets.errors import DatasetNotFound, DataTooCostly, KeyReused, UnreadableData, WrongKind
from backend.decisions.errors import InvalidDecision
from backend.files import FilesAway
from backend.groups.errors import GroupNotFound
from backend.outcomes.errors import InvalidOutcome
from rpc.core.contract.endpoints import Endpoint
from rpc.inference import PREDICTION_ERRORS
from schemas.catalog import Version
from schemas.common import Slug
from schemas.datasets import AppendBody, AppendReceipt, Upload
from schemas.decisions import DecisionsReceipt, RecordDecisions
from schemas.inference import OutcomesReceipt, PredictBody, Prediction, Predictions, RecordOutcomes

endpoints = (
    Endpoint(
        method="post",
        path="/v1/groups/{slug}/predict",
        name="predict",
        doc="Ask a group. One inputs object returns a Prediction, a list returns Predictions in its order. Each is logged before it is answered.",
        permission=P.INFERENCE_GROUP_PREDICT,
        input=PredictBody,
        outputs=(Prediction, Predictions),
        errors=PREDICTION_ERRORS,
        parameters={"slug": Slug},
    ),
    Endpoint(
        method="post",
        path="/v1/outcomes",
        name="recordOutcomes",
        doc="Report outcomes of inferences: late, early, repeated, or corrected.",
        permission=P.INFERENCE_OUTCOME_WRITE,
        input=RecordOutcomes,
        outputs=(OutcomesReceipt,),
        errors=(GroupNotFound, InvalidOutcome),
    ),
    Endpoint(
        method="post",
        path="/v1/decisions",
        name="recordDecisions",
        doc="Tell what was finally done about applications, by whom and why: late, early, again, or revised.",
        permission=P.INFERENCE_DECISION_WRITE,
        input=RecordDecisions,
        outputs=(DecisionsReceipt,),
        errors=(GroupNotFound, InvalidDecision),
    ),
    Endpoint(
        method="post",
        path="/v1/versions/{version_id}/artifact",
        name="uploadArtifact",
        doc="Upload a version's artifact as the body: LightGBM text or ONNX. Returns the ready Version.",
        permission=P.CATALOG_MODEL_WRITE,
        input=bytes,
        outputs=(Version,),
        errors=(VersionNotFound, ArtifactPresent, FeaturesDisagree, FilesAway),
        parameters={"version_id": UUID},
    ),
    Endpoint(
        method="post",
        path="/v1/datasets/{slug}/files",
        name="uploadDatasetFile",
        doc="Upload a file for a dataset as the body: CSV, TSV, JSON lines, Parquet or Arrow. Its columns are guessed; `datasets.sealUpload` settles them.",
        permission=P.DATASET_DATASET_WRITE,
        input=bytes,
        outputs=(Upload,),
        errors=(DatasetNotFound, WrongKind, UnreadableData, DataTooCostly, FilesAway),
        parameters={"slug": Slug},
    ),
    Endpoint(
        method="post",
        path="/v1/datasets/{slug}/rows",
        name="appendDatasetRows",
        doc="Append rows to a decision log. The same key with the same values is no second row.",
        permission=P.DATASET_ROW_APPEND,
        input=AppendBody,
        outputs=(AppendReceipt,),
        errors=(DatasetNotFound, WrongKind, KeyReused),
        parameters={"slug": Slug},
    ),
)
