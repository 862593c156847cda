/* SPDX-License-Identifier: BSD-2-Clause */
/* card.c - see card.h */
#include "keeper/card.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define FEATURES_MAX 512 /* Linux 6.18 has 65 */

static int ask(int socket, const char *interface, void *question)
{
	struct ifreq request = { .ifr_data = question };

	strncpy(request.ifr_name, interface, IF_NAMESIZE - 1);
	return ioctl(socket, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

/* Once XDP has taken the outer headers off, the system believes it of the inner packet and merges segments that nobody has
 * verified (RX-62). A veth never says more than is true, and virtio_net says nothing while an XDP program is attached. */
int card_vouches(int socket, const char *interface)
{
	struct ethtool_value verifies = { .cmd = ETHTOOL_GRXCSUM };
	struct ethtool_drvinfo driver = { .cmd = ETHTOOL_GDRVINFO };
	int err = ask(socket, interface, &verifies);

	if (err < 0 && err != -EOPNOTSUPP)
		return err;
	if (err < 0 || !verifies.data)
		return false;
	return ask(socket, interface, &driver) < 0 ||
	       (strcmp(driver.driver, "veth") != 0 && strcmp(driver.driver, "virtio_net") != 0);
}

/* How many features this kernel knows. 0: it does not say, or too many. */
static uint32_t features_count(int socket, const char *interface)
{
	union {
		struct ethtool_sset_info head;
		uint8_t room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)];
	} sizes = { .head = { .cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1u << ETH_SS_FEATURES } };

	if (ask(socket, interface, &sizes) < 0 || !sizes.head.sset_mask ||
	    sizes.head.data[0] > FEATURES_MAX)
		return 0;
	return sizes.head.data[0];
}

/* Its number among @count; @count: it has none. Numbers differ from kernel to kernel. */
static uint32_t feature_number(int socket, const char *interface, const char *feature,
                               uint32_t count)
{
	struct ethtool_gstrings *names =
		calloc(1, sizeof(*names) + (size_t)count * ETH_GSTRING_LEN);
	uint32_t number = 0;

	if (!names)
		return count;
	names->cmd = ETHTOOL_GSTRINGS;
	names->string_set = ETH_SS_FEATURES;
	names->len = count;
	if (ask(socket, interface, names) < 0)
		number = count;
	while (number < count && strncmp((const char *)names->data + number * ETH_GSTRING_LEN,
	                                 feature, ETH_GSTRING_LEN) != 0)
		number++;
	free(names);
	return number;
}

bool card_has_feature(int socket, const char *interface, const char *feature)
{
	uint32_t count = features_count(socket, interface);
	/* The kernel writes all names that it has, however many there is room for. */
	uint32_t number = count ? feature_number(socket, interface, feature, count) : 0;
	union {
		struct ethtool_gfeatures head;
		uint8_t room[sizeof(struct ethtool_gfeatures) +
		             FEATURES_MAX / 32 * sizeof(struct ethtool_get_features_block)];
	} on = { .head = { .cmd = ETHTOOL_GFEATURES, .size = FEATURES_MAX / 32 } };

	return number < count && ask(socket, interface, &on) == 0 &&
	       on.head.features[number / 32].active >> number % 32 & 1;
}
