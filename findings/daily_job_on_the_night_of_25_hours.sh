#!/usr/bin/env bash
# Two cron libraries, one daily job at 02:30 in Berlin, the night the clocks go back (2026-10-25 has 25 hours).
# Guess: both run the job once that night, as Debian's cron does. Seen with croniter 7.0.0: it runs twice, an hour apart; cronsim 2.8 runs it once.
# In spring (2026-03-29 has no 02:30) both run it at 03:00. Who charges or retrains in such a job does it twice a year too often.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check croniter==7.0.0 cronsim==2.8 tzdata==2025.2
"$folder/env/bin/python" - <<'PYTHON'
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import croniter
from cronsim import CronSim

EVERY_NIGHT = "30 2 * * *"
ZONE = ZoneInfo("Europe/Berlin")
evening = datetime(2026, 10, 24, 12, tzinfo=ZONE)
by_croniter, by_cronsim = croniter(EVERY_NIGHT, evening), CronSim(EVERY_NIGHT, evening)
twice = [by_croniter.get_next(datetime).isoformat() for _ in range(2)]
once = [next(by_cronsim).isoformat() for _ in range(2)]
print("croniter:", *twice)
print("cronsim: ", *once)
assert twice == ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"], "croniter no longer runs the job twice"
assert once == ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"], "cronsim no longer runs the job once"
before = datetime(2026, 3, 28, 12, tzinfo=ZONE)
assert croniter(EVERY_NIGHT, before).get_next(datetime).isoformat() == next(CronSim(EVERY_NIGHT, before)).isoformat() == "2026-03-29T03:00:00+02:00"
print("as described")
PYTHON
