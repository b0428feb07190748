//! `cargo run --example site [-- DIRECTORY] [--port PORT] [--backend NAME]`: a directory of Markdown files, served from the cache.
//!
//! Start reading at `site/app.rs`, where the handlers are. This file starts the server and says what to try.

use std::{env, fmt, path::PathBuf, process::ExitCode, time::Duration};

use axum::{Extension, extract::Request, middleware, middleware::Next, response::Response};
use cached_handler::{Cache, Outcome};
use cached_handler_examples::site::{self, Directory};
use cached_handler_serving::{ended, listen, warn};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::parse(env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(complaint) => {
            eprintln!("{complaint}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match serve(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(Arguments { directory, port, backend }: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    warn();
    let directory = Directory::open(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    // What the cache did shows in every answer, by `Cache-Status`, and in the log below. Both are off by default: the one
    // tells strangers what was asked for before, the other costs a hit a little. Without them nothing is to be set up.
    let builder = Cache::builder().cache_status("site").outcome_on_hits();
    let cache = match backend {
        Backend::Memory => builder,
        // A process that serves another directory shares nothing with this one.
        Backend::Fs(name) => builder.namespace(format!("site of {}", directory.root().display())).fs(files()).default_backend(name),
        // The address comes from the environment. The namespace is part of keys: processes that serve the same pages use the same one.
        Backend::Redis(name) => {
            builder.namespace(env::var("SITE").unwrap_or_else(|_| "site".to_owned())).redis(server()).default_backend(name)
        }
    };
    let cache = cache.build().await?;
    // Given to the router, not installed: other examples' handlers are in this program, too, and name backends of their own.
    let app = site::app(directory.clone()).layer(Extension(cache.clone())).layer(middleware::from_fn(log));

    let listener = listen(port).await?;
    let address = format!("http://{}", listener.local_addr()?);
    println!("{address} serves the Markdown files of {}", directory.root().display());
    println!("{}", Tour { address: &address, page: directory.shortest() });

    axum::serve(listener, app).with_graceful_shutdown(ended()).await?;
    // Runs outlive their clients; those in progress may finish.
    let all_ended = cache.drain(Duration::from_secs(5)).await;
    println!("{}", if all_ended { "stopped" } else { "stopped, with handlers still running" });
    Ok(())
}

/// Where the files of `--backend fs` lie.
fn files() -> PathBuf {
    env::var_os("CACHED_HANDLER_FS_DIR").map_or_else(|| env::temp_dir().join("cached-handler-site"), PathBuf::from)
}

/// Where the server of `--backend redis` is.
fn server() -> String {
    env::var("CACHED_HANDLER_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned())
}

/// Prints a line for every request. What the cache did is in the response's extensions, for layers like this one.
async fn log(request: Request, next: Next) -> Response {
    let (method, target) = (request.method().clone(), request.uri().clone());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    match response.extensions().get::<Outcome>() {
        Some(outcome) => println!("{status} {method} {target}  {outcome}"),
        None => println!("{status} {method} {target}"),
    }
    response
}

/// Where responses rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Backend {
    #[default]
    Memory,
    /// By its name, as copies in memory may stand in front of it.
    Fs(&'static str),
    Redis(&'static str),
}

/// What was asked for on the command line.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    directory: PathBuf,
    port: Option<u16>,
    backend: Backend,
}

impl Arguments {
    /// `None` where help was asked for.
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let (mut directory, mut port, mut backend) = (None, None, Backend::default());
        while let Some(word) = words.next() {
            match word.as_str() {
                "-h" | "--help" => return Ok(None),
                "--port" => {
                    let value = words.next().ok_or("`--port` needs a number; type `--port 8080`, or `--port 0` for any that is free")?;
                    port = Some(value.parse().map_err(|_| format!("`{value}` is not a port; type a number up to 65535"))?);
                }
                "--backend" => {
                    backend = match words.next().as_deref() {
                        Some("memory") => Backend::Memory,
                        Some("fs") => Backend::Fs("fs"),
                        Some("redis") => Backend::Redis("redis"),
                        Some("memory+fs") => Backend::Fs("memory+fs"),
                        Some("memory+redis") => Backend::Redis("memory+redis"),
                        _ => {
                            return Err("`--backend` needs a name; type `--backend memory`, `fs`, `redis`, `memory+fs` or `memory+redis`"
                                .to_owned());
                        }
                    };
                }
                option if option.starts_with('-') => return Err(format!("there is no option `{option}`")),
                _ if directory.is_some() => return Err("give one directory".to_owned()),
                _ => directory = Some(PathBuf::from(word)),
            }
        }
        let repository = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        Ok(Some(Self { directory: directory.unwrap_or_else(repository), port, backend }))
    }
}

/// What to type to see the cache at work. The lines can be copied as they are.
struct Tour<'a> {
    address: &'a str,
    page: Option<String>,
}

impl fmt::Display for Tour<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, page } = self;
        let page = site::path_of(page.as_deref().unwrap_or("new.md"));
        let tag = env::temp_dir().join("site.etag");
        let tag = tag.display();
        let steps = [
            ("a miss: the page is rendered and stored", format!("curl -i --etag-save '{tag}' '{address}{page}'")),
            ("a hit: the same bytes, and `age`", format!("curl -i '{address}{page}'")),
            ("a 304: what a browser asks that has the page", format!("curl -i --etag-compare '{tag}' '{address}{page}'")),
            ("an edit, in memory: it invalidates the page and all lists", format!("curl -i -X PUT -d '# Edited' '{address}{page}'")),
            ("a miss: the page as it is now", format!("curl -i '{address}{page}'")),
            ("a miss: the key of a search is `q` …", format!("curl -i '{address}/search?q=edited'")),
            ("… and nothing else of the query, so this is a hit", format!("curl -i '{address}/search?utm_source=mail&q=edited'")),
        ];
        writeln!(f, "\nIn a browser, or line by line in another terminal:\n")?;
        for (what, line) in steps {
            writeln!(f, "  # {what}\n  {line}")?;
        }
        writeln!(f, "\nCtrl-C ends it.\n")
    }
}

const USAGE: &str = "\
Serves a directory of Markdown files on 127.0.0.1, each page rendered once and then answered from the cache.

    cargo run --example site [-- [DIRECTORY] [--port PORT] [--backend memory|fs|redis|memory+fs|memory+redis]]

DIRECTORY   where the files are; this repository by default
PORT        3000 by default, or any that is free; 0 for any that is free
--backend   where responses rest: in this process by default; in files, which survive it, in the directory
            CACHED_HANDLER_FS_DIR of the environment, or one for temporary files; or in Redis, which others share,
            at CACHED_HANDLER_REDIS_URL, or on this machine, under the name SITE, or `site`; with `memory+` before the name,
            this process holds copies in memory, too";

#[cfg(test)]
mod tests {
    use super::{Arguments, Backend};

    fn parse(words: &[&str]) -> Result<Option<Arguments>, String> {
        Arguments::parse(words.iter().map(|&word| word.to_owned()))
    }

    #[test]
    fn a_directory_and_a_port_are_taken_in_either_order() {
        let arguments = Arguments { directory: "docs".into(), port: Some(0), backend: Backend::Memory };
        assert_eq!(parse(&["docs", "--port", "0"]), Ok(Some(arguments)));
        assert_eq!(parse(&["--port", "0", "docs"]), parse(&["docs", "--port", "0"]));
    }

    #[test]
    fn a_backend_is_chosen_by_name() {
        let backend = |words: &[&str]| parse(words).map(|arguments| arguments.map(|arguments| arguments.backend));
        assert_eq!(backend(&["--backend", "fs", "docs"]), Ok(Some(Backend::Fs("fs"))));
        assert_eq!(backend(&["--backend", "memory+fs"]), Ok(Some(Backend::Fs("memory+fs"))));
        assert_eq!(backend(&["--backend", "redis"]), Ok(Some(Backend::Redis("redis"))));
        assert_eq!(backend(&["--backend", "memory"]), backend(&[]));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for words in [&["--prot", "1"][..], &["--port"], &["--port", "65536"], &["--backend"], &["--backend", "disk"], &["a", "b"]] {
            assert!(parse(words).is_err(), "{words:?}");
        }
    }
}
