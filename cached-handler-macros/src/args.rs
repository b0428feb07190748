//! The arguments of the attributes: one table, from which they are parsed, documented and tested.

use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{Expr, LitStr, Path, ext::IdentExt, parse::{ParseStream, Parser}, punctuated::Punctuated};

use crate::{
    errors::{Errors, did_you_mean},
    value::{self, Piece, Template, Ttl, ungrouped},
};

/// One argument: its name, and how it is written.
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) form: &'static str,
}

/// Every argument of `#[cached]`.
pub(crate) const CACHED: &[Argument] = &[
    Argument { name: "ttl", form: "ttl = 60" },
    Argument { name: "backend", form: "backend = \"memory\"" },
    Argument { name: "group", form: "group = \"articles\"" },
    Argument { name: "key", form: "key(user.tenant)" },
    Argument { name: "vary", form: "vary = \"accept-language\"" },
    Argument { name: "skip", form: "skip(pool)" },
    Argument { name: "cache_control", form: "cache_control = \"public, max-age=60\"" },
    Argument { name: "policy", form: "policy = SEARCH" },
    Argument { name: "collapse", form: "collapse = \"inline\"" },
    Argument { name: "uncached", form: "uncached = list_uncached" },
    Argument { name: "crate", form: "crate = my_reexport::cached_handler" },
];

/// Every argument of `#[invalidates]`.
pub(crate) const INVALIDATES: &[Argument] = &[
    Argument { name: "group", form: "group = \"articles\"" },
    Argument { name: "path", form: "path = \"/articles/{id}\"" },
    Argument { name: "handler", form: "handler = list" },
    Argument { name: "crate", form: "crate = my_reexport::cached_handler" },
];

/// What `#[cached(…)]` says.
#[derive(Default)]
pub(crate) struct Cached {
    pub(crate) ttl: Option<Ttl>,
    pub(crate) backend: Option<LitStr>,
    pub(crate) groups: Vec<Template>,
    pub(crate) key: Vec<Expr>,
    pub(crate) vary: Vary,
    pub(crate) skip: Vec<Ident>,
    pub(crate) cache_control: Option<LitStr>,
    pub(crate) policy: Option<Path>,
    pub(crate) inline: bool,
    pub(crate) uncached: Option<Path>,
    pub(crate) root: Option<Path>,
}

/// Which request fields select a response.
#[derive(Default)]
pub(crate) enum Vary {
    #[default]
    Nothing,
    Fields(Vec<LitStr>),
    FromResponse,
}

/// What `#[invalidates(…)]` says.
#[derive(Default)]
pub(crate) struct Invalidates {
    pub(crate) groups: Vec<Template>,
    pub(crate) paths: Vec<Template>,
    pub(crate) handlers: Vec<Path>,
    pub(crate) root: Option<Path>,
}

/// An argument as it is written.
struct Written {
    name: Ident,
    value: Value,
}

enum Value {
    /// `= …`
    Is(TokenStream),
    /// `(…)`
    List(TokenStream, Span),
    Missing,
}

impl Cached {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let written = split("cached", tokens, CACHED, errors);
        let has_ttl = written.iter().any(|argument| argument.name == "ttl");
        let nothing_else_is_wrong = errors.is_empty();
        for Written { name, value } in written {
            args.take(&name, value, errors);
        }
        if !has_ttl && nothing_else_is_wrong {
            errors.at(Span::call_site(), "`ttl` is missing; type how long a response is fresh, `#[cached(ttl = 60)]`, or `ttl = from_response`");
        }
        args
    }

    fn take(&mut self, name: &Ident, value: Value, errors: &mut Errors) {
        let Some(value) = shaped(CACHED, name, value, errors) else { return };
        match name.unraw().to_string().as_str() {
            "ttl" => self.ttl = errors.keep(value::ttl(value)),
            "backend" => self.backend = errors.keep(backend(value)),
            "group" => self.groups = templates("group", "articles", value, errors),
            "key" => self.key = expressions(value, errors),
            "vary" => self.vary = vary(value, errors),
            "skip" => self.skip = names(value, errors),
            "cache_control" => self.cache_control = errors.keep(cache_control(value)),
            "policy" => self.policy = path("policy", "the path of a `Policy` constant, `policy = SEARCH`", value, errors),
            "collapse" => self.inline = errors.keep(collapse(value)).unwrap_or_default(),
            "uncached" => self.uncached = path("uncached", "a name for the function as you wrote it, `uncached = list_uncached`", value, errors),
            _ => self.root = path("crate", "the path of this crate, `crate = my_reexport::cached_handler`", value, errors),
        }
    }
}

impl Invalidates {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let written = split("invalidates", tokens, INVALIDATES, errors);
        let names_something = written.iter().any(|argument| argument.name != "crate");
        let nothing_else_is_wrong = errors.is_empty();
        for Written { name, value } in written {
            let Some(value) = shaped(INVALIDATES, &name, value, errors) else { continue };
            match name.unraw().to_string().as_str() {
                "group" => args.groups = templates("group", "articles", value, errors),
                "path" => args.paths = paths(value, errors),
                "handler" => args.handlers = handlers(value, errors),
                _ => args.root = path("crate", "the path of this crate, `crate = my_reexport::cached_handler`", value, errors),
            }
        }
        if !names_something && nothing_else_is_wrong {
            errors.at(Span::call_site(), "nothing is named to invalidate; type `group = \"articles\"`, `path = \"/articles/{id}\"` or `handler = list`");
        }
        args
    }
}

/// Splits at the commas, and keeps those arguments that exist and stand there once.
fn split(attribute: &str, tokens: TokenStream, table: &[Argument], errors: &mut Errors) -> Vec<Written> {
    let mut kept: Vec<Written> = Vec::new();
    for part in at_commas(tokens) {
        let example = table.first().map_or("", |argument| argument.form);
        let parsed = Parser::parse2(|input: ParseStream<'_>| Written::parse(input, example), part);
        let Some(written) = errors.keep(parsed) else { continue };
        let name = written.name.unraw().to_string();
        if let Some(message) = misnamed(attribute, &name, table) {
            errors.on(&written.name, message);
        } else if kept.iter().any(|earlier| earlier.name.unraw() == name) {
            errors.on(&written.name, format!("`{name}` is given twice; remove one"));
        } else {
            kept.push(written);
        }
    }
    kept
}

/// What to type in place of a name that is not in the table.
fn misnamed(attribute: &str, name: &str, table: &[Argument]) -> Option<String> {
    if table.iter().any(|argument| argument.name == name) {
        return None;
    }
    Some(match name {
        "stale_while_revalidate" | "stale_if_error" => format!("`{name}` is not supported yet; remove it"),
        "name" | "version" | "max_body" | "status" | "etag" => {
            format!("`{name}` belongs into a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().{name}(…);`")
        }
        _ => {
            let names = table.iter().map(|argument| argument.name);
            let all = names.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let hint = Some(did_you_mean(name, names)).filter(|hint| !hint.is_empty());
            format!("`{name}` is no argument of `#[{attribute}]`{}", hint.unwrap_or_else(|| format!("; there are {all}")))
        }
    })
}

/// Each part without the invisible group in which `macro_rules!` hands on an expression or a literal.
fn at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            (_, Some(part)) => part.extend([token]),
            (_, None) => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.into_iter().map(ungrouped).collect()
}

impl Written {
    fn parse(input: ParseStream<'_>, example: &str) -> syn::Result<Self> {
        let Ok(name) = Ident::parse_any(input) else {
            let rest: TokenStream = input.parse()?;
            return Err(syn::Error::new_spanned(rest, format!("an argument begins with its name; type `{example}`")));
        };
        if input.is_empty() {
            return Ok(Self { name, value: Value::Missing });
        }
        if input.peek(syn::Token![=]) {
            input.parse::<syn::Token![=]>()?;
            return Ok(Self { name, value: Value::Is(ungrouped(input.parse()?)) });
        }
        let rest: TokenStream = input.parse()?;
        let mut trees = rest.clone().into_iter();
        match (trees.next(), trees.next()) {
            (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => {
                Ok(Self { name, value: Value::List(group.stream(), group.span()) })
            }
            _ => Err(syn::Error::new_spanned(rest, format!("`{name}` is followed by something else than a value; type `{name} = …` or `{name}(…)`"))),
        }
    }
}

/// The tokens of a value that is written in its argument's form.
fn shaped(table: &[Argument], name: &Ident, value: Value, errors: &mut Errors) -> Option<TokenStream> {
    let form = table.iter().find(|argument| name.unraw() == argument.name).map_or("", |argument| argument.form);
    let is_list = !form.contains('=');
    match value {
        Value::Is(value) if !is_list && !value.is_empty() => Some(value),
        Value::List(value, _) if is_list && !value.is_empty() => Some(value),
        Value::Is(value) if !value.is_empty() => {
            errors.on(value, format!("`{name}` takes its values in parentheses; type `{form}`"));
            None
        }
        Value::List(value, span) if !value.is_empty() => {
            errors.at(span, format!("`{name}` takes its value after `=`; type `{form}`"));
            None
        }
        _ => {
            errors.on(name, format!("`{name}` has no value; type `{form}`"));
            None
        }
    }
}

fn backend(value: TokenStream) -> syn::Result<LitStr> {
    let name = value::text("backend", "memory", value)?;
    let text = name.value();
    let is_name = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if is_name {
        Ok(name)
    } else {
        Err(syn::Error::new_spanned(name, "a backend's name has lower-case letters, digits, `-` and `_`; type `backend = \"memory\"`"))
    }
}

/// At most so many groups, and bytes of a group's name.
const MAX_GROUPS: usize = 16;
const MAX_GROUP_NAME: usize = 256;

fn templates(argument: &str, example: &str, value: TokenStream, errors: &mut Errors) -> Vec<Template> {
    let literals = errors.keep(value::texts(argument, example, value)).unwrap_or_default();
    if let Some(extra) = literals.get(MAX_GROUPS) {
        errors.on(extra, "`group` takes at most 16 names; remove some");
    }
    let mut seen: Vec<String> = Vec::new();
    let mut templates = Vec::new();
    for literal in &literals {
        let Some(template) = errors.keep(Template::parse(literal)) else { continue };
        if literal.value().is_empty() {
            errors.on(literal, "a group's name is empty; type `group = \"articles\"`");
        } else if template.fixed_length() > MAX_GROUP_NAME {
            errors.on(literal, "a name in `group` has at most 256 bytes; shorten it");
        } else if seen.contains(&literal.value()) {
            errors.on(literal, format!("the group `{}` is named twice; remove one", literal.value()));
        } else {
            seen.push(literal.value());
            templates.push(template);
        }
    }
    templates
}

fn paths(value: TokenStream, errors: &mut Errors) -> Vec<Template> {
    let mut seen: Vec<String> = Vec::new();
    let mut templates = Vec::new();
    for literal in errors.keep(value::texts("path", "/articles/{id}", value)).unwrap_or_default() {
        let Some(template) = errors.keep(Template::parse(&literal)) else { continue };
        let text = literal.value();
        let has = |letter| template.pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(letter)));
        if !text.starts_with('/') {
            errors.on(&literal, "a path begins with `/`: it is the whole path that clients send; type `path = \"/articles/{id}\"`");
        } else if has('?') || has('#') {
            errors.on(&literal, "a path ends before `?`: responses to it are invalidated whatever their query; remove the rest");
        } else if seen.contains(&text) {
            errors.on(&literal, format!("the path `{text}` is named twice; remove one"));
        } else {
            seen.push(text);
            templates.push(template);
        }
    }
    templates
}

fn expressions(value: TokenStream, errors: &mut Errors) -> Vec<Expr> {
    let mut expressions = Vec::new();
    for part in at_commas(value) {
        match syn::parse2(part.clone()) {
            Ok(expression) if !matches!(expression, Expr::Let(_)) => expressions.push(expression),
            _ => errors.on(part, "a part of `key(…)` is an expression over arguments; type `key(user.tenant)`"),
        }
    }
    expressions
}

fn vary(value: TokenStream, errors: &mut Errors) -> Vary {
    if syn::parse2::<Ident>(value.clone()).is_ok_and(|name| name == "from_response") {
        return Vary::FromResponse;
    }
    let mut names: Vec<LitStr> = Vec::new();
    for name in errors.keep(value::texts("vary", "accept-language", value)).unwrap_or_default() {
        let text = name.value();
        let lower = text.to_ascii_lowercase();
        if text == "*" {
            errors.on(&name, "`*` would make every response nobody else's; name the fields that the handler reads, or type `vary = from_response`");
        } else if text.is_empty() {
            errors.on(&name, "a name in `vary` is empty; type `vary = \"accept-language\"`");
        } else if !text.bytes().all(is_token) {
            errors.on(&name, format!("`{text}` is no name of a header field; type `vary = \"accept-language\"`"));
        } else if lower != text {
            errors.on(&name, format!("names of header fields are written in lower case here; type `\"{lower}\"`"));
        } else if names.iter().any(|earlier| earlier.value() == text) {
            errors.on(&name, format!("`{text}` is named twice; remove one"));
        } else {
            names.push(name);
        }
    }
    Vary::Fields(names)
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn names(value: TokenStream, errors: &mut Errors) -> Vec<Ident> {
    let mut names = Vec::new();
    for part in at_commas(value) {
        match syn::parse2::<Ident>(part.clone()) {
            Ok(name) => names.push(name),
            Err(_) => errors.on(part, "`skip(…)` takes names of arguments; type `skip(pool)`"),
        }
    }
    names
}

/// Directives as in RFC 9111 §5.2: `name`, `name=token` or `name="…"`.
fn cache_control(value: TokenStream) -> syn::Result<LitStr> {
    let literal = value::text("cache_control", "public, max-age=60", value)?;
    let text = literal.value();
    let is_directive = |directive: &str| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, "x"));
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let is_value = quoted.map_or_else(
            || !value.is_empty() && value.bytes().all(is_token),
            |inner| inner.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'),
        );
        !name.is_empty() && name.bytes().all(is_token) && is_value
    };
    if let Some(wrong) = text.split(',').map(str::trim).find(|directive| !is_directive(directive)) {
        let what = if wrong.is_empty() { "nothing".to_owned() } else { format!("`{wrong}`") };
        return Err(syn::Error::new_spanned(literal, format!("{what} is no directive of `Cache-Control`; type `cache_control = \"public, max-age=60\"`")));
    }
    Ok(literal)
}

/// Whether the run stays in the request's task.
fn collapse(value: TokenStream) -> syn::Result<bool> {
    let literal = value::text("collapse", "inline", value)?;
    match literal.value().as_str() {
        "inline" => Ok(true),
        "detached" => Ok(false),
        "off" => Err(syn::Error::new_spanned(literal, "`off` belongs into a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().collapse(Collapse::Off);`")),
        _ => Err(syn::Error::new_spanned(literal, "`collapse` is `\"inline\"` or `\"detached\"`; type one of these, or take it away")),
    }
}

fn path(argument: &str, what: &str, value: TokenStream, errors: &mut Errors) -> Option<Path> {
    let whole = value.clone();
    let path = Parser::parse2(Path::parse_mod_style, value);
    if path.is_err() {
        errors.on(whole, format!("`{argument}` is a path; type {what}"));
    }
    path.ok()
}

fn handlers(value: TokenStream, errors: &mut Errors) -> Vec<Path> {
    let whole = value.clone();
    let list = match syn::parse2::<Expr>(value) {
        Ok(Expr::Array(list)) if list.elems.is_empty() => {
            errors.on(list, "`handler` is an empty list; name something, or take it away");
            return Vec::new();
        }
        Ok(Expr::Array(list)) => list.elems,
        Ok(one) => Punctuated::from_iter([one]),
        Err(_) => {
            errors.on(whole, "`handler` is the path of a cached handler; type `handler = list` or `handler = [list, show]`");
            return Vec::new();
        }
    };
    let mut paths = Vec::new();
    for element in list {
        match element {
            Expr::Path(path) if path.qself.is_none() => paths.push(path.path),
            other => errors.on(other, "`handler` is the path of a cached handler; type `handler = list` or `handler = [list, show]`"),
        }
    }
    paths
}

/// Where the run time's private names are.
pub(crate) fn private(root: Option<&Path>) -> TokenStream {
    match root {
        Some(root) => quote!(#root::__private),
        None => quote!(::cached_handler::__private),
    }
}
