//! The second step: checks the arguments of an attribute against the function below it.

mod shared;
mod signature;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::Path;

pub(crate) use self::{shared::check_shared, signature::check_signature};
use crate::{
    errors::{Errors, did_you_mean, listed},
    parse::{
        Cached, Status,
        duration::Ttl,
        function::{Argument, Function},
        template::{Piece, Template},
    },
    syntax::{
        mention::{names_in, unknown_macros_in},
        types::mentions,
    },
};

/// With `ttl = from_response`, each status needs a duration.
pub(crate) fn check_statuses(args: &Cached, errors: &mut Errors) {
    if matches!(args.ttl, Some(Ttl::FromResponse)) {
        for Status { code, .. } in args.statuses.iter().filter(|status| status.fresh.is_none()) {
            let message = "`ttl = from_response` gives it none; type";
            errors.on(code, format!("`{code}` has no duration, and {message} `status({code} = 60)`"));
        }
    }
}

/// Names in `skip`, `key`, `bypass` and templates have to be those of arguments.
pub(crate) fn check_names(args: &Cached, arguments: &[Argument], errors: &mut Errors) {
    let known = known_names(arguments);
    let unknown = |name: &Ident| !known.contains(&name.to_string());
    for name in args.skipped().filter(|name| unknown(name)) {
        errors.on(name, no_argument(name, &known, "remove it here"));
    }
    for expression in args.key.iter().chain(&args.bypass) {
        let names = names_in(expression.to_token_stream());
        if names.iter().all(unknown)
            && let Some((path, message)) = in_a_macro(expression.to_token_stream(), &known)
        {
            errors.on(path, message);
            continue;
        }
        match names.first() {
            Some(first) if names.iter().all(unknown) => errors.on(expression, no_argument(first, &known, ADD_IT)),
            None => {
                errors.on(
                    expression,
                    format!("this mentions no argument, so it is the same for every request; {}", name_one_of(&known, "remove it")),
                );
            }
            Some(_) => {}
        }
    }
    for template in &args.groups {
        check_template(template, &known, errors);
    }
    for (at, name) in args.skipped().enumerate() {
        if args.skipped().take(at).any(|earlier| earlier == name) {
            errors.on(name, format!("`{name}` is skipped twice; remove one"));
        } else if args.key.iter().any(|expression| names_in(expression.to_token_stream()).contains(name)) {
            errors.on(name, format!("`{name}` is in `key(…)`, which replaces the whole argument in the key; remove it here"));
        }
    }
}

/// Whether two arguments bind one name. rustc reports that itself, on the second one.
pub(crate) fn is_bound_twice(arguments: &[Argument]) -> bool {
    let known = known_names(arguments);
    known.iter().enumerate().any(|(at, name)| known.iter().take(at).any(|earlier| earlier == name))
}

/// Checks `uncached`: in an `impl`, the function that it keeps is an associated function too, which the emitted code cannot call by its
/// bare name. A function that mentions `Self` is in an `impl`.
pub(crate) fn check_uncached(uncached: Option<&Path>, function: &Function, errors: &mut Errors) {
    let Some(name) = uncached.and_then(|path| path.segments.last()).map(|last| &last.ident) else { return };
    if *name == function.signature.ident {
        errors.on(name, format!("`{name}` is the name of the handler itself; type another, `uncached = {name}_uncached`"));
        return;
    }
    let Some(name) = uncached.and_then(Path::get_ident) else { return };
    let body = function.body.stream();
    // Items that are declared inside the body have a `Self` of their own.
    let declares = |word| mentions(body.clone(), word);
    let is_in_impl = mentions(function.signature.to_token_stream(), "Self")
        || mentions(body.clone(), "Self") && !["impl", "trait", "struct", "enum", "union"].into_iter().any(declares);
    if is_in_impl {
        errors.on(name, format!("in an `impl` the function `{name}` belongs to its type; type `uncached = Self::{name}`"));
    }
}

/// The names that the arguments bind.
pub(crate) fn known_names(arguments: &[Argument]) -> Vec<String> {
    let mut known = Vec::new();
    for argument in arguments {
        known.extend(argument.binds.iter().map(ToString::to_string));
    }
    known
}

/// Each value of a template has to mention an argument.
pub(crate) fn check_template(template: &Template, known: &[String], errors: &mut Errors) {
    for piece in &template.pieces {
        let Piece::Value(value) = piece else { continue };
        let names = names_in(value.clone());
        let is_known = |name: &Ident| known.contains(&name.to_string());
        if !names.iter().any(is_known)
            && let Some((_, message)) = in_a_macro(value.clone(), known)
        {
            errors.at(template.literal.span(), message);
            continue;
        }
        match names.first() {
            Some(first) if !names.iter().any(is_known) => {
                errors.at(template.literal.span(), no_argument(first, known, &add(first)));
            }
            None => errors
                .at(template.literal.span(), format!("`{{{value}}}` mentions no argument; {}", name_one_of(known, "type the text itself"))),
            Some(_) => {}
        }
    }
}

/// Reports an argument that an expression has only inside an unknown macro call, where its meaning cannot be known.
fn in_a_macro(expression: TokenStream, known: &[String]) -> Option<(Path, String)> {
    unknown_macros_in(expression).into_iter().find_map(|call| {
        let name = known.iter().find(|name| mentions(call.tokens.clone(), name))?;
        let message = format!(
            "the attribute can look into `matches!`, `vec!` and `format!`, but into no other macro; name `{name}` outside of it, such as in a call of a function of yours, `f(&{name})`"
        );
        Some((call.path, message))
    })
}

/// The message about a name that no argument has; `instead` is the advice if the handler has no arguments.
fn no_argument(name: &Ident, known: &[String], instead: &str) -> String {
    let name = name.to_string();
    format!(
        "no argument is named `{name}`{}",
        match did_you_mean(&name, known.iter().map(String::as_str)) {
            hint if hint.is_empty() => format!("; {}", name_one_of(known, instead)),
            hint => hint,
        }
    )
}

fn name_one_of(known: &[String], instead: &str) -> String {
    if known.is_empty() {
        return format!("the handler has none; {instead}");
    }
    format!("the arguments are {}", listed(known.iter()))
}

const ADD_IT: &str = "take it, or remove this";

/// A value in braces is most often a parameter of the path.
fn add(name: &Ident) -> String {
    format!("take it, `Path({name}): Path<…>`, or for braces in the text type `{{{{` and `}}}}`")
}
