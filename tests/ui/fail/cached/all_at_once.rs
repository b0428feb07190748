//! Every mistake of one attribute in one compile, and none of the handler.

use axum::extract::Path;
use cached_handler::cached;

#[cached(
    ttl = "soon", //~ "soon" => `ttl` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant, or `from_response`
    backend = "Redis", //~ "Redis" => a backend's name has lower-case letters, digits, `-` and `_`; type `backend = "redis"`
    group = ["a", "a", "{idd}"], //~ "a" => the group `a` is named twice; remove one //~ "{idd}" => no argument is named `idd`; did you mean `id`?
    key(5), //~ 5 => this mentions no argument, so it is the same for every request; the arguments are `id`
    vary = "*", //~ "*" => with `*` no response could be reused; name the fields that the handler reads, or type `vary = from_response`
    skip(idd), //~ idd => no argument is named `idd`; did you mean `id`?
    cache_control = "max age", //~ "max age" => `max age` is not a directive of `Cache-Control`; type `cache_control = "public, max-age=60"`
    policy = "SEARCH", //~ "SEARCH" => `policy` is a path; type `policy = SEARCH`
    collapse = "of", //~ "of" => `collapse` takes `"inline"` and nothing else
    uncached = 5, //~ 5 => `uncached` is a path; type a name for the function as you wrote it, `uncached = list_uncached`
    crate = 5, //~ 5 => `crate` is a path; type the path of this crate, `crate = my_reexport::cached_handler`
    grup = "x", //~ grup => `grup` is not an argument of `#[cached]`; did you mean `group`?
    ttl = 5, //~ ttl => `ttl` is given twice; remove one
)]
async fn handler(Path(id): Path<u64>) {
    let _ = id;
}

fn main() {}
