//! The setters that the arguments of `#[cached]` call in the handler's description. Only what the author wrote is emitted.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::spanned::Spanned;

use super::tokens::call;
use crate::parse::{
    CacheControl, Cached, Status, Vary,
    duration::{Length, Ttl},
};

/// Calls of setters, or nothing. The second argument is the path of `__private`.
type Setter = fn(&Cached, &TokenStream) -> TokenStream;

/// Where the value of an argument is used.
#[derive(Clone, Copy)]
enum Emit {
    /// Here: a setter of `Attributes`.
    Attributes(Setter),
    /// Here: a setter of `Policy`.
    Policy(Setter),
    /// The expansion reads the field of [`Cached`] itself.
    ByField,
}
use Emit::{Attributes, ByField, Policy};

macro_rules! emitters {
    ($($name:literal {
        form: $form:literal, takes: $takes:ident, aliases: $aliases:tt, value: $value:literal, meaning: $meaning:literal,
        parse: $parse:expr, emit: $emit:expr,
    })*) => {
        &[$($emit),*]
    };
}

const EMITTERS: &[Emit] = cached_arguments!(emitters);

/// The expression for the handler's `Attributes`.
pub(super) fn attributes(args: &Cached, private: &TokenStream) -> TokenStream {
    let ttl = match &args.ttl {
        Some(Ttl::Length(Length::Constant(path))) => call(hygienic!(#private::Ttl::checked), path.to_token_stream(), path.span()),
        Some(Ttl::Length(Length::Millis(millis))) => hygienic!(#private::Ttl::For(#private::Duration::from_millis(#millis))),
        Some(Ttl::FromResponse) | None => hygienic!(#private::Ttl::FromResponse),
    };
    let setters = EMITTERS.iter().map(|emit| if let Attributes(setter) = emit { setter(args, private) } else { TokenStream::new() });
    hygienic!(#private::Attributes::new(#ttl) #(#setters)*)
}

/// The expression for the handler's `Policy`.
pub(super) fn policy(args: &Cached, private: &TokenStream) -> TokenStream {
    let policy = args.policy.as_ref().map_or_else(|| hygienic!(#private::Policy::new()), ToTokens::to_token_stream);
    let setters = EMITTERS.iter().map(|emit| if let Policy(setter) = emit { setter(args, private) } else { TokenStream::new() });
    hygienic!(#policy #(#setters)*)
}

fn backend(args: &Cached, _: &TokenStream) -> TokenStream {
    args.backend.iter().map(|name| hygienic!(.backend(#name))).collect()
}

fn groups(args: &Cached, _: &TokenStream) -> TokenStream {
    let templates = args.groups.iter().map(|template| &template.literal);
    if args.groups.is_empty() { TokenStream::new() } else { hygienic!(.groups(&[#(#templates),*])) }
}

fn paths(args: &Cached, _: &TokenStream) -> TokenStream {
    let paths = &args.paths;
    if paths.is_empty() { TokenStream::new() } else { hygienic!(.paths(&[#(#paths),*])) }
}

fn key(args: &Cached, _: &TokenStream) -> TokenStream {
    if args.key.is_empty() { TokenStream::new() } else { hygienic!(.withholds()) }
}

fn skip(args: &Cached, _: &TokenStream) -> TokenStream {
    if args.skip.is_empty() { TokenStream::new() } else { hygienic!(.skips().withholds()) }
}

fn skip_credentials(args: &Cached, _: &TokenStream) -> TokenStream {
    if args.skip_credentials.is_empty() { TokenStream::new() } else { hygienic!(.skips().withholds()) }
}

fn vary(args: &Cached, private: &TokenStream) -> TokenStream {
    match &args.vary {
        Vary::Nothing => TokenStream::new(),
        Vary::Fields(names) => hygienic!(.vary(#private::VaryOn::Fields(&[#(#names),*]))),
        Vary::FromResponse => hygienic!(.vary(#private::VaryOn::FromResponse)),
    }
}

fn cache_control(args: &Cached, private: &TokenStream) -> TokenStream {
    match &args.cache_control {
        None => TokenStream::new(),
        Some(CacheControl::Is(directives)) => hygienic!(.cache_control(#private::CacheControlSetting::Is(#directives))),
        Some(CacheControl::Untouched) => hygienic!(.cache_control(#private::CacheControlSetting::Untouched)),
    }
}

fn stale_while_revalidate(args: &Cached, private: &TokenStream) -> TokenStream {
    let window = args.stale_while_revalidate.iter().map(|length| window(length, private));
    hygienic!(#(.stale_while_revalidate(#window))*)
}

fn stale_if_error(args: &Cached, private: &TokenStream) -> TokenStream {
    let window = args.stale_if_error.iter().map(|length| window(length, private));
    hygienic!(#(.stale_if_error(#window))*)
}

/// A stale window. The limits of a constant are checked when rustc evaluates it.
fn window(length: &Length, private: &TokenStream) -> TokenStream {
    match length {
        Length::Constant(path) => call(hygienic!(#private::window), path.to_token_stream(), path.span()),
        Length::Millis(millis) => hygienic!(#private::Duration::from_millis(#millis)),
    }
}

fn only_ok(args: &Cached, _: &TokenStream) -> TokenStream {
    if args.only_ok.is_some() { hygienic!(.only_ok()) } else { TokenStream::new() }
}

fn statuses(args: &Cached, private: &TokenStream) -> TokenStream {
    let setter = |Status { code, fresh }: &Status| {
        // Without a duration of its own, a status has that of `ttl`; the check has refused one without either.
        let length = match (fresh, &args.ttl) {
            (Some(length), _) | (None, Some(Ttl::Length(length))) => length,
            (None, Some(Ttl::FromResponse) | None) => return TokenStream::new(),
        };
        let fresh = match length {
            Length::Constant(path) => path.to_token_stream(),
            Length::Millis(millis) => hygienic!(#private::Duration::from_millis(#millis)),
        };
        hygienic!(.status(#code, #fresh))
    };
    args.statuses.iter().map(setter).collect()
}
