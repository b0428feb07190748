//! Detects text that is most likely not the path of any request, and says what to type instead.

use std::borrow::Cow;

use crate::rules::prefix::DEEPEST;

/// What is wrong with a path; `None` if a request may have it.
pub(super) fn complaint(path: &str) -> Option<String> {
    if path.trim() != path {
        return Some(format!("the path `{path}` has white space at an end; type `{}`", path.trim()));
    }
    if !path.starts_with('/') {
        let (_, after) = path.split_once("://").unwrap_or(("", ""));
        let advice = match (after.split_once('/'), after.is_empty()) {
            (Some((_, path)), _) => format!("without scheme and host, `/{path}`"),
            (None, false) => "`/`, without scheme and host".to_owned(),
            (None, true) => format!("`/{path}`"),
        };
        return Some(format!("the path `{path}` does not begin with `/`, as each does that clients send; type {advice}"));
    }
    path.split('/').find_map(|segment| complaint_of(segment, path))
}

/// Why responses do not have this prefix.
pub(super) fn prefix_complaint(path: &str) -> String {
    if path.trim_matches('/').is_empty() {
        "everything is below `/`; type `Target::all()`".to_owned()
    } else {
        format!("a prefix has at most {DEEPEST} segments; shorten `{path}`, or give the responses a group")
    }
}

/// The path that was probably meant: the text without scheme, host and white space, which no path of a request has.
pub(super) fn meant(path: &str) -> Cow<'_, str> {
    let path = path.trim();
    if path.starts_with('/') {
        return Cow::Borrowed(path);
    }
    let path = path.split_once("://").map_or(path, |(_, after)| after.split_once('/').map_or("", |(_, path)| path));
    Cow::Owned(format!("/{path}"))
}

fn complaint_of(segment: &str, path: &str) -> Option<String> {
    let (first, rest) = (segment.chars().next()?, segment.get(1..).unwrap_or_default());
    let is_pattern = match first {
        '*' => true,
        ':' => is_name(rest),
        // A UUID may be in braces, too.
        '{' => rest.strip_suffix('}').is_some_and(|name| is_name(name.trim_start_matches('*'))),
        _ => false,
    };
    is_pattern.then(|| {
        let encoded = segment.replacen(first, &format!("%{:02X}", u32::from(first)), 1);
        format!(
            "`{segment}` in the path `{path}` is no part of a path that clients send, and an invalidation takes no pattern; type a path, such as `format!(\"/articles/{{id}}\")`; for all below a path, `Target::path_prefix(\"/articles\")`, or give the responses a group, `#[cached(…, group = \"articles\")]`, and type `Target::group(\"articles\")`; for the segment that is spelt so, type `{encoded}`"
        )
    })
}

/// Whether a word may be the name of a parameter.
fn is_name(word: &str) -> bool {
    let begins = word.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    begins && word.len() < 32 && word.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_path_is_reported_with_what_to_type() {
        for (path, advice) in [
            ("a/x", "type `/a/x`"),
            ("", "type `/`"),
            (" /a/x", "type `/a/x`"),
            ("/a/x\n", "type `/a/x`"),
            ("https://host/a/x", "type without scheme and host, `/a/x`"),
            ("https://host", "type `/`, without scheme and host"),
            ("*", "type `/*`"),
            ("/a/*", "type `Target::group(\"articles\")`"),
            ("/a/*rest", "type `%2Arest`"),
            ("/a/{slug}", "type `%7Bslug}`"),
            ("/a/{*rest}/b", "takes no pattern"),
            ("/a/:id", "takes no pattern"),
        ] {
            assert!(complaint(path).is_some_and(|complaint| complaint.contains(advice)), "{path}: {:?}", complaint(path));
        }
    }

    #[test]
    fn the_target_that_was_meant_is_a_path() {
        for (path, is) in
            [("a/x", "/a/x"), ("", "/"), (" /a/x\n", "/a/x"), ("https://host/a/x", "/a/x"), ("https://host", "/"), ("/a/:id", "/a/:id")]
        {
            assert_eq!(meant(path), is);
        }
    }

    #[test]
    fn what_a_client_may_send_is_a_path() {
        for path in ["/", "/a/x", "/a//", "//host/a", "/a b", "/%2A", "/a*b", "/v1/x:verb", "/:", "/{6ba7b810-9dad-11d1-80b4-00c04fd430c8}"]
        {
            assert_eq!(complaint(path), None, "{path}");
        }
    }
}
