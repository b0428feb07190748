//! Law L5: concurrent requests for one key run the handler once, and nobody waits in vain.

mod unstored;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension, Router,
    body::Body,
    extract::{FromRef, FromRequestParts, Path, State},
    http::{Request, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
    routing::get,
};
use cached_handler::{
    Cache, Collapse, OnMiss, Outcome, Policy, ValueOptions, Values, cached, secs,
    testing::{TestCache, assert_hit},
};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::Instant,
};
use tower::ServiceExt;

const WORK: Duration = Duration::from_millis(100);

/// Counts runs, of which each may be told apart by its number.
#[derive(Clone, Default)]
struct App {
    runs: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
    pool: Option<Arc<Semaphore>>,
}

impl App {
    async fn work(&self, time: Duration) -> usize {
        let now = self.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_at_once.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(time).await;
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        self.runs.fetch_add(1, Ordering::SeqCst)
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

#[cached(ttl = 60)]
async fn slow(State(app): State<App>, Path(millis): Path<u64>) -> String {
    app.work(Duration::from_millis(millis)).await.to_string()
}

#[cached(ttl = 60, policy = PATIENT)]
async fn awaited(State(app): State<App>, Path(millis): Path<u64>) -> String {
    app.work(Duration::from_millis(millis)).await.to_string()
}

const PATIENT: Policy = Policy::new().max_wait(Duration::from_secs(12));

#[cached(ttl = 60)]
async fn personal(State(app): State<App>) -> Response {
    let run = app.work(WORK).await;
    ([(header::SET_COOKIE, format!("id={run}"))], run.to_string()).into_response()
}

/// The first answers are nobody else's.
#[cached(ttl = 60)]
async fn personal_each(State(app): State<App>, Path(id): Path<usize>) -> Response {
    let run = app.work(WORK).await;
    if id >= 90 { run.to_string().into_response() } else { ([(header::SET_COOKIE, format!("id={run}"))], run.to_string()).into_response() }
}

#[cached(ttl = 60)]
async fn failing(State(app): State<App>) -> Response {
    let run = app.work(WORK).await;
    (StatusCode::INTERNAL_SERVER_ERROR, run.to_string()).into_response()
}

#[cached(ttl = 60)]
async fn panicking(State(app): State<App>) -> String {
    let run = app.work(WORK).await;
    assert!(run > 0, "the first run panics");
    run.to_string()
}

const INLINE: Policy = Policy::new().collapse(Collapse::Inline);

#[cached(ttl = 60, policy = INLINE)]
async fn in_place(State(app): State<App>) -> String {
    app.work(WORK).await.to_string()
}

const OFF: Policy = Policy::new().collapse(Collapse::Off);

#[cached(ttl = 60, policy = OFF)]
async fn each_for_itself(State(app): State<App>) -> String {
    app.work(WORK).await.to_string()
}

/// A pooled connection: its extractor waits for a free one.
struct Connection {
    _permit: OwnedSemaphorePermit,
}

impl<S: Send + Sync> FromRequestParts<S> for Connection
where
    App: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let pool = App::from_ref(state).pool.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
        let permit = pool.acquire_owned().await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        Ok(Self { _permit: permit })
    }
}

#[cached(ttl = 60, skip_credentials(connection))]
async fn pooled(State(app): State<App>, Path(id): Path<u64>, connection: OnMiss<Connection>) -> Result<String, Response> {
    let connection = connection.extract().await.map_err(IntoResponse::into_response)?;
    let run = app.work(WORK).await;
    drop(connection);
    Ok(format!("{id} {run}"))
}

#[cached(ttl = 60)]
async fn recursive(Extension(Itself(router)): Extension<Itself>, State(app): State<App>) -> String {
    let run = app.work(WORK).await;
    let inner = if run < 1 { text(ask(&router, "/recursive").await).await } else { String::new() };
    format!("{run} {inner}")
}

#[derive(Clone, cached_handler::CacheKey)]
struct Itself(#[cache_key(skip)] Router);

fn app() -> (App, TestCache, Router) {
    app_with(App::default())
}

fn app_with(app: App) -> (App, TestCache, Router) {
    let cache = TestCache::new();
    let router = Router::new()
        .route("/slow/{millis}", get(slow))
        .route("/awaited/{millis}", get(awaited))
        .route("/personal", get(personal))
        .route("/personal/{id}", get(personal_each))
        .route("/found/{id}", get(found))
        .route("/failing", get(failing))
        .route("/panicking", get(panicking))
        .route("/in-place", get(in_place))
        .route("/each", get(each_for_itself))
        .route("/pooled/{id}", get(pooled))
        .with_state(app.clone())
        .layer(cache.layer());
    (app, cache, router)
}

async fn ask(router: &Router, uri: &str) -> Response {
    router.clone().oneshot(Request::get(uri).body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

/// That many at once; their answers, and how long the last of them took.
async fn crowd(router: &Router, uri: &str, count: usize) -> (Vec<Result<String, tokio::task::JoinError>>, Duration) {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..count {
        let (router, uri) = (router.clone(), uri.to_owned());
        tasks.spawn(async move { text(ask(&router, &uri).await).await });
    }
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        answers.push(answer);
    }
    (answers, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn followers_answers_say_that_they_were_collapsed() {
    let (_, _, router) = app();
    let (first, second) = tokio::join!(ask(&router, "/slow/100"), ask(&router, "/slow/100"));
    let collapsed = |response: &Response| matches!(response.extensions().get::<Outcome>(), Some(Outcome::Forward { collapsed: true, .. }));
    assert_eq!([&first, &second].into_iter().filter(|response| collapsed(response)).count(), 1);
    assert_hit!(ask(&router, "/slow/100").await);
}

#[cached(ttl = 60)]
async fn found(State(app): State<App>, Path(id): Path<u8>) -> Result<String, StatusCode> {
    let run = app.work(WORK).await;
    if id >= 90 { Ok(run.to_string()) } else { Err(StatusCode::NOT_FOUND) }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_panics_is_its_own_clients_alone() {
    let (_, _, router) = app();
    let (answers, time) = crowd(&router, "/panicking", 100).await;
    assert_eq!(answers.iter().filter(|answer| answer.as_ref().is_err_and(tokio::task::JoinError::is_panic)).count(), 1);
    assert!(time <= WORK * 4, "{time:?}");
    assert_hit!(ask(&router, "/panicking").await);
}

#[tokio::test(start_paused = true)]
async fn followers_wait_as_long_as_the_policy_says() {
    let (app, cache, router) = app();
    let (answers, time) = crowd(&router, "/awaited/11000", 10).await;
    assert!(
        answers.iter().all(|answer| answer.as_deref().is_ok_and(|text| text == "0")) && time < Duration::from_secs(12),
        "{answers:?}, {time:?}"
    );
    let (_, time) = crowd(&router, "/awaited/20000", 3).await;
    assert_eq!((app.runs(), time.as_secs()), (4, 32), "after twelve seconds two began");

    let values: Values<usize> = cache.cache().values("awaited").max_wait(Duration::from_secs(12));
    let compute = || async {
        let app = app.clone();
        let work = async move || Ok::<_, Infallible>(app.work(secs(11)).await);
        *values.get_or_insert_with(&1, ValueOptions::new(secs(60)), work).await.unwrap()
    };
    assert_eq!(tokio::join!(compute(), compute()), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_run_of_over_thirty_seconds_gives_up_its_key() {
    let (app, cache, router) = app();
    let stuck = tokio::spawn({
        let router = router.clone();
        async move { ask(&router, "/slow/1000000").await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    cache.clock().advance(Duration::from_secs(31));
    let second = tokio::time::timeout(Duration::from_secs(1), ask(&router, "/slow/1000000"));
    assert!(second.await.is_err(), "it runs for itself at once");
    assert_eq!(app.at_once.load(Ordering::SeqCst), 2);
    stuck.abort();
}

#[tokio::test(start_paused = true)]
async fn inline_runs_are_taken_over_when_their_client_leaves() {
    let (app, _, router) = app();
    let leader = tokio::spawn({
        let router = router.clone();
        async move { ask(&router, "/in-place").await }
    });
    tokio::time::sleep(WORK / 2).await;
    let followers = tokio::spawn({
        let router = router.clone();
        async move { crowd(&router, "/in-place", 10).await }
    });
    tokio::time::sleep(WORK / 10).await;
    leader.abort();
    let (answers, time) = followers.await.unwrap();
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(app.runs(), 1);
    assert!(time <= WORK * 2, "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn with_collapse_off_each_request_runs() {
    let (app, _, router) = app();
    crowd(&router, "/each", 10).await;
    assert_eq!(app.runs(), 10);
    assert_hit!(ask(&router, "/each").await);
}

#[tokio::test(start_paused = true)]
async fn hits_answer_while_the_pool_behind_on_miss_is_exhausted() {
    let pool = Arc::new(Semaphore::new(10));
    let (_, _, router) = app_with(App { pool: Some(Arc::clone(&pool)), ..App::default() });
    ask(&router, "/pooled/1").await;
    let busy = tokio::spawn({
        let router = router.clone();
        async move {
            let mut tasks = JoinSet::new();
            for id in 100..130 {
                let router = router.clone();
                tasks.spawn(async move { ask(&router, &format!("/pooled/{id}")).await });
            }
            while tasks.join_next().await.is_some() {}
        }
    });
    tokio::time::sleep(WORK / 2).await;
    assert_eq!(pool.available_permits(), 0);
    let began = Instant::now();
    assert_hit!(ask(&router, "/pooled/1").await);
    assert_eq!(began.elapsed(), Duration::ZERO);
    busy.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_asks_for_its_own_key_does_not_wait_for_itself() {
    let (app, cache) = (App::default(), TestCache::new());
    let bare = Router::new().route("/recursive", get(recursive)).with_state(app.clone()).layer(cache.layer());
    let inner = bare.clone().layer(Extension(Itself(Router::new())));
    let router = bare.layer(Extension(Itself(inner)));
    let began = Instant::now();
    assert_eq!(text(ask(&router, "/recursive").await).await, "0 1 ");
    assert!(began.elapsed() <= WORK * 3, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_cache_drains_once_the_runs_that_outlived_their_requests_are_over() {
    let (_, cache, router) = app();
    let leader = tokio::spawn({
        let router = router.clone();
        async move { ask(&router, "/slow/1000").await }
    });
    tokio::time::sleep(WORK).await;
    leader.abort();
    let cache: &Cache = cache.cache();
    assert!(!cache.drain(WORK).await);
    assert!(cache.drain(Duration::from_secs(2)).await);
    assert_hit!(ask(&router, "/slow/1000").await);
}
