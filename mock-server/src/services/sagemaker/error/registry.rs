//! Refusals of what is asked of things that are only kept: model packages, experiments, model cards, feature groups,
//! images, lineage.
//!
//! Codes are those of the service model, `ValidationException` where it has none. Texts that are not marked `assumed`
//! were seen in public issue threads, or in AWS's own handlers for CloudFormation and their tests.

use crate::services::refusal::refusals;

refusals! {
    pub enum RegistryError as "sagemaker" {
        StoredBusy { arn: String, status: &'static str } = "ResourceInUse",
            assumed "{arn} is in status {status}.";

        // === Model packages and their groups ===
        GroupExists { arn: String } = "ValidationException",
            text "Model Package Group already exists: {arn}";
        NoGroup { arn: String } = "ValidationException",
            text "ModelPackageGroup {arn} does not exist.";
        /// What operations on policies say.
        GroupNotFound { arn: String } = "ValidationException",
            text "Cannot find Model Package Group: {arn}";
        NoGroupPolicy { arn: String } = "ValidationException",
            text "Cannot find resource policy for: {arn}";
        GroupPolicy { why: String } = "ValidationException",
            assumed "Invalid resource policy: {why}";
        /// That it is refused is documented: developer guide, "Delete a Model Group".
        GroupHasPackages { arn: String } = "ConflictException",
            assumed "Model Package Group cannot be deleted because it still contains Model Packages: {arn}";
        /// Known from another mock only.
        PackageGroup = "ValidationException",
            assumed "Model Package Group does not exist.";
        PackageUnnamed = "ValidationException",
            text "Missing ARN.";
        PackageNamedTwice = "ValidationException",
            text "Both ModelPackageName and ModelPackageGroupName are provided in the input. Cannot determine which one \
                 to use.";
        PackageExists { arn: String } = "ConflictException",
            assumed "Model Package already exists: {arn}";
        NoPackage { arn: String } = "ValidationException",
            assumed "ModelPackage {arn} does not exist.";
        /// That it is refused is documented: API reference, CreateModelPackage, Tags.
        PackageTags = "ValidationException",
            assumed "Tags cannot be specified for a versioned model package: it has those of its model package group.";
        PackageEmpty { arn: String } = "ValidationException",
            assumed "ModelPackage {arn} has no inference specification, or none of this name.";

        // === Experiments ===
        /// Seen of trials.
        NameTaken { noun: &'static str, name: String } = "ValidationException",
            assumed "{noun} names must be unique within an AWS account and region. {noun} with name ({name}) already \
                    exists.";
        /// Known from another mock only.
        NoSuch { noun: &'static str, arn: String } = "ResourceNotFound",
            assumed "{noun} '{arn}' does not exist.";
        /// That it is refused is documented: API reference, DeleteExperiment and DeleteTrial.
        HasParts { noun: &'static str, arn: String, parts: &'static str } = "ValidationException",
            assumed "{noun} '{arn}' is linked to 1 or more {parts} and cannot be deleted.";
        ComponentLinked { arn: String } = "ValidationException",
            text "TrialComponent '{arn}' is linked to 1 or more trials and cannot be deleted.";
        TrialOfAnother { trial: String, experiment: String } = "ValidationException",
            assumed "Trial '{trial}' does not belong to experiment '{experiment}'.";

        // === Lineage ===
        /// That it is refused is documented: API reference, CreateArtifact and DeleteArtifact.
        ArtifactUnnamed = "ValidationException",
            assumed "You must specify exactly one of ArtifactArn and Source.";
        NoAssociation { source: String, destination: String } = "ResourceNotFound",
            assumed "Association from '{source}' to '{destination}' does not exist.";
        AssociationExists { source: String, destination: String } = "ValidationException",
            assumed "Association from '{source}' to '{destination}' already exists.";
        Associated { noun: &'static str, arn: String } = "ValidationException",
            assumed "{noun} '{arn}' has associations and cannot be deleted.";

        // === Model cards ===
        /// Known from another mock only, as the two below.
        CardExists { name: String } = "ConflictException",
            assumed "Modelcard {name} already exists";
        NoCard { name: String } = "ResourceNotFound",
            assumed "Modelcard {name} does not exist.";
        NoCardVersion { name: String, version: i64 } = "ResourceNotFound",
            assumed "Modelcard with name {name} and version: {version} does not exist";
        /// That it is refused is documented: API reference, CreateModelCard, Content.
        CardContent { why: String } = "ValidationException",
            assumed "Model card content does not match the model card JSON schema: {why}";

        /// That it is refused is documented: API reference, UpdateModelCard.
        CardBoth = "ValidationException",
            assumed "You cannot update both model card content and model card status in a single call.";

        // === Feature groups ===
        FeatureGroupExists { name: String } = "ResourceInUse",
            assumed "Resource Already Exists: FeatureGroup with name {name} already exists. Choose a different name.";
        /// The beginning was seen where records are put.
        NoFeatureGroup { name: String } = "ResourceNotFound",
            assumed "Resource Not Found: Amazon SageMaker can't find a FeatureGroup with name {name}";
        NoFeature { name: String } = "ResourceNotFound",
            assumed "Resource Not Found: Amazon SageMaker can't find a feature with name {name}";
        NoStore = "ValidationException",
            text "Validation Error: OnlineStore and OfflineStore cannot be both disabled. Please enable at least one of \
                 them and retry the request.";
        /// That it is refused is documented: API reference, CreateFeatureGroup, as what is below.
        FeatureMissing { member: &'static str, name: String } = "ValidationException",
            assumed "Validation Error: {member} {name} is not one of the FeatureDefinitions.";
        FeatureTwice { name: String } = "ValidationException",
            assumed "Validation Error: the feature name {name} is used more than once.";
        EventTime { name: String } = "ValidationException",
            assumed "Validation Error: the type of the event time feature {name} must be String or Fractional.";
        OfflineRole = "ValidationException",
            assumed "Validation Error: RoleArn must be specified if OfflineStoreConfig is.";
        FeatureGroupStatus { name: String, status: &'static str } = "ValidationException",
            assumed "Validation Error: FeatureGroup {name} is in status {status} and cannot be updated.";
        NoOnlineStore = "ValidationException",
            assumed "Validation Error: OnlineStoreConfig cannot be updated: the feature group has no online store.";

        // === Images, and what is configured of them ===
        ImageExists { what: &'static str, name: String } = "ResourceInUse",
            assumed "{what} with the name {name} already exists.";
        /// The beginning was seen of images.
        NoImage { what: &'static str, name: String } = "ResourceNotFound",
            assumed "No {what} with the name {name} exists in this account.";
        NoImageVersion { name: String, version: String } = "ResourceNotFound",
            assumed "No ImageVersion {version} of the Image {name} exists.";
        ImageInUse { arn: String } = "ResourceInUse",
            assumed "Image {arn} has versions that are being created or deleted.";
        AliasTaken { alias: String } = "ResourceInUse",
            assumed "The alias {alias} belongs to another version of the image.";
        VersionOrAlias = "ValidationException",
            assumed "Only one of Version and Alias can be specified.";
        OneAppConfig = "ValidationException",
            assumed "Only one of KernelGatewayImageConfig, JupyterLabAppImageConfig and CodeEditorAppImageConfig can be \
                    specified.";
        RepositoryExists { arn: String } = "ValidationException",
            assumed "Cannot create already existing CodeRepository \"{arn}\"";
        /// The beginning was seen.
        NoRepository { arn: String } = "ValidationException",
            assumed "Cannot find CodeRepository \"{arn}\"";
    }
}
