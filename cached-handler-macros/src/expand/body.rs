//! The author's body as a future: each argument is moved in whole, the return type is fixed, the tokens are emitted once. With
//! `uncached`, the future calls the function that has the body.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{GenericParam, Path, Type, spanned::Spanned};

use super::tokens::{call, turbofish, with_span};
use crate::{
    parse::function::{Argument, Function, Sorted, lint_levels},
    syntax::{
        pattern::borrows_mutably,
        types::{erased, mentions, mentions_impl, opened},
    },
};

/// The body's future, awaited. `used` are the names that occur in the attribute.
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
pub(crate) fn uncached_function(function: &Function, sorted: &Sorted, uncached: Option<&Path>) -> Option<TokenStream> {
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
    let promised = mentions_impl(returned).then(|| promised(function, returned));
    // This tells the compiler which type `?` and coercions in the body have to produce.
    let edge = hygienic! {
        #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop, clippy::let_unit_value, clippy::unused_unit, clippy::useless_conversion)]
        if false {
            let __returned: #pinned = loop {};
            #promised
            return __returned;
        }
    };
    // Moved as a whole: `let _ = arg` alone would leave a permit or a transaction outside, to be dropped with the request.
    let whole = arguments.iter().map(|Argument { cfgs, pattern, name, .. }| {
        let mutable = borrows_mutably(pattern).then(|| hygienic!(mut));
        hygienic!(#(#cfgs)* let #mutable #name = #name;)
    });
    let apart = arguments.iter().map(|Argument { cfgs, lints, pattern, name, .. }| {
        hygienic! {
            #(#cfgs)*
            #(#lints)*
            #[allow(clippy::no_effect_underscore_binding, clippy::let_unit_value, clippy::ignored_unit_patterns)]
            let #pattern = #name;
        }
    });
    // Names that only the attribute uses must not be reported as unused; with a leading `_` they are not.
    let is_marked = |name: &&Ident| used.contains(name) && !name.to_string().starts_with('_');
    let marked = arguments.iter().flat_map(|argument| argument.binds.iter().filter(is_marked).map(move |name| (argument, name)));
    let marked = marked.map(|(Argument { cfgs, .. }, name)| hygienic!(#(#cfgs)* let _ = &#name;));
    // A block, so that the body's items do not shadow the macro's names. The braces have the macro's span: with the
    // author's, rustc would call them unnecessary around a single expression.
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

/// Makes a response of `__out`. The code has the span of the return type, so that errors about it are reported there.
pub(crate) fn returning(private: &TokenStream, returned: &Type) -> TokenStream {
    if mentions_impl(returned) {
        // The value has that span too, as rustc reports an unmet bound on the argument of a call.
        let mut out = format_ident!("__out");
        out.set_span(Span::mixed_site().located_at(returned.span()));
        call(hygienic!(#private::into_response), hygienic!(#out), returned.span())
    } else {
        hygienic!(<#returned as #private::IntoResponse>::into_response(__out))
    }
}

// Input:   -> Sse<impl Stream<Item = Result<Event, Infallible>>>
// Output:  fn __promised<__Opaque0: Stream<Item = Result<Event, Infallible>>>(_: &Sse<__Opaque0>) {}
//          __promised(&__returned);
/// Tells the compiler the bounds of `impl …` in the return type before it reads the body, as the signature would: type inference
/// needs them. It also uses the imports of these traits.
fn promised(function: &Function, returned: &Type) -> TokenStream {
    let (ty, opaque) = opened(returned);
    let generics = &function.signature.generics;
    let (parameters, where_clause) = (&generics.params, &generics.where_clause);
    let (lifetimes, types): (Vec<_>, Vec<_>) = parameters.iter().partition(|parameter| matches!(parameter, GenericParam::Lifetime(_)));
    let mentions_self = parameters.iter().any(|parameter| mentions(parameter.to_token_stream(), "Self"))
        || mentions(where_clause.to_token_stream(), "Self");
    if mentions_self {
        return TokenStream::new();
    }
    let own = types.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Const(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) => None,
    });
    // With the span of the return type: there rustc reports a bound that is not met.
    let place = Span::mixed_site().located_at(returned.span());
    let inferred = opaque.iter().map(|_| quote_spanned!(place=> _));
    let promise = quote_spanned!(place=> __promised::<#(#own,)* #(#inferred),*>(&__returned););
    hygienic! {
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction, single_use_lifetimes)]
        fn __promised<#(#lifetimes,)* #(#types,)* #(#opaque),*>(_: &#ty) #where_clause {}
        #promise
    }
}
