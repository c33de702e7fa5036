"""The recipes of swimd-control(7) that write files for node_exporter, run as printed and checked with Debian's programs."""
import os
import re
import shutil
import subprocess
import urllib.request

import pytest

from harness import clean_environment, paths

DIRECTORY = "/var/lib/prometheus/node-exporter"
EXPORTER = "127.0.9.100:9100"
NEEDED = ("prometheus-node-exporter", "promtool", "socat", "jq")
MISSING = [program for program in NEEDED if not shutil.which(program)]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)} (make deps installs them)")


def recipes():
    """The shell examples of the page that write a file for node_exporter. There are two."""
    with open(os.path.join(paths.TOP, "man/swimd-control.7"), encoding="utf-8") as file:
        examples = re.findall(r"^\.Bd -literal -offset indent\n(.*?)^\.Ed$", file.read(), re.MULTILINE | re.DOTALL)
    found = [example for example in examples if DIRECTORY in example]
    assert len(found) == 2
    return found


@pytest.mark.parametrize("number", [0, 1])
def test_each_recipe_writes_metrics_that_node_exporter_reads(cluster, number):
    daemon = cluster.daemon().start()
    directory = os.path.join(cluster.directory, "text")
    os.mkdir(directory)
    script = recipes()[number].replace(DIRECTORY, directory).replace("/run/swimd/swimd-ro.sock", daemon.socket)
    environment = clean_environment({"SWIMD_SOCKET": daemon.socket, "PATH": f"{os.path.dirname(paths.SWIMCTL)}:{os.environ['PATH']}"})
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=environment, timeout=60)
    assert done.returncode == 0, done
    assert os.listdir(directory) == ["swimd.prom"]

    with open(os.path.join(directory, "swimd.prom"), encoding="utf-8") as file:
        text = file.read()
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", ""), checked

    scraped = scrape(cluster, directory)
    assert "node_textfile_scrape_error 0" in scraped.splitlines()
    ours = {line.partition(" ")[0] for line in text.splitlines() if line.startswith("swimd_")}
    theirs = {line.partition(" ")[0] for line in scraped.splitlines() if line.startswith("swimd_")}
    assert ours and {unlabelled(name) for name in ours} == {unlabelled(name) for name in theirs}
    assert "untyped" not in scraped


def unlabelled(sample):
    return sample.partition("{")[0]


def scrape(cluster, directory):
    """The metrics that node_exporter serves from this directory."""
    log = os.path.join(cluster.directory, "exporter.log")
    with open(log, "wb") as out, cluster.namespace.inside():
        exporter = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
             f"--collector.textfile.directory={directory}", f"--web.listen-address={EXPORTER}"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def answer():
        assert exporter.poll() is None, open(log, encoding="utf-8").read()
        try:
            with cluster.namespace.inside():
                return urllib.request.urlopen(f"http://{EXPORTER}/metrics", timeout=20).read().decode()
        except OSError:
            return None         # node_exporter does not listen yet
    try:
        return cluster.wait(answer, "node_exporter to answer")
    finally:
        exporter.kill()
        exporter.wait()
