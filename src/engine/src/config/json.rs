//! A strict JSON reader for configurations.
//!
//! `serde_json::Value` would bring floating point and its tables into every module, a sixth of its size. It also lets
//! the last of two equal names win. Options need neither. This reader keeps each value's own text, so that errors can
//! show it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The most levels of nested lists and tables.
const DEEPEST: usize = 16;

/// A value and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<'t> {
    raw: &'t str,
    node: Node<'t>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node<'t> {
    Null,
    Flag(bool),
    Number,
    Text(String),
    List(Vec<Json<'t>>),
    Table(Members<'t>),
}

/// Names and values, in the order of the text. A name may occur twice.
pub type Members<'t> = Vec<(String, Json<'t>)>;

impl<'t> Json<'t> {
    /// Reads JSON (RFC 8259).
    ///
    /// # Errors
    /// Fails with the line, the column and the expected token.
    pub fn parse(text: &'t str) -> Result<Self, String> {
        let mut parser = Parser { text, at: 0 };
        let value = parser.value(0).and_then(|value| {
            parser.blank();
            if parser.at == text.len() { Ok(value) } else { Err("the end") }
        });
        value.map_err(|expected| {
            let before = text.get(..parser.at).unwrap_or(text);
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!("line {line}, column {column}: expected {expected}")
        })
    }

    /// The text of the value.
    #[must_use]
    pub const fn raw(&self) -> &'t str {
        self.raw
    }

    /// The value, if it is a text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.node {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value, if it is a whole number without a sign, a point or an exponent.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self.node {
            Node::Number => self.raw.parse().ok(),
            _ => None,
        }
    }

    /// The value, if it is a whole number with or without a sign.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self.node {
            Node::Number => self.raw.parse().ok(),
            _ => None,
        }
    }

    /// The type of the value in words, for errors: `a number`.
    #[must_use]
    pub const fn sort(&self) -> &'static str {
        match self.node {
            Node::Null => "null",
            Node::Flag(_) => "true or false",
            Node::Number => "a number",
            Node::Text(_) => "text",
            Node::List(_) => "a list",
            Node::Table(_) => "a table",
        }
    }

    /// The value, if it is true or false.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self.node {
            Node::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// The value, if it is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.node {
            Node::List(list) => Some(list),
            _ => None,
        }
    }

    /// The value, if it is a table.
    #[must_use]
    pub fn as_table(&self) -> Option<&[(String, Self)]> {
        match &self.node {
            Node::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the members, if the value is a table.
    #[must_use]
    pub fn into_table(self) -> Option<Members<'t>> {
        match self.node {
            Node::Table(table) => Some(table),
            _ => None,
        }
    }

    /// Returns the elements, if the value is a list.
    #[must_use]
    pub fn into_list(self) -> Option<Vec<Self>> {
        match self.node {
            Node::List(list) => Some(list),
            _ => None,
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

type Read<T> = Result<T, &'static str>;

impl<'t> Parser<'t> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blank(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Skips blanks and then this byte. Returns false if another byte comes next.
    fn takes(&mut self, byte: u8) -> bool {
        self.blank();
        let there = self.byte() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Reads a value. Calls itself for nested values, at most [`DEEPEST`] levels deep.
    fn value(&mut self, depth: usize) -> Read<Json<'t>> {
        self.blank();
        let start = self.at;
        if depth > DEEPEST {
            return Err("less depth");
        }
        let node = match self.byte() {
            Some(b'{') => Node::Table(self.table(depth)?),
            Some(b'[') => Node::List(self.list(depth)?),
            Some(b'"') => Node::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Json { raw: self.text.get(start..self.at).unwrap_or_default(), node })
    }

    fn table(&mut self, depth: usize) -> Read<Members<'t>> {
        let mut table = Vec::new();
        self.at += 1;
        if self.takes(b'}') {
            return Ok(table);
        }
        loop {
            self.blank();
            if self.byte() != Some(b'"') {
                return Err("a name in quotes");
            }
            let name = self.string()?;
            if !self.takes(b':') {
                return Err("a colon");
            }
            table.push((name, self.value(depth + 1)?));
            if self.takes(b'}') {
                return Ok(table);
            }
            if !self.takes(b',') {
                return Err("a comma or }");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Read<Vec<Json<'t>>> {
        let mut list = Vec::new();
        self.at += 1;
        if self.takes(b']') {
            return Ok(list);
        }
        loop {
            list.push(self.value(depth + 1)?);
            if self.takes(b']') {
                return Ok(list);
            }
            if !self.takes(b',') {
                return Err("a comma or ]");
            }
        }
    }

    fn word(&mut self) -> Read<Node<'t>> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, node) in [("null", Node::Null), ("true", Node::Flag(true)), ("false", Node::Flag(false))] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(node);
            }
        }
        Err("a value")
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while matches!(self.byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err("a digit") }
    }

    fn number(&mut self) -> Read<Node<'t>> {
        self.at += usize::from(self.byte() == Some(b'-'));
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(Node::Number)
    }

    fn string(&mut self) -> Read<String> {
        let mut out = String::new();
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = rest.find(|c| c == '"' || c == '\\' || c < ' ').ok_or("a closing quote")?;
            out.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            match self.byte() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(out);
                }
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err("no control character within quotes"),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        let kind = self.text.as_bytes().get(self.at + 1).copied();
        let plain = match kind {
            Some(b'u') => {
                let high = self.unit()?;
                if !(0xd800..0xe000).contains(&high) {
                    return char::from_u32(high).ok_or("a character");
                }
                let low = self.unit().ok().filter(|low| high < 0xdc00 && (0xdc00..0xe000).contains(low));
                let low = low.ok_or("the second half of a character")?;
                return char::from_u32(0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff)).ok_or("a character");
            }
            Some(same @ (b'"' | b'\\' | b'/')) => same,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            _ => return Err("an escape"),
        };
        self.at += 2;
        Ok(plain.into())
    }

    /// Reads the number in `\u0041`.
    fn unit(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 6).and_then(|escape| escape.strip_prefix("\\u"));
        let digits = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit =
            digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or("\\u and four digits")?;
        self.at += 6;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;
    use serde_json::Value as Theirs;

    fn same(own: &Json<'_>, theirs: &Theirs) -> bool {
        match theirs {
            Theirs::Null => own.node == Node::Null,
            Theirs::Bool(flag) => own.as_bool() == Some(*flag),
            Theirs::Number(number) => own.node == Node::Number && own.as_u64() == number.as_u64(),
            Theirs::String(text) => own.as_str() == Some(text),
            Theirs::Array(list) => own.as_list().is_some_and(|own| {
                own.len() == list.len() && own.iter().zip(list).all(|(own, theirs)| same(own, theirs))
            }),
            Theirs::Object(map) => own.as_table().is_some_and(|own| {
                own.iter().all(|(name, own)| map.get(name).is_some_and(|it| same(own, it)))
            }),
        }
    }

    #[test]
    fn values_are_read() {
        let text =
            " {\"a\" : [1, -2.5e3 ,true,null], \"b\\u00e9\\ud83d\\ude00\\n\":{} , \"c\":\"\u{e9}\"}\r\n";
        let value = Json::parse(text).unwrap();
        assert!(same(&value, &serde_json::from_str(text).unwrap()));
        assert_eq!(value.as_table().unwrap()[0].1.raw(), "[1, -2.5e3 ,true,null]");
        assert_eq!(Json::parse("{\"a\":1,\"a\":2}").unwrap().as_table().unwrap().len(), 2);
    }

    #[test]
    fn errors_say_where_and_what() {
        for (text, error) in [
            ("", "line 1, column 1: expected a value"),
            ("{\n \"a\" 1}", "line 2, column 6: expected a colon"),
            ("{\"a\":1,}", "line 1, column 8: expected a name in quotes"),
            ("[1 2]", "line 1, column 4: expected a comma or ]"),
            ("\"a", "line 1, column 2: expected a closing quote"),
            ("{} x", "line 1, column 4: expected the end"),
            ("\"\\ud800\"", "line 1, column 8: expected the second half of a character"),
            ("\"\\u+123\"", "line 1, column 2: expected \\u and four digits"),
        ] {
            assert_eq!(Json::parse(text).unwrap_err(), error, "{text}");
        }
        assert!(Json::parse(&"[".repeat(100_000)).unwrap_err().ends_with("expected less depth"));
    }

    proptest! {
        #[test]
        fn what_is_json_to_others_is_to_us(text in r#"[\[\]{}":,0-9truefalsn\\.eE+\- ]{0,24}"#) {
            let theirs = serde_json::from_str::<Theirs>(&text);
            // serde_json refuses numbers that are out of its range.
            let large = theirs.as_ref().is_err_and(|e| e.to_string().contains("out of range"));
            match (Json::parse(&text), theirs) {
                (Ok(own), Ok(theirs)) => prop_assert!(same(&own, &theirs), "{text}"),
                (own, theirs) => prop_assert!(large || own.is_err() == theirs.is_err(), "{text}: {own:?}"),
            }
        }
    }
}
