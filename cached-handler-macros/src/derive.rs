//! `#[derive(CacheKey)]`: a type that writes its fields into the key.

mod extractor;

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Data, DeriveInput, Fields, LitStr, Path, Type, parse_quote};

use self::extractor::{Around, of_extractor};
use crate::{
    errors::Errors,
    expand::tokens::crate_root,
    manifest::other_name,
    parse::{value, vary::of_responses},
    syntax::{source::written, types::mentions},
};

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
    if let Some(via) = extractor::of_type(&root, &input) {
        return taken_whole(&root, &input, &args, &via, errors);
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
        // Of an extractor the type as a whole: what it asks of its parameter is its own matter.
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
    // What the request tells of a type is no part by its value: a part is written where there is another request, or none.
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

/// A type that one extractor makes as a whole, `via`: it is keyed as that is, so its fields need not be parts of a key.
fn taken_whole(root: &TokenStream, input: &DeriveInput, args: &Args, via: &TokenStream, errors: Errors) -> TokenStream {
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
    /// Statements: which fields it was read from.
    fn vary(&self) -> impl Iterator<Item = TokenStream> {
        self.vary.iter().map(|field| quote!(__key.vary(#field);))
    }

    /// Statements: all that the type says of itself.
    fn said(&self) -> TokenStream {
        let vary = self.vary();
        let private = self.private.then(|| quote!(__key.private();));
        quote!(#(#vary)* #private)
    }

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
                    let name = written(&meta.path);
                    Err(meta.error(match &*name {
                        "skip" | "display" => format!("`{name}` is about one field; type `#[cache_key({name})]` above it"),
                        _ => format!("`{name}` is not an argument of `#[cache_key(…)]` on a type; type {ON_TYPE}"),
                    }))
                }
            });
            errors.keep(parsed);
        }
        args.root = args.root.or_else(other_name);
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

/// What a type writes.
#[derive(Default)]
struct Written {
    /// The statements.
    body: TokenStream,
    /// The same where the value comes from an `Extension`, if that is something else.
    carried: Option<TokenStream>,
    /// The types of the fields that are parts of a key.
    parts: Vec<Type>,
    /// The types of the fields that the key holds as `Display` prints them.
    printed: Vec<Type>,
    /// The types of those that are extractors.
    extractors: Vec<TokenStream>,
    /// The extractors via which others are taken.
    vias: Vec<TokenStream>,
}

impl Written {
    /// What extractors among the fields say where there is no value.
    fn absent(&self, root: &TokenStream) -> TokenStream {
        self.extractors.iter().map(|ty| of_extractor(root, ty, "absent", &quote!(__key))).collect()
    }
}

fn body(root: &TokenStream, input: &DeriveInput, errors: &mut Errors) -> Written {
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

/// The pattern, the statements, and those for a value from an `Extension`.
fn fields(root: &TokenStream, fields: &Fields, written: &mut Written, errors: &mut Errors) -> (TokenStream, TokenStream, TokenStream) {
    let mut patterns = Vec::new();
    let (mut body, mut carried) = (TokenStream::new(), TokenStream::new());
    for (at, field) in fields.iter().enumerate() {
        let local = format_ident!("__field{at}");
        let write = Write::of(field, errors);
        let bound = if matches!(write, Write::Nothing | Write::Via(Around::Nothing, _)) { quote!(_) } else { quote!(#local) };
        patterns.push(field.ident.as_ref().map_or_else(|| bound.clone(), |name| quote!(#name: #bound)));
        // The type's own tokens, so that what is wrong with it is reported there.
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
    /// As the extractor through which it is taken.
    Via(Around, TokenStream),
    /// It has the name of an extractor.
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

    /// Whether what it writes is known from the request rather than from the value.
    fn is_of_the_request(field: &syn::Field) -> bool {
        matches!(Self::of(field, &mut Errors::default()), Self::Via(..) | Self::Extractor)
    }
}
