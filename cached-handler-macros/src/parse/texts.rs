//! Values of arguments that are text.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, Lit, LitStr};

use crate::syntax::source::{ungrouped, written};

/// One literal, or a list of them in brackets.
pub(crate) fn texts(argument: &str, example: &str, value: TokenStream) -> syn::Result<Vec<LitStr>> {
    let wrong = |span: &TokenStream| syn::Error::new_spanned(span, instead(argument, example, span));
    let whole = value.clone();
    let expression: Expr = syn::parse2(value).map_err(|_| wrong(&whole))?;
    let elements = match expression {
        Expr::Array(list) if list.elems.is_empty() => {
            return Err(syn::Error::new_spanned(list, format!("`{argument}` is an empty list; name something, or remove it")));
        }
        Expr::Array(list) => list.elems.into_iter().collect(),
        one => vec![one],
    };
    let mut errors: Option<syn::Error> = None;
    let mut texts = Vec::new();
    for element in elements {
        let element = element.into_token_stream();
        match syn::parse2(ungrouped(element.clone())) {
            Ok(Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. })) => texts.push(text),
            _ => match &mut errors {
                Some(errors) => errors.combine(wrong(&element)),
                none => *none = Some(wrong(&element)),
            },
        }
    }
    errors.map_or(Ok(texts), Err)
}

/// What to type in place of a value that is not text.
fn instead(argument: &str, example: &str, value: &TokenStream) -> String {
    let expression = syn::parse2::<Expr>(value.clone()).ok();
    match expression {
        Some(Expr::Path(path)) => match path.path.get_ident().map(ToString::to_string) {
            Some(name) if name.chars().all(|letter| !letter.is_lowercase()) => {
                format!("an attribute cannot read the constant `{name}`; type its text, `{argument} = \"{example}\"`")
            }
            Some(name) if argument == "vary" => {
                format!("`vary` is text or a list of texts; type `vary = \"{}\"`", name.replace('_', "-").to_lowercase())
            }
            Some(name) if argument == "group" => {
                format!(
                    "`group` is text or a list of texts; type `group = \"{name}\"`, or with the argument `{name}` in it, `group = \"article:{{{name}}}\"`"
                )
            }
            _ => general(argument, example),
        },
        Some(Expr::Tuple(list)) if !list.elems.is_empty() => {
            format!("a list stands in brackets; type `{argument} = [{}]`", written(list.elems))
        }
        Some(Expr::Reference(reference)) => {
            format!("`{argument}` is text or a list of texts, without `&`; type `{argument} = {}`", written(reference.expr))
        }
        Some(Expr::Macro(_) | Expr::Call(_) | Expr::MethodCall(_)) if argument != "vary" => {
            format!(
                "an attribute cannot call a function; type the text, `{argument} = \"{example}\"`, with arguments of the handler in braces, as in `{{id}}`"
            )
        }
        _ => general(argument, example),
    }
}

fn general(argument: &str, example: &str) -> String {
    format!("`{argument}` is text or a list of texts; type `{argument} = \"{example}\"` or `{argument} = [\"{example}\", …]`")
}

/// One literal.
pub(crate) fn text(argument: &str, example: &str, value: TokenStream) -> syn::Result<LitStr> {
    let whole = value.clone();
    syn::parse2(value).map_err(|_| {
        let right = match syn::parse2::<Expr>(whole.clone()) {
            Ok(Expr::Path(path)) => path.path.get_ident().map(|name| name.to_string().to_lowercase()),
            Ok(Expr::Array(list)) => one_text(&list),
            _ => None,
        };
        let right = right.unwrap_or_else(|| example.to_owned());
        syn::Error::new_spanned(whole, format!("`{argument}` is text; type `{argument} = \"{right}\"`"))
    })
}

/// The texts of a list as one.
fn one_text(list: &syn::ExprArray) -> Option<String> {
    let text = |element: &Expr| match element {
        Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    };
    let texts: Option<Vec<String>> = list.elems.iter().map(text).collect();
    texts.map(|texts| texts.join(", ")).filter(|text| !text.is_empty())
}
