//! The filter grammar of `--where`: `COLUMN=VALUE,COLUMN!=VALUE`, all of which must hold.

use super::charges::{Dimension, Text};
use crate::error::{Error, Result};

/// The text that stands for a missing value in filters and tables.
pub const NONE_TEXT: &str = "(none)";
/// The name of everything that a list of the largest leaves out.
pub const OTHER_TEXT: &str = "(other)";

/// One condition on one dimension. A missing value is a value like any other: `Tags/team!=core` keeps charges
/// without that tag, and `Tags/team=(none)` finds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The dimension.
    pub dimension: Dimension,
    /// Whether the value must be equal (or must differ).
    pub equal: bool,
    /// The value; `None` is the missing value.
    pub value: Option<String>,
}

/// Conditions that must all hold; none at all holds always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The conditions.
    pub conditions: Vec<Condition>,
}

impl Filter {
    /// Parses `COLUMN=VALUE,COLUMN!=VALUE`. A value that holds a comma or a quote is written in double quotes,
    /// a quote inside doubled: `Tags/team="a, b"`.
    ///
    /// ```
    /// use farthing::schema::filter::Filter;
    /// let filter = Filter::parse("x_ServiceCode=AmazonEC2,Tags/team!=core")?;
    /// assert_eq!(filter.conditions.len(), 2);
    /// assert!(!filter.conditions[1].equal);
    /// # Ok::<(), farthing::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Filter`] for text that is no condition, [`Error::UnknownName`] for an unknown column.
    pub fn parse(text: &str) -> Result<Filter> {
        let mut conditions = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (condition, tail) = condition(text, rest)?;
            conditions.push(condition);
            rest = tail;
        }
        Ok(Filter { conditions })
    }

    /// Whether it holds for everything.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }
}

fn condition<'a>(whole: &str, text: &'a str) -> Result<(Condition, &'a str)> {
    let fail = |detail: &str| Error::Filter { filter: whole.to_owned(), detail: detail.to_owned() };
    let at = text.find('=').ok_or_else(|| fail(&format!("`{text}` has no `=`")))?;
    let (name, equal) = match text[..at].strip_suffix('!') {
        Some(name) => (name, false),
        None => (&text[..at], true),
    };
    let dimension = Dimension::parse(name)?;
    let (value, tail) = value(&text[at + 1..]).ok_or_else(|| fail("a quoted value is not closed"))?;
    let value = if value == NONE_TEXT || value.is_empty() { None } else { Some(value) };
    Ok((Condition { dimension, equal, value }, tail))
}

/// Reads one value and its comma; `None` when a quote is left open.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((text[..end].trim().to_owned(), text[end..].trim_start_matches(',').trim_start()));
    };
    let mut value = String::new();
    loop {
        let quote = rest.find('"')?;
        value.push_str(&rest[..quote]);
        rest = &rest[quote + 1..];
        match rest.strip_prefix('"') {
            Some(tail) => {
                value.push('"');
                rest = tail;
            }
            None => break,
        }
    }
    let rest = rest.trim_start();
    if rest.is_empty() {
        return Some((value, rest));
    }
    Some((value, rest.strip_prefix(',')?.trim_start()))
}

/// Whether a service condition's value also names this code: filters on the service accept the readable name
/// and the code alike.
pub fn accepts_service_code(dimension: &Dimension) -> bool {
    matches!(dimension, Dimension::Text(Text::ServiceName | Text::ServiceCode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_values_keep_commas_and_quotes() {
        let filter = Filter::parse(r#"Tags/team="a, ""b""" , RegionId!=us-east-1,InvoiceId="#).unwrap();
        assert_eq!(filter.conditions[0].value.as_deref(), Some(r#"a, "b""#));
        assert_eq!(filter.conditions[1].value.as_deref(), Some("us-east-1"));
        assert_eq!(filter.conditions[2].value, None);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(Filter::parse("Nope=1").unwrap_err().to_string().contains("`Nope`"));
        assert!(Filter::parse("RegionId").unwrap_err().to_string().contains("no `=`"));
        assert!(Filter::parse("RegionId=\"x").unwrap_err().to_string().contains("not closed"));
    }
}
