use super::*;

fn owned(lists: &[&[&str]]) -> Vec<Vec<String>> {
    lists.iter().map(|list| list.iter().map(|&needle| needle.to_owned()).collect()).collect()
}

/// The records each analytic gets, by looking at every record for every needle.
fn naive(lists: &[Vec<String>], batch: &[u8]) -> Vec<Vec<u8>> {
    let holds = |record: &[u8], needle: &String| {
        needle.is_empty() || record.windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle.as_bytes()))
    };
    let one = |list: &Vec<String>| {
        let mine = |record: &&[u8]| list.is_empty() || list.iter().any(|needle| holds(record, needle));
        batch.split_inclusive(|&b| b == b'\n').filter(mine).flatten().copied().collect()
    };
    lists.iter().map(one).collect()
}

fn routed(filter: &Prefilter, batch: &[u8]) -> Vec<Vec<u8>> {
    let bytes = |route| match route {
        Route::All => batch.to_vec(),
        Route::Runs(runs) => {
            assert!(runs.is_sorted_by(|a, b| a.end < b.start), "runs are apart and in order: {runs:?}");
            runs.into_iter().flat_map(|run| batch[run].to_vec()).collect()
        }
    };
    filter.route(batch).into_iter().map(bytes).collect()
}

/// Small deterministic random numbers.
fn random(state: &mut u64) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) as usize
}

#[test]
fn an_analytic_gets_the_records_with_its_needles() {
    let filter = Prefilter::new(&owned(&[&["sshd", "pam_unix"], &["4625", "4624"], &[]]));
    let batch = b"a SSHD[1]: x\nnothing\nEventID 4625 of Pam_Unix\n\nlast 4624";
    let routes = filter.route(batch);
    assert_eq!(routes[0], Route::Runs(vec![0..13, 21..46]));
    assert_eq!(routes[1], Route::Runs(vec![21..46, 47..56]));
    assert_eq!(routes[2], Route::All);
}

#[test]
fn a_batch_that_matters_as_a_whole_is_not_taken_apart() {
    let filter = Prefilter::new(&owned(&[&["sshd"]]));
    assert_eq!(filter.route(b"sshd a\nsshd b\n"), [Route::All]);
    assert_eq!(filter.route(b"kernel\n"), [Route::Runs(vec![])]);
}

#[test]
fn it_agrees_with_the_naive_search() {
    let lists: [&[&[&str]]; 8] = [
        &[&["ab"]],
        &[&["abc", "bca"], &["bca"], &["cab", "AAA"]],
        &[&["abcabc"], &["bcab"], &[]],
        &[&["aab", "ab:", "b_a"], &["a"]],
        &[&["abc", ""], &["cba"]],
        &[&["abcd", "bcda", "cdab", "dabc", "abdc", "badc", "cadb", "dacb", "ccab", "bbcd"], &["dda"]],
        &[&["ab\nc"], &["abc"]],
        &[],
    ];
    let alphabet = b"aAbBcCdD:_\n\xE9";
    let mut state = 42;
    for lists in lists.map(owned) {
        let filter = Prefilter::new(&lists);
        for _ in 0..2_000 {
            let length = random(&mut state) % 80;
            let batch: Vec<u8> = (0..length).map(|_| alphabet[random(&mut state) % alphabet.len()]).collect();
            for ((got, wanted), list) in routed(&filter, &batch).iter().zip(naive(&lists, &batch)).zip(&lists)
            {
                if matches!(filter.search, Search::Windows { .. }) && !list.iter().any(|n| n.contains('\n')) {
                    assert_eq!(*got, wanted, "{lists:?} {:?}", String::from_utf8_lossy(&batch));
                } else {
                    // The others may let more through, never less.
                    let passed: Vec<&[u8]> = got.split_inclusive(|&b| b == b'\n').collect();
                    assert!(wanted.split_inclusive(|&b| b == b'\n').all(|record| passed.contains(&record)));
                }
            }
        }
    }
}

#[test]
fn long_batches_use_the_vectorised_search() {
    let needles = owned(&[&["sshd", "authentication failure"]]);
    let filter = Prefilter::new(&needles);
    let mut batch = Vec::new();
    for n in 0..5_000 {
        batch.extend(format!("record {n} says nothing of interest, hd and the like\n").bytes());
        if n % 97 == 0 {
            batch.extend(format!("{n} Authentication FAILURE\n").bytes());
        }
        if n % 89 == 0 {
            batch.extend(format!("{n} SSHD\n").bytes());
        }
    }
    assert_eq!(routed(&filter, &batch), naive(&needles, &batch));
}

#[test]
fn more_analytics_than_bits_get_everything() {
    let lists = vec![vec!["sshd".to_owned()]; MAX_ANALYTICS + 2];
    let routes = Prefilter::new(&lists).route(b"kernel\n");
    assert_eq!(routes[MAX_ANALYTICS - 1], Route::Runs(vec![]));
    assert_eq!(routes[MAX_ANALYTICS..], [Route::All, Route::All]);
}

#[test]
fn a_record_that_is_left_out_leaves_its_newline() {
    let filter = Prefilter::new(&[vec!["needle".into()]]);
    let gathered = |batch: &[u8]| {
        let mut buffer = b"used".to_vec();
        filter.route(batch)[0].gather(batch, &mut buffer).to_vec()
    };
    assert_eq!(gathered(b"a\nb\nneedle 1\nc\nneedle 2\nd\n"), b"\n\nneedle 1\n\nneedle 2\n");
    assert_eq!(gathered(b"needle\n\nneedle"), b"needle\n\nneedle");
    assert_eq!(gathered(b"a\nb\n"), b"", "there is nothing");
    assert_eq!(Route::All.gather(b"a\n", &mut Vec::new()), b"a\n");
}
