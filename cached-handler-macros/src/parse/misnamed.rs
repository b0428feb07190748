//! What to type in place of an argument that does not exist.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::{Argument, CACHED, INVALIDATES, advice, split::Written};
use crate::errors::{did_you_mean, listed};

/// What to type in place of a name that is not in the table.
pub(super) fn misnamed(attribute: &str, written: &Written, table: &[Argument]) -> Option<String> {
    let name = &*written.name.unraw().to_string();
    if has(table, name) {
        return None;
    }
    if let Some(form) = elsewhere(name).and_then(|here| table.iter().find(|argument| argument.name == here)) {
        let here = Ident::new(form.name, written.name.span());
        return Some(format!("`{name}` is called `{}` here; type `{}`", form.name, advice::form(table, &here, &written.value.tokens())));
    }
    Some(match name {
        "name"
        | "version"
        | "max_body"
        | "etag"
        | "timeout"
        | "jitter"
        | "max_wait"
        | "heuristic"
        | "honor_request_directives"
        | "cookies_by_vary"
        | "targeted_fields"
        | "vary_by_meaning"
        | "without_cache_control"
            if attribute == "cached" =>
        {
            format!("`{name}` belongs in a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().{name}(…);`")
        }
        "namespace" | "key_prefix" | "prefix" if attribute == "cached" => {
            format!("`{name}` belongs to the whole cache; type `Cache::builder().namespace(\"my-app\")` where the program starts")
        }
        "sync_writes" | "coalesce" | "single_flight" if attribute == "cached" => {
            format!("concurrent requests for one key share a run already; remove `{name}`")
        }
        "result" | "ok_only" if attribute == "cached" => {
            format!("`{name}` is called `only_ok` here; type `only_ok`, without a value")
        }
        "option" if attribute == "cached" => {
            format!("statuses decide what is stored, and those of failures are not; remove `{name}`")
        }
        "private" | "public" | "no_store" | "no_cache" | "immutable" | "must_revalidate" | "s_maxage" if attribute == "cached" => {
            let directive = if name == "s_maxage" { "public, s-maxage=60".to_owned() } else { name.replace('_', "-") };
            format!("clients and other caches are told by `cache_control`; in place of `{name}` type `cache_control = \"{directive}\"`")
        }
        "size" | "capacity" | "max_size" | "max_capacity" | "max_entries" | "unbound" if attribute == "cached" => {
            format!(
                "how much is kept is up to the whole cache; remove `{name}`, and type `Cache::builder().memory(64 << 20)` where the program starts"
            )
        }
        "method" | "methods" if attribute == "cached" => {
            format!("only GET and HEAD are cached, and other methods reach the handler; remove `{name}`")
        }
        _ if attribute == "invalidates" && has(CACHED, name) => {
            format!("`{name}` is an argument of `#[cached]`; remove it here, and name what the write changes, `group = \"articles\"`")
        }
        "path" if attribute == "cached" => "every key holds the path; remove `path`".to_owned(),
        _ if attribute == "cached" && has(INVALIDATES, name) => {
            format!("`{name}` is an argument of `#[invalidates]`, which stands above handlers that write; remove it here")
        }
        _ => {
            let names = table.iter().map(|argument| argument.name);
            let all = listed(names.clone());
            let hint = Some(did_you_mean(name, names)).filter(|hint| !hint.is_empty());
            format!("`{name}` is not an argument of `#[{attribute}]`{}", hint.unwrap_or_else(|| format!("; there are {all}")))
        }
    })
}

fn has(table: &[Argument], name: &str) -> bool {
    table.iter().any(|argument| argument.name == name)
}

/// What other crates and RFCs call an argument.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "time" | "expires" | "expire" | "expiry" | "expiration" | "expires_in" | "lifetime" | "lifespan" | "max_age" | "duration"
        | "time_to_live" => "ttl",
        "tag" | "tags" | "cache_tags" | "surrogate_key" => "group",
        "swr" | "stale" | "while_revalidate" | "refresh" => "stale_while_revalidate",
        "sie" | "if_error" | "use_stale_on_failure" | "result_fallback" => "stale_if_error",
        "store" | "storage" | "driver" => "backend",
        "convert" | "cache_key" => "key",
        "header" | "headers" | "varies" => "vary",
        "statuses" | "status_code" | "status_codes" | "http_status" => "status",
        "ignore" | "exclude" | "skip_args" => "skip",
        "condition" | "unless" | "skip_if" | "bypass_if" => "bypass",
        "url" | "uri" | "route" => "path",
        "function" => "handler",
        _ => return None,
    })
}
