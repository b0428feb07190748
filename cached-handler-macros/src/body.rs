//! The author's body as a future: its arguments moved in whole, its type pinned, its tokens emitted once.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{Type, spanned::Spanned};

use crate::{
    expand::with_span,
    signature::{Argument, Function, erased, mentions_impl},
};

// Output:  async move {
//              if false { let __r: Ret = loop {}; return __r; }
//              let (db, id) = (db, id);
//              let State(db) = db; let Path(id) = id;
//              { BODY }
//          }.await
pub(crate) fn captured(function: &Function, arguments: &[Argument], used: &[Ident], returned: &Type) -> TokenStream {
    let pinned = erased(returned);
    // Without this the compiler would not know the type that `?` and coercions in the body aim at.
    let edge = quote! {
        #[allow(unreachable_code, clippy::diverging_sub_expression, clippy::empty_loop, clippy::let_unit_value, clippy::unused_unit, clippy::useless_conversion)]
        if false {
            let __returned: #pinned = loop {};
            return __returned;
        }
    };
    // Captured whole: `let _ = arg` alone would leave a permit or a transaction outside, to be dropped with the request.
    let whole = arguments.iter().map(|Argument { cfgs, name, .. }| quote!(#(#cfgs)* let #name = #name;));
    let apart = arguments.iter().map(|Argument { cfgs, lints, pattern, name, .. }| {
        quote! {
            #(#cfgs)*
            #(#lints)*
            #[allow(clippy::no_effect_underscore_binding, clippy::let_unit_value, clippy::ignored_unit_patterns)]
            let #pattern = #name;
        }
    });
    // Names that only the attribute uses are used.
    let marked = arguments.iter().flat_map(|argument| argument.binds.iter().filter(|name| used.contains(name)).map(move |name| (argument, name)));
    let marked = marked.map(|(Argument { cfgs, .. }, name)| quote!(#(#cfgs)* let _ = &#name;));
    // A block of its own, so that the body's items do not shadow what stands beside it; its braces are the macro's, or
    // a body of one expression would be told that it needs none.
    let braces = Span::call_site().located_at(function.body.span());
    let body = with_span(function.body.stream(), braces);
    quote! {
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
pub(crate) fn returning(private: &TokenStream, returned: &Type) -> TokenStream {
    if mentions_impl(returned) {
        let _ = returned.span();
        quote!(#private::into_response(__out))
    } else {
        quote!(<#returned as #private::IntoResponse>::into_response(__out))
    }
}
