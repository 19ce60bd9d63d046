"""bash with the AWS CLI inside this process: scripts run as they are, without a new Python for each of their commands."""

import contextlib
import io
import os
import subprocess
import threading
from unittest import mock

from awscli.clidriver import create_clidriver

from mockplane import environment

# `aws` hands its words over, and answers with what comes back.
AWS = r"""
set -euo pipefail
aws() {
    printf '%s\0' "$#" "$@" >&"$ASK"
    local code size complaint text
    read -r code size complaint <&"$ANSWER"
    LC_ALL=C IFS= read -r -d '' -N "$size" text <&"$ANSWER" || true
    printf '%s' "$text"
    LC_ALL=C IFS= read -r -d '' -N "$complaint" text <&"$ANSWER" || true
    printf '%s' "$text" >&2
    return "$code"
}
"""


class Shell:
    """Runs scripts."""

    def __init__(self):
        # The service models are what takes long to load. All else is new for each command: the CLI is made for one.
        self.loader = create_clidriver().session.get_component("data_loader")

    def command(self, words):
        """One command; its exit code, output and complaint."""
        cli = create_clidriver()
        cli.session.register_component("data_loader", self.loader)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main(words)
            except SystemExit as exit:
                code = exit.code
        return code or 0, out.getvalue(), err.getvalue()

    def run(self, account, lines):
        """The lines as one script of an account's, which must succeed."""
        settings = {
            "AWS_ENDPOINT_URL": account.server.endpoint, "AWS_DEFAULT_REGION": account.region,
            "AWS_ACCESS_KEY_ID": account.number, "AWS_SECRET_ACCESS_KEY": "any",
        }
        with mock.patch.dict(os.environ, settings):
            self._run(lines)

    def _run(self, lines):
        script = "\n".join(lines)
        ask, asked = os.pipe()
        answered, answer = os.pipe()
        process = subprocess.Popen(
            ["bash", "-c", AWS + script], pass_fds=(asked, answered), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            env=environment(ASK=str(asked), ANSWER=str(answered)))
        os.close(asked)
        os.close(answered)
        clock = threading.Timer(30, process.kill)
        clock.start()
        complaints = []
        with open(ask, "rb") as questions, open(answer, "wb", buffering=0) as answers:
            words = iter(lambda: self._word(questions), None)
            for count in words:
                command = [next(words) for _ in range(int(count))]
                code, out, err = self.command(command)
                complaints.append(err)
                data, complaint = out.rstrip("\n").encode(), err.encode()
                answers.write(f"{code} {len(data)} {len(complaint)}\n".encode() + data + complaint)
        _, stderr = process.communicate()
        clock.cancel()
        assert process.returncode == 0, f"{script}\n{''.join(complaints)}{stderr.decode()}"

    @staticmethod
    def _word(stream):
        """What stands before the next NUL; `None` at the end."""
        word = bytearray()
        while True:
            byte = stream.read(1)
            if byte == b"\0":
                return word.decode()
            if not byte:
                return None
            word += byte
