use harness::{Site, assert_cached, assert_no_wrong_page};
use starwars::app;

/// `/graphql?query=…&variables=…` for one human.
pub fn human(id: u32) -> String {
    let query = "query($id:Int!){human(id:$id){name}}";
    let variables = format!(r#"{{"id":{id}}}"#);
    format!("/graphql?query={}&variables={}", encoded(query), encoded(&variables))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

pub fn rename(id: u32, name: &str) -> String {
    format!(r#"{{"query":"mutation {{ rename(id: {id}, name: \"{name}\") }}"}}"#)
}

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

/// Humans by variables, one that does not exist, two operations of one document, and a mutation.
pub fn queries(site: &Site) {
    let client = site.browser();
    let two = encoded("query A{human(id:1000){name}} query B{human(id:1001){name}}");
    for name in ["Luke", "Luke Skywalker"] {
        client.json("POST", "/graphql", &rename(1000, name));
        for _ in 0..2 {
            for id in [1000, 1001, 9] {
                client.get(&human(id));
            }
            for operation in ["A", "B"] {
                client.get(&format!("/graphql?query={two}&operationName={operation}"));
            }
            client.get("/graphql?query=%7Bhumans%7Bid%7D%7D");
        }
    }
}
