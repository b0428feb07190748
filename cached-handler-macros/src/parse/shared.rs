//! `path = ["/", "/index.html"]`: paths that share one response.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Expr, Lit, LitStr, punctuated::Punctuated};

use super::values::no_segment;
use crate::{errors::Errors, syntax::source::ungrouped};

/// The most paths, as each is one more epoch to read.
const MAX_PATHS: usize = 8;

pub(super) fn shared_paths(value: TokenStream, errors: &mut Errors) -> Vec<LitStr> {
    let elements = match syn::parse2::<Expr>(value.clone()) {
        Ok(Expr::Array(list)) if !list.elems.is_empty() => list.elems,
        Ok(Expr::Array(_)) | Err(_) => {
            errors.on(value, NO_LIST);
            return Vec::new();
        }
        Ok(one) => Punctuated::from_iter([one]),
    };
    let mut paths: Vec<LitStr> = Vec::new();
    let is_alone = elements.len() < 2;
    for element in elements {
        let element = ungrouped(element.into_token_stream());
        let Ok(Lit::Str(literal)) = syn::parse2(element.clone()) else {
            errors.on(element, NO_LIST);
            return Vec::new();
        };
        if let Some(complaint) = complaint(&literal.value(), &paths) {
            errors.on(&literal, complaint);
        } else if is_alone {
            let path = literal.value();
            let other = if path == "/" { "/index.html" } else { "/" };
            let other = if path.contains('{') { format!("/other{path}") } else { other.to_owned() };
            errors.on(&literal, format!("every key holds the path; to share one response with other paths name all of them, `path = [\"{path}\", \"{other}\"]`, or remove `path`"));
        } else {
            paths.push(literal);
        }
    }
    if let Some(extra) = paths.get(MAX_PATHS) {
        errors.on(extra, "`path` takes at most 8 paths; remove some");
    }
    paths
}

const NO_LIST: &str = "`path` lists the paths that share one response, each as text; type `path = [\"/\", \"/index.html\"]`";

/// What is wrong with a path, compared with those before it.
fn complaint(path: &str, others: &[LitStr]) -> Option<String> {
    if !path.starts_with('/') {
        return Some(format!(
            "a path begins with `/`: it is the whole path that clients send, without scheme and host; type `\"/{path}\"`"
        ));
    }
    if path.contains(['?', '#']) || path.trim_end() != path {
        return Some(
            "a path ends before `?` and white space: of the query the key holds what the handler reads; remove the rest".to_owned(),
        );
    }
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        if segment == "*" {
            return Some("a path is no pattern; for all that stands at its end type `{*rest}`".to_owned());
        }
        if let Some(complaint) = no_segment("path", path, segment) {
            return Some(complaint);
        }
        let name = parameter(segment).map(|name| name.strip_prefix('*').filter(|_| is_last).unwrap_or(name));
        if segment.contains(['{', '}']) && name.is_none_or(|name| syn::parse_str::<Ident>(name).is_err()) {
            return Some(format!(
                "`{segment}` is no parameter: it is a whole segment with one name, as in a route, `{{id}}`, or at the end of the path `{{*rest}}`; for braces themselves type `%7B` and `%7D`"
            ));
        }
    }
    let names = parameters(path);
    if let Some((twice, _)) = names.iter().zip(names.iter().skip(1)).find(|(one, next)| one == next) {
        return Some(format!("`{{{twice}}}` stands twice in the path; give each its own name"));
    }
    if others.iter().any(|other| other.value() == path) {
        return Some(format!("the path `{path}` is named twice; remove one"));
    }
    let first = others.first()?.value();
    (parameters(&first) != names).then(|| {
        format!("`{path}` has other parameters than `{first}`: a response is shared by the paths that have the same ones; type the same names in each, such as `{{id}}`")
    })
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The names in a path, sorted.
fn parameters(path: &str) -> Vec<&str> {
    let mut names: Vec<&str> = path.split('/').filter_map(parameter).collect();
    names.sort_unstable();
    names
}
