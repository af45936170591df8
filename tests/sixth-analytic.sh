#!/usr/bin/env bash
# Adds an analytic and a family of records in a copy of this tree, by the steps in CONTRIBUTING, and runs the tests for them.
# Fails if this needs more than two folders, and one line for each folder. The family is the example in CONTRIBUTING.
#
#   tests/sixth-analytic.sh            everything: builds the modules for Wasm, which takes minutes
#   tests/sixth-analytic.sh native     only the tests that need no module
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
# The folder is always the same, so that a second run builds little.
copy="$CARGO_TARGET_DIR/sixth-analytic"

fail() {
    echo "error: $1" >&2
    exit 1
}

rm -rf "$copy"
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard |
    xargs -0 cp --parents --preserve=timestamps --target-directory="$copy"
cd "$copy"
git init --quiet
git add --all
git -c user.name=test -c user.email=test@localhost commit --quiet --message="The tree as it is"

# Prints the block of code in CONTRIBUTING.md whose first line is a comment with this text.
block() {
    awk -v head="// $1" '
        /^```/ { if (inside) exit; fenced = 1; next }
        fenced { fenced = 0; if ($0 == head) { inside = 1; next } }
        inside' CONTRIBUTING.md
}

# "Adding a log form": adds a room, and its line in the list of rooms, before the last one.
rooms=src/engine/src/shapes
mkdir "$rooms/acme"
block "$rooms/acme/mod.rs" > "$rooms/acme/mod.rs"
block "$rooms/mod.rs, in the list" | sed 's/^/    /' > "$copy/.git/room"
sed -i "/^    \/\/\/ ECS authentication events/{
    r $copy/.git/room
    N
}" "$rooms/mod.rs"
cat > "$rooms/acme/tests.rs" << 'RUST'
use crate::analytic::{Reads, Telemetry};
use crate::decode::trial;

struct Acme;

impl Reads for Acme {
    const TELEMETRY: Telemetry = Telemetry::ACME;
}

#[test]
fn what_a_record_says() {
    let record = r#"{"acme_login":"denied","who":"bob","from":"192.0.2.7","at":"2026-03-01T09:00:00Z"}"#;
    let events = trial::events::<Acme>(record);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].outcome.as_str(), &*events[0].user), ("failure", "bob"));
    assert_eq!((events[0].shape.as_str(), events[0].provider.as_str()), ("acme-gate", "acme"));
    assert!(trial::events::<Acme>(&record.replace("denied", "asked")).is_empty());
}
RUST

# "Adding an analytic": copies the most similar folder under a new name, and adds its line in the list of analytics.
analytic=src/analytics/an8888
cp -r src/analytics/fls "$analytic"
grep -rlE '\b(fls|Fls|FLS)\b|authsieve_fls' "$analytic" | xargs sed -i \
    's/authsieve_fls/authsieve_an8888/g; s/\bfls\b/an8888/g; s/\bFls\b/An8888/g; s/\bFLS\b/AN8888/g'
sed -i '/^authsieve-fls = /i authsieve-an8888 = { path = "../analytics/an8888" }' src/suite/Cargo.toml
# The new analytic reads the new family.
sed -i 's/Telemetry::AUDIT/Telemetry::AUDIT.and(Telemetry::ACME)/' "$analytic/src/lib.rs"

echo "== the engine, the analytic, the suite, the fuzz targets"
# Makes the README's tables from the code.
AUTHSIEVE_UPDATE=1 cargo test --quiet --package=authsieve-suite --test=readme
cargo test --package=authsieve-engine --package=authsieve-an8888 --package=authsieve-suite
cargo run --quiet --package=authsieve-hostile > targets
grep -q decode-acme targets || fail "the fuzz target decode-acme is not there"
grep -q an8888 targets || fail "the fuzz target an8888 is not there"
rm targets

if [ "${1:-}" != native ]; then
    echo "== the modules"
    # Uses the whole workspace, because the features of wasmtime, and so its build, depend on this choice.
    cargo test --workspace --test=readme --test=cases --test=state
    record='{"acme_login":"denied","who":"bob","from":"192.0.2.7","at":"2026-03-01T09:00:00Z"}'
    authsieve="$CARGO_TARGET_DIR/debug/authsieve"
    said="$("$authsieve" decode -a an8888 - <<< "$record")"
    [[ "$said" == *'"shape":"acme-gate"'* ]] || fail "decode says of the made-up record: $said"
    "$authsieve" inspect an8888 > /dev/null
fi
git checkout --quiet README.md # AUTHSIEVE_UPDATE changed it.

echo "== what was touched"
# cargo writes the lock file.
touched="$(git status --porcelain | grep -v ' Cargo.lock$' | sort)"
expected="$(printf '%s\n' " M $rooms/mod.rs" " M src/suite/Cargo.toml" "?? $analytic/" "?? $rooms/acme/" | sort)"
[ "$touched" = "$expected" ] || fail $'more than two folders and a line each:\n'"$touched"
# Each folder needs one line. The line of a room has its documentation above it.
lines="$(git diff --numstat -- "$rooms/mod.rs" src/suite/Cargo.toml)"
[ "$lines" = $'2\t0\t'"$rooms/mod.rs"$'\n1\t0\tsrc/suite/Cargo.toml' ] || fail $'more than a line each:\n'"$lines"
echo "a sixth analytic and a family of records: two folders and a line each"
