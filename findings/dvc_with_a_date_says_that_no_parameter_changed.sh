#!/usr/bin/env bash
# DVC compares the parameters of a commit with those of the workspace; params.yaml holds a date beside the parameter that changed.
# Guess: `dvc params diff --json` prints the change, as a date is a plain value of YAML and of TOML; or else it fails.
# Seen with DVC 3.67.1: it prints {} and exits with 0, with a warning on standard error alone. Every parameter of the file is gone, not the date alone. So a check in
# CI that asks "did a parameter change?" reads no. In quotes the same date is a text, and the change is printed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check dvc==3.67.1
export PATH="$folder/env/bin:$PATH"

changed() { # what DVC says after rows went from 10 to 11, with this date in the file
  rm -rf "$folder/project" && mkdir "$folder/project" && cd "$folder/project"
  git init -q && dvc init -q
  printf 'stages:\n  train:\n    cmd: echo trained\n    params:\n    - data\n' > dvc.yaml
  printf 'data:\n  until: %s\n  rows: 10\n' "$1" > params.yaml
  git add -A && git -c user.name=a -c user.email=a@example.org commit -qm before
  sed -i 's/rows: 10/rows: 11/' params.yaml
  dvc params diff --json 2> warnings || { echo "it fails now: $(cat warnings)"; exit 1; }
}

as_text=$(changed "'2026-10-31'") || { echo "$as_text"; exit 1; }
echo "a date in quotes: $as_text"
[ "$as_text" = '{"params.yaml": {"data.rows": {"old": 10, "new": 11, "diff": 1}}}' ] || { echo "DVC prints the change otherwise now"; exit 1; }
as_date=$(changed 2026-10-31) || { echo "$as_date"; exit 1; }
echo "a date:           $as_date"
[ "$as_date" = '{}' ] || { echo "DVC no longer hides the change"; exit 1; }
grep -q "Unsupported value of type 'date'" "$folder/project/warnings" || { echo "the warning is another now"; exit 1; }
echo "as described"
