//! The run: the author's body, for requests that the cache does not answer.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Type;

use super::{
    Expansion,
    body::{produced, returning},
    names_of,
    tokens::{call, template_names, with_span},
};
use crate::syntax::types::erased;

impl Expansion {
    // Output:  respond(__miss, move |__run| { let mut id = id; Keyed::amend(&mut id, __run); run_in_its_own_task(async move { … }) }).await
    /// The code for a request that is not an immediate hit.
    pub(super) fn responds(&self) -> TokenStream {
        let (private, amended, run) = (self.private(), self.amended(), self.run());
        let place = self.place();
        let responds = if self.args.inline { quote_spanned!(place=> respond_in_this_task) } else { quote_spanned!(place=> respond) };
        quote_spanned!(place=> #private::#responds(__miss, move |__run| { #amended #run }).await)
    }

    /// The handler's name, where rustc says what is wrong with its future.
    fn place(&self) -> Span {
        Span::mixed_site().located_at(self.function.signature.ident.span())
    }

    /// The author's body in a future of its own.
    fn run(&self) -> TokenStream {
        let (private, place) = (self.private(), self.place());
        let returned = self.function.returns();
        let produced = self.produced(&returned);
        let response = returning(&private, &returned);
        // rustc infers the type of the body. It cannot infer that of a function that may not exist, and would report that as well.
        let named = self.args.uncached.as_ref().map(|_| erased(&returned)).map(|returned| hygienic!(::<#returned>));
        let only_ok = self.args.only_ok.as_ref().map(|word| {
            let place = Span::mixed_site().located_at(word.span());
            let is_result = call(hygienic!(#private::result), quote_spanned!(place=> &__out), word.span());
            hygienic!(#is_result;)
        });
        // `async move` has the span of the handler's name: there rustc reports that the future is not `Send`.
        let block = hygienic! {
            let __out = #produced;
            #only_ok
            let __is_err = {
                // The type decides which of the two methods this is.
                #[allow(unused_imports)]
                use #private::IsNoResult as _;
                #private::Returned #named (&__out).is_err()
            };
            let __response = { #response };
            #private::noting(__response, __is_err)
        };
        let block = with_span(block, place);
        let future = quote_spanned!(place=> async move #block);
        if self.args.inline { future } else { call(hygienic!(#private::run_in_its_own_task), future, place) }
    }

    fn produced(&self, returned: &Type) -> TokenStream {
        let mut used = template_names(&self.args.groups);
        used.extend(self.key_names());
        used.extend(names_of(&self.args.bypass));
        used.extend(self.args.skipped().cloned());
        produced(&self.function, &self.arguments, self.args.uncached.as_ref(), &used, returned)
    }
}
