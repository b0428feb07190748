//! Markdown to HTML: headings that can be linked to, code in colours.

use std::{borrow::Cow, collections::HashMap, fmt, sync::LazyLock};

use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};
use syntect::{
    highlighting::ThemeSet,
    html::{ClassStyle, ClassedHTMLGenerator, css_for_theme_with_class_style},
    parsing::SyntaxSet,
    util::LinesWithEndings,
};

/// The text as HTML. HTML in the text stays what it is.
pub(super) fn to_html(text: &str) -> String {
    let mut page = String::with_capacity(text.len() * 2);
    html::push_html(&mut page, Linked::new(Coloured(Parser::new_ext(text, OPTIONS))));
    page
}

/// The first heading, without its markup.
pub(super) fn title(text: &str) -> Option<String> {
    let mut events = Parser::new_ext(text, OPTIONS);
    events.find(|event| matches!(event, Event::Start(Tag::Heading { .. })))?;
    Some(plain(events.take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))))
}

/// Colours for code: a light theme, and a dark one for those who prefer it.
pub(super) fn colours() -> String {
    let themes = ThemeSet::load_defaults();
    let css = |name: &str| themes.themes.get(name).and_then(|theme| css_for_theme_with_class_style(theme, CLASSES).ok()).unwrap_or_default();
    format!("{}\n@media (prefers-color-scheme: dark) {{\n{}\n}}\n", css("InspiredGitHub"), css("base16-ocean.dark"))
}

/// Text that is safe inside an element and inside a quoted attribute.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(['&', '<', '>', '"', '\'']) {
            let (text, special) = match part.char_indices().next_back() {
                Some((at, '&')) => (&part[..at], "&amp;"),
                Some((at, '<')) => (&part[..at], "&lt;"),
                Some((at, '>')) => (&part[..at], "&gt;"),
                Some((at, '"')) => (&part[..at], "&quot;"),
                Some((at, '\'')) => (&part[..at], "&#39;"),
                _ => (part, ""),
            };
            f.write_str(text)?;
            f.write_str(special)?;
        }
        Ok(())
    }
}
