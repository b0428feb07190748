//! Recognises functions that return a future, written so by their author or rewritten by a macro.

use quote::ToTokens;
use syn::{GenericArgument, Path, PathArguments, Token, Type, TypeParamBound, punctuated::Punctuated};

use super::types::mentions;

/// `String` of `impl Future<Output = String>`, boxed or not, and of `BoxFuture<'_, String>`.
pub(crate) fn future_output(ty: &Type) -> Option<Type> {
    let in_bounds = |bounds: &Punctuated<TypeParamBound, Token![+]>| {
        bounds.iter().find_map(|bound| if let TypeParamBound::Trait(bound) = bound { future_in(&bound.path) } else { None })
    };
    match ty {
        Type::ImplTrait(opaque) => in_bounds(&opaque.bounds),
        Type::TraitObject(object) => in_bounds(&object.bounds),
        Type::Group(group) => future_output(&group.elem),
        Type::Paren(paren) => future_output(&paren.elem),
        Type::Path(path) => future_in(&path.path),
        _ => None,
    }
}

fn future_in(path: &Path) -> Option<Type> {
    let last = path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    let is_boxed = ["BoxFuture", "LocalBoxFuture"].iter().any(|name| last.ident == name);
    let is_around = ["Pin", "Box"].iter().any(|name| last.ident == name);
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if last.ident == "Future" && assoc.ident == "Output" => Some(assoc.ty.clone()),
        GenericArgument::Type(ty) if is_boxed => Some(ty.clone()),
        GenericArgument::Type(ty) if is_around => future_output(ty),
        _ => None,
    })
}

/// `Pin<Box<dyn Future<Output = …> + Send + 'async_trait>>`.
pub(crate) fn is_of_async_trait(ty: &Type) -> bool {
    future_output(ty).is_some() && mentions(ty.to_token_stream(), "async_trait")
}
