/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon_rights.c - see daemon_rights.h */
#include "launcher/daemon_rights.h"

#include <errno.h>

#include "base/writer.h"
#include "netlink/attribute.h"
#include "ul2tp_netlink.h"

static int drop_rights(struct ul2tp *u)
{
	_Alignas(4) uint8_t octets[16];
	struct writer w = writer_over(octets, sizeof(octets));

	attribute_put_u8(&w, UL2TP_ATTR_DROP_RIGHTS, 1);
	return ul2tp_request(u, UL2TP_GENL_NAME, UL2TP_CMD_SOCKET_SET, octets, write_len(&w), -1,
	                     NULL, NULL);
}

int daemon_rights_connect(struct launcher *l, bool admin, struct ul2tp **ret)
{
	struct ul2tp_error error;
	struct ul2tp *u;
	int err = ul2tp_connect(UL2TP_BACKEND_DAEMON, l->options.socket, &u, &error);

	if (err < 0) {
		launcher_say(l, "%s", error.words);
		return -ENOENT;
	}
	if (!admin) {
		err = drop_rights(u);
		if (err < 0) {
			ul2tp_disconnect(u);
			return err;
		}
	}
	*ret = u;
	return 0;
}
