//! What is asked, at random, and what a client does with what it has.

use cached_handler_tests::harness::Random;

use super::{
    model::CELLS,
    plan::{Plan, Route},
};

/// A step of a sequence. What it depends on of the answers before, it names by how long ago they were.
#[derive(Debug, Clone)]
pub enum Step {
    Ask(Ask),
    /// At once, while others ask the same.
    Together(Ask, usize),
    /// Seconds pass.
    Later(u64),
}

#[derive(Clone)]
pub struct Ask {
    pub method: &'static str,
    pub target: String,
    pub fields: Vec<(&'static str, &'static str)>,
    pub condition: Condition,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}", self.method, self.target, self.fields)?;
        if self.condition == Condition::None { Ok(()) } else { write!(f, " {:?}", self.condition) }
    }
}

/// By the validators of the answer to the same target that was received so many answers ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    None,
    IfNoneMatch(usize),
    IfNoneMatchAny,
    IfNoneMatchOther,
    IfModifiedSince(usize),
    /// Since it was received: a client may ask so where it was told no time (RFC 9110 §13.1.3).
    IfModifiedSinceItsDate(usize),
    IfMatch(usize),
    IfMatchOther,
    IfUnmodifiedSince(usize),
    Range(&'static str),
    IfRange(usize, &'static str),
    IfRangeDate(usize, &'static str),
}

const RANGES: [&str; 7] = ["bytes=0-3", "bytes=2-", "bytes=-4", "bytes=0-100000", "bytes=90000-", "bytes=1-1,3-3", "bytes=3-1"];

const FIELDS: [(&str, &str); 14] = [
    ("accept-language", "de"),
    ("accept-language", "en"),
    ("x-flavour", "sweet"),
    ("x-user", "ann"),
    ("x-user", "berta"),
    ("cookie", "theme=dark; sid=1"),
    ("cookie", "sid=2"),
    ("user-agent", "a"),
    ("accept-encoding", "gzip"),
    ("accept-encoding", "gzip;q=0.5, identity;q=0.1"),
    ("origin", "https://a.example"),
    ("x-other", "1"),
    ("cache-control", "no-cache"),
    ("x-forwarded-host", "b.example"),
];

const QUERIES: [&str; 8] =
    ["?page=1", "?page=2&tag=a", "?tag=a&page=2", "?page=x", "?", "?utm_source=mail", "?tag=a%26b", "?page=1&page=2"];

impl Step {
    pub fn at_random(random: &mut Random, plan: &Plan, near: &[usize]) -> Self {
        match random.below(24) {
            0 => return Self::Later([1, 6, 15, 61][random.below(4)]),
            1..3 => {
                let writes = ["by_group", "by_path", "by_handler", "everything", "resource"];
                // All at once is seldom.
                let name = writes[if random.one_in(6) { 3 } else { random.below(writes.len()) }];
                let method = match name {
                    "by_path" => "PUT",
                    "by_handler" => "DELETE",
                    "resource" => ["POST", "PUT", "DELETE"][random.below(3)],
                    _ => "POST",
                };
                let target = format!("/{name}/{}", random.below(CELLS as usize));
                return Self::Ask(Ask { method, target, fields: Vec::new(), condition: Condition::None });
            }
            _ => {}
        }
        // The routes of an episode are few, so that it comes back to what is stored.
        let route = &plan.routes[near[random.below(near.len())]];
        let ask = Ask::at_random(random, route);
        if random.one_in(20) && ask.condition == Condition::None { Self::Together(ask, 2 + random.below(3)) } else { Self::Ask(ask) }
    }
}

impl Ask {
    fn at_random(random: &mut Random, route: &Route) -> Self {
        let id = random.below(CELLS as usize);
        let rest = route.shape.rest.replace("{id}", &id.to_string()).replace("{name}", ["x", "y%20z", "%C3%A4"][random.below(3)]);
        let nest = route.nest.replace("{tenant}", ["t", "u"][random.below(2)]);
        let query = if random.one_in(3) { QUERIES[random.below(QUERIES.len())] } else { "" };
        let fields = some_fields(random);
        let method = if random.one_in(8) { "HEAD" } else { "GET" };
        let condition = if random.one_in(3) { Condition::at_random(random, route.around.keeps_bytes()) } else { Condition::None };
        Self { method, target: format!("{nest}/{}{rest}{query}", route.shape.name), fields, condition }
    }
}

/// Often none, so that what is stored is found again.
pub fn some_fields(random: &mut Random) -> Vec<(&'static str, &'static str)> {
    let chances = if random.one_in(2) { 6 } else { 100 };
    let mut fields: Vec<_> = FIELDS.iter().filter(|_| random.one_in(chances)).copied().collect();
    fields.dedup_by_key(|field| field.0);
    fields
}

impl Condition {
    /// With parts or without: nobody can cut one of what a layer outside has changed.
    pub fn at_random(random: &mut Random, with_parts: bool) -> Self {
        let ago = random.below(3);
        let range = RANGES[random.below(RANGES.len())];
        match random.below(if with_parts { 14 } else { 10 }) {
            0..3 => Self::IfNoneMatch(ago),
            3 => Self::IfNoneMatchAny,
            4 => Self::IfNoneMatchOther,
            5 | 6 => Self::IfModifiedSince(ago),
            7 => Self::IfMatch(ago),
            8 => [Self::IfMatchOther, Self::IfUnmodifiedSince(ago)][random.below(2)],
            9 => Self::IfModifiedSinceItsDate(ago),
            10 | 11 => Self::Range(range),
            12 => Self::IfRange(ago, range),
            _ => Self::IfRangeDate(ago, range),
        }
    }
}
