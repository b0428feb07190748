//! `uncached`.

use cached_handler::cached;

#[cached(ttl = 60, uncached)] //~ uncached => `uncached` has no value; type `uncached = list_uncached`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, uncached = "plain")] //~ "plain" => `uncached` is a path; type `uncached = plain`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, uncached = 5)] //~ 5 => `uncached` is a path; type a name for the function as you wrote it, `uncached = list_uncached`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, uncached(plain))] //~ (plain) => `uncached` takes its value after `=`; type `uncached = plain`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

struct Articles;

impl Articles {
    #[cached(ttl = 60, uncached = plain)] //~ plain => in an `impl` the function `plain` belongs to its type; type `uncached = Self::plain`
    async fn by_its_signature() -> Result<&'static str, Self> {
        Ok("")
    }

    #[cached(ttl = 60, uncached = plain)] //~ plain => in an `impl` the function `plain` belongs to its type; type `uncached = Self::plain`
    async fn by_its_body() -> &'static str {
        Self::text()
    }

    fn text() -> &'static str {
        ""
    }
}

impl axum::response::IntoResponse for Articles {
    fn into_response(self) -> axum::response::Response {
        ().into_response()
    }
}

fn main() {}
