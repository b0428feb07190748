//! The site's HTML: one frame around every page, list and failure.

use std::{
    fmt::{self, Write as _},
    time::Duration,
};

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};
use cached_handler::EntityTag;

use super::{
    directory::{Directory, Entry, Found},
    markdown::{self, Escaped},
};

/// A whole HTML page.
#[derive(Debug)]
pub struct Document {
    html: String,
    rendered_in: Option<Duration>,
}

/// A Markdown page.
pub(super) fn page(directory: &Directory, name: &str, text: &str) -> Document {
    let title = markdown::title(text);
    let content = format!("<article>\n{}</article>", markdown::to_html(text));
    frame(title.as_deref().unwrap_or(name), directory.title(), "", &content)
}

/// Links to all pages.
pub(super) fn index(directory: &Directory, entries: &[Entry]) -> Document {
    let title = directory.title();
    let mut content = format!("<h1>{}</h1>\n<ul class=\"pages\">\n", Escaped(title));
    for Entry { name, title, bytes } in entries {
        let size = bytes.div_ceil(1024);
        _ = writeln!(content, "<li><a href=\"{}\">{}</a> <small>{} · {size} KiB</small></li>", Link(name), Escaped(title), Escaped(name));
    }
    content.push_str("</ul>");
    frame(title, title, "", &content)
}

/// What a search found.
pub(super) fn search(directory: &Directory, sought: &str, found: &[Found]) -> Document {
    let sought = sought.trim();
    let count = match (sought, found.len()) {
        ("", _) => "Type what to look for.".to_owned(),
        (_, 0) => "No page has it.".to_owned(),
        (_, 1) => "One page has it.".to_owned(),
        (_, pages) => format!("{pages} pages have it."),
    };
    let mut content = format!("<h1>Search</h1>\n<p>{count}</p>\n");
    for Found { name, lines } in found {
        _ = writeln!(content, "<h3><a href=\"{}\">{}</a></h3>", Link(name), Escaped(name));
        for line in lines {
            _ = writeln!(content, "<p class=\"line\">{}</p>", Marked { line, sought });
        }
    }
    frame("Search", directory.title(), sought, &content)
}

/// Why there is no page.
pub(super) fn failure(status: axum::http::StatusCode, text: &str) -> Document {
    let content = format!("<h1>{status}</h1>\n<p>{text}</p>");
    frame("No page", "Pages", "", &content)
}

/// The style sheet.
pub(super) fn style() -> String {
    format!("{STYLE}\n{}", markdown::colours())
}

impl Document {
    /// Says at the foot of the page how long it took.
    #[must_use]
    pub(super) fn took(self, time: Duration) -> Self {
        Self { rendered_in: Some(time), ..self }
    }
}

impl IntoResponse for Document {
    fn into_response(self) -> Response {
        let Self { mut html, rendered_in } = self;
        // Two renderings of a page are the same to a reader, however long they took: hence a weak tag, of everything but the footer.
        // Without it, the cache would make a strong one of every byte.
        let tag = EntityTag::of(html.as_bytes()).weakened().to_header_value();
        if let Some(time) = rendered_in {
            let ms = time.as_secs_f64() * 1e3;
            _ = writeln!(html, "<footer>Rendered in {ms:.1} ms. Load it again, and it comes from the cache.</footer>");
        }
        html.push_str("</body>\n</html>\n");
        // Pages may contain anyone's HTML: none of it may run, or request anything but pictures from other servers.
        let policy = "default-src 'none'; style-src 'self'; img-src 'self' https: data:; form-action 'self'; base-uri 'none'";
        let fields = [(header::CONTENT_SECURITY_POLICY, policy), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
        ([(header::ETAG, tag)], fields, Html(html)).into_response()
    }
}

/// Everything but the foot.
fn frame(title: &str, site: &str, sought: &str, content: &str) -> Document {
    let (title, site, sought) = (Escaped(title), Escaped(site), Escaped(sought));
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<nav><a href="/">{site}</a><form action="/search"><input type="search" name="q" value="{sought}" placeholder="Search" aria-label="Search"></form></nav>
{content}
"#
    );
    Document { html, rendered_in: None }
}

/// The path of a page, for an address.
pub(super) struct Link<'a>(pub(super) &'a str);

impl fmt::Display for Link<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/page/")?;
        self.0.bytes().try_for_each(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => f.write_char(byte.into()),
            other => write!(f, "%{other:02X}"),
        })
    }
}

/// A line in which the text that was sought is marked, once.
struct Marked<'a> {
    line: &'a str,
    sought: &'a str,
}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // ASCII letters change their case without a change of length, so places in the one are places in the other.
        let at = self.line.to_ascii_lowercase().find(&self.sought.to_ascii_lowercase());
        let Some((before, rest)) = at.and_then(|at| self.line.split_at_checked(at)) else {
            return Escaped(self.line).fmt(f);
        };
        let Some((hit, after)) = rest.split_at_checked(self.sought.len()) else {
            return Escaped(self.line).fmt(f);
        };
        write!(f, "{}<mark>{}</mark>{}", Escaped(before), Escaped(hit), Escaped(after))
    }
}

const STYLE: &str = include_str!("style.css");
