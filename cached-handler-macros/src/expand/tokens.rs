//! Pieces of the code that the attributes emit.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, Type, spanned::Spanned};

use crate::{
    parse::{
        function::{Argument, Function},
        template::{Piece, Template},
    },
    syntax::{mention::names_in, pattern},
};

/// The path of `__private`, which has what emitted code uses.
pub(crate) fn private(root: Option<&Path>) -> TokenStream {
    let root = crate_root(root);
    quote!(#root::__private)
}

/// The path of cached-handler.
pub(crate) fn crate_root(root: Option<&Path>) -> TokenStream {
    root.map_or_else(|| quote!(::cached_handler), ToTokens::to_token_stream)
}

/// `&(…)` with the span of the expression, so that errors about its type are reported there.
pub(crate) fn referenced(expression: &impl ToTokens) -> TokenStream {
    let tokens = expression.to_token_stream();
    let at = |token: Option<TokenTree>| Span::mixed_site().located_at(token.map_or_else(Span::call_site, |token| token.span()));
    let (first, last) = (at(tokens.clone().into_iter().next()), at(tokens.clone().into_iter().last()));
    let mut inner = Group::new(Delimiter::Parenthesis, tokens);
    inner.set_span(last);
    quote_spanned!(first=> & #inner)
}

/// A type that is a single name, as an argument of another type. Parameters have it in this form too: so rustc reports an unknown name
/// with the same message in both places, and therefore only once.
pub(crate) fn wrapped(private: &TokenStream, ty: &Type) -> TokenStream {
    let place = Span::mixed_site().located_at(ty.span());
    let path = located(hygienic!(#private::Same), place);
    quote_spanned!(place=> #path<#ty>)
}

/// `::<…>` with the type and constant parameters of a function.
pub(crate) fn turbofish(function: &Function) -> Option<TokenStream> {
    let names: Vec<&Ident> = function
        .signature
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            syn::GenericParam::Type(parameter) => Some(&parameter.ident),
            syn::GenericParam::Const(parameter) => Some(&parameter.ident),
            syn::GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!names.is_empty()).then(|| hygienic!(::<#(#names),*>))
}

/// The patterns of those arguments that bind one of the names, by reference.
pub(crate) fn bindings(arguments: &[Argument], names: &[Ident]) -> TokenStream {
    let mentioned = arguments.iter().filter(|argument| argument.binds.iter().any(|name| names.contains(name)));
    mentioned
        .map(|Argument { cfgs, pattern, name, .. }| {
            let pattern = pattern::by_reference(pattern, names);
            hygienic!(#(#cfgs)* let #pattern = &#name;)
        })
        .collect()
}

/// The names in a template, and its text with their values.
pub(crate) fn formatted(private: &TokenStream, template: &Template) -> (Vec<Ident>, TokenStream) {
    let mut text = String::new();
    let mut values = Vec::new();
    for piece in &template.pieces {
        match piece {
            Piece::Text(plain) => {
                for letter in plain.chars() {
                    text.push(letter);
                    // `format_args!` writes a brace as two.
                    if matches!(letter, '{' | '}') {
                        text.push(letter);
                    }
                }
            }
            Piece::Value(value) => {
                text.push_str("{}");
                values.push(displayed(private, value));
            }
        }
    }
    (template_names(std::slice::from_ref(template)), hygienic!(#private::format_args!(#text #(, #values)*)))
}

/// A value of a template, to be displayed. It has the span of the literal, where rustc reports a type that has no `Display`.
pub(crate) fn displayed(private: &TokenStream, value: &TokenStream) -> TokenStream {
    let value = match syn::parse2::<Ident>(value.clone()) {
        // Bound by reference.
        Ok(name) => name.to_token_stream(),
        Err(_) => referenced(value),
    };
    let value = referenced(&value);
    hygienic!(#private::shown(#value))
}

/// The names that the values of templates mention.
pub(crate) fn template_names(templates: &[Template]) -> Vec<Ident> {
    let mut names = Vec::new();
    for piece in templates.iter().flat_map(|template| &template.pieces) {
        if let Piece::Value(value) = piece {
            names.extend(names_in(value.clone()));
        }
    }
    names
}

/// A block in braces with a given span.
pub(crate) fn with_span(tokens: TokenStream, span: Span) -> Group {
    with_delimiter(Delimiter::Brace, tokens, span)
}

/// Tokens in delimiters with a given span.
pub(crate) fn with_delimiter(delimiter: Delimiter, tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    group
}

/// A call with a given span, where rustc reports errors about the types of its arguments. Names in its path resolve as before.
pub(crate) fn call(path: TokenStream, arguments: TokenStream, place: Span) -> TokenStream {
    let mut call = located(path, place);
    call.extend([TokenTree::from(with_delimiter(Delimiter::Parenthesis, arguments, Span::mixed_site().located_at(place)))]);
    call
}

fn located(tokens: TokenStream, place: Span) -> TokenStream {
    let at_place = |mut token: TokenTree| {
        token.set_span(token.span().located_at(place));
        token
    };
    tokens.into_iter().map(at_place).collect()
}
