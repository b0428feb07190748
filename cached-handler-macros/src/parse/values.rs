//! Parses the values of arguments, and says what to type in place of a wrong one.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Expr, LitStr, Path, parse::Parser, punctuated::Punctuated};

use super::{
    advice::{bare_name, bare_path},
    split::at_commas,
    template::{Piece, Template, starred},
    texts::{text, texts},
};
use crate::{
    errors::Errors,
    syntax::{source::written, types::mentions},
};

pub(super) fn backend(value: TokenStream) -> syn::Result<LitStr> {
    let name = text("backend", "memory", value)?;
    let written = name.value();
    // Copies in memory, in front of another one.
    let far = written.strip_prefix("memory+").filter(|far| *far != "memory").unwrap_or(&written);
    let is_name = !far.is_empty() && far.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if is_name {
        Ok(name)
    } else {
        let lower = written.to_ascii_lowercase();
        let right = if ["memory", "redis", "fs", "memory+redis", "memory+fs"].contains(&&*lower) { &*lower } else { "memory" };
        let message = format!("a backend's name has lower-case letters, digits, `-` and `_`; type `backend = \"{right}\"`");
        Err(syn::Error::new_spanned(name, message))
    }
}

/// The limits, the same as those at runtime.
const MAX_GROUPS: usize = 16;
const MAX_GROUP_NAME: usize = 256;

pub(super) fn templates(argument: &str, example: &str, value: TokenStream, errors: &mut Errors) -> Vec<Template> {
    let literals = errors.keep(texts(argument, example, value)).unwrap_or_default();
    if let Some(extra) = literals.get(MAX_GROUPS) {
        errors.on(extra, "`group` takes at most 16 names; remove some");
    }
    let mut seen: Vec<String> = Vec::new();
    let mut templates = Vec::new();
    for literal in &literals {
        let Some(template) = errors.keep(Template::parse(literal)) else { continue };
        if literal.value().is_empty() {
            errors.on(literal, "a group's name is empty; type `group = \"articles\"`");
        } else if template.pieces.iter().any(|piece| matches!(piece, Piece::Value(value) if starred(value).is_some())) {
            errors.on(literal, "`{*…}` keeps the slashes of a value in a path; in `group` type `{…}`, which keeps everything");
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

pub(super) fn paths(argument: &str, example: &str, value: TokenStream, errors: &mut Errors) -> Vec<Template> {
    let mut seen: Vec<String> = Vec::new();
    let mut templates = Vec::new();
    for literal in errors.keep(texts(argument, example, value)).unwrap_or_default() {
        let Some(template) = errors.keep(Template::parse(&literal)) else { continue };
        let text = literal.value();
        let has = |letter| template.pieces.iter().any(|piece| matches!(piece, Piece::Text(text) if text.contains(letter)));
        if !text.starts_with('/') {
            errors.on(&literal, format!("a path begins with `/`: it is the whole path that clients send, without scheme and host; type `{argument} = \"{example}\"`"));
        } else if text.trim_end() != text {
            errors.on(&literal, format!("a path does not end with white space; type `{argument} = \"{}\"`", text.trim_end()));
        } else if let Some(complaint) = text.split('/').find_map(|segment| no_segment(argument, &text, segment)) {
            errors.on(&literal, complaint);
        } else if has('?') || has('#') {
            errors.on(&literal, "a path has no `?` and no `#`: responses to it are invalidated whatever their query; remove the rest");
        } else if seen.contains(&text) {
            errors.on(&literal, format!("the path `{text}` is named twice; remove one"));
        } else {
            seen.push(text);
            templates.push(template);
        }
    }
    templates
}

/// The mistake in a segment that other routers, or axum before 0.8, would take for a parameter.
pub(super) fn no_segment(argument: &str, path: &str, segment: &str) -> Option<String> {
    let is_name = |name: &&str| syn::parse_str::<Ident>(name).is_ok();
    let name = segment.get(1..).filter(is_name);
    let is_text = |right: &str| {
        format!("a parameter is written in braces, and `{segment}` is plain text; type `{argument} = \"{}\"`", path.replace(segment, right))
    };
    match (segment.chars().next()?, name) {
        (':', Some(name)) => Some(is_text(&format!("{{{name}}}"))),
        ('*', Some(name)) => Some(is_text(&format!("{{*{name}}}"))),
        ('<', None) => {
            let name = segment.get(1..)?.strip_suffix('>').filter(is_name)?;
            Some(is_text(&format!("{{{name}}}")))
        }
        ('*', None) => {
            let above = path.split_once("/*").map(|(above, _)| above).filter(|above| !above.is_empty()).unwrap_or("/articles");
            Some(format!(
                "a path is no pattern; for all below it type `path_prefix = \"{above}\"`, or give their handlers a group, and type `group = …`; for the character itself type `%2A`"
            ))
        }
        _ => None,
    }
}

/// The values of `key(…)` and `bypass(…)`; `what` has the messages about a value that is not an expression.
pub(super) fn expressions(argument: &str, what: &str, value: TokenStream, errors: &mut Errors) -> Vec<Expr> {
    let mut expressions = Vec::new();
    for part in at_commas(value) {
        match syn::parse2(part.clone()) {
            Ok(_) if mentions(part.clone(), "await") => {
                let message = "cannot await; take an extractor of yours that reads it, with `#[derive(cached_handler::CacheKey)]`";
                errors.on(part, format!("`{argument}(…)` {message}"));
            }
            Ok(Expr::Try(tried)) if argument == "key" => {
                errors.on(part, format!("`key(…)` cannot return with `?`; an `Option` may be part of a key, so type `key({0})`, or for a `Result` `key({0}.ok())`", written(tried.expr)));
            }
            Ok(expression) if !matches!(expression, Expr::Let(_)) => expressions.push(expression),
            _ => errors.on(part, what),
        }
    }
    expressions
}

/// A character of a token (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub(super) fn names(argument: &str, value: TokenStream, errors: &mut Errors) -> Vec<Ident> {
    let mut names = Vec::new();
    for part in at_commas(value) {
        match syn::parse2::<Ident>(part.clone()) {
            Ok(name) => names.push(name),
            Err(_) if part.to_string() == "_" => {
                errors.on(part, format!("`_` is not a name; name the argument, `_user: User`, and type `{argument}(_user)`"));
            }
            Err(_) => {
                let name = bare_name(&part).unwrap_or_else(|| "pool".to_owned());
                errors.on(part, format!("`{argument}(…)` takes names of arguments; type `{argument}({name})`"));
            }
        }
    }
    names
}

/// Whether the run stays in the request's task.
pub(super) fn collapse(value: TokenStream) -> syn::Result<bool> {
    let written = value.to_string();
    let error = |message| Err(syn::Error::new_spanned(&value, message));
    match written.trim_matches('"') {
        "inline" => text("collapse", "inline", value).map(|_| true),
        "detached" | "true" | "on" => {
            error("this is the default: the handler runs in a task of its own, and concurrent requests wait for it; remove `collapse`")
        }
        "off" | "false" => error(
            "only a policy switches it off; type `policy = POLICY` with `const POLICY: Policy = Policy::new().collapse(Collapse::Off);`",
        ),
        _ => error(
            "`collapse` takes `\"inline\"` and nothing else; to switch it off, type `policy = POLICY` with `const POLICY: Policy = Policy::new().collapse(Collapse::Off);`",
        ),
    }
}

/// Whether an unsafe method invalidates nothing by itself.
pub(super) fn own_path(value: TokenStream) -> syn::Result<bool> {
    let written = value.to_string();
    match written.trim_matches('"') {
        "keep" => text("own_path", "keep", value).map(|_| true),
        _ => Err(syn::Error::new_spanned(
            &value,
            "`own_path` takes `\"keep\"` and nothing else: without it, what is stored of the request's own path is invalidated",
        )),
    }
}

fn path(argument: &str, what: &str, value: TokenStream, errors: &mut Errors) -> Option<Path> {
    let whole = value.clone();
    let path = Parser::parse2(Path::parse_mod_style, value);
    if path.is_err() {
        let right = bare_path(&whole).map_or_else(|| what.to_owned(), |path| format!("`{argument} = {path}`"));
        errors.on(whole, format!("`{argument}` is a path; type {right}"));
    }
    path.ok()
}

pub(super) fn policy(value: TokenStream, errors: &mut Errors) -> Option<Path> {
    if matches!(syn::parse2(value.clone()), Ok(Expr::Call(_) | Expr::MethodCall(_))) {
        let message = format!(
            "`policy` is the path of a constant; type `policy = SEARCH`, and `const SEARCH: Policy = {};` outside",
            written(&value)
        );
        errors.on(value, message);
        return None;
    }
    path("policy", "the path of a `Policy` constant, `policy = SEARCH`", value, errors)
}

pub(super) fn uncached(example: &str, value: TokenStream, errors: &mut Errors) -> Option<Path> {
    path("uncached", &format!("a name for the function as you wrote it, `uncached = {example}`"), value, errors)
}

pub(super) fn root(value: TokenStream, errors: &mut Errors) -> Option<Path> {
    path("crate", "the path of this crate, `crate = my_reexport::cached_handler`", value, errors)
}

pub(super) fn handlers(value: TokenStream, errors: &mut Errors) -> Vec<Path> {
    let wrong = |value: TokenStream| {
        let right = bare_path(&value).unwrap_or_else(|| "list".to_owned());
        syn::Error::new_spanned(
            value,
            format!("`handler` is the path of a cached handler; type `handler = {right}`, or a list, `handler = [list, show]`"),
        )
    };
    let list = match syn::parse2::<Expr>(value.clone()) {
        Ok(Expr::Array(list)) if list.elems.is_empty() => {
            errors.on(list, "`handler` is an empty list; name something, or remove it");
            return Vec::new();
        }
        Ok(Expr::Array(list)) => list.elems,
        Ok(one) => Punctuated::from_iter([one]),
        Err(_) => {
            errors.push(wrong(value));
            return Vec::new();
        }
    };
    let mut paths = Vec::new();
    for element in list {
        match element {
            Expr::Path(path) if path.qself.is_none() => paths.push(path.path),
            other => errors.push(wrong(other.into_token_stream())),
        }
    }
    paths
}
