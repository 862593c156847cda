/* SPDX-License-Identifier: BSD-2-Clause */
/* object.c - the table of stand-ins; see object.h
 *
 * A call finds its object under the table's lock and takes a reference; then it waits for the object's own
 * lock, outside the table's. So one that works for long stops nobody but callers on the same object.
 */
#include "launcher/object.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* Inode numbers of sockets are given out one after another. */
static struct object **bucket_of(struct object_table *table, ino_t ino)
{
	return &table->buckets[ino % OBJECT_BUCKETS];
}

void object_table_init(struct object_table *table)
{
	*table = (struct object_table){ .lock = PTHREAD_MUTEX_INITIALIZER };
}

void object_restore(struct object *o, const struct object_ops *ops, ino_t ino, dev_t dev)
{
	*o = (struct object){
		.ino = ino,
		.dev = dev,
		.ops = ops,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.references = 1,
	};
}

int object_init(struct object *o, const struct object_ops *ops, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	object_restore(o, ops, st.st_ino, st.st_dev);
	return 0;
}

void object_add(struct object_table *table, struct object *o)
{
	struct object **bucket = bucket_of(table, o->ino);

	pthread_mutex_lock(&table->lock);
	o->next = *bucket;
	*bucket = o;
	table->count++;
	pthread_mutex_unlock(&table->lock);
}

struct object *object_find(struct object_table *table, ino_t ino)
{
	struct object *o;

	pthread_mutex_lock(&table->lock);
	for (o = *bucket_of(table, ino); o; o = o->next) {
		if (o->ino == ino) {
			o->references++;
			break;
		}
	}
	pthread_mutex_unlock(&table->lock);
	return o;
}

void object_put(struct object_table *table, struct object *o)
{
	bool last, removed;

	pthread_mutex_lock(&table->lock);
	last = --o->references == 0;
	removed = o->removed;
	pthread_mutex_unlock(&table->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&o->lock);
	o->ops->free(o);
	if (removed) {
		pthread_mutex_lock(&table->lock);
		table->leaving--;
		pthread_mutex_unlock(&table->lock);
	}
}

void object_remove(struct object_table *table, struct object *o)
{
	bool was_in = false;

	pthread_mutex_lock(&table->lock);
	for (struct object **p = bucket_of(table, o->ino); *p; p = &(*p)->next) {
		if (*p == o) {
			*p = o->next;
			o->removed = true;
			table->count--;
			table->leaving++;
			was_in = true;
			break;
		}
	}
	pthread_mutex_unlock(&table->lock);
	if (was_in)
		object_put(table, o); /* the table's reference */
}

/* All there are, each with a reference; NULL with *count 0: none, or no memory to ask them now. */
static struct object **objects_take(struct object_table *table, unsigned int *count)
{
	struct object **all;

	*count = 0;
	pthread_mutex_lock(&table->lock);
	all = table->count > 0 ? malloc(table->count * sizeof(struct object *)) : NULL;
	for (size_t i = 0; all && i < OBJECT_BUCKETS; i++) {
		for (struct object *o = table->buckets[i]; o; o = o->next) {
			o->references++;
			all[(*count)++] = o;
		}
	}
	pthread_mutex_unlock(&table->lock);
	return all;
}

/* Return: whether it could be asked. One that serves a call is not gone. */
static bool ask(struct object_table *table, struct object *o)
{
	bool gone;

	if (pthread_mutex_trylock(&o->lock) != 0)
		return false;
	gone = o->ops->is_gone(o);
	pthread_mutex_unlock(&o->lock);
	if (gone)
		object_remove(table, o);
	return true;
}

/* Return: whether each could be asked, and nothing is left of those that are gone. */
static bool collect(struct object_table *table, const struct object *asker)
{
	unsigned int count;
	struct object **all = objects_take(table, &count);
	bool complete = true;

	for (unsigned int i = 0; i < count; i++) {
		struct object *o = all[i];

		if (o->ops->is_gone && o != asker && !ask(table, o))
			complete = false;
		object_put(table, o);
	}
	free(all);
	pthread_mutex_lock(&table->lock);
	complete = complete && !table->leaving;
	pthread_mutex_unlock(&table->lock);
	return complete;
}

void object_collect(struct object_table *table)
{
	collect(table, NULL);
}

void object_collect_surely(struct object_table *table, const struct object *asker)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	for (int ms = 0; !collect(table, asker) && ms < OBJECT_WAIT_MS; ms++)
		nanosleep(&moment, NULL);
}
