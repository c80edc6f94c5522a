#!/bin/sh
# Asks the Python Packaging Advisory Database about everything requirements.txt pins. Called by make.
# pip-audit is no dependency of ours: it is run from a place of its own.
set -eu
venv=$1
answer=$(mktemp)
trap 'rm -f "$answer" "$answer.log"' EXIT

status=0
"$venv/bin/uv" tool run --quiet --from 'pip-audit==2.10.1' pip-audit \
  --requirement requirements.txt --disable-pip --require-hashes --progress-spinner off \
  --format json --output "$answer" 2>"$answer.log" || status=$?

if [ ! -s "$answer" ]; then
  echo "The audit could not be made, so nothing is known: pip-audit could not be fetched, or the" >&2
  echo "vulnerability service (pypi.org) does not answer from here. It said:" >&2
  tail -n 3 "$answer.log" >&2
  exit 2
fi
"$venv/bin/python" - "$answer" <<'READ'
import json
import sys

packages = json.load(open(sys.argv[1], encoding="utf-8"))["dependencies"]
skipped = [each for each in packages if "skip_reason" in each]
if len(skipped) == len(packages):
    print(
        f"The audit could not be made, so nothing is known: the service knows none of the "
        f"{len(packages)} packages. A mirror that hands on packages and no advisories answers so.",
        file=sys.stderr,
    )
    sys.exit(2)
known = [
    f"{each['name']} {each['version']}: {fault['id']}, mended in "
    f"{', '.join(fault['fix_versions']) or 'no version yet'}"
    for each in packages
    for fault in each.get("vulns", ())
]
print(f"{len(packages)} packages asked about; {len(known)} known vulnerabilities.")
for line in known:
    print(f"- {line}")
for each in skipped:
    print(f"- {each['name']} was not looked at: {each['skip_reason']}")
sys.exit(1 if known or skipped else 0)
READ
