//! GraphQL over GET, cached, and over POST, where mutations invalidate.

use std::sync::{Arc, Mutex};

use async_graphql::{Context, EmptySubscription, Object, Request, Schema, SimpleObject};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::{Router, extract::State, response::Html, routing::get};
use cached_handler::{CacheGroups, Invalidation, cached, invalidates};

#[derive(Clone, SimpleObject)]
pub struct Human {
    id: u32,
    name: String,
}

pub type Humans = Arc<Mutex<Vec<Human>>>;

pub struct Query;

#[Object]
impl Query {
    async fn human(&self, ctx: &Context<'_>, id: u32) -> async_graphql::Result<Human> {
        let humans = ctx.data::<Humans>()?.lock().unwrap();
        humans.iter().find(|human| human.id == id).cloned().ok_or_else(|| "no such human".into())
    }

    async fn humans(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Human>> {
        Ok(ctx.data::<Humans>()?.lock().unwrap().clone())
    }
}

pub struct Mutation;

#[Object]
impl Mutation {
    async fn rename(&self, ctx: &Context<'_>, id: u32, name: String) -> async_graphql::Result<bool> {
        ctx.data::<Invalidation>()?.group("humans");
        let mut humans = ctx.data::<Humans>()?.lock().unwrap();
        humans.iter_mut().find(|human| human.id == id).ok_or("no such human")?.name = name;
        Ok(true)
    }
}

pub type StarWars = Schema<Query, Mutation, EmptySubscription>;

/// All that an answer is made of.
pub fn variables(request: &Request) -> String {
    request.variables.clone().into_value().to_string()
}

#[cached(ttl = 60, key(request.0.query, request.0.operation_name, variables(&request.0)))]
async fn query(State(schema): State<StarWars>, request: GraphQLRequest) -> (CacheGroups, GraphQLResponse) {
    (CacheGroups::of(["humans"]), schema.execute(request.0).await.into())
}

/// Queries and mutations: only the schema knows which, and what changes. A query leaves what is stored of the path.
#[invalidates(own_path = "keep")]
async fn post(State(schema): State<StarWars>, changed: Invalidation, request: GraphQLRequest) -> GraphQLResponse {
    schema.execute(request.0.data(changed)).await.into()
}

#[cached(ttl = "1h")]
async fn playground() -> Html<&'static str> {
    Html("<form action=/graphql><textarea name=query></textarea></form>")
}

pub fn app() -> Router {
    app_with(Router::new().route("/graphql", get(query).post(post)))
}

/// For mutations.
pub fn post_route() -> axum::routing::MethodRouter<StarWars> {
    axum::routing::post(post)
}

/// The same with another endpoint.
pub fn app_with(endpoint: Router<StarWars>) -> Router {
    let named = [(1000, "Luke"), (1001, "Darth Vader")];
    let humans: Humans = Arc::new(Mutex::new(named.map(|(id, name)| Human { id, name: name.to_owned() }).to_vec()));
    endpoint.route("/", get(playground)).with_state(Schema::build(Query, Mutation, EmptySubscription).data(humans).finish())
}
