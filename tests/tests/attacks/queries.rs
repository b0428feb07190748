//! The query: what a type reads of it, against how a key might read it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use axum::{
    Form, Router,
    extract::{OriginalUri, Query, RawForm, RawQuery, rejection::QueryRejection},
    http::Uri,
    routing::get as on_get,
};
use axum_extra::extract::{Cached, OptionalQuery, Query as Lists};
use cached_handler::{OnMiss, Rejected, cached};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};

use super::{
    case::{Attack, attack},
    wire::get,
};

#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Page {
    #[serde(default, alias = "p", alias = "seite")]
    page: Option<String>,
    #[serde(rename = "sortBy")]
    sort: Option<String>,
    q: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Camel {
    user_id: Option<u64>,
    role: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Flattened {
    page: Option<u32>,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct FlattenedStruct {
    id: Option<u32>,
    #[serde(flatten)]
    page: Inner,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Inner {
    lang: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[expect(dead_code, reason = "shown by `Debug`")]
enum Tagged {
    User { name: String },
    Group { title: String },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "shown by `Debug`")]
enum Untagged {
    ById { id: String },
    ByName { name: String },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Strict {
    id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(transparent)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Transparent(Page);

#[derive(Debug, Deserialize)]
#[serde(from = "HashMap<String, String>")]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Converted(BTreeMap<String, String>);

impl From<HashMap<String, String>> for Converted {
    fn from(map: HashMap<String, String>) -> Self {
        Self(map.into_iter().collect())
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Ids {
    #[serde(default)]
    id: Vec<String>,
    #[serde(default)]
    tag: Vec<String>,
}

/// Written by hand: the last of two names for one thing counts.
#[derive(Debug)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct LastCounts(Option<String>);

impl<'de> Deserialize<'de> for LastCounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Last;
        impl<'de> Visitor<'de> for Last {
            type Value = LastCounts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a query")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LastCounts, A::Error> {
                let mut last = None;
                while let Some(name) = map.next_key::<String>()? {
                    if ["user", "account"].contains(&name.as_str()) {
                        last = Some(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(LastCounts(last))
            }
        }
        deserializer.deserialize_struct("LastCounts", &["user", "account"], Last)
    }
}

/// Written by hand: takes whatever begins with `filter`.
#[derive(Debug)]
#[expect(dead_code, reason = "shown by `Debug`")]
struct Filters(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Filters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Vec::<(String, String)>::deserialize(deserializer)?;
        all.retain(|(name, _)| name.starts_with("filter"));
        Ok(Self(all))
    }
}

/// Handlers that show what they extracted.
macro_rules! echoes {
    ($($name:ident($type:ty);)*) => { $(
        #[cached(ttl = 60)]
        async fn $name(Query(query): Query<$type>) -> String {
            format!("{query:?}")
        }
    )* };
}
echoes! {
    page(Page);
    camel(Camel);
    flattened(Flattened);
    flattened_struct(FlattenedStruct);
    tagged(Tagged);
    untagged(Untagged);
    strict(Strict);
    transparent(Transparent);
    converted(Converted);
    last_counts(LastCounts);
    filters(Filters);
    map(BTreeMap<String, String>);
    pairs(Vec<(String, String)>);
}

#[cached(ttl = 60)]
async fn lists(Lists(ids): Lists<Ids>) -> String {
    format!("{ids:?}")
}

#[cached(ttl = 60)]
async fn optional(OptionalQuery(query): OptionalQuery<Page>) -> String {
    format!("{query:?}")
}

#[cached(ttl = 60)]
async fn form(Form(query): Form<Page>) -> String {
    format!("{query:?}")
}

#[cached(ttl = 60)]
async fn raw_form(RawForm(query): RawForm) -> String {
    format!("{query:?}")
}

#[cached(ttl = 60)]
async fn raw(RawQuery(query): RawQuery) -> String {
    format!("{query:?}")
}

#[cached(ttl = 60)]
async fn of_uri(uri: Uri) -> String {
    format!("{:?}", uri.query())
}

#[cached(ttl = 60)]
async fn of_original_uri(OriginalUri(uri): OriginalUri) -> String {
    format!("{:?}", uri.query())
}

#[cached(ttl = 60)]
async fn shared(Cached(Query(query)): Cached<Query<Page>>) -> String {
    format!("{query:?}")
}

#[cached(ttl = 60)]
async fn late(query: OnMiss<Query<Page>>) -> Result<String, Rejected> {
    let query = query.extract().await?;
    Ok(format!("{query:?}"))
}

/// Shows why it did not understand.
#[cached(ttl = 60)]
async fn explained(query: Result<Query<Camel>, QueryRejection>) -> String {
    match query {
        Ok(Query(query)) => format!("{query:?}"),
        Err(error) => error.body_text(),
    }
}

#[cached(ttl = 60)]
async fn two(Query(page): Query<Page>, Query(camel): Query<Camel>) -> String {
    format!("{page:?} {camel:?}")
}

/// It sees nothing of the query.
#[cached(ttl = 60)]
async fn nothing() -> &'static str {
    "a page"
}

fn serve<H: axum::handler::Handler<T, ()>, T: 'static>(handler: H) -> Router {
    Router::new().route("/search", on_get(handler))
}

pub fn attacks() -> Vec<Attack> {
    let mut all = Vec::new();
    macro_rules! queries {
        ($($handler:ident: $($name:literal $first:literal $victim:literal)*;)*) => { $($(
            all.push(attack(concat!($name, ", read by `", stringify!($handler), "`"), || serve($handler), [get(concat!("/search", $first))], get(concat!("/search", $victim))));
        )*)* };
    }
    queries! {
        page:
            "another value" "?q=evil" "?q=fine"
            "a value for none" "?q=evil" ""
            "none for a value" "" "?q=fine"
            "none for an empty value" "" "?q="
            "an empty value for none" "?q=" "?q2="
            "a name without a sign for none" "?q" "?"
            "an alias" "?p=evil" "?page=fine"
            "an alias of the same value" "?p=1" "?page=1"
            "another alias" "?seite=evil" "?p=fine"
            "a name that is renamed" "?sort=evil" "?sortBy=fine"
            "a value under another name" "?q=1" "?page=1"
            "a name in other letter case" "?Q=evil" "?q=fine"
            "an unnamed parameter" "?utm_source=evil&q=fine" "?q=fine"
            "a semicolon" "?q=fine;page=evil" "?q=fine"
            "a semicolon where there is none" "?q=fine;page=evil" "?q=fine&page=evil"
            "a sign that is encoded" "?q=1%26page=2" "?q=1&page=2"
            "an equals sign that is encoded" "?q%3D1=2" "?q=1=2"
            "an equals sign in the value" "?q=1=2" "?q=1%3d2"
            "a plus for a blank" "?q=a+b" "?q=a%2Bb"
            "a plus for a blank that is encoded" "?q=a+b" "?q=a%20b"
            "a name that is encoded" "?%71=evil" "?q=fine"
            "a nul" "?q=fine%00evil" "?q=fine"
            "a nul in the name" "?q%00=evil" "?q=fine"
            "a line break" "?q=fine%0d%0aSet-Cookie:%20x=1" "?q=fine"
            "what is no text" "?q=%ff" "?q=%fe"
            "what is no text for its replacement" "?q=%ff" "?q=%EF%BF%BD"
            "a percent sign alone" "?q=%" "?q=%25"
            "a percent sign with junk" "?q=%zz" "?q=%25zz"
            "empty parts" "?&&q=evil&&" "?q=fine"
            "parameters in another order" "?q=1&page=2" "?page=2&q=1"
            "values exchanged" "?q=1&page=2" "?q=2&page=1"
            "values cut elsewhere" "?q=12&page=3" "?q=1&page=23"
            "a longer name with the same beginning" "?query=evil&q=fine" "?q=fine"
            "a name in brackets" "?q[]=evil" "?q=fine"
            "a fragment" "?q=fine%23evil" "?q=fine"
            "two question marks" "??q=evil" "?q=fine"
            "a question mark in the value" "?q=fine?page=evil" "?q=fine"
            "a composed letter for a decomposed one" "?q=%C3%A9" "?q=e%CC%81"
            "hexadecimal digits of other letter case" "?q=%c3%a9" "?q=%C3%A9"
            "a slash" "?q=/admin" "?q=%2Fadmin";
        camel:
            "a number written in another way" "?userId=007" "?userId=7"
            "a name as the field is called" "?user_id=1" "?userId=2";
        flattened:
            "what is left over" "?page=1&x=evil" "?page=1&x=fine"
            "what is left over for nothing" "?page=1&x=evil" "?page=1";
        flattened_struct:
            "a flattened field" "?id=1&lang=de" "?id=1&lang=en"
            "a flattened field for none" "?id=1&lang=de" "?id=1";
        tagged:
            "another kind" "?kind=user&name=a&title=b" "?kind=group&name=a&title=b"
            "a field of another kind" "?kind=user&name=evil" "?kind=user&name=fine";
        untagged:
            "another alternative" "?id=1" "?name=1"
            "the first of two alternatives" "?id=1&name=2" "?name=2";
        strict: "another value" "?id=evil" "?id=fine";
        transparent: "another value" "?q=evil" "?q=fine";
        converted: "any parameter" "?x=evil" "?x=fine" "any name" "?x=1" "?y=1";
        last_counts:
            "the last of two names" "?user=eve&account=bob" "?account=bob&user=eve"
            "the last of one name" "?user=eve&user=bob" "?user=bob&user=eve";
        filters: "a name by its beginning" "?filter_a=evil" "?filter_a=fine" "a name by its beginning, for none" "?filter_b=evil" "";
        map: "any parameter" "?x=evil" "?x=fine" "repeated ones in another order" "?x=1&x=2" "?x=2&x=1" "a name in other letter case" "?X=1" "?x=1";
        pairs: "parameters in another order" "?a=1&b=2" "?b=2&a=1" "an empty one more" "?a=1" "?a=1&=";
        lists:
            "repeated ones in another order" "?id=1&id=2" "?id=2&id=1"
            "one more" "?id=1" "?id=1&id=1"
            "one of another list" "?id=1&tag=2" "?id=2&tag=1"
            "two in one" "?id=1%2C2" "?id=1&id=2"
            "mixed ones" "?id=1&tag=x&id=2" "?id=2&tag=x&id=1"
            "none for an empty one" "" "?id=";
        optional: "none for an empty query" "" "?" "an empty query for none" "?" "" "another value" "?q=evil" "?q=fine";
        form: "another value" "?q=evil" "?q=fine" "none for a value" "" "?q=fine";
        raw_form: "another query" "?evil" "?fine" "none for an empty query" "" "?";
        raw:
            "another query" "?evil" "?fine"
            "none for an empty query" "" "?"
            "an empty query for none" "?" ""
            "parameters in another order" "?a=1&b=2" "?b=2&a=1"
            "another coding" "?q=%61" "?q=a"
            "letter case" "?A" "?a";
        of_uri: "another query" "?evil" "?fine" "none for an empty query" "" "?";
        of_original_uri: "another query" "?evil" "?fine" "none for an empty query" "" "?";
        shared: "another value" "?q=evil" "?q=fine";
        late: "another value" "?q=evil" "?q=fine" "an unnamed parameter" "?x=evil&q=fine" "?q=fine";
        two: "a value for the other of two" "?q=1&role=2" "?q=2&role=1";
        nothing: "a query that nobody reads" "?q=evil" "?q=fine" "a query that nobody reads, for none" "?q=evil" "";
    }
    // Refused before the handler, or by what it shows: never stored.
    macro_rules! refused {
        ($($handler:ident: $($name:literal $first:literal $victim:literal)*;)*) => { $($(
            all.push(attack(concat!($name, ", read by `", stringify!($handler), "`"), || serve($handler), [get(concat!("/search", $first))], get(concat!("/search", $victim))).never_stored());
        )*)* };
    }
    refused! {
        page: "two names for one" "?p=evil" "?p=fine&page=evil" "one name twice" "?q=fine" "?q=evil&q=fine";
        camel: "a number too large" "?userId=1" "?userId=99999999999999999999" "no number" "?userId=1" "?userId=1x";
        strict: "a parameter that is refused" "?id=1" "?id=1&x=2" "a parameter that is refused, of another name" "?id=1" "?ID=1";
        explained: "an explanation" "?userId=evil" "?userId=fine";
    }
    all.push(attack("an explanation for a fine query", || serve(explained), [get("/search?userId=evil")], get("/search?userId=1")));
    all.push(attack("a refusal for a fine query", || serve(camel), [get("/search?userId=evil")], get("/search?userId=1")));
    all.push(attack("a refusal of a late extractor for a fine query", || serve(late), [get("/search?q=1&q=2")], get("/search?q=1")));
    let long = |last: &str| format!("/search?q={}{last}", "x".repeat(9_000));
    all.push(attack("a query too long for a key, with another end", || serve(page), [get(long("evil"))], get(long("fine"))).never_stored());
    all.push(attack("a query too long for a key, read by `raw`", || serve(raw), [get(long("evil"))], get(long("fine"))).never_stored());
    all.push(attack(
        "a parameter too long for a key that nobody reads",
        || serve(page),
        [get(long("1").replace("q=", "x="))],
        get(long("1").replace("q=", "x=").replace("?", "?q=fine&")),
    ));
    all
}
