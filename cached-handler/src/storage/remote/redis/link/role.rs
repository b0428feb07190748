//! Whether the server is still the primary, asked again while look-ups go on.
//!
//! A primary that is demoted while its link to the new one is down keeps its connections, answers reads, and hears of no
//! invalidation any more. So the question travels with a look-up, in one pipeline: it costs no round trip, and an answer
//! that comes with "replica" is not used. It is asked with every look-up that comes later than [`INTERVAL`] after the last
//! question, and after every error.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use ::redis::{Cmd, Value};
use tokio::time::Instant;

/// For so long at most a demoted primary goes on answering.
const INTERVAL: Duration = Duration::from_millis(100);

/// When and how the server is asked for its role.
#[derive(Debug)]
pub(super) struct Role {
    since: Instant,
    /// When it is to be asked next, in microseconds.
    due: AtomicU64,
    /// Its user may not send `ROLE`; `HELLO` is everybody's.
    by_hello: AtomicBool,
}

/// What the server says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::storage::remote::redis) enum Says {
    Primary,
    Replica,
    /// It does not know the question, as what stands before a server may not.
    Nothing,
}

impl Role {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), due: AtomicU64::new(0), by_hello: AtomicBool::new(false) }
    }

    /// The question, where it is time for it. One of several look-ups at a time asks.
    pub(super) fn question(&self, now: Instant) -> Option<Cmd> {
        let (now, due) = (self.micros(now), self.due.load(Ordering::Relaxed));
        let next = now.saturating_add(u64::try_from(INTERVAL.as_micros()).unwrap_or(u64::MAX));
        if now < due || self.due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return None;
        }
        Some(self.command())
    }

    pub(super) fn command(&self) -> Cmd {
        ::redis::cmd(if self.by_hello.load(Ordering::Relaxed) { "HELLO" } else { "ROLE" })
    }

    /// What came of it. Where `ROLE` was refused, the next question is `HELLO`.
    pub(super) fn answered(&self, answer: &Value) -> Says {
        if matches!(answer, Value::ServerError(_)) {
            if !self.by_hello.swap(true, Ordering::Relaxed) {
                self.ask_soon();
            }
            return Says::Nothing;
        }
        says(answer)
    }

    /// With the next look-up.
    pub(super) fn ask_soon(&self) {
        self.due.store(0, Ordering::Relaxed);
    }

    fn micros(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.since).as_micros()).unwrap_or(u64::MAX)
    }
}

/// `ROLE` answers with the role first, and `HELLO` with names and values.
pub(in crate::storage::remote::redis) fn says(answer: &Value) -> Says {
    let first = || if let Value::Array(values) = answer { values.first() } else { None };
    match named(answer, b"role").or_else(first).and_then(text) {
        Some(b"master") => Says::Primary,
        Some(b"slave" | b"replica") => Says::Replica,
        _ => Says::Nothing,
    }
}

/// The version that `HELLO` gives.
pub(in crate::storage::remote::redis) fn version(answer: &Value) -> Option<Cow<'_, str>> {
    named(answer, b"version").and_then(text).map(String::from_utf8_lossy)
}

fn named<'a>(answer: &'a Value, wanted: &[u8]) -> Option<&'a Value> {
    let is_it = |name: &Value| text(name) == Some(wanted);
    match answer {
        Value::Array(values) => values.as_chunks::<2>().0.iter().find_map(|[name, value]| is_it(name).then_some(value)),
        Value::Map(pairs) => pairs.iter().find_map(|(name, value)| is_it(name).then_some(value)),
        _ => None,
    }
}

fn text(value: &Value) -> Option<&[u8]> {
    match value {
        Value::BulkString(text) => Some(text),
        Value::SimpleString(text) => Some(text.as_bytes()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn the_role_is_read_from_either_command_in_either_protocol() {
        for (role, expected) in [("master", Says::Primary), ("slave", Says::Replica), ("sentinel", Says::Nothing)] {
            let by_role = Value::Array(vec![bulk(role), Value::Int(7), Value::Array(Vec::new())]);
            let hello = [bulk("server"), bulk("redis"), bulk("role"), bulk(role)];
            let map = Value::Map(vec![(bulk("server"), bulk("redis")), (bulk("role"), bulk(role))]);
            for answer in [by_role, Value::Array(hello.to_vec()), map] {
                assert_eq!(says(&answer), expected, "{answer:?}");
            }
        }
        for odd in [Value::Nil, Value::Okay, Value::Array(Vec::new()), Value::Int(3)] {
            assert_eq!(says(&odd), Says::Nothing);
        }
    }

    #[test]
    fn one_of_many_look_ups_asks_and_the_next_a_moment_later() {
        let role = Role::new();
        let start = role.since;
        assert!(role.question(start).is_some());
        for early in [0, 1, 99] {
            assert!(role.question(start + Duration::from_millis(early)).is_none());
        }
        assert!(role.question(start + INTERVAL).is_some());
        assert!(role.question(start + INTERVAL).is_none());
        role.ask_soon();
        assert!(role.question(start + INTERVAL).is_some());
    }
}
