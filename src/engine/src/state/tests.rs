use super::*;
use crate::hash::Fingerprint;
use crate::time::{Span, Timestamp};
use crate::window::table::Bounds;
use alloc::borrow::ToOwned;

/// A state with one piece of each kind.
struct State {
    prefixes: Prefixes,
    made_by: MadeBy<1>,
    quiet: Silences,
    finished: Deliveries,
    table: Table,
}

impl State {
    fn new(v6: u8, made_by: u8, max_keys: usize) -> Self {
        let span = Span::seconds(60);
        let bounds =
            Bounds { max_keys, data: 0, window: span, horizon: span, weight_cap: 3, sketch_bytes: 1024 };
        Self {
            prefixes: Prefixes { v4: 32, v6 },
            made_by: MadeBy { name: "user_key", value: [made_by] },
            quiet: Silences::new(9, 1),
            finished: Deliveries::new(span, 9, 1),
            table: Table::new(bounds, 1),
        }
    }

    crate::state! { prefixes, made_by, quiet, finished, table }
}

#[test]
fn parts_are_kept_unless_keys_are_made_otherwise() {
    let mut before = State::new(64, 0, 40);
    before.quiet.silence(Fingerprint(1), Timestamp(9), Span(0));
    assert!(before.finished.is_new(7, Timestamp(1), Timestamp(1)));
    for n in 0..40 {
        before.table.enter(Fingerprint(n), 1, Timestamp(1), Timestamp(1));
    }
    let mut out = Writer::loose();
    before.save(&mut out);
    let bytes = out.finish();
    let load = |mut after: State| {
        let mut input = Reader::loose(&bytes).unwrap();
        let notes = after.load(&mut input).unwrap().join("; ");
        assert!(input.finish().is_ok());
        assert!(!after.finished.is_new(7, Timestamp(1), Timestamp(1)), "no option makes these ids");
        assert_eq!(after.quiet.is_empty(), after.table.is_empty());
        (after.table.len(), notes)
    };
    let all = "changed, so the keys of the snapshot mean nothing here; all were dropped";
    assert_eq!(load(State::new(64, 0, 40)), (40, String::new()));
    let fewer = "max_keys: smaller than before; 20 keys were dropped".to_owned();
    assert_eq!(load(State::new(64, 0, 20)), (20, fewer));
    assert_eq!(load(State::new(48, 0, 40)), (0, format!("ipv4_prefix or ipv6_prefix: {all}")));
    assert_eq!(load(State::new(64, 1, 40)), (0, format!("user_key: {all}")));
    assert_eq!(load(State::new(48, 1, 40)).1, format!("ipv4_prefix or ipv6_prefix: {all}"));
}

#[test]
fn notes_are_about_keys() {
    let mut loading = Loading { table: Loaded { dropped: 2, sketch_dropped: true }, ..Loading::default() };
    loading.evidence_cut = true;
    loading.note("same_user_agent: changed");
    let mut two = Loading { keys: 2, ..Loading::default() };
    two.note("same_user_agent: changed");
    assert_eq!(
        loading.notes(),
        [
            "pool_bytes: smaller than before; the oldest evidence was dropped",
            "max_keys: smaller than before; 2 keys were dropped",
            "sketch_bytes: changed; what the sketch knew of keys that are not held was dropped"
        ]
    );
    assert_eq!(two.notes(), ["same_user_agent: changed"]);
    let mut none = Loading::default();
    none.regrouped("user_key");
    assert!(none.notes().is_empty(), "nothing was dropped");
}
