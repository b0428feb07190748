//! A typed value in memory, against the same one in moka itself.

use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use cached_handler::{Cache, ValueOptions, Values, secs};

/// As large as a row often is.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Article {
    id: u64,
    title: String,
}

fn article(id: u64) -> Article {
    Article { id, title: "a title".to_owned() }
}

#[inline(never)]
fn measured_value(values: &Values<Article>, id: u64) -> Option<Arc<Article>> {
    match pin!(values.get(&id)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => None,
    }
}

#[inline(never)]
fn measured_moka(moka: &moka::sync::Cache<u64, Arc<Article>>, id: u64) -> Option<Arc<Article>> {
    moka.get(&id)
}

/// Gets one of three values `count` times.
pub fn get(count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let values = Cache::builder().build().await?.values::<Article>("articles");
        for id in 0..3 {
            values.insert(&id, article(id), ValueOptions::new(secs(600)).group("articles")).await?;
        }
        each(count, |id| measured_value(&values, id))
    })
}

/// The same from moka with a lifetime, as it is used by hand.
pub fn get_from_moka(count: usize) -> Result<(), Box<dyn std::error::Error>> {
    let moka = moka::sync::Cache::builder().max_capacity(10_000).time_to_live(secs(600)).build();
    for id in 0..3 {
        moka.insert(id, Arc::new(article(id)));
    }
    each(count, |id| measured_moka(&moka, id))
}

fn each(count: usize, get: impl Fn(u64) -> Option<Arc<Article>>) -> Result<(), Box<dyn std::error::Error>> {
    for at in 0..count as u64 {
        if get(at % 3).is_none_or(|article| article.id != at % 3) {
            return Err("an unexpected value".into());
        }
    }
    Ok(())
}
