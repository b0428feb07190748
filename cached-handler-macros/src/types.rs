//! Questions about the types in a signature.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Path, PathArguments, Type, TypeImplTrait, TypeParamBound, parse_quote};

/// Whether a name is somewhere in some tokens.
pub(crate) fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}

/// Whether a type holds `impl Trait`.
pub(crate) fn mentions_impl(ty: &Type) -> bool {
    !opaque(ty).is_empty()
}

/// A type with `_` in the place of every `impl Trait`.
pub(crate) fn erased(ty: &Type) -> Type {
    let mut ty = ty.clone();
    erase(&mut ty, &mut Vec::new());
    ty
}

/// Every `impl Trait` in a type, as it may stand among arguments: without lifetimes.
pub(crate) fn opaque(ty: &Type) -> Vec<TypeImplTrait> {
    let mut found = Vec::new();
    erase(&mut ty.clone(), &mut found);
    for opaque in &mut found {
        let traits = opaque.bounds.iter().filter(|bound| matches!(bound, TypeParamBound::Trait(_))).cloned();
        opaque.bounds = traits.collect();
    }
    found
}

fn erase(ty: &mut Type, found: &mut Vec<TypeImplTrait>) {
    match ty {
        Type::ImplTrait(opaque) => {
            found.push(opaque.clone());
            *ty = parse_quote!(_);
        }
        Type::Array(array) => erase(&mut array.elem, found),
        Type::Group(group) => erase(&mut group.elem, found),
        Type::Paren(paren) => erase(&mut paren.elem, found),
        Type::Reference(reference) => erase(&mut reference.elem, found),
        Type::Slice(slice) => erase(&mut slice.elem, found),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|ty| erase(ty, found)),
        Type::Path(path) => erase_in(&mut path.path, found),
        _ => {}
    }
}

fn erase_in(path: &mut Path, found: &mut Vec<TypeImplTrait>) {
    for segment in &mut path.segments {
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            for argument in &mut arguments.args {
                match argument {
                    syn::GenericArgument::Type(ty) => erase(ty, found),
                    syn::GenericArgument::AssocType(assoc) => erase(&mut assoc.ty, found),
                    _ => {}
                }
            }
        }
    }
}

/// Types that need no header field, by the last name in their path: for all others the fields are kept at hand.
const WITHOUT_FIELDS: &[&str] = &[
    "State",
    "Path",
    "Query",
    "RawQuery",
    "RawPathParams",
    "MatchedPath",
    "NestedPath",
    "Uri",
    "OriginalUri",
    "Method",
    "Version",
    "Extension",
    "Form",
    "RawForm",
    "Revalidate",
    "Cache",
];
/// Types around one of those.
const AROUND: &[&str] = &["Option", "Result", "OnMiss", "Cached"];

pub(crate) fn needs_fields(ty: &Type) -> bool {
    match ty {
        Type::Tuple(tuple) => tuple.elems.iter().any(needs_fields),
        Type::Group(group) => needs_fields(&group.elem),
        Type::Paren(paren) => needs_fields(&paren.elem),
        Type::Path(path) => path.path.segments.last().is_none_or(|last| {
            if WITHOUT_FIELDS.iter().any(|known| last.ident == known) {
                return false;
            }
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return true };
            let first =
                arguments.args.iter().find_map(|argument| if let syn::GenericArgument::Type(ty) = argument { Some(ty) } else { None });
            !AROUND.iter().any(|around| last.ident == around) || first.is_none_or(needs_fields)
        }),
        _ => true,
    }
}
