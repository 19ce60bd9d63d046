"""The SageMaker Python SDK 2, unmodified: what its users run, in a VPC."""

import pytest
from conftest import BUCKET, IMAGE, NO_ROUTE


@pytest.fixture(scope="module")
def session(world):
    import sagemaker

    # Without a bucket of one's own the SDK asks STS for the account's number, at an address that it does not let move.
    return sagemaker.Session(default_bucket=BUCKET)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """The SDK sleeps between its polls for up to half a minute; here everything is over at once."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def estimator(world, session, **more):
    from sagemaker.estimator import Estimator

    given = {"subnets": world.net.subnets, "security_group_ids": [world.net.group], **more}
    return Estimator(
        IMAGE, world.execution_role, 1, "ml.m5.large", output_path=f"s3://{BUCKET}/out", sagemaker_session=session, **given)


def test_fit_streams_the_logs_and_leaves_the_model(world, session, capsys):
    one = estimator(world, session)
    one.fit({"train": f"s3://{BUCKET}/train/"}, job_name="fit-one", logs=True)
    told = capsys.readouterr().out
    assert "epoch 1 of fit-one on algo-1" in told and "loss=0.25" in told, told
    assert "Training job completed" in told and "Billable seconds:" in told
    assert one.model_data == f"s3://{BUCKET}/out/fit-one/output/model.tar.gz"
    assert world.client("s3").head_object(Bucket=BUCKET, Key="out/fit-one/output/model.tar.gz")["ContentLength"] > 0
    described = world.job("fit-one")
    assert described["VpcConfig"] == {"Subnets": world.net.subnets, "SecurityGroupIds": [world.net.group]}


def test_attach(world, session):
    from sagemaker.estimator import Estimator

    estimator(world, session).fit({"train": f"s3://{BUCKET}/train/"}, job_name="fit-two", logs=False)
    attached = Estimator.attach("fit-two", sagemaker_session=session)
    assert attached.model_data == f"s3://{BUCKET}/out/fit-two/output/model.tar.gz"
    assert attached.subnets == world.net.subnets


def test_a_job_that_cannot_get_to_s3_raises_with_the_documented_reason(world, session, closed_group):
    from sagemaker.exceptions import UnexpectedStatusException

    with pytest.raises(UnexpectedStatusException) as raised:
        estimator(world, session, security_group_ids=[closed_group]).fit(
            {"train": f"s3://{BUCKET}/train/"}, job_name="fit-three", logs=True)
    assert NO_ROUTE in str(raised.value)
    assert raised.value.actual_status == "Failed"


def test_a_processor_runs(world, session, capsys):
    from sagemaker.network import NetworkConfig
    from sagemaker.processing import ProcessingInput, ProcessingOutput, Processor

    network = NetworkConfig(subnets=world.net.subnets, security_group_ids=[world.net.group])
    processor = Processor(
        world.execution_role, IMAGE, 1, "ml.m5.large", sagemaker_session=session, network_config=network)
    processor.run(
        inputs=[ProcessingInput(source=f"s3://{BUCKET}/train/", destination="/opt/ml/processing/input")],
        outputs=[ProcessingOutput(source="/opt/ml/processing/output", destination=f"s3://{BUCKET}/processed")],
        job_name="process-one", logs=True)
    assert "epoch 1 of process-one" in capsys.readouterr().out
    assert world.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="processed/")["KeyCount"] >= 1


def model(world, session, name):
    from sagemaker.model import Model
    from sagemaker.predictor import Predictor

    return Model(
        IMAGE, model_data=f"s3://{BUCKET}/model/model.tar.gz", role=world.execution_role, name=name,
        vpc_config=world.net.config, sagemaker_session=session, predictor_cls=Predictor)


def test_a_transformer_answers_every_input(world, session):
    from sagemaker.transformer import Transformer

    model(world, session, "transformed").create()
    transformer = Transformer(
        "transformed", 1, "ml.m5.large", output_path=f"s3://{BUCKET}/answers", sagemaker_session=session)
    transformer.transform(f"s3://{BUCKET}/train/", job_name="transform-one", wait=True, logs=True)
    listed = world.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="answers/")["Contents"]
    assert [one["Key"] for one in listed] == ["answers/1.csv.out"]


def test_a_model_is_deployed_asked_and_deleted(world, session):
    predictor = model(world, session, "deployed").deploy(1, "ml.m5.large", endpoint_name="deployed")
    assert predictor.predict(b"1,2") == b"1,2"
    predictor.delete_endpoint()
    assert not world.sm.list_endpoints(NameContains="deployed")["Endpoints"]


def test_a_model_is_compiled_in_the_vpc(world, session):
    from sagemaker.pytorch import PyTorchModel

    world.client("s3").put_object(Bucket=BUCKET, Key="model/net.tar.gz", Body=b"net")
    net = PyTorchModel(
        model_data=f"s3://{BUCKET}/model/net.tar.gz", role=world.execution_role, entry_point="serve.py",
        framework_version="1.8", py_version="py3", vpc_config=world.net.config, sagemaker_session=session)
    compiled = net.compile(
        "ml_c5", {"input0": [1, 3, 224, 224]}, f"s3://{BUCKET}/compiled", world.execution_role,
        framework="pytorch", framework_version="1.8", job_name="compile-one", compile_max_run=900)
    described = world.sm.describe_compilation_job(CompilationJobName="compile-one")
    assert described["CompilationJobStatus"] == "COMPLETED"
    assert compiled.model_data == described["ModelArtifacts"]["S3ModelArtifacts"]


def test_a_tuner_starts_jobs_in_the_vpc(world, session):
    from sagemaker.tuner import ContinuousParameter, HyperparameterTuner

    tuner = HyperparameterTuner(
        estimator(world, session), "loss", {"rate": ContinuousParameter(0.1, 0.9)}, objective_type="Minimize",
        metric_definitions=[{"Name": "loss", "Regex": "loss=([0-9.]+)"}], max_jobs=3, max_parallel_jobs=2)
    tuner.fit({"train": f"s3://{BUCKET}/train/"}, job_name="tune-one", wait=True)
    assert tuner.describe()["TrainingJobStatusCounters"]["Completed"] == 3
    best = tuner.best_training_job()
    assert world.job(best)["VpcConfig"] == world.net.config
    frame = tuner.analytics().dataframe()
    assert len(frame) == 3 and set(frame["TrainingJobStatus"]) == {"Completed"}
    assert tuner.best_estimator().model_data.startswith(f"s3://{BUCKET}/out/")


def test_a_pipeline_trains(world, session):
    from botocore.exceptions import WaiterError
    from sagemaker.inputs import TrainingInput
    from sagemaker.workflow.parameters import ParameterString
    from sagemaker.workflow.pipeline import Pipeline
    from sagemaker.workflow.pipeline_context import PipelineSession
    from sagemaker.workflow.steps import TrainingStep

    inside = PipelineSession(default_bucket=BUCKET)
    where = ParameterString("where", default_value=f"s3://{BUCKET}/train/")
    step = TrainingStep("train", step_args=estimator(world, inside).fit({"train": TrainingInput(where)}))
    pipeline = Pipeline("pipeline-one", parameters=[where], steps=[step], sagemaker_session=inside)
    pipeline.upsert(role_arn=world.execution_role)
    execution = pipeline.start()
    execution.wait()
    assert execution.describe()["PipelineExecutionStatus"] == "Succeeded"
    [one] = execution.list_steps()
    assert one["StepStatus"] == "Succeeded"
    failing = pipeline.start(parameters={"where": f"s3://{BUCKET}/nothing-there/"})
    with pytest.raises(WaiterError):
        failing.wait()
    [one] = failing.list_steps()
    assert one["StepStatus"] == "Failed" and "No S3 objects found under S3 URL" in one["FailureReason"]
    pipeline.delete()


def test_jobs_and_endpoints_that_fail_raise_with_their_reasons(world, session, closed_group):
    """Each kind as the SDK tells it: its own exception, with the reason that the service gives."""
    from sagemaker.exceptions import UnexpectedStatusException
    from sagemaker.network import NetworkConfig
    from sagemaker.processing import ProcessingInput, Processor
    from sagemaker.transformer import Transformer

    closed = {"Subnets": world.net.subnets, "SecurityGroupIds": [closed_group]}
    with pytest.raises(UnexpectedStatusException, match="Failed to download data. ListObjectsV2 failed"):
        Processor(
            world.execution_role, IMAGE, 1, "ml.m5.large", sagemaker_session=session,
            network_config=NetworkConfig(subnets=world.net.subnets, security_group_ids=[closed_group]),
        ).run(
            inputs=[ProcessingInput(source=f"s3://{BUCKET}/train/", destination="/opt/ml/processing/input")],
            job_name="process-cut", logs=True)

    cut = model(world, session, "cut")
    cut.vpc_config = closed
    cut.create()
    with pytest.raises(UnexpectedStatusException) as raised:
        Transformer("cut", 1, "ml.m5.large", output_path=f"s3://{BUCKET}/never", sagemaker_session=session).transform(
            f"s3://{BUCKET}/train/", job_name="transform-cut", wait=True, logs=True)
    reason = world.sm.describe_transform_job(TransformJobName="transform-cut")["FailureReason"]
    assert reason in str(raised.value)

    shut = model(world, session, "shut")
    shut.vpc_config = closed
    with pytest.raises(UnexpectedStatusException, match="Please ensure that an S3 VPC endpoint exists in route table"):
        shut.deploy(1, "ml.m5.large", endpoint_name="shut")
    assert world.sm.describe_endpoint(EndpointName="shut")["EndpointStatus"] == "Failed"
    world.sm.delete_endpoint(EndpointName="shut")


def test_an_estimator_is_deployed(world, session):
    one = estimator(world, session)
    one.fit({"train": f"s3://{BUCKET}/train/"}, job_name="fit-deployed", logs=False)
    predictor = one.deploy(1, "ml.m5.large", endpoint_name="from-training")
    assert predictor.predict(b"1,2") == b"1,2"
    name = world.sm.describe_endpoint_config(EndpointConfigName="from-training")["ProductionVariants"][0]["ModelName"]
    assert world.sm.describe_model(ModelName=name)["VpcConfig"] == world.net.config
    predictor.delete_model()
    predictor.delete_endpoint()


def test_a_tuner_is_attached_and_stops(world, session):
    from sagemaker.tuner import HyperparameterTuner

    attached = HyperparameterTuner.attach("tune-one", sagemaker_session=session)
    assert attached.max_jobs == 3 and attached.estimator.subnets == world.net.subnets
    attached.stop_tuning_job()  # nothing happens to what has ended
    assert attached.describe()["HyperParameterTuningJobStatus"] == "Completed"
