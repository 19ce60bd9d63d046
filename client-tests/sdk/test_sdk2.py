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
