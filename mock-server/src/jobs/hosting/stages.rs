//! The stages of an endpoint's life: one table for each course.

use super::super::stages::{Stretch, stretch as stage};
use crate::model::{EndpointCourse, EndpointStatus, Phase};

pub type Stage = Stretch<EndpointStatus>;

use EndpointStatus::{Creating, Deleting, RollingBack, Updating};

/// Words: API reference, DescribeEndpoint. Times of `realistic`: people report some minutes.
const CREATE: &[Stage] = &[
    stage(Creating, Some(Phase::Place), [500, 30_000]),
    stage(Creating, Some(Phase::Start), [700, 90_000]),
    stage(Creating, Some(Phase::Input), [800, 60_000]),
    stage(Creating, Some(Phase::Run), [1_000, 60_000]),
];

const UPDATE: &[Stage] = &[
    stage(Updating, Some(Phase::Place), [500, 30_000]),
    stage(Updating, Some(Phase::Start), [700, 90_000]),
    stage(Updating, Some(Phase::Input), [800, 60_000]),
    stage(Updating, Some(Phase::Run), [1_000, 180_000]),
];

/// Only a change of weights and capacities is said to roll back: API reference, DescribeEndpoint.
const ROLL_BACK: &[Stage] = &[stage(RollingBack, None, [500, 30_000])];

const DELETE: &[Stage] = &[stage(Deleting, None, [500, 10_000])];

/// The stages of a course, in order; after the last one the endpoint is at rest, or gone.
pub const fn table(course: EndpointCourse) -> &'static [Stage] {
    match course {
        EndpointCourse::Create => CREATE,
        EndpointCourse::Update | EndpointCourse::Scale => UPDATE,
        EndpointCourse::RollBack => ROLL_BACK,
        EndpointCourse::Delete => DELETE,
    }
}

/// What an endpoint calls its status.
pub const fn status_word(status: EndpointStatus) -> &'static str {
    match status {
        EndpointStatus::Creating => "Creating",
        EndpointStatus::Updating => "Updating",
        EndpointStatus::RollingBack => "RollingBack",
        EndpointStatus::InService => "InService",
        EndpointStatus::UpdateRollbackFailed => "UpdateRollbackFailed",
        EndpointStatus::Failed => "Failed",
        EndpointStatus::Deleting => "Deleting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Profile;
    use std::time::Duration;

    #[test]
    fn every_stage_is_under_way_and_takes_time() {
        use EndpointCourse::{Create, Delete, RollBack, Scale, Update};
        for course in [Create, Update, Scale, RollBack, Delete] {
            for stage in table(course) {
                assert!(stage.status.is_under_way());
                assert!(!stage.lasts(Profile::Fast).is_zero() && stage.lasts(Profile::Instant).is_zero());
            }
        }
    }

    #[test]
    fn a_fast_endpoint_is_in_service_after_three_seconds() {
        for course in [EndpointCourse::Create, EndpointCourse::Update, EndpointCourse::Scale] {
            let total: Duration = table(course).iter().map(|stage| stage.lasts(Profile::Fast)).sum();
            assert_eq!(total, Duration::from_secs(3));
        }
    }

    #[test]
    fn a_deployment_reads_no_output_and_asks_all_else() {
        let phases: Vec<_> = table(EndpointCourse::Create).iter().filter_map(|stage| stage.phase).collect();
        assert_eq!(phases, [Phase::Place, Phase::Start, Phase::Input, Phase::Run]);
        assert!(
            phases.iter().eq(table(EndpointCourse::Update).iter().filter_map(|stage| stage.phase.as_ref()))
        );
    }
}
