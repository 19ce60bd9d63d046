//! What is only kept: life, lists and refusals of each kind, and what jobs and models have of it.

mod assets;
mod experiments;
mod packages;

use super::*;
use crate::services::sagemaker::registry::experiment::Experiment;
use crate::services::sagemaker::registry::model_card::Card;
use crate::services::sagemaker::stored;
use crate::services::sagemaker::tags::{AddTags, ListTags};

const ARN: &str = "arn:aws:sagemaker:us-east-1:123456789012:";

impl Site {
    fn keep<K: stored::Kind>(&self, request: Value) -> Result<Value, Refused> {
        self.after(self.lab.write::<stored::Create<K>>(request))
    }

    fn told_of<K: stored::Kind>(&self, request: Value) -> Result<Value, Refused> {
        self.lab.read::<stored::Describe<K>>(request)
    }

    fn change<K: stored::Kind>(&self, request: Value) -> Result<Value, Refused> {
        self.after(self.lab.write::<stored::Update<K>>(request))
    }

    fn forget<K: stored::Kind>(&self, request: Value) -> Result<Value, Refused> {
        self.after(self.lab.write::<stored::Delete<K>>(request))
    }

    /// The values of one member of what is listed.
    fn listed<K: stored::Kind>(&self, member: &str, request: Value) -> Vec<Value> {
        let out = self.lab.read::<stored::List<K>>(request).unwrap();
        out[K::WORDS.listed].as_array().unwrap().iter().map(|row| row[member].clone()).collect()
    }

    fn after(&self, result: Result<Value, Refused>) -> Result<Value, Refused> {
        self.assert_sound();
        result
    }
}

/// Code and text of a refusal.
fn refused(result: Result<Value, Refused>) -> (String, String) {
    let refused = result.unwrap_err();
    assert!(!refused.message.contains('{'), "a fact is missing: {}", refused.message);
    (refused.code.into_owned(), refused.message)
}

fn says(code: &str, text: impl Into<String>) -> (String, String) {
    (code.to_owned(), text.into())
}

#[test]
fn what_is_kept_has_tags_and_is_listed_in_pages() {
    let site = Site::new(Profile::Instant);
    for name in ["b", "a", "other"] {
        let tags = json!([{ "Key": "team", "Value": name }]);
        site.keep::<Experiment>(json!({ "ExperimentName": name, "Tags": tags })).unwrap();
        site.lab.advance(1_000);
    }
    let names = |request: Value| site.listed::<Experiment>("ExperimentName", request);
    assert_eq!(names(json!({})), ["other", "a", "b"]);
    assert_eq!(names(json!({ "SortBy": "Name", "SortOrder": "Ascending" })), ["a", "b", "other"]);
    assert_eq!(
        names(json!({ "CreatedAfter": 1_600_000_000_500_i64, "CreatedBefore": 1_600_000_002_000_i64 })),
        ["a"]
    );
    let first = site.lab.read::<stored::List<Experiment>>(json!({ "MaxResults": 2 })).unwrap();
    assert_eq!(names(json!({ "MaxResults": 2, "NextToken": first["NextToken"] })), ["b"]);
    let arn = format!("{ARN}experiment/a");
    let more = json!({ "ResourceArn": arn, "Tags": [{ "Key": "x", "Value": "y" }] });
    site.lab.write::<AddTags>(more).unwrap();
    let tags = site.lab.read::<ListTags>(json!({ "ResourceArn": arn })).unwrap();
    assert_eq!(tags["Tags"], json!([{ "Key": "team", "Value": "a" }, { "Key": "x", "Value": "y" }]));
    // A version of a card has no ARN of its own.
    site.keep::<Card>(json!({ "ModelCardName": "c", "ModelCardStatus": "Draft", "Content": "{}" })).unwrap();
    let version = json!({ "ResourceArn": format!("{ARN}model-card/c/1") });
    assert!(site.lab.read::<ListTags>(version).is_err());
}
