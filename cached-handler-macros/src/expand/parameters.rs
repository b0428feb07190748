//! The handler's parameters, among them what an attribute captures of each request, and the copy of the signature that
//! `#[debug_handler]` sees.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::{
    parse::function::{Argument, Function, Sorted},
    syntax::types::{mentions, mentions_impl},
};

/// The parameters of the emitted handler. The captured part (`name: captured`) shares a parameter with the first argument, so that the
/// number of parameters stays the same. It has a parameter of its own if there is no argument, or if the first has a `cfg`.
pub(crate) fn parameters(private: &TokenStream, arguments: &[Argument], name: &TokenStream, captured: &TokenStream) -> TokenStream {
    // It comes first, as the request has to be captured before any extractor runs.
    let has_host = arguments.first().is_some_and(|argument| argument.cfgs.is_empty());
    let alone = hygienic!(#private::PassedByAxum_TypeUncachedToCallIt_OrPutDebugHandlerBelow);
    let alone = (!has_host).then(|| hygienic!(#alone(#name): #alone<#captured>,));
    let each = arguments.iter().enumerate().map(|(at, Argument { cfgs, ty, name: argument, .. })| {
        if at == 0 && has_host {
            hygienic!(#private::PassedByAxum(#name, #argument): #private::PassedByAxum<#captured, #ty>)
        } else {
            hygienic!(#(#cfgs)* #argument: #ty)
        }
    });
    hygienic!(#alone #(#each),*)
}

/// A function with the author's signature that is never called.
pub(crate) fn debug_copy(private: &TokenStream, sorted: &Sorted, function: &Function, arguments: &[Argument]) -> Option<TokenStream> {
    let debug = &sorted.debug;
    let signature = &function.signature;
    if debug.is_empty() || mentions(signature.to_token_stream(), "Self") {
        return None;
    }
    let (name, generics, where_clause) = (&signature.ident, &signature.generics, &signature.generics.where_clause);
    // A function that never returns has no type for `impl Trait`; errors about it are reported on the handler itself.
    let output = if mentions_impl(&function.returns()) { hygienic!(-> #private::Response) } else { signature.output.to_token_stream() };
    let types = arguments.iter().map(|Argument { cfgs, ty, .. }| hygienic!(#(#cfgs)* _: #ty));
    Some(hygienic! {
        const _: () = {
            #(#debug)*
            #[allow(dead_code, clippy::all, clippy::pedantic)]
            async fn #name #generics (#(#types),*) #output #where_clause { #private::unreachable!() }
        };
    })
}
