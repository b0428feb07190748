//! Macros below our attribute have to see the function as it was written: they are moved above, and ours is emitted again.

use proc_macro2::{TokenStream, TokenTree};
use quote::format_ident;
use syn::Path;

use super::tokens::crate_root;
use crate::parse::function::{Function, Sorted};

/// Our attribute as it was written, with the mark that the other macros have run.
pub(crate) fn attribute_again(name: &str, root: Option<&Path>, arguments: &TokenStream) -> TokenStream {
    let name = format_ident!("{name}");
    let root = crate_root(root);
    let again = format_ident!("{AGAIN}");
    hygienic!(#[#root::#name(#again, #arguments)])
}

/// The first argument of an attribute that was emitted again. Other attributes that are still there are no macros, as a macro
/// would be gone. Without this mark they would be moved above forever.
const AGAIN: &str = "__again";

/// The arguments as the author wrote them, and whether the other macros have run.
pub(crate) fn first_or_again(attribute: &TokenStream) -> (TokenStream, bool) {
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
