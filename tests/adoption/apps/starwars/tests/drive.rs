mod steps;

use harness::{Site, assert_cached, assert_no_wrong_page};
use starwars::app;
use steps::{human, queries, rename};

#[test]
fn queries_by_get_are_cached_for_each_set_of_variables() {
    let site = Site::new(app());
    let client = site.browser();
    assert_eq!(assert_cached(&site, &client, &human(1000)).body, r#"{"data":{"human":{"name":"Luke"}}}"#);
    assert_eq!(assert_cached(&site, &client, &human(1001)).body, r#"{"data":{"human":{"name":"Darth Vader"}}}"#);
    assert_cached(&site, &client, "/");
}

#[test]
fn a_mutation_invalidates_and_a_query_by_post_does_not() {
    let site = Site::new(app());
    let client = site.browser();
    assert_cached(&site, &client, &human(1000));
    let query = r#"{"query":"{ humans { name } }"}"#;
    assert!(client.json("POST", "/graphql", query).body.contains("Luke"));
    assert!(client.get(&human(1000)).is_hit());
    assert_eq!(client.json("POST", "/graphql", &rename(1000, "Luke Skywalker")).body, r#"{"data":{"rename":true}}"#);
    assert!(client.get(&human(1000)).body.contains("Luke Skywalker"));
}

#[test]
fn nobody_gets_another_page() {
    assert_no_wrong_page(app, 6, queries);
}
