/* SPDX-License-Identifier: BSD-2-Clause */
/* replay_corpus.c - main() of a fuzz target in a build without libFuzzer: run every file of a folder
 *
 * replay_corpus FOLDER-OR-FILE...: calls the target once with each file. Fails if there was none,
 * so that a lost corpus is noticed.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *f = fopen(path, "rb");
	size_t size;

	if (!f)
		return 0;
	size = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, size);
	return 1;
}

static int run_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char file[4096];
	int runs = 0;

	if (!folder)
		return 0;
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
		runs += run_file(file);
	}
	closedir(folder);
	return runs;
}

int main(int argc, char **argv)
{
	struct stat st;
	int runs = 0;

	for (int i = 1; i < argc; i++)
		if (stat(argv[i], &st) == 0)
			runs += S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
	printf("%d inputs\n", runs);
	return runs ? 0 : 1;
}
