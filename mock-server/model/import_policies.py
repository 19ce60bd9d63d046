#!/usr/bin/env python3
"""Derives AWS's managed policies in this directory from an installed moto.

    python3 mock-server/model/import_policies.py [--moto DIR]

What is kept: name, path, number of the default version, dates, and of the
document its version and statements. What is dropped: policies of service-linked
roles (`/aws-service-role/`), which nobody can attach, and counts of usage.

One line for each policy, in order of names, its fields parted by tabs. The
output is deterministic: the same moto gives the same bytes.
"""

import argparse
import ast
import datetime
import gzip
import io
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SERVICE_LINKED = "/aws-service-role/"


def find_moto(given):
    if given:
        return pathlib.Path(given)
    try:
        import moto
    except ImportError:
        sys.exit("moto is not installed here; pass --moto DIR (the package directory)")
    return pathlib.Path(moto.__file__).parent


def version_of(package):
    text = (package / "__init__.py").read_text()
    return re.search(r"__version__ = ['\"]([^'\"]+)", text).group(1)


def policies(package):
    """The one string in the module is a JSON object of all policies by name."""
    module = ast.parse((package / "iam" / "aws_managed_policies.py").read_text(encoding="utf-8"))
    [text] = [node.value.value for node in module.body if isinstance(node, ast.Assign)]
    return json.loads(text)


def seconds(date):
    return str(int(datetime.datetime.fromisoformat(date).timestamp()))


def line(name, policy):
    document = {key: policy["Document"][key] for key in ("Version", "Statement")}
    fields = [
        name,
        policy["Path"],
        policy["DefaultVersionId"].removeprefix("v"),
        seconds(policy["CreateDate"]),
        seconds(policy["UpdateDate"]),
        json.dumps(document, separators=(",", ":"), ensure_ascii=True),
    ]
    assert not any("\t" in field or "\n" in field for field in fields), name
    return "\t".join(fields) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moto", help="directory of the moto package")
    package = find_moto(parser.parse_args().moto)
    kept = {name: p for name, p in policies(package).items() if p["Path"] != SERVICE_LINKED}
    text = "".join(line(name, kept[name]) for name in sorted(kept))
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as packed:
        packed.write(text.encode())
    (HERE / "aws-policies.tsv.gz").write_bytes(buffer.getvalue())
    print(f"{len(kept)} policies, {len(text)} bytes, {len(buffer.getvalue())} packed")
    (HERE / "POLICIES_VERSION").write_text(
        f"moto {version_of(package)}\n"
        "Source: AWS's managed policies as listed by the Python package moto (https://github.com/getmoto/moto).\n"
        "Licence of the source: Apache-2.0. See NOTICE.\n"
    )


if __name__ == "__main__":
    main()
