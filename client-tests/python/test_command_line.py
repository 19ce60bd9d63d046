"""What the program itself prints, to whom."""

import os
import subprocess

import pytest

from mockplane import binary


@pytest.mark.parametrize(
    "command", ["completions bash", "schema", "lesson list", "texts", "rule", "policy --help"])
def test_a_reader_that_goes_away_is_no_error(command):
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run([binary(), *command.split()], stdout=write, stderr=subprocess.PIPE, timeout=60)
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (0, b"")
