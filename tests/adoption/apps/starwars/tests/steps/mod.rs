//! Steps that would show a wrong page; also taken where a handler is annotated otherwise.

use harness::Site;

/// `/graphql?query=…&variables=…` for one human.
pub fn human(id: u32) -> String {
    let query = "query($id:Int!){human(id:$id){name}}";
    let variables = format!(r#"{{"id":{id}}}"#);
    format!("/graphql?query={}&variables={}", encoded(query), encoded(&variables))
}

pub fn rename(id: u32, name: &str) -> String {
    format!(r#"{{"query":"mutation {{ rename(id: {id}, name: \"{name}\") }}"}}"#)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
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
