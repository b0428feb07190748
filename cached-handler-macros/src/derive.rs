//! `#[derive(CacheKey)]`: a type writes its fields into the key.

mod extractor;
mod fields;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{DeriveInput, LitStr, Path, Type, parse_quote};

use self::fields::body;
use crate::{
    errors::Errors,
    expand::tokens::crate_root,
    manifest::renamed_crate,
    parse::{texts::texts, vary::of_responses},
    syntax::{source::written, types::mentions},
};

/// The arguments of `#[cache_key(…)]` on the type.
#[derive(Default)]
struct Args {
    vary: Vec<LitStr>,
    private: bool,
    root: Option<Path>,
}

pub(crate) fn cache_key(input: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    let args = Args::of(&input, &mut errors);
    let root = crate_root(args.root.as_ref());
    if let Some(via) = extractor::of_type(&root, &input) {
        return keyed_as_extractor(&root, &input, &args, &via, errors);
    }
    let written = body(&root, &input, &mut errors);
    let mut generics = input.generics.clone();
    for parameter in input.generics.type_params() {
        let name = &parameter.ident;
        let in_any = |types: &[Type]| types.iter().any(|ty| mentions(quote!(#ty), &name.to_string()));
        if in_any(&written.parts) {
            generics.make_where_clause().predicates.push(parse_quote!(#name: #root::KeyPart));
        }
        if in_any(&written.printed) {
            generics.make_where_clause().predicates.push(parse_quote!(#name: ::core::fmt::Display));
        }
        // For an extractor the bound is on the whole type: its own implementation has the bounds of its parameters.
        let is_in = |tokens: &TokenStream| mentions(tokens.clone(), &name.to_string());
        for ty in written.extractors.iter().filter(|ty| is_in(ty)) {
            generics.make_where_clause().predicates.push(parse_quote!(#ty: #root::CacheKey));
        }
        for via in written.vias.iter().filter(|via| is_in(via)) {
            generics.make_where_clause().predicates.push(parse_quote!(#via: #root::__private::Via));
        }
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = &input.ident;
    let errors = errors.into_tokens();
    let (said, absent) = (args.said(), written.absent(&root));
    let vary: Vec<_> = args.vary().collect();
    let absent = (!vary.is_empty() || !absent.is_empty()).then(|| {
        quote! {
            fn absent(__key: &mut #root::KeyWriter<'_>) {
                #(#vary)*
                #absent
            }
        }
    });
    let carried = written.carried.as_ref().map(|carried| {
        quote! {
            fn carried(&self, __key: &mut #root::KeyWriter<'_>) {
                #carried
                #said
            }
        }
    });
    let body = &written.body;
    // A type that is keyed by the request is not a `KeyPart`: a part may also be written for another request, or for none.
    let (part, whole) = if carried.is_some() {
        (None, quote!(#body #said))
    } else {
        let part = quote! {
            #[automatically_derived]
            impl #impl_generics #root::KeyPart for #name #type_generics #where_clause {
                fn key_part(&self, __key: &mut #root::KeyWriter<'_>) {
                    #body
                    #said
                }
            }
        };
        (Some(part), quote!(__key.part(self);))
    };
    quote! {
        #errors
        #part
        #[automatically_derived]
        impl #impl_generics #root::CacheKey for #name #type_generics #where_clause {
            fn cache_key(&self, __key: &mut #root::KeyWriter<'_>) {
                #whole
            }
            #absent
            #carried
        }
    }
}

/// The implementation for a type that the extractor in `via` takes as a whole: it is keyed as that extractor, so its fields need not be
/// parts of a key.
fn keyed_as_extractor(root: &TokenStream, input: &DeriveInput, args: &Args, via: &TokenStream, errors: Errors) -> TokenStream {
    let mut generics = input.generics.clone();
    if input.generics.type_params().next().is_some() {
        generics.make_where_clause().predicates.push(parse_quote!(#via: #root::__private::Via));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = &input.ident;
    let (errors, said, vary) = (errors.into_tokens(), args.said(), args.vary());
    quote! {
        #errors
        #[automatically_derived]
        impl #impl_generics #root::CacheKey for #name #type_generics #where_clause {
            fn cache_key(&self, __key: &mut #root::KeyWriter<'_>) {
                <#via as #root::__private::Via>::write_via(__key);
                #said
            }
            fn absent(__key: &mut #root::KeyWriter<'_>) {
                #(#vary)*
            }
            fn carried(&self, __key: &mut #root::KeyWriter<'_>) {
                <#via as #root::__private::Via>::write_carried(__key);
                #said
            }
        }
    }
}

const ON_TYPE: &str = "`vary = \"accept-language\"`, `private` or `crate = my_reexport::cached_handler`";

impl Args {
    /// Statements that name the header fields from which the type was read.
    fn vary(&self) -> impl Iterator<Item = TokenStream> {
        self.vary.iter().map(|field| quote!(__key.vary(#field);))
    }

    /// Statements for all arguments of `#[cache_key(…)]` on the type.
    fn said(&self) -> TokenStream {
        let vary = self.vary();
        let private = self.private.then(|| quote!(__key.private();));
        quote!(#(#vary)* #private)
    }

    fn of(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("cache_key")) {
            if !matches!(attribute.meta, syn::Meta::List(_)) {
                errors.on(attribute, format!("`cache_key` has no arguments here; type {ON_TYPE}"));
                continue;
            }
            let parsed = attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("vary") {
                    let value: syn::Expr = meta.value()?.parse()?;
                    for name in texts("vary", "accept-language", value.into_token_stream())? {
                        args.vary.push(field_name(name)?);
                    }
                    Ok(())
                } else if meta.path.is_ident("private") {
                    args.private = true;
                    Ok(())
                } else if meta.path.is_ident("crate") {
                    args.root = Some(meta.value()?.call(Path::parse_mod_style)?);
                    Ok(())
                } else {
                    let name = written(&meta.path);
                    Err(meta.error(match &*name {
                        "skip" | "display" => format!("`{name}` is about one field; type `#[cache_key({name})]` above it"),
                        _ => format!("`{name}` is not an argument of `#[cache_key(…)]` on a type; type {ON_TYPE}"),
                    }))
                }
            });
            errors.keep(parsed);
        }
        args.root = args.root.or_else(renamed_crate);
        args
    }
}

fn field_name(name: LitStr) -> syn::Result<LitStr> {
    let text = name.value();
    let is_name = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if let Some(complaint) = of_responses(&text) {
        return Err(syn::Error::new_spanned(name, complaint));
    }
    if is_name {
        Ok(name)
    } else {
        Err(syn::Error::new_spanned(name, "a header field is named in lower case; type `vary = \"accept-language\"`"))
    }
}
