//! The paths that a response belongs to: the path of its request, or all paths that share it by the attribute's
//! `path = ["/", "/index.html"]`. An invalidation of any of them reaches the response (law L4).

use super::hit::{begin, begin_fields};
use crate::{
    cache::Cache,
    handler::Handler,
    key::writer::{KeyWriter, Tag},
    request::facts::RequestFacts,
    rules::{
        path::{Paths, normalise, number},
        prefix::groups_above,
        shared_path::{filled, values},
    },
};

/// Starts the key of a request to a handler with paths that share responses: the parameters replace the path.
///
/// Anything else of the path that an argument shows, the argument writes itself: `Path` writes the parameters as the router has named them
/// (captured by [`Seen`](crate::serve::Seen)), and `Uri` the whole path.
pub fn begin_shared(key: &mut KeyWriter<'_>) {
    let (handler, facts) = (key.handler, key.facts);
    let Some(values) = values(handler.attributes.paths, facts.original.path()) else { return begin(key) };
    key.tag(Tag::SharedPath);
    key.length(values.len());
    for (_, value) in values {
        key.raw(value.as_bytes());
    }
    begin_fields(key);
}

/// The numbers of the paths, and the groups of their prefixes.
pub(super) fn of(handler: &Handler, facts: &RequestFacts, cache: &Cache) -> (Paths, Vec<Box<str>>) {
    let (own, has_prefixes) = (facts.original.path(), cache.inner().switches.path_prefixes);
    let Some(values) = values(handler.attributes.paths, own) else {
        let groups = if has_prefixes { groups_above(own) } else { Vec::new() };
        return (Paths::from([number(&normalise(own))]), groups);
    };
    let (mut paths, mut groups) = (Paths::new(), Vec::new());
    for path in handler.attributes.paths.iter().map(|pattern| filled(pattern, &values)) {
        paths.push(number(&normalise(&path)));
        if has_prefixes {
            groups.extend(groups_above(&path));
        }
    }
    groups.sort_unstable();
    groups.dedup();
    (paths, groups)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Request;

    use super::*;
    use crate::{
        attribute::argument::tests::HANDLER as UNSHARED,
        handler::policy::Policy,
        handler::{Attributes, Ttl},
        key::writer::decode::{Element, decode},
        request::signature::Capture,
        serve::{Seen, key},
    };

    static SHARED: Handler =
        Handler::new(UNSHARED.site, Attributes::new(Ttl::For(Duration::from_secs(1))).paths(&["/a/{x}/{y}", "/b/{y}/{x}"]), Policy::new());

    fn seen(path: &str) -> Seen<false, true> {
        <Seen<false, true> as Capture<()>>::of(&mut Request::get(path).body(()).unwrap().into_parts().0)
    }

    fn begun(path: &str) -> Vec<u8> {
        let seen = seen(path);
        let mut key = key(&SHARED, &seen, &|| ());
        begin_shared(&mut key);
        key.bytes.to_vec()
    }

    /// These bytes are part of the format of keys at rest.
    #[test]
    fn golden_the_values_by_their_names_stand_in_place_of_the_path() {
        for path in ["/a/1/23", "/b/23/1", "/a/1/23?q"] {
            assert_eq!(begun(path), b"\x18\x02\x011\x0223", "{path}");
        }
        assert_eq!(begun("/a/1%2f/"), b"\x0b\x08/a/1%2f/");
        assert_eq!(decode(&begun("/a/1/23")), Some(vec![Element::SharedPath(vec![b"1".to_vec(), b"23".to_vec()])]));
    }

    #[test]
    fn a_response_belongs_to_all_its_paths_and_to_their_prefixes() {
        let numbers = |paths: &[&str]| -> Paths { paths.iter().map(|path| number(path)).collect() };
        let [with, without] = [true, false].map(|has_prefixes| {
            let builder = Cache::builder().off();
            if has_prefixes { builder.path_prefixes().finish().0 } else { builder.finish().0 }
        });
        for path in ["/a/1/2", "/b/2/1"] {
            let (paths, groups) = of(&SHARED, &seen(path).0.facts, &without);
            assert_eq!((paths, groups.len()), (numbers(&["/a/1/2", "/b/2/1"]), 0));
            let (_, groups) = of(&SHARED, &seen(path).0.facts, &with);
            let expected = groups_above("/a/1/2").into_iter().chain(groups_above("/b/2/1"));
            assert!(groups.len() == 6 && expected.into_iter().all(|group| groups.contains(&group)));
        }
        assert_eq!(of(&SHARED, &seen("/c").0.facts, &without).0, numbers(&["/c"]));
    }
}
