//! How long requests took.

/// In microseconds, the shortest first.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<u32>);

impl Latencies {
    pub(crate) fn of(mut micros: Vec<u32>) -> Self {
        micros.sort_unstable();
        Self(micros)
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Within which time this share of them was answered, in microseconds.
    pub(crate) fn within(&self, share: f64) -> u32 {
        #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank")]
        let rank = (self.0.len() as f64 * share).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    }

    /// Which share of them took from `from` up to, but not including, `to` microseconds.
    pub(crate) fn share(&self, from: f64, to: f64) -> f64 {
        let before = |limit: f64| self.0.partition_point(|micros| f64::from(*micros) < limit) as u64;
        ratio(before(to) - before(from), self.count())
    }
}

pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// As people read it.
pub(crate) fn shown(micros: u32) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.1} ms", f64::from(micros) / 1e3),
        10_000..1_000_000 => format!("{:.0} ms", f64::from(micros) / 1e3),
        _ => format!("{:.1} s", f64::from(micros) / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_was_answered_within_the_time_of_its_last() {
        let latencies = Latencies::of((1..=1000).rev().collect());
        assert_eq!([0.0, 0.5, 0.99, 0.999, 1.0].map(|share| latencies.within(share)), [1, 500, 990, 999, 1000]);
        assert_eq!(Latencies::of(Vec::new()).within(0.5), 0);
        assert!((latencies.share(1.0, 101.0) - 0.1).abs() < 1e-9);
    }

    #[test]
    fn times_are_shown_in_the_unit_that_fits() {
        assert_eq!([999, 1_000, 9_940, 10_400, 2_000_000].map(shown), ["999 µs", "1.0 ms", "9.9 ms", "10 ms", "2.0 s"]);
    }
}
