//! Writes the results of cases as JUnit XML, which continuous integration systems show.
//!
//! The layout follows [testmoapp/junitxml](https://github.com/testmoapp/junitxml): one suite per analytic and one test
//! case per folder. A `failure` holds the difference, an `error` says why a case could not be run.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io::{self, Write};
use std::time::Duration;

/// The result of one case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The name of the case.
    pub name: String,
    /// The analytics of the case.
    pub suite: String,
    /// The result.
    pub result: Result,
    /// The run time.
    pub took: Duration,
}

/// The result of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Result {
    /// The alerts are the expected ones.
    Passed,
    /// The alerts differ. Holds the difference.
    Failed(String),
    /// The case could not be run. Holds the reason.
    Broken(String),
}

/// Writes a report.
///
/// # Errors
/// Fails if `out` fails.
pub fn write(out: &mut impl Write, outcomes: &[Outcome], took: Duration) -> io::Result<()> {
    let mut suites: Vec<&str> = outcomes.iter().map(|outcome| outcome.suite.as_str()).collect();
    suites.sort_unstable();
    suites.dedup();
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<&Outcome> = outcomes.iter().collect();
    let root = xml.create_element("testsuites").with_attribute(("name", "authsieve"));
    let root = counts(&all)
        .into_iter()
        .fold(root, |root, (name, count)| root.with_attribute((name, count.to_string().as_str())));
    root.with_attribute(("time", seconds(took).as_str())).write_inner_content(|xml| {
        suites.iter().try_for_each(|suite| {
            let cases: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.suite == *suite).collect();
            write_suite(xml, suite, &cases)
        })
    })?;
    xml.into_inner().write_all(b"\n")
}

fn write_suite<W: Write>(xml: &mut Writer<W>, name: &str, cases: &[&Outcome]) -> io::Result<()> {
    let took = cases.iter().map(|outcome| outcome.took).sum();
    let element = xml.create_element("testsuite").with_attribute(("name", legal(name).as_str()));
    let element = counts(cases)
        .into_iter()
        .fold(element, |element, (name, count)| element.with_attribute((name, count.to_string().as_str())));
    let element = element.with_attribute(("time", seconds(took).as_str()));
    element.write_inner_content(|xml| cases.iter().try_for_each(|outcome| write_case(xml, outcome)))?;
    Ok(())
}

fn write_case<W: Write>(xml: &mut Writer<W>, outcome: &Outcome) -> io::Result<()> {
    let element = xml
        .create_element("testcase")
        .with_attribute(("name", legal(&outcome.name).as_str()))
        .with_attribute(("classname", legal(&outcome.suite).as_str()))
        .with_attribute(("time", seconds(outcome.took).as_str()));
    let (tag, message, text) = match &outcome.result {
        Result::Passed => return element.write_empty().map(|_| ()),
        Result::Failed(text) => ("failure", "other alerts than expected", text),
        Result::Broken(text) => ("error", "it could not be run", text),
    };
    element.write_inner_content(|xml| {
        let inner = xml.create_element(tag).with_attribute(("message", message));
        inner.write_text_content(BytesText::new(&legal(text))).map(|_| ())
    })?;
    Ok(())
}

fn counts(outcomes: &[&Outcome]) -> [(&'static str, usize); 3] {
    let of = |is: fn(&Result) -> bool| outcomes.iter().filter(|outcome| is(&outcome.result)).count();
    [
        ("tests", outcomes.len()),
        ("failures", of(|result| matches!(result, Result::Failed(_)))),
        ("errors", of(|result| matches!(result, Result::Broken(_)))),
    ]
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

/// Removes the characters that XML 1.0 cannot represent, not even escaped (2.2, `Char`).
fn legal(text: &str) -> String {
    let is_legal = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}');
    text.chars().map(|c| if is_legal(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_xml::Reader;

    #[test]
    fn whatever_a_case_says_the_report_is_well_formed() {
        let evil = "a<b>&\"'\u{1}\u{FFFE}]]>\u{1b}[0m\nÄ";
        let outcome = |result| Outcome {
            name: evil.into(),
            suite: evil.into(),
            result,
            took: Duration::from_millis(1500),
        };
        let outcomes =
            [Result::Passed, Result::Failed(evil.into()), Result::Broken(evil.into())].map(outcome);
        let mut out = Vec::new();
        write(&mut out, &outcomes, Duration::from_secs(2)).unwrap();
        let xml = String::from_utf8(out).unwrap();
        assert!(
            xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"authsieve\" ")
        );
        assert!(xml.contains(r#"tests="3" failures="1" errors="1" time="2.000""#), "{xml}");
        assert!(xml.chars().all(|c| c == '\n' || (c >= ' ' && c != '\u{FFFE}')));
        let mut reader = Reader::from_str(&xml);
        let (mut depth, mut elements, mut text) = (0, 0, String::new());
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    start.attributes().for_each(|attribute| drop(attribute.unwrap()));
                    (depth, elements) = (depth + 1, elements + 1);
                }
                Event::Empty(_) => elements += 1,
                Event::End(_) => depth -= 1,
                Event::GeneralRef(name) => text += &format!("&{};", &*name),
                Event::Text(piece) => text += &piece,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!((depth, elements), (0, 7));
        assert_eq!(text.matches("a&lt;b").count(), 2, "{text}");
    }

    #[test]
    fn each_analytic_is_a_suite() {
        let of = |suite: &str, name: &str| Outcome {
            name: name.into(),
            suite: suite.into(),
            result: Result::Passed,
            took: Duration::ZERO,
        };
        let mut out = Vec::new();
        write(&mut out, &[of("fls", "x"), of("an1276", "y"), of("fls", "z")], Duration::ZERO).unwrap();
        let xml = String::from_utf8(out).unwrap();
        let suites: Vec<&str> = xml.lines().filter(|line| line.contains("<testsuite ")).collect();
        assert!(suites[0].contains("an1276") && suites[0].contains("tests=\"1\""), "{xml}");
        assert!(suites[1].contains("fls") && suites[1].contains("tests=\"2\""), "{xml}");
    }
}
