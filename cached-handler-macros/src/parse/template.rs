//! Templates: text with arguments of the handler in braces, as in `group = "article:{id}"`.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Expr, ExprUnary, LitStr, UnOp};

use crate::syntax::types::mentions;

/// Text with arguments of the handler in braces.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) literal: LitStr,
    pub(crate) pieces: Vec<Piece>,
}

#[derive(Clone)]
pub(crate) enum Piece {
    Text(String),
    /// An expression over arguments, with the span of the literal.
    Value(TokenStream),
}

impl Template {
    pub(crate) fn parse(literal: &LitStr) -> syn::Result<Self> {
        let text = literal.value();
        let wrong = |message: &str| syn::Error::new(literal.span(), message);
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.push_str(from.get(..1).unwrap_or_default());
                rest = after;
                continue;
            }
            let Some(inside) = from.strip_prefix('{') else {
                return Err(wrong("a `}` without a `{`; type `}}` for the character itself"));
            };
            let Some((expression, after)) = inside.split_once('}') else {
                return Err(wrong("a `{` without a `}`; type `{{` for the character itself"));
            };
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Value(expression_at(expression, literal.span())?));
            rest = after;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Ok(Self { literal: literal.clone(), pieces })
    }

    /// How many bytes the text has without the values.
    pub(crate) fn fixed_length(&self) -> usize {
        self.pieces.iter().map(|piece| if let Piece::Text(text) = piece { text.len() } else { 0 }).sum()
    }
}

/// The expression after the star of `{*rest}`. In a path it means the same as in a route: the value may contain slashes.
pub(crate) fn starred(value: &TokenStream) -> Option<TokenStream> {
    match syn::parse2(value.clone()) {
        Ok(Expr::Unary(ExprUnary { op: UnOp::Deref(_), expr, .. })) => Some(expr.to_token_stream()),
        _ => None,
    }
}

/// The tokens of `{…}`, all with the span of the literal: stable compilers give no span inside it.
fn expression_at(text: &str, span: Span) -> syn::Result<TokenStream> {
    let wrong = || {
        let message = match text.split_once(':') {
            Some((name, format)) if syn::parse_str::<Ident>(name.trim()).is_ok() && !format.starts_with(':') => {
                format!("`:{format}` is a format, and values are written as they are displayed; type `{{{name}}}`")
            }
            _ => format!("`{{{text}}}` is not an expression; name an argument, as in `{{id}}` or `{{id.0}}`"),
        };
        syn::Error::new(span, message)
    };
    let tokens: TokenStream = text.parse().map_err(|_| wrong())?;
    let tokens = respan(tokens, span);
    syn::parse2::<Expr>(tokens.clone()).map_err(|_| wrong())?;
    if mentions(tokens.clone(), "await") {
        let message = format!("`{{{text}}}` cannot await; take an extractor of yours that reads it, and name it in braces");
        return Err(syn::Error::new(span, message));
    }
    Ok(tokens)
}

fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut token| {
            if let TokenTree::Group(group) = &token {
                let mut inner = proc_macro2::Group::new(group.delimiter(), respan(group.stream(), span));
                inner.set_span(span);
                return TokenTree::Group(inner);
            }
            token.set_span(span);
            token
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_text_and_expressions() {
        let template = |text: &str| Template::parse(&LitStr::new(text, Span::call_site()));
        let shown = |text: &str| {
            let pieces = template(text).map(|template| template.pieces).unwrap_or_default();
            pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.clone(),
                    Piece::Value(value) => format!("<{value}>"),
                })
                .collect::<String>()
        };
        assert_eq!(shown("article:{id}"), "article:<id>");
        assert_eq!(shown("{{x}}{id . 0}-{user.name}"), "{x}<id . 0>-<user . name>");
        for wrong in ["{", "}", "{}", "{a b}", "a}b", "{id"] {
            assert!(template(wrong).is_err(), "{wrong}");
        }
    }
}
