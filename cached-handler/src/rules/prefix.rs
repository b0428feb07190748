//! The paths that a path lies below: each is a group of the responses below it, which no author's group meets.

use super::{path::normalise, spelling::one_spelling};
use crate::util::digest::Digest;

/// How deep a prefix may be, in segments.
pub(crate) const DEEPEST: usize = 8;

/// Begins the name of a group that stands for a prefix.
const SIGN: &str = "\u{0}below:";

/// The groups of all prefixes of a path, itself included.
pub(crate) fn groups_above(path: &str) -> Vec<Box<str>> {
    let spelt = spelt(path);
    let ends = spelt.char_indices().filter(|(at, letter)| *at > 0 && *letter == '/').map(|(at, _)| at).chain([spelt.len()]);
    ends.take(if spelt.is_empty() { 0 } else { DEEPEST }).filter_map(|end| spelt.get(..end)).map(name).collect()
}

/// The group of all that lies below a path; none where that is everything, or too deep to have one.
pub(crate) fn group_of(path: &str) -> Option<Box<str>> {
    let spelt = spelt(path);
    let depth = spelt.matches('/').count();
    (1..=DEEPEST).contains(&depth).then(|| name(&spelt))
}

/// Whether a group stands for a prefix.
pub(crate) fn is_prefix(group: &str) -> bool {
    group.starts_with(SIGN)
}

/// Without slashes at its end: `/a/` is below `/a`, as `/a` is.
fn spelt(path: &str) -> String {
    let mut spelt = one_spelling(&normalise(path));
    spelt.truncate(spelt.trim_end_matches('/').len());
    spelt
}

/// Short, whatever a client sends.
fn name(prefix: &str) -> Box<str> {
    let digest = Digest::of(prefix.as_bytes()).to_hex();
    [SIGN, digest.get(..16).unwrap_or_default()].concat().into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_lies_below_each_of_its_beginnings_and_below_itself() {
        for (path, prefixes) in [
            ("/articles/7/comments", &["/articles", "/articles/", "/articles/7", "/ARTICLES/07/", "/articles/7/comments"][..]),
            ("/articles", &["/articles", "/articles/"]),
            ("/files/a%2Fb", &["/files", "/files/a", "/files/a/b", "/files/a%2fb"]),
        ] {
            for prefix in prefixes {
                let group = group_of(prefix).unwrap();
                assert!(groups_above(path).contains(&group) && is_prefix(&group), "{path} below {prefix}");
            }
        }
        for (path, prefix) in [("/articles/7", "/articles/70"), ("/articles2", "/articles"), ("/a", "/a/b"), ("/b/a", "/a")] {
            assert!(!groups_above(path).contains(&group_of(prefix).unwrap()), "{path} below {prefix}");
        }
    }

    #[test]
    fn what_is_everything_or_too_deep_has_no_group_and_no_path_has_more_than_eight() {
        assert_eq!((group_of("/"), group_of("//"), groups_above("/").len()), (None, None, 0));
        assert!(group_of("/1/2/3/4/5/6/7/8").is_some() && group_of("/1/2/3/4/5/6/7/8/9").is_none());
        assert_eq!(groups_above(&"/a".repeat(1000)).len(), DEEPEST);
    }
}
