//! Fields by their names, however an exporter spells them.
//!
//! Microsoft's logs come as `userPrincipalName` (Graph, diagnostic settings), `UserPrincipalName` (Log Analytics),
//! `UserPrincipalName_s` (custom tables), `azure.signinlogs.properties.user_principal_name` (Elastic), nested or dotted;
//! IIS's `cs-uri-stem` as `cs_uri_stem` and `csUriStem`. What stays the same are the letters: a path is spelled here in
//! lower case, without anything that is no letter or digit, its parts run together.

use crate::find::{eight_lower, trim};
use crate::json::{Cursor, Key, Kind, Member, Object, Slots, Value, unescape_into};
use crate::letters;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// Longer paths than this, in letters, are nobody's; with the longest type of a column.
const LONGEST: usize = 96 + 7;
/// How deep objects are opened.
const DEEPEST: usize = 4;

/// What to do with a field: what a table says of its spelling, or nothing.
pub type Pick = Option<&'static Member>;

/// Reads an object once. `false` if it is malformed or followed by anything but whitespace. O(n).
pub fn gather<'a>(object: &Object<'a>, pick: fn(&[u8]) -> Pick, found: &mut Slots<'a>) -> bool {
    let mut cursor = object.cursor();
    let mut path = Path { letters: [0; LONGEST], length: 0, ends: [0; DEEPEST], depth: 0, plain: Vec::new() };
    loop {
        let Some(key) = cursor.key() else {
            if cursor.failed() || path.depth == 0 {
                return cursor.finished();
            }
            path.pop();
            continue;
        };
        let end = path.spell(&key);
        let name = end.and_then(|end| pick(path.letters.get(..end)?));
        if let (Some(end), Some(name)) = (end, name)
            && name.opens()
            && path.enter(end, &mut cursor)
        {
            continue;
        }
        let Some(value) = cursor.value() else { return false };
        if let Some(name) = name {
            found.take_greatest(name, value);
        }
    }
}

/// Where in nested objects the pass stands.
struct Path {
    letters: [u8; LONGEST],
    length: usize,
    /// The lengths at which the objects around this one go on.
    ends: [usize; DEEPEST],
    depth: usize,
    /// Keys whose escapes were undone.
    plain: Vec<u8>,
}

impl Path {
    /// Spells a key behind what it stands in. The length of both.
    fn spell(&mut self, key: &Key<'_>) -> Option<usize> {
        let name = key.plain(LONGEST, &mut self.plain)?;
        // What begins so belongs to the store it was exported from: `_id`, `_ResourceId`, `__index`.
        if name.first() == Some(&b'_') {
            return None;
        }
        let (letters, from) = (&mut self.letters, self.length);
        spell_letters(name, letters, from).or_else(|| spell_others(name, letters, from))
    }

    /// Steps inside the object that stands next.
    fn enter(&mut self, end: usize, cursor: &mut Cursor<'_>) -> bool {
        let Some(place) = self.ends.get_mut(self.depth) else { return false };
        if cursor.kind() != Some(Kind::Object) {
            return false;
        }
        *place = self.length;
        self.depth += 1;
        self.length = end;
        cursor.enter();
        true
    }

    fn pop(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.length = self.ends.get(self.depth).copied().unwrap_or(0);
    }
}

/// Spells a name that holds nothing but letters and digits, eight at a time.
fn spell_letters(name: &[u8], letters: &mut [u8; LONGEST], from: usize) -> Option<usize> {
    let end = from + name.len();
    let place = letters.get_mut(from..end)?;
    let ((chunks, _), last) = (name.as_chunks(), name.last_chunk()?);
    for (letters, chunk) in place.as_chunks_mut().0.iter_mut().zip(chunks) {
        *letters = eight_lower(chunk)?;
    }
    // The last eight and those before may overlap.
    *place.last_chunk_mut()? = eight_lower(last)?;
    Some(end)
}

/// Spells any name.
fn spell_others(name: &[u8], letters: &mut [u8; LONGEST], from: usize) -> Option<usize> {
    let mut end = from;
    let mut typed = None;
    for (number, chunk) in name.chunks(8).enumerate() {
        if let Some(lower) = chunk.first_chunk().and_then(eight_lower) {
            *letters.get_mut(end..)?.first_chunk_mut()? = lower;
            end += lower.len();
            continue;
        }
        for (at, byte) in chunk.iter().enumerate() {
            let letter = LETTERS[usize::from(*byte)];
            if letter != 0 {
                *letters.get_mut(end)? = letter;
                end += 1;
            } else if *byte == b'_' {
                typed = Some((end, name.get(number * 8 + at + 1..)?));
            }
        }
    }
    match typed {
        // The type that Log Analytics appends to a column's name: `ResultType_s`, `Status_dynamic`.
        Some((end, b"string" | b"dynamic" | b"s" | b"d" | b"g" | b"b" | b"t")) => Some(end),
        _ => Some(end),
    }
}

/// Letters and digits in lower case; 0 for every other byte.
static LETTERS: [u8; 256] = {
    let mut letters = [0; 256];
    let mut byte = 0;
    while byte < letters.len() {
        if (byte as u8).is_ascii_alphanumeric() {
            letters[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    letters
};

/// Whether a name is spelled so.
pub fn is(name: &[u8], spelled: &str) -> bool {
    let letters = name.iter().map(|byte| LETTERS[usize::from(*byte)]).filter(|letter| *letter != 0);
    // From the end: names of one record often begin alike.
    letters.rev().eq(spelled.bytes().rev())
}

/// Hands the JSON that a value holds to `read`: its own, or that of the string it is. What `read` returns outlives
/// the text, which may be a copy.
pub fn within<T>(value: Value<'_>, read: impl FnOnce(&[u8]) -> T) -> Option<T> {
    match value.kind {
        Kind::Object | Kind::Array => Some(read(value.raw)),
        Kind::Str if value.escaped => {
            let mut plain = Vec::new();
            unescape_into(value.raw, &mut plain);
            Some(read(&plain))
        }
        Kind::Str => Some(read(value.raw)),
        _ => None,
    }
}

/// A text in lower case, without whitespace around it: copied only where that may change it.
#[inline(never)]
pub fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    let trimmed = trim(&text);
    let stays = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if trimmed.len() == text.len() && text.bytes().all(stays) {
        return text;
    }
    Cow::Owned(lower_case(trimmed))
}

/// A text in lower case, letter by letter: a name is to be the same whatever its letters stand beside, and so a final
/// sigma is any sigma.
#[must_use]
pub fn lower_case(text: &str) -> String {
    text.chars().flat_map(letters::lower).collect()
}

/// Whether `text` contains `part` (in lower case), whatever its ASCII case.
pub fn contains(text: &str, part: &str) -> bool {
    text.as_bytes().windows(part.len().max(1)).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Members;

    static MEMBERS: Members<11> = Members::new([
        Member::or_open("status", 0, 1),
        Member::new("statuserrorcode", 0, 0),
        Member::new("userprincipalname", 1, 0),
        Member::open("deep"),
        Member::open("deepdeep"),
        Member::open("deepdeepdeep"),
        Member::open("deepdeepdeepdeep"),
        Member::open("deepdeepdeepdeepdeep"),
        Member::new("deepx", 2, 0),
        Member::new("deepdeepdeepdeepx", 2, 0),
        Member::new("deepdeepdeepdeepdeepx", 2, 0),
    ]);

    fn pick(name: &[u8]) -> Pick {
        MEMBERS.set().find(name)
    }

    fn taken(record: &str) -> Option<[String; 3]> {
        let mut found = Slots::default();
        let object = Object::new(record.as_bytes())?;
        gather(&object, pick, &mut found).then(|| {
            [0, 1, 2].map(|slot| {
                found.get(slot).map_or_else(String::new, |v| String::from_utf8_lossy(v.raw).into())
            })
        })
    }

    #[test]
    fn one_field_in_many_spellings() {
        for record in [
            r#"{"status":{"errorCode":7},"userPrincipalName":"u"}"#,
            r#"{"status.error_code":7,"user_principal_name":"u"}"#,
            r#"{"Status_errorCode_d":7,"UserPrincipalName_s":"u"}"#,
            r#"{"User Principal Name":"u","stat\u0075s":{"errorCode":"7"}}"#,
            r#"{"USERPRINCIPALNAME":"u","Status_dynamic":"7","_status":8}"#,
        ] {
            assert_eq!(taken(record), Some(["7".into(), "u".into(), "".into()]), "{record}");
        }
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let nested = |depth: usize| {
            let (open, close) = (r#"{"deep":"#.repeat(depth), "}".repeat(depth));
            taken(&alloc::format!(r#"{open}{{"x":1}}{close}"#)).map(|t| t[2].clone())
        };
        assert_eq!(nested(1).as_deref(), Some("1"));
        assert_eq!(nested(4).as_deref(), Some("1"));
        assert_eq!(nested(5).as_deref(), Some(""), "not opened");
        assert_eq!(nested(100_000).as_deref(), Some(""));
        let long = alloc::format!(r#"{{"{}":1,"userPrincipalName":"u"}}"#, "x".repeat(1000));
        assert_eq!(taken(&long).map(|t| t[1].clone()).as_deref(), Some("u"));
    }

    #[test]
    fn what_is_cut_short_is_noticed() {
        let whole = r#"{"status":{"errorCode":7},"userPrincipalName":"u"}"#;
        for end in 1..whole.len() {
            assert_eq!(taken(&whole[..end]), None, "{}", &whole[..end]);
        }
    }

    #[test]
    fn words() {
        assert!(is(b"authentication_method", "authenticationmethod") && !is(b"x", "xy") && !is(b"xy", "x"));
        assert!(contains("MFA Denied", "denied") && !contains("", "x") && !contains("den", "denied"));
        assert!(matches!(lower("abc".into()), Cow::Borrowed("abc")));
        assert_eq!(lower(" ÄBC ".into()), "äbc");
    }
}
