//! Sequences of requests, sent to both sides; and the shortest of those that set them at odds.

use std::time::Duration;

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use cached_handler::{Cache, CacheLayer, Outcome, Target, testing::TestCache};
use cached_handler_tests::harness::{Dict, Random};
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::{
    asks::{Ask, Condition, Step},
    judge::{Known, Reply},
    model::Model,
    plan::Plan,
};

/// What is compared: the same program with the cache, and without.
pub struct Sides {
    pub live: Router,
    pub bare: Router,
    pub models: [Model; 2],
    /// Where the cache stores.
    pub backend: &'static str,
    /// With a layer in the place of attributes: nobody but the caller invalidates what writes elsewhere have changed, and what
    /// is none of the layer's business is as without.
    pub is_layer: bool,
    /// The cache has no part in any answer: each is that of the other side, field for field.
    pub is_untouched: bool,
    /// Undoes what the last sequence has changed.
    pub begin: Box<dyn Fn()>,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Seen {
    pub requests: usize,
    pub hits: usize,
    pub unchanged: usize,
    pub parts: usize,
    pub coded: usize,
}

impl std::ops::Add for Seen {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            hits: self.hits + other.hits,
            unchanged: self.unchanged + other.unchanged,
            parts: self.parts + other.parts,
            coded: self.coded + other.coded,
        }
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { requests, hits, unchanged, parts, coded } = self;
        write!(f, "{requests} requests, {hits} of them hits, {unchanged} answered 304, {parts} 206, {coded} compressed")
    }
}

impl Sides {
    pub fn of(plan: &Plan, backend: &'static str) -> Self {
        let models = [(); 2].map(|()| Model::default());
        let (live, bare) = (plan.live(&models[0]), plan.bare(&models[1]));
        Self { live, bare, models, backend, is_layer: false, is_untouched: backend == "off", begin: Box::new(|| {}) }
    }

    /// Plain handlers behind the layer, and without.
    pub fn behind(layer: CacheLayer, plan: &Plan) -> Self {
        let models = [(); 2].map(|()| Model::default());
        let (live, bare) = (plan.bare(&models[0]).layer(layer), plan.bare(&models[1]));
        Self { live, bare, models, backend: "memory", is_layer: true, is_untouched: false, begin: Box::new(|| {}) }
    }

    /// The same with a cache that has no part in any answer.
    pub fn untouched(self, backend: &'static str) -> Self {
        Self { backend, is_untouched: true, ..self }
    }

    fn cache(&self) -> TestCache {
        match self.backend {
            "dict" => TestCache::with(|builder| builder.backend("dict", Dict::default()).default_backend("dict")),
            _ => TestCache::new(),
        }
    }

    /// The first step at which they are at odds, and how.
    async fn play(&self, steps: &[Step], seen: &mut Seen) -> Result<(), (usize, String)> {
        self.models.iter().for_each(Model::begin_anew);
        (self.begin)();
        let (test, mut known) = (self.cache(), Known::default());
        let cache = if self.backend == "off" {
            Cache::builder().off().cache_status("off").build().await.expect("none")
        } else {
            test.cache().clone()
        };
        for (at, step) in steps.iter().enumerate() {
            let (ask, times) = match step {
                Step::Later(secs) => {
                    test.clock().advance(Duration::from_secs(*secs));
                    continue;
                }
                Step::Ask(ask) => (ask, 1),
                Step::Together(ask, times) => (ask, *times),
            };
            let asked = known.fields(ask);
            let sends = |_| send(&self.live, request(ask, &asked), Some(&cache));
            let lives = join_all((0..times).map(sends)).await;
            let mut bare = send(&self.bare, request(ask, if self.is_untouched { &asked } else { &[] }), None).await;
            if ask.method == "HEAD" && !ask.target.contains("by_method") {
                // What its GET would be sent. Where it is none of its business, axum says 0 behind a layer.
                let got = send(&self.bare, request(&Ask { method: "GET", ..ask.clone() }, &[]), None).await;
                bare.got = Some(Box::new(got));
            }
            if !matches!(ask.method, "GET" | "HEAD") && self.is_layer {
                cache.invalidate(Target::all()).await.expect("invalidated");
            }
            for live in lives {
                seen.requests += 1;
                seen.hits += usize::from(live.is_hit);
                seen.unchanged += usize::from(live.status == 304);
                seen.parts += usize::from(live.status == 206);
                seen.coded += usize::from(live.is_coded());
                if self.is_untouched && !bare.is_same(&live) {
                    return Err((at, format!("{live:?} is not the answer without a cache, {bare:?}")));
                }
                if let Err(why) = known.judge(ask, &live, &bare)
                    && !self.is_untouched
                    && !(self.is_layer && live.is_passed_on(&send(&self.bare, request(ask, &asked), None).await))
                {
                    return Err((at, why));
                }
            }
        }
        Ok(())
    }

    /// Plays it, and where they are at odds finds the shortest sequence that shows it.
    pub async fn agree(&self, steps: &[Step], seen: &mut Seen) -> Result<(), String> {
        let Err((_, first)) = self.play(steps, seen).await else { return Ok(()) };
        let Some((shortest, why)) = self.shortest(steps).await else {
            return Err(format!("{first}, once, at the end of {steps:#?}"));
        };
        let shortest: Vec<_> = shortest.iter().map(|step| format!("  {step:?}")).collect();
        Err(format!("{why}, at the end of\n{}\n(in {})", shortest.join("\n"), self.backend))
    }

    /// The shortest sequence that is at odds, of the steps of one that is, and what is wrong with it.
    async fn shortest(&self, steps: &[Step]) -> Option<(Vec<Step>, String)> {
        let mut seen = Seen::default();
        let (at, mut why) = self.play(steps, &mut seen).await.err()?;
        let mut shortest = steps[..=at].to_vec();
        let mut is_shorter = true;
        while is_shorter {
            is_shorter = false;
            let mut next = 0;
            while next < shortest.len() {
                let tries = without(&shortest, next).into_iter().chain(simpler(&shortest, next));
                let mut found = None;
                for steps in tries {
                    if let Err((at, why)) = self.play(&steps, &mut seen).await {
                        found = Some((steps[..=at].to_vec(), why));
                        break;
                    }
                }
                match found {
                    Some((fewer, reason)) => (shortest, why, is_shorter) = (fewer, reason, true),
                    None => next += 1,
                }
            }
        }
        Some((shortest, why))
    }
}

fn without(steps: &[Step], at: usize) -> Option<Vec<Step>> {
    (steps.len() > 1).then(|| [&steps[..at], &steps[at + 1..]].concat())
}

/// The same steps, one of them with less to it.
fn simpler(steps: &[Step], at: usize) -> Vec<Vec<Step>> {
    let mut simpler = Vec::new();
    let mut put = |step: Step| {
        let mut steps = steps.to_vec();
        steps[at] = step;
        simpler.push(steps);
    };
    match &steps[at] {
        Step::Later(_) => {}
        Step::Together(ask, _) => put(Step::Ask(ask.clone())),
        Step::Ask(ask) => {
            for field in 0..ask.fields.len() {
                let mut ask = ask.clone();
                ask.fields.remove(field);
                put(Step::Ask(ask));
            }
            if ask.condition != Condition::None {
                put(Step::Ask(Ask { condition: Condition::None, ..ask.clone() }));
            }
            if let Some((path, _)) = ask.target.split_once('?') {
                put(Step::Ask(Ask { target: path.to_owned(), ..ask.clone() }));
            }
        }
    }
    simpler
}

fn request(ask: &Ask, asked: &[(&'static str, String)]) -> Request<Body> {
    let mut request = Request::builder().method(ask.method).uri(&ask.target);
    for (name, value) in &ask.fields {
        request = request.header(*name, *value);
    }
    for (name, value) in asked {
        request = request.header(*name, value);
    }
    request.body(Body::empty()).expect("a request")
}

async fn send(router: &Router, mut request: Request<Body>, cache: Option<&Cache>) -> Reply {
    if let Some(cache) = cache {
        request.extensions_mut().insert(cache.clone());
    }
    let response: Response<Body> = router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
    let (parts, body) = response.into_parts();
    let is_hit = matches!(parts.extensions.get(), Some(Outcome::Hit { .. }));
    let sent = body.collect().await.expect("content").to_bytes().to_vec();
    Reply::of(parts.status, parts.headers, sent, is_hit)
}

async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut is_ready = true;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => is_ready = false,
                }
            }
        }
        if is_ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, output)| output).collect()
}

/// Steps for an episode: few routes, so that they meet.
pub fn episode(random: &mut Random, plan: &Plan, length: usize) -> Vec<Step> {
    let near: Vec<_> = (0..3).map(|_| random.below(plan.routes.len())).collect();
    let near: Vec<_> = near.into_iter().filter(|route| !WRITES.contains(&plan.routes[*route].shape.name)).collect();
    let near = if near.is_empty() { vec![0] } else { near };
    (0..length).map(|_| Step::at_random(random, plan, &near)).collect()
}

const WRITES: [&str; 4] = ["by_group", "by_path", "by_handler", "everything"];
