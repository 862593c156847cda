/* SPDX-License-Identifier: BSD-2-Clause */
/* object_test.c - stand-ins are found by inode, live while somebody uses them, and go when the program's
 * last copy is closed
 */
#include "launcher/object.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
	struct object object;
	int ours, theirs;
	unsigned int *freed;
};

static bool pair_is_gone(struct object *o)
{
	struct pollfd p = { .fd = ((struct pair *)o)->ours };

	return poll(&p, 1, 0) > 0 && p.revents & POLLHUP;
}

static void pair_free(struct object *o)
{
	struct pair *p = (struct pair *)o;

	(*p->freed)++;
	close(p->ours);
	free(p);
}

static const struct object_ops pair_ops = { .name = "pair",
	                                    .is_gone = pair_is_gone,
	                                    .free = pair_free };

static struct pair *pair_new(struct object_table *table, unsigned int *freed)
{
	struct pair *p = calloc(1, sizeof(*p));
	int fds[2];

	assert_non_null(p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(object_init(&p->object, &pair_ops, fds[1]), 0);
	p->ours = fds[0];
	p->theirs = fds[1];
	p->freed = freed;
	object_add(table, &p->object);
	return p;
}

static void test_found_by_inode(void **state)
{
	struct object_table table;
	unsigned int freed = 0;
	struct pair *a, *b;
	int theirs[2];

	object_table_init(&table);
	a = pair_new(&table, &freed);
	b = pair_new(&table, &freed);
	theirs[0] = a->theirs;
	theirs[1] = b->theirs;
	assert_ptr_equal(object_find(&table, a->object.ino), &a->object);
	assert_ptr_equal(object_find(&table, b->object.ino), &b->object);
	assert_null(object_find(&table, a->object.ino + b->object.ino));

	object_remove(&table, &a->object);
	assert_null(object_find(&table, a->object.ino));
	assert_int_equal(freed, 0); /* our reference */
	object_remove(&table, &a->object);
	object_put(&table, &a->object);
	assert_int_equal(freed, 1);
	object_put(&table, &b->object);
	object_remove(&table, &b->object);
	assert_int_equal(freed, 2);
	assert_int_equal(table.count, 0);
	close(theirs[0]);
	close(theirs[1]);
}

static void test_collected_when_the_last_copy_is_closed(void **state)
{
	struct object_table table;
	unsigned int freed = 0;
	struct pair *p;
	int theirs, copy;

	object_table_init(&table);
	for (int i = 0; i < 3; i++)
		close(pair_new(&table, &freed)->theirs);
	p = pair_new(&table, &freed);
	theirs = p->theirs;
	copy = dup(theirs);
	object_collect(&table);
	assert_int_equal(freed, 3);
	assert_int_equal(table.count, 1);

	close(theirs);
	object_collect(&table);
	assert_int_equal(table.count, 1); /* the copy */
	close(copy);

	pthread_mutex_lock(&p->object.lock); /* a call on it is being served */
	object_collect(&table);
	assert_int_equal(table.count, 1);
	pthread_mutex_unlock(&p->object.lock);
	object_collect(&table);
	assert_int_equal(table.count, 0);
	assert_int_equal(freed, 4);
}

/* Asked now and then, it does what another thread does in between. */
struct bystander {
	struct object object;
	struct object_table *table;
	struct object *served, *held;
	unsigned int asked;
};

static bool bystander_acts(struct object *o)
{
	struct bystander *b = (struct bystander *)o;

	if (++b->asked == 3 && b->served)
		pthread_mutex_unlock(&b->served->lock);
	if (b->asked == 5 && b->held)
		object_put(b->table, b->held);
	return false;
}

static void bystander_free(struct object *o)
{
}

static const struct object_ops bystander_ops = { .name = "bystander",
	                                         .is_gone = bystander_acts,
	                                         .free = bystander_free };

static void test_what_others_are_about_to_let_go_is_waited_for(void **state)
{
	struct object_table table;
	struct bystander b = { .table = &table };
	struct pair *served, *held;
	unsigned int freed = 0;
	int theirs, pair[2];

	object_table_init(&table);
	assert_int_equal(pipe(pair), 0);
	assert_int_equal(object_init(&b.object, &bystander_ops, pair[0]), 0);
	object_add(&table, &b.object);
	served = pair_new(&table, &freed);
	held = pair_new(&table, &freed);
	close(served->theirs);
	close(held->theirs);
	b.served = &served->object;
	b.held = object_find(&table, held->object.ino);
	pthread_mutex_lock(&served->object.lock);

	object_collect(&table);
	assert_int_equal(freed, 0);
	assert_int_equal(table.count, 2); /* the one that is held is out of the table */
	object_collect_surely(&table, NULL);
	assert_int_equal(freed, 2);
	assert_int_equal(table.count, 1);
	assert_int_equal(table.leaving, 0);

	/* Who asks is not waited for. */
	b = (struct bystander){ .object = b.object };
	served = pair_new(&table, &freed);
	theirs = served->theirs;
	pthread_mutex_lock(&served->object.lock);
	object_collect_surely(&table, &served->object);
	assert_int_equal(b.asked, 1);
	pthread_mutex_unlock(&served->object.lock);
	close(theirs);
	object_collect_surely(&table, NULL);
	assert_int_equal(freed, 3);
	object_remove(&table, &b.object);
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_by_inode),
		cmocka_unit_test(test_collected_when_the_last_copy_is_closed),
		cmocka_unit_test(test_what_others_are_about_to_let_go_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
