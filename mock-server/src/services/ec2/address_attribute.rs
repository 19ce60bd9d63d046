//! The one attribute of an Elastic IP address: the name that a reverse look-up gives. A change is shown as pending in
//! the answer to it, and is done by then.
//!
//! Source: the pages of ModifyAddressAttribute, ResetAddressAttribute and DescribeAddressesAttribute; EC2 user guide,
//! "Create a reverse DNS record for email on Amazon EC2".

use super::address::find;
use super::describe::{Text, Window};
use super::error::address::AddressError;
use super::error::{Ec2Error, Missing};
use crate::model::{AllocationId, ElasticAddress, Id, Txn};
use crate::services::{Caller, Operation, Read, View, Write, page};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::Arc;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttributeView {
    public_ip: Text<Ipv4Addr>,
    allocation_id: Text<AllocationId>,
    ptr_record: Option<Arc<str>>,
    ptr_record_update: Option<Update>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Update {
    value: Arc<str>,
    status: &'static str,
}

impl AttributeView {
    fn new(row: &ElasticAddress, update: Option<Arc<str>>) -> Self {
        Self {
            public_ip: Text(row.address),
            allocation_id: Text(row.id),
            ptr_record: row.domain_name.clone(),
            ptr_record_update: update.map(|value| Update { value, status: "PENDING" }),
        }
    }
}

pub struct DescribeAddressesAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeAddressesAttributeIn {
    allocation_ids: Vec<String>,
    /// There is only one, and it is shown without being asked for too.
    #[serde(rename = "Attribute")]
    _attribute: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeAddressesAttributeOut {
    addresses: Vec<AttributeView>,
    next_token: Option<String>,
}

impl Operation for DescribeAddressesAttribute {
    const NAME: &'static str = "DescribeAddressesAttribute";
    type In = DescribeAddressesAttributeIn;
    type Out = DescribeAddressesAttributeOut;
    type Error = Ec2Error;
}

impl Read for DescribeAddressesAttribute {
    fn run(view: &View<'_>, input: DescribeAddressesAttributeIn) -> Result<Self::Out, Ec2Error> {
        let table = &view.state.elastic_addresses;
        let missing: Vec<_> =
            input.allocation_ids.iter().filter(|id| find(view.state, id).is_err()).cloned().collect();
        if !missing.is_empty() {
            return Err(AddressError::AllocationNotFound(Missing(missing)).into());
        }
        // Pages may be smaller than elsewhere: the published model says from which size on.
        let window = Window::new(None, input.next_token.as_deref(), usize::MAX, AllocationId::parse)?;
        let asked: BTreeSet<_> =
            input.allocation_ids.iter().filter_map(|id| AllocationId::parse(id)).collect();
        let rows = table
            .iter()
            .filter(|row| asked.is_empty() || asked.contains(&row.id))
            .filter(|row| window.after.is_none_or(|after| row.id > after));
        let (rows, next_token) =
            page::cut(rows, input.max_results.unwrap_or(window.limit), |row| row.id.to_string());
        let addresses = rows.into_iter().map(|row| AttributeView::new(row, None)).collect();
        Ok(DescribeAddressesAttributeOut { addresses, next_token })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddressAttributeOut {
    address: AttributeView,
}

/// Sets the name; EC2-EIP-PTR.
pub struct ModifyAddressAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModifyAddressAttributeIn {
    allocation_id: String,
    domain_name: Option<String>,
}

impl Operation for ModifyAddressAttribute {
    const NAME: &'static str = "ModifyAddressAttribute";
    type In = ModifyAddressAttributeIn;
    type Out = AddressAttributeOut;
    type Error = Ec2Error;
}

impl Write for ModifyAddressAttribute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ModifyAddressAttributeIn) -> Result<Self::Out, Ec2Error> {
        let row = find(&txn.state, &input.allocation_id)?.clone();
        let given = input.domain_name.ok_or(Ec2Error::MissingParameter("domainName"))?;
        let name: Arc<str> = format!("{}.", given.strip_suffix('.').unwrap_or(&given)).into();
        if !is_domain_name(&name) {
            return Err(AddressError::NotADomainName(given).into());
        }
        txn.state.elastic_addresses.update(&row.id, |row| row.domain_name = Some(name.clone()));
        Ok(AddressAttributeOut { address: AttributeView::new(&row, Some(name)) })
    }
}

/// Whether this is a domain name with its final dot. Source: RFC 1035, 2.3.
fn is_domain_name(name: &str) -> bool {
    let labels = name.trim_end_matches('.').split('.');
    let fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 254 && labels.clone().count() >= 2 && labels.clone().all(fits)
}

/// Takes the name away.
pub struct ResetAddressAttribute;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct ResetAddressAttributeIn {
    allocation_id: String,
    /// There is only one.
    #[serde(rename = "Attribute")]
    _attribute: String,
}

impl Operation for ResetAddressAttribute {
    const NAME: &'static str = "ResetAddressAttribute";
    type In = ResetAddressAttributeIn;
    type Out = AddressAttributeOut;
    type Error = Ec2Error;
}

impl Write for ResetAddressAttribute {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: ResetAddressAttributeIn) -> Result<Self::Out, Ec2Error> {
        let row = find(&txn.state, &input.allocation_id)?.clone();
        txn.state.elastic_addresses.update(&row.id, |row| row.domain_name = None);
        Ok(AddressAttributeOut { address: AttributeView::new(&row, Some("".into())) })
    }
}
