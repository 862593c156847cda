/* SPDX-License-Identifier: BSD-2-Clause */
/* fast_path_load.c - see fast_path_load.h
 *
 * The object files stand in the program as octets (fast_path_object.c, fast_path_sums_object.c, made by the build with embed.py).
 * libbpf creates the maps the object describes, or uses those it is given, and has the kernel verify the programs.
 */
#include "keeper/fast_path_load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define LOG_OCTETS 256

extern const unsigned char fast_path_object[], fast_path_sums_object[];
extern const size_t fast_path_object_len, fast_path_sums_object_len;

struct fast_programs {
	struct bpf_object *object;
	int fd[FAST_PROGRAMS];
};

static const char *const map_names[] = {
	[FAST_MAP_IN] = "fast_in",
	[FAST_MAP_IN6] = "fast_in6",
	[FAST_MAP_OUT] = "fast_out",
	[FAST_MAP_COUNTS] = "fast_counts",
	[FAST_MAP_PASSED] = "fast_passed",
	[FAST_MAP_DONE] = "fast_done",
	[FAST_MAP_WATCH] = "fast_watch",
	[FAST_MAP_FRONT_OUT] = "fast_front_out",
	[FAST_MAP_FRONT_IN] = "fast_front_in",
	[FAST_MAP_FRONT_IN6] = "fast_front_in6",
};

static const char *const program_names[] = {
	[FAST_EGRESS] = "fast_egress",
	[FAST_INGRESS] = "fast_ingress",
	[FAST_ARRIVED] = "fast_arrived",
	[FAST_XDP] = "fast_xdp",
};

__attribute__((format(printf, 2, 0))) static int
print_quietly(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[LOG_OCTETS];

	if (level == LIBBPF_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	log_event(LOG_DEBUG, "libbpf", "says=\"%s\"", line);
	return 0;
}

static const char *words_of(int err)
{
	switch (err) {
	case -EPERM:
		return "the fast path needs CAP_SYS_ADMIN in the initial user namespace, and no seccomp profile that refuses bpf()";
	case -ENOSYS:
		return "this kernel was built without eBPF";
	case -ENOMEM:
	case -E2BIG:
		return "the fast path's maps are too large for this system: see --max-sessions";
	default:
		return "this kernel refuses the fast path's programs; it needs Linux 6.6 or later";
	}
}

/* It is small, and nothing else is in it. */
static int constants_set(struct bpf_object *object, const struct fast_constants *constants)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (!bpf_map__is_internal(map) || !strstr(bpf_map__name(map), ".rodata"))
			continue;
		return bpf_map__set_initial_value(map, constants, sizeof(*constants));
	}
	return -EINVAL;
}

static uint32_t entries_of(enum fast_map which, uint32_t sessions,
                           const struct fast_constants *constants)
{
	switch (which) {
	case FAST_MAP_WATCH:
		return 1;
	case FAST_MAP_COUNTS:
		return sessions * constants->lanes;
	case FAST_MAP_FRONT_OUT:
	case FAST_MAP_FRONT_IN:
	case FAST_MAP_FRONT_IN6:
		return constants->fronts ? constants->fronts * FAST_FRONTS : 1;
	default:
		return sessions;
	}
}

static int maps_prepare(struct bpf_object *object, const int maps[FAST_MAPS], uint32_t sessions,
                        const struct fast_constants *constants)
{
	for (int i = 0; i < FAST_MAPS; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, map_names[i]);
		int err =
			!map ? -EINVAL
			: maps[i] >= 0
				? bpf_map__reuse_fd(map, maps[i])
				: bpf_map__set_max_entries(map, entries_of(i, sessions, constants));

		if (err < 0)
			return err;
	}
	return 0;
}

/* Those that were made are the caller's, whatever becomes of the object. */
static int maps_keep(const struct bpf_object *object, int maps[FAST_MAPS])
{
	for (int i = 0; i < FAST_MAPS; i++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(object, map_names[i]);

		if (maps[i] >= 0)
			continue;
		maps[i] = fcntl(bpf_map__fd(map), F_DUPFD_CLOEXEC, 0);
		if (maps[i] < 0)
			return -errno;
	}
	return 0;
}

static int xdp_leave_out(struct bpf_object *object)
{
	struct bpf_program *program =
		bpf_object__find_program_by_name(object, program_names[FAST_XDP]);

	return program ? bpf_program__set_autoload(program, false) : -EINVAL;
}

static int programs_find(struct fast_programs *p)
{
	for (int i = 0; i < FAST_PROGRAMS; i++) {
		const struct bpf_program *program =
			bpf_object__find_program_by_name(p->object, program_names[i]);

		if (!program)
			return -EINVAL;
		p->fd[i] = bpf_program__fd(program);
	}
	return 0;
}

static int load(struct fast_programs *p, int maps[FAST_MAPS], uint32_t sessions,
                const struct fast_constants *constants, bool sums)
{
	int err;

	p->object =
		sums ? bpf_object__open_mem(fast_path_sums_object, fast_path_sums_object_len, NULL)
		     : bpf_object__open_mem(fast_path_object, fast_path_object_len, NULL);
	if (!p->object)
		return -errno;
	err = constants_set(p->object, constants);
	if (err == 0)
		err = maps_prepare(p->object, maps, sessions, constants);
	if (err == 0 && !constants->xdp)
		err = xdp_leave_out(p->object);
	if (err == 0)
		err = bpf_object__load(p->object);
	if (err == 0)
		err = maps_keep(p->object, maps);
	return err < 0 ? err : programs_find(p);
}

int fast_programs_load(int maps[FAST_MAPS], uint32_t sessions,
                       const struct fast_constants *constants, bool sums,
                       struct fast_programs **ret, struct extack *ea)
{
	struct fast_programs *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	libbpf_set_print(print_quietly);
	err = load(p, maps, sessions, constants, sums);
	if (err < 0) {
		fast_programs_free(p);
		return extack_fail(ea, err, 0, "%s", words_of(err));
	}
	*ret = p;
	return 0;
}

void fast_programs_free(struct fast_programs *p)
{
	if (!p)
		return;
	bpf_object__close(p->object);
	free(p);
}

int fast_program_fd(const struct fast_programs *p, enum fast_program which)
{
	return p->fd[which];
}

int fast_possible_processors(void)
{
	return libbpf_num_possible_cpus();
}
