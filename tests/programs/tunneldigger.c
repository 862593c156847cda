// SPDX-License-Identifier: BSD-2-Clause
/* tunneldigger.c - a program on libnl that digs tunnels, as client or as broker
 *
 *	tunneldigger client|broker DEVICE
 *
 * libnl chooses the netlink port itself and expects answers to carry it, asks for the family with NLM_F_ACK and
 * dumps with REQUEST|ACK|DUMP. Tunnels' sockets belong to DEVICE, probe the path MTU (IP_PMTUDISC_PROBE: DF, no
 * cache) and are waited for with epoll, beside a timer. All sockets of a broker have one local port and are told
 * apart by being connected. A client removes session and tunnel of its ids first, which must be unknown; a
 * broker removes what its dumps show. The socket carries the program's own messages too, whose first octet has the T
 * bit. Commands are in conversation.h; further ones are only here:
 *
 *	leftovers           "ok COUNT": tunnels that were there at the start and are removed now (broker)
 *	probe ID COUNT      COUNT messages of growing size, one at each beat of the timer; "probed ID" follows
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <linux/l2tp.h> /* behind netinet/in.h, or both define the same */

#include "conversation.h"
#include "tunnel_socket.h"

#define TUNNELS_MAX 64
#define PACKET_SIZE 2048
#define BEAT_NS     5000000
#define PROBE_STEP  100

struct tunnel {
	uint32_t id;
	int sock;
	uint32_t probes, probes_sent;
};

static struct nl_sock *netlink;
static int family, poller, timer;
static bool broker;
static const char *device;
static struct tunnel tunnels[TUNNELS_MAX];
static int tunnel_count;

/* --- requests ------------------------------------------------------------------------------------------ */

static uint32_t number(const char *word)
{
	return (uint32_t)strtoul(word, NULL, 10);
}

/* What libnl makes of errors is its own; the errno of a refusal is kept here on its way. */
static int note_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *data)
{
	*(int *)data = error->error;
	return NL_STOP;
}

static int note_from(struct nl_msg *message, void *data)
{
	const struct sockaddr_nl *from = nlmsg_get_src(message);

	/* genl_connect() binds; who answers is the kernel, and answers to our port. */
	return from->nl_pid == 0 ? NL_OK : -NLE_MSG_TRUNC;
}

/* Sends, and receives until it is answered. Takes the message. Return: 0 or a negative errno. */
static int exchange(struct nl_sock *nl, struct nl_msg *request, nl_recvmsg_msg_cb_t each,
                    void *data)
{
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	int refused = 0, err = nl_send_auto(nl, request);

	nlmsg_free(request);
	nl_cb_err(callbacks, NL_CB_CUSTOM, note_error, &refused);
	nl_cb_set(callbacks, NL_CB_MSG_IN, NL_CB_CUSTOM, note_from, NULL);
	if (each)
		nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, each, data);
	if (err >= 0)
		err = nl_recvmsgs(nl, callbacks);
	/* An answer that is no acknowledgement is followed by one. */
	if (err >= 0 && each && !refused)
		err = nl_wait_for_ack(nl);
	nl_cb_put(callbacks);
	return refused ? refused : err < 0 ? -EPROTO : 0;
}

static struct nl_msg *begin(uint8_t command, int flags)
{
	struct nl_msg *message = nlmsg_alloc();

	genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, command,
	            L2TP_GENL_VERSION);
	return message;
}

static int tunnel_remove(uint32_t id)
{
	struct nl_msg *request = begin(L2TP_CMD_TUNNEL_DELETE, NLM_F_REQUEST);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	return exchange(netlink, request, NULL, NULL);
}

static int session_remove(uint32_t id, uint32_t session)
{
	struct nl_msg *request = begin(L2TP_CMD_SESSION_DELETE, NLM_F_REQUEST);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	nla_put_u32(request, L2TP_ATTR_SESSION_ID, session);
	return exchange(netlink, request, NULL, NULL);
}

static int tunnel_ask(const struct tunnel_words *words, int sock)
{
	struct nl_msg *request = begin(L2TP_CMD_TUNNEL_CREATE, NLM_F_REQUEST | NLM_F_ACK);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, words->id);
	nla_put_u32(request, L2TP_ATTR_PEER_CONN_ID, words->peer_id);
	nla_put_u8(request, L2TP_ATTR_PROTO_VERSION, words->version);
	nla_put_u16(request, L2TP_ATTR_ENCAP_TYPE,
	            words->over_ip ? L2TP_ENCAPTYPE_IP : L2TP_ENCAPTYPE_UDP);
	nla_put_u32(request, L2TP_ATTR_FD, (uint32_t)sock);
	return exchange(netlink, request, NULL, NULL);
}

struct objects {
	char text[4096];
	uint32_t id[TUNNELS_MAX], session[TUNNELS_MAX];
	int count;
};

static int note_object(struct nl_msg *message, void *data)
{
	struct nlattr *found[L2TP_ATTR_MAX + 1];
	struct objects *objects = data;
	size_t used = strlen(objects->text);
	int count = objects->count;

	if (genlmsg_parse(nlmsg_hdr(message), 0, found, L2TP_ATTR_MAX, NULL) < 0 ||
	    !found[L2TP_ATTR_CONN_ID] || count == TUNNELS_MAX)
		return NL_SKIP;
	objects->id[count] = nla_get_u32(found[L2TP_ATTR_CONN_ID]);
	objects->session[count] =
		found[L2TP_ATTR_SESSION_ID] ? nla_get_u32(found[L2TP_ATTR_SESSION_ID]) : 0;
	objects->count++;
	used += (size_t)snprintf(objects->text + used, sizeof(objects->text) - used, " %u",
	                         objects->id[count]);
	if (objects->session[count])
		snprintf(objects->text + used, sizeof(objects->text) - used, "/%u",
		         objects->session[count]);
	return NL_OK;
}

/* A dump ends with NLMSG_DONE, at which nl_recvmsgs() comes back: nothing follows it. */
static int dump(uint8_t command, struct objects *ret)
{
	struct nl_msg *request = begin(command, NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP);
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	int refused = 0, err = nl_send_auto(netlink, request);

	nlmsg_free(request);
	nl_cb_err(callbacks, NL_CB_CUSTOM, note_error, &refused);
	nl_cb_set(callbacks, NL_CB_MSG_IN, NL_CB_CUSTOM, note_from, NULL);
	nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, note_object, ret);
	if (err >= 0)
		err = nl_recvmsgs(netlink, callbacks);
	nl_cb_put(callbacks);
	return refused ? refused : err < 0 ? -EPROTO : 0;
}

static int note_name(struct nl_msg *message, void *data)
{
	struct nlattr *found[L2TP_ATTR_MAX + 1];

	if (genlmsg_parse(nlmsg_hdr(message), 0, found, L2TP_ATTR_MAX, NULL) == 0 &&
	    found[L2TP_ATTR_IFNAME])
		nla_strlcpy(data, found[L2TP_ATTR_IFNAME], IFNAMSIZ);
	return NL_OK;
}

static int session_name(struct nl_sock *nl, uint32_t id, uint32_t session, char *ret)
{
	struct nl_msg *request = begin(L2TP_CMD_SESSION_GET, NLM_F_REQUEST);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	nla_put_u32(request, L2TP_ATTR_SESSION_ID, session);
	return exchange(nl, request, note_name, ret);
}

/* --- the interface, by ioctl() as ever ----------------------------------------------------------------- */

static int interface_up(const char *name, int mtu)
{
	struct ifreq request = { 0 };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_mtu = mtu;
	if (mtu && ioctl(sock, SIOCSIFMTU, &request) < 0)
		err = -errno;
	if (ioctl(sock, SIOCGIFFLAGS, &request) < 0)
		err = -errno;
	request.ifr_flags |= IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &request) < 0)
		err = -errno;
	close(sock);
	return err;
}

/* --- tunnels' sockets ---------------------------------------------------------------------------------- */

static struct tunnel *tunnel_find(uint32_t id)
{
	for (int i = 0; i < tunnel_count; i++)
		if (tunnels[i].id == id)
			return &tunnels[i];
	return NULL;
}

static int socket_prepare(int sock)
{
	int probe = IP_PMTUDISC_PROBE, on = 1;

	if (broker && (setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	               setsockopt(sock, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0))
		return -errno;
	if (setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1) <
	    0)
		return -errno;
	return setsockopt(sock, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe)) < 0 ? -errno
	                                                                                : 0;
}

static void tunnel_close(struct tunnel *tunnel)
{
	close(tunnel->sock);
	*tunnel = tunnels[--tunnel_count];
}

static void control_read(const struct tunnel *tunnel)
{
	uint8_t packet[PACKET_SIZE];
	ssize_t got = recv(tunnel->sock, packet, sizeof(packet), MSG_DONTWAIT);

	if (got > 0)
		say_control(tunnel->id, packet, (size_t)got);
	else if (got < 0 && errno != EAGAIN)
		say("lost %u %d", tunnel->id, errno);
}

/* One message a beat: the T bit, what it is, and zeros up to its size. */
static void beat(void)
{
	uint8_t probe[PACKET_SIZE] = { 0x80, 0x73, 0xa7, 0x01 };
	uint64_t beats;

	if (read(timer, &beats, sizeof(beats)) < 0)
		return;
	for (int i = 0; i < tunnel_count; i++) {
		struct tunnel *tunnel = &tunnels[i];

		if (tunnel->probes_sent == tunnel->probes)
			continue;
		tunnel->probes_sent++;
		if (send(tunnel->sock, probe, tunnel->probes_sent * PROBE_STEP, 0) < 0)
			say("lost %u %d", tunnel->id, errno);
		if (tunnel->probes_sent == tunnel->probes)
			say("probed %u", tunnel->id);
	}
}

/* --- commands ------------------------------------------------------------------------------------------ */

static void tunnel_create(const struct command *command)
{
	struct epoll_event event = { EPOLLIN, { .u32 = 0 } };
	struct tunnel_words words;
	int sock, err = tunnel_words_read(command, &words);

	if (err < 0 || tunnel_count == TUNNELS_MAX)
		return say_result(-EINVAL, "tunnel");
	sock = tunnel_socket_open(&words, socket_prepare);
	if (sock < 0)
		return say_result(sock, "socket");
	tunnels[tunnel_count++] = (struct tunnel){ .id = words.id, .sock = sock };
	event.data.u32 = words.id;
	epoll_ctl(poller, EPOLL_CTL_ADD, sock, &event);

	if (!broker &&
	    (session_remove(words.id, 1) != -ENODEV || tunnel_remove(words.id) != -ENODEV))
		err = -EEXIST;
	if (err == 0)
		err = tunnel_ask(&words, sock);
	if (err < 0)
		tunnel_close(tunnel_find(words.id));
	say_result(err, "TUNNEL_CREATE");
}

static int session_modify(uint32_t id, uint32_t session, uint16_t mtu)
{
	struct nl_msg *request = begin(L2TP_CMD_SESSION_MODIFY, NLM_F_REQUEST | NLM_F_ACK);

	nla_put_u32(request, L2TP_ATTR_CONN_ID, id);
	nla_put_u32(request, L2TP_ATTR_SESSION_ID, session);
	nla_put_u16(request, L2TP_ATTR_MTU, mtu);
	return exchange(netlink, request, NULL, NULL);
}

static void session_create(const struct command *command)
{
	struct nl_msg *request = begin(L2TP_CMD_SESSION_CREATE, NLM_F_REQUEST | NLM_F_ACK);
	char *const *word = command->word;
	char name[IFNAMSIZ] = "";
	int err;

	nla_put_u32(request, L2TP_ATTR_CONN_ID, number(word[1]));
	nla_put_u32(request, L2TP_ATTR_SESSION_ID, number(word[2]));
	nla_put_u32(request, L2TP_ATTR_PEER_SESSION_ID, number(word[3]));
	nla_put_u16(request, L2TP_ATTR_PW_TYPE, (uint16_t)number(word[4]));
	if (strcmp(word[5], "-"))
		nla_put_string(request, L2TP_ATTR_IFNAME, word[5]);
	err = exchange(netlink, request, NULL, NULL);
	if (err == 0)
		err = session_name(netlink, number(word[1]), number(word[2]), name);
	if (err == 0 && *name)
		err = interface_up(name, broker ? 1400 : 0);
	if (err < 0)
		say_result(err, "SESSION_CREATE");
	else
		say("ok %s", name);
}

static void session_get(const struct command *command)
{
	char name[IFNAMSIZ] = "";
	int err = session_name(netlink, number(command->word[1]), number(command->word[2]), name);

	if (err < 0)
		say_result(err, "SESSION_GET");
	else
		say("ok %s", name);
}

static void modify(const struct command *command)
{
	say_result(session_modify(number(command->word[1]), number(command->word[2]),
	                          (uint16_t)number(command->word[3])),
	           "SESSION_MODIFY");
}

static void list(const struct command *command)
{
	struct objects objects = { 0 };
	int err = dump(L2TP_CMD_TUNNEL_GET, &objects);

	if (err == 0)
		err = dump(L2TP_CMD_SESSION_GET, &objects);
	if (err < 0)
		say_result(err, "dump");
	else
		say("ok%s", objects.text);
}

static void leftovers(const struct command *command)
{
	struct objects sessions = { 0 }, found = { 0 };
	int err = dump(L2TP_CMD_SESSION_GET, &sessions);

	for (int i = 0; err == 0 && i < sessions.count; i++)
		err = session_remove(sessions.id[i], sessions.session[i]);
	if (err == 0)
		err = dump(L2TP_CMD_TUNNEL_GET, &found);
	for (int i = 0; err == 0 && i < found.count; i++)
		err = tunnel_remove(found.id[i]);
	if (err < 0)
		say_result(err, "leftovers");
	else
		say("ok %d", found.count);
}

struct storm {
	uint32_t id, session, times, done;
	pthread_t thread;
};

static void *storm_run(void *data)
{
	struct storm *storm = data;
	struct nl_sock *own = nl_socket_alloc();

	for (uint32_t i = 0; genl_connect(own) == 0 && i < storm->times; i++) {
		char name[IFNAMSIZ] = "";

		if (session_name(own, storm->id, storm->session, name) == 0 && *name)
			storm->done++;
		nl_close(own);
	}
	nl_socket_free(own);
	return NULL;
}

static void storm(const struct command *command)
{
	uint32_t workers = number(command->word[3]), done = 0;
	struct storm *all = calloc(workers, sizeof(*all));

	for (uint32_t i = 0; i < workers; i++) {
		all[i] = (struct storm){ .id = number(command->word[1]),
			                 .session = number(command->word[2]),
			                 .times = number(command->word[4]) };
		pthread_create(&all[i].thread, NULL, storm_run, &all[i]);
	}
	for (uint32_t i = 0; i < workers; i++) {
		pthread_join(all[i].thread, NULL);
		done += all[i].done;
	}
	free(all);
	say("ok %u", done);
}

static void send_control(const struct command *command)
{
	uint8_t octets[PACKET_SIZE];
	struct tunnel *tunnel = tunnel_find(number(command->word[1]));
	int length = octets_from_hex(command->word[2], octets, sizeof(octets));

	if (!tunnel || length < 0)
		say_result(-ENOENT, "send");
	else
		say_result(send(tunnel->sock, octets, (size_t)length, 0) < 0 ? -errno : 0, "send");
}

static void probe(const struct command *command)
{
	struct tunnel *tunnel = tunnel_find(number(command->word[1]));

	if (!tunnel || number(command->word[2]) * PROBE_STEP > PACKET_SIZE)
		return say_result(-EINVAL, "probe");
	tunnel->probes += number(command->word[2]);
	say_result(0, "probe");
}

static void session_delete(const struct command *command)
{
	say_result(session_remove(number(command->word[1]), number(command->word[2])),
	           "SESSION_DELETE");
}

static void tunnel_delete(const struct command *command)
{
	say_result(tunnel_remove(number(command->word[1])), "TUNNEL_DELETE");
}

static void close_socket(const struct command *command)
{
	struct tunnel *tunnel = tunnel_find(number(command->word[1]));

	if (tunnel)
		tunnel_close(tunnel);
	say_result(tunnel ? 0 : -ENOENT, "close");
}

static const struct verb verbs[] = {
	{ "tunnel", 9, tunnel_create },
	{ "session", 6, session_create },
	{ "get", 3, session_get },
	{ "modify", 4, modify },
	{ "list", 1, list },
	{ "leftovers", 1, leftovers },
	{ "storm", 5, storm },
	{ "send", 3, send_control },
	{ "probe", 3, probe },
	{ "delete-session", 3, session_delete },
	{ "delete-tunnel", 2, tunnel_delete },
	{ "close", 2, close_socket },
	{ NULL },
};

/* --- the loop ------------------------------------------------------------------------------------------ */

static int start(void)
{
	const struct itimerspec every = { .it_interval.tv_nsec = BEAT_NS,
		                          .it_value.tv_nsec = BEAT_NS };
	struct epoll_event input = { EPOLLIN, { .fd = -1 } }, beats = { EPOLLIN, { .fd = -2 } };

	poller = epoll_create1(EPOLL_CLOEXEC);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (poller < 0 || timer < 0 || timerfd_settime(timer, 0, &every, NULL) < 0)
		return -errno;
	epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &input);
	epoll_ctl(poller, EPOLL_CTL_ADD, timer, &beats);

	netlink = nl_socket_alloc();
	if (!netlink || genl_connect(netlink) < 0)
		return -ENOMEM;
	family = genl_ctrl_resolve(netlink, L2TP_GENL_NAME);
	return family < 0 ? -ENOENT : 0;
}

static bool turn(void)
{
	struct epoll_event event;
	struct command command;
	struct tunnel *tunnel;
	bool more = true;

	if (epoll_wait(poller, &event, 1, -1) < 1)
		return true;
	if (event.data.fd == -2) {
		beat();
	} else if (event.data.fd == -1) {
		more = command_read();
		while (command_next(&command))
			command_obey(verbs, &command);
	} else {
		tunnel = tunnel_find(event.data.u32);
		if (tunnel)
			control_read(tunnel);
	}
	return more;
}

int main(int argc, char **argv)
{
	int err;

	if (argc != 3)
		return 2;
	broker = !strcmp(argv[1], "broker");
	device = argv[2];
	err = start();
	if (err < 0) {
		say_result(err, "GETFAMILY");
		return 1;
	}
	say("ready %u", nl_socket_get_local_port(netlink));
	while (turn())
		;
	return 0;
}
