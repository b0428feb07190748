//! What memory tells apart by type is apart at rest as well: functions, types and closures that go by one name.

use std::marker::PhantomData;

use axum::{Extension, Router, extract::State, routing::get};
use cached_handler::{Cache, CacheLayer, cached, secs};
use cached_handler_tests::{
    harness::{ask, text},
    places::Place,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

trait Priced: 'static {
    const PRICE: &'static str;
}

#[cached(ttl = 60)]
async fn price<T: Priced>() -> &'static str {
    T::PRICE
}

#[cached(ttl = 60)]
async fn computed<F: Fn() -> &'static str + Clone + Send + Sync + 'static>(State(compute): State<F>) -> &'static str {
    compute()
}

/// A state that says nothing but what type it is of.
struct Of<T>(PhantomData<T>);

impl<T> Clone for Of<T> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

struct Shown(&'static str);

impl cached_handler::CacheKey for Shown {
    fn cache_key(&self, _: &mut cached_handler::KeyWriter<'_>) {}
}

impl<T: Priced + Send + Sync> axum::extract::FromRequestParts<Of<T>> for Shown {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_: &mut axum::http::request::Parts, _: &Of<T>) -> Result<Self, Self::Rejection> {
        Ok(Self(T::PRICE))
    }
}

/// What it is shown depends on the type of the router's state alone.
#[cached(ttl = 60)]
async fn shown(Shown(price): Shown) -> &'static str {
    price
}

fn computing<F: Fn() -> &'static str + Clone + Send + Sync + 'static>(compute: F) -> Router {
    Router::new().route("/", get(computed::<F>)).with_state(compute)
}

/// Two routers each: in each pair every name is the same, of modules, functions and types.
fn twins() -> [(&'static str, Router, Router); 4] {
    let (types_one, states_one, functions_one) = {
        struct Item;
        impl Priced for Item {
            const PRICE: &'static str = "500 cents";
        }
        #[cached(ttl = 60)]
        async fn own() -> &'static str {
            PRICE
        }
        const PRICE: &str = "500 cents";
        (
            Router::new().route("/", get(price::<Item>)),
            Router::new().route("/", get(shown)).with_state(Of::<Item>(PhantomData)),
            Router::new().route("/", get(own)),
        )
    };
    let (types_other, states_other, functions_other) = {
        struct Item;
        impl Priced for Item {
            const PRICE: &'static str = "500 euros";
        }
        #[cached(ttl = 60)]
        async fn own() -> &'static str {
            PRICE
        }
        const PRICE: &str = "500 euros";
        (
            Router::new().route("/", get(price::<Item>)),
            Router::new().route("/", get(shown)).with_state(Of::<Item>(PhantomData)),
            Router::new().route("/", get(own)),
        )
    };
    let (closures_one, closures_other) = (computing(|| "500 cents"), computing(|| "500 euros"));
    [
        ("types", types_one, types_other),
        ("states", states_one, states_other),
        ("functions", functions_one, functions_other),
        ("closures", closures_one, closures_other),
    ]
}

async fn twins_are_apart(place: Place) {
    for (what, one, other) in twins() {
        let cache = place.cache().await;
        for _ in 0..2 {
            for (router, price) in [(&one, "500 cents"), (&other, "500 euros")] {
                let router = router.clone().layer(Extension(cache.clone()));
                assert_eq!(text(ask(&router, "/").await).await, price, "{what} in {place:?}");
            }
        }
    }
}

#[tokio::test]
async fn twins_of_one_name_share_nothing_in_files() {
    twins_are_apart(Place::files("twins")).await;
}

#[tokio::test]
async fn twins_of_one_name_share_nothing_in_redis() {
    twins_are_apart(Place::redis()).await;
}

/// The type of one block, and what it makes of a number.
fn money() -> [Box<dyn AsMoney>; 2] {
    let cents = {
        #[derive(Serialize, Deserialize)]
        struct Money(u64);
        impl Is for Money {
            fn of(amount: u64) -> Self {
                Self(amount)
            }
            fn shown(&self) -> String {
                format!("{} cents", self.0)
            }
        }
        PhantomData::<Money>
    };
    let euros = {
        #[derive(Serialize, Deserialize)]
        struct Money(u64);
        impl Is for Money {
            fn of(amount: u64) -> Self {
                Self(amount)
            }
            fn shown(&self) -> String {
                format!("{} euros", self.0)
            }
        }
        PhantomData::<Money>
    };
    [Box::new(cents), Box::new(euros)]
}

trait Is: Serialize + DeserializeOwned + Send + Sync + 'static {
    fn of(amount: u64) -> Self;
    fn shown(&self) -> String;
}

trait AsMoney: Send + Sync {
    fn insert<'a>(&'a self, cache: &'a Cache) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>>;
    fn get<'a>(&'a self, cache: &'a Cache) -> std::pin::Pin<Box<dyn Future<Output = Option<String>> + 'a>>;
}

impl<T: Is> AsMoney for PhantomData<T> {
    fn insert<'a>(&'a self, cache: &'a Cache) -> std::pin::Pin<Box<dyn Future<Output = ()> + 'a>> {
        Box::pin(async { cache.values::<T>("money").insert("key", T::of(500), secs(60)).await.unwrap() })
    }

    fn get<'a>(&'a self, cache: &'a Cache) -> std::pin::Pin<Box<dyn Future<Output = Option<String>> + 'a>> {
        Box::pin(async { Some(cache.values::<T>("money").get("key").await?.shown()) })
    }
}

async fn value_types_are_apart(place: Place) {
    let cache = place.cache().await;
    let [cents, euros] = money();
    cents.insert(&cache).await;
    assert_eq!(euros.get(&cache).await, None, "{place:?}");
    assert_eq!(cents.get(&cache).await.as_deref(), Some("500 cents"), "{place:?}");
}

#[tokio::test]
async fn two_value_types_of_one_name_share_nothing_in_files() {
    value_types_are_apart(Place::files("money")).await;
}

#[tokio::test]
async fn two_value_types_of_one_name_share_nothing_in_redis() {
    value_types_are_apart(Place::redis()).await;
}

/// Two layers of one name share what they store, unless they show or key something else.
#[tokio::test]
async fn layers_of_one_name_whose_keys_are_made_differently_share_nothing() {
    #[derive(Clone)]
    struct User {
        tenant: u32,
        id: u32,
    }
    let mail = async |user: Extension<User>| format!("mail of user {} of tenant {}", user.id, user.tenant);
    let place = Place::files("layers");
    let cache = place.cache().await;
    let user = |tenant, id| Extension(User { tenant, id });
    let inside = Router::new().route("/", get(mail));
    let before = CacheLayer::new("mail", secs(60)).key(|request, key| {
        key.part(&request.extensions.get::<User>().map(|user| user.tenant));
    });
    let after = CacheLayer::new("mail", secs(60)).key(|request, key| {
        key.part(&request.extensions.get::<User>().map(|user| user.id));
    });
    let app = |layer: &CacheLayer, tenant, id| {
        let inside = inside.clone().layer(layer.clone().cache(cache.clone()));
        inside.layer(user(tenant, id))
    };
    assert_eq!(text(ask(&app(&before, 7, 100), "/").await).await, "mail of user 100 of tenant 7");
    assert_eq!(text(ask(&app(&after, 3, 7), "/").await).await, "mail of user 7 of tenant 3");
}
