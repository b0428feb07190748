//! Decides what a history shows, and knows nothing of caches: a read that began after an invalidation had returned `Ok`, in
//! whichever process, must not see an older version than that invalidation was about.

use super::{
    history::{Event, What},
    site::{RESOURCES, has_window},
};

/// What came of it.
#[derive(Debug, Default)]
pub struct Verdict {
    pub reads: usize,
    pub invalidations: usize,
    pub stale: usize,
    /// Reads of a version that the source did not have yet: then the history is wrong, or the clock.
    pub unborn: usize,
    /// Some of the stale and unborn reads, each with the version that it had to see at least, or at most.
    pub examples: Vec<(Event, u64)>,
}

/// From when on no read may see an older version than this.
type Floor = (u64, u64);

/// `events` gives the history in any order, as often as it is asked.
pub fn judge<I: Iterator<Item = Event>>(events: impl Fn() -> I) -> Verdict {
    let (mut floors, mut written) = (vec![Vec::<Floor>::new(); RESOURCES], vec![Vec::<Floor>::new(); RESOURCES]);
    let mut verdict = Verdict::default();
    for event in events() {
        match event.what {
            What::Read => verdict.reads += 1,
            What::Written => written[event.resource].push((event.began, event.version)),
            What::Invalidated => {
                verdict.invalidations += 1;
                floors[event.resource].push((event.ended, event.version));
            }
            // In its window a stale response may be used, however often it is expired.
            What::Expired if has_window(event.resource) => {}
            What::Expired => floors[event.resource].push((event.ended, event.version)),
        }
    }
    for steps in floors.iter_mut().chain(&mut written) {
        steps.sort_unstable();
        let mut latest = 0;
        for (_, version) in steps.iter_mut() {
            latest = latest.max(*version);
            *version = latest;
        }
    }
    // The latest version of a step before a moment.
    let before = |steps: &[Floor], moment: u64| {
        let count = steps.partition_point(|(at, _)| *at < moment);
        count.checked_sub(1).map_or(0, |last| steps[last].1)
    };
    for read in events().filter(|event| event.what == What::Read) {
        let (least, most) = (before(&floors[read.resource], read.began), before(&written[read.resource], read.ended));
        let (is_stale, is_unborn) = (read.version < least, read.version > most);
        verdict.stale += usize::from(is_stale);
        verdict.unborn += usize::from(is_unborn);
        if (is_stale || is_unborn) && verdict.examples.len() < MOST_EXAMPLES {
            verdict.examples.push((read, if is_stale { least } else { most }));
        }
    }
    verdict
}

const MOST_EXAMPLES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::site::{BRIEF, LASTING, WINDOWED, resource_of};

    fn event(what: What, kind: usize, (began, ended): (u64, u64), version: u64) -> Event {
        Event { what, resource: resource_of(kind, 0), began, ended, version }
    }

    /// The source has version 1 at the time 10 and version 2 at 20; then something is done to what is older, from 21 to 30.
    fn stale(what: What, kind: usize, read: (u64, u64), version: u64) -> usize {
        let history = [
            event(What::Written, kind, (10, 10), 1),
            event(What::Written, kind, (20, 20), 2),
            event(what, kind, (21, 30), 2),
            event(What::Read, kind, read, version),
        ];
        let verdict = judge(|| history.into_iter());
        assert_eq!((verdict.reads, verdict.unborn), (1, 0), "{verdict:?}");
        // In whichever order it was written down.
        assert_eq!(judge(|| history.into_iter().rev()).stale, verdict.stale);
        verdict.stale
    }

    #[test]
    fn a_read_that_begins_after_an_invalidation_must_not_see_what_is_older() {
        for kind in [LASTING, BRIEF, WINDOWED] {
            assert_eq!(stale(What::Invalidated, kind, (31, 40), 1), 1);
            assert_eq!(stale(What::Invalidated, kind, (31, 40), 2), 0);
        }
    }

    #[test]
    fn a_read_that_overlaps_an_invalidation_may_see_either() {
        for began in [5, 21, 29, 30] {
            assert_eq!(stale(What::Invalidated, LASTING, (began, 40), 1), 0, "{began}");
            assert_eq!(stale(What::Invalidated, LASTING, (began, 40), 2), 0, "{began}");
        }
    }

    #[test]
    fn what_is_expired_may_be_read_in_its_window_alone() {
        assert_eq!([LASTING, BRIEF, WINDOWED].map(|kind| stale(What::Expired, kind, (31, 40), 1)), [1, 1, 0]);
    }

    #[test]
    fn an_invalidation_that_is_overtaken_by_a_later_one_promises_no_less() {
        let history = [
            event(What::Written, LASTING, (1, 1), 2),
            event(What::Invalidated, LASTING, (2, 5), 2),
            event(What::Invalidated, LASTING, (2, 9), 1),
            event(What::Read, LASTING, (10, 11), 1),
        ];
        assert_eq!(judge(|| history.into_iter()).stale, 1);
    }

    #[test]
    fn a_version_that_the_source_does_not_have_yet_shows_a_wrong_history() {
        let history = [event(What::Written, LASTING, (20, 20), 1), event(What::Read, LASTING, (5, 19), 1)];
        let verdict = judge(|| history.into_iter());
        assert_eq!((verdict.stale, verdict.unborn), (0, 1));
    }

    #[test]
    fn other_resources_do_not_matter() {
        let history =
            [event(What::Written, LASTING, (1, 1), 1), event(What::Invalidated, LASTING, (2, 3), 1), event(What::Read, BRIEF, (4, 5), 0)];
        assert_eq!(judge(|| history.into_iter()).stale, 0);
    }
}
