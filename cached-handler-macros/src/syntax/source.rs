//! Prints tokens as source text, for error messages that repeat what the author wrote.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// Tokens as one line of text, spaced as rustfmt would.
pub(crate) fn written(tokens: impl ToTokens) -> String {
    let mut text = Text::default();
    text.write(tokens.to_token_stream());
    text.line
}

/// Tokens without the invisible group that `macro_rules!` puts around a matched fragment such as `$ttl:expr`.
pub(crate) fn ungrouped(tokens: TokenStream) -> TokenStream {
    let mut trees = tokens.clone().into_iter();
    match (trees.next(), trees.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => ungrouped(group.stream()),
        _ => tokens,
    }
}

#[derive(Default)]
struct Text {
    line: String,
    before: Before,
    /// Whether the printer is between the two bars of a closure's parameters.
    in_bars: bool,
}

/// The last token that was printed; it decides whether a space follows.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// No token yet, or one that is never followed by a space, such as `(` or `.`.
    #[default]
    Close,
    /// A word, a literal or a closing delimiter.
    Word,
    /// A token that is always followed by a space, such as `,` or `=`.
    Spaced,
    /// The first character of an operator of two, such as `=` of `==`.
    Joint,
}

impl Text {
    fn write(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.group(group.delimiter(), group.stream()),
                TokenTree::Punct(punct) => self.punctuation(punct.as_char(), punct.spacing()),
                TokenTree::Ident(_) | TokenTree::Literal(_) => {
                    self.space(matches!(self.before, Before::Word | Before::Spaced));
                    self.line.push_str(&token.to_string());
                    self.before = Before::Word;
                }
            }
        }
    }

    fn group(&mut self, delimiter: Delimiter, inside: TokenStream) {
        let (open, close) = match delimiter {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::None => ("", ""),
        };
        let is_block = delimiter == Delimiter::Brace;
        self.space(self.before == Before::Spaced || is_block && self.before == Before::Word);
        self.line.push_str(open);
        self.before = if is_block { Before::Spaced } else { Before::Close };
        self.write(inside);
        self.space(is_block);
        self.line.push_str(close);
        self.before = Before::Word;
    }

    fn punctuation(&mut self, sign: char, spacing: Spacing) {
        let is_second = self.before == Before::Joint;
        let is_and = sign == '&' && (spacing == Spacing::Joint || self.line.ends_with('&'));
        let is_operator = is_and || matches!(sign, '=' | '+' | '-' | '|' | '/' | '%' | '^');
        let is_unary = self.before != Before::Word && !is_second;
        let closes = sign == '|' && std::mem::take(&mut self.in_bars);
        self.in_bars |= sign == '|' && is_unary && !closes;
        self.space(self.before == Before::Spaced || is_operator && !is_unary && !is_second && !closes);
        self.line.push(sign);
        self.before = match sign {
            _ if spacing == Spacing::Joint && sign != '\'' => Before::Joint,
            ',' | ';' => Before::Spaced,
            ':' if !is_second => Before::Spaced,
            '>' if self.line.ends_with("->") || self.line.ends_with("=>") => Before::Spaced,
            // The end of a list of types.
            '>' => Before::Word,
            _ if is_operator && !is_unary => Before::Spaced,
            _ => Before::Close,
        };
    }

    fn space(&mut self, is_needed: bool) {
        if is_needed && !self.line.is_empty() && !self.line.ends_with(' ') {
            self.line.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::TokenStream;

    use super::written;

    #[test]
    fn tokens_are_spaced_as_they_would_be_written() {
        for text in [
            "Duration::from_secs(5)",
            "\"a . b\"",
            "[\"a\", \"b\"]",
            "user.list[0].name",
            "Result<Json<Vec<u8>>, Error>",
            "a + b",
            "-1",
            "x == y && z",
            "&user",
            "jar.get(\"theme\").map(|c| c.value())",
            "fn(u8) -> u8",
            "id: Path<u64>",
            "format!(\"{x}\")",
            "&'a str",
            "if a { b } else { c }",
        ] {
            let tokens: TokenStream = text.parse().unwrap();
            assert_eq!(written(tokens), text);
        }
    }
}
