//! Splitting and adding up, against sums.

use super::*;
use crate::kernel::HexId;
use proptest::prelude::*;

fn ms(millis: i64) -> SimTime {
    SimTime::from_millis(millis)
}

fn record(start: i64, end: i64, packets: u64, bytes: u64) -> FlowRecord {
    FlowRecord {
        account: AccountId::parse("123456789012").unwrap(),
        region: "us-east-1".into(),
        interface: NetworkInterfaceId::from_hex(HexId::long(1)),
        subnet: SubnetId::from_hex(HexId::long(2)),
        vpc: VpcId::from_hex(HexId::long(3)),
        zone_id: "use1-az1",
        instance: None,
        interface_type: "interface",
        ingress: false,
        source: [10, 0, 0, 5].into(),
        destination: [52, 216, 0, 1].into(),
        source_port: 40_000,
        destination_port: 443,
        packet_source: [10, 0, 0, 5].into(),
        packet_destination: [52, 216, 0, 1].into(),
        source_service: None,
        destination_service: Some("S3"),
        protocol: 6,
        tcp_flags: 0b1_0011,
        packets,
        bytes,
        start: ms(start),
        end: ms(end),
        accepted: true,
        path: Some(7),
        next_hop: None,
    }
}

type Parts = Vec<(i64, i64, i64, u64, u64, u8)>;

fn split(record: &FlowRecord, from: i64) -> Parts {
    let pieces = pieces(record, 60_000, ms(from));
    let told = pieces.into_iter().map(|(window, part)| {
        let FlowRecord { start, end, packets, bytes, tcp_flags, .. } = part;
        (window.millis(), start.millis(), end.millis(), packets, bytes, tcp_flags)
    });
    told.collect()
}

#[test]
fn long_transfers_are_split_in_proportion_and_the_flags_are_where_they_were() {
    assert_eq!(split(&record(30_000, 50_000, 7, 700), 0), [(0, 30_000, 50_000, 7, 700, 19)]);
    assert_eq!(
        split(&record(30_000, 150_000, 8, 804), 0),
        [
            (0, 30_000, 60_000, 2, 201, 18),
            (60_000, 60_000, 120_000, 4, 402, 0),
            (120_000, 120_000, 150_000, 2, 201, 1)
        ]
    );
    let at_once = record(60_000, 60_000, 3, 120);
    assert_eq!(split(&at_once, 0), [(60_000, 60_000, 60_000, 3, 120, 19)]);
    assert_eq!(split(&record(0, 60_000, 3, 120), 0), [(0, 0, 60_000, 3, 120, 19)], "it ends with its window");
    let few = record(0, 600_000, 1, 40);
    assert_eq!(split(&few, 0), [(540_000, 540_000, 600_000, 1, 40, 19)], "no packet is cut");
    assert_eq!(split(&record(0, 0, 0, 0), 0), Parts::new());
}

#[test]
fn what_was_before_the_log_is_not_in_it() {
    let whole = record(0, 120_000, 12, 1_200);
    assert_eq!(split(&whole, 30_000), [(0, 30_000, 60_000, 3, 300, 0), (60_000, 60_000, 120_000, 6, 600, 1)]);
    assert_eq!(split(&whole, 120_000), Parts::new());
    assert_eq!(split(&record(5, 5, 1, 1), 6), Parts::new());
    assert_eq!(split(&record(5, 5, 1, 1), 5).len(), 1);
}

proptest! {
    #[test]
    fn nothing_is_lost_and_everything_is_in_its_window(
        start in -1_000_000i64..1_000_000, span in 0i64..5_000_000, packets in 0u64..100_000,
        size in 0u64..9_000, flags in 0u8..64
    ) {
        let whole = FlowRecord { tcp_flags: flags, ..record(start, start + span, packets, packets * size) };
        let parts = split(&whole, i64::MIN);
        prop_assert_eq!(parts.iter().map(|part| part.3).sum::<u64>(), packets);
        prop_assert_eq!(parts.iter().map(|part| part.4).sum::<u64>(), packets * size);
        prop_assert_eq!(parts.iter().fold(0, |all, part| all | part.5), if packets > 0 { flags } else { 0 });
        prop_assert!(parts.windows(2).all(|two| two[0].2 <= two[1].1 && two[0].0 < two[1].0));
        for (window, begin, end, packets, ..) in parts {
            prop_assert!(window <= begin && begin <= end && end <= window + 60_000 && packets > 0);
            prop_assert_eq!(window.rem_euclid(60_000), 0);
        }
    }
}
