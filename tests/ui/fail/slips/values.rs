//! Values that are nearly right.

use std::time::Duration;

use axum::extract::Path;
use cached_handler::{Policy, cached, invalidates};

const GROUP: &str = "articles";

#[cached(ttl = "60")] //~ "60" => `ttl` is a duration; type `ttl = 60`
async fn seconds_as_text() {}

#[cached(ttl = "5 min")] //~ "5 min" => `ttl` is a duration; type `ttl = "5m"`
async fn unit_in_words() {}

#[cached(ttl = 60s)] //~ 60s => `ttl` is a duration; type `ttl = "60s"`
async fn unit_as_a_suffix() {}

#[cached(ttl = Duration::from_secs(60))] //~ Duration::from_secs(60) => `ttl` is seconds, text, or the path of a constant; type `ttl = TTL`, and `const TTL: Duration = Duration::from_secs(60);` outside
async fn called() {}

#[cached(ttl = 60, stale_while_revalidate = "1 day")] //~ "1 day" => `stale_while_revalidate` is a duration; type `stale_while_revalidate = "1d"`
async fn window_in_words() {}

#[cached(ttl = 60, group = GROUP)] //~ GROUP => an attribute cannot read the constant `GROUP`; type its text, `group = "articles"`
async fn constant() {}

#[invalidates(group = GROUP)] //~ GROUP => an attribute cannot read the constant `GROUP`; type its text, `group = "articles"`
async fn constant_of_invalidates() {}

#[cached(ttl = 60, group = id)] //~ id => `group` is text or a list of texts; type `group = "id"`, or with the argument `id` in it, `group = "article:{id}"`
async fn argument_as_group(Path(id): Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = format!("article:{id}"))] //~ format!("article:{id}") => an attribute cannot call a function; type the text, `group = "articles"`, with arguments of the handler in braces, as in `{id}`
async fn formatted(Path(id): Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = "article:{id:05}")] //~ "article:{id:05}" => `:05` is a format, and values are written as they are displayed; type `{id}`
async fn format_of_a_number(Path(id): Path<u64>) { let _ = id; }

#[cached(ttl = 60, group = &["a"])] //~ &["a"] => `group` is text or a list of texts, without `&`; type `group = ["a"]`
async fn reference() {}

#[cached(ttl = 60, vary = accept_language)] //~ accept_language => `vary` is text or a list of texts; type `vary = "accept-language"`
async fn field_as_a_name() {}

#[cached(ttl = 60, vary = "accept, accept-language")] //~ "accept, accept-language" => each field is a text of its own; type `vary = ["accept", "accept-language"]`
async fn fields_in_one_text() {}

#[cached(ttl = 60, vary = "set-cookie")] //~ "set-cookie" => `set-cookie` is a field of responses, and no request has it; for one cookie take an extractor of your own
async fn field_of_responses() {}

#[cached(ttl = 60, vary = "etag")] //~ "etag" => `etag` is a field of responses, and no request has it
async fn another_field_of_responses() {}

#[cached(ttl = 60, vary = "if-none-match")] //~ "if-none-match" => the cache answers `if-none-match` itself, from the whole response; remove it
async fn condition() {}

#[cached(ttl = 60, cache_control = "private, public")] //~ "private, public" => `public` lets every cache keep the response, and `private` only the client's own; type `cache_control = "private"` if it is one person's, else `"public"`
async fn contradiction() {}

#[cached(ttl = 60, cache_control = "max-age=60, max-age=120")] //~ "max-age=60, max-age=120" => `max-age` is given twice; remove one
async fn directive_twice() {}

#[cached(ttl = 60, cache_control = ["public", "max-age=60"])] //~ ["public", "max-age=60"] => `cache_control` is text; type `cache_control = "public, max-age=60"`
async fn directives_in_a_list() {}

#[cached(ttl = 60, backend = Redis)] //~ Redis => `backend` is text; type `backend = "redis"`
async fn backend_as_a_name() {}

#[cached(ttl = 60, policy = Policy::new().name("search"))] //~ Policy::new().name("search") => `policy` is the path of a constant; type `policy = SEARCH`, and `const SEARCH: Policy = Policy::new().name("search");` outside
async fn policy_in_place() {}

#[cached(ttl = 60, uncached = same_name)] //~ same_name => `same_name` is the name of the handler itself; type another, `uncached = same_name_uncached`
async fn same_name() {}

#[invalidates(handler = [list(), "show"])] //~ list() => type `handler = list` //~ "show" => type `handler = show`
async fn handlers() {}

#[invalidates(path_prefix = "/articles/:id")] //~ "/articles/:id" => a parameter is written in braces, and `:id` is plain text; type `path_prefix = "/articles/{id}"`
async fn path_of_axum_0_7(Path(id): Path<u64>) { let _ = id; }

#[invalidates(path = "/articles/<id>")] //~ "/articles/<id>" => a parameter is written in braces, and `<id>` is plain text; type `path = "/articles/{id}"`
async fn path_of_others(Path(id): Path<u64>) { let _ = id; }

#[invalidates(path = "/articles/{id:[0-9]+}")] //~ "/articles/{id:[0-9]+}" => `:[0-9]+` is a format, and values are written as they are displayed; type `{id}`
async fn pattern(Path(id): Path<u64>) { let _ = id; }

fn main() {}
