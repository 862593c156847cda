/* SPDX-License-Identifier: BSD-2-Clause */
/* detached_thread.c - see detached_thread.h */
#include "launcher/detached_thread.h"

#include <pthread.h>

#define STACK_SIZE (256U << 10)

int detached_thread_start(void *(*run)(void *arg), void *arg)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int err;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	err = pthread_create(&thread, &attributes, run, arg);
	pthread_attr_destroy(&attributes);
	return -err;
}
