/* SPDX-License-Identifier: BSD-2-Clause */
/* suggestion.c - the nearest word, by letters changed, lost, added or swapped; see suggestion.h */
#include "cli/suggestion.h"

#include <string.h>

#define WORD_MAX 32

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* How many letters must be changed, removed, added or swapped with their neighbour. */
static unsigned int distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int d[WORD_MAX + 1][WORD_MAX + 1];

	for (size_t i = 0; i <= a_len; i++)
		d[i][0] = (unsigned int)i;
	for (size_t j = 0; j <= b_len; j++)
		d[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		for (size_t j = 1; j <= b_len; j++) {
			d[i][j] = least(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]),
			                least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[a_len][b_len];
}

void suggestion_try(struct suggestion *s, const char *candidate)
{
	size_t len = strlen(s->word);
	size_t candidate_len = strlen(candidate);
	unsigned int n;

	if (len > WORD_MAX || candidate_len > WORD_MAX)
		return;
	/* A beginning, or an end as in "sport", is nearer than letters that happen to agree. */
	if (len >= 2 &&
	    (strncmp(candidate, s->word, len) == 0 ||
	     (candidate_len > len && strcmp(candidate + candidate_len - len, s->word) == 0)))
		n = 1;
	else
		n = distance(s->word, len, candidate, candidate_len);
	if (n > 1 + len / 4)
		return;
	if (!s->nearest || n < s->distance) {
		s->nearest = candidate;
		s->distance = n;
	}
}

bool word_matches(const char *word, const char *full)
{
	return *word && strncmp(word, full, strlen(word)) == 0;
}
