/* SPDX-License-Identifier: MIT */
/*
 * The file of a control socket: which process gets the path, its mode and group, and how a lost file is made
 * again.
 */
#include "control/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/unit.h"

/* A fresh directory and the path of a socket in it. */
struct place {
	char directory[64], path[160];
	char error[SOCKET_ERROR_MAX];
	struct socket_bound bound;
};

static void
place_init(struct place *place)
{
	memset(place, 0, sizeof(*place));
	strcpy(place->directory, "/tmp/swimd-socket-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(place->directory));
	snprintf(place->path, sizeof(place->path), "%s/sock", place->directory);
	socket_init(&place->bound);
}

static void
place_fini(struct place *place)
{
	ck_assert_msg(rmdir(place->directory) == 0, "%s is left with something in it",
	    place->directory);
}

static int
bind_as(struct place *place, struct socket_bound *bound, mode_t mode, const char *group)
{
	const struct socket_spec spec = {.path = place->path, .mode = mode, .group = group};

	return socket_bind(bound, &spec, place->error);
}

static int
place_bind(struct place *place, struct socket_bound *bound)
{
	return bind_as(place, bound, 0660, NULL);
}

/* socket_bind returns -number for this path, and its error is one sentence with these words. */
static void
refuses(const char *path, int number, const char *words)
{
	const struct socket_spec spec = {.path = path, .mode = 0660};
	struct socket_bound bound;
	char error[SOCKET_ERROR_MAX] = "";

	ck_assert_int_eq(socket_bind(&bound, &spec, error), -number);
	ck_assert_msg(strstr(error, words) != NULL, "'%s' lacks '%s'", error, words);
	ck_assert_msg(strncmp(error, "control socket", 14) == 0, "%s", error);
	ck_assert_ptr_null(strchr(error, '\n'));
	ck_assert_int_eq(bound.fd, -1);
}

static int
connect_to(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Leave a file of a bound socket behind, as a killed daemon does. */
static void
leave_stale(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type, 0);

	strcpy(address.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

START_TEST(a_bound_socket_listens_and_its_file_is_unlinked_at_the_end)
{
	struct place place;
	struct stat st;
	int fd;

	place_init(&place);
	ck_assert_msg(place_bind(&place, &place.bound) == 0, "%s", place.error);
	fd = connect_to(place.path, SOCK_STREAM);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(fcntl(place.bound.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(fcntl(place.bound.fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	socket_close(&place.bound);
	ck_assert_int_eq(lstat(place.path, &st), -1);
	place_fini(&place);
}
END_TEST

START_TEST(the_umask_does_not_change_the_mode_of_the_file)
{
	static const mode_t masks[] = {0, 022, 077, 0777};
	static const mode_t modes[] = {0660, 0666, 0600};
	struct place place;
	struct stat st;

	place_init(&place);
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		for (size_t k = 0; k < sizeof(modes) / sizeof(modes[0]); k++) {
			mode_t before = umask(masks[i]);

			ck_assert_int_eq(bind_as(&place, &place.bound, modes[k], NULL), 0);
			ck_assert_uint_eq(umask(before), masks[i]); /* not changed */
			ck_assert_int_eq(lstat(place.path, &st), 0);
			ck_assert_uint_eq(st.st_mode & 07777, modes[k]);
			socket_close(&place.bound);
		}
	place_fini(&place);
}
END_TEST

START_TEST(the_file_gets_the_configured_group_if_it_exists)
{
	struct place place;
	struct stat st;

	place_init(&place);
	/* Every system has the group of root, and no system has the other group. */
	ck_assert_int_eq(bind_as(&place, &place.bound, 0660, "root"), 0);
	ck_assert_int_eq(lstat(place.path, &st), 0);
	ck_assert_uint_eq(st.st_gid, geteuid() == 0 ? 0 : getegid());
	socket_close(&place.bound);
	ck_assert_int_eq(bind_as(&place, &place.bound, 0660, "no-such-group"), 0);
	socket_close(&place.bound);
	place_fini(&place);
}
END_TEST

START_TEST(a_stale_socket_is_replaced)
{
	struct place place;
	int fd;

	place_init(&place);
	leave_stale(place.path, SOCK_STREAM);
	ck_assert_int_eq(connect_to(place.path, SOCK_STREAM), -1);
	ck_assert_msg(place_bind(&place, &place.bound) == 0, "%s", place.error);
	fd = connect_to(place.path, SOCK_STREAM);
	ck_assert_int_ge(fd, 0);
	close(fd);
	socket_close(&place.bound);
	place_fini(&place);
}
END_TEST

START_TEST(the_socket_of_a_killed_process_is_replaced)
{
	struct place place;
	int ready[2], status;
	pid_t child;
	char byte;

	place_init(&place);
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (child == 0) {
		if (place_bind(&place, &place.bound) != 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	refuses(place.path, EADDRINUSE, "another daemon uses this path");
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(place_bind(&place, &place.bound) == 0, "%s", place.error);
	socket_close(&place.bound);
	close(ready[0]);
	place_fini(&place);
}
END_TEST

START_TEST(a_socket_that_a_process_serves_is_left_alone)
{
	struct place place;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener, fd;

	place_init(&place);
	/* A socket of a program that does not use the lock file. */
	strcpy(address.sun_path, place.path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 0), 0);
	refuses(place.path, EADDRINUSE, "another process serves this socket");
	/* Also while the backlog of the socket is full. */
	refuses(place.path, EADDRINUSE, "another process serves this socket");
	refuses(place.path, EADDRINUSE, "another process serves this socket");
	fd = accept(listener, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	close(fd);
	close(listener);
	ck_assert_int_eq(unlink(place.path), 0);
	place_fini(&place);
}
END_TEST

START_TEST(a_datagram_socket_is_left_alone)
{
	struct place place;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	place_init(&place);
	strcpy(address.sun_path, place.path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	refuses(place.path, EADDRINUSE, "another process serves this socket");
	close(fd);
	ck_assert_int_eq(unlink(place.path), 0);
	place_fini(&place);
}
END_TEST

START_TEST(of_many_processes_that_start_at_once_one_gets_the_path)
{
	enum { STARTERS = 16, ROUNDS = 20 };

	struct place place;

	place_init(&place);
	for (unsigned round = 0; round < ROUNDS; round++) {
		int go[2], done[2], winners = 0;
		pid_t children[STARTERS];

		leave_stale(place.path, SOCK_STREAM);
		ck_assert_int_eq(pipe(go), 0);
		ck_assert_int_eq(pipe(done), 0);
		for (size_t i = 0; i < STARTERS; i++) {
			children[i] = fork();
			if (children[i] == 0) {
				char byte, result;

				close(go[1]);
				close(done[0]);
				/* All children wait for the same end of file. */
				if (read(go[0], &byte, 1) != 0)
					_exit(2);
				result = place_bind(&place, &place.bound) == 0 ? 'y' : 'n';
				if (write(done[1], &result, 1) != 1)
					_exit(2);
				/* The winner holds the lock until all children have tried. */
				for (;;)
					pause();
			}
		}
		close(go[0]);
		close(go[1]);
		for (size_t i = 0; i < STARTERS; i++) {
			char result;

			ck_assert_int_eq(read(done[0], &result, 1), 1);
			winners += result == 'y';
		}
		ck_assert_int_eq(winners, 1);
		for (size_t i = 0; i < STARTERS; i++) {
			kill(children[i], SIGKILL);
			waitpid(children[i], NULL, 0);
		}
		close(done[0]);
		close(done[1]);
		ck_assert_int_eq(unlink(place.path), 0);
	}
	strcat(place.path, ".lock");
	ck_assert_int_eq(unlink(place.path), 0);
	place_fini(&place);
}
END_TEST

START_TEST(a_later_socket_at_the_path_is_not_unlinked)
{
	struct place place;
	struct stat st;

	place_init(&place);
	ck_assert_int_eq(place_bind(&place, &place.bound), 0);
	ck_assert_int_eq(unlink(place.path), 0);
	leave_stale(place.path, SOCK_STREAM);
	socket_close(&place.bound);
	ck_assert_int_eq(lstat(place.path, &st), 0);
	ck_assert_int_eq(unlink(place.path), 0);
	place_fini(&place);
}
END_TEST

START_TEST(a_file_that_is_not_a_socket_is_left_alone)
{
	struct place place;
	FILE *file;

	place_init(&place);
	file = fopen(place.path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("precious", file);
	fclose(file);
	refuses(place.path, EEXIST, "not a socket");
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(mkdir(place.path, 0700), 0);
	refuses(place.path, EEXIST, "not a socket");
	ck_assert_int_eq(rmdir(place.path), 0);
	ck_assert_int_eq(symlink("/dev/null", place.path), 0);
	refuses(place.path, EEXIST, "not a socket");
	ck_assert_int_eq(unlink(place.path), 0);
	place_fini(&place);
}
END_TEST

START_TEST(a_bad_path_is_refused_with_the_reason)
{
	struct place place;
	char path[256];

	place_init(&place);
	refuses("", EINVAL, "empty");
	snprintf(path, sizeof(path), "%s/nowhere/sock", place.directory);
	refuses(path, ENOENT, "directory does not exist");
	snprintf(path, sizeof(path), "/dev/null/sock");
	refuses(path, ENOTDIR, "not a directory");
	snprintf(path, sizeof(path), "%s/%0150d", place.directory, 0);
	refuses(path, ENAMETOOLONG, "may have 107");
	place_fini(&place);
}
END_TEST

START_TEST(a_path_of_107_bytes_fits)
{
	struct place place;
	size_t len;

	place_init(&place);
	len = strlen(place.path);
	memset(place.path + len, 'x', 107 - len);
	ck_assert_uint_eq(strlen(place.path), 107);
	ck_assert_msg(place_bind(&place, &place.bound) == 0, "%s", place.error);
	socket_close(&place.bound);
	place_fini(&place);
}
END_TEST

START_TEST(an_unwritable_directory_is_refused_with_the_reason)
{
	struct place place;
	int status;
	pid_t child;

	place_init(&place);
	ck_assert_int_eq(fchmodat(AT_FDCWD, place.directory, 0555, 0), 0);
	/* root may write to every directory, so try it as the user nobody. */
	child = fork();
	if (child == 0) {
		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		status = place_bind(&place, &place.bound);
		_exit(status == -EACCES && strstr(place.error, "not writable") != NULL &&
			      strstr(place.error, place.path) != NULL
			  ? 0
			  : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(fchmodat(AT_FDCWD, place.directory, 0755, 0), 0);
	place_fini(&place);
}
END_TEST

/* Between bind and chmod, another user may put another file at the path, so swimd must not call chmod. */
int
chmod(const char *file, mode_t mode)
{
	ck_abort_msg("chmod of %s to %o", file, (unsigned)mode);
	return -1;
}

static const struct socket_spec passed = {.mode = 0660};

START_TEST(a_socket_of_the_service_manager_is_adopted)
{
	struct place place;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), other[2];

	place_init(&place);
	strcpy(address.sun_path, place.path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	/* The socket does not listen yet. */
	ck_assert_int_eq(socket_adopt(&place.bound, fd, "socket", &passed, place.error), -EINVAL);
	ck_assert_int_eq(place.bound.fd, -1);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(socket_adopt(&place.bound, fd, "socket", &passed, place.error), 0);
	ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	socket_close(&place.bound);
	/* The file belongs to the service manager, so it is not unlinked. */
	ck_assert_int_eq(lstat(place.path, &st), 0);
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(pipe(other), 0);
	ck_assert_int_eq(socket_adopt(&place.bound, other[0], "socket", &passed, place.error),
	    -ENOTSOCK);
	close(other[0]);
	close(other[1]);
	place_fini(&place);
}
END_TEST

static bool
answers(const char *path)
{
	int fd = connect_to(path, SOCK_STREAM);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

START_TEST(a_removed_socket_is_created_again)
{
	struct place place;
	char lock[200];
	struct stat st;
	int fd;

	place_init(&place);
	snprintf(lock, sizeof(lock), "%s.lock", place.path);
	ck_assert_int_eq(bind_as(&place, &place.bound, 0640, "root"), 0);
	ck_assert(socket_is_there(&place.bound));
	fd = place.bound.fd;
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert(!socket_is_there(&place.bound));
	ck_assert_msg(socket_rebind(&place.bound, place.error) == 0, "%s", place.error);
	ck_assert(socket_is_there(&place.bound));
	ck_assert(answers(place.path));
	ck_assert_int_eq(lstat(place.path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	ck_assert_int_ne(place.bound.fd, fd);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	/* The lock file is created again too, and so is the directory. */
	ck_assert_int_eq(unlink(lock), 0);
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(rmdir(place.directory), 0);
	ck_assert_msg(socket_rebind(&place.bound, place.error) == 0, "%s", place.error);
	ck_assert(answers(place.path));
	refuses(place.path, EADDRINUSE, "another daemon uses this path");
	ck_assert_int_eq(lstat(place.directory, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	socket_close(&place.bound);
	place_fini(&place);
}
END_TEST

START_TEST(a_file_that_replaced_the_socket_is_left_alone)
{
	struct place place;
	struct socket_bound other;
	char lock[200];
	struct stat st;

	place_init(&place);
	snprintf(lock, sizeof(lock), "%s.lock", place.path);
	ck_assert_int_eq(place_bind(&place, &place.bound), 0);
	/* The socket of another daemon, which found neither the file nor the lock file. */
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(unlink(lock), 0);
	ck_assert_int_eq(place_bind(&place, &other), 0);
	ck_assert(!socket_is_there(&place.bound));
	ck_assert_int_eq(socket_rebind(&place.bound, place.error), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(place.error, "another daemon uses this path"));
	/* When the first daemon ends, it removes neither the socket nor the lock file of the other. */
	socket_close(&place.bound);
	ck_assert(answers(place.path));
	ck_assert_int_eq(lstat(lock, &st), 0);
	/* A directory that replaced the socket is not removed either. */
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(mkdir(place.path, 0700), 0);
	ck_assert_int_eq(socket_rebind(&other, place.error), -EEXIST);
	ck_assert_ptr_nonnull(strstr(place.error, "not a socket"));
	ck_assert_int_eq(rmdir(place.path), 0);
	ck_assert_int_eq(socket_rebind(&other, place.error), 0);
	socket_close(&other);
	place_fini(&place);
}
END_TEST

START_TEST(no_socket_is_created_again_in_a_directory_of_another_user)
{
	struct place place;
	char lock[200];

	if (geteuid() != 0)
		return;
	place_init(&place);
	snprintf(lock, sizeof(lock), "%s.lock", place.path);
	ck_assert_int_eq(place_bind(&place, &place.bound), 0);
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert_int_eq(unlink(lock), 0);
	ck_assert_int_eq(chown(place.directory, 65534, 65534), 0);
	ck_assert_int_eq(socket_rebind(&place.bound, place.error), -EPERM);
	ck_assert_ptr_nonnull(strstr(place.error, "belongs to another user"));
	socket_close(&place.bound);
	place_fini(&place);
}
END_TEST

START_TEST(a_removed_socket_of_the_service_manager_is_created_again)
{
	struct place place;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	place_init(&place);
	strcpy(address.sun_path, place.path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(socket_adopt(&place.bound, fd, "socket", &passed, place.error), 0);
	ck_assert(socket_is_there(&place.bound));
	ck_assert_int_eq(unlink(place.path), 0);
	ck_assert(!socket_is_there(&place.bound));
	ck_assert_msg(socket_rebind(&place.bound, place.error) == 0, "%s", place.error);
	ck_assert(answers(place.path));
	socket_close(&place.bound);
	ck_assert_int_eq(lstat(place.path, &st), -1);
	/* An abstract socket has no file that can be lost. */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert_int_eq(socket_adopt(&place.bound, fd, "socket", &passed, place.error), 0);
	ck_assert(socket_is_there(&place.bound));
	socket_close(&place.bound);
	place_fini(&place);
}
END_TEST

UNIT_MAIN("control_socket", a_bound_socket_listens_and_its_file_is_unlinked_at_the_end,
    the_umask_does_not_change_the_mode_of_the_file, the_file_gets_the_configured_group_if_it_exists,
    a_stale_socket_is_replaced, the_socket_of_a_killed_process_is_replaced,
    a_socket_that_a_process_serves_is_left_alone, a_datagram_socket_is_left_alone,
    of_many_processes_that_start_at_once_one_gets_the_path,
    a_later_socket_at_the_path_is_not_unlinked, a_file_that_is_not_a_socket_is_left_alone,
    a_bad_path_is_refused_with_the_reason, a_path_of_107_bytes_fits,
    an_unwritable_directory_is_refused_with_the_reason, a_socket_of_the_service_manager_is_adopted,
    a_removed_socket_is_created_again, a_file_that_replaced_the_socket_is_left_alone,
    no_socket_is_created_again_in_a_directory_of_another_user,
    a_removed_socket_of_the_service_manager_is_created_again)
