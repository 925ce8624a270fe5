#!/bin/sh
# Write the hashed requirement files again from pyproject.toml. No index's address is written into them.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-uv}
compile() {
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-annotate --custom-compile-command requirements/regenerate.sh "$@"
}
compile pyproject.toml requirements/build.in --output-file requirements/base.txt
compile pyproject.toml requirements/build.in --group dev --constraints requirements/base.txt \
    --output-file requirements/dev.txt
if grep -n '://' requirements/base.txt requirements/dev.txt; then
    echo "an address stands in a requirement file" >&2
    exit 1
fi
