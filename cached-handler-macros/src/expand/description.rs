//! The static in the handler's body that describes the handler to the runtime crate.

use proc_macro2::TokenStream;
use quote::ToTokens;

use super::{Expansion, fingerprint::fingerprint, setters};
use crate::syntax::types::mentions;

impl Expansion {
    /// The static that describes the handler.
    pub(super) fn handler(&self) -> TokenStream {
        let private = self.private();
        let name = self.function.signature.ident.to_string();
        let tokens = fingerprint(&self.attribute, &self.function);
        let (attributes, policy) = (setters::attributes(&self.args, &private), setters::policy(&self.args, &private));
        let function = [self.function.signature.to_token_stream(), self.function.body.stream()];
        let names_groups = function.into_iter().any(|tokens| mentions(tokens, "CacheGroups"));
        let names_groups = names_groups.then(|| hygienic!(.names_groups()));
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
                #attributes #names_groups,
                #policy,
            );
            #private::register!(__HANDLER);
        }
    }
}
