//! `#[invalidates]`: computes the targets from the arguments, runs the body, and invalidates however the body ends.

use proc_macro2::{Delimiter, Span, TokenStream};
use quote::ToTokens;

use super::{
    again::{above, attribute_again, split_again_mark},
    body::{produced, returning, uncached_function},
    parameters::{debug_copy, parameters},
    targets::targets,
    tokens::{self, template_names, with_delimiter, with_span},
};
use crate::{
    check::{check_signature, check_template, check_uncached, is_bound_twice, known_names},
    errors::Errors,
    parse::{
        Invalidates,
        function::{Argument, Function, Sorted, kept, parse_function, sort},
    },
    syntax::types::mentions,
};

/// Parses, checks and expands the attribute.
pub(crate) fn invalidates(attribute: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let (attribute, is_again) = split_again_mark(attribute);
    let args = Invalidates::parse(attribute.clone(), &mut errors);
    let Some(mut function) = parse_function("invalidates", item, &mut errors) else {
        let errors = errors.into_tokens();
        return hygienic!(#errors #item);
    };
    let sorted = sort(std::mem::take(&mut function.attributes), is_again);
    for ours in &sorted.ours {
        errors.on(
            ours,
            "a handler has one attribute of this crate: it is either `#[cached]` or `#[invalidates]`, once; list all targets in one",
        );
    }
    if args.names_nothing && !finds_out(&function) {
        errors.at(
            Span::call_site(),
            "this invalidates nothing; type `group = \"articles\"`, `path = \"/articles/{id}\"` or `handler = list`, or take an `Invalidation`",
        );
    }
    let arguments = function.arguments();
    if is_bound_twice(&arguments) {
        let (errors, kept) = (errors.into_tokens(), kept(item));
        return hygienic!(#errors #kept);
    }
    if check_signature("invalidates", &function, &mut errors) {
        let known = known_names(&arguments);
        for template in args.groups.iter().chain(&args.paths).chain(&args.path_prefixes) {
            check_template(template, &known, &mut errors);
        }
    }
    check_uncached(args.uncached.as_ref(), &function, &mut errors);
    if !errors.is_empty() {
        let (errors, kept) = (errors.into_tokens(), kept(item));
        return hygienic!(#errors #kept);
    }
    if !sorted.macros.is_empty() {
        let again = attribute_again("invalidates", args.root.as_ref(), &attribute);
        return above(&sorted, &again, &function);
    }
    expand(&args, &sorted, &function, &arguments)
}

/// Whether the body may name targets itself, by an `Invalidation` or by `CacheGroups` in its response. It then runs to its end
/// even if the client disconnects.
fn finds_out(function: &Function) -> bool {
    let tokens = [function.signature.to_token_stream(), function.body.stream()];
    tokens.into_iter().any(|tokens| mentions(tokens.clone(), "Invalidation") || mentions(tokens, "CacheGroups"))
}

// Input:   async fn edit(Path(id): Path<u64>, Json(edit): Json<Edit>) -> Ret { BODY }
// Output:  async fn edit(PassedByAxum(__cache, id): PassedByAxum<OwnCache, Path<u64>>, edit: Json<Edit>) -> Response { … { BODY } … }
fn expand(args: &Invalidates, sorted: &Sorted, function: &Function, arguments: &[Argument]) -> TokenStream {
    let private = tokens::private(args.root.as_ref());
    let Function { visibility, signature, body, .. } = function;
    let inert = &sorted.inert;
    let syn::Signature { constness, asyncness, fn_token, paren_token, .. } = signature;
    let finds_out = finds_out(function);
    let generics = if finds_out { function.static_generics() } else { signature.generics.clone() };
    let (name, where_clause) = (&signature.ident, &generics.where_clause);
    let invalidating = if finds_out { hygienic!(#private::outliving) } else { hygienic!(#private::invalidating) };
    let parameters = parameters(&private, arguments, &hygienic!(__cache), &hygienic!(#private::OwnCache));
    let parameters = with_delimiter(Delimiter::Parenthesis, parameters, paren_token.span.join());
    let returned = function.returns();
    let mut used = template_names(&args.groups);
    used.extend(template_names(&args.paths));
    used.extend(template_names(&args.path_prefixes));
    let produced = produced(function, arguments, args.uncached.as_ref(), &used, &returned);
    let response = returning(&private, &returned);
    let targets = targets(args, &private, arguments);
    let debug = debug_copy(&private, sorted, function, arguments);
    let registered = registered(&private, args, function);
    let expanded = with_span(
        hygienic! {
            #debug
            #registered
            let mut __targets = #private::Targets::new(__cache);
            #targets
            #invalidating(__targets, async move {
                let __out = #produced;
                #response
            })
            .await
        },
        body.span(),
    );
    let uncached_function = uncached_function(function, sorted, args.uncached.as_ref());
    hygienic! {
        #uncached_function
        #(#inert)*
        #visibility #constness #asyncness #fn_token #name #generics #parameters -> #private::Response #where_clause #expanded
    }
}

/// The static with the groups that this handler invalidates: at startup, a group that no cached handler has is reported.
fn registered(private: &TokenStream, args: &Invalidates, function: &Function) -> Option<TokenStream> {
    let name = function.signature.ident.to_string();
    let groups = args.groups.iter().map(|template| &template.literal);
    (!args.groups.is_empty()).then(|| {
        hygienic! {
            static __WRITE: #private::Write =
                #private::Write { module: #private::module_path!(), name: #name, groups: &[#(#groups),*] };
            #private::register_write!(__WRITE);
        }
    })
}
