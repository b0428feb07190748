//! URI references as `Location` and `Content-Location` hold them (RFC 3986 §4.1), resolved as far as an invalidation needs.

use super::path::normalise;

/// The path of a reference, resolved against a target; `None` if it has another origin (RFC 9111 §4.4). A server behind a
/// proxy does not know the scheme of the target, so `http` and `https` count as one.
pub(crate) fn path_at_same_origin(reference: &str, target: &str, authority: Option<&str>) -> Option<String> {
    let reference = reference.trim_matches([' ', '\t']);
    let (scheme, rest) = split_scheme(reference);
    let port = match scheme {
        None => None,
        Some(scheme) if scheme.eq_ignore_ascii_case("http") => Some(":80"),
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => Some(":443"),
        Some(_) => return None,
    };
    if let Some(rest) = rest.strip_prefix("//") {
        let (named, path) = rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
        let same = host(named, port).eq_ignore_ascii_case(host(authority?, port));
        let path = without_query(path);
        return same.then(|| if path.is_empty() { "/".to_owned() } else { path.to_owned() });
    }
    // `http:path` is not a valid reference (RFC 3986 §5.2.2).
    scheme.is_none().then(|| merge(target, without_query(rest)))
}

/// Whether a reference resolves to the target itself: same origin, path and query. As a `Content-Location` it then says that the
/// content is a representation of the target (RFC 9110 §8.7).
pub(crate) fn leads_back(reference: &str, target: &str, authority: Option<&str>) -> bool {
    let query = |reference: &str| reference.split_once('?').map(|(_, query)| query.to_owned());
    // `Content-Location` has no fragment (RFC 9110 §8.7).
    let reference = reference.trim_matches([' ', '\t']);
    if reference.contains('#') {
        return false;
    }
    let Some(path) = path_at_same_origin(reference, target, authority) else { return false };
    // An empty reference has the query of its target (RFC 3986 §5.2.2).
    let same_query = reference.is_empty() || query(reference) == query(target);
    same_query && normalise(&path) == normalise(without_query(target))
}

/// Merges paths (RFC 3986 §5.2.3). Dot segments stay: paths are normalised when they are compared.
fn merge(target: &str, path: &str) -> String {
    let target = without_query(target);
    if path.is_empty() {
        return target.to_owned();
    }
    if path.starts_with('/') {
        return path.to_owned();
    }
    let directory = target.rsplit_once('/').map_or("", |(directory, _)| directory);
    format!("{directory}/{path}")
}

/// The scheme, if there is one, and the rest (RFC 3986 §3.1).
fn split_scheme(reference: &str) -> (Option<&str>, &str) {
    match reference.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) =>
        {
            (Some(scheme), rest)
        }
        _ => (None, reference),
    }
}

/// Host and port of an authority, without the default port.
fn host<'a>(authority: &'a str, default_port: Option<&str>) -> &'a str {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.strip_suffix(':').unwrap_or(host);
    default_port.and_then(|port| host.strip_suffix(port)).unwrap_or(host)
}

fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(reference: &str) -> Option<String> {
        path_at_same_origin(reference, "/b/c/d;p?q", Some("a.example"))
    }

    #[test]
    fn references_lead_where_the_rfc_says() {
        // RFC 3986 §5.4.1, with the dots left in.
        for (reference, expected) in [
            ("g", "/b/c/g"),
            ("./g", "/b/c/./g"),
            ("g/", "/b/c/g/"),
            ("/g", "/g"),
            ("?y", "/b/c/d;p"),
            ("g?y", "/b/c/g"),
            ("#s", "/b/c/d;p"),
            (";x", "/b/c/;x"),
            ("", "/b/c/d;p"),
            ("../g", "/b/c/../g"),
            ("g:h/i", "none"),
            ("http:g", "none"),
        ] {
            assert_eq!(path(reference).as_deref().unwrap_or("none"), expected, "{reference}");
        }
    }

    #[test]
    fn only_the_same_origin_is_followed() {
        for same in ["http://a.example/x", "https://A.Example:443/x?y", "//a.example/x#z", "http://a.example:80/x", "http://u@a.example/x"]
        {
            assert_eq!(path(same).as_deref(), Some("/x"), "{same}");
        }
        assert_eq!(path("http://a.example").as_deref(), Some("/"));
        for other in ["http://b.example/x", "http://a.example:8080/x", "//b/x", "ftp://a.example/x", "http://a.example@b/x", "http:///x"] {
            assert_eq!(path(other), None, "{other}");
        }
        assert_eq!(path_at_same_origin("http://a.example/x", "/", None), None);
        assert_eq!(path_at_same_origin("http://a:81/x", "/", Some("a:81")).as_deref(), Some("/x"));
    }

    #[test]
    fn a_reference_leads_back_where_it_is_the_targets_own_address() {
        let back = |reference: &str| leads_back(reference, "/b/c/d;p?q", Some("a.example"));
        for same in ["", "/b/c/d;p?q", "d;p?q", "./d;p?q", "/b/%63/d;p?q", "http://a.example/b/c/d;p?q", "//a.example/b/c/d;p?q", "?q"] {
            assert!(back(same), "{same}");
        }
        for other in
            ["/b/c/d;p", "/b/c/d;p?r", "/b/c/d;p?", "d", "/b/c/d;p?q#s", "#s", "//b.example/b/c/d;p?q", "ftp://a.example/b/c/d;p?q"]
        {
            assert!(!back(other), "{other}");
        }
        assert!(leads_back("/x", "/x", None) && !leads_back("//a/x", "/x", None));
    }

    proptest! {
        #[test]
        fn any_reference_resolves_to_a_path_or_to_nothing(reference in "\\PC{0,40}", target in "/[a-z/]{0,10}") {
            if let Some(path) = path_at_same_origin(&reference, &target, Some("a.example")) {
                prop_assert!(path.starts_with('/'));
            }
        }
    }
}
