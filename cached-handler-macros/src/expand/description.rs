//! What stands in the handler as an item: its description.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;

use super::{
    Expansion,
    fingerprint::fingerprint,
    tokens::{call, option},
};
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
        let window = |window: &Option<Length>| match window {
            None => hygienic!(#private::Duration::ZERO),
            Some(Length::Constant(path)) => call(hygienic!(#private::window), path.to_token_stream(), path.span()),
            Some(Length::Millis(millis)) => hygienic!(#private::Duration::from_millis(#millis)),
        };
        let while_revalidate = window(&self.args.stale_while_revalidate);
        let if_error = window(&self.args.stale_if_error);
        let backend = option(&private, self.args.backend.as_ref());
        let vary = match &self.args.vary {
            Vary::Nothing => hygienic!(#private::VaryOn::Nothing),
            Vary::Fields(names) => hygienic!(#private::VaryOn::Fields(&[#(#names),*])),
            Vary::FromResponse => hygienic!(#private::VaryOn::FromResponse),
        };
        let cache_control = match &self.args.cache_control {
            None => hygienic!(#private::CacheControlSetting::Default),
            Some(CacheControl::Is(directives)) => hygienic!(#private::CacheControlSetting::Is(#directives)),
            Some(CacheControl::Untouched) => hygienic!(#private::CacheControlSetting::Untouched),
        };
        let withholds = self.arguments.iter().any(|argument| self.is_covered(argument));
        let skips = self.arguments.iter().any(|argument| self.is_skipped(argument));
        let groups = self.args.groups.iter().map(|template| &template.literal);
        let names_groups = [self.function.signature.to_token_stream(), self.function.body.stream()];
        let names_groups = names_groups.into_iter().any(|tokens| mentions(tokens, "CacheGroups"));
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
                #private::Attributes {
                    ttl: #ttl,
                    backend: #backend,
                    vary: #vary,
                    cache_control: #cache_control,
                    stale_while_revalidate: #while_revalidate,
                    stale_if_error: #if_error,
                    skips: #skips,
                    withholds: #withholds,
                    groups: &[#(#groups),*],
                    names_groups: #names_groups,
                },
                #policy,
            );
            #private::register!(__HANDLER);
        }
    }
}
