//! Loads lists from files: `allow_ips = { file = "egress.txt" }`.
//!
//! A file has one entry per line. Empty lines are skipped, and so are comments: `#` at the start of a line or after
//! white space.

use super::TABLES_OF_HOSTS;
use super::problem::{Origin, Problem, Source};
use super::tree::{Content, Node};
use serde_json::Value as Scalar;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The largest list file in bytes. It is larger than any list that an option accepts.
const MOST_BYTES: u64 = 4 << 20;

/// Replaces each table that only names a file with the list in that file. Paths are relative to `folder`.
pub fn load(
    node: &mut Node,
    folder: &Path,
    path: &str,
    sources: &mut Vec<Source>,
    problems: &mut Vec<Problem>,
) {
    if let [member] = node.members()
        && member.name == "file"
        && let Some(file) = member.node.as_str()
    {
        let file = folder.join(file);
        match read(&file) {
            Ok(text) => {
                let list = entries(&text, sources.len());
                node.content = Content::List(list);
                sources.push(Source { name: file.display().to_string(), text, is_file: true });
            }
            Err(why) => {
                let message = format!("{}: {why}; expected a file with one entry a line", file.display());
                problems.push(Problem::new("unreadable-list", path, message).at(member.node.origin.clone()));
                node.content = Content::List(Vec::new());
            }
        }
        return;
    }
    match &mut node.content {
        Content::Scalar(_) => {}
        Content::List(list) => {
            for (at, node) in list.iter_mut().enumerate() {
                load(node, folder, &format!("{path}[{at}]"), sources, problems);
            }
        }
        Content::Table(members) => {
            for member in members {
                // In these tables `file` has another meaning: a sink writes to a file.
                if path.is_empty() && TABLES_OF_HOSTS.contains(&member.name.as_str()) {
                    continue;
                }
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{}", member.name);
                load(&mut member.node, folder, &path, sources, problems);
            }
        }
    }
}

fn read(file: &Path) -> Result<String, String> {
    let file = File::open(file).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    // The length of a device is unknown, so the read itself is limited.
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("it is too long; at most {MOST_BYTES} bytes are read"));
    }
    String::from_utf8(bytes).map_err(|_| "it is not text in UTF-8".into())
}

fn entries(text: &str, source: usize) -> Vec<Node> {
    let mut list = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let entry = line.trim_start_matches('\u{FEFF}');
        let comment = entry
            .match_indices('#')
            .map(|(at, _)| at)
            .find(|at| entry[..*at].chars().next_back().is_none_or(char::is_whitespace));
        let entry = entry[..comment.unwrap_or(entry.len())].trim();
        if entry.is_empty() {
            continue;
        }
        let begin = start + (entry.as_ptr() as usize - line.as_ptr() as usize);
        let origin = Origin { source, span: begin..begin + entry.len() };
        list.push(Node { origin, content: Content::Scalar(Scalar::String(entry.to_owned())) });
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_entry_and_comments_are_none() {
        let text = "\u{FEFF}# egress\r\n10.0.0.0/8  # office\r\n\r\n  ops#1\n#x\n2001:db8::/32";
        let list = entries(text, 3);
        let shown: Vec<_> = list.iter().map(|node| node.as_str().unwrap()).collect();
        assert_eq!(shown, ["10.0.0.0/8", "ops#1", "2001:db8::/32"]);
        for node in &list {
            assert_eq!(&text[node.origin.span.clone()], node.as_str().unwrap());
        }
    }
}
