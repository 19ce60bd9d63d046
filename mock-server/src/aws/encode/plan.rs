//! Output plans: for each shape the ready bytes that surround its parts.
//!
//! A plan is compiled when its shape is first written and then kept with the model.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::aws::model::{Kind, Location, Protocol, ServiceModel, ShapeId};

/// How to write a shape.
#[derive(Debug)]
pub enum Plan {
    /// Members by position.
    Struct(StructPlan),
    /// Elements.
    List {
        /// Bytes before and after an element.
        tags: Tags,
        /// The element.
        inner: Target,
    },
    /// Keys and values.
    Map(MapPlan),
    /// A scalar; also what a model with a missing element shape would give.
    Scalar,
}

/// How to write a map.
#[derive(Debug)]
pub struct MapPlan {
    /// Bytes around a key.
    pub key: Tags,
    /// Bytes around a value.
    pub value: Tags,
    /// The keys.
    pub keys: Target,
    /// The values.
    pub values: Target,
}

/// How to write a structure.
#[derive(Debug)]
pub struct StructPlan {
    /// Name of the structure, for messages.
    pub name: &'static str,
    /// Members in the model's order.
    pub members: Box<[MemberPlan]>,
    /// Position of the member that is the HTTP body.
    pub payload: Option<usize>,
}

impl StructPlan {
    /// The member that is the HTTP body.
    pub fn payload(&self) -> Option<&MemberPlan> {
        self.payload.and_then(|position| self.members.get(position))
    }
}

/// How to write a member.
#[derive(Debug)]
pub struct MemberPlan {
    /// Name in the SDKs.
    pub name: &'static str,
    /// Name on the wire.
    pub wire: &'static str,
    /// Where it travels.
    pub location: Location,
    /// Bytes around the value: `<a>` and `</a>`, or `,"a":` and nothing.
    pub tags: Tags,
    /// The value.
    pub target: Target,
    /// Address of the name under which a Rust field last matched, 0 before: names of fields are static, so the
    /// same address and length are the same name, and most comparisons need not look at its letters.
    pub matched: AtomicUsize,
}

impl MemberPlan {
    /// Whether a field of this name is this member.
    pub fn is(&self, field: &'static str) -> bool {
        if self.name.len() != field.len() {
            return false;
        }
        let address = field.as_ptr() as usize;
        if self.matched.load(Ordering::Relaxed) == address {
            return true;
        }
        let same = self.name == field;
        if same {
            self.matched.store(address, Ordering::Relaxed);
        }
        same
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its shape.
    pub shape: ShapeId,
    /// What that is.
    pub kind: Kind,
}

impl Target {
    /// Text that is no value of the model, such as the name of a member.
    pub const NAME: Self = Self { shape: ShapeId(0), kind: Kind::String };
}

/// Bytes around a value.
#[derive(Debug, Clone)]
pub struct Tags {
    bytes: Box<[u8]>,
    split: usize,
}

impl Tags {
    fn new(open: String, close: &str) -> Self {
        let split = open.len();
        Self { bytes: (open + close).into_bytes().into_boxed_slice(), split }
    }

    fn element(name: &str) -> Self {
        Self::new(format!("<{name}>"), &format!("</{name}>"))
    }

    /// Bytes before the value.
    pub fn open(&self) -> &[u8] {
        &self.bytes[..self.split]
    }

    /// Bytes after the value.
    pub fn close(&self) -> &[u8] {
        &self.bytes[self.split..]
    }
}

impl ServiceModel {
    /// What a shape is.
    pub(super) fn target(&'static self, shape: ShapeId) -> Target {
        Target { shape, kind: self.shape(shape).kind }
    }

    /// The plan of a shape.
    pub(in crate::aws) fn plan(&'static self, shape: ShapeId) -> &'static Plan {
        self.plans[usize::from(shape.0)].get_or_init(|| self.compile(shape))
    }

    fn compile(&'static self, id: ShapeId) -> Plan {
        let xml = matches!(self.protocol(), Protocol::Ec2 | Protocol::Query);
        let shape = self.shape(id);
        let traits = shape.traits.as_deref();
        match (shape.kind, shape.element) {
            (Kind::Structure, _) => {
                let member = |member: &crate::aws::model::Member| {
                    let wire = member.wire_name();
                    let tags = if xml { Tags::element(wire) } else { Tags::new(format!(",\"{wire}\":"), "") };
                    let target = self.target(member.shape);
                    MemberPlan {
                        name: member.name,
                        wire,
                        location: member.location,
                        tags,
                        target,
                        matched: AtomicUsize::new(0),
                    }
                };
                Plan::Struct(StructPlan {
                    name: shape.name,
                    members: self.members(shape).iter().map(member).collect(),
                    payload: shape.payload(),
                })
            }
            (Kind::List, Some(element)) => {
                let usual = if self.protocol() == Protocol::Ec2 { "item" } else { "member" };
                let name = traits.and_then(|traits| traits.element_name).unwrap_or(usual);
                let tags = if xml { Tags::element(name) } else { Tags::new(",".into(), "") };
                Plan::List { tags, inner: self.target(element) }
            }
            (Kind::Map, Some(element)) => {
                let key = traits.and_then(|traits| traits.key_name).unwrap_or("key");
                let value = traits.and_then(|traits| traits.value_name).unwrap_or("value");
                let keys = shape.key.map_or(Target::NAME, |id| self.target(id));
                let (key, value) = if xml {
                    (
                        Tags::new(format!("<entry><{key}>"), &format!("</{key}>")),
                        Tags::new(format!("<{value}>"), &format!("</{value}></entry>")),
                    )
                } else {
                    (Tags::new(",".into(), ":"), Tags::new(String::new(), ""))
                };
                Plan::Map(MapPlan { key, value, keys, values: self.target(element) })
            }
            _ => Plan::Scalar,
        }
    }
}
