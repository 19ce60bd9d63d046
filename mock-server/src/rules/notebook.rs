//! Notebook instances in a VPC of the user's.

use super::*;

const CREATE: Doc = Doc { page: "API_CreateNotebookInstance", anchor: "" };

/// The rule about whoever calls.
pub const CALLER: &str = CallerMayLookAndMake::INFO.id;

/// The service describes the network and makes the interface in the name of whoever calls.
pub struct CallerMayLookAndMake;
impl Rule for CallerMayLookAndMake {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-NB-PERM-01",
        aliases: &[],
        name: "caller-makes-notebook-interface",
        jobs: &[JobKind::Notebook],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[Doc { page: "api-permissions-reference", anchor: "" }],
        summary: "Whoever creates or starts a notebook instance in a VPC is allowed to create network interfaces and to \
                  describe VPCs, subnets and security groups, and for a start network interfaces too; whoever deletes \
                  one, to delete network interfaces, or its interface stays. That the notebook instance fails was \
                  observed where interfaces may not be created; that it does for the descriptions is assumed.",
        hint: "Allow whoever calls the action that is missing; the role of the notebook instance does not need it.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        let (Some(_), Some(behalf)) = (case.vpc_config(), &case.needs.on_behalf) else {
            return Verdict::NotApplicable;
        };
        let evidence = Evidence::of(&*behalf.requester_id);
        match &behalf.lacks {
            None => Verdict::Satisfied(evidence),
            Some(lack) => {
                Verdict::Violated(evidence.with("missing", lack.action).with("message", &lack.message))
            }
        }
    }
}

/// One address.
pub struct OneAddress;
impl Rule for OneAddress {
    const INFO: RuleInfo = RuleInfo {
        id: "SM-NB-IP-02",
        aliases: &[],
        name: "one-address-per-notebook",
        jobs: &[JobKind::Notebook],
        phases: &[Phase::Place],
        basis: Basis::Documented,
        docs: &[CREATE],
        summary: "A notebook instance with a subnet has one network interface there, which carries all of its security \
                  groups and takes one address. It stays while the notebook instance is stopped, and goes when it is \
                  deleted.",
        hint: "Use a subnet with a free address; delete interfaces that hold addresses.",
    };

    fn check(case: &Case<'_>) -> Verdict {
        if case.vpc_config().is_none() || case.needs.beside > 0 {
            return Verdict::NotApplicable;
        }
        room::enough_room(case, |_| 1)
    }
}
