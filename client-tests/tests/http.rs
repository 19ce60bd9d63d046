//! The server as plain HTTP sees it: control API, aliases, and what an AWS call gets when something is missing.

use client_tests::Result;
use client_tests::server::Server;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

struct Plane {
    server: Server,
    http: Client,
}

impl Plane {
    fn start(args: &[&str]) -> Result<Plane> {
        Ok(Plane { server: Server::start(args, &[])?, http: Client::new() })
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.endpoint.trim_end_matches('/'))
    }

    async fn get(&self, path: &str) -> Result<Response> {
        Ok(self.http.get(self.url(path)).send().await?)
    }

    async fn post(&self, path: &str) -> Result<Response> {
        Ok(self.http.post(self.url(path)).send().await?)
    }

    async fn control(&self, path: &str, body: &Value) -> Result<Response> {
        Ok(self
            .http
            .post(self.url(path))
            .header("content-type", "application/json")
            .body(body.to_string())
            .send()
            .await?)
    }

    /// A form call, signed (not truly) for an account and a service.
    async fn query(&self, account: &str, service: &str, body: &str) -> Result<(StatusCode, String)> {
        let answer = self
            .http
            .post(self.url("/"))
            .header("authorization", authorization(account, service))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_string())
            .send()
            .await?;
        Ok((answer.status(), answer.text().await?))
    }

    async fn vpcs(&self, account: &str) -> Result<usize> {
        let (status, body) = self.query(account, "ec2", "Action=DescribeVpcs&Version=2016-11-15").await?;
        assert_eq!(status, 200, "{body}");
        Ok(body.matches("<vpcId>").count())
    }

    async fn make_vpc(&self, account: &str) -> Result<()> {
        let body = "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16";
        let (status, body) = self.query(account, "ec2", body).await?;
        assert_eq!(status, 200, "{body}");
        Ok(())
    }
}

fn authorization(account: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential={account}/20260105/us-east-1/{service}/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={:064}",
        0
    )
}

async fn json(answer: Response) -> Result<Value> {
    Ok(serde_json::from_slice(&answer.bytes().await?)?)
}

const ONE: &str = "400000000001";
const TWO: &str = "400000000002";

#[tokio::test]
async fn health_ready_and_info_answer() -> Result<()> {
    let plane = Plane::start(&[])?;
    for path in ["/_mockplane/health", "/_mockplane/ready"] {
        assert_eq!(plane.get(path).await?.status(), 200, "{path}");
    }
    let info: Value = json(plane.get("/_mockplane/info").await?.error_for_status()?).await?;
    assert_eq!(info["version"], env!("CARGO_PKG_VERSION"), "{info}");
    assert!(plane.get("/_mockplane/no-such-thing").await?.status().is_client_error());
    Ok(())
}

#[tokio::test]
async fn reset_empties_one_account_or_all() -> Result<()> {
    let plane = Plane::start(&[])?;
    let fresh = plane.vpcs(ONE).await?;
    plane.make_vpc(ONE).await?;
    plane.make_vpc(TWO).await?;
    plane.post(&format!("/_mockplane/reset?account={ONE}")).await?.error_for_status()?;
    assert_eq!((plane.vpcs(ONE).await?, plane.vpcs(TWO).await?), (fresh, fresh + 1));
    plane.make_vpc(ONE).await?;
    plane.post("/_mockplane/reset").await?.error_for_status()?;
    assert_eq!((plane.vpcs(ONE).await?, plane.vpcs(TWO).await?), (fresh, fresh));
    Ok(())
}

#[tokio::test]
async fn aliases_of_other_mocks_work_on_unsigned_requests() -> Result<()> {
    let plane = Plane::start(&[])?;
    let fresh = plane.vpcs(ONE).await?;
    for path in ["/moto-api/reset", "/_localstack/state/reset"] {
        plane.make_vpc(ONE).await?;
        plane.post(path).await?.error_for_status()?;
        assert_eq!(plane.vpcs(ONE).await?, fresh, "{path}");
    }
    plane.post("/moto-api/seed?a=42").await?.error_for_status()?;
    for path in ["/_localstack/health", "/_localstack/info", "/_localstack/init"] {
        plane.get(path).await?.error_for_status()?;
    }
    plane.http.head(plane.url("/_localstack/health")).send().await?.error_for_status()?;
    // A signed request is an AWS request, whatever its path looks like.
    plane.make_vpc(ONE).await?;
    let signed =
        plane.http.post(plane.url("/moto-api/reset")).header("authorization", authorization(ONE, "s3"));
    assert!(!signed.send().await?.status().is_success());
    assert_eq!(plane.vpcs(ONE).await?, fresh + 1);
    Ok(())
}

#[tokio::test]
async fn each_account_has_its_own_clock() -> Result<()> {
    let plane = Plane::start(&[])?;
    let start = "2026-01-05T09:00:00Z";
    let manual = json!({"account": ONE, "mode": "manual", "start": start});
    plane.control("/_mockplane/clock", &manual).await?.error_for_status()?;
    let moved = plane.control("/_mockplane/clock", &json!({"account": ONE, "advance": "3m"})).await?;
    moved.error_for_status()?;
    let one: Value = json(plane.get(&format!("/_mockplane/clock?account={ONE}")).await?).await?;
    let two: Value = json(plane.get(&format!("/_mockplane/clock?account={TWO}")).await?).await?;
    assert!(one.to_string().contains("2026-01-05T09:03:00"), "{one}");
    assert!(one.to_string().contains("manual"), "{one}");
    assert!(two.to_string().contains("real"), "{two}");
    let bad = plane.control("/_mockplane/clock", &json!({"account": ONE, "advance": "soon"})).await?;
    assert_eq!(bad.status(), 400);
    Ok(())
}

#[tokio::test]
async fn an_operation_without_code_answers_501_with_its_name() -> Result<()> {
    let plane = Plane::start(&[])?;
    let (status, body) =
        plane.query(ONE, "ec2", "Action=DescribeReservedInstances&Version=2016-11-15").await?;
    assert_eq!(status, 501, "{body}");
    assert!(
        body.contains("<Code>NotImplemented</Code>") && body.contains("DescribeReservedInstances"),
        "{body}"
    );
    let answer = plane
        .http
        .post(plane.url("/"))
        .header("authorization", authorization(ONE, "sagemaker"))
        .header("x-amz-target", "SageMaker.ListWorkforces")
        .header("content-type", "application/x-amz-json-1.1")
        .body("{}")
        .send()
        .await?;
    assert_eq!(answer.status(), 501);
    assert_eq!(answer.headers()["content-type"], "application/x-amz-json-1.1");
    let body: Value = json(answer).await?;
    assert_eq!(body["__type"], "NotImplemented", "{body}");
    assert!(body["message"].as_str().unwrap_or_default().contains("ListWorkforces"), "{body}");
    Ok(())
}

#[tokio::test]
async fn an_unknown_operation_gets_the_errors_of_its_service() -> Result<()> {
    let plane = Plane::start(&[])?;
    let (status, body) = plane.query(ONE, "ec2", "Action=DescribeTeapots&Version=2016-11-15").await?;
    assert_eq!(status, 400);
    assert!(body.contains("<Code>InvalidAction</Code>") && body.contains("<RequestID>"), "{body}");
    let (status, body) = plane.query(ONE, "iam", "Action=ListTeapots&Version=2010-05-08").await?;
    assert_eq!(status, 400);
    assert!(body.contains("<Code>InvalidAction</Code>") && body.contains("<RequestId>"), "{body}");
    Ok(())
}
