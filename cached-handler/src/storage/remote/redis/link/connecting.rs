//! Connecting in the background, again and again until it works.

use std::{
    sync::{Weak, atomic::Ordering},
    time::Duration,
};

use tokio::runtime::Handle;

use super::{CONNECT_LIMIT, Link, Phase};
use crate::{
    storage::remote::redis::server::address,
    util::{
        backoff::{chance, pause},
        timer::sleep,
    },
};

/// Pauses between two tries, which cost Redis next to nothing: however long it was away, all is cached again within a
/// second of its return.
const RECONNECTS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(800));

pub(super) async fn connect_at_last(link: Weak<Link>, turn: u64) {
    let (mut attempt, mut is_unsaid) = (0, false);
    loop {
        let Some(alive) = link.upgrade() else { return };
        if alive.connecting.may_stop(turn, || alive.is_up()) {
            return;
        }
        // To one node, and to the one that it names.
        alive.connecting.back_within(turn, 4 * CONNECT_LIMIT);
        let unfit = match alive.try_to_connect().await {
            Ok((connection, worry)) => {
                let number = alive.connects.fetch_add(1, Ordering::Relaxed);
                alive.phase.send_replace(Phase::Up(number, connection, Handle::current()));
                alive.wakes.notify_one();
                is_unsaid = false;
                if alive.lines.is_up(number == 0) {
                    tracing::info!(target: "cached_handler", server = address(&alive.client), "connected to Redis");
                }
                alive.say_what_worries(worry);
                // Unless it is lost already.
                continue;
            }
            Err(unfit) => unfit,
        };
        // What may not be said yet is said as soon as it may, if it lasts.
        is_unsaid |= !matches!(&*alive.phase.borrow(), Phase::Down(word, _) if *word == unfit.0);
        if is_unsaid && alive.lines.may_say(unfit.0) {
            is_unsaid = false;
            alive.lines.is_down();
            let (reason, what) = unfit;
            tracing::error!(target: "cached_handler", server = address(&alive.client), reason, "{what}; handlers run uncached meanwhile; retried in the background, logged once");
        }
        alive.phase.send_replace(Phase::Down(unfit.0, unfit.1));
        let until_next = pause(attempt, RECONNECTS.0, RECONNECTS.1, chance());
        alive.connecting.back_within(turn, until_next);
        drop(alive);
        sleep(until_next).await;
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_try_is_never_as_far_as_a_second() {
        for attempt in [0, 3, 10, u32::MAX] {
            assert!(pause(attempt, RECONNECTS.0, RECONNECTS.1, u32::MAX) <= Duration::from_millis(800));
        }
    }
}
