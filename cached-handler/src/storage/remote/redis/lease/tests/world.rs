//! Holders, one that invalidates, a server, and a network, around the machines. Delay and a process that is stopped need no
//! step of their own: whoever is to do something may do it at any later time.

use std::{collections::VecDeque, hash::BuildHasher, rc::Rc, sync::LazyLock};

use super::{
    super::{
        machine::{Event, Generation, Holder, Micros, Renewed},
        wait::{Invalidator, Next, Renewal, Wait},
    },
    server::Server,
};
use crate::{epoch::Stamp, util::hasher::Keyed};

/// In moments of the world's time.
const LENGTH: Micros = 2;
const INVALIDATIONS: u64 = 2;

/// What may go wrong beside delays, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Bad {
    Nothing,
    AcknowledgementLost,
    /// A connection is cut off, and the holder notices later.
    Cut,
    SetLost,
    /// The server begins another incarnation, and all connections are cut off.
    Restart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    None,
    CountsFromTheAnswer,
    AcknowledgesFirst,
    TrustsAYoungSet,
    TrustsAYoungIncarnation,
    OvertakesAPush,
    AcceptsAnOldReading,
    DoesNotWait,
    StrikesOffWhoRenewed,
    UsesItOneMomentLonger,
    KnowsNothingOfLeases,
}

#[derive(Debug, Clone)]
enum Message {
    Push(u64, Stamp),
    /// The answer to a renewal that was sent at this time.
    Renewed(Micros, Renewed),
}

#[derive(Debug, Clone)]
struct Process {
    machine: Holder,
    /// When the renewal was sent that the server has not run yet, and the set that it names as known for long.
    sent: Option<(Micros, Option<u64>)>,
    waits: bool,
    stream: VecDeque<Message>,
    is_cut: bool,
    connects: u64,
    renewals: u64,
    /// The generation in which the lease was held last, and how the server stood at its first moment: what is read in it is never older.
    read: Option<(Generation, Stamp)>,
    /// What was invalidated according to the mirror.
    applied: u64,
    /// The first of the stream was acknowledged before it was applied.
    is_early: bool,
}

#[derive(Debug, Clone)]
pub(super) struct World {
    now: Micros,
    server: Server,
    processes: Vec<Process>,
    invalidator: Invalidator,
    wait: Option<Wait>,
    made: u64,
    /// When each invalidation was made by the server's clock that has returned.
    returned: Vec<Stamp>,
    /// Of the one that has not.
    under_way: Option<Stamp>,
    bad: Bad,
    story: Option<Rc<Step>>,
}

#[derive(Debug)]
struct Step {
    text: String,
    before: Option<Rc<Self>>,
}

impl Process {
    fn view(&self, now: Micros) -> impl std::hash::Hash + use<> {
        let age = |sent: Micros| (now - sent).min(LENGTH);
        let stream: Vec<_> = self.stream.iter().map(|message| message.view(now)).collect();
        let read = self.read.map(|(generation, read)| (generation == Generation(self.machine.generation()), read));
        let sent = self.sent.map(|(sent, known)| (age(sent), known));
        (self.machine.view(now), sent, self.waits, stream, self.is_cut, read, self.applied, self.is_early)
    }
}

impl Message {
    fn view(&self, now: Micros) -> impl std::hash::Hash + use<> {
        match self {
            Self::Push(before, stamp) => (true, *before, *stamp, 0),
            Self::Renewed(sent, renewed) => (false, (now - sent).min(LENGTH), renewed.stamp, renewed.nonce),
        }
    }
}

impl World {
    /// Processes that have connected, of which none holds a lease yet. The one that invalidates has known the incarnation for long.
    pub(super) fn new(processes: usize, bad: Bad) -> Self {
        let process = || {
            let mut machine = Holder::with_margin(LENGTH, 0);
            machine.on(Event::Connected(0), 0);
            Process {
                machine,
                sent: None,
                waits: false,
                stream: VecDeque::new(),
                is_cut: false,
                connects: 0,
                renewals: 0,
                read: None,
                applied: 0,
                is_early: false,
            }
        };
        Self {
            now: 0,
            server: Server::new(),
            processes: std::iter::repeat_with(process).take(processes).collect(),
            invalidator: Invalidator::new(LENGTH),
            wait: None,
            made: 0,
            returned: Vec::new(),
            under_way: None,
            bad,
            story: None,
        }
    }

    /// What decides about later, of which there is a limited amount: times count from now.
    pub(super) fn key(&self) -> u64 {
        static HASHER: LazyLock<Keyed> = LazyLock::new(Keyed::new);
        let processes: Vec<_> = self.processes.iter().map(|process| process.view(self.now)).collect();
        let has_renewed = |renewal: &Renewal| self.server.renewed(renewal.holder) != Some(renewal.number);
        let wait = self.wait.as_ref().map(|wait| wait.view(self.now, &has_renewed));
        let made = (self.made, &self.returned, self.under_way, self.bad);
        HASHER.hash_one((processes, self.server.view(), self.invalidator.view(self.now), wait, made))
    }

    pub(super) fn story(&self) -> String {
        let (mut step, mut texts) = (self.story.as_deref(), Vec::new());
        while let Some(this) = step {
            texts.push(&*this.text);
            step = this.before.as_deref();
        }
        texts.reverse();
        texts.join(", ")
    }

    /// Whether a process may use what was read before an invalidation that has returned.
    pub(super) fn is_stale(&self, mistake: Mistake) -> bool {
        let now = if mistake == Mistake::UsesItOneMomentLonger { self.now.saturating_sub(1) } else { self.now };
        self.processes.iter().filter(|process| process.machine.held(now).is_some()).any(|process| {
            let read = process.read.map_or((0, 0), |(_, read)| (read.incarnation, read.clock));
            let misses = |stamp: &Stamp| (stamp.incarnation, stamp.clock) > read && process.applied & 1 << stamp.clock == 0;
            self.returned.iter().any(misses)
        })
    }

    /// All that can happen next.
    pub(super) fn steps(&self, mistake: Mistake) -> Vec<Self> {
        let mut worlds = Vec::new();
        let mut then = |can: bool, text: &str, at: usize, step: &dyn Fn(&mut Self)| {
            if can {
                let mut world = self.clone();
                step(&mut world);
                world.story = Some(Rc::new(Step { text: format!("{text} {at}"), before: self.story.clone() }));
                worlds.push(world);
            }
        };
        for (at, process) in self.processes.iter().enumerate() {
            let is_on = process.machine.is_on(process.connects);
            let has_push = matches!(process.stream.front(), Some(Message::Push(..)));
            let may_be_early = mistake == Mistake::AcknowledgesFirst && has_push && !process.is_early;
            let may_be_unheard = self.bad == Bad::AcknowledgementLost && has_push;
            then(is_on && !process.waits, "asks", at, &|world| world.asks(at));
            then(process.sent.is_some() && !process.is_cut, "renews", at, &|world| world.renews(at, mistake));
            then(!process.stream.is_empty(), "handles", at, &|world| world.handles(at, true, mistake));
            then(may_be_unheard, "handles unheard", at, &|world| world.handles(at, false, mistake));
            then(may_be_early, "acknowledges early", at, &|world| world.acknowledges_early(at));
            then(self.bad == Bad::Cut && !process.is_cut, "is cut off", at, &|world| world.cut(at));
            then(process.is_cut, "notices", at, &|world| world.notices(at));
        }
        then(self.bad == Bad::SetLost && self.server.has_set(), "the set is lost", 0, &|world| {
            world.bad = Bad::Nothing;
            world.server.lose_the_set();
        });
        then(self.bad == Bad::Restart, "the server is started again", 0, &|world| {
            (0..world.processes.len()).for_each(|at| world.cut(at));
            world.server.restart();
        });
        then(self.wait.is_none() && self.made < INVALIDATIONS, "invalidates", 0, &|world| world.advances(mistake));
        let returns = self.returns(mistake);
        then(returns.is_some(), "returns", 0, &|world| world.strikes(returns.as_deref().unwrap_or_default(), mistake));
        then(true, "time passes", 0, &|world| world.now += 1);
        worlds
    }

    fn asks(&mut self, at: usize) {
        let process = &mut self.processes[at];
        process.waits = true;
        process.sent = Some((self.now, process.machine.known_for_long(self.now)));
    }

    fn renews(&mut self, at: usize, mistake: Mistake) {
        let process = &mut self.processes[at];
        let Some((sent, known)) = process.sent.take() else { return };
        process.renewals += 1;
        let renewal = Renewal { holder: at as u64, number: process.renewals };
        let answer = Message::Renewed(sent, self.server.renew(renewal, known, LENGTH, mistake));
        match mistake {
            Mistake::OvertakesAPush => process.stream.push_front(answer),
            _ => process.stream.push_back(answer),
        }
    }

    fn handles(&mut self, at: usize, is_heard: bool, mistake: Mistake) {
        let process = &mut self.processes[at];
        let number = process.connects;
        let was_early = std::mem::take(&mut process.is_early);
        let event = match process.stream.pop_front() {
            None => return,
            Some(Message::Push(before, stamp)) => Event::Pushed(number, Some((before, stamp))),
            Some(Message::Renewed(sent, renewed)) => {
                process.waits = false;
                // Nor does the holder compare the clocks, which would show it.
                let handled = process.machine.handled().filter(|_| mistake == Mistake::OvertakesAPush);
                let renewed = Renewed { stamp: handled.unwrap_or(renewed.stamp), ..renewed };
                let sent = if mistake == Mistake::CountsFromTheAnswer { self.now } else { sent };
                Event::Renewed(number, sent, renewed)
            }
        };
        let actions = process.machine.on(event, self.now);
        if let Some(time) = actions.apply {
            process.applied |= 1 << time;
        }
        if let Some(generation) = process.machine.held(self.now)
            && process.read.is_none_or(|(read_in, _)| read_in != generation)
        {
            // With the mistake something is used that was read before.
            let read = process.read.filter(|_| mistake == Mistake::AcceptsAnOldReading).map_or(self.server.stamp, |(_, read)| read);
            process.read = Some((generation, read));
        }
        if let Some(time) = actions.acknowledge.filter(|_| !was_early && is_heard && !process.is_cut) {
            self.server.acknowledge(at as u64, time);
        }
        if !is_heard {
            self.bad = Bad::Nothing;
        }
    }

    fn acknowledges_early(&mut self, at: usize) {
        let process = &mut self.processes[at];
        process.is_early = true;
        if let Some(Message::Push(_, stamp)) = process.stream.front() {
            self.server.acknowledge(at as u64, *stamp);
        }
    }

    /// What was on its way is lost, and so is what is sent from now on.
    fn cut(&mut self, at: usize) {
        let process = &mut self.processes[at];
        self.bad = Bad::Nothing;
        process.stream.clear();
        process.sent = None;
        process.is_early = false;
        process.is_cut = true;
    }

    /// It hears that its connection is lost, and has another.
    fn notices(&mut self, at: usize) {
        let process = &mut self.processes[at];
        process.is_cut = false;
        process.waits = false;
        process.machine.on(Event::Disconnected(process.connects), self.now);
        process.connects += 1;
        process.machine.on(Event::Connected(process.connects), self.now);
    }

    fn advances(&mut self, mistake: Mistake) {
        self.made += 1;
        let known = self.invalidator.known_for_long(self.now);
        let (advanced, told) = self.server.advance(known, mistake);
        let stamp = advanced.stamp;
        if let Some(before) = told.filter(|_| mistake != Mistake::KnowsNothingOfLeases) {
            for process in self.processes.iter_mut().filter(|process| !process.is_cut) {
                process.stream.push_back(Message::Push(before, stamp));
            }
        }
        // The answer is here at once: one that comes later makes the wait longer, and nothing else.
        self.wait = Some(self.invalidator.advanced(advanced, None, self.now));
        self.under_way = Some(stamp);
    }

    /// Whether what was invalidated may be said to be done, and who is struck off then.
    fn returns(&self, mistake: Mistake) -> Option<Vec<Renewal>> {
        let mut wait = self.wait.clone()?;
        let times: Vec<_> = wait.silent().iter().map(|renewal| self.server.acknowledged(renewal.holder)).collect();
        wait.acknowledged(&times);
        match wait.next(self.now) {
            Next::Return(silent) => Some(silent),
            Next::Wait(_) => matches!(mistake, Mistake::DoesNotWait | Mistake::KnowsNothingOfLeases).then(Vec::new),
        }
    }

    fn strikes(&mut self, silent: &[Renewal], mistake: Mistake) {
        for renewal in silent {
            self.server.strike(*renewal, mistake);
        }
        self.wait = None;
        self.returned.extend(self.under_way.take());
    }
}
