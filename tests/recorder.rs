//! A recorder of the `metrics` facade that keeps everything, to be looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, SharedString, Unit};

/// Installs one for the process, on the first call, and gives it.
pub fn installed() -> &'static Recorder {
    static INSTALLED: LazyLock<Recorder> = LazyLock::new(|| {
        let recorder = Recorder::default();
        metrics::set_global_recorder(recorder.clone()).expect("no other recorder");
        recorder
    });
    &INSTALLED
}

#[derive(Debug, Clone, Default)]
pub struct Recorder {
    meters: Arc<Mutex<BTreeMap<String, Arc<Meter>>>>,
    described: Arc<Mutex<BTreeSet<String>>>,
}

/// A counter, a gauge or a histogram: of the last, the number of values.
#[derive(Debug, Default)]
struct Meter(AtomicU64);

impl Recorder {
    fn meter(&self, key: &Key) -> Arc<Meter> {
        let labels: Vec<String> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = if labels.is_empty() { key.name().to_owned() } else { format!("{}{{{}}}", key.name(), labels.join(",")) };
        Arc::clone(self.meters.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default())
    }

    /// The names that were described to it.
    pub fn described(&self) -> BTreeSet<String> {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The names that were registered, without labels.
    pub fn registered(&self) -> BTreeSet<String> {
        let meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        meters.keys().map(|name| name.split('{').next().unwrap_or_default().to_owned()).collect()
    }

    fn describe(&self, name: &KeyName) {
        self.described.lock().unwrap_or_else(PoisonError::into_inner).insert(name.as_str().to_owned());
    }

    /// All that is not zero, as `name{label=value,…}`.
    pub fn all(&self) -> BTreeMap<String, u64> {
        let meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        meters.iter().map(|(name, meter)| (name.clone(), meter.0.load(Ordering::SeqCst))).filter(|(_, value)| *value > 0).collect()
    }
}

impl CounterFn for Meter {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

impl GaugeFn for Meter {
    fn increment(&self, value: f64) {
        self.0.fetch_add(value as u64, Ordering::Relaxed);
    }

    fn decrement(&self, value: f64) {
        self.0.fetch_sub(value as u64, Ordering::Relaxed);
    }

    fn set(&self, value: f64) {
        self.0.store(value as u64, Ordering::Relaxed);
    }
}

impl HistogramFn for Meter {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.describe(&name);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.meter(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.meter(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.meter(key))
    }
}
