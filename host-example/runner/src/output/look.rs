//! The layout of text for people: width, colours, times.

use super::escape;
use super::paint::Paint;
use authsieve_engine::time::{Span, Timestamp};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use std::fmt::Display;
use std::io::{self, Write};
use textwrap::core::display_width;
use textwrap::{Options, WordSplitter};

/// The width of text if the output is no terminal.
const WIDTH: usize = 100;
/// The least width.
const NARROW: usize = 40;
/// The width of a field's name, with the blank after it.
const LABEL: usize = 11;

/// The layout of text.
#[derive(Clone, Debug)]
pub struct Look {
    /// The colours.
    pub paint: Paint,
    /// The columns of a line.
    pub width: usize,
    /// The time zone. `None` for UTC, written with `Z`.
    pub zone: Option<TimeZone>,
    /// True if raw records are shown below their lines.
    pub raw: bool,
}

impl Look {
    /// Uses the width in `COLUMNS` if that is set, else the width of the terminal, else 100 columns.
    #[must_use]
    pub fn new(paint: Paint) -> Self {
        let set = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let terminal = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        let width = set().or(terminal).unwrap_or(WIDTH).max(NARROW);
        Self { paint, width, zone: None, raw: false }
    }

    /// A time in full: `2026-03-04T08:00:12Z`, or with the offset of the zone.
    #[must_use]
    pub fn time(&self, time: Timestamp) -> String {
        match self.local(time) {
            Some((zone, at)) => at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            None => time.to_string(),
        }
    }

    /// The time of day, with the date if it is another day than `day`. Without fractions of a second.
    #[must_use]
    pub fn clock(&self, time: Timestamp, day: Timestamp) -> String {
        let utc = TimeZone::UTC;
        let zone = self.zone.as_ref().unwrap_or(&utc);
        let at =
            |time: Timestamp| jiff::Timestamp::from_microsecond(time.0).map(|at| at.to_zoned(zone.clone()));
        let (Ok(at), Ok(day)) = (at(time), at(day)) else { return time.to_string() };
        let same = at.date() == day.date();
        at.strftime(if same { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" }).to_string()
    }

    /// A range of times, with its length.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> String {
        let second = Span::SECOND.0;
        let lasted = Span((to.0.saturating_sub(from.0)) / second * second);
        let zone = self.zone.as_ref().and_then(|_| self.local(to)).map_or_else(
            || " UTC".to_owned(),
            |(zone, at)| at.to_zoned(zone.clone()).strftime(" %Z").to_string(),
        );
        let begin =
            self.clock(from, Timestamp::MIN.max(Timestamp(from.0.saturating_sub(48 * 3600 * second))));
        if lasted.0 == 0 {
            return format!("{begin}{zone}");
        }
        format!("{begin} to {}{zone} ({lasted})", self.clock(to, from))
    }

    fn local(&self, time: Timestamp) -> Option<(&TimeZone, jiff::Timestamp)> {
        self.zone.as_ref().zip(jiff::Timestamp::from_microsecond(time.0).ok())
    }

    /// Writes a field: its name, then its value, wrapped at words and aligned. Writes nothing if the value is empty.
    ///
    /// # Errors
    /// Fails if `out` fails.
    pub fn field(&self, out: &mut impl Write, name: &str, value: &str) -> io::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        let label = self.label(name);
        self.wrapped(out, &label, 2 + LABEL, 0, value, |line| line.to_owned())
    }

    /// Writes a line of a list, at the place of a field's value. Further lines are indented by another `hang` columns.
    ///
    /// # Errors
    /// Fails if `out` fails.
    pub fn item(
        &self,
        out: &mut impl Write,
        name: &str,
        hang: usize,
        value: &str,
        dim: bool,
    ) -> io::Result<()> {
        let label = self.label(name);
        let paint = |line: &str| if dim { self.paint.dim(line).to_string() } else { line.to_owned() };
        self.wrapped(out, &label, 2 + LABEL, hang, value, paint)
    }

    /// The name of a field. A component writes some of these names, so they are escaped.
    fn label(&self, name: &str) -> String {
        format!("  {}", self.paint.dim(format_args!("{:<LABEL$}", escape::text(name))))
    }

    fn wrapped(
        &self,
        out: &mut impl Write,
        label: &str,
        indent: usize,
        hang: usize,
        value: &str,
        paint: impl Fn(&str) -> String,
    ) -> io::Result<()> {
        for (at, line) in lines(value, self.width.saturating_sub(indent), hang).iter().enumerate() {
            if at == 0 {
                writeln!(out, "{label}{}", paint(line))?;
            } else {
                writeln!(out, "{:indent$}{}", "", paint(line))?;
            }
        }
        Ok(())
    }

    /// Writes text in lines of this width, indented by `indent` columns, after the text that is already on the line.
    ///
    /// # Errors
    /// Fails if `out` fails.
    pub fn text(
        &self,
        out: &mut impl Write,
        begun: &dyn Display,
        indent: usize,
        text: &str,
    ) -> io::Result<()> {
        self.wrapped(out, &begun.to_string(), indent, 0, text, str::to_owned)
    }
}

/// Splits `text` into lines of a width, and escapes it. All lines but the first are indented by `hang` columns. A word
/// is broken only if it is longer than a line.
#[must_use]
pub fn lines(text: &str, width: usize, hang: usize) -> Vec<String> {
    let text = escape::text(text);
    let further = " ".repeat(hang.min(width / 2));
    let options =
        Options::new(width.max(8)).word_splitter(WordSplitter::NoHyphenation).subsequent_indent(&further);
    // Blanks within a line align columns, so a line that fits is not changed.
    if display_width(&text) <= width {
        return vec![text.into_owned()];
    }
    textwrap::wrap(&text, options).into_iter().map(|line| line.into_owned()).collect()
}

/// `text`, filled with blanks to a width.
#[must_use]
pub fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(display_width(text));
    format!("{text}{:blanks$}", "")
}

/// The width of a text on a terminal.
#[must_use]
pub fn wide(text: &str) -> usize {
    display_width(text)
}

/// A time zone: `local`, an IANA name such as `Europe/Berlin`, or an offset such as `+02:00`.
///
/// # Errors
/// Fails for any other text.
pub fn zone(text: &str) -> Result<TimeZone, String> {
    if text == "local" {
        return local().ok_or_else(|| "the time zone of this machine is unknown; name one".into());
    }
    if let Ok(zone) = TimeZoneDatabase::bundled().get(text) {
        return Ok(zone);
    }
    let (sign, rest) = match text.split_at_checked(1) {
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        _ => (0, ""),
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let number =
        |digits: &str, most: i32| digits.parse::<i32>().ok().filter(|number| (0..=most).contains(number));
    let offset = number(hours, 25).zip(number(minutes, 59)).filter(|_| sign != 0);
    let offset =
        offset.and_then(|(hours, minutes)| Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok());
    offset.map(TimeZone::fixed).ok_or_else(|| {
        let shown = escape::text(text);
        format!("`{shown}` is no time zone; expected local, a name such as Europe/Berlin, or an offset such as +02:00")
    })
}

/// The zone of this machine: `TZ`, or the name in /etc/localtime. UTC without both.
fn local() -> Option<TimeZone> {
    let set = std::env::var("TZ").ok().filter(|name| !name.is_empty());
    let linked = || {
        let file = std::fs::read_link("/etc/localtime").ok()?;
        file.to_str()?.split_once("zoneinfo/").map(|(_, name)| name.to_owned())
    };
    match set.or_else(linked) {
        Some(name) => TimeZoneDatabase::bundled().get(name.trim_start_matches(':')).ok(),
        None => Some(TimeZone::UTC),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Timestamp = Timestamp(1_772_524_805_500_000);

    fn look(zone: Option<&str>) -> Look {
        Look { width: 40, zone: zone.map(|text| super::zone(text).unwrap()), ..Look::new(Paint::default()) }
    }

    #[test]
    fn times_are_told_in_the_zone_that_was_asked_for() {
        assert_eq!(look(None).time(TIME), "2026-03-03T08:00:05.500Z");
        assert_eq!(look(Some("Asia/Kolkata")).time(TIME), "2026-03-03T13:30:05+05:30");
        assert_eq!(look(Some("-03:00")).clock(TIME, TIME), "05:00:05");
        assert_eq!(look(None).clock(TIME, Timestamp(0)), "2026-03-03 08:00:05");
        let later = TIME.plus(Span::seconds(90));
        assert_eq!(look(None).between(TIME, later), "2026-03-03 08:00:05 to 08:01:35 UTC (1m30s)");
        assert_eq!(look(Some("Europe/Berlin")).between(TIME, TIME), "2026-03-03 09:00:05 CET");
        for bad in ["", "Mars/Olympus", "+99:00", "+2:99", "2"] {
            assert!(zone(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn fields_are_wrapped_at_words_and_aligned() {
        let mut out = Vec::new();
        look(None)
            .field(&mut out, "why", "five failures of somebody within a window\x1b of ten minutes")
            .unwrap();
        look(None).field(&mut out, "none", "").unwrap();
        look(None).item(&mut out, "", 2, &"x".repeat(30), false).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "  why        five failures of somebody\n             within a window\\x1b of ten\n             minutes\n\
             \x20            xxxxxxxxxxxxxxxxxxxxxxxxx\n               xxxxx\n"
        );
    }
}
