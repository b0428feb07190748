//! `uncached`.

use cached_handler::invalidates;

#[invalidates(group = "a", uncached)] //~ uncached => `uncached` has no value; type `uncached = edit_uncached`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(group = "a", uncached = "plain")] //~ "plain" => `uncached` is a path; type `uncached = plain`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[invalidates(uncached = plain)] //~ #[invalidates(uncached = plain)] => this invalidates nothing; type `group = "articles"`, `path = "/articles/{id}"` or `handler = list`, or take an `Invalidation`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

struct Articles;

impl Articles {
    #[invalidates(group = "a", uncached = plain)] //~ plain => in an `impl` the function `plain` belongs to its type; type `uncached = Self::plain`
    async fn edit() {
        Self::write();
    }

    fn write() {}
}

fn main() {}
