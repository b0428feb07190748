//! The canonical form of the values of fields that `Vary` names, the same for all values of one meaning (RFC 9111 §4.1). Only for
//! fields whose spelling does not matter according to `Policy::vary_by_meaning`.

/// The longest value, all lines together, that is parsed.
const LIMIT: usize = 8 << 10;

/// Lists of preferences: neither letter case nor order matters in them, as weights give the order (RFC 9110 §12.4.2, §12.5).
const PREFERENCES: [&str; 3] = ["accept-charset", "accept-encoding", "accept-language"];

/// Fields that are not lists, in which a comma is part of the value (RFC 9110; RFC 6265).
pub(crate) const NO_LISTS: [&str; 14] = [
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

/// Weights that equal the default of 1 (RFC 9110 §12.4.2).
const FULL_WEIGHTS: [&[u8]; 4] = [b";q=1", b";q=1.0", b";q=1.00", b";q=1.000"];

/// The canonical form of all lines of the list field `name`, which is given in lower case. `None` if the meaning is not certain:
/// then only equal bytes count as equal.
pub(crate) fn meaning(name: &str, lines: impl Iterator<Item = impl AsRef<[u8]>>) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    for (at, line) in lines.enumerate() {
        if at > 0 {
            // RFC 9110 §5.3.
            value.extend_from_slice(b", ");
        }
        let line = line.as_ref();
        if value.len() + line.len() > LIMIT {
            return None;
        }
        value.extend_from_slice(line);
    }
    let members = members(&value)?;
    if !PREFERENCES.contains(&name) {
        return Some(listed(&members));
    }
    if value.contains(&b'"') {
        // None of these fields has quotes, so the meaning of a value with quotes depends on its reader.
        return None;
    }
    let mut preferences: Vec<_> = members.into_iter().map(preference).collect();
    preferences.sort_unstable();
    preferences.dedup();
    Some(listed(&preferences))
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

/// The members of a list, without the space around them; `None` if a quote is not closed.
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

/// A member without the blanks and tabs around it (RFC 9110 §5.6.3).
fn trimmed(mut member: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = member {
        member = rest;
    }
    member
}

/// A preference in lower case, without space around its weight, and without a weight of 1.
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

    fn of(name: &str, lines: &[&str]) -> Option<String> {
        meaning(name, lines.iter().map(|line| line.as_bytes())).map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn the_same_preferences_are_one_value() {
        for lines in [&["en, de"][..], &["de, en"], &["eN ,\tDe"], &["en", "de"], &["de;q=1.0, en ; q=1"], &["en,en,de"]] {
            assert_eq!(of("accept-language", lines).as_deref(), Some("de,en"), "{lines:?}");
        }
        assert_ne!(of("accept-language", &["en, de;q=0.5"]), of("accept-language", &["en;q=0.5, de"]));
        assert_eq!(of("accept-encoding", &["gzip, br"]), of("accept-encoding", &["BR,GZIP"]));
        assert_eq!(of("accept-language", &["de ;\tq=0.5 , en"]), of("accept-language", &["EN,de;q=0.5"]));
    }

    #[test]
    fn values_that_are_no_preferences_are_not_parsed_as_such() {
        assert_ne!(of("accept-language", &["e n"]), of("accept-language", &["en"]));
        for value in ["\"d e\"", "\"DE\"", "en, \"a\"", "\"\\ \", a", "\"\\\", a"] {
            assert_eq!(of("accept-language", &[value]), None, "{value}");
        }
    }

    #[test]
    fn other_lists_keep_their_order_and_their_case() {
        for lines in [&["1, 2"][..], &["1", "2"], &[" 1 ,, 2 "]] {
            assert_eq!(of("foo", lines).as_deref(), Some("1,2"), "{lines:?}");
        }
        assert_ne!(of("foo", &["1, 2"]), of("foo", &["2, 1"]));
        assert_ne!(of("foo", &["a"]), of("foo", &["A"]));
        assert_eq!(of("foo", &["\"1, 2\" , 3"]).as_deref(), Some("\"1, 2\",3"));
        assert_eq!(of("foo", &["\"1, 2"]), None);
        let long = "a,".repeat(LIMIT);
        assert_eq!(of("foo", &[&long]), None);
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own_canonical_form(name in "(foo|accept-language)", line in "[a-z0-9,;=\" .]{0,40}") {
            let once = meaning(&name, std::iter::once(line.as_bytes()));
            if let Some(once) = once {
                prop_assert_eq!(meaning(&name, std::iter::once(&once[..])), Some(once));
            }
        }
    }
}
