//! Refusals about VPC peering connections.

use super::Missing;
use crate::kernel::AccountId;
use crate::model::{VpcId, VpcPeeringConnectionId};
use crate::services::refusal::refusals;

refusals! {
    /// Why a peering connection is refused.
    pub enum PeeringError as "ec2-peering" {
        NotFound(missing: Missing) = "InvalidVpcPeeringConnectionID.NotFound" for "EC2-PCX-404",
            assumed "The vpcPeeringConnection ID{missing} not exist";
        Malformed(id: String) = "InvalidVpcPeeringConnectionId.Malformed" for "EC2-MALFORMED",
            assumed "Invalid id: \"{id}\" (expecting \"pcx-...\")";
        BadTransition { id: VpcPeeringConnectionId, from: &'static str, to: &'static str }
            = "InvalidStateTransition" for "EC2-PCX-STATE",
            text "Invalid state transition for {id}, attempted to transition from {from} to {to}";
        Exists(id: VpcPeeringConnectionId) = "VpcPeeringConnectionAlreadyExists" for "EC2-PCX-DUP",
            text "The vpc peering connection identified by {id} already exists.";
        WrongRegion { id: VpcPeeringConnectionId, given: String, verb: &'static str, region: String }
            = "OperationNotPermitted" for "EC2-PCX-WHO",
            assumed "Incorrect region ({given}) specified for this request.VPC peering connection {id} must be \
                    {verb} in region {region}";
        NotYours { account: AccountId, verb: &'static str, id: VpcPeeringConnectionId }
            = "OperationNotPermitted" for "EC2-PCX-WHO",
            assumed "User ({account}) cannot {verb} peering {id}";
        NotActive(id: VpcPeeringConnectionId) = "OperationNotPermitted" for "EC2-PCX-OPTIONS",
            text "Peering {id} is not active. Peering options can be added only to active peerings.";
        NotYourSide { account: AccountId, side: &'static str, id: VpcPeeringConnectionId }
            = "OperationNotPermitted" for "EC2-PCX-OPTIONS",
            assumed "User ({account}) cannot modify {side} peering options for {id}";
        NoOptions = "InvalidParameterCombination" for "EC2-PCX-OPTIONS",
            assumed "Either AccepterPeeringConnectionOptions or RequesterPeeringConnectionOptions must be provided.";
        TooMany(vpc: VpcId) = "VpcPeeringConnectionsPerVpcLimitExceeded" for "EC2-PCX-LIMIT",
            assumed "The maximum number of VPC peering connections has been reached for VPC {vpc}.";
        TooManyRequests = "OutstandingVpcPeeringConnectionLimitExceeded" for "EC2-PCX-LIMIT",
            assumed "The maximum number of outstanding VPC peering connection requests has been reached.";
        BadAccount(id: String) = "InvalidParameterValue",
            assumed "Value ({id}) for parameter peerOwnerId is invalid. Expecting an account id of 12 digits.";
        BadRegion(name: String) = "InvalidParameterValue",
            assumed "Value ({name}) for parameter peerRegion is invalid. Unknown region.";
    }
}
