#!/usr/bin/env bash
# Makes or refreshes the virtual environment from pyproject.toml: what ships, and the group `dev`.
# DOORSTEP_PYTHON names another interpreter, for a new environment (`rm -r .venv` first).
set -euo pipefail
venv="$1"

find_python() {
  for name in ${DOORSTEP_PYTHON:-} python3.11 python3.12 python3.13 python3.14 python3 python; do
    if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$name"
      return
    fi
  done
  echo "Doorstep needs Python 3.11 or later with its venv module (on Debian: apt-get install python3 python3-venv)." >&2
  exit 1
}

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  python="$(find_python)"
  echo "setup: virtual environment in $venv with $("$python" --version)"
  rm -rf "$venv"
  "$python" -m venv "$venv"
fi

# chalice needs pip below 26.3; `--group` needs 25.1 or later.
echo "setup: installing what pyproject.toml names (once; a minute or two on a new machine)"
"$venv/bin/python" -m pip install --quiet --upgrade 'pip>=25.1,<26.3'
ships="$venv/ships.txt"
"$venv/bin/python" - >"$ships" <<'PY'
import pathlib, tomllib
print(*tomllib.loads(pathlib.Path("pyproject.toml").read_text("utf-8"))["project"]["dependencies"], sep="\n")
PY
"$venv/bin/python" -m pip install --quiet -r "$ships" --group dev
echo "setup: done"
