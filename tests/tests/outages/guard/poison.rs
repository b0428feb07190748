//! An invalidation that can never succeed.

use cached_handler::{
    Error,
    backend::{Effect, EpochSnapshot, Epochs, InProcessEpochs, Mark, Scopes},
    secs,
};
use tokio::time::sleep;

use super::*;

/// Epochs of a server that does not take long names.
struct Picky(InProcessEpochs);

impl Epochs for Picky {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        self.0.read(scopes).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        match target.mark() {
            Mark::Group(name) if name.len() > 100 => Err(Error::backend("the name is too long for this server")),
            Mark::Group("hang") => std::future::pending().await,
            _ => self.0.advance(target, effect).await,
        }
    }
}

fn picky() -> Site {
    Site::with(Chaos::new(), |builder, chaos| {
        builder.backend_with_epochs("sick", chaos.clone(), chaos.epochs_before(Picky(InProcessEpochs::new())))
    })
}

fn poison(number: usize) -> String {
    format!("{number}{}", "x".repeat(100))
}

#[tokio::test(start_paused = true)]
async fn it_keeps_no_other_from_being_retried() {
    let lines = Log::default();
    let _listening = lines.listen();
    let site = picky();
    ask(&site.router, "/").await;
    for number in 0..40 {
        assert!(!site.invalidates(&poison(number)).await);
        // Beside enough successes, so that the circuit breaker stays closed.
        for _ in 0..3 {
            assert!(site.is_hit().await);
        }
    }
    assert!(!site.invalidates("hang").await);
    site.chaos.script(Call::Advance, [Fault::Fail]);
    assert!(!site.invalidates("page").await);
    sleep(secs(8)).await;
    assert_eq!(lines.with("in its place").len(), 0, "none is given up yet");
    assert!(!site.is_hit().await, "{:?}", site.cache.cache());
    assert!(site.is_hit().await);
}

#[tokio::test(start_paused = true)]
async fn after_eight_attempts_everything_is_invalidated_in_its_place_and_logged() {
    for group in [poison(0), "hang".to_owned()] {
        let lines = Log::default();
        let _listening = lines.listen();
        let site = picky();
        ask(&site.router, "/").await;
        assert!(!site.invalidates(&group).await);
        let attempts = site.advances();
        assert!(site.is_hit().await);
        assert!(site.cache.cache().drain(secs(60)).await);
        // Eight, and everything.
        assert_eq!(site.advances() - attempts, 9);
        assert!(!site.is_hit().await);
        assert_eq!(lines.with("everything is invalidated in its place").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn it_does_not_keep_the_circuit_breaker_open() {
    let site = picky();
    assert!(!site.invalidates(&poison(0)).await);
    site.fails_until_it_opens().await;
    sleep(secs(300)).await;
    assert!(!site.circuit_breaker_is_open());
    ask(&site.router, "/").await;
    assert!(site.is_hit().await);
}

#[tokio::test(start_paused = true)]
async fn a_backend_in_which_nothing_can_be_invalidated_is_quarantined_until_it_can() {
    let lines = Log::default();
    let _listening = lines.listen();
    let site = Site::new();
    for round in 1..=2 {
        ask(&site.router, "/").await;
        site.chaos.suffers_at(Call::Advance, Fault::Fail, 1.0);
        assert!(!site.invalidates("page").await);
        assert!(!site.circuit_breaker_is_open() && site.is_hit().await, "so far it may be a matter of a moment");
        sleep(secs(3600)).await;
        assert!(site.circuit_breaker_is_open() && !site.is_hit().await, "its reads are well, and cannot be trusted");
        assert_eq!(lines.with("nothing can be invalidated in it").len(), round);
        site.chaos.heals();
        sleep(secs(31)).await;
        assert!(!site.circuit_breaker_is_open());
        assert!(!site.is_hit().await && site.is_hit().await);
        assert_eq!(lines.with("circuit breaker closed").len(), round);
    }
}
