/* SPDX-License-Identifier: BSD-2-Clause */
/* apart.c - how far two processors are from each other, and a program from its kernel
 *
 *   apart CPU CPU
 *
 * Prints how many nanoseconds a word takes from one to the other, how many microseconds the first takes to write 60 KB that
 * the other has just read, and how many nanoseconds a system call that does nothing takes; medians. So a packet costs its
 * sender who copies it to where an earlier one lay, which the other host has received. Processors of a virtual machine may
 * be anywhere, and moved while something is measured; and how it comes from a program to the kernel differs tenfold.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	OCTETS = 60000,
	TURNS = 200,
	WORDS = 100, /* of a turn */
	CALLS = 100, /* of a turn */
};

enum ask {
	NOTHING,
	ANSWER,
	READ,
	END,
};

/* A line of the cache of its own, so that nothing else moves with it. */
static _Alignas(128) struct {
	atomic_int ask;
	char rest[128 - sizeof(atomic_int)];
} word;

static unsigned char octets[OCTETS], from[OCTETS];
static volatile unsigned char seen;
static int other_cpu;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0) {
		perror("apart: sched_setaffinity");
		exit(1);
	}
}

static void *other(void *arg)
{
	unsigned char sum = 0;
	int asked;

	pin(other_cpu);
	do {
		while ((asked = atomic_load(&word.ask)) == NOTHING)
			;
		for (int i = 0; asked == READ && i < OCTETS; i++)
			sum ^= octets[i];
		seen = sum;
		atomic_store(&word.ask, NOTHING);
	} while (asked != END);
	return arg;
}

static void ask(enum ask what)
{
	atomic_store(&word.ask, what);
	while (atomic_load(&word.ask) != NOTHING)
		;
}

static double word_ns(void)
{
	double began = now_ns();

	for (int i = 0; i < WORDS; i++)
		ask(ANSWER);
	return (now_ns() - began) / WORDS / 2;
}

static double write_ns(void)
{
	double began;

	ask(READ);
	began = now_ns();
	memcpy(octets, from, OCTETS);
	return now_ns() - began;
}

static double call_ns(void)
{
	double began = now_ns();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return (now_ns() - began) / CALLS;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double (*measure)(void))
{
	double found[TURNS];

	for (int i = 0; i < TURNS; i++)
		found[i] = measure();
	qsort(found, TURNS, sizeof(*found), compare);
	return found[TURNS / 2];
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc != 3 || atoi(argv[1]) == atoi(argv[2])) {
		fprintf(stderr, "usage: apart CPU CPU, two of them\n");
		return 2;
	}
	other_cpu = atoi(argv[2]);
	pin(atoi(argv[1]));
	memset(from, 1, sizeof(from));
	memset(octets, 1, sizeof(octets));
	if (pthread_create(&thread, NULL, other, NULL) != 0) {
		fprintf(stderr, "apart: no thread\n");
		return 1;
	}
	printf("%.0f", median(word_ns));
	printf(" %.1f", median(write_ns) / 1e3);
	ask(END);
	pthread_join(thread, NULL);
	printf(" %.0f\n", median(call_ns));
	return 0;
}
