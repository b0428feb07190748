//! Whether an answer with a cache is what the handler says at that moment (RFC 9110 §13, §14), by what a client knows.

mod fields;

use std::{collections::HashMap, io::Read};

use self::fields::{agree, fields_agree, is_made_private, members};
use super::asks::{Ask, Condition};
use axum::http::{HeaderMap, StatusCode};

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: StatusCode,
    pub fields: HeaderMap,
    /// Without the coding that a layer has put it into.
    pub content: Vec<u8>,
    /// As it was sent.
    sent: Vec<u8>,
    pub is_hit: bool,
    /// Of HEAD: what GET is sent.
    pub got: Option<Box<Reply>>,
}

impl Reply {
    pub fn of(status: StatusCode, fields: HeaderMap, sent: Vec<u8>, is_hit: bool) -> Self {
        let mut content = Vec::new();
        let is_coded = !sent.is_empty() && fields.get("content-encoding").is_some_and(|coding| coding == "gzip");
        // A part cannot be undone, and what a file says of itself need not be so.
        if !is_coded || flate2::read::GzDecoder::new(&sent[..]).read_to_end(&mut content).is_err() {
            content.clone_from(&sent);
        }
        Self { status, fields, content, sent, is_hit, got: None }
    }

    /// Whether a layer has put it into a coding.
    pub fn is_coded(&self) -> bool {
        self.sent != self.content
    }

    /// A layer of compression stands outside, and would compress this for whoever accepts it. No handler says so itself.
    fn may_be_coded(&self) -> bool {
        members(&self.lines("vary")).contains(&CODED.to_owned())
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(|value| value.to_str().ok())
    }

    fn lines(&self, name: &str) -> Vec<&[u8]> {
        self.fields.get_all(name).iter().map(axum::http::HeaderValue::as_bytes).collect()
    }

    /// Whether it is the very same answer.
    pub fn is_same(&self, other: &Self) -> bool {
        self.status == other.status && self.sent == other.sent && self.fields == other.fields
    }

    /// Whether it is the answer of a service that is asked the same itself: one for files looks at `Range`, and not at
    /// `If-Range`.
    pub fn is_passed_on(&self, of_the_service: &Self) -> bool {
        self.status == of_the_service.status && self.sent == of_the_service.sent && fields_agree(self, of_the_service, &[]).is_ok()
    }

    /// What a validator stands for. A weak one stands for all codings of one content (RFC 9110 §8.8.1).
    fn is_as(&self, other: &Self, is_weak: bool) -> bool {
        let same = |name| self.lines(name) == other.lines(name);
        self.status == other.status && self.content == other.content && same("content-type") && (is_weak || same("content-encoding"))
    }
}

/// What a client has received, by target, the last one first, and what it had sent.
#[derive(Default)]
pub struct Known(HashMap<String, Vec<(Sent, Reply)>>);

type Sent = Vec<(&'static str, &'static str)>;

/// What the layer of compression adds to `Vary`.
const CODED: &str = "accept-encoding";
/// The layer leaves alone what is shorter, where that is known.
const LEAST_CODED: usize = 32;

/// What a cache adds, as the guide says.
const ADDED: [&str; 5] = ["age", "cache-control", "date", "etag", "vary"];
/// What a 304 has to have where a 200 would (RFC 9110 §15.4.5).
const OF_304: [&str; 6] = ["cache-control", "content-location", "date", "etag", "expires", "vary"];

/// What a 304 says otherwise than the whole, or the server instead of it.
const OF_THE_ANSWER: [&str; 3] = ["content-length", "date", "vary"];

impl Known {
    fn of(&self, target: &str, ago: usize, has: &str) -> Option<&Reply> {
        self.received(target).rev().filter(|reply| reply.fields.contains_key(has)).nth(ago)
    }

    fn received(&self, target: &str) -> impl DoubleEndedIterator<Item = &Reply> {
        self.0.get(target).into_iter().flatten().map(|(_, reply)| reply)
    }

    /// By whoever sends the same: others have other variants.
    fn received_by(&self, ask: &Ask) -> impl DoubleEndedIterator<Item = &Reply> {
        self.0.get(&ask.target).into_iter().flatten().filter(|(sent, _)| *sent == ask.fields).map(|(_, reply)| reply)
    }

    /// The fields of a condition, as a client writes them that has what this one has; and whether it knows nothing to ask by.
    pub fn fields(&self, ask: &Ask) -> Vec<(&'static str, String)> {
        let by = |ago, has| self.of(&ask.target, ago, has).and_then(|reply| reply.field(has)).map(str::to_owned);
        // Whoever asks by a time has the variant that its fields select: of others a time says nothing.
        let of_its = |ago, has| self.received_by(ask).rev().filter_map(|reply| reply.field(has)).nth(ago).map(str::to_owned);
        let of = |name, value: Option<String>| value.map(|value| (name, value)).into_iter().collect::<Vec<_>>();
        let range = |range: &str| ("range", range.to_owned());
        match ask.condition {
            Condition::None => Vec::new(),
            Condition::IfNoneMatch(ago) => of("if-none-match", by(ago, "etag")),
            Condition::IfNoneMatchAny => of("if-none-match", Some("*".to_owned())),
            Condition::IfNoneMatchOther => of("if-none-match", Some("\"other\", W/\"another\"".to_owned())),
            Condition::IfModifiedSince(ago) => of("if-modified-since", of_its(ago, "last-modified")),
            Condition::IfModifiedSinceItsDate(ago) => of("if-modified-since", of_its(ago, "date")),
            Condition::IfMatch(ago) => of("if-match", by(ago, "etag")),
            Condition::IfMatchOther => of("if-match", Some("\"other\"".to_owned())),
            Condition::IfUnmodifiedSince(ago) => of("if-unmodified-since", of_its(ago, "last-modified")),
            Condition::Range(bytes) => vec![range(bytes)],
            Condition::IfRange(ago, bytes) => by(ago, "etag").map_or_else(Vec::new, |tag| vec![("if-range", tag), range(bytes)]),
            Condition::IfRangeDate(ago, bytes) => {
                of_its(ago, "last-modified").map_or_else(Vec::new, |date| vec![("if-range", date), range(bytes)])
            }
        }
    }

    /// Whether `live` may be said to whoever asks so, where the handler says `bare`. What it says is known from then on.
    pub fn judge(&mut self, ask: &Ask, live: &Reply, bare: &Reply) -> Result<(), String> {
        let asked = self.fields(ask);
        let asked = |name: &str| asked.iter().find(|(asked, _)| *asked == name).map(|(_, value)| value.as_str());
        if live.status != bare.status && live.status.is_success() != bare.status.is_success() || live.status == 206 && bare.status == 200 {
            if !bare.status.is_success() || !matches!(ask.method, "GET" | "HEAD") {
                return Err(format!("{} in the place of {}", live.status, bare.status));
            }
            return match live.status.as_u16() {
                304 => {
                    self.may_be_304(ask, live, bare, asked("if-none-match"), asked("if-modified-since"))?;
                    self.learn(ask, live, bare);
                    Ok(())
                }
                412 => self.may_be_412(ask, live, bare, asked("if-match"), asked("if-unmodified-since")),
                206 => self.may_be_206(ask, live, bare, asked("range"), asked("if-range")),
                416 => match asked("range").and_then(|range| cut(&bare.content, range)) {
                    // A service that is asked itself may say more of it.
                    None if asked("range").is_some() => Ok(()),
                    _ => Err("416 for a range that is there".to_owned()),
                },
                _ => Err(format!("{} in the place of {}", live.status, bare.status)),
            };
        }
        agree(ask.method, live, bare)?;
        self.one_tag_is_one_representation(ask, live, bare)?;
        if ask.method == "GET" && live.status == 200 {
            self.0.entry(ask.target.clone()).or_default().push((ask.fields.clone(), live.clone()));
        }
        Ok(())
    }

    /// A 304 tells whoever asked by a date which tag the content has now.
    fn learn(&mut self, ask: &Ask, not_modified: &Reply, bare: &Reply) {
        if ask.method != "GET" || not_modified.field("etag").is_none_or(|tag| self.is_last_tag(ask, tag)) {
            return;
        }
        let mut reply = bare.clone();
        reply.fields.extend(not_modified.fields.clone());
        self.0.entry(ask.target.clone()).or_default().push((ask.fields.clone(), reply));
    }

    fn may_be_304(&self, ask: &Ask, live: &Reply, bare: &Reply, tags: Option<&str>, since: Option<&str>) -> Result<(), String> {
        empty(live)?;
        // RFC 9110 §15.4.5 wants the `Vary` of the 200. The layer of compression adds it to what it would compress, and that is
        // no 304; nobody inside knows of the layer. What else the 200 varies on is there.
        let is_said = |member: &String| member == CODED || members(&live.lines("vary")).contains(member);
        if !members(&bare.lines("vary")).iter().all(is_said) {
            return Err("a 304 that varies on less".to_owned());
        }
        let is_left_out = |name: &str| name != "vary" && bare.fields.contains_key(name) && !live.fields.contains_key(name);
        if let Some(name) = OF_304.iter().find(|name| is_left_out(name)) {
            return Err(format!("a 304 without `{name}`"));
        }
        for name in live.fields.keys().filter(|name| bare.fields.contains_key(*name) && !OF_THE_ANSWER.contains(&name.as_str())) {
            // What a layer outside adds, it adds to a 304 too, which has not the lines of the handler.
            let said = bare.lines(name.as_str());
            let found = live.lines(name.as_str());
            if !found.iter().all(|line| said.contains(line)) && !is_made_private(name.as_str(), &found) {
                return Err(format!("a 304 with another `{name}`"));
            }
        }
        match (tags, since) {
            (Some("*"), _) => Ok(()),
            (Some(tag), _) => self.stands_for(ask, "etag", tag, bare),
            (None, Some(date)) if matches!(ask.condition, Condition::IfModifiedSinceItsDate(_)) => self.is_of_no_later(ask, date, bare),
            (None, Some(date)) => self.stands_for(ask, "last-modified", date, bare),
            (None, None) => Err("304 for whoever has asked without a condition".to_owned()),
        }
    }

    /// Whether whoever was sent this at that second, whatever it was, has what the handler says now.
    fn is_of_no_later(&self, ask: &Ask, date: &str, bare: &Reply) -> Result<(), String> {
        // A handler's own time is its own word.
        if bare.fields.contains_key("last-modified") {
            return Ok(());
        }
        let now = bare.got.as_deref().unwrap_or(bare);
        match self.received_by(ask).filter(|reply| reply.field("date") == Some(date)).find(|reply| !reply.is_as(now, true)) {
            Some(old) => Err(format!("304, and at {date} this was sent: {:?}", String::from_utf8_lossy(&old.content))),
            None => Ok(()),
        }
    }

    /// Whether whoever was sent this validator has what the handler says now.
    fn stands_for(&self, ask: &Ask, name: &str, validator: &str, bare: &Reply) -> Result<(), String> {
        let opaque = |tag: &str| tag.trim_start_matches("W/").to_owned();
        let is_weak = validator.starts_with("W/");
        let sent: Vec<_> =
            self.received(&ask.target).filter(|reply| reply.field(name).is_some_and(|sent| opaque(sent) == opaque(validator))).collect();
        let now = bare.got.as_deref().unwrap_or(bare);
        // A date says the same of each variant.
        let is_right = name == "last-modified" && sent.iter().any(|reply| reply.is_as(now, true));
        match sent.iter().find(|reply| !is_right && !reply.is_as(now, is_weak || bare.may_be_coded())) {
            _ if sent.is_empty() => Err(format!("`{name}: {validator}` was sent to nobody")),
            Some(old) => Err(format!("`{name}: {validator}` was sent with {:?}", String::from_utf8_lossy(&old.content))),
            None => Ok(()),
        }
    }

    fn may_be_412(&self, ask: &Ask, live: &Reply, bare: &Reply, tag: Option<&str>, since: Option<&str>) -> Result<(), String> {
        empty(live)?;
        match (tag, since) {
            (Some(tag), _) if tag.starts_with("W/") || tag == "\"other\"" => Ok(()),
            // Of what streams, each run has a tag of its own.
            (Some(tag), _) if bare.field("etag").is_none() && !self.is_last_tag(ask, tag) => Ok(()),
            // Of no content, and of what it may not store, a cache makes no tag.
            (Some(_), _) if !live.is_hit && bare.field("etag").is_none() => Ok(()),
            // For whoever accepts a coding, the tag that the cache makes is weak, and `If-Match` compares strongly.
            (Some(_), _) if bare.field("etag").is_none() && ask.fields.iter().any(|(name, _)| *name == "accept-encoding") => Ok(()),
            (Some(tag), _) if self.stands_for(ask, "etag", tag, bare).is_ok() && bare.field("etag").is_none_or(|now| now == tag) => {
                Err(format!("412, and `{tag}` is what is there"))
            }
            (None, Some(date)) if bare.field("last-modified") == Some(date) => Err(format!("412, and it is of {date}")),
            (None, None) => Err("412 without a condition".to_owned()),
            _ => Ok(()),
        }
    }

    /// Whether nobody was sent another since, in its own variant or any.
    fn is_last_tag(&self, ask: &Ask, tag: &str) -> bool {
        let of_its_variant = self.received_by(ask).rev().find_map(|reply| reply.field("etag"));
        let of_any = self.of(&ask.target, 0, "etag").and_then(|reply| reply.field("etag"));
        of_its_variant == Some(tag) && of_any == Some(tag)
    }

    fn may_be_206(&self, ask: &Ask, live: &Reply, bare: &Reply, range: Option<&str>, only: Option<&str>) -> Result<(), String> {
        let Some((first, last)) = range.and_then(|range| cut(&bare.content, range)) else {
            return Err("a part that nobody asked for".to_owned());
        };
        let said = format!("bytes {first}-{last}/{}", bare.content.len());
        if live.content != bare.content[first..=last] || live.field("content-range") != Some(&said) {
            return Err(format!("not the part {first} to {last}"));
        }
        if let Some(only) = only {
            let name = if only.contains('"') { "etag" } else { "last-modified" };
            if only.starts_with("W/") {
                return Err("a part by a weak tag".to_owned());
            }
            self.stands_for(ask, name, only, bare)?;
        }
        fields_agree(live, bare, &["content-range", "content-length"])
    }

    /// RFC 9110 §8.8.1: a strong tag names one sequence of bytes of all that a resource has ever had.
    fn one_tag_is_one_representation(&self, ask: &Ask, live: &Reply, bare: &Reply) -> Result<(), String> {
        // Inside a layer that compresses, a handler's own tag should be weak; it is the handler's word all the same.
        if bare.may_be_coded() && bare.field("etag").is_some() {
            return Ok(());
        }
        let Some(tag) = live.field("etag").filter(|tag| !tag.starts_with("W/") && ask.method == "GET" && live.status == 200) else {
            return Ok(());
        };
        match self.received(&ask.target).filter(|reply| reply.field("etag") == Some(tag)).find(|reply| reply.sent != live.sent) {
            Some(other) => Err(format!("{tag} has stood for {:?}", String::from_utf8_lossy(&other.content))),
            None => Ok(()),
        }
    }
}

fn empty(live: &Reply) -> Result<(), String> {
    if live.content.is_empty() { Ok(()) } else { Err(format!("{} with content", live.status)) }
}

/// The first and the last byte of a single range that can be satisfied.
fn cut(content: &[u8], range: &str) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let end = content.len().checked_sub(1)?;
    let (first, last) = if first.is_empty() {
        (content.len().saturating_sub(last.parse().ok()?), end)
    } else {
        (first.parse().ok()?, if last.is_empty() { end } else { last.parse::<usize>().ok()?.min(end) })
    };
    (first <= last).then_some((first, last))
}
