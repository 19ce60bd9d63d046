//! The compiled form of a service model: what `build.rs` writes and the crate reads.
//!
//! This file is compiled twice, once into the build script and once into the crate, so that both
//! sides agree by construction. Everything is flat: shapes and members are named by number, lists of
//! members are ranges into one table, and text is borrowed from the image.

use serde::{Deserialize, Serialize};

/// The number of a shape in [`Image::shapes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShapeId(pub u16);

/// A run of entries in one of the flat tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Range {
    /// Index of the first entry.
    pub start: u32,
    /// Number of entries.
    pub len: u16,
}

impl Range {
    /// The run as a range of indexes.
    pub fn indexes(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + usize::from(self.len)
    }
}

/// One service.
#[derive(Debug, Serialize, Deserialize)]
pub struct Image<'a> {
    /// Facts about the service as a whole.
    #[serde(borrow)]
    pub meta: Meta<'a>,
    /// Sorted by name.
    #[serde(borrow)]
    pub operations: Vec<Operation<'a>>,
    /// Sorted by name.
    #[serde(borrow)]
    pub shapes: Vec<Shape<'a>>,
    /// Members of all structures; each structure owns a run, in the order of the published model.
    #[serde(borrow)]
    pub members: Vec<Member<'a>>,
    /// Enum values and filter names.
    #[serde(borrow)]
    pub words: Vec<&'a str>,
    /// Shapes of the errors that operations declare.
    pub errors: Vec<ShapeId>,
    /// Distinct patterns; shapes refer to them by number.
    #[serde(borrow)]
    pub patterns: Vec<&'a str>,
}

/// Facts about the service as a whole.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Meta<'a> {
    /// The `Version` of query requests.
    pub api_version: &'a str,
    /// Prefix of `X-Amz-Target`, without the dot.
    pub target_prefix: Option<&'a str>,
    /// `1.1` for JSON services.
    pub json_version: Option<&'a str>,
    /// Namespace of XML answers.
    pub xml_namespace: Option<&'a str>,
    /// First part of the public host name.
    pub endpoint_prefix: &'a str,
    /// Service name in signatures, where it is not the endpoint prefix.
    pub signing_name: Option<&'a str>,
}

/// One operation.
#[derive(Debug, Serialize, Deserialize)]
pub struct Operation<'a> {
    /// Name as the service spells it.
    pub name: &'a str,
    /// HTTP method.
    pub method: &'a str,
    /// Path with `{Label}` parts.
    pub uri: &'a str,
    /// HTTP status of success.
    pub status: u16,
    /// Input structure.
    pub input: Option<ShapeId>,
    /// Output structure.
    pub output: Option<ShapeId>,
    /// Element that wraps the output in query answers.
    pub result_wrapper: Option<&'a str>,
    /// Repeating the call has no further effect.
    pub idempotent: bool,
    /// Run in [`Image::errors`].
    pub errors: Range,
    /// Run in [`Image::words`]: filter names, sorted.
    pub filters: Range,
    /// How the operation is paged.
    #[serde(borrow)]
    pub paginator: Option<Box<Paginator<'a>>>,
}

/// How an operation is paged.
#[derive(Debug, Serialize, Deserialize)]
pub struct Paginator<'a> {
    /// Input members that take a token.
    #[serde(borrow)]
    pub input_tokens: Vec<&'a str>,
    /// Output members that give a token.
    #[serde(borrow)]
    pub output_tokens: Vec<&'a str>,
    /// Output members that hold the rows.
    #[serde(borrow)]
    pub results: Vec<&'a str>,
    /// Input member that limits a page.
    pub limit: Option<&'a str>,
    /// Output member that says whether there is more.
    pub more: Option<&'a str>,
}

/// What a shape is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// Members by name.
    Structure,
    /// Elements of one shape.
    List,
    /// Keys and values of one shape each.
    Map,
    /// Text.
    String,
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A number of 32 bits.
    Float,
    /// A number of 64 bits.
    Double,
    /// True or false.
    Boolean,
    /// Bytes.
    Blob,
    /// A point in time.
    Timestamp,
}

/// One shape.
#[derive(Debug, Serialize, Deserialize)]
pub struct Shape<'a> {
    /// Name as the model spells it.
    pub name: &'a str,
    /// What it is.
    pub kind: Kind,
    /// See the constants of [`flag`].
    pub flags: u8,
    /// Structures: run in [`Image::members`].
    pub members: Range,
    /// Shape of a list's elements or of a map's values.
    pub element: Option<ShapeId>,
    /// Shape of a map's keys.
    pub key: Option<ShapeId>,
    /// Constraints and other things that few shapes have.
    #[serde(borrow)]
    pub traits: Option<Box<Traits<'a>>>,
}

/// Flags of shapes.
pub mod flag {
    /// Values must not be printed.
    pub const SENSITIVE: u8 = 1;
    /// Exactly one member is present.
    pub const UNION: u8 = 4;
    /// An error of the service.
    pub const EXCEPTION: u8 = 8;
    /// An error that is not the caller's.
    pub const FAULT: u8 = 16;
    /// A stream of events.
    pub const EVENT_STREAM: u8 = 32;
    /// One event of such a stream.
    pub const EVENT: u8 = 64;
}

/// Constraints and other things that few shapes have.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Traits<'a> {
    /// Enum values: run in [`Image::words`].
    pub words: Range,
    /// Smallest length, size or value.
    pub min: Option<f64>,
    /// Largest length, size or value.
    pub max: Option<f64>,
    /// Number of the pattern in [`Image::patterns`].
    pub pattern: Option<u16>,
    /// XML name of a list's elements, where it is not the protocol's usual one.
    pub element_name: Option<&'a str>,
    /// XML name of a map's keys.
    pub key_name: Option<&'a str>,
    /// XML name of a map's values.
    pub value_name: Option<&'a str>,
    /// Member (by position in the structure) that is the HTTP body.
    pub payload: Option<u16>,
    /// Code of an error on the wire, where it is not the shape's name.
    pub error_code: Option<&'a str>,
    /// HTTP status of an error.
    pub error_status: Option<u16>,
}

/// Where a member travels in REST requests and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Location {
    /// In the document.
    Body,
    /// A part of the path.
    Uri,
    /// A query parameter.
    Query,
    /// A header.
    Header,
}

/// One member of a structure.
#[derive(Debug, Serialize, Deserialize)]
pub struct Member<'a> {
    /// Name in the SDKs.
    pub name: &'a str,
    /// Name in documents (`locationName`), where it differs.
    pub wire: Option<&'a str>,
    /// Name in query requests, where it differs from both.
    pub query: Option<&'a str>,
    /// Shape of the value.
    pub shape: ShapeId,
    /// Where it travels.
    pub location: Location,
    /// It must be given.
    pub required: bool,
    /// SDKs fill it with a fresh token when it is absent.
    pub idempotency_token: bool,
    /// JSON text inside a header or string.
    pub json_value: bool,
}
