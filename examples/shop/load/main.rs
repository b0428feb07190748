//! `cargo run --release --bin load [-- [--seconds N] [--clients N] [--backend memory|fs|redis] [--picture FILE]]`: how long
//! the shop's customers wait, without the cache and with it.
//!
//! Customers, shop and database share this process and its machine. Each customer asks again as soon as it has been
//! answered: products, those that are asked for often above all; lists, searches, its account; one request in a hundred
//! writes. After each new price the customer reads the product, which has to show it.

mod customer;
mod latencies;
mod picture;

use std::{
    cell::Cell,
    env, fs,
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    time::Duration,
};

use axum::Extension;
use cached_handler::Cache;
use cached_handler_shop::{Backend, Database, Sessions, Shop, app};
use tokio::{net::TcpListener, task::JoinSet, time::Instant};

use self::{
    customer::{Customer, Problem, Seen},
    latencies::Latencies,
};

/// One of the two shops, and what it did so far.
#[derive(Debug)]
struct Place {
    name: &'static str,
    file: PathBuf,
    database: Database,
    customers: Vec<Customer>,
    took: Duration,
}

/// What it did in all.
#[derive(Debug)]
struct Report {
    name: &'static str,
    took: Duration,
    latencies: Latencies,
    queries: u64,
    hits: u64,
    stale: u64,
}

/// The two take turns, so that whatever else the machine does meets both.
const TURNS: u32 = 5;

#[tokio::main]
async fn main() -> Result<(), Problem> {
    let arguments = Arguments::parse(env::args().skip(1))?;
    // Its goods are its own, so its responses are, too.
    let name = format!("load-{}", std::process::id());
    let cache = arguments.backend.set_up(Cache::builder().cache_status("shop"), &name).build().await?;
    let mut without = Place::open("without", Cache::builder().off().build().await?, arguments.clients).await?;
    let mut with = Place::open("with", cache, arguments.clients).await?;
    let progress = Progress::of(TURNS * 2);
    for _ in 0..TURNS {
        without.takes_a_turn(arguments.lasts / TURNS, &progress).await?;
        with.takes_a_turn(arguments.lasts / TURNS, &progress).await?;
    }
    progress.ends();
    let reports = [without.close(), with.close()];
    arguments.backend.clear_away(&name);
    print(&reports);
    if let Some(file) = arguments.picture {
        fs::write(&file, picture::draw(&reports)).map_err(|error| format!("{}: {error}", file.display()))?;
        println!("\nThe picture is in {}.", file.display());
    }
    Ok(())
}

impl Place {
    /// A shop with its own database, server and customers.
    async fn open(name: &'static str, cache: Cache, clients: u64) -> Result<Self, Problem> {
        let file = env::temp_dir().join(format!("load-{name}-{}.db", std::process::id()));
        let database = Database::create(&file, 1).map_err(|failure| format!("{}: {failure:?}", file.display()))?;
        let shop = app(Shop { database: database.clone(), sessions: Sessions::default() }).layer(Extension(cache));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move { axum::serve(listener, shop).await });
        let mut customers = Vec::new();
        for number in 0..clients {
            customers.push(Customer::enter(address, number).await?);
        }
        Ok(Self { name, file, database, customers, took: Duration::ZERO })
    }

    /// Its customers ask for so long, all at once.
    async fn takes_a_turn(&mut self, lasts: Duration, progress: &Progress) -> Result<(), Problem> {
        let began = Instant::now();
        let mut asking = JoinSet::new();
        for customer in self.customers.drain(..) {
            asking.spawn(customer.shop_until(began + lasts));
        }
        while let Some(customer) = asking.join_next().await {
            self.customers.push(customer?.map_err(|problem| format!("a customer was turned away: {problem}"))?);
        }
        self.took += began.elapsed();
        progress.steps();
        Ok(())
    }

    fn close(self) -> Report {
        let mut report = Report {
            name: self.name,
            took: self.took,
            latencies: Latencies::default(),
            queries: self.database.queries(),
            hits: 0,
            stale: 0,
        };
        let mut micros = Vec::new();
        for Seen { latencies, hits, stale } in self.customers.into_iter().map(Customer::leaves) {
            micros.extend(latencies);
            report.hits += hits;
            report.stale += stale;
        }
        report.latencies = Latencies::of(micros);
        for suffix in ["", "-wal", "-shm"] {
            _ = fs::remove_file(format!("{}{suffix}", self.file.display()));
        }
        report
    }
}

/// A progress bar, if the output is a terminal.
#[derive(Debug)]
struct Progress {
    done: Cell<u32>,
    of: u32,
    is_seen: bool,
}

impl Progress {
    fn of(of: u32) -> Self {
        let progress = Self { done: Cell::new(0), of, is_seen: io::stderr().is_terminal() };
        progress.show();
        progress
    }

    fn steps(&self) {
        self.done.set(self.done.get() + 1);
        self.show();
    }

    fn show(&self) {
        let done = self.done.get();
        let bar = |letter: &str, steps: u32| letter.repeat(4 * steps as usize);
        if self.is_seen {
            eprint!("\r{}{} {done} of {}", bar("█", done), bar("░", self.of - done), self.of);
            _ = io::stderr().flush();
        }
    }

    fn ends(&self) {
        if self.is_seen {
            eprintln!();
        }
    }
}

fn print(reports: &[Report]) {
    println!("| the cache | requests/s | half within | 99 % within | 99.9 % within | longest | from the cache | queries | stale |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for report in reports {
        let Report { name, latencies, queries, hits, stale, .. } = report;
        let within = |share| latencies::shown(latencies.within(share));
        println!(
            "| {name} | {:.0} | {} | {} | {} | {} | {:.1} % | {queries} | {stale} |",
            report.rate(),
            within(0.5),
            within(0.99),
            within(0.999),
            within(1.0),
            latencies::ratio(*hits, latencies.count()) * 100.0,
        );
    }
}

impl Report {
    fn rate(&self) -> f64 {
        latencies::ratio(self.latencies.count(), 1) / self.took.as_secs_f64()
    }
}

/// What was asked for on the command line.
struct Arguments {
    lasts: Duration,
    clients: u64,
    backend: Backend,
    picture: Option<PathBuf>,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { lasts: Duration::from_secs(10), clients: 32, backend: Backend::default(), picture: None };
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value"));
            let number = |text: String| text.parse().map_err(|_| format!("`{text}` is not a number"));
            match word.as_str() {
                "--seconds" => arguments.lasts = Duration::from_secs(number(value()?)?),
                "--clients" => arguments.clients = number(value()?)?,
                "--backend" => arguments.backend = value()?.parse()?,
                "--picture" => arguments.picture = Some(value()?.into()),
                _ => return Err(format!("there is no option `{word}`; there are `--seconds`, `--clients`, `--backend`, `--picture`")),
            }
        }
        Ok(arguments)
    }
}
