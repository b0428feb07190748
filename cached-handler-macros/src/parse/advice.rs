//! What to type, in the author's own words: messages repeat the value that was written, in the form that is asked for.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Expr, LitInt, LitStr, Path, ext::IdentExt, parse::Parser};

use super::{Argument, split::at_commas, value::duration};
use crate::syntax::{mention::names_in, source::written};

/// Arguments that take one value or a list of them in brackets.
const LISTS: &[&str] = &["group", "vary", "path", "path_prefix", "handler"];

/// How an argument is written, with the author's values in place of the table's.
pub(super) fn form(table: &[Argument], name: &Ident, values: &TokenStream) -> String {
    let name = name.unraw().to_string();
    let argument = table.iter().find(|argument| argument.name == name);
    let form = argument.map_or("", |argument| argument.form);
    if form == name {
        return name;
    }
    let values = elements(values);
    let written = if argument.is_some_and(Argument::takes_parentheses) {
        Some(format!("{name}({})", values.iter().map(unquoted).collect::<Vec<_>>().join(", ")))
    } else {
        as_value(&name, &values)
    };
    written.filter(|written| is_short(written) && !values.is_empty()).unwrap_or_else(|| form.to_owned())
}

/// `name = value`, or `name = [value, value]` where the argument takes a list.
fn as_value(name: &str, values: &[TokenStream]) -> Option<String> {
    match values {
        [only] => Some(format!("{name} = {}", written(only))),
        _ if LISTS.contains(&name) => {
            let values: Vec<_> = values.iter().map(written).collect();
            Some(format!("{name} = [{}]", values.join(", ")))
        }
        _ => None,
    }
}

/// The same argument twice: both values in one list, where it takes one.
pub(super) fn joined(table: &[Argument], name: &Ident, first: &TokenStream, second: &TokenStream) -> Option<String> {
    let text = name.unraw().to_string();
    let argument = table.iter().find(|argument| argument.name == text)?;
    let takes_several = LISTS.contains(&&*text) || argument.takes_parentheses();
    let mut both = elements(first);
    both.extend(elements(second));
    let both = both.into_iter().reduce(|mut all, next| {
        all.extend(quote::quote!(,));
        all.extend(next);
        all
    })?;
    takes_several.then(|| form(table, name, &both))
}

/// The values of a list, with or without its brackets.
fn elements(values: &TokenStream) -> Vec<TokenStream> {
    match syn::parse2::<Expr>(values.clone()) {
        Ok(Expr::Array(list)) => list.elems.iter().map(ToTokens::to_token_stream).collect(),
        _ => at_commas(values.clone()),
    }
}

/// A name that was written as text.
fn unquoted(value: &TokenStream) -> String {
    match syn::parse2::<LitStr>(value.clone()) {
        Ok(text) if syn::parse_str::<Ident>(&text.value()).is_ok() => text.value(),
        _ => written(value),
    }
}

fn is_short(text: &str) -> bool {
    text.len() <= 60 && !text.contains('\n')
}

/// The argument that a value without a name is probably meant for.
pub(super) fn named(attribute: &str, value: &TokenStream) -> Option<String> {
    let value_text = written(value);
    if !is_short(&value_text) {
        return None;
    }
    let text = syn::parse2::<LitStr>(value.clone()).map(|text| text.value()).ok();
    let name = match (attribute, text.as_deref()) {
        ("cached", Some("memory" | "redis" | "fs")) => "backend",
        ("cached", Some(text)) if duration(text).is_some() => "ttl",
        ("invalidates", Some(text)) if text.starts_with('/') => "path",
        (_, Some(text)) if !text.is_empty() => "group",
        ("cached", None) if syn::parse2::<LitInt>(value.clone()).is_ok() => "ttl",
        _ => return None,
    };
    Some(format!("{name} = {value_text}"))
}

/// A path, out of whatever it was wrapped in: quotes, or a call.
pub(super) fn bare_path(value: &TokenStream) -> Option<String> {
    if let Ok(text) = syn::parse2::<LitStr>(value.clone()) {
        return Path::parse_mod_style.parse_str(&text.value()).is_ok().then(|| text.value());
    }
    match syn::parse2::<Expr>(value.clone()).ok()? {
        Expr::Call(call) if call.args.is_empty() => Some(written(call.func)),
        Expr::Reference(reference) => Some(written(reference.expr)),
        _ => None,
    }
    .filter(|path| is_short(path))
}

/// The argument of the handler that something else than its name stands for.
pub(super) fn bare_name(value: &TokenStream) -> Option<String> {
    if let Ok(text) = syn::parse2::<LitStr>(value.clone()) {
        return syn::parse_str::<Ident>(&text.value()).ok().map(|name| name.to_string());
    }
    names_in(value.clone()).first().map(ToString::to_string)
}
