//! By group: names for what changes together, and two ways to say that it has changed.
//!
//! ```console
//! $ curl localhost:3000/articles
//! 1: Tea by Ann, 2: Coffee by Bob
//! $ curl localhost:3000/articles/1
//! Tea by Ann
//! $ curl localhost:3000/articles/2
//! Coffee by Bob
//! # An edit: the article goes and the list, the other article stays.
//! $ curl -X PUT -d 'Green tea' localhost:3000/articles/1
//! $ curl localhost:3000/articles/1
//! Green tea by Ann
//! $ curl localhost:3000/articles
//! 1: Green tea by Ann, 2: Coffee by Bob
//! $ curl -i localhost:3000/articles/2
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//! # Ann changes her name. Which articles are hers is known once they have been read, so they have said it themselves.
//! $ curl -X PUT -d Anna localhost:3000/authors/1
//! $ curl localhost:3000/articles/1
//! Green tea by Anna
//! $ curl -i localhost:3000/articles/2
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…
//! # The list was only expired, as the old name does no harm there for a moment. Its next reader gets it as it was, at once,
//! # and it is refreshed for the readers after that.
//! $ curl -i localhost:3000/articles
//! HTTP/1.1 200 OK
//! cache-status: demo; hit; ttl=…; detail=stale-while-revalidate
//!
//! 1: Green tea by Ann, 2: Coffee by Bob
//! $ curl localhost:3000/articles
//! 1: Green tea by Anna, 2: Coffee by Bob
//! ```

use std::{collections::BTreeMap, error::Error, sync::Arc};

use axum::{
    Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, put},
};
use cached_handler::{Cache, CacheGroups, Target, cached, invalidates};
use cached_handler_serving::serve;
use tokio::sync::RwLock;

#[cached(ttl = "1h", stale_while_revalidate = "10m", group = "articles")]
async fn list(State(blog): State<Blog>) -> String {
    let blog = blog.read().await;
    let lines: Vec<String> = blog.articles.iter().map(|(id, article)| format!("{id}: {}", blog.line(article))).collect();
    lines.join(", ") + "\n"
}

/// Two groups: one by a template of the arguments, one that is known only here.
#[cached(ttl = "1h", group = "article:{id}")]
async fn show(State(blog): State<Blog>, Path(id): Path<u64>) -> Result<(CacheGroups, String), StatusCode> {
    let blog = blog.read().await;
    let article = blog.articles.get(&id).ok_or(StatusCode::NOT_FOUND)?;
    Ok((CacheGroups::of([format!("author:{}", article.author)]), blog.line(article) + "\n"))
}

#[invalidates(group = ["articles", "article:{id}"])]
async fn edit(State(blog): State<Blog>, Path(id): Path<u64>, title: String) -> Result<(), StatusCode> {
    blog.write().await.articles.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?.title = title;
    Ok(())
}

/// The attribute invalidates responses, which are never sent again. The call expires others: they are stale, and are still sent as far as
/// a stale window allows, while new ones are made. The cost does not depend on the size of a group, as there is no list of its members.
#[invalidates(group = "author:{id}")]
async fn rename(cache: Cache, State(blog): State<Blog>, Path(id): Path<u64>, name: String) -> Result<(), cached_handler::Error> {
    blog.write().await.authors.insert(id, name);
    cache.expire(Target::group("articles")).await
}

type Blog = Arc<RwLock<Rows>>;

struct Rows {
    authors: BTreeMap<u64, String>,
    articles: BTreeMap<u64, Article>,
}

struct Article {
    title: String,
    author: u64,
}

impl Rows {
    fn line(&self, article: &Article) -> String {
        let author = self.authors.get(&article.author).map_or("nobody", String::as_str);
        format!("{} by {author}", article.title)
    }
}

/// The application.
pub fn app() -> Router {
    let authors = BTreeMap::from([(1, "Ann".to_owned()), (2, "Bob".to_owned())]);
    let articles =
        BTreeMap::from([(1, Article { title: "Tea".to_owned(), author: 1 }), (2, Article { title: "Coffee".to_owned(), author: 2 })]);
    Router::new()
        .route("/articles", get(list))
        .route("/articles/{id}", get(show).put(edit))
        .route("/authors/{id}", put(rename))
        .with_state(Blog::new(Rows { authors, articles }.into()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Cache::builder().cache_status("demo").build().await?.install()?;
    Ok(serve(app(), include_str!("groups.rs")).await?)
}
