//! The attributes of other derives on a type or a field: axum's `#[from_request(via(…))]`, axum-extra's `#[typed_path(…)]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Attribute, DeriveInput, Field, GenericArgument, Meta, Path, PathArguments, Token, Type, punctuated::Punctuated};

/// The extractor that makes the whole type, if the request determines its value.
pub(super) fn of_type(root: &TokenStream, input: &DeriveInput) -> Option<TokenStream> {
    if input.attrs.iter().any(|attribute| attribute.path().is_ident("typed_path")) {
        return Some(quote!(#root::__private::Path<Self>));
    }
    via(&input.attrs).map(|via| applied(&via, &quote!(Self)))
}

/// The wrapper in which axum's derive puts the result of a field's extractor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    Nothing,
    /// `Option<T>`: `None` if the extractor fails.
    Option,
    /// `Result<T, R>`: an `Err` with the rejection if the extractor fails.
    Result,
}

/// The extractor of a field. axum puts an `Option` or `Result` of the field around the extractor.
pub(super) fn of_field(field: &Field) -> Option<(Around, TokenStream)> {
    let (around, ty) = peeled(&field.ty);
    via(&field.attrs).map(|via| (around, applied(&via, &quote!(#ty))))
}

/// An extractor of a type, with the span of the extractor, so that errors about it are reported there.
fn applied(via: &Path, ty: &TokenStream) -> TokenStream {
    let last = via.segments.last().map_or_else(Span::call_site, |last| last.ident.span());
    quote_spanned!(last=> #via<#ty>)
}

/// The path in `via(…)`. `None` for `Extension`, whose value is keyed by itself.
fn via(attributes: &[Attribute]) -> Option<Path> {
    let all = attributes.iter().filter(|attribute| attribute.path().is_ident("from_request"));
    // axum reports what does not parse.
    let all = all.filter_map(|attribute| attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok());
    let via = all.flatten().find_map(|meta| match meta {
        Meta::List(list) if list.path.is_ident("via") => syn::parse2::<Path>(list.tokens).ok(),
        _ => None,
    });
    via.filter(|via| via.segments.last().is_some_and(|last| last.ident != "Extension"))
}

/// Extractors of axum and axum-extra, by the last name in their path: as fields they are keyed as extractors. An author's own type
/// may have one of these names, so the emitted code lets the compiler decide what it is.
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

/// Whether a field has the name of an extractor.
pub(super) fn is_one(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    let is_known = path.path.segments.last().is_some_and(|last| EXTRACTORS.iter().any(|known| last.ident == known));
    is_known || matches!(peeled(ty), (Around::Option | Around::Result, inner) if is_one(inner))
}

/// A type without an `Option` or `Result` around it, and which of them it was.
fn peeled(ty: &Type) -> (Around, &Type) {
    let nothing = (Around::Nothing, ty);
    let Type::Path(path) = ty else { return nothing };
    let Some(last) = path.path.segments.last() else { return nothing };
    let around = match last.ident.to_string().as_str() {
        "Option" => Around::Option,
        "Result" => Around::Result,
        _ => return nothing,
    };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return nothing };
    let first = arguments.args.iter().find_map(|argument| if let GenericArgument::Type(ty) = argument { Some(ty) } else { None });
    first.map_or(nothing, |first| (around, first))
}

/// Writes a field whose type has the name of an extractor. The compiler decides whether it is the extractor or an author's own type.
pub(super) fn of_extractor(root: &TokenStream, ty: &TokenStream, method: &str, arguments: &TokenStream) -> TokenStream {
    // With the span of the type: there rustc reports that it is neither.
    let place = ty.clone().into_iter().next().map_or_else(Span::call_site, |first| first.span());
    let method = Ident::new(method, place);
    quote_spanned! {place=>
        {
            #[allow(unused_imports)]
            use #root::__private::{IsExtractor as _, IsNeither as _, IsPart as _};
            (&&&#root::__private::Field::<#ty>::TYPE).kind().#method(#arguments);
        }
    }
}
