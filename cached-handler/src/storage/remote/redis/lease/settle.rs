//! Waiting until nobody uses what was invalidated.

use std::{sync::Arc, time::Duration};

use ::redis::Cmd;

use super::{
    Advanced, Lease,
    wait::{Next, Renewal, Wait},
};
use crate::{
    storage::remote::redis::{Inner, list, record, script},
    util::{
        tasks::spawn,
        timer::{sleep, timeout},
    },
};

/// So long one look for acknowledgements follows another at once, in microseconds: most come by then, and no timer is as fine.
const AT_ONCE: u64 = 2_000;
/// The longest pause between two looks later, in milliseconds.
const LONGEST_PAUSE: u64 = 32;
/// How long striking off somebody may take, for which nobody waits.
const STRIKING: Duration = Duration::from_secs(1);

impl Inner {
    /// What an invalidation that was just answered has to wait for; nothing, where nobody may use what it was about.
    pub(in crate::storage::remote::redis) fn has_advanced(&self, advanced: Advanced) -> Option<Wait> {
        let own = self.lease.as_ref().map(Lease::id);
        let wait = self.invalidating.advanced(advanced, own);
        matches!(wait.next(self.invalidating.clock.micros()), Next::Wait(_)).then_some(wait)
    }

    /// Waits until each other holder has acknowledged, and no longer than leases are.
    pub(in crate::storage::remote::redis) async fn settle(self: Arc<Self>, mut wait: Wait) {
        let (began, mut pauses) = (self.invalidating.clock.micros(), 0_u32);
        loop {
            let now = self.invalidating.clock.micros();
            let left = match wait.next(now) {
                Next::Wait(until) => Duration::from_micros(until - now),
                Next::Return(silent) => return self.strike(silent),
            };
            if !wait.listens() {
                sleep(left).await;
                continue;
            }
            let command = self.question(&wait);
            let answer = timeout(left, self.link.call(&command)).await;
            if let Ok(Ok(times)) = answer.map(|answer| answer.and_then(list)) {
                let times: Vec<_> = times.iter().map(record::acknowledged).collect();
                wait.acknowledged(&times);
            }
            if matches!(wait.next(now), Next::Wait(_)) && now > began + AT_ONCE {
                sleep(Duration::from_millis(LONGEST_PAUSE.min(1 << pauses.min(16))).min(left)).await;
                pauses += 1;
            }
        }
    }

    /// Up to which time the silent ones have acknowledged.
    fn question(&self, wait: &Wait) -> Cmd {
        let mut command = ::redis::cmd("MGET");
        for renewal in wait.silent() {
            command.arg(self.keys.acknowledged(renewal.holder));
        }
        command
    }

    /// They are waited for no more, unless they have renewed: whoever is dead is waited for once.
    fn strike(self: Arc<Self>, silent: Vec<Renewal>) {
        if silent.is_empty() {
            return;
        }
        let Some(runtime) = self.link.runtime() else { return };
        let struck = async move {
            let words: Vec<_> = silent.iter().flat_map(|renewal| [renewal.holder, renewal.number]).map(|word| word.to_string()).collect();
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            _ = timeout(STRIKING, self.link.call_script(&script::STRIKE, &self.keys.holders(), &words)).await;
        };
        drop(spawn(&runtime, struck));
    }
}
