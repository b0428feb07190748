//! Checks of values that an author sets at runtime, the same as those of the attributes at compile time.

use crate::header::cache_control::is_token_byte;

/// What is wrong with the names in `vary`, and what to type.
pub(crate) fn mistake_in_vary(names: &[&str]) -> Option<String> {
    names.iter().enumerate().find_map(|(at, name)| {
        let before = names.get(..at).unwrap_or_default();
        mistake_in_name(name).or_else(|| before.contains(name).then(|| format!("`vary` names `{name}` twice; remove one")))
    })
}

fn mistake_in_name(name: &str) -> Option<String> {
    Some(match name {
        "*" => "`vary` names `*`, with which no response could be reused; name the fields that the service reads, or type `.vary_from_response()`".to_owned(),
        "" => "`vary` has a name that is empty; type `.vary([\"accept-language\"])`".to_owned(),
        _ if name.contains(',') => {
            let each: Vec<_> = name.split(',').map(|name| format!("\"{}\"", name.trim())).collect();
            format!("`vary` names each field by a text of its own; type `.vary([{}])`", each.join(", "))
        }
        _ if !name.bytes().all(is_token_byte) => {
            format!("`vary` names `{name}`, which is not the name of a header field; type `.vary([\"accept-language\"])`")
        }
        "set-cookie" => "`vary` names `set-cookie`, a field of responses that no request has; for one cookie type `.key(…)`".to_owned(),
        "age" | "allow" | "content-range" | "accept-ranges" | "etag" | "expires" | "last-modified" | "location" | "retry-after"
        | "server" | "vary" | "www-authenticate" | "proxy-authenticate" | "clear-site-data" => {
            format!("`vary` names `{name}`, a field of responses that no request has; name what the service reads of the request, such as `accept-language`")
        }
        "if-none-match" | "if-modified-since" | "if-match" | "if-unmodified-since" | "if-range" | "range" => {
            format!("`vary` names `{name}`, which the cache answers itself, from the whole response; remove it")
        }
        "cache-control" | "pragma" => format!("`vary` names `{name}`, which is for the cache and not for the service; remove it"),
        _ => return None,
    })
}

/// The value that a known directive takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Seconds,
    /// A list of field names, or nothing.
    Fields,
}

/// RFC 9111 §5.2.2, RFC 5861, RFC 8246.
const KNOWN: &[(&str, Takes)] = &[
    ("max-age", Takes::Seconds),
    ("must-revalidate", Takes::Nothing),
    ("must-understand", Takes::Nothing),
    ("no-cache", Takes::Fields),
    ("no-store", Takes::Nothing),
    ("no-transform", Takes::Nothing),
    ("private", Takes::Fields),
    ("proxy-revalidate", Takes::Nothing),
    ("public", Takes::Nothing),
    ("s-maxage", Takes::Seconds),
    ("stale-while-revalidate", Takes::Seconds),
    ("stale-if-error", Takes::Seconds),
    ("immutable", Takes::Nothing),
];

/// What is wrong with the text of `cache_control`, and what to type: no directive, a misspelt or repeated one, or two that
/// contradict each other. Unknown directives pass, as anyone may define extensions.
pub(crate) fn mistake_in_cache_control(text: &str) -> Option<String> {
    let mut is_quoted = false;
    let at_comma = |letter: char| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    };
    let directives: Vec<&str> = text.split(at_comma).map(str::trim).collect();
    directives.iter().find_map(|directive| mistake_in_directive(directive)).or_else(|| contradiction(&directives))
}

fn mistake_in_directive(directive: &str) -> Option<String> {
    if directive.is_empty() {
        return Some("`cache_control` is empty, or has an empty directive; type `.cache_control(\"public, max-age=60\")`".to_owned());
    }
    let (name, value) = directive.split_once('=').map_or((directive, None), |(name, value)| (name, Some(value)));
    if name.is_empty() || !name.bytes().all(is_token_byte) || !value.is_none_or(is_value) {
        return Some(format!("`{directive}` is not a directive of `Cache-Control`; type `.cache_control(\"public, max-age=60\")`"));
    }
    let is_slip = |known: &str| letters(known).eq(letters(name));
    match KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        None => {
            let (known, _) = KNOWN.iter().find(|(known, _)| is_slip(known))?;
            Some(format!("`{name}` is not a directive that clients know; type `{known}`"))
        }
        Some((known, Takes::Seconds)) if !value.is_some_and(is_number) => {
            Some(format!("`{directive}` needs a number of seconds; type `{known}=60`"))
        }
        Some((known, Takes::Nothing)) if value.is_some() => Some(format!("`{known}` takes no value; type `{known}`")),
        _ => None,
    }
}

/// The letters and digits of a name in lower case, so that `max_age` and `maxage` are recognised as `max-age`.
fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

/// A repeated directive (RFC 9111 §4.2.1: either the first counts, or the response is stale), or `public` beside `private`.
fn contradiction(directives: &[&str]) -> Option<String> {
    let name_of = |directive: &&str| directive.split('=').next().unwrap_or_default().to_ascii_lowercase();
    let names: Vec<String> = directives.iter().map(name_of).collect();
    let twice = names.iter().enumerate().find(|(at, name)| names.get(..*at).unwrap_or_default().contains(name));
    if let Some((_, name)) = twice {
        return Some(format!("`{name}` stands twice in `cache_control`; remove one"));
    }
    // With field names, `private` concerns only these fields (RFC 9111 §5.2.2.7).
    let has = |meant: &str| directives.iter().any(|directive| directive.eq_ignore_ascii_case(meant));
    (has("private") && has("public")).then(|| {
        "`public` lets every cache keep the response, and `private` only the client's own; type `.cache_control(\"private\")` if it is one person's, else `\"public\"`".to_owned()
    })
}

fn is_value(value: &str) -> bool {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    quoted.map_or_else(
        || !value.is_empty() && value.bytes().all(is_token_byte),
        |inner| inner.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'),
    )
}

/// A number of seconds (RFC 9111 §1.2.2), which is sent without quotes (§5.2.2.1).
fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_cannot_select_a_response_is_reported() {
        for names in [&["accept-language", "x-tenant"][..], &["cookie"], &["authorization", "host"], &[]] {
            assert_eq!(mistake_in_vary(names), None, "{names:?}");
        }
        for (names, told) in [
            (&["accept", "set-cookie"][..], "`set-cookie`, a field of responses"),
            (&["etag"], "`etag`, a field of responses"),
            (&["if-none-match"], "the cache answers itself"),
            (&["pragma"], "is for the cache"),
            (&["*"], "`.vary_from_response()`"),
            (&[""], "is empty"),
            (&["accept, origin"], "type `.vary([\"accept\", \"origin\"])`"),
            (&["a b"], "is not the name of a header field"),
            (&["accept", "accept"], "names `accept` twice"),
        ] {
            assert!(mistake_in_vary(names).is_some_and(|mistake| mistake.contains(told)), "{names:?}");
        }
    }

    #[test]
    fn directives_that_clients_cannot_follow_are_reported() {
        for right in ["no-store", "public, max-age=60", "private=\"a, b\", public", "x, group=a", "Max-Age=0", "no-cache=\"set-cookie\""] {
            assert_eq!(mistake_in_cache_control(right), None, "{right}");
        }
        for (wrong, told) in [
            ("private, public", "`public` lets every cache keep"),
            ("max-age=1, MAX-AGE=2", "`max-age` stands twice"),
            ("max-age=5m", "type `max-age=60`"),
            ("max-age", "type `max-age=60`"),
            ("no-store=1", "`no-store` takes no value"),
            ("maxage=60", "type `max-age`"),
            ("max_age=60", "type `max-age`"),
            ("nostore", "type `no-store`"),
            ("", "is empty"),
            ("public,", "an empty directive"),
            ("public max-age=60", "is not a directive"),
        ] {
            assert!(mistake_in_cache_control(wrong).is_some_and(|mistake| mistake.contains(told)), "{wrong}");
        }
    }
}
