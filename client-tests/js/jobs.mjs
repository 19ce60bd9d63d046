// Every kind of job with the AWS SDK for JavaScript v3: the data in S3, the job in a VPC, its logs, the endpoint's answer,
// and what a user sees when there is no way to S3. The SDK's waiters do not mark their calls: see story.mjs.
import assert from 'node:assert/strict';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AuthorizeSecurityGroupIngressCommand, CreateSecurityGroupCommand, CreateSubnetCommand, CreateVpcCommand,
  CreateVpcEndpointCommand, DescribeRouteTablesCommand, EC2Client, ModifyVpcAttributeCommand,
  RevokeSecurityGroupEgressCommand,
} from '@aws-sdk/client-ec2';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateCompilationJobCommand, CreateEndpointCommand, CreateEndpointConfigCommand, CreateModelCommand,
  CreateProcessingJobCommand, CreateTrainingJobCommand, CreateTransformJobCommand, DeleteEndpointCommand,
  DescribeCompilationJobCommand, DescribeEndpointCommand, DescribeTrainingJobCommand, SageMakerClient,
  waitUntilEndpointDeleted, waitUntilEndpointInService, waitUntilProcessingJobCompletedOrStopped,
  waitUntilTrainingJobCompletedOrStopped, waitUntilTransformJobCompletedOrStopped,
} from '@aws-sdk/client-sagemaker';
import {
  InvokeEndpointCommand, InvokeEndpointWithResponseStreamCommand, SageMakerRuntimeClient,
} from '@aws-sdk/client-sagemaker-runtime';

const ec2 = new EC2Client();
const iam = new IAMClient();
const s3 = new S3Client({ forcePathStyle: true });
const sagemaker = new SageMakerClient();
const runtime = new SageMakerRuntimeClient();
const logs = new CloudWatchLogsClient();
const soon = { client: sagemaker, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };

// A closed VPC with a way to S3 and one to CloudWatch Logs.
const { Vpc: { VpcId } } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.0.0.0/16' }));
for (const name of ['EnableDnsSupport', 'EnableDnsHostnames'])
  await ec2.send(new ModifyVpcAttributeCommand({ VpcId, [name]: { Value: true } }));
const Subnets = [];
for (const [block, zone] of [['10.0.1.0/24', 'us-east-1a'], ['10.0.2.0/24', 'us-east-1b']]) {
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: block, AvailabilityZone: zone }));
  Subnets.push(Subnet.SubnetId);
}
const group = async GroupName =>
  (await ec2.send(new CreateSecurityGroupCommand({ VpcId, GroupName, Description: GroupName }))).GroupId;
const open = await group('open');
const closed = await group('closed');
await ec2.send(new AuthorizeSecurityGroupIngressCommand({
  GroupId: open, IpPermissions: [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: open }] }],
}));
await ec2.send(new RevokeSecurityGroupEgressCommand({
  GroupId: closed, IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
}));
const { RouteTables: [{ RouteTableId }] } = await ec2.send(
  new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [VpcId] }] }));
await ec2.send(new CreateVpcEndpointCommand({
  VpcId, ServiceName: 'com.amazonaws.us-east-1.s3', RouteTableIds: [RouteTableId],
}));
await ec2.send(new CreateVpcEndpointCommand({
  VpcId, ServiceName: 'com.amazonaws.us-east-1.logs', VpcEndpointType: 'Interface', SubnetIds: Subnets,
  SecurityGroupIds: [open], PrivateDnsEnabled: true,
}));

const statement = (more) => JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...more }] });
const { Role: { Arn: RoleArn } } = await iam.send(new CreateRoleCommand({
  RoleName: 'worker',
  AssumeRolePolicyDocument: statement({ Principal: { Service: 'sagemaker.amazonaws.com' }, Action: 'sts:AssumeRole' }),
}));
await iam.send(new PutRolePolicyCommand({
  RoleName: 'worker', PolicyName: 'all', PolicyDocument: statement({ Action: ['ec2:*', 's3:*', 'logs:*'], Resource: '*' }),
}));
const Bucket = `js-${RoleArn.split(':')[4]}`;
await s3.send(new CreateBucketCommand({ Bucket }));
for (const [Key, Body] of [['data/1.csv', '1,2\n'], ['model/model.tar.gz', 'weights']])
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));

const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1';
const vpc = id => ({ Subnets, SecurityGroupIds: [id] });
const data = { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: `s3://${Bucket}/data/` } };
const StoppingCondition = { MaxRuntimeInSeconds: 3600 };
const train = (TrainingJobName, id) => sagemaker.send(new CreateTrainingJobCommand({
  TrainingJobName, RoleArn, StoppingCondition, VpcConfig: vpc(id),
  AlgorithmSpecification: { TrainingImage: image, TrainingInputMode: 'File' },
  InputDataConfig: [{ ChannelName: 'train', DataSource: data }],
  OutputDataConfig: { S3OutputPath: `s3://${Bucket}/out` },
  ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 },
}));

await train('good', open);
await waitUntilTrainingJobCompletedOrStopped(soon, { TrainingJobName: 'good' });
const { ModelArtifacts } = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'good' }));
assert.equal(ModelArtifacts.S3ModelArtifacts, `s3://${Bucket}/out/good/output/model.tar.gz`);
const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'out/good/output/model.tar.gz' }));
assert.ok((await Body.transformToByteArray()).length > 0);
const { events } = await logs.send(
  new FilterLogEventsCommand({ logGroupName: '/aws/sagemaker/TrainingJobs', logStreamNamePrefix: 'good/' }));
assert.ok(events.length > 0 && events[0].logStreamName.startsWith('good/algo-1-'));

await train('shut', closed);
await assert.rejects(waitUntilTrainingJobCompletedOrStopped(soon, { TrainingJobName: 'shut' }));
const { FailureReason } = await sagemaker.send(new DescribeTrainingJobCommand({ TrainingJobName: 'shut' }));
assert.ok(FailureReason.startsWith(
  "ClientError: Data download failed:Please ensure that the subnet's route table has a route to an S3 VPC endpoint"));
await assert.rejects(train('good', open), { name: 'ResourceInUse' });

await sagemaker.send(new CreateProcessingJobCommand({
  ProcessingJobName: 'good', RoleArn, AppSpecification: { ImageUri: image }, NetworkConfig: { VpcConfig: vpc(open) },
  ProcessingResources: { ClusterConfig: { InstanceType: 'ml.m5.large', InstanceCount: 1, VolumeSizeInGB: 10 } },
}));
await waitUntilProcessingJobCompletedOrStopped(soon, { ProcessingJobName: 'good' });

await sagemaker.send(new CreateCompilationJobCommand({
  CompilationJobName: 'good', RoleArn, StoppingCondition, VpcConfig: vpc(open),
  InputConfig: { S3Uri: `s3://${Bucket}/model/model.tar.gz`, DataInputConfig: '{"x":[1,3,8,8]}', Framework: 'PYTORCH', FrameworkVersion: '1.8' },
  OutputConfig: { S3OutputLocation: `s3://${Bucket}/compiled`, TargetDevice: 'ml_c5' },
}));
let compiled;
do compiled = await sagemaker.send(new DescribeCompilationJobCommand({ CompilationJobName: 'good' }));
while (!['COMPLETED', 'FAILED'].includes(compiled.CompilationJobStatus));
assert.equal(compiled.CompilationJobStatus, 'COMPLETED', compiled.FailureReason);

const serve = async (name, id) => {
  await sagemaker.send(new CreateModelCommand({
    ModelName: name, ExecutionRoleArn: RoleArn, VpcConfig: vpc(id),
    PrimaryContainer: { Image: image, ModelDataUrl: `s3://${Bucket}/model/model.tar.gz` },
  }));
  await sagemaker.send(new CreateEndpointConfigCommand({
    EndpointConfigName: name,
    ProductionVariants: [{ VariantName: 'all', ModelName: name, InstanceType: 'ml.m5.large', InitialInstanceCount: 2 }],
  }));
  await sagemaker.send(new CreateEndpointCommand({ EndpointName: name, EndpointConfigName: name }));
};
await serve('good', open);
await waitUntilEndpointInService(soon, { EndpointName: 'good' });
const asked = { EndpointName: 'good', ContentType: 'text/csv', Body: Buffer.from('1,2') };
const answer = await runtime.send(new InvokeEndpointCommand(asked));
assert.equal(Buffer.from(answer.Body).toString(), '1,2');
assert.equal(answer.InvokedProductionVariant, 'all');
const streamed = [];
for await (const part of (await runtime.send(new InvokeEndpointWithResponseStreamCommand(asked))).Body)
  streamed.push(Buffer.from(part.PayloadPart.Bytes));
assert.equal(Buffer.concat(streamed).toString(), '1,2');
await assert.rejects(
  runtime.send(new InvokeEndpointCommand({ ...asked, EndpointName: 'nobody' })), { name: 'ValidationError' });
await sagemaker.send(new DeleteEndpointCommand({ EndpointName: 'good' }));
await waitUntilEndpointDeleted(soon, { EndpointName: 'good' });

await serve('shut', closed);
await assert.rejects(waitUntilEndpointInService(soon, { EndpointName: 'shut' }));
const shut = await sagemaker.send(new DescribeEndpointCommand({ EndpointName: 'shut' }));
assert.equal(shut.EndpointStatus, 'Failed');
assert.ok(shut.FailureReason.includes('Please ensure that an S3 VPC endpoint exists in route table or NAT gateway'));

await sagemaker.send(new CreateTransformJobCommand({
  TransformJobName: 'good', ModelName: 'good', TransformInput: { DataSource: data },
  TransformOutput: { S3OutputPath: `s3://${Bucket}/answers` },
  TransformResources: { InstanceType: 'ml.m5.large', InstanceCount: 1 },
}));
await waitUntilTransformJobCompletedOrStopped(soon, { TransformJobName: 'good' });
const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'answers/' }));
assert.deepEqual(Contents.map(one => one.Key), ['answers/1.csv.out']);
console.log('every kind of job holds');
