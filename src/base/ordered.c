/* SPDX-License-Identifier: BSD-2-Clause */
/* ordered.c - see ordered.h
 *
 * A treap is a search tree by key and a heap by priority; the priority is a hash of the key, which
 * keeps the tree shallow without a random source. Splitting and joining say all there is to say.
 */
#include "base/ordered.h"
#include "base/hash.h"

/* Parts @tree into keys below @key and the others. */
static void split(struct ordered_node *tree, uint64_t key, struct ordered_node **below,
                  struct ordered_node **rest)
{
	if (!tree) {
		*below = *rest = NULL;
	} else if (tree->key < key) {
		*below = tree;
		split(tree->right, key, &tree->right, rest);
	} else {
		*rest = tree;
		split(tree->left, key, below, &tree->left);
	}
}

/* Every key of @a is below every key of @b. */
static struct ordered_node *join(struct ordered_node *a, struct ordered_node *b)
{
	if (!a)
		return b;
	if (!b)
		return a;
	if (a->priority >= b->priority) {
		a->right = join(a->right, b);
		return a;
	}
	b->left = join(a, b->left);
	return b;
}

bool ordered_insert(struct ordered *map, struct ordered_node *node, uint64_t key)
{
	struct ordered_node **at = &map->root;

	if (ordered_find(map, key))
		return false;

	node->key = key;
	node->priority = (uint32_t)hash_u64(key, 0);
	while (*at && (*at)->priority >= node->priority)
		at = key < (*at)->key ? &(*at)->left : &(*at)->right;
	split(*at, key, &node->left, &node->right);
	*at = node;
	return true;
}

void ordered_remove(struct ordered *map, struct ordered_node *node)
{
	struct ordered_node **at = &map->root;

	while (*at != node)
		at = node->key < (*at)->key ? &(*at)->left : &(*at)->right;
	*at = join(node->left, node->right);
	node->left = node->right = NULL;
}

struct ordered_node *ordered_find(const struct ordered *map, uint64_t key)
{
	struct ordered_node *n = map->root;

	while (n && n->key != key)
		n = key < n->key ? n->left : n->right;
	return n;
}

struct ordered_node *ordered_from(const struct ordered *map, uint64_t key)
{
	struct ordered_node *n = map->root, *best = NULL;

	while (n) {
		if (n->key >= key) {
			best = n;
			n = n->left;
		} else {
			n = n->right;
		}
	}
	return best;
}
