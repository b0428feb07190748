//! A look-up: by itself, or with others that are wanted at the same moment.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{sync::oneshot, task::yield_now};

use super::{
    Inner,
    batch::{Put, Wanted},
    joint::{Found, Joint},
    keys::Names,
    list, mget, record,
    refusal::senseless,
};
use crate::{
    epoch::{EpochSnapshot, Scopes},
    error::Error,
    key::storage_key::StoreKey,
    util::{tasks::spawn, timer::timeout},
};

/// Longer than anybody waits, unless a limit was set that is longer still.
const NOBODY_WAITS: Duration = Duration::from_secs(5);

impl Inner {
    pub(super) async fn look_up(self: &Arc<Self>, key: &StoreKey, scopes: &Scopes<'_>) -> Result<Found, Error> {
        let incarnation = self.incarnation();
        let names = || self.keys.scopes_with(scopes, incarnation, key);
        let place = self.batches.enter();
        let found = if place.is_one_of_many { self.look_up_with_others(names()).await } else { None };
        let mut found = match found {
            Some(found) => found?,
            None => self.look_up_alone(&names()).await?,
        };
        // The path's epoch in another incarnation lies elsewhere.
        found.reading = found.reading.filter(|reading| reading.incarnation == incarnation);
        Ok(found)
    }

    async fn look_up_alone(&self, names: &Names) -> Result<Found, Error> {
        let values = list(self.link.call(&mget(names.iter())).await?)?;
        let found = Found::by(names, values).ok_or_else(senseless)?;
        self.learn_from(&found);
        Ok(found)
    }

    /// Nothing, where the runtime of whoever sent for it has ended meanwhile.
    async fn look_up_with_others(self: &Arc<Self>, names: Names) -> Option<Result<Found, Error>> {
        let (answer, found) = oneshot::channel();
        let batch = match self.batches.put(Wanted { names, answer }) {
            Put::Full(batch) => Some(batch),
            Put::In(number) => {
                yield_now().await;
                self.batches.take(number)
            }
        };
        if let Some(batch) = batch {
            if let [alone] = &*batch {
                return Some(self.look_up_alone(&alone.names).await);
            }
            // In a task of its own, in the runtime that the connection depends on anyhow: whoever sends for others may leave,
            // and its runtime too; and nobody may be driving the one that the cache was built in.
            if let Some(runtime) = self.link.runtime() {
                drop(spawn(&runtime, Arc::clone(self).send_for(batch)));
            }
        }
        found.await.ok()
    }

    async fn send_for(self: Arc<Self>, mut batch: Vec<Wanted>) {
        batch.retain(|wanted| !wanted.answer.is_closed());
        if batch.is_empty() {
            return;
        }
        let (names, answers): (Vec<_>, Vec<_>) = batch.into_iter().map(|wanted| (wanted.names, wanted.answer)).unzip();
        let joint = Joint::of(&names);
        // Whoever asked has gone long before.
        let Ok(values) = timeout(NOBODY_WAITS, self.link.call(&joint.command())).await else { return };
        let values = values.and_then(list);
        match values.and_then(|values| joint.found(values).ok_or_else(senseless)) {
            // Also of what came too late for those who asked.
            Ok(found) => answers.into_iter().zip(found).for_each(|(answer, found)| {
                self.learn_from(&found);
                drop(answer.send(Ok(found)));
            }),
            Err(error) => answers.into_iter().for_each(|answer| drop(answer.send(Err(error.for_another())))),
        }
    }

    /// The epochs of each, in one command. Those that are missing are made.
    pub(super) async fn read_each(&self, scopes: &[Scopes<'_>]) -> Result<Vec<EpochSnapshot>, Error> {
        let incarnation = self.incarnation();
        let names: Vec<_> = scopes.iter().map(|scopes| self.keys.scopes(scopes, incarnation)).collect();
        let all: Vec<_> = names.iter().flat_map(Names::iter).collect();
        let values = list(self.link.call(&mget(all.iter())).await?)?;
        let (mut rest, mut readings) = (&values[..], Vec::with_capacity(scopes.len()));
        for (scopes, names) in scopes.iter().zip(&names) {
            let (own, others) = rest.split_at_checked(names.iter().len()).ok_or_else(senseless)?;
            rest = others;
            let reading = match record::reading(names.iter(), own).filter(|reading| reading.incarnation == incarnation) {
                Some(reading) => reading,
                None => self.make_epochs_of(scopes).await?,
            };
            self.known.note(&reading);
            readings.push(reading);
        }
        Ok(readings)
    }

    fn learn_from(&self, found: &Found) {
        self.batches.note(found.response.as_ref().map_or(0, Bytes::len));
    }
}
