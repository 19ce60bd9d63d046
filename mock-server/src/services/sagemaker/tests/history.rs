//! What was done costs nothing later: to begin something looks at as many rows after much as after little.

use super::*;
use crate::kernel::rows_seen;
use crate::services::ec2::CreateNetworkInterface;
use crate::services::sagemaker::endpoint::{CreateEndpoint, DeleteEndpoint};
use crate::services::sagemaker::endpoint_config::CreateEndpointConfig;
use crate::services::sagemaker::notebook::CreateNotebookInstance;
use crate::services::sagemaker::pipeline::{CreatePipeline, StartPipelineExecution};

const DONE: u64 = 4_000;
/// Longer than the interfaces of a deleted endpoint stay.
const GONE: u64 = 310_000;

impl Site {
    fn serve(&self, name: &str) {
        let variant = json!({ "VariantName": "v", "ModelName": "outside", "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1 });
        let config = json!({ "EndpointConfigName": name, "ProductionVariants": [variant] });
        self.lab.write::<CreateEndpointConfig>(config).unwrap();
        self.lab
            .write::<CreateEndpoint>(json!({ "EndpointName": name, "EndpointConfigName": name }))
            .unwrap();
    }

    fn kept(&self, name: &str) {
        let mut request = request(name, 1);
        request["ResourceConfig"]["KeepAlivePeriodInSeconds"] = json!(3600);
        self.create(request).unwrap();
    }

    fn execute(&self, number: usize) {
        let token = format!("{number:032}");
        let request = json!({ "PipelineName": "p", "ClientRequestToken": token });
        self.lab.write::<StartPipelineExecution>(request).unwrap();
    }

    /// So much of everything, all of it over or at rest.
    fn live(&self, times: usize) {
        let definition = r#"{"Version": "2020-12-01", "Steps": []}"#;
        let pipeline = json!({ "PipelineName": "p", "PipelineDefinition": definition, "RoleArn": ROLE_ARN,
            "ClientRequestToken": "0".repeat(32) });
        self.lab.write::<CreatePipeline>(pipeline).unwrap();
        for n in 0..times {
            for kit in kits() {
                (kit.create)(&self.lab, self.job(kit, &format!("old-{n}"), 1, false)).unwrap();
            }
            self.serve(&format!("old-{n}"));
            self.serve(&format!("gone-{n}"));
            self.lab.advance(DONE);
            self.lab.write::<DeleteEndpoint>(json!({ "EndpointName": format!("gone-{n}") })).unwrap();
            self.lab.advance(GONE);
            self.execute(n + 1);
        }
        // These run at the same time, so that none takes another one's pool.
        (0..times).for_each(|n| self.kept(&format!("kept-{n}")));
        self.lab.advance(DONE);
    }
}

#[test]
fn beginning_something_looks_at_as_many_rows_after_much_as_after_little() {
    type Act = (&'static str, fn(&Site));
    let acts: [Act; 9] = [
        ("a training job", |site| drop(site.create(site.request("new", 2)).unwrap())),
        ("a processing job", |site| {
            let kit = kit(JobKind::Processing);
            (kit.create)(&site.lab, site.job(kit, "new", 2, true)).unwrap();
        }),
        ("a transform job", |site| {
            let kit = kit(JobKind::Transform);
            (kit.create)(&site.lab, site.job(kit, "new", 1, true)).unwrap();
        }),
        ("a compilation job", |site| {
            let kit = kit(JobKind::Compilation);
            (kit.create)(&site.lab, site.job(kit, "new", 1, true)).unwrap();
        }),
        ("a job that takes a pool", |site| site.kept("new-kept")),
        ("an endpoint", |site| site.serve("new")),
        ("a notebook instance", |site| {
            let request =
                json!({ "NotebookInstanceName": "new", "InstanceType": "ml.t3.medium", "RoleArn": ROLE_ARN });
            site.lab.write::<CreateNotebookInstance>(request).unwrap();
        }),
        ("an interface", |site| {
            let request = json!({ "SubnetId": site.subnet.to_string() });
            site.lab.write::<CreateNetworkInterface>(request).unwrap();
        }),
        ("an execution of a pipeline", |site| site.execute(1_000)),
    ];
    let looks = |times: usize| {
        let site = Site::new(Profile::Fast);
        site.live(times);
        acts.map(|(name, act)| {
            let before = rows_seen();
            act(&site);
            let begun = rows_seen() - before;
            site.lab.advance(DONE);
            let over = rows_seen() - before - begun;
            site.assert_sound();
            (name, begun, over)
        })
    };
    assert_eq!(looks(3), looks(12));
}
