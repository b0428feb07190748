//! The statements by which the arguments of `#[invalidates]` add targets, before the body runs.

use proc_macro2::TokenStream;

use super::tokens::{bindings, displayed, formatted, template_names};
use crate::parse::{
    Invalidates,
    function::Argument,
    template::{Piece, Template, starred},
};

/// Statements that add targets. Takes the path of `__private`, and the handler's arguments.
type Emitter = fn(&Invalidates, &TokenStream, &[Argument]) -> TokenStream;

macro_rules! emitters {
    ($($name:literal {
        form: $form:literal, takes: $takes:ident, aliases: $aliases:tt, value: $value:literal, meaning: $meaning:literal,
        parse: $parse:expr, emit: $emit:expr,
    })*) => {
        &[$($emit),*]
    };
}

/// `None` if an argument names no target.
const EMITTERS: &[Option<Emitter>] = invalidates_arguments!(emitters);

pub(super) fn targets(args: &Invalidates, private: &TokenStream, arguments: &[Argument]) -> TokenStream {
    EMITTERS.iter().flatten().map(|emit| emit(args, private, arguments)).collect()
}

fn groups(args: &Invalidates, private: &TokenStream, arguments: &[Argument]) -> TokenStream {
    let group = |template| {
        let (names, text) = formatted(private, template);
        let bindings = bindings(arguments, &names);
        hygienic!({ #bindings __targets.group(#text); })
    };
    args.groups.iter().map(group).collect()
}

fn paths(args: &Invalidates, private: &TokenStream, arguments: &[Argument]) -> TokenStream {
    args.paths.iter().map(|template| path(template, private, arguments, &hygienic!(path))).collect()
}

fn path_prefixes(args: &Invalidates, private: &TokenStream, arguments: &[Argument]) -> TokenStream {
    args.path_prefixes.iter().map(|template| path(template, private, arguments, &hygienic!(path_prefix))).collect()
}

fn handlers(args: &Invalidates, _: &TokenStream, _: &[Argument]) -> TokenStream {
    args.handlers.iter().map(|path| hygienic!(__targets.handler(#path);)).collect()
}

fn own_path(args: &Invalidates, _: &TokenStream, _: &[Argument]) -> TokenStream {
    if args.keeps_own_path { hygienic!(__targets.keep_own_path();) } else { TokenStream::new() }
}

fn path(template: &Template, private: &TokenStream, arguments: &[Argument], method: &TokenStream) -> TokenStream {
    let bindings = bindings(arguments, &template_names(std::slice::from_ref(template)));
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => hygienic!(#private::PathPiece::Literal(#text)),
        Piece::Value(value) => {
            let rest = starred(value);
            let kind = if rest.is_some() { hygienic!(Rest) } else { hygienic!(Value) };
            let value = displayed(private, rest.as_ref().unwrap_or(value));
            hygienic!(#private::PathPiece::#kind(#value))
        }
    };
    let pieces = template.pieces.iter().map(piece);
    hygienic!({ #bindings __targets.#method(&[#(#pieces),*]); })
}
