//! Pages: the part of an ordered list that one answer holds, and the token for the next.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A token that says: go on after this key. It holds the key, so it stays good while rows come and go.
pub fn token(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The key in a token; `None` if it is none of ours.
pub fn key_of(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

/// The first `limit` of `rows`, and, if there are more, the token of the page after them.
pub fn cut<R>(
    rows: impl Iterator<Item = R>,
    limit: usize,
    key: impl Fn(&R) -> String,
) -> (Vec<R>, Option<String>) {
    let mut rows = rows.fuse();
    let page: Vec<R> = rows.by_ref().take(limit).collect();
    let more = !page.is_empty() && rows.next().is_some();
    let next = page.last().filter(|_| more).map(|last| token(&key(last)));
    (page, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_given_only_if_more_follow() {
        let page = |n: usize, limit| cut((0..n).map(|i| i.to_string()), limit, Clone::clone);
        assert_eq!(page(5, 5), (vec!["0", "1", "2", "3", "4"].into_iter().map(String::from).collect(), None));
        let (rows, next) = page(6, 5);
        assert_eq!((rows.len(), next.as_deref().and_then(key_of).as_deref()), (5, Some("4")));
        assert_eq!(key_of("!!"), None);
    }
}
