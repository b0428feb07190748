//! Patterns of arguments: the names that they bind, and the pattern for a reference to the same value.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Member, Pat};

/// The names that a pattern binds, in order.
pub(crate) fn names(pattern: &Pat) -> Vec<Ident> {
    let mut names = Vec::new();
    collect(pattern, &mut names);
    names
}

fn collect(pattern: &Pat, names: &mut Vec<Ident>) {
    match pattern {
        Pat::Ident(name) => {
            if !names.contains(&name.ident) {
                names.push(name.ident.clone());
            }
            if let Some((_, inner)) = &name.subpat {
                collect(inner, names);
            }
        }
        Pat::Or(or) => or.cases.iter().for_each(|case| collect(case, names)),
        Pat::Paren(paren) => collect(&paren.pat, names),
        Pat::Reference(reference) => collect(&reference.pat, names),
        Pat::Slice(slice) => slice.elems.iter().for_each(|element| collect(element, names)),
        Pat::Struct(fields) => fields.fields.iter().for_each(|field| collect(&field.pat, names)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|element| collect(element, names)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|element| collect(element, names)),
        Pat::Type(typed) => collect(&typed.pat, names),
        _ => {}
    }
}

/// The name of the argument, or of what the argument is a wrapper of: `page` in `Valid(Query(page))`.
pub(crate) fn only_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(name) if name.subpat.is_none() => Some(&name.ident),
        Pat::TupleStruct(tuple) if tuple.elems.len() == 1 => only_name(tuple.elems.first()?),
        Pat::Paren(paren) => only_name(&paren.pat),
        Pat::Reference(reference) => only_name(&reference.pat),
        _ => None,
    }
}

/// Whether a pattern has a `ref mut`, as in `State(ref mut app)`.
pub(crate) fn borrows_mutably(pattern: &Pat) -> bool {
    fn any(tokens: TokenStream) -> bool {
        let mut after_ref = false;
        tokens.into_iter().any(|token| {
            let follows = std::mem::take(&mut after_ref);
            match token {
                TokenTree::Group(group) => any(group.stream()),
                TokenTree::Ident(word) => {
                    after_ref = word == "ref";
                    follows && word == "mut"
                }
                _ => false,
            }
        })
    }
    any(pattern.to_token_stream())
}

/// The pattern for a reference to the value: every name in `used` is bound by reference, all others are `_`.
pub(crate) fn by_reference(pattern: &Pat, used: &[Ident]) -> TokenStream {
    let inner = |pattern: &Pat| by_reference(pattern, used);
    let is_used = |name: &Ident| used.contains(name);
    match pattern {
        Pat::Ident(name) => match (&name.subpat, is_used(&name.ident)) {
            (None, true) => name.ident.to_token_stream(),
            (None, false) => quote!(_),
            (Some((_, below)), false) => inner(below),
            (Some((_, below)), true) => {
                let (name, below) = (&name.ident, inner(below));
                quote!(#name @ #below)
            }
        },
        Pat::Or(or) => {
            let cases = or.cases.iter().map(inner);
            quote!((#(#cases)|*))
        }
        Pat::Paren(paren) => inner(&paren.pat),
        Pat::Reference(reference) => inner(&reference.pat),
        Pat::Slice(slice) => {
            let elements = slice.elems.iter().map(inner);
            quote!([#(#elements),*])
        }
        Pat::Struct(fields) => {
            let path = &fields.path;
            let each = fields.fields.iter().map(|field| {
                let (cfgs, pattern) = (&field.attrs, inner(&field.pat));
                if field.colon_token.is_none() && names(&field.pat).iter().any(is_used) {
                    return quote!(#(#cfgs)* #pattern);
                }
                let member = match &field.member {
                    Member::Named(name) => name.to_token_stream(),
                    Member::Unnamed(index) => index.to_token_stream(),
                };
                quote!(#(#cfgs)* #member: #pattern)
            });
            let rest = fields.rest.as_ref().map(|_| quote!(..));
            quote!(#path { #(#each,)* #rest })
        }
        Pat::Tuple(tuple) => {
            let elements = tuple.elems.iter().map(inner);
            quote!((#(#elements,)*))
        }
        Pat::TupleStruct(tuple) => {
            let path = &tuple.path;
            let elements = tuple.elems.iter().map(inner);
            quote!(#path(#(#elements),*))
        }
        Pat::Type(typed) => inner(&typed.pat),
        Pat::Rest(rest) => rest.to_token_stream(),
        Pat::Wild(_) => quote!(_),
        other => other.to_token_stream(),
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;
    use syn::parse::Parser;

    use super::*;

    fn pattern(text: &str) -> Pat {
        Pat::parse_single.parse_str(text).unwrap()
    }

    fn by(text: &str, used: &[&str]) -> String {
        let used: Vec<_> = used.iter().map(|name| Ident::new(name, Span::call_site())).collect();
        by_reference(&pattern(text), &used).to_string().replace(' ', "")
    }

    #[test]
    fn only_used_names_are_bound_and_never_by_value() {
        for (text, used, expected) in [
            ("Path(id)", &["id"][..], "Path(id)"),
            ("Path((a, mut b))", &["b"], "Path((_,b,))"),
            ("State(App { db, ref pool, .. })", &["pool"], "State(App{db:_,pool,..})"),
            ("x @ Path(y)", &["x"], "x@Path(_)"),
            ("x @ Path(y)", &["y"], "Path(y)"),
            ("Path([first, ..])", &["first"], "Path([first,..])"),
            ("&x", &["x"], "x"),
            ("_", &[], "_"),
        ] {
            assert_eq!(by(text, used), expected, "{text}");
        }
    }

    #[test]
    fn only_ref_mut_borrows_mutably() {
        for (text, expected) in [
            ("State(ref mut app)", true),
            ("ref mut app", true),
            ("Path((_, App { ref mut db, .. }))", true),
            ("State(mut app)", false),
            ("State(ref app)", false),
            ("Path((ref a, mut b))", false),
        ] {
            assert_eq!(borrows_mutably(&pattern(text)), expected, "{text}");
        }
    }

    #[test]
    fn every_name_that_a_pattern_binds_is_found() {
        let found: Vec<_> = names(&pattern("x @ Path((a, mut b, App { c, d: e, .. }, [f, ..]))")).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["x", "a", "b", "c", "e", "f"]);
    }
}
