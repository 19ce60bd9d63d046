//! Many jobs at once in one account: what each costs, and whether every address is where it should be all the time.

use std::time::Duration;

use client_tests::server::Server;
use client_tests::wire::{Connection, ec2, post, sagemaker};
use client_tests::{Result, process};
use serde_json::{Value, json};

use super::setup;

/// Each job has one instance, and an instance two interfaces.
const INTERFACES: usize = 2;
/// A /16 without the addresses that AWS keeps.
const ADDRESSES: usize = 65_536 - 5;

pub struct Crowd {
    pub jobs: usize,
    /// Server CPU of a CreateTrainingJob, and of what a job does until it has completed, in µs.
    pub create_us: f64,
    pub life_us: f64,
    /// How often the interfaces and the free addresses were counted meanwhile, and were right.
    pub looks: usize,
}

struct Account {
    number: String,
    connection: Connection,
    subnet: String,
}

/// So many jobs in a new account, whose clock stands while they are made and then moves step by step.
///
/// # Errors
/// A count is wrong.
pub async fn run(server: &Server, jobs: usize) -> Result<Crowd> {
    let number = format!("4{jobs:011}");
    let mut connection = Connection::open(server.address).await?;
    let [subnet, group, role] = setup::closed_network(&mut connection, &number).await?;
    let mut account = Account { number, connection, subnet };
    account.control("clock", json!({"mode": "manual", "start": "2026-01-05T09:00:00Z"})).await?;

    let begin = process::cpu(server.pid())?;
    for job in 0..jobs {
        let request = json!({
            "TrainingJobName": format!("job-{job}"),
            "AlgorithmSpecification": {
                "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/train:1", "TrainingInputMode": "File",
            },
            "RoleArn": role,
            "OutputDataConfig": {"S3OutputPath": "s3://bench-output/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            "VpcConfig": {"Subnets": [account.subnet], "SecurityGroupIds": [group]},
        });
        let call = sagemaker(&account.number, "CreateTrainingJob", &request);
        account.connection.expect_ok(&call).await?;
    }
    let created = process::cpu(server.pid())? - begin;

    let (mut living, mut looks, mut most) = (Duration::ZERO, 0, 0);
    while looks < 100 {
        let begin = process::cpu(server.pid())?;
        account.control("clock", json!({"advance": "250ms"})).await?;
        living += process::cpu(server.pid())? - begin;
        let interfaces = account.count("DescribeNetworkInterfaces", "networkInterfaceId").await?;
        let free = account.free().await?;
        if free + interfaces != ADDRESSES || interfaces > jobs * INTERFACES {
            return Err(format!("{interfaces} interfaces and {free} free addresses with {jobs} jobs").into());
        }
        looks += 1;
        most = most.max(interfaces);
        if most > 0 && interfaces == 0 && account.running().await? == 0 {
            break;
        }
    }
    if most != jobs * INTERFACES || account.running().await? != 0 {
        return Err(format!("at most {most} interfaces with {jobs} jobs").into());
    }
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / jobs as f64;
    Ok(Crowd { jobs, create_us: each(created), life_us: each(living), looks })
}

impl Account {
    async fn control(&mut self, what: &str, mut body: Value) -> Result<()> {
        body["account"] = json!(self.number);
        self.connection.expect_ok(&post(&format!("/_mockplane/{what}"), &body)).await?;
        Ok(())
    }

    async fn count(&mut self, operation: &str, tag: &str) -> Result<usize> {
        let filter = format!("&Filter.1.Name=subnet-id&Filter.1.Value.1={}", self.subnet);
        let answer = self.connection.expect_ok(&ec2(&self.number, operation, &filter)).await?;
        Ok(answer.matches(&format!("<{tag}>")).count())
    }

    async fn free(&mut self) -> Result<usize> {
        let request = ec2(&self.number, "DescribeSubnets", &format!("&SubnetId.1={}", self.subnet));
        let answer = self.connection.expect_ok(&request).await?;
        let count = client_tests::wire::text(&answer, "availableIpAddressCount").ok_or("no count")?;
        Ok(count.parse()?)
    }

    /// How many jobs have not ended; one page tells whether there is any.
    async fn running(&mut self) -> Result<usize> {
        let request = sagemaker(&self.number, "ListTrainingJobs", &json!({"StatusEquals": "InProgress"}));
        let answer = self.connection.expect_ok(&request).await?;
        Ok(answer.matches("TrainingJobName").count())
    }
}
