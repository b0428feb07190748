//! The outcomes of the latest calls, and whether too many of them failed.

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Window {
    /// As many low bits as failures in a row are too many.
    in_a_row: u32,
    /// So many failures among the last [`CALLS`] are too many; calls that were not made yet count as successes.
    of_twenty: u32,
    /// A bit for each of the last calls, the latest in the lowest place; set where it failed.
    failed: u32,
}

const CALLS: u32 = 20;
const ALL: u32 = (1 << CALLS) - 1;

impl Window {
    pub(super) fn new(in_a_row: u32, of_twenty: u32) -> Self {
        Self { in_a_row: (1 << in_a_row.clamp(1, CALLS)) - 1, of_twenty: of_twenty.clamp(1, CALLS), failed: 0 }
    }

    /// Whether with this failure there are too many.
    pub(super) fn failed(&mut self) -> bool {
        self.failed = ((self.failed << 1) | 1) & ALL;
        self.failed & self.in_a_row == self.in_a_row || self.failed.count_ones() >= self.of_twenty
    }

    pub(super) fn succeeded(&mut self) {
        self.failed = (self.failed << 1) & ALL;
    }

    pub(super) fn clear(&mut self) {
        self.failed = 0;
    }

    pub(super) fn is_clear(&self) -> bool {
        self.failed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many calls there are too many, where calls fail (`x`) and succeed in this order, over and over.
    fn opens_after(course: &str) -> Option<usize> {
        let mut window = Window::new(5, 10);
        let is_opened_by = |outcome| {
            if outcome == b'x' {
                return window.failed();
            }
            window.succeeded();
            false
        };
        course.bytes().cycle().take(1000).position(is_opened_by).map(|before| before + 1)
    }

    #[test]
    fn five_failures_in_a_row_or_ten_of_the_last_twenty_calls_are_too_many() {
        for (course, calls) in [("xxxxx", 5), ("x.", 19), (".x", 20), ("xxxx....", 18), ("xxxx.", 12)] {
            assert_eq!(opens_after(course), Some(calls), "{course}");
        }
        for course in [".", "x..", "xx...", "xxxx......", "...x", "xxxx................"] {
            assert_eq!(opens_after(course), None, "{course}");
        }
    }
}
