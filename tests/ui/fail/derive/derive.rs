//! `#[derive(CacheKey)]`.

use cached_handler::{CacheKey, cached};

#[derive(CacheKey)]
union Union { //~ union => a union does not say which of its fields holds a value; write `impl CacheKey` by hand
    a: u8,
}

#[derive(CacheKey)]
#[cache_key(varies = "accept")] //~ varies => `varies` is not an argument of `#[cache_key(…)]` on a type; type `vary = "accept-language"`, `private` or `crate = my_reexport::cached_handler`
struct Unknown(u8);

#[derive(CacheKey)]
#[cache_key(vary = "Accept")] //~ "Accept" => a header field is named in lower case; type `vary = "accept-language"`
struct UpperCase(u8);

#[derive(CacheKey)]
#[cache_key(vary = "set-cookie")] //~ "set-cookie" => `set-cookie` is a field of responses, and no request has it
struct OfResponses(u8);

#[derive(CacheKey)]
#[cache_key(display)] //~ display => `display` is about one field; type `#[cache_key(display)]` above it
struct Displayed(u8);

#[derive(CacheKey)]
#[cache_key(vary = 5)] //~ 5 => `vary` is text or a list of texts; type `vary = "accept-language"` or `vary = ["accept-language", …]`
struct NoText(u8);

#[derive(CacheKey)]
#[cache_key] //~ #[cache_key] => `cache_key` has no arguments here; type `vary = "accept-language"`, `private` or `crate = my_reexport::cached_handler`
struct Bare(u8);

#[derive(CacheKey)]
#[cache_key(skip)] //~ skip => `skip` is about one field; type `#[cache_key(skip)]` above it
struct Skipped(u8);

#[derive(CacheKey)]
struct Field {
    #[cache_key(private)] //~ private => `#[cache_key(…)]` on a field knows `skip` and `display`; type one of these, or put it on the type
    a: u8,
    #[cache_key(skipp)] //~ skipp => `#[cache_key(…)]` on a field knows `skip` and `display`; type one of these, or put it on the type
    b: u8,
}

#[derive(CacheKey)]
struct Both {
    #[cache_key(skip, display)] //~ display => a field is either left out (`skip`) or written as it prints (`display`); remove one
    a: u8,
}

struct NoPart;

#[derive(CacheKey)]
struct Prints {
    #[cache_key(display)]
    part: NoPart, //~ NoPart => `NoPart` doesn't implement `std::fmt::Display`
}

/// Content is in no key, however it is taken.
#[derive(serde::Deserialize, axum::extract::FromRequest, CacheKey)]
#[from_request(via(axum::Json))] //~ axum::Json => `#[derive(CacheKey)]` does not know what `Json<Edit>` reads of the request
struct Edit {
    title: String,
}

#[derive(CacheKey)]
struct Holds {
    part: NoPart, //~ NoPart => cannot be part of a cache key
}

#[derive(CacheKey)]
struct Float(f64); //~ f64 => cannot be part of a cache key

/// Has the name of an extractor, and is neither one nor a part of a key.
struct Version;

#[derive(CacheKey)]
struct Named {
    version: Version, //~ Version => does not say what it adds to the key
}

/// What it shows is told by the request, and not by its value.
#[derive(CacheKey, axum::extract::FromRequestParts)]
struct Articles {
    author: axum::extract::Path<String>,
}

#[derive(serde::Deserialize, Clone)]
struct Filter {
    tag: Option<String>,
}

#[derive(Clone, CacheKey, axum::extract::FromRequestParts)]
struct Wanted {
    #[from_request(via(axum::extract::Query))]
    filter: Filter,
}

#[derive(CacheKey)]
struct Around {
    articles: Articles, //~ Articles => cannot be part of a cache key
}

#[cached(ttl = 60, key(wanted))] //~ wanted => cannot be part of a key even with the derive: name the fields that matter
async fn by_a_part(axum::Extension(wanted): axum::Extension<Wanted>) -> String {
    format!("{:?}", wanted.filter.tag)
}

fn main() {}
