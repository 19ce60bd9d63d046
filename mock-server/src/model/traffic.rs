//! Traffic: how much went over a path, and what an interface that it crossed saw of it.

use super::*;
use crate::kernel::{AccountId, SimTime};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// How much went over a path, and when. `out` is what whoever began it sent, `back` what was answered.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Volume {
    pub out_bytes: u64,
    pub back_bytes: u64,
    pub start: SimTime,
    pub end: SimTime,
    /// The port that it was begun from.
    pub from_port: u16,
}

/// One direction of one conversation at one interface. Everything that a record can show, whatever its format, is in
/// here: the interface may be gone when the record is delivered.
///
/// Source of what each field means: VPC user guide, "Flow log records", available fields.
#[derive(Clone, PartialEq, Debug)]
pub struct FlowRecord {
    /// Of the account and region whose interface it is.
    pub account: AccountId,
    pub region: Arc<str>,
    pub interface: NetworkInterfaceId,
    pub subnet: SubnetId,
    pub vpc: VpcId,
    pub zone_id: Arc<str>,
    /// An instance of the user's own that it is attached to.
    pub instance: Option<InstanceId>,
    /// As `InterfaceType` of a described interface.
    pub interface_type: Arc<str>,
    /// Into the interface, or out of it.
    pub ingress: bool,
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub source_port: u16,
    pub destination_port: u16,
    /// The addresses in the packets, where something in between forwards them: a NAT gateway.
    pub packet_source: Ipv4Addr,
    pub packet_destination: Ipv4Addr,
    /// The service of AWS that such an address belongs to, as the guide lists them: `S3`, `AMAZON`.
    pub source_service: Option<&'static str>,
    pub destination_service: Option<&'static str>,
    /// IANA's number: 6 is TCP, 17 UDP.
    pub protocol: u8,
    pub tcp_flags: u8,
    pub packets: u64,
    pub bytes: u64,
    pub start: SimTime,
    pub end: SimTime,
    pub accepted: bool,
    /// `traffic-path`, of what goes out: 1 to 8.
    pub path: Option<u8>,
    /// The interface's next hop within AWS's networks, if it is an interface.
    pub next_hop: Option<NetworkInterfaceId>,
}
