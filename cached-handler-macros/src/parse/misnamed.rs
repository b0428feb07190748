//! What to type in place of an argument that does not exist.

use proc_macro2::Ident;
use syn::ext::IdentExt;

use super::{advice, split::Written};
use crate::{
    arguments::{CACHED, INVALIDATES, Table},
    errors::{did_you_mean, listed},
};

/// What to type in place of a name that is not in the table.
pub(super) fn misnamed(written: &Written, table: &Table) -> Option<String> {
    let name = &*written.name.unraw().to_string();
    if table.find(name).is_some() {
        return None;
    }
    if let Some(argument) = table.arguments.iter().find(|argument| argument.aliases.contains(&name)) {
        let here = Ident::new(argument.name, written.name.span());
        return Some(format!(
            "`{name}` is called `{}` here; type `{}`",
            argument.name,
            advice::form(table, &here, &written.value.tokens())
        ));
    }
    let attribute = table.attribute;
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
            format!("by default statuses decide what is stored, and those of failures are not; remove `{name}`")
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
        _ if attribute == "invalidates" && CACHED.find(name).is_some() => {
            format!("`{name}` is an argument of `#[cached]`; remove it here, and name what the write changes, `group = \"articles\"`")
        }
        _ if attribute == "cached" && INVALIDATES.find(name).is_some() => {
            format!("`{name}` is an argument of `#[invalidates]`, which stands above handlers that write; remove it here")
        }
        _ => {
            let all = listed(table.names());
            let hint = Some(did_you_mean(name, table.names())).filter(|hint| !hint.is_empty());
            format!("`{name}` is not an argument of `#[{attribute}]`{}", hint.unwrap_or_else(|| format!("; there are {all}")))
        }
    })
}
