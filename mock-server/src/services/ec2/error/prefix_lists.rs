//! What EC2 refuses about managed prefix lists.

use crate::model::PrefixListId;
use crate::services::refusal::refusals;

refusals! {
    /// Why EC2 refuses something about managed prefix lists.
    pub enum PrefixListError as "ec2-prefix-list" {
        NoSuchPrefixList(id: String) = "InvalidPrefixListID.NotFound" for "EC2-PL-404",
            text "The prefix list ({id}) does not exist.";
        InvalidPrefixListId(id: String) = "InvalidPrefixListId.Malformed" for "EC2-MALFORMED",
            assumed "Invalid id: \"{id}\" (expecting \"pl-...\")";
        /// Assumed: the code.
        AwsPrefixList(id: PrefixListId) = "OperationNotPermitted" for "EC2-PL-AWS",
            assumed "The prefix list ({id}) is managed by AWS.";
        PrefixListBusy { id: PrefixListId, state: &'static str } = "IncorrectState" for "EC2-PL-BUSY",
            text "The request cannot be completed while the prefix list ({id}) is in the current state ({state}).";
        WrongPrefixListVersion = "PrefixListVersionMismatch" for "EC2-PL-VERSION",
            text "The prefix list has the incorrect version number.";
        NoSuchPrefixListVersion(version: i64) = "InvalidParameterValue" for "EC2-PL-VERSION",
            assumed "Value ({version}) for parameter version is invalid. The prefix list has no such version.";
        NoFirstVersion = "InvalidParameterValue" for "EC2-PL-VERSION",
            text "The specified value for version is not valid. The value must be greater than (1).";
        EntriesAndSize = "InvalidParameterCombination" for "EC2-PL-SIZE",
            text "You cannot modify the entries and the maximum entries for the prefix list in the same request.";
        BadMaxEntries { value: i32, most: usize } = "InvalidParameterValue" for "EC2-PL-SIZE",
            assumed "Value ({value}) for parameter maxEntries is invalid. Must specify a max size between 1 and {most}.";
        PrefixListFull { id: String, most: usize } = "PrefixListMaxEntriesExceeded" for "EC2-PL-SIZE",
            assumed "The prefix list ({id}) can have at most {most} entries.";
        TooSmallForEntries { count: usize, most: usize } = "PrefixListMaxEntriesExceeded" for "EC2-PL-SIZE",
            assumed "The number of entries ({count}) exceeds the value ({most}) of parameter maxEntries.";
        ManyPrefixListEntries(most: usize) = "InvalidParameterValue" for "EC2-PL-REQUEST",
            text "The number of entries per request cannot exceeds limit ({most}).";
        /// Assumed: the code.
        TooManyPrefixLists = "PrefixListLimitExceeded" for "EC2-PL-LIMIT",
            assumed "The maximum number of prefix lists has been reached.";
        BadAddressFamily(family: String) = "InvalidParameterValue" for "EC2-PL-ENTRY",
            assumed "Value ({family}) for parameter addressFamily is invalid. Valid values are IPv4 and IPv6.";
        BadPrefixListName(name: String) = "InvalidParameterValue" for "EC2-PL-NAME",
            assumed "Value ({name}) for parameter prefixListName is invalid. A name has at most 255 characters and \
                    does not start with com.amazonaws.";
        BadPrefixListCidr { cidr: String, family: &'static str } = "InvalidParameterValue" for "EC2-PL-ENTRY",
            assumed "The CIDR ({cidr}) is not a valid {family} CIDR block.";
        LongEntryDescription = "InvalidParameterValue" for "EC2-PL-ENTRY",
            assumed "The description of an entry can have at most 255 characters.";
        /// Assumed: the code for this case.
        EntryTwice(cidr: String) = "InvalidPrefixListModification" for "EC2-PL-ENTRY",
            assumed "The CIDR ({cidr}) is already in the prefix list, or more than once in the request.";
        /// Assumed: the code for this case.
        NoSuchEntry(cidr: String) = "InvalidPrefixListModification" for "EC2-PL-ENTRY",
            assumed "The CIDR ({cidr}) is not in the prefix list.";
    }
}
