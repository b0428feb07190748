//! `own_path`.

use cached_handler::invalidates;

#[invalidates(group = "a", own_path)] //~ own_path => `own_path` has no value; type `own_path = "keep"`
async fn h0() {}

#[invalidates(group = "a", own_path = false)] //~ false => `own_path` takes `"keep"` and nothing else
async fn h1() {}

#[invalidates(group = "a", own_path = "/a")] //~ "/a" => `own_path` takes `"keep"` and nothing else
async fn h2() {}

#[invalidates(group = "a", own_path("keep"))] //~ ("keep") => `own_path` takes its value after `=`; type `own_path = "keep"`
async fn h3() {}

#[invalidates(own_path = "keep")] //~ #[invalidates(own_path = "keep")] => this invalidates nothing
async fn h4() {}

fn main() {}
