/* SPDX-License-Identifier: BSD-2-Clause */
/* ppp_service.c - see ppp_service.h */
#include "api/ppp_service.h"

#include <errno.h>

static int not_here(struct request *r)
{
	return extack_fail(&r->ea, -EOPNOTSUPP, 0, "this ul2tpd has no PPP");
}

int ppp_serve_open(struct request *r, const struct ul2tp_request *in)
{
	return not_here(r);
}

int ppp_serve_close(struct request *r, const struct ul2tp_request *in)
{
	return not_here(r);
}

int ppp_serve_connect(struct request *r, const struct ul2tp_request *in)
{
	return not_here(r);
}

int ppp_serve_ioctl(struct request *r, const struct ul2tp_request *in)
{
	return not_here(r);
}

int ppp_serve_option_set(struct request *r, const struct ul2tp_request *in)
{
	return not_here(r);
}

int ppp_serve_option_get(struct request *r, const struct ul2tp_request *in)
{
	return not_here(r);
}

int ppp_serve_get(struct request *r, const struct ul2tp_request *in)
{
	return not_here(r);
}

bool ppp_dump_next(struct connection *c, struct writer *w)
{
	return true;
}
