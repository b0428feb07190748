//! A router made at random: which shapes stand in which nests, behind which layers. Built twice, with the cache and without.

use axum::{
    Extension, Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, Method, header},
    middleware::{Next, from_fn, map_response},
    response::Response,
    routing::MethodRouter,
};
use cached_handler_tests::harness::Random;
use tower_http::{compression::CompressionLayer, cors::CorsLayer, set_header::SetResponseHeaderLayer};

use super::{
    answers,
    model::{Model, Tenant},
    shapes, writes,
};

/// A handler, and the function that it was made of.
#[derive(Clone, Copy)]
pub struct Shape {
    pub name: &'static str,
    /// What comes after its name in its route.
    pub rest: &'static str,
    live: fn() -> MethodRouter<Model>,
    bare: fn() -> MethodRouter<Model>,
}

pub fn shape(name: &'static str, rest: &'static str, live: fn() -> MethodRouter<Model>, bare: fn() -> MethodRouter<Model>) -> Shape {
    Shape { name, rest, live, bare }
}

/// What stands around the routes of a nest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    Nothing,
    Fields,
    Compression,
    Rewriting,
    Cors,
}

impl Around {
    /// Whether the bytes are still those of the handler.
    pub fn keeps_bytes(self) -> bool {
        !matches!(self, Self::Compression | Self::Rewriting)
    }
}

const AROUND: [Around; 5] = [Around::Nothing, Around::Fields, Around::Compression, Around::Rewriting, Around::Cors];
const NESTS: [&str; 5] = ["", "/a", "/a/b", "/{tenant}/c", "/d"];

/// A shape and its place.
#[derive(Clone)]
pub struct Route {
    pub shape: Shape,
    pub nest: &'static str,
    pub around: Around,
}

#[derive(Clone)]
pub struct Plan {
    pub routes: Vec<Route>,
}

impl Plan {
    /// Every shape once, each time elsewhere; `instead` takes the place of the shape of its name.
    pub fn at_random(random: &mut Random, instead: Option<Shape>) -> Self {
        let around = NESTS.map(|_| AROUND[random.below(AROUND.len())]);
        let nested = shapes::shapes().into_iter().chain(answers::shapes()).map(|shape| {
            // Their routes have no parameter besides their own.
            let nests = if shape.name.contains("part") || shape.rest != "/{id}" { 3 } else { NESTS.len() };
            (shape, random.below(nests))
        });
        let nested = nested.collect::<Vec<_>>().into_iter();
        let takes_id = |shape: &Shape| !["constant", "nothing", "raw_query", "whole_query", "refused_query"].contains(&shape.name);
        let mut routes: Vec<_> = nested
            .map(|(shape, nest)| {
                // `Path<u32>` takes one parameter.
                let nest = if NESTS[nest].contains('{') && takes_id(&shape) { 4 } else { nest };
                Route { shape, nest: NESTS[nest], around: around[nest] }
            })
            .collect();
        let top = writes::shapes().into_iter().chain([answers::at_the_top()]);
        routes.extend(top.map(|shape| Route { shape, nest: "", around: around[0] }));
        if let Some(instead) = instead {
            routes.iter_mut().filter(|route| route.shape.name == instead.name).for_each(|route| route.shape = instead);
        }
        Self { routes }
    }

    /// The same without some of the shapes.
    pub fn only(mut self, is_wanted: impl Fn(&str) -> bool) -> Self {
        self.routes.retain(|route| is_wanted(route.shape.name));
        self
    }

    /// What stands around each of its nests.
    pub fn around_all(&self) -> Vec<(&'static str, Around)> {
        let mut all: Vec<_> = self.routes.iter().map(|route| (route.nest, route.around)).collect();
        all.sort_unstable_by_key(|(nest, _)| *nest);
        all.dedup();
        all
    }

    pub fn live(&self, model: &Model) -> Router {
        self.built(model, |shape| (shape.live)())
    }

    pub fn bare(&self, model: &Model) -> Router {
        self.built(model, |shape| (shape.bare)())
    }

    fn built(&self, model: &Model, of: impl Fn(&Shape) -> MethodRouter<Model>) -> Router {
        let mut whole = Router::new();
        for nest in NESTS {
            let mut router = Router::new();
            let mut around = Around::Nothing;
            for route in self.routes.iter().filter(|route| route.nest == nest) {
                router = router.route(&format!("/{}{}", route.shape.name, route.shape.rest), of(&route.shape));
                around = route.around;
            }
            let router = with(router, around);
            whole = if nest.is_empty() { whole.merge(router) } else { whole.nest(nest, router) };
        }
        whole.layer(from_fn(finds_the_tenant)).with_state(model.clone())
    }
}

fn with(router: Router<Model>, around: Around) -> Router<Model> {
    match around {
        Around::Nothing => router,
        Around::Fields => router
            .layer(SetResponseHeaderLayer::if_not_present(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")))
            .layer(SetResponseHeaderLayer::appending(header::LINK, HeaderValue::from_static("</all>; rel=all")))
            .layer(Extension(Tenant("nobody".to_owned()))),
        Around::Compression => router.layer(CompressionLayer::new()),
        Around::Rewriting => router.layer(map_response(appends)),
        Around::Cors => router.layer(CorsLayer::very_permissive()),
    }
}

/// What many middlewares do: a line at the end of each page.
async fn appends(response: Response) -> Response {
    let is_page = response.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/"));
    if response.status() != 200 || !is_page {
        return response;
    }
    let (parts, body) = response.into_parts();
    let content = to_bytes(body, usize::MAX).await.expect("content");
    if content.is_empty() {
        return Response::from_parts(parts, Body::from(content));
    }
    Response::from_parts(parts, Body::from([&content, &b"\n<!-- seen -->"[..]].concat()))
}

/// What a middleware outside knows of who asks.
async fn finds_the_tenant(mut request: Request, next: Next) -> Response {
    let known = request.headers().get("x-user").map_or(String::new(), |name| String::from_utf8_lossy(name.as_bytes()).into_owned());
    request.extensions_mut().insert(Tenant(known));
    // As servers do: what HEAD is told of the content is not its content.
    let is_head = request.method() == Method::HEAD;
    let response = next.run(request).await;
    if is_head { response.map(|_| Body::empty()) } else { response }
}
