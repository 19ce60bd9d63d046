//! Notebook instances: their life, their interface, their scripts, and what is refused.

use super::*;
use crate::model::{Behaviour, Connection, InterfaceStatus, LogGroup, Remote, RuleMode};
use crate::services::ec2::{DeleteSecurityGroup, DeleteSubnet};
use crate::services::sagemaker::notebook::{
    CreateNotebookInstance, CreateNotebookInstanceLifecycleConfig, CreatePresignedNotebookInstanceUrl,
    DeleteNotebookInstance, DeleteNotebookInstanceLifecycleConfig, DescribeNotebookInstance,
    ListNotebookInstances, StartNotebookInstance, StopNotebookInstance, UpdateNotebookInstance,
    UpdateNotebookInstanceLifecycleConfig,
};
use crate::services::sagemaker::registry::code_repository::Repository;
use crate::services::sagemaker::stored::Create;
use std::time::Duration;

/// When a fast notebook instance is in service, and when it is stopped or gone.
const READY: u64 = 2_000;
const SOON: u64 = 1_000;

fn of(name: &str) -> Value {
    json!({ "NotebookInstanceName": name })
}

fn plain(name: &str) -> Value {
    json!({ "NotebookInstanceName": name, "InstanceType": "ml.t3.medium", "RoleArn": ROLE_ARN })
}

impl Site {
    fn notebook(&self, name: &str, edit: impl FnOnce(&mut Value)) -> Result<Value, Refused> {
        let mut request = plain(name);
        request["SubnetId"] = json!(self.subnet.to_string());
        request["SecurityGroupIds"] = json!([self.group.to_string()]);
        edit(&mut request);
        self.lab.write::<CreateNotebookInstance>(request)
    }

    fn told(&self, name: &str) -> Value {
        self.lab.read::<DescribeNotebookInstance>(of(name)).unwrap()
    }

    fn status(&self, name: &str) -> String {
        self.assert_sound();
        self.told(name)["NotebookInstanceStatus"].as_str().unwrap().to_owned()
    }

    fn wait(&self, millis: u64, name: &str) -> String {
        self.lab.advance(millis);
        self.status(name)
    }

    fn stop_notebook(&self, name: &str) -> Result<Value, Refused> {
        self.lab.write::<StopNotebookInstance>(of(name))
    }

    fn start(&self, name: &str) -> Result<Value, Refused> {
        self.lab.write::<StartNotebookInstance>(of(name))
    }

    fn drop_notebook(&self, name: &str) -> Result<Value, Refused> {
        self.lab.write::<DeleteNotebookInstance>(of(name))
    }

    /// Its interface, as EC2 knows it.
    fn status_of_interface(&self) -> InterfaceStatus {
        self.lab.interfaces()[0].status()
    }
}

#[test]
fn its_interface_stays_from_its_creation_to_its_deletion() {
    let site = Site::new(Profile::Fast);
    assert_eq!(site.free(), 11);
    site.notebook("n", |_| {}).unwrap();
    assert_eq!((site.status("n").as_str(), site.free()), ("Pending", 10));
    let [interface] = &site.lab.interfaces()[..] else { panic!("one interface") };
    let told = site.told("n");
    assert_eq!(told["NetworkInterfaceId"], interface.id.to_string());
    assert_eq!(told["SecurityGroups"], json!([site.group.to_string()]));
    assert_eq!(
        &*interface.description,
        "[Do not delete] Network Interface created to access resources in your VPC for SageMaker Notebook Instance n"
    );
    assert_eq!(interface.requester_id.as_deref(), Some("123456789012"));
    assert_eq!(site.wait(READY, "n"), "InService");
    let attachment = site.lab.interfaces()[0].attachment.clone();
    assert_eq!(attachment, interface.attachment);

    site.stop_notebook("n").unwrap();
    assert_eq!((site.status("n").as_str(), site.status_of_interface()), ("Stopping", InterfaceStatus::InUse));
    assert_eq!(site.wait(SOON, "n"), "Stopped");
    assert_eq!((site.status_of_interface(), site.free()), (InterfaceStatus::Available, 10));
    let held = site.lab.write::<DeleteSubnet>(json!({ "SubnetId": site.subnet.to_string() })).unwrap_err();
    assert_eq!(held.code, "DependencyViolation");
    let held =
        site.lab.write::<DeleteSecurityGroup>(json!({ "GroupId": site.group.to_string() })).unwrap_err();
    assert_eq!(held.message, format!("resource {} has a dependent object", site.group));

    site.start("n").unwrap();
    assert_eq!((site.status("n").as_str(), site.status_of_interface()), ("Pending", InterfaceStatus::InUse));
    assert_eq!((site.wait(READY, "n").as_str(), site.free()), ("InService", 10));
    assert_eq!(site.lab.interfaces()[0].id, interface.id);
    site.stop_notebook("n").unwrap();
    site.lab.advance(SOON);
    site.drop_notebook("n").unwrap();
    assert_eq!((site.status("n").as_str(), site.free()), ("Deleting", 10));
    site.lab.advance(SOON);
    assert_eq!((site.lab.interfaces().len(), site.free()), (0, 11));
    let gone = site.lab.read::<DescribeNotebookInstance>(of("n")).unwrap_err();
    assert_eq!((&*gone.code, &*gone.message), ("ValidationException", "RecordNotFound"));
    site.assert_sound();
}

#[test]
fn in_no_time_each_call_leads_to_its_end() {
    let site = Site::new(Profile::Instant);
    site.notebook("n", |_| {}).unwrap();
    assert_eq!(site.status("n"), "InService");
    site.stop_notebook("n").unwrap();
    assert_eq!(site.status("n"), "Stopped");
    site.lab.write::<UpdateNotebookInstance>(of("n")).unwrap();
    assert_eq!(site.status("n"), "Stopped");
    site.drop_notebook("n").unwrap();
    assert!(site.lab.interfaces().is_empty());
    site.assert_sound();
}

#[test]
fn without_a_subnet_it_has_no_interface() {
    let site = Site::new(Profile::Instant);
    site.lab.write::<CreateNotebookInstance>(plain("n")).unwrap();
    let told = site.told("n");
    assert_eq!(told["DirectInternetAccess"], "Enabled");
    assert_eq!(told["Url"], "n.notebook.us-east-1.sagemaker.aws");
    assert!(told.get("NetworkInterfaceId").is_none() && told.get("SecurityGroups").is_none());
    assert!(site.lab.interfaces().is_empty());
}

#[test]
fn without_groups_it_has_that_of_the_vpc() {
    let site = Site::new(Profile::Instant);
    site.notebook("n", |request| drop(request.as_object_mut().unwrap().remove("SecurityGroupIds"))).unwrap();
    let default = site.lab.state().group_named(site.vpc, "default").unwrap().id;
    assert_eq!(site.lab.interfaces()[0].groups[0].id, default);
    assert_eq!(site.told("n")["SecurityGroups"], json!([default.to_string()]));
}

#[test]
fn without_a_free_address_it_fails_and_starts_once_there_is_one() {
    let quotas = crate::model::Quotas { notebook_instances: 20, ..Default::default() };
    let site = Site::with(Defaults { profile: Profile::Fast, quotas, ..Defaults::default() });
    let small = site.lab.subnet(site.vpc, "10.0.9.0/28");
    let other = |request: &mut Value| request["SubnetId"] = json!(small.to_string());
    for n in 0..11 {
        site.notebook(&format!("n{n}"), other).unwrap_or_else(|refused| panic!("{n}: {refused:?}"));
    }
    assert_eq!(site.lab.free(small), 0);
    site.notebook("late", other).unwrap();
    assert_eq!(site.wait(READY, "late"), "Failed");
    let reason = site.told("late")["FailureReason"].as_str().unwrap().to_owned();
    assert!(
        reason.starts_with("Unable to create or start a notebook instance that can access resources in your")
    );
    assert!(reason.contains("does not have enough free addresses"), "{reason}");
    assert!(site.told("late").get("NetworkInterfaceId").is_none());

    let key = crate::model::JobKey::parse("notebook-instance/late").unwrap();
    let why = crate::jobs::explain(&site.lab.state(), &key).unwrap();
    assert_eq!((why.status, why.decided_by), ("Failed", Some("SM-NB-IP-02")));

    site.stop_notebook("n0").unwrap();
    site.lab.advance(SOON);
    site.drop_notebook("n0").unwrap();
    site.lab.advance(SOON);
    site.start("late").unwrap();
    assert_eq!(site.wait(READY, "late"), "InService");
    assert!(site.told("late").get("FailureReason").is_none());
    assert_eq!(site.lab.free(small), 0);
}

#[test]
fn a_rule_that_is_off_or_warns_lets_it_begin() {
    for mode in [RuleMode::Off, RuleMode::Warn] {
        let site = Site::new(Profile::Instant);
        site.lab.set_mode("SM-ROLE-TRUST-07", mode);
        site.notebook("n", |r| r["RoleArn"] = json!("arn:aws:iam::123456789012:role/Nobody")).unwrap();
        assert_eq!(site.status("n"), "InService");
    }
}

type Edit = fn(&mut Value);

#[test]
fn what_does_not_fit_is_refused() {
    let cases: &[(&str, Edit)] = &[
        ("Could not assume role arn:aws:iam::123456789012:role/Nobody", |r| {
            r["RoleArn"] = json!("arn:aws:iam::123456789012:role/Nobody")
        }),
        ("The subnet ID 'subnet-0123456789abcdef0' does not exist", |r| {
            r["SubnetId"] = json!("subnet-0123456789abcdef0")
        }),
        ("The security group 'sg-0123456789abcdef0' does not exist", |r| {
            r["SecurityGroupIds"] = json!(["sg-0123456789abcdef0"])
        }),
        ("DirectInternetAccess can be set to Disabled only if SubnetId", |r| {
            *r = plain("n");
            r["DirectInternetAccess"] = json!("Disabled");
        }),
        ("SubnetId must be specified if SecurityGroupIds are", |r| {
            drop(r.as_object_mut().unwrap().remove("SubnetId"))
        }),
        ("Platform identifier (notebook-al2-v1) is not supported for this service.", |r| {
            r["PlatformIdentifier"] = json!("notebook-al2-v1")
        }),
        (
            "Unable to describe Notebook Instance Lifecycle Config 'arn:aws:sagemaker:us-east-1:123456789012:notebook-instance-lifecycle-config/c'. (Details: ",
            |r| r["LifecycleConfigName"] = json!("c"),
        ),
        ("a notebook instance with IPv6 is not implemented", |r| r["IpAddressType"] = json!("dualstack")),
        (
            "Cannot find CodeRepository \"arn:aws:sagemaker:us-east-1:123456789012:code-repository/mine\"",
            |r| r["DefaultCodeRepository"] = json!("Mine"),
        ),
        ("Cannot find CodeRepository", |r| {
            r["AdditionalCodeRepositories"] = json!(["https://github.com/a/b", "mine"])
        }),
        ("Duplicate tag key: a", |r| {
            r["Tags"] = json!([{ "Key": "a", "Value": "1" }, { "Key": "a", "Value": "2" }])
        }),
    ];
    let site = Site::new(Profile::Fast);
    for (expected, edit) in cases {
        let before = site.lab.state();
        let refused = site.notebook("n", edit).unwrap_err();
        assert!(refused.message.contains(expected), "expected {expected}\n     got {}", refused.message);
        assert!(Arc::ptr_eq(&before, &site.lab.state()), "a refused call changes nothing");
    }
    let foreign = site.lab.vpc(Tenancy::Default);
    let group = site.lab.group(foreign).to_string();
    let refused = site.notebook("n", |r| r["SecurityGroupIds"] = json!([group])).unwrap_err();
    assert_eq!(refused.because, Some("SM-F-VPC-MIX"));
}

#[test]
fn each_course_begins_where_it_may() {
    let site = Site::new(Profile::Fast);
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:notebook-instance/n";
    let refusal = |result: Result<Value, Refused>| result.unwrap_err().message;
    let cannot = |status: &str, from: &str, to: &str| {
        format!(
            "Status ({status}) not in ([{from}]). Unable to transition to ({to}) for Notebook Instance ({arn})."
        )
    };
    let update = || site.lab.write::<UpdateNotebookInstance>(of("n"));
    for result in [site.start("n"), site.stop_notebook("n"), site.drop_notebook("n"), update()] {
        assert_eq!(refusal(result), "RecordNotFound");
    }
    site.notebook("n", |_| {}).unwrap();
    assert_eq!(
        refusal(site.notebook("n", |_| {})),
        format!("Cannot create a duplicate Notebook Instance ({arn})")
    );
    let url = |name| site.lab.write::<CreatePresignedNotebookInstanceUrl>(of(name));
    assert!(refusal(url("n")).contains("Status (Pending) not in ([InService])"));
    assert_eq!(refusal(site.stop_notebook("n")), cannot("Pending", "InService", "Stopping"));
    site.lab.advance(READY);
    let authorized = url("n").unwrap();
    let text = authorized["AuthorizedUrl"].as_str().unwrap();
    assert!(text.starts_with("https://n.notebook.us-east-1.sagemaker.aws?authToken="), "{text}");
    assert_eq!(url("n").unwrap(), authorized);
    assert_eq!(refusal(url("x")), "RecordNotFound");
    assert_eq!(refusal(site.start("n")), cannot("InService", "Stopped, Failed", "Pending"));
    assert_eq!(refusal(site.drop_notebook("n")), cannot("InService", "Stopped, Failed", "Deleting"));
    assert_eq!(refusal(update()), cannot("InService", "Stopped, Failed", "Updating"));
    site.stop_notebook("n").unwrap();
    assert_eq!(refusal(site.start("n")), cannot("Stopping", "Stopped, Failed", "Pending"));
}

#[test]
fn git_repositories_are_named_or_located() {
    let site = Site::new(Profile::Fast);
    let git = json!({ "RepositoryUrl": "https://example.com/r" });
    site.lab.write::<Create<Repository>>(json!({ "CodeRepositoryName": "Mine", "GitConfig": git })).unwrap();
    site.notebook("n", |r| r["DefaultCodeRepository"] = json!("Mine")).unwrap();
    assert_eq!(site.told("n")["DefaultCodeRepository"], "Mine");
    site.lab.advance(READY);
    site.stop_notebook("n").unwrap();
    site.lab.advance(SOON);
    let update = |all: Value| {
        let input = json!({ "NotebookInstanceName": "n", "AdditionalCodeRepositories": all });
        site.lab.write::<UpdateNotebookInstance>(input)
    };
    let refused = update(json!(["Mine", "theirs"])).unwrap_err();
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:code-repository/theirs";
    assert_eq!(refused.message, format!("Cannot find CodeRepository \"{arn}\""));
    assert_eq!(site.status("n"), "Stopped");
    let all = json!(["https://example.com/b", "Mine"]);
    update(all.clone()).unwrap();
    assert_eq!(site.told("n")["AdditionalCodeRepositories"], all);
}

#[test]
fn an_update_changes_what_it_names() {
    let site = Site::new(Profile::Fast);
    site.lab
        .write::<CreateNotebookInstanceLifecycleConfig>(json!({ "NotebookInstanceLifecycleConfigName": "c" }))
        .unwrap();
    site.notebook("n", |r| {
        r["VolumeSizeInGB"] = json!(20);
        r["LifecycleConfigName"] = json!("c");
        r["DefaultCodeRepository"] = json!("https://example.com/a");
        r["AdditionalCodeRepositories"] = json!(["https://example.com/b"]);
    })
    .unwrap();
    site.lab.advance(READY);
    let before = site.told("n");
    site.stop_notebook("n").unwrap();
    site.lab.advance(SOON);
    let update = |more: Value| {
        let mut input = of("n");
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        site.lab.write::<UpdateNotebookInstance>(input)
    };
    let refused = update(json!({ "VolumeSizeInGB": 10 })).unwrap_err();
    assert!(refused.message.contains("it is 20 GB, and 10 GB were requested"), "{refused:?}");
    update(json!({ "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30, "RootAccess": "Disabled",
        "DisassociateLifecycleConfig": true, "DisassociateDefaultCodeRepository": true,
        "DisassociateAdditionalCodeRepositories": true }))
    .unwrap();
    assert_eq!(site.status("n"), "Updating");
    assert_eq!(site.wait(SOON, "n"), "Stopped");
    let mut expected = before.as_object().unwrap().clone();
    for gone in ["NotebookInstanceLifecycleConfigName", "DefaultCodeRepository", "AdditionalCodeRepositories"]
    {
        expected.remove(gone);
    }
    let after = site.told("n");
    for (name, value) in [
        ("InstanceType", json!("ml.m5.xlarge")),
        ("VolumeSizeInGB", json!(30)),
        ("RootAccess", json!("Disabled")),
        ("NotebookInstanceStatus", json!("Stopped")),
        ("LastModifiedTime", after["LastModifiedTime"].clone()),
    ] {
        expected.insert(name.to_owned(), value);
    }
    assert_eq!(after, Value::Object(expected));
    site.start("n").unwrap();
    assert_eq!(site.wait(READY, "n"), "InService");
}

#[test]
fn there_are_no_more_than_the_quota_says() {
    let site = Site::new(Profile::Instant);
    for n in 0..8 {
        site.lab.write::<CreateNotebookInstance>(plain(&format!("n{n}"))).unwrap();
    }
    let refused = site.lab.write::<CreateNotebookInstance>(plain("more")).unwrap_err();
    assert_eq!(refused.code, "ResourceLimitExceeded");
    assert_eq!(
        refused.message,
        "The account-level service limit 'Total number of notebook instances' is 8 NotebookInstances, with current \
         utilization of 8 NotebookInstances and a request delta of 1 NotebookInstances. Please contact AWS support to \
         request an increase for this limit."
    );
}

fn script(site: &Site, behaviour: Behaviour) -> String {
    let config =
        json!({ "NotebookInstanceLifecycleConfigName": "c", "OnStart": [{ "Content": "c2xlZXA=" }] });
    let _ = site.lab.write::<CreateNotebookInstanceLifecycleConfig>(config);
    site.lab.declare(Behaviour { kinds: vec![JobKind::Notebook], ..behaviour });
    site.notebook("n", |r| {
        r["LifecycleConfigName"] = json!("c");
        r["DirectInternetAccess"] = json!("Disabled");
    })
    .unwrap();
    site.lab.advance(600_000);
    let told = site.told("n");
    let reason = told["FailureReason"].as_str().unwrap_or_default();
    format!("{}: {reason}", told["NotebookInstanceStatus"].as_str().unwrap())
}

#[test]
fn scripts_end_as_was_declared() {
    let site = || Site::new(Profile::Fast);
    let minutes = |n: u64| Behaviour { duration: Some(Duration::from_secs(n * 60)), ..Behaviour::default() };
    assert_eq!(script(&site(), minutes(4)), "InService: ");
    let late = script(&site(), minutes(6));
    assert!(
        late.starts_with("Failed: Notebook Instance Lifecycle Config 'arn:aws:sagemaker:us-east-1:"),
        "{late}"
    );
    assert!(late.contains("took longer than 5 minutes. Please check your CloudWatch logs"), "{late}");
    let ends = script(&site(), Behaviour { exit_code: 3, ..Behaviour::default() });
    assert!(ends.contains("failed with exit code 3."), "{ends}");
    // The lab's VPC has a way to S3 and none to the internet.
    let connects =
        vec![Connection { to: Remote::Host("example.com".into(), 443), optional: false, waits: false }];
    let sealed = site();
    let told = script(&sealed, Behaviour { connects, log: vec!["hello".into()], ..Behaviour::default() });
    assert!(told.contains("failed with exit code 1."), "{told}");
    let state = sealed.lab.state();
    let stream = state.log_streams.iter().next().unwrap();
    assert_eq!(
        (&*stream.key.group, &*stream.key.name),
        ("/aws/sagemaker/NotebookInstances", "n/LifecycleConfigOnStart")
    );
    let now = sealed.lab.now();
    let group = LogGroup::new(stream.key.group.clone(), now);
    assert!(stream.all_seen(&group, now).any(|event| &*event.message == "hello"));
    assert_eq!(state.notebooks.iter().next().unwrap().failure.as_ref().unwrap().rule, Some("SM-OUT-01"));
}

#[test]
fn a_script_that_waits_for_an_answer_takes_too_long() {
    let site = Site::new(Profile::Fast);
    let connects =
        vec![Connection { to: Remote::Host("example.com".into(), 443), optional: false, waits: true }];
    let told = script(&site, Behaviour { connects, ..Behaviour::default() });
    assert!(told.starts_with("Failed: ") && told.contains("took longer than 5 minutes."), "{told}");
    let state = site.lab.state();
    assert_eq!(state.notebooks.iter().next().unwrap().failure.as_ref().unwrap().rule, Some("SM-OUT-01"));
}

#[test]
fn what_was_declared_of_no_kind_is_not_of_scripts() {
    let site = Site::new(Profile::Fast);
    site.lab.declare(Behaviour { exit_code: 1, ..Behaviour::default() });
    assert_eq!(script(&site, Behaviour { exit_code: 0, ..Behaviour::default() }), "InService: ");
}

#[test]
fn lifecycle_configurations_are_kept_and_changed() {
    let site = Site::new(Profile::Instant);
    let named = || json!({ "NotebookInstanceLifecycleConfigName": "c" });
    let arn = "arn:aws:sagemaker:us-east-1:123456789012:notebook-instance-lifecycle-config/c";
    let update =
        |input| site.lab.write::<UpdateNotebookInstanceLifecycleConfig>(input).map_err(|e| e.message);
    let delete = || site.lab.write::<DeleteNotebookInstanceLifecycleConfig>(named()).map_err(|e| e.message);
    let none = |verb: &str| {
        Err(format!(
            "Unable to {verb} Notebook Instance Lifecycle Config '{arn}'. (Details: Notebook Instance Lifecycle Config does not exist.)"
        ))
    };
    assert_eq!((update(named()), delete()), (none("update"), none("delete")));
    site.lab.write::<CreateNotebookInstanceLifecycleConfig>(named()).unwrap();
    let refused = site.lab.write::<CreateNotebookInstanceLifecycleConfig>(named()).unwrap_err();
    assert_eq!(
        refused.message,
        format!(
            "Unable to create Notebook Instance Lifecycle Config {arn}. (Details: Notebook Instance Lifecycle Config already exists.)"
        )
    );
    let mut changed = named();
    changed["OnCreate"] = json!([{ "Content": "ZWNobw==" }]);
    update(changed).unwrap();
    let row = site.lab.state().notebook_lifecycles.iter().next().cloned().unwrap();
    assert!(row.on_create.is_some() && row.on_start.is_none());
    delete().unwrap();
}

#[test]
fn a_list_is_by_name_unless_told_otherwise() {
    let site = Site::new(Profile::Fast);
    for name in ["b", "c", "a"] {
        let mut request = plain(name);
        request["DefaultCodeRepository"] = json!(format!("https://example.com/{name}"));
        site.lab.write::<CreateNotebookInstance>(request).unwrap();
        site.lab.advance(100);
    }
    let names = |input: Value| {
        let page = site.lab.read::<ListNotebookInstances>(input).unwrap();
        let all = page["NotebookInstances"].as_array().unwrap().iter();
        all.map(|row| row["NotebookInstanceName"].as_str().unwrap()).collect::<String>()
    };
    for (input, expected) in [
        (json!({}), "abc"),
        (json!({ "SortOrder": "Descending" }), "cba"),
        (json!({ "SortBy": "CreationTime" }), "bca"),
        (json!({ "NameContains": "b" }), "b"),
        (json!({ "StatusEquals": "Pending", "MaxResults": 2 }), "ab"),
        (json!({ "StatusEquals": "InService" }), ""),
        (json!({ "DefaultCodeRepositoryContains": "com/c" }), "c"),
        (json!({ "AdditionalCodeRepositoryEquals": "x" }), ""),
        (json!({ "NotebookInstanceLifecycleConfigNameContains": "x" }), ""),
    ] {
        assert_eq!(names(input.clone()), expected, "{input}");
    }
}
