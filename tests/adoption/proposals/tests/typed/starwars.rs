//! `GraphQLRequest` of async-graphql.

use async_graphql_axum::GraphQLResponse;
use axum::{
    extract::{RawQuery, State},
    handler::Handler,
    http::StatusCode,
    routing::MethodRouter,
};
use cached_handler::{CacheGroups, cached};
use starwars::StarWars;

pub fn with<T: 'static>(handler: impl Handler<T, StarWars>) -> MethodRouter<StarWars> {
    starwars::post_route().get(handler)
}

#[cached(ttl = 60)]
pub async fn raw(State(schema): State<StarWars>, RawQuery(query): RawQuery) -> Result<(CacheGroups, GraphQLResponse), StatusCode> {
    let request = async_graphql::http::parse_query_string(&query.unwrap_or_default()).map_err(|_| StatusCode::BAD_REQUEST)?;
    Ok((CacheGroups::of(["humans"]), schema.execute(request).await.into()))
}
