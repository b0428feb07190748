//! Targeted fields (RFC 9213): which of them counts, and what is passed on.

use super::{
    super::site::{Reply, Site, is_stored},
    plain, said,
};
use axum::{
    extract::{Path, Request},
    response::Response,
};
use cached_handler::{Outcome, Policy, StaleUse, cached};
use cached_handler_tests::harness::Dict;

#[tokio::test]
async fn what_is_for_caches_such_as_this_one_stands_in_the_place_of_the_rest() {
    let site = Site::of(plain);
    assert!(is_stored(&site, "/200/cache-control=no-store/cdn-cache-control=max-age=60").await);
    assert!(!is_stored(&site, "/200/cache-control=max-age=60/cdn-cache-control=no-store").await);
    assert!(!is_stored(&site, "/200/cache-control=no-store/cdn-cache-control=x").await);
}

const OLDER: Policy = Policy::new().targeted_fields(&["surrogate-control", "cdn-cache-control"]);
const NONE: Policy = Policy::new().targeted_fields(&[]);

#[cached(ttl = from_response, vary = from_response, policy = OLDER)]
async fn for_older(Path(path): Path<String>, _request: Request) -> Response {
    said(&path)
}

#[cached(ttl = from_response, vary = from_response, policy = OLDER, backend = "dict")]
async fn for_older_at_rest(Path(path): Path<String>, _request: Request) -> Response {
    said(&path)
}

#[cached(ttl = from_response, vary = from_response, policy = NONE)]
async fn for_none(Path(path): Path<String>, _request: Request) -> Response {
    said(&path)
}

/// RFC 9213 §2.2.
#[tokio::test]
async fn the_first_readable_targeted_field_of_the_policys_list_replaces_the_others() {
    for (target, by_both, by_default, by_none) in [
        ("/200/surrogate-control=max-age=60", true, false, false),
        ("/200/cdn-cache-control=max-age=60", true, true, false),
        ("/200/cache-control=max-age=60/cdn-cache-control=no-store", false, false, true),
        ("/200/surrogate-control=max-age=60/cdn-cache-control=no-store", true, false, false),
        ("/200/surrogate-control=no-store/cdn-cache-control=max-age=60", false, true, false),
        ("/200/surrogate-control=max-age=60/cache-control=no-store/expires=0", true, false, false),
        ("/200/surrogate-control=max-age=60/cache-control=private", true, false, false),
        ("/200/surrogate-control=private/cache-control=max-age=60", false, true, true),
        // One that is empty or no dictionary is not there, and the next one counts.
        ("/200/surrogate-control=/cdn-cache-control=max-age=60", true, true, false),
        ("/200/surrogate-control=no-store,/cdn-cache-control=max-age=60", true, true, false),
        ("/200/surrogate-control=No-Store/cache-control=max-age=60", true, true, true),
        // `Connection` does not take away what forbids, nor what allows.
        ("/200/connection=surrogate-control/surrogate-control=max-age=60", true, false, false),
        // `Set-Cookie` forbids, whatever is said.
        ("/200/surrogate-control=max-age=60/set-cookie=a=b", false, false, false),
    ] {
        assert_eq!(is_stored(&Site::of(for_older), target).await, by_both, "{target}");
        assert_eq!(is_stored(&Site::of(plain), target).await, by_default, "by default: {target}");
        assert_eq!(is_stored(&Site::of(for_none), target).await, by_none, "with none: {target}");
    }
}

/// RFC 9213 §3: caches on the way to the client may go by them, too.
#[tokio::test]
async fn targeted_fields_are_passed_on_whichever_this_cache_goes_by() {
    let target =
        "/200/surrogate-control=max-age=60/cdn-cache-control=max-age=5/example-cache-control=x/etag=%221%22/connection=surrogate-control";
    for site in [Site::of(for_older), Site::with(for_older_at_rest, |builder| builder.backend("dict", Dict::default()))] {
        for is_hit in [false, true] {
            let reply = site.get(target).await;
            assert_eq!((reply.is_hit(), reply.status.as_u16()), (is_hit, 200), "{}", reply.why());
            let said = ["surrogate-control", "cdn-cache-control", "example-cache-control"].map(|name| reply.field(name));
            assert_eq!(said, [Some("max-age=60"), Some("max-age=5"), Some("x")]);
        }
        // A 304 has those that this cache goes by (RFC 9110 §15.4.5).
        let unchanged = site.ask("GET", target, &[("if-none-match", "\"1\"")]).await;
        assert_eq!((unchanged.is_hit(), unchanged.status.as_u16()), (true, 304));
        let said = ["surrogate-control", "cdn-cache-control", "example-cache-control"].map(|name| unchanged.field(name));
        assert_eq!(said, [Some("max-age=60"), Some("max-age=5"), None]);
    }
}

#[tokio::test]
async fn a_targeted_field_says_for_how_long_and_forbids_what_is_stale() {
    let accepts = [("cache-control", "max-stale")];
    let site = Site::of(accepting);
    let strict = "/200/surrogate-control=max-age=5,%20must-revalidate/etag=%221%22";
    let lax = "/200/surrogate-control=max-age=5/cache-control=must-revalidate/etag=%221%22";
    for target in [strict, lax] {
        site.get(target).await;
    }
    site.later(4);
    assert!(site.get(strict).await.is_hit() && site.get(lax).await.is_hit());
    site.later(1);
    let is_accepted = |reply: &Reply| matches!(reply.outcome, Some(Outcome::Stale { why: StaleUse::Accepted, .. }));
    assert!(is_accepted(&site.ask("GET", lax, &accepts).await));
    assert!(!is_accepted(&site.ask("GET", strict, &accepts).await));
}

const ACCEPTING: Policy = OLDER.honor_request_directives();

#[cached(ttl = from_response, vary = from_response, policy = ACCEPTING)]
async fn accepting(Path(path): Path<String>, _request: Request) -> Response {
    said(&path)
}
