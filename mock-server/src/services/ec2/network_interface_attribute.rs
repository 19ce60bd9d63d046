//! Attributes of network interfaces.

use super::describe::{Text, Value, find};
use super::error::Ec2Error;
use super::error::interfaces::InterfaceError;
use super::network_interface::{AttachmentView, GroupIdentifier, find_own, group_set};
use super::network_interface_create::{TrackingIn, groups_in, not_placed};
use crate::kernel::AccountId;
use crate::model::{Attachment, NetworkInterface, NetworkInterfaceId, Txn};
use crate::services::{Caller, Done, Operation, Read, View, Write};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

/// The names of the attributes.
const ATTACHMENT: &str = "attachment";
const DESCRIPTION: &str = "description";
const GROUP_SET: &str = "groupSet";
const SOURCE_DEST_CHECK: &str = "sourceDestCheck";
const ASSOCIATE_PUBLIC_ADDRESS: &str = "associatePublicIpAddress";

// === Describe ===

pub struct DescribeNetworkInterfaceAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeAttributeIn {
    network_interface_id: String,
    attribute: Option<String>,
}

/// One attribute of an interface.
pub struct AttributeOut {
    interface: Arc<NetworkInterface>,
    account: AccountId,
    attribute: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeView<'a> {
    attachment: Option<AttachmentView>,
    description: Option<Value<&'a str>>,
    groups: Option<Vec<GroupIdentifier<'a>>>,
    network_interface_id: Text<NetworkInterfaceId>,
    source_dest_check: Option<Value<bool>>,
    associate_public_ip_address: Option<bool>,
}

impl Serialize for AttributeOut {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let interface = &*self.interface;
        let attachment = || interface.attachment.as_ref().map(|it| AttachmentView::new(it, self.account));
        let is = |name| self.attribute == name;
        AttributeView {
            attachment: if is(ATTACHMENT) { attachment() } else { None },
            description: is(DESCRIPTION).then(|| Value { value: &*interface.description }),
            groups: is(GROUP_SET).then(|| group_set(interface).collect()),
            network_interface_id: Text(interface.id),
            source_dest_check: is(SOURCE_DEST_CHECK).then_some(Value { value: interface.source_dest_check }),
            associate_public_ip_address: is(ASSOCIATE_PUBLIC_ADDRESS).then_some(interface.associate_public),
        }
        .serialize(serializer)
    }
}

impl Operation for DescribeNetworkInterfaceAttribute {
    const NAME: &'static str = "DescribeNetworkInterfaceAttribute";
    type In = DescribeAttributeIn;
    type Out = AttributeOut;
    type Error = Ec2Error;
}

impl Read for DescribeNetworkInterfaceAttribute {
    fn run(view: &View<'_>, input: DescribeAttributeIn) -> Result<AttributeOut, Ec2Error> {
        let interface = find::<NetworkInterface>(view.state, &input.network_interface_id)?.clone();
        let attribute = input.attribute.ok_or(Ec2Error::MissingParameter(ATTRIBUTE))?;
        Ok(AttributeOut { interface, account: view.state.site.account, attribute })
    }
}

const ATTRIBUTE: &str = "attribute";

// === Modify ===

/// Changes one attribute; not those of an interface that a service manages (EC2-ENI-REQ).
/// Source: the page of ModifyNetworkInterfaceAttribute.
pub struct ModifyNetworkInterfaceAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyAttributeIn {
    network_interface_id: String,
    description: Option<Value<String>>,
    source_dest_check: Option<Value<bool>>,
    groups: Vec<String>,
    attachment: Option<AttachmentChanges>,
    associate_public_ip_address: Option<bool>,
    enable_primary_ipv6: Option<bool>,
    connection_tracking_specification: Option<TrackingIn>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct AttachmentChanges {
    attachment_id: Option<String>,
    delete_on_termination: Option<bool>,
}

impl Operation for ModifyNetworkInterfaceAttribute {
    const NAME: &'static str = "ModifyNetworkInterfaceAttribute";
    type In = ModifyAttributeIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for ModifyNetworkInterfaceAttribute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ModifyAttributeIn) -> Result<Done, Ec2Error> {
        let interface = find::<NetworkInterface>(&txn.state, &input.network_interface_id)?;
        let given: Vec<&str> = [
            (DESCRIPTION, input.description.is_some()),
            (SOURCE_DEST_CHECK, input.source_dest_check.is_some()),
            (GROUP_SET, !input.groups.is_empty()),
            (ATTACHMENT, input.attachment.is_some()),
            (ASSOCIATE_PUBLIC_ADDRESS, input.associate_public_ip_address.is_some()),
            ("enablePrimaryIpv6", input.enable_primary_ipv6.is_some()),
            ("connectionTrackingSpecification", input.connection_tracking_specification.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect();
        if given.len() > 1 {
            return Err(Ec2Error::ManyAttributes(given.join(", ")));
        }
        if given.is_empty() {
            return Err(Ec2Error::NoAttribute);
        }
        let mut interface = NetworkInterface::clone(find_own(&txn.state, &interface.id.to_string())?);
        if let Some(description) = input.description {
            interface.description = description.value.into();
        }
        if let Some(check) = input.source_dest_check {
            interface.source_dest_check = check.value;
        }
        if !input.groups.is_empty() {
            let groups = groups_in(&txn.state, interface.vpc, &input.groups)?;
            interface.groups = txn.state.group_refs(&groups).map_err(not_placed)?;
        }
        if let Some(changes) = input.attachment {
            let wanted = changes.attachment_id.ok_or(Ec2Error::MissingParameter("attachmentId"))?;
            match &mut interface.attachment {
                Some(Attachment::Instance { id, delete_on_termination, .. }) if id.to_string() == wanted => {
                    *delete_on_termination = changes.delete_on_termination.unwrap_or(*delete_on_termination);
                }
                _ => return Err(Ec2Error::AttachmentNotFound(wanted)),
            }
        }
        interface.associate_public = input.associate_public_ip_address.unwrap_or(interface.associate_public);
        if let Some(primary) = input.enable_primary_ipv6 {
            enable_primary_ipv6(&mut interface, primary)?;
        }
        if let Some(tracking) = input.connection_tracking_specification {
            interface.connection_tracking = Some(tracking.parse()?);
        }
        txn.state.interfaces.insert(interface);
        Ok(Done {})
    }
}

/// Source: the page of ModifyNetworkInterfaceAttribute; EC2-ENI-IPV6-PRIMARY.
fn enable_primary_ipv6(interface: &mut NetworkInterface, primary: bool) -> Result<(), Ec2Error> {
    if primary && interface.ipv6.is_empty() {
        return Err(InterfaceError::NoIpv6Address.into());
    }
    if !primary && interface.primary_ipv6 {
        return Err(InterfaceError::PrimaryIpv6.into());
    }
    interface.primary_ipv6 = primary;
    Ok(())
}

// === Reset ===

/// Source: the page of ResetNetworkInterfaceAttribute.
pub struct ResetNetworkInterfaceAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResetAttributeIn {
    network_interface_id: String,
    source_dest_check: Option<String>,
}

impl Operation for ResetNetworkInterfaceAttribute {
    const NAME: &'static str = "ResetNetworkInterfaceAttribute";
    type In = ResetAttributeIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for ResetNetworkInterfaceAttribute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ResetAttributeIn) -> Result<Done, Ec2Error> {
        let id = find_own(&txn.state, &input.network_interface_id)?.id;
        // Whatever the value is, AWS's own command line sends the name of the attribute.
        input.source_dest_check.ok_or(Ec2Error::NoAttribute)?;
        txn.state.interfaces.update(&id, |row| row.source_dest_check = true);
        Ok(Done {})
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::Lab;
    use super::super::network_interface_address::{
        AssignIpv6Addresses, AssignPrivateIpAddresses, UnassignPrivateIpAddresses,
    };
    use super::super::network_interface_attach::{AttachNetworkInterface, DetachNetworkInterface};
    use super::*;
    use crate::model::Id;
    use serde_json::{Value as Json, json};

    #[test]
    fn attributes_are_changed_and_read_one_by_one() {
        let lab = Lab::new();
        let vpc = lab.vpc();
        let id = lab.interface(&lab.subnet(&vpc, "10.0.0.0/24"), &[]);
        let group = lab.group(&vpc, "web");
        let modify = |mut change: Json| {
            change["NetworkInterfaceId"] = json!(id);
            lab.write::<ModifyNetworkInterfaceAttribute>(change);
        };
        let get = |attribute: &str| {
            let input = json!({ "NetworkInterfaceId": id, "Attribute": attribute });
            lab.read::<DescribeNetworkInterfaceAttribute>(input)
        };
        modify(json!({ "Description": { "Value": "new" } }));
        assert_eq!(
            get("description"),
            json!({ "Description": { "Value": "new" }, "NetworkInterfaceId": id })
        );
        modify(json!({ "SourceDestCheck": { "Value": false } }));
        assert_eq!(get("sourceDestCheck")["SourceDestCheck"]["Value"], false);
        modify(json!({ "Groups": [group] }));
        assert_eq!(get("groupSet")["Groups"], json!([{ "GroupId": group, "GroupName": "web" }]));
        assert_eq!(get("attachment"), json!({ "NetworkInterfaceId": id }));
    }

    #[test]
    fn an_interface_of_a_service_is_tagged_and_nothing_else() {
        let lab = Lab::new();
        let id = lab.interface(&lab.subnet(&lab.vpc(), "10.0.0.0/24"), &[]);
        lab.change(|state| {
            let id = NetworkInterfaceId::parse(&id).unwrap();
            state.interfaces.update(&id, |interface| {
                interface.requester_managed = true;
                interface.attachment = Some(Attachment::Service {
                    id: Id::parse("ela-attach-0123456789abcdef0").unwrap(),
                    instance_owner: "amazon-aws".into(),
                    device_index: 1,
                });
            });
        });
        let refused = |answer: Result<Json, Ec2Error>| assert_eq!(answer, Err(Ec2Error::ManagedInterface));
        let with = |mut more: Json| {
            more["NetworkInterfaceId"] = json!(id);
            more
        };
        refused(lab.try_write::<ModifyNetworkInterfaceAttribute>(with(json!({ "Groups": ["sg-0"] }))));
        refused(lab.try_write::<ResetNetworkInterfaceAttribute>(with(json!({ "SourceDestCheck": "x" }))));
        refused(lab.try_write::<AssignPrivateIpAddresses>(with(json!({}))));
        refused(
            lab.try_write::<UnassignPrivateIpAddresses>(with(json!({ "PrivateIpAddresses": ["10.0.0.4"] }))),
        );
        refused(lab.try_write::<AssignIpv6Addresses>(with(json!({ "Ipv6AddressCount": 1 }))));
        refused(
            lab.try_write::<AttachNetworkInterface>(with(json!({ "InstanceId": "i-0", "DeviceIndex": 1 }))),
        );
        let detach = json!({ "AttachmentId": "ela-attach-0123456789abcdef0" });
        assert_eq!(lab.try_write::<DetachNetworkInterface>(detach), Err(Ec2Error::ServiceAttachment));
        let tags = json!({ "Resources": [id], "Tags": [{ "Key": "k", "Value": "v" }] });
        lab.write::<super::super::tags::CreateTags>(tags);
        let listed = lab.read::<Describe<NetworkInterface>>(json!({ "NetworkInterfaceIds": [id] }));
        assert_eq!(listed["NetworkInterfaces"][0]["TagSet"][0]["Key"], "k");
        assert_eq!(
            listed["NetworkInterfaces"][0]["Attachment"],
            json!({
                "AttachmentId": "ela-attach-0123456789abcdef0",
                "DeleteOnTermination": false,
                "DeviceIndex": 1,
                "NetworkCardIndex": 0,
                "InstanceOwnerId": "amazon-aws",
                "Status": "attached",
            })
        );
    }

    #[test]
    fn each_attribute_is_described_as_it_was_set() {
        let lab = Lab::new();
        let id = lab.interface(&lab.subnet(&lab.vpc(), "10.0.0.0/24"), &[]);
        let modify = |mut change: Json| {
            change["NetworkInterfaceId"] = json!(id);
            lab.try_write::<ModifyNetworkInterfaceAttribute>(change)
        };
        let described = || {
            let listed = lab.read::<Describe<NetworkInterface>>(json!({ "NetworkInterfaceIds": [id] }));
            listed["NetworkInterfaces"][0].clone()
        };
        let tracking = json!({ "TcpEstablishedTimeout": 60, "UdpTimeout": 45 });
        modify(json!({ "ConnectionTrackingSpecification": tracking })).unwrap();
        assert_eq!(described()["ConnectionTrackingConfiguration"], tracking);
        modify(json!({ "SourceDestCheck": { "Value": false } })).unwrap();
        assert_eq!(described()["SourceDestCheck"], false);
        let reset = json!({ "NetworkInterfaceId": id, "SourceDestCheck": "sourceDestCheck" });
        lab.write::<ResetNetworkInterfaceAttribute>(reset);
        assert_eq!(described()["SourceDestCheck"], true);
        modify(json!({ "AssociatePublicIpAddress": true })).unwrap();
        let input = json!({ "NetworkInterfaceId": id, "Attribute": "associatePublicIpAddress" });
        let attribute = lab.read::<DescribeNetworkInterfaceAttribute>(input);
        assert_eq!(attribute["AssociatePublicIpAddress"], true);
        assert_eq!(modify(json!({})), Err(Ec2Error::NoAttribute));
    }
}
