//! The database: a few connections to one SQLite file, and every query of the shop.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::{Failure, goods};

/// A handle: clones are the same database.
#[derive(Debug, Clone)]
pub struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
    queries: AtomicU64,
}

/// What a list is narrowed down to.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Filter {
    /// One of the eight categories; all by default.
    pub category: Option<String>,
    /// In cents.
    pub max_price: Option<u32>,
    /// From 1.
    pub page: Option<u32>,
}

/// Twenty products, cheapest first.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// How many there are on all pages.
    pub total: u64,
    /// Those of this page.
    pub products: Vec<Listed>,
}

/// A product as lists show it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// As in its path.
    pub id: u64,
    /// What it is called.
    pub name: String,
    /// In cents.
    pub price: u32,
}

/// A product with all that is known of it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Product {
    /// As lists show it.
    #[serde(flatten)]
    pub listed: Listed,
    /// What it is.
    pub description: String,
    /// How many there are.
    pub stock: u32,
    /// The mean of all reviews.
    pub stars: Option<f64>,
    /// The latest ten.
    pub reviews: Vec<Review>,
}

/// A review of a product.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Review {
    /// One to five.
    pub stars: u8,
    /// In words.
    pub text: String,
}

/// What a user sees of themselves.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Their name.
    pub name: String,
    /// What they have ordered, the latest first, at the price that they paid.
    pub orders: Vec<Listed>,
}

const CONNECTIONS: usize = 8;
const PAGE: u32 = 20;

impl Database {
    /// Makes a new one in `file`, with goods made by chance.
    ///
    /// # Errors
    ///
    /// Where the file cannot be written, or is one already.
    pub fn create(file: &Path, seed: u64) -> Result<Self, Failure> {
        let mut first = connect(file)?;
        goods::stock(&mut first, seed)?;
        Ok(Self(Arc::new(Inner {
            file: file.to_owned(),
            idle: Mutex::new(vec![first]),
            free: Semaphore::new(CONNECTIONS),
            queries: AtomicU64::new(0),
        })))
    }

    /// How often it has been asked so far.
    #[must_use]
    pub fn queries(&self) -> u64 {
        self.0.queries.load(Ordering::Relaxed)
    }

    pub(crate) async fn list(&self, filter: Filter) -> Result<Page, Failure> {
        self.run(move |connection| {
            let Filter { category, max_price, page } = filter;
            let total = connection
                .prepare_cached(&format!("SELECT count(*) {MATCHING}"))?
                .query_one(params![category, max_price], |row| row.get(0))?;
            let skipped = page.unwrap_or(1).saturating_sub(1).saturating_mul(PAGE);
            let mut query =
                connection.prepare_cached(&format!("SELECT id, name, price {MATCHING} ORDER BY price, id LIMIT ?3 OFFSET ?4"))?;
            let products = query.query_map(params![category, max_price, PAGE, skipped], listed)?.collect::<rusqlite::Result<_>>()?;
            Ok(Page { total, products })
        })
        .await
    }

    pub(crate) async fn search(&self, text: String) -> Result<Vec<Listed>, Failure> {
        self.run(move |connection| {
            let mut query = connection.prepare_cached(
                "SELECT id, name, price FROM products WHERE instr(name || ' ' || description, ?) ORDER BY price, id LIMIT ?",
            )?;
            query.query_map(params![text, PAGE], listed)?.collect()
        })
        .await
    }

    pub(crate) async fn product(&self, id: u64) -> Result<Product, Failure> {
        self.run(move |connection| {
            let mut query = connection.prepare_cached("SELECT stars, text FROM reviews WHERE product = ? ORDER BY id DESC LIMIT 10")?;
            let reviews = query.query_map([id], |row| Ok(Review { stars: row.get(0)?, text: row.get(1)? }))?.collect::<rusqlite::Result<_>>()?;
            connection
                .prepare_cached(
                    "SELECT id, name, price, description, stock, (SELECT avg(stars) FROM reviews WHERE product = ?1) FROM products WHERE id = ?1",
                )?
                .query_one([id], |row| {
                    Ok(Product { listed: listed(row)?, description: row.get(3)?, stock: row.get(4)?, stars: row.get(5)?, reviews })
                })
        })
        .await
    }

    pub(crate) async fn account(&self, user: u64) -> Result<Account, Failure> {
        self.run(move |connection| {
            let name = connection.prepare_cached("SELECT name FROM users WHERE id = ?")?.query_one([user], |row| row.get(0))?;
            let mut query = connection.prepare_cached(
                "SELECT product, name, orders.price FROM orders JOIN products ON products.id = product WHERE user = ? ORDER BY orders.id DESC LIMIT 50",
            )?;
            let orders = query.query_map([user], listed)?.collect::<rusqlite::Result<_>>()?;
            Ok(Account { name, orders })
        })
        .await
    }

    pub(crate) async fn set_price(&self, id: u64, price: u32) -> Result<(), Failure> {
        let changed =
            self.run(move |connection| connection.execute("UPDATE products SET price = ? WHERE id = ?", params![price, id])).await?;
        if changed == 0 { Err(Failure::NotFound) } else { Ok(()) }
    }

    pub(crate) async fn review(&self, user: u64, product: u64, review: Review) -> Result<(), Failure> {
        if !(1..=5).contains(&review.stars) {
            return Err(Failure::Refused("stars are one to five\n"));
        }
        let add = "INSERT INTO reviews (product, user, stars, text) SELECT id, ?, ?, ? FROM products WHERE id = ?";
        let added = self.run(move |connection| connection.execute(add, params![user, review.stars, review.text, product])).await?;
        if added == 0 { Err(Failure::NotFound) } else { Ok(()) }
    }

    /// The one out of the stock and the order, or neither.
    pub(crate) async fn order(&self, user: u64, product: u64) -> Result<(), Failure> {
        let ordered = self
            .run(move |connection| {
                let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                let taken = transaction.execute("UPDATE products SET stock = stock - 1 WHERE id = ? AND stock > 0", [product])?;
                let add = "INSERT INTO orders (user, product, price) SELECT ?, id, price FROM products WHERE id = ?";
                transaction.execute(add, params![user, product])?;
                // Dropped without a commit, it is as if nothing had been asked.
                if taken == 1 {
                    transaction.commit()?;
                }
                Ok(taken == 1)
            })
            .await?;
        if ordered { Ok(()) } else { Err(Failure::Refused("it is sold out\n")) }
    }

    /// Finds or adds a user by name, and returns a token that cannot be guessed.
    pub(crate) async fn begin_session(&self, name: String) -> Result<(u64, String), Failure> {
        self.run(move |connection| {
            let query = "SELECT id, lower(hex(randomblob(16))) FROM users WHERE name = ?";
            connection.query_one(query, [name], |row| Ok((row.get(0)?, row.get(1)?)))
        })
        .await
    }

    /// Runs a query on a blocking thread, with a connection of its own.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let database = Arc::clone(&self.0);
        let _permit = self.0.free.acquire().await.map_err(|_| Failure::Broken)?;
        self.0.queries.fetch_add(1, Ordering::Relaxed);
        let work = move || {
            let idle = || database.idle.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = idle().pop();
            let mut connection = taken.map_or_else(|| connect(&database.file), Ok)?;
            let outcome = work(&mut connection);
            idle().push(connection);
            outcome
        };
        Ok(tokio::task::spawn_blocking(work).await.map_err(|_| Failure::Broken)??)
    }
}

/// Readers beside one writer, who waits for others.
fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.busy_timeout(Duration::from_secs(5))?;
    Ok(connection)
}

fn listed(row: &Row<'_>) -> rusqlite::Result<Listed> {
    Ok(Listed { id: row.get(0)?, name: row.get(1)?, price: row.get(2)? })
}

const MATCHING: &str = "FROM products WHERE (?1 IS NULL OR category = ?1) AND (?2 IS NULL OR price <= ?2)";
