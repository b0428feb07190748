//! `vary`: the request fields that select a response.

use proc_macro2::{Ident, TokenStream};
use syn::LitStr;

use super::{Vary, texts::texts, values::is_token};
use crate::errors::{Errors, is_nearly};

pub(super) fn vary(value: TokenStream, errors: &mut Errors) -> Vary {
    match syn::parse2::<Ident>(value.clone()) {
        Ok(name) if name == "from_response" => return Vary::FromResponse,
        Ok(name) if is_nearly(&name.to_string(), "from_response") => {
            errors.on(&name, format!("`{name}` is not known here; did you mean `from_response`?"));
            return Vary::Nothing;
        }
        _ => {}
    }
    let mut names: Vec<LitStr> = Vec::new();
    for name in errors.keep(texts("vary", "accept-language", value)).unwrap_or_default() {
        let text = name.value();
        let lower = text.to_ascii_lowercase();
        if text == "*" {
            errors
                .on(&name, "with `*` no response could be reused; name the fields that the handler reads, or type `vary = from_response`");
        } else if text.is_empty() {
            errors.on(&name, "a name in `vary` is empty; type `vary = \"accept-language\"`");
        } else if text.contains(',') {
            let each: Vec<_> = lower.split(',').map(|name| format!("\"{}\"", name.trim())).collect();
            errors.on(&name, format!("each field is a text of its own; type `vary = [{}]`", each.join(", ")));
        } else if !text.bytes().all(is_token) {
            errors.on(&name, format!("`{text}` is not the name of a header field; type `vary = \"accept-language\"`"));
        } else if lower != text {
            errors.on(&name, format!("names of header fields are written in lower case here; type `\"{lower}\"`"));
        } else if let Some(complaint) = no_selector(&text) {
            errors.on(&name, complaint);
        } else if names.iter().any(|earlier| earlier.value() == text) {
            errors.on(&name, format!("`{text}` is named twice; remove one"));
        } else {
            names.push(name);
        }
    }
    Vary::Fields(names)
}

/// Why a field cannot select a response: requests do not have it, or the cache handles it.
fn no_selector(name: &str) -> Option<String> {
    of_responses(name).or_else(|| match name {
        "if-none-match" | "if-modified-since" | "if-match" | "if-unmodified-since" | "if-range" | "range" => {
            Some(format!("the cache answers `{name}` itself, from the whole response; remove it"))
        }
        "cache-control" | "pragma" => Some(format!("`{name}` is for the cache, and not for the handler; remove it")),
        _ => None,
    })
}

/// What is wrong with a field that only responses have.
pub(crate) fn of_responses(name: &str) -> Option<String> {
    Some(match name {
        "set-cookie" => "`set-cookie` is a field of responses, and no request has it; for one cookie take an extractor of your own that reads it, with `#[derive(cached_handler::CacheKey)]`".to_owned(),
        "age" | "allow" | "content-range" | "accept-ranges" | "etag" | "expires" | "last-modified" | "location" | "retry-after" | "server"
        | "vary" | "www-authenticate" | "proxy-authenticate" | "clear-site-data" => {
            format!("`{name}` is a field of responses, and no request has it; name what the handler reads of the request, such as `accept-language`")
        }
        _ => return None,
    })
}
