//! Attempts to make one client's answer another's. Each is a handler as a careless author writes it, as far as the
//! compiler lets them, with a request of an attacker or of whoever comes first, and then a victim's, who has to get what
//! is its own. Over real sockets, by HTTP/1.1 and by h2.
//!
//! The same attacks are carried out where there is no cache, to show that the checks ask for what is right, and against a
//! cache by path alone, to show that they see what is wrong.

#[path = "attacks/case.rs"]
mod case;
#[path = "attacks/content.rs"]
mod content;
#[path = "attacks/cookies.rs"]
mod cookies;
#[path = "attacks/credentials.rs"]
mod credentials;
#[path = "attacks/directives.rs"]
mod directives;
#[path = "attacks/fields.rs"]
mod fields;
#[path = "attacks/forwarding.rs"]
mod forwarding;
#[path = "attacks/handlers.rs"]
mod handlers;
#[path = "attacks/hosts.rs"]
mod hosts;
#[path = "attacks/keys.rs"]
mod keys;
#[path = "attacks/load.rs"]
mod load;
#[path = "attacks/methods.rs"]
mod methods;
#[path = "attacks/naive.rs"]
mod naive;
#[path = "attacks/paths.rs"]
mod paths;
#[path = "attacks/queries.rs"]
mod queries;
#[path = "attacks/statuses.rs"]
mod statuses;
#[path = "attacks/wire.rs"]
mod wire;

use std::collections::BTreeSet;

use case::{Attack, Guard};

/// All of them.
fn attacks() -> Vec<Attack> {
    [
        content::attacks(),
        cookies::attacks(),
        credentials::attacks(),
        directives::attacks(),
        fields::attacks(),
        forwarding::attacks(),
        handlers::attacks(),
        hosts::attacks(),
        keys::attacks(),
        methods::attacks(),
        paths::attacks(),
        queries::attacks(),
        statuses::attacks(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Carries all out; how many there were, and what went wrong.
async fn carry_out(guard: Guard) -> (usize, Vec<String>) {
    let mut carried_out = 0;
    let mut wrong = Vec::new();
    for attack in attacks() {
        for wire in attack.wires {
            carried_out += 1;
            if let Err(what) = attack.carry_out(*wire, guard).await {
                wrong.push(format!("{} ({wire:?})\n    {what}", attack.name));
            }
        }
    }
    (carried_out, wrong)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_attack_gives_one_client_what_is_anothers() {
    let (carried_out, wrong) = carry_out(Guard::Library).await;
    println!("{} attacks, {carried_out} over HTTP/1.1 and h2, {} wrong", attacks().len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {carried_out} went wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cache_every_victim_gets_its_own() {
    let (carried_out, wrong) = carry_out(Guard::Nothing).await;
    assert!(wrong.is_empty(), "{} of {carried_out} ask for what is not right:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_see_what_a_cache_by_path_alone_gives_away() {
    let (carried_out, wrong) = carry_out(Guard::Naive).await;
    println!("a cache by path alone: {carried_out} attacks, {} wrong", wrong.len());
    assert!(wrong.len() * 2 > carried_out, "only {} of {carried_out} were seen", wrong.len());
}

#[test]
fn no_two_attacks_have_one_name() {
    let attacks = attacks();
    let names: BTreeSet<_> = attacks.iter().map(|attack| &attack.name).collect();
    assert!(attacks.len() >= 60, "only {} attacks are left", attacks.len());
    assert_eq!(names.len(), attacks.len());
}
