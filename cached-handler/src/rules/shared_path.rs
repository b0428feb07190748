//! Paths that share responses because the attribute's `paths` says so: patterns as in routes, such as `/a/{id}` and `/b/{id}`, and
//! the values of their parameters in the path of a request. A path in another spelling has a response of its own: that costs a
//! run of the handler, but is never wrong.

use smallvec::SmallVec;

/// The names of parameters, with their values in a path as it was sent.
pub(crate) type Values<'p> = SmallVec<[(&'static str, &'p str); 4]>;

/// The values of the parameters in the first pattern that matches the path, ordered by name; `None` if no pattern matches. All
/// patterns have the same parameters.
pub(crate) fn values<'p>(patterns: &[&'static str], path: &'p str) -> Option<Values<'p>> {
    let mut values = patterns.iter().find_map(|pattern| values_in(pattern, path))?;
    values.sort_unstable();
    Some(values)
}

fn values_in<'p>(mut pattern: &'static str, mut path: &'p str) -> Option<Values<'p>> {
    let mut values = Values::new();
    while let Some((before, name, behind)) = at_parameter(pattern) {
        let from = path.strip_prefix(before)?;
        let end = if name.starts_with('*') { from.len() } else { from.find('/').unwrap_or(from.len()) };
        let (value, rest) = from.split_at_checked(end).filter(|(value, _)| !value.is_empty())?;
        values.push((name, value));
        (pattern, path) = (behind, rest);
    }
    (pattern == path).then_some(values)
}

/// The path that a pattern and these values make.
pub(crate) fn filled(mut pattern: &'static str, values: &Values<'_>) -> String {
    let mut path = String::new();
    while let Some((before, name, behind)) = at_parameter(pattern) {
        path.push_str(before);
        path.push_str(values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        pattern = behind;
    }
    path.push_str(pattern);
    path
}

/// The text before the first parameter of a pattern, the parameter's name (with the star of `{*rest}`), and the text after it.
fn at_parameter(pattern: &str) -> Option<(&str, &str, &str)> {
    let (before, from) = pattern.split_once('{')?;
    let (name, behind) = from.split_once('}')?;
    Some((before, name, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(patterns: &[&'static str], path: &str) -> Option<Vec<String>> {
        let values = values(patterns, path)?;
        Some(patterns.iter().map(|pattern| filled(pattern, &values)).collect())
    }

    #[test]
    fn a_path_that_shares_has_the_same_values_in_each_pattern() {
        let front: &[_] = &["/", "/index.html", "/en/"];
        let pages: &[_] = &["/a/{id}", "/b/{id}/"];
        let files: &[_] = &["/{user}/files/{*rest}", "/f/{user}/{*rest}"];
        for (patterns, paths) in [
            (front, &["/", "/index.html", "/en/"][..]),
            (pages, &["/a/7", "/b/7/"]),
            (pages, &["/a/a%2Fb", "/b/a%2Fb/"]),
            (files, &["/me/files/x/y", "/f/me/x/y"]),
            (&["/{x}/{y}", "/z/{y}/{x}"], &["/1/2", "/z/2/1"]),
        ] {
            for path in paths {
                assert_eq!(all(patterns, path).unwrap(), paths, "{path}");
            }
        }
    }

    #[test]
    fn a_path_that_is_spelt_otherwise_is_none_of_them() {
        for (patterns, path) in [
            (&["/", "/index.html"][..], "/index.htm"),
            (&["/", "/index.html"], "/index%2Ehtml"),
            (&["/", "/index.html"], ""),
            (&["/en/"], "/en"),
            (&["/a/{id}", "/b/{id}"], "/a/"),
            (&["/a/{id}", "/b/{id}"], "/a/7/"),
            (&["/a/{id}", "/b/{id}"], "/c/7"),
            (&["/f/{*rest}", "/g/{*rest}"], "/f/"),
        ] {
            assert_eq!(all(patterns, path), None, "{path}");
        }
    }

    #[test]
    fn every_path_of_some_is_each_time_itself_among_them() {
        let patterns: &[_] = &["/a/{x}", "/{x}/a", "/{x}/b"];
        for path in ["/a/a", "/a/b", "/b/a", "/c/b"] {
            assert!(all(patterns, path).unwrap().contains(&path.to_owned()), "{path}");
        }
    }
}
