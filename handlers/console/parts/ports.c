/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads /proc/net/tcp and tcp6 (proc(5)). Opens no socket. */
#include "common/base.h"
#include "handlers/console/parts/ports.h"

enum { TCP_LISTEN_STATE = 0x0a };

/* "  0: 00000000:0019 00000000:0000 0A …" */
static void take_line(const char *line, struct ports *p)
{
	unsigned port, state;

	if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%4x %*[0-9A-Fa-f]:%*x %2x", &port,
		   &state) == 2 &&
	    state == TCP_LISTEN_STATE)
		p->bits[port / 8] |= (uint8_t)(1u << port % 8);
}

static void take_table(const char *path, struct ports *p)
{
	FILE *in = fopen(path, "re");
	char line[512];

	if (!in)
		return;
	while (fgets(line, sizeof(line), in))
		take_line(line, p);
	fclose(in);
}

void ports_listening(struct ports *p_r)
{
	memset(p_r, 0, sizeof(*p_r));
	take_table("/proc/net/tcp", p_r);
	take_table("/proc/net/tcp6", p_r);
}

bool ports_has(const struct ports *p, unsigned port)
{
	return port < 65536 && (p->bits[port / 8] & 1u << port % 8);
}
