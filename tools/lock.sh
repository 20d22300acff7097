#!/usr/bin/env bash
# Renews requirements/*.txt. Needs uv (UV=path/to/uv). One resolution for all sets first, then each set held to it,
# so that several sets can be installed into one environment in any order.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-uv}
common=$(mktemp)
trap 'rm -f "$common"' EXIT

compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate \
        --extra cli --extra arrow pyproject.toml "$@"
}

compile requirements/{lint,docs,bench}.in --output-file "$common" "$@"
for name in run test lint docs bench; do
    # Written anew: uv would keep the pins of an existing file.
    rm -f "requirements/$name.txt"
    compile "requirements/$name.in" --constraint "$common" --generate-hashes --output-file "requirements/$name.txt" >/dev/null
done
