//! Patterns of the guide, and what no pattern may do.

use super::*;
use proptest::prelude::*;

fn found<'m>(pattern: &str, messages: &[&'m str]) -> Vec<&'m str> {
    let pattern = Pattern::parse(pattern).unwrap();
    messages.iter().copied().filter(|message| pattern.matches(message)).collect()
}

fn refused(pattern: &str) -> String {
    Pattern::parse(pattern).map(|_| ()).expect_err(pattern).to_string()
}

const ERRORS: &[&str] = &[
    "[ERROR 400] BAD REQUEST",
    "[ERROR 401] UNAUTHORIZED REQUEST",
    "[ERROR 419] MISSING ARGUMENTS",
    "[ERROR 420] INVALID ARGUMENTS",
    "[INFO] REQUEST FAILED",
];

#[test]
fn terms() {
    for (pattern, expected) in [
        ("ERROR", &ERRORS[..4]),
        ("ERROR ARGUMENTS", &ERRORS[2..4]),
        ("?ARGUMENTS ?INFO", &ERRORS[2..]),
        ("?ARGUMENTS REQUEST -INFO", &ERRORS[..2]),
        ("\"ERROR 42\"", &ERRORS[3..4]),
        ("ERROR -ARGUMENTS", &ERRORS[..2]),
        ("-ERROR", &ERRORS[4..]),
        ("-\"ERROR 4\"", &ERRORS[4..]),
        ("error", &[]),
        ("RROR", &ERRORS[..4]),
        ("\" \"", ERRORS),
        ("", ERRORS),
        ("  ", ERRORS),
        ("%AUTHORIZED%", &ERRORS[1..2]),
        ("%^\\[ERROR 4[0-1]{2}\\]%", &ERRORS[..2]),
        ("%40[01]|INFO%", &[ERRORS[0], ERRORS[1], ERRORS[4]]),
        ("%\\x5BINFO%", &ERRORS[4..]),
        ("%^\\WERROR\\s\\d{,3}\\] [\\wx]AD%", &ERRORS[..1]),
    ] {
        assert_eq!(found(pattern, ERRORS), expected, "{pattern}");
    }
}

const TRAIL: &str = r#"{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],
    "objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"cluster.name":"c","flag":true,
    "number":[1000.0,0.5],"code":"400","coordinates":[[0,1,2],[4,5,6]],"hy-phen":1}"#;

#[test]
fn json() {
    for (pattern, expected) in [
        ("{ $.eventType = \"UpdateTrail\" }", true),
        ("{$.eventType=UpdateTrail}", true),
        ("{ $.eventType = \"Update\" }", false),
        ("{ $.eventType = Update* }", true),
        ("{ $.eventType = \"*Trail\" }", true),
        ("{ $.eventType = *dateT* }", true),
        ("{ $.eventType = Up*Trail }", false),
        ("{ $.eventType = * }", true),
        ("{ $.eventType = %Trail% }", true),
        ("{ $.sourceIPAddress != 123.123.* }", true),
        ("{ $.sourceIPAddress != 111.111.* }", false),
        ("{ $.arrayKey[0] = \"value\" }", true),
        ("{ $.arrayKey[1] = \"value\" }", false),
        ("{ $.arrayKey[*] = %^anot.{2}r% }", true),
        ("{ $.arrayKey = \"value\" }", false),
        ("{ $.arrayKey != \"value\" }", false),
        ("{ $.* = %111\\.111\\.111\\.1[0-9]{1,2}% }", true),
        ("{ $.objectList[1].id = 2 }", true),
        ("{ $.objectList[1].id >= 2 && $.objectList[0].id < 2 }", true),
        ("{ $.['cluster.name'] = \"c\" }", true),
        ("{ $.hy-phen = 1 }", true),
        ("{ $.SomeObject IS NULL }", true),
        ("{ $.flag IS NULL }", false),
        ("{ $.flag IS TRUE }", true),
        ("{ $.flag IS FALSE }", false),
        ("{ $.flag = true }", false),
        ("{ $.SomeOtherObject NOT EXISTS }", true),
        ("{ $.SomeObject NOT EXISTS }", false),
        ("{ $.SomeOtherObject != x }", false),
        ("{ $.number[0] = 1e+3 }", true),
        ("{ $.number[1] > 5e-2 }", true),
        ("{ $.number[1] <= +0.5 }", true),
        ("{ $.code = 400 }", true),
        ("{ $.code > 300 }", false),
        ("{ $.coordinates[1][2] = 6 }", true),
        ("{ $.eventType = UpdateTrail || $.code = 1 && $.code = 2 }", true),
        ("{ ($.eventType = UpdateTrail || $.code = 1) && $.code = 2 }", false),
    ] {
        assert_eq!(!found(pattern, &[TRAIL]).is_empty(), expected, "{pattern}");
        assert!(found(pattern, &["no JSON", "", "{"]).is_empty(), "{pattern}");
    }
}

#[test]
fn fields() {
    const FRANK: &str =
        "127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] \"GET /index.html HTTP/1.0\" 404 1534";
    for (pattern, expected) in [
        ("[ip, user, username, timestamp, request, status_code, bytes]", true),
        (
            "[ip=%127\\.0\\.0\\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
            true,
        ),
        ("[..., request =*.html*, status_code = 4*, bytes]", true),
        ("[..., request=*.html*, status_code=4*,]", true),
        ("[ip, ..., status_code = 404 || status_code = 410, bytes > 1000]", true),
        ("[ip, ..., status_code = 4* && status_code != 404, bytes]", false),
        ("[ip, ..., bytes < 1000]", false),
        ("[ip, user = \"Pr*\", ...]", true),
        ("[ip, user, rest = \"frank*\"]", true),
        ("[ip, user, rest = frank]", false),
        ("[a, b, c, d, e, f, g, h]", false),
        ("[a, b, c, d, ..., e, f, g, h]", false),
        ("[a, b, c, ..., e, f, g, h]", true),
        ("[...]", true),
    ] {
        assert_eq!(!found(pattern, &[FRANK]).is_empty(), expected, "{pattern}");
    }
    let lines =
        ["ERROR 09/25/2014 Failed to process", "WARNING 09/25/2014 Invalid", "INFO x", "ERROR", "\"INFO", ""];
    assert_eq!(found("[w1=ERROR, w2]", &lines), [lines[0]]);
    assert_eq!(found("[w1=ERROR || w1=WARNING, w2]", &lines), lines[..2]);
    assert_eq!(found("[w1!=ERROR && w1!=WARNING, w2]", &lines), [lines[2]]);
    assert_eq!(found("[w1=*INFO]", &lines), [lines[4]]);
}

#[test]
fn what_is_no_pattern() {
    for (pattern, text) in [
        ("?Status: timeout", "Invalid character(s) in term ':'"),
        ("foo(bar", "Invalid character(s) in term '('"),
        ("`x", "Invalid character(s) in term '`'"),
        ("\"open", "Invalid character(s) in term '\"'"),
        ("{ $.\"sc-status\" = 5* }", "Invalid character(s) in term '$.\"'"),
        ("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'"),
        ("[ a = 1", "If a filter pattern starts with '[' it must end with ']'"),
        ("{ $.a EXISTS }", "Invalid filter pattern"),
        ("{ $.a IS NOT NULL }", "Invalid filter pattern"),
        ("{ $.a > x }", "Invalid filter pattern"),
        ("{ $.a > \"1\" }", "Invalid filter pattern"),
        ("{ $.a.*.* = 1 }", "Invalid filter pattern"),
        ("{ $.a[*] = 1 || $.b[*] = 1 || $.c[*] = 1 || $.d[*] = 1 }", "Invalid filter pattern"),
        ("{ $.a = %a% || $.a = %b% || $.a = %c% }", "Invalid filter pattern"),
        ("{ ($.a = 1 }", "Invalid filter pattern"),
        ("{}", "Invalid filter pattern"),
        ("[..., ...]", "Invalid filter pattern"),
        ("[a = 1 b]", "Invalid filter pattern"),
        ("%something!%", "Invalid character(s) in term '!'"),
        ("%(a|b)%", "Invalid character(s) in term '('"),
        ("%[a%", "Invalid filter pattern"),
        ("-", "Invalid filter pattern"),
    ] {
        assert_eq!(refused(pattern), text, "{pattern}");
    }
}

#[test]
fn deep_parentheses_are_refused_and_nothing_worse() {
    assert_eq!(refused(&format!("{{{}}}", "(".repeat(1_022))), "Invalid filter pattern");
}

proptest! {
    /// Whatever is asked for and wherever: an answer, or a refusal.
    #[test]
    fn nothing_panics(pattern in ".{0,40}", message in ".{0,40}") {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            pattern.matches(&message);
        }
    }

    #[test]
    fn nothing_panics_that_looks_like_one(
        pattern in "[\\[{%\"?-]?([ab*.,$\\[\\]{}()%\"'=!<>&|\\\\é -]|IS NULL|NOT EXISTS|[.][.][.]|[$][.]a){0,12}[\\]}%\"]?",
        message in "([ab1é\\[\\]\" ]|[{]\"a\":1[}]){0,8}",
    ) {
        if let Ok(pattern) = Pattern::parse(&pattern) {
            pattern.matches(&message);
        }
    }

    /// Words are found where they are, and one that is left out takes with it what it is in.
    #[test]
    fn words(words in proptest::collection::vec("[a-z]{1,4}", 1..4), message in "[a-z ]{0,20}") {
        let all = Pattern::parse(&words.join(" ")).unwrap();
        prop_assert_eq!(all.matches(&message), words.iter().all(|word| message.contains(word.as_str())));
        let any: Vec<_> = words.iter().map(|word| format!("?{word}")).collect();
        let any = Pattern::parse(&any.join(" ")).unwrap();
        prop_assert_eq!(any.matches(&message), words.iter().any(|word| message.contains(word.as_str())));
        let none: Vec<_> = words.iter().map(|word| format!("-\"{word}\"")).collect();
        let none = Pattern::parse(&none.join(" ")).unwrap();
        prop_assert_eq!(none.matches(&message), !any.matches(&message));
    }

    /// A condition and its opposite never hold both, and one of them does where there is a value.
    #[test]
    fn opposites(value in -20i32..20, bound in -20i32..20) {
        let event = format!("{{\"v\":{value}}}");
        let holds = |op: &str| {
            let in_json = Pattern::parse(&format!("{{ $.v {op} {bound} }}")).unwrap().matches(&event);
            let in_field = Pattern::parse(&format!("[v {op} {bound}]")).unwrap().matches(&value.to_string());
            assert_eq!(in_json, in_field, "{value} {op} {bound}");
            in_json
        };
        prop_assert_eq!(holds("<"), value < bound);
        prop_assert_eq!(holds("<="), !holds(">"));
        prop_assert_eq!(holds(">="), !holds("<"));
        prop_assert_eq!(holds("="), !holds("!="));
        prop_assert_eq!(holds("="), value == bound);
    }
}
