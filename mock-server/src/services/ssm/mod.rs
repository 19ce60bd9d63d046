//! AWS Systems Manager, as far as Parameter Store's public parameters go: those that name the images of EC2.
//!
//! Nobody can make a parameter here (that answers 501), so an account has no others.

pub mod error;
mod parameter;
mod path;
#[cfg(test)]
mod tests;

use super::Registrar;

/// Every operation that behaves.
pub fn operations(registrar: &mut impl Registrar) {
    registrar.read::<parameter::GetParameter>();
    registrar.read::<parameter::GetParameters>();
    registrar.read::<path::GetParametersByPath>();
}
