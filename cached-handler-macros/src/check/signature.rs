//! Checks the signature of a handler: axum and the emitted code have to be able to call it.

use proc_macro2::TokenTree;
use quote::ToTokens;
use syn::FnArg;

use crate::{
    errors::Errors,
    parse::function::Function,
    syntax::{
        future::{future_output, is_of_async_trait},
        source::written,
        types::{borrowed, mentions_impl},
    },
};

/// Reports what keeps a function from being a cached handler. Returns whether its arguments are those that the author wrote, and
/// worth further checks: those of a function that `#[async_trait]` has rewritten are not.
pub(crate) fn check_signature(attribute: &str, function: &Function, errors: &mut Errors) -> bool {
    let signature = &function.signature;
    if is_of_async_trait(&function.returns()) {
        let name = &signature.ident;
        let message = format!(
            "`#[async_trait]` has made a plain `fn` of `{name}`; type `#[{attribute}(…)]` above a free `async fn` that calls it, and remove it here"
        );
        // Reported at the name, as that macro gives `fn` the span of the author's `async`.
        errors.on(name, message);
        return false;
    }
    if signature.asyncness.is_none() {
        let output = future_output(&function.returns()).map(|output| format!("(…) -> {}", written(&output))).unwrap_or_default();
        errors.on(signature.fn_token, format!("`#[{attribute}]` goes on an `async fn`; type `async fn {}{output}`", signature.ident));
    }
    if let Some(token) = &signature.abi {
        errors.on(token, "a handler is not `extern`; remove it");
    }
    if let Some(token) = &signature.variadic {
        errors.on(token, "a handler has no variadic arguments; remove them");
    }
    let safety = signature.to_token_stream().into_iter().take_while(|token| !matches!(token, TokenTree::Ident(word) if word == "fn"));
    for token in safety.filter(|token| matches!(token, TokenTree::Ident(word) if word == "unsafe")) {
        errors.on(token, "a handler is not `unsafe`; remove it");
    }
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                errors.on(
                    receiver,
                    "a handler takes no `self`: axum calls it with extractors alone; make it an associated function, and take `State`",
                );
            }
            FnArg::Typed(argument) if mentions_impl(&argument.ty) => {
                errors.on(&argument.ty, "the type behind `impl Trait` cannot be named in the key; write a type parameter, `T: …`");
            }
            FnArg::Typed(argument) => {
                if let Some((reference, owned)) = borrowed(&argument.ty) {
                    errors.on(reference, format!("an argument cannot borrow from the request; type `{owned}`"));
                }
            }
        }
    }
    true
}
