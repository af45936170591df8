//! The format of a file or stream, recognised by its first bytes.

use crate::blocks;
use crate::csv::separator_line;
use crate::header::{Likeness, fits, is_dump_heading, likeness, may_fit};
use crate::json::sniff;
use std::fmt;
use std::str::FromStr;

/// The most bytes that are read to recognise a format.
pub(crate) const SNIFF: usize = 64 << 10;

/// The layout of records in a file or stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One record a line: logs, NDJSON.
    Lines,
    /// JSON that is not one value a line: pretty-printed, in arrays, one after another, RFC 7464.
    Json,
    /// Comma-separated values with a header, RFC 4180.
    Csv,
    /// W3C extended logs, and those of Exchange: lines under `#Fields`.
    W3c,
    /// Windows events as XML.
    Xml,
    /// Windows event log files.
    Evtx,
    /// Records of several lines of text: `journalctl -o export`, `wevtutil /f:text`, Splunk's text of Windows events.
    /// Or several records on one line: syslog with octet counting.
    Blocks,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 7] =
        [Self::Lines, Self::Json, Self::Csv, Self::W3c, Self::Xml, Self::Evtx, Self::Blocks];

    /// The name of the format, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::W3c => "w3c",
            Self::Xml => "xml",
            Self::Evtx => "evtx",
            Self::Blocks => "blocks",
        }
    }

    /// A description in words, with Markdown's backticks.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Lines => "one record a line: logs, NDJSON",
            Self::Json => "JSON of any layout: pretty-printed, in arrays, one after another, RFC 7464",
            Self::Csv => "CSV with a header, whatever separates the columns",
            Self::W3c => "W3C extended logs and those of Exchange: lines under `#Fields`",
            Self::Xml => "Windows events as XML",
            Self::Evtx => "Windows event log files",
            Self::Blocks => {
                "records of several lines: `journalctl -o export` and `verbose`, `wevtutil /f:text`, Splunk's text of \
                 Windows events"
            }
        }
    }

    /// Recognises the format of a text by its first bytes, `head`, in UTF-8. Returns `None` if more bytes are needed;
    /// `ended` says that no more bytes come. O(n) in `head`, of which at most 64 KiB are read. A live log waits for its
    /// first whole line, or for two lines if the first may be the header of a table. More bytes never change an answer.
    ///
    /// ```
    /// use authsieve_framing::Format;
    ///
    /// assert_eq!(Format::sniff(b"#Fields: date time\n", None, false), Some(Format::W3c));
    /// assert_eq!(Format::sniff(b"[{\"id\":1},", None, false), Some(Format::Json));
    /// assert_eq!(Format::sniff(b"Mar  4 08:", None, false), None);
    /// ```
    ///
    /// | first bytes | format |
    /// |---|---|
    /// | `ElfFile`, `ElfChnk` | [`Evtx`](Self::Evtx) |
    /// | `<Event`, `<Events`, `<?xml`, also after the dash with which Internet Explorer copies | [`Xml`](Self::Xml) |
    /// | `Record 17`, as `evtx_dump` writes above each event | the format of the text after it |
    /// | `123 <38>`, and the same again where the first message ends | [`Blocks`](Self::Blocks) |
    /// | fields of the journal, `Event[0]:`, a time and then `LogName=` | [`Blocks`](Self::Blocks) |
    /// | `#Fields:`, `#Software:`, `#Version:`, `#Date:`, also after a line that names columns | [`W3c`](Self::W3c) |
    /// | an array of objects or strings; an object that does not end on its line, or with another one after it; a record separator | [`Json`](Self::Json) |
    /// | two names of columns that sign-in, audit or event exports have; or words, and a second row that has as many values | [`Csv`](Self::Csv) |
    /// | anything else | [`Lines`](Self::Lines) |
    ///
    /// `name` is the name of the file. If it ends in `.csv` or `.tsv`, any first line of several columns is a header.
    #[must_use]
    pub fn sniff(head: &[u8], name: Option<&str>, ended: bool) -> Option<Self> {
        let full = head.len() >= SNIFF;
        let head = head.get(..SNIFF).unwrap_or(head);
        // A crash leaves zeros at the start of a log, and people leave blanks.
        let start = head.iter().position(|b| *b != 0 && !b.is_ascii_whitespace());
        let text = head.get(start.unwrap_or(head.len())..).unwrap_or_default();
        let json = |is: bool| if is { Self::Json } else { Self::Lines };
        match text {
            [] => (ended || full).then_some(Self::Lines),
            [0x1E, ..] => Some(Self::Json),
            [b'{', ..] => sniff::object(text, ended, full).map(json),
            [b'[', ..] => sniff::array(text, ended, full).map(json),
            [b'<', ..] => begins(
                text,
                &[
                    "<?xml",
                    "<Event>",
                    "<Event ",
                    "<Event\n",
                    "<Event\r",
                    "<Event\t",
                    "<Events>",
                    "<Events ",
                    "<Events\n",
                    "<Events\r",
                    "<Events\t",
                ],
                ended,
            )
            .map(|is| if is { Self::Xml } else { Self::Lines }),
            [b'-', rest @ ..] if rest.trim_ascii_start().is_empty() && !ended && !full => None,
            [b'-', rest @ ..] if rest.trim_ascii_start().starts_with(b"<") => {
                begins(rest.trim_ascii_start(), &["<Event"], ended)
                    .map(|is| if is { Self::Xml } else { Self::Lines })
            }
            [b'E', ..] if start == Some(0) => match begins(text, &["ElfFile\0", "ElfChnk\0"], ended)? {
                true => Some(Self::Evtx),
                false => blocks_or_table(text, name, ended, full),
            },
            [b'R', ..] if begins(text, &["Record "], ended || full)? => {
                let behind = memchr::memchr(b'\n', text).and_then(|end| text.split_at_checked(end));
                match behind.map(|(line, rest)| (is_dump_heading(line), rest.trim_ascii_start().first())) {
                    None | Some((true, None)) if !ended && !full => None,
                    Some((true, Some(b'{'))) => Some(Self::Json),
                    Some((true, Some(b'<'))) => Some(Self::Xml),
                    _ => blocks_or_table(text, name, ended, full),
                }
            }
            [b'#', ..] => {
                if begins(text, &DIRECTIVES, ended)? {
                    Some(Self::W3c)
                } else if begins(text, &["#TYPE "], ended)? {
                    Some(Self::Csv)
                } else {
                    Some(Self::Lines)
                }
            }
            _ => blocks_or_table(text, name, ended, full),
        }
    }
}

/// Judges a text that is neither JSON nor XML.
fn blocks_or_table(text: &[u8], name: Option<&str>, ended: bool, full: bool) -> Option<Format> {
    match blocks::sniff(text, ended || full)? {
        Some(_) => Some(Format::Blocks),
        None => table(text, name, ended, full),
    }
}

/// The directives that a W3C log begins with.
const DIRECTIVES: [&str; 8] =
    ["#Fields:", "#Software:", "#Version:", "#Date:", "#Start-Date:", "#End-Date:", "#Remark:", "#Log-type:"];

/// True if `text` begins with one of `any`, in any case. `None` if `text` is too short to decide.
fn begins(text: &[u8], any: &[&str], ended: bool) -> Option<bool> {
    let mut open = false;
    for known in any {
        let length = known.len().min(text.len());
        let (text, part) = (text.get(..length).unwrap_or_default(), known.as_bytes().get(..length));
        if part.is_some_and(|part| part.eq_ignore_ascii_case(text)) {
            if length == known.len() {
                return Some(true);
            }
            open = true;
        }
    }
    (!open || ended).then_some(false)
}

/// Judges a text by its first line, which may be a header, and by the second, which has to fit it.
fn table(text: &[u8], name: Option<&str>, ended: bool, full: bool) -> Option<Format> {
    let is_last = ended || full;
    let (header, rest) = match memchr::memchr(b'\n', text) {
        Some(end) => text.split_at_checked(end)?,
        None if is_last => (text, &[][..]),
        None => return None,
    };
    let header = header.strip_suffix(b"\r").unwrap_or(header);
    let rest = rest.get(1..).unwrap_or_default();
    if separator_line(header).is_some() {
        return Some(Format::Csv);
    }
    let likeness = match likeness(header) {
        Likeness::None if name.is_some_and(names_table) && several(header) => Likeness::Known,
        likeness => likeness,
    };
    if likeness == Likeness::None {
        return Some(Format::Lines);
    }
    // Exchange writes the names of columns before the directives.
    if rest.is_empty() && !is_last {
        return None;
    }
    if rest.starts_with(b"#") {
        if begins(rest, &DIRECTIVES, is_last)? {
            return Some(Format::W3c);
        }
    } else if !name.is_some_and(names_table) {
        return match memchr::memchr(b'\n', rest) {
            None if !is_last => None,
            end => {
                let row = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
                let row = row.strip_suffix(b"\r").unwrap_or(row);
                // Known names are the header of a table if a row follows, or if nothing follows.
                let is_table = match likeness {
                    Likeness::Known => row.is_empty() || may_fit(header, row),
                    _ => fits(header, row),
                };
                Some(if is_table { Format::Csv } else { Format::Lines })
            }
        };
    }
    Some(Format::Csv)
}

fn several(header: &[u8]) -> bool {
    header.iter().any(|b| matches!(b, b',' | b';' | b'\t' | b'|'))
}

/// True for a file with the name of a table, compressed or not.
fn names_table(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let packed = [".gz", ".zst", ".zstd", ".bz2", ".xz"].iter().find_map(|end| name.strip_suffix(end));
    let name = packed.unwrap_or(&name);
    name.ends_with(".csv") || name.ends_with(".tsv")
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A format of this name does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected lines, json, csv, w3c, xml, evtx or blocks")]
pub struct UnknownFormat;

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or(UnknownFormat)
    }
}
