//! The holder of a lease, as a state machine: what this process may take for granted, and until when.
//!
//! Whoever holds a lease is waited for: an invalidation returns when each holder has acknowledged it, and at the latest when
//! each lease from before it has lapsed. So as long as a lease runs, and each invalidation since a generation began has been
//! applied, what was read in that generation is usable unless an epoch of the mirror says otherwise.

use std::ops::RangeInclusive;

use crate::epoch::Stamp;

/// Microseconds of a clock that also runs while the system is suspended.
pub(in crate::storage::remote::redis) type Micros = u64;

/// Tells apart the times between which an invalidation may have been missed. What was read in one of them is not usable in
/// another before its epochs are read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Generation(pub(super) u64);

impl Generation {
    pub(crate) fn number(self) -> u64 {
        self.0
    }

    /// That of this number.
    pub(crate) fn numbered(number: u64) -> Self {
        Self(number)
    }
}

/// How long a lease may be. All processes of a namespace have to agree.
pub(crate) const LENGTHS: RangeInclusive<Micros> = 100_000..=10_000_000;
/// One part in so many is taken off by the holder, as its clock may run slower than that of an invalidation that waits.
const MARGIN: Micros = 50;

/// A clock's incarnation, or a set of holders, and since when this process has known it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    what: u64,
    since: Micros,
}

impl Known {
    /// Notes that it is what there is now.
    pub(super) fn note(known: &mut Option<Self>, what: u64, now: Micros) {
        if known.is_none_or(|known| known.what != what) {
            *known = Some(Self { what, since: now });
        }
    }

    /// What has been known for so long that each lease from before it has lapsed.
    pub(super) fn for_long(known: Option<Self>, length: Micros, now: Micros) -> Option<u64> {
        known.filter(|known| now >= known.since + length).map(|known| known.what)
    }

    pub(super) fn since(self) -> Micros {
        self.since
    }

    /// What decides about later: for how long it is known matters up to the length of a lease.
    #[cfg(test)]
    pub(super) fn view(self, length: Micros, now: Micros) -> (u64, Micros) {
        (self.what, (now - self.since).min(length))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    length: Micros,
    /// The same, as this process counts it.
    counted: Micros,
    /// The number of the connection that is subscribed.
    connection: Option<u64>,
    generation: u64,
    /// How far invalidations have been applied without a gap.
    handled: Option<Stamp>,
    /// When the lease ends, if there is one.
    until: Option<Micros>,
    set: Option<Known>,
    /// Whether the lease was there when somebody last asked.
    was_held: bool,
}

/// What has happened. The number is that of the connection: what an earlier one still says is not heard.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    /// A connection is subscribed.
    Connected(u64),
    Disconnected(u64),
    /// A renewal was answered that was sent at this time: before it was handed to the connection.
    Renewed(u64, Micros, Renewed),
    /// A renewal was refused, or not answered in time.
    NotRenewed(u64),
    /// The connection brings an invalidation: how the clock stood before, and how it stands now. None: what it brings is not
    /// understood.
    Pushed(u64, Option<(u64, Stamp)>),
    /// This process has itself invalidated.
    Advanced(Stamp),
}

/// The answer to a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Renewed {
    /// How the clock stood.
    pub(super) stamp: Stamp,
    /// Names the set of holders that this process is now in.
    pub(super) nonce: u64,
}

/// What is to be done, in this order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Actions {
    /// The epoch of an invalidation is to be moved to this time in the mirror.
    pub(super) apply: Option<u64>,
    /// Then what was applied is to be acknowledged up to this time.
    pub(super) acknowledge: Option<Stamp>,
    /// The lease is to be renewed at once.
    pub(super) renew: bool,
    pub(super) line: Option<Line>,
}

/// A line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    Returned,
    Lost(&'static str),
}

impl Holder {
    pub(super) fn new(length: Micros) -> Self {
        Self::with_margin(length, length / MARGIN)
    }

    pub(super) fn with_margin(length: Micros, margin: Micros) -> Self {
        Self {
            length,
            counted: length.saturating_sub(margin),
            connection: None,
            generation: 0,
            handled: None,
            until: None,
            set: None,
            was_held: false,
        }
    }

    /// Whether this connection is the one that is subscribed.
    pub(super) fn is_on(&self, number: u64) -> bool {
        self.connection == Some(number)
    }

    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// When the lease ends; 0 without one.
    pub(super) fn until(&self) -> Micros {
        self.until.unwrap_or(0)
    }

    pub(super) fn was_held(&self) -> bool {
        self.was_held
    }

    /// What decides about later: how long the lease runs yet, and no time by itself. Which number the generation has matters to what
    /// was read in it.
    #[cfg(test)]
    pub(super) fn view(&self, now: Micros) -> impl std::hash::Hash + use<> {
        let set = self.set.map(|set| set.view(self.length, now));
        (self.connection.is_some(), self.handled, (self.until() + 1).saturating_sub(now), set)
    }

    /// How far invalidations have been applied.
    pub(super) fn handled(&self) -> Option<Stamp> {
        self.handled
    }

    #[cfg(test)]
    pub(super) fn held(&self, now: Micros) -> Option<Generation> {
        (now < self.until()).then_some(Generation(self.generation))
    }

    /// The set that this process has known for so long that no lease from before it runs any more.
    pub(super) fn known_for_long(&self, now: Micros) -> Option<u64> {
        Known::for_long(self.set, self.length, now)
    }

    pub(super) fn on(&mut self, event: Event, now: Micros) -> Actions {
        let mut actions = Actions::default();
        match event {
            Event::Connected(number) => self.connection = Some(number),
            Event::Disconnected(number) if self.connection == Some(number) => {
                self.connection = None;
                self.lose(&mut actions, "disconnected");
            }
            Event::Renewed(number, sent, renewed) if self.connection == Some(number) => {
                if self.was_held && now >= self.until() {
                    self.lose(&mut actions, "lapsed");
                }
                let is_gapless = self.handled.is_some_and(|handled| {
                    // What was pushed after the renewal may have been handled before its answer.
                    handled.incarnation == renewed.stamp.incarnation && handled.clock >= renewed.stamp.clock
                });
                if !is_gapless {
                    self.begin_generation(renewed.stamp);
                }
                Known::note(&mut self.set, renewed.nonce, now);
                self.until = Some(sent + self.counted);
                if now < self.until() && !std::mem::replace(&mut self.was_held, true) {
                    actions.line = Some(Line::Returned);
                }
            }
            Event::NotRenewed(number) if self.connection == Some(number) => {
                if self.was_held && now >= self.until() {
                    self.lose(&mut actions, "lapsed");
                }
            }
            Event::Pushed(number, pushed) if self.connection == Some(number) => self.pushed(pushed, &mut actions),
            Event::Advanced(stamp) => {
                actions.apply = Some(stamp.clock);
                if self.handled.is_some_and(|handled| handled.incarnation != stamp.incarnation) {
                    self.begin_generation(stamp);
                    self.until = None;
                    actions.renew = true;
                }
            }
            Event::Disconnected(_) | Event::Renewed(..) | Event::NotRenewed(_) | Event::Pushed(..) => {}
        }
        actions
    }

    fn pushed(&mut self, pushed: Option<(u64, Stamp)>, actions: &mut Actions) {
        let Some((before, stamp)) = pushed else {
            // Something was invalidated, and nobody here knows what.
            self.generation += 1;
            self.handled = None;
            self.until = None;
            actions.renew = true;
            return;
        };
        match self.handled {
            Some(handled) if handled.incarnation == stamp.incarnation && handled.clock == before => self.handled = Some(stamp),
            Some(handled) if handled.incarnation == stamp.incarnation => self.begin_generation(stamp),
            // The lease is one of another incarnation.
            Some(_) => {
                self.begin_generation(stamp);
                self.until = None;
                actions.renew = true;
            }
            None => self.handled = Some(stamp),
        }
        actions.apply = Some(stamp.clock);
        actions.acknowledge = Some(stamp);
    }

    /// Invalidations may have been missed: what was read before is not usable, and what is read from now on is.
    fn begin_generation(&mut self, stamp: Stamp) {
        self.generation += 1;
        self.handled = Some(stamp);
    }

    fn lose(&mut self, actions: &mut Actions, why: &'static str) {
        self.until = None;
        if std::mem::take(&mut self.was_held) {
            actions.line = Some(Line::Lost(why));
        }
    }
}
