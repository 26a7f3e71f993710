#!/usr/bin/env bash
# A run of Weights & Biases in its offline mode, on a machine without a network, and then its files.
# Guess: the run's folder holds config.yaml and wandb-summary.json, as a run that was online does; so results can be read from there.
# Seen with wandb 0.31.0: the folder has neither. Settings and figures stand in the binary log (run-….wandb) alone, until somebody syncs it to a server. Whoever
# copies the JSON files of offline runs (a cluster without a network, a CI job) copies nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check wandb==0.31.0
cd "$folder"
WANDB_MODE=offline WANDB_SILENT=true WANDB_ERROR_REPORTING=false "$folder/env/bin/python" - "$folder" <<'PYTHON'
import sys
from pathlib import Path

import wandb

run = wandb.init(project="credit", config={"learning_rate": 0.05}, dir=sys.argv[1])
run.log({"val/auc": 0.74})
run.summary["test/auc"] = 0.81
assert dict(run.summary)["test/auc"] == 0.81
run.finish()
(made,) = Path(sys.argv[1]).glob("wandb/offline-run-*")
names = sorted(path.name for path in made.rglob("*") if path.is_file())
print("files of the run:", *names)
assert any(name.endswith(".wandb") for name in names)
assert not {"config.yaml", "wandb-summary.json"} & set(names), "an offline run keeps its files now"
print("as described")
PYTHON
