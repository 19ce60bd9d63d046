#!/usr/bin/env python3
"""Derives the service models in this directory from an installed botocore.

    python3 mock-server/model/import.py [--botocore DIR]

What is kept: operation lists, shapes, wire names, constraints, error codes,
paginators, and the names of the filters that EC2's Describe operations accept.
What is dropped: every word of documentation, examples, endpoint rules, waiters.

The output is deterministic: the same botocore gives the same bytes. Structure
members keep the order of the published model, because answers are written in
that order; everything else is sorted.

`patches/<service>.json`, if present, is laid over the result (see `merge`), for
facts which the published model lacks.
"""

import argparse
import gzip
import html
import io
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SERVICES = ["ec2", "iam", "logs", "sagemaker", "sagemaker-runtime", "ssm", "sts"]

METADATA = [
    "apiVersion", "endpointPrefix", "jsonVersion", "protocol", "signingName", "targetPrefix", "xmlNamespace",
]
SHAPE_FLAGS = ["box", "event", "eventstream", "exception", "fault", "flattened", "sensitive", "union"]
SHAPE_VALUES = ["enum", "max", "min", "pattern", "payload", "timestampFormat", "locationName"]
MEMBER_FLAGS = [
    "box", "eventpayload", "flattened", "hostLabel", "idempotencyToken", "jsonvalue", "streaming",
]
MEMBER_VALUES = ["location", "locationName", "queryName", "timestampFormat"]


def find_botocore(given):
    if given:
        return pathlib.Path(given)
    try:
        import botocore
    except ImportError:
        sys.exit("botocore is not installed here; pass --botocore DIR (the package directory)")
    return pathlib.Path(botocore.__file__).parent


def version_of(package):
    text = (package / "__init__.py").read_text()
    return re.search(r"__version__ = ['\"]([^'\"]+)", text).group(1)


def load(directory, name):
    for candidate, opener in ((directory / f"{name}.json.gz", gzip.open), (directory / f"{name}.json", open)):
        if candidate.exists():
            with opener(candidate, "rt", encoding="utf-8") as source:
                return json.load(source)
    return None


def namespace(node):
    """`xmlNamespace` is a string in some places and an object in others."""
    value = node.get("xmlNamespace")
    return value.get("uri") if isinstance(value, dict) else value


def member(node):
    out = {"shape": node["shape"]}
    for key in MEMBER_FLAGS:
        if node.get(key):
            out[key] = True
    for key in MEMBER_VALUES:
        if key in node:
            out[key] = node[key]
    if namespace(node):
        out["xmlNamespace"] = namespace(node)
    return out


def shape(node):
    out = {"type": node["type"]}
    for key in SHAPE_FLAGS:
        if node.get(key):
            out[key] = True
    for key in SHAPE_VALUES:
        if key in node:
            out[key] = node[key]
    if namespace(node):
        out["xmlNamespace"] = namespace(node)
    if "error" in node:
        out["error"] = {k: node["error"][k] for k in ("code", "httpStatusCode", "senderFault") if k in node["error"]}
    if "members" in node:
        out["members"] = {name: member(value) for name, value in node["members"].items()}
    if node.get("required"):
        out["required"] = sorted(node["required"])
    for key in ("member", "key", "value"):
        if key in node and isinstance(node[key], dict):
            out[key] = member(node[key])
    return out


def operation(node):
    http = node["http"]
    out = {"method": http["method"], "uri": http["requestUri"]}
    if http.get("responseCode", 200) != 200:
        out["responseCode"] = http["responseCode"]
    for key in ("input", "output"):
        if key in node:
            out[key] = node[key]["shape"]
    if node.get("output", {}).get("resultWrapper"):
        out["resultWrapper"] = node["output"]["resultWrapper"]
    if node.get("errors"):
        out["errors"] = sorted(e["shape"] for e in node["errors"])
    if node.get("idempotent"):
        out["idempotent"] = True
    return out


def listed(value):
    return value if isinstance(value, list) else [value]


def paginator(node):
    out = {}
    for key in ("input_token", "output_token", "result_key"):
        if key in node:
            out[key] = listed(node[key])
    for key in ("limit_key", "more_results"):
        if key in node:
            out[key] = node[key]
    return out


def filters(model):
    """Names of filters per operation, from the list items of the `Filters` member's documentation.

    A name is the `<code>`, or the plain word, that starts a list item and is followed by a dash. Values are listed inside
    the items and are not taken; the other spellings which an item allows for a name are.
    """
    found = {}
    for name, op in model["operations"].items():
        if "input" not in op:
            continue
        members = model["shapes"][op["input"]["shape"]].get("members", {})
        for key in ("Filters", "Filter"):
            text = members.get(key, {}).get("documentation", "")
            names = []
            for item in re.findall(r"<li>\s*<p>(.*?)</p>", text, re.S) or re.findall(r"<li>(.*?)</li>", text, re.S):
                head = re.match(r"\s*<code>([^<]+)</code>\s*(?:-|–|—|:)", item) or re.match(r"\s*([a-z.-]+) - ", item)
                if not head:
                    continue
                names.append(head.group(1))
                for other in re.findall(r"[Yy]ou can also use (.*?) as (?:the|a) filter name", item, re.S):
                    names.extend(re.findall(r"<code>([^<]+)</code>", other))
            clean = []
            for entry in names:
                entry = html.unescape(entry).strip().strip('"')
                entry = re.sub(r"^tag(:.*)?$", "tag:", entry)
                if re.fullmatch(r"[A-Za-z0-9.:_/-]+", entry) and entry not in clean:
                    clean.append(entry)
            if clean:
                found[name] = sorted(clean)
    return found


def merge(base, patch):
    """An object merges key by key, `null` removes, anything else replaces."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return patch
    out = dict(base)
    for key, value in patch.items():
        if value is None:
            out.pop(key, None)
        else:
            out[key] = merge(out.get(key), value)
    return out


def derive(package, service):
    directory = sorted((package / "data" / service).iterdir())[-1]
    model = load(directory, "service-2")
    pages = (load(directory, "paginators-1") or {}).get("pagination", {})
    pages = merge(pages, (load(directory, "paginators-1.sdk-extras") or {}).get("merge", {}).get("pagination", {}))
    meta = model["metadata"]
    out = {
        "metadata": {k: meta[k] for k in METADATA if k in meta},
        "operations": {k: operation(v) for k, v in sorted(model["operations"].items())},
        "shapes": {k: shape(v) for k, v in sorted(model["shapes"].items())},
        "paginators": {k: paginator(v) for k, v in sorted(pages.items())},
    }
    if service == "ec2":
        out["filters"] = dict(sorted(filters(model).items()))
    patch = HERE / "patches" / f"{service}.json"
    if patch.exists():
        out = merge(out, json.loads(patch.read_text()))
    return out


def write(path, document):
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=True).encode()
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as packed:
        packed.write(text)
    path.write_bytes(buffer.getvalue())
    return len(buffer.getvalue())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--botocore", help="directory of the botocore package")
    package = find_botocore(parser.parse_args().botocore)
    total = 0
    for service in SERVICES:
        document = derive(package, service)
        size = write(HERE / f"{service}.json.gz", document)
        total += size
        counts = {k: len(document[k]) for k in ("operations", "shapes", "paginators")}
        print(f"{service:18} {size:7} bytes  {counts}  filters: {len(document.get('filters', {}))}")
    print(f"{'total':18} {total:7} bytes")
    (HERE / "VERSION").write_text(
        f"botocore {version_of(package)}\n"
        "Source: the AWS service models inside the Python package botocore (https://github.com/boto/botocore).\n"
        "Licence of the source: Apache-2.0. See NOTICE.\n"
    )


if __name__ == "__main__":
    main()
