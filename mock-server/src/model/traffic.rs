//! Traffic: how much went over a path, and what an interface that it crossed saw of it.

use super::*;
use crate::kernel::{AccountId, Rehome, SimTime};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// How much goes over a path if all of it is open, and when. `out` is what whoever begins it sends, `back` what is
/// answered: what applications say, without headers. Of what does not get through the records tell what there was of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Volume {
    pub out_bytes: u64,
    pub back_bytes: u64,
    pub start: SimTime,
    pub end: SimTime,
    /// The port that it is begun from.
    pub from_port: u16,
}

/// What a request over TLS takes beside the data, and so all there is of one that is refused: greetings, the request, an
/// answer. Assumed after captures of such calls.
pub const EXCHANGE: (u64, u64) = (1_800, 5_600);

/// One direction of one conversation at one interface. Everything that a record can show, whatever its format, is in
/// here or follows from the rows of the interfaces that it names: these are there now, and may be gone when the record is
/// delivered.
///
/// A field of a format that is not here shows `-` for all of this traffic: nothing is rejected for another reason than
/// groups and ACLs (`reject-reason` tells of blocked public access alone), nothing comes from a sublocation, a container
/// service or a scaling group, and no VPC states what is encrypted.
///
/// Source of what each field means: VPC user guide, "Flow log records", available fields.
#[derive(Clone, PartialEq, Debug, Rehome)]
pub struct FlowRecord {
    /// Of the account and region whose interface it is.
    pub account: AccountId,
    pub region: Arc<str>,
    pub interface: NetworkInterfaceId,
    pub subnet: SubnetId,
    pub vpc: VpcId,
    pub zone_id: &'static str,
    /// An instance of the user's own that it is attached to.
    pub instance: Option<InstanceId>,
    /// As `InterfaceType` of a described interface.
    pub interface_type: &'static str,
    /// Into the interface, or out of it.
    pub ingress: bool,
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub source_port: u16,
    pub destination_port: u16,
    /// The addresses in the packets, where something in between forwards them: a NAT gateway.
    pub packet_source: Ipv4Addr,
    pub packet_destination: Ipv4Addr,
    /// The service of AWS that such an address belongs to, if it is public, as the guide lists them: `S3`, `AMAZON`.
    pub source_service: Option<&'static str>,
    pub destination_service: Option<&'static str>,
    /// IANA's number: 6 is TCP, 17 UDP.
    pub protocol: u8,
    /// All that were seen from `start` to `end`: whoever tells of a part of that time has to tell them apart. The
    /// connection begins with SYN (and ACK, in answers) and ends with FIN. 0: not TCP.
    pub tcp_flags: u8,
    pub packets: u64,
    /// With headers.
    pub bytes: u64,
    pub start: SimTime,
    pub end: SimTime,
    pub accepted: bool,
    /// `traffic-path`, of what goes out: 1 to 8.
    pub path: Option<u8>,
    /// The interface that packets come to next, of what goes out to another one of this account and region. Assumed: in
    /// which cases AWS tells it.
    pub next_hop: Option<NetworkInterfaceId>,
}
