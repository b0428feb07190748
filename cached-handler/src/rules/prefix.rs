//! Prefixes of paths: each is a group of the responses below it, with a name that no author's group can have.

use super::{path::normalise, spelling::one_spelling};
use crate::util::digest::Digest;

/// The most segments of a prefix.
pub(crate) const DEEPEST: usize = 8;

/// The beginning of the name of a prefix's group.
const SIGN: &str = "\u{0}below:";

/// The groups of all prefixes of a path, including the path itself.
pub(crate) fn groups_above(path: &str) -> Vec<Box<str>> {
    let spelt = spelt(path);
    let ends = spelt.char_indices().filter(|(at, letter)| *at > 0 && *letter == '/').map(|(at, _)| at).chain([spelt.len()]);
    ends.take(if spelt.is_empty() { 0 } else { DEEPEST }).filter_map(|end| spelt.get(..end)).map(name).collect()
}

/// The group of everything below a path; `None` for the root, and for a path of too many segments.
pub(crate) fn group_of(path: &str) -> Option<Box<str>> {
    let spelt = spelt(path);
    let depth = spelt.matches('/').count();
    (1..=DEEPEST).contains(&depth).then(|| name(&spelt))
}

/// Whether a group is that of a prefix.
pub(crate) fn is_prefix(group: &str) -> bool {
    group.starts_with(SIGN)
}

/// The canonical spelling of a path without slashes at its end: `/a/` counts as below `/a`, as `/a` itself does.
fn spelt(path: &str) -> String {
    let mut spelt = one_spelling(&normalise(path));
    spelt.truncate(spelt.trim_end_matches('/').len());
    spelt
}

/// The name of a prefix's group. It is a digest, so that it is short whatever a client sends.
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
    fn the_root_and_too_deep_prefixes_have_no_group() {
        assert_eq!((group_of("/"), group_of("//"), groups_above("/").len()), (None, None, 0));
        assert!(group_of("/1/2/3/4/5/6/7/8").is_some() && group_of("/1/2/3/4/5/6/7/8/9").is_none());
        assert_eq!(groups_above(&"/a".repeat(1000)).len(), DEEPEST);
    }
}
