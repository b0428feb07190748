//! What to type, with the author's own values: messages repeat the value that was written, in the right form.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Expr, LitInt, LitStr, Path, ext::IdentExt, parse::Parser};

use super::{duration::duration, split::at_commas};
use crate::{
    arguments::{Table, Takes},
    syntax::{mention::names_in, source::written},
};

/// How an argument is written, with the author's values in place of the example's.
pub(super) fn form(table: &Table, name: &Ident, values: &TokenStream) -> String {
    let Some(argument) = table.find(&name.unraw().to_string()) else { return String::new() };
    let values = elements(values);
    let written = match (argument.takes, &*values) {
        (Takes::Nothing, _) | (_, []) => None,
        (Takes::Parentheses, _) => Some(format!("{}({})", argument.name, values.iter().map(unquoted).collect::<Vec<_>>().join(", "))),
        (_, [only]) => Some(format!("{} = {}", argument.name, written(only))),
        (Takes::ValueOrList, _) => {
            let values: Vec<_> = values.iter().map(written).collect();
            Some(format!("{} = [{}]", argument.name, values.join(", ")))
        }
        (Takes::Value, _) => None,
    };
    written.filter(|written| is_short(written)).unwrap_or_else(|| argument.form.to_owned())
}

/// The same argument twice: both values in one list, if it takes several.
pub(super) fn joined(table: &Table, name: &Ident, first: &TokenStream, second: &TokenStream) -> Option<String> {
    let argument = table.find(&name.unraw().to_string())?;
    let mut both = elements(first);
    both.extend(elements(second));
    let both = both.into_iter().reduce(|mut all, next| {
        all.extend(quote::quote!(,));
        all.extend(next);
        all
    })?;
    matches!(argument.takes, Takes::ValueOrList | Takes::Parentheses).then(|| form(table, name, &both))
}

/// The values of a list, with or without its brackets.
fn elements(values: &TokenStream) -> Vec<TokenStream> {
    match syn::parse2::<Expr>(values.clone()) {
        Ok(Expr::Array(list)) => list.elems.iter().map(ToTokens::to_token_stream).collect(),
        _ => at_commas(values.clone()),
    }
}

/// A value, without quotes if it is a name.
fn unquoted(value: &TokenStream) -> String {
    match syn::parse2::<LitStr>(value.clone()) {
        Ok(text) if syn::parse_str::<Ident>(&text.value()).is_ok() => text.value(),
        _ => written(value),
    }
}

fn is_short(text: &str) -> bool {
    text.len() <= 60 && !text.contains('\n')
}

/// A value without a name, as a value of the argument that it is probably meant for.
pub(super) fn named(attribute: &str, value: &TokenStream) -> Option<String> {
    let value_text = written(value);
    if !is_short(&value_text) {
        return None;
    }
    let text = syn::parse2::<LitStr>(value.clone()).map(|text| text.value()).ok();
    let name = match (attribute, text.as_deref()) {
        ("cached", Some("memory" | "redis" | "fs" | "memory+redis" | "memory+fs")) => "backend",
        ("cached", Some(text)) if duration(text).is_some() => "ttl",
        ("invalidates", Some(text)) if text.starts_with('/') => "path",
        (_, Some(text)) if !text.is_empty() => "group",
        ("cached", None) if syn::parse2::<LitInt>(value.clone()).is_ok() => "ttl",
        _ => return None,
    };
    Some(format!("{name} = {value_text}"))
}

/// The path in quotes, a call or a reference.
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

/// The name of a handler's argument, in quotes or in an expression.
pub(super) fn bare_name(value: &TokenStream) -> Option<String> {
    if let Ok(text) = syn::parse2::<LitStr>(value.clone()) {
        return syn::parse_str::<Ident>(&text.value()).ok().map(|name| name.to_string());
    }
    names_in(value.clone()).first().map(ToString::to_string)
}
