//! The refusals of managed prefix lists.

use super::super::prefix_list::{DescribeManagedPrefixLists, GetManagedPrefixListEntries};
use super::super::prefix_list_change::{
    CreateManagedPrefixList, DeleteManagedPrefixList, ModifyManagedPrefixList,
    RestoreManagedPrefixListVersion,
};
use super::{Seen, with};
use serde_json::{Value, json};
use std::time::Duration;

fn create(more: Value) -> Value {
    with(json!({ "PrefixListName": "l", "AddressFamily": "IPv4", "MaxEntries": 2 }), more)
}

pub(super) fn prefix_lists(seen: &mut Seen<'_>) {
    let aws = "pl-63a5400a";
    let not_found = "InvalidPrefixListID.NotFound";
    let modification = "InvalidPrefixListModification";
    seen.read::<DescribeManagedPrefixLists>(
        json!({ "PrefixListIds": [aws, "pl-1"] }),
        not_found,
        "The prefix list (pl-1) does not exist.",
    );
    seen.read::<GetManagedPrefixListEntries>(
        json!({ "PrefixListId": "list" }),
        "InvalidPrefixListId.Malformed",
        "Invalid id: \"list\" (expecting \"pl-...\")",
    );
    seen.write::<DeleteManagedPrefixList>(
        json!({ "PrefixListId": aws }),
        "OperationNotPermitted",
        "The prefix list (pl-63a5400a) is managed by AWS.",
    );
    seen.write::<CreateManagedPrefixList>(
        create(json!({ "PrefixListName": "" })),
        "MissingParameter",
        "The request must contain the parameter prefixListName",
    );
    seen.value::<CreateManagedPrefixList>(
        create(json!({ "PrefixListName": "com.amazonaws.x" })),
        "Value (com.amazonaws.x) for parameter prefixListName is invalid. A name has at most 255 characters and does \
         not start with com.amazonaws.",
    );
    seen.value::<CreateManagedPrefixList>(
        create(json!({ "AddressFamily": "?" })),
        "Value (?) for parameter addressFamily is invalid. Valid values are IPv4 and IPv6.",
    );
    seen.value::<CreateManagedPrefixList>(
        create(json!({ "MaxEntries": 1001 })),
        "Value (1001) for parameter maxEntries is invalid. Must specify a max size between 1 and 1000.",
    );
    seen.value::<CreateManagedPrefixList>(
        create(json!({ "Entries": [{ "Cidr": "::/0" }] })),
        "The CIDR (::/0) is not a valid IPv4 CIDR block.",
    );
    seen.value::<CreateManagedPrefixList>(
        create(json!({ "Entries": [{ "Cidr": "10.0.0.0/8", "Description": "x".repeat(256) }] })),
        "The description of an entry can have at most 255 characters.",
    );
    seen.write::<CreateManagedPrefixList>(
        create(json!({ "Entries": [{ "Cidr": "10.0.0.0/8" }, { "Cidr": "10.0.0.1/8" }] })),
        modification,
        "The CIDR (10.0.0.1/8) is already in the prefix list, or more than once in the request.",
    );
    let many: Value = (0..101).map(|n| json!({ "Cidr": format!("10.0.{n}.0/24") })).collect();
    seen.value::<CreateManagedPrefixList>(
        create(json!({ "MaxEntries": 1000, "Entries": many })),
        "The number of entries per request cannot exceeds limit (100).",
    );

    let three: Value = (0..3).map(|n| json!({ "Cidr": format!("10.0.{n}.0/24") })).collect();
    seen.write::<CreateManagedPrefixList>(
        create(json!({ "Entries": three })),
        "PrefixListMaxEntriesExceeded",
        "The number of entries (3) exceeds the value (2) of parameter maxEntries.",
    );

    let entries = json!([{ "Cidr": "10.0.0.0/8" }, { "Cidr": "11.0.0.0/8" }]);
    let made = seen.lab.write::<CreateManagedPrefixList>(create(json!({ "Entries": entries })));
    let id = made["PrefixList"]["PrefixListId"].as_str().unwrap();
    let modify = |more: Value| with(json!({ "PrefixListId": id }), more);
    let range = |net: &str| json!([{ "Cidr": net }]);
    seen.write::<ModifyManagedPrefixList>(
        modify(json!({ "PrefixListName": "x" })),
        "IncorrectState",
        &format!(
            "The request cannot be completed while the prefix list ({id}) is in the current state \
             (create-in-progress)."
        ),
    );
    seen.lab.settle(Duration::from_secs(1));
    seen.write::<ModifyManagedPrefixList>(
        modify(json!({})),
        "InvalidParameterCombination",
        "No attributes specified.",
    );
    seen.write::<ModifyManagedPrefixList>(
        modify(json!({ "MaxEntries": 3, "AddEntries": range("12.0.0.0/8") })),
        "InvalidParameterCombination",
        "You cannot modify the entries and the maximum entries for the prefix list in the same request.",
    );
    seen.write::<ModifyManagedPrefixList>(
        modify(json!({ "CurrentVersion": 2, "AddEntries": range("12.0.0.0/8") })),
        "PrefixListVersionMismatch",
        "The prefix list has the incorrect version number.",
    );
    seen.value::<ModifyManagedPrefixList>(
        modify(json!({ "CurrentVersion": 0, "AddEntries": range("12.0.0.0/8") })),
        "The specified value for version is not valid. The value must be greater than (1).",
    );
    let full = format!("The prefix list ({id}) can have at most 2 entries.");
    let code = "PrefixListMaxEntriesExceeded";
    seen.write::<ModifyManagedPrefixList>(modify(json!({ "AddEntries": range("12.0.0.0/8") })), code, &full);
    seen.write::<ModifyManagedPrefixList>(
        modify(json!({ "MaxEntries": 1 })),
        code,
        &full.replace("most 2", "most 1"),
    );
    seen.write::<ModifyManagedPrefixList>(
        modify(json!({ "AddEntries": range("10.0.0.0/8"), "RemoveEntries": range("10.0.0.0/8") })),
        modification,
        "The CIDR (10.0.0.0/8) is already in the prefix list, or more than once in the request.",
    );
    seen.write::<ModifyManagedPrefixList>(
        modify(json!({ "RemoveEntries": range("12.0.0.0/8") })),
        modification,
        "The CIDR (12.0.0.0/8) is not in the prefix list.",
    );
    seen.value::<RestoreManagedPrefixListVersion>(
        modify(json!({ "PreviousVersion": 7, "CurrentVersion": 1 })),
        "Value (7) for parameter version is invalid. The prefix list has no such version.",
    );
    seen.value::<RestoreManagedPrefixListVersion>(
        modify(json!({ "PreviousVersion": 1, "CurrentVersion": -1 })),
        "The specified value for version is not valid. The value must be greater than (1).",
    );
}

/// An account that may have no list at all.
pub(super) fn quota(seen: &mut Seen<'_>) {
    seen.write::<CreateManagedPrefixList>(
        create(json!({})),
        "PrefixListLimitExceeded",
        "The maximum number of prefix lists has been reached.",
    );
}
