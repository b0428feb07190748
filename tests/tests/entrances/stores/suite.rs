//! The conformance suite, and mistakes of stores and of epochs that it finds.

use std::sync::{Arc, atomic::Ordering};

use super::{Dict, Inner};
use cached_handler::{
    Error, Target,
    backend::{Effect, EpochSnapshot, Epochs, InProcessEpochs, Scopes, conformance},
};
use cached_handler_tests::harness::count;

#[tokio::test]
async fn the_dictionary_and_the_epochs_of_this_process_keep_their_laws() {
    conformance::store(&Dict::default()).await;
    conformance::epochs(&InProcessEpochs::new()).await;
}

/// Chance decides which names share an epoch there, anew for each.
#[tokio::test]
async fn epochs_that_a_few_names_share_keep_their_laws_however_often_they_are_tried() {
    let rounds = count(100_000);
    for _ in 0..rounds {
        conformance::epochs(&InProcessEpochs::new()).await;
    }
    println!("- {rounds} epochs of this process kept their laws");
}

/// Invalidates more than it is told to.
struct Careless(InProcessEpochs, Effect);

impl Epochs for Careless {
    async fn read(&self, scopes: &Scopes<'_>) -> Result<EpochSnapshot, Error> {
        self.0.read(scopes).await
    }

    async fn advance(&self, target: &Target, effect: Effect) -> Result<(), Error> {
        let all = Target::all();
        self.0.advance(if effect == self.1 { &all } else { target }, effect).await
    }
}

#[tokio::test]
#[should_panic(expected = "law E2 does not hold: and nothing else is touched")]
async fn the_suite_finds_epochs_of_which_each_expiry_is_one_of_everything() {
    conformance::epochs(&Careless(InProcessEpochs::new(), Effect::Expire)).await;
}

#[tokio::test]
#[should_panic(expected = "law E2 does not hold: and nothing else is touched")]
async fn the_suite_finds_epochs_of_which_each_invalidation_is_one_of_everything() {
    conformance::epochs(&Careless(InProcessEpochs::new(), Effect::Invalidate)).await;
}

#[tokio::test]
#[should_panic(expected = "law S2 does not hold")]
async fn the_suite_finds_a_store_that_forgets_lifetimes() {
    conformance::store(&Dict(Arc::new(Inner { ignores_lifetimes: true, ..Inner::default() }))).await;
}

#[tokio::test]
#[should_panic(expected = "law S1 does not hold")]
async fn the_suite_finds_a_store_that_mixes_keys_up() {
    let dict = Dict::default();
    dict.0.mixes.store(true, Ordering::SeqCst);
    conformance::store(&dict).await;
}
