//! Functions that analyse the types in a signature.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident};
use syn::{Path, PathArguments, Type, TypeImplTrait, TypeParam, TypeParamBound, parse_quote, punctuated::Punctuated};

use super::source::written;

/// Whether a name occurs anywhere in some tokens.
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
    each(&mut ty, &mut |ty| {
        let is_opaque = matches!(ty, Type::ImplTrait(_));
        if is_opaque {
            *ty = parse_quote!(_);
        }
        is_opaque
    });
    ty
}

/// Every outermost `impl Trait` in a type.
fn opaque(ty: &Type) -> Vec<TypeImplTrait> {
    let mut found = Vec::new();
    each(&mut ty.clone(), &mut |ty| {
        if let Type::ImplTrait(opaque) = ty {
            found.push(opaque.clone());
        }
        matches!(ty, Type::ImplTrait(_))
    });
    found
}

/// A type with a type parameter, with the same bounds, in place of every `impl Trait`; and these parameters.
pub(crate) fn opened(ty: &Type) -> (Type, Vec<TypeParam>) {
    let (mut ty, mut parameters) = (ty.clone(), Vec::new());
    open(&mut ty, &mut parameters);
    (ty, parameters)
}

fn open(ty: &mut Type, parameters: &mut Vec<TypeParam>) {
    each(ty, &mut |ty| {
        let is_own = !mentions_impl(ty) && mentions(ty.to_token_stream(), "Self");
        let mut bounds = Punctuated::default();
        match ty {
            Type::ImplTrait(opaque) if !mentions(opaque.to_token_stream(), "Self") => {
                // Without lifetimes and `use<…>`, which say what the type captures.
                let traits = opaque.bounds.iter().filter(|bound| matches!(bound, TypeParamBound::Trait(_)));
                bounds = traits.cloned().collect();
                for bound in &mut bounds {
                    if let TypeParamBound::Trait(bound) = bound {
                        in_arguments(&mut bound.path, &mut |ty| {
                            open(ty, parameters);
                            true
                        });
                    }
                }
            }
            Type::ImplTrait(_) => {}
            // An item inside the function has no `Self`: any type is accepted there.
            _ if is_own => {}
            _ => return false,
        }
        let mut parameter = TypeParam::from(format_ident!("__Opaque{}", parameters.len()));
        parameter.bounds = bounds;
        let name = &parameter.ident;
        *ty = parse_quote!(#name);
        parameters.push(parameter);
        true
    });
}

/// Calls `look` for a type and, as long as that returns false, for the types in it.
fn each(ty: &mut Type, look: &mut dyn FnMut(&mut Type) -> bool) {
    if look(ty) {
        return;
    }
    match ty {
        Type::Array(array) => each(&mut array.elem, look),
        Type::Group(group) => each(&mut group.elem, look),
        Type::Paren(paren) => each(&mut paren.elem, look),
        Type::Reference(reference) => each(&mut reference.elem, look),
        Type::Slice(slice) => each(&mut slice.elem, look),
        Type::Tuple(tuple) => tuple.elems.iter_mut().for_each(|ty| each(ty, look)),
        Type::Path(path) => in_arguments(&mut path.path, look),
        _ => {}
    }
}

fn in_arguments(path: &mut Path, look: &mut dyn FnMut(&mut Type) -> bool) {
    for segment in &mut path.segments {
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            for argument in &mut arguments.args {
                match argument {
                    syn::GenericArgument::Type(ty) => each(ty, look),
                    syn::GenericArgument::AssocType(assoc) => each(&mut assoc.ty, look),
                    _ => {}
                }
            }
        }
    }
}

/// The first reference in a type that is not `'static`, and an owned type with the same value.
pub(crate) fn borrowed(ty: &Type) -> Option<(&Type, String)> {
    match ty {
        Type::Reference(reference) if reference.lifetime.as_ref().is_none_or(|lifetime| lifetime.ident != "static") => {
            let owned = match &*reference.elem {
                Type::Path(path) if path.path.is_ident("str") => "String".to_owned(),
                Type::Slice(slice) => format!("Vec<{}>", written(&slice.elem)),
                other => written(other),
            };
            Some((ty, owned))
        }
        Type::Group(group) => borrowed(&group.elem),
        Type::Paren(paren) => borrowed(&paren.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(borrowed),
        Type::Path(path) => {
            let PathArguments::AngleBracketed(arguments) = &path.path.segments.last()?.arguments else { return None };
            arguments.args.iter().find_map(|argument| if let syn::GenericArgument::Type(ty) = argument { borrowed(ty) } else { None })
        }
        _ => None,
    }
}

/// Types that read no header field, by the last name in their path. For all other types the header fields are captured too.
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
/// Types that read no header field if their generic arguments do not.
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
