//! The worlds that are measured.

use std::net::SocketAddr;
use std::rc::Rc;

use client_tests::Result;
use client_tests::server::Server;
use client_tests::wire::{self, Connection, ec2, iam, s3, sagemaker, sts, text};
use serde_json::json;
use tokio::task::LocalSet;

/// An account whose region has so many subnets, at most 1,000, and the call that lists them.
pub async fn subnets(server: &Server, count: usize) -> Result<Vec<u8>> {
    let account = format!("1{count:011}");
    let mut connection = Connection::open(server.address).await?;
    let vpc = create_vpc(&mut connection, &account, "10.0.0.0/16").await?;
    let list = ec2(&account, "DescribeSubnets", "");
    let present = connection.expect_ok(&list).await?.matches("<subnetId>").count();
    for number in present..count {
        let block = format!("10.0.{}.{}/26", number / 4, number % 4 * 64);
        create_subnet(&mut connection, &account, &vpc, &block).await?;
    }
    match connection.expect_ok(&list).await?.matches("<subnetId>").count() {
        found if found == count => Ok(list),
        other => Err(format!("{other} subnets instead of {count}").into()),
    }
}

/// A new account with one large subnet, and the call that makes an interface in it.
pub async fn create_interface(address: SocketAddr, account: &str) -> Result<Vec<u8>> {
    let mut connection = Connection::open(address).await?;
    let vpc = create_vpc(&mut connection, account, "10.0.0.0/16").await?;
    let subnet = create_subnet(&mut connection, account, &vpc, "10.0.0.0/16").await?;
    Ok(ec2(account, "CreateNetworkInterface", &format!("&SubnetId={subnet}&Description=bench")))
}

/// The same question of `subnets`, asked by a session whose role has so many statements; the last one allows it.
pub async fn subnets_by_role(server: &Server, subnets: usize, statements: usize) -> Result<Vec<u8>> {
    let account = format!("1{subnets:011}");
    let mut connection = Connection::open(server.address).await?;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "sts:AssumeRole"}]});
    let others = (1..statements).map(|n| {
        json!({"Effect": "Allow", "Action": format!("s3:Get{n}*"), "Resource": format!("arn:aws:s3:::bucket-{n}/*")})
    });
    let own = json!({"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"});
    let all: Vec<_> = others.chain([own]).collect();
    let access = json!({"Version": "2012-10-17", "Statement": all});
    let role = format!("&RoleName=many&AssumeRolePolicyDocument={}", escaped(&trust.to_string()));
    connection.expect_ok(&iam(&account, "CreateRole", &role)).await?;
    let put = format!("&RoleName=many&PolicyName=own&PolicyDocument={}", escaped(&access.to_string()));
    connection.expect_ok(&iam(&account, "PutRolePolicy", &put)).await?;
    let assume = format!("&RoleSessionName=bench&RoleArn=arn:aws:iam::{account}:role/many");
    let answer = connection.expect_ok(&sts(&account, "AssumeRole", &assume)).await?;
    let key = text(&answer, "AccessKeyId").ok_or("no access key")?;
    let token = text(&answer, "SessionToken").ok_or("no session token")?;
    let list = String::from_utf8(ec2(key, "DescribeSubnets", ""))?;
    let list = list.replacen("\r\n", &format!("\r\nX-Amz-Security-Token: {token}\r\n"), 1).into_bytes();
    connection.expect_ok(&list).await?;
    Ok(list)
}

/// As forms have it.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// A completed training job, and the call that describes it.
pub async fn training_job(server: &Server) -> Result<Vec<u8>> {
    let account = "100000000003";
    let mut connection = Connection::open(server.address).await?;
    let role = role(&mut connection, account, "AmazonS3FullAccess").await?;
    let job = json!({
        "TrainingJobName": "bench",
        "AlgorithmSpecification": {
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": role,
        "OutputDataConfig": {"S3OutputPath": "s3://bench-output/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    });
    connection.expect_ok(&sagemaker(account, "CreateTrainingJob", &job)).await?;
    let describe = sagemaker(account, "DescribeTrainingJob", &json!({"TrainingJobName": "bench"}));
    // What an SDK's waiter sends: it need not wait.
    let waiter = String::from_utf8(describe.clone())?
        .replace("user-agent: client-tests", "user-agent: Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 m/B");
    for _ in 0..100 {
        if connection.expect_ok(waiter.as_bytes()).await?.contains("\"TrainingJobStatus\":\"Completed\"") {
            return Ok(describe);
        }
        client_tests::wall::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err("the training job did not complete".into())
}

/// The ARN of a new role that SageMaker may assume and that has one of AWS's policies.
async fn role(connection: &mut Connection, account: &str, policy: &str) -> Result<String> {
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let parameters = format!("&RoleName=bench&AssumeRolePolicyDocument={}", escaped(&trust.to_string()));
    let answer = connection.expect_ok(&iam(account, "CreateRole", &parameters)).await?;
    let role = text(&answer, "Arn").ok_or("no role ARN")?.to_string();
    let parameters = format!("&RoleName=bench&PolicyArn=arn:aws:iam::aws:policy/{policy}");
    connection.expect_ok(&iam(account, "AttachRolePolicy", &parameters)).await?;
    Ok(role)
}

/// A subnet as large as they come with a way to S3, a group whose members may talk to each other, and a role.
pub async fn closed_network(connection: &mut Connection, account: &str) -> Result<[String; 3]> {
    let vpc = create_vpc(connection, account, "10.0.0.0/16").await?;
    let subnet = create_subnet(connection, account, &vpc, "10.0.0.0/16").await?;
    let filter = format!("&Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let tables = connection.expect_ok(&ec2(account, "DescribeRouteTables", &filter)).await?;
    let table = text(&tables, "routeTableId").ok_or("no routeTableId")?;
    let service = format!("&VpcId={vpc}&ServiceName=com.amazonaws.us-east-1.s3&RouteTableId.1={table}");
    connection.expect_ok(&ec2(account, "CreateVpcEndpoint", &service)).await?;
    let groups = connection.expect_ok(&ec2(account, "DescribeSecurityGroups", &filter)).await?;
    let group = text(&groups, "groupId").ok_or("no groupId")?.to_string();
    let role = role(connection, account, "AmazonSageMakerFullAccess").await?;
    Ok([subnet, group, role])
}

/// An object of so many bytes, and the calls that put and get it.
pub async fn object(server: &Server, bytes: usize) -> Result<[Vec<u8>; 2]> {
    let account = "100000000004";
    let mut connection = Connection::open(server.address).await?;
    connection.expect_ok(&s3(account, "PUT /bench", "")).await?;
    let put = s3(account, "PUT /bench/object", &"x".repeat(bytes));
    connection.expect_ok(&put).await?;
    Ok([put, s3(account, "GET /bench/object", "")])
}

async fn create_vpc(connection: &mut Connection, account: &str, block: &str) -> Result<String> {
    let answer = connection.expect_ok(&ec2(account, "CreateVpc", &format!("&CidrBlock={block}"))).await?;
    Ok(text(&answer, "vpcId").ok_or("no vpcId")?.to_string())
}

async fn create_subnet(connection: &mut Connection, account: &str, vpc: &str, block: &str) -> Result<String> {
    let request = ec2(account, "CreateSubnet", &format!("&VpcId={vpc}&CidrBlock={block}"));
    Ok(text(&connection.expect_ok(&request).await?, "subnetId").ok_or("no subnetId")?.to_string())
}

/// One account that grows: a small subnet with five interfaces, and large ones for all the others.
pub struct World {
    address: SocketAddr,
    small: String,
    id: String,
    large: Vec<String>,
    count: usize,
}

const ACCOUNT: &str = "100000000002";
/// Below what a /16 holds.
const PER_SUBNET: usize = 60_000;

impl World {
    pub async fn new(server: &Server) -> Result<World> {
        let mut connection = Connection::open(server.address).await?;
        let mut large = Vec::new();
        for block in ["10.1.0.0/16", "10.2.0.0/16"] {
            let vpc = create_vpc(&mut connection, ACCOUNT, block).await?;
            large.push(create_subnet(&mut connection, ACCOUNT, &vpc, block).await?);
        }
        let vpc = create_vpc(&mut connection, ACCOUNT, "10.0.0.0/16").await?;
        let small = create_subnet(&mut connection, ACCOUNT, &vpc, "10.0.0.0/24").await?;
        let mut id = String::new();
        for number in 0..5 {
            let request = interface(&small, &format!("small-{number}"));
            let answer = connection.expect_ok(&request).await?;
            id = text(&answer, "networkInterfaceId").ok_or("no networkInterfaceId")?.to_string();
        }
        Ok(World { address: server.address, small, id, large, count: 5 })
    }

    pub async fn grow_to(&mut self, count: usize) -> Result<()> {
        while self.count < count {
            let end = count.min((self.count / PER_SUBNET + 1) * PER_SUBNET);
            let request = interface(&self.large[self.count / PER_SUBNET], "bench");
            repeat(self.address, request, end - self.count).await?;
            self.count = end;
        }
        Ok(())
    }

    pub fn by_id(&self) -> Vec<u8> {
        wire::ec2(ACCOUNT, "DescribeNetworkInterfaces", &format!("&NetworkInterfaceId.1={}", self.id))
    }

    pub fn by_subnet(&self) -> Vec<u8> {
        filtered("subnet-id", &self.small)
    }

    /// No index serves this filter: every interface of the region is looked at, one matches.
    pub fn by_description(&self) -> Vec<u8> {
        filtered("description", "small-0")
    }
}

/// One subnet, as large as they come, that fills up.
pub struct Filling {
    address: SocketAddr,
    subnet: String,
}

/// What a /16 has, less what AWS keeps for itself.
const CAPACITY: usize = 65_536 - 5;

impl Filling {
    pub async fn new(server: &Server) -> Result<Filling> {
        let mut connection = Connection::open(server.address).await?;
        let vpc = create_vpc(&mut connection, ACCOUNT, "10.9.0.0/16").await?;
        let subnet = create_subnet(&mut connection, ACCOUNT, &vpc, "10.9.0.0/16").await?;
        Ok(Filling { address: server.address, subnet })
    }

    /// The call that makes one interface more.
    pub fn create(&self) -> Vec<u8> {
        interface(&self.subnet, "bench")
    }

    /// Makes interfaces until there are so many.
    pub async fn fill_to(&self, count: usize) -> Result<()> {
        let list = ec2(ACCOUNT, "DescribeSubnets", &format!("&SubnetId.1={}", self.subnet));
        let answer = Connection::open(self.address).await?.expect_ok(&list).await?;
        let free: usize = text(&answer, "availableIpAddressCount").ok_or("no count")?.parse()?;
        repeat(self.address, self.create(), count.saturating_sub(CAPACITY - free)).await
    }
}

/// Makes a call so many times, over a few connections.
async fn repeat(address: SocketAddr, request: Vec<u8>, times: usize) -> Result<()> {
    const WORKERS: usize = 8;
    let request: Rc<[u8]> = request.into();
    let local = LocalSet::new();
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let request = request.clone();
            let share = (times + worker) / WORKERS;
            local.spawn_local(async move {
                let mut connection = Connection::open(address).await?;
                for _ in 0..share {
                    connection.expect_ok(&request).await?;
                }
                Ok::<_, std::io::Error>(())
            })
        })
        .collect();
    local.await;
    for worker in workers {
        worker.await??;
    }
    Ok(())
}

fn interface(subnet: &str, description: &str) -> Vec<u8> {
    ec2(ACCOUNT, "CreateNetworkInterface", &format!("&SubnetId={subnet}&Description={description}"))
}

fn filtered(name: &str, value: &str) -> Vec<u8> {
    let filter = format!("&Filter.1.Name={name}&Filter.1.Value.1={value}");
    ec2(ACCOUNT, "DescribeNetworkInterfaces", &filter)
}
