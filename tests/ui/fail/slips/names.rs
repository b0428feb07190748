//! Arguments that there are not, and those of the other attribute.

use cached_handler::{cached, invalidates};

#[cached(ttl = 60, private)] //~ private => clients and other caches are told by `cache_control`; in place of `private` type `cache_control = "private"`
async fn private() {}

#[cached(ttl = 60, public = true)] //~ public => clients and other caches are told by `cache_control`; in place of `public` type `cache_control = "public"`
async fn public() {}

#[cached(ttl = 60, no_store)] //~ no_store => clients and other caches are told by `cache_control`; in place of `no_store` type `cache_control = "no-store"`
async fn no_store() {}

#[cached(ttl = 60, s_maxage = 60)] //~ s_maxage => type `cache_control = "public, s-maxage=60"`
async fn s_maxage() {}

#[cached(ttl = 60, size = 100)] //~ size => how much is kept is up to the whole cache; remove `size`, and type `Cache::builder().memory(64 << 20)` where the program starts
async fn size() {}

#[cached(ttl = 60, methods = ["GET"])] //~ methods => only GET and HEAD are cached, and other methods reach the handler; remove `methods`
async fn methods() {}

#[cached(ttl = 60, path = "/a")] //~ "/a" => every key holds the path; to share one response with other paths name all of them, `path = ["/a", "/"]`, or remove `path`
async fn path() {}

#[cached(ttl = 60, handler = list)] //~ handler => `handler` is an argument of `#[invalidates]`, which stands above handlers that write; remove it here
async fn handler() {}

#[invalidates(group = "a", ttl = 60)] //~ ttl => `ttl` is an argument of `#[cached]`; remove it here, and name what the write changes, `group = "articles"`
async fn ttl() {}

#[cached(ttl = 60, tags = ["a", "b"])] //~ tags => `tags` is called `group` here; type `group = ["a", "b"]`
async fn tags() {}

#[cached(duration = "5m")] //~ duration => `duration` is called `ttl` here; type `ttl = "5m"`
async fn duration() {}

#[cached(ttl = 60, max_wait = 5)] //~ max_wait => `max_wait` belongs in a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().max_wait(…);`
async fn max_wait() {}

fn main() {}
