/* SPDX-License-Identifier: MIT */
/*
 * Runs the entry point of a fuzzer without libFuzzer.  The inputs are the files that are named or are in the directories
 * named, every prefix of each file, and each file with each byte changed in three ways.  So `make check` builds every fuzzer
 * with any compiler, replays its corpus, and tries a truncation and changed bits at every offset.
 *
 * tests/fuzz/fuzz_X.c has the entry point of a fuzzer, tests/fuzz/corpus/X/ its corpus.  `make fuzz` keeps an input that
 * crashes as build/fuzz/fuzz_X-crash-HASH.  This replays the input, in a build with sanitizers (`make asan`):
 *
 *	build/asan/tests/fuzz/fuzz_X-replay build/fuzz/fuzz_X-crash-HASH
 *
 * When the fault is corrected, add the file to the corpus under a name that describes the fault.
 */
#include <dirent.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The largest file that is also truncated and changed, in bytes, since this takes quadratic time. */
#define MUTATE_MAX 2048

static void
replay_bytes(const uint8_t *data, size_t size, unsigned long *runs)
{
	/* The allocation has exactly this size, so that a sanitizer sees a read past the end. */
	uint8_t *copy = malloc(size ? size : 1);

	if (copy == NULL)
		err(1, "malloc");
	if (size)
		memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	(*runs)++;
}

static void
replay_mutations(uint8_t *data, size_t size, unsigned long *runs)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff};

	for (size_t i = 0; i < size; i++) {
		replay_bytes(data, i, runs);
		for (size_t j = 0; j < sizeof(flips); j++) {
			data[i] ^= flips[j];
			replay_bytes(data, size, runs);
			data[i] ^= flips[j];
		}
	}
}

static void
replay_file(const char *path, unsigned long *runs)
{
	FILE *file = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	if (file == NULL || fstat(fileno(file), &st) < 0)
		err(1, "%s", path);
	size = (size_t)st.st_size;
	data = malloc(size ? size : 1);
	if (data == NULL)
		err(1, "malloc");
	if (fread(data, 1, size, file) != size)
		err(1, "%s", path);
	fclose(file);
	replay_bytes(data, size, runs);
	if (size <= MUTATE_MAX)
		replay_mutations(data, size, runs);
	free(data);
}

static unsigned long
replay_path(const char *path, unsigned long *runs)
{
	unsigned long files = 0;
	struct dirent **entries;
	struct stat st;
	int count;

	if (stat(path, &st) < 0)
		err(1, "%s", path);
	if (!S_ISDIR(st.st_mode)) {
		replay_file(path, runs);
		return 1;
	}
	count = scandir(path, &entries, NULL, alphasort);
	if (count < 0)
		err(1, "%s", path);
	for (int i = 0; i < count; i++) {
		char *name;

		if (entries[i]->d_name[0] != '.') {
			if (asprintf(&name, "%s/%s", path, entries[i]->d_name) < 0)
				err(1, "asprintf");
			files += replay_path(name, runs);
			free(name);
		}
		free(entries[i]);
	}
	free(entries);
	return files;
}

int
main(int argc, char **argv)
{
	unsigned long files = 0, runs = 0;

	if (argc < 2)
		errx(64, "usage: %s FILE-OR-DIRECTORY...", argv[0]);
	replay_bytes(NULL, 0, &runs);
	for (int i = 1; i < argc; i++)
		files += replay_path(argv[i], &runs);
	if (files == 0)
		errx(1, "no corpus file under %s", argv[1]);
	printf("%lu files, %lu inputs\n", files, runs);
	return 0;
}
