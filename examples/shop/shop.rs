//! `cargo run --bin shop [-- --backend memory|fs|redis|memory+fs|memory+redis] [--no-cache]`: the shop on loopback, with goods made at its start.

use std::{env, error::Error, fs};

use cached_handler::Cache;
use cached_handler_serving::{ended, listen, warn};
use cached_handler_shop::{Backend, Database, Sessions, Shop, app};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { backend, no_cache } = Arguments::parse(env::args().skip(1))?;
    warn();
    // Its goods are its own, so its responses are, too.
    let name = format!("shop-{}", std::process::id());
    let builder = backend.set_up(Cache::builder().cache_status("shop"), &name);
    let builder = if no_cache { builder.off() } else { builder };
    builder.build().await?.install()?;

    let file = env::temp_dir().join(format!("{name}.db"));
    let database = Database::create(&file, 1).map_err(|failure| format!("{}: {failure:?}", file.display()))?;
    let listener = listen(None).await?;
    let address = listener.local_addr()?;
    println!("http://{address}/products?category=toys&max_price=500   /products/7   /search?q=oak");
    println!("Customers are user1, user2 and so on; a name is enough to log in:");
    println!("curl -d '{{\"name\":\"user1\"}}' -H content-type:application/json {address}/login");
    axum::serve(listener, app(Shop { database, sessions: Sessions::default() })).with_graceful_shutdown(ended()).await?;
    for suffix in ["", "-wal", "-shm"] {
        _ = fs::remove_file(format!("{}{suffix}", file.display()));
    }
    backend.clear_away(&name);
    Ok(())
}

/// What was asked for on the command line.
struct Arguments {
    backend: Backend,
    no_cache: bool,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { backend: Backend::default(), no_cache: false };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--backend" => arguments.backend = words.next().unwrap_or_default().parse()?,
                "--no-cache" => arguments.no_cache = true,
                _ => return Err(format!("there is no option `{word}`; there are `--backend` and `--no-cache`")),
            }
        }
        Ok(arguments)
    }
}
