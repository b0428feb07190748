//! The variables that an expression mentions. An argument that an expression in `key(…)` mentions is not written into the key as a
//! whole: the expression takes its place.

use proc_macro2::{Ident, Span, TokenStream};
use syn::{
    Block, Expr, Lit, LitStr, Macro, Pat, Stmt, Token,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
};

use super::pattern;

/// The free variables of an expression, each once.
///
/// An argument that is mentioned is not written into the key by itself. So a name counts only if it certainly is the argument, and
/// not a field, a module, a function, or a name that a closure or pattern inside the expression binds. If that is not certain, the
/// argument is written too, which is always safe.
pub(crate) fn names_in(tokens: TokenStream) -> Vec<Ident> {
    Mentions::of(tokens).found
}

/// The macro calls in an expression whose arguments cannot be parsed as expressions.
pub(crate) fn unknown_macros_in(tokens: TokenStream) -> Vec<Macro> {
    Mentions::of(tokens).unknown
}

#[derive(Default)]
struct Mentions {
    found: Vec<Ident>,
    unknown: Vec<Macro>,
    /// Names that patterns bind in the scopes around the current position.
    bound: Vec<Ident>,
}

impl Mentions {
    fn of(tokens: TokenStream) -> Self {
        let mut mentions = Self::default();
        if let Ok(expression) = syn::parse2(tokens) {
            mentions.expression(&expression);
        }
        mentions
    }

    fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::Path(path) if path.qself.is_none() => self.variable(path.path.get_ident()),
            Expr::Array(array) => self.each(&array.elems),
            Expr::Binary(binary) => self.each([&*binary.left, &*binary.right]),
            Expr::Block(block) => self.block(&block.block),
            Expr::Call(call) => {
                // A single name that is called is a function.
                if !matches!(&*call.func, Expr::Path(_)) {
                    self.expression(&call.func);
                }
                self.each(&call.args);
            }
            Expr::Cast(cast) => self.expression(&cast.expr),
            Expr::Closure(closure) => self.scope(&closure.inputs, |inside| inside.expression(&closure.body)),
            Expr::Field(field) => self.expression(&field.base),
            Expr::Group(group) => self.expression(&group.expr),
            Expr::If(condition) => {
                self.scope([], |inside| {
                    inside.expression(&condition.cond);
                    inside.block(&condition.then_branch);
                });
                self.each(condition.else_branch.as_ref().map(|(_, other)| &**other));
            }
            Expr::Index(index) => self.each([&*index.expr, &*index.index]),
            Expr::Let(binding) => {
                self.expression(&binding.expr);
                self.bind(&binding.pat);
            }
            Expr::Macro(call) => self.macro_call(&call.mac),
            Expr::Match(choice) => {
                self.expression(&choice.expr);
                for arm in &choice.arms {
                    self.scope([&arm.pat], |inside| inside.expression(&arm.body));
                }
            }
            Expr::MethodCall(call) => {
                self.expression(&call.receiver);
                self.each(&call.args);
            }
            Expr::Paren(paren) => self.expression(&paren.expr),
            Expr::Range(range) => self.each(range.start.iter().chain(&range.end).map(|end| &**end)),
            Expr::Reference(reference) => self.expression(&reference.expr),
            Expr::Repeat(repeat) => self.expression(&repeat.expr),
            Expr::Struct(fields) => {
                self.each(fields.fields.iter().map(|field| &field.expr));
                self.each(fields.rest.as_deref());
            }
            Expr::Try(tried) => self.expression(&tried.expr),
            Expr::Tuple(tuple) => self.each(&tuple.elems),
            Expr::Unary(unary) => self.expression(&unary.expr),
            _ => {}
        }
    }

    fn each<'e, E: IntoIterator<Item = &'e Expr>>(&mut self, expressions: E) {
        expressions.into_iter().for_each(|expression| self.expression(expression));
    }

    fn variable(&mut self, name: Option<&Ident>) {
        if let Some(name) = name.filter(|name| !self.bound.contains(name) && !self.found.contains(name)) {
            self.found.push(name.clone());
        }
    }

    /// Visits a scope, in which the patterns bind their names.
    fn scope<'p, P: IntoIterator<Item = &'p Pat>>(&mut self, patterns: P, inside: impl FnOnce(&mut Self)) {
        let outside = self.bound.len();
        patterns.into_iter().for_each(|pattern| self.bind(pattern));
        inside(self);
        self.bound.truncate(outside);
    }

    fn bind(&mut self, pattern: &Pat) {
        match pattern {
            Pat::Guard(guarded) => {
                self.bind(&guarded.pat);
                self.expression(&guarded.guard);
            }
            pattern => self.bound.extend(pattern::names(pattern)),
        }
    }

    fn block(&mut self, block: &Block) {
        // An item or a macro in a block may give a name any meaning, so nothing in the block counts as mentioned.
        let mut macros = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Macro(call) => Some(call.mac.clone()),
            _ => None,
        });
        self.unknown.extend(&mut macros);
        if block.stmts.iter().any(|statement| matches!(statement, Stmt::Item(_) | Stmt::Macro(_))) {
            return;
        }
        self.scope([], |inside| {
            for statement in &block.stmts {
                match statement {
                    Stmt::Local(local) => {
                        inside.each(local.init.as_ref().map(|init| &*init.expr));
                        inside.bind(&local.pat);
                    }
                    Stmt::Expr(expression, _) => inside.expression(expression),
                    Stmt::Item(_) | Stmt::Macro(_) => {}
                }
            }
        });
    }

    /// Visits the arguments of those macros of the standard library that take expressions.
    fn macro_call(&mut self, call: &Macro) {
        let is_read = match standard_name(call).as_str() {
            "vec" | "dbg" => self.vec_macro(call),
            "matches" => self.matches_macro(call),
            "format" => self.format_macro(call),
            _ => false,
        };
        if !is_read {
            self.unknown.push(call.clone());
        }
    }

    /// `vec![a, b]`, or `vec![a; n]`.
    fn vec_macro(&mut self, call: &Macro) -> bool {
        let repeated = |input: ParseStream<'_>| {
            let element: Expr = input.parse()?;
            input.parse::<Token![;]>()?;
            Ok([element, input.parse()?])
        };
        if let Ok(elements) = expressions(call) {
            self.each(&elements);
            true
        } else if let Ok(both) = repeated.parse2(call.tokens.clone()) {
            self.each(&both);
            true
        } else {
            false
        }
    }

    /// `matches!(user, Some(x) if x.admin)`: the guard sees what the pattern binds.
    fn matches_macro(&mut self, call: &Macro) -> bool {
        let parts = |input: ParseStream<'_>| {
            let about: Expr = input.parse()?;
            input.parse::<Token![,]>()?;
            let pattern = Pat::parse_multi_with_leading_vert(input)?;
            let guard: Option<Expr> = input.parse::<Option<Token![if]>>()?.map(|_| input.parse()).transpose()?;
            input.parse::<Option<Token![,]>>()?;
            Ok((about, pattern, guard))
        };
        let Ok((about, pattern, guard)) = parts.parse2(call.tokens.clone()) else { return false };
        self.expression(&about);
        self.scope([&pattern], |inside| inside.each(&guard));
        true
    }

    /// `format!("{x}", x = id)`: `x` is a name inside of the macro, not a variable.
    fn format_macro(&mut self, call: &Macro) -> bool {
        let Ok(arguments) = expressions(call) else { return false };
        let named = arguments.iter().filter_map(|argument| match argument {
            Expr::Assign(assign) => match &*assign.left {
                Expr::Path(path) => path.path.get_ident().cloned(),
                _ => None,
            },
            _ => None,
        });
        let named: Vec<Ident> = named.collect();
        for argument in &arguments {
            match argument {
                Expr::Assign(assign) => self.expression(&assign.right),
                Expr::Lit(literal) => self.captured(&literal.lit, &named),
                other => self.expression(other),
            }
        }
        true
    }

    /// Visits the variables that a format string captures: `id` in `"{id}"`.
    fn captured(&mut self, literal: &Lit, named: &[Ident]) {
        let Lit::Str(text) = literal else { return };
        for name in placeholders(text) {
            if !named.contains(&name) {
                self.variable(Some(&name));
            }
        }
    }
}

/// The name of a macro that may be one of the standard library: `vec`, `std::vec`; empty for any other path.
fn standard_name(call: &Macro) -> String {
    let names: Vec<String> = call.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    match names.as_slice() {
        [name] => name.clone(),
        [from, name] if matches!(from.as_str(), "std" | "core" | "alloc") => name.clone(),
        _ => String::new(),
    }
}

fn expressions(call: &Macro) -> syn::Result<Punctuated<Expr, Token![,]>> {
    Punctuated::parse_terminated.parse2(call.tokens.clone())
}

fn placeholders(text: &LitStr) -> Vec<Ident> {
    let value = text.value().replace("{{", "");
    let each = value.split('{').skip(1).filter_map(|after| after.split(['}', ':']).next());
    each.filter_map(|name| syn::parse_str::<Ident>(name.trim()).ok()).map(|name| at(name, text.span())).collect()
}

fn at(mut name: Ident, span: Span) -> Ident {
    name.set_span(span);
    name
}

#[cfg(test)]
mod tests {
    use super::{names_in, unknown_macros_in};

    fn mentioned(text: &str) -> Vec<String> {
        names_in(text.parse().unwrap()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_name_that_certainly_is_the_argument_is_mentioned() {
        for (text, names) in [
            ("user.tenant", &["user"][..]),
            ("*page", &["page"]),
            ("&user[0..n]", &["user", "n"]),
            ("f(id, A::b)", &["id"]),
            ("jar.get(\"theme\").map(|c| c.value().to_owned())", &["jar"]),
            ("vec![x]", &["x"]),
            ("vec![x; n]", &["x", "n"]),
            ("matches!(user, Visitor(Some(_)))", &["user"]),
            ("std::matches!(user.plan, Plan::A | Plan::B,)", &["user"]),
            ("matches!(user, Some(x) if x.admin && page.is_first)", &["user", "page"]),
            ("!matches!(user, | Some(_) if page.x)", &["user", "page"]),
            ("dbg!(user.plan)", &["user"]),
            ("format!(\"{id:>3} {{no}} {}\", user.name)", &["id", "user"]),
            ("if user.admin { 1 } else { page.x }", &["user", "page"]),
            ("match user.plan { Plan::A => 1, Plan::B if page.x => 2, _ => 3 }", &["user", "page"]),
            ("K { user, n: 1 }", &["user"]),
            ("{ let u = user.name; u.len() }", &["user"]),
            ("user.list.iter().map(normalise)", &["user", "normalise"]),
            ("if let Some(x) = user.x { x } else { y }", &["user", "y"]),
        ] {
            assert_eq!(mentioned(text), names, "{text}");
        }
    }

    /// An argument that counts as mentioned is left out of the key, so each of these would let two people share a response.
    #[test]
    fn another_thing_with_the_name_of_an_argument_is_not_mentioned() {
        for text in [
            "jar.get().map(|user| user.value())",
            "jar.get().map(|(a, user)| { user.value() })",
            "user::part(jar)",
            "user(jar)",
            "user!(jar)",
            "jar.user",
            "jar.user()",
            "K { user: jar }",
            "match jar.x { Some(user) => user.y, None => 0 }",
            "match jar.x { Some(user) if user.y => 1, _ => 0 }",
            "if let Some(user) = jar.x { user.y } else { 0 }",
            "{ let user = jar.x; user.y }",
            "{ fn user() {} user() + jar.x }",
            "any!(user)",
            "matches!(jar.x, Some(user))",
            "matches!(jar.x, Some(user) if user.y)",
            "mine::matches!(user, Some(_))",
            "matches!(user)",
            "format!(\"{user}\", user = jar)",
            "format!(\"{{user}}\")",
            "jar.f::<'user>()",
        ] {
            assert!(!mentioned(text).contains(&"user".to_owned()), "{text}: {:?}", mentioned(text));
        }
    }

    #[test]
    fn only_macros_that_cannot_be_seen_through_are_unknown() {
        let unknown = |text: &str| -> Vec<String> {
            let found = unknown_macros_in(text.parse().unwrap());
            found.iter().map(|call| call.path.segments.last().unwrap().ident.to_string()).collect()
        };
        for (text, names) in [
            ("any!(user) || a::other!(page)", &["any", "other"][..]),
            ("f(|| { any!(user); 1 })", &["any"]),
            ("matches!(user)", &["matches"]),
            ("matches!(user, Some(_)) || vec![1; 2] == format!(\"{x}\")", &[]),
        ] {
            assert_eq!(unknown(text), names, "{text}");
        }
    }
}
