"""Lets a test choose the errno value with which each sendmmsg of a program fails.

No machine produces some failures on demand: a lack of buffers, or an interface that is down while a route still leads
there. So the kernel notifies this module of each sendmmsg of the program (seccomp_unotify(2)), and the module says what the
call returns.

This file is also a program. It goes before the command line of another program, installs the filter, sends the descriptor
of the notifications to the test, and executes the other program.
"""
import array
import ctypes
import errno
import fcntl
import os
import platform
import select
import socket
import struct
import sys
import threading

# Machine: AUDIT_ARCH_*, and the numbers of seccomp(2) and sendmmsg(2).
NUMBERS = {"x86_64": (0xC000003E, 317, 307), "aarch64": (0xC00000B7, 277, 269)}
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER, SECCOMP_GET_ACTION_AVAIL = 1, 2
SECCOMP_FILTER_FLAG_NEW_LISTENER = 8
SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ALLOW = 0x7FC00000, 0x7FFF0000
SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1
SIZE_OF_QUESTION, ANSWER = 80, struct.Struct("=QqiI")       # struct seccomp_notif, struct seccomp_notif_resp
IOCTL_RECV, IOCTL_SEND = 0xC0502100, 0xC0182101
libc = ctypes.CDLL(None, use_errno=True)


def checked(result, call):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
    return result


def unusable():
    """The reason why this module cannot be used here, or None."""
    if platform.machine() not in NUMBERS:
        return f"tests/system/harness/refuse.py has no system call numbers for {platform.machine()}"
    action = ctypes.c_uint32(SECCOMP_RET_USER_NOTIF)
    if libc.syscall(NUMBERS[platform.machine()][1], SECCOMP_GET_ACTION_AVAIL, 0, ctypes.byref(action)) != 0:
        return "this kernel has no seccomp_unotify"
    return None


def listener():
    """Install the filter. Returns the descriptor at which each sendmmsg of this process and its children is reported."""
    arch, seccomp, sendmmsg = NUMBERS[platform.machine()]
    # struct sock_filter: code, jt, jf, k. In struct seccomp_data, nr is at offset 0 and arch at offset 4.
    instructions = [(0x20, 0, 0, 4), (0x15, 0, 3, arch), (0x20, 0, 0, 0), (0x15, 0, 1, sendmmsg),
                    (0x06, 0, 0, SECCOMP_RET_USER_NOTIF), (0x06, 0, 0, SECCOMP_RET_ALLOW)]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    room = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(room))
    checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    return checked(libc.syscall(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
                                ctypes.create_string_buffer(program)), "seccomp")


class Refusals:
    """The test's end: `wrapper` goes before the program's command line, and refuse() says how its sends fail."""

    def __init__(self, cluster, name):
        self.path = os.path.join(cluster.directory, f"refuse-{name}")
        self.wrapper = [sys.executable, "-I", os.path.abspath(__file__), self.path]
        self.error, self.every, self.asked, self.refused = 0, 1, 0, 0
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(self.path)
        self.socket.listen(1)
        # A thread, because the program waits for an answer at each sendmmsg, whatever the test does then.
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        cluster.closers.append(self.close)

    def refuse(self, name, every=1):
        """From now on let each send, or one in `every`, fail with the errno value of this name."""
        self.error, self.every = getattr(errno, name), every

    def relent(self):
        self.error = 0

    def serve(self):
        try:
            connection, _ = self.socket.accept()
        except OSError:
            return              # close() was called, and the program was never started
        with connection:
            _, (fd,), _, _ = socket.recv_fds(connection, 1, 1)
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        # POLLHUP: all processes with the filter have ended.
        while not any(events & select.POLLHUP for _, events in poll.poll()):
            self.answer(fd)
        os.close(fd)

    def answer(self, fd):
        question = bytearray(SIZE_OF_QUESTION)
        try:
            fcntl.ioctl(fd, IOCTL_RECV, question)
            number, = struct.unpack_from("=Q", question)
            self.asked += 1
            error = self.error if self.asked % self.every == 0 else 0
            self.refused += error != 0
            fcntl.ioctl(fd, IOCTL_SEND, ANSWER.pack(number, 0, -error, 0 if error else SECCOMP_USER_NOTIF_FLAG_CONTINUE))
        except OSError as fault:
            # A signal interrupted the sendmmsg, which is then reported again, or the process has ended.
            if fault.errno not in (errno.ENOENT, errno.EINTR):
                raise

    def close(self):
        self.relent()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def main(path, *command):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)
        fd = listener()
        connection.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
    os.close(fd)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
