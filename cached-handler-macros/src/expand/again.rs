//! Other attribute macros below ours have to see the function as its author wrote it. So they are moved above ours, which is
//! emitted again and expands after them.

use proc_macro2::{TokenStream, TokenTree};
use quote::format_ident;
use syn::Path;

use super::tokens::crate_root;
use crate::parse::function::{Function, Sorted};

/// Our attribute as it was written, with the mark `AGAIN`.
pub(crate) fn attribute_again(name: &str, root: Option<&Path>, arguments: &TokenStream) -> TokenStream {
    let name = format_ident!("{name}");
    let root = crate_root(root);
    let again = format_ident!("{AGAIN}");
    hygienic!(#[#root::#name(#again, #arguments)])
}

/// The first argument of an attribute that was emitted again. When the compiler expands it, the macros above it have run and are
/// gone, so an attribute that is still there is not a macro. Without this mark it would be moved above ours endlessly.
const AGAIN: &str = "__again";

/// The arguments as the author wrote them, and whether the other macros have run already.
pub(crate) fn split_again_mark(attribute: &TokenStream) -> (TokenStream, bool) {
    let mut rest = attribute.clone().into_iter();
    match rest.next() {
        Some(TokenTree::Ident(name)) if name == AGAIN => (rest.skip(1).collect(), true),
        _ => (attribute.clone(), false),
    }
}

// Input:   #[cached(…)] #[instrument] async fn …
// Output:  #[instrument] #[::cached_handler::cached(…)] async fn …
pub(crate) fn above(sorted: &Sorted, ours: &TokenStream, function: &Function) -> TokenStream {
    let Sorted { inert, debug, macros, .. } = sorted;
    let Function { visibility, signature, body, .. } = function;
    hygienic!(#(#macros)* #ours #(#debug)* #(#inert)* #visibility #signature #body)
}
