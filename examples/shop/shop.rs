//! `cargo run --bin shop [-- --no-cache]`: the shop on loopback, with goods made at its start.

use std::{env, error::Error, fs};

use cached_handler::Cache;
use cached_handler_serving::{ended, listen};
use cached_handler_shop::{Database, Sessions, Shop, app};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let no_cache = match env::args().nth(1).as_deref() {
        None => false,
        Some("--no-cache") => true,
        Some(other) => return Err(format!("there is no option `{other}`; type `--no-cache`, or nothing").into()),
    };
    let builder = Cache::builder().cache_status("shop");
    let builder = if no_cache { builder.off() } else { builder };
    builder.build().await?.install()?;

    let file = env::temp_dir().join(format!("shop-{}.db", std::process::id()));
    let database = Database::create(&file, 1).map_err(|failure| format!("{}: {failure:?}", file.display()))?;
    let listener = listen(None).await?;
    let address = listener.local_addr()?;
    println!("http://{address}/products?category=toys&max_price=500   /products/7   /search?q=oak");
    axum::serve(listener, app(Shop { database, sessions: Sessions::default() })).with_graceful_shutdown(ended()).await?;
    for suffix in ["", "-wal", "-shm"] {
        _ = fs::remove_file(format!("{}{suffix}", file.display()));
    }
    Ok(())
}
