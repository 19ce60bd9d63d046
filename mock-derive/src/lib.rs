//! `#[derive(Rehome)]`: a type moves to another account by moving each of its parts.
//!
//! What derives it lists no parts: so a part that is added later cannot be forgotten, and one whose type does not know how
//! to move does not compile. The shapes are few (plain structs and enums without parameters), so that they are read
//! here, without a parser of the whole language.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};
use std::fmt::Write as _;
use std::iter::Peekable;

/// Implements `crate::kernel::Rehome`.
#[proc_macro_derive(Rehome)]
pub fn rehome(item: TokenStream) -> TokenStream {
    let code = implementation(item).unwrap_or_else(|problem| format!("compile_error!({problem:?});"));
    code.parse().unwrap_or_default()
}

fn implementation(item: TokenStream) -> Result<String, String> {
    let mut tokens = item.into_iter().peekable();
    skip_head(&mut tokens);
    let keyword = word(&mut tokens)?;
    let name = word(&mut tokens)?;
    let body = match tokens.next() {
        Some(TokenTree::Group(body)) => body,
        Some(TokenTree::Punct(mark)) if mark.as_char() == ';' => {
            return Ok(wrapped(&name, &["Self => {}".to_owned()]));
        }
        _ => return Err("only types without parameters can derive Rehome".into()),
    };
    let arms = match keyword.as_str() {
        "struct" => vec![arm("Self", &body)?],
        "enum" => variants(&body)?,
        _ => return Err("neither a struct nor an enum".into()),
    };
    Ok(wrapped(&name, &arms))
}

fn wrapped(name: &str, arms: &[String]) -> String {
    format!(
        "#[automatically_derived] impl crate::kernel::Rehome for {name} {{ \
             fn rehome(&mut self, moving: &crate::kernel::Moving) {{ \
                 let _ = moving; match self {{ {} }} \
             }} \
         }}",
        arms.join(", ")
    )
}

fn variants(body: &Group) -> Result<Vec<String>, String> {
    let mut tokens = body.stream().into_iter().peekable();
    let mut arms = Vec::new();
    loop {
        skip_head(&mut tokens);
        if tokens.peek().is_none() {
            return Ok(arms);
        }
        let path = format!("Self::{}", word(&mut tokens)?);
        arms.push(match tokens.peek() {
            Some(TokenTree::Group(parts)) => arm(&path, parts)?,
            _ => format!("{path} => {{}}"),
        });
        // A discriminant, if there is one, and the comma.
        tokens.by_ref().find(|token| is_mark(token, ','));
    }
}

/// What is matched, and what becomes of its parts.
fn arm(path: &str, parts: &Group) -> Result<String, String> {
    let named = parts.delimiter() == Delimiter::Brace;
    let names = names_of(parts, named)?;
    let list = names.join(", ");
    let pattern = if named { format!("{path} {{ {list} }}") } else { format!("{path}({list})") };
    let mut calls = String::new();
    for name in &names {
        let _ = write!(calls, "crate::kernel::Rehome::rehome({name}, moving);");
    }
    Ok(format!("{pattern} => {{ {calls} }}"))
}

/// The names of the parts; those that have none are called by their number.
fn names_of(parts: &Group, named: bool) -> Result<Vec<String>, String> {
    let mut tokens = parts.stream().into_iter().peekable();
    let mut names = Vec::new();
    loop {
        skip_head(&mut tokens);
        if tokens.peek().is_none() {
            return Ok(names);
        }
        names.push(if named { word(&mut tokens)? } else { format!("part{}", names.len()) });
        // Commas between angles belong to the type.
        let mut depth = 0;
        let mut before = ' ';
        for token in tokens.by_ref() {
            let mark = if let TokenTree::Punct(mark) = &token { mark.as_char() } else { ' ' };
            match mark {
                '<' => depth += 1,
                '>' if before != '-' => depth -= 1,
                ',' if depth == 0 => break,
                _ => {}
            }
            before = mark;
        }
    }
}

/// Goes past attributes and a visibility.
fn skip_head(tokens: &mut Peekable<impl Iterator<Item = TokenTree>>) {
    loop {
        match tokens.peek() {
            Some(token) if is_mark(token, '#') => drop((tokens.next(), tokens.next())),
            Some(TokenTree::Ident(word)) if word.to_string() == "pub" => {
                tokens.next();
                // A parenthesis is a scope, as in `pub(crate)`: no part of the model is a bare tuple.
                let scope = |token: &TokenTree| matches!(token, TokenTree::Group(_));
                if tokens.peek().is_some_and(scope) {
                    tokens.next();
                }
            }
            _ => return,
        }
    }
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn word(tokens: &mut impl Iterator<Item = TokenTree>) -> Result<String, String> {
    match tokens.next() {
        Some(TokenTree::Ident(word)) => Ok(word.to_string()),
        other => Err(format!("a name is expected, not {other:?}")),
    }
}
