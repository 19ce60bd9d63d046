//! What is only kept, one file for each topic.

pub mod app_image_config;
pub mod code_repository;
pub mod experiment;
pub mod feature_group;
pub mod image;
pub mod lineage;
pub mod model_card;
pub mod model_group;
pub mod model_package;
pub mod trial;

use super::stored::{Update, operations as common};
use crate::services::Registrar;

/// Every operation on what is only kept.
pub fn operations(registrar: &mut impl Registrar) {
    // Model packages and their groups.
    common::<model_group::Group>(registrar);
    registrar.write::<model_group::PutModelPackageGroupPolicy>();
    registrar.read::<model_group::GetModelPackageGroupPolicy>();
    registrar.write::<model_group::DeleteModelPackageGroupPolicy>();
    common::<model_package::Package>(registrar);
    registrar.write::<Update<model_package::Package>>();
    registrar.read::<model_package::BatchDescribeModelPackage>();
    // Experiments.
    common::<experiment::Experiment>(registrar);
    registrar.write::<Update<experiment::Experiment>>();
    common::<trial::Trial>(registrar);
    registrar.write::<Update<trial::Trial>>();
    common::<trial::Component>(registrar);
    registrar.write::<Update<trial::Component>>();
    registrar.write::<trial::AssociateTrialComponent>();
    registrar.write::<trial::DisassociateTrialComponent>();
    // Lineage.
    common::<lineage::Action>(registrar);
    registrar.write::<Update<lineage::Action>>();
    common::<lineage::Artifact>(registrar);
    registrar.write::<Update<lineage::Artifact>>();
    common::<lineage::Context>(registrar);
    registrar.write::<Update<lineage::Context>>();
    registrar.write::<lineage::AddAssociation>();
    registrar.read::<lineage::ListAssociations>();
    registrar.write::<lineage::DeleteAssociation>();
    // Model cards.
    common::<model_card::Card>(registrar);
    registrar.write::<Update<model_card::Card>>();
    registrar.read::<model_card::ListModelCardVersions>();
    // Feature groups.
    common::<feature_group::FeatureGroup>(registrar);
    registrar.write::<Update<feature_group::FeatureGroup>>();
    registrar.read::<feature_group::DescribeFeatureMetadata>();
    registrar.write::<feature_group::UpdateFeatureMetadata>();
    // Images.
    common::<image::Image>(registrar);
    registrar.write::<Update<image::Image>>();
    common::<image::Version>(registrar);
    registrar.write::<Update<image::Version>>();
    registrar.read::<image::ListAliases>();
    common::<app_image_config::AppImageConfig>(registrar);
    registrar.write::<Update<app_image_config::AppImageConfig>>();
    common::<code_repository::Repository>(registrar);
    registrar.write::<Update<code_repository::Repository>>();
}
