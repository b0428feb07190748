//! The shop's initial data: random, but the same for the same seed.

use rusqlite::{Connection, params};

/// How many products there are, numbered from 1.
pub const PRODUCTS: u64 = 5_000;
const USERS: u64 = 200;
const REVIEWS: u64 = 20_000;

/// What `category` may say.
pub const CATEGORIES: [&str; 8] = ["books", "garden", "kitchen", "lamps", "music", "shoes", "tools", "toys"];
const MATERIALS: [&str; 8] = ["brass", "cotton", "glass", "oak", "paper", "steel", "stone", "wool"];
const KINDS: [&str; 8] = ["basket", "box", "bowl", "chair", "clock", "frame", "stand", "tray"];
const WORDS: [&str; 16] =
    ["simple", "heavy", "light", "round", "quiet", "bright", "old", "new", "made", "by", "hand", "for", "every", "day", "and", "night"];

/// Creates the tables and fills them, in one transaction.
pub(crate) fn stock(connection: &mut Connection, seed: u64) -> rusqlite::Result<()> {
    let mut chance = Chance(seed);
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    {
        let mut add = transaction.prepare("INSERT INTO users (id, name) VALUES (?, ?)")?;
        for id in 1..=USERS {
            add.execute(params![id, format!("user{id}")])?;
        }
        let mut add =
            transaction.prepare("INSERT INTO products (id, name, category, price, stock, description) VALUES (?, ?, ?, ?, ?, ?)")?;
        for id in 1..=PRODUCTS {
            let name = format!("{} {} {id}", chance.of(&MATERIALS), chance.of(&KINDS));
            let (category, price, stock) = (chance.of(&CATEGORIES), chance.below(20_000) + 100, chance.below(100));
            let description: Vec<&str> = (0..40).map(|_| chance.of(&WORDS)).collect();
            add.execute(params![id, name, category, price, stock, description.join(" ")])?;
        }
        let mut add = transaction.prepare("INSERT INTO reviews (product, user, stars, text) VALUES (?, ?, ?, ?)")?;
        for _ in 0..REVIEWS {
            let text: Vec<&str> = (0..12).map(|_| chance.of(&WORDS)).collect();
            add.execute(params![chance.below(PRODUCTS) + 1, chance.below(USERS) + 1, chance.below(5) + 1, text.join(" ")])?;
        }
    }
    transaction.commit()
}

const TABLES: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT NOT NULL, category TEXT NOT NULL, price INTEGER NOT NULL,
        stock INTEGER NOT NULL, description TEXT NOT NULL);
    CREATE INDEX by_category ON products (category, price);
    CREATE INDEX by_price ON products (price);
    CREATE TABLE reviews (id INTEGER PRIMARY KEY, product INTEGER NOT NULL, user INTEGER NOT NULL, stars INTEGER NOT NULL,
        text TEXT NOT NULL);
    CREATE INDEX by_product ON reviews (product);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user INTEGER NOT NULL, product INTEGER NOT NULL, price INTEGER NOT NULL);
    CREATE INDEX by_user ON orders (user);
";

/// A small random number generator (splitmix64): the same seed gives the same numbers.
#[derive(Debug, Clone)]
pub struct Chance(pub u64);

impl Chance {
    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit.max(1)
    }

    /// One of them.
    pub fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let at = self.below(choices.len() as u64);
        usize::try_from(at).ok().and_then(|at| choices.get(at)).copied().unwrap_or_default()
    }
}
