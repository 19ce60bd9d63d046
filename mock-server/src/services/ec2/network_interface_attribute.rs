//! Attributes and attachments of network interfaces.

use super::describe::{Text, Value, find};
use super::error::Ec2Error;
use super::network_interface::{AttachmentView, GroupIdentifier, group_set};
use super::network_interface_create::{groups_in, not_placed};
use crate::kernel::AccountId;
use crate::model::{Attachment, NetworkInterface, NetworkInterfaceId, RouteTarget, Txn};
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
    attachment: Option<AttachmentView<'a>>,
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
            associate_public_ip_address: is(ASSOCIATE_PUBLIC_ADDRESS).then_some(false),
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
        let mut interface =
            NetworkInterface::clone(find::<NetworkInterface>(&txn.state, &input.network_interface_id)?);
        let given: Vec<&str> = [
            (DESCRIPTION, input.description.is_some()),
            (SOURCE_DEST_CHECK, input.source_dest_check.is_some()),
            (GROUP_SET, !input.groups.is_empty()),
            (ATTACHMENT, input.attachment.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect();
        if given.len() > 1 {
            return Err(Ec2Error::ManyAttributes(given.join(", ")));
        }
        if interface.requester_managed || interface.owner.is_some() {
            return Err(Ec2Error::ManagedInterface);
        }
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
        txn.state.interfaces.insert(interface);
        Ok(Done {})
    }
}

// === Detach ===

/// Source: the page of DetachNetworkInterface; EC2-ENI-DETACH, EC2-ENI-DETACH0.
pub struct DetachNetworkInterface;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DetachNetworkInterfaceIn {
    attachment_id: String,
}

impl Operation for DetachNetworkInterface {
    const NAME: &'static str = "DetachNetworkInterface";
    type In = DetachNetworkInterfaceIn;
    type Out = Done;
    type Error = Ec2Error;
}

impl Write for DetachNetworkInterface {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: DetachNetworkInterfaceIn) -> Result<Done, Ec2Error> {
        let by_id = |interface: &&Arc<NetworkInterface>| {
            interface.attachment.as_ref().is_some_and(|attachment| attachment.id() == input.attachment_id)
        };
        let interface = txn.state.interfaces.iter().find(by_id);
        match interface.and_then(|interface| Some((interface.id, interface.attachment.as_ref()?))) {
            None => Err(Ec2Error::AttachmentNotFound(input.attachment_id)),
            Some((_, Attachment::Service { .. })) => Err(Ec2Error::ServiceAttachment),
            Some((_, Attachment::Instance { device_index: 0, .. })) => Err(Ec2Error::PrimaryInterface),
            Some((id, Attachment::Instance { .. })) => {
                txn.state.interfaces.update(&id, |interface| interface.attachment = None);
                txn.state.settle_routes_to(RouteTarget::Interface(id));
                Ok(Done {})
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::Lab;
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
    fn an_attachment_is_detached_unless_it_is_not_the_users() {
        let lab = Lab::new();
        let id = lab.interface(&lab.subnet(&lab.vpc(), "10.0.0.0/24"), &[]);
        let attach = |attachment: Attachment| {
            lab.change(|state| {
                let id = NetworkInterfaceId::parse(&id).unwrap();
                state.interfaces.update(&id, |interface| interface.attachment = Some(attachment));
            });
        };
        let instance = |device_index| Attachment::Instance {
            id: Id::parse("eni-attach-0123456789abcdef0").unwrap(),
            instance: "i-1".into(),
            device_index,
            delete_on_termination: true,
            since: crate::kernel::SimTime::default(),
        };
        let detach =
            |id: &str| lab.try_write::<DetachNetworkInterface>(json!({ "AttachmentId": id })).map(|_| ());
        attach(instance(0));
        assert_eq!(detach("eni-attach-0123456789abcdef0"), Err(Ec2Error::PrimaryInterface));
        attach(instance(1));
        assert_eq!(detach("eni-attach-0123456789abcdef0"), Ok(()));
        attach(Attachment::Service {
            id: Id::parse("ela-attach-0123456789abcdef0").unwrap(),
            instance_owner: "amazon-aws".into(),
            device_index: 1,
        });
        assert_eq!(detach("ela-attach-0123456789abcdef0"), Err(Ec2Error::ServiceAttachment));
        let listed = lab.read::<Describe<NetworkInterface>>(json!({ "NetworkInterfaceIds": [id] }));
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
}
