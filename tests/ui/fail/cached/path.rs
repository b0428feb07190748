//! `path`.

use axum::extract::{MatchedPath, OriginalUri, Path, Request};
use axum::http::{HeaderMap, Uri};
use cached_handler::cached;

#[cached(ttl = 60, path)] //~ path => `path` has no value; type `path = ["/", "/index.html"]`
async fn h0() {}

#[cached(ttl = 60, path = shared)] //~ shared => `path` lists the paths that share one response, each as text; type `path = ["/", "/index.html"]`
async fn h1() {}

#[cached(ttl = 60, path("/", "/index.html"))] //~ ("/", "/index.html") => `path` takes its value after `=`; type `path = ["/", "/index.html"]`
async fn h2() {}

#[cached(ttl = 60, path = "/")] //~ "/" => every key holds the path; to share one response with other paths name all of them, `path = ["/", "/index.html"]`, or remove `path`
async fn h3() {}

#[cached(ttl = 60, path = ["/articles/{id}"])] //~ "/articles/{id}" => name all of them, `path = ["/articles/{id}", "/other/articles/{id}"]`
async fn h4() {}

#[cached(ttl = 60, path = [])] //~ [] => `path` lists the paths that share one response, each as text; type `path = ["/", "/index.html"]`
async fn h5() {}

#[cached(ttl = 60, path = ["/", FRONT])] //~ FRONT => `path` lists the paths that share one response, each as text
async fn h6() {}

#[cached(ttl = 60, path = ["/", "index.html"])] //~ "index.html" => a path begins with `/`: it is the whole path that clients send, without scheme and host; type `"/index.html"`
async fn h7() {}

#[cached(ttl = 60, path = ["/", "/?page=1"])] //~ "/?page=1" => a path ends before `?` and white space: of the query the key holds what the handler reads; remove the rest
async fn h8() {}

#[cached(ttl = 60, path = ["/", "/"])] //~ "/" => the path `/` is named twice; remove one
async fn h9() {}

#[cached(ttl = 60, path = ["/a/{id}", "/b/:id"])] //~ "/b/:id" => a parameter is written in braces, and `:id` is plain text; type `path = "/b/{id}"`
async fn h10() {}

#[cached(ttl = 60, path = ["/a/{*rest}", "/b/*"])] //~ "/b/*" => a path is no pattern; for all that stands at its end type `{*rest}`
async fn h11() {}

#[cached(ttl = 60, path = ["/a/{id}", "/b/{slug}"])] //~ "/b/{slug}" => `/b/{slug}` has other parameters than `/a/{id}`: a response is shared by the paths that have the same ones; type the same names in each, such as `{id}`
async fn h12() {}

#[cached(ttl = 60, path = ["/a/{id}", "/b/x-{id}"])] //~ "/b/x-{id}" => `x-{id}` is no parameter: it is a whole segment with one name, as in a route, `{id}`, or at the end of the path `{*rest}`
async fn h13() {}

#[cached(ttl = 60, path = ["/a/{*rest}", "/{*rest}/b"])] //~ "/{*rest}/b" => `{*rest}` is no parameter: it is a whole segment with one name
async fn h14() {}

#[cached(ttl = 60, path = ["/{id}/{id}", "/b/{id}"])] //~ "/{id}/{id}" => `{id}` stands twice in the path; give each its own name
async fn h15() {}

#[cached(ttl = 60, path = ["/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9"])] //~ "/9" => `path` takes at most 8 paths; remove some
async fn h16() {}

#[cached(ttl = 60, path = ["/a", "/b"])]
async fn h17(target: Uri) { let _ = target; } //~ Uri => `Uri` shows which of the paths in `path` was asked for, so that they would share nothing; take what the handler reads, such as `Path` or `Query`, or type `skip(target)` if the response is the same for all of them

#[cached(ttl = 60, path = ["/a", "/b"])]
async fn h18(_: OriginalUri, matched: Option<MatchedPath>) { let _ = matched; }
//~^ OriginalUri => type `skip(uri)` if the response is the same for all of them
//~^^ MatchedPath => type `skip(matched)` if the response is the same for all of them

#[cached(ttl = 60, path = ["/a", "/b"])]
async fn h19(request: Request) { let _ = request; } //~ Request => `Request` shows which of the paths in `path` was asked for

#[cached(ttl = from_response, vary = from_response, path = ["/a", "/b"])] //~ path => a handler with `vary = from_response` sends the path on, and each is another page of its server; remove `path`
async fn h20(fields: HeaderMap) { let _ = fields; }

#[cached(ttl = 60, paths = ["/a", "/b"])] //~ paths => `paths` is called `path` here; type `path = ["/a", "/b"]`
async fn h21() {}

// What is skipped, or stands for its part in the key, may show the path.
#[cached(ttl = 60, path = ["/a/{id}", "/b/{id}"], skip(uri))]
async fn right(uri: Uri, Path(id): Path<u64>) { let _ = (uri, id); }

fn main() {
    let _: axum::Router = axum::Router::new().route("/a/{id}", axum::routing::get(right));
}
