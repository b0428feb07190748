//! `#[derive(CacheKey)]`: a type that writes its fields into the key.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Data, DeriveInput, Fields, LitStr, Path, Type, parse_quote};

use crate::{errors::Errors, tokens::crate_root, types::mentions, value};

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
    let root = crate_root(args.root.as_ref());
    let (body, written) = body(&root, &input, &mut errors);
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

const ON_TYPE: &str = "`vary = \"accept-language\"`, `private` or `crate = my_reexport::cached_handler`";

impl Args {
    fn of(input: &DeriveInput, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("cache_key")) {
            if !matches!(attribute.meta, syn::Meta::List(_)) {
                errors.on(attribute, format!("`cache_key` says nothing here; type {ON_TYPE}"));
                continue;
            }
            let parsed = attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("vary") {
                    let value: syn::Expr = meta.value()?.parse()?;
                    for name in value::texts("vary", "accept-language", value.into_token_stream())? {
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
                    Err(meta.error(format!("this is nothing that `#[cache_key(…)]` on a type knows; type {ON_TYPE}")))
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
    if is_name {
        Ok(name)
    } else {
        Err(syn::Error::new_spanned(name, "a header field is named in lower case; type `vary = \"accept-language\"`"))
    }
}

/// The statements, and the types of the fields that they write.
fn body(root: &TokenStream, input: &DeriveInput, errors: &mut Errors) -> (TokenStream, Vec<Type>) {
    let mut written = Vec::new();
    let body = match &input.data {
        Data::Struct(data) => {
            let (pattern, writes) = fields(root, &data.fields, &mut written, errors);
            quote!(let Self #pattern = self; #writes)
        }
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().zip(0_u32..).map(|(variant, index)| {
                let (pattern, writes) = fields(root, &variant.fields, &mut written, errors);
                let name = &variant.ident;
                quote!(Self::#name #pattern => { __key.part(&#index); #writes })
            });
            let arms: Vec<_> = arms.collect();
            quote!(match self { #(#arms)* })
        }
        Data::Union(data) => {
            errors.on(data.union_token, "a union does not say which of its fields holds a value; write `impl CacheKey` by hand");
            TokenStream::new()
        }
    };
    (body, written)
}

fn fields(root: &TokenStream, fields: &Fields, written: &mut Vec<Type>, errors: &mut Errors) -> (TokenStream, TokenStream) {
    let mut patterns = Vec::new();
    let mut writes = TokenStream::new();
    for (at, field) in fields.iter().enumerate() {
        let local = format_ident!("__field{at}");
        let is_skipped = is_skipped(field, errors);
        let bound = if is_skipped { quote!(_) } else { quote!(#local) };
        patterns.push(field.ident.as_ref().map_or_else(|| bound.clone(), |name| quote!(#name: #bound)));
        if !is_skipped {
            written.push(field.ty.clone());
            // The type's own tokens, so that what is wrong with it is reported there.
            let ty = &field.ty;
            writes.extend(quote!(<#ty as #root::KeyPart>::key_part(#local, __key);));
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
                Err(meta.error("`#[cache_key(…)]` on a field knows `skip` alone; type that, or put it on the type"))
            }
        }));
    }
    skipped
}
