//! One attack: what is served, who asks first, who asks then, and what that victim has to get.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, middleware::from_fn_with_state};
use cached_handler::{Cache, testing::TestCache};
use tower::Layer;

use super::{
    naive::{self, Naive},
    wire::{Answer, App, Ask, Server, Wire, app, with_cache},
};

/// Two requests, and the app that answers them.
pub struct Attack {
    pub name: String,
    app: Box<dyn Fn() -> App + Send + Sync>,
    first: Vec<Ask>,
    victim: Ask,
    check: Check,
    then: Then,
    pub wires: &'static [Wire],
}

/// When the victim's answer is its own.
enum Check {
    /// It is what an app without a cache answers: status, end-to-end fields, content.
    Own,
    /// Every run makes another one, and this is nobody else's: neither its content nor its cookies.
    Fresh,
    /// Something else.
    Is(fn(&Answers<'_>) -> bool),
}

/// What the victim gets when it asks once more: an attack is no less one for never being cached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Hits,
    Runs,
    NeverMind,
}

/// What a check looks at.
pub struct Answers<'a> {
    /// To those who asked first.
    pub first: &'a [Answer],
    pub victim: &'a Answer,
}

/// What stands between the clients and the handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// This crate.
    Library,
    /// Nothing: shows that the checks ask for what is right.
    Nothing,
    /// A cache by path alone: shows that the checks see what is wrong.
    Naive,
}

/// `app` is asked by each of `first`, then by `victim`, who has to get what it would get alone.
pub fn attack<A: IntoApp>(
    name: impl Into<String>,
    app: impl Fn() -> A + Send + Sync + 'static,
    first: impl IntoIterator<Item = Ask>,
    victim: Ask,
) -> Attack {
    Attack {
        name: name.into(),
        app: Box::new(move || app().into_app()),
        first: first.into_iter().collect(),
        victim,
        check: Check::Own,
        then: Then::Hits,
        wires: &[Wire::Http1, Wire::H2],
    }
}

/// What a case may serve.
pub trait IntoApp {
    fn into_app(self) -> App;
}

impl IntoApp for Router {
    fn into_app(self) -> App {
        app(self)
    }
}

impl IntoApp for App {
    fn into_app(self) -> App {
        self
    }
}

impl Attack {
    /// The handler gives everybody something else, which is never stored.
    pub fn fresh(mut self) -> Self {
        self.check = Check::Fresh;
        self.then = Then::Runs;
        self
    }

    /// The victim's answer is right if this holds.
    pub fn is(mut self, check: fn(&Answers<'_>) -> bool) -> Self {
        self.check = Check::Is(check);
        self
    }

    /// The victim's answer is not stored.
    pub fn never_stored(mut self) -> Self {
        self.then = Then::Runs;
        self
    }

    /// Whether the victim's answer is stored is beside the point.
    pub fn stored_or_not(mut self) -> Self {
        self.then = Then::NeverMind;
        self
    }

    /// Only HTTP/1.1 can say it.
    pub fn only_http1(mut self) -> Self {
        self.wires = &[Wire::Http1];
        self
    }

    /// Carries it out; `Err` says what went wrong.
    pub async fn carry_out(&self, wire: Wire, guard: Guard) -> Result<(), String> {
        let alone = Server::start(self.guarded(Guard::Nothing).await).await.ask(wire, &self.victim).await;
        let server = Server::start(self.guarded(guard).await).await;
        let mut first = Vec::new();
        for ask in &self.first {
            first.push(server.ask(wire, ask).await);
        }
        let victim = server.ask(wire, &self.victim).await;
        self.judge(&alone, &first, &victim)?;
        if guard != Guard::Library {
            return Ok(());
        }
        first.push(victim);
        let again = server.ask(wire, &self.victim).await;
        match self.then {
            Then::NeverMind => Ok(()),
            Then::Hits if !again.is_hit() => Err(format!("the victim's answer was not stored: {again:?}")),
            Then::Runs if again.is_hit() => Err(format!("the victim's answer was stored: {again:?}")),
            Then::Hits if matches!(self.check, Check::Fresh) => Ok(()),
            Then::Hits | Then::Runs => self.judge(&alone, &first, &again).map_err(|wrong| format!("asking again: {wrong}")),
        }
    }

    async fn guarded(&self, guard: Guard) -> App {
        let service = (self.app)();
        match guard {
            Guard::Library => with_cache(service, TestCache::with(|cache| cache.cache_status("harness")).cache().clone()),
            Guard::Nothing => with_cache(service, off().await),
            Guard::Naive => app(from_fn_with_state(Naive::default(), naive::layer).layer(with_cache(service, off().await))),
        }
    }

    fn judge(&self, alone: &Answer, first: &[Answer], victim: &Answer) -> Result<(), String> {
        let fine = match self.check {
            Check::Own => same(alone, victim),
            Check::Fresh => {
                let cookies = victim.lines("set-cookie");
                let is_others = |other: &Answer| {
                    other.content == victim.content || other.lines("set-cookie").iter().any(|cookie| cookies.contains(cookie))
                };
                victim.status == alone.status && !victim.broken && !first.iter().any(is_others)
            }
            Check::Is(check) => check(&Answers { first, victim }),
        };
        if fine {
            return Ok(());
        }
        Err(format!("{:?}\n    got   {victim:?}\n    alone {alone:?}\n    after {:?} got {first:?}", self.victim, self.first))
    }
}

/// A cache that stores nothing.
async fn off() -> Cache {
    Cache::builder().off().build().await.expect("a cache")
}

/// The same but for what a cache may add or change.
pub fn same(one: &Answer, other: &Answer) -> bool {
    let kept = |answer: &Answer| {
        let mut fields = answer.fields.clone();
        for name in ["date", "age", "cache-status", "etag", "cache-control", "vary", "content-length", "connection"] {
            fields.remove(name);
        }
        fields
    };
    one.status == other.status && one.content == other.content && one.broken == other.broken && kept(one) == kept(other)
}

/// How often a handler ran.
#[derive(Debug, Clone, Default)]
pub struct Runs(Arc<AtomicUsize>);

impl Runs {
    /// The number of this run, from 1 on.
    pub fn next(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}
