//! Splits the text of an attribute into arguments: `name = value`, `name(values)`, or `name` alone, separated by commas.

use proc_macro2::{Delimiter, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use super::{
    advice::{self, form, joined, named},
    misnamed::misnamed,
};
use crate::{
    arguments::{Table, Takes},
    errors::Errors,
    syntax::source::ungrouped,
};

/// An argument as it is written.
pub(super) struct Written {
    pub(super) name: Ident,
    pub(super) value: Value,
}

pub(super) enum Value {
    /// `= …`
    Is(TokenStream),
    /// `(…)`
    List(TokenStream, Span),
    Missing,
}

impl Value {
    pub(super) fn tokens(&self) -> TokenStream {
        match self {
            Self::Is(tokens) | Self::List(tokens, _) => tokens.clone(),
            Self::Missing => TokenStream::new(),
        }
    }
}

/// Splits at the commas, and keeps each argument that is in the table, once.
pub(super) fn split(table: &Table, tokens: TokenStream, errors: &mut Errors) -> Vec<Written> {
    let mut kept: Vec<Written> = Vec::new();
    for part in at_commas(with_commas(tokens, errors)) {
        let parsed = Parser::parse2(|input: ParseStream<'_>| Written::parse(input, table), part);
        let Some(written) = errors.keep(parsed) else { continue };
        let name = written.name.unraw().to_string();
        if let Some(message) = misnamed(&written, table) {
            errors.on(&written.name, message);
        } else if let Some(earlier) = kept.iter().find(|earlier| earlier.name.unraw() == name) {
            let both = joined(table, &written.name, &earlier.value.tokens(), &written.value.tokens());
            let instead = both.map_or_else(|| "remove one".to_owned(), |both| format!("type both in one, `{both}`"));
            errors.on(&written.name, format!("`{name}` is given twice; {instead}"));
        } else {
            kept.push(written);
        }
    }
    kept
}

/// The tokens with a comma in place of each `;`.
fn with_commas(tokens: TokenStream, errors: &mut Errors) -> TokenStream {
    let comma = |token: TokenTree| match &token {
        TokenTree::Punct(punct) if punct.as_char() == ';' => {
            errors.on(&token, "arguments are separated by commas; type `,` in place of `;`");
            let mut comma = Punct::new(',', Spacing::Alone);
            comma.set_span(punct.span());
            TokenTree::from(comma)
        }
        _ => token,
    };
    tokens.into_iter().map(comma).collect()
}

/// The parts between commas, each without the invisible group that `macro_rules!` puts around an expression or a literal.
pub(super) fn at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            (_, Some(part)) => part.extend([token]),
            (_, None) => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.into_iter().map(ungrouped).collect()
}

impl Written {
    fn parse(input: ParseStream<'_>, table: &Table) -> syn::Result<Self> {
        let Ok(name) = Ident::parse_any(input) else {
            let rest: TokenStream = input.parse()?;
            let example =
                named(table.attribute, &rest).unwrap_or_else(|| table.arguments.first().map_or("", |argument| argument.form).to_owned());
            return Err(syn::Error::new_spanned(rest, format!("an argument begins with its name; type `{example}`")));
        };
        if input.is_empty() {
            return Ok(Self { name, value: Value::Missing });
        }
        let mut rest: Vec<TokenTree> = input.parse::<TokenStream>()?.into_iter().collect();
        if let [TokenTree::Group(group)] = &*rest
            && group.delimiter() == Delimiter::Parenthesis
        {
            return Ok(Self { name, value: Value::List(group.stream(), group.span()) });
        }
        // `=`, or its equivalents in other languages.
        let value: TokenStream = rest.split_off(sign_before(&rest)).into_iter().collect();
        no_comma(&value, table)?;
        if matches!(&*rest, [TokenTree::Punct(only)] if only.as_char() == '=') {
            return Ok(Self { name, value: Value::Is(ungrouped(value)) });
        }
        let right = form(table, &name, &value);
        let sign: TokenStream = rest.into_iter().collect();
        Err(if sign.is_empty() {
            syn::Error::new_spanned(
                value,
                format!(
                    "{} missing behind `{name}`; type `{right}`",
                    if takes(table, &name) == Some(Takes::Parentheses) { "parentheses are" } else { "`=` is" }
                ),
            )
        } else {
            let message = format!("`{}` is not how a value is given; type `{right}`", sign.to_string().replace(' ', ""));
            syn::Error::new_spanned(sign, message)
        })
    }
}

fn takes(table: &Table, name: &Ident) -> Option<Takes> {
    table.find(&name.unraw().to_string()).map(|argument| argument.takes)
}

/// The number of tokens of the sign before a value: `=`, or `:`, `:=`, `==`, `=>`. In `= ::a::b` the colons belong to the value.
fn sign_before(tokens: &[TokenTree]) -> usize {
    let mut signs = tokens.iter().map_while(|token| match token {
        TokenTree::Punct(punct) if matches!(punct.as_char(), '=' | ':' | '>') => Some(punct.as_char()),
        _ => None,
    });
    match (signs.next(), signs.next()) {
        (Some('='), Some('=' | '>')) | (Some(':'), Some('=' | ':')) => 2,
        (Some('=' | ':'), _) => 1,
        _ => 0,
    }
}

/// An error if `name =`, or the name of an argument and parentheses, follows a value without a comma: no value looks like that.
fn no_comma(value: &TokenStream, table: &Table) -> syn::Result<()> {
    let trees: Vec<TokenTree> = value.clone().into_iter().collect();
    for three in trees.windows(3) {
        if let [TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Group(_), TokenTree::Ident(name), behind] = three {
            let is_argument = match behind {
                TokenTree::Punct(punct) => punct.as_char() == '=' && punct.spacing() == Spacing::Alone,
                TokenTree::Group(list) => list.delimiter() == Delimiter::Parenthesis && table.names().any(|known| name == known),
                _ => false,
            };
            if is_argument {
                return Err(syn::Error::new_spanned(name, format!("a comma is missing before `{name}`; type `, {name}`")));
            }
        }
    }
    Ok(())
}

/// The tokens of a value, if it is written as its argument takes it.
pub(super) fn shaped(table: &Table, name: &Ident, value: Value, errors: &mut Errors) -> Option<TokenStream> {
    let argument = table.find(&name.unraw().to_string())?;
    let form = argument.form;
    match (value, argument.takes) {
        (Value::Missing, Takes::Nothing) => return Some(TokenStream::new()),
        (Value::Is(value), Takes::Nothing) => errors.on(value, format!("`{name}` takes no value; type `{form}`")),
        (Value::List(_, span), Takes::Nothing) => errors.at(span, format!("`{name}` takes no value; type `{form}`")),
        (Value::Is(value) | Value::List(value, _), _) if value.is_empty() => {
            errors.on(name, format!("`{name}` has no value; type `{form}`"));
        }
        (Value::Missing, _) => errors.on(name, format!("`{name}` has no value; type `{form}`")),
        (Value::Is(value), Takes::Value | Takes::ValueOrList) | (Value::List(value, _), Takes::Parentheses) => return Some(value),
        (Value::Is(value), Takes::Parentheses) => {
            let form = advice::form(table, name, &value);
            errors.on(value, format!("`{name}` takes its values in parentheses; type `{form}`"));
        }
        (Value::List(value, span), Takes::Value | Takes::ValueOrList) => {
            let form = advice::form(table, name, &value);
            errors.at(span, format!("`{name}` takes its value after `=`; type `{form}`"));
        }
    }
    None
}
