//! What clients are told of reuse (law L10): their copies cannot be invalidated, so by default they ask again.

use http::{HeaderMap, HeaderValue, header};

/// What it depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// The attribute's `cache_control`.
    pub(crate) cache_control: Option<&'static str>,
    /// An argument identifies a person.
    pub(crate) private: bool,
}

/// The `Cache-Control` of a handler's answers.
#[derive(Debug, Clone)]
pub(crate) struct ForClients {
    text: String,
    private: bool,
    /// Where the seconds stand that count from the answer on.
    aging: Option<Aging>,
}

#[derive(Debug, Clone)]
struct Aging {
    before: String,
    secs: u64,
    after: String,
}

const DEFAULT: &str = "no-cache";

impl ForClients {
    /// For a response that is stored; it is fitted to the response's own fields by [`write`](Self::write).
    pub(crate) fn of(terms: &Terms) -> Self {
        let text = terms.cache_control.unwrap_or(DEFAULT);
        let text = if terms.private { personal(text) } else { text.to_owned() };
        let aging = aging(&text);
        Self { text, private: terms.private, aging }
    }

    /// Sets the field where the handler did not, and gives back what has to be known for later answers.
    pub(crate) fn write(self, fields: &mut HeaderMap) -> Self {
        if fields.contains_key(header::CACHE_CONTROL) {
            if self.private {
                make_personal(fields);
            }
            return Self { aging: None, ..self };
        }
        if let Ok(value) = HeaderValue::from_str(&self.text) {
            fields.insert(header::CACHE_CONTROL, value);
        }
        self
    }

    /// For a stored response that was kept as bytes: the same, if what it says is the attribute's.
    pub(crate) fn again(cache_control: Option<&'static str>, fields: &HeaderMap) -> Self {
        let said = fields.get(header::CACHE_CONTROL).map(HeaderValue::as_bytes);
        let candidates = [false, true].map(|private| Self::of(&Terms { cache_control, private }));
        let [open, personal] = candidates;
        if said == Some(open.text.as_bytes()) {
            open
        } else if said == Some(personal.text.as_bytes()) {
            personal
        } else {
            Self { aging: None, ..open }
        }
    }

    /// The field for an answer of this age, where that is another one than what is stored: a lifetime that counts from
    /// the answer is sent as `Age + N`, as the client subtracts `Age` (RFC 9111 §4.2.3).
    pub(crate) fn at(&self, age: u64) -> Option<HeaderValue> {
        let aging = self.aging.as_ref().filter(|_| age > 0)?;
        let secs = aging.secs.saturating_add(age);
        HeaderValue::from_str(&format!("{}{secs}{}", aging.before, aging.after)).ok()
    }

    /// For a response that is not stored: never more than its handler says of it.
    pub(crate) fn not_stored(fields: &mut HeaderMap, private: bool) {
        if fields.contains_key(header::CACHE_CONTROL) {
            if private {
                make_personal(fields);
            }
        } else {
            let text = if private { "private, no-cache" } else { DEFAULT };
            fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(text));
        }
    }
}

/// All lines as one that says `private`, and nothing that says the contrary.
fn make_personal(fields: &mut HeaderMap) {
    let lines: Vec<_> = fields.get_all(header::CACHE_CONTROL).iter().filter_map(|line| line.to_str().ok()).collect();
    let text = personal(&lines.join(", "));
    let value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("private, no-cache"));
    fields.insert(header::CACHE_CONTROL, value);
    // For shared caches alone, which are to have nothing of it.
    fields.remove(crate::header::cdn_cache_control::NAME);
}

fn personal(text: &str) -> String {
    let mut kept = vec!["private"];
    kept.extend(directives(text).filter(|directive| {
        let name = directive.split('=').next().unwrap_or(directive).trim();
        !["public", "private", "s-maxage", "proxy-revalidate"].iter().any(|dropped| name.eq_ignore_ascii_case(dropped)) && !name.is_empty()
    }));
    kept.join(", ")
}

/// Splits at the commas that stand outside of quotes.
fn directives(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |letter| {
        quoted ^= letter == '"';
        letter == ',' && !quoted
    })
    .map(str::trim)
}

/// `max-age=N` of the attribute, taken apart.
fn aging(text: &str) -> Option<Aging> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    let at = loop {
        let found = lower.get(from..)?.find("max-age=")? + from;
        let before = lower.get(..found)?.trim_end();
        if before.is_empty() || before.ends_with(',') {
            break found + "max-age=".len();
        }
        from = found + 1;
    };
    let (before, rest) = text.split_at_checked(at)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at_checked(end)?;
    Some(Aging { before: before.to_owned(), secs: digits.parse().ok()?, after: after.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(own: &[&'static str], cache_control: Option<&'static str>, private: bool, age: u64) -> String {
        let mut fields = HeaderMap::new();
        for line in own {
            fields.append(header::CACHE_CONTROL, HeaderValue::from_static(line));
        }
        let later = ForClients::of(&Terms { cache_control, private }).write(&mut fields);
        if let Some(value) = later.at(age) {
            fields.insert(header::CACHE_CONTROL, value);
        }
        fields.get_all(header::CACHE_CONTROL).iter().map(|line| line.to_str().unwrap()).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn clients_ask_again_unless_someone_says_otherwise() {
        assert_eq!(sent(&[], None, false, 9), "no-cache");
        assert_eq!(sent(&[], None, true, 9), "private, no-cache");
        assert_eq!(sent(&["max-age=5", "public"], Some("no-cache"), false, 9), "max-age=5 | public");
        assert_eq!(sent(&["max-age=5", "PUBLIC, s-maxage=9"], None, true, 9), "private, max-age=5");
    }

    #[test]
    fn the_attributes_lifetime_counts_from_the_answer() {
        assert_eq!(sent(&[], Some("public, max-age=60, immutable"), false, 0), "public, max-age=60, immutable");
        assert_eq!(sent(&[], Some("public, max-age=60, immutable"), false, 9), "public, max-age=69, immutable");
        assert_eq!(sent(&[], Some("public, Max-Age=60"), true, 9), "private, Max-Age=69");
        assert_eq!(sent(&[], Some("x-max-age=60"), false, 9), "x-max-age=60");
    }

    #[test]
    fn what_lay_in_a_store_goes_on_as_before() {
        for private in [false, true] {
            let mut fields = HeaderMap::new();
            let terms = Terms { cache_control: Some("public, max-age=60"), private };
            let first = ForClients::of(&terms).write(&mut fields);
            let again = ForClients::again(terms.cache_control, &fields);
            assert_eq!(first.at(9), again.at(9));
        }
        let mut own = HeaderMap::new();
        own.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=5"));
        assert_eq!(ForClients::again(Some("max-age=60"), &own).at(9), None);
    }
}
