//! What an invalidation publishes: incarnation, the clock before and after, effect, and the name of the epoch that was moved, as
//! it stands in Redis, where no name of a group can be read.

use crate::epoch::{Effect, Stamp, target::Mark};

/// An invalidation that somebody has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) before: u64,
    pub(super) stamp: Stamp,
    pub(super) effect: Effect,
    pub(super) mark: MirrorMark<'a>,
}

/// The mark of an epoch in the mirror: paths by their place among the epochs of paths, groups by what stands for their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MirrorMark<'a>(pub(super) Mark<'a>);

/// How messages begin. One that begins otherwise is of a version that says something else.
const VERSION: &str = "1";

impl<'a> Message<'a> {
    pub(super) fn read(text: &'a [u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(text).ok()?.splitn(6, ' ');
        if words.next()? != VERSION {
            return None;
        }
        let incarnation = words.next()?.parse().ok()?;
        let (before, clock) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let effect = match words.next()? {
            "invalidate" => Effect::Invalidate,
            "expire" => Effect::Expire,
            _ => return None,
        };
        let name = words.next()?;
        let mark = match name.split_once(':') {
            None if name.is_empty() => Mark::All,
            Some(("h", name)) => Mark::Handler(name),
            Some(("g", digits)) => Mark::Group(digits),
            // The incarnation stands in front.
            Some(("p", digits)) => Mark::Path(u64::from_str_radix(digits.get(16..)?, 16).ok()?),
            _ => return None,
        };
        Some(Self { before, stamp: Stamp { incarnation, clock }, effect, mark: MirrorMark(mark) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_epoch_is_told_and_what_is_not_understood_is_no_message() {
        let read = |text: &'static str| Message::read(text.as_bytes()).map(|message| (message.stamp.clock, message.effect, message.mark.0));
        assert_eq!(read("1 9 70 71 invalidate "), Some((71, Effect::Invalidate, Mark::All)));
        assert_eq!(read("1 9 70 71 expire h:shop::page of all"), Some((71, Effect::Expire, Mark::Handler("shop::page of all"))));
        assert_eq!(read("1 9 70 71 invalidate g:00ff"), Some((71, Effect::Invalidate, Mark::Group("00ff"))));
        assert_eq!(read("1 9 70 71 invalidate p:0000000000000009beef"), Some((71, Effect::Invalidate, Mark::Path(0xbeef))));
        for wrong in
            ["", "2 9 70 71 invalidate ", "1 9 70 71 forget ", "1 9 70 71 invalidate x:1", "1 9 70 71 invalidate p:12", "1 9 x 71 expire "]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
