#!/usr/bin/env bash
# Adds an analytic and a family of logs by CONTRIBUTING's steps, in a copy of this tree, and runs the tests that matter.
# Fails where more had to be touched than the two folders and a line each.
#
#   tests/sixth-analytic.sh            all of it, modules for Wasm included: some minutes
#   tests/sixth-analytic.sh native     what needs no module
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
# Always the same place, so that a second run builds little.
copy="$CARGO_TARGET_DIR/sixth-analytic"

rm -rf "$copy"
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents --preserve=timestamps --target-directory="$copy"
cd "$copy"
git init --quiet
git add --all
git -c user.name=test -c user.email=test@localhost commit --quiet --message="The tree as it is"

# "Adding an analytic", steps 1 and 2: the nearest folder, under a new name.
analytic=src/analytics/an9999
cp -r src/analytics/fls "$analytic"
grep -rlE 'fls|Fls|FLS' "$analytic" | xargs sed -i 's/authsieve-fls/authsieve-an9999/; s/authsieve_fls/authsieve_an9999/g; s/\bFls\b/An9999/g; s/\bFLS\b/AN9999/g; s/\bfls\b/an9999/g'
# Its line in the list of all analytics.
sed -i '/^authsieve-fls = /a authsieve-an9999 = { path = "../analytics/an9999" }' src/suite/Cargo.toml

# "Adding a log form": the nearest room, under a new name, with marks of its own.
rooms=src/engine/src/shapes
cp -r "$rooms/auth0" "$rooms/acme"
sed -i 's/Auth0/Acme/g; s/auth0/acme/g; s/log_id/acme_id/g' "$rooms"/acme/*.rs
# Its line in the list of all rooms.
sed -i '/^    AUTH0 auth0 Auth0/a\    /// A made-up provider.\n    ACME acme Acme, Acme = "acme";' "$rooms/mod.rs"
# The new analytic reads it.
sed -i 's/Telemetry::AUDIT/Telemetry::AUDIT.and(Telemetry::ACME)/' "$analytic/src/lib.rs"

echo "== tests"
packages=(authsieve-engine authsieve-an9999 authsieve-suite authsieve-hostile)
cargo test "${packages[@]/#/--package=}"
if [ "${1:-}" != native ]; then
    cargo test --package=authsieve-tests --test cases --test state
    record='{"date":"2026-03-01T09:00:00Z","type":"fp","ip":"192.0.2.7","user_name":"alice@example.com","acme_id":"1"}'
    said="$(cargo run --quiet -- decode --analytic an9999 - <<< "$record")"
    [[ "$said" == *'"shape":"acme"'* ]] || { echo "error: the made-up record says: $said" >&2; exit 1; }
    cargo run --quiet -- inspect --analytic an9999 > /dev/null
fi

echo "== what was touched"
# The lock file is cargo's to write.
touched="$(git status --porcelain --untracked-files=normal | grep -v ' Cargo.lock$' | sort)"
expected="$(printf '%s\n' " M $rooms/mod.rs" " M src/suite/Cargo.toml" "?? $analytic/" "?? $rooms/acme/" | sort)"
echo "$touched"
[ "$touched" = "$expected" ] || { echo "error: expected" >&2; echo "$expected" >&2; exit 1; }
# A line each, and the line that documents the room.
[ "$(git diff --numstat -- "$rooms/mod.rs" src/suite/Cargo.toml | cut -f1,2 | tr '\n\t' '  ')" = "2 0 1 0 " ] ||
    { git diff --stat >&2; echo "error: a line each, no more" >&2; exit 1; }
echo "a sixth analytic and a log form: two folders and a line each"
