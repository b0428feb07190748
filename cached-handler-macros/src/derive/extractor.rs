//! What other derives make of a type or a field: axum's `#[from_request(via(…))]`, and axum-extra's `#[typed_path(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, DeriveInput, Field, Meta, Path, Token, Type, punctuated::Punctuated};

/// The extractor that makes the whole type, if there is one that the request says everything of.
pub(super) fn of_type(root: &TokenStream, input: &DeriveInput) -> Option<TokenStream> {
    if input.attrs.iter().any(|attribute| attribute.path().is_ident("typed_path")) {
        return Some(quote!(#root::__private::Path<Self>));
    }
    via(&input.attrs).map(|via| applied(&via, &quote!(Self)))
}

/// The same of a field.
pub(super) fn of_field(field: &Field) -> Option<TokenStream> {
    let ty = &field.ty;
    via(&field.attrs).map(|via| applied(&via, &quote!(#ty)))
}

/// An extractor of a type, on the extractor's place, so that what is wrong with it is reported there.
fn applied(via: &Path, ty: &TokenStream) -> TokenStream {
    let last = via.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
    quote_spanned!(last=> #via<#ty>)
}

/// `via(…)`. Not an `Extension`: a value from there shows itself.
fn via(attributes: &[Attribute]) -> Option<Path> {
    let all = attributes.iter().filter(|attribute| attribute.path().is_ident("from_request"));
    // What cannot be read is axum's to report.
    let all = all.filter_map(|attribute| attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok());
    let via = all.flatten().find_map(|meta| match meta {
        Meta::List(list) if list.path.is_ident("via") => syn::parse2::<Path>(list.tokens).ok(),
        _ => None,
    });
    via.filter(|via| via.segments.last().is_some_and(|last| last.ident != "Extension"))
}

/// Extractors of axum and axum-extra, by the last name in their path: as fields they say themselves what they show. A type of an
/// author's own with one of these names says so too, or does not compile.
const EXTRACTORS: &[&str] = &[
    "State",
    "Path",
    "Query",
    "RawQuery",
    "RawPathParams",
    "MatchedPath",
    "NestedPath",
    "OriginalUri",
    "Uri",
    "Version",
    "Extension",
    "Extensions",
    "Form",
    "RawForm",
    "HeaderMap",
    "Json",
    "TypedHeader",
    "CookieJar",
    "Cached",
    "Host",
    "Scheme",
    "OptionalPath",
    "OptionalQuery",
    "WithRejection",
];
/// Around one of these.
const AROUND: &[&str] = &["Option", "Result"];

/// Whether a field is an extractor.
pub(super) fn is_one(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    if EXTRACTORS.iter().any(|known| last.ident == known) {
        return true;
    }
    let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    let first = arguments.args.iter().find_map(|argument| if let syn::GenericArgument::Type(ty) = argument { Some(ty) } else { None });
    AROUND.iter().any(|around| last.ident == around) && first.is_some_and(is_one)
}
