/* SPDX-License-Identifier: BSD-2-Clause */
/* parameter.h - the parameters of commands: their words, values and where they belong
 *
 * One table, so that the words accepted, the help and what an error says can not disagree. The words
 * are those of ip-l2tp(8), with its short forms; the rest is ours.
 */
#ifndef UL2TP_CLI_PARAMETER_H
#define UL2TP_CLI_PARAMETER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/cli.h"

enum parameter {
	P_TUNNEL_ID,
	P_PEER_TUNNEL_ID,
	P_SESSION_ID,
	P_PEER_SESSION_ID,
	P_NAME,
	P_ENCAP,
	P_LOCAL,
	P_REMOTE,
	P_UDP_SPORT,
	P_UDP_DPORT,
	P_UDP_CSUM,
	P_UDP6_CSUM_TX,
	P_UDP6_CSUM_RX,
	P_VERSION,
	P_COOKIE,
	P_PEER_COOKIE,
	P_L2SPEC_TYPE,
	P_SEQ,
	P_SEND_SEQ,
	P_RECV_SEQ,
	P_LNS_MODE,
	P_REORDER_TIMEOUT,
	P_PW_TYPE,
	P_OFFSET,
	P_PEER_OFFSET,
	P_LABEL,
	P_DEV,
	P_FWMARK,
	P_TOS,
	P_TTL,
	P_PEER_CHECK,
	P_TUNNELS,
	P_SESSIONS,
	P_MEMORY_KIB,
	P_REQUESTS,
	P_SUBSCRIBERS,
	PARAMETERS,
};

/* Commands that take parameters: bits of parameter_row.commands. */
enum command {
	ADD_TUNNEL = 1 << 0,
	DEL_TUNNEL = 1 << 1,
	SET_TUNNEL = 1 << 2,
	SHOW_TUNNEL = 1 << 3,
	ADD_SESSION = 1 << 4,
	DEL_SESSION = 1 << 5,
	SET_SESSION = 1 << 6,
	SHOW_SESSION = 1 << 7,
	LIMITS_SET = 1 << 8,
};

/* What a parameter's value looks like. */
enum value_kind {
	VALUE_NUMBER,  /* from .min to .max; decimal, or hexadecimal with 0x */
	VALUE_LIMIT,   /* the same, or none */
	VALUE_CHOICE,  /* one of .choices */
	VALUE_ADDRESS, /* IPv4 or IPv6, or any */
	VALUE_COOKIE,  /* 8 or 16 hexadecimal digits */
	VALUE_IFNAME,  /* name of an interface */
	VALUE_LABEL,   /* printable words */
	VALUE_IGNORED, /* accepted for old scripts */
};

struct choice {
	const char *name;
	uint32_t number;
};

struct parameter_row {
	const char *name;
	const char *alias; /* ip's short form; or NULL */
	const char *value; /* how help names the value */
	enum value_kind kind;
	unsigned int commands; /* enum command */
	uint32_t min, max;
	const struct choice *choices; /* ended by one without a name */
	const char *help;
};

/* What P_SEQ stands for. */
enum seq {
	SEQ_NONE = 0,
	SEQ_SEND = 1,
	SEQ_RECV = 2,
	SEQ_BOTH = 3,
};

struct value {
	bool given;
	union {
		uint32_t number;              /* VALUE_NUMBER, VALUE_LIMIT, VALUE_CHOICE */
		struct ul2tp_address address; /* AF_UNSPEC: any */
		struct ul2tp_cookie cookie;
		const char *text; /* VALUE_IFNAME, VALUE_LABEL; borrowed */
	};
};

struct arguments {
	struct value of[PARAMETERS];
};

/** parameter_row() - row of the table */
const struct parameter_row *parameter_row(enum parameter parameter);

/** command_name() - "add tunnel" */
const char *command_name(enum command command);

/**
 * parameter_take() - read the parameter @word and its value from @rest into @a
 * @commands: those that can still be meant, for suggestions
 *
 * Return: CLI_DONE; or told why not.
 */
int parameter_take(struct cli *cli, const char *word, struct words *rest, unsigned int commands,
                   struct arguments *a);

/** arguments_check() - whether all that was given belongs to @command. CLI_DONE, or told */
int arguments_check(struct cli *cli, const struct arguments *a, enum command command);

/** arguments_need() - whether @parameter was given. CLI_DONE, or told what it is */
int arguments_need(struct cli *cli, const struct arguments *a, enum command command,
                   enum parameter parameter);

/**
 * arguments_need_id() - the same for an id of something new, which is not 0
 *
 * Programs can make tunnels and sessions with the id 0, and commands on what is there take it.
 */
int arguments_need_id(struct cli *cli, const struct arguments *a, enum command command,
                      enum parameter parameter);

#endif
