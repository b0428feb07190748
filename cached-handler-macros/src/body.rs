//! The author's body as a future: its arguments moved in whole, its type pinned, its tokens emitted once; or, with
//! `uncached`, the call of a function that has it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Path, Type, spanned::Spanned};

use crate::{
    signature::{Argument, Function, Sorted, lint_levels},
    tokens::{call, turbofish, with_span},
    types::{erased, mentions, mentions_impl, opaque},
};

/// The body's future, awaited. `used` are the names that the attribute uses.
pub(crate) fn produced(
    function: &Function,
    arguments: &[Argument],
    uncached: Option<&Path>,
    used: &[Ident],
    returned: &Type,
) -> TokenStream {
    let Some(path) = uncached else { return captured(function, arguments, used, returned) };
    let turbofish = turbofish(function);
    let arguments = arguments.iter().map(|Argument { cfgs, name, .. }| hygienic!(#(#cfgs)* #name));
    hygienic!(#path #turbofish (#(#arguments),*).await)
}

/// With `uncached = name`: the function as it was written.
pub(crate) fn sibling(function: &Function, sorted: &Sorted, uncached: Option<&Path>) -> Option<TokenStream> {
    let mut signature = function.signature.clone();
    signature.ident = uncached?.segments.last()?.ident.clone();
    let (visibility, body) = (&function.visibility, &function.body);
    let levels = lint_levels(&sorted.inert);
    Some(hygienic!(#levels #visibility #signature #body))
}

// Output:  async move {
//              if false { let __r: Ret = loop {}; return __r; }
//              let (db, id) = (db, id);
//              let State(db) = db; let Path(id) = id;
//              { BODY }
//          }.await
fn captured(function: &Function, arguments: &[Argument], used: &[Ident], returned: &Type) -> TokenStream {
    let pinned = erased(returned);
    // Without this the compiler would not know the type that `?` and coercions in the body aim at.
    let edge = hygienic! {
        #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop, clippy::let_unit_value, clippy::unused_unit, clippy::useless_conversion)]
        if false {
            let __returned: #pinned = loop {};
            return __returned;
        }
    };
    // Captured whole: `let _ = arg` alone would leave a permit or a transaction outside, to be dropped with the request.
    let whole = arguments.iter().map(|Argument { cfgs, name, .. }| hygienic!(#(#cfgs)* let #name = #name;));
    let apart = arguments.iter().map(|Argument { cfgs, lints, pattern, name, .. }| {
        hygienic! {
            #(#cfgs)*
            #(#lints)*
            #[allow(clippy::no_effect_underscore_binding, clippy::let_unit_value, clippy::ignored_unit_patterns)]
            let #pattern = #name;
        }
    });
    // Names that only the attribute uses are used; those that say so themselves need no word.
    let is_marked = |name: &&Ident| used.contains(name) && !name.to_string().starts_with('_');
    let marked = arguments.iter().flat_map(|argument| argument.binds.iter().filter(is_marked).map(move |name| (argument, name)));
    let marked = marked.map(|(Argument { cfgs, .. }, name)| hygienic!(#(#cfgs)* let _ = &#name;));
    // A block of its own, so that the body's items do not shadow what stands beside it; its braces are the macro's, or
    // a body of one expression would be told that it needs none.
    let braces = Span::call_site().located_at(function.body.span());
    let body = with_span(function.body.stream(), braces);
    hygienic! {
        async move {
            #edge
            #(#whole)*
            #(#apart)*
            #(#marked)*
            #body
        }
        .await
    }
}

/// `__out` as a response; on the return type, if that can be named, so that what is wrong with it is reported there.
pub(crate) fn returning(private: &TokenStream, function: &Function, returned: &Type) -> TokenStream {
    if mentions_impl(returned) {
        let promises = promises(function, returned);
        let response = call(hygienic!(#private::into_response), hygienic!(__out), returned.span());
        hygienic!(#promises #response)
    } else {
        hygienic!(<#returned as #private::IntoResponse>::into_response(__out))
    }
}

/// The traits that `impl …` names in the return type, in a signature that nobody calls: they are no longer in the
/// handler's own, and what imports them would be unused.
fn promises(function: &Function, returned: &Type) -> Option<TokenStream> {
    let own = |tokens: &TokenStream| function.own_names().iter().any(|name| mentions(tokens.clone(), name));
    let promised: Vec<TokenStream> = opaque(returned).iter().map(ToTokens::to_token_stream).filter(|tokens| !own(tokens)).collect();
    (!promised.is_empty()).then(|| {
        hygienic! {
            const _: () = {
                #[allow(dead_code, clippy::all, clippy::pedantic, clippy::nursery)]
                fn promised(#(_: #promised),*) {}
            };
        }
    })
}
