//! The calls of `Keyed` for each argument: directly, or through a trait that is emitted for its `on_unimplemented`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident};
use syn::Type;

use super::{
    Expansion,
    known::{Asked, Unknown, unknown},
    tokens::wrapped,
};
use crate::{
    parse::{Vary, function::Argument},
    syntax::types::{mentions, needs_fields},
};

impl Expansion {
    /// The part of an argument's type for which a trait is emitted, if any.
    fn unknown<'a>(&self, argument: &'a Argument) -> Option<Unknown<'a>> {
        unknown(&argument.ty, &argument.pattern, &|name| {
            self.function.signature.generics.type_params().any(|parameter| parameter.ident == *name)
        })
    }

    /// The traits that are emitted for arguments.
    pub(super) fn key_traits(&self) -> TokenStream {
        let (private, marker) = (self.private(), self.marker());
        let arguments = self.arguments.iter().enumerate().filter(|(_, argument)| !self.is_covered(argument));
        arguments
            .filter_map(|(at, argument)| {
                let (name, cfgs) = (&in_key(at), &argument.cfgs);
                let to = Asked { private: &private, marker: &marker, name, cfgs, peeks: self.peeks(), amends: self.is_amended(argument) };
                Some(self.unknown(argument)?.item(&to))
            })
            .collect()
    }

    /// The path of a function of `Keyed`, or of the argument's own trait.
    pub(super) fn of_keyed(&self, at: usize, argument: &Argument, function: &str) -> TokenStream {
        let (private, marker) = (self.private(), self.marker());
        let function = Ident::new(function, Span::mixed_site());
        // The type's own tokens, so that errors about it are reported there.
        let Some(unknown) = self.unknown(argument) else {
            let ty = self.as_written(at, argument);
            return hygienic!(<#ty as #private::Keyed<#marker>>::#function);
        };
        let name = in_key(at);
        if unknown.is_whole {
            let ty = self.as_written(at, argument);
            return hygienic!(<#ty as #name>::#function);
        }
        let (part, ty) =
            (if is_name(unknown.part) { wrapped(&private, unknown.part) } else { unknown.part.to_token_stream() }, &argument.ty);
        hygienic!(<#part as #name>::#function::<#ty>)
    }

    /// The type of an argument in the form in which errors about it are reported.
    fn as_written(&self, at: usize, Argument { cfgs, ty, .. }: &Argument) -> TokenStream {
        if at == 0 && cfgs.is_empty() && is_name(ty) { wrapped(&self.private(), ty) } else { ty.to_token_stream() }
    }

    /// The calls of `Keyed::peek`, which only a whole request needs: an argument only with `vary = from_response`.
    fn peeks(&self) -> bool {
        matches!(self.args.vary, Vary::FromResponse)
    }

    pub(super) fn peeked(&self) -> TokenStream {
        let arguments = self.arguments.iter().enumerate().filter(|(_, argument)| self.peeks() && !self.is_covered(argument));
        arguments
            .map(|(at, argument)| {
                let (Argument { cfgs, name, .. }, peek) = (argument, self.of_keyed(at, argument, "peek"));
                hygienic! {
                    #(#cfgs)*
                    let mut #name = #name;
                    #(#cfgs)*
                    #peek(&mut #name);
                }
            })
            .collect()
    }

    /// Whether an argument may have something that the key does not contain. A type with an unknown name may be an alias of
    /// `Revalidate`.
    fn is_amended(&self, argument: &Argument) -> bool {
        !matches!(self.args.vary, Vary::Nothing) || needs_fields(&argument.ty) || mentions(argument.ty.to_token_stream(), "Revalidate")
    }

    /// Removes from the arguments what the key does not contain, and gives `Revalidate` the stored validators.
    pub(super) fn amended(&self) -> TokenStream {
        let arguments = self.arguments.iter().enumerate();
        let arguments = arguments.filter(|(_, argument)| !self.is_covered(argument) && self.is_amended(argument));
        arguments
            .map(|(at, argument)| {
                let (Argument { cfgs, name, .. }, amend) = (argument, self.of_keyed(at, argument, "amend"));
                hygienic! {
                    #(#cfgs)*
                    let mut #name = #name;
                    #(#cfgs)*
                    #amend(&mut #name, __run);
                }
            })
            .collect()
    }
}

/// The name of an argument's trait.
fn in_key(at: usize) -> Ident {
    format_ident!("__InKey{at}", span = Span::mixed_site())
}

/// Whether a type is one name.
fn is_name(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.get_ident().is_some())
}
