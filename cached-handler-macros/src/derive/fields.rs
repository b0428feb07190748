//! The statements that write the fields of a type into the key.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Data, DeriveInput, Fields, Type};

use super::extractor::{self, Around, of_extractor};
use crate::errors::Errors;

/// The statements for a type, and the bounds that they need.
#[derive(Default)]
pub(super) struct Written {
    /// The statements that write all fields.
    pub(super) body: TokenStream,
    /// The statements for a value from an `Extension`, if they differ.
    pub(super) carried: Option<TokenStream>,
    /// The types of the fields that are parts of a key.
    pub(super) parts: Vec<Type>,
    /// The types of the fields with `#[cache_key(display)]`.
    pub(super) printed: Vec<Type>,
    /// The types of the fields that are extractors.
    pub(super) extractors: Vec<TokenStream>,
    /// The extractors of the fields with `via(…)`.
    pub(super) vias: Vec<TokenStream>,
}

impl Written {
    /// Statements for the extractors among the fields if there is no value.
    pub(super) fn absent(&self, root: &TokenStream) -> TokenStream {
        self.extractors.iter().map(|ty| of_extractor(root, ty, "absent", &quote!(__key))).collect()
    }
}

pub(super) fn body(root: &TokenStream, input: &DeriveInput, errors: &mut Errors) -> Written {
    let mut written = Written::default();
    let (mut carried, mut is_carried) = (TokenStream::new(), false);
    match &input.data {
        Data::Struct(data) => {
            let (pattern, body, other) = fields(root, &data.fields, &mut written, errors);
            written.body = quote!(let Self #pattern = self; #body);
            carried = quote!(let Self #pattern = self; #other);
            is_carried = data.fields.iter().any(Write::is_of_the_request);
        }
        Data::Enum(data) if data.variants.is_empty() => written.body = quote!(match *self {}),
        Data::Enum(data) => {
            let (mut arms, mut others) = (TokenStream::new(), TokenStream::new());
            for (variant, index) in data.variants.iter().zip(0_u32..) {
                let (pattern, body, other) = fields(root, &variant.fields, &mut written, errors);
                let name = &variant.ident;
                arms.extend(quote!(Self::#name #pattern => { __key.part(&#index); #body }));
                others.extend(quote!(Self::#name #pattern => { __key.part(&#index); #other }));
                is_carried |= variant.fields.iter().any(Write::is_of_the_request);
            }
            written.body = quote!(match self { #arms });
            carried = quote!(match self { #others });
        }
        Data::Union(data) => {
            errors.on(data.union_token, "a union does not say which of its fields holds a value; write `impl CacheKey` by hand");
        }
    }
    written.carried = is_carried.then_some(carried);
    written
}

/// The pattern, the statements, and the statements for a value from an `Extension`.
fn fields(root: &TokenStream, fields: &Fields, written: &mut Written, errors: &mut Errors) -> (TokenStream, TokenStream, TokenStream) {
    let mut patterns = Vec::new();
    let (mut body, mut carried) = (TokenStream::new(), TokenStream::new());
    for (at, field) in fields.iter().enumerate() {
        let local = format_ident!("__field{at}");
        let write = Write::of(field, errors);
        let bound = if matches!(write, Write::Nothing | Write::Via(Around::Nothing, _)) { quote!(_) } else { quote!(#local) };
        patterns.push(field.ident.as_ref().map_or_else(|| bound.clone(), |name| quote!(#name: #bound)));
        // The type's own tokens, so that errors about it are reported there.
        let ty = &field.ty;
        match write {
            Write::Nothing => {}
            Write::Part => {
                written.parts.push(ty.clone());
                let part = quote!(<#ty as #root::KeyPart>::key_part(#local, __key););
                body.extend(part.clone());
                carried.extend(part);
            }
            Write::Printed => {
                written.printed.push(ty.clone());
                let printed = quote!(__key.display::<#ty>(#local););
                body.extend(printed.clone());
                carried.extend(printed);
            }
            Write::Via(around, via) => {
                let (write, carry) =
                    (quote!(<#via as #root::__private::Via>::write_via), quote!(<#via as #root::__private::Via>::write_carried));
                let through = |write: TokenStream| match around {
                    Around::Nothing => quote!(#write(__key);),
                    Around::Option => quote!(#root::__private::option_via(#local.is_some(), __key, #write);),
                    Around::Result => quote!(#root::__private::result_via(#local.is_ok(), __key, #write);),
                };
                body.extend(through(write));
                carried.extend(through(carry));
                written.vias.push(via);
            }
            Write::Extractor => {
                let ty = ty.to_token_stream();
                body.extend(of_extractor(root, &ty, "write", &quote!(#local, __key)));
                carried.extend(of_extractor(root, &ty, "carried", &quote!(#local, __key)));
                written.extractors.push(ty);
            }
        }
    }
    let pattern = match fields {
        Fields::Named(_) => quote!({ #(#patterns),* }),
        Fields::Unnamed(_) => quote!((#(#patterns),*)),
        Fields::Unit => TokenStream::new(),
    };
    (pattern, body, carried)
}

/// How a field is written.
enum Write {
    Nothing,
    Part,
    Printed,
    /// As the extractor in `via(…)`.
    Via(Around, TokenStream),
    /// Its type has the name of an extractor.
    Extractor,
}

impl Write {
    fn of(field: &syn::Field, errors: &mut Errors) -> Self {
        let (mut is_skipped, mut is_printed) = (false, false);
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("cache_key")) {
            errors.keep(attribute.parse_nested_meta(|meta| {
                let said = match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("skip") => &mut is_skipped,
                    Some("display") => &mut is_printed,
                    _ => {
                        return Err(
                            meta.error("`#[cache_key(…)]` on a field knows `skip` and `display`; type one of these, or put it on the type")
                        );
                    }
                };
                *said = true;
                if is_skipped && is_printed {
                    return Err(meta.error("a field is either left out (`skip`) or written as it prints (`display`); remove one"));
                }
                Ok(())
            }));
        }
        match extractor::of_field(field) {
            _ if is_skipped => Self::Nothing,
            _ if is_printed => Self::Printed,
            Some((around, via)) => Self::Via(around, via),
            None if extractor::is_one(&field.ty) => Self::Extractor,
            None => Self::Part,
        }
    }

    /// Whether the request, rather than the value, determines what is written.
    fn is_of_the_request(field: &syn::Field) -> bool {
        matches!(Self::of(field, &mut Errors::default()), Self::Via(..) | Self::Extractor)
    }
}
