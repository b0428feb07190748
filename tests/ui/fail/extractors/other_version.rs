//! Extractors of axum-extra that are not those of the version that cached-handler knows: here of a module of that name.

use cached_handler::cached;

mod axum_extra {
    pub(crate) mod extract {
        pub(crate) struct Query<T>(pub(crate) T);
    }
}

#[cached(ttl = 60)]
async fn query(page: axum_extra::extract::Query<u64>) -> String { //~ axum_extra::extract::Query<u64> => it may be of another version of axum-extra than 0.12, which cached-handler knows
    page.0.to_string()
}

#[cached(ttl = 60)]
async fn optional(page: Option<axum_extra::extract::Query<u64>>) -> String { //~ axum_extra::extract::Query<u64> => if it is of another version: type `axum-extra = "0.12"` in Cargo.toml
    page.is_some().to_string()
}

fn main() {}
