//! `#[cached]`: from the attribute and the author's function to the handler that asks the cache first.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Path, Type, spanned::Spanned};

use crate::{
    args::{self, Cached, Vary},
    body::{captured, returning},
    errors::{Errors, did_you_mean},
    pattern,
    signature::{Argument, Function, Sorted, lint_levels, mentions, needs_fields, sort},
    value::{Piece, Template, Ttl, names_in},
};

/// The attribute's whole work.
pub(crate) fn cached(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Cached::parse(attribute.clone(), &mut errors);
    let Some(mut function) = parse_function("cached", &item, &mut errors) else {
        let errors = errors.into_tokens();
        return hygienic!(#errors #item);
    };
    let sorted = sort(std::mem::take(&mut function.attributes));
    for ours in &sorted.ours {
        errors.on(ours, "a handler has one attribute of this crate: it is either `#[cached]`, once, or `#[invalidates]`; remove one");
    }
    function.check("cached", &mut errors);
    let arguments = function.arguments();
    check_names(&args, &arguments, &mut errors);
    if !errors.is_empty() {
        // The handler is still there, so that nothing else goes wrong for want of it.
        let errors = errors.into_tokens();
        return hygienic!(#errors #item);
    }
    if !sorted.macros.is_empty() {
        let again = attribute_again("cached", args.root.as_ref(), &attribute);
        return above(&sorted, &again, &function);
    }
    Expansion { args, sorted, function, arguments }.expand()
}

/// The function, or a mistake where there is none.
pub(crate) fn parse_function(attribute: &str, item: &TokenStream, errors: &mut Errors) -> Option<Function> {
    syn::parse2(item.clone()).ok().or_else(|| {
        let first = item.clone().into_iter().next();
        errors.on(first, format!("`#[{attribute}]` goes on a handler: an `async fn` with a body"));
        None
    })
}

/// Ours, as it was written, for after those that have to see the function first.
pub(crate) fn attribute_again(name: &str, root: Option<&Path>, arguments: &TokenStream) -> TokenStream {
    let name = format_ident!("{name}");
    match root {
        Some(root) => hygienic!(#[#root::#name(#arguments)]),
        None => hygienic!(#[::cached_handler::#name(#arguments)]),
    }
}

// Input:   #[cached(…)] #[instrument] async fn …
// Output:  #[instrument] #[::cached_handler::cached(…)] async fn …
pub(crate) fn above(sorted: &Sorted, ours: &TokenStream, function: &Function) -> TokenStream {
    let Sorted { inert, debug, macros, .. } = sorted;
    let Function { visibility, signature, body, .. } = function;
    hygienic!(#(#macros)* #ours #(#debug)* #(#inert)* #visibility #signature #body)
}

/// Names in `skip`, `key` and templates have to be those of arguments.
fn check_names(args: &Cached, arguments: &[Argument], errors: &mut Errors) {
    let known: Vec<String> = arguments.iter().flat_map(|argument| &argument.binds).map(ToString::to_string).collect();
    let unknown = |name: &Ident| !known.contains(&name.to_string());
    for name in args.skip.iter().filter(|name| unknown(name)) {
        errors.on(name, no_argument(name, &known));
    }
    for expression in &args.key {
        let names = names_in(expression.to_token_stream());
        match names.first() {
            Some(first) if names.iter().all(unknown) => errors.on(expression, no_argument(first, &known)),
            None => errors.on(expression, format!("this mentions no argument, so it is the same for every request; {}", name_one_of(&known))),
            Some(_) => {}
        }
    }
    for template in &args.groups {
        check_template(template, &known, errors);
    }
    for (at, name) in args.skip.iter().enumerate() {
        if args.skip.iter().take(at).any(|earlier| earlier == name) {
            errors.on(name, format!("`{name}` is skipped twice; remove one"));
        } else if args.key.iter().any(|expression| names_in(expression.to_token_stream()).contains(name)) {
            errors.on(name, format!("`{name}` is in `key(…)`, which stands for the whole argument; remove it here"));
        }
    }
}

/// A template mentions arguments, and nothing else begins an expression in it.
pub(crate) fn check_template(template: &Template, known: &[String], errors: &mut Errors) {
    for piece in &template.pieces {
        let Piece::Value(value) = piece else { continue };
        let names = names_in(value.clone());
        match names.first() {
            Some(first) if !names.iter().any(|name| known.contains(&name.to_string())) => {
                errors.at(template.literal.span(), no_argument(first, known));
            }
            None => errors.at(template.literal.span(), format!("`{{{value}}}` mentions no argument; {}", name_one_of(known))),
            Some(_) => {}
        }
    }
}

fn no_argument(name: &Ident, known: &[String]) -> String {
    let name = name.to_string();
    format!("no argument is named `{name}`{}", match did_you_mean(&name, known.iter().map(String::as_str)) {
        hint if hint.is_empty() => format!("; {}", name_one_of(known)),
        hint => hint,
    })
}

fn name_one_of(known: &[String]) -> String {
    if known.is_empty() {
        return "the handler has no arguments with names; take it away".to_owned();
    }
    let all = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    format!("the arguments are {all}")
}

/// Everything that the handler is written from.
struct Expansion {
    args: Cached,
    sorted: Sorted,
    function: Function,
    arguments: Vec<Argument>,
}

impl Expansion {
    // Input:   async fn article(State(db): State<Db>, Path(id): Path<u64>) -> Ret { BODY }
    // Output:  async fn article(With(__seen, db): With<false, State<Db>>, id: Path<u64>) -> Response { … { BODY } … }
    fn expand(&self) -> TokenStream {
        let inert = &self.sorted.inert;
        let visibility = &self.function.visibility;
        let name = &self.function.signature.ident;
        let syn::Signature { constness, asyncness, fn_token, paren_token, .. } = &self.function.signature;
        let generics = self.function.static_generics();
        let where_clause = &generics.where_clause;
        let private = self.private();
        let parameters = with_delimiter(Delimiter::Parenthesis, self.parameters(), paren_token.span.join());
        let unwrap_seen = self.unwrap_seen();
        let (debug, handler, key, groups, amended, run) =
            (self.debug_handler(), self.handler(), self.key(), self.groups(), self.amended(), self.run());
        // The author's own braces: with others, rustc takes the whole function for a macro's, and lints go quiet.
        let body = with_span(hygienic! {
            #debug
            #handler
            #unwrap_seen
            let __key = #key;
            let mut __run = #private::Run::new(&__HANDLER, #private::seen(__seen), __key);
            #groups
            if let #private::Some(__answer) = __run.look_up().await {
                return __answer;
            }
            #amended
            #run
        }, self.function.body.span());
        let sibling = self.sibling();
        hygienic! {
            #sibling
            #(#inert)*
            #visibility #constness #asyncness #fn_token #name #generics #parameters -> #private::Response #where_clause #body
        }
    }

    fn private(&self) -> TokenStream {
        args::private(self.args.root.as_ref())
    }

    fn fields(&self) -> bool {
        !matches!(self.args.vary, Vary::Nothing) || self.arguments.iter().any(|argument| !self.is_covered(argument) && needs_fields(&argument.ty))
    }

    /// Whether `skip` or `key` stands for an argument.
    fn is_covered(&self, argument: &Argument) -> bool {
        self.is_skipped(argument) || argument.binds.iter().any(|name| self.key_names().contains(name))
    }

    fn is_skipped(&self, argument: &Argument) -> bool {
        argument.binds.iter().any(|name| self.args.skip.contains(name))
    }

    fn key_names(&self) -> Vec<Ident> {
        self.args.key.iter().flat_map(|expression| names_in(expression.to_token_stream())).collect()
    }

    fn marker(&self) -> TokenStream {
        let private = self.private();
        match self.args.vary {
            Vary::Nothing => hygienic!(#private::Undeclared),
            Vary::Fields(_) => hygienic!(#private::Fields),
            Vary::FromResponse => hygienic!(#private::FromResponse),
        }
    }

    /// What is captured travels with an argument, so that their number stays; alone only where it has to.
    fn parameters(&self) -> TokenStream {
        let private = self.private();
        let fields = self.fields();
        let host = self.host();
        let alone = host.is_none().then(|| hygienic!(__seen: #private::PutDebugHandlerBelowCached<#fields>,));
        let each = self.arguments.iter().enumerate().map(|(at, argument)| {
            let Argument { cfgs, ty, name, .. } = argument;
            if Some(at) == host {
                hygienic!(#private::With(__seen, #name): #private::With<#fields, #ty>)
            } else {
                hygienic!(#(#cfgs)* #name: #ty)
            }
        });
        hygienic!(#alone #(#each),*)
    }

    fn host(&self) -> Option<usize> {
        self.arguments.iter().position(|argument| argument.cfgs.is_empty())
    }

    fn unwrap_seen(&self) -> Option<TokenStream> {
        self.host().is_none().then(|| hygienic!(let __seen = __seen.0;))
    }

    /// `#[debug_handler]` sees the author's signature, on a function that is never called.
    fn debug_handler(&self) -> Option<TokenStream> {
        let debug = &self.sorted.debug;
        let signature = &self.function.signature;
        let mentions_self = mentions(signature.to_token_stream(), "Self");
        if debug.is_empty() || mentions_self {
            return None;
        }
        let private = self.private();
        let (name, generics, output, where_clause) = (&signature.ident, &signature.generics, &signature.output, &signature.generics.where_clause);
        let types = self.arguments.iter().map(|Argument { cfgs, ty, .. }| hygienic!(#(#cfgs)* _: #ty));
        Some(hygienic! {
            const _: () = {
                #(#debug)*
                #[allow(dead_code, clippy::all, clippy::pedantic)]
                async fn #name #generics (#(#types),*) #output #where_clause { #private::unreachable!() }
            };
        })
    }

    /// The static that describes it.
    fn handler(&self) -> TokenStream {
        let private = self.private();
        let name = self.function.signature.ident.to_string();
        let tokens = fingerprint(&self.function);
        let ttl = match &self.args.ttl {
            Some(Ttl::Constant(path)) => call(hygienic!(#private::Ttl::checked), path.to_token_stream(), path.span()),
            Some(Ttl::FromResponse) | None => hygienic!(#private::Ttl::FromResponse),
            Some(Ttl::Millis(millis)) => hygienic!(#private::Ttl::For(#private::Duration::from_millis(#millis))),
        };
        let backend = self.args.backend.as_ref().map_or_else(|| hygienic!("memory"), ToTokens::to_token_stream);
        let vary = match &self.args.vary {
            Vary::Nothing => hygienic!(#private::VaryOn::Nothing),
            Vary::Fields(names) => hygienic!(#private::VaryOn::Fields(&[#(#names),*])),
            Vary::FromResponse => hygienic!(#private::VaryOn::FromResponse),
        };
        let cache_control = option(&private, self.args.cache_control.as_ref());
        let skips = self.arguments.iter().any(|argument| self.is_skipped(argument));
        let policy = self.args.policy.as_ref().map_or_else(|| hygienic!(#private::Policy::new()), ToTokens::to_token_stream);
        hygienic! {
            static __HANDLER: #private::Handler = #private::Handler::new(
                #private::Site {
                    module: #private::module_path!(),
                    name: #name,
                    file: #private::file!(),
                    line: #private::line!(),
                    column: #private::column!(),
                    tokens: #tokens,
                    package_version: #private::env!("CARGO_PKG_VERSION"),
                },
                #private::Attributes { ttl: #ttl, backend: #backend, vary: #vary, cache_control: #cache_control, skips: #skips },
                #policy,
            );
            #private::register!(__HANDLER);
        }
    }

    /// Every argument writes what it shows; a hit answers here, without an await.
    fn key(&self) -> TokenStream {
        let private = self.private();
        let marker = self.marker();
        let writes = self.arguments.iter().enumerate().map(|(at, argument)| {
            let Argument { cfgs, ty, name, .. } = argument;
            if self.is_skipped(argument) {
                hygienic!(#(#cfgs)* #private::skipped::<#ty>(&mut __key);)
            } else if self.is_covered(argument) {
                TokenStream::new()
            } else {
                // The type's own tokens, so that what is wrong with it is reported there.
                hygienic!(#(#cfgs)* <#ty as #private::Keyed<#marker>>::write(&#name, #private::argument(&mut __key, #at));)
            }
        });
        let parts = self.args.key.iter().map(|expression| {
            let bindings = self.bindings(&names_in(expression.to_token_stream()));
            let part = referenced(&expression);
            hygienic!({ #bindings #private::part(&mut __key, #part); })
        });
        hygienic! {
            {
                let mut __key = #private::begin(&__HANDLER, &__seen, &|| ());
                #(#writes)*
                #(#parts)*
                match #private::hit(&mut __key) {
                    #private::Ok(__answer) => return __answer,
                    #private::Err(__key) => __key,
                }
            }
        }
    }

    /// The patterns of those arguments that bind one of the names, by reference.
    fn bindings(&self, names: &[Ident]) -> TokenStream {
        bindings(&self.arguments, names)
    }

    fn groups(&self) -> TokenStream {
        let private = self.private();
        self.args
            .groups
            .iter()
            .map(|template| {
                let (names, formatted) = formatted(&private, template);
                let bindings = self.bindings(&names);
                hygienic!({ #bindings __run.group(#formatted); })
            })
            .collect()
    }

    /// Takes from the arguments what the key does not hold.
    fn amended(&self) -> TokenStream {
        if matches!(self.args.vary, Vary::Nothing) {
            return TokenStream::new();
        }
        let private = self.private();
        let marker = self.marker();
        let arguments = self.arguments.iter().filter(|argument| !self.is_covered(argument));
        arguments
            .map(|Argument { cfgs, ty, name, .. }| {
                hygienic! {
                    #(#cfgs)*
                    let mut #name = #name;
                    #(#cfgs)*
                    <#ty as #private::Keyed<#marker>>::amend(&mut #name, &__run);
                }
            })
            .collect()
    }

    /// The author's body, once, in a future of its own.
    fn run(&self) -> TokenStream {
        let private = self.private();
        let place = Span::mixed_site().located_at(self.function.signature.ident.span());
        let runs = if self.args.inline {
            quote_spanned!(place=> run_in_this_task)
        } else {
            quote_spanned!(place=> run_in_its_own_task)
        };
        let returned = self.function.returns();
        let produced = self.produced(&returned);
        let response = returning(&private, &self.function, &returned);
        // `async move` on the handler's name: that is where rustc says that its future is not `Send`.
        let block = with_span(hygienic!(let __out = #produced; #response), place);
        let future = quote_spanned!(place=> async move #block);
        let run = call(hygienic!(#private::#runs), hygienic!(__run, #future), place);
        quote_spanned!(place=> #run.await)
    }

    fn produced(&self, returned: &Type) -> TokenStream {
        match &self.args.uncached {
            None => {
                let used: Vec<Ident> = self.args.groups.iter().flat_map(template_names).chain(self.key_names()).chain(self.args.skip.iter().cloned()).collect();
                captured(&self.function, &self.arguments, &used, returned)
            }
            Some(path) => {
                let turbofish = turbofish(&self.function);
                let arguments = self.arguments.iter().map(|Argument { cfgs, name, .. }| hygienic!(#(#cfgs)* #name));
                hygienic!(#path #turbofish (#(#arguments),*).await)
            }
        }
    }

    /// With `uncached = name`: the function as it was written.
    fn sibling(&self) -> Option<TokenStream> {
        let path = self.args.uncached.as_ref()?;
        let mut signature = self.function.signature.clone();
        signature.ident = path.segments.last()?.ident.clone();
        let (visibility, body) = (&self.function.visibility, &self.function.body);
        let levels = lint_levels(&self.sorted.inert);
        Some(hygienic!(#levels #visibility #signature #body))
    }
}

/// `&(…)`, whose place is the expression's own, so that what is wrong with its type is reported there.
pub(crate) fn referenced(expression: &impl ToTokens) -> TokenStream {
    let tokens = expression.to_token_stream();
    let at = |token: Option<TokenTree>| Span::mixed_site().located_at(token.map_or_else(Span::call_site, |token| token.span()));
    let (first, last) = (at(tokens.clone().into_iter().next()), at(tokens.clone().into_iter().last()));
    let mut inner = Group::new(Delimiter::Parenthesis, tokens);
    inner.set_span(last);
    quote_spanned!(first=> & #inner)
}

fn option(private: &TokenStream, value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(|| hygienic!(#private::None), |value| hygienic!(#private::Some(#value)))
}

/// Type and constant parameters, to be handed on.
fn turbofish(function: &Function) -> Option<TokenStream> {
    let names: Vec<&Ident> = function
        .signature
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            syn::GenericParam::Type(parameter) => Some(&parameter.ident),
            syn::GenericParam::Const(parameter) => Some(&parameter.ident),
            syn::GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!names.is_empty()).then(|| hygienic!(::<#(#names),*>))
}

/// The patterns of those arguments that bind one of the names, by reference.
pub(crate) fn bindings(arguments: &[Argument], names: &[Ident]) -> TokenStream {
    let mentioned = arguments.iter().filter(|argument| argument.binds.iter().any(|name| names.contains(name)));
    mentioned
        .map(|Argument { cfgs, pattern, name, .. }| {
            let pattern = pattern::by_reference(pattern, names);
            hygienic!(#(#cfgs)* let #pattern = &#name;)
        })
        .collect()
}

/// The names in a template, and its text with them filled in.
pub(crate) fn formatted(private: &TokenStream, template: &Template) -> (Vec<Ident>, TokenStream) {
    let mut text = String::new();
    let mut values = Vec::new();
    for piece in &template.pieces {
        match piece {
            Piece::Text(plain) => text.push_str(&plain.replace('{', "{{").replace('}', "}}")),
            Piece::Value(value) => {
                text.push_str("{}");
                values.push(referenced(value));
            }
        }
    }
    (template_names(template), hygienic!(#private::format_args!(#text #(, #values)*)))
}

pub(crate) fn template_names(template: &Template) -> Vec<Ident> {
    let values = template.pieces.iter().filter_map(|piece| if let Piece::Value(value) = piece { Some(value.clone()) } else { None });
    values.flat_map(names_in).collect()
}

/// A block in braces on a given place.
pub(crate) fn with_span(tokens: TokenStream, span: Span) -> Group {
    with_delimiter(Delimiter::Brace, tokens, span)
}

/// Tokens in delimiters on a given place.
pub(crate) fn with_delimiter(delimiter: Delimiter, tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(delimiter, tokens);
    group.set_span(span);
    group
}

/// A call on a given place, which is where rustc says what is wrong with its arguments' types; what its path means stays.
pub(crate) fn call(path: TokenStream, arguments: TokenStream, place: Span) -> TokenStream {
    let mut call: TokenStream = path
        .into_iter()
        .map(|mut token| {
            token.set_span(token.span().located_at(place));
            token
        })
        .collect();
    call.extend([TokenTree::from(with_delimiter(Delimiter::Parenthesis, arguments, Span::mixed_site().located_at(place)))]);
    call
}

/// FNV-1a of the handler's text: another text may mean another response.
fn fingerprint(function: &Function) -> u64 {
    let Function { signature, body, .. } = function;
    let text = hygienic!(#signature #body).to_string();
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

