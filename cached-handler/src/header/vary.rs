//! `Vary` (RFC 9110 §12.5.5).

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Which request fields a response depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Vary {
    /// `*`: on something outside the request fields, so that no other request matches.
    Any,
    Fields(Vec<HeaderName>),
}

/// A line that is not a list of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

impl Vary {
    /// From all lines.
    pub(crate) fn of(fields: &HeaderMap) -> Result<Self, Malformed> {
        let mut names = Vec::new();
        let mut any = false;
        for line in fields.get_all(header::VARY) {
            for name in line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()) {
                if name == b"*" {
                    any = true;
                } else {
                    let name = HeaderName::from_bytes(name).map_err(|_| Malformed)?;
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
            }
        }
        Ok(if any { Self::Any } else { Self::Fields(names) })
    }

    /// Whether both name the same fields, in any order.
    pub(crate) fn names_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Fields(one), Self::Fields(other)) => one.len() == other.len() && one.iter().all(|name| other.contains(name)),
            _ => self == other,
        }
    }
}

/// Adds names to `Vary` and joins its lines into one. A `Vary` that cannot be parsed stays as it is.
pub(crate) fn merge<N: AsRef<str>>(fields: &mut HeaderMap, names: impl Iterator<Item = N>) {
    let added: Vec<HeaderName> = names.filter_map(|name| HeaderName::from_bytes(name.as_ref().as_bytes()).ok()).collect();
    if added.is_empty() {
        return;
    }
    let mut all = match Vary::of(fields) {
        Ok(Vary::Any) => return,
        Ok(Vary::Fields(own)) => own,
        Err(Malformed) => Vec::new(),
    };
    let malformed = all.is_empty() && fields.contains_key(header::VARY);
    for name in added {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    let mut line = String::new();
    for (at, name) in all.iter().enumerate() {
        line.push_str(if at > 0 { ", " } else { "" });
        line.push_str(name.as_str());
    }
    let Ok(line) = HeaderValue::from_str(&line) else { return };
    if malformed {
        fields.append(header::VARY, line);
    } else {
        fields.insert(header::VARY, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| (header::VARY, HeaderValue::from_static(line))).collect::<Vec<_>>().into_iter().fold(
            HeaderMap::new(),
            |mut map, (name, value)| {
                map.append(name, value);
                map
            },
        )
    }

    #[test]
    fn all_lines_are_read() {
        let names = |lines: &[&'static str]| match Vary::of(&fields(lines)) {
            Ok(Vary::Fields(names)) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            other => format!("{other:?}"),
        };
        assert_eq!(names(&["Accept, ,ACCEPT", " x-a "]), "accept x-a");
        assert_eq!(names(&["accept", "x-b, *"]), "Ok(Any)");
        assert_eq!(names(&["a b"]), "Err(Malformed)");
        assert_eq!(names(&[]), "");
    }

    #[test]
    fn names_are_merged_into_one_line() {
        let merged = |lines: &[&'static str], names: &[&str]| {
            let mut fields = fields(lines);
            merge(&mut fields, names.iter().copied());
            fields.get_all(header::VARY).iter().map(|line| line.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(merged(&["Origin", "accept"], &["accept", "cookie"]), ["origin, accept, cookie"]);
        assert_eq!(merged(&["*"], &["accept"]), ["*"]);
        assert_eq!(merged(&[], &["accept"]), ["accept"]);
        assert!(merged(&[], &[]).is_empty());
        assert_eq!(merged(&["a b"], &["accept"]), ["a b", "accept"]);
    }
}
