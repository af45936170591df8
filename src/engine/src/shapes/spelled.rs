//! Finds fields by their names, in any exporter's spelling.
//!
//! Microsoft's logs come as `userPrincipalName` (Graph, diagnostic settings), `UserPrincipalName` (Log Analytics),
//! `UserPrincipalName_s` (custom tables) or `azure.signinlogs.properties.user_principal_name` (Elastic), nested or
//! dotted. IIS's `cs-uri-stem` comes as `cs_uri_stem` and `csUriStem`. The letters are always the same. So a path
//! here is all its parts joined, in lower case, with letters and digits only.

use crate::find::{eight_lower, trim};
use crate::json::{Cursor, Key, Kind, Member, Object, Slots, Value, unescape_into};
use crate::letters;
use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest path, in letters, with room for the longest column type. No known field has a longer one.
const LONGEST: usize = 96 + 7;
/// The most levels of objects that are opened.
const DEEPEST: usize = 4;

/// The action for a field: the table's entry for its spelling, or `None`.
pub type Pick = Option<&'static Member>;

/// Reads an object once. Returns false if it is malformed or has more than whitespace after it. O(n).
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

/// The position of the pass in nested objects.
struct Path {
    letters: [u8; LONGEST],
    length: usize,
    /// The length of the path at each level above.
    ends: [usize; DEEPEST],
    depth: usize,
    /// The current key without its escapes.
    plain: Vec<u8>,
}

impl Path {
    /// Adds a key to the path in its spelling. Returns the length of the whole path.
    fn spell(&mut self, key: &Key<'_>) -> Option<usize> {
        let name = key.plain(LONGEST, &mut self.plain)?;
        // Names that begin with `_` come from the store of the export: `_id`, `_ResourceId`, `__index`.
        if name.first() == Some(&b'_') {
            return None;
        }
        let (letters, from) = (&mut self.letters, self.length);
        spell_letters(name, letters, from).or_else(|| spell_others(name, letters, from))
    }

    /// Steps into the next value, if it is an object.
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

/// Spells a name of only letters and digits, eight at a time.
fn spell_letters(name: &[u8], letters: &mut [u8; LONGEST], from: usize) -> Option<usize> {
    let end = from + name.len();
    let place = letters.get_mut(from..end)?;
    let ((chunks, _), last) = (name.as_chunks(), name.last_chunk()?);
    for (letters, chunk) in place.as_chunks_mut().0.iter_mut().zip(chunks) {
        *letters = eight_lower(chunk)?;
    }
    // The last eight may overlap those before.
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
        // The column type that Log Analytics appends to a name: `ResultType_s`, `Status_dynamic`.
        Some((end, b"string" | b"dynamic" | b"s" | b"d" | b"g" | b"b" | b"t")) => Some(end),
        _ => Some(end),
    }
}

/// Letters and digits in lower case; 0 for all other bytes.
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

/// The longest name that [`letters`] spells, in letters.
pub const NAME: usize = 48;

/// The letters and digits of a name, in lower case. `None` if the name has more of them than any known name.
pub fn letters<'l>(name: &[u8], letters: &'l mut [u8; NAME]) -> Option<&'l [u8]> {
    let mut end = 0;
    for byte in name {
        let letter = LETTERS[usize::from(*byte)];
        if letter != 0 {
            *letters.get_mut(end)? = letter;
            end += 1;
        }
    }
    letters.get(..end)
}

/// True if `name` has this spelling.
pub fn is(name: &[u8], spelled: &str) -> bool {
    let letters = name.iter().map(|byte| LETTERS[usize::from(*byte)]).filter(|letter| *letter != 0);
    // Compares from the end, because names of one record often begin alike.
    letters.rev().eq(spelled.bytes().rev())
}

/// Passes the JSON in a value to `read`: the value itself, or the text of a string. The result of `read` must not
/// borrow from that text, which may be a copy.
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

/// A text in lower case, without whitespace around it. It is copied only if that may change it.
#[inline(never)]
pub fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    let trimmed = trim(&text);
    let stays = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if trimmed.len() == text.len() && text.bytes().all(stays) {
        return text;
    }
    Cow::Owned(lower_case(trimmed))
}

/// A text in lower case, letter by letter, so that the same name always gives the same result. A final sigma is an
/// ordinary sigma.
#[must_use]
pub fn lower_case(text: &str) -> String {
    text.chars().flat_map(letters::lower).collect()
}

/// True if `text` contains `part`, ignoring ASCII case. `part` is in lower case.
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
