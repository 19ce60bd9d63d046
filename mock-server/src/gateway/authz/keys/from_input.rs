//! Condition keys whose values are members of the input.

/// A member of what Studio's apps run on: of an app, and of the defaults of domains, users and spaces.
macro_rules! of_apps {
    ($member:literal $(, $other:literal)*) => {
        &[
            $($other,)*
            concat!("ResourceSpec.", $member),
            concat!("DefaultUserSettings.JupyterServerAppSettings.DefaultResourceSpec.", $member),
            concat!("DefaultUserSettings.KernelGatewayAppSettings.DefaultResourceSpec.", $member),
            concat!("DefaultUserSettings.JupyterLabAppSettings.DefaultResourceSpec.", $member),
            concat!("DefaultUserSettings.CodeEditorAppSettings.DefaultResourceSpec.", $member),
            concat!("UserSettings.JupyterServerAppSettings.DefaultResourceSpec.", $member),
            concat!("UserSettings.KernelGatewayAppSettings.DefaultResourceSpec.", $member),
            concat!("UserSettings.JupyterLabAppSettings.DefaultResourceSpec.", $member),
            concat!("UserSettings.CodeEditorAppSettings.DefaultResourceSpec.", $member),
            concat!("SpaceSettings.JupyterServerAppSettings.DefaultResourceSpec.", $member),
            concat!("SpaceSettings.KernelGatewayAppSettings.DefaultResourceSpec.", $member),
            concat!("SpaceSettings.JupyterLabAppSettings.DefaultResourceSpec.", $member),
            concat!("SpaceSettings.CodeEditorAppSettings.DefaultResourceSpec.", $member),
        ]
    };
}

/// Keys whose values are members of the input, by their paths; lists are looked through. The first path that leads
/// anywhere counts.
pub(super) const FROM_INPUT: &[(&str, &[&str])] = &[
    ("ec2:AssociatePublicIpAddress", &["NetworkInterfaces.AssociatePublicIpAddress"]),
    ("ec2:AuthorizedService", &["AwsService"]),
    ("ec2:AvailabilityZone", &["AvailabilityZone", "Placement.AvailabilityZone"]),
    ("ec2:AvailabilityZoneId", &["AvailabilityZoneId", "Placement.AvailabilityZoneId"]),
    ("ec2:CpuOptionsAmdSevSnp", &["CpuOptions.AmdSevSnp"]),
    ("ec2:EbsOptimized", &["EbsOptimized"]),
    ("ec2:Encrypted", &["BlockDeviceMappings.Ebs.Encrypted"]),
    ("ec2:InstanceAutoRecovery", &["MaintenanceOptions.AutoRecovery"]),
    ("ec2:InstanceBandwidthWeighting", &["NetworkPerformanceOptions.BandwidthWeighting"]),
    ("ec2:InstanceMarketType", &["InstanceMarketOptions.MarketType"]),
    ("ec2:InstanceMetadataTags", &["MetadataOptions.InstanceMetadataTags"]),
    ("ec2:InstanceType", &["InstanceType"]),
    ("ec2:IpamPrefixListResolverTargetId", &["IpamPrefixListResolverTargetId"]),
    ("ec2:Ipv4IpamPoolId", &["Ipv4IpamPoolId"]),
    ("ec2:Ipv6IpamPoolId", &["Ipv6IpamPoolId"]),
    ("ec2:KeyPairName", &["KeyName"]),
    ("ec2:MetadataHttpEndpoint", &["MetadataOptions.HttpEndpoint"]),
    ("ec2:MetadataHttpPutResponseHopLimit", &["MetadataOptions.HttpPutResponseHopLimit"]),
    ("ec2:MetadataHttpTokens", &["MetadataOptions.HttpTokens"]),
    ("ec2:ParentSnapshot", &["BlockDeviceMappings.Ebs.SnapshotId"]),
    ("ec2:Permission", &["Permission"]),
    ("ec2:PlacementGroupName", &["Placement.GroupName"]),
    ("ec2:Tenancy", &["InstanceTenancy", "Placement.Tenancy"]),
    ("ec2:VolumeInitializationRate", &["BlockDeviceMappings.Ebs.VolumeInitializationRate"]),
    ("ec2:VolumeIops", &["BlockDeviceMappings.Ebs.Iops"]),
    ("ec2:VolumeSize", &["BlockDeviceMappings.Ebs.VolumeSize"]),
    ("ec2:VolumeThroughput", &["BlockDeviceMappings.Ebs.Throughput"]),
    ("ec2:VolumeType", &["BlockDeviceMappings.Ebs.VolumeType"]),
    ("ec2:VpcePrivateDnsPreference", &["DnsOptions.PrivateDnsPreference"]),
    ("ec2:VpcePrivateDnsSpecifiedDomains", &["DnsOptions.PrivateDnsSpecifiedDomains"]),
    ("ec2:VpceServiceName", &["ServiceName"]),
    ("ec2:VpceServiceRegion", &["ServiceRegion"]),
    ("iam:AWSServiceName", &["AWSServiceName"]),
    ("iam:PermissionsBoundary", &["PermissionsBoundary"]),
    ("iam:PolicyARN", &["PolicyArn"]),
    ("sagemaker:AcceleratorTypes", &["ProductionVariants.AcceleratorType", "AcceleratorTypes"]),
    ("sagemaker:AppNetworkAccessType", &["AppNetworkAccessType"]),
    ("sagemaker:DirectInternetAccess", &["DirectInternetAccess"]),
    (
        "sagemaker:DomainSharingOutputKmsKey",
        &["DefaultUserSettings.SharingSettings.S3KmsKeyId", "UserSettings.SharingSettings.S3KmsKeyId"],
    ),
    ("sagemaker:EnableRemoteDebug", &["RemoteDebugConfig.EnableRemoteDebug"]),
    (
        "sagemaker:FileSystemAccessMode",
        &[
            "InputDataConfig.DataSource.FileSystemDataSource.FileSystemAccessMode",
            "TrainingJobDefinition.InputDataConfig.DataSource.FileSystemDataSource.FileSystemAccessMode",
            "TrainingJobDefinitions.InputDataConfig.DataSource.FileSystemDataSource.FileSystemAccessMode",
        ],
    ),
    (
        "sagemaker:FileSystemDirectoryPath",
        &[
            "InputDataConfig.DataSource.FileSystemDataSource.DirectoryPath",
            "TrainingJobDefinition.InputDataConfig.DataSource.FileSystemDataSource.DirectoryPath",
            "TrainingJobDefinitions.InputDataConfig.DataSource.FileSystemDataSource.DirectoryPath",
        ],
    ),
    (
        "sagemaker:FileSystemId",
        &[
            "InputDataConfig.DataSource.FileSystemDataSource.FileSystemId",
            "TrainingJobDefinition.InputDataConfig.DataSource.FileSystemDataSource.FileSystemId",
            "TrainingJobDefinitions.InputDataConfig.DataSource.FileSystemDataSource.FileSystemId",
        ],
    ),
    (
        "sagemaker:FileSystemType",
        &[
            "InputDataConfig.DataSource.FileSystemDataSource.FileSystemType",
            "TrainingJobDefinition.InputDataConfig.DataSource.FileSystemDataSource.FileSystemType",
            "TrainingJobDefinitions.InputDataConfig.DataSource.FileSystemDataSource.FileSystemType",
        ],
    ),
    ("sagemaker:ImageArns", of_apps!("SageMakerImageArn")),
    ("sagemaker:ImageVersionArns", of_apps!("SageMakerImageVersionArn")),
    (
        "sagemaker:InstanceTypes",
        of_apps!(
            "InstanceType",
            "ResourceConfig.InstanceType",
            "ResourceConfig.InstanceGroups.InstanceType",
            "ProcessingResources.ClusterConfig.InstanceType",
            "TransformResources.InstanceType",
            "ProductionVariants.InstanceType",
            "InstanceGroups.InstanceType",
            "TrainingJobDefinition.ResourceConfig.InstanceType",
            "TrainingJobDefinitions.ResourceConfig.InstanceType",
            "TrainingJobDefinition.HyperParameterTuningResourceConfig.InstanceType",
            "TrainingJobDefinitions.HyperParameterTuningResourceConfig.InstanceType",
            "TrainingJobDefinition.HyperParameterTuningResourceConfig.InstanceConfigs.InstanceType",
            "TrainingJobDefinitions.HyperParameterTuningResourceConfig.InstanceConfigs.InstanceType",
            "InstanceType"
        ),
    ),
    (
        "sagemaker:InterContainerTrafficEncryption",
        &[
            "EnableInterContainerTrafficEncryption",
            "NetworkConfig.EnableInterContainerTrafficEncryption",
            "TrainingJobDefinition.EnableInterContainerTrafficEncryption",
            "TrainingJobDefinitions.EnableInterContainerTrafficEncryption",
        ],
    ),
    ("sagemaker:KeepAlivePeriod", &["ResourceConfig.KeepAlivePeriodInSeconds"]),
    (
        "sagemaker:MaxRuntimeInSeconds",
        &[
            "StoppingCondition.MaxRuntimeInSeconds",
            "TrainingJobDefinition.StoppingCondition.MaxRuntimeInSeconds",
            "TrainingJobDefinitions.StoppingCondition.MaxRuntimeInSeconds",
        ],
    ),
    (
        "sagemaker:MinimumInstanceMetadataServiceVersion",
        &["InstanceMetadataServiceConfiguration.MinimumInstanceMetadataServiceVersion"],
    ),
    (
        "sagemaker:NetworkIsolation",
        &[
            "EnableNetworkIsolation",
            "NetworkConfig.EnableNetworkIsolation",
            "TrainingJobDefinition.EnableNetworkIsolation",
            "TrainingJobDefinitions.EnableNetworkIsolation",
        ],
    ),
    (
        "sagemaker:OutputKmsKey",
        &[
            "OutputDataConfig.KmsKeyId",
            "ProcessingOutputConfig.KmsKeyId",
            "TransformOutput.KmsKeyId",
            "TrainingJobDefinition.OutputDataConfig.KmsKeyId",
            "TrainingJobDefinitions.OutputDataConfig.KmsKeyId",
        ],
    ),
    ("sagemaker:PipelineVersionId", &["PipelineVersionId"]),
    ("sagemaker:RemoteAccess", &["SpaceSettings.RemoteAccess"]),
    ("sagemaker:RootAccess", &["RootAccess"]),
    ("sagemaker:ServerlessMaxConcurrency", &["ProductionVariants.ServerlessConfig.MaxConcurrency"]),
    ("sagemaker:ServerlessMemorySize", &["ProductionVariants.ServerlessConfig.MemorySizeInMB"]),
    ("sagemaker:SpaceSharingType", &["SpaceSharingSettings.SharingType"]),
    ("sagemaker:StudioLifecycleConfigArns", of_apps!("LifecycleConfigArn")),
    ("sagemaker:TargetModel", &["TargetModel"]),
    (
        "sagemaker:VolumeKmsKey",
        &[
            "ResourceConfig.VolumeKmsKeyId",
            "ProcessingResources.ClusterConfig.VolumeKmsKeyId",
            "TransformResources.VolumeKmsKeyId",
            "KmsKeyId",
            "TrainingJobDefinition.ResourceConfig.VolumeKmsKeyId",
            "TrainingJobDefinitions.ResourceConfig.VolumeKmsKeyId",
        ],
    ),
    (
        "sagemaker:VpcSecurityGroupIds",
        &[
            "VpcConfig.SecurityGroupIds",
            "NetworkConfig.VpcConfig.SecurityGroupIds",
            "InstanceGroups.OverrideVpcConfig.SecurityGroupIds",
            "SecurityGroupIds",
            "DefaultUserSettings.SecurityGroups",
            "UserSettings.SecurityGroups",
            "TrainingJobDefinition.VpcConfig.SecurityGroupIds",
            "TrainingJobDefinitions.VpcConfig.SecurityGroupIds",
        ],
    ),
    (
        "sagemaker:VpcSubnets",
        &[
            "VpcConfig.Subnets",
            "NetworkConfig.VpcConfig.Subnets",
            "InstanceGroups.OverrideVpcConfig.Subnets",
            "TrainingJobDefinition.VpcConfig.Subnets",
            "TrainingJobDefinitions.VpcConfig.Subnets",
            "SubnetId",
            "SubnetIds",
        ],
    ),
    ("ssm:Recursive", &["Recursive"]),
    ("sts:RoleSessionName", &["RoleSessionName"]),
];
