//! What EC2 refuses about route tables of transit gateways.

use crate::model::{TransitGatewayAttachmentId, TransitGatewayRouteTableId};
use crate::services::refusal::refusals;
use ipnet::IpNet;

refusals! {
    /// Why EC2 refuses something about route tables of transit gateways.
    pub enum TransitError as "ec2-transit" {
        /// The code was seen in tools that wait for such tables.
        UnknownTable(id: String) = "InvalidRouteTableID.NotFound" for "EC2-TGW-404",
            assumed "Transit Gateway Route Table {id} was deleted or does not exist.";
        TableAssociated { id: TransitGatewayRouteTableId, attachments: String } = "IncorrectState" for "EC2-TGW-TABLE",
            assumed "{id} has associated Transit Gateway Attachments: {attachments}.";
        DefaultTable(id: TransitGatewayRouteTableId) = "IncorrectState" for "EC2-TGW-TABLE",
            assumed "{id} is a default route table of its Transit Gateway.";
        AlreadyAssociated(id: TransitGatewayAttachmentId) = "Resource.AlreadyAssociated" for "EC2-TGW-TABLE",
            text "Transit Gateway Attachment {id} is already associated to a route table.";
        NotAssociated { id: TransitGatewayAttachmentId, table: TransitGatewayRouteTableId }
            = "InvalidAssociation.NotFound" for "EC2-TGW-TABLE",
            assumed "Transit Gateway Attachment {id} is not associated with {table}.";
        OtherGateway { id: TransitGatewayAttachmentId, table: TransitGatewayRouteTableId }
            = "InvalidParameterValue" for "EC2-TGW-TABLE",
            assumed "Transit Gateway Attachment {id} and {table} belong to different Transit Gateways.";
        AlreadyPropagates { id: TransitGatewayAttachmentId, table: TransitGatewayRouteTableId }
            = "TransitGatewayRouteTablePropagation.Duplicate" for "EC2-TGW-TABLE",
            assumed "Propagation already exists from {id} to {table}.";
        PropagatesNot { id: TransitGatewayAttachmentId, table: TransitGatewayRouteTableId }
            = "TransitGatewayRouteTablePropagation.NotFound" for "EC2-TGW-TABLE",
            assumed "Propagation does not exist from {id} to {table}.";
        RouteExists(block: IpNet) = "RouteAlreadyExists" for "EC2-TGW-ROUTE",
            assumed "The route identified by {block} already exists.";
        NoSuchRoute { block: IpNet, table: TransitGatewayRouteTableId } = "InvalidRoute.NotFound" for "EC2-TGW-ROUTE",
            assumed "Route {block} does not exist in {table}.";
        NoRouteTarget = "MissingParameter" for "EC2-TGW-ROUTE",
            assumed "The request must contain either transitGatewayAttachmentId or blackhole";
        TwoRouteTargets = "InvalidParameterCombination" for "EC2-TGW-ROUTE",
            assumed "The parameter blackhole cannot be used with the parameter transitGatewayAttachmentId";
    }
}
