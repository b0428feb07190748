//! The attributes: what they compile with, what they put into the key, what they return, and what `#[invalidates]` invalidates.

// For `crate = ::renamed` in `shapes`; the package that has it under that name alone is in `compile/editions.rs`.
extern crate cached_handler as renamed;

mod bypass;
mod derived;
mod invalidates;
mod logged_in;
mod policies;
mod returns;
mod shapes;

// The guide's recipes name it from the root.
use logged_in::users;
