//! The `Cache-Control` that clients receive (law L10). An invalidation cannot reach their copies, so by default they revalidate
//! each time.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::header::targeted::{CDN_CACHE_CONTROL, TargetList};

/// The `Cache-Control` that is sent if the response has none of its own.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheControlSetting {
    /// Not set: `no-cache`, or what another setting says.
    #[default]
    Default,
    /// This text.
    Is(&'static str),
    /// None: the field is not added.
    Untouched,
}

impl CacheControlSetting {
    /// This setting, or `other` if this one is not set.
    pub(crate) const fn or(self, other: Self) -> Self {
        match self {
            Self::Default => other,
            said => said,
        }
    }
}

/// What the `Cache-Control` for clients depends on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// The `cache_control` of the attribute, or else of a policy.
    pub(crate) cache_control: CacheControlSetting,
    /// An argument identifies a person.
    pub(crate) private: bool,
    /// The handler forwards to another server, whose responses say themselves how they may be reused.
    pub(crate) forwards: bool,
    /// The targeted fields that this cache obeys (RFC 9213).
    pub(crate) targeted: TargetList,
}

impl Terms {
    fn default(&self) -> &'static str {
        match (self.cache_control, self.private, self.forwards) {
            (CacheControlSetting::Untouched, true, _) => "private",
            (_, true, _) => "private, no-cache",
            (CacheControlSetting::Untouched, false, _) | (_, false, true) => "",
            (_, false, false) => "no-cache",
        }
    }
}

/// The `Cache-Control` for clients, of one response.
#[derive(Debug, Clone)]
pub(crate) struct ForClients {
    text: Cow<'static, str>,
    /// Set if an argument identifies a person: the targeted fields to remove, as they address shared caches.
    personal: Option<TargetList>,
    /// The lifetimes in the text, which count from the moment of each answer.
    aging: Option<Aging>,
}

/// The text of the field, split at its lifetimes.
#[derive(Debug, Clone)]
struct Aging {
    lifetimes: Vec<(String, u64)>,
    after: String,
}

/// Request fields whose value identifies a person by itself.
pub(crate) const CREDENTIALS: [HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

/// Whether a response that varies by this field belongs to one person.
pub(crate) fn identifies_a_person(field: &str) -> bool {
    CREDENTIALS.iter().any(|name| name == field)
}

/// Sent in place of a `Cache-Control` that cannot be parsed, as that may forbid anything.
const UNREADABLE: &str = "private, no-store";

impl ForClients {
    /// For a response that is stored. [`write`](Self::write) then takes the response's own fields into account.
    pub(crate) fn of(terms: &Terms) -> Self {
        let text = match terms.cache_control {
            CacheControlSetting::Is(own) if terms.private => Cow::Owned(personal(own)),
            CacheControlSetting::Is(own) => Cow::Borrowed(own),
            _ => Cow::Borrowed(terms.default()),
        };
        let aging = aging(&text);
        Self { text, personal: terms.private.then_some(terms.targeted), aging }
    }

    /// Sets the field if the handler did not. Returns what later answers need to set it again.
    pub(crate) fn write(self, fields: &mut HeaderMap) -> Self {
        if fields.contains_key(header::CACHE_CONTROL) {
            if let Some(targeted) = self.personal {
                make_personal(fields, targeted);
            }
            return Self { aging: None, ..self };
        }
        // Shared with the attribute's text, so that a hit counts no references to it.
        let text = match &self.text {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::copy_from_slice(text.as_bytes()),
        };
        if !text.is_empty()
            && let Ok(value) = HeaderValue::from_maybe_shared(text)
        {
            fields.insert(header::CACHE_CONTROL, value);
        }
        self
    }

    /// For a response read from a remote backend: recognises the attribute's text among its fields, so that its lifetimes count
    /// from the answer as before.
    pub(crate) fn again(cache_control: CacheControlSetting, forwards: bool, fields: &HeaderMap) -> Self {
        // More than one line is the handler's own.
        let mut lines = fields.get_all(header::CACHE_CONTROL).iter();
        let said = lines.next().filter(|_| lines.next().is_none()).map(HeaderValue::as_bytes);
        let is_said = |text: &Self| said == Some(text.text.as_bytes());
        [false, true]
            .into_iter()
            .map(|private| Self::of(&Terms { cache_control, private, forwards, targeted: &[] }))
            .find(is_said)
            .unwrap_or_else(Self::silent)
    }

    /// Its text, where that lives as long as the process.
    pub(crate) fn fixed_text(&self) -> Option<&'static str> {
        if let Cow::Borrowed(text) = self.text { Some(text) } else { None }
    }

    /// What the answers of all ages are made of; empty, if they all say what is stored.
    pub(crate) fn aging_text(&self) -> &str {
        if self.aging.is_some() { &self.text } else { "" }
    }

    /// For a response that has a `Cache-Control` of its own.
    pub(crate) fn silent() -> Self {
        Self { text: Cow::Borrowed(""), personal: None, aging: None }
    }

    /// The field for an answer of this age, if it differs from the stored one: a lifetime of `N` that counts from the answer is
    /// sent as `Age + N`, as the client subtracts `Age` (RFC 9111 §4.2.3).
    #[inline]
    pub(crate) fn at(&self, age: u64) -> Option<HeaderValue> {
        let aging = self.aging.as_ref().filter(|_| age > 0)?;
        self.aged(aging, age)
    }

    fn aged(&self, aging: &Aging, age: u64) -> Option<HeaderValue> {
        let mut text = String::with_capacity(self.text.len() + 8);
        for (before, secs) in &aging.lifetimes {
            text.push_str(before);
            text.push_str(&secs.saturating_add(age).to_string());
        }
        text.push_str(&aging.after);
        HeaderValue::from_str(&text).ok()
    }

    /// For a response that is not stored: it permits no more reuse than its handler said.
    pub(crate) fn not_stored(fields: &mut HeaderMap, terms: &Terms) {
        if fields.contains_key(header::CACHE_CONTROL) {
            if terms.private {
                make_personal(fields, terms.targeted);
            }
        } else if !terms.default().is_empty() {
            fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(terms.default()));
        }
    }
}

/// Joins all lines into one that says `private`, without directives that contradict it.
fn make_personal(fields: &mut HeaderMap, targeted: TargetList) {
    let mut lines = Some(String::new());
    for line in fields.get_all(header::CACHE_CONTROL) {
        lines = lines.zip(line.to_str().ok()).map(|(lines, line)| lines + ", " + line);
    }
    let text = lines.map(|lines| personal(&lines));
    let value = text.and_then(|text| HeaderValue::from_str(&text).ok()).unwrap_or_else(|| HeaderValue::from_static(UNREADABLE));
    fields.insert(header::CACHE_CONTROL, value);
    // These fields address shared caches, which must not store it.
    for name in targeted {
        fields.remove(*name);
    }
    fields.remove(CDN_CACHE_CONTROL);
}

fn personal(text: &str) -> String {
    let Some(directives) = directives(text) else { return UNREADABLE.to_owned() };
    let mut kept = String::from("private");
    for directive in directives {
        let name = directive.split('=').next().unwrap_or(directive).trim();
        if !["", "public", "private", "s-maxage", "proxy-revalidate"].iter().any(|dropped| name.eq_ignore_ascii_case(dropped)) {
            kept += ", ";
            kept += directive.trim();
        }
    }
    kept
}

/// Splits at the commas outside of quotes; `None` if a quote is not closed.
fn directives(text: &str) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let split = text.split(|letter| {
        let was_escaped = std::mem::take(&mut escaped);
        match letter {
            _ if was_escaped => {}
            '"' => quoted = !quoted,
            '\\' => escaped = quoted,
            _ => {}
        }
        letter == ',' && !quoted
    });
    let directives = split.collect();
    (!quoted).then_some(directives)
}

/// Splits the attribute's text at its lifetimes; `None` if it has none.
fn aging(text: &str) -> Option<Aging> {
    if !text.contains('=') {
        return None;
    }
    let mut lifetimes = Vec::new();
    let mut passed = String::new();
    for (at, directive) in directives(text)?.into_iter().enumerate() {
        if at > 0 {
            passed.push(',');
        }
        if let Some((before, secs, after)) = lifetime(directive) {
            passed.push_str(before);
            lifetimes.push((std::mem::replace(&mut passed, after.to_owned()), secs));
        } else {
            passed.push_str(directive);
        }
    }
    (!lifetimes.is_empty()).then_some(Aging { lifetimes, after: passed })
}

/// `max-age=N` or `s-maxage=N`, split into the text before the number, the number, and the text after it.
fn lifetime(directive: &str) -> Option<(&str, u64, &str)> {
    let name = directive.split('=').next()?;
    ["max-age", "s-maxage"].iter().any(|known| name.trim_start().eq_ignore_ascii_case(known)).then_some(())?;
    let (before, value) = directive.split_at_checked(name.len() + 1)?;
    let digits = value.trim_end();
    let after = value.get(digits.len()..)?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then_some(())?;
    Some((before, digits.parse().ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(own: &[&'static str], cache_control: Option<&'static str>, private: bool, age: u64) -> String {
        let cache_control = cache_control.map_or(CacheControlSetting::Default, CacheControlSetting::Is);
        sent_with(own, cache_control, private, age)
    }

    fn sent_with(own: &[&'static str], cache_control: CacheControlSetting, private: bool, age: u64) -> String {
        let mut fields = HeaderMap::new();
        for line in own {
            fields.append(header::CACHE_CONTROL, HeaderValue::from_static(line));
        }
        let later = ForClients::of(&Terms { cache_control, private, forwards: false, targeted: &[] }).write(&mut fields);
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
    fn without_cache_control_only_private_is_added() {
        let none = CacheControlSetting::Untouched;
        assert_eq!(sent_with(&[], none, false, 9), "");
        assert_eq!(sent_with(&["max-age=5"], none, false, 9), "max-age=5");
        assert_eq!(sent_with(&[], none, true, 9), "private");
        assert_eq!(sent_with(&["public, max-age=5"], none, true, 9), "private, max-age=5");
        for (private, said) in [(false, None), (true, Some("private"))] {
            let mut fields = HeaderMap::new();
            ForClients::not_stored(&mut fields, &Terms { cache_control: none, private, forwards: false, targeted: &[] });
            assert_eq!(fields.get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap()), said);
        }
    }

    #[test]
    fn a_response_from_a_backend_keeps_its_lifetimes() {
        for private in [false, true] {
            let mut fields = HeaderMap::new();
            let terms = Terms { cache_control: CacheControlSetting::Is("public, max-age=60"), private, forwards: false, targeted: &[] };
            let first = ForClients::of(&terms).write(&mut fields);
            let again = ForClients::again(terms.cache_control, false, &fields);
            assert_eq!(first.at(9), again.at(9));
        }
        let mut own = HeaderMap::new();
        own.insert(header::CACHE_CONTROL, HeaderValue::from_static("max-age=5"));
        assert_eq!(ForClients::again(CacheControlSetting::Is("max-age=60"), false, &own).at(9), None);
    }

    #[test]
    fn no_line_of_the_handler_is_lost() {
        let mut own = HeaderMap::new();
        own.append(header::CACHE_CONTROL, HeaderValue::from_static("max-age=60"));
        own.append(header::CACHE_CONTROL, HeaderValue::from_static("must-revalidate"));
        assert_eq!(ForClients::again(CacheControlSetting::Is("max-age=60"), false, &own).at(9), None);
    }

    #[test]
    fn a_personal_response_never_says_public_and_keeps_no_store() {
        assert_eq!(sent(&["x=\"\\\"\", public, s-maxage=9"], None, true, 0), "private, x=\"\\\"\"");
        let mut fields = HeaderMap::new();
        fields.insert(header::CACHE_CONTROL, HeaderValue::from_bytes(b"no-store, x=\"\xe9\"").unwrap());
        ForClients::not_stored(
            &mut fields,
            &Terms { cache_control: CacheControlSetting::Default, private: true, forwards: false, targeted: &[] },
        );
        let said = String::from_utf8_lossy(fields[header::CACHE_CONTROL].as_bytes()).into_owned();
        assert!(said.starts_with("private, no-store"), "{said}");
    }

    #[test]
    fn both_lifetimes_of_the_attribute_count_from_the_answer() {
        assert_eq!(sent(&[], Some("s-maxage=60"), false, 9), "s-maxage=69");
        assert_eq!(sent(&[], Some("max-age=0, S-MaxAge=60, x"), false, 9), "max-age=9, S-MaxAge=69, x");
        assert_eq!(sent(&[], Some("x=\"a, max-age=5\""), false, 9), "x=\"a, max-age=5\"");
        assert_eq!(sent(&[], Some("max-age=5, s-maxage=7"), true, 9), "private, max-age=14");
    }
}
