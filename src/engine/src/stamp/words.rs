//! Words in times: months, days of the week, zones.

/// The number of a month from its English name: the first three letters, or the whole name.
pub(super) fn month(name: &[u8]) -> Option<u8> {
    /// The letters after the first three.
    const ENDS: [&[u8]; 12] =
        [b"uary", b"ruary", b"ch", b"il", b"", b"e", b"y", b"ust", b"tember", b"ober", b"ember", b"ember"];
    let (first, rest) = name.split_first_chunk::<3>()?;
    let number = short_month(*first)?;
    let end = ENDS.get(usize::from(number) - 1)?;
    let whole =
        rest.is_empty() || rest.eq_ignore_ascii_case(end) || (number == 9 && rest.eq_ignore_ascii_case(b"t"));
    whole.then_some(number)
}

/// The number of a month from its three letters.
#[inline]
pub(super) fn short_month(name: [u8; 3]) -> Option<u8> {
    Some(match &name.map(|b| b.to_ascii_lowercase()) {
        b"jan" => 1,
        b"feb" => 2,
        b"mar" => 3,
        b"apr" => 4,
        b"may" => 5,
        b"jun" => 6,
        b"jul" => 7,
        b"aug" => 8,
        b"sep" => 9,
        b"oct" => 10,
        b"nov" => 11,
        b"dec" => 12,
        _ => return None,
    })
}

/// True if a word is an English day of the week, in full or as its first three letters.
pub(super) fn is_weekday(word: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] =
        [b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday"];
    DAYS.iter().any(|day| {
        word.eq_ignore_ascii_case(day) || day.get(..3).is_some_and(|short| word.eq_ignore_ascii_case(short))
    })
}

/// The offset of an abbreviation that means one zone only, in seconds. RFC 822 fixes those of North America.
pub(super) fn offset(word: &[u8]) -> Option<i32> {
    let hours = match word {
        b"UTC" | b"GMT" | b"UT" | b"WET" => 0,
        b"CET" | b"MEZ" | b"WEST" => 1,
        b"CEST" | b"MESZ" | b"EET" | b"SAST" => 2,
        b"EEST" | b"MSK" => 3,
        b"JST" | b"KST" => 9,
        b"AEST" => 10,
        b"AEDT" => 11,
        b"NZST" => 12,
        b"NZDT" => 13,
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" | b"AKDT" => -8,
        b"AKST" => -9,
        b"HST" => -10,
        _ => return None,
    };
    Some(hours * 3_600)
}
