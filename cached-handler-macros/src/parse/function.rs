//! The function below an attribute: attributes, signature and arguments are parsed, the body stays tokens.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::{
    Attribute, FnArg, GenericArgument, Generics, Pat, PathArguments, ReturnType, Safety, Signature, Token, Type, TypeParamBound,
    Visibility,
    parse::{Parse, ParseStream},
    parse_quote,
    punctuated::Punctuated,
};

use crate::{
    errors::Errors,
    syntax::{future::future_output, pattern, types::mentions},
};

/// An `async fn`.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) visibility: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

/// One argument of a handler.
pub(crate) struct Argument {
    /// `cfg`s, which the emitted code repeats wherever it uses the argument.
    pub(crate) cfgs: Vec<Attribute>,
    /// Everything else, such as lint levels.
    pub(crate) lints: Vec<Attribute>,
    pub(crate) pattern: Pat,
    pub(crate) ty: Type,
    /// The name of the parameter in the emitted code, until the pattern destructures it.
    pub(crate) name: Ident,
    /// The names that its pattern binds.
    pub(crate) binds: Vec<Ident>,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let signature = input.parse()?;
        let body = input.parse::<TokenTree>()?;
        match unwrapped(body) {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace && input.is_empty() => {
                Ok(Self { attributes, visibility, signature, body })
            }
            other => Err(syn::Error::new_spanned(other, "expected a function with a body")),
        }
    }
}

/// The function below an attribute.
pub(crate) fn parse_function(attribute: &str, item: &TokenStream, errors: &mut Errors) -> Option<Function> {
    syn::parse2(item.clone()).ok().or_else(|| {
        let first = item.clone().into_iter().next();
        errors.on(first, format!("`#[{attribute}]` goes on a handler: an `async fn` with a body"));
        None
    })
}

/// The function that is emitted beside errors: as it was written, but changed so far that axum accepts it as a handler, so that no
/// further errors follow.
pub(crate) fn kept(item: &TokenStream) -> TokenStream {
    let Ok(Function { attributes, visibility, mut signature, body }) = syn::parse2(item.clone()) else { return item.clone() };
    let returns_a_future = matches!(&signature.output, ReturnType::Type(_, ty) if future_output(ty).is_some());
    if signature.asyncness.is_none() && !returns_a_future {
        signature.constness = None;
        signature.asyncness = Some(Token![async](signature.fn_token.span));
    }
    signature.safety = Safety::Default;
    signature.abi = None;
    signature.variadic = None;
    quote!(#(#attributes)* #visibility #signature #body)
}

/// The block without the invisible group that `macro_rules!` puts around it (`$body:block`).
fn unwrapped(token: TokenTree) -> TokenTree {
    if let TokenTree::Group(group) = &token
        && group.delimiter() == Delimiter::None
    {
        let mut inside = group.stream().into_iter();
        if let (Some(only), None) = (inside.next(), inside.next()) {
            return unwrapped(only);
        }
    }
    token
}

impl Function {
    pub(crate) fn arguments(&self) -> Vec<Argument> {
        let typed = self.signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(argument) => Some(argument),
            FnArg::Receiver(_) => None,
        });
        typed
            .enumerate()
            .map(|(at, argument)| {
                let (cfgs, lints) = argument.attrs.iter().cloned().partition(|attribute| attribute.path().is_ident("cfg"));
                let binds = pattern::names(&argument.pat);
                // With the macro's hygiene, so that no name in the body refers to it, and different from the macro's own names.
                let mut name = match &*binds {
                    [only] if !only.to_string().starts_with('_') => only.clone(),
                    _ => format_ident!("__argument{at}"),
                };
                name.set_span(Span::mixed_site());
                Argument { cfgs, lints, pattern: (*argument.pat).clone(), ty: (*argument.ty).clone(), name, binds }
            })
            .collect()
    }

    /// The generics with each type parameter `'static`, as the run may outlive the request; and `Send` if an argument has a value of
    /// it, as axum requires, because rustc's suggestion to add it would point after the attribute.
    pub(crate) fn static_generics(&self) -> Generics {
        let mut generics = self.signature.generics.clone();
        let parameters: Vec<Ident> = generics.type_params().map(|parameter| parameter.ident.clone()).collect();
        for parameter in parameters {
            let in_where =
                generics.where_clause.iter_mut().flat_map(|clause| &mut clause.predicates).find_map(|predicate| match predicate {
                    syn::WherePredicate::Type(bound) if is_just(&bound.bounded_ty, &parameter) => Some(&mut bound.bounds),
                    _ => None,
                });
            // Next to existing bounds: clippy has a lint against bounds in two places.
            let mut added: Punctuated<TypeParamBound, Token![+]> = parse_quote!('static);
            if self.holds(&parameter) {
                let name_send = hygienic!(::core::marker::Send);
                added.push(parse_quote!(#name_send));
            }
            match in_where {
                Some(bounds) => bounds.extend(added),
                None => {
                    for own in generics.type_params_mut().filter(|own| own.ident == parameter) {
                        own.colon_token.get_or_insert_default();
                        own.bounds.extend(added.clone());
                    }
                }
            }
        }
        generics
    }

    /// Whether an argument is, or contains, a value of a type parameter without the bound `Send`.
    fn holds(&self, parameter: &Ident) -> bool {
        let generics = &self.signature.generics;
        let is_said = mentions(generics.to_token_stream(), "Send") || mentions(generics.where_clause.to_token_stream(), "Send");
        let mut types = self.signature.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(argument) => Some(&*argument.ty),
            FnArg::Receiver(_) => None,
        });
        !is_said && types.any(|ty| is_just(ty, parameter) || is_around(ty, parameter))
    }

    /// The return type as written.
    pub(crate) fn returns(&self) -> Type {
        match &self.signature.output {
            ReturnType::Default => parse_quote!(()),
            ReturnType::Type(_, ty) => (**ty).clone(),
        }
    }
}

/// Whether a type is an extractor of the parameter, such as `State<T>`.
fn is_around(ty: &Type, parameter: &Ident) -> bool {
    let Type::Path(path) = ty else { return false };
    let Some(last) = path.path.segments.last() else { return false };
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    let is_extractor = ["State", "Path", "Query", "Extension", "Option", "Result"].iter().any(|name| last.ident == name);
    is_extractor
        && arguments.args.iter().any(|argument| match argument {
            GenericArgument::Type(ty) => is_just(ty, parameter) || is_around(ty, parameter),
            _ => false,
        })
}

fn is_just(ty: &Type, parameter: &Ident) -> bool {
    match ty {
        // A type from `macro_rules!` (`$bounded:ty`) is in an invisible group.
        Type::Group(group) => is_just(&group.elem, parameter),
        Type::Paren(paren) => is_just(&paren.elem, parameter),
        Type::Path(path) => path.path.is_ident(parameter),
        _ => false,
    }
}

/// The attributes of a handler, by where they go.
#[derive(Default)]
pub(crate) struct Sorted {
    /// Stay on the function.
    pub(crate) inert: Vec<Attribute>,
    /// `#[debug_handler]`.
    pub(crate) debug: Vec<Attribute>,
    /// Macros, which have to see the function as it was written.
    pub(crate) macros: Vec<Attribute>,
    /// Ours.
    pub(crate) ours: Vec<Attribute>,
}

/// Attributes of rustc and its tools, which are not macros.
const INERT: &[&str] = &[
    "doc",
    "allow",
    "warn",
    "deny",
    "forbid",
    "expect",
    "must_use",
    "deprecated",
    "inline",
    "cold",
    "track_caller",
    "no_mangle",
    "export_name",
    "link_section",
    "automatically_derived",
    "rustfmt",
    "clippy",
    "diagnostic",
    "rust_analyzer",
    "optimize",
    "coverage",
];

/// With `no_macros`, unknown attributes are inert too.
pub(crate) fn sort(attributes: Vec<Attribute>, no_macros: bool) -> Sorted {
    let mut sorted = Sorted::default();
    for attribute in attributes {
        let path = attribute.path();
        let first = path.segments.first().map(|segment| segment.ident.to_string()).unwrap_or_default();
        let last = path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if INERT.contains(&&*first) {
            sorted.inert.push(attribute);
        } else if last == "debug_handler" {
            sorted.debug.push(attribute);
        } else if last == "cached" || last == "invalidates" {
            sorted.ours.push(attribute);
        } else if no_macros {
            sorted.inert.push(attribute);
        } else {
            sorted.macros.push(attribute);
        }
    }
    sorted
}

/// The lint levels among some attributes.
pub(crate) fn lint_levels(attributes: &[Attribute]) -> TokenStream {
    let levels = attributes
        .iter()
        .filter(|attribute| ["allow", "warn", "deny", "expect", "forbid"].iter().any(|level| attribute.path().is_ident(level)));
    quote!(#(#levels)*)
}
