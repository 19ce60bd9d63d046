//! Ranges of subnets that are set aside.

use super::describe::{Resource, Text, Window, find, stored_in};
use super::error::{Ec2Error, Missing, VpcError};
use super::filter::{Filter, Filters, Probe};
use super::tags::{self, TagSet, TagSpecification};
use crate::kernel::{AccountId, Memo};
use crate::model::reservation::ReservationIndex;
use crate::model::vpc::overlap;
use crate::model::{
    Id, ReservationType, Site, State, Subnet, SubnetCidrReservation, SubnetCidrReservationId, SubnetId, Txn,
};
use crate::services::{Caller, Operation, Read, View, Write, page};
use ipnet::IpNet;
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

impl Resource for SubnetCidrReservation {
    const DESCRIBE: &'static str = "GetSubnetCidrReservations";
    const LIST: &'static str = "SubnetIpv4CidrReservations";
    const IDS: &'static str = "subnetCidrReservationIds";
    const KIND: &'static str = "subnet-cidr-reservation";
    const FILTERS: &'static [&'static str] = &["reservationType", "subnet-id", "tag", "tag-key"];
    // There is none: reservations are asked for by their subnet.
    const ID_FILTER: &'static str = "";

    stored_in!(reservations);

    fn not_found(missing: Missing) -> Ec2Error {
        VpcError::ReservationNotFound(missing).into()
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "reservationType" => probe.is(type_name(self.kind)),
            "subnet-id" => probe.show(self.subnet),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        ReservationView {
            subnet_cidr_reservation_id: Text(self.id),
            subnet_id: Text(self.subnet),
            cidr: Text(self.cidr),
            reservation_type: type_name(self.kind),
            owner_id: Text(site.account),
            description: self.description.as_deref(),
            tags: TagSet::unless_empty(&self.tags),
        }
        .serialize(serializer)
    }
}

fn type_name(kind: ReservationType) -> &'static str {
    match kind {
        ReservationType::Prefix => "prefix",
        ReservationType::Explicit => "explicit",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ReservationView<'a> {
    subnet_cidr_reservation_id: Text<SubnetCidrReservationId>,
    subnet_id: Text<SubnetId>,
    cidr: Text<IpNet>,
    reservation_type: &'static str,
    owner_id: Text<AccountId>,
    description: Option<&'a str>,
    tags: Option<TagSet<'a>>,
}

/// Source: VPC user guide, "Subnet CIDR reservations"; EC2-SUB-RES-RANGE.
pub struct CreateSubnetCidrReservation;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateReservationIn {
    subnet_id: String,
    cidr: String,
    reservation_type: String,
    description: Option<String>,
    tag_specifications: Vec<TagSpecification>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateReservationOut {
    subnet_cidr_reservation: Listed,
}

type Listed = super::describe::Listed<SubnetCidrReservation>;

impl Operation for CreateSubnetCidrReservation {
    const NAME: &'static str = "CreateSubnetCidrReservation";
    type In = CreateReservationIn;
    type Out = CreateReservationOut;
    type Error = Ec2Error;
}

impl Write for CreateSubnetCidrReservation {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: CreateReservationIn,
    ) -> Result<CreateReservationOut, Ec2Error> {
        let state = &txn.state;
        let subnet = find::<Subnet>(state, &input.subnet_id)?;
        let cidr = input.cidr.parse::<IpNet>().map(|net| net.trunc());
        let cidr = cidr.map_err(|_| VpcError::NotAReservation(input.cidr))?;
        let block = match cidr {
            IpNet::V4(_) => subnet.cidr.map(IpNet::V4),
            IpNet::V6(_) => subnet.ipv6.map(|(_, net)| IpNet::V6(net)),
        };
        if !block.is_some_and(|block| block.contains(&cidr)) {
            let block = block.map(|block| block.to_string()).unwrap_or_default();
            return Err(VpcError::ReservationOutside(block).into());
        }
        let is_taken = |other: &Arc<SubnetCidrReservation>| overlap(other.cidr, cidr);
        if state.reservations.by(&ReservationIndex::Subnet(subnet.id)).any(is_taken) {
            return Err(VpcError::ReservationOverlap(cidr).into());
        }
        let tags = tags::given(state, SubnetCidrReservation::KIND, input.tag_specifications)?;
        let subnet = subnet.id;
        // Other words are refused before they come here.
        let explicit = input.reservation_type == type_name(ReservationType::Explicit);
        let row = SubnetCidrReservation {
            id: Id::mint(txn),
            subnet,
            cidr,
            kind: if explicit { ReservationType::Explicit } else { ReservationType::Prefix },
            description: input.description,
            tags,
            memo: Memo::default(),
        };
        let row = txn.state.add_reservation(row);
        Ok(CreateReservationOut { subnet_cidr_reservation: Listed::new(&txn.state, row) })
    }
}

/// Source: VPC user guide, "Subnet CIDR reservations".
pub struct DeleteSubnetCidrReservation;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteReservationIn {
    subnet_cidr_reservation_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteReservationOut {
    deleted_subnet_cidr_reservation: Listed,
}

impl Operation for DeleteSubnetCidrReservation {
    const NAME: &'static str = "DeleteSubnetCidrReservation";
    type In = DeleteReservationIn;
    type Out = DeleteReservationOut;
    type Error = Ec2Error;
}

impl Write for DeleteSubnetCidrReservation {
    fn run(
        txn: &mut Txn<'_>,
        _: &Caller,
        input: DeleteReservationIn,
    ) -> Result<DeleteReservationOut, Ec2Error> {
        let row = find::<SubnetCidrReservation>(&txn.state, &input.subnet_cidr_reservation_id)?.clone();
        txn.state.remove_reservation(row.id);
        Ok(DeleteReservationOut { deleted_subnet_cidr_reservation: Listed::new(&txn.state, row) })
    }
}

/// Source: API reference, GetSubnetCidrReservations.
pub struct GetSubnetCidrReservations;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetReservationsIn {
    filters: Vec<Filter>,
    subnet_id: String,
    next_token: Option<String>,
    max_results: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetReservationsOut {
    subnet_ipv4_cidr_reservations: Vec<Listed>,
    subnet_ipv6_cidr_reservations: Vec<Listed>,
    next_token: Option<String>,
}

impl Operation for GetSubnetCidrReservations {
    const NAME: &'static str = "GetSubnetCidrReservations";
    type In = GetReservationsIn;
    type Out = GetReservationsOut;
    type Error = Ec2Error;
}

impl Read for GetSubnetCidrReservations {
    fn run(view: &View<'_>, input: GetReservationsIn) -> Result<GetReservationsOut, Ec2Error> {
        type Row = SubnetCidrReservation;
        let state = view.state;
        let subnet = find::<Subnet>(state, &input.subnet_id)?.id;
        let token = input.next_token.as_deref();
        let window = Window::new(input.max_results, token, Row::MOST, SubnetCidrReservationId::parse)?;
        let filters = Filters::new(input.filters, Row::FILTERS)?;
        let mut scratch = String::new();
        let passes = |row: &&Arc<Row>| {
            window.after.is_none_or(|after| row.id > after)
                && filters.pass(&mut scratch, &row.tags, |name, probe| row.values(state, name, probe))
        };
        let rows = state.reservations.by(&ReservationIndex::Subnet(subnet)).filter(passes);
        let rows = rows.map(|row| Listed::new(state, row.clone()));
        let (rows, next_token) = page::cut(rows, window.limit, |listed| listed.row.id.to_string());
        let (v4, v6) = rows.into_iter().partition(|listed| matches!(listed.row.cidr, IpNet::V4(_)));
        Ok(GetReservationsOut {
            subnet_ipv4_cidr_reservations: v4,
            subnet_ipv6_cidr_reservations: v6,
            next_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::describe::Describe;
    use super::super::harness::{Lab, text, texts};
    use super::super::network_interface_create::CreateNetworkInterface;
    use super::*;
    use serde_json::{Value as Json, json};

    fn free(lab: &Lab, subnet: &str) -> Json {
        let seen = lab.read::<Describe<Subnet>>(json!({ "SubnetIds": [subnet] }));
        seen["Subnets"][0]["AvailableIpAddressCount"].clone()
    }

    #[test]
    fn reserved_addresses_are_only_given_to_who_asks_for_them() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/28");
        let reserve = |cidr: &str| {
            let input = json!({
                "SubnetId": subnet,
                "ReservationType": "explicit",
                "Cidr": cidr,
                "Description": "mine",
                "TagSpecifications": [
                    { "ResourceType": "subnet-cidr-reservation", "Tags": [{ "Key": "Name", "Value": cidr }] },
                ],
            });
            lab.write::<CreateSubnetCidrReservation>(input)["SubnetCidrReservation"].clone()
        };
        let made = reserve("10.0.0.5/29");
        assert_eq!((&made["Cidr"], &made["Description"]), (&json!("10.0.0.0/29"), &json!("mine")));
        assert_eq!(
            (&made["ReservationType"], &made["OwnerId"]),
            (&json!("explicit"), &json!("123456789012"))
        );
        assert_eq!(free(&lab, &subnet), 7, "11 without the four that could have been had");
        let address = |input: Json| {
            let made = lab.write::<CreateNetworkInterface>(input)["NetworkInterface"].clone();
            text(&made["PrivateIpAddress"])
        };
        assert_eq!(address(json!({ "SubnetId": subnet })), "10.0.0.8");
        assert_eq!(address(json!({ "SubnetId": subnet, "PrivateIpAddress": "10.0.0.4" })), "10.0.0.4");
        assert_eq!(free(&lab, &subnet), 6);
        let get = |more: Json| {
            let mut input = json!({ "SubnetId": subnet });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let answer = lab.read::<GetSubnetCidrReservations>(input);
            assert_eq!(answer["SubnetIpv6CidrReservations"], json!([]));
            texts(&answer["SubnetIpv4CidrReservations"], "SubnetCidrReservationId")
        };
        let id = text(&made["SubnetCidrReservationId"]);
        let filter = |name: &str, value: &str| json!({ "Filters": [{ "Name": name, "Values": [value] }] });
        assert_eq!(get(json!({})), [&*id]);
        assert_eq!(get(filter("reservationType", "explicit")), [&*id]);
        assert_eq!(get(filter("reservationType", "prefix")), Vec::<String>::new());
        assert_eq!(get(filter("tag:Name", "10.0.0.5/29")), [&*id]);
        assert_eq!(get(filter("subnet-id", &subnet)), [&*id]);
        let gone = lab.write::<DeleteSubnetCidrReservation>(json!({ "SubnetCidrReservationId": id }));
        assert_eq!(gone["DeletedSubnetCidrReservation"], made);
        assert_eq!(free(&lab, &subnet), 9);
        assert_eq!(get(json!({})), Vec::<String>::new());
    }

    #[test]
    fn prefixes_that_ec2_chooses_come_out_of_what_is_kept_for_them() {
        let lab = Lab::new();
        let (subnet, block) = lab.subnet_with_ipv6(&lab.vpc(), "10.0.0.0/24");
        let reserve = |kind: &str, cidr: &str| {
            let input = json!({ "SubnetId": subnet, "ReservationType": kind, "Cidr": cidr });
            lab.write::<CreateSubnetCidrReservation>(input);
        };
        let part = |host: &str| block.replace("::/64", host);
        reserve("explicit", "10.0.0.16/28");
        reserve("prefix", "10.0.0.128/27");
        reserve("explicit", &part(":8000::/65"));
        reserve("prefix", &part(":7::/80"));
        let made = |more: Json| {
            let mut input = json!({ "SubnetId": subnet });
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            lab.write::<CreateNetworkInterface>(input)["NetworkInterface"].clone()
        };
        let one = made(json!({ "Ipv4PrefixCount": 1 }));
        assert_eq!(texts(&one["Ipv4Prefixes"], "Ipv4Prefix"), ["10.0.0.128/28"]);
        let two = made(json!({ "Ipv4PrefixCount": 2 }));
        // Then out of what is free, and nothing of the other range.
        assert_eq!(texts(&two["Ipv4Prefixes"], "Ipv4Prefix"), ["10.0.0.144/28", "10.0.0.32/28"]);
        let six = made(json!({ "Ipv6PrefixCount": 1 }));
        assert_eq!(texts(&six["Ipv6Prefixes"], "Ipv6Prefix"), [part(":7::/80")]);
        let outside = |net: &str| net.parse::<ipnet::Ipv6Net>().unwrap();
        for _ in 0..20 {
            let one = made(json!({ "Ipv6AddressCount": 1 }));
            let address =
                texts(&one["Ipv6Addresses"], "Ipv6Address")[0].parse::<std::net::Ipv6Addr>().unwrap();
            assert!(!outside(&part(":8000::/65")).contains(&address), "{address}");
        }
    }

    #[test]
    fn pages_hold_every_reservation_once() {
        let lab = Lab::new();
        let subnet = lab.subnet(&lab.vpc(), "10.0.0.0/24");
        for n in 0..7 {
            lab.write::<CreateSubnetCidrReservation>(json!({
                "SubnetId": subnet, "ReservationType": "prefix", "Cidr": format!("10.0.0.{}/28", 16 * n),
            }));
        }
        let mut input = json!({ "SubnetId": subnet, "MaxResults": 5 });
        let first = lab.read::<GetSubnetCidrReservations>(input.clone());
        input["NextToken"] = first["NextToken"].clone();
        let second = lab.read::<GetSubnetCidrReservations>(input);
        let list = "SubnetIpv4CidrReservations";
        assert_eq!((texts(&first[list], "Cidr").len(), texts(&second[list], "Cidr").len()), (5, 2));
        assert_eq!(second.get("NextToken"), None);
    }
}
