//! Plays the transcript in the first comment of an example against its application.
//!
//! `$ curl …` is a request, `$ sleep …` sets the clock on, `# …` is for readers. What follows a request has to come: the
//! status line and header fields in any number and order, then, after an empty line, the whole content; content alone
//! where `-i` and `-I` are not given; of that, behind `| grep TEXT`, the lines that have the text. `…` stands for anything.
//! Ports stand for processes: 3000 for the first, 3001 for the second, and so on.

use std::{collections::HashMap, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, Version, header, response::Parts},
};
use cached_handler::testing::TestCache;
use cached_handler_serving::{ADDRESS, transcript};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

/// An application and its cache.
pub(crate) struct Process {
    pub(crate) app: Router,
    pub(crate) cache: TestCache,
}

/// Plays all of it, and says where an application answers otherwise. The processes have one clock.
pub(crate) async fn play(source: &str, processes: &[Process]) -> Result<(), String> {
    let mut tags = HashMap::new();
    for Step { line, expected } in steps(source)? {
        let (typed, filter) = line.split_once(" | grep ").map_or((line, None), |(typed, text)| (typed, Some(words(text))));
        let words = words(typed)?;
        let arguments = words.get(1..).unwrap_or_default();
        match words.first().map(String::as_str) {
            Some("sleep") => {
                let seconds = seconds(arguments)?;
                processes.iter().take(1).for_each(|process| process.cache.clock().advance(seconds));
            }
            Some("curl") => {
                let curl = Curl::parse(arguments)?;
                let Process { app, cache } = processes.get(curl.process).ok_or_else(|| format!("no process has the port of `{line}`"))?;
                let (parts, mut content) = curl.send(app, &mut tags).await?;
                if let Some(text) = filter.transpose()? {
                    let [text] = &*text else { return Err(format!("`grep` takes one text in `{line}`")) };
                    content = content.lines().filter(|line| line.contains(text.as_str())).collect::<Vec<_>>().join("\n");
                }
                // What goes on behind an answer is over before the reader has typed the next line.
                cache.cache().drain(Duration::from_secs(10)).await;
                let answered = Answer { parts, content };
                answered.is_as(&expected, curl.shows_fields).map_err(|missing| {
                    format!("$ {line}\nhas to answer\n\n{missing}\n\nbut answers\n\n{}", answered.as_curl_prints_it())
                })?;
            }
            _ => return Err(format!("`{line}` is not known; a transcript has `curl` and `sleep`")),
        }
    }
    Ok(())
}

/// A line to type, and what comes of it.
struct Step<'a> {
    line: &'a str,
    expected: Vec<&'a str>,
}

fn steps(source: &str) -> Result<Vec<Step<'_>>, String> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in transcript(source) {
        if let Some(line) = line.strip_prefix("$ ") {
            steps.push(Step { line, expected: Vec::new() });
        } else if !line.starts_with("# ") {
            steps.last_mut().ok_or("a transcript begins with `$ …` or `# …`")?.expected.push(line);
        }
    }
    if steps.is_empty() { Err("the first comment has no transcript: a block of `console`".to_owned()) } else { Ok(steps) }
}

/// Splits as a shell does, quotes and all; nothing is expanded.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            // Some shells look for files of such a name.
            (None, '?' | '&' | '*' | ';' | '$' | '\\' | '|' | '<' | '>') => {
                return Err(format!("`{letter}` has to be quoted in `{line}`"));
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    if quote.is_some() { Err(format!("a quote is not closed in `{line}`")) } else { Ok(words) }
}

fn seconds(arguments: &[String]) -> Result<Duration, String> {
    let secs = arguments.first().and_then(|secs| secs.parse().ok());
    secs.map(Duration::from_secs).ok_or_else(|| format!("`sleep {}` has no number of seconds", arguments.join(" ")))
}

/// What a line with `curl` asks for.
#[derive(Default)]
struct Curl {
    method: Option<Method>,
    /// The first is 0.
    process: usize,
    target: String,
    fields: Vec<(String, String)>,
    content: Option<String>,
    shows_fields: bool,
    save_tag: Option<String>,
    compare_tag: Option<String>,
}

impl Curl {
    fn parse(words: &[String]) -> Result<Self, String> {
        let mut curl = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().cloned().ok_or_else(|| format!("curl's `{word}` needs a value"));
            match word.as_str() {
                "-s" => {}
                "-i" => curl.shows_fields = true,
                "-I" => (curl.shows_fields, curl.method) = (true, Some(Method::HEAD)),
                "-X" => curl.method = Some(value()?.parse().map_err(|_| "`-X` needs a method")?),
                "-H" => {
                    let field = value()?;
                    let (name, value) =
                        field.split_once(": ").ok_or_else(|| format!("`{field}` is not a field; type `-H 'name: value'`"))?;
                    curl.fields.push((name.to_owned(), value.to_owned()));
                }
                "-r" => curl.fields.push(("range".to_owned(), format!("bytes={}", value()?))),
                "-d" => curl.send_content("application/x-www-form-urlencoded", value()?),
                "--json" => {
                    curl.send_content("application/json", value()?);
                    curl.fields.push(("accept".to_owned(), "application/json".to_owned()));
                }
                "--etag-save" => curl.save_tag = Some(value()?),
                "--etag-compare" => curl.compare_tag = Some(value()?),
                option if option.starts_with('-') => return Err(format!("curl's `{option}` is not known; add it to `Curl::parse`")),
                url => (curl.process, curl.target) = located(url)?,
            }
        }
        Ok(curl)
    }

    fn send_content(&mut self, content_type: &str, content: String) {
        self.content = Some(content);
        if !self.fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            self.fields.push(("content-type".to_owned(), content_type.to_owned()));
        }
    }

    async fn send(&self, app: &Router, tags: &mut HashMap<String, String>) -> Result<(Parts, String), String> {
        let usual = if self.content.is_some() { Method::POST } else { Method::GET };
        let mut request = Request::builder().method(self.method.clone().unwrap_or(usual)).uri(&self.target).header(header::HOST, ADDRESS);
        for (name, value) in &self.fields {
            request = request.header(name, value);
        }
        if let Some(file) = &self.compare_tag {
            request = request.header(header::IF_NONE_MATCH, tags.get(file).ok_or_else(|| format!("nothing was saved in `{file}`"))?);
        }
        let request = request.body(Body::from(self.content.clone().unwrap_or_default())).map_err(|error| error.to_string())?;
        let response = app.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        let (parts, body) = response.into_parts();
        if let Some((file, tag)) = self.save_tag.clone().zip(parts.headers.get(header::ETAG)) {
            tags.insert(file, String::from_utf8_lossy(tag.as_bytes()).into_owned());
        }
        let content = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok((parts, String::from_utf8_lossy(&content).into_owned()))
    }
}

/// Which process a URL is of, and what it asks that for.
fn located(url: &str) -> Result<(usize, String), String> {
    let (host, first) = ADDRESS.rsplit_once(':').unwrap_or_default();
    let port = |authority: &str| authority.strip_prefix(host)?.strip_prefix(':')?.parse::<usize>().ok();
    let located = url.find('/').and_then(|at| url.split_at_checked(at)).and_then(|(authority, target)| {
        let number = port(authority)?.checked_sub(first.parse().ok()?)?;
        Some((number, target.to_owned()))
    });
    located.ok_or_else(|| format!("`{url}` does not begin with `{ADDRESS}/`"))
}

struct Answer {
    parts: Parts,
    content: String,
}

impl Answer {
    /// An error with the first expected line that is missing.
    fn is_as(&self, expected: &[&str], shows_fields: bool) -> Result<(), String> {
        let (head, content) = match expected.iter().position(|line| line.is_empty()).filter(|_| shows_fields) {
            Some(end) => (expected.get(..end).unwrap_or_default(), expected.get(end + 1..).unwrap_or_default()),
            None if shows_fields => (expected, [].as_slice()),
            None => ([].as_slice(), expected),
        };
        if shows_fields && head.is_empty() {
            return Err("at least a status line, as `-i` is given".to_owned());
        }
        if let Some(missing) = head.iter().find(|expected| !self.head().iter().any(|line| stands_for(expected, line))) {
            return Err((*missing).to_owned());
        }
        let content = content.join("\n");
        let as_sent = content.is_empty() || stands_for(content.trim_end(), self.content.trim_end());
        if as_sent { Ok(()) } else { Err(content) }
    }

    fn head(&self) -> Vec<String> {
        let status = format!("{:?} {}", Version::HTTP_11, self.parts.status);
        let fields: &HeaderMap = &self.parts.headers;
        let lines = fields.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())));
        std::iter::once(status).chain(lines).collect()
    }

    fn as_curl_prints_it(&self) -> String {
        format!("{}\n\n{}", self.head().join("\n"), self.content)
    }
}

/// Whether a text is as expected, where `…` in that stands for anything.
fn stands_for(expected: &str, text: &str) -> bool {
    let Some((start, rest)) = expected.split_once('…') else { return expected == text };
    let Some(text) = text.strip_prefix(start) else { return false };
    text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| text.get(at..).is_some_and(|text| stands_for(rest, text)))
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use cached_handler::cached;

    use super::*;

    #[cached(ttl = 5)]
    async fn page() -> &'static str {
        "one\ntwo\nthree\n"
    }

    async fn played(lines: &[&str]) -> Result<(), String> {
        let cache = TestCache::with(|builder| builder.cache_status("demo"));
        let app = Router::new().route("/page", get(page));
        let comment: Vec<String> = lines.iter().map(|line| format!("//! {line}")).collect();
        let (other, beside) = (app.clone(), cache.beside(|builder| builder.cache_status("other")));
        let processes = [Process { app: app.layer(cache.layer()), cache }, Process { app: other.layer(beside.layer()), cache: beside }];
        play(&format!("//! ```console\n{}\n//! ```\n", comment.join("\n")), &processes).await
    }

    const MISS: &str = "cache-status: demo; fwd=uri-miss; stored";
    const HIT: &str = "cache-status: demo; hit; ttl=…";
    const ASK: &str = "$ curl -i localhost:3000/page";
    const OK: &str = "HTTP/1.1 200 OK";

    #[tokio::test]
    async fn what_comes_as_it_says_is_passed() {
        for lines in [
            &[
                ASK,
                OK,
                MISS,
                "",
                "one",
                "…",
                "three",
                ASK,
                OK,
                HIT,
                "# later",
                "$ sleep 6",
                ASK,
                OK,
                "cache-status: demo; fwd=stale; stored",
            ][..],
            &["$ curl localhost:3000/page", "one", "two", "three"],
            &["$ curl -I localhost:3000/page", OK, "content-length: 14"],
            &["$ curl -s localhost:3000/page | grep t", "two", "three"],
            &["$ curl -i -r 0-2 localhost:3000/page", "HTTP/1.1 206 Partial Content", "", "one"],
            &[
                ASK,
                MISS,
                "$ curl -i localhost:3001/page",
                "cache-status: other; fwd=uri-miss; stored",
                "$ sleep 6",
                "$ curl -i localhost:3001/page",
                "cache-status: other; fwd=stale; stored",
            ],
            &[
                "$ curl -d 'a=b' localhost:3000/page",
                "",
                "$ curl -i -X PUT localhost:3000/page",
                "HTTP/1.1 405 Method Not Allowed",
                "allow: …GET…",
            ],
            &[
                "$ curl -i --etag-save e 'localhost:3000/page?a=b'",
                OK,
                "etag: \"…\"",
                "$ curl -i --etag-compare e localhost:3000/page",
                "HTTP/1.1 304 Not Modified",
            ],
        ] {
            played(lines).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_comes_otherwise_is_found() {
        for lines in [
            &[ASK, "HTTP/1.1 201 Created"][..],
            &[ASK, OK, HIT],
            &[ASK, OK, MISS, ASK, OK, MISS],
            &[ASK, OK, "x-missing: …"],
            &[ASK, OK, "", "one", "three"],
            &[ASK, OK, "", "one", "two"],
            &[ASK],
            &["$ curl localhost:3000/page", "one"],
            &["$ curl localhost:3000/page | grep t", "one", "two", "three"],
            &["$ curl localhost:3002/page"],
            &["$ curl localhost:300x/page"],
            &["$ curl localhost:2999/page"],
            &["$ curl --unknown localhost:3000/page"],
            &["$ curl localhost:3000/page?a=b"],
            &["$ curl example.org/page"],
            &["$ curl --etag-compare none localhost:3000/page"],
            &["$ wget localhost:3000/page"],
            &["$ sleep well"],
            &["no line to type"],
            &[],
        ] {
            assert!(played(lines).await.is_err(), "{lines:?}");
        }
    }
}
