//! The same program with the cache and without, asked the same at random: every answer with it is what the handler says at that
//! moment, or a 304, a part or a 412 that RFC 9110 allows for it. State changes only together with its invalidation.

mod answers;
mod asks;
mod files;
mod judge;
mod model;
mod plan;
mod shapes;
mod sides;
#[path = "../http/site.rs"]
#[expect(dead_code, reason = "shared with `http`")]
mod site;
mod writes;

use cached_handler::{CacheLayer, secs};
use cached_handler_tests::harness::{Random, is_full};

use plan::{Plan, Shape};
use sides::{Seen, Sides, episode};

const LENGTH: usize = 40;

/// How much was asked of both sides, unless they were at odds: then the shortest sequence that shows it.
async fn compare(seed: u64, requests: usize, make: impl Fn(&mut Random) -> (Plan, Sides)) -> Result<Seen, String> {
    let (mut random, mut asked) = (Random::new(seed), Seen::default());
    while asked.requests < requests {
        // Another router now and then.
        let (plan, sides) = make(&mut random);
        for _ in 0..50 {
            let steps = episode(&mut random, &plan, LENGTH);
            sides.agree(&steps, &mut asked).await.map_err(|odds| format!("{odds}\nof a router of {:?}", plan.around_all()))?;
        }
    }
    Ok(asked)
}

fn attributes(backend: &'static str, instead: Option<Shape>) -> impl Fn(&mut Random) -> (Plan, Sides) {
    move |random| {
        let plan = Plan::at_random(random, instead);
        let sides = Sides::of(&plan, backend);
        (plan, sides)
    }
}

/// Half of them each on a thread of its own.
fn compared(name: &str, seed: u64, requests: usize, make: impl Fn(&mut Random) -> (Plan, Sides) + Sync) -> Seen {
    let both = std::thread::scope(|scope| {
        let half = |half| {
            let make = &make;
            scope.spawn(move || runtime().block_on(compare(2 * seed + half, requests / 2, make)))
        };
        [half(0), half(1)].map(|half| half.join().expect("a comparison").unwrap_or_else(|odds| panic!("{name}: {odds}")))
    });
    let asked = both[0] + both[1];
    println!("- {name}: {asked}: 0 at odds");
    asked
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

#[test]
fn every_answer_with_the_cache_is_what_the_handler_says_without() {
    for (backend, percents) in [("memory", 60), ("dict", 20), ("off", 5)] {
        let seen = compared(backend, percents, requests() * percents as usize / 100, attributes(backend, None));
        let is_shown = seen.hits * 4 > seen.requests && seen.unchanged > 0 && seen.parts > 0 && seen.coded > 0;
        assert_eq!(is_shown, backend != "off", "nothing is shown: {seen:?}");
    }
}

#[test]
fn every_answer_through_a_layer_without_a_part_in_it_is_that_of_the_service() {
    for (name, backend) in [("layer of a cache that is off", "off"), ("layer that all requests bypass", "memory")] {
        compared(name, 10, requests() / 50, |random| {
            let plan = Plan::at_random(random, None);
            let layer = CacheLayer::new("pages", secs(60)).vary(SEEN).bypass(move |_| backend == "memory");
            let sides = Sides::behind(layer, &plan).untouched(backend);
            (plan, sides)
        });
    }
}

/// Of all comparisons of attributes.
fn requests() -> usize {
    // Every day a twentieth of these, as what is rare has to be among them.
    if is_full() { 1_000_000 } else { 50_000 }
}

/// What handlers behind a layer may depend on.
const SEEN: [&str; 9] = [
    "access-control-request-headers",
    "access-control-request-method",
    "accept-encoding",
    "accept-language",
    "cookie",
    "origin",
    "x-flavour",
    "x-other",
    "x-user",
];

#[test]
fn every_answer_through_the_layer_is_what_the_service_says_without() {
    let seen = compared("layer", 7, requests() / 10, |random| {
        // It takes HEAD for what HTTP says it is.
        let plan = Plan::at_random(random, None).only(|name| !["by_method", "form"].contains(&name));
        let sides = Sides::behind(CacheLayer::new("pages", secs(60)).vary(SEEN), &plan);
        (plan, sides)
    });
    assert!(seen.hits * 25 > seen.requests && seen.unchanged > 0 && seen.parts > 0, "nothing is shown: {seen:?}");
    compared("layer of what responses say", 8, requests() / 20, |random| {
        let says = ["forwarded", "resource", "own_lifetime", "with_a_cookie", "own_tag", "statuses"];
        let plan = Plan::at_random(random, None).only(|name| says.contains(&name) || name.starts_with("by_"));
        let sides = Sides::behind(CacheLayer::from_response("pages").vary_from_response(), &plan);
        (plan, sides)
    });
}

#[tokio::test]
async fn every_file_and_every_part_of_it_through_the_layer_is_as_without() {
    let (mut random, mut seen) = (Random::new(9), Seen::default());
    let (sides, _directories) = files::sides();
    while seen.requests < requests() / 20 {
        let steps = files::episode(&mut random, LENGTH);
        sides.agree(&steps, &mut seen).await.unwrap_or_else(|odds| panic!("{odds}"));
    }
    println!("- files through the layer: {seen}: 0 at odds");
    assert!(seen.hits * 8 > seen.requests && seen.unchanged > 0 && seen.parts > 0, "nothing is shown: {seen:?}");
}

/// How many steps are told of.
fn steps(odds: &str) -> usize {
    odds.lines().filter(|line| line.starts_with("  ")).count()
}

#[tokio::test]
async fn a_forgotten_invalidation_is_found_and_told_in_three_requests() {
    let odds = compare(1, 100_000, attributes("memory", Some(writes::forgotten()))).await.expect_err("it is forgotten");
    assert_eq!(steps(&odds), 3, "{odds}");
    assert!(odds.contains("POST /by_group/"), "{odds}");
}

#[tokio::test]
async fn a_field_that_is_not_in_the_key_is_found_and_told_in_two_requests() {
    let instead = Some(shapes::with_a_field_that_is_not_in_the_key());
    let odds = compare(1, 100_000, attributes("memory", instead)).await.expect_err("it is not in the key");
    assert_eq!(steps(&odds), 2, "{odds}");
    assert!(odds.contains("/flavoured/"), "{odds}");
}
