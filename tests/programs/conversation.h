/* SPDX-License-Identifier: BSD-2-Clause */
/* conversation.h - what a program of tests/programs and the test that drives it say to each other
 *
 * Lines of words. The test writes commands to the program's standard input, and each is answered by one line,
 * "ok ..." or "failed ERRNO CALL", on its standard output. What happens by itself is a line of its own in between:
 *
 *	ready PORT_ID                                     once, first: the family is known, by this netlink port
 *	control ID HEX                                    octets that came on the socket of tunnel ID
 *	lost ID ERRNO                                     reading that socket failed
 *
 *	tunnel ID PEER_ID VERSION udp|ip LOCAL PORT REMOTE PORT    socket, bind, connect, TUNNEL_CREATE with FD
 *	session ID SESSION PEER_SESSION PW_TYPE IFNAME    "ok IFNAME"; IFNAME - : the server chooses
 *	get ID SESSION                                    "ok IFNAME", by SESSION_GET without NLM_F_ACK
 *	modify ID SESSION MTU                             SESSION_MODIFY with nothing but MTU
 *	list                                              "ok 1 1/10 ...": tunnels and sessions, by dumps
 *	storm ID SESSION WORKERS TIMES                    "ok DONE": so many threads ask SESSION_GET so often
 *	send ID HEX                                       on the tunnel's socket
 *	delete-session ID SESSION
 *	delete-tunnel ID                                  the socket stays
 *	close ID                                          the socket: with it the tunnel goes
 *
 * The program in Go has more:
 *
 *	pppox ID SESSION PEER_SESSION                     a PPPoL2TP socket on a session of PPP
 *	pppd ID SESSION OPTION...                         "ok PID": pppd inherits that socket
 *	hung-up SESSION STATUS                            by itself: that pppd has ended
 *	hang-up SESSION                                   pppd is told to end, and the socket closed
 *	bridge SESSION SESSION                            PPPIOCBRIDGECHAN; no file of /dev/ppp stays open
 *	unbridge SESSION
 *
 * The program in Python has more:
 *
 *	option ID LEVEL OPTION VALUE                      setsockopt() of the tunnel's socket
 *
 * The end of standard input ends the program. The programs in Go and Python keep to the same words.
 */
#ifndef CONVERSATION_H
#define CONVERSATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command {
	int count;
	char *word[12];
};

struct verb {
	const char *name; /* NULL: the last */
	int words;        /* of the command, its name included */
	void (*run)(const struct command *command);
};

/** command_obey() - do what the verb in either table says, or say that there is no such one */
void command_obey(const struct verb *own, const struct verb *others, const struct command *command);

/**
 * command_next() - the next line that was read already, if there is a whole one
 * @ret: its words; they are overwritten by command_read()
 */
bool command_next(struct command *ret);

/** command_read() - read standard input, once. Return: false at its end. */
bool command_read(void);

/** say() - a line, whole, whichever thread says it; the end of line is added */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** say_result() - "ok", or "failed" with the errno; @err: negative errno or not negative */
void say_result(int err, const char *call);

/** say_control() - octets that came on a tunnel's socket */
void say_control(uint32_t id, const uint8_t *octets, size_t length);

/** octets_from_hex() - Return: how many, or -EINVAL; at most @size */
int octets_from_hex(const char *hex, uint8_t *ret, size_t size);

#endif
