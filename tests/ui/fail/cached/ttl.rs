//! `ttl`.

use cached_handler::cached;

#[cached()] //~ #[cached()] => `ttl` is missing; type how long a response is fresh, `#[cached(ttl = 60)]`, or `ttl = from_response`
async fn h0(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(group = "a")] //~ #[cached(group = "a")] => `ttl` is missing; type how long a response is fresh, `#[cached(ttl = 60)]`, or `ttl = from_response`
async fn h1(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl)] //~ ttl => `ttl` has no value; type `ttl = 60`
async fn h2(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl =)] //~ ttl => `ttl` has no value; type `ttl = 60`
async fn h3(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl(60))] //~ (60) => `ttl` takes its value after `=`; type `ttl = 60`
async fn h4(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 0)] //~ 0 => `ttl` is at least one millisecond; remove the attribute to cache nothing, or type `ttl = from_response`
async fn h5(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = "0s")] //~ "0s" => `ttl` is at least one millisecond; remove the attribute to cache nothing, or type `ttl = from_response`
async fn h6(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = "5 minutes")] //~ "5 minutes" => `ttl` is a duration; type `ttl = "5m"`
async fn h7(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = "m")] //~ "m" => `ttl` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant, or `from_response`
async fn h8(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 6.5)] //~ 6.5 => `ttl` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant, or `from_response`
async fn h9(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = -1)] //~ -1 => `ttl` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant, or `from_response`
async fn h10(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60s)] //~ 60s => `ttl` is a duration; type `ttl = "60s"`
async fn h11(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = "3651d")] //~ "3651d" => `ttl` is at most ten years; type `"3650d"` or less
async fn h12(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 99999999999999999999)] //~ 99999999999999999999 => `ttl` is at most ten years; type `"3650d"` or less
async fn h13(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = true)] //~ true => `ttl` is a duration; type seconds (`60`), text (`"250ms"`, `"5m"`, `"1h"`, `"1d"`), the path of a `Duration` constant, or `from_response`
async fn h14(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = Duration::from_secs(5))] //~ Duration::from_secs(5) => `ttl` is seconds, text, or the path of a constant; type `ttl = TTL`, and `const TTL: Duration = Duration::from_secs(5);` outside
async fn h15(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = 60, ttl = 61)] //~ ttl => `ttl` is given twice; remove one
async fn h16(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(tll = 60)] //~ tll => `tll` is not an argument of `#[cached]`; did you mean `ttl`?
async fn h17(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

#[cached(ttl = from_respons)] //~ from_respons => `from_respons` is not known here; did you mean `from_response`?
async fn h18(axum::extract::Path(id): axum::extract::Path<u64>) { let _ = id; }

fn main() {}
