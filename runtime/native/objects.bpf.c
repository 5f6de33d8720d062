// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Lists and trees of objects that programs allocate, and pointers kept in maps. Heads and nodes lie in map values and objects, as
 * large as the kernel's; what is in them is nobody's business but ours. The objects' own memory is the host's: see objects.ts.
 */
#include "native.h"

/* Gives back the program's hold on the object around an address. */
extern u64 inlay_object_release(void *inside) __attribute__((section(".ksyms")));
extern u64 inlay_invoke(void *callback, u64 a, u64 b, u64 c, u64 d) __attribute__((section(".ksyms")));

/* In struct bpf_list_head, and with its owner in struct bpf_list_node. A head of zeros is an empty list. */
struct links {
	struct links *next, *prev;
	void *owner;
};

NATIVE u64 bpf_kptr_xchg(u64 *field, u64 value)
{
	u64 old = *field;

	*field = value;
	return old;
}

inline_always s64 list_add(struct links *head, struct links *node, u32 at_end)
{
	struct links *prev;

	if (node->owner) {
		inlay_object_release(node);
		return -EINVAL;
	}
	if (!head->next)
		head->next = head->prev = head;
	prev = at_end ? head->prev : head;
	node->prev = prev;
	node->next = prev->next;
	prev->next->prev = node;
	prev->next = node;
	node->owner = head;
	return 0;
}

inline_always struct links *list_take(struct links *head, u32 at_end)
{
	struct links *node;

	if (!head->next || head->next == head)
		return NULL;
	node = at_end ? head->prev : head->next;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = node;
	node->owner = NULL;
	return node;
}

NATIVE s64 bpf_list_push_front_impl(struct links *head, struct links *node)
{
	return list_add(head, node, 0);
}

NATIVE s64 bpf_list_push_back_impl(struct links *head, struct links *node)
{
	return list_add(head, node, 1);
}

NATIVE struct links *bpf_list_pop_front(struct links *head)
{
	return list_take(head, 0);
}

NATIVE struct links *bpf_list_pop_back(struct links *head)
{
	return list_take(head, 1);
}

NATIVE struct links *bpf_list_front(struct links *head)
{
	return !head->next || head->next == head ? NULL : head->next;
}

NATIVE struct links *bpf_list_back(struct links *head)
{
	return !head->next || head->next == head ? NULL : head->prev;
}

/*
 * In struct bpf_rb_node. The tree is a treap: ordered by the program's comparison from left to right, and by what is made of nodes'
 * addresses from top to bottom, which keeps it shallow whatever the order of insertions.
 */
struct branch {
	struct branch *left, *right, *parent;
	void *owner;
};

/* struct bpf_rb_root. */
struct tree {
	struct branch *top;
	u64 unused;
};

inline_always u64 rank(struct branch *node)
{
	return ((u64)node >> 4) * 0x9e3779b97f4a7c15ULL;
}

/* Puts a node, or none, where another was. */
inline_always void replace(struct tree *tree, struct branch *old, struct branch *new)
{
	struct branch *parent = old->parent;

	if (!parent)
		tree->top = new;
	else if (parent->left == old)
		parent->left = new;
	else
		parent->right = new;
	if (new)
		new->parent = parent;
}

/* A node takes its parent's place, which becomes its child. */
inline_always void rotate_up(struct tree *tree, struct branch *node)
{
	struct branch *parent = node->parent, *moved;

	if (parent->left == node) {
		moved = node->right;
		replace(tree, parent, node);
		parent->left = moved;
		node->right = parent;
	} else {
		moved = node->left;
		replace(tree, parent, node);
		parent->right = moved;
		node->left = parent;
	}
	if (moved)
		moved->parent = parent;
	parent->parent = node;
}

NATIVE s64 bpf_rbtree_add_impl(struct tree *tree, struct branch *node, void *less)
{
	struct branch *parent = NULL, *at;
	u32 left = 0;

	if (node->owner) {
		inlay_object_release(node);
		return -EINVAL;
	}
	for (at = tree->top; at; at = left ? at->left : at->right) {
		parent = at;
		left = inlay_invoke(less, (u64)node, (u64)at, 0, 0) != 0;
	}
	node->left = node->right = NULL;
	node->parent = parent;
	node->owner = tree;
	if (!parent)
		tree->top = node;
	else if (left)
		parent->left = node;
	else
		parent->right = node;
	while (node->parent && rank(node) > rank(node->parent))
		rotate_up(tree, node);
	return 0;
}

NATIVE struct branch *bpf_rbtree_remove(struct tree *tree, struct branch *node)
{
	if (node->owner != tree)
		return NULL;
	while (node->left && node->right)
		rotate_up(tree, rank(node->left) > rank(node->right) ? node->left : node->right);
	replace(tree, node, node->left ? node->left : node->right);
	node->left = node->right = node->parent = NULL;
	node->owner = NULL;
	return node;
}

NATIVE struct branch *bpf_rbtree_first(struct tree *tree)
{
	struct branch *node = tree->top;

	while (node && node->left)
		node = node->left;
	return node;
}

NATIVE struct branch *bpf_rbtree_root(struct tree *tree)
{
	return tree->top;
}

NATIVE struct branch *bpf_rbtree_left(struct tree *tree, struct branch *node)
{
	return node->owner == tree ? node->left : NULL;
}

NATIVE struct branch *bpf_rbtree_right(struct tree *tree, struct branch *node)
{
	return node->owner == tree ? node->right : NULL;
}
