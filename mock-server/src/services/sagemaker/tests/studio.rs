//! Studio: the interfaces of a domain, the order in which things are deleted, lifecycle configurations, and what is
//! refused.

use super::*;
use crate::model::InterfaceStatus;
use crate::services::ec2::{DeleteSecurityGroup, DeleteSubnet};
use crate::services::sagemaker::studio::{
    CreateApp, CreateDomain, CreatePresignedDomainUrl, CreateSpace, CreateStudioLifecycleConfig,
    CreateUserProfile, DeleteApp, DeleteDomain, DeleteSpace, DeleteStudioLifecycleConfig, DeleteUserProfile,
    DescribeApp, DescribeDomain, DescribeStudioLifecycleConfig, DescribeUserProfile, ListApps, ListDomains,
    ListSpaces, ListStudioLifecycleConfigs, ListUserProfiles, UpdateDomain, UpdateSpace, UpdateUserProfile,
};

impl Site {
    fn settings(&self) -> Value {
        json!({ "ExecutionRole": ROLE_ARN, "SecurityGroups": [self.group.to_string()] })
    }

    fn domain(&self, name: &str, edit: impl FnOnce(&mut Value)) -> Result<String, Refused> {
        let mut request = json!({
            "DomainName": name,
            "AuthMode": "IAM",
            "DefaultUserSettings": self.settings(),
            "SubnetIds": [self.subnet.to_string()],
            "VpcId": self.vpc.to_string(),
            "AppNetworkAccessType": "VpcOnly",
        });
        edit(&mut request);
        let made = self.lab.write::<CreateDomain>(request)?;
        Ok(made["DomainId"].as_str().unwrap().to_owned())
    }

    fn profile(&self, domain: &str, name: &str, settings: Value) -> Result<Value, Refused> {
        let request = json!({ "DomainId": domain, "UserProfileName": name, "UserSettings": settings });
        self.lab.write::<CreateUserProfile>(request)
    }

    fn app(&self, domain: &str, user: &str, name: &str) -> Result<Value, Refused> {
        self.lab.write::<CreateApp>(app(domain, user, name))
    }

    fn status_of_app(&self, domain: &str, user: &str, name: &str) -> Value {
        self.assert_sound();
        self.lab.read::<DescribeApp>(app(domain, user, name)).unwrap()["Status"].clone()
    }
}

fn app(domain: &str, user: &str, name: &str) -> Value {
    json!({ "DomainId": domain, "UserProfileName": user, "AppType": "KernelGateway", "AppName": name })
}

fn of(domain: &str) -> Value {
    json!({ "DomainId": domain })
}

#[test]
fn a_domain_has_a_mount_target_and_each_kind_of_instance_an_interface() {
    let site = Site::new(Profile::Fast);
    let id = site.domain("d", |_| {}).unwrap();
    let told = || site.lab.read::<DescribeDomain>(of(&id)).unwrap();
    assert_eq!((told()["Status"].as_str(), site.free()), (Some("Pending"), 10));
    let early = site.profile(&id, "ann", json!({})).unwrap_err();
    assert_eq!(early.code, "ResourceInUse");
    site.lab.advance(1_500);
    assert_eq!(told()["Status"], "InService");
    site.profile(&id, "Ann", json!({})).unwrap();
    site.lab.advance(300);
    site.app(&id, "Ann", "one").unwrap();
    assert_eq!((site.status_of_app(&id, "ann", "one"), site.free()), (json!("Pending"), 9));
    site.lab.advance(1_000);
    assert_eq!(site.status_of_app(&id, "Ann", "one"), "InService");
    // A second app runs on the same instance.
    site.app(&id, "Ann", "two").unwrap();
    site.lab.advance(1_000);
    assert_eq!(site.free(), 9);
    let descriptions: Vec<_> = site.lab.interfaces().iter().map(|row| row.description.to_string()).collect();
    assert!(descriptions.iter().any(|text| text.starts_with("EFS mount target for fs-")), "{descriptions:?}");
    let eni = format!("[DO NOT DELETE] ENI managed by SageMaker for Studio Domain({id}) - ");
    assert!(descriptions.iter().any(|text| text.starts_with(&eni)), "{descriptions:?}");
    assert!(site.lab.interfaces().iter().all(|row| row.status() == InterfaceStatus::InUse));
    let held = site.lab.write::<DeleteSubnet>(json!({ "SubnetId": site.subnet.to_string() })).unwrap_err();
    assert_eq!(held.code, "DependencyViolation");
    let held =
        site.lab.write::<DeleteSecurityGroup>(json!({ "GroupId": site.group.to_string() })).unwrap_err();
    assert_eq!(held.code, "DependencyViolation");

    // What is in it goes first.
    let domain_held = site.lab.write::<DeleteDomain>(of(&id)).unwrap_err();
    assert_eq!(domain_held.code, "ResourceInUse");
    let ann = json!({ "DomainId": id, "UserProfileName": "ann" });
    let held = site.lab.write::<DeleteUserProfile>(ann.clone()).unwrap_err();
    assert!(held.message.ends_with("because App(s) are associated with it."), "{}", held.message);
    site.lab.write::<DeleteApp>(app(&id, "ann", "one")).unwrap();
    site.lab.advance(1_000);
    assert_eq!((site.status_of_app(&id, "ann", "one"), site.free()), (json!("Deleted"), 9));
    site.lab.write::<DeleteApp>(app(&id, "ann", "two")).unwrap();
    site.lab.advance(1_000);
    assert_eq!(site.free(), 10);
    site.lab.write::<DeleteUserProfile>(ann.clone()).unwrap();
    site.lab.advance(300);
    let gone = site.lab.read::<DescribeUserProfile>(ann).unwrap_err();
    assert_eq!(gone.code, "ResourceNotFound");
    let mut last = of(&id);
    last["RetentionPolicy"] = json!({ "HomeEfsFileSystem": "Delete" });
    site.lab.write::<DeleteDomain>(last).unwrap();
    assert_eq!(told()["Status"], "Deleting");
    site.lab.advance(1_500);
    assert_eq!((site.lab.interfaces().len(), site.free()), (0, 11));
    assert_eq!(site.lab.read::<DescribeDomain>(of(&id)).unwrap_err().code, "ResourceNotFound");
    site.assert_sound();
}

/// Source: API reference, UpdateDomain.
#[test]
fn the_network_of_a_domain_is_changed_while_it_has_no_apps() {
    let site = Site::new(Profile::Fast);
    let more = site.lab.subnet(site.vpc, "10.0.1.0/28").to_string();
    let both = json!([site.subnet.to_string(), more]);
    let id = site.domain("d", |request| request["SubnetIds"] = both.clone()).unwrap();
    site.lab.advance(1_500);
    site.profile(&id, "ann", json!({})).unwrap();
    site.lab.advance(300);
    let told = || site.lab.read::<DescribeDomain>(of(&id)).unwrap();
    let update = |member: &str, value: Value| {
        let mut input = of(&id);
        input[member] = value;
        site.lab.write::<UpdateDomain>(input)
    };
    let access = || update("AppNetworkAccessType", json!("PublicInternetOnly"));
    let fewer = || update("SubnetIds", json!([more]));
    let refused = |done: Result<Value, Refused>, what: &str| {
        let refused = done.unwrap_err();
        let expected =
            format!("{what} only if the domain has no apps in status InService, Pending or Deleting.");
        assert_eq!((&*refused.code, refused.message), ("ValidationException", expected));
    };
    let both_refused = || {
        refused(access(), "AppNetworkAccessType can be modified");
        refused(fewer(), "Subnets can be removed");
        assert_eq!((&told()["SubnetIds"], &told()["Status"]), (&both, &json!("InService")));
    };
    site.app(&id, "ann", "one").unwrap();
    both_refused();
    site.lab.advance(1_000);
    both_refused();
    // What changes neither is as good as ever.
    let mut input = of(&id);
    (input["AppNetworkAccessType"], input["SubnetIds"]) = (json!("VpcOnly"), both.clone());
    site.lab.write::<UpdateDomain>(input).unwrap();
    site.lab.advance(1_500);
    site.lab.write::<DeleteApp>(app(&id, "ann", "one")).unwrap();
    both_refused();
    site.lab.advance(1_000);
    access().unwrap();
    site.lab.advance(1_500);
    fewer().unwrap();
    site.lab.advance(1_500);
    assert_eq!(
        (&told()["SubnetIds"], &told()["AppNetworkAccessType"]),
        (&json!([more]), &json!("PublicInternetOnly"))
    );
    site.assert_sound();
}

#[test]
fn a_file_system_that_is_kept_keeps_its_address() {
    let site = Site::new(Profile::Instant);
    let id = site.domain("d", |_| {}).unwrap();
    site.lab.write::<DeleteDomain>(of(&id)).unwrap();
    assert_eq!((site.lab.interfaces().len(), site.free()), (1, 10));
    site.assert_sound();
}

#[test]
fn an_app_without_an_address_fails() {
    let site = Site::new(Profile::Instant);
    let id = site.domain("d", |_| {}).unwrap();
    let pool = site.free();
    for n in 0..pool {
        let user = format!("u{n}");
        site.profile(&id, &user, json!({})).unwrap();
        site.app(&id, &user, "a").unwrap();
    }
    assert_eq!(site.free(), 0);
    site.profile(&id, "late", json!({})).unwrap();
    site.app(&id, "late", "a").unwrap();
    let told = site.lab.read::<DescribeApp>(app(&id, "late", "a")).unwrap();
    assert_eq!(told["Status"], "Failed");
    assert!(told["FailureReason"].as_str().unwrap().contains("do not have enough free IP addresses"));
    site.assert_sound();
}

#[test]
fn what_cannot_be_is_refused() {
    let site = Site::new(Profile::Instant);
    let other = site.lab.vpc(Tenancy::Default);
    let strange = site.lab.subnet(other, "10.0.0.0/28").to_string();
    let full = site.lab.subnet(site.vpc, "10.0.5.0/28");
    let group = json!({ "InstanceGroupName": "g", "InstanceType": "ml.m5.large", "InstanceCount": 11,
        "ExecutionRole": ROLE_ARN });
    let network = json!({ "Subnets": [full.to_string()], "SecurityGroupIds": [site.group.to_string()] });
    let request = json!({ "ClusterName": "hp", "InstanceGroups": [group], "VpcConfig": network });
    site.lab.write::<crate::services::sagemaker::cluster::CreateCluster>(request).unwrap();
    let mine = site.lab.interfaces().len();
    type Edit<'a> = &'a dyn Fn(&mut Value);
    let cases: &[(&str, Edit<'_>)] = &[
        ("SecurityGroups must be specified", &|r| {
            drop(r["DefaultUserSettings"].as_object_mut().unwrap().remove("SecurityGroups"));
        }),
        ("No more than 4 SecurityGroups", &|r| {
            r["DefaultUserSettings"]["SecurityGroups"] = json!(["sg-1", "sg-2", "sg-3", "sg-4", "sg-5"]);
        }),
        ("VpcId and SubnetIds must be specified.", &|r| {
            drop(r.as_object_mut().unwrap().remove("VpcId"));
        }),
        ("The VPC vpc-0123456789abcdef0 does not exist.", &|r| r["VpcId"] = json!("vpc-0123456789abcdef0")),
        ("Could not assume role", &|r| {
            r["DefaultUserSettings"]["ExecutionRole"] = json!("arn:aws:iam::123456789012:role/Nobody");
        }),
        ("do not have enough free IP addresses", &|r| r["SubnetIds"] = json!([full.to_string()])),
        ("The lifecycle configuration arn:aws:sagemaker:", &|r| {
            r["DefaultUserSettings"]["KernelGatewayAppSettings"] = json!({ "LifecycleConfigArns":
                ["arn:aws:sagemaker:us-east-1:123456789012:studio-lifecycle-config/none"] });
        }),
    ];
    for (text, edit) in cases {
        let told = site.domain("d", edit).unwrap_err();
        assert!(told.message.contains(text), "{text}: {}", told.message);
        assert_eq!((told.code.as_ref(), site.lab.interfaces().len()), ("ValidationException", mine));
        site.assert_sound();
    }
    let mixed = site.domain("d", |r| r["SubnetIds"] = json!([strange])).unwrap_err();
    assert_eq!(mixed.code, "ValidationException");

    let id = site.domain("d", |_| {}).unwrap();
    assert_eq!(site.profile("d-000000000000", "x", json!({})).unwrap_err().code, "ResourceNotFound");
    site.profile(&id, "x", json!({})).unwrap();
    assert_eq!(site.profile(&id, "X", json!({})).unwrap_err().code, "ResourceInUse");
    let sso = json!({ "DomainId": id, "UserProfileName": "s", "SingleSignOnUserValue": "s",
        "SingleSignOnUserIdentifier": "UserName" });
    assert_eq!(site.lab.write::<CreateUserProfile>(sso).unwrap_err().code, "ValidationException");
    let both = json!({ "DomainId": id, "UserProfileName": "x", "SpaceName": "y", "AppType": "JupyterLab",
        "AppName": "a" });
    assert_eq!(site.lab.write::<CreateApp>(both).unwrap_err().code, "ValidationException");
    let half =
        json!({ "DomainId": id, "SpaceName": "s", "OwnershipSettings": { "OwnerUserProfileName": "x" } });
    assert_eq!(site.lab.write::<CreateSpace>(half).unwrap_err().code, "ValidationException");
    site.app(&id, "x", "a").unwrap();
    assert_eq!(site.app(&id, "x", "a").unwrap_err().code, "ResourceInUse");
    let url = json!({ "DomainId": id, "UserProfileName": "nobody" });
    assert_eq!(site.lab.write::<CreatePresignedDomainUrl>(url).unwrap_err().code, "ResourceNotFound");
    let url = json!({ "DomainId": id, "UserProfileName": "x" });
    assert!(site.lab.write::<CreatePresignedDomainUrl>(url).unwrap()["AuthorizedUrl"].is_string());
    let wide = json!({ "DomainId": id, "AppNetworkAccessType": "VpcOnly",
        "DefaultUserSettings": { "SecurityGroups": [] } });
    assert_eq!(site.lab.write::<UpdateDomain>(wide).unwrap_err().code, "ValidationException");
    site.assert_sound();
}

#[test]
fn quotas_bound_domains_and_profiles() {
    let quotas = crate::model::Quotas { studio_domains: 1, studio_user_profiles: 1, ..Default::default() };
    let site = Site::with(Defaults { profile: Profile::Instant, quotas, ..Defaults::default() });
    let id = site.domain("d", |_| {}).unwrap();
    let full = site.domain("e", |_| {}).unwrap_err();
    assert_eq!(full.code, "ResourceLimitExceeded");
    assert!(full.message.contains("'Total domains' is 1 Domains"), "{}", full.message);
    site.profile(&id, "a", json!({})).unwrap();
    assert_eq!(site.profile(&id, "b", json!({})).unwrap_err().code, "ResourceLimitExceeded");
    assert_eq!(site.profile(&id, "a", json!({})).unwrap_err().code, "ResourceInUse");
}

#[test]
fn a_lifecycle_configuration_is_held_by_what_uses_it() {
    let site = Site::new(Profile::Instant);
    let create = |name: &str, app_type: &str| {
        let request = json!({ "StudioLifecycleConfigName": name, "StudioLifecycleConfigContent": "ZWNobw==",
            "StudioLifecycleConfigAppType": app_type, "Tags": [{ "Key": "k", "Value": "v" }] });
        site.lab.write::<CreateStudioLifecycleConfig>(request)
    };
    let named = |name: &str| json!({ "StudioLifecycleConfigName": name });
    let arn = create("auto", "KernelGateway").unwrap()["StudioLifecycleConfigArn"].clone();
    assert_eq!(arn, "arn:aws:sagemaker:us-east-1:123456789012:studio-lifecycle-config/auto");
    assert_eq!(create("auto", "JupyterLab").unwrap_err().code, "ResourceInUse");
    site.lab.advance(5);
    create("lab", "JupyterLab").unwrap();
    let told = site.lab.read::<DescribeStudioLifecycleConfig>(named("auto")).unwrap();
    assert_eq!(told["StudioLifecycleConfigContent"], "ZWNobw==");
    assert_eq!(told["CreationTime"], told["LastModifiedTime"]);
    let names = |request: Value| {
        let told = site.lab.read::<ListStudioLifecycleConfigs>(request).unwrap();
        let all = told["StudioLifecycleConfigs"].as_array().unwrap().iter();
        all.map(|row| row["StudioLifecycleConfigName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(json!({})), ["lab", "auto"]);
    assert_eq!(names(json!({ "SortBy": "Name", "SortOrder": "Ascending" })), ["auto", "lab"]);
    assert_eq!(names(json!({ "AppTypeEquals": "JupyterLab" })), ["lab"]);
    assert_eq!(names(json!({ "ModifiedTimeAfter": site.lab.now().millis() + 1 })), Vec::<String>::new());

    let kernel =
        json!({ "DefaultResourceSpec": { "LifecycleConfigArn": arn }, "LifecycleConfigArns": [arn] });
    let server = json!({ "LifecycleConfigArns": [arn] });
    let alone =
        site.domain("d", |r| r["DefaultUserSettings"]["JupyterServerAppSettings"] = server).unwrap_err();
    assert_eq!(alone.message, "DefaultResourceSpec must be specified with LifecycleConfigArns.");
    let id =
        site.domain("d", |r| r["DefaultUserSettings"]["KernelGatewayAppSettings"] = kernel.clone()).unwrap();
    let remove = || site.lab.write::<DeleteStudioLifecycleConfig>(named("auto"));
    assert!(remove().unwrap_err().message.ends_with("because Domain(s) are associated with it."));
    let cleared = json!({ "DomainId": id, "DefaultUserSettings": { "KernelGatewayAppSettings":
        { "DefaultResourceSpec": { "LifecycleConfigArn": "None" }, "LifecycleConfigArns": [] } } });
    site.lab.write::<UpdateDomain>(cleared).unwrap();
    site.profile(&id, "ann", json!({ "KernelGatewayAppSettings": kernel })).unwrap();
    assert!(remove().unwrap_err().message.ends_with("because UserProfile(s) are associated with it."));
    let cleared = json!({ "DomainId": id, "UserProfileName": "ann", "UserSettings": { "KernelGatewayAppSettings":
        { "DefaultResourceSpec": { "LifecycleConfigArn": "None" }, "LifecycleConfigArns": [] } } });
    site.lab.write::<UpdateUserProfile>(cleared).unwrap();
    let mut request = app(&id, "ann", "k");
    request["ResourceSpec"] = json!({ "InstanceType": "ml.t3.medium", "LifecycleConfigArn": arn });
    site.lab.write::<CreateApp>(request).unwrap();
    assert!(remove().unwrap_err().message.ends_with("because App(s) are associated with it."));
    site.lab.write::<DeleteApp>(app(&id, "ann", "k")).unwrap();
    remove().unwrap();
    assert_eq!(remove().unwrap_err().code, "ResourceNotFound");
    let unknown = json!({ "DomainId": id, "SpaceName": "s", "SpaceSettings": { "JupyterLabAppSettings":
        { "DefaultResourceSpec": { "LifecycleConfigArn": arn } } } });
    assert_eq!(site.lab.write::<CreateSpace>(unknown).unwrap_err().code, "ValidationException");
    site.assert_sound();
}

#[test]
fn lists_tell_what_is_in_a_domain() {
    let site = Site::new(Profile::Instant);
    let id = site.domain("d", |_| {}).unwrap();
    let other = site.domain("e", |_| {}).unwrap();
    for user in ["ann", "bob"] {
        site.profile(&id, user, json!({})).unwrap();
        site.lab.advance(5);
    }
    site.profile(&other, "cy", json!({})).unwrap();
    let space = json!({ "DomainId": id, "SpaceName": "s", "OwnershipSettings": { "OwnerUserProfileName": "ann" },
        "SpaceSharingSettings": { "SharingType": "Private" }, "SpaceSettings": { "AppType": "JupyterLab" } });
    site.lab.write::<CreateSpace>(space).unwrap();
    let change = json!({ "DomainId": id, "SpaceName": "s", "SpaceDisplayName": "S" });
    site.lab.write::<UpdateSpace>(change).unwrap();
    site.app(&id, "ann", "a").unwrap();
    let count = |told: Value, list: &str| told[list].as_array().unwrap().len();
    assert_eq!(count(site.lab.read::<ListDomains>(json!({})).unwrap(), "Domains"), 2);
    let users = |request| count(site.lab.read::<ListUserProfiles>(request).unwrap(), "UserProfiles");
    assert_eq!([users(json!({})), users(json!({ "DomainIdEquals": id }))], [3, 2]);
    assert_eq!(users(json!({ "UserProfileNameContains": "bo" })), 1);
    let spaces = site.lab.read::<ListSpaces>(json!({ "DomainIdEquals": id })).unwrap();
    assert_eq!(spaces["Spaces"][0]["SpaceDisplayName"], "S");
    let apps = |request| count(site.lab.read::<ListApps>(request).unwrap(), "Apps");
    assert_eq!([apps(json!({})), apps(json!({ "UserProfileNameEquals": "bob" }))], [1, 0]);
    // A user profile that owns a space is held by it, and a domain by both.
    site.lab.write::<DeleteApp>(app(&id, "ann", "a")).unwrap();
    let ann = json!({ "DomainId": id, "UserProfileName": "ann" });
    let held = site.lab.write::<DeleteUserProfile>(ann.clone()).unwrap_err();
    assert!(held.message.contains("Space(s)"), "{}", held.message);
    site.lab.write::<DeleteSpace>(json!({ "DomainId": id, "SpaceName": "s" })).unwrap();
    site.lab.write::<DeleteUserProfile>(ann).unwrap();
    site.assert_sound();
}
