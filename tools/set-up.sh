#!/bin/sh
# Makes the virtual environment and installs what requirements.txt pins. Called by make.
set -eu
venv=$1

say() { printf '%s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo "$@"
  else return 1
  fi
}

install_packages() {
  command -v apt-get >/dev/null || return 1
  as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

python=
for name in python3 python3.14 python3.13 python3.12 python3.11; do
  if command -v "$name" >/dev/null &&
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  say "Python 3.11 or newer is needed and was not found."
  say "On Debian or Ubuntu: sudo apt-get install python3 python3-venv"
  exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null && ! command -v uv >/dev/null; then
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  say "Python's venv module is missing; installing it."
  if ! install_packages "python$version-venv"; then
    say "It could not be installed from here. Please run, then try again:"
    say "  sudo apt-get install python$version-venv"
    exit 1
  fi
fi

# WeasyPrint draws the PDF with Pango. Without it everything else works, so this never stops.
if ! "$python" - <<'CHECK'
import ctypes.util, sys
wanted = ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
sys.exit(any(ctypes.util.find_library(name) is None for name in wanted))
CHECK
then
  packages="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
  say "The libraries that draw PDFs are missing; installing them."
  # shellcheck disable=SC2086  # a list of packages
  if ! install_packages $packages; then
    say "They could not be installed from here. The service starts without them, and reports are"
    say "made as HTML only. For PDFs, run:"
    say "  sudo apt-get install $packages"
  fi
fi

say "Installing what requirements.txt pins (a minute or so, once)."
if command -v uv >/dev/null; then
  uv venv --quiet --allow-existing --python "$python" "$venv"
  uv pip sync --quiet --python "$venv/bin/python" --require-hashes requirements.txt
else
  "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r requirements.txt
fi
say "Set up."
