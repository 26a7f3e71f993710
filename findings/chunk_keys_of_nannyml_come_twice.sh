#!/usr/bin/env bash
# NannyML's result for reference and analysis data, as a frame: its rows are chunks, and each has a `key`.
# Guess: the key tells a row from every other, so two results (performance and drift, say) are joined by it.
# Seen with NannyML 0.13.1: the keys of the analysis period begin again at [0:…], so they are the keys of the reference period; chunk_index and start_index begin again too. A
# join by the key pairs each chunk with one of another period as well, and `chunk_index` is no better. Only key and period together tell a row.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check nannyml==0.13.1 statsmodels==0.15.0
NML_DISABLE_USAGE_LOGGING=1 "$folder/env/bin/python" -W ignore - <<'PYTHON'
import nannyml

reference, analysis, targets = nannyml.load_synthetic_car_loan_dataset()
names = {"y_pred_proba": "y_pred_proba", "y_pred": "y_pred", "y_true": "repaid", "problem_type": "classification_binary", "metrics": ["roc_auc"]}
performance = nannyml.PerformanceCalculator(**names, chunk_size=25_000).fit(reference).calculate(analysis.merge(targets, on="id"))
drift = nannyml.UnivariateDriftCalculator(column_names=["car_value"], chunk_size=25_000).fit(reference).calculate(analysis)
left, right = performance.to_df(multilevel=False), drift.to_df(multilevel=False)
print(left[["chunk_key", "chunk_index", "chunk_period", "roc_auc_value"]].to_string(index=False))
assert len(left) == len(right) == 4
joined = {name: len(left.merge(right, on=name)) for name in ("chunk_key", "chunk_index", "chunk_start_index")}
print("rows after a join by", joined)
assert set(joined.values()) == {8}, "the keys tell chunks of both periods apart now"
assert len(left.merge(right, on=["chunk_key", "chunk_period"])) == 4
print("as described")
PYTHON
