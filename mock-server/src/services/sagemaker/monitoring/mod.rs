//! Model monitoring: schedules that start processing jobs, which are as any others.

mod alert;
mod course;
pub mod definition;
mod error;
mod execution;
pub mod schedule;
mod window;
mod work;

pub use alert::{ListMonitoringAlertHistory, ListMonitoringAlerts, UpdateMonitoringAlert};
pub use course::{advance, settle};
pub use error::MonitoringError;
pub use execution::ListMonitoringExecutions;

use crate::services::Registrar;

/// Every operation that behaves.
pub fn operations(registrar: &mut impl Registrar) {
    definition::operations::<definition::DataQuality>(registrar);
    definition::operations::<definition::ModelQuality>(registrar);
    definition::operations::<definition::ModelBias>(registrar);
    definition::operations::<definition::ModelExplainability>(registrar);
    registrar.write::<schedule::CreateMonitoringSchedule>();
    registrar.read::<schedule::DescribeMonitoringSchedule>();
    registrar.read::<schedule::ListMonitoringSchedules>();
    registrar.write::<schedule::UpdateMonitoringSchedule>();
    registrar.write::<schedule::StartMonitoringSchedule>();
    registrar.write::<schedule::StopMonitoringSchedule>();
    registrar.write::<schedule::DeleteMonitoringSchedule>();
    registrar.read::<ListMonitoringExecutions>();
    registrar.read::<ListMonitoringAlerts>();
    registrar.read::<ListMonitoringAlertHistory>();
    registrar.write::<UpdateMonitoringAlert>();
}
