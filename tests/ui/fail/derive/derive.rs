//! `#[derive(CacheKey)]`.

use cached_handler::CacheKey;

#[derive(CacheKey)]
union Union {
    a: u8,
}

#[derive(CacheKey)]
#[cache_key(varies = "accept")]
struct Unknown(u8);

#[derive(CacheKey)]
#[cache_key(vary = "Accept")]
struct UpperCase(u8);

#[derive(CacheKey)]
#[cache_key(vary = 5)]
struct NoText(u8);

#[derive(CacheKey)]
#[cache_key]
struct Bare(u8);

#[derive(CacheKey)]
#[cache_key(skip)]
struct Skipped(u8);

#[derive(CacheKey)]
struct Field {
    #[cache_key(private)]
    a: u8,
    #[cache_key(skipp)]
    b: u8,
}

struct NoPart;

#[derive(CacheKey)]
struct Holds {
    part: NoPart,
}

#[derive(CacheKey)]
struct Float(f64);

fn main() {}
