//! `#[derive(CacheKey)]`: a type that writes its fields into the key.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Data, DeriveInput, Fields, LitStr, Path, Type, parse_quote};

use crate::{errors::Errors, signature::mentions};

/// What `#[cache_key(…)]` on the type says.
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
    let (body, written) = body(&input, &mut errors);
    let root = args.root.as_ref().map_or_else(|| quote!(::cached_handler), |root| quote!(#root));
    let mut generics = input.generics.clone();
    for parameter in input.generics.type_params() {
        let name = &parameter.ident;
        if written.iter().any(|ty| mentions(quote!(#ty), &name.to_string())) {
            generics.make_where_clause().predicates.push(parse_quote!(#name: #root::KeyPart));
        }
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let name = &input.ident;
    let errors = errors.into_tokens();
    let vary = args.vary.iter().map(|field| quote!(__key.vary(#field);));
    let absent = (!args.vary.is_empty()).then(|| {
        let vary = vary.clone();
        quote! {
            fn absent(__key: &mut #root::KeyWriter<'_>) {
                #(#vary)*
            }
        }
    });
    let private = args.private.then(|| quote!(__key.private();));
    quote! {
        #errors
        #[automatically_derived]
        impl #impl_generics #root::KeyPart for #name #type_generics #where_clause {
            fn key_part(&self, __key: &mut #root::KeyWriter<'_>) {
                #body
                #(#vary)*
                #private
            }
        }
        #[automatically_derived]
        impl #impl_generics #root::CacheKey for #name #type_generics #where_clause {
            fn cache_key(&self, __key: &mut #root::KeyWriter<'_>) {
                __key.part(self);
            }
            #absent
        }
    }
}

impl Args {
    fn of(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("cache_key")) {
            let parsed = attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("vary") {
                    let value = meta.value()?;
                    if value.peek(syn::token::Bracket) {
                        let list: syn::ExprArray = value.parse()?;
                        for element in list.elems {
                            args.vary.push(field_name(syn::parse2(quote!(#element))?)?);
                        }
                    } else {
                        args.vary.push(field_name(value.parse()?)?);
                    }
                    Ok(())
                } else if meta.path.is_ident("private") {
                    args.private = true;
                    Ok(())
                } else if meta.path.is_ident("crate") {
                    args.root = Some(meta.value()?.call(Path::parse_mod_style)?);
                    Ok(())
                } else {
                    Err(meta.error("`#[cache_key(…)]` on a type knows `vary = \"accept-language\"`, `private` and `crate = path`; type one of these"))
                }
            });
            errors.keep(parsed);
        }
        args
    }
}

fn field_name(name: LitStr) -> syn::Result<LitStr> {
    let text = name.value();
    let is_name = !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
    if is_name { Ok(name) } else { Err(syn::Error::new_spanned(name, "a header field is named in lower case; type `vary = \"accept-language\"`")) }
}

/// The statements, and the types of the fields that they write.
fn body(input: &DeriveInput, errors: &mut Errors) -> (TokenStream, Vec<Type>) {
    let mut written = Vec::new();
    let body = match &input.data {
        Data::Struct(data) => {
            let (pattern, writes) = fields(&data.fields, &mut written, errors);
            quote!(let Self #pattern = self; #writes)
        }
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().zip(0_u32..).map(|(variant, index)| {
                let (pattern, writes) = fields(&variant.fields, &mut written, errors);
                let name = &variant.ident;
                quote!(Self::#name #pattern => { __key.part(&#index); #writes })
            });
            let arms: Vec<_> = arms.collect();
            quote!(match self { #(#arms)* })
        }
        Data::Union(data) => {
            errors.on(data.union_token, "a union does not say which of its fields is shown; write `impl CacheKey` by hand");
            TokenStream::new()
        }
    };
    (body, written)
}

fn fields(fields: &Fields, written: &mut Vec<Type>, errors: &mut Errors) -> (TokenStream, TokenStream) {
    let mut patterns = Vec::new();
    let mut writes = TokenStream::new();
    for (at, field) in fields.iter().enumerate() {
        let local = format_ident!("__field{at}");
        let is_skipped = is_skipped(field, errors);
        let bound = if is_skipped { quote!(_) } else { quote!(#local) };
        patterns.push(field.ident.as_ref().map_or_else(|| bound.clone(), |name| quote!(#name: #bound)));
        if !is_skipped {
            written.push(field.ty.clone());
            writes.extend(quote!(__key.part(#local);));
        }
    }
    let pattern = match fields {
        Fields::Named(_) => quote!({ #(#patterns),* }),
        Fields::Unnamed(_) => quote!((#(#patterns),*)),
        Fields::Unit => TokenStream::new(),
    };
    (pattern, writes)
}

fn is_skipped(field: &syn::Field, errors: &mut Errors) -> bool {
    let mut skipped = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("cache_key")) {
        errors.keep(attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("skip") {
                skipped = true;
                Ok(())
            } else {
                Err(meta.error("`#[cache_key(…)]` on a field knows `skip`; type that, or put it on the type"))
            }
        }));
    }
    skipped
}
