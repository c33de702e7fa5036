"""The tests themselves, where the kernel refuses namespaces: what loopback is enough for runs, the rest says why not."""
import contextlib
import os
import re
import subprocess
import sys

from harness import Namespace, clean_environment, paths, usable

# A container's root, as docker makes it. Without CAP_SYS_ADMIN there is no namespace, without CAP_NET_ADMIN no address.
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-sys_admin,-net_admin"]


def without_rights(*tests):
    """Those tests by a pytest of their own."""
    command = [sys.executable, "-B", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-p", "no:xdist",
               *(os.path.join(paths.TOP, "tests/system", test) for test in tests)]
    # Loopback is still another one than that of the tests beside this one, where there can be another.
    namespace = None if usable() else Namespace()
    try:
        with namespace.inside() if namespace else contextlib.nullcontext():
            return subprocess.run([*([] if usable() else WITHOUT_RIGHTS), *command], capture_output=True, text=True,
                                  env=clean_environment({"SWIMD_BUILD": os.path.dirname(paths.SWIMD)}), cwd=paths.TOP)
    finally:
        if namespace:
            namespace.close()


def test_without_the_right_to_make_namespaces():
    done = without_rights("test_tags.py::test_set_and_unset_at_run_time", "test_partition.py",
                          "test_networks.py", "test_machines.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^1 passed, \d+ skipped in ", done.stdout, re.MULTILINE), done.stdout
    reasons = set(re.findall(r"^SKIPPED \[\d+\] \S+ (.*)", done.stdout, re.MULTILINE))
    assert len(reasons) == 1 and "namespace" in min(reasons) and "run the tests as root with CAP_SYS_ADMIN" in min(reasons)
