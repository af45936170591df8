//! The settings to try.

use authsieve_engine::time::Span;
use serde_json::Value;

/// The most settings that are tried at once.
pub const MOST: usize = 256;

/// An option and the values to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The option.
    pub option: String,
    /// The values, as a configuration writes them.
    pub values: Vec<String>,
}

impl Axis {
    /// Reads `min_failures=3,5,8`, or `min_failures=3..10` for all whole numbers from 3 to 10.
    ///
    /// # Errors
    /// Fails for any other text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no axis; expected option=value,value or option=from..to");
        let (option, list) = text.split_once('=').ok_or_else(wrong)?;
        let values: Vec<String> = match list.split_once("..") {
            Some((from, to)) => {
                let number = |digits: &str| digits.trim().parse::<u32>().map_err(|_| wrong());
                let (from, to) = (number(from)?, number(to)?);
                if to < from || (to - from) as usize >= MOST {
                    return Err(wrong());
                }
                (from..=to).map(|number| number.to_string()).collect()
            }
            None => list.split(',').map(|value| value.trim().to_owned()).collect(),
        };
        if option.trim().is_empty() || values.iter().any(String::is_empty) {
            return Err(wrong());
        }
        Ok(Self { option: option.trim().to_owned(), values })
    }

    /// The usual axes for an analytic, from the JSON Schema of its options: its first count, and its window.
    #[must_use]
    pub fn usual(schema: &Value) -> Vec<Self> {
        ["min_failures", "min_challenges", "window"]
            .iter()
            .filter_map(|name| Self::around(schema, name))
            .collect()
    }

    /// The axis of one option, around its default in the JSON Schema. `None` for an option that is neither a count nor
    /// a span of time.
    #[must_use]
    pub fn around(schema: &Value, option: &str) -> Option<Self> {
        let usual = schema.pointer(&format!("/properties/{option}/default"))?;
        let values: Vec<String> = match usual.as_u64() {
            Some(count) => {
                let mut values: Vec<u64> =
                    [count / 2, count - count / 4, count, count + count / 2, count * 2, count * 4].into();
                values.retain(|value| *value > 0);
                values.dedup();
                values.iter().map(u64::to_string).collect()
            }
            None => {
                let span = usual.as_str().and_then(Span::parse).filter(|span| span.0 > 0)?;
                [span.0 / 3, span.0, span.0 * 2, span.0 * 4].map(|span| Span(span).to_string()).into()
            }
        };
        Some(Self { option: option.into(), values })
    }
}

/// All combinations, in the order of the axes. The value of the last axis changes first.
///
/// # Errors
/// Fails if there are more than [`MOST`].
pub fn points(axes: &[Axis]) -> Result<Vec<Vec<(String, String)>>, String> {
    let count = axes.iter().try_fold(1_usize, |count, axis| count.checked_mul(axis.values.len()));
    if count.is_none_or(|count| count > MOST) {
        return Err(format!("the grid has more than {MOST} points; expected fewer values"));
    }
    let mut points: Vec<Vec<(String, String)>> = vec![Vec::new()];
    for axis in axes {
        let with = |point: &Vec<(String, String)>, value: &String| {
            let mut point = point.clone();
            point.push((axis.option.clone(), value.clone()));
            point
        };
        points =
            points.iter().flat_map(|point| axis.values.iter().map(move |value| with(point, value))).collect();
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_lists_and_ranges() {
        let axis = Axis::parse("min_failures=3..5").unwrap();
        assert_eq!(
            (axis.option.as_str(), axis.values),
            ("min_failures", vec!["3".into(), "4".into(), "5".into()])
        );
        assert_eq!(Axis::parse("window = 5m, 1h").unwrap().values, ["5m", "1h"]);
        for bad in ["", "window", "=5m", "window=", "window=5m,,1h", "n=5..3", "n=1..9999", "n=a..b"] {
            assert!(Axis::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_combinations_are_tried() {
        let axes = [Axis::parse("a=1,2").unwrap(), Axis::parse("b=x,y").unwrap()];
        let points: Vec<String> = points(&axes)
            .unwrap()
            .iter()
            .map(|point| point.iter().map(|(name, value)| format!("{name}{value}")).collect::<String>())
            .collect();
        assert_eq!(points, ["a1bx", "a1by", "a2bx", "a2by"]);
        let many = [Axis::parse("a=1..20").unwrap(), Axis::parse("b=1..20").unwrap()];
        assert!(super::points(&many).is_err());
    }

    #[test]
    fn usual_axes_lie_around_the_defaults() {
        let schema = serde_json::json!({ "properties": {
            "min_failures": { "default": 5 }, "window": { "default": "15m" }
        }});
        let axes = Axis::usual(&schema);
        assert_eq!(axes[0].values, ["2", "4", "5", "7", "10", "20"]);
        assert_eq!(axes[1].values, ["5m", "15m", "30m", "1h"]);
    }
}
