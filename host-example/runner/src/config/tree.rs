//! A configuration as a tree. Each value knows its place in the source.

use super::problem::{Origin, Problem};
use authsieve_engine::config::Json;
use serde_json::{Map, Number, Value as Scalar};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    pub origin: Origin,
    pub content: Content,
}

/// The content of a value.
#[derive(Clone, Debug)]
pub enum Content {
    /// A value that is neither a list nor a table.
    Scalar(Scalar),
    List(Vec<Node>),
    Table(Vec<Member>),
}

/// A member of a table.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: String,
    /// The place of the name.
    pub origin: Origin,
    pub node: Node,
}

impl Node {
    /// Creates an empty table.
    pub fn table(origin: Origin) -> Self {
        Self { origin, content: Content::Table(Vec::new()) }
    }

    /// The members of a table. Empty for any other value.
    pub fn members(&self) -> &[Member] {
        match &self.content {
            Content::Table(members) => members,
            _ => &[],
        }
    }

    pub fn is_table(&self) -> bool {
        matches!(self.content, Content::Table(_))
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(Scalar::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The member with this name.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.node)
    }

    /// Removes a member from a table.
    pub fn remove(&mut self, name: &str) {
        if let Content::Table(members) = &mut self.content {
            members.retain(|member| member.name != name);
        }
    }

    /// Sets the value at `path` in nested tables. Replaces values that are not tables on the way.
    pub fn set(&mut self, path: &[&str], origin: &Origin, node: Node) {
        let Some((first, rest)) = path.split_first() else {
            *self = node;
            return;
        };
        if !self.is_table() {
            *self = Self::table(origin.clone());
        }
        let Content::Table(members) = &mut self.content else { return };
        let at = members.iter().position(|member| member.name == *first).unwrap_or_else(|| {
            let name = (*first).to_owned();
            members.push(Member { name, origin: origin.clone(), node: Self::table(origin.clone()) });
            members.len() - 1
        });
        if let Some(member) = members.get_mut(at) {
            member.origin = origin.clone();
            member.node.set(rest, origin, node);
        }
    }

    /// Gives all parts of the value this place.
    pub fn stand_at(&mut self, origin: &Origin) {
        self.origin = origin.clone();
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::List(list) => list.iter_mut().for_each(|node| node.stand_at(origin)),
            Content::Table(members) => {
                for member in members {
                    member.origin = origin.clone();
                    member.node.stand_at(origin);
                }
            }
        }
    }

    /// The value as JSON, with sorted members. The order does not depend on the features of `serde_json`.
    pub fn json(&self) -> Scalar {
        match &self.content {
            Content::Scalar(scalar) => scalar.clone(),
            Content::List(list) => list.iter().map(Self::json).collect(),
            Content::Table(members) => {
                let members = members.iter().map(|member| (member.name.clone(), member.node.json()));
                let mut members: Map<_, _> = members.collect();
                members.sort_keys();
                Scalar::Object(members)
            }
        }
    }

    /// Finds the value at a path such as `an1276.override[0].users[3]`, and its place. If the path leads nowhere,
    /// returns the last existing value on it, with `None` if not even the first part exists. With `name`, the place is
    /// that of the last member's name.
    pub fn find(&self, path: &str, name: bool) -> (&Node, Option<&Origin>) {
        let (mut node, mut origin) = (self, None);
        let mut rest = path;
        while let Some((segment, after)) = segment(rest) {
            let next = match (&node.content, &segment) {
                (Content::List(list), Segment::Element(at)) => list.get(*at).map(|node| (node, &node.origin)),
                (Content::Table(members), Segment::Member(wanted)) => {
                    // If a name is there twice, the last one is the error.
                    let member = members.iter().rev().find(|member| member.name == *wanted);
                    member
                        .map(|member| (&member.node, if name { &member.origin } else { &member.node.origin }))
                }
                _ => None,
            };
            let Some(next) = next else { break };
            node = next.0;
            origin = Some(next.1);
            rest = after;
        }
        (node, origin)
    }
}

enum Segment {
    Member(String),
    Element(usize),
}

/// Splits a path into its first segment and the rest.
fn segment(path: &str) -> Option<(Segment, &str)> {
    if let Some(rest) = path.strip_prefix('[') {
        let (number, rest) = rest.split_once(']')?;
        return Some((Segment::Element(number.parse().ok()?), rest));
    }
    let path = path.strip_prefix('.').unwrap_or(path);
    if path.starts_with('"') {
        let mut names = serde_json::Deserializer::from_str(path).into_iter::<String>();
        let name = names.next()?.ok()?;
        return Some((Segment::Member(name), path.get(names.byte_offset()..)?));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    (end > 0).then(|| (Segment::Member(path[..end].to_owned()), &path[end..]))
}

/// Parses TOML, or JSON if the text begins with a brace. `source` is the number of the text.
///
/// # Errors
/// Fails with all syntax errors.
pub fn parse(text: &str, source: usize) -> Result<Node, Vec<Problem>> {
    let origin = |span| Origin { source, span };
    let start = text.len() - text.trim_start_matches('\u{FEFF}').len();
    let body = &text[start..];
    if body.trim_start().starts_with('{') {
        let mut problems = Vec::new();
        let json = Json::parse(body).map_err(|why| {
            let place = why.split_once(": ");
            let expected = place.map_or(&*why, |(_, expected)| expected);
            let at = start + place.and_then(|(place, _)| offset(body, place)).unwrap_or_default();
            let message = format!("the file is not JSON; {expected}");
            vec![Problem::new("syntax", "", message).at(origin(at..at + 1))]
        })?;
        let node = of_json(&json, text, source, "", &mut problems);
        return if problems.is_empty() { Ok(node) } else { Err(problems) };
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let problem = |error: &toml::de::Error| {
            let duplicate = error.message().contains("duplicate key");
            let code = if duplicate { "twice" } else { "syntax" };
            let problem = Problem::new(code, "", error.message().to_owned());
            match error.span() {
                Some(span) => problem.at(origin(span)),
                None => problem,
            }
        };
        return Err(errors.iter().map(problem).collect());
    }
    let span = table.span();
    Ok(Node { origin: origin(span), content: Content::Table(of_table(table.into_inner(), source)) })
}

/// The byte offset of `line 2, column 6`. Columns count characters.
fn offset(text: &str, place: &str) -> Option<usize> {
    let (line, column) = place.strip_prefix("line ")?.split_once(", column ")?;
    let (line, column) = (line.parse::<usize>().ok()?, column.parse::<usize>().ok()?);
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let within: usize = text.get(before..)?.chars().take(column - 1).map(char::len_utf8).sum();
    Some(before + within)
}

/// Converts JSON. The parser gives no places of names, so a name has the place of its value.
fn of_json(json: &Json<'_>, text: &str, source: usize, path: &str, problems: &mut Vec<Problem>) -> Node {
    let start = json.raw().as_ptr() as usize - text.as_ptr() as usize;
    let origin = Origin { source, span: start..start + json.raw().len() };
    if let Some(list) = json.as_list() {
        let list = list.iter().map(|json| of_json(json, text, source, path, problems)).collect();
        return Node { origin, content: Content::List(list) };
    }
    let Some(table) = json.as_table() else {
        let content = Content::Scalar(serde_json::from_str(json.raw()).unwrap_or_default());
        return Node { origin, content };
    };
    let mut members: Vec<Member> = Vec::new();
    for (name, json) in table {
        let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let node = of_json(json, text, source, &inner, problems);
        if members.iter().any(|member| member.name == *name) {
            let message = "it stands there twice; expected once".to_owned();
            problems.push(Problem::new("twice", &inner, message).at(node.origin.clone()));
        }
        members.push(Member { name: name.clone(), origin: node.origin.clone(), node });
    }
    Node { origin, content: Content::Table(members) }
}

/// Converts the members of a TOML table, in the order of the text.
fn of_table(table: DeTable<'_>, source: usize) -> Vec<Member> {
    let mut members: Vec<_> = table
        .into_iter()
        .map(|(name, value)| {
            let origin = Origin { source, span: name.span() };
            Member { name: name.into_inner().into_owned(), origin, node: of_toml(value, source) }
        })
        .collect();
    members.sort_by_key(|member| member.origin.span.start);
    members
}

/// Converts a TOML value. Dates become texts, as options expect.
fn of_toml(value: Spanned<DeValue<'_>>, source: usize) -> Node {
    let origin = Origin { source, span: value.span() };
    let content = match value.into_inner() {
        DeValue::String(text) => Content::Scalar(text.into_owned().into()),
        DeValue::Integer(number) => {
            let digits: String = number.as_str().chars().filter(|c| *c != '_').collect();
            let number = i64::from_str_radix(
                digits.trim_start_matches("0x").trim_start_matches("0o").trim_start_matches("0b"),
                number.radix(),
            );
            Content::Scalar(number.map_or_else(|_| digits.clone().into(), Scalar::from))
        }
        // JSON has no infinity. As a text it is refused, and the error shows it.
        DeValue::Float(number) => {
            let digits: String = number.as_str().chars().filter(|c| *c != '_').collect();
            let parsed = digits.parse::<f64>().ok().and_then(Number::from_f64);
            Content::Scalar(parsed.map_or_else(|| digits.into(), Scalar::Number))
        }
        DeValue::Boolean(yes) => Content::Scalar(yes.into()),
        DeValue::Datetime(time) => Content::Scalar(time.to_string().into()),
        DeValue::Array(list) => Content::List(list.into_iter().map(|value| of_toml(value, source)).collect()),
        DeValue::Table(table) => Content::Table(of_table(table, source)),
    };
    Node { origin, content }
}
