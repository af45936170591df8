use super::*;

fn owned(lists: &[&[&str]]) -> Vec<Vec<String>> {
    lists.iter().map(|list| list.iter().map(|&needle| needle.to_owned()).collect()).collect()
}

/// The records for each analytic, found by searching every record for every needle.
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
                let passes = list.iter().any(|needle| needle.contains('\n'));
                let wanted = if passes { &batch } else { &wanted };
                assert_eq!(got, wanted, "{lists:?} {:?}", String::from_utf8_lossy(&batch));
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

/// Every place of a needle's window, and the owners of the needles there.
fn places(pass: impl FnOnce(&mut dyn FnMut(usize, u64) -> usize)) -> Vec<(usize, u64)> {
    let mut all = Vec::new();
    pass(&mut |place, owners| {
        all.push((place, owners));
        place + 1
    });
    all
}

/// On any machine, with any number and length of needles.
#[test]
fn all_passes_find_the_same() {
    let mut state = 7;
    let alphabet = b"aAbBzZ09:_\"[ \n\xE9";
    for round in 0..60 {
        let needles: Vec<(Vec<u8>, u64)> = (0..1 + random(&mut state) % (1 << (round % 10)))
            .map(|number| {
                let length = 1 + random(&mut state) % 9;
                let byte = |_| alphabet[random(&mut state) % 13].to_ascii_lowercase();
                ((0..length).map(byte).collect(), 1 << (number % 64))
            })
            .collect();
        let search = Search::new(&needles);
        for length in [0, 1, 3, 10, 11, 34, 35, 36, 64, 300, 1000] {
            let text: Vec<u8> = (0..length).map(|_| alphabet[random(&mut state) % alphabet.len()]).collect();
            let from = random(&mut state) % (length + 1);
            let chosen = places(|found| search.scan(&text, from, found));
            let plain = places(|found| search.rest(&text, from, found));
            assert_eq!(chosen, plain, "{needles:?} {text:?}");
            let portable = places(|found| {
                let from = search.portable(&text, from, &mut *found);
                search.rest(&text, from, found);
            });
            assert_eq!(portable, plain, "{needles:?} {text:?}");
        }
    }
}

#[test]
fn a_needle_stands_for_itself_in_any_number_of_them() {
    for count in [1, 15, 16, 17, 300, 5_000] {
        let needles: Vec<(Vec<u8>, u64)> =
            (0..count).map(|n| (format!("needle-{n};").into_bytes(), 1)).collect();
        let search = Search::new(&needles);
        for (needle, _) in needles.iter().step_by(count / 7 + 1) {
            let text = [
                b"a line of forty bytes before, and more: ",
                &needle[..],
                b" and as many behind, for a step",
            ]
            .concat();
            assert!(!places(|found| search.scan(&text, 0, found)).is_empty());
        }
    }
}
