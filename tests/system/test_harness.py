"""The harness where the kernel refuses namespaces: tests that need only loopback run, the others are skipped with a reason."""
import contextlib
import os
import re
import subprocess
import sys

from harness import Namespace, clean_environment, paths, usable

# The rights of root in a container of docker: neither CAP_SYS_ADMIN for namespaces nor CAP_NET_ADMIN for addresses.
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-sys_admin,-net_admin"]


def without_rights(*tests):
    """Run these tests in another pytest without those rights."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist",
               *(os.path.join(paths.TOP, "tests/system", test) for test in tests)]
    # Where namespaces work, the other pytest gets a loopback interface of its own, apart from that of the tests beside it.
    namespace = None if usable() else Namespace()
    try:
        with namespace.inside() if namespace else contextlib.nullcontext():
            return subprocess.run([*([] if usable() else WITHOUT_RIGHTS), *command], capture_output=True, text=True,
                                  env=clean_environment({"SWIMD_BUILD": os.path.dirname(paths.SWIMD)}), cwd=paths.TOP)
    finally:
        if namespace:
            namespace.close()


def test_without_namespaces_tests_run_on_loopback_or_are_skipped():
    done = without_rights("test_tags.py::test_tags_can_be_set_and_unset_at_run_time", "test_partition.py",
                          "test_networks.py", "test_machines.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^1 passed, \d+ skipped in ", done.stdout, re.MULTILINE), done.stdout
    reasons = set(re.findall(r"^SKIPPED \[\d+\] \S+ (.*)", done.stdout, re.MULTILINE))
    assert len(reasons) == 1 and "namespace" in min(reasons) and "run the tests as root with CAP_SYS_ADMIN" in min(reasons)
