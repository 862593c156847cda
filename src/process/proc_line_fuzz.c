/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_line_fuzz.c - invented lines of /proc, and lines as the kernel writes them of invented names
 *
 * The input: an octet, and a line of mountinfo (0), cgroup (1) or fdinfo (2), of which what is read is what libc's sscanf()
 * reads, or less; or the root, the place and the options of a mount, with a NUL between them (others), which are
 * what is read of the line that the kernel would write.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "process/proc_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NAME_MAX_OCTETS 512

static void check_mount(const char *line, size_t size)
{
	unsigned long long id, netns;
	char place[NAME_MAX_OCTETS];
	struct mount_line m;
	bool known = mount_line_read(reader_over(line, size), &m);

	if (mount_path_read(m.place, place, sizeof(place)))
		assert(place[0] == '/' && strlen(place) <= read_left(&m.place));
	/* sscanf() knows other blanks, and takes many for one. */
	if (strlen(line) != size || strpbrk(line, "\t\v\f\r\n") || line[0] == ' ' ||
	    strstr(line, "  "))
		return;
	if (known)
		assert(sscanf(line, "%llu", &id) == 1 && (id == m.id || id == UINT64_MAX));
	if (known && proc_netns_number(m.root))
		assert(sscanf(line, "%*s %*s %*s net:[%llu]", &netns) == 1 &&
		       netns == proc_netns_number(m.root));
	if (known && proc_word_is(m.kind, "cgroup2"))
		assert(strstr(line, " - cgroup2"));
}

static void check_group(const char *line, size_t size)
{
	char path[NAME_MAX_OCTETS];
	int found = group_line_path(reader_over(line, size), path, sizeof(path));

	assert((found != 0) == (size >= 4 && !memcmp(line, "0::/", 4)));
	if (found <= 0)
		return;
	assert(!memcmp(path, line + 3, strlen(path)));
	if (strlen(line) == size)
		assert(!strcmp(line + 3 + strlen(path), "\n") || !line[3 + strlen(path)]);
}

static void check_pid(const char *line, size_t size)
{
	pid_t pid = pidfd_line_pid(reader_over(line, size));
	int there;

	assert(pid >= 0);
	if (pid)
		assert(sscanf(line, "Pid:\t%d\n", &there) == 1 && there == pid);
}

/* As the kernel's mangle_path(). */
static void escape(FILE *f, const char *name)
{
	for (; *name; name++)
		fprintf(f, strchr(" \t\n\\", *name) ? "\\%03o" : "%c", *name);
}

static void check_names(const char *root, const char *place, const char *options)
{
	char read[NAME_MAX_OCTETS + 1];
	AUTO_MEMORY char *line = NULL;
	struct mount_line m;
	size_t size;
	FILE *f = open_memstream(&line, &size);

	assert(f);
	fprintf(f, "36 35 0:4 /");
	escape(f, root);
	fprintf(f, " /");
	escape(f, place);
	fprintf(f, " rw shared:1 - proc ");
	escape(f, options);
	fprintf(f, " rw\n");
	fclose(f);
	assert(mount_line_read(reader_over(line, size), &m) && m.id == 36);
	assert(proc_word_is(m.kind, "proc") && !proc_netns_number(m.root));
	assert(mount_path_read(m.root, read, sizeof(read)) && !strcmp(read + 1, root));
	assert(mount_path_read(m.place, read, sizeof(read)) && !strcmp(read + 1, place));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MEMORY char *line =
		NULL; /* exactly, but for a zero: a step too far is seen by what is read of it */
	const char *second, *third;

	if (!size || size > NAME_MAX_OCTETS)
		return 0;
	line = malloc(size--);
	assert(line);
	memcpy(line, data + 1, size);
	line[size] = '\0';
	if (data[0] == 0)
		check_mount(line, size);
	else if (data[0] == 1)
		check_group(line, size);
	else if (data[0] == 2)
		check_pid(line, size);
	if (data[0] <= 2)
		return 0;
	second = line + strlen(line) + (strlen(line) < size);
	third = second + strlen(second) + (second + strlen(second) < line + size);
	check_names(line, second, third);
	return 0;
}
