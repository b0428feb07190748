//! The values of the fields that `Vary` names, in the one way that all values of the same meaning are written in (RFC 9111
//! §4.1): requests that mean the same are answered from the same stored response.

/// Longest value, all lines together, that is looked into.
const LIMIT: usize = 8 << 10;

/// Lists of preferences: letter case says nothing in them, and their order neither, as weights do (RFC 9110 §12.4.2,
/// §12.5).
const PREFERENCES: [&str; 3] = ["accept-charset", "accept-encoding", "accept-language"];

/// Fields that are no lists (RFC 9110; RFC 6265): a comma is a letter of theirs.
const NO_LISTS: [&str; 14] = [
    "authorization",
    "cookie",
    "date",
    "from",
    "host",
    "if-modified-since",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "proxy-authorization",
    "range",
    "referer",
    "user-agent",
];

/// Weights that go without saying (RFC 9110 §12.4.2).
const FULL_WEIGHTS: [&[u8]; 4] = [b";q=1", b";q=1.0", b";q=1.00", b";q=1.000"];

/// The value of the field `name`, given in lower case, of all its lines.
pub(crate) fn value(name: &str, lines: impl Iterator<Item = impl AsRef<[u8]>>) -> Vec<u8> {
    let mut value = Vec::new();
    for (at, line) in lines.enumerate() {
        if at > 0 {
            // RFC 9110 §5.3.
            value.extend_from_slice(b", ");
        }
        value.extend_from_slice(line.as_ref());
    }
    if value.len() > LIMIT || NO_LISTS.contains(&name) {
        return value;
    }
    let Some(members) = members(&value) else { return value };
    // None of them has quotes; what does have some means whatever its reader takes it for.
    if PREFERENCES.contains(&name) && !value.contains(&b'"') {
        let mut preferences: Vec<_> = members.into_iter().map(preference).collect();
        preferences.sort_unstable();
        preferences.dedup();
        return listed(&preferences);
    }
    listed(&members)
}

fn listed(members: &[impl AsRef<[u8]>]) -> Vec<u8> {
    let mut list = Vec::new();
    for (at, member) in members.iter().enumerate() {
        if at > 0 {
            list.push(b',');
        }
        list.extend_from_slice(member.as_ref());
    }
    list
}

/// The members of a list, without the space around them; none, where a quote has no end.
fn members(value: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut quoted, mut escaped) = (false, false);
    let split = value.split(|byte| {
        let was_escaped = std::mem::take(&mut escaped);
        match byte {
            _ if was_escaped => {}
            b'"' => quoted = !quoted,
            b'\\' => escaped = quoted,
            _ => {}
        }
        *byte == b',' && !quoted
    });
    let members = split.map(trimmed).filter(|member| !member.is_empty()).collect();
    (!quoted).then_some(members)
}

/// Without the space around it: blanks and tabs alone (RFC 9110 §5.6.3).
fn trimmed(mut member: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = member {
        member = rest;
    }
    member
}

/// Without letter case, without the space around its weight, and without a full one.
fn preference(member: &[u8]) -> Vec<u8> {
    let parts: Vec<_> = member.split(|byte| *byte == b';').map(|part| trimmed(part).to_ascii_lowercase()).collect();
    let mut short = parts.join(&b';');
    while let Some(rest) = FULL_WEIGHTS.iter().find_map(|weight| short.strip_suffix(*weight)).filter(|rest| !rest.is_empty()) {
        short.truncate(rest.len());
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(name: &str, lines: &[&str]) -> String {
        String::from_utf8(value(name, lines.iter().map(|line| line.as_bytes()))).unwrap()
    }

    #[test]
    fn the_same_preferences_are_one_value() {
        for lines in [&["en, de"][..], &["de, en"], &["eN ,\tDe"], &["en", "de"], &["de;q=1.0, en ; q=1"], &["en,en,de"]] {
            assert_eq!(of("accept-language", lines), "de,en", "{lines:?}");
        }
        assert_ne!(of("accept-language", &["en, de;q=0.5"]), of("accept-language", &["en;q=0.5, de"]));
        assert_eq!(of("accept-encoding", &["gzip, br"]), of("accept-encoding", &["BR,GZIP"]));
    }

    #[test]
    fn what_is_no_preference_is_not_read_as_one() {
        for (one, other) in [("e n", "en"), ("\"d e\"", "\"de\""), ("\"DE\"", "\"de\""), ("\"\\ \", a", "\"\\\", a")] {
            assert_ne!(of("accept-language", &[one]), of("accept-language", &[other]), "{one}");
        }
        assert_eq!(of("accept-language", &["de ;\tq=0.5 , en"]), of("accept-language", &["EN,de;q=0.5"]));
    }

    #[test]
    fn other_lists_keep_their_order_and_their_case() {
        assert_eq!(of("foo", &["1, 2"]), "1,2");
        assert_eq!(of("foo", &["1", "2"]), "1,2");
        assert_eq!(of("foo", &[" 1 ,, 2 "]), "1,2");
        assert_ne!(of("foo", &["1, 2"]), of("foo", &["2, 1"]));
        assert_ne!(of("foo", &["a"]), of("foo", &["A"]));
        assert_eq!(of("foo", &["\"1, 2\" , 3"]), "\"1, 2\",3");
        assert_eq!(of("foo", &["\"1, 2"]), "\"1, 2");
    }

    #[test]
    fn what_is_no_list_is_compared_as_it_is() {
        assert_ne!(of("cookie", &["a=1,2"]), of("cookie", &["a=1, 2"]));
        assert_ne!(of("user-agent", &["A (b,c)"]), of("user-agent", &["A (b, c)"]));
    }

    proptest! {
        #[test]
        fn one_way_of_writing_is_written_in_that_way(name in "(foo|accept-language)", line in "[a-z0-9,;=\" .]{0,40}") {
            let once = value(&name, std::iter::once(line.as_bytes()));
            prop_assert_eq!(value(&name, std::iter::once(&once[..])), once);
        }
    }
}
