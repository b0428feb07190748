//! What stands in the handler as an item: its description.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;

use super::{Expansion, fingerprint::fingerprint, tokens::call};
use crate::{
    parse::{
        CacheControl, Status, Vary,
        value::{Length, Ttl},
    },
    syntax::types::mentions,
};

impl Expansion {
    /// The static that describes it.
    pub(super) fn handler(&self) -> TokenStream {
        let private = self.private();
        let name = self.function.signature.ident.to_string();
        let tokens = fingerprint(&self.attribute, &self.function);
        let ttl = match &self.args.ttl {
            Some(Ttl::Length(Length::Constant(path))) => call(hygienic!(#private::Ttl::checked), path.to_token_stream(), path.span()),
            Some(Ttl::Length(Length::Millis(millis))) => hygienic!(#private::Ttl::For(#private::Duration::from_millis(#millis))),
            Some(Ttl::FromResponse) | None => hygienic!(#private::Ttl::FromResponse),
        };
        let window = |length: &Length| match length {
            Length::Constant(path) => call(hygienic!(#private::window), path.to_token_stream(), path.span()),
            Length::Millis(millis) => hygienic!(#private::Duration::from_millis(#millis)),
        };
        let mut said = TokenStream::new();
        if let Some(name) = &self.args.backend {
            said.extend(hygienic!(.backend(#name)));
        }
        match &self.args.vary {
            Vary::Nothing => {}
            Vary::Fields(names) => said.extend(hygienic!(.vary(#private::VaryOn::Fields(&[#(#names),*])))),
            Vary::FromResponse => said.extend(hygienic!(.vary(#private::VaryOn::FromResponse))),
        }
        match &self.args.cache_control {
            None => {}
            Some(CacheControl::Is(directives)) => {
                said.extend(hygienic!(.cache_control(#private::CacheControlSetting::Is(#directives))));
            }
            Some(CacheControl::Untouched) => said.extend(hygienic!(.cache_control(#private::CacheControlSetting::Untouched))),
        }
        if let Some(length) = &self.args.stale_while_revalidate {
            let window = window(length);
            said.extend(hygienic!(.stale_while_revalidate(#window)));
        }
        if let Some(length) = &self.args.stale_if_error {
            let window = window(length);
            said.extend(hygienic!(.stale_if_error(#window)));
        }
        if self.arguments.iter().any(|argument| self.is_skipped(argument)) {
            said.extend(hygienic!(.skips()));
        }
        if self.arguments.iter().any(|argument| self.is_covered(argument)) {
            said.extend(hygienic!(.withholds()));
        }
        let mut groups = self.args.groups.iter().map(|template| &template.literal).peekable();
        if groups.peek().is_some() {
            said.extend(hygienic!(.groups(&[#(#groups),*])));
        }
        let function = [self.function.signature.to_token_stream(), self.function.body.stream()];
        if function.into_iter().any(|tokens| mentions(tokens, "CacheGroups")) {
            said.extend(hygienic!(.names_groups()));
        }
        let policy = self.args.policy.as_ref().map_or_else(|| hygienic!(#private::Policy::new()), ToTokens::to_token_stream);
        let policy = if self.args.only_ok.is_some() { hygienic!(#policy.only_ok()) } else { policy };
        let policy = self.args.statuses.iter().fold(policy, |policy, Status { code, fresh }| {
            // Told where they are parsed.
            let ((Some(length), _) | (None, Some(Ttl::Length(length)))) = (fresh, &self.args.ttl) else { return policy };
            let fresh = match length {
                Length::Constant(path) => path.to_token_stream(),
                Length::Millis(millis) => hygienic!(#private::Duration::from_millis(#millis)),
            };
            hygienic!(#policy.status(#code, #fresh))
        });
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
                #private::Attributes::new(#ttl)#said,
                #policy,
            );
            #private::register!(__HANDLER);
        }
    }
}
