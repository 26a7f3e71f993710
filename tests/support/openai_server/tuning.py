"""Files and fine-tuning jobs. A job's state depends only on the clock, so a test moves the time."""

import io
import json
import math
from dataclasses import dataclass, field
from typing import Any

from multipart import MultipartParser, parse_options_header

from tests.support.openai_server.reply import ApiError, Asked, Reply, page

VALIDATING, QUEUED, STEP = 10.0, 20.0, 1.0
"""Seconds a job is validated, waits, and takes for each step."""


@dataclass
class Job:
    """A job as requested, and the later actions on it."""

    id: str
    body: dict[str, Any]
    created: float
    examples: int
    problem: dict[str, str] | None
    epochs: int
    ended: tuple[str, float] | None = None
    paused_at: float | None = None
    paused_for: float = 0.0

    @property
    def steps(self) -> int:
        return max(1, self.epochs * math.ceil(self.examples / 4))


@dataclass
class Tuning:
    """Everything uploaded and every job."""

    files: dict[str, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)

    def upload(self, asked: Asked, now: float) -> Reply:
        kind, options = parse_options_header(asked.headers.get("content-type", ""))
        if kind != "multipart/form-data":
            raise ApiError(400, "Send the file as multipart/form-data.")
        parts = {part.name: part for part in MultipartParser(io.BytesIO(asked.body), options["boundary"]).parts()}
        if "file" not in parts or "purpose" not in parts:
            raise ApiError(400, "'file' and 'purpose' are required properties", param="file")
        return Reply(self._keep(parts["file"].filename or "file", parts["purpose"].value, parts["file"].raw, now))

    def _keep(self, name: str, purpose: str, content: bytes, now: float) -> dict[str, Any]:
        about = {
            "id": f"file-{len(self.files) + 1:04}", "object": "file", "bytes": len(content), "created_at": int(now), "filename": name,
            "purpose": purpose, "status": "processed", "expires_at": None, "status_details": None,
        }  # fmt: skip
        self.files[str(about["id"])] = (about, content)
        return about

    def file(self, asked: Asked, file_id: str, tail: str) -> Reply:
        if file_id not in self.files:
            raise ApiError(404, f"No such File object: {file_id}", param="id")
        about, content = self.files[file_id]
        if asked.method == "DELETE":
            del self.files[file_id]
            return Reply({"id": file_id, "object": "file", "deleted": True})
        return Reply(chunks=[content], kind="application/octet-stream") if tail == "content" else Reply(about)

    def create(self, asked: Asked, now: float) -> Reply:
        body = asked.json
        training = body.get("training_file", "")
        if training not in self.files:
            raise ApiError(400, f"File {training} does not exist", code="file_not_found", param="training_file")
        examples, problem = _read_examples(self.files[training][1])
        method = body.get("method") or {}
        chosen = (method.get(method.get("type", ""), {}) or {}).get("hyperparameters") or body.get("hyperparameters") or {}
        epochs = chosen.get("n_epochs", "auto")
        job = Job(f"ftjob-{len(self.jobs) + 1:04}", body, now, examples, problem, 3 if epochs == "auto" else int(epochs))
        self.jobs[job.id] = job
        return Reply(self.show(job, now))

    def listed(self, asked: Asked, now: float) -> Reply:
        return Reply(page([self.show(job, now) for job in reversed(self.jobs.values())], asked.query))

    def job(self, asked: Asked, job_id: str, tail: str, now: float) -> Reply:
        job = self.jobs.get(job_id)
        if job is None:
            raise ApiError(404, f"Could not find fine tune: {job_id}", code="fine_tune_not_found", param="fine_tune_id")
        match tail:
            case "events":
                return Reply(page(self.events(job, now)[::-1], asked.query))
            case "checkpoints":
                return Reply(page(self.checkpoints(job, now)[::-1], asked.query, 10))
            case "cancel" | "pause" | "resume":
                self._steer(job, tail, now)
        return Reply(self.show(job, now))

    def _steer(self, job: Job, what: str, now: float) -> None:
        state, _ = self.state(job, now)
        if state in {"succeeded", "failed", "cancelled"}:
            raise ApiError(400, f"Job has already completed: {job.id}", code="invalid_state")
        if what == "cancel":
            job.ended = ("cancelled", now)
        elif what == "pause" and job.paused_at is None:
            job.paused_at = now
        elif what == "resume" and job.paused_at is not None:
            job.paused_for, job.paused_at = job.paused_for + now - job.paused_at, None

    def state(self, job: Job, now: float) -> tuple[str, float]:
        """Return the job's state, and the number of finished steps."""
        moment = job.ended[1] if job.ended else now
        elapsed = (job.paused_at or moment) - job.created - job.paused_for
        done = min(float(job.steps), max(0.0, (elapsed - VALIDATING - QUEUED) / STEP))
        if job.ended:
            return job.ended[0], done
        if job.paused_at is not None:
            return "paused", done
        if elapsed < VALIDATING:
            return "validating_files", 0
        if job.problem:
            return "failed", 0
        if elapsed < VALIDATING + QUEUED:
            return "queued", 0
        return ("succeeded" if done >= job.steps else "running"), done

    def show(self, job: Job, now: float) -> dict[str, Any]:
        state, done = self.state(job, now)
        end = job.created + job.paused_for + VALIDATING + QUEUED + job.steps * STEP
        finished = {"succeeded": end, "failed": job.created + VALIDATING, "cancelled": job.ended[1] if job.ended else now}.get(state)
        won = state == "succeeded"
        if won and not any(about["filename"] == f"step_metrics_{job.id}.csv" for about, _ in self.files.values()):
            self._keep(f"step_metrics_{job.id}.csv", "fine-tune-results", _metrics(job).encode(), end)
        results = [file_id for file_id, (about, _) in self.files.items() if about["filename"] == f"step_metrics_{job.id}.csv"]
        remaining = int(now + job.steps - done) if state == "running" else None
        return {
            "id": job.id, "object": "fine_tuning.job", "created_at": int(job.created), "finished_at": int(finished) if finished else None,
            "model": job.body["model"], "fine_tuned_model": self.model_name(job) if won else None, "organization_id": "org-test", "status": state,
            "error": job.problem if state == "failed" else None, "training_file": job.body["training_file"], "result_files": results,
            "validation_file": job.body.get("validation_file"), "seed": job.body.get("seed") or 42, "integrations": [], "metadata": job.body.get("metadata"),
            "hyperparameters": {"n_epochs": job.epochs, "batch_size": 4, "learning_rate_multiplier": 1.0}, "estimated_finish": remaining,
            "trained_tokens": job.examples * 100 * job.epochs if won else None, "method": job.body.get("method"),
        }  # fmt: skip

    def model_name(self, job: Job) -> str:
        return f"ft:{job.body['model']}:test:{job.body.get('suffix') or ''}:{job.id[-4:]}"

    def models(self, now: float) -> list[str]:
        return [self.model_name(job) for job in self.jobs.values() if self.state(job, now)[0] == "succeeded"]

    def events(self, job: Job, now: float) -> list[dict[str, Any]]:
        """Return all events, oldest first."""
        state, done = self.state(job, now)
        start = job.created + VALIDATING + QUEUED
        said: list[tuple[float, str, str, dict[str, Any] | None]] = [
            (job.created, "message", f"Created fine-tuning job: {job.id}", None),
            (job.created, "message", f"Validating training file: {job.body['training_file']}", None),
        ]
        if state == "failed" and job.problem:
            said.append((job.created + VALIDATING, "message", f"The job failed due to an invalid training file. {job.problem['message']}", None))
        elif now >= job.created + VALIDATING and (done or state in {"queued", "running"}):
            said.append((job.created + VALIDATING, "message", "Files validated, moving job to queued state", None))
        if done or state == "running":
            said.append((start, "message", "Fine-tuning job started", None))
        for step in range(1, int(done) + 1):
            loss = _loss(step)
            text = f"Step {step}/{job.steps}: training loss={loss:.2f}"
            said.append((start + step * STEP, "metrics", text, {"step": step, "total_steps": job.steps, "train_loss": loss}))
        if state == "succeeded":
            said.append((start + job.steps * STEP, "message", f"New fine-tuned model created: {self.model_name(job)}", None))
            said.append((start + job.steps * STEP, "message", "The job has successfully completed", None))
        if state == "cancelled" and job.ended:
            said.append((job.ended[1], "message", "Fine-tuning job cancelled", None))
        return [
            {"object": "fine_tuning.job.event", "id": f"ftevent-{job.id[-4:]}-{number:05}", "created_at": int(at), "level": "info", "message": text,
             "type": kind, "data": data or {}}
            for number, (at, kind, text, data) in enumerate(said)
        ]  # fmt: skip

    def checkpoints(self, job: Job, now: float) -> list[dict[str, Any]]:
        each = math.ceil(job.examples / 4)
        done = int(self.state(job, now)[1])
        return [
            {"object": "fine_tuning.job.checkpoint", "id": f"ftckpt-{job.id[-4:]}-{step}", "fine_tuning_job_id": job.id, "step_number": step,
             "created_at": int(job.created + VALIDATING + QUEUED + step * STEP), "metrics": {"step": step, "train_loss": _loss(step)},
             "fine_tuned_model_checkpoint": f"{self.model_name(job)}:ckpt-step-{step}"}
            for step in range(each, done + 1, each)
        ]  # fmt: skip


def _loss(step: int) -> float:
    return round(2.0 / (1 + 0.2 * step), 4)


def _metrics(job: Job) -> str:
    return "step,train_loss\n" + "".join(f"{step},{_loss(step)}\n" for step in range(1, job.steps + 1))


def _read_examples(content: bytes) -> tuple[int, dict[str, str] | None]:
    lines = [line for line in content.decode("utf-8", "replace").splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        try:
            fine = bool(json.loads(line)["messages"])
        except (ValueError, KeyError, TypeError):
            fine = False
        if not fine:
            return len(lines), {"code": "invalid_training_file", "param": "training_file", "message": f"Line {number} has no 'messages'."}
    if len(lines) < 10:
        problem = f"Training file has {len(lines)} example(s), but must have at least 10 examples"
        return len(lines), {"code": "invalid_n_examples", "param": "training_file", "message": problem}
    return len(lines), None
