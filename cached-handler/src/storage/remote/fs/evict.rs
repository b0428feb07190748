//! What is dropped for space: the files that were used least recently, told by a count per span of age. Pure.
//!
//! A million files are not held in memory: one scan counts how many bytes were last used how long ago, which gives the
//! age from which on files go; the next scan removes them.

/// Bytes by the time since they were last used.
#[derive(Debug)]
pub(super) struct Ages([u64; SPANS]);

/// Eight spans for each doubling of the age in seconds: told apart to an eighth.
const SPANS: usize = 8 * 33;

impl Ages {
    pub(super) fn new() -> Self {
        Self([0; SPANS])
    }

    pub(super) fn add(&mut self, age: u64, bytes: u64) {
        if let Some(span) = self.0.get_mut(span_of(age)) {
            *span = span.saturating_add(bytes);
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, bytes| sum.saturating_add(*bytes))
    }

    /// What has to go, so that `goal` bytes are left.
    pub(super) fn cut(&self, goal: u64) -> Cut {
        let mut excess = self.total().saturating_sub(goal);
        for (span, bytes) in self.0.iter().enumerate().rev() {
            if *bytes >= excess {
                return Cut { span, of_span: excess };
            }
            excess -= bytes;
        }
        Cut { span: 0, of_span: excess }
    }
}

/// All files older than a span go, and some of that span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    span: usize,
    of_span: u64,
}

impl Cut {
    /// Whether a file of this age and size goes.
    pub(super) fn takes(&mut self, age: u64, bytes: u64) -> bool {
        match span_of(age).cmp(&self.span) {
            std::cmp::Ordering::Greater => true,
            std::cmp::Ordering::Less => false,
            std::cmp::Ordering::Equal if self.of_span == 0 => false,
            std::cmp::Ordering::Equal => {
                self.of_span = self.of_span.saturating_sub(bytes);
                true
            }
        }
    }
}

fn span_of(age: u64) -> usize {
    let age = age.min(u64::from(u32::MAX));
    match age.checked_ilog2() {
        // Up to eight seconds each is a span of its own.
        None | Some(0..=2) => usize::try_from(age).unwrap_or(0),
        Some(doubling) => {
            let eighth = (age >> (doubling - 3)) & 7;
            usize::try_from(u64::from(doubling - 2) * 8 + eighth).unwrap_or(SPANS - 1).min(SPANS - 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_follow_one_another() {
        let ages = (0..1000).chain((10..32).map(|doubling| 1 << doubling)).chain([u64::MAX]);
        let spans: Vec<_> = ages.map(span_of).collect();
        assert!(spans.is_sorted() && spans.windows(2).all(|pair| pair[1] - pair[0] <= 8));
        assert!(spans.iter().all(|span| *span < SPANS));
    }

    #[test]
    fn what_was_used_least_recently_goes_and_no_more_than_has_to() {
        let files: Vec<(u64, u64)> = (0..1000).map(|age| (age * 7, 4096)).collect();
        for goal in [0, 4096, 1_000_000, 4_096_000, u64::MAX] {
            let mut ages = Ages::new();
            for (age, bytes) in &files {
                ages.add(*age, *bytes);
            }
            let mut cut = ages.cut(goal);
            let (gone, kept): (Vec<_>, Vec<_>) = files.iter().rev().partition(|(age, bytes)| cut.takes(*age, *bytes));
            let left: u64 = kept.iter().map(|(_, bytes)| bytes).sum();
            assert!(left <= goal && (left + 4096 > goal || gone.is_empty()), "{left} of {goal}");
            let oldest_kept = kept.iter().map(|(age, _)| *age).max().unwrap_or(0);
            assert!(gone.iter().all(|(age, _)| *age * 8 / 7 + 8 >= oldest_kept));
        }
    }
}
