//! Markdown to HTML: headings that can be linked to, code in colours.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::LazyLock,
};

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};
use syntect::{
    highlighting::ThemeSet,
    html::{ClassStyle, ClassedHTMLGenerator, css_for_theme_with_class_style},
    parsing::SyntaxSet,
    util::LinesWithEndings,
};

/// The text as HTML. HTML in the text stays what it is; the page's policy sees to it that no script of it runs.
pub(super) fn to_html(text: &str) -> String {
    let mut source = Parser::new_ext(text, OPTIONS);
    let mut events = Vec::new();
    let mut slugs = HashMap::new();
    while let Some(event) = source.next() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let code = inside(&mut source, TagEnd::CodeBlock);
                events.push(Event::Html(coloured(&plain(&code), &kind).into()));
            }
            Event::Start(Tag::Heading { level, id, classes, attrs }) => {
                let heading = inside(&mut source, TagEnd::Heading(level));
                let id = id.unwrap_or_else(|| slug(&plain(&heading), &mut slugs));
                events.push(Event::Start(Tag::Heading { level, id: Some(id), classes, attrs }));
                events.extend(heading);
                events.push(Event::End(TagEnd::Heading(level)));
            }
            other => events.push(other),
        }
    }
    let mut page = String::with_capacity(text.len() * 2);
    html::push_html(&mut page, events.into_iter());
    page
}

/// The first heading, without its markup.
pub(super) fn title(text: &str) -> Option<String> {
    let mut source = Parser::new_ext(text, OPTIONS);
    let level = source.find_map(|event| match event {
        Event::Start(Tag::Heading { level, .. }) => Some(level),
        _ => None,
    })?;
    let title = plain(&inside(&mut source, TagEnd::Heading(level)));
    (!title.is_empty()).then_some(title)
}

/// The rules of a style sheet for code: a light theme, and a dark one for those who prefer it.
pub(super) fn colours() -> String {
    let themes = ThemeSet::load_defaults();
    let rules = |name| themes.themes.get(name).and_then(|theme| css_for_theme_with_class_style(theme, CLASSES).ok()).unwrap_or_default();
    // Each within a condition: what the one colours and the other does not would show through.
    let [light, dark] = [("light", "InspiredGitHub"), ("dark", "base16-ocean.dark")]
        .map(|(scheme, theme)| format!("@media (prefers-color-scheme: {scheme}) {{\n{}}}\n", rules(theme)));
    light + &dark
}

/// Text that is safe inside an element and inside a quoted attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            other => f.write_char(other),
        })
    }
}

/// Code as HTML, highlighted if its language is named and known.
fn coloured(code: &str, kind: &CodeBlockKind<'_>) -> String {
    let language = match kind {
        CodeBlockKind::Fenced(info) => info.split([',', ' ', '{']).next().unwrap_or_default(),
        CodeBlockKind::Indented => "",
    };
    let inside = SYNTAXES.find_syntax_by_token(language).filter(|_| code.len() <= LONGEST_COLOURED).and_then(|syntax| {
        let mut coloured = ClassedHTMLGenerator::new_with_class_style(syntax, &SYNTAXES, CLASSES);
        LinesWithEndings::from(code).try_for_each(|line| coloured.parse_html_for_line_which_includes_newline(line)).ok()?;
        Some(coloured.finalize())
    });
    let inside = inside.unwrap_or_else(|| Escaped(code).to_string());
    format!("<pre class=\"hl-code\"><code>{inside}</code></pre>\n")
}

/// What a heading is linked to by, as elsewhere on the web: `#keys-and-safety`, the second of one name `#start-1`.
fn slug<'a>(heading: &str, taken: &mut HashMap<String, usize>) -> CowStr<'a> {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let slug: String = kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect();
    let earlier = taken.entry(slug.clone()).or_default();
    *earlier += 1;
    match *earlier - 1 {
        0 => slug.into(),
        nth => format!("{slug}-{nth}").into(),
    }
}

/// The events up to the end of the element that has begun.
fn inside<'a>(source: &mut Parser<'a>, end: TagEnd) -> Vec<Event<'a>> {
    source.take_while(|event| *event != Event::End(end)).collect()
}

/// The text of the events.
fn plain(events: &[Event<'_>]) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(piece) | Event::Code(piece) => text.push_str(piece),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

const OPTIONS: Options = Options::ENABLE_TABLES
    .union(Options::ENABLE_FOOTNOTES)
    .union(Options::ENABLE_STRIKETHROUGH)
    .union(Options::ENABLE_TASKLISTS)
    .union(Options::ENABLE_GFM);
const CLASSES: ClassStyle = ClassStyle::SpacedPrefixed { prefix: "hl-" };
/// Longer code stays without colours, which would take seconds.
const LONGEST_COLOURED: usize = 256 << 10;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);
