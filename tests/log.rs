//! What the crate logs on one thread, to be looked at.

use std::{
    fmt::{self, Write},
    sync::{Arc, Mutex, Once, PoisonError},
};

use tracing::{Event, Id, Level, Metadata, Subscriber, field::Visit, span, subscriber::DefaultGuard};

/// The events of this crate on one thread: level and text.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(Level, String)>>>);

impl Log {
    /// Collects the events of this thread until the guard is dropped.
    ///
    /// tracing remembers for the whole process whether a line is enabled, and with one subscriber alone asks only the thread that
    /// meets the line first. So all threads have a subscriber, which enables the same lines and drops them.
    pub fn listen(&self) -> DefaultGuard {
        static ALL_THREADS: Once = Once::new();
        ALL_THREADS.call_once(|| tracing::subscriber::set_global_default(Deaf).expect("the first subscriber of all threads"));
        tracing::subscriber::set_default(self.clone())
    }

    /// All since the last look.
    pub fn taken(&self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Those so far with these words that someone reads: all but what is for those who debug.
    pub fn with(&self, words: &str) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(level, line)| *level <= Level::INFO && line.contains(words)).map(|(_, line)| line.clone()).collect()
    }

    /// All since the last look but what is for those who debug.
    pub fn informed(&self) -> Vec<String> {
        self.taken().into_iter().filter(|(level, _)| *level <= Level::INFO).map(|(_, line)| line).collect()
    }

    /// The warnings and errors since the last look.
    pub fn loud(&self) -> Vec<String> {
        self.taken().into_iter().filter(|(level, _)| *level <= Level::WARN).map(|(_, line)| line).collect()
    }
}

/// Enables what [`Log`] does, and keeps nothing.
struct Deaf;

impl Subscriber for Deaf {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cached_handler"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        _ = write!(self.0, "{}={value:?} ", field.name());
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "cached_handler"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((*event.metadata().level(), line.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
