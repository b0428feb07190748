//! The variants of a key: the request fields that select among its responses (RFC 9111 §4.1).

use http::{HeaderMap, HeaderValue};

use crate::{
    epoch::Order,
    rules::meaning::meaning,
    util::{clock::Millis, digest::Digest},
};

/// Which request fields select among the responses under one key, and how many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Variants {
    pub(crate) fields: Vec<Box<str>>,
    /// A hash of each variant's field values, and until when it may answer.
    pub(crate) known: Vec<(u64, Millis)>,
    /// Of the run of any of them that began last.
    pub(crate) latest: Order,
}

/// Longest values of selecting fields that are kept as they are.
const LONGEST_VALUES: usize = 256;

/// Most variants of one key.
pub(crate) const MAX_VARIANTS: usize = 64;

/// Most fields that select among them.
const MAX_SELECTING: usize = 64;

impl Variants {
    /// What is known of a key's variants, with one more: the union of all fields that ever selected, so that none is
    /// forgotten (RFC 9111 §4.1).
    pub(crate) fn with_one_more(known: Option<&Self>, new: &Self, (hash, until): (u64, Millis), now: Millis) -> Option<Self> {
        let mut record = known.cloned().unwrap_or_default();
        for field in &new.fields {
            if let Err(at) = record.fields.binary_search(field) {
                record.fields.insert(at, field.clone());
                // Those stored before were selected by fewer fields, and are not found any more.
                record.known.clear();
            }
        }
        record.known.retain(|(known, until)| *known != hash && now < *until);
        // Servers choose the fields' names.
        if record.known.len() >= MAX_VARIANTS || record.fields.len() > MAX_SELECTING {
            return None;
        }
        record.known.push((hash, until));
        Some(record)
    }

    /// One more, of this run.
    pub(crate) fn take(&mut self, order: Order) {
        if !self.latest.is_after(&order) {
            self.latest = order;
        }
    }

    /// The values of the selecting fields in a request, framed line by line, as they were sent; of those `by_meaning`, what they
    /// mean. RFC 9111 §4.1 lets a cache compare what all of them mean. But what forwards may show them as they are, and who
    /// reads them there may tell `admin` from `admin,`: without its author's word, only the same bytes are sure to be read in
    /// the same way (law L1).
    pub(crate) fn values(&self, fields: Option<&HeaderMap>, by_meaning: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for name in &self.fields {
            frame(&mut bytes, name.as_bytes());
            let lines = || fields.iter().flat_map(|fields| fields.get_all(&**name)).map(HeaderValue::as_bytes);
            let is_meant = by_meaning.contains(&&**name) && lines().next().is_some();
            if let Some(meaning) = is_meant.then(|| meaning(name, lines())).flatten() {
                bytes.push(2);
                frame(&mut bytes, &meaning);
            } else {
                for line in lines() {
                    bytes.push(1);
                    frame(&mut bytes, line);
                }
            }
            // No line is another value than an empty one.
            bytes.push(0);
        }
        if bytes.len() > LONGEST_VALUES { digested(&bytes) } else { bytes }
    }
}

/// Long values by their digest: clients choose how long they are, and they would be kept with each response. None is
/// mistaken for values as they are, which begin with the length of a name.
fn digested(values: &[u8]) -> Vec<u8> {
    [&[0xff; 4][..], Digest::of(values).as_bytes()].concat()
}

fn frame(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn fields(lines: &[(u8, &str)]) -> HeaderMap {
        let name = |at: u8| if at == 0 { HeaderName::from_static("accept-language") } else { HeaderName::from_static("x-roles") };
        lines.iter().map(|(at, value)| (name(*at), HeaderValue::from_str(value).unwrap())).collect()
    }

    proptest! {
        #[test]
        fn two_requests_that_share_a_variant_have_the_same_lines(
            one in proptest::collection::vec((0..2_u8, "(|admin|admin,|de, en|en, de|de,en|De|1,,2|1,2| 1|\"a, b\"|\"a,b\")"), 0..4),
            other in proptest::collection::vec((0..2_u8, "(|admin|admin,|de, en|en, de|de,en|De|1,,2|1,2| 1|\"a, b\"|\"a,b\")"), 0..4),
        ) {
            let variants = Variants { fields: vec!["accept-language".into(), "x-roles".into()], ..Variants::default() };
            let of = |lines: &[(u8, String)]| fields(&lines.iter().map(|(at, value)| (*at, &**value)).collect::<Vec<_>>());
            let (one, other) = (of(&one), of(&other));
            let lines = |fields: &HeaderMap, name| fields.get_all(name).iter().cloned().collect::<Vec<_>>();
            let are_the_same = ["accept-language", "x-roles"].iter().all(|name| lines(&one, *name) == lines(&other, *name));
            let values = |fields: &HeaderMap, by_meaning: &[&str]| variants.values(Some(fields), by_meaning);
            prop_assert_eq!(values(&one, &[]) == values(&other, &[]), are_the_same);
            // By the author's word on one field, the other is compared as before.
            let are_the_same = lines(&one, "x-roles") == lines(&other, "x-roles");
            prop_assert!(are_the_same || values(&one, &["accept-language"]) != values(&other, &["accept-language"]));
        }
    }
}
