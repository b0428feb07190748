//! Checks `path = […]`: paths cannot share a response if an argument shows which of them was requested.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, Type};

use crate::{
    errors::Errors,
    parse::{Cached, Vary, function::Argument},
    syntax::mention::names_in,
};

/// Reports arguments that show the path, and so would tell the paths apart that are to share a response.
pub(crate) fn check_shared(args: &Cached, arguments: &[Argument], errors: &mut Errors) {
    let Some(path) = args.paths_at.as_ref().filter(|_| !args.paths.is_empty()) else { return };
    if matches!(args.vary, Vary::FromResponse) {
        errors.on(path, "a handler with `vary = from_response` sends the path on, and each is another page of its server; remove `path`");
    }
    let reduced: Vec<Ident> = args.key.iter().flat_map(|part| names_in(part.to_token_stream())).chain(args.skipped().cloned()).collect();
    for argument in arguments.iter().filter(|argument| !argument.binds.iter().any(|name| reduced.contains(name))) {
        if let Some(shows) = shows_path(&argument.ty) {
            let name = argument.binds.first().map_or_else(|| "uri".to_owned(), ToString::to_string);
            errors.on(shows, format!("`{shows}` shows which of the paths in `path` was asked for, so that they would share nothing; take what the handler reads, such as `Path` or `Query`, or type `skip({name})` if the response is the same for all of them"));
        }
    }
}

/// The name of the extractor in a type that shows the whole path.
fn shows_path(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Group(group) => shows_path(&group.elem),
        Type::Paren(paren) => shows_path(&paren.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(shows_path),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            if ["Uri", "OriginalUri", "MatchedPath", "NestedPath", "Request", "Parts"].iter().any(|name| last.ident == name) {
                return Some(&last.ident);
            }
            let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
            let is_around = ["Option", "Result", "OnMiss", "Cached", "Box", "Arc"].iter().any(|name| last.ident == name);
            arguments
                .args
                .iter()
                .filter(|_| is_around)
                .find_map(|argument| if let GenericArgument::Type(ty) = argument { shows_path(ty) } else { None })
        }
        _ => None,
    }
}
