//! The third step, for `#[cached]`: from the attribute and the author's function to a handler that asks the cache first.

mod again;
mod asked;
mod body;
mod description;
mod fingerprint;
mod invalidates;
mod known;
mod parameters;
mod run;
mod setters;
mod targets;
pub(crate) mod tokens;

use proc_macro2::{Delimiter, Ident, Span, TokenStream};
use quote::ToTokens;
use syn::Expr;

pub(crate) use self::invalidates::invalidates;
use self::{
    again::{above, attribute_again, split_again_mark},
    body::uncached_function,
    parameters::{debug_copy, parameters},
    tokens::{bindings, formatted, referenced, with_delimiter, with_span},
};
use crate::{
    check::{check_names, check_shared, check_signature, check_statuses, check_uncached, is_bound_twice},
    errors::Errors,
    parse::{
        Cached, Vary,
        function::{Argument, Function, Sorted, kept, parse_function, sort},
    },
    syntax::{mention::names_in, types::needs_fields},
};

/// Parses, checks and expands the attribute.
pub(crate) fn cached(attribute: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let (attribute, is_again) = split_again_mark(attribute);
    let args = Cached::parse(attribute.clone(), &mut errors);
    check_statuses(&args, &mut errors);
    let Some(mut function) = parse_function("cached", item, &mut errors) else {
        let errors = errors.into_tokens();
        return hygienic!(#errors #item);
    };
    let sorted = sort(std::mem::take(&mut function.attributes), is_again);
    for ours in &sorted.ours {
        errors.on(ours, "a handler has one attribute of this crate: it is either `#[cached]`, once, or `#[invalidates]`; remove one");
    }
    let arguments = function.arguments();
    if is_bound_twice(&arguments) {
        let (errors, kept) = (errors.into_tokens(), kept(item));
        return hygienic!(#errors #kept);
    }
    if check_signature("cached", &function, &mut errors) {
        check_names(&args, &arguments, &mut errors);
        check_shared(&args, &arguments, &mut errors);
    }
    check_uncached(args.uncached.as_ref(), &function, &mut errors);
    if !errors.is_empty() {
        let (errors, kept) = (errors.into_tokens(), kept(item));
        return hygienic!(#errors #kept);
    }
    if !sorted.macros.is_empty() {
        let again = attribute_again("cached", args.root.as_ref(), &attribute);
        return above(&sorted, &again, &function);
    }
    Expansion { attribute, args, sorted, function, arguments }.expand()
}

/// Everything that the emitted handler depends on.
struct Expansion {
    /// The attribute's arguments, as they were written.
    attribute: TokenStream,
    args: Cached,
    sorted: Sorted,
    function: Function,
    arguments: Vec<Argument>,
}

impl Expansion {
    // Input:   async fn article(State(db): State<Db>, Path(id): Path<u64>) -> Ret { BODY }
    // Output:  async fn article(PassedByAxum(__seen, db): PassedByAxum<Seen<false>, State<Db>>, id: Path<u64>) -> Response { … { BODY } … }
    fn expand(&self) -> TokenStream {
        let inert = &self.sorted.inert;
        let visibility = &self.function.visibility;
        let name = &self.function.signature.ident;
        let syn::Signature { constness, asyncness, fn_token, paren_token, .. } = &self.function.signature;
        let generics = self.function.static_generics();
        let where_clause = &generics.where_clause;
        let private = self.private();
        let parameters = with_delimiter(Delimiter::Parenthesis, self.parameters(), paren_token.span.join());
        let (debug, handler, key_traits, peeked, key, groups, responds) = (
            debug_copy(&private, &self.sorted, &self.function, &self.arguments),
            self.handler(),
            self.key_traits(),
            self.peeked(),
            self.key(),
            self.groups(),
            self.responds(),
        );
        let mutable = (!groups.is_empty()).then(|| hygienic!(mut));
        // The body has the span of the author's braces: with the macro's, rustc would skip lints in the whole function.
        let body = with_span(
            hygienic! {
                #debug
                #handler
                #key_traits
                #peeked
                let __key = #key;
                let #mutable __miss = #private::Miss::new(&__HANDLER, #private::seen(__seen), __key);
                #groups
                #responds
            },
            self.function.body.span(),
        );
        let uncached_function = uncached_function(&self.function, &self.sorted, self.args.uncached.as_ref());
        hygienic! {
            #uncached_function
            #(#inert)*
            #visibility #constness #asyncness #fn_token #name #generics #parameters -> #private::Response #where_clause #body
        }
    }

    fn private(&self) -> TokenStream {
        tokens::private(self.args.root.as_ref())
    }

    fn fields(&self) -> bool {
        !matches!(self.args.vary, Vary::Nothing)
            || self.arguments.iter().any(|argument| !self.is_covered(argument) && needs_fields(&argument.ty))
    }

    /// Whether `skip` or `key` takes the place of an argument in the key.
    fn is_covered(&self, argument: &Argument) -> bool {
        self.is_skipped(argument) || argument.binds.iter().any(|name| self.key_names().contains(name))
    }

    fn is_skipped(&self, argument: &Argument) -> bool {
        argument.binds.iter().any(|name| self.args.skipped().any(|skipped| skipped == name))
    }

    /// Whether `skip_credentials` names the argument: its author vouches that credentials in it change nothing.
    fn skips_credentials(&self, argument: &Argument) -> bool {
        argument.binds.iter().any(|name| self.args.skip_credentials.contains(name))
    }

    /// Whether a condition in `bypass(…)` mentions the argument.
    fn is_in_condition(&self, argument: &Argument) -> bool {
        let names = names_of(&self.args.bypass);
        argument.binds.iter().any(|name| names.contains(name))
    }

    fn key_names(&self) -> Vec<Ident> {
        names_of(&self.args.key)
    }

    fn marker(&self) -> TokenStream {
        let private = self.private();
        match self.args.vary {
            Vary::Nothing => hygienic!(#private::Undeclared),
            Vary::Fields(_) => hygienic!(#private::Fields),
            Vary::FromResponse => hygienic!(#private::FromResponse),
        }
    }

    fn parameters(&self) -> TokenStream {
        let private = self.private();
        let fields = self.fields();
        let seen = if self.args.paths.is_empty() { hygienic!(#private::Seen<#fields>) } else { hygienic!(#private::Seen<#fields, true>) };
        parameters(&private, &self.arguments, &hygienic!(__seen), &seen)
    }

    /// Every argument writes its part of the key; a hit answers here, without an await.
    fn key(&self) -> TokenStream {
        let private = self.private();
        let marker = self.marker();
        let writes = self.arguments.iter().enumerate().map(|(at, argument)| {
            let Argument { cfgs, ty, name, .. } = argument;
            if self.skips_credentials(argument) {
                TokenStream::new()
            } else if self.is_skipped(argument) {
                let skip = Ident::new(if self.is_in_condition(argument) { "skip_beside_bypass" } else { "skip" }, Span::mixed_site());
                // As below, the type decides between the two methods.
                hygienic! {
                    #(#cfgs)*
                    {
                        #[allow(unused_imports)]
                        use #private::{SkipsKnown as _, SkipsUnknown as _};
                        (&#private::Reduced::<#marker, #ty>::of(&#name)).#skip(&mut __key);
                    }
                }
            } else if self.is_covered(argument) {
                // The type decides which of the two methods this is: that of a type with a key, or that of any type.
                hygienic! {
                    #(#cfgs)*
                    {
                        #[allow(unused_imports)]
                        use #private::{SaysCookies as _, SaysNothing as _, SaysOfItself as _};
                        #private::reduced::<#ty>(&mut __key);
                        (&#private::Reduced::<#marker, #ty>::of(&#name)).note(&mut __key);
                    }
                }
            } else {
                let write = self.of_keyed(at, argument, "write");
                hygienic!(#(#cfgs)* #write(&#name, #private::argument(&mut __key, #at));)
            }
        });
        let parts = self.args.key.iter().map(|expression| {
            let bindings = self.bindings(&names_in(expression.to_token_stream()));
            let part = referenced(&expression);
            hygienic!({ #bindings #private::part(&mut __key, #part); })
        });
        let begin = Ident::new(if self.args.paths.is_empty() { "begin" } else { "begin_shared" }, Span::mixed_site());
        let looked_up = hygienic! {
            #private::#begin(&mut __key);
            #(#writes)*
            #(#parts)*
            match #private::hit(&mut __key, &__seen) {
                #private::Ok(__answer) => return __answer,
                #private::Err(__key) => __key,
            }
        };
        let looked_up = match self.bypasses() {
            None => looked_up,
            Some(bypasses) => hygienic! {
                let __bypasses: bool = #bypasses;
                if __bypasses { #private::bypassed(&mut __key, &__seen) } else { #looked_up }
            },
        };
        hygienic! {
            {
                let mut __key = #private::key(&__HANDLER, &__seen, &|| ());
                #looked_up
            }
        }
    }

    /// Whether one of the conditions in `bypass(…)` holds. They are evaluated in order, before any part of the key is written.
    fn bypasses(&self) -> Option<TokenStream> {
        let private = self.private();
        let conditions = self.args.bypass.iter().map(|condition| {
            let bindings = self.bindings(&names_in(condition.to_token_stream()));
            let condition = referenced(&condition);
            hygienic!({ #bindings #private::holds(#condition) })
        });
        (!self.args.bypass.is_empty()).then(|| hygienic!(#(#conditions)||*))
    }

    /// The patterns of those arguments that bind one of the names, by reference.
    fn bindings(&self, names: &[Ident]) -> TokenStream {
        bindings(&self.arguments, names)
    }

    fn groups(&self) -> TokenStream {
        let private = self.private();
        let groups: TokenStream = self
            .args
            .groups
            .iter()
            .map(|template| {
                let (names, formatted) = formatted(&private, template);
                let bindings = self.bindings(&names);
                hygienic!({ #bindings __miss.group(#formatted); })
            })
            .collect();
        // Their values may exist only if the condition does not hold.
        if self.args.bypass.is_empty() || groups.is_empty() { groups } else { hygienic!(if !__miss.is_untouched() { #groups }) }
    }
}

/// The names that expressions mention.
fn names_of(expressions: &[Expr]) -> Vec<Ident> {
    expressions.iter().flat_map(|expression| names_in(expression.to_token_stream())).collect()
}
