//! What Parameter Store tells, in an account in memory.

use super::parameter::*;
use super::path::GetParametersByPath;
use crate::model::{Image, Profile};
use crate::services::Refused;
use crate::services::lab::Lab;
use serde_json::{Value, json};

const LINUX: &str = "/aws/service/ami-amazon-linux-latest";

fn get(name: &str) -> Result<Value, Refused> {
    let out = Lab::new(Profile::Fast).read::<GetParameter>(json!({ "Name": name }))?;
    Ok(out["Parameter"].clone())
}

fn code(result: Result<Value, Refused>) -> String {
    result.expect_err("it is refused").code.into_owned()
}

fn by_path(path: &str, more: Value) -> Result<Value, Refused> {
    let mut input = json!({ "Path": path });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Lab::new(Profile::Fast).read::<GetParametersByPath>(input)
}

fn names(told: &Value) -> Vec<&str> {
    told["Parameters"].as_array().unwrap().iter().map(|row| row["Name"].as_str().unwrap()).collect()
}

#[test]
fn a_parameter_names_an_image_of_the_region() {
    let name = format!("{LINUX}/al2023-ami-kernel-6.1-x86_64");
    let told = get(&name).unwrap();
    let image = Image::get("us-east-1", told["Value"].as_str().unwrap()).unwrap();
    assert!(image.release.name.ends_with("kernel-6.1-x86_64"));
    assert_eq!(told["ARN"], format!("arn:aws:ssm:us-east-1::parameter{name}"));
    assert_eq!(told.get("Selector"), None);
    assert_eq!(get(&format!(" {name} ")), Ok(told.clone()), "spaces around a name are removed");
    assert_eq!(get(told["ARN"].as_str().unwrap()), Ok(told.clone()));
    assert_eq!(get(&format!("{name}:1")).unwrap()["Selector"], ":1");
    assert_eq!(get(&format!("arn:aws:ssm:us-east-1::parameter{name}:1")).unwrap()["Value"], told["Value"]);
}

#[test]
fn what_there_is_not() {
    let name = format!("{LINUX}/al2023-ami-kernel-6.1-x86_64");
    for lost in
        ["mine", "/mine/too", &format!("{name}/x"), &format!("arn:aws:ssm:eu-west-1::parameter{name}")]
    {
        assert_eq!(code(get(lost)), "ParameterNotFound", "{lost}");
    }
    for bad in ["a b", "a/b", "/a//b", "{a}", "ssmx", "/ssm/a", "/", "", "arn:aws:ssm"] {
        assert_eq!(code(get(bad)), "ValidationException", "{bad}");
    }
    for (selector, text) in [("2", "version 2"), ("label", "version label")] {
        let refused = get(&format!("{name}:{selector}")).unwrap_err();
        assert_eq!(refused.code, "ParameterVersionNotFound");
        assert!(refused.message.contains(text), "{}", refused.message);
    }
}

#[test]
fn several_at_once() {
    let good = format!("{LINUX}/amzn2-ami-hvm-x86_64-gp2");
    let first = format!("{LINUX}/al2023-ami-kernel-default-arm64");
    let lab = Lab::new(Profile::Fast);
    let told =
        lab.read::<GetParameters>(json!({ "Names": [good, "none", first, format!("{good}:9")] })).unwrap();
    assert_eq!(names(&told), [&first, &good]);
    assert_eq!(told["InvalidParameters"], json!([format!("{good}:9"), "none"]));
    assert_eq!(code(lab.read::<GetParameters>(json!({ "Names": [good, "a b"] }))), "ValidationException");
}

#[test]
fn a_level_and_all_below_it() {
    let level = by_path(LINUX, json!({ "MaxResults": 3 })).unwrap();
    assert_eq!(names(&level).len(), 3);
    let next = by_path(LINUX, json!({ "NextToken": level["NextToken"] })).unwrap();
    assert!(names(&next).len() > 3 && next.get("NextToken").is_none());
    assert!(names(&next)[0] > names(&level)[2]);
    assert_eq!(by_path(&format!("{LINUX}/"), json!({ "MaxResults": 3 })), Ok(level));

    let none = Ok(json!({ "Parameters": [] }));
    assert_eq!(by_path("/aws/service", json!({})), none);
    assert_eq!(by_path("/aws", json!({ "Recursive": true })), none);
    assert_eq!(by_path("/", json!({ "Recursive": true })), none);
    let deep = by_path("/aws/service/", json!({ "Recursive": true })).unwrap();
    assert_eq!(names(&deep).len(), 10);
    let windows = by_path("/aws/service/ami-windows-latest", json!({})).unwrap();
    assert_eq!(names(&windows), ["/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base"]);
}

#[test]
fn filters_of_a_path() {
    let filter = |key: &str, option: Option<&str>, value: &str| {
        let filter = json!({ "Key": key, "Option": option, "Values": [value] });
        by_path(LINUX, json!({ "ParameterFilters": [filter] }))
    };
    let count = |result: Result<Value, Refused>| names(&result.unwrap()).len();
    assert_eq!(count(filter("Type", None, "String")), 10);
    assert_eq!(count(filter("Type", Some("BeginsWith"), "Str")), 10);
    assert_eq!(count(filter("Type", None, "StringList")), 0);
    assert_eq!(count(filter("Label", Some("Equals"), "x")), 0);
    assert_eq!(count(filter("KeyId", Some("BeginsWith"), "x")), 0);
    assert_eq!(code(filter("Name", None, "x")), "InvalidFilterKey");
    assert_eq!(code(filter("Label", Some("BeginsWith"), "x")), "InvalidFilterOption");
    assert_eq!(code(by_path(LINUX, json!({ "NextToken": "!" }))), "InvalidNextToken");
    for bad in ["mine", "/a b", "//"] {
        assert_eq!(code(by_path(bad, json!({}))), "ValidationException", "{bad}");
    }
}
